"""What a careful client notices about the responses to its requests: numbers that do not add up, responses that nobody asked for.

A peer that breaks the rules is not believed in silence, and does not keep its client waiting: what is wrong is told in words.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from pynetdicom import evt
from pynetdicom.association import Association

from linacsim.conformance.statuses import Category, category_of

_RESPONSES = {0x8010: "C-GET", 0x8020: "C-FIND", 0x8021: "C-MOVE"}
"""Operations by the Command Field (0000,0100) of their responses (PS3.7 E.1)."""


class Counters(NamedTuple):
    """The sub-operations of a C-MOVE or C-GET as a response tells them; ``None`` is a counter that it does not have.

    Attributes
    ----------
    remaining, completed, failed, warning : int or None
        Numbers of sub-operations (PS3.7 9.1.4.1); Remaining belongs into a final response after a C-CANCEL only.
    failed_instances : tuple of str
        Failed SOP Instance UID List (0008,0058).
    """

    remaining: int | None
    completed: int | None
    failed: int | None
    warning: int | None
    failed_instances: tuple[str, ...] = ()


class Complaints:
    """What has been noticed about the responses to one request, in words; each thing once.

    It goes on listening until the association ends, as some of it comes after the final response.

    Parameters
    ----------
    assoc : Association
        Where the responses come.
    message_id : int
        Message ID of the request.
    """

    def __init__(self, assoc: Association, message_id: int) -> None:
        self._message_id = message_id
        self._ended = False
        self.texts: list[str] = []
        assoc.bind(evt.EVT_DIMSE_RECV, self._received)

    def add(self, text: str) -> None:
        """Take a complaint."""
        if text not in self.texts:
            self.texts.append(text)

    def __str__(self) -> str:
        return "; ".join(self.texts)

    def _received(self, event: evt.Event) -> None:
        command: Any = event.message.command_set
        service = _RESPONSES.get(command.get("CommandField"))
        if service is None:
            return
        answered, status = command.get("MessageIDBeingRespondedTo"), command.get("Status")
        if answered != self._message_id:
            self.add(f"a {service} response to message {answered}, while {self._message_id} waits for one")
        elif self._ended:
            self.add(f"another {service} response (0x{int(status or 0):04X}) after the final one")
        elif status is not None and category_of(int(status)) is not Category.PENDING:
            self._ended = True


class Ledger:
    """The sub-operations of one C-MOVE or C-GET, response for response (PS3.4 C.4.2.1.6 to C.4.2.1.9).

    Parameters
    ----------
    complaints : Complaints
        Where it says what does not add up.
    """

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._total: int | None = None
        self._last = (0, 0, 0)

    def enter(self, status: int, counters: Counters) -> None:
        """Compare a response with those before it."""
        category = category_of(status)
        remaining = counters.remaining
        told = tuple(counters[1:4])
        if category is Category.PENDING:
            if remaining is None:
                self._complaints.add("Pending without Number of Remaining Sub-operations")
            if None in told:
                self._complaints.add("Pending without counters")
        elif remaining is not None and category is not Category.CANCEL:
            self._complaints.add(f"Number of Remaining Sub-operations in a final response (0x{status:04X})")
        done = (counters.completed or 0, counters.failed or 0, counters.warning or 0)
        if None not in told:
            self._compare(category, remaining, done)
        self._conclude(status, category, done)

    def _compare(self, category: Category, remaining: int | None, done: tuple[int, int, int]) -> None:
        names = ("completed", "failed", "warning")
        for name, before, now in zip(names, self._last, done, strict=True):
            if now < before:
                self._complaints.add(f"the number of {name} sub-operations falls from {before} to {now}")
        if self._last == done != (0, 0, 0) and category is Category.PENDING:
            self._complaints.add("the counters do not move")
        self._last = done
        if category is Category.PENDING and remaining is None:
            return
        total = sum(done) + (remaining or 0)
        if self._total is None:
            self._total = total
        elif total != self._total and (category in (Category.PENDING, Category.SUCCESS, Category.WARNING)):
            self._complaints.add(f"the counters add up to {total}, to {self._total} before")

    def _conclude(self, status: int, category: Category, done: tuple[int, int, int]) -> None:
        completed, failed, _warning = done
        if category is Category.SUCCESS and failed:
            self._complaints.add(f"Success though {failed} sub-operations have failed")
        if category is Category.WARNING and failed and failed == sum(done):
            self._complaints.add(f"0x{status:04X} though all {failed} sub-operations have failed")
        if category is Category.FAILURE and completed and status >> 8 == 0xA7:
            self._complaints.add(f"0x{status:04X} though {completed} sub-operations have been completed")
