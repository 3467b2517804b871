"""One frame in colour, for a Basic Color Image Box (PS3.3 C.13.5)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from pydicom.pixels.processing import apply_color_lut

from linacsim.errors import InputError
from linacsim.objects.annotation import corners_of
from linacsim.objects.burnin import burn_in
from linacsim.objects.greyscale import frame_attributes
from linacsim.objects.imagefile import decode, frames, name_of, pydicom_errors
from linacsim.objects.printable import render
from linacsim.objects.printimage import Corners, PrintableImage, pixel_aspect_of

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pydicom import Dataset

_TOP = 255
_PLANES = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ColourImage:
    """One image of a Basic Color Image Box.

    Parameters
    ----------
    pixels : numpy.ndarray
        RGB, uint8, shape (rows, columns, 3).
    pixel_aspect : (int, int)
        Vertical and horizontal size of a pixel, as in Pixel Aspect Ratio (PS3.3 C.7.6.3.1.7).
    lines : Corners
        The annotation, not yet drawn into the pixels.

    Raises
    ------
    InputError
        If the pixels are no such array.
    """

    pixels: NDArray[np.uint8]
    pixel_aspect: tuple[int, int] = (1, 1)
    lines: Corners = field(default_factory=Corners)

    def __post_init__(self) -> None:
        if self.pixels.ndim != _PLANES or self.pixels.shape[2] != _PLANES or self.pixels.dtype != np.uint8:
            what = f"{self.pixels.dtype} pixels of shape {self.pixels.shape} are no colour image"
            raise InputError(what, "pixels", "give rows, columns and three colours, uint8")


def render_colour(ds: Dataset, frame: int = 0) -> ColourImage:
    """Render one frame as the pixels of a Basic Color Image Sequence.

    What has no colours is grey, as `render` makes it.

    Parameters
    ----------
    ds : pydicom.Dataset
        An image, as `read_image` gives it; it is not changed.
    frame : int
        Frame to render, from 0.

    Returns
    -------
    ColourImage
        RGB, and the texts for the corners.

    Raises
    ------
    InputError
        If the frame does not exist or the pixels cannot be decoded.
    """
    where = name_of(ds)
    if ds.PhotometricInterpretation in ("MONOCHROME1", "MONOCHROME2"):
        grey = render(ds, frame, 8)
        return _of_planes([grey.pixels] * _PLANES, grey)
    count = frames(ds)
    if not 0 <= frame < count:
        raise InputError(f"there is no frame {frame}", where, f"use 0 to {count - 1}")
    with pydicom_errors(where):
        attributes = frame_attributes(ds, frame)
        return ColourImage(
            pixels=_rgb(ds, decode(ds, frame)),
            pixel_aspect=pixel_aspect_of(attributes),
            lines=corners_of(ds, attributes, frame, count, ()),
        )


def burn_in_colour(image: ColourImage) -> ColourImage:
    """Draw the corner texts into the pixels, white with a black outline; see `burn_in`."""
    planes = [
        burn_in(PrintableImage(pixels=plane, bits=8, pixel_aspect=image.pixel_aspect, lines=image.lines))
        for plane in np.moveaxis(image.pixels, 2, 0)
    ]
    return _of_planes([plane.pixels for plane in planes], planes[0])


def _of_planes(planes: list[Any], like: PrintableImage) -> ColourImage:
    pixels = np.stack([np.asarray(plane, dtype=np.uint8) for plane in planes], axis=-1)
    return ColourImage(pixels=pixels, pixel_aspect=like.pixel_aspect, lines=like.lines)


def _rgb(ds: Dataset, stored: Any) -> NDArray[np.uint8]:
    # pixel_array has turned YBR into RGB already; a palette gives 8 or 16 bits, whatever the pixels have.
    rgb, top = stored, 2.0 ** int(ds.get("BitsStored") or ds.BitsAllocated) - 1
    if ds.PhotometricInterpretation == "PALETTE COLOR":
        rgb = apply_color_lut(stored, ds)
        top = float(np.iinfo(rgb.dtype).max)
    return np.asarray(np.rint(np.clip(rgb[..., :_PLANES] / top, 0, 1) * _TOP), dtype=np.uint8)
