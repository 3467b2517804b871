"""What the checker says: findings, and the report that gathers them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from linacsim.conformance.check.scope import Instance
from linacsim.conformance.system import NOT_DOCUMENTED, Consequence


class State(StrEnum):
    """What a finding is."""

    BROKEN = "broken"
    """A rule is not kept."""
    PERSON = "person"
    """The data do not tell; a person has to."""
    NOTE = "note"
    """Worth knowing, no rule of the system is broken."""


@dataclass(frozen=True, slots=True)
class About:
    """The object that a finding is about.

    Attributes
    ----------
    file : str
        Where it came from.
    kind : str
        What a person calls it: ``CT Image``.
    """

    file: str
    kind: str
    uid: str = ""
    series: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that the checker says.

    Attributes
    ----------
    rule : str
        Which rule: ``rtplan.import:300A,00B0>300A,00C6#enum``, or the id of a precondition.
    section : str
        Where the document says so.
    about : About
        The object.
    path : str
        The element, as ``BeamSequence[1].ControlPointSequence[0].GantryAngle``, counted from 0.
    found, wanted : str
        What is there, and what the document wants.
    state : State
        Broken, for a person, or a note.
    effect : Consequence
        What the system documents to do.
    reason : str
        Why a person has to tell; or a note of the table.
    sentence : str
        The rule in words; empty for a constraint.
    """

    rule: str
    section: str
    about: About
    path: str
    found: str
    wanted: str
    state: State = State.BROKEN
    effect: Consequence = NOT_DOCUMENTED
    reason: str = ""
    sentence: str = ""
    always: bool = False
    """For a person: no object could tell, whatever is in it."""
    also: tuple[Finding, ...] = ()
    """What rules beyond one attribute say of the same element of the same object."""

    @property
    def rules(self) -> tuple[str, ...]:
        """The rule, and those that say the same."""
        return (self.rule, *(one.rule for one in self.also))


@dataclass(frozen=True, slots=True)
class Unread:
    """A file that is no object, or cannot be read."""

    file: str
    reason: str
    damaged: bool = False
    """Whether it is a DICOM file all the same, that a receiver could not read either."""


@dataclass(slots=True)
class Group:
    """Findings that say the same of several objects or items."""

    findings: list[Finding]
    of: int
    """How many objects of the kind there are."""

    @property
    def first(self) -> Finding:
        """The one that is shown."""
        return self.findings[0]

    @property
    def files(self) -> list[str]:
        """The objects, each once."""
        return list(dict.fromkeys(one.about.file for one in self.findings))


@dataclass(slots=True)
class Report:
    """Everything that was said of some objects.

    Attributes
    ----------
    system, title, way : str
        The system, what it is called, and ``import`` or ``export``.
    objects : list of Instance
        The objects that were looked at.
    unread : list of Unread
        Files that are none.
    findings : list of Finding
        What was found.
    judged : set of str
        The rules that were looked at.
    """

    system: str
    title: str
    way: str
    objects: list[Instance] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    judged: set[str] = field(default_factory=set)

    def of(self, state: State) -> Iterator[Finding]:
        """Yield the findings of a state."""
        return (one for one in self.findings if one.state is state)

    @property
    def broken(self) -> int:
        """How many rules are broken, each counted once."""
        return len({one.rule for one in self.of(State.BROKEN)})

    @property
    def for_a_person(self) -> set[str]:
        """The rules that are left to a person, at least in part."""
        return {one.rule for one in self.of(State.PERSON)}

    @property
    def decided(self) -> int:
        """How many rules were decided from the data."""
        return len(self.judged - self.for_a_person)

    @property
    def kinds(self) -> dict[str, int]:
        """Objects by kind, as a person calls it."""
        counts: dict[str, int] = {}
        for one in self.objects:
            counts[one.name] = counts.get(one.name, 0) + 1
        return counts

    @property
    def patients(self) -> list[str]:
        """The Patient IDs, in order."""
        return list(dict.fromkeys(one.patient for one in self.objects))

    def groups(self, state: State) -> list[Group]:
        """Return findings that say the same together, the rarest first: one slice stands out among hundreds."""
        found: dict[tuple[str, ...], list[Finding]] = {}
        for one in self.of(state):
            key = (*one.rules, one.about.kind, one.wanted, one.reason, one.about.series)
            found.setdefault(key, []).append(one)
        counts: dict[tuple[str, str], int] = {}
        for each in self.objects:
            counts[each.name, each.series] = counts.get((each.name, each.series), 0) + 1
        groups = [Group(some, counts.get((some[0].about.kind, some[0].about.series), 1)) for some in found.values()]
        return sorted(groups, key=_rarity)


def _rarity(group: Group) -> tuple[float, str, str]:
    alone = group.of > 1 and len(group.files) < group.of
    share = len(group.files) / group.of if alone else 2
    return (share, group.first.about.kind, group.first.rule)


def count_effects(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many rules end in each documented effect, each rule counted once."""
    seen = {(one.effect.effect, one.rule) for one in findings}
    counts: dict[str, int] = {}
    for effect, _ in sorted(seen):
        counts[effect] = counts.get(effect, 0) + 1
    return counts
