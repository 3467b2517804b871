"""The index over the stored instances: patients, studies, series, instances, each with the attributes of its level."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from pydicom.datadict import dictionary_description, dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.filereader import read_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from linacsim.devices.archive.attributes import COUNTS, GATHERED, LEVELS, STORED, UNIQUE, Level
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
class Kept:
    """Where an instance is kept.

    Attributes
    ----------
    where : str
        Its path on the shelf.
    sop_class, sop_instance : str
        What it is.
    syntax : UID
        The transfer syntax that it is kept in.
    """

    where: str
    sop_class: str
    sop_instance: str
    syntax: UID


class Entry:
    """A patient, a study, a series or an instance.

    Attributes
    ----------
    level : Level
        Which of them.
    unique : str
        The value of its unique key.
    values : dict of int to DataElement
        The attributes of its level that have a value.
    character_sets : tuple of str
        Specific Character Set of the instance that `values` came from.
    above : Entry or None
        What it belongs to.
    below : dict of str to Entry
        What belongs to it, by unique key, in the order of arrival.
    kept : Kept or None
        Of an instance: where it is.
    """

    __slots__ = ("above", "below", "character_sets", "kept", "level", "unique", "values")

    def __init__(self, level: Level, unique: str, above: Entry | None) -> None:
        self.level = level
        self.unique = unique
        self.above = above
        self.below: dict[str, Entry] = {}
        self.values: dict[int, DataElement] = {}
        self.character_sets: tuple[str, ...] = ()
        self.kept: Kept | None = None

    def chain(self) -> Iterator[Entry]:
        """Yield this entry and everything that it belongs to."""
        entry: Entry | None = self
        while entry is not None:
            yield entry
            entry = entry.above

    def instances(self) -> Iterator[Kept]:
        """Yield where the instances below (or this one) are."""
        if self.kept is not None:
            yield self.kept
        for entry in self.below.values():
            yield from entry.instances()

    def count(self, level: Level) -> int:
        """Return how many entries of `level` belong to it."""
        if LEVELS[self.level.depth + 1] is level:
            return len(self.below)
        return sum(entry.count(level) for entry in self.below.values())

    def element(self, tag: int) -> DataElement | None:
        """Return an attribute of its level; what is counted or gathered is looked up now."""
        if tag in COUNTS:
            return DataElement(tag, dictionary_VR(tag), str(self.count(COUNTS[tag][1])))
        if tag in GATHERED:
            return DataElement(tag, dictionary_VR(tag), self.gather(*GATHERED[tag]))
        return self.values.get(tag)

    def gather(self, level: Level, tag: int) -> list[str]:
        """Return the different values of an attribute of the entries of `level` below, in the order of arrival."""
        if self.level is level:
            return texts(self.values.get(tag))
        return list(dict.fromkeys(value for entry in self.below.values() for value in entry.gather(level, tag)))


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


class Index:
    """Everything that the archive knows of, as a tree.

    Attributes
    ----------
    patients : dict of str to Entry
        By Patient ID; an empty one is one, too.
    studies, instances : dict of str to Entry
        By Study Instance UID and SOP Instance UID, in the order of arrival.
    """

    def __init__(self) -> None:
        self.patients: dict[str, Entry] = {}
        self.studies: dict[str, Entry] = {}
        self.instances: dict[str, Entry] = {}

    def add(self, kept: Kept, header: Header) -> bool:
        """Add an instance; return whether it is new. An instance that is known stays what it is."""
        if kept.sop_instance in self.instances:
            return False
        entry = self._entry(Level.PATIENT, header, self.patients, None)
        study = self.studies.get(header.unique[Level.STUDY])
        if study is None:
            study = self._entry(Level.STUDY, header, entry.below, entry)
            self.studies[study.unique] = study
        elif not entry.below:
            # the study stays with the patient that it came with first
            del self.patients[entry.unique]
        series = self._entry(Level.SERIES, header, study.below, study)
        instance = self._entry(Level.IMAGE, header, series.below, series)
        instance.kept = kept
        self.instances[kept.sop_instance] = instance
        return True

    @staticmethod
    def _entry(level: Level, header: Header, siblings: dict[str, Entry], above: Entry | None) -> Entry:
        """Return the entry that an instance belongs to; the first instance gives it its attributes."""
        unique = header.unique[level]
        if unique not in siblings:
            entry = siblings[unique] = Entry(level, unique, above)
            entry.values, entry.character_sets = header.values[level], header.character_sets
        return siblings[unique]

    def remove(self, sop_instance: str) -> None:
        """Forget an instance, and what is left empty by that."""
        entry: Entry | None = self.instances.pop(sop_instance)
        while entry is not None and not entry.below:
            siblings = self.patients if entry.above is None else entry.above.below
            del siblings[entry.unique]
            if entry.level is Level.STUDY:
                del self.studies[entry.unique]
            entry = entry.above
