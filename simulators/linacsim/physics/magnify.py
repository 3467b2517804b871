"""Fitting an image into its box: Magnification Type and Requested Image Size (PS3.3 C.13.5)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from linacsim.errors import InputError
from linacsim.physics.terms import MAGNIFICATION_TYPES, MagnificationType, require

_KERNELS = {
    "REPLICATE": Image.Resampling.NEAREST,
    "BILINEAR": Image.Resampling.BILINEAR,
    "CUBIC": Image.Resampling.BICUBIC,
}


def fitted_size(
    shape: tuple[int, int], box: tuple[int, int], pixel_aspect: tuple[int, int] = (1, 1)
) -> tuple[int, int]:
    """The largest size in a box that keeps the shape of the picture.

    Parameters
    ----------
    shape : (int, int)
        Rows and columns of the image.
    box : (int, int)
        Rows and columns of the box in printer pixels.
    pixel_aspect : (int, int)
        Vertical and horizontal size of an image pixel, as in Pixel Aspect Ratio (PS3.3 C.7.6.3.1.7).

    Returns
    -------
    (int, int)
        Rows and columns in printer pixels, at least 1 and at most the box.
    """
    height, width = shape[0] * pixel_aspect[0], shape[1] * pixel_aspect[1]
    scale = min(box[0] / height, box[1] / width)
    return _inside(height * scale, box[0]), _inside(width * scale, box[1])


def magnify(
    pixels: ArrayLike, size: tuple[int, int], magnification_type: MagnificationType = "CUBIC"
) -> NDArray[np.float32]:
    """Resample an image to a size in printer pixels (PS3.3 C.13.5, Magnification Type).

    Parameters
    ----------
    pixels : array_like
        Pixel values, shape (rows, columns).
    size : (int, int)
        Rows and columns wanted; NONE asks for the size the image has.
    magnification_type : str
        REPLICATE, BILINEAR, CUBIC or NONE. A smaller size is averaged by BILINEAR and CUBIC, thinned by REPLICATE.

    Returns
    -------
    numpy.ndarray
        float32, shape `size`, never outside the range of the input: CUBIC does not overshoot.

    Raises
    ------
    InputError
        If the Magnification Type is not defined, or NONE would have to scale.
    """
    require("MagnificationType", magnification_type, MAGNIFICATION_TYPES)
    values = np.asarray(pixels, dtype=np.float32)
    if values.shape == size:
        return values
    if magnification_type == "NONE":
        what = f"an image of {_x(values.shape)} pixels cannot be printed at {_x(size)} without scaling"
        raise InputError(what, "MagnificationType", "use REPLICATE, BILINEAR or CUBIC")
    scaled = Image.fromarray(values).resize((size[1], size[0]), _KERNELS[magnification_type])
    return np.clip(np.asarray(scaled, dtype=np.float32), values.min(), values.max())


def _inside(length: float, most: int) -> int:
    return min(max(round(length), 1), most)


def _x(shape: tuple[int, ...]) -> str:
    return "x".join(str(length) for length in reversed(shape))
