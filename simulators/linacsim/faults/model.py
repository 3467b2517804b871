"""What can go wrong on the way to a peer, and when."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator

from linacsim.errors import InputError
from linacsim.kernel.words import REQUESTS
from linacsim.settings import Duration, Settings, StatusCode, did_you_mean

CONNECTION = "connection"
"""The event of a transport connection that has just been accepted."""
ASSOCIATE = "A-ASSOCIATE-RQ"
"""The event of an association request that has just arrived."""


PENDING = (0xFF00, 0xFF01)
"""Statuses of responses that others follow (PS3.7 9.1.2.1.8)."""
_PROVIDER_REASONS = (1, 2)


class AcceptThenSilent(Settings):
    """Reach: the connection is accepted and never a byte answered; the requestor's ACSE timeout must end it."""


class Reject(Settings):
    """Upper layer: A-ASSOCIATE-RJ (PS3.8 9.3.4).

    Attributes
    ----------
    result : int
        1 rejected-permanent, 2 rejected-transient.
    source : int
        1 service-user, 2 service-provider (ACSE), 3 service-provider (presentation).
    reason : int
        The reason/diagnostic; its meaning depends on the source.
    """

    result: Literal[1, 2] = 1
    source: Literal[1, 2, 3] = 1
    reason: Literal[1, 2, 3, 7] = 1

    @model_validator(mode="after")
    def _is_defined(self) -> Self:
        """Refuse a reason that PS3.8 9.3.4 does not define for the source: no A-ASSOCIATE-RJ could carry it."""
        if self.source != 1 and self.reason not in _PROVIDER_REASONS:
            raise ValueError(f"source {self.source} has the reasons 1 and 2, not {self.reason}")
        return self


class Abort(Settings):
    """Upper layer: A-ABORT instead of the answer (PS3.8 9.3.8).

    Attributes
    ----------
    source : str
        ``service-user`` (0) or ``service-provider`` (2).
    reason : int
        The provider's reason; not significant for the service-user.
    """

    source: Literal["service-user", "service-provider"] = "service-user"
    reason: Literal[0, 1, 2, 4, 5, 6] = 0


class LateAccept(Settings):
    """Upper layer: the A-ASSOCIATE-RQ is answered only after `delay`."""

    delay: Duration


class NoResponse(Settings):
    """DIMSE: the request is carried out and never answered; the association stays open.

    Attributes
    ----------
    for_good : bool
        The peer answers no later request of this association either.
    """

    for_good: bool = True


class LateResponse(Settings):
    """DIMSE: the response leaves only after `delay`."""

    delay: Duration


class Status(Settings):
    """DIMSE: the request is carried out, and its final response has another status.

    Attributes
    ----------
    code : int
        The status, as ``A700`` (PS3.7 C); pending ones are no final response.
    comment : str
        Error Comment (0000,0902), at most 64 characters.
    """

    code: StatusCode
    comment: Annotated[str, Field(max_length=64)] = ""

    @model_validator(mode="after")
    def _is_final(self) -> Self:
        """Refuse a pending status: the requestor would wait for more, for ever."""
        if self.code in PENDING:
            raise ValueError(f"0x{self.code:04X} is pending, no final status")
        return self


class Reset(Settings):
    """Stream: the connection is reset (TCP RST) instead of the answer."""


ACTIONS: dict[str, type[Settings]] = {
    "accept-then-silent": AcceptThenSilent,
    "reject": Reject,
    "abort": Abort,
    "late-accept": LateAccept,
    "no-response": NoResponse,
    "late-response": LateResponse,
    "status": Status,
    "reset": Reset,
}
"""The words for ``do:``, with their parameters."""

OCCASIONS: dict[str, tuple[str, ...]] = {
    "accept-then-silent": (CONNECTION,),
    "reject": (ASSOCIATE,),
    "abort": (ASSOCIATE, *REQUESTS),
    "late-accept": (ASSOCIATE,),
    "no-response": REQUESTS,
    "late-response": REQUESTS,
    "status": REQUESTS,
    "reset": (CONNECTION, ASSOCIATE, *REQUESTS),
}
"""The events that each action can strike on; at another one it would be armed in vain."""


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
        if self.n < 1:
            raise InputError(f"{self.n} is not a count", todo="write a whole number, 1 or more")

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


@dataclass(slots=True, kw_only=True)
class Armed:
    """A fault that waits for its event.

    Attributes
    ----------
    do : str
        The word of `ACTIONS`, or of a device's breakages.
    on : str
        The event that it waits for.
    when : Occurrence
        Which of those events fire it.
    parameters : Settings
        The action's parameters.
    seen, fired : int
        How many events have matched, and how many have fired.
    """

    do: str
    on: str
    when: Occurrence = field(default_factory=Occurrence)
    parameters: Settings
    text: str = ""
    seen: int = 0
    fired: int = 0

    def due(self, event: str) -> bool:
        """Count `event` if it is the one waited for; return whether the fault's time has come."""
        if event != self.on:
            return False
        self.seen += 1
        return self.when.fires(self.seen)

    def strikes(self, event: str) -> bool:
        """Count `event` if it is the one waited for; return whether the fault fires now, and count that too."""
        fires = self.due(event)
        self.fired += fires
        return fires


def fault(do: str, on: str = "", *, when: Occurrence | None = None, **parameters: Any) -> Armed:
    """Return a fault to be armed, for benches that are built in Python.

    Parameters
    ----------
    do : str
        A word of `ACTIONS`, such as ``"reject"``.
    on : str
        The event that it waits for; may be left out where the action implies it.
    when : Occurrence, optional
        Which of those events; always if left out.
    **parameters
        The action's parameters.

    Raises
    ------
    InputError
        If there is no such fault or parameter, or the event is missing.
    """
    if do not in ACTIONS:
        raise InputError(f"unknown fault {do!r}", "fault", did_you_mean(do, ACTIONS, "faults"))
    event = occasion(do, on)
    settings = _parameters(do, parameters)
    return Armed(do=do, on=event, when=when or Occurrence(), parameters=settings, text=f"{do} on {event}")


def occasion(do: str, on: str, where: str = "fault", error: type[InputError] = InputError) -> str:
    """Return the event that the action `do` waits for: `on`, or the only one it can strike on.

    Raises
    ------
    InputError
        (or `error`) if it is missing, or the action cannot strike there.
    """
    known = OCCASIONS[do]
    if not on and len(known) > 1:
        raise error(f"when does {do!r} strike?", where, "add 'on:' with an event, such as C-STORE-RQ")
    if on and on not in known:
        others = [event for event in known if event not in REQUESTS]
        words = [*others, "a request such as C-STORE-RQ"] if len(others) < len(known) else others
        raise error(f"{do!r} cannot strike on {on!r}", where, f"it strikes on {' or '.join(words)}")
    return on or known[0]


def _parameters(do: str, given: dict[str, Any]) -> Settings:
    fields = ACTIONS[do].model_fields
    for name in given:
        if name not in fields:
            raise InputError(f"{do!r} has no parameter {name!r}", "fault", did_you_mean(name, fields, "parameters"))
    try:
        return ACTIONS[do](**given)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        told = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{do!r}: {name + ': ' if name else ''}{told[0].lower()}{told[1:]}", "fault") from None
