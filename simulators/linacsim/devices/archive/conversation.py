"""The responses to one C-MOVE or C-GET request (PS3.7 9.1.3, 9.1.4), right by default and wrong as the quirks say."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dsutils import encode

from linacsim.devices.archive.misbehaviour import Quirks
from linacsim.devices.archive.suboperations import (
    CANCELLED,
    DUPLICATE_INVOCATION,
    PENDING,
    SOME_FAILED,
    SUCCESS,
    UNABLE_TO_PERFORM,
    Suboperations,
)
from linacsim.devices.entity import error_comment
from linacsim.kernel.border.links import link_of

NO_QUIRKS = Quirks()
Counters = tuple[int, int, int, int]
"""Remaining, Completed, Failed, Warning."""


def is_open(assoc: Association) -> bool:
    """Whether messages can be sent on `assoc`: no release and no abort has come, not even one that has not been seen to."""
    return assoc.is_established and assoc.dul.peek_next_pdu() is None


class Conversation:
    """The responses to a C-MOVE or C-GET request.

    pynetdicom's own service class opens the sub-association before it looks at the identifier, answers A801 for a
    destination that is not reached, and leaves Remaining in final responses; so the archive responds itself, and what
    pynetdicom says afterwards is kept off the wire by `hush`.

    Parameters
    ----------
    event : evt.Event
        The request.
    quirks : Quirks
        How the responses differ from the standard.
    """

    def __init__(self, event: evt.Event, quirks: Quirks = NO_QUIRKS) -> None:
        self._event = event
        self.quirks = quirks
        self.assoc: Association = event.assoc
        self.request: Any = event.request
        self.syntax = UID(event.context.transfer_syntax)
        self._context_id: int = event.context.context_id or 0
        self._cancelled = False
        self._first: Counters | None = None
        self._pending: Any = None

    @property
    def cancelled(self) -> bool:
        """Whether a C-CANCEL for this request has come."""
        self._cancelled = self._cancelled or bool(self._event.is_cancelled)
        return self._cancelled and not self.quirks.ignores_cancel

    @property
    def over(self) -> bool:
        """Whether nobody waits for responses any more: the association has ended, or is about to."""
        return not is_open(self.assoc)

    def still_wanted(self) -> bool:
        """Whether the work on the request makes sense: nobody has cancelled, and somebody still waits."""
        return not (self.cancelled or self.over)

    def together(self) -> AbstractContextManager[None]:
        """Let out what is sent in the block in one piece, or as far as it has come when somebody waits in it."""
        link = link_of(self.assoc)
        return link.passage.together() if link.place.interceptor is None else nullcontext()

    def flush(self) -> None:
        """Let out what has been held back."""
        link_of(self.assoc).passage.flush()

    def pending(self, done: Suboperations) -> None:
        """Tell how far it has come; there is no identifier (PS3.4 C.4.2.1.4.2)."""
        self.refuse_duplicates()
        if self.quirks.pending == "none":
            return
        # one for all of them: making it anew takes longer than sending it
        response = self._pending = self._counted(PENDING, done, response=self._pending)
        self._send(response)
        if self.quirks.repeats == "pending":
            self._send(response)

    def end(self, done: Suboperations, comment: str = "") -> None:
        """Send the final response that `done` leads to."""
        self._end(self._counted(self._status_of(done), done, comment))

    def end_cancelled(self, done: Suboperations) -> None:
        """Send the final response after a C-CANCEL, with what has not been tried as Remaining."""
        self._end(self._counted(CANCELLED, done))

    def refuse(self, status: int, comment: str, offending: int | None = None) -> None:
        """Send a final response without counters: nothing has been counted."""
        response = self._response(status, comment)
        if offending is not None:
            response.OffendingElement = [offending]
        self._end(response)

    def refuse_duplicates(self) -> None:
        """Answer requests that have come with the Message ID of this one, which is not free yet (PS3.7 C.5.4)."""
        while True:
            context_id, other = self.assoc.dimse.peek_msg()
            if other is None or context_id is None or other.MessageIDBeingRespondedTo is not None:
                return
            if other.MessageID != self.request.MessageID:
                return
            self.assoc.dimse.get_msg()
            response: Any = type(other)()
            response.MessageIDBeingRespondedTo = other.MessageID
            response.AffectedSOPClassUID = getattr(other, "AffectedSOPClassUID", None)
            response.Status = DUPLICATE_INVOCATION
            response.ErrorComment = "the Message ID is in use"
            self.assoc.dimse.send_msg(response, context_id)

    def _status_of(self, done: Suboperations) -> int:
        status = done.status
        if status in (UNABLE_TO_PERFORM, SOME_FAILED) and self.quirks.failures_as == "success":
            return SUCCESS
        return SOME_FAILED if status == UNABLE_TO_PERFORM and self.quirks.failures_as == "warning" else status

    def _end(self, response: Any) -> None:
        self.refuse_duplicates()
        self._send(response)
        if self.quirks.repeats == "final":
            self._send(response)
        if self.quirks.after_final != "nothing":
            more = self._response(PENDING if self.quirks.after_final == "pending" else UNABLE_TO_PERFORM)
            self._send(more)

    def _response(self, status: int, comment: str = "") -> Any:
        response = type(self.request)()
        wrong = self.quirks.message_id == "wrong"
        response.MessageIDBeingRespondedTo = (self.request.MessageID + 1) % 0x10000 if wrong else self.request.MessageID
        response.AffectedSOPClassUID = self.request.AffectedSOPClassUID
        response.Status = status
        if comment:
            response.ErrorComment = error_comment(comment)
        return response

    def _send(self, response: Any) -> None:
        self.assoc.dimse.send_msg(response, self._context_id)

    def _counted(self, status: int, done: Suboperations, comment: str = "", response: Any = None) -> Any:
        """Return a response with counters; the one that is given, if there is one."""
        quirks = self.quirks
        if response is None:
            response = self._response(quirks.cancelled_as if status == CANCELLED else status, comment)
        if quirks.counters != "absent":
            remaining, completed, failed, warning = self._numbers(done)
            may = status in (PENDING, CANCELLED) or quirks.remaining == "in-final"
            if may and quirks.remaining != "absent":
                response.NumberOfRemainingSuboperations = remaining
            response.NumberOfCompletedSuboperations = completed
            response.NumberOfFailedSuboperations = failed
            response.NumberOfWarningSuboperations = warning
        if status not in (PENDING, SUCCESS) and quirks.failed_list == "exact":
            response.Identifier = BytesIO(self._failed_list(done.failed_instances))
        return response

    def _numbers(self, done: Suboperations) -> Counters:
        """Return the counters as the quirks tell them."""
        completed, failed = done.completed, done.failed
        if self.quirks.failures_as == "success":
            completed, failed = completed + failed, 0
        right = (done.remaining, completed, failed, done.warning)
        self._first = self._first or right
        match self.quirks.counters:
            case "zero":
                return 0, 0, 0, 0
            case "stuck":
                return self._first
            case "ahead":
                return done.remaining, completed + 1, failed, done.warning
            case _:
                return right

    def _failed_list(self, uids: list[str]) -> bytes:
        identifier = Dataset()
        identifier.FailedSOPInstanceUIDList = uids
        with warnings.catch_warnings():
            # more than 64 KiB of UIDs are written as UN (PS3.5 6.2.2), and pydicom says so
            warnings.simplefilter("ignore")
            encoded = encode(
                identifier, self.syntax.is_implicit_VR, self.syntax.is_little_endian, self.syntax.is_deflated
            )
        return encoded or b""


def hush(assoc: Association, *protocol: object) -> Iterator[Any]:
    """Yield what pynetdicom wants of a handler whose request has been answered already, and keep its answer off the wire.

    pynetdicom sends exactly one response after the last of these values, then drops the generator; that is when the
    association may speak again.

    Parameters
    ----------
    assoc : Association
        The association of the request.
    *protocol
        What is yielded: for a C-MOVE an address that is not called and 0 sub-operations, for a C-GET 0 sub-operations.
    """
    link = link_of(assoc)
    mute = link.mute
    link.mute = True
    try:
        yield from protocol
    finally:
        link.mute = mute
