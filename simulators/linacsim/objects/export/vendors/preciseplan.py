"""PrecisePLAN 2.15: numbers that begin at 1, names that are cut, setups by beam, differential histograms (appendices A-E)."""

from __future__ import annotations

from pydicom import Dataset

from linacsim.kernel.identity import UID_ROOT
from linacsim.objects.case.modules import item, number, put, raw
from linacsim.objects.export.vendor import Job, Vendor

PLAN_NUMBER = "1"
PLAN_DESCRIPTION = "Thorax"
"""Series Description, RT Plan Name and Structure Set Name of an export (Tables 8, 10, 29, 44)."""


def _any(job: Job) -> None:
    ds = job.ds
    put(ds, StationName="PRECISEPLAN", DeviceSerialNumber="12345", SoftwareVersions="2.15")
    ds.InstanceCreatorUID = job.names.root or UID_ROOT.rstrip(".")
    put(ds, SecondaryCaptureDeviceManufacturerModelName="PrecisePLAN")
    if job.kind in ("cr", "rtimage"):  # not tabulated: as the Secondary Capture, Appendix B
        put(ds, Manufacturer="Elekta", ManufacturerModelName="PrecisePLAN", SeriesDescription="")
        ds.pop("SecondaryCaptureDeviceManufacturerModelName")


def _rtstruct(job: Job) -> None:
    ds = job.ds
    put(ds, StructureSetLabel=PLAN_NUMBER, StructureSetName=PLAN_DESCRIPTION)
    for one in ds.RTROIObservationsSequence:
        one.RTROIInterpretedType = "ORGAN"
    for one in ds.ReferencedFrameOfReferenceSequence:
        if "ct" not in job.kinds:
            one.pop("RTReferencedStudySequence", None)


def _rtplan(job: Job) -> None:
    ds = job.ds
    put(ds, RTPlanLabel=PLAN_NUMBER, RTPlanName=PLAN_DESCRIPTION, SeriesDescription=PLAN_DESCRIPTION)
    if "rtdose" in job.kinds:  # one reference for each dose that goes along (Table 10)
        doses = [(one.SOPClassUID, job.names.uid(str(one.SOPInstanceUID))) for one in job.case.build("rtdose")]
        ds.ReferencedDoseSequence = [
            item(ReferencedSOPClassUID=kind, ReferencedSOPInstanceUID=uid) for kind, uid in doses
        ]
    points = [one for one in ds.DoseReferenceSequence if one.get("DoseReferencePointCoordinates")]
    for index, one in enumerate(points, start=1):
        one.DoseReferenceNumber = index
        if "TargetPrescriptionDose" in one:  # both are the maximum dose of the point
            one.DeliveryWarningDose = one.TargetPrescriptionDose
    ds.DoseReferenceSequence = points
    beams = list(ds.BeamSequence)
    position = ds.PatientSetupSequence[0].PatientPosition
    ds.PatientSetupSequence = [item(PatientPosition=position, PatientSetupNumber=one.BeamNumber) for one in beams]
    for beam in beams:
        _beam(beam)


def _beam(beam: Dataset) -> None:
    put(beam, ReferencedPatientSetupNumber=beam.BeamNumber, BeamDescription=beam.BeamName)
    for device in beam.BeamLimitingDeviceSequence:
        if not device.RTBeamLimitingDeviceType.startswith("MLC"):
            device.pop("SourceToBeamLimitingDeviceDistance", None)
    for index, point in enumerate(beam.ControlPointSequence):
        if beam.BeamType == "DYNAMIC":
            point.pop("SourceToSurfaceDistance", None)
        for keyword in ("TableTopVerticalPosition", "TableTopLongitudinalPosition", "TableTopLateralPosition"):
            if index == 0:
                setattr(point, keyword, "")


def _rtdose(job: Job) -> None:
    ds = job.ds
    single = ds.DoseSummationType == "PLAN"
    put(ds, SeriesDescription=PLAN_DESCRIPTION)
    put(ds, DoseComment="Plan Dose Volume" if single else "Beam Dose Volume")
    put(ds, AcquisitionDate=ds.ContentDate, AcquisitionTime=ds.ContentTime)
    if "GridFrameOffsetVector" in ds:  # z coordinates, not distances from the first plane
        low = float(ds.ImagePositionPatient[2])
        heights = [number(low + float(offset)) for offset in ds.GridFrameOffsetVector]
        raw(ds, "GridFrameOffsetVector", "DS", "\\".join(heights))
    for one in ds.get("DVHSequence") or ():
        _differential(one)


def _differential(histogram: Dataset) -> None:
    """Turn a cumulative histogram into a differential one: the volume of each bin (Appendix C)."""
    if histogram.DVHType != "CUMULATIVE":
        return
    values = [float(one) for one in histogram.DVHData]
    widths, volumes = values[::2], values[1::2]
    each = [volume - after for volume, after in zip(volumes, [*volumes[1:], 0.0], strict=True)]
    text = "\\".join(f"{number(width)}\\{number(volume)}" for width, volume in zip(widths, each, strict=True))
    raw(histogram, "DVHData", "DS", text)
    histogram.DVHType = "DIFFERENTIAL"


VENDOR = Vendor(
    brachy=False,
    beams=("photon", "arc", "electron"),
    remade=frozenset({"ct"}),
    as_stored=frozenset({"cr", "rtimage"}),
    adapt={"": _any, "rtstruct": _rtstruct, "rtplan": _rtplan, "rtdose": _rtdose},
    kept=frozenset(
        {
            "rtplan:300A,00B0>300A,00B4",
            "rtplan:300A,00B0>300A,0111>300A,0114",
            "rtstruct:3006,0039>3006,0040>3006,0016",
            "rtstruct:3006,0039>3006,0040>3006,0016>0008,1150",
            "rtstruct:3006,0039>3006,0040>3006,0016>0008,1155",
            "ct:0008,0012",
            "ct:0008,0013",
        }
    ),
)
"""What PrecisePLAN does beside its table; `kept` are rows whose shading is lost and that are likely mapped."""
