"""CT, MR and PET series of the phantom (PS3.3 A.3, A.4, A.21)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from linacsim.objects.case.modules import (
    begin,
    code,
    date,
    finish,
    frame_of_reference,
    item,
    monochrome,
    number,
    put,
    time,
)
from linacsim.objects.case.scene import MR_SHIFT, Scene, axis
from linacsim.physics.phantom import Phantom

_SNOMED = "99SDM"
"""The designator that PET cameras of the time wrote for SNOMED, and that a receiver may insist on (PS3.16 8.1)."""

CT_INTERCEPT = -1024
"""Hounsfield units of a stored 0."""

MR_SIGNAL = {
    "": 0, "body": 300, "lung left": 20, "lung right": 20, "heart": 500, "spine": 80, "spinal cord": 420,
    "tumour": 700, "marker 1": 0, "marker 2": 0, "marker 3": 0,
}  # fmt: skip
"""Signal of each shape in arbitrary units."""

PET_ACTIVITY = {
    "": 0, "body": 2000, "lung left": 600, "lung right": 600, "heart": 9000, "spine": 2500, "spinal cord": 2500,
    "tumour": 26000, "marker 1": 26000, "marker 2": 26000, "marker 3": 26000,
}  # fmt: skip
"""Activity of each shape in Bq/ml."""


def ct(scene: Scene) -> list[Dataset]:
    """Return the CT series, feet first in rising z."""
    return [_ct_slice(scene, number, float(z)) for number, z in enumerate(scene.planes, start=1)]


def _ct_slice(scene: Scene, instance: int, z: float) -> Dataset:
    settings = scene.settings
    ds = begin(scene, "ct", instance)
    frame_of_reference(ds, scene)
    put(ds, ImageType=["ORIGINAL", "PRIMARY", "AXIAL"], AcquisitionNumber=1, KVP="120", PatientPosition="HFS")
    hu = _slice(scene.phantom, settings.matrix, settings.spacing, z, settings.slice_spacing)
    monochrome(ds, np.clip(np.rint(hu) - CT_INTERCEPT, 0, 4095).astype(np.uint16), stored=12)
    put(ds, RescaleIntercept=str(CT_INTERCEPT), RescaleSlope="1", RescaleType="HU")
    put(ds, GantryDetectorTilt="0", ReconstructionDiameter=number(settings.matrix * settings.spacing))
    _general_image(ds, scene)
    _plane(ds, settings.matrix, settings.spacing, (0.0, 0.0, z), settings.slice_spacing)
    return finish(ds)


def mr(scene: Scene) -> list[Dataset]:
    """Return the MR series, in a frame of reference of its own."""
    phantom, thickness = scene.phantom.moved(MR_SHIFT), 2 * scene.settings.slice_spacing
    return [
        _mr_slice(scene, phantom, number, float(z) + MR_SHIFT[2], thickness)
        for number, z in enumerate(scene.coarse_planes, start=1)
    ]


def _mr_slice(scene: Scene, phantom: Phantom, instance: int, z: float, thickness: float) -> Dataset:
    ds = begin(scene, "mr", instance)
    frame_of_reference(ds, scene, "mr")
    put(ds, ImageType=["ORIGINAL", "PRIMARY", "OTHER"], PatientPosition="HFS", AcquisitionNumber=1)
    put(ds, ScanningSequence="SE", SequenceVariant="NONE", ScanOptions="", MRAcquisitionType="2D")
    put(ds, RepetitionTime="500", EchoTime="15", EchoTrainLength="1", MagneticFieldStrength="1.5")
    matrix, spacing = scene.settings.matrix, scene.settings.spacing
    signal = _slice(phantom, matrix, spacing, z, thickness, MR_SIGNAL, MR_SHIFT)
    monochrome(ds, np.rint(signal).astype(np.uint16), stored=12)
    _general_image(ds, scene)
    _plane(ds, matrix, spacing, (MR_SHIFT[0], MR_SHIFT[1], z), thickness)
    return finish(ds)


def pet(scene: Scene) -> list[Dataset]:
    """Return the PET series, in the CT's frame of reference."""
    thickness = 2 * scene.settings.slice_spacing
    return [_pet_slice(scene, number, float(z), thickness) for number, z in enumerate(scene.coarse_planes, start=1)]


