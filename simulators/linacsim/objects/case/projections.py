"""Radiographs computed through the phantom: RT Image, CR Image, Secondary Capture (PS3.3 A.17, A.2, A.8)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from linacsim.objects.case.anatomy import ISOCENTRE
from linacsim.objects.case.beams import KV_SIZE, SAD, Beam, beams, jaws
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
    reference,
    time,
)
from linacsim.objects.case.scene import Scene
from linacsim.physics.beamseye import View

Array = NDArray[np.float64]

WATER_ATTENUATION = 0.02
"""Of a kV beam in water, per mm."""

FULL_SCALE = 4095
"""The largest stored value of a radiograph."""


def radiograph(scene: Scene, view: View, size: int, sid: float, width: float) -> Array:
    """Return the water-equivalent path in mm to each pixel of a centred plane, shape (size, size).

    Parameters
    ----------
    scene : Scene
        The phantom as far as the CT reaches.
    view : View
        The source.
    size : int
        Rows and columns.
    sid : float
        Distance in mm from the source to the plane.
    width : float
        Of the plane in mm.
    """
    pixels = view.pixels(size, size, width / size, sid)
    far = view.source + (pixels - view.source) * (3 * view.distance / sid)  # behind the patient, wherever the plane is
    return scene.phantom.water_path(view.source, far)


def grey(path: Array, white: int = FULL_SCALE) -> Array:
    """Return a picture of attenuation: bone is bright, air is black, whole numbers up to `white`."""
    return np.rint(path * (white / max(float(path.max()), 1.0)))


def intensity(path: Array, attenuation: float = WATER_ATTENUATION, white: int = FULL_SCALE) -> Array:
    """Return what a detector sees: `white` in air, less behind the patient, whole numbers."""
    seen: Array = np.rint(white * np.exp(-attenuation * path))
    return seen


def imaged_beams(scene: Scene) -> list[tuple[int, Beam]]:
    """Return the beams that an RT Image is made for, with their numbers: all but cone beam CT."""
    return [(n, beam) for n, beam in beams(scene.settings) if beam.key != "cbct"]


def rtimage(scene: Scene) -> list[Dataset]:
    """Return a DRR for each beam, at the plane of the isocentre."""
    return [
        finish(_rtimage(scene, index, number_, beam))
        for index, (number_, beam) in enumerate(imaged_beams(scene), start=1)
    ]


def _rtimage(scene: Scene, instance: int, beam_number: int, beam: Beam) -> Dataset:
    ds = begin(scene, "rtimage", instance)
    frame_of_reference(ds, scene)
    put(ds, ImageType=["DERIVED", "SECONDARY", "DRR"], ConversionType="WSD", PatientOrientation="")
    put(ds, ContentDate=date(scene.moment), ContentTime=time(scene.moment), AcquisitionNumber=1)
    size, width = scene.settings.radiograph, 2 * KV_SIZE * 1.1
    picture = grey(radiograph(scene, beam.view(), size, SAD, width))
    monochrome(ds, picture.astype(np.uint16), stored=12)
    image_plane(ds, size, width / size, SAD)
    put(ds, RTImageLabel=beam.name, RTImageName=f"DRR {beam.name}", RTImageDescription=beam.description)
    put(ds, RadiationMachineName=scene.settings.machine, PrimaryDosimeterUnit="MU", RadiationMachineSAD=number(SAD))
    ds.ReferencedRTPlanSequence = [reference("rtplan", scene.instance("rtplan"))]
    put(ds, ReferencedBeamNumber=beam_number, ReferencedFractionGroupNumber=1)
    put(ds, GantryAngle=number(beam.angles[0]), BeamLimitingDeviceAngle="0", PatientSupportAngle="0")
    put(ds, TableTopEccentricAngle="0", TableTopPitchAngle=0.0, TableTopRollAngle=0.0)
    put(ds, TableTopVerticalPosition="0", TableTopLongitudinalPosition="0", TableTopLateralPosition="0")
    put(ds, IsocenterPosition=numbers(ISOCENTRE), PatientPosition="HFS")
    ds.ExposureSequence = [_exposure(beam)]
    put(ds, WindowCenter=str((FULL_SCALE + 1) // 2), WindowWidth=str(FULL_SCALE + 1))
    return ds


def image_plane(ds: Dataset, size: int, spacing: float, sid: float) -> None:
    """Add where an RT Image lies: centred on the beam's axis, across it (C.8.8.2)."""
    put(ds, RTImagePlane="NORMAL", XRayImageReceptorAngle="0", RTImageOrientation=["1", "0", "0", "0", "-1", "0"])
    put(ds, XRayImageReceptorTranslation=["0", "0", number(SAD - sid)], RTImageSID=number(sid))
    written = number(spacing, 6)
    edge = (size - 1) / 2 * float(written)
    put(ds, ImagePlanePixelSpacing=[written, written], RTImagePosition=numbers((-edge, edge)))


def _exposure(beam: Beam) -> Dataset:
    left, right, foot, head = jaws(beam)
    exposure = item(NumberOfBlocks=0)
    exposure.BeamLimitingDeviceSequence = [
        item(RTBeamLimitingDeviceType=kind, NumberOfLeafJawPairs=1, LeafJawPositions=numbers(values))
        for kind, values in (("ASYMX", (left, right)), ("ASYMY", (foot, head)))
    ]
    return exposure


def cr(scene: Scene) -> list[Dataset]:
    """Return the first beam's DRR as a CR Image."""
    ds = begin(scene, "cr")
    put(ds, ImageType=["DERIVED", "SECONDARY", "DRR"], PatientOrientation=["L", "F"], AcquisitionNumber=1)
    put(ds, ViewPosition="AP", KVP="100", PatientPosition="HFS")
    _picture(ds, scene)
    put(ds, PlateID="", ImagerPixelSpacing=[number(2 * KV_SIZE * 1.1 / scene.settings.radiograph, 6)] * 2)
    return [finish(ds)]


def sc(scene: Scene) -> list[Dataset]:
    """Return the first beam's DRR as a Secondary Capture Image."""
    ds = begin(scene, "sc")
    put(ds, ImageType=["DERIVED", "SECONDARY", "DRR"], PatientOrientation=["L", "F"], ConversionType="WSD")
    put(ds, DerivationDescription="DRR", ImagesInAcquisition=1)
    put(ds, SecondaryCaptureDeviceManufacturer="linacsim", DateOfSecondaryCapture=date(scene.moment))
    ds.TimeOfSecondaryCapture = time(scene.moment)
    _picture(ds, scene)
    return [finish(ds)]


def _picture(ds: Dataset, scene: Scene) -> None:
    """Add the first beam's DRR."""
    shown = [beam for _, beam in imaged_beams(scene)]
    view = shown[0].view() if shown else scene.view(0.0)
    picture = grey(radiograph(scene, view, scene.settings.radiograph, SAD, 2 * KV_SIZE * 1.1))
    monochrome(ds, picture.astype(np.uint16), stored=12)
    put(ds, AcquisitionDate=date(scene.moment), AcquisitionTime=time(scene.moment))
    put(ds, ContentDate=date(scene.moment), ContentTime=time(scene.moment))
    put(ds, WindowCenter=str((FULL_SCALE + 1) // 2), WindowWidth=str(FULL_SCALE + 1))
