"""What an archive commits to (PS3.4 J.3.3): an object that is in the index, and whose file is there and whole."""

from __future__ import annotations

from typing import Protocol

from linacsim.devices.archive.commitment import Transaction
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.index import Index, Kept
from linacsim.devices.archive.store import Store
from linacsim.devices.commitment import (
    CLASS_INSTANCE_CONFLICT,
    CLASS_NOT_SUPPORTED,
    DUPLICATE_TRANSACTION,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    RESOURCE_LIMITATION,
    Reference,
    Result,
)
from linacsim.devices.sopclasses import STORAGE
from linacsim.devices.storage.hardware import Disk

_STORAGE = frozenset(map(str, STORAGE))


class Holdings(Protocol):
    """What judging needs of the archive."""

    database: Database
    disk: Disk
    index: Index
    files: Store


def judge(holdings: Holdings, transaction: Transaction) -> Result:
    """Return the result of a transaction; takes the time of a query of the database (blocks the calling task)."""
    try:
        holdings.database.ask()
        if transaction.duplicate:
            return _all_failed(transaction, DUPLICATE_TRANSACTION)
        reasons = [(one, _reason(holdings, one)) for one in transaction.references]
    except DatabaseDownError:
        return _all_failed(transaction, PROCESSING_FAILURE)
    return Result(
        transaction.uid,
        tuple(one for one, reason in reasons if reason is None),
        tuple((one, reason) for one, reason in reasons if reason is not None),
    )


def _all_failed(transaction: Transaction, reason: int) -> Result:
    return Result(transaction.uid, (), tuple((one, reason) for one in transaction.references))


def _reason(holdings: Holdings, reference: Reference) -> int | None:
    """Return the Failure Reason of an object (PS3.3 C.14.1.1); ``None`` if there is none."""
    if reference.sop_class not in _STORAGE:
        return CLASS_NOT_SUPPORTED
    kept = holdings.index.instance(reference.sop_instance)
    if kept is None:
        # what could not be stored for want of room may come as soon as there is some
        return RESOURCE_LIMITATION if holdings.disk.blocked else NO_SUCH_INSTANCE
    if kept.sop_class != reference.sop_class:
        return CLASS_INSTANCE_CONFLICT
    return _reason_of_file(holdings.files, kept)


def _reason_of_file(files: Store, kept: Kept) -> int | None:
    try:
        _, length = files.head(kept.where.removeprefix(files.base), 0)
    except (LookupError, OSError):
        return NO_SUCH_INSTANCE
    return None if length == kept.start + kept.size else PROCESSING_FAILURE
