"""What runs reach of what there is to reach, and from what cause; what there is, and how a log shows it, is a subject's business.

Everything is read off the event log of a run. The cause is the happening before.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from linacsim.kernel.log import Record

Wanted = Mapping[str, Mapping[str, str]]
"""What there is to reach: by section and key, each with a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """Something that a run has reached.

    Attributes
    ----------
    section, key : str
        As in what is wanted.
    run : str
        The scenario.
    cause : str
        What has led to it.
    """

    section: str
    key: str
    run: str
    cause: str


@dataclass(frozen=True, slots=True)
class Subject:
    """What the coverage is of.

    Attributes
    ----------
    about : str
        One line for people.
    folder : str
        The folder of the scenarios that are about it.
    wanted : Wanted
        What there is to reach.
    reached_by : callable
        Yields what the records of a run, and its name, show to be reached.
    """

    about: str
    folder: str
    wanted: Wanted
    reached_by: Callable[[Sequence[Record], str], Iterator[Reached]]


@dataclass(slots=True)
class Coverage:
    """All that has been reached: by section and key, in which run it was first, and how many runs reach it."""

    wanted: Wanted
    first: dict[tuple[str, str], Reached] = field(default_factory=dict)
    runs: dict[tuple[str, str], set[str]] = field(default_factory=dict)

    def add(self, reached: Iterable[Reached]) -> None:
        """Take what another run has reached."""
        for one in reached:
            place = (one.section, one.key)
            self.first.setdefault(place, one)
            self.runs.setdefault(place, set()).add(one.run)

    def missing(self, section: str) -> list[str]:
        """Return what of a section has not been reached."""
        return [key for key in self.wanted[section] if (section, key) not in self.first]

    @property
    def complete(self) -> bool:
        """Whether all of it has been reached."""
        return not any(self.missing(section) for section in self.wanted)
