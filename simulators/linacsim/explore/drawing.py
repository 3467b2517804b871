"""The fault plan of a seed: keyed draws from what the undisturbed run shows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from linacsim.explore.seen import Chance
from linacsim.explore.settings import HARDWARE, settings_of
from linacsim.explore.subject import Fault, Plan
from linacsim.faults.model import ARMED, DATA
from linacsim.kernel.identity import Identity

T = TypeVar("T")

_WIDE = (1 << 62) - 1


def drawn(seed: int, chances: Sequence[Chance], kinds: Mapping[str, str], most: int) -> Plan:
    """Return the faults that belong to `seed`.

    Parameters
    ----------
    seed : int
        The seed.
    chances : sequence of Chance
        What they may strike on; a plan is never blind.
    kinds : mapping of str to str
        The kind of each peer, for its hardware.
    most : int
        How many faults there are at most; there is at least one, if anything can be struck.
    """
    identity = Identity(seed)
    if not chances:
        return ()
    count = identity.between(1, most, "explore", "faults")
    return tuple(_fault(_Draw(identity, number), chances, kinds) for number in range(count))


class _Draw:
    """Draws for one fault."""

    def __init__(self, identity: Identity, number: int) -> None:
        self._identity, self._number = identity, number

    def one_of(self, what: str, known: Iterable[T]) -> T:
        """Return the one that draws the highest number: one more to choose from changes no other choice."""
        return max(known, key=lambda one: self.between(f"{what} {one!r}", 0, _WIDE))

    def between(self, what: str, low: int, high: int) -> int:
        return self._identity.between(low, high, "explore", self._number, what)


def _fault(draw: _Draw, chances: Sequence[Chance], kinds: Mapping[str, str]) -> Fault:
    """Return one fault: the word first, then peer and event, so that none is drawn more often for having more of them."""
    do = draw.one_of("do", dict.fromkeys(one.do for one in chances))
    at = draw.one_of("at", dict.fromkeys(one.at for one in chances if one.do == do))
    by_event = {(one.on, one.way): one for one in chances if (one.do, one.at) == (do, at)}
    chance = by_event[draw.one_of("on", by_event)]
    fault: Fault = {"do": do, "at": at}
    if chance.on != ARMED:
        # being armed is what happens when nothing is named
        fault |= {"on": chance.on, **({"way": chance.way} if chance.way else {}), **_occurrence(draw, chance)}
    kind = kinds[at] if chance.layer == HARDWARE else ""
    for key, values in (settings_of(do, chance.on, kind) or {}).items():
        value: Any = draw.one_of(key, values)
        if value is not None:
            fault[key] = value
    return fault


def _occurrence(draw: _Draw, chance: Chance) -> Fault:
    """Return which of the events the fault strikes on: mostly one of them."""
    if chance.layer == DATA and chance.on != "C-STORE-RQ":
        # nobody knows which of the messages has the attribute; the first that has it is struck
        return {"times": 1}
    match draw.between("occurrence", 0, 9):
        case 7:
            return {"first": draw.between("n", 1, chance.times)}
        case 8 if chance.times > 1:
            return {"after": draw.between("n", 1, chance.times - 1)}
        case 9:
            return {"chance": draw.one_of("probability", (0.3, 0.7, 1))}
    return {"nth": draw.between("n", 1, chance.times)}
