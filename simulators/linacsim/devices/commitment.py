"""Storage Commitment Push Model (PS3.4 Annex J): what its messages hold, for whoever commits and whoever asks for it."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.uid import UID

from linacsim.devices.uids import is_uid

StorageCommitmentPushModel = UID("1.2.840.10008.1.20.1")
StorageCommitmentPushModelInstance = UID("1.2.840.10008.1.20.1.1")
"""The well-known instance that every request and every report is about (PS3.4 J.3.5)."""

REQUEST = 1
"""Action Type ID of Request Storage Commitment (PS3.4 J.3.2)."""
SUCCESSFUL, FAILURES_EXIST = 1, 2
"""Event Type IDs: everything is committed; something is not (PS3.4 J.3.3)."""

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
NO_SUCH_INSTANCE = 0x0112
NO_SUCH_EVENT_TYPE = 0x0113
INVALID_ARGUMENT = 0x0115
CLASS_INSTANCE_CONFLICT = 0x0119
CLASS_NOT_SUPPORTED = 0x0122
NO_SUCH_ACTION = 0x0123
DUPLICATE_TRANSACTION = 0x0131
UNRECOGNISED_OPERATION = 0x0211
RESOURCE_LIMITATION = 0x0213

REASONS = {
    PROCESSING_FAILURE: "processing failure",
    NO_SUCH_INSTANCE: "no such object instance",
    RESOURCE_LIMITATION: "resource limitation",
    CLASS_NOT_SUPPORTED: "referenced SOP class not supported",
    CLASS_INSTANCE_CONFLICT: "class / instance conflict",
    DUPLICATE_TRANSACTION: "duplicate transaction UID",
}
"""Failure Reason (0008,1197) in words (PS3.3 C.14.1.1)."""


class BadInformationError(ValueError):
    """The data set of a request or of a report lacks what it has to hold; the text says what."""


class Reference(NamedTuple):
    """An instance, as a request names it.

    Attributes
    ----------
    sop_class, sop_instance : str
        Referenced SOP Class UID and Referenced SOP Instance UID.
    """

    sop_class: str
    sop_instance: str


@dataclass(frozen=True, slots=True)
class Result:
    """What has become of a request.

    Attributes
    ----------
    transaction : str
        Transaction UID (0008,1195).
    committed : tuple of Reference
        What is committed.
    failed : tuple of (Reference, int)
        What is not, each with its Failure Reason.
    """

    transaction: str
    committed: tuple[Reference, ...] = ()
    failed: tuple[tuple[Reference, int], ...] = ()

    @property
    def event_type(self) -> int:
        """The Event Type ID that tells it."""
        return FAILURES_EXIST if self.failed else SUCCESSFUL


def reason_in_words(reason: int) -> str:
    """Return a Failure Reason as a person is told."""
    return f"{REASONS.get(reason, 'unknown reason')} (0x{reason:04X})"


def request_information(transaction: str, references: Iterable[Reference]) -> Dataset:
    """Return the Action Information of a request (PS3.4 J.3.2.1.1); an empty Transaction UID is left out."""
    ds = _about(transaction)
    ds.ReferencedSOPSequence = [_item(one) for one in references]
    return ds


def result_information(result: Result, retrieve_ae_title: str = "") -> Dataset:
    """Return the Event Information of a report (PS3.4 J.3.3.1.1).

    Parameters
    ----------
    result : Result
        What is told; a sequence without items is left out.
    retrieve_ae_title : str
        Retrieve AE Title (0008,0054), for all of the instances; left out if empty, or if none is committed.
    """
    ds = _about(result.transaction)
    if result.committed:
        if retrieve_ae_title:
            ds.RetrieveAETitle = retrieve_ae_title
        ds.ReferencedSOPSequence = [_item(one) for one in result.committed]
    if result.failed:
        ds.FailedSOPSequence = [_item(one, reason) for one, reason in result.failed]
    return ds


def _about(transaction: str) -> Dataset:
    ds = Dataset()
    with warnings.catch_warnings():
        # UIDs go back as they came
        warnings.simplefilter("ignore")
        if transaction:
            ds.TransactionUID = transaction
    return ds


def _item(reference: Reference, reason: int | None = None) -> Dataset:
    item = Dataset()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        item.ReferencedSOPClassUID = reference.sop_class
        item.ReferencedSOPInstanceUID = reference.sop_instance
    if reason is not None:
        item.FailureReason = reason
    return item


def read_request(information: Dataset) -> tuple[str, list[Reference]]:
    """Return Transaction UID and references of an Action Information.

    Raises
    ------
    BadInformationError
        If the Transaction UID is missing or no UID, or nothing is referenced, or a reference lacks a UID.
    """
    transaction = _transaction(information)
    references = [reference for reference, _ in _references(information, "ReferencedSOPSequence")]
    if not references:
        raise BadInformationError("Referenced SOP Sequence is missing or empty")
    return transaction, references


def read_result(information: Dataset) -> Result:
    """Return what an Event Information tells.

    Raises
    ------
    BadInformationError
        If the Transaction UID is missing or no UID, nothing is told, or a reference lacks a UID.
    """
    transaction = _transaction(information)
    committed = tuple(one for one, _ in _references(information, "ReferencedSOPSequence"))
    failed = tuple(
        (one, int(item.get("FailureReason") or 0)) for one, item in _references(information, "FailedSOPSequence")
    )
    if not (committed or failed):
        raise BadInformationError("Referenced SOP Sequence and Failed SOP Sequence are missing")
    return Result(transaction, committed, failed)


def _transaction(information: Dataset) -> str:
    transaction = str(information.get("TransactionUID") or "")
    if not is_uid(transaction):
        raise BadInformationError("Transaction UID is no UID" if transaction else "Transaction UID is missing")
    return transaction


def _references(information: Dataset, keyword: str) -> Iterator[tuple[Reference, Dataset]]:
    items: Sequence[Dataset] = information.get(keyword) or ()
    for ordinal, item in enumerate(items, 1):
        found = Reference(str(item.get("ReferencedSOPClassUID") or ""), str(item.get("ReferencedSOPInstanceUID") or ""))
        if not (is_uid(found.sop_class) and is_uid(found.sop_instance)):
            raise BadInformationError(f"item {ordinal}: SOP Class or Instance UID is missing or no UID")
        yield found, item
