"""The faults armed at one place, applied at its borders from the bottom up.

Delays add up; the first fault that ends the matter wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from linacsim.faults.model import (
    ASSOCIATE,
    CONNECTION,
    PENDING,
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
from linacsim.kernel.border.links import Link, link_of

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from linacsim.kernel.places import Place
    from linacsim.kernel.streams import Stream


@dataclass(slots=True)
class _UnderWay:
    """A request that is being answered.

    Attributes
    ----------
    event : str
        Its name, as ``C-FIND-RQ``.
    due : list of Armed
        The faults whose time it is, and which have not struck yet.
    silent : bool
        It is not answered any more.
    """

    event: str
    due: list[Armed]
    silent: bool = False


class Chain:
    """An `Interceptor` made of armed faults."""

    def __init__(self, faults: list[Armed] | None = None) -> None:
        self.faults = faults or []
        self._under_way: dict[tuple[Link, int], _UnderWay] = {}

    def connected(self, place: Place, stream: Stream) -> bool:
        """Reach: serve the connection, or accept it and stay silent."""
        for fault in self._striking(place, CONNECTION):
            if isinstance(fault.parameters, AcceptThenSilent):
                return False
            if isinstance(fault.parameters, Reset):
                stream.reset()
                return False
        return True

    def requested(self, place: Place, assoc: Association) -> None:
        """Upper layer: let the A-ASSOCIATE-RQ through, late, or answer it otherwise."""
        for fault in self._striking(place, ASSOCIATE):
            if isinstance(fault.parameters, LateAccept):
                place.kernel.sleep(fault.parameters.delay)
            elif not self._ended(link_of(assoc), fault):
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
            self._under_way[request] = _UnderWay(event, [fault for fault in self.faults if fault.due(event)])
        matter = self._under_way.pop(request) if final else self._under_way[request]
        return self._respond(place, link, matter, message if final else None)

    def _respond(self, place: Place, link: Link, matter: _UnderWay, final: Any) -> bool:
        """Apply the faults of a request to one of its responses; return whether that leaves."""
        for fault in [*matter.due]:
            what = fault.parameters
            if isinstance(what, Status) and final is None:
                continue
            matter.due.remove(fault)
            self._fire(place, fault, matter.event)
            if isinstance(what, Status):
                final.Status, final.ErrorComment = what.code, what.comment or None
            elif isinstance(what, LateResponse):
                place.kernel.sleep(what.delay)
            elif isinstance(what, NoResponse):
                link.mute, matter.silent = what.for_good, True
            elif not self._ended(link, fault):
                return False
            if matter.silent:
                break
        return not matter.silent

    def _striking(self, place: Place, event: str) -> Iterator[Armed]:
        """Yield the faults whose time has come; one that comes after the end of the matter has seen it, and not fired."""
        due = [fault for fault in self.faults if fault.due(event)]
        for fault in due:
            self._fire(place, fault, event)
            yield fault

    def _fire(self, place: Place, fault: Armed, event: str) -> None:
        fault.fired += 1
        place.log("fault-fired", fault=fault.do, on=event)

    def _ended(self, link: Link, fault: Armed) -> bool:
        """Apply a fault that ends the association; return whether it lives on."""
        what = fault.parameters
        if isinstance(what, Reject):
            link.reject(what.result, what.source, what.reason)
        elif isinstance(what, Abort):
            link.abort(provider_reason=what.reason if what.source == "service-provider" else None)
        elif isinstance(what, Reset):
            link.reset()
        else:
            return True
        return False
