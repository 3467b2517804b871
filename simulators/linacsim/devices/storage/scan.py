"""The elements of a plain data set, found by their lengths and nothing else: many times as fast as reading them.

It knows well-formed little endian data sets (PS3.5 7.1, 7.5) and no mercy: whatever is odd is left to pydicom, which says
what is wrong or takes it after all. So what is found here is found there, too.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping

_IMPLICIT = struct.Struct("<HHL")
_EXPLICIT = struct.Struct("<HH2sH")
_LENGTH = struct.Struct("<L")
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())
VRS = _SHORT | _LONG
"""All value representations (PS3.5 6.2)."""
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_NO_DATA_SET = 0xFFFE0000
_FIRST = 0x00080000
"""Tags from the first on are items and delimiters; below the second are commands, file meta and folders."""
_META, _TRANSFER_SYNTAX = 0x0002, 0x0010
_DEPTH = 40
"""Sequences in sequences; a data set that goes deeper is no plain one."""
LAST = 0xFFFFFFFF

Found = tuple[int, bytes, int, int]
"""Tag, VR (empty if it is not told), and where the value begins and ends."""


class OddError(ValueError):
    """The data set is not plain."""


def walk(data: bytes | memoryview, *, explicit: bool, last: int = LAST) -> list[Found]:
    """Return the elements of a little endian data set in their order, the value of each by its place.

    Parameters
    ----------
    data : bytes or memoryview
        The encoded data set, not deflated.
    explicit : bool
        Whether value representations are told.
    last : int
        The tag to stop behind; what follows is not looked at.

    Raises
    ------
    OddError
        If it breaks off, its tags do not ascend, or a value representation is unknown.
    """
    try:
        return _elements(data, explicit, last)
    except (struct.error, RecursionError) as exc:
        raise OddError(str(exc)) from exc


def _elements(data: bytes | memoryview, explicit: bool, last: int) -> list[Found]:
    found: list[Found] = []
    at, end, before = 0, len(data), _FIRST - 1
    while at < end:
        if explicit:
            group, element, vr, length = _EXPLICIT.unpack_from(data, at)
            start = at + 8
        else:
            group, element, length = _IMPLICIT.unpack_from(data, at)
            vr, start = b"", at + 8
        tag = group << 16 | element
        if not before < tag < _NO_DATA_SET:
            raise OddError(f"({group:04X},{element:04X}) stands out of order")
        if tag > last:
            return found
        before = tag
        if explicit and vr not in _SHORT:
            length, start = _long(data, vr, start), start + 4
        if length == _UNDEFINED:
            stop, at = _sequence(data, start, vr, explicit, 0)
        else:
            stop = at = start + length
        found.append((tag, vr, start, stop))
    if at > end:
        raise OddError("it breaks off")
    return found


def cut_out(data: bytes, vrs: Mapping[int, bytes], *, explicit: bool, last: int) -> dict[int, bytes]:
    """Return the values of some elements of a plain data set, as they are encoded.

    Parameters
    ----------
    data : bytes
        The encoded data set, little endian and not deflated.
    vrs : mapping of int to bytes
        What is wanted: value representations by tag.
    explicit : bool
        Whether value representations are told.
    last : int
        The tag to stop behind.

    Raises
    ------
    OddError
        If it is not plain, or an element is of another value representation than wanted, or an explicit sequence.
    """
    try:
        return _cut_out(data, vrs, explicit, last)
    except (struct.error, RecursionError) as exc:
        raise OddError(str(exc)) from exc


def _cut_out(data: bytes, vrs: Mapping[int, bytes], explicit: bool, last: int) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    at, end, before = 0, len(data), _FIRST - 1
    unpack = _EXPLICIT.unpack_from
    while at < end:
        # in both encodings the tag is the first four bytes; only then do they differ
        group, element, vr, length = unpack(data, at)
        tag = group << 16 | element
        if not before < tag < _NO_DATA_SET:
            raise OddError(f"({group:04X},{element:04X}) stands out of order")
        if tag > last:
            return found
        before, start = tag, at + 8
        if not explicit:
            length = _LENGTH.unpack_from(data, at + 4)[0]
        elif vr not in _SHORT:
            length, start = _long(data, vr, start), start + 4
        if length == _UNDEFINED:
            stop, at = _sequence(data, start, vr if explicit else b"", explicit, 0)
        else:
            stop = at = start + length
        if tag in vrs and stop > start:
            if explicit and (vr != vrs[tag] or vr == b"SQ"):
                raise OddError(f"({group:04X},{element:04X}) has to be written anew")
            found[tag] = data[start:stop]
    if at > end:
        raise OddError("it breaks off")
    return found


def _long(data: bytes | memoryview, vr: bytes, start: int) -> int:
    """Return the length of a value representation with four bytes for it (PS3.5 7.1.2)."""
    if vr not in _LONG:
        raise OddError(f"no VR: {vr!r}")
    (length,) = _LENGTH.unpack_from(data, start)
    return int(length)


def _sequence(data: bytes | memoryview, at: int, vr: bytes, explicit: bool, depth: int) -> tuple[int, int]:
    """Return where the items of a value of undefined length end, and what follows their delimiter (PS3.5 7.5.2)."""
    if depth > _DEPTH or vr == b"UN":
        raise OddError("too deep, or of unknown kind")
    while True:
        group, element, length = _IMPLICIT.unpack_from(data, at)
        tag = group << 16 | element
        if tag == _SEQUENCE_END and length == 0:
            return at, at + 8
        if tag != _ITEM:
            raise OddError("no item where one has to be")
        at = _item(data, at + 8, explicit, depth) if length == _UNDEFINED else at + 8 + length


def _item(data: bytes | memoryview, at: int, explicit: bool, depth: int) -> int:
    """Return where an item of undefined length ends, behind its delimiter."""
    while True:
        group, element, length = _IMPLICIT.unpack_from(data, at)
        tag = group << 16 | element
        if tag == _ITEM_END:
            return at + 8
        if tag >= _NO_DATA_SET:
            raise OddError("an item ends with what is no delimiter")
        vr, start = b"", at + 8
        if explicit:
            _group, _element, vr, length = _EXPLICIT.unpack_from(data, at)
            if vr not in _SHORT:
                length, start = _long(data, vr, start), start + 4
        at = _sequence(data, start, vr, explicit, depth + 1)[1] if length == _UNDEFINED else start + length


def file_meta(data: bytes | memoryview) -> tuple[int, str]:
    """Return where the data set of a file begins, and its Transfer Syntax UID (PS3.10 7.1).

    Raises
    ------
    OddError
        If it does not begin as a DICOM file does.
    """
    if bytes(data[128:132]) != b"DICM":
        raise OddError("no DICOM file")
    at, syntax = 132, ""
    try:
        while at < len(data):
            group, element, vr, length = _EXPLICIT.unpack_from(data, at)
            if group != _META:
                break
            start = at + 8
            if vr not in _SHORT:
                length, start = _long(data, vr, start), start + 4
            at = start + length
            if element == _TRANSFER_SYNTAX:
                syntax = bytes(data[start:at]).decode("ascii", "replace").rstrip("\0 ")
    except struct.error as exc:
        raise OddError("the file breaks off in its meta information") from exc
    if not syntax:
        raise OddError("the file tells no Transfer Syntax UID")
    return at, syntax
