r"""Image Display Formats: into which boxes a sheet is divided (PS3.3 C.13.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from linacsim.errors import InputError

Rectangle = tuple[float, float, float, float]
"""Left, top, right and bottom in mm from the upper left corner of what is divided."""

GAP_MM = 3.0
"""Border between two image boxes; the trim line runs in it."""

MOUNT_MM = 50.0
"""Side of the square mount of a slide, which is how far slides are apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slides:
    """How slides lie on a sheet; the standard leaves that to the printer.

    Attributes
    ----------
    short, long : int
        How many lie along the short and along the long side of the sheet.
    width, height : float
        The picture in mm.
    """

    short: int
    long: int
    width: float
    height: float


SLIDES: Mapping[str, Slides] = MappingProxyType(
    {
        "SLIDE": Slides(short=3, long=4, width=36.0, height=24.0),
        "SUPERSLIDE": Slides(short=2, long=3, width=40.0, height=40.0),
    }
)
"""35 mm slides and 40 mm slides."""

NO_CUSTOM: Mapping[str, str] = MappingProxyType({})


def display_format(text: str) -> tuple[str, tuple[int, ...]]:
    r"""Take an Image Display Format apart: ``STANDARD\2,3`` is ``("STANDARD", (2, 3))`` (PS3.3 C.13.3).

    Raises
    ------
    InputError
        If the format is not STANDARD, ROW or COL with its numbers; the others mean what a printer makes of them.
    """
    kind, _, rest = text.partition("\\")
    numbers = [part.strip() for part in rest.split(",")]
    whole = all(part.isdecimal() and int(part) > 0 for part in numbers)
    if not whole or kind not in ("STANDARD", "ROW", "COL") or (kind == "STANDARD" and len(numbers) != 2):
        todo = r"use STANDARD\C,R, ROW\R1,R2,.., COL\C1,C2,.., SLIDE, SUPERSLIDE or CUSTOM\i"
        raise InputError(f"{text!r} cannot be laid out", "ImageDisplayFormat", todo)
    return kind, tuple(int(part) for part in numbers)


def box_count(text: str, custom: Mapping[str, str] = NO_CUSTOM) -> int:
    r"""The number of image boxes of an Image Display Format.

    Parameters
    ----------
    text : str
        The format.
    custom : mapping of str to str
        What ``CUSTOM\i`` is, by `i`; see `divide`.

    Raises
    ------
    InputError
        If there is no such format.
    """
    text = _defined(text, custom)
    if text in SLIDES:
        return SLIDES[text].short * SLIDES[text].long
    if ";" in text or text[:1].isdecimal():
        return len(_shares(text))
    kind, numbers = display_format(text)
    return numbers[0] * numbers[1] if kind == "STANDARD" else sum(numbers)


def divide(text: str, width: float, height: float, custom: Mapping[str, str] = NO_CUSTOM) -> Iterator[Rectangle]:
    r"""Yield the image boxes of a format, Image Box Position 1 first (PS3.3 C.13.3, C.13.5).

    STANDARD, ROW, SLIDE and SUPERSLIDE count along the rows, COL down the columns, always from the upper left corner.

    Parameters
    ----------
    text : str
        The format.
    width, height : float
        What is divided, in mm.
    custom : mapping of str to str
        What ``CUSTOM\i`` is, by `i`: another format, or boxes one by one in the order of their positions, each as left,
        top, width and height in hundredths of what is divided, with semicolons between: ``0,0,66,100; 66,0,34,50``.

    Raises
    ------
    InputError
        If there is no such format.
    """
    text = _defined(text, custom)
    if text in SLIDES:
        yield from _slides(SLIDES[text], width, height)
    elif ";" in text or text[:1].isdecimal():
        yield from _irregular(_shares(text), width, height)
    else:
        kind, numbers = display_format(text)
        lines = (numbers[0],) * numbers[1] if kind == "STANDARD" else numbers
        yield from _columns(lines, width, height) if kind == "COL" else _rows(lines, width, height)


def _defined(text: str, custom: Mapping[str, str]) -> str:
    kind, _, number = text.partition("\\")
    if kind != "CUSTOM":
        return text
    meant = custom.get(number.strip(), "")
    if not meant or meant.startswith("CUSTOM"):
        raise InputError(f"{text!r} is not defined", "ImageDisplayFormat", "define it in custom-formats")
    return meant


def _shares(text: str) -> list[tuple[float, float, float, float]]:
    boxes = []
    for part in text.split(";"):
        try:
            left, top, width, height = (float(number) for number in part.split(","))
        except ValueError:
            left = top = width = height = -1.0
        if min(left, top) < 0 or min(width, height) <= 0 or max(left + width, top + height) > 100:
            todo = "give left, top, width and height in hundredths"
            raise InputError(f"{part.strip()!r} is no box", "ImageDisplayFormat", todo)
        boxes.append((left / 100, top / 100, width / 100, height / 100))
    return boxes


def _rows(lines: tuple[int, ...], width: float, height: float) -> Iterator[Rectangle]:
    for count, (top, bottom) in zip(lines, _cuts(height, len(lines)), strict=True):
        for left, right in _cuts(width, count):
            yield left, top, right, bottom


def _columns(lines: tuple[int, ...], width: float, height: float) -> Iterator[Rectangle]:
    for count, (left, right) in zip(lines, _cuts(width, len(lines)), strict=True):
        for top, bottom in _cuts(height, count):
            yield left, top, right, bottom


def _slides(slides: Slides, width: float, height: float) -> Iterator[Rectangle]:
    upright = height >= width
    columns, rows = (slides.short, slides.long) if upright else (slides.long, slides.short)
    if columns * MOUNT_MM > width or rows * MOUNT_MM > height:
        what = f"{columns} x {rows} slides leave no room for the images"
        raise InputError(what, "ImageDisplayFormat", "choose a larger film")
    for row in range(rows):
        top = height / 2 + (row + 0.5 - rows / 2) * MOUNT_MM - slides.height / 2
        for column in range(columns):
            left = width / 2 + (column + 0.5 - columns / 2) * MOUNT_MM - slides.width / 2
            yield left, top, left + slides.width, top + slides.height


def _irregular(shares: list[tuple[float, float, float, float]], width: float, height: float) -> Iterator[Rectangle]:
    # half a gap on every side that is not at the edge, so that neighbours are as far apart as anywhere
    for left, top, wide, high in shares:
        yield (
            left * width + (GAP_MM / 2 if left > 0 else 0.0),
            top * height + (GAP_MM / 2 if top > 0 else 0.0),
            (left + wide) * width - (GAP_MM / 2 if left + wide < 1 else 0.0),
            (top + high) * height - (GAP_MM / 2 if top + high < 1 else 0.0),
        )


def _cuts(length: float, parts: int) -> Iterator[tuple[float, float]]:
    each = (length - (parts - 1) * GAP_MM) / parts
    for part in range(parts):
        start = part * (each + GAP_MM)
        yield start, start + each
