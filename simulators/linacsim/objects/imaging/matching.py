r"""Spatial Registration of a match (PS3.3 A.39.1, Varian 2.2.1.3.1.5).

**Varian's own layout** takes the document at its word: one item of Registration Sequence with all images, the reference ones
and the acquired ones, and the frame of reference of the reference images; the Frame of Reference module is of the acquired
ones. The standard wants the images of an item to be of one frame of reference (C.20.2.1); the document does not.

**The layout after IHE-RO** (2.4.2, table 2-21, off by default) has an item for each frame of reference: the acquired images,
which are in the registered one, with the identity, and the reference images with the match. What else the profile of 2008 asks
for does not stand in the document.

In both the matrix leads from the reference frame to the session's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.objects.case.modules import code, finish, item, number, put
from linacsim.objects.export.vendor import private
from linacsim.objects.export.vendors.varian import creator
from linacsim.objects.imagefile import name_of
from linacsim.objects.imaging.radiograph import MODELS
from linacsim.objects.imaging.session import Session, begin, content, in_session_frame
from linacsim.physics.geometry import Array

IMAGE_CONTENT = ("125024", "DCM", "Image Content-based Alignment")
FIDUCIALS = ("125022", "DCM", "Fiducial Alignment")
"""Registration Type (CID 7100)."""

_RIGID = 1e-6
"""By how much the rotation of a rigid matrix may be off."""
_SUB_TYPE = 64
"""Characters of an LO."""


def registration(
    session: Session, *, reference: Sequence[Dataset], acquired: Sequence[Dataset], matrix: ArrayLike, sub_type: str,
    ihe_ro: bool = False, at: int,
) -> Dataset:  # fmt: skip
    """Return a match as Spatial Registration with File Meta Information.

    Parameters
    ----------
    session : Session
    reference, acquired : sequence of pydicom.Dataset
        The images of the match: reference images or slices of the planning CT, and RT Images or slices of the session.
    matrix : array_like, shape (4, 4)
        From the frame of reference of the reference images to that of the session, mm.
    sub_type : str
        Which match it was, for the private Registration Sub Type: ``2D``, ``2D2D``, ``Marker``, ``3D3D``.
    ihe_ro : bool
        Whether there is an item for each frame of reference.
    at : int
        Microseconds since the start of the run.

    Raises
    ------
    InputError
        If images are missing or there twice, the reference images have not one frame of reference, the acquired ones are not
        of this session, or the matrix is not rigid.
    """
    frame = _frame_of(reference)
    if strays := [one for one in acquired if one.get("FrameOfReferenceUID") != session.frame_of_reference]:
        what = f"frame of reference {strays[0].get('FrameOfReferenceUID') or 'none'}"
        raise InputError(what, name_of(strays[0]), "register what was acquired in the session")
    _check_images([*reference, *acquired], acquired)
    if not sub_type.strip() or len(sub_type) > _SUB_TYPE:
        raise InputError(f"{sub_type!r} is no sub type", "registration", f"give 1 to {_SUB_TYPE} characters")
    rigid = _rigid(matrix)
    ds = begin(session, "reg", key=("registration", sub_type, at), at=at, model=MODELS["kV"], texts=(sub_type,))
    in_session_frame(ds, session)
    content(ds, session.moment(at))
    put(
        ds, InstanceNumber=1, ContentLabel="REGISTRATION", ContentDescription=f"{sub_type} match", ContentCreatorName=""
    )
    if ihe_ro:
        own = _side(session.frame_of_reference, acquired, np.eye(4), sub_type)
        ds.RegistrationSequence = [own, _side(frame, reference, rigid, sub_type)]
    else:
        ds.RegistrationSequence = [_side(frame, [*reference, *acquired], rigid, sub_type)]
    _add_references(ds, [*reference, *acquired])
    return finish(ds)


def _frame_of(reference: Sequence[Dataset]) -> str:
    frames = {str(one.get("FrameOfReferenceUID") or "") for one in reference}
    if not frames:
        raise InputError("no reference images", "registration", "give those that were matched with")
    if len(frames) > 1 or "" in frames:
        said = ", ".join(sorted(one or "none" for one in frames)[:3])
        what = f"reference images of {len(frames)} frames of reference: {said}"
        raise InputError(what, "registration", "register images of one frame of reference")
    return frames.pop()


def _check_images(images: Sequence[Dataset], acquired: Sequence[Dataset]) -> None:
    if not acquired:
        raise InputError("no acquired images", "registration", "give those that were matched")
    seen: set[str] = set()
    for one in images:
        uid = str(one.SOPInstanceUID)
        if uid in seen:
            raise InputError(f"image {uid} is there twice", "registration", "name each image once")
        seen.add(uid)


def _rigid(matrix: ArrayLike) -> Array:
    found: Array = np.asarray(matrix, dtype=np.float64)
    todo = "give a rotation and a shift as a homogeneous matrix, 4 rows of 4"
    if found.shape != (4, 4) or not np.isfinite(found).all() or np.any(found[3] != (0, 0, 0, 1)):
        raise InputError(f"a matrix of shape {found.shape} that is not homogeneous", "registration", todo)
    turn = found[:3, :3]
    if np.abs(turn @ turn.T - np.eye(3)).max() > _RIGID or np.linalg.det(turn) < 0:
        raise InputError("a matrix that is not rigid", "registration", todo)
    return found


def _side(frame: str, images: Sequence[Dataset], matrix: Array, sub_type: str) -> Dataset:
    """Return an item of Registration Sequence."""
    step = item(FrameOfReferenceTransformationMatrix=matrix_values(matrix))
    step.FrameOfReferenceTransformationMatrixType = "RIGID"
    match = item(MatrixSequence=[step])
    kind = FIDUCIALS if sub_type.lower().startswith("marker") else IMAGE_CONTENT
    match.RegistrationTypeCodeSequence = [code(*kind)]
    private(match, creator("3275"), "3275,xx00", "LO", sub_type)
    side = item(FrameOfReferenceUID=frame, MatrixRegistrationSequence=[match])
    return put(side, ReferencedImageSequence=[_reference(one) for one in images])


def matrix_values(matrix: Array) -> list[str]:
    """Return the 16 DS values of a homogeneous matrix, row by row; rotations to 12 places, shifts to 8."""
    return [number(float(value), 8 if column == 3 else 12) for row in matrix for column, value in enumerate(row)]


def _reference(image: Dataset) -> Dataset:
    return item(ReferencedSOPClassUID=image.SOPClassUID, ReferencedSOPInstanceUID=image.SOPInstanceUID)


def _add_references(ds: Dataset, images: Sequence[Dataset]) -> None:
    """Add Common Instance Reference (C.12.2): series of this study, and studies that hold the others."""
    studies: dict[str, dict[str, list[Dataset]]] = {}
    for one in images:
        series = studies.setdefault(str(one.StudyInstanceUID), {})
        series.setdefault(str(one.SeriesInstanceUID), []).append(_reference(one))
    own = studies.pop(str(ds.StudyInstanceUID), {})
    if own:
        ds.ReferencedSeriesSequence = _series(own)
    if studies:
        ds.StudiesContainingOtherReferencedInstancesSequence = [
            item(StudyInstanceUID=study, ReferencedSeriesSequence=_series(series)) for study, series in studies.items()
        ]


def _series(series: dict[str, list[Dataset]]) -> list[Dataset]:
    return [item(SeriesInstanceUID=uid, ReferencedInstanceSequence=found) for uid, found in series.items()]
