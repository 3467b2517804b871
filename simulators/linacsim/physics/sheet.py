"""One sheet of film: images in their boxes, borders, trim and the label strip (PS3.3 C.13.3, C.13.5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.emulsion import Film, expose
from linacsim.physics.layout import EDGE_MM, LABEL_MM, Box, FilmSheet, density_of, image_boxes
from linacsim.physics.lettering import draw_text
from linacsim.physics.magnify import fitted_size, magnify
from linacsim.physics.terms import (
    MAGNIFICATION_TYPES,
    PHOTOMETRIC_INTERPRETATIONS,
    POLARITIES,
    PRESENTATION_LUT_SHAPES,
    MagnificationType,
    PhotometricInterpretation,
    Polarity,
    PresentationLUTShape,
    require,
)

TRIM_MM = 0.35
"""Thickness of the trim line."""

_LETTER_MM = 4.2
_SMALLEST_LETTER_MM = 1.8
_WORD_GAP_MM = 4.0

Density = NDArray[np.float32]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlacedImage:
    """What an Image Box says about its image (PS3.3 C.13.5).

    Parameters
    ----------
    pixels : numpy.ndarray
        Pixel values 0 to 2^bits - 1, shape (rows, columns).
    bits : int
        Depth: 8 or 12 as received, 10 to 16 behind a Presentation LUT Sequence.
    position : int
        Image Box Position, from 1.
    photometric_interpretation, polarity, presentation_lut_shape, magnification_type : str
        Defined terms of PS3.3 C.13.5 and C.11.4.
    pixel_aspect : (int, int)
        Vertical and horizontal size of a pixel, as in Pixel Aspect Ratio (PS3.3 C.7.6.3.1.7).
    requested_image_size_mm : float or None
        Requested Image Size: width on the film in mm; None fills the box.
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
    presentation_lut_shape: PresentationLUTShape = "IDENTITY"
    magnification_type: MagnificationType = "CUBIC"
    pixel_aspect: tuple[int, int] = (1, 1)
    requested_image_size_mm: float | None = None
    film: Film | None = None

    def __post_init__(self) -> None:
        require("PhotometricInterpretation", self.photometric_interpretation, PHOTOMETRIC_INTERPRETATIONS)
        require("Polarity", self.polarity, POLARITIES)
        require("PresentationLUTShape", self.presentation_lut_shape, PRESENTATION_LUT_SHAPES)
        require("MagnificationType", self.magnification_type, MAGNIFICATION_TYPES)
        if self.pixels.ndim != 2 or self.pixels.size == 0:
            raise InputError(f"shape {self.pixels.shape} is no picture", "pixels", "give an array (rows, columns)")
        if min(self.pixel_aspect) < 1:
            raise InputError(f"{self.pixel_aspect} is no aspect", "PixelAspectRatio", "give two whole numbers above 0")


def compose(sheet: FilmSheet, images: Iterable[PlacedImage]) -> Density:
    """Expose one sheet (PS3.3 C.13.3, C.13.5).

    Row 0, column 0 is the upper left corner of the sheet as it is looked at. Border Density fills what surrounds the
    images, Empty Image Density the boxes without one.

    Parameters
    ----------
    sheet : FilmSheet
        Size, format, borders and label.
    images : iterable of PlacedImage
        At most one for each position.

    Returns
    -------
    numpy.ndarray
        Optical density, float32, shape ``sheet.shape``, within Dmin..Dmax of the sheet's film.

    Raises
    ------
    InputError
        If a position does not exist or is taken twice, or an image does not fit without scaling.
    """
    boxes = image_boxes(sheet)
    border = density_of(sheet.border_density, "BorderDensity", sheet.film)
    density = np.full(sheet.shape, border, dtype=np.float32)
    placed = _by_position(images, len(boxes))
    empty = density_of(sheet.empty_image_density, "EmptyImageDensity", sheet.film)
    for position, box in enumerate(boxes, start=1):
        if position in placed:
            _print(density[box.window], placed[position], sheet)
        else:
            density[box.window] = empty
        if sheet.trim == "YES":
            _trim(density, box, sheet, border)
    if sheet.label:
        _label(density, sheet)
    return np.clip(density, sheet.film.dmin, sheet.film.dmax)


