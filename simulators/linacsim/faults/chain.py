"""The faults armed at one place, applied at its borders from the bottom up.

Some are the peer's own doing: it rejects, aborts, does not answer. The others lie between it and the network: then each of
its connections has a `Line` in it. Delays add up; the first fault that ends the matter wins.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linacsim.faults import drawing, reach
from linacsim.faults.drawing import Drawing
from linacsim.faults.interposed import FaultyStream
from linacsim.faults.model import (
    ACCEPTOR,
    ARMED,
    ASSOCIATE,
    CONNECTION,
    PENDING,
    REQUESTOR,
    WORDS,
    Abort,
    AcceptThenSilent,
    Armed,
    LateAccept,
    LateResponse,
    NoResponse,
    Reject,
    Reset,
    Status,
)
from linacsim.faults.when import SENT, Happening, happening_of
from linacsim.kernel.border.links import Link, link_of

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from linacsim.kernel.log import Record
    from linacsim.kernel.places import Place
    from linacsim.kernel.streams import Stream
    from linacsim.kernel.traffic import Address
    from linacsim.settings import Settings


@dataclass(slots=True)
class _UnderWay:
    """A request that is being answered.

    Attributes
    ----------
    event : str
        Its name, as ``C-FIND-RQ``.
    message_id : int
        Its Message ID.
    due : list of Armed
        The faults whose time it is, and which have not struck yet.
    silent : bool
        It is not answered any more.
    """

    event: str
    message_id: int
    due: list[Armed]
    silent: bool = False


class Chain:
    """An `Interceptor` made of armed faults."""

    def __init__(self, faults: list[Armed] | None = None) -> None:
        self.faults = faults or []
        self._under_way: dict[tuple[Link, int], _UnderWay] = {}
        self._streams: dict[FaultyStream, None] = {}
        self._connections = 0
        self._listens = False
        self._is_held = False

    def arm(self, place: Place, faults: list[Armed]) -> None:
        """Arm `faults` beside those that are armed already."""
        self.faults += faults
        if not self._listens and any(_needs_the_log(fault) for fault in faults):
            self._listens = True
            place.kernel.log.listeners.append(lambda record: self._heard(place, record))
        for fault in faults:
            if fault.on == ARMED and fault.due(ARMED, self._seen(place, kernel=place.kernel)):
                self._strike_all(place, fault, ARMED)

    def heal(self, place: Place, faults: list[Armed]) -> None:
        """Call `faults` off; connections that are open go on undisturbed, and everybody is let in again."""
        for fault in faults:
            fault.off = True
        if any(WORDS[fault.do].layer == "reach" for fault in faults):
            reach.reopen(place)
        for stream in [*self._streams]:
            stream.line.heal()

    def hold(self, place: Place) -> None:
        """Let nothing through at `place`, neither on what is open nor on what will be, until `release`."""
        self._is_held = True
        for assoc in [*place.associations]:
            other = link_of(assoc).other
            link_of(assoc).interpose(lambda stream, opened, other=other: self._held(place, stream, opened, other))  # type: ignore[misc]
        for stream in [*self._streams]:
            stream.line.hold()

    def _held(self, place: Place, stream: Stream, opened: bool, other: str) -> FaultyStream:
        """Return a connection that has been open for a while, with a line in it that lets nothing through."""
        if isinstance(stream, FaultyStream):
            return stream
        found = self._line(place, stream, opened=opened)
        found.line.other = other
        found.line.hold()
        found.take_over()
        return found

    def release(self) -> None:
        """Let through what has been held, and all that comes."""
        self._is_held = False
        for stream in [*self._streams]:
            stream.line.release()

    # the borders

    def over(self, place: Place, stream: Stream, *, opened: bool) -> Stream:
        """Return the connection with a line in it, if a fault needs one."""
        idle = all(fault.is_served or fault.on == ARMED or fault.off for fault in self.faults)
        if idle and not self._is_held:
            return stream
        found = self._line(place, stream, opened=opened)
        if self._is_held:
            found.line.hold()
        found.begin()
        return found

    def _line(self, place: Place, stream: Stream, *, opened: bool) -> FaultyStream:
        """Return a connection with a line in it."""
        self._connections += 1
        for known in [*self._streams]:
            if known.line.is_over:
                del self._streams[known]
        found = FaultyStream(place, stream, self.faults, self._connections, opened=opened)
        self._streams[found] = None
        return found

    def calling(self, place: Place, target: Address, timeout: int | None) -> None:
        """Reach, as the one that calls: find no host, be refused, or get no answer."""
        happening = self._seen(place, way=SENT)
        for fault in self.faults:
            if fault.way == SENT and WORDS[fault.do].layer == "reach" and fault.strikes(CONNECTION, happening):
                fault.tell(place, CONNECTION, line=SENT, role=REQUESTOR)
                reach.fail(place.kernel, fault.parameters, target, timeout)

    def connected(self, place: Place, stream: Stream) -> bool:
        """Reach: serve the connection, or accept it and stay silent."""
        for fault in self._due(CONNECTION, self._seen(place)):
            fault.fired += 1
            fault.tell(place, CONNECTION, role=ACCEPTOR)
            if isinstance(fault.parameters, AcceptThenSilent):
                return False
            if isinstance(fault.parameters, Reset):
                stream.reset()
                return False
        return True

    def requested(self, place: Place, assoc: Association) -> None:
        """Upper layer: let the A-ASSOCIATE-RQ through, late, or answer it otherwise."""
        link = link_of(assoc)
        happening = self._seen(place, other=link.other, assoc=link.ordinal)
        for fault in self._due(ASSOCIATE, happening):
            act = self._prepared(place, link, fault, ASSOCIATE, self._draw(link, 0))
            if isinstance(fault.parameters, LateAccept):
                place.kernel.sleep(fault.parameters.delay)
            elif act is not None:
                act()
                return

    def responding(self, place: Place, assoc: Association, message: Any, context_id: int) -> bool:
        """DIMSE: let the response leave, late, with another status, or not at all.

        A request is one chance, however many responses it has: what comes late, or ends the matter, strikes at the first
        of them, another status at the last.
        """
        link, final = link_of(assoc), message.Status not in PENDING
        request = (link, message.MessageIDBeingRespondedTo)
        if request not in self._under_way:
            event = f"{type(message).__name__.replace('_', '-')}-RQ"
            happening = self._asked(place, link, message, context_id)
            self._under_way[request] = _UnderWay(event, request[1], self._due(event, happening))
        matter = self._under_way.pop(request) if final else self._under_way[request]
        return self._respond(place, link, matter, message if final else None, context_id)

    # what strikes

    def _respond(self, place: Place, link: Link, matter: _UnderWay, final: Any, context_id: int) -> bool:
        """Apply the faults of a request to one of its responses; return whether that leaves."""
        for fault in [*matter.due]:
            what = fault.parameters
            if isinstance(what, Status) and final is None:
                continue
            matter.due.remove(fault)
            draw = self._draw(link, matter.message_id)
            if isinstance(what, Status):
                final.Status = drawing.status(what, matter.event, link.abstract_syntax(context_id), draw)
                final.ErrorComment = what.comment or None
            act = self._prepared(place, link, fault, matter.event, draw)
            if isinstance(what, LateResponse):
                place.kernel.sleep(what.delay)
            elif isinstance(what, NoResponse):
                link.mute, matter.silent = what.for_good, True
            elif act is not None:
                act()
                return False
            if matter.silent:
                break
        return not matter.silent

    def _due(self, event: str, happening: Happening) -> list[Armed]:
        """Return the faults whose time has come; one that comes after the end of the matter has seen it, and not fired."""
        return [fault for fault in self.faults if fault.is_served and fault.due(event, happening)]

    def _draw(self, link: Link, message_id: int) -> Drawing:
        place = link.place
        return Drawing(place.kernel.identity, place.name, link.other, link.ordinal, message_id)

    def _prepared(self, place: Place, link: Link, fault: Armed, event: str, draw: Drawing) -> Callable[[], None] | None:
        """Say that a fault fires, and return what ends the association, if it does that."""
        act = _end_of(link, fault.parameters, draw)
        fault.fired += 1
        fault.tell(place, event, role=ACCEPTOR, drawn=draw.told())
        return act

    def _seen(self, place: Place, **fields: Any) -> Happening:
        return Happening(place=place.name, **{"assoc": self._connections, **fields, "kernel": place.kernel})

    def _asked(self, place: Place, link: Link, message: Any, context_id: int) -> Happening:
        """Return a request, seen by its response."""
        return self._seen(
            place,
            other=link.other,
            assoc=link.ordinal,
            ordinal=int(message.MessageIDBeingRespondedTo),
            context=context_id,
            sop_class=str(getattr(message, "AffectedSOPClassUID", None) or ""),
            sop_instance=str(getattr(message, "AffectedSOPInstanceUID", None) or ""),
        )

    # what strikes on an event of the log

    def _heard(self, place: Place, record: Record) -> None:
        if record["at"] != place.name or record["event"] == "fault-fired":
            return
        event, happening = record["event"], None
        for fault in self.faults:
            if fault.conditions.until == event:
                fault.off = True
            if fault.on != event or not _is_of_the_log(fault):
                continue
            happening = happening or happening_of(record, place.kernel)
            if fault.due(event, happening):
                self._strike_later(place, fault, event)

    def _strike_later(self, place: Place, fault: Armed, event: str) -> None:
        """Strike when whoever has logged the event is done with it."""
        later = place.kernel.env.timeout(0)
        later.callbacks.append(lambda _event: self._strike_all(place, fault, event))

    def _strike_all(self, place: Place, fault: Armed, event: str) -> None:
        if WORDS[fault.do].layer == "reach":
            fault.tell(place, event, role=ACCEPTOR, drawn=reach.shut(place, fault.parameters))
            fault.fired += 1
        else:
            struck = [stream.line.heard(fault, event) for stream in [*self._streams]]
            fault.fired += any(struck)


def _end_of(link: Link, what: Settings, draw: Drawing) -> Callable[[], None] | None:
    """Return how a fault ends an association; ``None`` if it does not."""
    if isinstance(what, Reject):
        answer = drawing.rejection(what, draw)
        return lambda: link.reject(*answer)
    if isinstance(what, Abort):
        source, reason = drawing.abortion(what, draw)
        return lambda: link.abort(provider_reason=reason if source else None)
    return link.reset if isinstance(what, Reset) else None


def _is_of_the_log(fault: Armed) -> bool:
    """Whether it waits for something that does not go over a line."""
    word = WORDS[fault.do]
    return fault.on not in word.events and fault.on not in word.served


def _needs_the_log(fault: Armed) -> bool:
    return _is_of_the_log(fault) or isinstance(fault.conditions.until, str)


def chain_at(place: Place) -> Chain:
    """Return the faults that are armed at a place; there need not be any yet."""
    if not isinstance(place.interceptor, Chain):
        place.interceptor = Chain()
    return place.interceptor
