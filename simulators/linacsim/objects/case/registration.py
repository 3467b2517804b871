"""Spatial Registration of MR to CT (PS3.3 A.39.1): rigid, the CT's own frame first and unmoved."""

from __future__ import annotations

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
    numbers,
    put,
    reference,
    time,
)
from linacsim.objects.case.scene import MR_SHIFT, Scene


def reg(scene: Scene) -> list[Dataset]:
    """Return the registration: what was measured on the MR, told in the frame of reference of the CT."""
    ds = begin(scene, "reg")
    frame_of_reference(ds, scene)
    put(ds, ContentDate=date(scene.moment), ContentTime=time(scene.moment), ContentLabel="REGISTRATION")
    put(ds, ContentDescription="MR to CT", ContentCreatorName="Operator^Olli")
    back = np.eye(4)
    back[:3, 3] = -np.array(MR_SHIFT)
    ds.RegistrationSequence = [_side(scene, "ct", np.eye(4)), _side(scene, "mr", back)]
    ds.ReferencedSeriesSequence = [
        item(SeriesInstanceUID=scene.series(kind), ReferencedInstanceSequence=_images(scene, kind))
        for kind in ("ct", "mr")
    ]
    return [finish(ds)]


def _side(scene: Scene, kind: str, matrix: NDArray[np.float64]) -> Dataset:
    """Return an item of Registration Sequence: the images of a frame and how they go into the registered one."""
    step = item(FrameOfReferenceTransformationMatrix=numbers(matrix.ravel()))
    step.FrameOfReferenceTransformationMatrixType = "RIGID"
    registration = item(MatrixSequence=[step])
    registration.RegistrationTypeCodeSequence = [code("125024", "DCM", "Image Content-based Alignment")]
    side = item(FrameOfReferenceUID=scene.frame_of_reference(kind), MatrixRegistrationSequence=[registration])
    return put(side, ReferencedImageSequence=_images(scene, kind))


def _images(scene: Scene, kind: str) -> list[Dataset]:
    count = len(scene.planes if kind == "ct" else scene.coarse_planes)
    return [reference(kind, scene.instance(kind, n)) for n in range(1, count + 1)]
