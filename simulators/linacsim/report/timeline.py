"""The event log as text for people: aligned columns, one line for each happening.

::

    0:00:00.000000   OTP_SCU → PRINTER  A-ASSOCIATE-RQ
    0:00:00.002000   PRINTER → OTP_SCU  N-GET-RSP       status=0x0000 Success
    0:00:08.500000 * PRINTER            sheet-out       film=films/PRINTER-0001.png sheet=1
    0:00:09.000000 ! PRINTER → OTP_SCU  A-ABORT         service-provider, reason-not-specified (2/0)

What a user is told, and why a step failed, is told whole, on lines of its own where one is not enough.

The marks: ``*`` hardware, ``!`` a fault, an abort, a rejection, a timeout or a failed step, ``>`` a step, ``v`` a
verdict. ``→`` was sent, ``←`` was received from a peer that did not log it. A message that both peers logged is one
arrow, with the time it travelled if that is not zero.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from textwrap import wrap
from typing import TextIO

from linacsim.kernel.log import Record
from linacsim.kernel.units import format_duration, format_instant
from linacsim.report.pairing import Row, pair
from linacsim.report.words import abort_words, printable, reject_words, shorten, status_words, value_words

_COLUMN = frozenset(("n", "t", "at", "event", "way", "with", "assoc"))
_ENDING = ("result", "source", "reason")
_IDS = ("message-id", "responds-to", "sop-class", "sop-instance")
_FIRST = ("assoc", "with", "status", *_ENDING, "verdict", "fault", "ordinal", "step", *_IDS)
_DURATIONS = frozenset(("waited",))
"""Fields that hold microseconds."""
_NAME_LIMIT = 20
_EVENT_LIMIT = 26
_ENDED = frozenset(("A-ABORT", "A-P-ABORT", "A-ASSOCIATE-RJ"))
_ALARMS = _ENDED | {"step-failed"}
SAID = {"user-told": "text", "step-failed": "reason", "person-asked": "text", "printed": "text"}
"""Events that are there for their words, and the field that has them."""
_COLOURS = {"!": "31", "*": "33", ">": "1", "v": "1", " ": "36"}
_SEVERITY = {"Failure": "31", "Warning": "33", "Cancel": "33"}


@dataclass(frozen=True, slots=True)
class _Glyphs:
    sent: str
    received: str
    ellipsis: str


_UNICODE = _Glyphs(" → ", " ← ", "…")
_ASCII = _Glyphs(" -> ", " <- ", "...")


@dataclass(frozen=True, slots=True)
class _Line:
    """The cells of one line, before they are aligned."""

    time: str
    mark: str
    peer: str
    arrow: str
    other: str
    event: str
    details: list[str]
    tail: str
    said: str
    colour: str


def timeline(
    records: Iterable[Record],
    peers: Mapping[str, str] | None = None,
    colour: bool = False,
    *,
    ascii_only: bool = False,
    width: int = 120,
    pairs: bool = True,
) -> str:
    """Return `records` as aligned lines of text.

    Parameters
    ----------
    records : iterable of dict
        In the order of the log.
    peers : mapping of str to str, optional
        The peer (as in ``at``) for an AE title (as in ``with``), where they are not the same.
    colour : bool
        Add ANSI colours.
    ascii_only : bool
        Use nothing but ASCII; see `needs_ascii`.
    width : int
        Columns of a line; details that do not fit are cut at the end.
    pairs : bool
        Show a message that both peers logged once.

    Returns
    -------
    str
        Lines, each with its line end; ``no events`` for an empty log.
    """
    rows = pair(records, peers) if pairs else [Row(record) for record in records]
    if not rows:
        return "no events\n"
    glyphs = _ASCII if ascii_only else _UNICODE
    several = any(row.record.get("assoc", 1) != 1 for row in rows)
    text = _align([_line(row, glyphs, several) for row in rows], glyphs, width, colour)
    return text.encode("ascii", "backslashreplace").decode("ascii") if ascii_only else text


def needs_ascii(stream: TextIO) -> bool:
    """Return whether the encoding of `stream` cannot take the arrows of a timeline."""
    try:
        "→←…".encode(stream.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return True
    return False


def is_alarm(record: Record) -> bool:
    """Return whether a record is a fault, an abort, a rejection, a timeout or a failed step."""
    return _mark(record) == "!"


def details(record: Record, hidden: Collection[str] = ()) -> list[str]:
    """Return the fields of a record in words, the telling ones first, without those that are `hidden`."""
    shown = {key: value for key, value in record.items() if key not in hidden or key in _ENDING}
    return _details(shown, _UNICODE, several=False)


def _line(row: Row, glyphs: _Glyphs, several: bool) -> _Line:
    record = row.record
    mark = _mark(record)
    arrow = {"sent": glyphs.sent, "received": glyphs.received}.get(str(record.get("way")), "")
    return _Line(
        time=format_instant(int(record.get("t", 0))),
        mark=mark,
        peer=_name(record.get("at", ""), _NAME_LIMIT, glyphs),
        arrow=arrow,
        other=_name(record.get("with", "?"), _NAME_LIMIT, glyphs) if arrow else "",
        event=_name(record.get("event", ""), _EVENT_LIMIT, glyphs),
        details=_details(record, glyphs, several),
        tail=f"+{format_duration(row.latency)}" if row.latency else "",
        said=printable(" ".join(str(record.get(SAID.get(str(record.get("event")), ""), "")).split())),
        colour=_severity(record) or _COLOURS[mark],
    )


def _name(value: object, limit: int, glyphs: _Glyphs) -> str:
    return shorten(printable(str(value)), limit, glyphs.ellipsis)


def _mark(record: Record) -> str:
    """Return the mark of the kind of event."""
    event = str(record.get("event", ""))
    if event in _ALARMS or event.startswith("fault-") or event.endswith("-timeout"):
        return "!"
    if "way" in record:
        return " "
    if event == "verdict":
        return "v"
    return ">" if event.startswith("step-") or event == "healed" else "*"


def _status(record: Record) -> tuple[int, str, str] | None:
    """Return code, category and meaning of the record's status, if it has one."""
    code = record.get("status")
    if not isinstance(code, int) or isinstance(code, bool):
        return None
    return code, *status_words(code, str(record.get("event", "")), str(record.get("sop-class", "")))


