"""Screenshots as a Multi-frame True Color SC Image (PS3.3 A.8.5): slices with the outlines of the structures."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset

from linacsim.objects.case.anatomy import VOLUMES
from linacsim.objects.case.modules import begin, date, finish, put, time
from linacsim.objects.case.scene import Scene, axis

_WINDOW = (-1000.0, 800.0)
"""Hounsfield units shown as black and as white."""

_DOTS = 720
"""Points that an outline is drawn with."""


def mfsc(scene: Scene) -> list[Dataset]:
    """Return one object with the first, the middle and the last slice, one frame each."""
    ds = begin(scene, "mfsc")
    put(ds, ImageType=["DERIVED", "SECONDARY"], ConversionType="WSD", PatientOrientation="", ImageComments="Slices")
    put(ds, AcquisitionDate=date(scene.moment), AcquisitionTime=time(scene.moment), BurnedInAnnotation="NO")
    put(ds, ContentDate=date(scene.moment), ContentTime=time(scene.moment), LossyImageCompression="00")
    count = len(scene.planes)
    frames = np.stack([_frame(scene, float(scene.planes[index])) for index in sorted({0, count // 2, count - 1})])
    put(ds, SamplesPerPixel=3, PhotometricInterpretation="RGB", PlanarConfiguration=0)
    put(ds, Rows=frames.shape[1], Columns=frames.shape[2], NumberOfFrames=len(frames))
    put(ds, BitsAllocated=8, BitsStored=8, HighBit=7, PixelRepresentation=0)
    put(ds, FrameIncrementPointer=0x00181063, FrameTime="1000")
    data = frames.tobytes()
    ds.add_new("PixelData", "OB", data + b"\0" * (len(data) % 2))
    return [finish(ds)]


def _frame(scene: Scene, z: float) -> NDArray[np.uint8]:
    """Return a slice with outlines, shape (rows, columns, 3)."""
    along = axis(scene.settings.matrix, scene.settings.spacing)
    hu = scene.phantom.plane(along, along, z, scene.settings.slice_spacing)
    low, high = _WINDOW
    shade = np.clip((hu - low) / (high - low) * 255.0, 0, 255).astype(np.uint8)
    frame = np.repeat(shade[..., None], 3, axis=2)
    for roi in VOLUMES:
        outline = roi.shape.outline(z, _DOTS) if roi.shape else None
        if outline is not None:
            columns, rows = np.rint((outline - along[0]) / scene.settings.spacing).astype(int).T
            frame[rows, columns] = roi.colour
    return frame
