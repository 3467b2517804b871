"""Which row of a table speaks of a status: ``A7xx`` of A700, ``Warning (any)`` of B000, ``*`` of whatever is left."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from linacsim.conformance.model import CommunicationFailure, Entity, Failing, StatusRow

_CODE = re.compile(r"[0-9A-Fa-f]{4}")
_RANGE = re.compile(r"([0-9A-Fa-f]+)(x+)")
_WARNINGS = (0x0001, 0x0107, 0x0116)
"""Warnings outside Bxxx (PS3.7 C)."""


class Category(StrEnum):
    """The class of a status (PS3.7 C.1)."""

    SUCCESS = "success"
    WARNING = "warning"
    FAILURE = "failure"
    CANCEL = "cancel"
    PENDING = "pending"


def category_of(status: int) -> Category:
    """Return the class of a status code (PS3.7 C.1)."""
    if status == 0:
        return Category.SUCCESS
    if status in (0xFF00, 0xFF01):
        return Category.PENDING
    if status == 0xFE00:
        return Category.CANCEL
    return Category.WARNING if status >> 12 == 0xB or status in _WARNINGS else Category.FAILURE


def covers(row: StatusRow, status: int) -> int:
    """Return how exactly a row speaks of a status: 0 not at all, 4 of it alone."""
    text = f"{status:04X}"
    if _CODE.fullmatch(row.status):
        return 4 if row.status.upper() == text else 0
    if found := _RANGE.fullmatch(row.status):
        return 3 if text.startswith(found[1].upper()) else 0
    if row.status == "*":
        return 1
    words = row.status.lower().replace("error", "failure")
    return 2 if category_of(status) in (Category.WARNING, Category.FAILURE) and category_of(status) in words else 0


def row_for(rows: Iterable[StatusRow], service: str, status: int) -> StatusRow | None:
    """Return the row that speaks most exactly of a status of a service; the first of several."""
    of_service = [row for row in rows if row.service == service and covers(row, status)]
    return max(of_service, key=lambda row: covers(row, status), default=None)


def failure_of(entity: Entity, when: Failing) -> CommunicationFailure | None:
    """Return what an entity documents for a failing association."""
    return next((row for row in entity.communication_failures if row.when is when), None)
