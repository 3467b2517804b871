"""Monaco 5.30: sites and points of a prescription, DRRs of a fixed size, carbon ions, private attributes of MOSAIQ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from pydicom import Dataset

from linacsim.conformance.loader import load_system
from linacsim.objects.case.anatomy import ISOCENTRE
from linacsim.objects.case.beams import SAD
from linacsim.objects.case.modules import item, number, numbers, put
from linacsim.objects.case.projections import imaged_beams
from linacsim.objects.export.vendor import IMAGES, RT, Job, Vendor, private
from linacsim.physics.beamseye import View

CREATOR_UID = "2.16.840.1.114337"
IMPAC = "IMPAC"
NIRS = "NIRS_MELCO"
MARKER_TYPES = ("MARKER", "ISOCENTER")
PLAN_ID = "THORAX"
_POSITIONS = {
    "HFS": "head-first supine",
    "FFS": "feet-first supine",
    "HFP": "head-first prone",
    "FFP": "feet-first prone",
}


def _any(job: Job) -> None:
    ds = job.ds
    if job.kind in RT:
        ds.InstanceCreatorUID = CREATOR_UID
        put(ds, OtherPatientIDs=ds.PatientID, OtherPatientNames=ds.PatientName)


def _rtstruct(job: Job) -> None:
    """Leave what is outlined; the types that Monaco writes are few (Appendix 3)."""
    ds = job.ds
    points = {
        one.ReferencedROINumber for one in ds.RTROIObservationsSequence if one.RTROIInterpretedType in MARKER_TYPES
    }
    ds.StructureSetROISequence = [one for one in ds.StructureSetROISequence if one.ROINumber not in points]
    ds.ROIContourSequence = [one for one in ds.ROIContourSequence if one.ReferencedROINumber not in points]
    observed = [one for one in ds.RTROIObservationsSequence if one.ReferencedROINumber not in points]
    for one in observed:
        if one.RTROIInterpretedType not in ("EXTERNAL", "BOLUS", "SUPPORT"):
            one.RTROIInterpretedType = "ORGAN"
    ds.RTROIObservationsSequence = observed


def _prescription(ds: Dataset) -> None:
    """Prescribe to a site and a point in it (Appendix 4)."""
    kept = [one for one in ds.DoseReferenceSequence if one.DoseReferenceType == "TARGET"][:2]
    for index, one in enumerate(kept, start=1):
        one.DoseReferenceNumber = index
        if one.get("DoseReferencePointCoordinates"):
            one.pop("TargetPrescriptionDose", None)
        else:
            one.DoseReferenceStructureType = "SITE"
            one.pop("ReferencedROINumber", None)
    ds.DoseReferenceSequence = kept
    put(ds, PrescriptionDescription="Plan:RxA", RTPlanName=PLAN_ID, RTPlanLabel=f"A{PLAN_ID}")
    if "ReferencedStructureSetSequence" not in ds:
        ds.RTPlanGeometry = "TREATMENT_DEVICE"


def _without_structures(job: Job) -> None:
    if "rtstruct" not in job.kinds:
        job.ds.pop("ReferencedStructureSetSequence", None)


def _rtplan(job: Job) -> None:
    ds = job.ds
    _without_structures(job)
    _prescription(ds)
    ds.pop("ToleranceTableSequence", None)
    for group in ds.FractionGroupSequence:
        for one in group.ReferencedBeamSequence:
            if "BeamDoseSpecificationPoint" in one:
                one.BeamDoseSpecificationPoint = numbers(one.BeamDoseSpecificationPoint, 1)
    for beam in ds.BeamSequence:
        put(beam, InstitutionalDepartmentName="Radiotherapy", BeamDescription=beam.BeamName)
        if beam.RadiationType == "PHOTON":
            beam.TotalBlockTrayFactor = "1"
        _control_points(beam)


def _control_points(beam: Dataset) -> None:
    first = beam.ControlPointSequence[0]
    distance = float(first.SourceToSurfaceDistance)
    for index, point in enumerate(beam.ControlPointSequence):
        distance = float(point.get("SourceToSurfaceDistance") or distance)
        point.DoseRateSet = first.DoseRateSet
        if index == 0:
            view = View(ISOCENTRE, float(first.GantryAngle), SAD)
            point.SurfaceEntryPoint = numbers(view.source - distance * view.towards_source, 1)
        depth = round(SAD - distance, 1)
        point.ReferencedDoseReferenceSequence = [
            put(
                item(ReferencedDoseReferenceNumber=n, CumulativeDoseReferenceCoefficient=""),
                BeamDosePointDepth=depth,
                BeamDosePointEquivalentDepth=depth,
                BeamDosePointSSD=round(distance, 1),
            )
            for n in (1, 2)
        ]


@lru_cache(maxsize=1)
def _orientations() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    rows = load_system("monaco").preconditions
    more = next(row.more for row in rows if row.id == "drr-patient-orientation")
    table: Mapping[str, Sequence[Mapping[str, Any]]] = (more or {})["table"]
    return table


def orientation(position: str, angle: float) -> str:
    """Return Patient Orientation of a DRR by the patient's placement and the gantry angle (Appendix 7)."""
    turned = angle % 360
    for one in _orientations()[_POSITIONS[position]]:
        after = one["from"] < turned or (one["from_inclusive"] and one["from"] == turned)
        before = turned < one["to"] or (one["to_inclusive"] and one["to"] == turned)
        if after and before:
            return str(one["value"])
    return ""


