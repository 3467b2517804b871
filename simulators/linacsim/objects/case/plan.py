"""RT Plan of the case (PS3.3 A.20): a static photon beam, an arc, an electron beam, and setup beams; or brachytherapy."""

from __future__ import annotations

from pydicom import Dataset

from linacsim.objects.case.anatomy import ISOCENTRE, roi_of
from linacsim.objects.case.beams import LEAF_BOUNDARIES, SAD, Beam, beams, jaws, leaves, treatment_beams
from linacsim.objects.case.brachy import application_setups, fraction_group
from linacsim.objects.case.modules import (
    approval,
    begin,
    date,
    finish,
    frame_of_reference,
    item,
    number,
    numbers,
    put,
    reference,
    time,
)
from linacsim.objects.case.scene import Scene
from linacsim.objects.case.settings import CaseSettings
from linacsim.physics.phantom import THORAX

TOLERANCE_TABLE = 1
"""Tolerance Table Number."""

SID = 1500.0
"""RT Image SID of planned verification images, in mm."""


def rtplan(scene: Scene) -> list[Dataset]:
    """Return the plan."""
    ds = begin(scene, "rtplan")
    frame_of_reference(ds, scene)
    is_brachy = scene.settings.technique == "brachy"
    general_plan(ds, scene, "BRACHY" if is_brachy else "PHOTONS")
    prescription(ds, scene.settings)
    ds.PatientSetupSequence = [
        item(PatientPosition="HFS", PatientSetupNumber=1, SetupTechnique="ISOCENTRIC", SetupTechniqueDescription="")
    ]
    if is_brachy:
        ds.FractionGroupSequence = [fraction_group(scene.settings)]
        application_setups(ds, scene)
    else:
        ds.ToleranceTableSequence = [_tolerance_table()]
        ds.FractionGroupSequence = [_fraction_group(scene.settings)]
        ds.BeamSequence = [_beam(scene.settings, n, beam) for n, beam in beams(scene.settings)]
    approval(ds)
    return [finish(ds)]


def general_plan(ds: Dataset, scene: Scene, label: str) -> None:
    """Add RT General Plan (C.8.8.9)."""
    put(ds, RTPlanLabel=label, RTPlanName=f"{label} thorax", RTPlanDescription="Synthetic plan")
    put(ds, RTPlanDate=date(scene.moment), RTPlanTime=time(scene.moment), PlanIntent="CURATIVE")
    ds.RTPlanGeometry = "PATIENT"
    ds.ReferencedStructureSetSequence = [reference("rtstruct", scene.instance("rtstruct"))]


def prescription(ds: Dataset, settings: CaseSettings) -> None:
    """Add RT Prescription (C.8.8.10): a dose to the target, a point in it, a limit to the cord."""
    target, cord = roi_of("PTV"), 5
    ds.PrescriptionDescription = f"{settings.prescription:g} Gy in {settings.fractions} fractions"
    dose = number(settings.prescription)
    volume = item(DoseReferenceNumber=1, DoseReferenceStructureType="VOLUME", DoseReferenceDescription="PTV")
    put(volume, ReferencedROINumber=target.number, DoseReferenceType="TARGET", TargetPrescriptionDose=dose)
    point = item(DoseReferenceNumber=2, DoseReferenceStructureType="COORDINATES", DoseReferenceDescription="ISO/t")
    put(point, DoseReferencePointCoordinates=numbers(ISOCENTRE), DoseReferenceType="TARGET")
    put(point, TargetPrescriptionDose=dose, DeliveryWarningDose=number(settings.prescription * 1.1))
    organ = item(DoseReferenceNumber=3, DoseReferenceStructureType="VOLUME", DoseReferenceDescription="SpinalCord")
    put(organ, ReferencedROINumber=cord, DoseReferenceType="ORGAN_AT_RISK", OrganAtRiskMaximumDose="45")
    ds.DoseReferenceSequence = [volume, point, organ]


