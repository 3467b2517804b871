"""Answers to requests: a status with its comment, and the attribute list that goes with it (PS3.7 10.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.devices.entity import error_comment

_WITH_IDENTIFIERS = ("N-GET", "N-SET")
"""The responses that have room for an Attribute Identifier List (0000,1005) in pynetdicom; PS3.7 C.5 gives it to more."""


@dataclass(slots=True, kw_only=True)
class Answer:
    """What an operation comes to.

    Attributes
    ----------
    status : int
        The status of the response.
    attributes : Dataset or None
        The attribute list, or the action reply.
    comment : str
        The Error Comment of a warning or a failure.
    tags : tuple of int
        The attributes that the status is about.
    uid : str
        The SOP Instance UID that the printer has given to a new instance.
    """

    status: int
    attributes: Dataset | None = None
    comment: str = ""
    tags: tuple[int, ...] = ()
    uid: str = ""

    def parts(self, operation: str) -> tuple[Dataset, Dataset | None]:
        """Return the status data set and the attribute list, as pynetdicom's handlers return them."""
        status = Dataset()
        status.Status = self.status
        if self.comment:
            status.ErrorComment = error_comment(self.comment)
        if self.tags and operation in _WITH_IDENTIFIERS:
            status.AttributeIdentifierList = [Tag(tag) for tag in self.tags]
        if self.uid:
            status.AffectedSOPInstanceUID = self.uid
            if self.status == 0:
                # pynetdicom takes it from here, and off the attribute list, when the request named none
                self.attributes = self.attributes if self.attributes is not None else Dataset()
                self.attributes.AffectedSOPInstanceUID = self.uid
        return status, self.attributes or None


def reference(sop_class: str, uid: str) -> Dataset:
    """Return an item that refers to an instance (PS3.3 10.8)."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item


def as_taken(given: Iterable[int], taken: Dataset) -> Dataset:
    """Return the attributes `given` as they were taken."""
    shown = Dataset()
    for tag in given:
        if tag in taken:
            shown[tag] = taken[tag]
    return shown


def copied(attributes: Dataset) -> Dataset:
    """Return a data set of its own with the same elements; pydicom's `copy` shares what it is a copy of."""
    return without(attributes)


def without(attributes: Dataset, *keywords: str) -> Dataset:
    """Return `attributes` but for those with these keywords."""
    shown = Dataset()
    shown.update({element.tag: element for element in attributes if element.keyword not in keywords})
    return shown
