"""When a fault strikes: event, way, guard, occurrence and chance, in this order; and until when it may.

An event that does not meet the guard is no chance: it is not counted. The chance is drawn for what is left, from the seed
and from what the event is - peer, association, ordinal of the message - so that it falls the same on both clocks.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, ValidationInfo, model_validator
from pydicom._uid_dict import UID_dictionary

from linacsim.errors import InputError
from linacsim.kernel.units import parse_duration
from linacsim.settings import AETitle, Duration, Settings, StatusCode

if TYPE_CHECKING:
    from linacsim.kernel.core import Kernel

_UID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")
SENT, RECEIVED, EITHER = "sent", "received", "either"
WayName = Literal["sent", "received"]
"""Seen from the peer that the fault is armed at."""


class When(StrEnum):
    """At which of its chances a fault fires; the words of a scenario file."""

    ALWAYS = "always"
    """At each; what a fault without one of the other words does."""
    NTH = "nth"
    """At the nth only."""
    FIRST = "first"
    """At the first n."""
    EVERY = "every"
    """At each nth: the nth, the 2nth and so on."""
    AFTER = "after"
    """At each after the first n."""


@dataclass(frozen=True, slots=True)
class Occurrence:
    """At which of its chances a fault fires."""

    when: When = When.ALWAYS
    n: int = 1

    def __post_init__(self) -> None:
        """Refuse a count below 1."""
        if not isinstance(self.n, int) or isinstance(self.n, bool) or self.n < 1:
            raise InputError(f"{self.n!r} is not a count", todo="write a whole number, 1 or more")

    def fires(self, ordinal: int) -> bool:
        """Return whether the fault fires at the chance number `ordinal`, which counts from 1."""
        match self.when:
            case When.NTH:
                return ordinal == self.n
            case When.FIRST:
                return ordinal <= self.n
            case When.EVERY:
                return ordinal % self.n == 0
            case When.AFTER:
                return ordinal > self.n
            case When.ALWAYS:
                return True

    def __str__(self) -> str:
        return str(self.when) if self.when is When.ALWAYS else f"{self.when} {self.n}"


def _end(value: object, info: ValidationInfo) -> object:
    """Return a time of the run in microseconds, or the word of an event; a file has to name the unit."""
    if info.mode == "json" and isinstance(value, int | float):
        raise ValueError(f'a time has a unit: write for example "{value} s", or the word of an event')
    if isinstance(value, str) and value[:1].isdigit():
        try:
            return parse_duration(value)
        except InputError as wrong:
            raise ValueError(f"{wrong.what}; {wrong.todo}") from None
    return value


def _sop_class(value: object) -> object:
    """Return the UID of a SOP class that is named by its UID or its keyword, such as ``CTImageStorage``."""
    if not isinstance(value, str) or not value or _UID.fullmatch(value):
        return value
    known = {entry[4]: uid for uid, entry in UID_dictionary.items() if entry[1] in ("SOP Class", "Meta SOP Class")}
    if value not in known:
        near = difflib.get_close_matches(value, known, n=1)
        advice = f"did you mean {near[0]!r}?" if near else "write for example CTImageStorage"
        raise ValueError(f"{value!r} is neither the UID nor the keyword of a SOP class; {advice}")
    return known[value]


def _instance(value: object) -> object:
    if isinstance(value, str) and value and not _UID.fullmatch(value):
        raise ValueError(f"{value!r} is no UID")
    return value


class Conditions(Settings):
    """What an event has to be, beside its name, and how long the fault is armed.

    Attributes
    ----------
    way : str
        ``sent`` or ``received``, seen from the peer; left out: the one that the fault implies.
    with_ : str
        The AE title of the other side.
    sop_class, sop_instance : str
        Of the message; a UID, or the keyword of a SOP class.
    context : int
        The ID of its presentation context.
    status : int
        Of a response.
    state : str
        What the hardware of the device is in then, such as ``FILM JAM`` or ``NORMAL``.
    not_before, not_after : Duration
        The time of the run.
    chance : float
        The probability; 0 and 1 draw nothing.
    times : int
        How often the fault fires at most; 0 is any number.
    until : Duration or str
        The time of the run, or an event at the peer, at which the fault is over.
    """

    way: WayName | None = None
    with_: AETitle | None = None
    sop_class: Annotated[str, BeforeValidator(_sop_class)] = ""
    sop_instance: Annotated[str, BeforeValidator(_instance)] = ""
    context: Annotated[int, Field(ge=1, le=255)] | None = None
    status: StatusCode | None = None
    state: str = ""
    not_before: Duration = 0
    not_after: Duration | None = None
    chance: Annotated[float, Field(ge=0, le=1)] = 1
    times: Annotated[int, Field(ge=0)] = 0
    until: Annotated[int | str | None, BeforeValidator(_end)] = None

    @model_validator(mode="after")
    def _has_a_window(self) -> Self:
        """Refuse a window of time that is over before it begins."""
        end = min([one for one in (self.not_after, self.until) if isinstance(one, int)], default=None)
        if end is not None and end <= self.not_before:
            raise ValueError("it is over before it begins: 'not-before' comes after its end")
        return self


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """An event as a guard sees it.

    Attributes
    ----------
    kernel : Kernel or None
        For its time and its draws; ``None`` where nobody asks.
    place : str
        Where it happens.
    way, other : str
        ``sent``, ``received``, ``either`` for what has no way, or empty; the AE title of the other side.
    assoc, ordinal : int
        The association or connection at the place, and the message's number on it.
    """

    kernel: Kernel | None = None
    place: str = ""
    way: str = ""
    other: str = ""
    sop_class: str = ""
    sop_instance: str = ""
    context: int | None = None
    status: int | None = None
    assoc: int = 0
    ordinal: int = 0

    def meets(self, wanted: Conditions) -> bool:
        """Whether it is what a fault waits for."""
        pairs = (
            (wanted.way, wanted.way if self.way == EITHER else self.way),
            (wanted.with_, self.other),
            (wanted.sop_class, self.sop_class),
            (wanted.sop_instance, self.sop_instance),
            (wanted.context, self.context),
            (wanted.status, self.status),
        )
        if any(want not in (None, "", has) for want, has in pairs):
            return False
        if self.kernel is None:
            return not wanted.state
        if wanted.state and wanted.state not in self.kernel.places[self.place].states():
            return False
        return self._in_time(self.kernel.now, wanted)

    @staticmethod
    def _in_time(now: int, wanted: Conditions) -> bool:
        if isinstance(wanted.until, int) and now >= wanted.until:
            return False
        return now >= wanted.not_before and (wanted.not_after is None or now <= wanted.not_after)

    def draws(self, probability: float, *key: object) -> bool:
        """Decide with `probability`."""
        if self.kernel is None:
            return probability >= 1
        where = (self.place, self.other, self.assoc, self.ordinal)
        return self.kernel.identity.chance(probability, "fault", *key, *where)


NOTHING_KNOWN = Happening()


def happening_of(record: dict[str, Any], kernel: Kernel) -> Happening:
    """Return a record of the log as a guard sees it."""
    return Happening(
        kernel=kernel,
        place=record["at"],
        way=str(record.get("way", EITHER)),
        other=str(record.get("with", "")),
        sop_class=str(record.get("sop-class", "")),
        sop_instance=str(record.get("sop-instance", "")),
        status=record["status"] if isinstance(record.get("status"), int) else None,
        assoc=int(record.get("assoc", 0)),
        ordinal=int(record["n"]),
    )
