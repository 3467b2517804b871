"""The identifier of a C-FIND response (PS3.4 C.4.1.1.3.2), put together from the bytes that the index keeps.

Nearly every value goes into the response as it came in. What has to be made anew: sequences, of which only the attributes
that were asked for are returned; dates and times, if the identifier is of another time zone; text, if it cannot stand in
the character set of the response; and everything for a transfer syntax that is not Little Endian.
"""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Callable, Iterator
from functools import lru_cache
from io import BytesIO
from typing import NamedTuple

from pydicom.charset import encode_string
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian
from pydicom.valuerep import PersonName
from pynetdicom.dsutils import encode

from linacsim.devices.archive.adjusting import in_zone
from linacsim.devices.archive.attributes import COUNTS, GATHERED, LEVEL_OF, LEVELS, VR_OF
from linacsim.devices.archive.encoded import CHARACTER_SET, IN_CHARACTER_SET, TIMEZONE, codecs_of, decoded
from linacsim.devices.archive.held import Item, Terms, texts
from linacsim.devices.archive.index import Entry
from linacsim.devices.archive.matching import tests_of
from linacsim.devices.archive.query import Query

_LEVEL, _RETRIEVE_AE, _AVAILABILITY, _RECORD_KEY = 0x00080052, 0x00080054, 0x00080056, 0x0008041B
_UNICODE = ("ISO_IR 192",)
_LONG = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"})
"""Value representations with a length of four bytes in Explicit VR (PS3.5 7.1.2)."""
_SHORT_MOST = 0xFFFE
_MOMENTS = frozenset({"DA", "TM"})
_ESCAPE = b"\x1b"
_NEITHER = frozenset({*COUNTS, *GATHERED})

Header = Callable[[int], bytes]
"""Returns what stands before a value of so many bytes."""


class Slot(NamedTuple):
    """A key that is returned.

    Attributes
    ----------
    tag : int
        Which.
    depth : int
        How far below the patient its level is.
    vr : str
        Its value representation.
    header : callable
        What stands before the value.
    kind : str
        How the value is come by: ``plain``, ``text`` (in a character set), ``tally`` (counted or gathered), ``sequence``,
        or ``moment`` (in the time zone of the identifier).
    """

    tag: int
    depth: int
    vr: str
    header: Header
    kind: str


