"""What a storage SCP looks at in an encoded data set before it takes responsibility for it."""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any

from pydicom.dataelem import RawDataElement
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import data_element_generator
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from linacsim.devices.entity import IMPLEMENTATION_CLASS_UID, IMPLEMENTATION_VERSION_NAME
from linacsim.devices.storage.scan import VRS, OddError, walk

_SOP_CLASS = 0x00080016
_SOP_INSTANCE = 0x00080018
_HEAD = 4096
"""Bytes in which SOP Class UID and SOP Instance UID are looked for; nothing long comes before them."""
_INFLATED_MOST = 1 << 28
"""Bytes that a deflated data set may become; one that claims more is a bomb."""
_DEFER = 1024
_UNDEFINED = 0xFFFFFFFF
"""A length that is told by a delimiter (PS3.5 7.1.1)."""
_PIXEL_DATA = 0x7FE00010


class DamagedDataSetError(Exception):
    """The data set cannot be read to its end; the text says where it breaks off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An instance as it has come.

    Attributes
    ----------
    sop_class, sop_instance : str
        Affected SOP Class UID and Affected SOP Instance UID, not yet believed.
    syntax : UID
        The transfer syntax of `data`.
    data : bytes
        The encoded data set.
    source : str
        The AE title of who sent it; empty if nobody did.
    """

    sop_class: str
    sop_instance: str
    syntax: UID
    data: bytes
    source: str = ""


def identity(data: bytes | memoryview, syntax: UID) -> tuple[str, str]:
    """Return SOP Class UID and SOP Instance UID as the data set has them.

    Raises
    ------
    DamagedDataSetError
        If its beginning cannot be read or lacks one of them.
    """
    found = _plain_identity(data, syntax) or {}
    if found.get(_SOP_CLASS) and found.get(_SOP_INSTANCE):
        return found[_SOP_CLASS], found[_SOP_INSTANCE]
    found = {_SOP_CLASS: "", _SOP_INSTANCE: ""}
    try:
        head = BytesIO(inflated(data, _HEAD) if syntax == DeflatedExplicitVRLittleEndian else data[:_HEAD])
        for element in data_element_generator(
            head,
            syntax.is_implicit_VR,
            syntax.is_little_endian,
            stop_when=lambda tag, _vr, _length: tag > _SOP_INSTANCE,
        ):
            if element.tag in found:
                value = element.value
                found[int(element.tag)] = bytes(value or b"").decode("ascii", "replace").rstrip("\0 ")
    except Exception as exc:
        # whatever a parser stumbles over in hostile bytes means the same here
        raise DamagedDataSetError(f"unreadable at its beginning: {exc}") from exc
    if not all(found.values()):
        raise DamagedDataSetError("SOP Class UID or SOP Instance UID is missing")
    return found[_SOP_CLASS], found[_SOP_INSTANCE]


@lru_cache(maxsize=64)
def is_plain(syntax: UID) -> bool:
    """Whether data sets of a transfer syntax can be walked without pydicom."""
    return syntax.is_little_endian and syntax != DeflatedExplicitVRLittleEndian


def _plain_identity(data: bytes | memoryview, syntax: UID) -> dict[int, str] | None:
    """Return SOP Class UID and SOP Instance UID of a plain data set; ``None`` if it is not plain."""
    if not is_plain(syntax):
        return None
    try:
        found = walk(data, explicit=not syntax.is_implicit_VR, last=_SOP_INSTANCE)
    except OddError:
        return None
    return {
        tag: bytes(data[start:stop]).decode("ascii", "replace").rstrip("\0 ")
        for tag, _vr, start, stop in found
        if tag in (_SOP_CLASS, _SOP_INSTANCE)
    }


