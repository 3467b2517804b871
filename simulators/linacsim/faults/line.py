"""A line: the two ways between a peer and the network, seen by the faults that are armed there.

The bytes of each way are cut into PDUs and DIMSE messages; each of those is an event. The faults whose time it is strike
from the bottom layer up: delays add up, the first that ends the matter wins. Then what is left of it goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from linacsim.faults import associating
from linacsim.faults.model import ACCEPTOR, CONNECTION, LAYERS, REQUESTOR, WORDS, Armed
from linacsim.faults.strikes import STRIKES, Passing
from linacsim.faults.way import Sink, Way
from linacsim.faults.when import EITHER, RECEIVED, SENT, Happening
from linacsim.faults.wire import RESPONDS_TO, SOP_CLASS, SOP_INSTANCE, STATUS, Cutter, Message, Pdu, Unit

if TYPE_CHECKING:
    from linacsim.kernel.places import Place

CALLS = ("refuse", "black-hole", "backlog-full", "unresolvable")
"""Faults of a connection that does not come to be: no line has them."""


class End(Sink, Protocol):
    """One end of a line: the peer's own code, or the network."""

    def close(self) -> None:
        """Close both directions."""

    def reset(self) -> None:
        """Break the connection."""


class Line:
    """One connection of a peer.

    Parameters
    ----------
    place : Place
        The peer's.
    faults : list of Armed
        Those that are armed there, now and later.
    ordinal : int
        The connection's number at the place.
    near, far : End
        The peer, and the network.
    opened : bool
        Whether the peer has opened it.
    on_room : callable
        Called when a way has delivered all that it had.

    Attributes
    ----------
    observe : callable or None
        Told of each unit and its way before any fault strikes.
    ways : mapping of str to Way
        ``sent`` goes from near to far.
    proposed, accepted : mapping of int to str
        Abstract and transfer syntaxes by context ID, once known.
    maximum : mapping of str to int
        How long a P-DATA-TF may be that goes this way.
    """

    def __init__(
        self,
        place: Place,
        faults: list[Armed],
        ordinal: int,
        near: End,
        far: End,
        *,
        opened: bool,
        on_room: Callable[[], None],
    ) -> None:
        self.place, self.faults, self.ordinal = place, faults, ordinal
        self.near, self.far = near, far
        env = place.kernel.env
        self.ways = {SENT: Way(env, far, on_room), RECEIVED: Way(env, near, on_room)}
        self.opened = opened
        self.other = ""
        self.proposed: dict[int, str] = {}
        self.accepted: dict[int, str] = {}
        self.maximum = {SENT: 0, RECEIVED: 0}
        self.linger = {SENT: 0, RECEIVED: 0}
        self.silent: set[tuple[str, int | None]] = set()
        self.last_instance = ""
        self.collision = ""
        self.is_dead = False
        self.is_over = False
        self.messages = 0
        self.observe: Callable[[str, Unit], None] | None = None
        self._held: list[Pdu] = []
        self._collided: list[Callable[[], None]] = []
        self._cutters = {SENT: Cutter(), RECEIVED: Cutter()}

    @property
    def role(self) -> str:
        """The peer's."""
        return REQUESTOR if self.opened else ACCEPTOR

    def begin(self) -> None:
        """The connection is open."""
        happening = Happening(**self._here(EITHER))  # type: ignore[arg-type]
        self._strike(CONNECTION, SENT if self.opened else RECEIVED, None, self._due(CONNECTION, happening))

    def pour(self, way: str, data: bytes) -> None:
        """Take bytes that go one way."""
        if self.is_dead:
            return
        for unit in self._cutters[way].feed(data):
            self._pass(way, unit)

    def end(self, way: str) -> None:
        """No more comes from this side."""
        self._rest(way)
        self.ways[way].end()
        if self._collided and way == self.collision:
            self._release()

    def end_with(self, way: str, act: Callable[[], None]) -> None:
        """No more comes from this side, which closes both directions as soon as the last has been delivered."""
        self._rest(way)
        if self.collision and self._held:
            self._collided.append(lambda: self.end_with(way, act))
            return
        self.ways[way].closed = True
        self.ways[way].then(act)

    def _rest(self, way: str) -> None:
        if not self.is_dead:
            for unit in self._cutters[way].rest():
                self._pass(way, unit)
        if self.linger[way]:
            self.ways[way].wait(self.linger[way])

    def heard(self, fault: Armed, event: str) -> bool:
        """Something has happened at the peer that a fault of the whole connection waits for; return whether it strikes."""
        if self.is_over or self.is_dead:
            return False
        passing = Passing(self, fault.way or SENT, None)
        if not STRIKES[fault.do](passing, fault.parameters):
            return False
        fault.tell(self.place, event, line=passing.way, role=self.role, drawn=passing.draw.told())
        passing.leave()
        return True

    def heal(self) -> None:
        """Let everything through again."""
        self.silent.clear()
        self.linger = {SENT: 0, RECEIVED: 0}
        for way in self.ways.values():
            way.heal()

    def hold(self) -> None:
        """Let nothing through for now, either way."""
        for way in self.ways.values():
            way.hold()

    def release(self) -> None:
        """Let through what has been held, and all that comes."""
        for way in self.ways.values():
            way.release()

    def back(self, way: str) -> Way:
        """Return the other way."""
        return self.ways[RECEIVED if way == SENT else SENT]

    def die(self) -> None:
        """Let nothing through any more of what either side sends."""
        self.is_dead = True

    def reset(self) -> None:
        """Break the connection at both ends."""
        self._stop()
        self.far.reset()
        self.near.reset()

    def close(self) -> None:
        """Close the connection at both ends, without a word."""
        self._stop()
        self.far.close()
        self.near.close()

    def _stop(self) -> None:
        self.is_dead = True
        for way in self.ways.values():
            way.stop()

    # one unit

    def _pass(self, way: str, unit: Unit) -> None:
        self._learn(way, unit)
        self.messages += 1
        if self.observe is not None:
            self.observe(way, unit)
        if not unit.name:
            self.ways[way].put(unit.raw)
        elif not self._is_swallowed(way, unit):
            self._strike(unit.name, way, unit, self._due(unit.name, self._happening(way, unit)))

    def _due(self, event: str, happening: Happening) -> list[Armed]:
        """Return the faults whose time has come, those of the lower layers first."""
        ways = ("", happening.way) if happening.way != EITHER else ("", SENT, RECEIVED)
        lined = [one for one in self.faults if not one.is_served and one.way in ways and one.do not in CALLS]
        found = [one for one in lined if self._is_chance(one, happening) and one.due(event, happening)]
        return sorted(found, key=lambda one: LAYERS.index(WORDS[one.do].layer))

    @staticmethod
    def _is_chance(fault: Armed, happening: Happening) -> bool:
        """Another status, or one that never comes, is for the final response: a request is one chance."""
        pending = happening.status in (0xFF00, 0xFF01)
        return not pending or fault.do not in ("status", "pending-for-ever", "response-after-final")

    def _strike(self, event: str, way: str, unit: Unit | None, due: list[Armed]) -> None:
        passings: dict[str, Passing] = {}
        for fault in due:
            # a connection has two ways, and each fault its own
            here = (fault.way or way) if unit is None else way
            passing = passings.setdefault(here, Passing(self, here, unit))
            if not STRIKES[fault.do](passing, fault.parameters):
                continue
            fault.fired += 1
            fault.tell(self.place, event, line=here, role=self.role, drawn=passing.draw.told())
            if passing.ended:
                break
        if unit is not None:
            passings.setdefault(way, Passing(self, way, unit))
        if isinstance(unit, Message) and event == "C-STORE-RQ":
            self.last_instance = unit.command.uid(SOP_INSTANCE)
        for passing in passings.values():
            passing.leave()

    def _here(self, way: str) -> dict[str, object]:
        return {
            "kernel": self.place.kernel, "place": self.place.name, "way": way, "other": self.other, "assoc": self.ordinal,
            "ordinal": self.messages,
        }  # fmt: skip

    def _happening(self, way: str, unit: Unit) -> Happening:
        if isinstance(unit, Pdu):
            return Happening(**self._here(way))  # type: ignore[arg-type]
        return Happening(
            **self._here(way),  # type: ignore[arg-type]
            sop_class=unit.command.uid(SOP_CLASS),
            sop_instance=unit.command.uid(SOP_INSTANCE),
            context=unit.context_id,
            status=unit.command.number(STATUS),
        )

    def _learn(self, way: str, unit: Unit) -> None:
        """Remember what the association is about."""
        if isinstance(unit, Message) or unit.name not in ("A-ASSOCIATE-RQ", "A-ASSOCIATE-AC"):
            return
        self.maximum[RECEIVED if way == SENT else SENT] = associating.maximum(unit.raw)
        if unit.name == "A-ASSOCIATE-RQ":
            called, calling = associating.titles(unit.raw)
            self.other = called if way == SENT else calling
            self.proposed = associating.proposed(unit.raw)
        else:
            self.accepted = associating.accepted(unit.raw)

    def _is_swallowed(self, way: str, unit: Unit) -> bool:
        if isinstance(unit, Pdu):
            return bool(self.collision) and self._collides(way, unit)
        if not unit.is_response or not self.silent:
            return False
        return not self.silent.isdisjoint({(way, None), (way, unit.command.number(RESPONDS_TO))})

    def _collides(self, way: str, unit: Pdu) -> bool:
        """Answer the release that this line has made up; the other side's waits for that."""
        if unit.name != "A-RELEASE-RP":
            return False
        if way == self.collision:
            self._release()
        else:
            self._held.append(unit)
        return True

    def _release(self) -> None:
        """Let go of what had to wait for the end of a collision."""
        back, held, after = self.back(self.collision), self._held, self._collided
        self.collision, self._held, self._collided = "", [], []
        for unit in held:
            back.put(unit.raw)
        for act in after:
            act()
