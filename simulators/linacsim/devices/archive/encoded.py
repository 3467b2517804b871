"""The attributes of one level as the index keeps them: encoded, so that a response can be put together from them as they are.

A blob is a data set in Implicit VR Little Endian, in the order of the tags: first Specific Character Set and Timezone
Offset From UTC of the instance that it came from, if that had them, then the attributes of the level that have a value,
byte for byte. No VR is in it: the keys that the archive supports have the one that the dictionary gives them. No network
and no index here.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterable, Mapping
from functools import lru_cache
from io import BytesIO

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.valuerep import TEXT_VR_DELIMS

from linacsim.devices.archive.attributes import VR_OF
from linacsim.devices.archive.held import texts

CHARACTER_SET, TIMEZONE = 0x00080005, 0x00080201
LONG_TEXT = frozenset({"LT", "ST", "UT", "UC", "UR"})
"""Leading spaces are part of these (PS3.5 6.2); all but UC have one value, whatever is in it."""
IN_CHARACTER_SET = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""Value representations that Specific Character Set is for (PS3.5 6.1.2.3)."""
_ONE_VALUE = frozenset({"LT", "ST", "UT", "UR"})
_FORMATS = {"US": "H", "SS": "h", "UL": "L", "SL": "l", "FL": "f", "FD": "d", "UV": "Q", "SV": "q"}
"""How numbers are packed, by VR."""
_HEADER = struct.Struct("<HHL")


def pack(values: Mapping[int, bytes]) -> bytes:
    """Return the blob of `values`, encoded values of even length by tag; what has no value is left out."""
    return b"".join(
        _HEADER.pack(tag >> 16, tag & 0xFFFF, len(value)) + value for tag, value in sorted(values.items()) if value
    )


def unpack(blob: bytes) -> dict[int, bytes]:
    """Return the encoded values of a blob by tag."""
    values: dict[int, bytes] = {}
    offset, end = 0, len(blob)
    while offset < end:
        group, element, length = _HEADER.unpack_from(blob, offset)
        offset += 8 + length
        values[group << 16 | element] = blob[offset - length : offset]
    return values


def raw_values(ds: Dataset, tags: Iterable[int]) -> dict[int, bytes]:
    """Return what a blob holds of `ds`: the encoded values of `tags`, and its character set and time zone.

    Parameters
    ----------
    ds : Dataset
        A data set, as it is read from any transfer syntax.
    tags : iterable of int
        Attributes that the archive supports; one whose value cannot be read is left out.
    """
    values: dict[int, bytes] = {}
    for tag in (CHARACTER_SET, TIMEZONE, *tags):
        if tag in ds:
            try:
                value = _raw_value(ds, tag)
            except Exception:  # noqa: BLE001, S112 - whatever pydicom stumbles over in hostile bytes means the same here
                continue
            if value:
                values[tag] = value
    return values


def _raw_value(ds: Dataset, tag: int) -> bytes:
    vr = _vr(tag)
    raw = ds.get_item(tag)
    told = vr if raw.VR in (None, "UN") else raw.VR
    if isinstance(raw, RawDataElement) and _same_bytes(raw, str(told), vr):
        value = bytes(raw.value or b"")
        return value + b" " * (len(value) % 2)
    one = Dataset()
    one.add(_as(ds[tag], vr))
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = True, True
    with warnings.catch_warnings():
        # an odd value is kept as it is
        warnings.simplefilter("ignore")
        write_dataset(buffer, one, list(_terms(ds)) or "ISO_IR 6")
    return buffer.getvalue()[_HEADER.size :]


def _terms(ds: Dataset) -> tuple[str, ...]:
    told = ds.original_character_set
    return (told,) if isinstance(told, str) else tuple(str(one) for one in told or ())


def _same_bytes(raw: RawDataElement, told: str, vr: str) -> bool:
    """Whether an encoded value is the same in Implicit VR Little Endian, under the VR that it has there."""
    if vr == "SQ" or told == "SQ":
        return told == vr and raw.is_implicit_VR and raw.is_little_endian
    if vr in _FORMATS or told in _FORMATS:
        return told == vr and raw.is_little_endian
    return True


def _as(element: DataElement, vr: str) -> DataElement:
    """Return an element under the VR of the dictionary.

    Raises
    ------
    ValueError
        If it cannot be: one is a sequence, the other is not.
    """
    if "SQ" in (element.VR, vr) and vr != element.VR:
        raise ValueError(f"{element.VR} cannot be {vr}")
    return element if vr == element.VR else DataElement(element.tag, vr, element.value)


