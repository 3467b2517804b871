"""Answers to requests: a status with its comment, and the attribute list that goes with it (PS3.7 10.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag
from pynetdicom.dimse_primitives import N_ACTION, N_CREATE, N_GET, N_SET

from linacsim.devices.entity import error_comment
from linacsim.devices.printer.elements import Reference, encoded

_WITH_IDENTIFIERS = (N_GET, N_SET)
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

    def response(self, request: Any, *, implicit: bool) -> Any:
        """Return the response to a request, encoded in the transfer syntax of its presentation context."""
        response = response_to(request, self.status, self.comment)
        if self.tags and isinstance(request, _WITH_IDENTIFIERS):
            response.AttributeIdentifierList = [Tag(tag) for tag in self.tags]
        if self.uid:
            response.AffectedSOPInstanceUID = self.uid
        if self.attributes:
            data = BytesIO(encoded(self.attributes, implicit=implicit))
            setattr(response, "ActionReply" if isinstance(request, N_ACTION) else "AttributeList", data)
        return response


def response_to(request: Any, status: int, comment: str = "") -> Any:
    """Return the response to a request, of the class and instance that it names."""
    response: Any = type(request)()
    response.MessageIDBeingRespondedTo = request.MessageID
    if isinstance(request, N_CREATE):
        sop_class, uid = request.AffectedSOPClassUID, request.AffectedSOPInstanceUID
    else:
        sop_class, uid = request.RequestedSOPClassUID, request.RequestedSOPInstanceUID
    response.AffectedSOPClassUID, response.AffectedSOPInstanceUID = sop_class, uid
    response.Status = status
    if comment:
        response.ErrorComment = error_comment(comment)
    if isinstance(request, N_ACTION):
        response.ActionTypeID = request.ActionTypeID
    return response


def reference(sop_class: str, uid: str) -> Dataset:
    """Return an item that refers to an instance (PS3.3 10.8)."""
    return Reference(sop_class, uid)


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
