"""RT Plan of an HDR treatment: one flexible applicator through the target, a source that steps along it (PS3.3 C.8.8.15)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from linacsim.objects.case.anatomy import ISOCENTRE
from linacsim.objects.case.modules import date, item, number, numbers, put, time
from linacsim.objects.case.scene import Scene
from linacsim.objects.case.settings import CaseSettings

Array = NDArray[np.float64]

STEP = 5.0
"""mm between dwell positions."""
REACH = 15.0
"""mm from the isocentre to the first and the last dwell position."""
DWELL_TIME = 20.0
"""Seconds at each position."""
AIR_KERMA_RATE = 40700.0
"""Of the source, in micro-Gy per hour at 1 m; about 10 Ci of Ir-192."""
CHANNEL_LENGTH = 1200.0
"""mm from the afterloader to the tip."""

_SOFTENING = 4.0
"""mm; keeps the dose at a dwell position finite."""


def dwell_positions() -> Array:
    """Return where the source stops, from the tip, shape (positions, 3) in mm: along z through the isocentre."""
    heights = np.arange(REACH, -REACH - STEP / 2, -STEP)
    return np.array([(ISOCENTRE[0], ISOCENTRE[1], ISOCENTRE[2] + height) for height in heights])


def brachy_dose(points: Array) -> Array:
    """Return a dose at `points`, shape (..., 3), in arbitrary units: the inverse square law and nothing else."""
    total = np.zeros(points.shape[:-1])
    for position in dwell_positions():
        total += 1.0 / (np.square(points - position).sum(axis=-1) + _SOFTENING**2)
    return total


def fraction_group(settings: CaseSettings) -> Dataset:
    """Return the item of Fraction Group Sequence (C.8.8.13)."""
    setup = item(
        BrachyApplicationSetupDoseSpecificationPoint=numbers(ISOCENTRE),
        BrachyApplicationSetupDose=number(settings.prescription / settings.fractions),
        ReferencedBrachyApplicationSetupNumber=1,
    )
    group = item(FractionGroupNumber=1, NumberOfFractionsPlanned=settings.fractions, NumberOfBeams=0)
    group.ReferencedDoseReferenceSequence = [item(ReferencedDoseReferenceNumber=1)]
    return put(group, NumberOfBrachyApplicationSetups=1, ReferencedBrachyApplicationSetupSequence=[setup])


def application_setups(ds: Dataset, scene: Scene) -> None:
    """Add RT Brachy Application Setups (C.8.8.15)."""
    put(ds, BrachyTreatmentTechnique="INTERSTITIAL", BrachyTreatmentType="HDR")
    machine = item(TreatmentMachineName="HDR1", Manufacturer="linacsim", ManufacturerModelName="afterloader")
    source = item(SourceNumber=1, SourceType="CYLINDER", ActiveSourceDiameter="0.6", ActiveSourceLength="3.5")
    put(source, SourceIsotopeName="Ir-192", SourceIsotopeHalfLife="73.83", SourceStrengthUnits="AIR_KERMA_RATE")
    put(source, ReferenceAirKermaRate=number(AIR_KERMA_RATE))
    put(source, SourceStrengthReferenceDate=date(scene.moment), SourceStrengthReferenceTime=time(scene.moment))
    total = DWELL_TIME * len(dwell_positions())
    setup = item(ApplicationSetupType="ENDOBRONCHIAL", ApplicationSetupNumber=1, ApplicationSetupName="Bronchus")
    put(setup, TotalReferenceAirKerma=number(AIR_KERMA_RATE * total / 3600.0), ChannelSequence=[_channel(total)])
    put(ds, TreatmentMachineSequence=[machine], SourceSequence=[source], ApplicationSetupSequence=[setup])


def _channel(total: float) -> Dataset:
    channel = item(ChannelNumber=1, ChannelLength=number(CHANNEL_LENGTH), ChannelTotalTime=number(total))
    put(channel, SourceMovementType="STEPWISE", ReferencedSourceNumber=1)
    put(channel, SourceApplicatorNumber=1, SourceApplicatorID="A1", SourceApplicatorType="FLEXIBLE")
    put(channel, SourceApplicatorLength=number(CHANNEL_LENGTH), SourceApplicatorStepSize=number(STEP))
    put(
        channel,
        ReferencedROINumber=None,
        TransferTubeNumber=1,
        TransferTubeLength="0",
        FinalCumulativeTimeWeight=number(total),
    )
    channel.BrachyControlPointSequence = _control_points()
    return put(channel, NumberOfControlPoints=len(channel.BrachyControlPointSequence))


def _control_points() -> list[Dataset]:
    """Return two control points for each dwell position: the source comes, and DWELL_TIME later it goes."""
    points: list[Dataset] = []
    for index, position in enumerate(dwell_positions()):
        for weight in (index * DWELL_TIME, (index + 1) * DWELL_TIME):
            point = item(ControlPointIndex=len(points), CumulativeTimeWeight=number(weight))
            put(point, ControlPointRelativePosition=number(index * STEP), ControlPoint3DPosition=numbers(position))
            points.append(point)
    return points
