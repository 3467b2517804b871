"""What a search of the index finds: a patient, a study, a series or an instance."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pydicom.dataelem import DataElement
from pydicom.uid import UID

from linacsim.devices.archive.attributes import COUNTS, GATHERED, VR_OF, Level
from linacsim.devices.archive.encoded import Encoded, unpack


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
    start : int
        Where in the file the data set begins, behind the file meta information.
    size : int
        Bytes of the data set.
    """

    where: str
    sop_class: str
    sop_instance: str
    syntax: UID
    start: int = 0
    size: int = 0


class Tells(Protocol):
    """Who knows what belongs to an entry."""

    def tally(self, entry: Entry, tag: int) -> str:
        """Return an attribute that is counted or gathered, as text; several values with backslashes between."""


class Entry:
    """A patient, a study, a series or an instance.

    Parameters
    ----------
    level : Level
        Which of them.
    unique : str
        The value of its unique key.
    blob : bytes
        The attributes of its level that have a value, as `encoded` packs them.
    above : Entry or None
        What it belongs to.
    row : int
        Its number in the index, in the order of arrival.
    tells : Tells
        Who knows what belongs to it.

    Attributes
    ----------
    kept : Kept or None
        Of an instance: where it is.
    """

    __slots__ = ("_blob", "_encoded", "_tallies", "_tells", "above", "kept", "level", "row", "unique")

    def __init__(self, level: Level, unique: str, blob: bytes, above: Entry | None, row: int, tells: Tells) -> None:
        self.level = level
        self.unique = unique
        self.above = above
        self.row = row
        self.kept: Kept | None = None
        self._blob = blob
        self._encoded: Encoded | None = None
        self._tells = tells
        self._tallies: dict[int, str] = {}

    @property
    def values(self) -> Encoded:
        """The attributes of its level that have a value."""
        if self._encoded is None:
            self._encoded = Encoded(unpack(self._blob))
        return self._encoded

    @property
    def key(self) -> str:
        """What a later search can go on behind: its row, as text."""
        return str(self.row)

    @property
    def character_sets(self) -> tuple[str, ...]:
        """Specific Character Set of the instance that the values came from."""
        return self.values.character_sets

    @property
    def timezone(self) -> str:
        """Timezone Offset From UTC of that instance; empty if it did not tell."""
        return self.values.timezone

    def chain(self) -> Iterator[Entry]:
        """Yield this entry and everything that it belongs to."""
        entry: Entry | None = self
        while entry is not None:
            yield entry
            entry = entry.above

    def raw(self, tag: int) -> bytes:
        """Return an encoded value of its level; empty if there is none. What is counted or gathered is looked up now."""
        if tag in COUNTS or tag in GATHERED:
            return self._tally(tag).encode("ascii", "replace")
        return self.values.raw(tag)

    def texts(self, tag: int) -> list[str]:
        """Return the values of an attribute of its level as text."""
        if tag in COUNTS or tag in GATHERED:
            told = self._tally(tag)
            return told.split("\\") if told else []
        return self.values.texts(tag)

    def element(self, tag: int) -> DataElement | None:
        """Return an attribute of its level as pydicom reads it; ``None`` if it has no value."""
        if tag in COUNTS or tag in GATHERED:
            values = self.texts(tag)
            return DataElement(tag, VR_OF[tag], values if len(values) > 1 else values[0] if values else None)
        return self.values.element(tag)

    def tell(self, tag: int, told: str) -> None:
        """Take an attribute that has been counted or gathered already."""
        self._tallies[tag] = told

    def _tally(self, tag: int) -> str:
        if tag not in self._tallies:
            self._tallies[tag] = self._tells.tally(self, tag)
        return self._tallies[tag]
