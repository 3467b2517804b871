"""RT Structure Sets of points (PS3.3 A.19): isocentres of an acquired CT, markers that were detected on the planning CT."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from pydicom import Dataset

from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.errors import InputError
from linacsim.objects.case.modules import date, finish, item, numbers, put
from linacsim.objects.case.structures import DETACHED_STUDY_MANAGEMENT
from linacsim.objects.export.vendor import private
from linacsim.objects.export.vendors.varian import creator
from linacsim.objects.imagefile import name_of
from linacsim.objects.imaging.radiograph import MODELS, angle
from linacsim.objects.imaging.session import Session, begin, clock
from linacsim.physics.geometry import Array, Vector

ISOCENTRES = {
    "laser": ("INITLASERISO", "InitLaserIso"),
    "acquired": ("ACQ_ISOCENTER", "AcqIsocenter"),
    "matched": ("INITMATCHISO", "InitMatchIso"),
}
"""RT ROI Interpreted Type and ROI Observation Label of each isocentre: before, during and after acquisition (2.2.1.3.1.1)."""

PAT_SUPPORT_ANGLE = "PATSUPPORT_ANGLE"
"""ROI Physical Property of the couch's angle. B.2.11 prints it with a blank, and so it is exported; but that is one character
more than a code string holds (PS3.5 6.2), while without the blank it fits exactly."""

_COLOURS = ([255, 0, 0], [255, 255, 0], [0, 255, 0], [0, 255, 255])
_NAME = 64
"""Characters of an LO."""
_LABEL = 16
"""Characters of an SH."""


def isocentre_set(
    session: Session, ct: Sequence[Dataset], *, laser: Vector, acquired: Vector, matched: Vector | None = None,
    couch_angle: float = 0.0, at: int,
) -> Dataset:  # fmt: skip
    """Return the isocentres of an acquired CT as RT Structure Set with File Meta Information.

    Parameters
    ----------
    session : Session
    ct : sequence of pydicom.Dataset
        All slices of the acquired CT.
    laser, acquired, matched : tuple of float
        Where the machine's isocentre was before, during and after the acquisition, in the session frame, mm; `matched` is
        left out where nothing has been matched yet.
    couch_angle : float
        Patient Support Angle of the acquisition, degrees; told of each isocentre.
    at : int
        Microseconds since the start of the run.

    Raises
    ------
    InputError
        If the slices are not of one series and frame of reference.
    """
    frame = _frame_of(ct)
    places = {"laser": laser, "acquired": acquired, "matched": matched}
    given = {name: place for name, place in places.items() if place is not None}
    ds = _structure_set(session, ("isocentres", str(ct[0].SeriesInstanceUID), at), frame, "Isocenters", at)
    ds.ReferencedFrameOfReferenceSequence = [_referenced(ct, frame)]
    labels = [ISOCENTRES[name][1] for name in given]
    points = _points(list(given.values()), len(labels))
    _add_points(ds, frame, labels, points, first=1, algorithm="AUTOMATIC")
    for observation, name in zip(ds.RTROIObservationsSequence, given, strict=True):
        put(observation, ROIObservationLabel=ISOCENTRES[name][1], RTROIInterpretedType=ISOCENTRES[name][0])
        turned = item(ROIPhysicalProperty=PAT_SUPPORT_ANGLE, ROIPhysicalPropertyValue=angle(couch_angle))
        observation.ROIPhysicalPropertiesSequence = [turned]
    return finish(ds)


def marker_set(
    session: Session, reference_ct: Sequence[Dataset], old: Dataset, markers: ArrayLike, names: Sequence[str], *, at: int
) -> Dataset:  # fmt: skip
    """Return detected markers as a new RT Structure Set with File Meta Information, an addition to the old one (2.2.1.3.1.4).

    Its ROI Numbers follow those of the old set, so that a receiver can merge the two.

    Parameters
    ----------
    session : Session
    reference_ct : sequence of pydicom.Dataset
        All slices of the planning CT.
    old : pydicom.Dataset
        The structure set of the plan.
    markers : array_like, shape (n, 3)
        In the frame of reference of the planning CT, mm; they may lie between slices.
    names : sequence of str
        Of the markers.
    at : int
        Microseconds since the start of the run.

    Raises
    ------
    InputError
        If the slices are not of one series and frame of reference, `old` is no structure set, or there is not one name for
        each marker.
    """
    frame = _frame_of(reference_ct)
    if str(old.get("SOPClassUID", "")) != SOP_CLASSES["rtstruct"] or not old.get("SOPInstanceUID"):
        raise InputError("this is no structure set", name_of(old), "give the one that the plan references")
    points = _points(markers, len(names))
    if not len(points):
        raise InputError("no markers", "marker structure set", "detect one at least")
    if odd := [name for name in names if not name.strip() or len(name) > _NAME or "\\" in name]:
        raise InputError(f"{odd[0]!r} is no ROI Name", "marker structure set", f"give 1 to {_NAME} characters")
    ds = _structure_set(session, ("markers", str(old.SOPInstanceUID), at), frame, "Markers", at, names)
    ds.ReferencedFrameOfReferenceSequence = [_referenced(reference_ct, frame)]
    first = 1 + max((int(one.get("ROINumber") or 0) for one in old.get("StructureSetROISequence") or ()), default=0)
    _add_points(ds, frame, names, points, first=first, algorithm="SEMIAUTOMATIC")
    for observation in ds.RTROIObservationsSequence:
        observation.RTROIInterpretedType = "MARKER"
    relation = item(ReferencedSOPClassUID=old.SOPClassUID, ReferencedSOPInstanceUID=old.SOPInstanceUID)
    private(relation, creator("3263"), "3263,xx02", "CS", "ADDITION")
    private(ds, creator("3263"), "3263,xx01", "SQ", [relation])
    return finish(ds)


def _structure_set(
    session: Session, key: tuple[object, ...], frame: str, label: str, at: int, texts: Sequence[str] = ()
) -> Dataset:  # fmt: skip
    moment = session.moment(at)
    ds = begin(session, "rtstruct", key=key, at=at, model=MODELS["kV"], texts=texts)
    put(ds, InstanceNumber=1, StructureSetLabel=label[:_LABEL], ApprovalStatus="UNAPPROVED")
    put(ds, FrameOfReferenceUID=frame, PositionReferenceIndicator="")
    return put(ds, StructureSetDate=date(moment), StructureSetTime=clock(moment))


def _frame_of(slices: Sequence[Dataset]) -> str:
    """Return the frame of reference of a series."""
    if not slices:
        raise InputError("no slices", "structure set", "give all slices of the CT")
    for keyword, what in (("SeriesInstanceUID", "series"), ("FrameOfReferenceUID", "frames of reference")):
        found = {str(one.get(keyword) or "") for one in slices}
        if len(found) > 1 or not all(found):
            said = ", ".join(sorted(uid or "none" for uid in found)[:3])
            raise InputError(f"slices of {len(found)} {what}: {said}", "structure set", "give one series of one frame")
    return str(slices[0].FrameOfReferenceUID)


def _referenced(slices: Sequence[Dataset], frame: str) -> Dataset:
    """Return the images that a structure set is of: every one, with or without a contour."""
    images = [
        item(ReferencedSOPClassUID=one.SOPClassUID, ReferencedSOPInstanceUID=one.SOPInstanceUID) for one in slices
    ]
    series = item(SeriesInstanceUID=slices[0].SeriesInstanceUID, ContourImageSequence=images)
    study = item(
        ReferencedSOPClassUID=DETACHED_STUDY_MANAGEMENT,
        ReferencedSOPInstanceUID=slices[0].StudyInstanceUID,
        RTReferencedSeriesSequence=[series],
    )
    return item(FrameOfReferenceUID=frame, RTReferencedStudySequence=[study])


def _points(points: ArrayLike, count: int) -> Array:
    """Return points, shape (n, 3)."""
    found: Array = np.asarray(points, dtype=np.float64).reshape(-1, 3) if np.size(points) % 3 == 0 else np.empty((0, 3))
    if len(found) != count or not np.isfinite(found).all():
        what = f"{np.size(points)} numbers for {count} points"
        raise InputError(what, "structure set", "give x, y and z in mm and one name for each point")
    return found


def _add_points(
    ds: Dataset, frame: str, names: Sequence[str], points: Array, *, first: int, algorithm: str
) -> None:  # fmt: skip
    """Add a structure of one point for each, with an observation that says nothing yet."""
    regions, contours, observations = [], [], []
    for index, (name, point) in enumerate(zip(names, points, strict=True)):
        roi = first + index
        regions.append(
            item(ROINumber=roi, ReferencedFrameOfReferenceUID=frame, ROIName=name, ROIGenerationAlgorithm=algorithm)
        )
        contour = item(ContourGeometricType="POINT", NumberOfContourPoints=1, ContourNumber=1)
        contour.ContourData = numbers(point, 6)
        colour = list(_COLOURS[index % len(_COLOURS)])
        contours.append(item(ReferencedROINumber=roi, ROIDisplayColor=colour, ContourSequence=[contour]))
        observations.append(item(ObservationNumber=roi, ReferencedROINumber=roi, ROIInterpreter=""))
    put(ds, StructureSetROISequence=regions, ROIContourSequence=contours, RTROIObservationsSequence=observations)
