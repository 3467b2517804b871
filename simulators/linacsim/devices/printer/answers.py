"""Answers to requests: a status with its comment, and the attribute list that goes with it (PS3.7 10.1)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from linacsim.devices.entity import error_comment
from linacsim.devices.printer.statuses import SUCCESS

Answer = tuple[Dataset, Dataset | None]
"""A status data set and an attribute list, as pynetdicom's handlers return them."""


def response(code: int, comment: str = "") -> Dataset:
    """Return a status; the comment is cut to what an Error Comment holds (PS3.7 C.4)."""
    status = Dataset()
    status.Status = code
    if comment:
        status.ErrorComment = error_comment(comment)
    return status


def created(code: int, attributes: Dataset, uid: str, *, named: bool) -> Answer:
    """Return the answer to an N-CREATE; an instance that the printer has named tells its UID (PS3.7 10.1.5.1.4)."""
    status = response(code)
    if not named:
        status.AffectedSOPInstanceUID = uid
        if code == SUCCESS:
            # pynetdicom takes it from here, and off the attribute list, when the request named none
            attributes.AffectedSOPInstanceUID = uid
    return status, attributes


def reference(sop_class: str, uid: str) -> Dataset:
    """Return an item that refers to an instance (PS3.3 10.8)."""
    item = Dataset()
    item.ReferencedSOPClassUID = sop_class
    item.ReferencedSOPInstanceUID = uid
    return item


def as_taken(given: Dataset, taken: Dataset) -> Dataset:
    """Return the attributes of `given` as they were taken."""
    shown = Dataset()
    for element in given:
        if element.tag in taken:
            shown[element.tag] = taken[element.tag]
    return shown


def without_image(attributes: Dataset) -> Dataset:
    """Return the attributes of an image box but for its pixels."""
    shown = Dataset()
    shown.update({element.tag: element for element in attributes if element.keyword != "BasicGrayscaleImageSequence"})
    return shown
