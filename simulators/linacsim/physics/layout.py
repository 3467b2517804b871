"""Film sizes, and where image boxes, annotations and the label lie on the sheet (PS3.3 C.13.3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from linacsim.errors import InputError
from linacsim.physics.annotations import Annotation, lines_of
from linacsim.physics.emulsion import Film
from linacsim.physics.formats import GAP_MM, NO_CUSTOM, box_count, display_format, divide
from linacsim.physics.gsdf import jnd_index
from linacsim.physics.terms import FILM_ORIENTATIONS, TRIMS, FilmOrientation, Trim, require

__all__ = [
    "ALL_FILM_SIZES_MM",
    "EDGE_MM",
    "FILM_SIZES_MM",
    "GAP_MM",
    "LABEL_MM",
    "Annotation",
    "Box",
    "FilmSheet",
    "box_count",
    "contrasting",
    "density_of",
    "display_format",
    "film_size_mm",
    "image_boxes",
    "strips_mm",
]

_INCH, _CM = 25.4, 10.0
_NAMED = re.compile(r"(?P<one>[1-9]\d{0,2}(_\d)?)(?P<unit>IN|CM)X(?P<other>[1-9]\d{0,2}(_\d)?)(?P=unit)")

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

ALL_FILM_SIZES_MM: Mapping[str, tuple[float, float]] = MappingProxyType(
    {
        **FILM_SIZES_MM,
        "14INX36IN": (14 * _INCH, 36 * _INCH),
        "14INX51IN": (14 * _INCH, 51 * _INCH),
    }
)
"""The same with those that printers have beside the standard's: films for the whole spine and the whole leg."""

EDGE_MM = 6.0
"""Border between the edge of the sheet and the image boxes."""

LABEL_MM = 7.0
"""Height of the label strip at the foot of the sheet, and of a line of annotation."""


def film_size_mm(film_size_id: str) -> tuple[float, float]:
    """Width and height in mm of an upright sheet (PS3.3 C.13.3, Film Size ID).

    A printer may have others than `ALL_FILM_SIZES_MM`, named like them: ``35CMX43CM``, ``8_5INX14IN``.

    Raises
    ------
    InputError
        If it is none.
    """
    named = _NAMED.fullmatch(film_size_id)
    if film_size_id not in ALL_FILM_SIZES_MM and named is not None:
        unit = _INCH if named["unit"] == "IN" else _CM
        sides = (float(named[side].replace("_", ".")) * unit for side in ("one", "other"))
        return next(sides), next(sides)
    require("FilmSizeID", film_size_id, ALL_FILM_SIZES_MM)
    return ALL_FILM_SIZES_MM[film_size_id]


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
        ``STANDARD\C,R``, ``ROW\R1,R2,..``, ``COL\C1,C2,..``, ``SLIDE``, ``SUPERSLIDE`` or ``CUSTOM\i``.
    custom_formats : mapping of str to str
        What ``CUSTOM\i`` is, by `i`; see `linacsim.physics.formats.divide`.
    film : Film
        Density range and light.
    border_density, empty_image_density : str or int
        BLACK, WHITE, or hundredths of optical density.
    trim : str
        YES for a thin line around every image box.
    label : tuple of str
        Texts of the label strip at the foot, spread from left to right; none means no strip.
    annotation_format : str
        Annotation Display Format ID; see `linacsim.physics.annotations`.
    annotation_count : int
        How many annotation boxes that format has; 0 means no annotation.
    annotations : tuple of Annotation
        The texts.
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
    custom_formats: Mapping[str, str] = field(default_factory=lambda: NO_CUSTOM)
    film: Film = field(default_factory=Film)
    border_density: str | int = "BLACK"
    empty_image_density: str | int = "BLACK"
    trim: Trim = "NO"
    label: tuple[str, ...] = ()
    annotation_format: str = ""
    annotation_count: int = 0
    annotations: tuple[Annotation, ...] = ()
    pixels_per_mm: float = 6.0

    def __post_init__(self) -> None:
        require("FilmOrientation", self.film_orientation, FILM_ORIENTATIONS)
        require("Trim", self.trim, TRIMS)
        density_of(self.border_density, "BorderDensity", self.film)
        density_of(self.empty_image_density, "EmptyImageDensity", self.film)
        box_count(self.image_display_format, self.custom_formats)
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


def contrasting(density: float, film: Film) -> float:
    """Dmin or Dmax of a film, whichever the eye tells better from a density: for lines and letters on it."""
    bright, here, dark = jnd_index(film.luminance((film.dmin, density, film.dmax)))
    return film.dmin if bright - here >= here - dark else film.dmax


def strips_mm(sheet: FilmSheet) -> tuple[float, float]:
    """What annotations and the label take from the head and from the foot of the sheet, in mm."""
    head, foot = lines_of(sheet.annotation_format, sheet.annotation_count)
    return head * LABEL_MM, (foot + bool(sheet.label)) * LABEL_MM


def image_boxes(sheet: FilmSheet) -> tuple[Box, ...]:
    """The image boxes of a sheet, Image Box Position 1 first (PS3.3 C.13.3, C.13.5).

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
    custom = tuple(sorted(sheet.custom_formats.items()))
    return _boxes(sheet.image_display_format, custom, sheet.turned_size_mm, strips_mm(sheet), sheet.pixels_per_mm)


@lru_cache(maxsize=128)
def _boxes(
    text: str,
    custom: tuple[tuple[str, str], ...],
    size: tuple[float, float],
    strips: tuple[float, float],
    pixels_per_mm: float,
) -> tuple[Box, ...]:
    (head, foot), (width, height) = strips, size
    room = width - 2 * EDGE_MM, height - 2 * EDGE_MM - head - foot
    parts = divide(text, *room, dict(custom))
    boxes = tuple(_box(pixels_per_mm, left, top + head, right, bottom + head) for left, top, right, bottom in parts)
    if min(min(box.height, box.width) for box in boxes) < 1:
        raise InputError(
            f"{text} leaves no room for the images", "ImageDisplayFormat", "choose fewer boxes or a larger film"
        )
    return boxes


def _box(pixels_per_mm: float, left: float, top: float, right: float, bottom: float) -> Box:
    edges = (round((mm + EDGE_MM) * pixels_per_mm) for mm in (top, left, bottom, right))
    row, column, end, last = edges
    return Box(top=row, left=column, height=end - row, width=last - column)
