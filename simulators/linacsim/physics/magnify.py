"""Fitting an image into its box: Magnification Type and Requested Image Size (PS3.3 C.13.5)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

from linacsim.errors import InputError
from linacsim.physics.terms import MAGNIFICATION_TYPES, MagnificationType, require

_BAND = 128
"""Rows that are resampled at a time."""

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
    pixels: ArrayLike,
    size: tuple[int, int],
    magnification_type: MagnificationType = "CUBIC",
    smoothing: float = 0.0,
    within: tuple[int, int] | None = None,
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
    smoothing : float
        Smoothing Type of CUBIC as a share: 0 keeps edges sharp (it goes through the pixels), 1 is as soft as a cubic
        spline can be; the other kernels have none.
    within : (int, int) or None
        Rows and columns that are kept of the middle, where `size` is larger.

    Returns
    -------
    numpy.ndarray
        float32, shape `size` (or `within`), never outside the range of the input: CUBIC does not overshoot.

    Raises
    ------
    InputError
        If the Magnification Type is not defined, or NONE would have to scale.
    """
    require("MagnificationType", magnification_type, MAGNIFICATION_TYPES)
    values = np.asarray(pixels, dtype=np.float32)
    kept = size if within is None else (min(size[0], within[0]), min(size[1], within[1]))
    if values.shape == size:
        return values[_middle(size[0], kept[0]), _middle(size[1], kept[1])]
    if magnification_type == "NONE":
        what = f"an image of {_x(values.shape)} pixels cannot be printed at {_x(size)} without scaling"
        raise InputError(what, "MagnificationType", "use REPLICATE, BILINEAR or CUBIC")
    if magnification_type == "CUBIC" and smoothing > 0:
        rows, columns = (_weights(values.shape[axis], size[axis], kept[axis], smoothing) for axis in (0, 1))
        scaled = np.asarray(rows @ values @ columns.T, dtype=np.float32)
    else:
        scaled = _resized(values, size, kept, _KERNELS[magnification_type])
    # interpolation stays between its neighbours by itself, but a cubic kernel overshoots at edges
    if magnification_type == "CUBIC":
        np.clip(scaled, values.min(), values.max(), out=scaled)
    return scaled


def _resized(
    values: NDArray[np.float32], size: tuple[int, int], kept: tuple[int, int], kernel: Image.Resampling
) -> NDArray[np.float32]:
    """Resample with Pillow, a band after the other: what it gives is copied while no other thread can run."""
    image = Image.fromarray(values)
    scaled = np.empty(kept, dtype=np.float32)
    rows, columns = values.shape[0] / size[0], values.shape[1] / size[1]
    top, left = (size[0] - kept[0]) / 2, (size[1] - kept[1]) / 2
    for start in range(0, kept[0], _BAND):
        end = min(start + _BAND, kept[0])
        box = (left * columns, (top + start) * rows, (left + kept[1]) * columns, (top + end) * rows)
        scaled[start:end] = np.asarray(image.resize((kept[1], end - start), kernel, box=_inside_of(box, image.size)))
    return scaled


def _inside_of(box: tuple[float, float, float, float], size: tuple[int, int]) -> tuple[float, float, float, float]:
    # the last line may come out a rounding error further than there is something
    return max(box[0], 0.0), max(box[1], 0.0), min(box[2], float(size[0])), min(box[3], float(size[1]))


def _middle(length: int, kept: int) -> slice:
    start = (length - kept) // 2
    return slice(start, start + kept)


@lru_cache(maxsize=8)
def _weights(length: int, wanted: int, kept: int, smoothing: float) -> NDArray[np.float32]:
    """How much each of `length` pixels gives to the middle `kept` of `wanted`, shape (kept, length); a row's sum is 1."""
    scale = max(length / wanted, 1.0)
    middles = (np.arange(kept, dtype=np.float32) + 0.5 + (wanted - kept) / 2) * length / wanted - 0.5
    given = _kernel((middles[:, None] - np.arange(length, dtype=np.float32)) / scale, smoothing)
    return np.asarray(given / given.sum(axis=1, keepdims=True), dtype=np.float32)


def _kernel(x: NDArray[Any], smoothing: float) -> NDArray[Any]:
    """The cubic kernels of Mitchell and Netravali with B = smoothing, C = (1 - B) / 2."""
    b, c = smoothing, (1 - smoothing) / 2
    x = np.abs(x)
    near = (12 - 9 * b - 6 * c) * x**3 + (-18 + 12 * b + 6 * c) * x**2 + (6 - 2 * b)
    far = (-b - 6 * c) * x**3 + (6 * b + 30 * c) * x**2 + (-12 * b - 48 * c) * x + (8 * b + 24 * c)
    return np.where(x < 1, near, np.where(x < 2, far, 0.0)) / 6


def _inside(length: float, most: int) -> int:
    return min(max(round(length), 1), most)


def _x(shape: tuple[int, ...]) -> str:
    return "x".join(str(length) for length in reversed(shape))
