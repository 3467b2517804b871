"""RayStation 9B: plans of a beam set, computed CT series, private attributes of RaySearch (7.2)."""

from __future__ import annotations

from linacsim.objects.case.modules import put
from linacsim.objects.export.vendor import Job, Vendor, private

CREATOR = "RAYSEARCHLABS 2.0"
VISION = "Varian Medical Systems VISION 3243"
COMMISSIONED = "20240102030405"
"""Treatment Machine Commission Time of the machine."""

_UNAPPROVED = "RS: Unapproved Structure Set"


def _any(job: Job) -> None:
    put(job.ds, SoftwareVersions="9.0.0.113")


def _ct(job: Job) -> None:
    """Make the series a projection of a 4D CT, the only one that the document tabulates (7.2.1)."""
    put(job.ds, SeriesDescription="Projection method: Average", ImageType=["DERIVED", "SECONDARY", "AXIAL"])


def _rtstruct(job: Job) -> None:
    job.ds.SeriesDescription = _UNAPPROVED


def _plan(job: Job) -> None:
    """Leave the primary prescription (7.2.31), and name what belongs to RayStation's machines."""
    ds = job.ds
    put(ds, SeriesDescription=ds.RTPlanLabel, PrescriptionDescription=ds.RTPlanLabel)
    ds.DoseReferenceSequence = [one for one in ds.DoseReferenceSequence if "ReferencedROINumber" in one][:1]
    for beam in ds.get("BeamSequence") or ds.IonBeamSequence:
        private(beam, CREATOR, "4001,xx01", "DT", COMMISSIONED)
        first = (beam.get("ControlPointSequence") or beam.IonControlPointSequence)[0]
        put(first, TableTopVerticalPosition="0", TableTopLongitudinalPosition="0", TableTopLateralPosition="0")


def _rtplan(job: Job) -> None:
    _plan(job)
    kinds = {beam.BeamType for beam in job.ds.BeamSequence}
    if len(kinds) == 1:  # a mixed plan has no single delivery technique
        job.ds.TreatmentProtocols = "SMLC" if kinds == {"STATIC"} else "DynamicArc"
    for beam in job.ds.BeamSequence:
        private(beam, VISION, "3243,xx09", "LO", beam.BeamDescription)


def _rtionplan(job: Job) -> None:
    _plan(job)
    job.ds.TreatmentProtocols = "PencilBeamScanning"
    for beam in job.ds.IonBeamSequence:
        if beam.RadiationType == "PROTON":
            for point in beam.IonControlPointSequence:
                point.NominalBeamEnergyUnit = "MEV"
        if beam.ScanMode != "MODULATED_SPEC":  # named with that scan mode only (7.2.47)
            beam.pop("ModulatedScanModeType", None)


def _rtdose(job: Job) -> None:
    put(job.ds, SeriesDescription="PHOTONS")


def _rtimage(job: Job) -> None:
    number = job.ds.ReferencedBeamNumber
    put(job.ds, InstanceNumber=number, RTImageLabel=str(number))
    private(job.ds, VISION, "3243,xx28", "IS", str(number))


VENDOR = Vendor(
    brachy=False,
    remade=frozenset({"ct"}),
    as_stored=frozenset({"mr", "pet"}),
    handed_on=frozenset({"ct", "mr", "pet"}),  # 3.4.1
    adapt={
        "": _any,
        "ct": _ct,
        "rtstruct": _rtstruct,
        "rtplan": _rtplan,
        "rtionplan": _rtionplan,
        "rtdose": _rtdose,
        "rtimage": _rtimage,
    },
)
"""What RayStation does beside its table."""
