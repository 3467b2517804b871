"""N-EVENT-REPORT to a client, on the association that is open anyway (PS3.4 H.4.5.2.1, H.4.6.2.1, PS3.7 10.1.1).

pynetdicom's `send_n_event_report` takes the next message of the peer for the response: a request that crosses it ends the
association. Here the request is sent as it is, by a task of its own, and the response is known by the Message ID that it
responds to; so requests are served meanwhile. One report is under way at a time, for an association has one operation window
in each direction unless more is negotiated (PS3.7 D.3.3.3).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import encode
from simpy.events import Event

from linacsim.devices.printer.desk import Desk
from linacsim.kernel.border.links import link_of
from linacsim.kernel.units import SECOND

_RESPONSE = "N_EVENT_REPORT_RSP"
_ACTION_RESPONSE = "N_ACTION_RSP"
_IDS = 0xFFFF


@dataclass(slots=True, kw_only=True)
class Report:
    """A happening to tell.

    Attributes
    ----------
    sop_class, uid : str
        Of the Print Job or the Printer.
    event_type : int
        Event Type ID.
    information : Dataset
        Event Information; an empty one is not sent.
    what : str
        A word for the log.
    """

    sop_class: str
    uid: str
    event_type: int
    information: Dataset = field(default_factory=Dataset)
    what: str = ""


class Reports:
    """The reports to one client, in their order.

    Parameters
    ----------
    desk : Desk
        Where the client is served.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._kernel = desk.printer.place.kernel
        self._waiting: deque[Report] = deque()
        self._pending: dict[int, Event] = {}
        self._busy = False
        self._held = 0
        self._over = False
        self._last = 0

    def tell(self, report: Report) -> None:
        """Have a report sent; called from wherever something happens, it does not wait."""
        if self._over or self._desk.context_for(report.sop_class) is None:
            return
        self._waiting.append(report)
        self._go_on()

    def tell_now(self, report: Report, *, wait: bool) -> None:
        """Send a report in the midst of a request that is being served, and perhaps wait for its response."""
        if self._over or self._desk.context_for(report.sop_class) is None:
            return
        if self._busy:
            self._waiting.append(report)
            return
        self._busy = True
        answered = self._send(report)
        if wait:
            self._finish(report, answered)
        else:
            self._spawn(lambda: self._finish(report, answered))

    def hold_until_response(self) -> None:
        """Send nothing until the response of the N-ACTION that is being served has left."""
        assoc = self._desk.assoc
        self._held += 1

        def sent(event: evt.Event) -> None:
            if type(event.message).__name__ == _ACTION_RESPONSE:
                assoc.unbind(evt.EVT_DIMSE_SENT, sent)
                self._held -= 1
                self._go_on()

        assoc.bind(evt.EVT_DIMSE_SENT, sent)

    def _received(self, event: evt.Event) -> None:
        """Take notice of a message of the client's: perhaps it is a response that is waited for."""
        message: Any = event.message
        if type(message).__name__ != _RESPONSE:
            return
        answered = self._pending.pop(int(message.command_set.get("MessageIDBeingRespondedTo") or 0), None)
        if answered is not None:
            self._unbind()
            answered.succeed(int(message.command_set.get("Status") or 0))

    def _unbind(self) -> None:
        """Look at no more messages, if no response is waited for."""
        if not self._pending:
            self._desk.assoc.unbind(evt.EVT_DIMSE_RECV, self._received)

    def end(self) -> None:
        """The association is over: nobody waits any longer, and what has not been told is not."""
        if self._over:
            return
        self._over = True
        for answered in self._pending.values():
            answered.succeed(None)
        self._pending.clear()
        for report in self._waiting:
            self._log("event-not-sent", report, reason="the client has left")
        self._waiting.clear()

    def _go_on(self) -> None:
        """Have the next report sent, by a task of its own, unless one is under way."""
        if self._busy or self._held or not self._waiting or self._over:
            return
        self._busy = True
        report = self._waiting.popleft()
        self._spawn(lambda: self._finish(report, self._send(report)))

    def _spawn(self, body: Callable[[], None]) -> None:
        place = self._desk.printer.place
        self._kernel.spawn(body, name=f"event report to {self._desk.client}", place=place)

    def _send(self, report: Report) -> Event | None:
        """Send a report; return what happens when its response comes."""
        context = self._desk.context_for(report.sop_class)
        if self._over or context is None or context.context_id is None or not self._desk.assoc.is_established:
            self._log("event-not-sent", report, reason="the client has left")
            return None
        self._last = self._last % _IDS + 1
        message = N_EVENT_REPORT()
        message.MessageID = self._last
        message.AffectedSOPClassUID = UID(report.sop_class)
        message.AffectedSOPInstanceUID = UID(report.uid)
        message.EventTypeID = report.event_type
        if report.information:
            syntax = context.transfer_syntax[0]
            encoded = encode(report.information, syntax.is_implicit_VR, syntax.is_little_endian)
            message.EventInformation = BytesIO(encoded or b"")
        answered = self._kernel.env.event()
        if not self._pending:
            self._desk.assoc.bind(evt.EVT_DIMSE_RECV, self._received)
        self._pending[self._last] = answered
        self._desk.assoc.dimse.send_msg(message, context.context_id)
        return answered

    def _finish(self, report: Report, answered: Event | None) -> None:
        """Wait for the response for as long as the DIMSE timeout lasts; then go on with the next report."""
        if answered is not None:
            timeout = self._desk.personality.dimse_timeout
            if not self._kernel.wait(answered, "the response to an event report", timeout):
                self._unanswered(report)
        self._busy = False
        self._go_on()

    def _unanswered(self, report: Report) -> None:
        """The client does not answer: its association ends, or not; its print job goes on in either case."""
        link = link_of(self._desk.assoc)
        link.log("DIMSE-timeout")
        seconds = self._desk.personality.dimse_timeout / SECOND
        self._log("event-unanswered", report, reason=f"no response within {seconds:g} s")
        self._pending.clear()
        self._unbind()
        if self._desk.personality.events.no_answer == "abort" and self._desk.assoc.is_established:
            link.abort()

    def _log(self, event: str, report: Report, reason: str) -> None:
        self._desk.printer.place.log(event, info=report.what, reason=reason, **{"with": self._desk.client})