class Encoded:
    """The attributes of one level of one entry.

    Parameters
    ----------
    values : dict of int to bytes
        The encoded values by tag, as `unpack` returns them.
    """

    __slots__ = ("_texts", "values")

    def __init__(self, values: dict[int, bytes]) -> None:
        self.values = values
        self._texts: dict[int, list[str]] = {}

    @property
    def character_sets(self) -> tuple[str, ...]:
        """Specific Character Set of the instance that the values came from."""
        told = self.values.get(CHARACTER_SET)
        return () if told is None else character_sets(told)

    @property
    def timezone(self) -> str:
        """Timezone Offset From UTC of that instance; empty if it did not tell."""
        return self.values.get(TIMEZONE, b"").decode("ascii", "replace").strip(" \0")

    def raw(self, tag: int) -> bytes:
        """Return an encoded value; empty if there is none."""
        return self.values.get(tag, b"")

    def texts(self, tag: int) -> list[str]:
        """Return the values of an attribute as text, without spaces that mean nothing; none if it is empty."""
        found = self._texts.get(tag)
        if found is None:
            found = self._texts[tag] = value_texts(self.values.get(tag, b""), _vr(tag), self.character_sets)
        return found

    def element(self, tag: int) -> DataElement | None:
        """Return an attribute as pydicom reads it; ``None`` if it is empty, or cannot be read."""
        value = self.values.get(tag)
        if not value:
            return None
        told = {CHARACTER_SET: self.values[CHARACTER_SET]} if CHARACTER_SET in self.values else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                ds = read_dataset(BytesIO(pack({**told, tag: value})), is_implicit_VR=True, is_little_endian=True)
                element: DataElement = ds[tag]
                look_at(element)
            except Exception:  # noqa: BLE001 - whatever pydicom stumbles over in hostile bytes means the same here
                return None
        return element


def look_at(element: DataElement) -> None:
    """Look at every value, however deep: pydicom converts them when they are looked at, and not before."""
    if element.VR == "SQ":
        for item in element.value or ():
            for inner in item:
                look_at(inner)
    else:
        texts(element)


def value_texts(value: bytes, vr: str, terms: tuple[str, ...] = ()) -> list[str]:
    """Return the values of an encoded attribute as text.

    Parameters
    ----------
    value : bytes
        Little endian.
    vr : str
        Its value representation.
    terms : tuple of str
        Specific Character Set that it is written in.
    """
    if not value or vr == "SQ":
        return []
    if vr in _FORMATS or vr == "AT":
        return _numbers(value, vr)
    text = decoded(value, terms if vr in IN_CHARACTER_SET else ())
    values = [text] if vr in _ONE_VALUE else text.split("\\")
    plain = [one.rstrip(" \0") for one in values] if vr in LONG_TEXT else [one.strip(" \0") for one in values]
    if vr == "PN":
        # component groups at the end may be left out (PS3.5 6.2.1.1)
        plain = [one.rstrip("=") for one in plain]
    return plain if any(plain) else []


def decoded(value: bytes, terms: tuple[str, ...]) -> str:
    """Return encoded text as text; bytes that the character set does not have become U+FFFD."""
    if value.isascii() and b"\x1b" not in value and not (terms and terms[0] in _NOT_ASCII):
        return value.decode("ascii")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return decode_bytes(value, codecs_of(terms), TEXT_VR_DELIMS)


_NOT_ASCII = frozenset({"ISO_IR 13", "ISO 2022 IR 13"})
"""Character sets with another sign in a place of ASCII."""


@lru_cache(maxsize=256)
def codecs_of(terms: tuple[str, ...]) -> list[str]:
    """Return Python's names of the character sets."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return convert_encodings(list(terms)) if terms else ["iso8859"]


@lru_cache(maxsize=256)
def character_sets(value: bytes) -> tuple[str, ...]:
    """Return the values of an encoded Specific Character Set; the first may be empty (PS3.3 C.12.1.1.2)."""
    values = tuple(one.strip(" \0") for one in value.decode("ascii", "replace").split("\\"))
    return values if any(values) else ()


def _numbers(value: bytes, vr: str) -> list[str]:
    code = "HH" if vr == "AT" else _FORMATS[vr]
    size = struct.calcsize(f"<{code}")
    if len(value) % size:
        return []
    values = list(struct.iter_unpack(f"<{code}", value))
    return [f"({one[0]:04X},{one[1]:04X})" if vr == "AT" else str(one[0]) for one in values]


def _vr(tag: int) -> str:
    return "CS" if tag == CHARACTER_SET else "SH" if tag == TIMEZONE else VR_OF[tag]
