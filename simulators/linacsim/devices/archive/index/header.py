"""What the index takes from an encoded data set: the attributes that it keeps, as the bytes that they are."""

from __future__ import annotations

import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO

from pydicom.datadict import dictionary_description
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from linacsim.devices.archive.attributes import LEVELS, STORED, UNIQUE, VR_OF, Level
from linacsim.devices.archive.encoded import CHARACTER_SET, TIMEZONE, Encoded, pack, raw_values
from linacsim.devices.storage.instance import inflated, is_plain
from linacsim.devices.storage.scan import OddError, cut_out
from linacsim.devices.uids import is_uid

WANTED = sorted({CHARACTER_SET, TIMEZONE, *(tag for tags in STORED.values() for tag in tags)})
"""Tags that the index takes from a data set."""
_LEVEL = {tag: level for level in LEVELS for tag in STORED[level]}
_UIDS = (Level.STUDY, Level.SERIES, Level.IMAGE)
_VRS = {CHARACTER_SET: b"CS", TIMEZONE: b"SH", **{tag: VR_OF[tag].encode("ascii") for tag in _LEVEL}}


class NotIndexableError(Exception):
    """A data set lacks what its place in the index follows from; the text says what."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the index takes from a data set.

    Attributes
    ----------
    unique : dict of Level to str
        The unique keys.
    values : dict of Level to Encoded
        The attributes that have a value; Specific Character Set and the time zone stand with each level's.
    """

    unique: dict[Level, str]
    values: dict[Level, Encoded]

    def blob(self, level: Level) -> bytes:
        """Return the attributes of a level as they are kept."""
        return pack(self.values[level].values)


def read_header(data: bytes, syntax: UID) -> Header:
    """Return what the index takes from an encoded data set; pixel data is not looked at.

    Raises
    ------
    NotIndexableError
        If it cannot be read, or has no Study, Series or SOP Instance UID.
    """
    found = _cut_out(data, explicit=not syntax.is_implicit_VR) if is_plain(syntax) else None
    return _header(found) if found is not None else header_of(_read(data, syntax))


def header_of(ds: Dataset) -> Header:
    """Return what the index takes from a data set that pydicom has read, as `read_header` does."""
    return _header(raw_values(ds, _LEVEL))


def _cut_out(data: bytes, *, explicit: bool) -> dict[int, bytes] | None:
    """Return the values of a plain data set by tag; ``None`` if it is not plain, or one has to be written anew."""
    try:
        found = cut_out(data, _VRS, explicit=explicit, last=WANTED[-1])
    except OddError:
        return None
    for tag, value in found.items():
        if len(value) & 1:
            found[tag] = value + b" "
    return found


def _read(data: bytes, syntax: UID) -> Dataset:
    deflated = syntax == DeflatedExplicitVRLittleEndian
    with warnings.catch_warnings():
        # odd values are kept as they are: it is not the archive's business to judge them
        warnings.simplefilter("ignore")
        try:
            return read_dataset(
                BytesIO(inflated(data) if deflated else data),
                syntax.is_implicit_VR,
                syntax.is_little_endian,
                stop_when=lambda tag, _vr, _length: tag > WANTED[-1],
                specific_tags=list(WANTED),
            )
        except Exception as exc:
            # whatever a parser stumbles over in hostile bytes means the same here
            raise NotIndexableError(f"unreadable: {exc}") from exc


def _header(found: Mapping[int, bytes]) -> Header:
    shared = {tag: found[tag] for tag in (CHARACTER_SET, TIMEZONE) if found.get(tag)}
    values: dict[Level, dict[int, bytes]] = {level: dict(shared) for level in LEVELS}
    for tag, value in found.items():
        level = _LEVEL.get(tag)
        if level is not None and value:
            values[level][tag] = value
    encoded = {level: Encoded(values[level]) for level in LEVELS}
    unique = {level: _unique(encoded[level], UNIQUE[level]) for level in LEVELS}
    for level in _UIDS:
        if not is_uid(unique[level]):
            raise NotIndexableError(f"{dictionary_description(UNIQUE[level])} is missing or no UID")
    return Header(unique, encoded)


def _unique(values: Encoded, tag: int) -> str:
    """Return the first value; nearly always it is plain, and there is no more to it than its padding."""
    raw = values.raw(tag)
    return raw.rstrip(b"\0 ").decode("ascii") if _PLAIN.fullmatch(raw) else next(iter(values.texts(tag)), "")


_PLAIN = re.compile(rb"[0-9A-Za-z.]+[ \0]?")