def _by_position(images: Iterable[PlacedImage], boxes: int) -> dict[int, PlacedImage]:
    placed: dict[int, PlacedImage] = {}
    for image in images:
        if not 1 <= image.position <= boxes:
            raise InputError(f"there is no box {image.position}", "ImageBoxPosition", f"use 1 to {boxes}")
        if image.position in placed:
            raise InputError(f"box {image.position} is taken twice", "ImageBoxPosition", "place one image in a box")
        placed[image.position] = image
    return placed


def _print(area: Density, image: PlacedImage, sheet: FilmSheet) -> None:
    size = _size(image, (area.shape[0], area.shape[1]), sheet)
    top, left = (area.shape[0] - size[0]) // 2, (area.shape[1] - size[1]) // 2
    area[top : top + size[0], left : left + size[1]] = expose(
        magnify(image.pixels, size, image.magnification_type),
        bits=image.bits,
        film=image.film or sheet.film,
        photometric_interpretation=image.photometric_interpretation,
        polarity=image.polarity,
        presentation_lut_shape=image.presentation_lut_shape,
    )


def _size(image: PlacedImage, box: tuple[int, int], sheet: FilmSheet) -> tuple[int, int]:
    shape = (image.pixels.shape[0], image.pixels.shape[1])
    if image.magnification_type == "NONE":
        size = shape
    elif image.requested_image_size_mm is not None:
        columns = max(sheet.pixels(image.requested_image_size_mm), 1)
        picture = shape[0] * image.pixel_aspect[0] / (shape[1] * image.pixel_aspect[1])
        size = (max(round(columns * picture), 1), columns)
    else:
        return fitted_size(shape, box, image.pixel_aspect)
    if size[0] > box[0] or size[1] > box[1]:
        what = f"an image of {size[1]}x{size[0]} printer pixels is larger than its box of {box[1]}x{box[0]}"
        raise InputError(what, f"ImageBoxPosition {image.position}", "crop or decimate it, or let it be fitted")
    return size


def _trim(density: Density, box: Box, sheet: FilmSheet, border: float) -> None:
    # The line runs outside the box, so it never hides a pixel of the image.
    thick = max(sheet.pixels(TRIM_MM), 1)
    middle = (sheet.film.dmin + sheet.film.dmax) / 2
    line = sheet.film.dmin if border > middle else sheet.film.dmax
    top, left = max(box.top - thick, 0), max(box.left - thick, 0)
    bottom, right = box.top + box.height, box.left + box.width
    density[top : box.top, left : right + thick] = line
    density[bottom : bottom + thick, left : right + thick] = line
    density[top : bottom + thick, left : box.left] = line
    density[top : bottom + thick, right : right + thick] = line


def _label(density: Density, sheet: FilmSheet) -> None:
    rows, columns = sheet.shape
    foot = density[rows - sheet.pixels(LABEL_MM + EDGE_MM / 2) :]
    foot[:] = sheet.film.dmax
    margin = sheet.pixels(EDGE_MM)
    words = _words(sheet, columns - 2 * margin)
    slack = columns - 2 * margin - sum(word.shape[1] for word in words)
    top = (foot.shape[0] - words[0].shape[0]) // 2
    left = float(margin)
    for word in words:
        area = foot[top : top + word.shape[0], int(left) : columns - margin]
        area[:, : word.shape[1]] = _lettered(word[:, : area.shape[1]], sheet.film)
        left += word.shape[1] + max(slack, 0) / max(len(words) - 1, 1)


def _lettered(coverage: Density, film: Film) -> Density:
    # Half a pixel of letter lets half of the light through: coverage is linear in light, not in density.
    dark, bright = 10.0**-film.dmax, 10.0**-film.dmin
    return np.asarray(-np.log10(dark + coverage * (bright - dark)), dtype=np.float32)


def _words(sheet: FilmSheet, room: int) -> list[Density]:
    # Long labels are written smaller; what is still too long runs out at the right margin.
    height, smallest = sheet.pixels(_LETTER_MM), max(sheet.pixels(_SMALLEST_LETTER_MM), 8)
    gaps = (len(sheet.label) - 1) * sheet.pixels(_WORD_GAP_MM)
    while True:
        words = [draw_text(text, height) for text in sheet.label]
        if height <= smallest or sum(word.shape[1] for word in words) + gaps <= room:
            return words
        height -= 1
