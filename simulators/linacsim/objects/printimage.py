"""An image that is ready to print, as a value (PS3.3 C.13.5)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from linacsim.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

PrintBits = Literal[8, 12]
"""Bits Stored of a printed grey image (PS3.3 C.13.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Corners:
    """The annotation lines of the four corners, top line first."""

    upper_left: tuple[str, ...] = ()
    upper_right: tuple[str, ...] = ()
    lower_left: tuple[str, ...] = ()
    lower_right: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PrintableImage:
    """One image of a Basic Grayscale Image Box (PS3.3 C.13.5).

    Parameters
    ----------
    pixels : numpy.ndarray
        uint8 (8 bits) or uint16 (12 bits), shape (rows, columns), 0 to 2^bits - 1.
    bits : int
        8 or 12.
    photometric_interpretation : str
        MONOCHROME2 (0 is black), as `render` makes it, or MONOCHROME1.
    pixel_aspect : (int, int)
        Vertical and horizontal size of a pixel, as in Pixel Aspect Ratio (PS3.3 C.7.6.3.1.7).
    lines : Corners
        The annotation, not yet drawn into the pixels.

    Raises
    ------
    InputError
        If pixels, depth and aspect do not go together.
    """

    pixels: NDArray[np.uint8] | NDArray[np.uint16]
    bits: PrintBits
    photometric_interpretation: Literal["MONOCHROME1", "MONOCHROME2"] = "MONOCHROME2"
    pixel_aspect: tuple[int, int] = (1, 1)
    lines: Corners = field(default_factory=Corners)

    def __post_init__(self) -> None:
        wanted = {8: "uint8", 12: "uint16"}.get(self.bits)
        if self.pixels.ndim != 2 or self.pixels.size == 0 or str(self.pixels.dtype) != wanted:
            what = f"{self.pixels.dtype} pixels of shape {self.pixels.shape} are no {self.bits} bit image"
            raise InputError(what, "pixels", "give rows and columns, uint8 for 8 bits or uint16 for 12")
        if min(self.pixel_aspect) < 1:
            raise InputError(f"{self.pixel_aspect} is no aspect", "PixelAspectRatio", "give two whole numbers above 0")


def quantised(shades: NDArray[np.floating[Any]], bits: PrintBits) -> NDArray[np.uint8] | NDArray[np.uint16]:
    """Pixel values of shades of grey from 0 (black) to 1 (white), any shape: uint8 for 8 bits, uint16 for 12."""
    values = np.round(shades * (2**bits - 1))
    return np.asarray(values, dtype=np.uint8) if bits == 8 else np.asarray(values, dtype=np.uint16)


def pixel_aspect_of(attributes: Dataset) -> tuple[int, int]:
    """Vertical and horizontal size of a pixel as the smallest whole numbers (PS3.3 C.7.6.3.1.7).

    Parameters
    ----------
    attributes : pydicom.Dataset
        A data set with one of Pixel Spacing, Image Plane Pixel Spacing, Imager Pixel Spacing or Pixel Aspect Ratio.

    Returns
    -------
    (int, int)
        (1, 1) if none of them is there or makes sense.
    """
    for keyword in ("PixelSpacing", "ImagePlanePixelSpacing", "ImagerPixelSpacing", "PixelAspectRatio"):
        ratio = _ratio(attributes.get(keyword))
        if ratio is not None:
            return ratio.numerator, ratio.denominator
    return 1, 1


def _ratio(spacing: Any) -> Fraction | None:
    if not isinstance(spacing, Sequence) or isinstance(spacing, str) or len(spacing) != 2:
        return None
    rows, columns = float(spacing[0]), float(spacing[1])
    if not (0 < rows < 1e6 and 0 < columns < 1e6):
        return None
    ratio = Fraction(rows / columns).limit_denominator(1000)
    return ratio if Fraction(1, 100) <= ratio <= 100 else None