def _drr(job: Job, beam: int, angle: float) -> None:
    ds = job.ds
    ds.PatientOrientation = orientation("HFS", angle).split("\\")
    ds.DerivationDescription = f"Monaco\\{ds.PatientID}\\{PLAN_ID}\\{beam}\\BEV"
    put(ds, SmallestImagePixelValue=0, LargestImagePixelValue=255, InstanceNumber=1)


def _sc(job: Job) -> None:
    beam_number, beam = imaged_beams(job.case.scene)[0]
    _drr(job, beam_number, beam.angles[0])


def _rtimage(job: Job) -> None:
    ds = job.ds
    _drr(job, int(ds.ReferencedBeamNumber), float(ds.GantryAngle))
    for keyword in ("TableTopPitchAngle", "TableTopRollAngle"):  # of carbon plans only
        ds.pop(keyword, None)
    if "rtplan" not in job.kinds:
        ds.pop("ReferencedRTPlanSequence", None)


def _rtdose(job: Job) -> None:
    if "rtstruct" not in job.kinds:
        for keyword in ("DVHSequence", "DVHNormalizationPoint", "DVHNormalizationDoseValue"):
            job.ds.pop(keyword, None)
        _without_structures(job)


def _rtionplan(job: Job) -> None:
    ds = job.ds
    _without_structures(job)
    _prescription(ds)
    for one in ds.DoseReferenceSequence:
        private(one, IMPAC, "300B,xx32", "DS", number(float(one.get("TargetPrescriptionDose") or 0)))
        private(one, NIRS, "2111,xx3B", "DS", "0")
    for group in ds.FractionGroupSequence:
        for one in group.ReferencedBeamSequence:
            private(one, NIRS, "2111,xx3B", "DS", str(one.BeamDose))
        for one in group.ReferencedDoseReferenceSequence:
            site = ds.DoseReferenceSequence[0]
            one.TargetPrescriptionDose = site.TargetPrescriptionDose
            private(one, IMPAC, "300B,xx32", "DS", str(site.TargetPrescriptionDose))
    for beam in ds.IonBeamSequence:
        _ion_beam(beam)


def _ion_beam(beam: Dataset) -> None:
    """Add the magnets and the ridge filter of a carbon beam, and MOSAIQ's private attributes (Appendix 9)."""
    put(beam, InstitutionalDepartmentName="Radiotherapy", NumberOfLateralSpreadingDevices=2, NumberOfRangeModulators=1)
    beam.LateralSpreadingDeviceSequence = [
        item(
            LateralSpreadingDeviceNumber=n,
            LateralSpreadingDeviceID=f"SCANNING_{axis}",
            LateralSpreadingDeviceType="MAGNET",
        )
        for n, axis in ((1, "X"), (2, "Y"))
    ]
    beam.RangeModulatorSequence = [item(RangeModulatorNumber=1, RangeModulatorID="RF1", RangeModulatorType="FIXED")]
    energies = [float(point.NominalBeamEnergy) for point in beam.IonControlPointSequence]
    for point in beam.IonControlPointSequence:
        _ion_control_point(point, max(energies))


def _ion_control_point(point: Dataset, energy: float) -> None:
    put(point, NominalBeamEnergy=number(energy))
    point.ReferencedDoseReferenceSequence = [
        item(ReferencedDoseReferenceNumber=n, CumulativeDoseReferenceCoefficient="") for n in (1, 2)
    ]
    point.LateralSpreadingDeviceSettingsSequence = [
        item(ReferencedLateralSpreadingDeviceNumber=n, LateralSpreadingDeviceSetting="IN") for n in (1, 2)
    ]
    point.RangeModulatorSettingsSequence = [item(ReferencedRangeModulatorNumber=1)]


VENDOR = Vendor(
    brachy=False,
    beams=("photon", "arc", "electron"),
    as_stored=IMAGES,
    handed_on=IMAGES,  # 3.2.18
    settings={
        "": {"ion": "carbon"},
        "rtimage": {"radiograph": 1024},
        "sc": {"radiograph": 512},
    },
    adapt={
        "": _any,
        "rtstruct": _rtstruct,
        "rtplan": _rtplan,
        "rtionplan": _rtionplan,
        "rtdose": _rtdose,
        "rtimage": _rtimage,
        "sc": _sc,
    },
)
"""What Monaco does beside its table."""
