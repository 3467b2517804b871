"""What an exporter does that no table says: one small record for each system."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydicom import Dataset

from linacsim.objects.case.case import Case
from linacsim.objects.export.uids import Names

KINDS = frozenset(
    {"ct", "mr", "pet", "reg", "rtstruct", "rtplan", "rtionplan", "rtdose", "rtimage", "cr", "sc", "mfsc"}
)
IMAGES = frozenset({"ct", "mr", "pet"})
RT = KINDS - IMAGES
"""What a planning system makes itself."""


@dataclass(slots=True)
class Job:
    """One object on its way out.

    Attributes
    ----------
    kind : str
        What it is.
    ds : pydicom.Dataset
        A copy that may be changed.
    names : Names
        The exporter's UIDs.
    case : Case
        The case that it belongs to.
    kinds : frozenset of str
        What goes along in the same export.
    original : str
        The SOP Instance UID that it had.
    """

    kind: str
    ds: Dataset
    names: Names
    case: Case
    kinds: frozenset[str]
    original: str


Adapt = Callable[[Job], None]
"""Turns an object of a case into what the exporter says, before its table is applied."""


def no_creator(_: str) -> str:
    """Return the creator of a private group that nobody names: none."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """How one system exports.

    Attributes
    ----------
    own : frozenset of str
        Kinds whose instances are new at export.
    remade : frozenset of str
        Kinds that are new as well if they go along; references to those that do not go along stay.
    as_stored : frozenset of str
        Kinds that go as they were imported: what the table leaves out goes along.
    acquires : frozenset of str
        Kinds that come here as the system has acquired them: on their own they keep their UIDs.
    handed_on : frozenset of str
        Kinds of which a user's own file leaves as it came; the table is of what the system makes itself.
    beams : tuple of str
        The beams of a case that it knows, if not all.
    brachy : bool
        Whether it plans brachytherapy.
    settings : mapping
        Settings of a case for this exporter, by kind; those under ``""`` count for all.
    adapt : mapping
        By kind; the one under ``""`` comes first and for all.
    kept : frozenset of str
        Paths that the table leaves undecided and that are sent, as ``rtplan:300A,00B0>300A,00B4``.
    creator : callable
        The creator of a private group that nobody names.
    """

    own: frozenset[str] = RT
    remade: frozenset[str] = frozenset()
    as_stored: frozenset[str] = frozenset()
    acquires: frozenset[str] = frozenset()
    handed_on: frozenset[str] = frozenset()
    beams: tuple[str, ...] = ()
    brachy: bool = True
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    adapt: Mapping[str, Adapt] = field(default_factory=dict)
    kept: frozenset[str] = frozenset()
    creator: Callable[[str], str] = no_creator

    def changes(self, kind: str, case: Case) -> dict[str, Any]:
        """Return what is other in a case for one kind of object."""
        changes = {**self.settings.get("", {}), **self.settings.get(kind, {})}
        if self.beams:
            changes["beams"] = tuple(beam for beam in case.settings.beams if beam in self.beams)
        return changes

    def prepare(self, job: Job) -> None:
        """Adapt an object."""
        for key in ("", job.kind):
            if key in self.adapt:
                self.adapt[key](job)


def private(ds: Dataset, creator: str, where: str, vr: str, value: Any) -> None:
    """Set a private attribute, as ``3253,xx00``, in the block of its creator."""
    group, element = where.split(",")
    block = ds.private_block(int(group, 16), creator, create=True)
    block.add_new(int(element.removeprefix("xx"), 16), vr, value)
