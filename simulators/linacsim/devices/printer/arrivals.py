"""Requests as they are served: those that pynetdicom would answer with an abort, or never, have a status, too.

A message about a SOP class that is none of print management would end the association; one without a mandatory element would
never be answered (PS3.7 C.5.7, C.5.19).
"""

from __future__ import annotations

from typing import Any

from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_ACTION, N_CREATE, N_DELETE, N_GET, N_SET

from linacsim.devices.printclasses import META_NAMES, NAMES, RETIRED
from linacsim.devices.printer.statuses import (
    DUPLICATE_INVOCATION,
    MISTYPED_ARGUMENT,
    NO_SUCH_SOP_CLASS,
    RefusedError,
)

OPERATIONS = {N_CREATE: "N-CREATE", N_SET: "N-SET", N_GET: "N-GET", N_ACTION: "N-ACTION", N_DELETE: "N-DELETE"}
"""The requests of print management."""
_EMPTY = (None, "")
_OURS = frozenset((*NAMES, *META_NAMES, *RETIRED))


class Arrivals:
    """The requests of one client: which of them came while their Message ID was in use."""

    def __init__(self, assoc: Association) -> None:
        self._assoc = assoc
        self._duplicates: list[Any] = []

    def look(self, request: Any) -> None:
        """Take down which requests have come by now with the Message ID of the one that is being served."""
        for _, other in self._assoc.dimse.msg_queue.queue:
            if type(other) in OPERATIONS and other.MessageID == request.MessageID and other not in self._duplicates:
                self._duplicates.append(other)

    def check(self, request: Any) -> None:
        """Refuse a request for its command set alone.

        Raises
        ------
        RefusedError
            0210, 0212 or 0118.
        """
        if request in self._duplicates:
            self._duplicates.remove(request)
            raise RefusedError(DUPLICATE_INVOCATION, "the Message ID is in use")
        if any(getattr(request, keyword) in _EMPTY for keyword in request.REQUEST_KEYWORDS):
            raise RefusedError(MISTYPED_ARGUMENT, "a mandatory element of the command is missing")
        sop_class = request.AffectedSOPClassUID if type(request) is N_CREATE else request.RequestedSOPClassUID
        if sop_class not in _OURS:
            raise RefusedError(NO_SUCH_SOP_CLASS, "not a SOP class of print management")
