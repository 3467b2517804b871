"""The event log as the rows of a sequence diagram: each message once, from its sender to its receiver."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

from linacsim.kernel.log import Record
from linacsim.report.page.lanes import Lanes
from linacsim.report.pairing import Row as Paired
from linacsim.report.pairing import pair
from linacsim.report.pdus import Run
from linacsim.report.timeline import SAID, details
from linacsim.report.words import printable, status_words

_COLUMNS = frozenset(("n", "t", "at", "event", "way", "with", "assoc"))
_IDS = frozenset(("message-id", "responds-to", "sop-instance", "called", "calling"))
"""Fields that stand in the fold of a row, not behind it."""
_TROUBLE = re.compile(
    r"(?!nothing-).*-(timeout|failed|refused|unreadable|lost|spoilt)|invalid-.*|connection-closed-by-peer|not-sent"
)
_BREAKS = re.compile(
    r".*-(broken|busy|differs|down|fault|full|jam|jammed|overheat|rejected|slow|stopped|stuck|trip|unanswered)"
    r"|collision|.*-(given-up|left-out|left-over|not-told|not-sent)"
)
_WORDS = frozenset(("user-told", "person-asked", "person-answered", "printed"))
_AFTER = 8
_AT_ONCE = 1000
"""Microseconds between a fault on the line and the message behind it."""
_NEAR = 100
"""So many rows before a fault at most stands the message that it has met."""
_ASKED_TO = ("SIGTERM", "SIGKILL")
"""Signals that the bench itself ends programs with."""
_ENDED = frozenset(("A-ABORT", "A-P-ABORT", "A-ASSOCIATE-RJ"))
_SEVERE = {"Failure": 2, "Warning": 1, "Cancel": 1}
_STATES = {"FAILURE": 2, "FAULT": 2, "STOP": 2, "WARNING": 1}


class Kind(StrEnum):
    """What a row is about; the words of the filter."""

    DIMSE = "dimse"
    """A DIMSE message."""
    ASSOCIATION = "association"
    """A message of the association itself, A-ASSOCIATE-RQ and the like."""
    HARDWARE = "hardware"
    """Something that happened at a device."""
    FAULT = "fault"
    """A fault has fired."""
    TROUBLE = "trouble"
    """A timeout, a failure, something refused."""
    STEP = "step"
    """A step of the script begins or ends; a verdict."""
    TOLD = "told"
    """What a user is told, a person asked, a program prints."""


class Gravity(IntEnum):
    """How much a reader should mind."""

    PLAIN = 0
    WARNING = 1
    BAD = 2


@dataclass(slots=True)
class Row:
    """One row.

    Attributes
    ----------
    n, t : int
        Ordinal and instant (microseconds) of the sender's record, or of the only one.
    at, to : int
        The lanes it goes from and to; `to` is -1 for what concerns one lane, `at` too for what concerns none.
    event, words, said : str
        The event word, its fields in words, what was said at length.
    kind : Kind
        What it is about.
    gravity : Gravity
        How much to mind it.
    latency : int or None
        Microseconds to the receiver, if both have logged it.
    received : int or None
        The ordinal of the receiver's record.
    lost : bool
        It was sent to a peer that logs what it receives, and that has not received it as it was.
    association : int
        The association it belongs to; -1 for none.
    record : dict
        All fields that have no column.
    pdus : list of Run
        What it was on the wire.
    """

    n: int
    t: int
    at: int
    to: int
    event: str
    words: str
    said: str
    kind: Kind
    gravity: Gravity
    latency: int | None
    received: int | None
    lost: bool
    record: dict[str, Any]
    ends: tuple[tuple[int, int], ...]
    """The association by lane and its ordinal there, at one end or at both."""
    association: int = -1
    struck: str = ""
    """The fault that this message has met."""
    pdus: list[Run] = field(default_factory=list)


def rows(records: Sequence[Record], lanes: Lanes) -> list[Row]:
    """Return the rows of an event log, in order."""
    found = [_row(one, lanes) for one in pair(records)]
    for place, row in enumerate(found):
        if row.kind is Kind.FAULT:
            _strike(row, found[max(place - _NEAR, 0) : place], found[place + 1 : place + _AFTER])
    return found


def _strike(fault: Row, before: Sequence[Row], after: Sequence[Row]) -> None:
    """Mark the message that a fault has met: the last one of its event that came to its lane or went from it.

    What came from somebody who logs nothing is known only when it has arrived, and the line strikes before.
    """
    on, way = fault.record.get("on"), fault.record.get("line")
    near = (row for row in (*reversed(before), *(row for row in after if row.t - fault.t <= _AT_ONCE)))
    met = next((row for row in near if row.event == on and fault.at in _struck_lanes(row, way)), None)
    if met is not None:
        met.struck = " ".join(filter(None, (met.struck, printable(str(fault.record.get("fault", ""))))))


def _struck_lanes(row: Row, way: object) -> tuple[int, ...]:
    """Return the lanes at which a fault can have met a message: where it arrives, or where it leaves from."""
    if way == "sent":
        return (row.at,)
    return (row.to,) if way == "received" else (row.to, row.at)


def _row(one: Paired, lanes: Lanes) -> Row:
    record = one.record
    event, way = str(record.get("event", "")), record.get("way")
    here = lanes.place(record.get("at"))
    other = lanes.place(record.get("with", "?")) if way in ("sent", "received") else -1
    at, to = (other, here) if way == "received" else (here, other)
    said = printable(" ".join(str(record.get(SAID.get(event, ""), "")).split()))
    hidden = _IDS | {SAID.get(event, "")} if other >= 0 else {SAID.get(event, "")}
    return Row(
        n=_number(record.get("n")),
        t=_number(record.get("t")),
        at=at,
        to=to,
        event=printable(event),
        words=_fired(record) if event == "fault-fired" else _words(record, hidden, is_message=other >= 0),
        said=said,
        kind=_kind(event, is_message=other >= 0),
        gravity=_gravity(record, event),
        latency=one.latency,
        received=None if one.received is None else _number(one.received.get("n")),
        lost=way == "sent" and one.received is None and lanes.is_inside(to),
        record={key: record[key] for key in sorted(record) if key not in _COLUMNS},
        ends=_ends(one, lanes),
    )


def _words(record: Record, hidden: frozenset[str] | set[str], *, is_message: bool) -> str:
    return " ".join(_bare(part) if is_message else part for part in details(record, hidden))


def _fired(record: Record) -> str:
    """Return what a fault has struck on, and what was drawn for it; its name is at its mark."""
    number, line = record.get("ordinal"), record.get("line")
    words = [f"fault {number}" if isinstance(number, int) else "", f"on {record.get('on', '')}"]
    words += [f"{line}, on the line" if line else "", f"as the {record['role']}" if record.get("role") else ""]
    told = " ".join(word for word in words if word)
    return printable(told + (f"; drawn: {record['drawn']}" if record.get("drawn") else ""))


def _bare(part: str) -> str:
    """Return a field of a message without its name, where its value says what it is."""
    return part.removeprefix("status=").removeprefix("sop-class=")


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


def _ends(one: Paired, lanes: Lanes) -> tuple[tuple[int, int], ...]:
    both = [one.record] if one.received is None else [one.record, one.received]
    here = lanes.place(one.record.get("at"))
    if lanes.is_line(here) and isinstance(one.record.get("assoc"), int):
        # both ends count the same connections
        return ((here, one.record["assoc"]), (lanes.place(one.record.get("with")), one.record["assoc"]))
    return tuple((lanes.place(each.get("at")), each["assoc"]) for each in both if isinstance(each.get("assoc"), int))


def _kind(event: str, *, is_message: bool) -> Kind:
    if is_message:
        return Kind.ASSOCIATION if event.startswith("A-") else Kind.DIMSE
    if event.startswith("fault-"):
        return Kind.FAULT
    if event in _WORDS:
        return Kind.TOLD
    if event in ("verdict", "healed") or event.startswith("step-"):
        return Kind.STEP
    return Kind.TROUBLE if _TROUBLE.fullmatch(event) else Kind.HARDWARE


def _of_a_step(record: Record) -> Gravity:
    return Gravity.WARNING if record.get("expected") else Gravity.BAD


def _of_a_verdict(record: Record) -> Gravity:
    return Gravity({"pass": 0, "inconclusive": 1}.get(str(record.get("verdict")), 2))


def _of_a_program(record: Record) -> Gravity:
    if not record.get("exit-code"):
        return Gravity.PLAIN
    return Gravity.WARNING if record.get("signal") in (None, *_ASKED_TO) else Gravity.BAD


_GRAVITIES = {"step-failed": _of_a_step, "verdict": _of_a_verdict, "program-ended": _of_a_program}


def _gravity(record: Record, event: str) -> Gravity:
    code = record.get("status")
    if isinstance(code, int) and not isinstance(code, bool):
        category, _meaning = status_words(code, event, str(record.get("sop-class", "")))
        return Gravity(_SEVERE.get(category, 0))
    if isinstance(code, str):
        return Gravity(_STATES.get(code, 0))
    if event in _GRAVITIES:
        return _GRAVITIES[event](record)
    if event in _ENDED or _TROUBLE.fullmatch(event):
        return Gravity.BAD
    return Gravity.WARNING if _BREAKS.fullmatch(event) else Gravity.PLAIN
