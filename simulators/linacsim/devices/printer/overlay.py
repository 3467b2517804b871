"""The Basic Print Image Overlay Box, which the standard has retired and some clients still use (PS3.4-1999 H.4.11).

An overlay that an image box refers to is combined with its image: together they need the room of both.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from linacsim.devices.printclasses import BasicPrintImageOverlayBox
from linacsim.devices.printer.answers import Answer
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.hierarchy import OverlayInstance
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


def _check(attributes: Dataset) -> None:
    plane = _plane(attributes)
    rows, columns = plane.get("OverlayRows"), plane.get("OverlayColumns")
    if not isinstance(rows, int) or not isinstance(columns, int) or min(rows, columns) < 1:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "the overlay has no Overlay Rows and Overlay Columns")
    if len(plane.get("OverlayData") or b"") * 8 < rows * columns:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "Overlay Data is too short")


def _plane(attributes: Dataset) -> Dataset:
    """Return the overlay plane in an item, by the keywords that pydicom gives to group 6000."""
    plane, item = Dataset(), attributes.OverlayPixelDataSequence[0]
    for keyword, tag in (
        ("OverlayRows", 0x60000010),
        ("OverlayColumns", 0x60000011),
        ("OverlayOrigin", 0x60000050),
        ("OverlayData", 0x60003000),
    ):
        if tag in item:
            setattr(plane, keyword, item[tag].value)
    return plane


def combined_size(image: Dataset, overlay: OverlayInstance | None) -> tuple[int, int]:
    """Return rows and columns that an image and its overlay need together."""
    rows, columns = int(image.Rows), int(image.Columns)
    if overlay is None:
        return rows, columns
    plane = _plane(overlay.attributes)
    origin = plane.get("OverlayOrigin")
    top, left = (int(origin[0]), int(origin[1])) if origin is not None and len(origin) == 2 else _ORIGIN
    bottom, right = top - 1 + int(plane.OverlayRows), left - 1 + int(plane.OverlayColumns)
    return max(rows, bottom) - min(0, top - 1), max(columns, right) - min(0, left - 1)
