"""The faults armed at one place, applied at its borders from the bottom up.

Delays add up; the first fault that ends the matter wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from linacsim.faults.model import (
    ASSOCIATE,
    CONNECTION,
    Abort,
    AcceptThenSilent,
    Armed,
    LateAccept,
    LateResponse,
    NoResponse,
    Reject,
    Reset,
)
from linacsim.kernel.border.links import Link, link_of

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from linacsim.kernel.places import Place
    from linacsim.kernel.streams import Stream


class Chain:
    """An `Interceptor` made of armed faults."""

    def __init__(self, faults: list[Armed] | None = None) -> None:
        self.faults = faults or []

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
        """DIMSE: let the response leave, late, or not at all."""
        request = f"{type(message).__name__.replace('_', '-')}-RQ"
        link = link_of(assoc)
        for fault in self._striking(place, request):
            if isinstance(fault.parameters, LateResponse):
                place.kernel.sleep(fault.parameters.delay)
            elif isinstance(fault.parameters, NoResponse):
                link.mute = fault.parameters.for_good
                return False
            elif not self._ended(link, fault):
                return False
        return True

    def _striking(self, place: Place, event: str) -> Iterator[Armed]:
        """Yield the faults whose time has come; one that comes after the end of the matter has seen it, and not fired."""
        due = [fault for fault in self.faults if fault.due(event)]
        for fault in due:
            fault.fired += 1
            place.log("fault-fired", fault=fault.do, on=event)
            yield fault

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
