"""RT Dose of the case (PS3.3 A.18): a simple dose on the planes of the CT, with dose-volume histograms."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from linacsim.objects.case.anatomy import ISOCENTRE, PTV, VOLUMES, Roi
from linacsim.objects.case.beams import Beam, fields, treatment_beams
from linacsim.objects.case.brachy import brachy_dose
from linacsim.objects.case.modules import (
    begin,
    date,
    finish,
    frame_of_reference,
    item,
    monochrome,
    number,
    numbers,
    put,
    raw,
    reference,
    time,
)
from linacsim.objects.case.scene import Scene
from linacsim.physics.dosemodel import cumulative, dose
from linacsim.physics.phantom import THORAX

Array = NDArray[np.float64]

_REACH = 30.0
"""mm above and below the target beyond which no beam gives dose."""

BINS = 100
"""Of a dose-volume histogram."""


def rtdose(scene: Scene) -> list[Dataset]:
    """Return the dose of the plan, or with `beam_doses` one for each treatment beam; over all fractions."""
    points = _grid(scene)
    treating = treatment_beams(scene.settings)
    if scene.settings.technique == "brachy":
        middle, each = float(brachy_dose(np.array(ISOCENTRE))), [_of_source(points)]
    else:
        middle, each = _at_isocentre(treating), [_of_beam(beam, points) for _, beam in treating]
    scale = scene.settings.prescription / (middle or 1.0)
    if scene.settings.beam_doses and treating:
        return [
            finish(_object(scene, points, one * scale, index, number_))
            for index, (one, (number_, _)) in enumerate(zip(each, treating, strict=True), start=1)
        ]
    total = np.sum(each, axis=0) * scale if each else np.zeros(points.shape[:-1])
    ds = _object(scene, points, total, 1, None)
    _histograms(ds, scene, points, total)
    return [finish(ds)]


def _grid(scene: Scene) -> Array:
    """Return the points of the dose grid around the body, shape (planes, rows, columns, 3).

    Planes are those of the CT; one point of each is above the isocentre.
    """
    step = scene.settings.dose_spacing
    half = THORAX.by_name["body"].radii
    x, y = (_around(centre, radius, step) for centre, radius in zip(ISOCENTRE, half[:2], strict=False))
    z = scene.planes
    grid = np.empty((len(z), len(y), len(x), 3))
    grid[..., 0], grid[..., 1], grid[..., 2] = x, y[:, None], z[:, None, None]
    return grid


def _around(centre: float, radius: float, step: float) -> Array:
    """Return points from -radius to radius with one at `centre`."""
    first = np.ceil((-radius - centre) / step)
    last = np.floor((radius - centre) / step)
    return centre + np.arange(first, last + 1) * step


def _of_beam(beam: Beam, points: Array) -> Array:
    """Return the dose of one beam in arbitrary units; nothing outside the body."""
    given = np.zeros(points.shape[:-1])
    near = np.abs(points[:, 0, 0, 2] - ISOCENTRE[2]) <= PTV.radii[2] + _REACH + 20.0
    part = points[near]
    given[near] = dose(THORAX, fields(beam), part) * THORAX.by_name["body"].holds(part)
    return given


def _of_source(points: Array) -> Array:
    """Return the dose of the stepping source in arbitrary units; nothing outside the body."""
    return brachy_dose(points) * THORAX.by_name["body"].holds(points)


def _at_isocentre(treating: list[tuple[int, Beam]]) -> float:
    return sum(float(dose(THORAX, fields(beam), np.array(ISOCENTRE))) for _, beam in treating)


def _object(scene: Scene, points: Array, values: Array, instance: int, beam_number: int | None) -> Dataset:
    ds = begin(scene, "rtdose", instance)
    frame_of_reference(ds, scene)
    put(ds, ContentDate=date(scene.moment), ContentTime=time(scene.moment))
    scaling = _scaling(values)
    monochrome(ds, np.rint(values / float(scaling)).astype(np.uint16))
    put(ds, NumberOfFrames=len(points), FrameIncrementPointer=0x3004000C)
    offsets = points[:, 0, 0, 2] - points[0, 0, 0, 2]
    raw(ds, "GridFrameOffsetVector", "DS", "\\".join(numbers(offsets)))
    ds.PixelSpacing = [number(scene.settings.dose_spacing)] * 2
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.ImagePositionPatient = numbers(points[0, 0, 0])
    ds.SliceThickness = number(scene.settings.slice_spacing)
    put(ds, DoseUnits="GY", DoseType="PHYSICAL", DoseGridScaling=scaling, TissueHeterogeneityCorrection="IMAGE")
    put(ds, DoseSummationType="PLAN" if beam_number is None else "BEAM", DoseComment="Synthetic dose")
    plan = reference("rtplan", scene.instance("rtplan"))
    if beam_number is not None:
        beam = item(ReferencedBeamNumber=beam_number)
        plan.ReferencedFractionGroupSequence = [item(ReferencedFractionGroupNumber=1, ReferencedBeamSequence=[beam])]
    ds.ReferencedRTPlanSequence = [plan]
    return ds


def _scaling(values: Array) -> str:
    """Return Dose Grid Scaling as text, so that the largest dose fills 16 bits."""
    return f"{max(float(values.max()), 1.0) / 65535.0 * 1.0001:.10f}"


def _histograms(ds: Dataset, scene: Scene, points: Array, values: Array) -> None:
    """Add RT DVH (C.8.8.4)."""
    ds.ReferencedStructureSetSequence = [reference("rtstruct", scene.instance("rtstruct"))]
    put(ds, DVHNormalizationPoint=numbers(ISOCENTRE), DVHNormalizationDoseValue=number(scene.settings.prescription))
    found = [_histogram(scene, roi, values[roi.shape.holds(points)]) for roi in VOLUMES if roi.shape]
    histograms = [one for one in found if one is not None]
    if histograms:
        ds.DVHSequence = histograms


def _histogram(scene: Scene, roi: Roi, inside: Array) -> Dataset | None:
    """Return the cumulative histogram of one structure, None if no point of the grid is inside."""
    if not inside.size:
        return None
    width = np.ceil(float(inside.max()) / BINS * 1000 + 1) / 1000
    voxel = scene.settings.dose_spacing**2 * scene.settings.slice_spacing
    ds = item(DVHType="CUMULATIVE", DoseUnits="GY", DoseType="PHYSICAL", DVHDoseScaling="1", DVHVolumeUnits="CM3")
    ds.DVHReferencedROISequence = [item(DVHROIContributionType="INCLUDED", ReferencedROINumber=roi.number)]
    volumes = cumulative(inside, voxel, width, BINS)
    ds.DVHNumberOfBins = BINS
    raw(ds, "DVHData", "DS", "\\".join(f"{number(width)}\\{number(volume)}" for volume in volumes))
    put(ds, DVHMinimumDose=number(inside.min()), DVHMaximumDose=number(inside.max()))
    return put(ds, DVHMeanDose=number(inside.mean()))
