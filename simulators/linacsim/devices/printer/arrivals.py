"""Messages as they arrive, before pynetdicom looks at them: some it would answer with an abort, others never.

A message about a SOP class that is none of print management would end the association; one without a mandatory element would
never be answered. The standard has a status for each (PS3.7 C.5.7, C.5.19).
"""

from __future__ import annotations

from collections import deque
from typing import Any

from pydicom.uid import UID
from pynetdicom.dimse_primitives import N_ACTION, N_CREATE, N_DELETE, N_GET, N_SET

from linacsim.devices.printclasses import META_NAMES, NAMES, RETIRED, Printer
from linacsim.devices.printer.desk import Desk
from linacsim.devices.printer.statuses import MISTYPED_ARGUMENT

_NEEDED = {
    "N_CREATE_RQ": ("AffectedSOPClassUID",),
    "N_SET_RQ": ("RequestedSOPClassUID", "RequestedSOPInstanceUID"),
    "N_GET_RQ": ("RequestedSOPClassUID", "RequestedSOPInstanceUID"),
    "N_ACTION_RQ": ("RequestedSOPClassUID", "RequestedSOPInstanceUID", "ActionTypeID"),
    "N_DELETE_RQ": ("RequestedSOPClassUID", "RequestedSOPInstanceUID"),
}
"""The mandatory elements of the requests, beside the Message ID (PS3.7 10.3)."""
_PRIMITIVES = {
    "N_CREATE_RQ": N_CREATE, "N_SET_RQ": N_SET, "N_GET_RQ": N_GET, "N_ACTION_RQ": N_ACTION, "N_DELETE_RQ": N_DELETE,
}  # fmt: skip
_EMPTY = (None, "")


class Arrivals:
    """The requests of one client that have arrived and have not been served yet.

    Parameters
    ----------
    desk : Desk
        Where the client is served.
    """

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._queue: deque[tuple[int, bool, str]] = deque()

    def received(self, message: Any) -> None:
        """Take notice of a message that has just arrived."""
        name = type(message).__name__
        if name not in _NEEDED:
            return
        command = message.command_set
        number = command.get("MessageID")
        if number in _EMPTY:
            return
        if any(command.get(keyword) in _EMPTY for keyword in _NEEDED[name]):
            self._refuse(name, message, int(number))
            return
        keyword = _NEEDED[name][0]
        true = str(command.get(keyword))
        if true not in NAMES and true not in META_NAMES and true not in RETIRED:
            # the request is led to print management, which refuses it by its true class
            setattr(command, keyword, UID(Printer))
        else:
            true = ""
        duplicate = any(other == number for other, _, _ in self._queue)
        self._queue.append((int(number), duplicate, true))

    def served(self) -> tuple[bool, str]:
        """Return, of the oldest request, whether its Message ID was in use when it came, and its class if it is none of ours.

        The Message ID stays in use until `answered`.
        """
        if not self._queue:
            return False, ""
        _, duplicate, true = self._queue[0]
        return duplicate, true

    def answered(self) -> None:
        """The oldest request is being answered: its Message ID is free again."""
        if self._queue:
            self._queue.popleft()

    def _refuse(self, name: str, message: Any, number: int) -> None:
        """Answer a request that pynetdicom would pass over in silence."""
        response: Any = _PRIMITIVES[name]()
        response.MessageIDBeingRespondedTo = number
        response.Status = MISTYPED_ARGUMENT
        response.ErrorComment = "a mandatory element of the command is missing"
        for keyword in _NEEDED[name][:1]:
            value = message.command_set.get(keyword)
            if value not in _EMPTY:
                response.AffectedSOPClassUID = UID(str(value))
        self._desk.assoc.dimse.send_msg(response, message.context_id)