def _tolerance_table() -> Dataset:
    return item(
        ToleranceTableNumber=TOLERANCE_TABLE,
        ToleranceTableLabel="THORAX",
        GantryAngleTolerance="1",
        BeamLimitingDeviceAngleTolerance="1",
        BeamLimitingDeviceToleranceSequence=[
            item(BeamLimitingDevicePositionTolerance="2", RTBeamLimitingDeviceType=device)
            for device in ("ASYMX", "ASYMY", "MLCX")
        ],
        PatientSupportAngleTolerance="1",
        TableTopVerticalPositionTolerance="20",
        TableTopLongitudinalPositionTolerance="20",
        TableTopLateralPositionTolerance="20",
    )


def _fraction_group(settings: CaseSettings) -> Dataset:
    treating = treatment_beams(settings)
    total = sum(beam.meterset for _, beam in treating) or 1.0
    daily = settings.prescription / settings.fractions
    referenced = [_referenced_beam(n, beam, daily * beam.meterset / total) for n, beam in treating]
    setups = [item(ReferencedBeamNumber=n) for n, beam in beams(settings) if beam.is_setup]
    group = item(FractionGroupNumber=1, NumberOfFractionsPlanned=settings.fractions)
    put(group, NumberOfBeams=len(referenced) + len(setups), NumberOfBrachyApplicationSetups=0)
    group.ReferencedDoseReferenceSequence = [item(ReferencedDoseReferenceNumber=1)]
    if referenced or setups:
        group.ReferencedBeamSequence = referenced + setups
    return group


def _referenced_beam(beam_number: int, beam: Beam, dose: float) -> Dataset:
    entry = item(ReferencedBeamNumber=beam_number, BeamDose=number(dose), BeamMeterset=number(beam.meterset))
    entry.BeamDoseSpecificationPoint = numbers(ISOCENTRE)
    depth = number(depth_of_isocentre(beam), 1)
    return put(entry, BeamDosePointDepth=float(depth), BeamDosePointEquivalentDepth=float(depth))


def depth_of_isocentre(beam: Beam, index: int = 0) -> float:
    """Return the way in mm of the central axis from the surface to the isocentre."""
    return SAD - source_to_surface(beam, index)


def source_to_surface(beam: Beam, index: int = 0) -> float:
    """Return the Source to Surface Distance in mm at a control point: where the central axis enters the body."""
    view, body = beam.view(index), THORAX.by_name["body"]
    start = (view.source - body.centre)[:2] / body.radii[:2]
    way = -view.towards_source[:2] / body.radii[:2]
    a, b, c = way @ way, start @ way, start @ start - 1.0
    return float((-b - (b * b - a * c) ** 0.5) / a)


def _beam(settings: CaseSettings, beam_number: int, beam: Beam) -> Dataset:
    ds = item(BeamNumber=beam_number, BeamName=beam.name, BeamDescription=beam.description)
    put(ds, BeamType="DYNAMIC" if beam.is_arc else "STATIC", RadiationType=beam.radiation)
    put(ds, TreatmentMachineName=settings.machine, Manufacturer="linacsim", ManufacturerModelName="linac")
    put(ds, PrimaryDosimeterUnit="MU", SourceAxisDistance=number(SAD))
    if not beam.is_setup:
        ds.PrimaryFluenceModeSequence = [item(FluenceMode="STANDARD")]
    ds.BeamLimitingDeviceSequence = [
        _device("ASYMX", 1, 430.0),
        _device("ASYMY", 1, 350.0),
        *([_device("MLCX", len(LEAF_BOUNDARIES) - 1, 490.0)] if _has_leaves(beam) else []),
    ]
    put(ds, ReferencedToleranceTableNumber=TOLERANCE_TABLE, ReferencedPatientSetupNumber=1)
    if beam.is_setup:
        ds.PlannedVerificationImageSequence = [_verification_image(beam)]
    ds.TreatmentDeliveryType = "SETUP" if beam.is_setup else "TREATMENT"
    put(ds, NumberOfWedges=0, NumberOfCompensators=0, NumberOfBoli=0, NumberOfBlocks=0)
    if beam.radiation == "ELECTRON":
        ds.ApplicatorSequence = [_applicator()]
    ds.FinalCumulativeMetersetWeight = "1"
    ds.ControlPointSequence = _control_points(beam)
    ds.NumberOfControlPoints = len(ds.ControlPointSequence)
    return ds


