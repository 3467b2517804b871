"""What a scenario expects of the event log, and why an expectation was not met.

An `Expectation` is a pattern over the records of a run: an event word, the peer, a window of bench time, fields that must
be equal, and how often. An unmet one names the record that came nearest and what was different about it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from linacsim.errors import InputError
from linacsim.kernel.log import Record
from linacsim.kernel.units import format_duration, format_instant, parse_duration
from linacsim.settings import did_you_mean, to_key

_STATUS = re.compile(r"0[xX][0-9A-Fa-f]{1,4}|[0-9A-Fa-f]{4}")
_FIXED = ("n", "t", "at", "event")
_SHOWN = 8
"""So many event words or ordinals at most stand in a reason; the rest is in the report."""


@dataclass(frozen=True, slots=True)
class Met:
    """The expectation was met."""

    records: tuple[int, ...] = ()
    """The ordinals of the records that matched."""


@dataclass(frozen=True, slots=True)
class Unmet:
    """The expectation was not met."""

    reason: str
    records: tuple[int, ...] = ()
    """The ordinals of the records that the reason is about."""


@dataclass(frozen=True, slots=True)
class Times:
    """How often: at least and at most so many times."""

    least: int = 1
    most: int | None = None

    def __post_init__(self) -> None:
        """Refuse bounds that nothing meets."""
        if self.least < 0 or (self.most is not None and self.most < self.least):
            raise InputError(f"nothing happens at least {self.least} and at most {self.most} times")

    def __str__(self) -> str:
        if self.most is None:
            return f"at least {_times(self.least)}"
        if self.most == 0:
            return "never"
        return f"exactly {_times(self.most)}" if self.least == self.most else f"at most {_times(self.most)}"


NEVER = Times(0, 0)
"""Not once."""


@dataclass(frozen=True, slots=True)
class Contains:
    """A field of a record is text with this in it, in upper or lower case."""

    text: str

    def __str__(self) -> str:
        return f"containing {self.text!r}"


@dataclass(frozen=True, slots=True)
class Between:
    """A field of a record is a number from `least` to `most`."""

    least: float | None = None
    most: float | None = None

    def __str__(self) -> str:
        least = "" if self.least is None else f"at least {self.least:g}"
        most = "" if self.most is None else f"at most {self.most:g}"
        return " and ".join(part for part in (least, most) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """A pattern over the records of a run, and how often it has to match."""

    event: str
    at: str | None = None
    """The peer; ``None``: any."""
    fields: Mapping[str, Any] = field(default_factory=dict)
    """Fields of the record and the values they must have, or `Contains` or `Between`. Statuses may be numbers or text such
    as ``"0xB602"``."""
    times: Times = Times()
    after: int = 0
    """Records before this instant of the run do not count; microseconds."""
    within: int | None = None
    """Records after this instant of the run do not count; microseconds. ``None``: up to the end."""
    where: str = ""

    def __post_init__(self) -> None:
        """Refuse a window that nothing falls into."""
        if self.within is not None and self.within < self.after:
            raise InputError(
                f"nothing happens after {format_duration(self.after)} and within {format_duration(self.within)}",
                todo="both count from the start of the run",
            )

    def describe(self) -> str:
        """Return the expectation as a part of a sentence: ``"N-GET-RQ at PRINTER with way sent, at least once"``."""
        wanted = " and ".join(_wanted(key, value) for key, value in self.fields.items())
        text = self._what() + (f" with {wanted}" if wanted else "") + f", {self.times}"
        text += f", after {format_duration(self.after)}" if self.after else ""
        return text + (f", within {format_duration(self.within)}" if self.within is not None else "")

    def evaluate(self, records: Iterable[Record]) -> Met | Unmet:
        """Return whether the `records` of a run meet the expectation."""
        everything = list(records)
        same = [record for record in everything if self._same_event(record)]
        matching = [record for record in same if not self._differences(record)]
        if self.times.most is not None and len(matching) > self.times.most:
            return self._too_many(matching)
        if len(matching) < self.times.least:
            return self._too_few(matching, same, everything)
        return Met(_ordinals(matching))

    def _what(self) -> str:
        return f"{self.event} at {self.at}" if self.at is not None else self.event

    def _same_event(self, record: Record) -> bool:
        return record["event"] == self.event and self.at in (None, record["at"])

    def _differences(self, record: Record) -> list[str]:
        """Return in what `record` differs from the pattern, in words."""
        wrong = [_difference(key, value, record) for key, value in self.fields.items() if not _has(record, key, value)]
        if record["t"] < self.after:
            wrong.append(f"came before {format_duration(self.after)} had passed")
        if self.within is not None and record["t"] > self.within:
            wrong.append(f"came after {format_duration(self.within)}")
        return wrong

    def _too_many(self, matching: Sequence[Record]) -> Unmet:
        """Return the reason that names the records which should not be there."""
        listed = ", ".join(self._named(record) for record in matching[:_SHOWN]) + (", ..." if matching[_SHOWN:] else "")
        count = f"{self._what()} happened {_times(len(matching))}, expected {self.times}"
        return Unmet(f"{count}: {listed}", _ordinals(matching))

    def _too_few(self, matching: Sequence[Record], same: Sequence[Record], everything: Sequence[Record]) -> Unmet:
        """Return the reason that names the nearest record that did not match."""
        others = [record for record in same if self._differences(record)]
        if not same:
            return self._never_happened(everything)
        count = f"{self._what()} happened {_times(len(matching))}, expected {self.times}"
        if not others:
            return Unmet(count, _ordinals(matching))
        # The last of equals: what came nearest at the end is what a reader looks for.
        nearest = min(reversed(others), key=lambda record: len(self._differences(record)))
        near = f"the nearest {self._what()}, {self._named(nearest)}, {' and '.join(self._differences(nearest))}"
        return Unmet(f"{count}; {near}" if matching else near, (*_ordinals(matching), nearest["n"]))

    def _named(self, record: Record) -> str:
        """Return the ordinal and the instant of `record`, and the peer if the pattern names none."""
        peer = f" at {record['at']}" if self.at is None else ""
        return f"#{record['n']}{peer} at {format_instant(record['t'])}"

    def _never_happened(self, everything: Sequence[Record]) -> Unmet:
        """Return the reason that names what happened instead."""
        here = [record for record in everything if self.at in (None, record["at"])]
        elsewhere = [record for record in everything if record["event"] == self.event]
        place = self.at or "the bench"
        reason = f"{self.event} never happened at {place}"
        if elsewhere:
            peers = ", ".join(dict.fromkeys(record["at"] for record in elsewhere))
            return Unmet(f"{reason}, it did at {peers}", _ordinals(elsewhere))
        if not here:
            return Unmet(f"{reason}, nothing did")
        counts = Counter(record["event"] for record in here).most_common()
        listed = ", ".join(f"{event} ({count})" for event, count in counts[:_SHOWN])
        more = f" and {len(counts) - _SHOWN} more" if len(counts) > _SHOWN else ""
        return Unmet(f"{reason}; what did happen: {listed}{more}")


def expectation_of(event: str, wanted: Mapping[str, Any]) -> Expectation:
    """Return the expectation that Python code writes in words.

    Parameters
    ----------
    event : str
        The event word.
    wanted : mapping
        ``at``, one of ``count``, ``at_least``, ``at_most`` and ``never``, ``after`` and ``within`` (text or microseconds);
        the rest are fields of the record, with underscores for hyphens: a value, or as in a file ``{"contains": text}`` or
        ``{"at-least": 3, "at-most": 5}``.

    Raises
    ------
    InputError
        If two of the words exclude each other, or nothing could meet them.
    """
    rest = dict(wanted)
    given = [word for word in ("count", "at_least", "at_most", "never") if word in rest]
    if len(given) > 1:
        raise InputError(f"{given[0]!r} and {given[1]!r} exclude each other", event, "keep one of them")
    bounds: dict[str, Any] = {word: rest.pop(word) for word in given}
    within = rest.pop("within", None)
    return Expectation(
        event=event,
        at=rest.pop("at", None),
        times=_times_of(event, bounds),
        after=_instant(rest.pop("after", 0), "after"),
        within=None if within is None else _instant(within, "within"),
        fields={to_key(key): _pattern_of(to_key(key), value) for key, value in rest.items()},
    )


def _pattern_of(key: str, value: object) -> object:
    if not isinstance(value, Mapping):
        return value
    match {to_key(str(word)): inner for word, inner in value.items()}:
        case {"contains": str(text), **others} if text and not others:
            return Contains(text)
        case {"at-least": int() | float() as least, "at-most": int() | float() as most, **others} if not others:
            if most >= least:
                return Between(least, most)
        case {"at-least": int() | float() as least, **others} if not others:
            return Between(least, None)
        case {"at-most": int() | float() as most, **others} if not others:
            return Between(None, most)
    raise InputError(f"{value!r} is no pattern", key, 'write {"contains": text} or {"at-least": 3, "at-most": 5}')


def _times_of(event: str, bounds: Mapping[str, Any]) -> Times:
    match bounds:
        case {"never": True}:
            return NEVER
        case {"never": _}:
            raise InputError("'never' can only be true", event, "leave it out to expect the event")
        case {"count": int(count)}:
            return Times(count, count)
        case {"at_least": int(least)}:
            return Times(least)
        case {"at_most": int(most)}:
            return Times(0, most)
        case {}:
            if not bounds:
                return Times()
    word, value = next(iter(bounds.items()))
    raise InputError(f"{word} wants a whole number, found {value!r}", event)


def _instant(value: object, name: str) -> int:
    return value if isinstance(value, int) else parse_duration(value, name)


def _has(record: Record, key: str, value: object) -> bool:
    """Return whether the field `key` of `record` has the `value`."""
    if key not in record:
        return False
    found = record[key]
    if isinstance(value, Contains):
        return value.text.casefold() in str(found).casefold()
    if isinstance(value, Between):
        return _lies_in(found, value)
    if isinstance(value, bool) or isinstance(found, bool):  # 1 == True in Python, not in a log
        return value is found
    return bool(value == found or (is_status(key) and _code(value) == _code(found) is not None))


def _lies_in(found: object, wanted: Between) -> bool:
    if isinstance(found, bool) or not isinstance(found, int | float):
        return False
    return (wanted.least is None or found >= wanted.least) and (wanted.most is None or found <= wanted.most)


def is_status(key: str) -> bool:
    """Return whether the field `key` holds a status, which may be a number or text such as ``"0xB602"``."""
    return key == "status" or key.endswith("-status")


def _code(value: object) -> int | None:
    """Return the status code that `value` is or spells, if it is one."""
    if isinstance(value, str):
        return int(value, 16) if _STATUS.fullmatch(value) else None
    return value if isinstance(value, int) else None


def _difference(key: str, value: object, record: Record) -> str:
    """Return how the field `key` of `record` differs from `value`."""
    if key in record:
        return f"has {key} {_shown(key, record[key])} instead of {_shown(key, value)}"
    known = [name for name in record if name not in _FIXED]
    return f"has no field {key!r} ({did_you_mean(key, known, 'fields')})"


def _shown(key: str, value: object) -> str:
    """Return `value` as a scenario writes it; statuses as DICOM prints them."""
    if isinstance(value, bool):
        return "true" if value else "false"
    code = _code(value) if is_status(key) else None
    return f"0x{code:04X}" if code is not None else str(value) or "''"


def _wanted(key: str, value: object) -> str:
    return f"{_shown(key, value)} at the other end" if key == "with" else f"{key} {_shown(key, value)}"


def _ordinals(records: Sequence[Record]) -> tuple[int, ...]:
    return tuple(record["n"] for record in records)


def _times(count: int) -> str:
    return {0: "0 times", 1: "once"}.get(count, f"{count} times")
