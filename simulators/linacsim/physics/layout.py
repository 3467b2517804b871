"""Film sizes, and where the image boxes lie on the sheet (PS3.3 C.13.3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from linacsim.errors import InputError
from linacsim.physics.emulsion import Film
from linacsim.physics.terms import FILM_ORIENTATIONS, TRIMS, FilmOrientation, Trim, require

_INCH = 25.4

FILM_SIZES_MM: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        "8INX10IN": (8 * _INCH, 10 * _INCH),
        "8_5INX11IN": (8.5 * _INCH, 11 * _INCH),
        "10INX12IN": (10 * _INCH, 12 * _INCH),
        "10INX14IN": (10 * _INCH, 14 * _INCH),
        "11INX14IN": (11 * _INCH, 14 * _INCH),
        "11INX17IN": (11 * _INCH, 17 * _INCH),
        "14INX14IN": (14 * _INCH, 14 * _INCH),
        "14INX17IN": (14 * _INCH, 17 * _INCH),
        "24CMX24CM": (240.0, 240.0),
        "24CMX30CM": (240.0, 300.0),
        "A4": (210.0, 297.0),
        "A3": (297.0, 420.0),
    }
)
"""Width and height in mm of an upright sheet, by Film Size ID (PS3.3 C.13.3)."""

EDGE_MM = 6.0
"""Border between the edge of the sheet and the image boxes."""

GAP_MM = 3.0
"""Border between two image boxes; the trim line runs in it."""

LABEL_MM = 7.0
"""Height of the label strip at the foot of the sheet."""


def film_size_mm(film_size_id: str) -> tuple[float, float]:
    """Width and height in mm of an upright sheet (PS3.3 C.13.3, Film Size ID).

    Raises
    ------
    InputError
        If the Film Size ID is not one of `FILM_SIZES_MM`.
    """
    require("FilmSizeID", film_size_id, FILM_SIZES_MM)
    return FILM_SIZES_MM[film_size_id]


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A rectangle on the sheet in printer pixels; row 0, column 0 is the upper left corner."""

    top: int
    left: int
    height: int
    width: int

    @property
    def window(self) -> tuple[slice, slice]:
        """The slices that cut this box out of a sheet array."""
        return slice(self.top, self.top + self.height), slice(self.left, self.left + self.width)


