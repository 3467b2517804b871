"""Oncentra 4.3: external beam plans, private attributes of Nucletron (5.2 to 5.11)."""

from __future__ import annotations

from pydicom import Dataset

from linacsim.objects.case.modules import number, put
from linacsim.objects.export.vendor import IMAGES, KINDS, Job, Vendor, private

NUCLETRON = "NUCLETRON"
ANATOMY = "MDS NORDION OTP ANATOMY MODELLING"
AUTO = 2
"""Grid modes: chosen by the program."""


def _any(job: Job) -> None:
    if job.kind not in ("ct", "mr", "pet"):
        put(job.ds, SoftwareVersions="OTP V4.3.0.410")
        job.ds.TimezoneOffsetFromUTC = "+0000"  # since MasterPlan 1.5 (5.1.3); the case's times are UTC


def _image(job: Job) -> None:
    signed, bits = bool(job.ds.PixelRepresentation), int(job.ds.BitsStored)
    low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
    put(job.ds, SmallestPixelValueInSeries=low, LargestPixelValueInSeries=high)


def _rtstruct(job: Job) -> None:
    ds = job.ds
    private(ds, NUCLETRON, "3007,xx70", "US", AUTO)
    private(ds, NUCLETRON, "3007,xx71", "US", AUTO)
    highest = max((int(one.ROINumber) for one in ds.StructureSetROISequence), default=0)
    private(ds, ANATOMY, "3005,xx2C", "IS", str(highest + 1))
    ds.pop("ApprovalStatus", None)


def _rtplan(job: Job) -> None:
    """Leave out the prescription: it goes along only if the plan was optimized (5.8.8)."""
    ds = job.ds
    ds.pop("DoseReferenceSequence", None)
    ds.pop("ToleranceTableSequence", None)
    ds.pop("ApprovalStatus", None)
    private(ds, NUCLETRON, "0021,xx00", "UI", job.case.scene.series("ct"))
    is_brachy = job.case.settings.technique == "brachy"
    for group in ds.FractionGroupSequence:
        group.pop("ReferencedDoseReferenceSequence", None)
        group.pop("NumberOfBeams" if is_brachy else "NumberOfBrachyApplicationSetups", None)  # 5.8.11
    for beam in ds.get("BeamSequence", ()):
        _beam(beam)
    for setup in ds.get("ApplicationSetupSequence", ()):
        for channel in setup.ChannelSequence:
            channel.SourceApplicatorID = str(channel.ChannelNumber)


def _beam(beam: Dataset) -> None:
    put(beam, BeamDescription=f"{beam.BeamNumber} {beam.BeamName}")
    beam.pop("PrimaryFluenceModeSequence", None)
    beam.pop("ReferencedToleranceTableNumber", None)
    for index, point in enumerate(beam.ControlPointSequence):
        point.pop("ReferencedDoseReferenceSequence", None)
        if beam.BeamType != "DYNAMIC":
            point.pop("GantryRotationDirection", None)
        if index == 0:
            point.GantryPitchAngle = 0.0
        point.NominalBeamEnergy = beam.ControlPointSequence[0].NominalBeamEnergy


def _rtimage(job: Job) -> None:
    ds = job.ds
    label = str(ds.RTImageLabel)
    plan = job.case.rtplan[0].RTPlanLabel
    put(ds, RTImageName=f"{plan}:{label}", RTImageDescription=plan, ImageType=["DERIVED", "SECONDARY", "DRR"])


def _mfsc(job: Job) -> None:
    ds = job.ds
    put(ds, PerformingPhysicianName="")
    ds.NominalScannedPixelSpacing = [number(job.case.settings.spacing)] * 2
    for where, vr, value in (
        ("0029,xx00", "LO", "1"),
        ("0029,xx01", "LO", "DOC"),
        ("0029,xx02", "LO", "-1"),
        ("0029,xx03", "IS", ""),
        ("0029,xx04", "LO", ""),
    ):
        private(ds, NUCLETRON, where, vr, value)


def _reg(job: Job) -> None:
    for side in job.ds.RegistrationSequence:
        for match in side.MatrixRegistrationSequence:
            match.FrameOfReferenceTransformationComment = ""


VENDOR = Vendor(
    beams=("photon", "arc", "electron"),
    as_stored=IMAGES,
    handed_on=IMAGES,  # 5.1.2
    kept=frozenset(f"{kind}:0008,0201" for kind in KINDS - IMAGES),
    settings={"": {"beam_doses": True}, "rtimage": {"radiograph": 256}},
    adapt={
        "": _any,
        "ct": _image,
        "mr": _image,
        "pet": _image,
        "rtstruct": _rtstruct,
        "rtplan": _rtplan,
        "rtimage": _rtimage,
        "mfsc": _mfsc,
        "reg": _reg,
    },
)
"""What Oncentra does beside its table."""