def _severity(record: Record) -> str:
    """Return the colour that the record's own words ask for, or nothing."""
    status = _status(record)
    if record.get("event") == "verdict":
        return {"pass": "32", "inconclusive": "33"}.get(str(record.get("verdict")), "31")
    return _SEVERITY.get(status[1], "") if status else ""


def _details(record: Record, glyphs: _Glyphs, several: bool) -> list[str]:
    """Return the fields that are no column of their own: the telling ones first, the others by name."""
    ending = _ending(record)
    shown = [*(["assoc"] if several else []), *([] if "way" in record else ["with"])]
    hidden = _COLUMN.union(_ENDING if ending else (), {SAID.get(str(record.get("event")), "")}).difference(shown)
    keys = [key for key in _FIRST if key in record and key not in hidden]
    keys += sorted(key for key in record if key not in hidden and key not in _FIRST)
    return [*([ending] if ending else []), *(_field(record, key, glyphs) for key in keys)]


def _field(record: Record, key: str, glyphs: _Glyphs) -> str:
    status = _status(record) if key == "status" else None
    if key in _DURATIONS and isinstance(record[key], int):
        return f"{key}={value_words(format_duration(record[key]), glyphs.ellipsis)}"
    if status is None:
        return f"{printable(key)}={value_words(record[key], glyphs.ellipsis)}"
    code, category, meaning = status
    words = f"{category}: {shorten(meaning, 40, glyphs.ellipsis)}" if meaning else category
    return f"status=0x{code:04X} {words}"


def _ending(record: Record) -> str:
    """Return how an association ended, in words and then in numbers, or nothing if there are no words for it."""
    result, source, reason = (record.get(key) for key in _ENDING)
    if record.get("event") == "A-ASSOCIATE-RJ":
        words, numbers = reject_words(result, source, reason), f"{result}/{source}/{reason}"
    else:
        words, numbers = abort_words(source, reason), f"{source}/{reason}"
    return f"{words} ({numbers})" if words and record.get("event") in _ENDED else ""


def _align(lines: list[_Line], glyphs: _Glyphs, width: int, colour: bool) -> str:
    time, event = max(len(line.time) for line in lines), max(len(line.event) for line in lines)
    peer = max((len(line.peer) for line in lines if line.arrow), default=0)
    who = [f"{line.peer:<{peer}}{line.arrow}{line.other}" if line.arrow else line.peer for line in lines]
    span = max(len(text) for text in who)
    out = []
    for line, text in zip(lines, who, strict=True):
        head = f"{text:<{span}}  {line.event:<{event}}"
        room = width - time - len(line.mark) - len(head) - 4
        rest = _fit(line, room, glyphs.ellipsis)
        if line.said and len(rest) + len(line.said) + 1 <= room:
            rest, more = f"{rest} {line.said}".strip(), []
        else:
            more = wrap(line.said, max(width - time - 3, 40))
        out.append(_paint(f"{line.time:>{time}}", f"{line.mark} {head}", rest, line.colour if colour else ""))
        out += [f"{'':{time + 3}}{part}\n" for part in more]
    return "".join(out)


def _fit(line: _Line, room: int, ellipsis: str) -> str:
    """Return details and tail in `room` columns; the tail stays, the last details give way as a whole."""
    space = max(room - (len(line.tail) + 1 if line.tail else 0), 24)
    count, text = len(line.details), " ".join(line.details)
    while count > 1 and len(text) > space:
        count -= 1
        text = " ".join([*line.details[:count], ellipsis])
    if len(text) > space:
        text = text[: space - len(ellipsis)].rstrip() + ellipsis
    return f"{text} {line.tail}".strip()


def _paint(time: str, head: str, rest: str, colour: str) -> str:
    words = head.rstrip()
    gap = " " * (len(head) - len(words) + 2)
    if colour:
        time, words = f"\x1b[2m{time}\x1b[0m", f"\x1b[{colour}m{words}\x1b[0m"
    return f"{time} {words}{gap}{rest}".rstrip() + "\n"
