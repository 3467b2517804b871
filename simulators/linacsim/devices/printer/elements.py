"""Data elements that come and go over and over: read once, written once.

Clients say the same few things with every film, and the printer answers the same. An element of a short value is decoded when
it is met first; from then on its bytes lead to the same element, which also remembers how it is written. Such an element is
shared by many data sets: it is replaced, never changed.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pydicom.uid import UID

from linacsim.devices.printer.statuses import INVALID_ATTRIBUTE_VALUE, RefusedError

_SHORT = 64
_MOST = 4096
_ESCAPE = b"\x1b"
_TAG = struct.Struct("<HH")
_LONG_FORM = struct.Struct("<HH2sHL")
_ITEM, _CLASS, _INSTANCE = (0xFFFE, 0xE000), (0x0008, 0x1150), (0x0008, 0x1155)

_known: dict[tuple[Any, ...], Known] = {}


class Known(DataElement):
    """An element that is shared.

    Attributes
    ----------
    written : dict of bool to bytes
        How it is encoded, by whether its VR is implicit; little endian.
    remarks : dict
        What has been found out about it, by who wants to know.
    """

    def __init__(self, tag: int, vr: str, value: Any) -> None:
        super().__init__(tag, vr, value, already_converted=True)
        self.written: dict[bool, bytes] = {}
        self.remarks: dict[Any, Any] = {}


class Sent(DataElement):
    """A sequence as a client has sent it.

    Attributes
    ----------
    sent : bytes
        Its items, encoded; empty if they are not kept.
    implicit : bool
        Whether their VRs are implicit.
    """

    def __init__(self, tag: int, items: Sequence, sent: bytes, *, implicit: bool) -> None:
        super().__init__(tag, "SQ", items, already_converted=True)
        self.sent = sent
        self.implicit = implicit


class Reference(Dataset):
    """An item that refers to an instance (PS3.3 10.8)."""

    def __init__(self, sop_class: str, uid: str) -> None:
        pairs = ((_CLASS, sop_class), (_INSTANCE, uid))
        elements = (DataElement(tag, "UI", UID(value), already_converted=True) for tag, value in pairs)
        super().__init__({element.tag: element for element in elements})

    def written(self, *, implicit: bool) -> bytes:
        """Return it encoded, as an item of defined length, little endian."""
        body = _uid(_CLASS, self.ReferencedSOPClassUID, implicit=implicit)
        body += _uid(_INSTANCE, self.ReferencedSOPInstanceUID, implicit=implicit)
        return _TAG.pack(*_ITEM) + struct.pack("<L", len(body)) + body


def _uid(tag: tuple[int, int], value: str, *, implicit: bool) -> bytes:
    text = value.encode("ascii")
    text += b"\0" * (len(text) % 2)
    return (
        _TAG.pack(*tag) + (struct.pack("<L", len(text)) if implicit else struct.pack("<2sH", b"UI", len(text))) + text
    )


def elements(given: Dataset) -> Iterator[DataElement]:
    """Yield the elements of a data set that came from a peer; group lengths are passed over.

    Raises
    ------
    RefusedError
        0106 if a value cannot be read as its VR says.
    """
    for tag in sorted(given.keys()):
        if tag.element == 0:
            continue
        yield _element(given, tag)


def _element(given: Dataset, tag: BaseTag) -> DataElement:
    raw = given.get_item(tag)
    if not isinstance(raw, RawDataElement) or not _is_plain(raw):
        return _read(given, tag)
    key = (tag, raw.VR, raw.value, raw.is_implicit_VR, raw.is_little_endian)
    found = _known.get(key)
    if found is None:
        element = _read(given, tag)
        if " or " in element.VR:
            # what it is hangs on others
            return element
        found = Known(element.tag, element.VR, element.value)
        if len(_known) >= _MOST:
            _known.clear()
        _known[key] = found
    given[tag] = found
    return found


def _is_plain(raw: RawDataElement) -> bool:
    """Whether what it means does not hang on anything else: no items, and letters of no character set but the default."""
    value = raw.value
    if not isinstance(value, bytes) or len(value) > _SHORT or raw.VR in ("SQ", "UN") or raw.length == 0xFFFFFFFF:
        return False
    return value.isascii() and _ESCAPE not in value and not raw.tag.is_private


def _read(given: Dataset, tag: BaseTag) -> DataElement:
    try:
        with warnings.catch_warnings():
            # what a value should look like is told by a status
            warnings.simplefilter("ignore")
            element = given[tag]
            _ = element.value
    except Exception as exc:  # noqa: BLE001 - pydicom lets through whatever decoding a value raises
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{tag} cannot be read: {type(exc).__name__}", tag) from None
    return element


def shared(attributes: Dataset) -> Dataset:
    """Return a data set of the same elements that remember how they are written."""
    known = Dataset()
    for element in attributes:
        known[element.tag] = Known(element.tag, element.VR, element.value)
    return known


def encoded(attributes: Dataset, *, implicit: bool) -> bytes:
    """Return a data set encoded, little endian."""
    if "SpecificCharacterSet" in attributes:
        # what letters are written as hangs on it
        return _all_written(attributes, implicit=implicit)
    parts = []
    for tag in sorted(attributes.keys()):
        element = attributes.get_item(tag)
        if isinstance(element, Known):
            written = element.written.get(implicit)
            if written is None:
                written = element.written[implicit] = _written(attributes, tag, implicit=implicit)
            parts.append(written)
        elif isinstance(element, Sent) and element.sent and element.implicit is implicit:
            parts.append(_sequence(tag, element.sent, implicit=implicit))
        elif isinstance(element, DataElement) and element.VR == "SQ" and _refers(element.value):
            items = b"".join(item.written(implicit=implicit) for item in element.value)
            parts.append(_sequence(tag, items, implicit=implicit))
        else:
            parts.append(_written(attributes, tag, implicit=implicit))
    return b"".join(parts)


def _refers(items: Any) -> bool:
    return all(type(item) is Reference for item in items)


def _sequence(tag: BaseTag, items: bytes, *, implicit: bool) -> bytes:
    if implicit:
        return _TAG.pack(tag.group, tag.element) + struct.pack("<L", len(items)) + items
    return _LONG_FORM.pack(tag.group, tag.element, b"SQ", 0, len(items)) + items


def _written(attributes: Dataset, tag: BaseTag, *, implicit: bool) -> bytes:
    """Write one element as pydicom does."""
    one = Dataset()
    one[tag] = attributes[tag]
    return _all_written(one, implicit=implicit)


def _all_written(attributes: Dataset, *, implicit: bool) -> bytes:
    target = DicomBytesIO()
    target.is_little_endian, target.is_implicit_VR = True, implicit
    write_dataset(target, attributes, "iso8859")
    return bytes(target.getvalue())
