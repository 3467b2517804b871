"""The events as a table, for paper and for readers without scripts."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from linacsim.report.page.lanes import Lane
from linacsim.report.page.rows import Gravity, Kind, Row

MOST = 300
"""Rows of the table, about seven pages; of more, those that tell something and what stands around them."""
_AROUND = 6
_ENDS = 40
_WIDE = 72
"""Characters of the details of a row, about a line; what was said at length stays whole."""


@dataclass(frozen=True, slots=True)
class Printed:
    """A row of the table, or `skipped` rows that are not in it."""

    row: Row | None
    who: str = ""
    words: str = ""
    skipped: int = 0


def paper(rows: Sequence[Row], lanes: Sequence[Lane], events: Collection[int]) -> list[Printed]:
    """Return the rows to print.

    Parameters
    ----------
    rows : sequence of Row
        All rows.
    lanes : sequence of Lane
        All lanes.
    events : collection of int
        The ordinals that expectations rest on.
    """
    return list(_printed(rows, lanes, _chosen(rows, events)))


def _chosen(rows: Sequence[Row], events: Collection[int]) -> list[int]:
    """Return the places of at most `MOST` rows: all, or the ends and the surroundings of what matters."""
    if len(rows) <= MOST:
        return list(range(len(rows)))
    chosen = {*range(_ENDS), *range(len(rows) - _ENDS, len(rows))}
    matters = [place for place, row in enumerate(rows) if _matters(row)]
    matters += [place for place, row in enumerate(rows) if row.n in events]
    for place in matters:
        around = set(range(max(place - _AROUND, 0), min(place + _AROUND // 2, len(rows))))
        if len(chosen | around) > MOST:
            break
        chosen |= around
    return sorted(chosen)


def _matters(row: Row) -> bool:
    return row.gravity is Gravity.BAD or row.kind in (Kind.FAULT, Kind.TROUBLE, Kind.TOLD)


def _printed(rows: Sequence[Row], lanes: Sequence[Lane], chosen: Sequence[int]) -> Iterator[Printed]:
    last = -1
    for place in chosen:
        if place > last + 1:
            yield Printed(None, skipped=place - last - 1)
        row = rows[place]
        who = " → ".join(lanes[lane].name for lane in (row.at, row.to) if lane >= 0)
        yield Printed(row, who or "bench", _cut(row.words))
        last = place
    if last + 1 < len(rows):
        yield Printed(None, skipped=len(rows) - last - 1)


def _cut(words: str) -> str:
    """Return as many fields as there is room for."""
    return words if len(words) <= _WIDE else f"{words[:_WIDE].rpartition(' ')[0] or words[:_WIDE]} …"
