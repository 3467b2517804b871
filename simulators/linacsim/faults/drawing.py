"""What a fault has not been given is drawn from the seed when it fires.

A draw belongs to what the fault strikes on - peer, other side, association, message - so that it is the same on both clocks.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TypeVar

from pynetdicom import status as tables
from pynetdicom.sop_class import uid_to_service_class

from linacsim.faults import actions
from linacsim.kernel.identity import Identity

T = TypeVar("T")

_BY_MESSAGE = {
    "C-STORE": tables.STORAGE_SERVICE_CLASS_STATUS,
    "C-FIND": tables.QR_FIND_SERVICE_CLASS_STATUS,
    "C-GET": tables.QR_GET_SERVICE_CLASS_STATUS,
    "C-MOVE": tables.QR_MOVE_SERVICE_CLASS_STATUS,
}
"""The statuses of Query/Retrieve hang on the message, those of storage are all that a C-STORE has."""
_DRAWN = (tables.STATUS_FAILURE, tables.STATUS_WARNING)


class Drawing:
    """Draws for one strike.

    Parameters
    ----------
    identity : Identity
        Of the run.
    *where : object
        What the fault strikes on.
    """

    def __init__(self, identity: Identity, *where: object) -> None:
        self.identity = identity
        self._where = where
        self._told: list[str] = []

    def key(self, name: str) -> tuple[object, ...]:
        """Return what a draw is for."""
        return ("fault", name, *self._where)

    def number(self, name: str, given: int | None, low: int, high: int) -> int:
        """Return what was given, or else a number from `low` to `high`."""
        if given is not None:
            return given
        value = self.identity.between(low, max(low, high), *self.key(name))
        self.tell(name, value)
        return value

    def uid(self, name: str, given: str | None) -> str:
        """Return what was given, or else a UID."""
        if given is not None:
            return given
        value = self.identity.uid(*self.key(name))
        self.tell(name, value)
        return value

    def one_of(self, name: str, known: Sequence[T]) -> T:
        """Return one of several; the caller tells what it is."""
        return known[self.identity.between(0, len(known) - 1, *self.key(name))]

    def tell(self, name: str, value: object) -> None:
        """Remember what has been drawn."""
        self._told.append(f"{name} {value}")

    def told(self) -> str | None:
        """Return what has been drawn since the last time, in words."""
        text, self._told = ", ".join(self._told), []
        return text or None


def rejection(what: actions.Reject, draw: Drawing) -> tuple[int, int, int]:
    """Return result, source and reason of an A-ASSOCIATE-RJ; a reason is one that its source has (PS3.8 9.3.4)."""
    result = draw.number("result", what.result, 1, 2)
    known = [
        (source, reason)
        for source, reason in actions.REJECTIONS
        if what.source in (None, source) and what.reason in (None, reason)
    ]
    source, reason = draw.one_of("reject", known)
    if what.source is None:
        draw.tell("source", source)
    if what.reason is None:
        draw.tell("reason", reason)
    return result, source, reason


def abortion(what: actions.Abort, draw: Drawing) -> tuple[int, int]:
    """Return source and reason of an A-ABORT; the service-user's has none (PS3.8 9.3.8)."""
    if what.source == "service-user" or (what.source is None and what.reason is None and _is_user(draw)):
        if what.source is None:
            draw.tell("source", "service-user")
        return 0, 0
    if what.source is None:
        draw.tell("source", "service-provider")
    if what.reason is not None:
        return 2, what.reason
    reason = draw.one_of("reason", actions.ABORT_REASONS)
    draw.tell("reason", reason)
    return 2, reason


def _is_user(draw: Drawing) -> bool:
    return draw.one_of("source", (True, False))


def status(what: actions.Status, message: str, sop_class: str, draw: Drawing) -> int:
    """Return the status that the final response has.

    Parameters
    ----------
    what : Status
        The fault's parameters.
    message : str
        The message, as ``C-STORE-RSP`` or ``C-STORE-RQ``.
    sop_class : str
        The abstract syntax of its presentation context; empty if nobody knows.
    draw : Drawing
        Draws one of those that the service defines, if none is given.
    """
    if what.code is not None:
        return what.code
    codes = draw.one_of("code", _defined(message.rpartition("-")[0], sop_class))
    code = draw.one_of("code within", codes)
    draw.tell("code", f"{code:04X}")
    return code


@lru_cache(maxsize=256)
def _defined(operation: str, sop_class: str) -> tuple[tuple[int, ...], ...]:
    """Return the failures and warnings of a service; codes that mean the same stand together."""
    table = _BY_MESSAGE.get(operation)
    if table is None:
        named = getattr(uid_to_service_class(sop_class), "statuses", {}) if sop_class else {}
        table = named or tables.GENERAL_STATUS
    meanings: dict[tuple[str, str], list[int]] = {}
    for code, (category, meaning) in sorted(table.items()):
        if category in _DRAWN:
            meanings.setdefault((category, meaning), []).append(code)
    return tuple(tuple(codes) for codes in meanings.values())
