"""Annotation Display Formats: where the texts of the annotation boxes lie on the sheet (PS3.3 C.13.3, C.13.7).

The standard leaves the formats to the printer. Here texts lie in lines at the head and at the foot of the sheet, which the
image boxes make room for, whether there is a text or not::

    TOP       one line at the head
    BOTTOM    one line at the foot
    LABEL     one line at the foot, from the left
    CORNERS   four positions: head left, head right, foot left, foot right

Every other format, and one of these with another number of annotation boxes, has its texts side by side at the foot (at the
head if its name begins with TOP), three in a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Align = Literal["LEFT", "CENTER", "RIGHT"]
_IN_A_LINE = 3
_ALIGNED: Mapping[int, tuple[Align, ...]] = MappingProxyType(
    {1: ("CENTER",), 2: ("LEFT", "RIGHT"), 3: ("LEFT", "CENTER", "RIGHT")}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """A text at one of the positions of the Annotation Display Format (PS3.3 C.13.7).

    Attributes
    ----------
    position : int
        Annotation Position, from 1.
    text : str
        Text String.
    """

    position: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the text of a position lies.

    Attributes
    ----------
    head : bool
        At the head of the sheet, or else at its foot.
    line : int
        Which line there, from 0, the upper one first.
    start, end : float
        Its part of the line, in shares of the width between the borders.
    align : str
        LEFT, CENTER or RIGHT within that part.
    """

    head: bool
    line: int
    start: float = 0.0
    end: float = 1.0
    align: Align = "CENTER"


ANNOTATION_FORMATS: Mapping[str, tuple[Place, ...]] = MappingProxyType(
    {
        "TOP": (Place(head=True, line=0),),
        "BOTTOM": (Place(head=False, line=0),),
        "LABEL": (Place(head=False, line=0, align="LEFT"),),
        "CORNERS": (
            Place(head=True, line=0, end=0.5, align="LEFT"),
            Place(head=True, line=0, start=0.5, align="RIGHT"),
            Place(head=False, line=0, end=0.5, align="LEFT"),
            Place(head=False, line=0, start=0.5, align="RIGHT"),
        ),
    }
)
"""The places of each position, by Annotation Display Format ID."""


def annotation_places(name: str, count: int) -> tuple[Place, ...]:
    """The places of an Annotation Display Format, Annotation Position 1 first.

    Parameters
    ----------
    name : str
        Annotation Display Format ID.
    count : int
        How many annotation boxes it has.
    """
    known = ANNOTATION_FORMATS.get(name, ())
    if len(known) == count:
        return known
    head, places = name.startswith("TOP"), []
    for position in range(count):
        line, column = divmod(position, _IN_A_LINE)
        here = min(count - line * _IN_A_LINE, _IN_A_LINE)
        align = _ALIGNED[here][column]
        places.append(Place(head=head, line=line, start=column / here, end=(column + 1) / here, align=align))
    return tuple(places)


def lines_of(name: str, count: int) -> tuple[int, int]:
    """How many lines an Annotation Display Format takes at the head and at the foot of the sheet."""
    places = annotation_places(name, count)
    lines = [max((place.line + 1 for place in places if place.head is head), default=0) for head in (True, False)]
    return lines[0], lines[1]
