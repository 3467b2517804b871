"""The associations of a run: who asked whom, from when to when, and how each of them ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from linacsim.report.page.lanes import Lanes
from linacsim.report.page.rows import Gravity, Row
from linacsim.report.words import abort_words, reject_words

_End = tuple[int, int]


@dataclass(slots=True)
class Association:
    """One association.

    Attributes
    ----------
    ordinal : int
        Counts from 1 in the order in which they were asked for.
    requestor, acceptor : int
        Their lanes.
    first, last : int
        Its first and its last row, by place.
    messages : int
        How many DIMSE messages went over it.
    ending : str
        How it ended, in words.
    gravity : Gravity
        How much to mind that.
    """

    ordinal: int
    requestor: int
    acceptor: int
    first: int
    last: int
    messages: int = 0
    ending: str = ""
    gravity: Gravity = Gravity.PLAIN
    places: list[int] = field(default_factory=list)
    """All its rows, by place."""
    because: str = ""
    """The trouble that was logged on it."""
    ended: bool = False
    """Whether the log tells its end."""

    def closed(self, who: str, *, reset: bool) -> None:
        """Take in how its connection ended, if nothing else told the end of the association."""
        if not self.ended:
            how = "connection reset by" if reset else "neither released nor aborted, connection closed by"
            self.ending, self.gravity = f"{how} {who}{self.because}", Gravity.BAD if reset else Gravity.WARNING

    def stayed_open(self) -> None:
        """Take in that its connection was still there when the run ended."""
        if not self.ended:
            self.ending = f"still open when the run ended{self.because}"


def associations(rows: Sequence[Row], lanes: Lanes) -> list[Association]:
    """Return the associations of `rows`, and tell each row which it belongs to."""
    found: list[Association] = []
    known: dict[_End, Association] = {}
    for place, row in enumerate(rows):
        if not row.ends:
            continue
        one = next((known[end] for end in row.ends if end in known), None)
        if one is None:
            one = Association(len(found) + 1, row.at, row.to, place, place)
            found.append(one)
        for end in row.ends:
            known.setdefault(end, one)
        row.association = one.ordinal - 1
        one.last = place
        one.messages += row.event.startswith(("C-", "N-"))
        one.places.append(place)
    for one in found:
        _end(one, [rows[place] for place in one.places], lanes)
    return found


def _end(one: Association, rows: Sequence[Row], lanes: Lanes) -> None:
    """Write down how an association ended, and how much to mind it."""
    by_event = {row.event: row for row in rows}
    one.because = _because(rows)
    one.ended, one.gravity = True, Gravity.BAD
    if (row := by_event.get("A-ASSOCIATE-RJ")) is not None:
        one.ending = f"rejected by {_who(row, lanes)}: {reject_words(*_numbers(row))}{one.because}"
    elif (row := by_event.get("A-ABORT")) is not None:
        _result, source, reason = _numbers(row)
        one.ending = f"aborted by {_who(row, lanes)}: {abort_words(source, reason)}{one.because}"
    elif "A-RELEASE-RP" in by_event:
        one.ending, one.gravity = f"released{one.because}", Gravity.PLAIN
    elif (row := by_event.get("A-RELEASE-RQ")) is not None:
        one.ending = f"release asked for by {_who(row, lanes)} and not answered{one.because}"
    elif "A-ASSOCIATE-AC" not in by_event:
        one.ending = f"never answered{one.because}"
    else:
        one.ended, one.gravity = False, Gravity.BAD if one.because else Gravity.WARNING
        one.ending = f"broke off{one.because}" if one.because else "neither released nor aborted"


def _because(rows: Sequence[Row]) -> str:
    """Return the trouble that was logged on an association, and the faults that its messages met."""
    words = [row.event for row in rows if row.event.endswith("-timeout") or row.event.startswith("invalid-")]
    words += [f"fault {row.struck}" for row in rows if row.struck]
    return f" ({', '.join(dict.fromkeys(words))})" if words else ""


def _who(row: Row, lanes: Lanes) -> str:
    return lanes.all[row.at].name if row.at >= 0 else "somebody"


def _numbers(row: Row) -> tuple[object, object, object]:
    return row.record.get("result"), row.record.get("source"), row.record.get("reason")