class Responses:
    """Makes the identifiers of the responses to one query.

    Parameters
    ----------
    query : Query
        What was asked.
    syntax : UID
        The transfer syntax of the responses.
    ae_title : str
        Retrieve AE Title (0008,0054).
    availability : str
        Instance Availability (0008,0056).
    """

    def __init__(self, query: Query, syntax: UID, ae_title: str, availability: str = "ONLINE") -> None:
        self._query = query
        self._syntax = syntax
        # Implicit VR is what the index has; Big Endian is made of it
        self._explicit = not syntax.is_implicit_VR and syntax.is_little_endian
        self._keys = {int(key.tag): key for key in query.wanted}
        self._slots = [self._slot(tag) for tag in sorted(self._keys)]
        fixed = {_LEVEL: ("CS", str(query.level)), _RETRIEVE_AE: ("AE", ae_title), _AVAILABILITY: ("CS", availability)}
        self._fixed = {tag: self._element(tag, vr, _even(text.encode("ascii"))) for tag, (vr, text) in fixed.items()}

    def identifier(self, entry: Entry) -> bytes:
        """Return the response for a match: the requested keys, with zero length where there is no value."""
        owners: list[Entry | None] = [None] * len(LEVELS)
        for one in entry.chain():
            owners[one.level.depth] = one
        parts = dict(self._fixed)
        said: list[tuple[Slot, Entry, bytes]] = []
        for slot in self._slots:
            owner = owners[slot.depth]
            value = b"" if owner is None else self._value(slot, owner)
            parts[slot.tag] = slot.header(len(value)) + value
            if owner is not None and slot.kind == "text" and not (value.isascii() and _ESCAPE not in value):
                said.append((slot, owner, value))
        self._add_sequences(parts, owners)
        if said or self._odd_sequences(owners):
            self._write_out(parts, said, owners)
        if self._query.zone:
            parts[TIMEZONE] = self._element(TIMEZONE, "SH", _even(self._zone(entry).encode("ascii", "replace")))
        if self._query.record_keys:
            parts[_RECORD_KEY] = self._element(_RECORD_KEY, "OB", record_key(entry))
        return self._finished(b"".join(parts[tag] for tag in sorted(parts)))

    def _slot(self, tag: int) -> Slot:
        vr = VR_OF[tag]
        kind = "text" if vr in IN_CHARACTER_SET else "plain"
        if tag in _NEITHER:
            kind = "tally"
        elif vr == "SQ":
            kind = "sequence"
        elif vr in _MOMENTS and self._query.terms.asked is not None:
            kind = "moment"
        return Slot(tag, LEVEL_OF[tag].depth, vr, self._header(tag, vr), kind)

    def _header(self, tag: int, vr: str) -> Header:
        start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
        long, short = struct.Struct("<L").pack, struct.Struct("<H").pack
        if not self._explicit:
            return lambda length: start + long(length)
        told = start + vr.encode("ascii")
        if vr in _LONG:
            return lambda length: told + b"\0\0" + long(length)
        # a value that is too long for its VR is written as UN (PS3.5 6.2.2)
        return lambda length: told + short(length) if length <= _SHORT_MOST else start + b"UN\0\0" + long(length)

    def _element(self, tag: int, vr: str, value: bytes) -> bytes:
        return self._header(tag, vr)(len(value)) + value

    def _value(self, slot: Slot, owner: Entry) -> bytes:
        if slot.kind in ("plain", "text"):
            return owner.values.values.get(slot.tag, b"")
        if slot.kind == "tally":
            return _even(owner.raw(slot.tag), slot.vr)
        if slot.kind == "moment":
            return _even("\\".join(in_zone(owner, slot.tag, self._query.terms)).encode("ascii", "replace"))
        return b""

    def _zone(self, entry: Entry) -> str:
        asked = self._query.terms.asked
        if asked is None:
            return entry.timezone
        return f"{'-' if asked < 0 else '+'}{abs(asked) // 60:02}{abs(asked) % 60:02}"

    # sequences

    def _sequences(self, owners: list[Entry | None]) -> Iterator[DataElement]:
        for slot in self._slots:
            owner = owners[slot.depth]
            if slot.kind == "sequence" and owner is not None:
                yield returned(self._keys[slot.tag], owner.element(slot.tag), self._query.terms, owner.timezone)

    def _add_sequences(self, parts: dict[int, bytes], owners: list[Entry | None], terms: tuple[str, ...] = ()) -> None:
        for element in self._sequences(owners):
            one = Dataset()
            one.add(element)
            if terms:
                one.SpecificCharacterSet = list(terms)
            with warnings.catch_warnings():
                # an odd value is returned as it is kept
                warnings.simplefilter("ignore")
                written = encode(one, is_implicit_vr=not self._explicit, is_little_endian=True) or b""
            # Specific Character Set comes first, and stands in the response already
            parts[int(element.tag)] = written[self._length_of_terms(terms) :]

    def _length_of_terms(self, terms: tuple[str, ...]) -> int:
        return len(self._element(CHARACTER_SET, "CS", _terms(terms))) if terms else 0

    def _odd_sequences(self, owners: list[Entry | None]) -> bool:
        return any(not text.isascii() for element in self._sequences(owners) for text in _texts_in(element))

    # character sets

    def _write_out(
        self, parts: dict[int, bytes], said: list[tuple[Slot, Entry, bytes]], owners: list[Entry | None]
    ) -> None:
        """Write text that is not ASCII, and the character set that it is in."""
        sources = {owner.character_sets for _slot, owner, _value in said}
        asked = self._query.character_sets
        if len(sources) == 1 and sources <= {asked or next(iter(sources))} and not self._odd_sequences(owners):
            # as it came
            terms = next(iter(sources))
        else:
            terms = self._chosen(said, owners)
            for slot, owner, value in said:
                text = encoded_text(decoded(value, owner.character_sets), slot.vr, terms)
                parts[slot.tag] = slot.header(len(text)) + text
            self._add_sequences(parts, owners, terms)
        if terms:
            parts[CHARACTER_SET] = self._element(CHARACTER_SET, "CS", _terms(terms))

    def _chosen(self, said: list[tuple[Slot, Entry, bytes]], owners: list[Entry | None]) -> tuple[str, ...]:
        """Return a Specific Character Set that can write the response: preferably the request's, else the objects'."""
        words = [(decoded(value, owner.character_sets), slot.vr) for slot, owner, value in said]
        words += [(text, "LO") for element in self._sequences(owners) for text in _texts_in(element)]
        for terms in (self._query.character_sets, *(one.character_sets for one in reversed(owners) if one is not None)):
            if terms and all(can_write(text, vr, terms) for text, vr in words):
                return terms
        return _UNICODE

    def _finished(self, data: bytes) -> bytes:
        if self._syntax == DeflatedExplicitVRLittleEndian:
            squeezer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
            squeezed = squeezer.compress(data) + squeezer.flush()
            return squeezed + b"\0" * (len(squeezed) % 2)
        if self._syntax.is_little_endian:
            return data
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ds = read_dataset(BytesIO(data), is_implicit_VR=True, is_little_endian=True)
            return encode(ds, is_implicit_vr=False, is_little_endian=False) or b""


