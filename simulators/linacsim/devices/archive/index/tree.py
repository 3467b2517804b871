"""The index in memory, as a tree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Protocol

from pydicom.dataelem import DataElement

from linacsim.devices.archive.attributes import LEVELS, UNIQUE, Level
from linacsim.devices.archive.index.entry import Entry, Kept
from linacsim.devices.archive.index.header import Header
from linacsim.devices.archive.matching import has_wild_card, matches, texts


class Wanted(Protocol):
    """What a search needs to know of a query."""

    @property
    def level(self) -> Level:
        """The level of what is looked for."""

    @property
    def keys(self) -> Mapping[Level, list[DataElement]]:
        """What is matched, by the level that it belongs to."""


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

    def search(self, query: Wanted, *, limit: int | None = None) -> Iterator[Entry]:
        """Yield the entries at the level of `query` that match it, in the order of arrival.

        Parameters
        ----------
        query : Wanted
            Its level, and its keys by level.
        limit : int or None
            How many to yield at most.
        """
        return islice(_descend(self.patients, LEVELS[0], query), limit)

    @staticmethod
    def instances_of(entry: Entry) -> Iterator[Kept]:
        """Yield where the instances below `entry` (or it itself) are."""
        return entry.instances()

    def instance(self, sop_instance: str) -> Kept | None:
        """Return where an instance is, ``None`` if it is not known."""
        found = self.instances.get(sop_instance)
        return None if found is None else found.kept

    def count(self, level: Level = Level.IMAGE) -> int:
        """Return how many entries of `level` there are."""
        return len(self.patients) if level is Level.PATIENT else sum(one.count(level) for one in self.patients.values())

    def nth(self, ordinal: int) -> Kept | None:
        """Return where the first (1), second... instance that came is; -1 is the last."""
        entries = list(self.instances.values())
        at = ordinal if ordinal < 0 else ordinal - 1
        return entries[at].kept if -len(entries) <= at < len(entries) else None


def _descend(entries: dict[str, Entry], level: Level, query: Wanted) -> Iterator[Entry]:
    keys = query.keys[level]
    for entry in _candidates(entries, keys, UNIQUE[level]):
        if not all(matches(key, entry.element(int(key.tag))) for key in keys):
            continue
        if level is not query.level:
            yield from _descend(entry.below, LEVELS[level.depth + 1], query)
        elif _has_match_below(entry, query):
            yield entry


def _candidates(entries: dict[str, Entry], keys: list[DataElement], unique: int) -> list[Entry]:
    """Return the entries that can match: looked up by their unique key if the query names it."""
    for key in keys:
        values = texts(key)
        if key.tag == unique and not any(has_wild_card(value) for value in values):
            return [entries[value] for value in dict.fromkeys(values) if value in entries]
    return list(entries.values())


def _has_match_below(entry: Entry, query: Wanted) -> bool:
    """Whether something below `entry` matches the keys of its level: relational queries have such keys."""
    if entry.level is LEVELS[-1] or not any(query.keys[level] for level in LEVELS[entry.level.depth + 1 :]):
        return True
    keys = query.keys[LEVELS[entry.level.depth + 1]]
    return any(
        all(matches(key, below.element(int(key.tag))) for key in keys) and _has_match_below(below, query)
        for below in entry.below.values()
    )
