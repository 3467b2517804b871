"""Letters on the film: the label strip at the foot, and the lines of annotation at head and foot."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linacsim.physics.annotations import Place, annotation_places
from linacsim.physics.layout import EDGE_MM, LABEL_MM, Box, FilmSheet, contrasting, density_of, strips_mm
from linacsim.physics.lettering import draw_text

_LETTER_MM = 4.2
_SMALLEST_LETTER_MM = 1.8
_SMALLEST_LETTER = 8
_WORD_GAP_MM = 4.0
_CLEAR_MM = 0.75

Density = NDArray[np.float32]


def strips(sheet: FilmSheet) -> list[tuple[Box, Density]]:
    """The strips of a sheet that have letters.

    Parameters
    ----------
    sheet : FilmSheet
        The sheet.

    Returns
    -------
    list of (Box, numpy.ndarray)
        Where each lies, and its optical density, float32, shape (height, width) of the box.
    """
    found = [_label(sheet)] if sheet.label else []
    places = annotation_places(sheet.annotation_format, sheet.annotation_count)
    found += [
        _annotation(sheet, places[annotation.position - 1], annotation.text)
        for annotation in sheet.annotations
        if 1 <= annotation.position <= len(places) and annotation.text.strip()
    ]
    return found


def _label(sheet: FilmSheet) -> tuple[Box, Density]:
    rows, columns = sheet.shape
    height = min(sheet.pixels(LABEL_MM + EDGE_MM / 2), rows)
    foot = np.full((height, columns), sheet.film.dmax, dtype=np.float32)
    margin = sheet.pixels(EDGE_MM)
    words = _words(sheet, sheet.label, columns - 2 * margin)
    slack = columns - 2 * margin - sum(word.shape[1] for word in words)
    left = float(margin)
    for word in words:
        _write(foot, word, int(left), columns - margin, sheet.film.dmin)
        left += word.shape[1] + max(slack, 0) / max(len(words) - 1, 1)
    return Box(top=rows - height, left=0, height=height, width=columns), foot


def _annotation(sheet: FilmSheet, place: Place, text: str) -> tuple[Box, Density]:
    """A line's part as dark as the border, its letters as the eye tells them best from that."""
    width, height = sheet.turned_size_mm
    _, foot = strips_mm(sheet)
    # a line keeps clear of the image boxes, around which the trim runs
    top = place.line * LABEL_MM + _CLEAR_MM + (EDGE_MM if place.head else height - EDGE_MM - foot)
    room = width - 2 * EDGE_MM
    left, right = sheet.pixels(EDGE_MM + place.start * room), sheet.pixels(EDGE_MM + place.end * room)
    bottom = top + LABEL_MM - 2 * _CLEAR_MM
    box = Box(top=sheet.pixels(top), left=left, height=sheet.pixels(bottom) - sheet.pixels(top), width=right - left)
    border = density_of(sheet.border_density, "BorderDensity", sheet.film)
    area = np.full((box.height, box.width), border, dtype=np.float32)
    (word,) = _words(sheet, (text,), box.width)
    slack = max(box.width - word.shape[1], 0)
    start = {"LEFT": 0, "CENTER": slack // 2, "RIGHT": slack}[place.align]
    _write(area, word, start, box.width, contrasting(border, sheet.film))
    return box, area


def _write(area: Density, word: Density, left: int, end: int, density: float) -> None:
    top = max((area.shape[0] - word.shape[0]) // 2, 0)
    part = area[top : top + word.shape[0], left:end]
    coverage = word[: part.shape[0], : part.shape[1]]
    part = part[:, : coverage.shape[1]]
    # half a pixel of letter lets half of the light through: coverage is linear in light, not in density
    around, letter = 10.0**-part, 10.0**-density
    part[:] = -np.log10(around + coverage * (letter - around))


def _words(sheet: FilmSheet, texts: tuple[str, ...], room: int) -> list[Density]:
    # Long texts are written smaller; what is still too long runs out at the right margin.
    height, smallest = sheet.pixels(_LETTER_MM), max(sheet.pixels(_SMALLEST_LETTER_MM), _SMALLEST_LETTER)
    gaps = (len(texts) - 1) * sheet.pixels(_WORD_GAP_MM)
    while True:
        words = [draw_text(text, max(height, 1)) for text in texts]
        if height <= smallest or sum(word.shape[1] for word in words) + gaps <= room:
            return words
        height -= 1
