"""The Basic Print Image Overlay Box, which the standard has retired and some clients still use (PS3.4-1999 H.4.11).

An overlay that an image box refers to is combined with its image: together they need the room of both.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from pydicom.dataset import Dataset

from linacsim.devices.printclasses import BasicPrintImageOverlayBox
from linacsim.devices.printer.answers import Answer
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.elements import elements
from linacsim.devices.printer.hierarchy import ImageBox, OverlayInstance
from linacsim.devices.printer.rules import OVERLAY
from linacsim.devices.printer.statuses import (
    DUPLICATE_SOP_INSTANCE,
    INVALID_ATTRIBUTE_VALUE,
    NO_SUCH_SOP_INSTANCE,
    RESOURCE_LIMITATION,
    SUCCESS,
    RefusedError,
)
from linacsim.devices.printer.taking import take

SOP_CLASS = BasicPrintImageOverlayBox
_MOST = 64
_ORIGIN = (1, 1)
_TAGS = (0x60000010, 0x60000011, 0x60000050, 0x60003000)
"""Overlay Rows, Overlay Columns, Overlay Origin, Overlay Data."""


def create(desk: Desk, request: Request) -> Answer:
    """N-CREATE: one overlay plane."""
    if request.uid and desk.work.knows(request.uid):
        raise RefusedError(DUPLICATE_SOP_INSTANCE, "the instance exists")
    if len(desk.work.overlays) >= _MOST:
        raise RefusedError(RESOURCE_LIMITATION, f"at most {_MOST} overlay boxes")
    taken = take(request.attributes, OVERLAY, desk.personality)
    _check(taken.attributes)
    overlay = OverlayInstance(uid=request.uid or desk.new_uid("overlay"), attributes=taken.attributes)
    desk.work.overlays[overlay.uid] = overlay
    named = "" if request.uid else overlay.uid
    return Answer(status=taken.status, comment=taken.comment, tags=tuple(taken.tags), uid=named)


def change(desk: Desk, request: Request) -> Answer:
    """N-SET: another plane."""
    overlay = _named(desk, request.uid)
    taken = take(request.attributes, OVERLAY, desk.personality, setting=True)
    if "OverlayPixelDataSequence" in taken.attributes:
        _check(taken.attributes)
    overlay.attributes.update(taken.attributes)
    return Answer(status=taken.status, comment=taken.comment, tags=tuple(taken.tags))


def delete(desk: Desk, request: Request) -> Answer:
    """N-DELETE: image boxes that refer to it keep it."""
    del desk.work.overlays[_named(desk, request.uid).uid]
    return Answer(status=SUCCESS)


def _named(desk: Desk, uid: str) -> OverlayInstance:
    if uid in desk.work.overlays:
        return desk.work.overlays[uid]
    raise desk.work.refusal(uid) if desk.work.knows(uid) else RefusedError(NO_SUCH_SOP_INSTANCE, "no such overlay box")


class _Plane(NamedTuple):
    """An overlay plane (PS3.3 C.9.2) as it was sent."""

    rows: Any
    columns: Any
    origin: Any
    data: Any


def _plane(attributes: Dataset) -> _Plane:
    item = attributes.OverlayPixelDataSequence[0]
    values = [item[tag].value if tag in item else None for tag in _TAGS]
    return _Plane(*values)


def _check(attributes: Dataset) -> None:
    for _ in elements(attributes.OverlayPixelDataSequence[0]):
        # every value can be read as its VR says
        continue
    plane = _plane(attributes)
    if not isinstance(plane.rows, int) or not isinstance(plane.columns, int) or min(plane.rows, plane.columns) < 1:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "the overlay has no Overlay Rows and Overlay Columns")
    if not isinstance(plane.data, bytes) or len(plane.data) * 8 < plane.rows * plane.columns:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "Overlay Data is too short")


def combined_size(box: ImageBox) -> tuple[int, int] | None:
    """Return rows and columns that the image of a box and its overlay need together; ``None`` without an overlay."""
    image, overlay = box.image, box.overlay
    if overlay is None or image is None:
        return None
    rows, columns, plane = int(image.Rows), int(image.Columns), _plane(overlay.attributes)
    placed = isinstance(plane.origin, Sequence) and not isinstance(plane.origin, str | bytes) and len(plane.origin) == 2
    top, left = (int(plane.origin[0]), int(plane.origin[1])) if placed else _ORIGIN
    bottom, right = top - 1 + int(plane.rows), left - 1 + int(plane.columns)
    return max(rows, bottom) - min(0, top - 1), max(columns, right) - min(0, left - 1)
