"""The C-STORE sub-operations of a C-MOVE or C-GET: their counters and their responses (PS3.7 9.1.3, 9.1.4)."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dsutils import encode
from pynetdicom.status import code_to_category

from linacsim.devices.entity import error_comment
from linacsim.kernel.border.links import link_of

SUCCESS = 0x0000
UNABLE_TO_COUNT = 0xA701
UNABLE_TO_PERFORM = 0xA702
DESTINATION_UNKNOWN = 0xA801
IDENTIFIER_MISMATCH = 0xA900
SOME_FAILED = 0xB000
UNABLE_TO_PROCESS = 0xC001
CANCELLED = 0xFE00
PENDING = 0xFF00

MOST = 0xFFFF
"""Sub-operations that the counters can tell (VR US)."""


def is_open(assoc: Association) -> bool:
    """Whether messages can be sent on `assoc`: no release and no abort has come, not even one that has not been seen to."""
    return assoc.is_established and assoc.dul.peek_next_pdu() is None


@dataclass(slots=True)
class Suboperations:
    """What has become of the sub-operations so far; the four numbers always add up to `total`.

    Attributes
    ----------
    total : int
        How many there are.
    completed, failed, warning : int
        How many have ended how.
    failed_instances : list of str
        Failed SOP Instance UID List (0008,0058).
    """

    total: int
    completed: int = 0
    failed: int = 0
    warning: int = 0
    failed_instances: list[str] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        """How many have not been tried yet."""
        return self.total - self.completed - self.failed - self.warning

    def count(self, sop_instance: str, status: int | None) -> None:
        """Count one that has ended with `status`; ``None`` is one that has not been answered, or could not be sent."""
        category = "" if status is None else code_to_category(status)
        if category == "Success":
            self.completed += 1
        elif category == "Warning":
            self.warning += 1
        else:
            self.failed += 1
            self.failed_instances.append(sop_instance)

    @property
    def status(self) -> int:
        """The final status (PS3.4 C.4.2.3.1): Success, Warning if some failed, Failure if all did."""
        if self.total and self.failed == self.total:
            return UNABLE_TO_PERFORM
        return SOME_FAILED if self.failed or self.warning else SUCCESS


class Conversation:
    """The responses to a C-MOVE or C-GET request.

    pynetdicom's own service class opens the sub-association before it looks at the identifier, answers A801 for a
    destination that is not reached, and leaves Remaining in final responses; so the archive responds itself, and what
    pynetdicom says afterwards is kept off the wire by `hush`.
    """

    def __init__(self, event: evt.Event) -> None:
        self._event = event
        self.assoc: Association = event.assoc
        self.request: Any = event.request
        self.syntax = UID(event.context.transfer_syntax)
        self._context_id: int = event.context.context_id or 0

    @property
    def cancelled(self) -> bool:
        """Whether a C-CANCEL for this request has come since this was asked last."""
        return bool(self._event.is_cancelled)

    @property
    def over(self) -> bool:
        """Whether nobody waits for responses any more: the association has ended, or is about to."""
        return not is_open(self.assoc)

    def pending(self, done: Suboperations) -> None:
        """Tell how far it has come; there is no identifier (PS3.4 C.4.2.1.4.2)."""
        self._send(PENDING, done)

    def end(self, done: Suboperations, comment: str = "") -> None:
        """Send the final response that `done` leads to."""
        self._send(done.status, done, comment)

    def end_cancelled(self, done: Suboperations) -> None:
        """Send the final response after a C-CANCEL, with what has not been tried as Remaining."""
        self._send(CANCELLED, done)

    def refuse(self, status: int, comment: str, offending: int | None = None) -> None:
        """Send a final response without counters: nothing has been counted."""
        self._send(status, None, comment, offending)

    def _send(self, status: int, done: Suboperations | None, comment: str = "", offending: int | None = None) -> None:
        response = type(self.request)()
        response.MessageIDBeingRespondedTo = self.request.MessageID
        response.AffectedSOPClassUID = self.request.AffectedSOPClassUID
        response.Status = status
        if comment:
            response.ErrorComment = error_comment(comment)
        if offending is not None:
            response.OffendingElement = [offending]
        if done is not None:
            self._tell(response, status, done)
        self.assoc.dimse.send_msg(response, self._context_id)

    def _tell(self, response: Any, status: int, done: Suboperations) -> None:
        if status in (PENDING, CANCELLED):
            response.NumberOfRemainingSuboperations = done.remaining
        response.NumberOfCompletedSuboperations = done.completed
        response.NumberOfFailedSuboperations = done.failed
        response.NumberOfWarningSuboperations = done.warning
        if status not in (PENDING, SUCCESS):
            response.Identifier = BytesIO(self._failed_list(done.failed_instances))

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
