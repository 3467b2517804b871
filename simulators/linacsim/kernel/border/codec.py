"""Command sets as bytes (PS3.7 6.3.1, 9.3, 10.3, E.1): a fixed encoder and decoder for all DIMSE messages.

pynetdicom takes each command set through a pydicom data set, whose elements are checked, sorted and written one by one, twice
because of the group length; that costs more than everything else that happens to a small message. What a command set can
hold is known: a dozen elements of five value representations. Here they are packed and cut directly, by tables drawn from
pynetdicom's own, so that both stand on the same list.

Only *plain* values are taken: UIDs that are UIDs, numbers that fit, text in ASCII without delimiters. For everything else,
and for all that is wrong, the functions return ``None``, and pynetdicom does what it does. Contract tests hold both
directions against pynetdicom's, over all messages and over hostile bytes.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from io import BytesIO
from typing import Any, NamedTuple

from pydicom._dicom_dict import DicomDictionary
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag
from pydicom.uid import UID
from pynetdicom import dimse_messages

_COMMAND_FIELD = 0x0100
_DATA_SET_TYPE = 0x0800
_GROUP_LENGTH = 0x0000
_GROUPS = 0x10000
_NO_DATA_SET = 0x0101
_DATA_SET = 0x0001
_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))*")
_TEXT = re.compile(r"[!-\[\]-~](?:[ -\[\]-~]*[!-\[\]-~])?")
"""Printable ASCII that neither begins nor ends with a space, without backslash."""
_UID_LONGEST, _AE_LONGEST, _COMMENT_LONGEST = 64, 16, 64
_HEADER = struct.Struct("<HHL")
_NUMBER = struct.Struct("<H")
_TAG = struct.Struct("<HH")
_LENGTHS = tuple(length.to_bytes(4, "little") for length in range(_UID_LONGEST + 1))

Writer = Callable[[Any], bytes | None]
"""Returns an element with the value, tag and length before it; ``None`` if the value is not plain."""
Cutter = Callable[[bytes], Any]

LOGGED = {
    0x0110: "message-id",
    0x0120: "responds-to",
    0x0002: "sop-class",
    0x0003: "sop-class",
    0x1000: "sop-instance",
    0x1001: "sop-instance",
    0x0900: "status",
    0x0902: "error-comment",
    0x0600: "move-destination",
    0x1002: "event-type",
    0x1008: "action-type",
    0x1020: "remaining",
    0x1021: "completed",
    0x1022: "failed",
    0x1023: "warning",
}
"""Elements of group 0000 that the log tells, by the names that it has for them, in its order."""


class Row(NamedTuple):
    """An element that is written: its number, the primitive's attribute that has its value, and who writes it."""

    element: int
    attribute: str
    write: Writer


@dataclass(frozen=True, slots=True)
class Kind:
    """A DIMSE message, as its command set says.

    Attributes
    ----------
    name : str
        As ``C-STORE-RQ``.
    field : int
        Command Field (0000,0100).
    primitive : type
        pynetdicom's class.
    keyword : str or None
        The primitive's attribute that holds its data set, if it may have one.
    is_request : bool
        Whether it is no response.
    before, between, after : tuple of Row
        What is written, in order: before Command Field (0000,0100), between it and Command Data Set Type (0000,0800), after that.
    """

    name: str
    field: int
    primitive: Any
    keyword: str | None
    is_request: bool
    before: tuple[Row, ...]
    between: tuple[Row, ...]
    after: tuple[Row, ...]


@dataclass(slots=True)
class Command:
    """A command set that has been read.

    Attributes
    ----------
    kind : Kind
        Which message it is of.
    primitive : DIMSEPrimitive
        What pynetdicom would have made of it; the data set is still to be put in.
    fields : dict
        What the log tells of it.
    has_data_set : bool
        Whether a data set follows.
    """

    kind: Kind
    primitive: Any
    fields: dict[str, Any]
    has_data_set: bool

    def complete(self, context_id: int, data: bytes) -> Any:
        """Return the primitive, with its presentation context and its data set."""
        self.primitive._context_id = context_id
        if self.kind.keyword is not None:
            self.primitive._dataset = BytesIO(data)
        return self.primitive