def record_key(entry: Entry) -> bytes:
    """Return the Record Key (0008,041B) of a match: its level and its row (PS3.4 C.6.4.1.1)."""
    return _even(f"{entry.level} {entry.key}".encode("ascii"))


def returned(key: DataElement, held: DataElement | None, terms: Terms | None = None, zone: str = "") -> DataElement:
    """Return an attribute of an item, or a sequence, as far as `key` asks for it.

    Parameters
    ----------
    key : DataElement
        What is asked for.
    held : DataElement or None
        What there is.
    terms : Terms or None
        How the keys in an item are to be understood: of a sequence the items that match are returned (PS3.4 C.2.2.2.6);
        without it, all.
    zone : str
        Timezone Offset From UTC of what is held.
    """
    if key.VR != "SQ":
        values = texts(held)
        try:
            return DataElement(key.tag, key.VR, values if len(values) > 1 else values[0] if values else None)
        except (ArithmeticError, TypeError, ValueError):
            # what is kept under another VR may have no value of this one
            return DataElement(key.tag, key.VR, None)
    items = held.value if held is not None and held.VR == "SQ" else ()
    wanted = key.value[0] if key.value else Dataset()
    tests = [] if terms is None else tests_of(wanted, terms)
    matching = (item for item in items if all(test(Item(item, zone)) for test in tests))
    return DataElement(key.tag, "SQ", Sequence(_item(wanted, item, terms, zone) for item in matching))


def _item(wanted: Dataset, held: Dataset, terms: Terms | None, zone: str) -> Dataset:
    """Return the attributes of an item that are asked for; all of them if none is named."""
    item = Dataset()
    for element in wanted if len(wanted) else held:
        found = held.get(element.tag)
        item.add(returned(element, found, terms, zone) if len(wanted) else element)
    return item


def _texts_in(element: DataElement) -> Iterator[str]:
    if element.VR == "SQ":
        for item in element.value:
            for inner in item:
                yield from _texts_in(inner)
    elif element.VR in IN_CHARACTER_SET:
        yield from texts(element)


@lru_cache(maxsize=4096)
def can_write(text: str, vr: str, terms: tuple[str, ...]) -> bool:
    """Tell whether `text` can be written in a character set."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            written = _encoded(text, vr, terms)
        except (LookupError, UnicodeError, UserWarning):
            return False
    return decoded(written, terms) == text


@lru_cache(maxsize=4096)
def encoded_text(text: str, vr: str, terms: tuple[str, ...]) -> bytes:
    """Return `text` in a character set that can write it, of even length."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _even(_encoded(text, vr, terms))


def _encoded(text: str, vr: str, terms: tuple[str, ...]) -> bytes:
    codecs = codecs_of(terms)
    if len(codecs) == 1:
        return encode_string(text, codecs)
    if vr == "PN":
        return b"\\".join(PersonName(name, codecs).encode(codecs) for name in text.split("\\"))
    return encode_string(text, codecs)


def _terms(terms: tuple[str, ...]) -> bytes:
    return _even("\\".join(terms).encode("ascii", "replace"))


def _even(value: bytes, vr: str = "") -> bytes:
    return value if len(value) % 2 == 0 else value + (b"\0" if vr in ("UI", "OB") else b" ")
