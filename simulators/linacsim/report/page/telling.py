"""The verdict, its reason, and the events behind each expectation and each fault."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from linacsim.kernel.log import Record
from linacsim.report.page.rows import Gravity, Kind, Row
from linacsim.report.reason import listed, reason, unfired

_ORDINAL = re.compile(r"#(\d+)")
_NAMED = 8
"""Events of one expectation that are linked; the others are counted."""
_WORDS = {"pass": "Pass", "fail": "Fail", "inconclusive": "Inconclusive", "error": "Error"}
_TODO = {
    "inconclusive": "Let happen what the fault waits for, or let it strike at something that does.",
    "error": "The bench could not go on, so nothing is said about the stack under test.",
}


@dataclass(frozen=True, slots=True)
class Link:
    """A piece of text, and the event it leads to if it leads anywhere."""

    text: str
    event: int | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """An expectation or a fault.

    Attributes
    ----------
    good : bool
        It was met, or has fired.
    word : str
        ``met``, ``not met``, ``fired``, ``fired 2 times``, ``never fired``.
    text : str
        What it is.
    reason : tuple of Link
        Why it was not met or has not fired, with the events it names.
    events : tuple of int
        The events it rests on, as many as are linked.
    more : int
        How many more there are.
    """

    good: bool
    word: str
    text: str
    reason: tuple[Link, ...]
    events: tuple[int, ...]
    more: int


@dataclass(frozen=True, slots=True)
class Telling:
    """What stands at the head of the page.

    Attributes
    ----------
    verdict : str
        ``pass``, ``fail``, ``inconclusive`` or ``error``.
    word : str
        The same for people.
    reason : tuple of Link
        Why.
    todo : str
        What to do about it; empty if nothing.
    start : Row or None
        Where to begin reading: the first event that went wrong, or else the nearest miss of an expectation.
    expectations, faults : tuple of Line
        In the order of the scenario.
    failures : tuple of str
        Steps that failed and should not have, and what stopped the bench.
    events : dict of int to str
        What rests on an event, in words, by its ordinal.
    """

    verdict: str
    word: str
    reason: tuple[Link, ...]
    todo: str
    start: Row | None
    expectations: tuple[Line, ...]
    faults: tuple[Line, ...]
    failures: tuple[str, ...]
    events: dict[int, str]


def tell(result: Mapping[str, Any], records: Sequence[Record], rows: Sequence[Row]) -> Telling:
    """Return what the page says of a result."""
    verdict = str(result.get("verdict", "error"))
    known = {ordinal for row in rows for ordinal in (row.n, row.received) if ordinal is not None}
    expectations = [(_expectation(row, known), _ordinals(row)) for row in listed(result, "expectations")]
    faults = [_fault(row, number, records, rows) for number, row in enumerate(listed(result, "faults"), 1)]
    events = {n: f"expected: {line.text} ({line.word})" for line, ordinals in expectations for n in ordinals}
    return Telling(
        verdict=verdict,
        word=_WORDS.get(verdict, verdict),
        reason=links(reason(result), known),
        todo=_TODO.get(verdict, ""),
        start=_start(rows, [line for line, _ordinals in expectations]) if verdict in ("fail", "error") else None,
        expectations=tuple(line for line, _ordinals in expectations),
        faults=tuple(faults),
        failures=tuple(str(one) for one in result.get("failures") or ()),
        events=events,
    )


def links(text: str, known: set[int]) -> tuple[Link, ...]:
    """Return `text` in pieces; those like ``#26`` lead to the event of that ordinal, if there is one."""
    pieces = []
    end = 0
    for match in _ORDINAL.finditer(text):
        ordinal = int(match.group(1)) if len(match.group(1)) < 10 else -1
        if ordinal in known and (match.start() == 0 or text[match.start() - 1] in " ("):
            pieces += [Link(text[end : match.start()]), Link(match.group(), ordinal)]
            end = match.end()
    return tuple(piece for piece in [*pieces, Link(text[end:])] if piece.text)


def _start(rows: Sequence[Row], expectations: Sequence[Line]) -> Row | None:
    wrong = next((row for row in rows if (row.gravity is Gravity.BAD or row.lost) and row.event != "verdict"), None)
    misses = {line.events[-1] for line in expectations if not line.good and line.events}
    return wrong or next((row for row in rows if row.n in misses or row.received in misses), None)


def _ordinals(row: Mapping[str, Any]) -> list[int]:
    found = row.get("events")
    return [one for one in found if isinstance(one, int)] if isinstance(found, list) else []


def _expectation(row: Mapping[str, Any], known: set[int]) -> Line:
    met, events = bool(row.get("met")), _ordinals(row)
    # What came last is the nearest miss of an unmet expectation.
    named = events[:_NAMED] if met else events[-_NAMED:]
    return Line(
        good=met,
        word="met" if met else "not met",
        text=str(row.get("text", "")),
        reason=links(str(row.get("reason") or ""), known),
        events=tuple(named),
        more=len(events) - len(named),
    )


def _fault(row: Mapping[str, Any], number: int, records: Sequence[Record], rows: Sequence[Row]) -> Line:
    count = row.get("fired")
    count = count if isinstance(count, int) else 0
    own = [one for one in rows if one.kind is Kind.FAULT and _is(row, number, one)] if count else []
    fired = tuple(one.n for one in own)
    return Line(
        good=bool(count),
        word="never fired" if not count else "fired" if count == 1 else f"fired {count} times",
        text=str(row.get("text", "")),
        reason=_drawn(own) if count else (Link(unfired(row, records)),),
        events=fired[:_NAMED],
        more=max(len(fired) - _NAMED, 0),
    )


def _drawn(own: Sequence[Row]) -> tuple[Link, ...]:
    """Return what was drawn from the seed when a fault fired, each draw once."""
    drawn = list(dict.fromkeys(str(one.record["drawn"]) for one in own if one.record.get("drawn")))
    more = f"; and {len(drawn) - _NAMED} others" if len(drawn) > _NAMED else ""
    return (Link(f"drawn: {'; '.join(drawn[:_NAMED])}{more}"),) if drawn else ()


def _is(fault: Mapping[str, Any], number: int, row: Row) -> bool:
    """Whether a row is of the fault with this number in the scenario; old logs do not tell numbers."""
    told = row.record.get("ordinal")
    if isinstance(told, int):
        return told == number
    return all(fault.get(key) in (None, row.record.get(key)) for key in ("fault", "on"))