def check_complete(data: bytes, syntax: UID) -> None:
    """Walk the elements to the end of the data set.

    Raises
    ------
    DamagedDataSetError
        If it breaks off in the middle of an element, or is no data set.
    """
    deflated = syntax == DeflatedExplicitVRLittleEndian
    if not deflated and (_ends_with_pixels(data, syntax) or _is_whole(data, syntax)):
        return
    last, end = None, 0
    try:
        data = inflated(data) if deflated else data
        _expect_vr(data, syntax)
        stream = BytesIO(data)
        for element in data_element_generator(
            stream, syntax.is_implicit_VR, syntax.is_little_endian, defer_size=_DEFER
        ):
            last, end = element.tag, _end_of(element, stream.tell())
    except Exception as exc:
        where = "at its beginning" if last is None else f"after {last}"
        raise DamagedDataSetError(f"unreadable {where}: {exc}") from exc
    if end > len(data):
        raise DamagedDataSetError(f"element {last} breaks off: {end - len(data)} bytes are missing")
    if end < len(data):
        raise DamagedDataSetError(f"{len(data) - end} bytes after element {last} are no element")


def _expect_vr(data: bytes, syntax: UID) -> None:
    """Refuse a data set in Implicit VR where VRs are agreed on: pydicom would go over to it without a word."""
    if not syntax.is_implicit_VR and bytes(data[4:6]) not in VRS:
        raise ValueError(f"no value representation, as {syntax.name} has it")


def _is_whole(data: bytes, syntax: UID) -> bool:
    """Whether a plain data set is plainly whole."""
    if not is_plain(syntax):
        return False
    try:
        walk(data, explicit=not syntax.is_implicit_VR)
    except OddError:
        return False
    return True


def _end_of(element: Any, here: int) -> int:
    """Return where an element ends by its length; the reader takes a value that breaks off without a word."""
    known = isinstance(element, RawDataElement) and element.length != _UNDEFINED
    return int(element.value_tell + element.length) if known else here


def inflated(data: bytes | memoryview, most: int = _INFLATED_MOST) -> bytes:
    """Return up to `most` bytes of a deflated data set (PS3.5 A.5).

    Raises
    ------
    ValueError
        If it holds more than is believed, or breaks off.
    """
    inflater = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    plain = inflater.decompress(data, most)
    if most == _INFLATED_MOST and not inflater.eof:
        raise ValueError("the deflated data set breaks off or is too large")
    return plain


def _ends_with_pixels(data: bytes, syntax: UID) -> bool:
    """Whether the data set plainly ends with native Pixel Data of the announced length: the usual case, told cheaply."""
    order = "<" if syntax.is_little_endian else ">"
    at = data.find(struct.pack(order + "HH", _PIXEL_DATA >> 16, _PIXEL_DATA & 0xFFFF))
    if at < 0 or at + 12 > len(data):
        return False
    start = at + (4 if syntax.is_implicit_VR else 8)
    (length,) = struct.unpack_from(order + "L", data, start)
    return bool(start + 4 + length == len(data))


def file_header(sop_class: str, sop_instance: str, syntax: str, source: str) -> bytes:
    """Return preamble, prefix and file meta information (PS3.10 7.1) of an instance received from `source`."""
    before, after = _around_instance(sop_class, syntax, source, len(sop_instance))
    return before + sop_instance.encode("ascii") + after


@lru_cache(maxsize=256)
def _around_instance(sop_class: str, syntax: str, source: str, length: int) -> tuple[bytes, bytes]:
    """Return the header's bytes before and after a SOP Instance UID of `length` characters.

    The images of a series differ in nothing else, and encoding the header anew takes longer than writing the file.
    """
    stand_in = "9" * length
    meta = FileMetaDataset()
    meta.FileMetaInformationVersion = b"\x00\x01"
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(stand_in)
    meta.TransferSyntaxUID = UID(syntax)
    meta.ImplementationClassUID = UID(IMPLEMENTATION_CLASS_UID)
    meta.ImplementationVersionName = IMPLEMENTATION_VERSION_NAME
    if source:
        meta.SourceApplicationEntityTitle = source
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, meta)
    # the value follows its tag, VR and length; looked for there, so that no other value can be mistaken for it
    head = struct.pack("<HH2sH", 0x0002, 0x0003, b"UI", length + length % 2)
    encoded = b"\0" * 128 + b"DICM" + buffer.getvalue()
    start = encoded.index(head) + len(head)
    return encoded[:start], encoded[start + length :]