def encode(primitive: Any, *, with_data_set: bool) -> tuple[Kind, bytes] | None:
    """Return the command set of `primitive`, and which message it is of; ``None`` if it is not plain."""
    kind = kind_of(primitive)
    if kind is None:
        return None
    parts = [b""]
    complete = _write(parts, kind.before, primitive)
    parts.append(_COMMAND_FIELDS[kind.field])
    complete = complete and _write(parts, kind.between, primitive)
    parts.append(_WITH_DATA_SET if with_data_set else _WITHOUT_DATA_SET)
    if not (complete and _write(parts, kind.after, primitive)):
        return None
    parts[0] = _GROUP_LENGTH_HEADER + sum(map(len, parts)).to_bytes(4, "little")
    return kind, b"".join(parts)


def _write(parts: list[bytes], rows: tuple[Row, ...], primitive: Any) -> bool:
    """Add the elements that have a value; return whether all are plain."""
    for _, attribute, write in rows:
        value = getattr(primitive, attribute)
        if value is not None:
            written = write(value)
            if written is None:
                return False
            parts.append(written)
    return True


def kind_of(primitive: Any) -> Kind | None:
    """Return which message `primitive` is of: a response if it has a Message ID Being Responded To (pynetdicom's rule)."""
    answers = primitive.MessageIDBeingRespondedTo is not None
    return _SENT.get((type(primitive), answers))


def fields_of(kind: Kind, primitive: Any) -> dict[str, Any]:
    """Return what the log tells of a message that is about to be sent."""
    fields: dict[str, Any] = {}
    for name, attribute in _TOLD[kind.field]:
        value = getattr(primitive, attribute)
        if value is not None and value != "":
            fields[name] = int(value) if isinstance(value, int) else str(value)
    return fields


def decode(data: bytes) -> Command | None:
    """Read a command set; ``None`` if it is not plain, or none at all: then somebody else has to say what is wrong."""
    found = _elements(data)
    if found is None or len(found.pop(_GROUP_LENGTH, b"four")) != _LENGTH_OF_GROUP_LENGTH:
        return None
    kind = _RECEIVED.get(_cut_number(found.pop(_COMMAND_FIELD, b"")) or 0)
    data_set_type = _cut_number(found.pop(_DATA_SET_TYPE, b""))
    if kind is None or data_set_type is None:
        return None
    primitive = kind.primitive.__new__(kind.primitive)
    values = primitive.__dict__
    values.update(_TEMPLATES[kind.primitive])
    fields: dict[str, Any] = {}
    if not _fill(values, fields, found, _ATTRIBUTES[kind.primitive]):
        return None
    return Command(kind, primitive, fields, data_set_type != _NO_DATA_SET)


def _elements(data: bytes) -> dict[int, bytes] | None:
    """Return the values of group 0000 by element; ``None`` if there are others, out of order, or the last breaks off."""
    found = {}
    offset, last, end = 0, -1, len(data)
    while offset + _HEADER.size <= end:
        group, element, length = _HEADER.unpack_from(data, offset)
        if group or element <= last:
            return None
        start = offset + _HEADER.size
        offset, last = start + length, element
        found[element] = data[start:offset]
    return found if offset == end else None


def _fill(
    values: dict[str, Any],
    fields: dict[str, Any],
    found: dict[int, bytes],
    attributes: dict[int, tuple[str, Cutter]],
) -> bool:
    """Put values where the primitive keeps them, and what the log tells into `fields`; return whether all are plain."""
    for element, encoded in found.items():
        known = attributes.get(element)
        if known is None:
            return False
        attribute, cut = known
        value = cut(encoded)
        if value is None:
            return False
        values[attribute] = value
        name = LOGGED.get(element)
        if name is not None:
            fields[name] = str(value) if isinstance(value, UID) else value
    return values.get("_priority", 0) <= _PRIORITY_HIGHEST  # type: ignore[no-any-return]


