"""RT Ion Plan of the case (PS3.3 A.49): two beams of scanned protons or carbon ions, a few layers each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from linacsim.objects.case.anatomy import ISOCENTRE
from linacsim.objects.case.beams import Beam, shadow
from linacsim.objects.case.modules import approval, begin, finish, frame_of_reference, item, number, numbers, put
from linacsim.objects.case.plan import depth_of_isocentre, general_plan, prescription
from linacsim.objects.case.scene import Scene
from linacsim.objects.case.settings import CaseSettings

Array = NDArray[np.float64]

SPOT_SPACING = 10.0
"""mm between spots at the isocentre."""

_BEAMS = (
    Beam("ion", "P_ANT", "Anterior", (0.0, 0.0)),
    Beam("ion", "P_LAT", "Left lateral", (90.0, 90.0)),
)


@dataclass(frozen=True, slots=True)
class _Particle:
    radiation: str
    energies: tuple[float, ...]
    """MeV, of carbon MeV per nucleon; the deepest layer first."""
    unit: str
    mass: int = 0
    charge: int = 0


_PARTICLES = {
    "proton": _Particle("PROTON", (118.0, 112.0, 106.0), "MU"),
    "carbon": _Particle("ION", (222.0, 210.0, 198.0), "NP", 12, 6),
}


def rtionplan(scene: Scene) -> list[Dataset]:
    """Return the ion plan."""
    ds = begin(scene, "rtionplan")
    frame_of_reference(ds, scene)
    general_plan(ds, scene, "IONS")
    prescription(ds, scene.settings)
    ds.PatientSetupSequence = [item(PatientPosition="HFS", PatientSetupNumber=1, SetupTechnique="ISOCENTRIC")]
    particle = _PARTICLES[scene.settings.ion]
    ds.IonBeamSequence = [_beam(scene.settings, particle, n, beam) for n, beam in enumerate(_BEAMS, start=1)]
    ds.FractionGroupSequence = [_fraction_group(scene.settings, ds.IonBeamSequence)]
    approval(ds)
    return [finish(ds)]


def _fraction_group(settings: CaseSettings, beams: list[Dataset]) -> Dataset:
    dose = settings.prescription / settings.fractions / len(beams)
    referenced = []
    for beam, plan in zip(_BEAMS, beams, strict=True):
        entry = item(ReferencedBeamNumber=plan.BeamNumber, BeamDoseSpecificationPoint=numbers(ISOCENTRE))
        put(entry, BeamDose=number(dose), BeamDoseType="EFFECTIVE", BeamMeterset=plan.FinalCumulativeMetersetWeight)
        referenced.append(put(entry, BeamDosePointDepth=round(depth_of_isocentre(beam), 1)))
    group = item(FractionGroupNumber=1, NumberOfFractionsPlanned=settings.fractions, NumberOfBeams=len(beams))
    put(group, NumberOfBrachyApplicationSetups=0, ReferencedBeamSequence=referenced)
    group.ReferencedDoseReferenceSequence = [item(ReferencedDoseReferenceNumber=1)]
    return group


def _beam(settings: CaseSettings, particle: _Particle, beam_number: int, beam: Beam) -> Dataset:
    ds = item(BeamNumber=beam_number, BeamName=beam.name, BeamDescription=beam.description, BeamType="STATIC")
    ds.RadiationType = particle.radiation
    if particle.mass:
        put(ds, RadiationMassNumber=particle.mass, RadiationAtomicNumber=particle.charge)
        ds.RadiationChargeState = particle.charge
    put(ds, ScanMode="MODULATED", ModulatedScanModeType="STATIONARY")
    put(ds, TreatmentMachineName=settings.machine, PrimaryDosimeterUnit=particle.unit)
    put(ds, Manufacturer="linacsim", ManufacturerModelName="ion gantry", VirtualSourceAxisDistances=[2000.0, 1900.0])
    put(ds, ReferencedPatientSetupNumber=1, TreatmentDeliveryType="TREATMENT")
    put(ds, NumberOfWedges=0, NumberOfCompensators=0, NumberOfBoli=0, NumberOfBlocks=0)
    ds.SnoutSequence = [item(SnoutID="S1")]
    put(ds, NumberOfRangeShifters=1, NumberOfLateralSpreadingDevices=0, NumberOfRangeModulators=0)
    ds.RangeShifterSequence = [item(RangeShifterNumber=0, RangeShifterID="RS30", RangeShifterType="BINARY")]
    put(ds, PatientSupportType="TABLE", PatientSupportID="TABLE")
    ds.IonControlPointSequence = _control_points(beam, particle)
    ds.FinalCumulativeMetersetWeight = ds.IonControlPointSequence[-1].CumulativeMetersetWeight
    ds.NumberOfControlPoints = len(ds.IonControlPointSequence)
    return ds


def _spots(angle: float) -> Array:
    """Return x and y in mm of the spots over the target, shape (spots, 2)."""
    half_x, half_y = shadow(angle)
    x = np.arange(-np.floor(half_x / SPOT_SPACING), np.floor(half_x / SPOT_SPACING) + 1) * SPOT_SPACING
    y = np.arange(-np.floor(half_y / SPOT_SPACING), np.floor(half_y / SPOT_SPACING) + 1) * SPOT_SPACING
    grid = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    inside = np.square(grid / (half_x, half_y)).sum(axis=1) <= 1.0
    return np.asarray(grid[inside], dtype=np.float64)


def _control_points(beam: Beam, particle: _Particle) -> list[Dataset]:
    """Return two control points for each layer: the first with the weights of its spots, the second with zeros."""
    spots = _spots(beam.angles[0])
    points: list[Dataset] = []
    given = 0.0
    for layer, energy in enumerate(particle.energies):
        weight = round(1.0 / (layer + 1), 4)
        for weights in ([weight] * len(spots), [0.0] * len(spots)):
            point = item(ControlPointIndex=len(points), CumulativeMetersetWeight=number(given))
            _layer(point, energy, spots, weights)
            point.ReferencedDoseReferenceSequence = [
                item(CumulativeDoseReferenceCoefficient=None, ReferencedDoseReferenceNumber=1)
            ]
            points.append(point)
            given += sum(weights)
    _first(points[0], beam)
    total = given
    for point in points:
        share = float(point.CumulativeMetersetWeight) / total
        point.ReferencedDoseReferenceSequence[0].CumulativeDoseReferenceCoefficient = number(share, 6)
    return points


def _layer(point: Dataset, energy: float, spots: Array, weights: list[float]) -> None:
    put(point, NominalBeamEnergy=number(energy), MetersetRate=100.0, ScanSpotTuneID="4.0")
    put(point, NumberOfScanSpotPositions=len(spots), ScanSpotPositionMap=[float(v) for v in spots.ravel()])
    put(point, ScanSpotMetersetWeights=weights, ScanningSpotSize=[8.0, 8.0], NumberOfPaintings=1)


def _first(point: Dataset, beam: Beam) -> None:
    """Add what stands in the first control point and does not change."""
    put(point, GantryAngle=number(beam.angles[0]), GantryRotationDirection="NONE")
    put(point, BeamLimitingDeviceAngle="0", BeamLimitingDeviceRotationDirection="NONE")
    put(point, PatientSupportAngle="0", PatientSupportRotationDirection="NONE")
    put(point, TableTopPitchAngle=0.0, TableTopPitchRotationDirection="NONE")
    put(point, TableTopRollAngle=0.0, TableTopRollRotationDirection="NONE")
    put(point, GantryPitchAngle=0.0, GantryPitchRotationDirection="NONE")
    put(point, TableTopVerticalPosition="", TableTopLongitudinalPosition="", TableTopLateralPosition="")
    put(point, IsocenterPosition=numbers(ISOCENTRE), SnoutPosition=200.0)
    setting = item(ReferencedRangeShifterNumber=0, RangeShifterSetting="IN", IsocenterToRangeShifterDistance=220.0)
    point.RangeShifterSettingsSequence = [put(setting, RangeShifterWaterEquivalentThickness=30.0)]
