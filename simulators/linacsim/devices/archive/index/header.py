"""What the index takes from an encoded data set."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from pydicom.datadict import dictionary_description
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from linacsim.devices.archive.attributes import LEVELS, STORED, UNIQUE, Level
from linacsim.devices.archive.matching import texts
from linacsim.devices.storage.instance import inflated
from linacsim.devices.uids import is_uid

_CHARACTER_SET = 0x00080005
WANTED = sorted({_CHARACTER_SET, *(tag for tags in STORED.values() for tag in tags)})
"""Tags that the index takes from a data set."""
_UIDS = (Level.STUDY, Level.SERIES, Level.IMAGE)


class NotIndexableError(Exception):
    """A data set lacks what its place in the index follows from; the text says what."""


@dataclass(frozen=True, slots=True)
class Header:
    """What the index takes from a data set.

    Attributes
    ----------
    unique : dict of Level to str
        The unique keys.
    values : dict of Level to dict of int to DataElement
        The attributes that have a value.
    character_sets : tuple of str
        Specific Character Set.
    """

    unique: dict[Level, str]
    values: dict[Level, dict[int, DataElement]]
    character_sets: tuple[str, ...]


def read_header(data: bytes, syntax: UID) -> Header:
    """Return what the index takes from an encoded data set; pixel data is not looked at.

    Raises
    ------
    NotIndexableError
        If it cannot be read, or has no Study, Series or SOP Instance UID.
    """
    deflated = syntax == DeflatedExplicitVRLittleEndian
    with warnings.catch_warnings():
        # odd values are kept as they are: it is not the archive's business to judge them
        warnings.simplefilter("ignore")
        try:
            ds = read_dataset(
                BytesIO(inflated(data) if deflated else data),
                syntax.is_implicit_VR,
                syntax.is_little_endian,
                stop_when=lambda tag, _vr, _length: tag > WANTED[-1],
                specific_tags=list(WANTED),
            )
        except Exception as exc:
            # whatever a parser stumbles over in hostile bytes means the same here
            raise NotIndexableError(f"unreadable: {exc}") from exc
        return header_of(ds)


def header_of(ds: Dataset) -> Header:
    """Return what the index takes from a data set, as `read_header` does."""
    elements = {int(element.tag): element for element in _readable(ds)}
    values = {
        level: {tag: elements[tag] for tag in STORED[level] if tag in elements and not elements[tag].is_empty}
        for level in LEVELS
    }
    unique = {level: next(iter(texts(values[level].get(UNIQUE[level]))), "") for level in LEVELS}
    for level in _UIDS:
        if not is_uid(unique[level]):
            raise NotIndexableError(f"{dictionary_description(UNIQUE[level])} is missing or no UID")
    return Header(unique, values, tuple(texts(elements.get(_CHARACTER_SET))))


def _readable(ds: Dataset) -> Iterator[DataElement]:
    """Yield the elements whose values can be read; an archive keeps an object with an odd attribute, too."""
    for tag in WANTED:
        if tag not in ds:
            continue
        try:
            yield ds[tag]
        except Exception:  # noqa: BLE001, S112 - whatever pydicom stumbles over in hostile bytes means the same here
            continue
