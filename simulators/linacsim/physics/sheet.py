"""One sheet of film: images in their boxes, borders, trim and letters (PS3.3 C.13.3, C.13.5)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.emulsion import Film, colour_curve, curve_index, density_curve
from linacsim.physics.fitting import Fitting, Wish, fit
from linacsim.physics.layout import Box, FilmSheet, contrasting, density_of, image_boxes
from linacsim.physics.magnify import magnify
from linacsim.physics.presentation import IDENTITY, PresentationLut
from linacsim.physics.strips import strips
from linacsim.physics.terms import (
    LARGER_IMAGES,
    MAGNIFICATION_TYPES,
    PHOTOMETRIC_INTERPRETATIONS,
    POLARITIES,
    REQUESTED_DECIMATE_CROP_BEHAVIORS,
    LargerImage,
    MagnificationType,
    PhotometricInterpretation,
    Polarity,
    RequestedDecimateCropBehavior,
    require,
)

TRIM_MM = 0.35
"""Thickness of the trim line."""

_GREY, _COLOUR, _PLANES = 2, 3, 3

Density = NDArray[np.float32]
Ink = Callable[[Density], NDArray[Any]]
"""What densities are held as: of any shape in, the same shape out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedImage:
    """What an Image Box says about its image (PS3.3 C.13.5).

    Parameters
    ----------
    pixels : numpy.ndarray
        Pixel values 0 to 2^bits - 1, shape (rows, columns), or (rows, columns, 3) of red, green and blue. Bits above those
        of uint16 pixels do not count.
    bits : int
        Depth: 8 or 12.
    position : int
        Image Box Position, from 1.
    photometric_interpretation, polarity, magnification_type : str
        Defined terms of PS3.3 C.13.5; the first has no say in colour.
    presentation_lut : PresentationLut
        Presentation LUT; it has no say in colour.
    smoothing : float
        Smoothing Type as a share from 0, none, to 1; see `linacsim.physics.magnify.magnify`.
    pixel_aspect : (int, int)
        Vertical and horizontal size of a pixel, as in Pixel Aspect Ratio (PS3.3 C.7.6.3.1.7).
    requested_image_size_mm : float or None
        Requested Image Size: width on the film in mm; None fills the box.
    requested_behavior : str or None
        Requested Decimate/Crop Behavior.
    larger_image : str
        What the printer does with an image that is too large where the client does not say: ``demagnify``, ``decimate``,
        ``crop`` or ``fail``; see `linacsim.physics.fitting`.
    film : Film or None
        Density range and light of this box, where they differ from the sheet.

    Raises
    ------
    InputError
        If a value is not defined or the image has no area.
    """

    pixels: NDArray[Any]
    bits: int
    position: int
    photometric_interpretation: PhotometricInterpretation = "MONOCHROME2"
    polarity: Polarity = "NORMAL"
    presentation_lut: PresentationLut = IDENTITY
    magnification_type: MagnificationType = "CUBIC"
    smoothing: float = 0.0
    pixel_aspect: tuple[int, int] = (1, 1)
    requested_image_size_mm: float | None = None
    requested_behavior: RequestedDecimateCropBehavior | None = None
    larger_image: LargerImage = "fail"
    film: Film | None = None

    def __post_init__(self) -> None:
        require("PhotometricInterpretation", self.photometric_interpretation, PHOTOMETRIC_INTERPRETATIONS)
        require("Polarity", self.polarity, POLARITIES)
        require("MagnificationType", self.magnification_type, MAGNIFICATION_TYPES)
        require("larger_image", self.larger_image, LARGER_IMAGES)
        if self.requested_behavior is not None:
            require("RequestedDecimateCropBehavior", self.requested_behavior, REQUESTED_DECIMATE_CROP_BEHAVIORS)
        grey = self.pixels.ndim == _GREY
        if self.pixels.size == 0 or not (grey or (self.pixels.ndim == _COLOUR and self.pixels.shape[2] == _PLANES)):
            todo = "give an array (rows, columns) or (rows, columns, 3)"
            raise InputError(f"shape {self.pixels.shape} is no picture", "pixels", todo)
        if min(self.pixel_aspect) < 1:
            raise InputError(f"{self.pixel_aspect} is no aspect", "PixelAspectRatio", "give two whole numbers above 0")

    @property
    def colour(self) -> bool:
        """Whether it has red, green and blue."""
        return self.pixels.ndim == _COLOUR

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns."""
        return self.pixels.shape[0], self.pixels.shape[1]


def fitting(sheet: FilmSheet, image: PlacedImage, shape: tuple[int, int] | None = None) -> Fitting:
    """How an image fits into its box.

    Parameters
    ----------
    sheet, image
        See `compose`.
    shape : (int, int) or None
        Rows and columns that the image needs together with what it is combined with; its own if there is nothing.

    Raises
    ------
    InputError
        If the sheet has no such box.
    """
    boxes = image_boxes(sheet)
    _by_position([image], len(boxes))
    return _fitting(sheet, image, boxes[image.position - 1], shape)


def compose(sheet: FilmSheet, images: Iterable[PlacedImage]) -> Density:
    """Expose one sheet (PS3.3 C.13.3, C.13.5).

    Row 0, column 0 is the upper left corner of the sheet as it is looked at. Border Density fills what surrounds the
    images, Empty Image Density the boxes without one.

    Parameters
    ----------
    sheet : FilmSheet
        Size, format, borders, label and annotations.
    images : iterable of PlacedImage
        At most one for each position.

    Returns
    -------
    numpy.ndarray
        Optical density, float32, within Dmin..Dmax of the sheet's film: shape ``sheet.shape``, or ``(*sheet.shape, 3)`` of
        red, green and blue light if one of the images has colours.

    Raises
    ------
    InputError
        If a position does not exist or is taken twice, or an image is too large for its box and nothing says what to do.
    """
    placed = list(images)
    planes = paint(sheet, placed, [_as_it_is] * (_PLANES if any(image.colour for image in placed) else 1))
    return planes[0] if len(planes) == 1 else np.stack(planes, axis=-1)


def paint(sheet: FilmSheet, images: Iterable[PlacedImage], inks: Sequence[Ink]) -> list[NDArray[Any]]:
    """Expose one sheet as `compose` does, once for each ink, and hold its densities as the ink says.

    Parameters
    ----------
    sheet, images
        See `compose`.
    inks : sequence of callable
        One, or three for red, green and blue.

    Returns
    -------
    list of numpy.ndarray
        What each ink has made of the sheet, shape ``sheet.shape``.

    Raises
    ------
    InputError
        See `compose`.
    """
    boxes = image_boxes(sheet)
    placed = _by_position(images, len(boxes))
    letters = strips(sheet)
    planes = []
    for number, ink in enumerate(inks):
        plane = _background(sheet, boxes, placed, ink)
        for position, image in placed.items():
            _print(plane[boxes[position - 1].window], image, number, sheet, ink)
        for box, density in letters:
            plane[box.window] = ink(np.clip(density, sheet.film.dmin, sheet.film.dmax))
        planes.append(plane)
    return planes


def _as_it_is(density: Density) -> NDArray[Any]:
    return density


def _background(sheet: FilmSheet, boxes: Sequence[Box], placed: dict[int, PlacedImage], ink: Ink) -> NDArray[Any]:
    border = density_of(sheet.border_density, "BorderDensity", sheet.film)
    empty = density_of(sheet.empty_image_density, "EmptyImageDensity", sheet.film)
    line = contrasting(border, sheet.film)
    border_ink, empty_ink, line_ink = ink(np.asarray([border, empty, line], dtype=np.float32))
    plane = np.full(sheet.shape, border_ink)
    for position, box in enumerate(boxes, start=1):
        if sheet.trim == "YES":
            _trim(plane, box, max(sheet.pixels(TRIM_MM), 1), line_ink)
            plane[box.window] = border_ink
        if position not in placed:
            plane[box.window] = empty_ink
    return plane


def _by_position(images: Iterable[PlacedImage], boxes: int) -> dict[int, PlacedImage]:
    placed: dict[int, PlacedImage] = {}
    for image in images:
        if not 1 <= image.position <= boxes:
            raise InputError(f"there is no box {image.position}", "ImageBoxPosition", f"use 1 to {boxes}")
        if image.position in placed:
            raise InputError(f"box {image.position} is taken twice", "ImageBoxPosition", "place one image in a box")
        placed[image.position] = image
    return placed


def _fitting(sheet: FilmSheet, image: PlacedImage, box: Box, shape: tuple[int, int] | None = None) -> Fitting:
    size = image.requested_image_size_mm
    wish = Wish(
        magnification_type=image.magnification_type,
        pixel_aspect=image.pixel_aspect,
        requested_columns=None if size is None else sheet.pixels(size),
        requested_behavior=image.requested_behavior,
        larger_image=image.larger_image,
    )
    return fit(shape or image.shape, (box.height, box.width), wish)


def _print(area: NDArray[Any], image: PlacedImage, plane: int, sheet: FilmSheet, ink: Ink) -> None:
    """Expose an image in the middle of its box; what is larger than the box is cut off on both sides alike."""
    box = Box(top=0, left=0, height=area.shape[0], width=area.shape[1])
    how = _fitting(sheet, image, box)
    if how.outcome == "too large":
        what = (
            f"an image of {how.size[1]}x{how.size[0]} printer pixels is larger than its box of {box.width}x{box.height}"
        )
        raise InputError(what, f"ImageBoxPosition {image.position}", "crop or decimate it, or let it be fitted")
    pixels = image.pixels[..., plane] if image.colour else image.pixels
    if pixels.dtype == np.uint16:
        pixels = pixels & np.uint16((1 << image.bits) - 1)
    kernel = "BILINEAR" if how.scaled and image.magnification_type == "NONE" else image.magnification_type
    shown = magnify(pixels, how.size, kernel, image.smoothing, within=(box.height, box.width))
    top, left = (box.height - shown.shape[0]) // 2, (box.width - shown.shape[1]) // 2
    curve = ink(np.clip(_curve(image, sheet), sheet.film.dmin, sheet.film.dmax))
    area[top : top + shown.shape[0], left : left + shown.shape[1]] = curve.take(curve_index(shown, image.bits))


def _curve(image: PlacedImage, sheet: FilmSheet) -> Density:
    film = image.film or sheet.film
    if image.colour:
        return colour_curve(image.bits, film, image.polarity)
    return density_curve(image.bits, film, image.photometric_interpretation, image.polarity, image.presentation_lut)


def _trim(plane: NDArray[Any], box: Box, thick: int, line: Any) -> None:
    # The line runs outside the box, so it never hides a pixel of the image.
    top, left = max(box.top - thick, 0), max(box.left - thick, 0)
    plane[top : box.top + box.height + thick, left : box.left + box.width + thick] = line