def _has_leaves(beam: Beam) -> bool:
    return not beam.is_setup and beam.radiation == "PHOTON"


def _device(kind: str, pairs: int, distance: float) -> Dataset:
    device = item(RTBeamLimitingDeviceType=kind, SourceToBeamLimitingDeviceDistance=number(distance))
    device.NumberOfLeafJawPairs = pairs
    if pairs > 1:
        device.LeafPositionBoundaries = numbers(LEAF_BOUNDARIES)
    return device


def _verification_image(beam: Beam) -> Dataset:
    image = item(StartCumulativeMetersetWeight="0", EndCumulativeMetersetWeight="0", RTImagePlane="NORMAL")
    put(image, XRayImageReceptorAngle="0", RTImageSID=number(SID))
    image.ImagingDeviceSpecificAcquisitionParameters = beam.imaging.split("\\")
    return image


def _applicator() -> Dataset:
    return item(ApplicatorID="A10", ApplicatorType="ELECTRON_SQUARE", ApplicatorDescription="10 x 10 cm")


def _control_points(beam: Beam) -> list[Dataset]:
    last = len(beam.angles) - 1
    weights = [0.0] * (last + 1) if beam.is_setup else [index / last for index in range(last + 1)]
    if beam.is_setup:
        weights[-1] = 1.0
    points = [item(ControlPointIndex=i, CumulativeMetersetWeight=number(w, 6)) for i, w in enumerate(weights)]
    for index, point in enumerate(points):
        if index == 0:
            _first(point, beam)
        elif beam.is_arc:
            _turn(point, beam, index)
        if not beam.is_setup:
            point.ReferencedDoseReferenceSequence = [
                item(CumulativeDoseReferenceCoefficient=number(weights[index], 6), ReferencedDoseReferenceNumber=1)
            ]
    return points


def _first(point: Dataset, beam: Beam) -> None:
    """Add what stands in the first control point, and changes only if a later one says so."""
    point.NominalBeamEnergy = number(beam.energy)
    if not beam.is_setup:
        point.DoseRateSet = "400"
    point.BeamLimitingDevicePositionSequence = [*_jaws(beam), *([_leaves(beam, 0)] if _has_leaves(beam) else [])]
    put(point, GantryAngle=number(beam.angles[0]), GantryRotationDirection=beam.rotation)
    put(point, BeamLimitingDeviceAngle="0", BeamLimitingDeviceRotationDirection="NONE")
    put(point, PatientSupportAngle="0", PatientSupportRotationDirection="NONE")
    put(point, TableTopEccentricAngle="0", TableTopEccentricRotationDirection="NONE")
    put(point, TableTopVerticalPosition="", TableTopLongitudinalPosition="", TableTopLateralPosition="")
    put(point, IsocenterPosition=numbers(ISOCENTRE), SourceToSurfaceDistance=number(source_to_surface(beam), 1))
    put(point, TableTopPitchAngle=0.0, TableTopPitchRotationDirection="NONE")
    put(point, TableTopRollAngle=0.0, TableTopRollRotationDirection="NONE")


def _turn(point: Dataset, beam: Beam, index: int) -> None:
    """Add what changes along an arc; the gantry turns until the last control point."""
    point.BeamLimitingDevicePositionSequence = [_leaves(beam, index)]
    direction = beam.rotation if index < len(beam.angles) - 1 else "NONE"
    put(point, GantryAngle=number(beam.angles[index]), GantryRotationDirection=direction)
    point.SourceToSurfaceDistance = number(source_to_surface(beam, index), 1)


def _jaws(beam: Beam) -> list[Dataset]:
    left, right, foot, head = jaws(beam)
    return [
        item(RTBeamLimitingDeviceType="ASYMX", LeafJawPositions=numbers((left, right))),
        item(RTBeamLimitingDeviceType="ASYMY", LeafJawPositions=numbers((foot, head))),
    ]


def _leaves(beam: Beam, index: int) -> Dataset:
    return item(RTBeamLimitingDeviceType="MLCX", LeafJawPositions=numbers(leaves(beam.angles[index])))
