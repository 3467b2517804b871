"""Drawing the annotation into the pixels, as a Print SCU does for a printer that has no text of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from linacsim.objects.printimage import PrintableImage, quantised
from linacsim.physics.lettering import draw_text
from linacsim.physics.magnify import magnify

LONG_SIDE = 1024
"""A smaller image is enlarged until its long side has at least so many pixels."""

_LINES = 31  # lines of text that would fill the short side
_SMALLEST = 12
_WIDEST = 0.48  # share of the width that one corner may take
_TALLEST = 0.33

_Plane = NDArray[np.float32]


def burn_in(image: PrintableImage) -> PrintableImage:
    """Draw the corner texts into the pixels, white with a black outline.

    A small image is enlarged, bilinearly and to square pixels, so that the letters are legible. Text that would leave
    its corner is cut short; where not even one line fits, there is none.

    Parameters
    ----------
    image : PrintableImage
        Any printable image.

    Returns
    -------
    PrintableImage
        The annotated image, same depth; its pixels are square and its `lines` are kept.
    """
    top = np.float32(2**image.bits - 1)
    plane = magnify(image.pixels, _size(image), "BILINEAR") / top
    plane = plane if image.photometric_interpretation == "MONOCHROME2" else 1 - plane
    plane = _annotated(plane.copy(), image)
    plane = plane if image.photometric_interpretation == "MONOCHROME2" else 1 - plane
    return replace(image, pixels=quantised(plane, image.bits), pixel_aspect=(1, 1))


def _size(image: PrintableImage) -> tuple[int, int]:
    height = image.pixels.shape[0] * max(image.pixel_aspect[0] / image.pixel_aspect[1], 1)
    width = image.pixels.shape[1] * max(image.pixel_aspect[1] / image.pixel_aspect[0], 1)
    # Whole factors keep the grid of the image even.
    factor = max(ceil(LONG_SIDE / max(height, width)), 1)
    return round(height * factor), round(width * factor)


def _annotated(plane: _Plane, image: PrintableImage) -> _Plane:
    height = max(min(plane.shape) // _LINES, _SMALLEST)
    stroke = max(height // 10, 1)
    for line, from_foot, from_right in _places(image, height, plane.shape[0]):
        _write(plane, line, height, stroke, from_foot=from_foot, from_right=from_right)
    return plane


def _places(image: PrintableImage, height: int, rows: int) -> Iterator[tuple[tuple[str, int], bool, bool]]:
    fitting = int(rows * _TALLEST) // height
    corners = image.lines
    for lines, from_right in ((corners.upper_left, False), (corners.upper_right, True)):
        yield from (((line, row), False, from_right) for row, line in enumerate(lines[:fitting]))
    for lines, from_right in ((corners.lower_left, False), (corners.lower_right, True)):
        yield from (((line, row), True, from_right) for row, line in enumerate(reversed(lines[:fitting])))


def _write(
    plane: _Plane, line: tuple[str, int], height: int, stroke: int, *, from_foot: bool, from_right: bool
) -> None:
    text, row = line
    shown = _shortened(text, height, int(plane.shape[1] * _WIDEST) - height - 2 * stroke)
    fill, outline = np.pad(draw_text(shown, height), stroke), draw_text(shown, height, stroke=stroke)
    margin = height // 2
    top = plane.shape[0] - margin - (row + 1) * height - 2 * stroke if from_foot else margin + row * height
    left = plane.shape[1] - margin - fill.shape[1] if from_right else margin
    area = plane[max(top, 0) : top + fill.shape[0], max(left, 0) : left + fill.shape[1]]
    if shown and area.shape == fill.shape:
        area *= 1 - outline
        area += fill * (1 - area)


def _shortened(text: str, height: int, widest: int) -> str:
    shown, kept = text, text
    while kept and draw_text(shown, height).shape[1] > widest:
        kept = kept[:-1].rstrip()
        shown = f"{kept}..." if kept else ""
    return shown
