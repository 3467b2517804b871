"""The data of the diagram that the page's scripts draw."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from linacsim.report.page.associations import Association
from linacsim.report.page.bands import Band
from linacsim.report.page.lanes import UNKNOWN, Lane, Lanes
from linacsim.report.page.rows import Gravity, Kind, Row
from linacsim.report.words import uid_keyword

MOST = 50_000
"""Rows that are drawn; of more, the first and the last, and in between those that tell something."""
_LISTED = 200
"""Associations in the table; those that ended badly come first."""


@dataclass(frozen=True, slots=True)
class Ended:
    """An association in the table: who asked whom, its first and last row, how it ended."""

    one: Association
    requestor: str
    acceptor: str
    first: Row
    last: Row


@dataclass(frozen=True, slots=True)
class Diagram:
    """What the page draws.

    Attributes
    ----------
    data : dict
        The JSON for the scripts.
    lanes : list of Lane
        The lanes.
    endings : list of (str, int, int)
        How associations ended: in words, how many did, and how much to mind it.
    associations : list of Ended
        The table of associations.
    unlisted : int
        Associations that are not in the table.
    left_out : int
        Rows that are not drawn.
    """

    data: dict[str, Any]
    lanes: list[Lane]
    endings: list[tuple[str, int, int]]
    associations: list[Ended]
    unlisted: int
    left_out: int


def diagram(
    rows: Sequence[Row],
    lanes: Lanes,
    associations: Sequence[Association],
    bands: Sequence[Band],
    strangers: Iterable[Row],
    events: dict[int, str],
) -> Diagram:
    """Return what the page draws.

    Parameters
    ----------
    rows : sequence of Row
        All rows of the run.
    lanes : Lanes
        The lanes.
    associations, bands : sequence of Association, sequence of Band
        What spans several rows.
    strangers : iterable of Row
        Messages that only the wire tells of.
    events : dict of int to str
        What rests on an event, by its ordinal.
    """
    kept = _kept(rows, events)
    ended = sorted(associations, key=lambda one: -one.gravity)
    data = {
        "lanes": [{"name": lane.name, "kind": lane.kind, "inside": lane.inside} for lane in lanes.all],
        "rows": [_row(rows[place], events) for place in kept],
        "wire": [_row(row, {}) for row in strangers],
        "associations": [_association(one, kept) for one in associations],
        "bands": [_band(one, kept) for one in bands],
        "skips": [[at, gap] for at, gap in _skips(kept)],
        "uids": _uids(rows),
    }
    return Diagram(
        data=data,
        lanes=lanes.all,
        endings=_endings(ended),
        associations=[_ended(one, rows, lanes) for one in ended[:_LISTED]],
        unlisted=max(len(ended) - _LISTED, 0),
        left_out=len(rows) - len(kept),
    )


def _kept(rows: Sequence[Row], events: Collection[int]) -> list[int]:
    """Return the places of the rows to draw."""
    if len(rows) <= MOST:
        return list(range(len(rows)))
    quarter = MOST // 4
    between = range(quarter, len(rows) - quarter)
    # Faults and what expectations rest on before all else that went wrong, of which there may be more than fits.
    telling = [place for place in between if rows[place].n in events or rows[place].kind is Kind.FAULT]
    telling += [place for place in between if rows[place].gravity is Gravity.BAD]
    middle = sorted([*dict.fromkeys(telling)][: MOST // 2])
    return [*range(quarter), *middle, *range(len(rows) - quarter, len(rows))]


def _skips(kept: Sequence[int]) -> list[tuple[int, int]]:
    """Return before which of the drawn rows others are left out, and how many."""
    return [(at, here - before - 1) for at, (before, here) in enumerate(pairwise(kept), 1) if here > before + 1]


def _row(row: Row, events: dict[int, str]) -> dict[str, Any]:
    """Return a row as the scripts know it; what is nothing is left out."""
    cells = {
        "n": row.n, "t": row.t, "at": row.at, "to": row.to, "event": row.event, "words": row.words, "said": row.said,
        "kind": str(row.kind), "gravity": int(row.gravity), "latency": row.latency, "received": row.received,
        "lost": row.lost, "association": row.association + 1, "record": row.record, "struck": row.struck,
        "rests": _rests(row, events),
        "pdus": [[run.t, run.kind, run.note, run.count, run.length] for run in row.pdus],
    }  # fmt: skip
    must = ("n", "t", "at", "to")
    return {key: value for key, value in cells.items() if key in must or value not in (None, "", [], {}, False, 0)}


def _rests(row: Row, events: dict[int, str]) -> str | None:
    found = events.get(row.n)
    return found if found is not None or row.received is None else events.get(row.received)


def _association(one: Association, kept: Sequence[int]) -> dict[str, Any]:
    first, last = bisect_left(kept, one.first), bisect_right(kept, one.last) - 1
    return {
        "ordinal": one.ordinal, "from": one.requestor, "to": one.acceptor, "first": first, "last": max(first, last),
        "ending": one.ending, "gravity": int(one.gravity),
    }  # fmt: skip


def _band(one: Band, kept: Sequence[int]) -> dict[str, Any]:
    first, last = bisect_left(kept, one.first), bisect_left(kept, one.last)
    return {
        "lane": one.lane, "label": one.label, "tone": one.tone, "first": first, "last": min(last, len(kept) - 1),
        "status": one.status, "over": one.over,
    }  # fmt: skip


def _ended(one: Association, rows: Sequence[Row], lanes: Lanes) -> Ended:
    ends = (lanes.name(one.requestor), lanes.name(one.acceptor))
    if one.acceptor < 0:
        # nobody has asked for anything on it: all that is known is where it has come to
        ends = (UNKNOWN, ends[0])
    return Ended(one, *ends, rows[one.first], rows[one.last])


def _endings(associations: Iterable[Association]) -> list[tuple[str, int, int]]:
    counts = Counter((one.ending, int(one.gravity)) for one in associations)
    return [(words, count, gravity) for (words, gravity), count in counts.items()]


def _uids(rows: Sequence[Row]) -> dict[str, str]:
    """Return the keyword of each well-known UID in the records."""
    values = {value for row in rows for value in row.record.values() if isinstance(value, str)}
    return {value: word for value in sorted(values) if (word := uid_keyword(value))}
