"""What a search of the index finds: a patient, a study, a series or an instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.uid import UID

from linacsim.devices.archive.attributes import COUNTS, GATHERED, LEVELS, Level
from linacsim.devices.archive.matching import texts


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
