"""What a system does with the status of an operation, as its table says, or as ours where that is silent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset

from linacsim.conformance.model import CommunicationFailure, Does, Entity, Failing, StatusRow
from linacsim.conformance.statuses import Category, category_of, failure_of, row_for

GOOD = (Does.CONTINUE, Does.LOG, Does.IGNORE)
"""After these the operation has succeeded."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What has become of one operation.

    Attributes
    ----------
    does : Does
        What the system does now.
    status : int
        The code of the final response.
    cause : str
        The status in DICOM's words, with its Error Comment.
    behaviour : str
        What the document says of that; empty where it is silent.
    """

    does: Does
    status: int
    cause: str
    behaviour: str = ""

    @property
    def good(self) -> bool:
        """Whether the operation has succeeded."""
        return self.does in GOOD

    def __str__(self) -> str:
        return f"{self.cause}: {self.behaviour}" if self.behaviour else self.cause


def judged(rows: Iterable[StatusRow], service: str, told: Dataset) -> Outcome:
    """Return what becomes of an operation whose final response is `told`.

    A document without a row for the status leaves it to us: Success and warnings are success, everything else is the
    failure of this one operation.
    """
    status = int(told.Status)
    category, row = category_of(status), row_for(rows, service, status)
    meaning = f" ({row.meaning})" if row is not None and row.meaning else ""
    comment = f", {told.ErrorComment}" if told.get("ErrorComment") else ""
    good = category in (Category.SUCCESS, Category.WARNING)
    does = Does.CONTINUE if good else Does.FAIL_OBJECT
    if row is not None and row.does is not None:
        does = row.does
    if does is Does.BY_CATEGORY:
        does = Does.LOG if good else Does.FAIL_OBJECT
    return Outcome(does, status, f"status 0x{status:04X}{meaning}{comment}", row.behaviour if row else "")


def failing(ended: str) -> Failing:
    """Return which kind of failure has ended an association, from the words of how it ended."""
    return Failing.TIMEOUT if "timeout" in ended else Failing.ABORT


def documented(entity: Entity, ended: str) -> CommunicationFailure | None:
    """Return what `entity` documents to do when an association has ended so."""
    return failure_of(entity, failing(ended))