def _pet_slice(scene: Scene, instance: int, z: float, thickness: float) -> Dataset:
    ds = begin(scene, "pet", instance)
    frame_of_reference(ds, scene)
    put(ds, ImageType=["ORIGINAL", "PRIMARY"], AcquisitionNumber=1)
    matrix, spacing = scene.settings.matrix, scene.settings.spacing
    activity = _slice(scene.phantom, matrix, spacing, z, thickness, PET_ACTIVITY)
    monochrome(ds, np.rint(activity).astype(np.int16), signed=True)
    _general_image(ds, scene)
    _plane(ds, matrix, spacing, (0.0, 0.0, z), thickness)
    put(ds, PatientWeight="75", PatientSize="1.75")
    _pet_series(ds, scene)
    _pet_isotope(ds, scene)
    put(ds, RescaleIntercept="0", RescaleSlope="1", FrameReferenceTime="90000", DecayFactor="1.01")
    put(ds, ActualFrameDuration="180000", ImageIndex=len(scene.coarse_planes) + 1 - instance)
    return finish(ds)


def _pet_series(ds: Dataset, scene: Scene) -> None:
    """Add PET Series (C.8.9.1)."""
    put(ds, Units="BQML", CountsSource="EMISSION", SeriesType=["STATIC", "IMAGE"], CollimatorType="NONE")
    put(ds, NumberOfSlices=len(scene.coarse_planes), CorrectedImage=["DECY", "ATTN", "SCAT"], DecayCorrection="START")
    put(ds, AttenuationCorrectionMethod="measured", ScatterCorrectionMethod="model based")


def _pet_isotope(ds: Dataset, scene: Scene) -> None:
    """Add PET Isotope (C.8.9.2) and NM/PET Patient Orientation (C.8.4.6)."""
    start = scene.moment - timedelta(hours=1)
    ds.RadiopharmaceuticalInformationSequence = [
        item(
            RadionuclideCodeSequence=[code("77004003", "SCT", "^18^Fluorine")],
            Radiopharmaceutical="Fluorodeoxyglucose",
            RadiopharmaceuticalStartTime=time(start),
            RadionuclideTotalDose="370000000",
            RadionuclideHalfLife="6586.2",
            RadionuclidePositronFraction="0.97",
        )
    ]
    upright = code("F-10450", _SNOMED, "recumbent")
    upright.PatientOrientationModifierCodeSequence = [code("F-10340", _SNOMED, "supine")]
    ds.PatientOrientationCodeSequence = [upright]
    ds.PatientGantryRelationshipCodeSequence = [code("F-10470", _SNOMED, "headfirst")]


def _general_image(ds: Dataset, scene: Scene) -> None:
    """Add dates of General Image (C.7.6.1)."""
    moment = scene.moment
    put(ds, AcquisitionDate=date(moment), AcquisitionTime=time(moment), PatientOrientation=["L", "P"])
    put(ds, ContentDate=date(moment), ContentTime=time(moment))


def _plane(ds: Dataset, matrix: int, spacing: float, centre: tuple[float, float, float], thickness: float) -> None:
    """Add Image Plane (C.7.6.2) of an axial slice around `centre`."""
    corner = axis(matrix, spacing)[0]
    ds.PixelSpacing = [number(spacing)] * 2
    ds.ImageOrientationPatient = ["1", "0", "0", "0", "1", "0"]
    ds.ImagePositionPatient = [number(centre[0] + corner), number(centre[1] + corner), number(centre[2])]
    put(ds, SliceThickness=number(thickness), SliceLocation=number(centre[2]))


def _slice(
    phantom: Phantom,
    matrix: int,
    spacing: float,
    z: float,
    thickness: float,
    values: Mapping[str, float] | None = None,
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0),
) -> NDArray[np.float64]:
    """Return what a slice shows, shape (matrix, matrix)."""
    along = axis(matrix, spacing)
    return phantom.plane(along + centre[0], along + centre[1], z, thickness, values)
