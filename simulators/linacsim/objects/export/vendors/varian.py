"""Varian OBI 1.5 / PortalVision AI: what the imager makes in a session, from the planned case (2.2.1.3.1).

The planning CT, structure set and plan are others' and keep their UIDs; the acquired CT and the radiographs are the
imager's own and lie in the frame of reference of the session.
"""

from __future__ import annotations

import numpy as np
from pydicom import Dataset

from linacsim.objects.case import Case
from linacsim.objects.case.beams import KV_SIZE, Beam, beams
from linacsim.objects.case.modules import code, item, monochrome, numbers, put, reference
from linacsim.objects.case.projections import image_plane, intensity, radiograph
from linacsim.objects.export.vendor import Job, Vendor, private

SID = 1500.0
"""Of acquired radiographs, in mm."""
MARKER = "MARKER"
_FRAME = "session frame of reference"


def creator(group: str) -> str:
    """Return the creator of a private group: the document lists groups without their creators."""
    return f"Varian Medical Systems VISION {group}"


def _any(job: Job) -> None:
    put(job.ds, Manufacturer="Varian Medical Systems", SoftwareVersions="1.5")


def _session_frame(job: Job) -> str:
    return job.names.uid(f"{_FRAME} {job.ds.FrameOfReferenceUID}")


def _acquired(job: Job) -> None:
    """Put an image into the frame of reference of the session (2.2.1.4.1.2)."""
    job.ds.FrameOfReferenceUID = _session_frame(job)


def _ct(job: Job) -> None:
    _acquired(job)
    ds = job.ds
    put(ds, SOPInstanceUID=job.names.uid(ds.SOPInstanceUID), SeriesInstanceUID=job.names.uid(ds.SeriesInstanceUID))
    put(ds, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"])
    put(ds, TableTopLongitudinalPosition="0", TableTopLateralPosition="0", PatientSupportAngle="0", TableHeight="0")


def _rtimage(job: Job) -> None:
    _acquired(job)
    ds = job.ds
    beam = dict(beams(job.case.settings))[int(ds.ReferencedBeamNumber)]
    is_kv = beam.imaging.startswith("KV")
    put(ds, ImageType=["ORIGINAL", "PRIMARY", "PORTAL", *(["OBI"] if is_kv else [])])
    put(ds, ManufacturerModelName="On-Board Imager" if is_kv else "PortalVision AI")
    put(ds, PrimaryDosimeterUnit="MINUTE" if is_kv else "MU", FractionNumber=1)
    put(ds, RescaleIntercept="0", RescaleSlope="1", RescaleType="US")
    _expose(ds, job.case, beam)
    exposure = item(KVP="100" if is_kv else "6000", MetersetExposure="0.002" if is_kv else "2", NumberOfBlocks=0)
    if is_kv:
        put(exposure, XRayTubeCurrent="80", ExposureTime="120")
        ds.pop("RTImageDescription", None)
    else:
        exposure.BeamLimitingDeviceSequence = ds.ExposureSequence[0].BeamLimitingDeviceSequence
        ds.StartCumulativeMetersetWeight = "0"
    ds.ExposureSequence = [exposure]
    private(ds, creator("3273"), "3273,xx00", "DS", list(ds.IsocenterPosition))
    private(ds, creator("3273"), "3273,xx01", "CS", ds.PatientPosition)


def _expose(ds: Dataset, case: Case, beam: Beam) -> None:
    """Replace the computed radiograph by what a panel behind the patient sees."""
    size = case.settings.radiograph
    width = 2 * KV_SIZE * 1.1 * SID / 1000.0
    attenuation = 0.02 if beam.imaging.startswith("KV") else 0.005
    seen = intensity(radiograph(case.scene, beam.view(), size, SID, width), attenuation)
    monochrome(ds, seen.astype(np.uint16), stored=12)
    image_plane(ds, size, width / size, SID)


def _rtstruct(job: Job) -> None:
    """Leave the markers, each a structure of its own, and point at the structure set that they come from (2.2.1.3.1.4)."""
    ds = job.ds
    markers = {one.ReferencedROINumber for one in ds.RTROIObservationsSequence if one.RTROIInterpretedType == MARKER}
    ds.StructureSetROISequence = [one for one in ds.StructureSetROISequence if one.ROINumber in markers]
    ds.ROIContourSequence = [one for one in ds.ROIContourSequence if one.ReferencedROINumber in markers]
    observed = [one for one in ds.RTROIObservationsSequence if one.ReferencedROINumber in markers]
    for one in observed:
        one.pop("ROIObservationLabel", None)
    ds.RTROIObservationsSequence = observed
    old = job.original
    relation = item(ReferencedSOPClassUID=ds.SOPClassUID, ReferencedSOPInstanceUID=old)
    private(relation, creator("3263"), "3263,xx02", "CS", "ADDITION")
    private(ds, creator("3263"), "3263,xx01", "SQ", [relation])


def _reg(job: Job) -> None:
    """Say where the acquired CT is against the planning CT (2.2.1.3.1.5, 3D/3D match)."""
    ds = job.ds
    planned = [one.ReferencedSOPInstanceUID for one in ds.RegistrationSequence[0].ReferencedImageSequence]
    acquired = [job.names.uid(uid) for uid in planned]
    series = ds.ReferencedSeriesSequence[0].SeriesInstanceUID
    step = item(FrameOfReferenceTransformationMatrix=numbers(np.eye(4).ravel()))
    step.FrameOfReferenceTransformationMatrixType = "RIGID"
    match = item(MatrixSequence=[step])
    match.RegistrationTypeCodeSequence = [code("125024", "DCM", "Image Content-based Alignment")]
    private(match, creator("3275"), "3275,xx00", "LO", "3D3D")
    side = item(FrameOfReferenceUID=ds.FrameOfReferenceUID, MatrixRegistrationSequence=[match])
    side.ReferencedImageSequence = [reference("ct", uid) for uid in [*planned, *acquired]]
    _acquired(job)
    put(ds, RegistrationSequence=[side], ContentDescription="3D/3D match")
    ds.ReferencedSeriesSequence = [
        item(SeriesInstanceUID=uid, ReferencedInstanceSequence=[reference("ct", one) for one in images])
        for uid, images in ((series, planned), (job.names.uid(series), acquired))
    ]


VENDOR = Vendor(
    beams=("photon", "kv-ap", "kv-lateral", "mv-ap"),
    own=frozenset({"reg", "rtstruct", "rtimage"}),
    acquires=frozenset({"ct", "reg", "rtstruct", "rtimage"}),
    kept=frozenset({"rtimage:5000,3000"}),  # what is in a curve: its table lists everything else of it (2.2.1.3.1.1)
    adapt={"": _any, "ct": _ct, "rtimage": _rtimage, "rtstruct": _rtstruct, "reg": _reg},
    creator=creator,
)
"""What the imager does beside its table."""
