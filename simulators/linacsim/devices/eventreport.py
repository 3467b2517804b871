"""N-EVENT-REPORT over an association of either side (PS3.7 10.1.1), while requests of the other side go on being served.

pynetdicom's `send_n_event_report` takes the next message of the peer for the response: a request that crosses it ends the
association. Here the response is known by the Message ID that it responds to. An association has one operation window in each
direction unless more is negotiated (PS3.7 D.3.3.3), so reports on the same one wait for each other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any
from weakref import WeakKeyDictionary

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext
from simpy import Resource
from simpy.events import Event

from linacsim.kernel.border.links import link_of
from linacsim.kernel.core import Kernel

_RESPONSE = "N_EVENT_REPORT_RSP"
_IDS = 0xFFFF
_ENDS = (evt.EVT_RELEASED, evt.EVT_ABORTED, evt.EVT_CONN_CLOSE)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventReport:
    """A happening to tell.

    Attributes
    ----------
    sop_class, uid : str
        Affected SOP Class and Instance UID.
    event_type : int
        Event Type ID.
    information : Dataset
        Event Information.
    """

    sop_class: str
    uid: str
    event_type: int
    information: Dataset


@dataclass(slots=True)
class _Line:
    """What is under way on one association."""

    turn: Resource
    watched: bool = False
    last: int = 0
    pending: dict[int, Event] = field(default_factory=dict)
    over: bool = False


class EventReports:
    """Sends reports, one at a time on each association.

    Parameters
    ----------
    kernel : Kernel
        On whose time responses are waited for.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._lines: WeakKeyDictionary[Association, _Line] = WeakKeyDictionary()

    def send(self, assoc: Association, report: EventReport, timeout: int) -> int | None:
        """Send a report and wait for its response (blocks the calling task).

        Parameters
        ----------
        assoc : Association
            An association, accepted or requested, that has negotiated the report's SOP class.
        report : EventReport
            What is told.
        timeout : int
            How long to wait for the response, in microseconds.

        Returns
        -------
        int or None
            The response's status; ``None`` if none has come: the association has ended meanwhile, or the time is over.
        """
        line = self._line(assoc)
        with line.turn.request() as turn:
            self._kernel.wait(turn, "the report before this one to be answered")
            context = context_of(assoc, report.sop_class)
            if line.over or context is None or not is_open(assoc):
                return None
            answered = self._sent(assoc, line, report, context)
            if not self._kernel.wait(answered, "the response to an event report", timeout):
                link_of(assoc).log("DIMSE-timeout")
                return None
            status: int | None = answered.value
            return status

    @contextmanager
    def held_back(self, assoc: Association) -> Iterator[None]:
        """Send no report on `assoc` meanwhile; one that is under way is waited for.

        For work that sends requests of its own on the association, as a C-GET does: it takes whatever comes next for the
        response.
        """
        line = self._line(assoc)
        turn = line.turn.request()
        try:
            self._kernel.wait(turn, "a report to be answered")
            _drop_responses(assoc)
            yield
        finally:
            # simpy's own `with` keeps the turn when a generator is dropped, and pynetdicom drops those of handlers
            line.turn.release(turn)

    def _line(self, assoc: Association) -> _Line:
        if assoc not in self._lines:
            self._lines[assoc] = _Line(Resource(self._kernel.env))
        return self._lines[assoc]

    def _watch(self, assoc: Association, line: _Line) -> None:
        """Look out for the responses on an association, and for its end."""
        line.watched = True

        def received(event: evt.Event) -> None:
            if type(event.message).__name__ != _RESPONSE:
                return
            command: Any = event.message.command_set
            answered = line.pending.pop(int(command.get("MessageIDBeingRespondedTo") or 0), None)
            if answered is not None:
                answered.succeed(int(command.get("Status") or 0))

        def ended(_event: evt.Event) -> None:
            line.over = True
            while line.pending:
                line.pending.popitem()[1].succeed(None)

        assoc.bind(evt.EVT_DIMSE_RECV, received)
        for end in _ENDS:
            assoc.bind(end, ended)

    def _sent(self, assoc: Association, line: _Line, report: EventReport, context: PresentationContext) -> Event:
        """Send the request; return what happens when its response comes."""
        if not line.watched:
            self._watch(assoc, line)
        line.last = line.last % _IDS + 1
        message = N_EVENT_REPORT()
        message.MessageID = line.last
        message.AffectedSOPClassUID = UID(report.sop_class)
        message.AffectedSOPInstanceUID = UID(report.uid)
        message.EventTypeID = report.event_type
        syntax = context.transfer_syntax[0]
        encoded = encode(report.information, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
        message.EventInformation = BytesIO(encoded or b"")
        answered = line.pending[line.last] = self._kernel.env.event()
        assoc.dimse.send_msg(message, context.context_id or 0)
        return answered


def _drop_responses(assoc: Association) -> None:
    """Take responses to reports out of the queue of messages: they have been seen to."""
    while True:
        _context, message = assoc.dimse.peek_msg()
        if not isinstance(message, N_EVENT_REPORT) or message.MessageIDBeingRespondedTo is None:
            return
        assoc.dimse.get_msg(block=False)


def context_of(assoc: Association, sop_class: str) -> PresentationContext | None:
    """Return the accepted presentation context of a SOP class, if there is one."""
    return next((one for one in assoc.accepted_contexts if one.abstract_syntax == sop_class), None)


def is_open(assoc: Association) -> bool:
    """Whether messages can be sent on `assoc`: no release and no abort has come, not even one that has not been seen to."""
    return assoc.is_established and assoc.dul.peek_next_pdu() is None