def is_uid(value: str) -> bool:
    """Return whether `value` can be written as a UID (PS3.5 9.1)."""
    return _packed_uid(value) is not None


# how values are written and read, by value representation; None: not plain


def _uid(element: int) -> Writer:
    tag = _TAG.pack(0, element)

    def write(value: Any) -> bytes | None:
        text = _packed_uid(value) if isinstance(value, str) else None
        return None if text is None else tag + _LENGTHS[len(text)] + text

    return write


@lru_cache(maxsize=1024)
def _packed_uid(value: str) -> bytes | None:
    if len(value) > _UID_LONGEST or _UID.fullmatch(value) is None:
        return None
    text = value.encode("ascii")
    return text + b"\0" if len(text) % 2 else text


@cache
def _number(element: int) -> Writer:
    head = _TAG.pack(0, element) + _LENGTHS[_NUMBER.size]

    @lru_cache(maxsize=1024, typed=True)
    def write(value: Any) -> bytes | None:
        return head + _NUMBER.pack(value) if isinstance(value, int) and 0 <= value <= 0xFFFF else None

    return write


def _text(longest: int) -> Callable[[int], Writer]:
    def of(element: int) -> Writer:
        tag = _TAG.pack(0, element)

        def write(value: Any) -> bytes | None:
            if not isinstance(value, str) or len(value) > longest or _TEXT.fullmatch(value) is None:
                return None
            text = value.encode("ascii") + b" " * (len(value) % 2)
            return tag + _LENGTHS[len(text)] + text

        return write

    return of


def _tags(element: int) -> Writer:
    head = _TAG.pack(0, element)

    def write(value: Any) -> bytes | None:
        tags = [value] if isinstance(value, int) else value
        if not isinstance(tags, list | tuple | MultiValue) or not tags:
            return None
        if not all(isinstance(tag, int) and 0 <= tag <= 0xFFFFFFFF for tag in tags):
            return None
        length = (len(tags) * _TAG.size).to_bytes(4, "little")
        return b"".join((head, length, *(_TAG.pack(tag >> 16, tag & 0xFFFF) for tag in tags)))

    return write


def _cut_uid(data: bytes) -> UID | None:
    return _known_uid(data) if len(data) <= _UID_LONGEST else None


@lru_cache(maxsize=1024)
def _known_uid(data: bytes) -> UID | None:
    # one NUL makes the length even (PS3.5 6.2)
    text = (data[:-1] if data[-1:] == b"\0" else data).decode("ascii", "replace")
    # not by calling `UID`, which would look once more
    return str.__new__(UID, text) if _UID.fullmatch(text) else None


def _cut_number(data: bytes) -> int | None:
    return int.from_bytes(data, "little") if len(data) == _NUMBER.size else None


def _cut_text(longest: int) -> Cutter:
    def cut(data: bytes) -> str | None:
        text = (data[:-1] if data[-1:] == b" " else data).decode("ascii", "replace")
        return text if len(text) <= longest and _TEXT.fullmatch(text) else None

    return cut


def _cut_tags(data: bytes) -> Any:
    if not data or len(data) % _TAG.size:
        return None
    tags = [BaseTag(group << 16 | element) for group, element in _TAG.iter_unpack(data)]
    return tags[0] if len(tags) == 1 else tags


_WAYS: dict[str, tuple[Callable[[int], Writer], Cutter]] = {
    "UI": (_uid, _cut_uid),
    "US": (_number, _cut_number),
    "AE": (_text(_AE_LONGEST), _cut_text(_AE_LONGEST)),
    "LO": (_text(_COMMENT_LONGEST), _cut_text(_COMMENT_LONGEST)),
    "AT": (_tags, _cut_tags),
}

_SAMPLES: dict[str, Any] = {"UI": "1.2", "US": 1, "AE": "A", "LO": "A", "AT": 1}

