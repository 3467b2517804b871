"""What an index offers, and what it is given; no database here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from pydicom.datadict import tag_for_keyword

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.encoded import Encoded, unpack
from linacsim.devices.archive.index.entry import Entry, Kept
from linacsim.devices.archive.index.header import Header
from linacsim.devices.archive.index.narrowing import Wanted

_TELLING = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID")
"""Attributes that tell one patient from another."""


@dataclass(frozen=True, slots=True)
class New:
    """An instance to be added.

    Attributes
    ----------
    header : Header
        What the index takes from it.
    path : str
        Where it is kept, counted from the folder of the store.
    sop_class, syntax : str
        What it is, and its transfer syntax.
    start, size : int
        Where in the file its data set begins, and how long that is.
    """

    header: Header
    path: str
    sop_class: str
    syntax: str
    start: int
    size: int


@dataclass(slots=True)
class Filing:
    """Where in the index an instance belongs; what is not there yet has no row.

    Attributes
    ----------
    patient, study, series : int
        The rows; 0 if there is none yet.
    patient_id : str
        Patient ID of the patient that the study is of.
    patient_blob : bytes
        The attributes of that patient, as they are kept.
    folder : str
        Of the series, or of one beside it in the study; empty if there is none yet.
    classes : list of str
        The SOP classes in the series.
    told : dict of int to bytes
        What the last instance told of the patient, if that is what is kept.
    """

    patient: int = 0
    patient_id: str = ""
    patient_blob: bytes = b""
    study: int = 0
    series: int = 0
    folder: str = ""
    classes: list[str] = field(default_factory=list)
    told: dict[int, bytes] = field(default_factory=dict)

    def differs(self, header: Header) -> list[str]:
        """Return the keywords of what an instance tells of the patient otherwise than what is kept."""
        if not self.patient or self.told == header.values[Level.PATIENT].values:
            return []
        if not (self.patient_id or header.unique[Level.PATIENT]):
            # without Patient ID they are different people
            return []
        kept, told = Encoded(unpack(self.patient_blob)), header.values[Level.PATIENT]
        tags = {keyword: int(tag_for_keyword(keyword) or 0) for keyword in _TELLING}
        changed = [keyword for keyword, tag in tags.items() if kept.texts(tag) != told.texts(tag)]
        if not changed:
            # the next ones of the series will tell the same
            self.told = told.values
        return changed


class Index(ABC):
    """Everything that an archive knows of.

    What goes wrong with its database is a `DatabaseDownError`.
    """

    @abstractmethod
    def search(self, query: Wanted, *, limit: int | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield the entries at the level of `query` that match it, in the order of arrival.

        Parameters
        ----------
        query : Wanted
            What is looked for.
        limit : int or None
            How many to yield at most.
        after : int
            The `Entry.row` behind which to begin.
        """

    @abstractmethod
    def instances_of(self, entry: Entry) -> Iterator[Kept]:
        """Yield where the instances below `entry` (or it itself) are, in the order of arrival."""

    @abstractmethod
    def instance(self, sop_instance: str) -> Kept | None:
        """Return where an instance is, ``None`` if it is not known."""

    @abstractmethod
    def nth(self, ordinal: int) -> Kept | None:
        """Return where the first (1), second... instance that came is; -1 is the last."""

    @abstractmethod
    def count(self, level: Level = Level.IMAGE) -> int:
        """Return how many entries of `level` there are."""

    @abstractmethod
    def filing(self, header: Header) -> Filing:
        """Return where an instance belongs."""

    @abstractmethod
    def add(self, new: New, filing: Filing | None = None) -> None:
        """Add an instance that is not there yet; when this returns, it is committed. If it fails, nothing is added."""

    @abstractmethod
    def replace(self, new: New) -> None:
        """Let a known instance be another one: its contents, and where it is."""

    @abstractmethod
    def change_patient(self, header: Header, filing: Filing) -> None:
        """Let the patient of a study be as an instance tells: other attributes, or another patient."""

    @abstractmethod
    def remove(self, sop_instance: str) -> None:
        """Forget an instance, and what is left empty by that."""

    @abstractmethod
    def noted(self) -> dict[str, str]:
        """Return what has been noted about the index."""

    @abstractmethod
    def note(self, name: str, value: str) -> None:
        """Note something about the index."""

    @abstractmethod
    def together(self) -> AbstractContextManager[None]:
        """Commit what is added in the block at its end, and not one after the other."""

    @abstractmethod
    def close(self) -> None:
        """Give the database back."""
