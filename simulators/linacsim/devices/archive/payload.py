"""An instance as it goes into a C-STORE request: the bytes that are kept, or what has to be made of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.dsutils import decode, encode

_META_LENGTH = b"\x02\x00\x00\x00UL\x04\x00"
"""File Meta Information Group Length (0002,0000), which comes first (PS3.10 7.1)."""
_META_AT = 132
_META_END = _META_AT + 12
_WORDS = {"OW": 2, "OL": 4, "OF": 4, "OV": 8, "OD": 8}
"""Bytes of a word, by value representations whose values pydicom leaves as bytes."""
PLAIN = (ImplicitVRLittleEndian, ExplicitVRLittleEndian)
"""Transfer syntaxes that everything uncompressed can be written in; the first is every storage SCP's (PS3.5 10.1)."""
_BULK_DATA = (0x00287FE0, 0x00420011, 0x56000020, 0x7FE00008, 0x7FE00009, 0x7FE00010)
"""Attributes that Composite Instance Retrieve Without Bulk Data leaves out of the top level (PS3.4 Z.1.3)."""
_REPEATING_BULK_DATA = (0x60003000, 0x50003000, 0x5000200C)
_REPEATING = 0xFF00FFFF


@dataclass(frozen=True, slots=True)
class Payload:
    """An encoded data set.

    Attributes
    ----------
    syntax : UID
        Its transfer syntax.
    data : bytes or memoryview
        Its bytes.
    """

    syntax: UID
    data: bytes | memoryview


def is_plain(syntax: UID) -> bool:
    """Whether a data set in this transfer syntax can be written in any other one without touching its pixels."""
    return not syntax.is_encapsulated


def payload_of(file: bytes, syntax: UID) -> Payload:
    """Return the data set of a file of the archive, without copying it.

    Raises
    ------
    ValueError
        If it does not begin as the archive's files do.
    """
    if file[_META_AT - 4 : _META_AT + 8] != b"DICM" + _META_LENGTH:
        raise ValueError("no file meta information")
    start = _META_END + int.from_bytes(file[_META_AT + 8 : _META_END], "little")
    return Payload(syntax, memoryview(file)[start:])


def converted(payload: Payload, syntax: UID) -> Payload:
    """Return the data set in another uncompressed transfer syntax.

    Raises
    ------
    ValueError
        If that cannot be done.
    """
    return _rewritten(payload, syntax, lambda _ds: None)


def without_bulk_data(payload: Payload) -> Payload:
    """Return the data set without bulk data (PS3.4 Z.1.3), in Explicit VR Little Endian if it was compressed.

    Raises
    ------
    ValueError
        If it cannot be read or written.
    """
    return _rewritten(payload, payload.syntax if is_plain(payload.syntax) else ExplicitVRLittleEndian, _leave_out)


def _leave_out(ds: Dataset) -> None:
    for tag in list(ds.keys()):
        if tag in _BULK_DATA or (tag & _REPEATING) in _REPEATING_BULK_DATA:
            del ds[tag]
    for item in ds.get("WaveformSequence", ()):
        item.pop("WaveformData", None)


def _rewritten(payload: Payload, syntax: UID, change: Callable[[Dataset], None]) -> Payload:
    with reading():
        ds = read(payload)
        change(ds)
        if payload.syntax.is_little_endian != syntax.is_little_endian:
            _turn_words(ds, payload.syntax)
        return write(ds, syntax)


@contextmanager
def reading() -> Iterator[None]:
    """Turn whatever pydicom stumbles over in hostile bytes into a `ValueError`; odd values are kept as they are."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except ValueError:
            raise
        except Exception as exc:
            raise ValueError(f"cannot be converted: {exc}") from exc


def read(payload: Payload) -> Dataset:
    """Return the data set."""
    syntax = payload.syntax
    deflated = syntax == DeflatedExplicitVRLittleEndian
    return decode(BytesIO(payload.data), syntax.is_implicit_VR, syntax.is_little_endian, deflated)


def write(ds: Dataset, syntax: UID) -> Payload:
    """Return a data set as bytes.

    Raises
    ------
    ValueError
        If it cannot be written so.
    """
    data = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian, syntax == DeflatedExplicitVRLittleEndian)
    if data is None:
        raise ValueError(f"cannot be written in {syntax.name}")
    return Payload(syntax, data)


def _turn_words(ds: Dataset, syntax: UID) -> None:
    """Turn the bytes of words round, wherever pydicom leaves values as bytes; all others it turns by itself."""
    there, here = (">", "<") if syntax.is_little_endian else ("<", ">")
    for element in ds.iterall():
        size = _WORDS.get(str(element.VR), 1)
        if size > 1 and isinstance(element.value, bytes) and len(element.value) % size == 0:
            element.value = np.frombuffer(element.value, f"{here}u{size}").astype(f"{there}u{size}").tobytes()
