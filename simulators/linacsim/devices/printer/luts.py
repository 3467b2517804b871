"""The Presentation LUT as SCP (PS3.4 H.4.9): a shape, or a table of one entry for each grey value (PS3.3 C.11.4)."""

from __future__ import annotations

from typing import Any

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.devices.printclasses import PresentationLUT
from linacsim.devices.printer.answers import Answer
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.elements import elements
from linacsim.devices.printer.hierarchy import LutInstance
from linacsim.devices.printer.rules import LUT
from linacsim.devices.printer.statuses import (
    DUPLICATE_SOP_INSTANCE,
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    NO_SUCH_SOP_INSTANCE,
    RESOURCE_LIMITATION,
    SUCCESS,
    RefusedError,
)
from linacsim.devices.printer.taking import take

SOP_CLASS = PresentationLUT
SHAPES = ("IDENTITY", "LIN OD")
_ENTRIES = (256, 4096)
_BITS = range(10, 17)


def create(desk: Desk, request: Request) -> Answer:
    """N-CREATE."""
    if request.uid and desk.work.knows(request.uid):
        raise RefusedError(DUPLICATE_SOP_INSTANCE, "the instance exists")
    if len(desk.work.luts) >= desk.personality.most_luts:
        raise RefusedError(RESOURCE_LIMITATION, f"at most {desk.personality.most_luts} Presentation LUTs")
    taken = take(request.attributes, LUT, desk.personality)
    _check(taken.attributes)
    lut = LutInstance(uid=request.uid or desk.new_uid("presentation-lut"), attributes=taken.attributes)
    desk.work.luts[lut.uid] = lut
    return Answer(
        status=taken.status,
        attributes=taken.attributes,
        comment=taken.comment,
        tags=tuple(taken.tags),
        uid="" if request.uid else lut.uid,
    )


def delete(desk: Desk, request: Request) -> Answer:
    """N-DELETE: boxes that refer to it keep it (PS3.4 H.4.9.1.2.2 leaves that open)."""
    if request.uid not in desk.work.luts:
        if desk.work.knows(request.uid):
            raise desk.work.refusal(request.uid)
        raise RefusedError(NO_SUCH_SOP_INSTANCE, "there is no such Presentation LUT")
    del desk.work.luts[request.uid]
    return Answer(status=SUCCESS)


def _check(attributes: Dataset) -> None:
    """Either a shape or a table (PS3.3 C.11.4.1)."""
    shape, items = attributes.get("PresentationLUTShape"), attributes.get("PresentationLUTSequence")
    if shape and items:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "a shape and a table", Tag("PresentationLUTShape"))
    if not shape and not items:
        raise RefusedError(MISSING_ATTRIBUTE, "neither a shape nor a table", Tag("PresentationLUTSequence"))
    if shape and shape not in SHAPES:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"PresentationLUTShape {shape}", Tag("PresentationLUTShape"))
    if items:
        _check_table(items)


def _check_table(items: Any) -> None:
    tag = Tag("PresentationLUTSequence")
    if len(items) != 1:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{len(items)} tables", tag)
    for _ in elements(items[0]):
        # every value can be read as its VR says
        continue
    entries, first, bits = descriptor(items[0])
    if entries not in _ENTRIES or first != 0 or bits not in _BITS:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"LUTDescriptor {entries}/{first}/{bits}", Tag("LUTDescriptor"))
    if _length(items[0].get("LUTData")) != entries:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"LUTData has not {entries} entries", Tag("LUTData"))


def descriptor(item: Dataset) -> tuple[int, int, int]:
    """Return number of entries, first value and bits of a table; zeros if it does not tell them."""
    value = item.get("LUTDescriptor")
    if isinstance(value, bytes):
        value = [int.from_bytes(value[at : at + 2], "little") for at in range(0, len(value), 2)]
    if value is None or isinstance(value, int | str) or len(value) != 3:
        return 0, 0, 0
    entries, first, bits = (int(part) for part in value)
    return entries or 65536, first, bits


def _length(data: Any) -> int:
    """Return the number of entries in LUT Data, as bytes (OW) or numbers (US)."""
    if isinstance(data, bytes):
        return len(data) // 2
    return 0 if data is None or isinstance(data, int | str) else len(data)


def entries_of(lut: LutInstance) -> int | None:
    """Return the number of entries of a Presentation LUT; ``None`` if it is a shape."""
    items = lut.attributes.get("PresentationLUTSequence")
    return descriptor(items[0])[0] if items else None