@dataclass(frozen=True, slots=True, kw_only=True)
class FilmSheet:
    r"""What a Film Box says about the sheet (PS3.3 C.13.3).

    Parameters
    ----------
    size_mm : (float, float)
        Width and height of the upright sheet in mm; see `film_size_mm`.
    film_orientation : str
        PORTRAIT, or LANDSCAPE for the sheet turned onto its long side.
    image_display_format : str
        ``STANDARD\C,R``, ``ROW\R1,R2,..`` or ``COL\C1,C2,..``.
    film : Film
        Density range and light.
    border_density, empty_image_density : str or int
        BLACK, WHITE, or hundredths of optical density.
    trim : str
        YES for a thin line around every image box.
    label : tuple of str
        Texts of the label strip at the foot, spread from left to right; none means no strip.
    pixels_per_mm : float
        Resolution of the printer.

    Raises
    ------
    InputError
        If a value is not defined or the sheet has no area.
    """

    size_mm: tuple[float, float]
    film_orientation: FilmOrientation = "PORTRAIT"
    image_display_format: str = r"STANDARD\1,1"
    film: Film = field(default_factory=Film)
    border_density: str | int = "BLACK"
    empty_image_density: str | int = "BLACK"
    trim: Trim = "NO"
    label: tuple[str, ...] = ()
    pixels_per_mm: float = 6.0

    def __post_init__(self) -> None:
        require("FilmOrientation", self.film_orientation, FILM_ORIENTATIONS)
        require("Trim", self.trim, TRIMS)
        density_of(self.border_density, "BorderDensity", self.film)
        density_of(self.empty_image_density, "EmptyImageDensity", self.film)
        display_format(self.image_display_format)
        if min(self.size_mm) <= 0 or self.pixels_per_mm <= 0:
            raise InputError("the sheet has no area", "size_mm, pixels_per_mm", "give sizes above 0")

    @property
    def turned_size_mm(self) -> tuple[float, float]:
        """Width and height in mm as the sheet is looked at."""
        short, long = sorted(self.size_mm)
        return (long, short) if self.film_orientation == "LANDSCAPE" else (short, long)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the sheet in printer pixels."""
        width, height = self.turned_size_mm
        return self.pixels(height), self.pixels(width)

    def pixels(self, mm: float) -> int:
        """A length on the sheet in whole printer pixels."""
        return round(mm * self.pixels_per_mm)


def density_of(value: str | int, keyword: str, film: Film) -> float:
    """Optical density of BLACK, WHITE or hundredths of density, within the range of the film (PS3.3 C.13.3).

    Raises
    ------
    InputError
        If the value is none of the three.
    """
    text = str(value).strip()
    if text in ("BLACK", "WHITE"):
        return film.dmax if text == "BLACK" else film.dmin
    if not text.isdecimal():
        raise InputError(f"{value!r} is not a {keyword}", keyword, "use BLACK, WHITE or the density x 100")
    return min(max(int(text) / 100, film.dmin), film.dmax)


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
        todo = r"use STANDARD\C,R, ROW\R1,R2,.. or COL\C1,C2,.."
        raise InputError(f"{text!r} cannot be laid out", "ImageDisplayFormat", todo)
    return kind, tuple(int(part) for part in numbers)


def image_boxes(sheet: FilmSheet) -> tuple[Box, ...]:
    """The image boxes of a sheet, Image Box Position 1 first (PS3.3 C.13.3, C.13.5).

    STANDARD and ROW count along the rows, COL down the columns, always from the upper left corner.

    Parameters
    ----------
    sheet : FilmSheet
        The sheet.

    Returns
    -------
    tuple of Box
        One box for each position, in printer pixels.

    Raises
    ------
    InputError
        If the sheet is too small for so many boxes.
    """
    kind, numbers = display_format(sheet.image_display_format)
    lines = (numbers[0],) * numbers[1] if kind == "STANDARD" else numbers
    width, height = sheet.turned_size_mm
    height -= LABEL_MM if sheet.label else 0.0
    boxes = tuple(_lines(sheet, lines, height, width) if kind != "COL" else _columns(sheet, lines, height, width))
    if min(min(box.height, box.width) for box in boxes) < 1:
        what = f"{sheet.image_display_format} leaves no room for the images"
        raise InputError(what, "ImageDisplayFormat", "choose fewer boxes or a larger film")
    return boxes


def _lines(sheet: FilmSheet, lines: tuple[int, ...], height: float, width: float) -> Iterator[Box]:
    for top, bottom in _cuts(height, len(lines)):
        for left, right in _cuts(width, lines[0]):
            yield _box(sheet, top, bottom, left, right)
        lines = lines[1:]


def _columns(sheet: FilmSheet, columns: tuple[int, ...], height: float, width: float) -> Iterator[Box]:
    for left, right in _cuts(width, len(columns)):
        for top, bottom in _cuts(height, columns[0]):
            yield _box(sheet, top, bottom, left, right)
        columns = columns[1:]


def _cuts(length: float, parts: int) -> Iterator[tuple[float, float]]:
    each = (length - 2 * EDGE_MM - (parts - 1) * GAP_MM) / parts
    for part in range(parts):
        start = EDGE_MM + part * (each + GAP_MM)
        yield start, start + each


def _box(sheet: FilmSheet, top: float, bottom: float, left: float, right: float) -> Box:
    row, column = sheet.pixels(top), sheet.pixels(left)
    return Box(top=row, left=column, height=sheet.pixels(bottom) - row, width=sheet.pixels(right) - column)
