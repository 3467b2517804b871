"""What can go wrong on the way to a peer, at which layer, on which events; and a fault that waits for its event."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

from pydantic import ValidationError

from linacsim.errors import InputError
from linacsim.faults import actions
from linacsim.faults.actions import (
    PENDING,
    Abort,
    AcceptThenSilent,
    LateAccept,
    LateResponse,
    NoResponse,
    Reject,
    Reset,
    Status,
)
from linacsim.faults.when import NOTHING_KNOWN, RECEIVED, SENT, Conditions, Happening, Occurrence, When
from linacsim.faults.wire import MESSAGES, PDUS
from linacsim.kernel.words import REQUESTS
from linacsim.settings import Settings, did_you_mean, to_key

if TYPE_CHECKING:
    from linacsim.kernel.places import Place

__all__ = [
    "ACCEPTOR", "ACTIONS", "ARMED", "ASSOCIATE", "CONNECTION", "DATA", "DIMSE", "LAYERS", "OCCASIONS", "PENDING", "REACH", "REQUESTOR", "ROLES", "STREAM", "UPPER",
    "WORDS", "Abort", "AcceptThenSilent", "Armed", "LateAccept", "LateResponse", "NoResponse", "Occurrence", "Reject", "Reset",
    "Status", "When", "Word", "contradiction", "fault", "occasion",
]  # fmt: skip

CONNECTION = "connection"
"""The event of a transport connection that has just been opened."""
ASSOCIATE = "A-ASSOCIATE-RQ"
"""The event of an association request that has just arrived."""
ARMED = "armed"
"""The event of the fault itself being armed: it strikes at once."""

_OCCURRENCES = tuple(word.value for word in When if word is not When.ALWAYS)
_WIRE = (*PDUS, *MESSAGES)
_STREAM = (CONNECTION, *_WIRE)
_RESPONSES = tuple(one for one in MESSAGES if one.endswith("-RSP"))
_COUNTED = ("C-MOVE-RSP", "C-GET-RSP")
_WITH_DATA = tuple(one for one in MESSAGES if one not in ("C-CANCEL-RQ", "C-ECHO-RQ", "C-ECHO-RSP"))


ACCEPTOR, REQUESTOR = ROLES = ("acceptor", "requestor")
"""Who misbehaves: the peer that accepts the association, or the one that opens it."""


class Word(NamedTuple):
    """A word for ``do:``.

    Attributes
    ----------
    settings : type of Settings
        Its parameters.
    layer : str
        Where it strikes; the layers are asked from the bottom up.
    events : tuple of str
        What it can strike on, at the line between the peer and the network.
    on, way : str
        The event and the way that are meant if none is named; empty: it has to be named.
    ends : bool
        Whether it ends the matter: nothing strikes after it.
    wide : bool
        Whether it can strike a whole connection, and so on any event of the peer's log.
    served : tuple of str
        What it can strike on at the peer itself, as the one that accepts associations, if no way is named.
    roles : tuple of str
        Who can misbehave so: the peer that accepts the association, the one that opens it.
    """

    settings: type[Settings]
    layer: str
    events: tuple[str, ...]
    on: str = ""
    way: str = SENT
    ends: bool = False
    wide: bool = False
    served: tuple[str, ...] = ()
    roles: tuple[str, ...] = ROLES


REACH, STREAM, UPPER, DIMSE, DATA = LAYERS = ("reach", "stream", "upper layer", "DIMSE", "data set")

WORDS: dict[str, Word] = {
    "accept-then-silent": Word(
        actions.AcceptThenSilent,
        REACH,
        (CONNECTION,),
        CONNECTION,
        RECEIVED,
        ends=True,
        served=(CONNECTION,),
        roles=(ACCEPTOR,),
    ),
    "backlog-full": Word(
        actions.BacklogFull, REACH, (), ARMED, "", ends=True, wide=True, served=(ARMED,), roles=(ACCEPTOR,)
    ),
    "refuse": Word(actions.Refuse, REACH, (CONNECTION,), ARMED, "", ends=True, wide=True, served=(ARMED,)),
    "black-hole": Word(actions.BlackHole, REACH, (CONNECTION,), ARMED, "", ends=True, wide=True, served=(ARMED,)),
    "unresolvable": Word(actions.Unresolvable, REACH, (CONNECTION,), CONNECTION, SENT, ends=True, roles=(REQUESTOR,)),
    "latency": Word(actions.Latency, STREAM, _STREAM, CONNECTION, wide=True),
    "throttle": Word(actions.Throttle, STREAM, _STREAM, CONNECTION, wide=True),
    "slice": Word(actions.Slice, STREAM, _STREAM, CONNECTION, wide=True),
    "stall": Word(actions.Stall, STREAM, _STREAM, CONNECTION, wide=True),
    "reset": Word(actions.Reset, STREAM, _STREAM, ends=True, wide=True, served=(CONNECTION, ASSOCIATE, *REQUESTS)),
    "early-close": Word(actions.EarlyClose, STREAM, _STREAM, CONNECTION, wide=True),
    "half-close": Word(actions.HalfClose, STREAM, _STREAM, CONNECTION, wide=True),
    "slow-close": Word(actions.SlowClose, STREAM, _STREAM, CONNECTION, wide=True),
    "reject": Word(actions.Reject, UPPER, (ASSOCIATE,), ASSOCIATE, RECEIVED, ends=True, served=(ASSOCIATE,)),
    "abort": Word(actions.Abort, UPPER, _WIRE, ends=True, wide=True, served=(ASSOCIATE, *REQUESTS)),
    "late-accept": Word(actions.LateAccept, UPPER, (ASSOCIATE,), ASSOCIATE, RECEIVED, served=(ASSOCIATE,)),
    "no-accept": Word(actions.NoAccept, UPPER, ("A-ASSOCIATE-AC",), "A-ASSOCIATE-AC", ends=True),
    "refuse-contexts": Word(actions.RefuseContexts, UPPER, ("A-ASSOCIATE-AC",), "A-ASSOCIATE-AC"),
    "ignore-release": Word(actions.IgnoreRelease, UPPER, ("A-RELEASE-RQ",), "A-RELEASE-RQ", RECEIVED, ends=True),
    "release-collision": Word(actions.ReleaseCollision, UPPER, ("A-RELEASE-RQ",), "A-RELEASE-RQ", RECEIVED),
    "oversize-pdu": Word(actions.OversizePdu, UPPER, MESSAGES),
    "unknown-pdu": Word(actions.UnknownPdu, UPPER, _WIRE, ends=True),
    "wrong-length": Word(actions.WrongLength, UPPER, _WIRE),
    "wrong-context": Word(actions.WrongContext, UPPER, MESSAGES),
    "interleave": Word(actions.Interleave, UPPER, _WITH_DATA),
    "garbage": Word(actions.Garbage, UPPER, _WIRE, ends=True),
    "no-response": Word(actions.NoResponse, DIMSE, _RESPONSES, ends=True, served=REQUESTS),
    "late-response": Word(actions.LateResponse, DIMSE, _RESPONSES, served=REQUESTS),
    "status": Word(actions.Status, DIMSE, _RESPONSES, served=REQUESTS),
    "wrong-message-id": Word(actions.WrongMessageId, DIMSE, _RESPONSES),
    "duplicate-response": Word(actions.DuplicateResponse, DIMSE, _RESPONSES),
    "pending-for-ever": Word(actions.PendingForEver, DIMSE, _RESPONSES, ends=True),
    "response-after-final": Word(actions.ResponseAfterFinal, DIMSE, _RESPONSES),
    "wrong-counters": Word(actions.WrongCounters, DIMSE, _COUNTED),
    "wrong-uids": Word(actions.WrongUids, DIMSE, _RESPONSES),
    "wrong-group-length": Word(actions.WrongGroupLength, DIMSE, MESSAGES),
    "missing-attribute": Word(actions.MissingAttribute, DATA, _WITH_DATA),
    "wrong-value": Word(actions.WrongValue, DATA, _WITH_DATA),
    "wrong-vr": Word(actions.WrongVr, DATA, _WITH_DATA),
    "wrong-reference": Word(actions.WrongReference, DATA, _WITH_DATA),
    "duplicate-instance": Word(actions.DuplicateInstance, DATA, ("C-STORE-RQ",), "C-STORE-RQ"),
    "truncated-pixels": Word(actions.TruncatedPixels, DATA, ("C-STORE-RQ",), "C-STORE-RQ"),
    "wrong-transfer-syntax": Word(actions.WrongTransferSyntax, DATA, _WITH_DATA),
    "wrong-charset": Word(actions.WrongCharset, DATA, _WITH_DATA),
}
"""Everything that can go wrong on the network, layer by layer."""

ACTIONS: dict[str, type[Settings]] = {do: word.settings for do, word in WORDS.items()}
"""The words for ``do:``, with their parameters."""

OCCASIONS: dict[str, tuple[str, ...]] = {do: word.served or word.events for do, word in WORDS.items()}
"""The events that each action can strike on if no way is named; at another one it would be armed in vain."""


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
    conditions : Conditions
        What else the event has to be, and how long the fault is armed.
    parameters : Settings
        The action's parameters.
    ordinal : int
        Its number among the faults of the run, from 1; 0 is not known.
    seen, fired : int
        How many events have matched, and how many have fired.
    off : bool
        It is over, or has been healed.
    """

    do: str
    on: str
    when: Occurrence = field(default_factory=Occurrence)
    conditions: Conditions = field(default_factory=Conditions)
    parameters: Settings
    text: str = ""
    ordinal: int = 0
    seen: int = 0
    fired: int = 0
    off: bool = False

    @property
    def is_served(self) -> bool:
        """Whether the peer itself misbehaves; else the line between it and the network does."""
        return (
            not self.conditions.way and self.on in WORDS[self.do].served and not getattr(self.parameters, "byte", None)
        )

    @property
    def way(self) -> str:
        """Which way the event goes, seen from the peer; empty: either."""
        return self.conditions.way or WORDS[self.do].way

    def due(self, event: str, happening: Happening = NOTHING_KNOWN) -> bool:
        """Count `event` if it is the one waited for; return whether the fault's time has come."""
        wanted = self.conditions
        if event != self.on or self.off or not happening.meets(wanted):
            return False
        self.seen += 1
        if not self.when.fires(self.seen) or (wanted.times and self.fired >= wanted.times):
            return False
        return happening.draws(wanted.chance, self.do, self.on)

    def strikes(self, event: str, happening: Happening = NOTHING_KNOWN) -> bool:
        """Count `event` if it is the one waited for; return whether the fault fires now, and count that too."""
        fires = self.due(event, happening)
        self.fired += fires
        return fires

    def tell(self, place: Place, on: str, **more: str | None) -> None:
        """Write into the log that it has fired."""
        place.log("fault-fired", fault=self.do, ordinal=self.ordinal or None, on=on, **more)

    @property
    def always_ends(self) -> bool:
        """Whether nothing that strikes on the same event after it can ever fire."""
        plain = Conditions(way=self.conditions.way)
        return self.do in WORDS and WORDS[self.do].ends and self.when.when is When.ALWAYS and self.conditions == plain


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
        The action's parameters, the fields of `Conditions`, and in the place of `when` one of ``nth``, ``first``, ``every`` and
        ``after``, as a file has them.

    Raises
    ------
    InputError
        If there is no such fault or parameter, or the event is missing.
    """
    if do not in ACTIONS:
        raise InputError(f"unknown fault {do!r}", "fault", did_you_mean(do, ACTIONS, "faults"))
    own = _keys(ACTIONS[do])
    occurrences = [word for word in _OCCURRENCES if word in parameters and word not in own]
    if len(occurrences) + (when is not None) > 1:
        raise InputError(
            "one occurrence is wanted, found several", "fault", "keep one of nth, first, every, after and when"
        )
    for word in occurrences:
        when = Occurrence(When(word), parameters.pop(word))
    general = {
        name: value for name, value in _keyed(parameters).items() if name in _keys(Conditions) and name not in own
    }
    special = {name: value for name, value in _keyed(parameters).items() if name not in general}
    conditions: Conditions = _built(Conditions, do, general)
    event = occasion(do, on, way=conditions.way or "")
    settings = _built(ACTIONS[do], do, special)
    text = f"{do} on {event}" + (f" {conditions.way}" if conditions.way else "")
    return Armed(do=do, on=event, when=when or Occurrence(), conditions=conditions, parameters=settings, text=text)


def occasion(do: str, on: str, where: str = "fault", error: type[InputError] = InputError, way: str = "") -> str:
    """Return the event that the action `do` waits for: `on`, or the one that it implies.

    Raises
    ------
    InputError
        (or `error`) if it is missing, or the action cannot strike there.
    """
    word = WORDS[do]
    if way and not word.events:
        raise error(f"{do!r} has no way", where, "leave 'way:' out: it is the listener's")
    known = word.events if way else OCCASIONS[do]
    if not on and do in ("refuse", "black-hole"):
        return CONNECTION if way == SENT else ARMED
    implied = word.on if word.on in known else known[0] if len(known) == 1 else ""
    if not on and not implied:
        example = "C-STORE-RSP" if known == _RESPONSES else "C-STORE-RQ"
        raise error(f"when does {do!r} strike?", where, f"add 'on:' with an event, such as {example}")
    if on and on not in known and not (word.wide and on not in _STREAM):
        raise error(f"{do!r} cannot strike on {on!r}", where, f"it strikes on {_told(known)}")
    return on or implied


def contradiction(earlier: Armed, later: Armed) -> bool:
    """Whether `later`, armed at the same peer, can never fire because of `earlier`."""
    if earlier.do not in WORDS or later.do not in WORDS or not earlier.always_ends:
        return False
    same_way = earlier.is_served or (earlier.way or later.way) == (later.way or earlier.way)
    same_side = earlier.is_served == later.is_served and same_way
    below = earlier.is_served or LAYERS.index(WORDS[earlier.do].layer) <= LAYERS.index(WORDS[later.do].layer)
    return same_side and below and earlier.on == later.on != ARMED


def _told(known: tuple[str, ...]) -> str:
    others = [event for event in known if event not in MESSAGES]
    if any(event in REQUESTS for event in known):
        others.append("a request such as C-STORE-RQ" if len(known) > 1 else known[0])
    elif known == _COUNTED:
        others += known
    elif len(others) < len(known):
        others.append("a response such as C-STORE-RSP")
    return " or ".join(others)


def _keys(cls: type[Settings]) -> set[str]:
    return {to_key(name) for name in cls.model_fields}


def _keyed(parameters: dict[str, Any]) -> dict[str, Any]:
    return {to_key(name): value for name, value in parameters.items()}


def _built(cls: Any, do: str, given: dict[str, Any]) -> Any:
    fields = {to_key(name): name for name in cls.model_fields}
    for name in given:
        if name not in fields:
            advice = did_you_mean(name, [*fields, *_keys(Conditions)], "parameters")
            raise InputError(f"{do!r} has no parameter {name!r}", "fault", advice)
    try:
        return cls(**{fields[name]: value for name, value in given.items()})
    except ValidationError as wrong:
        first = wrong.errors(include_url=False)[0]
        name = ".".join(str(part) for part in first["loc"])
        told = first["msg"].removeprefix("Value error, ")
        raise InputError(f"{do!r}: {name + ': ' if name else ''}{told[0].lower()}{told[1:]}", "fault") from None
