"""From a request of the script to a DIMSE message: command set and data set, as wrong as they are wanted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID
from pynetdicom.dimse_primitives import N_ACTION, N_CREATE, N_DELETE, N_EVENT_REPORT, N_GET, N_SET

from linacsim.devices.printclient.personality import Ask, Picture
from linacsim.errors import InputError

_PRIMITIVES = {
    "N-CREATE": N_CREATE, "N-SET": N_SET, "N-GET": N_GET, "N-ACTION": N_ACTION, "N-DELETE": N_DELETE,
    "N-EVENT-REPORT": N_EVENT_REPORT,
}  # fmt: skip
DATA = {
    "N-CREATE": "AttributeList",
    "N-SET": "ModificationList",
    "N-ACTION": "ActionInformation",
    "N-EVENT-REPORT": "EventInformation",
}
"""Where the data set of a request goes."""
_AFFECTED = ("N-CREATE", "N-EVENT-REPORT")


def command(ask: Ask, sop_class: str, uid: str, number: int) -> Any:
    """Return the primitive of a request."""
    message: Any = _PRIMITIVES[ask.op]()
    role = "Affected" if ask.op in _AFFECTED else "Requested"
    message.MessageID = number
    setattr(message, f"{role}SOPClassUID", UID(sop_class, IGNORE))
    if uid:
        setattr(message, f"{role}SOPInstanceUID", UID(uid, IGNORE))
    if ask.op == "N-ACTION":
        message.ActionTypeID = ask.action
    if ask.op == "N-EVENT-REPORT":
        message.EventTypeID = ask.event_type
    if ask.op == "N-GET" and ask.get:
        message.AttributeIdentifierList = [_tag(keyword) for keyword in ask.get]
    for keyword in ask.without:
        setattr(message, keyword, None)
    return message


def data_set(ask: Ask, defaults: Mapping[str, Any]) -> Dataset:
    """Return the data set of a request: `defaults`, over them what the script sets; ``None`` takes an attribute out."""
    ds = Dataset()
    for keyword, value in {**defaults, **ask.set}.items():
        if value is not None:
            ds[_tag(keyword)] = _element(keyword, value, ask.vr.get(keyword))
    if ask.image is not None:
        keyword = "BasicColorImageSequence" if ask.image.color else "BasicGrayscaleImageSequence"
        ds.add_new(_tag(keyword), "SQ", Sequence([picture(ask.image)]))
    if ask.table:
        ds.PresentationLUTSequence = Sequence([_table(ask.table)])
    return ds


def _element(keyword: str, value: Any, vr: str | None) -> DataElement | RawDataElement:
    tag = _tag(keyword)
    if isinstance(value, Dataset):
        return DataElement(tag, "SQ", Sequence([value]))
    if isinstance(value, list | tuple) and all(isinstance(one, Mapping) for one in value):
        return DataElement(tag, vr or "SQ", Sequence([_item(one) for one in value]))
    known = vr or dictionary_VR(tag).split(" or ")[0]
    if known in ("OB", "OW") and isinstance(value, int):
        value = bytes(value)
    try:
        return DataElement(tag, known, list(value) if isinstance(value, tuple) else value, validation_mode=IGNORE)
    except (ValueError, OverflowError, TypeError):
        # what the VR cannot hold is sent as it stands
        text = str(value).encode()
        text += b" " * (len(text) % 2)
        return RawDataElement(BaseTag(tag), known, len(text), text, 0, is_implicit_VR=False, is_little_endian=True)


def _item(values: Mapping[str, Any]) -> Dataset:
    item = Dataset()
    for keyword, value in values.items():
        item[_tag(keyword)] = _element(keyword, value, None)
    return item


def _tag(keyword: str) -> int:
    """Return the tag of a keyword, or of eight hexadecimal digits."""
    if len(keyword) == 8 and all(char in "0123456789abcdefABCDEF" for char in keyword):
        return int(keyword, 16)
    tag = tag_for_keyword(keyword)
    if tag is None:
        raise InputError(
            f"{keyword!r} is no attribute", "send", "give a keyword of PS3.6, such as FilmSizeID, or a tag"
        )
    return tag


def picture(what: Picture) -> Dataset:
    """Return the item of an image sequence: a ramp from the left to the right."""
    samples = 3 if what.color else 1
    ramp = np.linspace(0, (1 << what.bits) - 1, max(1, what.columns)).astype("<u2" if what.bits == 12 else np.uint8)
    pixels = np.broadcast_to(ramp, (samples, max(0, what.rows), len(ramp)))
    item = Dataset()
    item.SamplesPerPixel = samples
    item.PhotometricInterpretation = "RGB" if what.color else "MONOCHROME2"
    if what.color:
        item.PlanarConfiguration = 1
    item.Rows, item.Columns = what.rows, what.columns
    item.BitsAllocated = 16 if what.bits == 12 else 8
    item.BitsStored, item.HighBit = what.bits, what.bits - 1
    item.PixelRepresentation = 0
    data = np.ascontiguousarray(pixels).tobytes()
    data = data[: len(data) - what.missing]
    item.PixelData = data + b"\0" * (len(data) % 2)
    item["PixelData"].VR = "OW" if what.bits == 12 else "OB"
    for keyword, value in what.change.items():
        if value is None:
            del item[_tag(keyword)]
        else:
            item[_tag(keyword)] = _element(keyword, value, None)
    return item


def _table(entries: int) -> Dataset:
    """Return the item of a Presentation LUT Sequence: a line from 0 to 4095."""
    item = Dataset()
    item.add_new(0x00283002, "US", [entries, 0, 12])
    item.add_new(0x00283006, "OW", np.linspace(0, 4095, entries).astype("<u2").tobytes())
    return item