# the tables, drawn from pynetdicom's

_PRIORITY_HIGHEST = 2
_LENGTH_OF_GROUP_LENGTH = 4
_GROUP_LENGTH_HEADER = _HEADER.pack(0, _GROUP_LENGTH, 4)
_WITH_DATA_SET, _WITHOUT_DATA_SET = (_number(_DATA_SET_TYPE)(one) or b"" for one in (_DATA_SET, _NO_DATA_SET))
_WAY_OF = {
    tag: _WAYS[representation]
    for tag, (representation, *_) in DicomDictionary.items()
    if tag < _GROUPS and representation in _WAYS
}
"""Writer and cutter of each element of group 0000 that has one."""


def _kinds() -> dict[int, Kind]:
    kinds = {}
    for field, (name, message) in dimse_messages._MESSAGE_TYPES.items():
        primitive = dimse_messages._MSG_TO_PRIMITVE[message.__name__.rpartition("_R")[0]]
        keyword = dimse_messages._DATASET_KEYWORDS.get(message.__name__)
        rows = _rows(dimse_messages._COMMAND_SET_KEYWORDS[name], primitive)
        before = tuple(row for row in rows if row.element < _COMMAND_FIELD)
        between = tuple(row for row in rows if _COMMAND_FIELD < row.element < _DATA_SET_TYPE)
        after = tuple(row for row in rows if row.element > _DATA_SET_TYPE)
        kinds[field] = Kind(name, field, primitive, keyword, name.endswith("-RQ"), before, between, after)
    return kinds


def _rows(keywords: tuple[str, ...], primitive: Any) -> tuple[Row, ...]:
    rows = []
    for keyword in keywords:
        element = int(tag_for_keyword(keyword) or 0)
        if element not in (_GROUP_LENGTH, _COMMAND_FIELD, _DATA_SET_TYPE):
            attribute, _ = _ATTRIBUTES[primitive][element]
            rows.append(Row(element, attribute, _WAY_OF[element][0](element)))
    return tuple(sorted(rows, key=lambda row: row.element))


def _attributes_of(primitive: Any) -> dict[int, tuple[str, Cutter]]:
    """Return, by element, the attribute in which `primitive` keeps its value: most hide behind a property that checks."""
    return {
        element: (_kept_as(primitive, keyword_for_tag(element), _SAMPLES[dictionary_VR(element)]), cut)
        for element, (_, cut) in _WAY_OF.items()
        if hasattr(primitive(), keyword_for_tag(element))
    }


def _kept_as(primitive: Any, keyword: str, sample: Any) -> str:
    """Return the attribute that changes when `keyword` is set."""
    probe = primitive()
    before = dict(vars(probe))
    setattr(probe, keyword, sample)
    changed: list[str] = [name for name, value in vars(probe).items() if before.get(name) != value]
    return changed[0]


def _told(rows: tuple[Row, ...]) -> tuple[tuple[str, str], ...]:
    """Return name in the log and attribute of what the log tells of a message."""
    attributes = {row.element: row.attribute for row in rows}
    return tuple((name, attributes[element]) for element, name in LOGGED.items() if element in attributes)


_PRIMITIVES = tuple(dimse_messages._MSG_TO_PRIMITVE.values())
_TEMPLATES: dict[Any, dict[str, Any]] = {primitive: dict(vars(primitive())) for primitive in _PRIMITIVES}
_ATTRIBUTES = {primitive: _attributes_of(primitive) for primitive in _PRIMITIVES}
_RECEIVED = _kinds()
_SENT = {(kind.primitive, not kind.is_request or kind.name == "C-CANCEL-RQ"): kind for kind in _RECEIVED.values()}
_COMMAND_FIELDS = {field: _number(_COMMAND_FIELD)(field) or b"" for field in _RECEIVED}
_TOLD = {kind.field: _told((*kind.before, *kind.between, *kind.after)) for kind in _RECEIVED.values()}
