"""The Basic Annotation Box as SCP (PS3.4 H.4.4): a text at a position."""

from __future__ import annotations

from pydicom.tag import Tag

from linacsim.devices.printclasses import BasicAnnotationBox
from linacsim.devices.printer.answers import Answer, as_taken
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.rules import ANNOTATION
from linacsim.devices.printer.statuses import INVALID_ATTRIBUTE_VALUE, MISSING_ATTRIBUTE, RefusedError
from linacsim.devices.printer.taking import take

SOP_CLASS = BasicAnnotationBox
_WHEREVER = 0


def change(desk: Desk, request: Request) -> Answer:
    """N-SET; a Text String without a value takes the text off.

    Where a box lies is an attribute that the client sets (PS3.4 H.4.4, PS3.3 C.13.7): the order in which the printer names
    the boxes promises nothing, and clients that know one position only set it at the first box. Some say 0 for wherever.
    """
    box = desk.work.named_annotation(request.uid)
    taken = take(request.attributes, ANNOTATION, desk.personality, setting=True)
    position = taken.attributes.get("AnnotationPosition")
    tag = Tag("AnnotationPosition")
    if position is None:
        raise RefusedError(MISSING_ATTRIBUTE, "AnnotationPosition is missing", tag)
    count = len(desk.work.any_session().film_with(box).annotations)
    if not _WHEREVER <= position <= count:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"AnnotationPosition {position}, there are {count}", tag)
    box.position = position or box.position
    if "TextString" in taken.attributes:
        box.text = str(taken.attributes.TextString or "")
    shown = as_taken(taken.given, taken.attributes) if taken.status else None
    return Answer(status=taken.status, attributes=shown, comment=taken.comment, tags=tuple(taken.tags))
