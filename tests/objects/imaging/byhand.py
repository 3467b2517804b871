"""Where a point is seen, worked out from the attributes of an object alone (IEC 61217, PS3.3 C.8.8.2); nothing of linacsim."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydicom import Dataset

Array = NDArray[np.float64]

_ON_THE_TABLE = {
    "HFS": lambda x, y, z: (x, z, -y),
    "HFP": lambda x, y, z: (-x, z, y),
    "FFS": lambda x, y, z: (-x, -z, -y),
    "FFP": lambda x, y, z: (x, -z, y),
}
"""From the left, the back and the head of the patient to the right, to the gantry and up, seen from the foot of the couch."""


def turned(angle: float, across: float, along: float) -> tuple[float, float]:
    """Return two coordinates, the first turned towards the second."""
    c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
    return float(c * across - s * along), float(s * across + c * along)


def pixel_of(image: Dataset, point: ArrayLike) -> tuple[float, float]:
    """Return (column, row), from 0 in the middle of the first pixel, where a point of the image's frame is seen."""
    left, back, head = np.asarray(point, dtype=np.float64) - [float(one) for one in image.IsocenterPosition]
    x, y, z = _ON_THE_TABLE[image.PatientPosition](left, back, head)
    z, x = turned(float(image.TableTopRollAngle), z, x)
    y, z = turned(float(image.TableTopPitchAngle), y, z)
    x, y = turned(float(image.PatientSupportAngle), x, y)
    # Into the gantry: what stands where the source is has all of its way from the isocentre along Zg.
    z, x = turned(-float(image.GantryAngle), z, x)
    scale = float(image.RTImageSID) / (float(image.RadiationMachineSAD) - z)
    receptor_x, receptor_y, receptor_z = (float(one) for one in image.XRayImageReceptorTranslation)
    assert receptor_z == float(image.RadiationMachineSAD) - float(image.RTImageSID)
    assert [float(one) for one in image.RTImageOrientation] == [1, 0, 0, 0, -1, 0]
    first_x, first_y = (float(one) for one in image.RTImagePosition)
    down, across = (float(one) for one in image.ImagePlanePixelSpacing)
    return (x * scale - receptor_x - first_x) / across, (first_y - (y * scale - receptor_y)) / down


def place_of(slice_: Dataset, column: float, row: float) -> Array:
    """Return where a pixel of a slice is in its frame of reference (C.7.6.2.1.1)."""
    along, down = np.array([float(one) for one in slice_.ImageOrientationPatient]).reshape(2, 3)
    between_rows, between_columns = (float(one) for one in slice_.PixelSpacing)
    first = np.array([float(one) for one in slice_.ImagePositionPatient])
    place: Array = first + column * between_columns * along + row * between_rows * down
    return place


def mapped(registered: Dataset, frame: str, point: ArrayLike) -> Array:
    """Return a point of one frame of reference in that of the registration (C.20.2.1.1)."""
    (side,) = [one for one in registered.RegistrationSequence if one.FrameOfReferenceUID == frame]
    (step,) = side.MatrixRegistrationSequence[0].MatrixSequence
    matrix = np.array([float(one) for one in step.FrameOfReferenceTransformationMatrix]).reshape(4, 4)
    moved: Array = (matrix @ np.append(np.asarray(point, dtype=np.float64), 1.0))[:3]
    return moved
