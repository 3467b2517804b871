"""Data sets as they are sent most of the time, read without detours; all others are pydicom's to read.

The pixels of an image are copied once, out of the message. Whatever is not plain - undefined lengths, odd value
representations, another character set, a length that leads past the end - is not judged here: pydicom reads it as it always
did, or fails to.
"""

from __future__ import annotations

import struct
import warnings
from io import BytesIO
from typing import cast

from pydicom._dicom_dict import DicomDictionary
from pydicom.dataelem import DataElement, RawDataElement, empty_value_for_VR
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import BaseTag
from pynetdicom.dsutils import decode

from linacsim.devices.printer.elements import Sent
from linacsim.devices.printer.statuses import PROCESSING_FAILURE, RefusedError

_SHORT_VRS = frozenset(
    (b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS", b"ST",
     b"TM", b"UI", b"UL", b"US")
)  # fmt: skip
_LONG_VRS = frozenset((b"OB", b"OW", b"SQ", b"UT", b"UC"))
_NAMES = {vr: vr.decode("ascii") for vr in (*_SHORT_VRS, *_LONG_VRS)}
_IMPLICIT, _EXPLICIT = struct.Struct("<HHL"), struct.Struct("<HH2sH")
_LENGTH = struct.Struct("<L")
_ITEM = (0xFFFE, 0xE000)
_CHARACTER_SET, _SEQUENCE = 0x00080005, "SQ"
_DEPTH = 3
_REMEMBERED = 1 << 14
"""Bytes of a sequence that is kept as it was sent, to be told again."""


class _NotPlainError(Exception):
    """Something that pydicom has to look at."""


def decoded(data: BytesIO, *, implicit: bool) -> Dataset:
    """Return the data set of a request, little endian.

    Raises
    ------
    RefusedError
        0110 if it cannot be decoded.
    """
    try:
        return _plain(memoryview(data.getvalue()), implicit=implicit, depth=0)
    except (_NotPlainError, struct.error):
        pass
    try:
        with warnings.catch_warnings():
            # odd values are told by a status, not on the standard error stream
            warnings.simplefilter("ignore")
            return decode(data, implicit, is_little_endian=True)
    except Exception as exc:  # noqa: BLE001 - pydicom lets through whatever decoding raises
        raise RefusedError(PROCESSING_FAILURE, f"the data set cannot be decoded: {type(exc).__name__}") from None


def _plain(data: memoryview, *, implicit: bool, depth: int) -> Dataset:
    found: dict[BaseTag, DataElement | RawDataElement] = {}
    offset, end = 0, len(data)
    while offset < end:
        tag, vr, start, length = _head(data, offset, implicit=implicit)
        offset = start + length
        if offset > end or tag == _CHARACTER_SET:
            raise _NotPlainError
        if vr == _SEQUENCE:
            items = _items(data[start:offset], implicit=implicit, depth=depth)
            sent = bytes(data[start:offset]) if length <= _REMEMBERED else b""
            found[tag] = Sent(tag, items, sent, implicit=implicit)
        else:
            value = bytes(data[start:offset]) if length else cast("bytes | None", empty_value_for_VR(vr, raw=True))
            found[tag] = RawDataElement(tag, vr, length, value, start, implicit, True, True, False)  # noqa: FBT003 - a tuple
    dataset = Dataset(found)
    dataset.set_original_encoding(implicit, True, "iso8859")  # noqa: FBT003 - pydicom's own order
    return dataset


def _head(data: memoryview, offset: int, *, implicit: bool) -> tuple[BaseTag, str | None, int, int]:
    """Return tag, VR, and where the value begins and how long it is."""
    if implicit:
        group, element, length = _IMPLICIT.unpack_from(data, offset)
        entry = DicomDictionary.get(group << 16 | element)
        return (
            BaseTag(group << 16 | element),
            _SEQUENCE if entry and entry[0] == _SEQUENCE else None,
            offset + 8,
            length,
        )
    group, element, vr, length = _EXPLICIT.unpack_from(data, offset)
    if vr in _SHORT_VRS:
        return BaseTag(group << 16 | element), _NAMES[vr], offset + 8, length
    if vr not in _LONG_VRS:
        raise _NotPlainError
    (length,) = _LENGTH.unpack_from(data, offset + 8)
    return BaseTag(group << 16 | element), _NAMES[vr], offset + 12, length


def _items(data: memoryview, *, implicit: bool, depth: int) -> Sequence:
    if depth >= _DEPTH:
        raise _NotPlainError
    items, offset = [], 0
    while offset < len(data):
        group, element, length = _IMPLICIT.unpack_from(data, offset)
        end = offset + 8 + length
        if (group, element) != _ITEM or end > len(data):
            raise _NotPlainError
        items.append(_plain(data[offset + 8 : end], implicit=implicit, depth=depth + 1))
        offset = end
    return Sequence(items)
