"""The typed scenario: what a YAML file or Python describes and the runner plays.

A scenario names peers, faults, steps and expectations in DICOM words; it never names a clock, a port or a seed. The file
form is linear: no loops, no expressions. Whoever needs them builds the same `Scenario` in Python.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from linacsim.faults.model import Occurrence
from linacsim.faults.when import Conditions
from linacsim.kernel.units import HOUR, format_duration
from linacsim.scenario.expectation import Expectation
from linacsim.settings import Settings

SUT = "sut"
"""The kind of a peer that is no peer: the stack under test, which is named when the scenario is played."""
ASK = "ask"
"""What a step can have the stack under test do: a person is asked."""
ALL = "all"
"""Whose faults a step heals that names no peer."""
LIMIT = 24 * HOUR
"""The bench time that a scenario may take unless it says otherwise."""


@dataclass(frozen=True, slots=True)
class DeviceEntry:
    """What a scenario may say about one kind of device."""

    settings: type[Settings]
    """The settings of a peer of this kind."""
    actions: Mapping[str, type[Settings]]
    """The parameters of each action that a step may ask for."""
    breakages: Collection[str] = ()
    """What of its hardware can break: words after ``do:`` that mean nothing at another device."""
    states: Collection[str] = ()
    """What can be said of its hardware: words after ``state:``."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The words that scenarios are written in; handed in by whoever knows the devices and the faults."""

    devices: Mapping[str, DeviceEntry]
    """By the word after ``kind:``."""
    faults: Mapping[str, type[Settings]]
    """The parameters of each fault, by the word after ``do:``."""
    events: Collection[str]
    """The words that may stand after ``on:`` and ``event:``."""
    fields: Collection[str] = ()
    """The names of record fields that expectations may use; empty: any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerSpec:
    """A peer of the bench: its AE title, the kind of its device and the device's settings."""

    title: str
    kind: str
    settings: Settings
    where: str = ""
    stand_in: PeerSpec | None = None
    """For the stack under test: who takes its place while there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultSpec:
    """A fault to arm before the first step."""

    do: str
    at: str
    """The AE title of the peer it happens at."""
    on: str | None = None
    """The event it waits for; ``None`` is the occasion that the fault itself implies."""
    occurrence: Occurrence = field(default_factory=Occurrence)
    conditions: Conditions = field(default_factory=Conditions)
    parameters: Settings
    text: str = ""
    """The fault in a few words, as a report shows it."""
    where: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionStep:
    """A peer is asked to do something, and the step ends when it has."""

    peer: str
    action: str
    parameters: Settings
    fails: str | None = None
    """The step has to fail, with a reason that contains this text."""
    may_fail: bool = False
    """Nothing is said about the step: it may fail or not, and the script goes on."""
    instead: Step | None = None
    """For the stack under test: what its stand-in does."""
    where: str = ""

    def __str__(self) -> str:
        return f"{self.peer}: {self.action}"


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitStep:
    """Bench time passes."""

    duration: int
    """Microseconds."""
    where: str = ""

    def __str__(self) -> str:
        return f"wait {format_duration(self.duration)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TogetherStep:
    """Steps that start at the same instant; this one ends when all of them have."""

    steps: tuple[Step, ...]
    where: str = ""

    def __str__(self) -> str:
        return f"together ({len(self.steps)} steps)"


@dataclass(frozen=True, slots=True, kw_only=True)
class HealStep:
    """Faults are called off; what follows has to recover."""

    at: str = ""
    """The peer whose faults; empty: all of them."""
    where: str = ""

    def __str__(self) -> str:
        return f"heal {self.at or ALL}"


Step = ActionStep | WaitStep | TogetherStep | HealStep
"""Something that is played, one after the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """Everything a run plays and expects."""

    title: str
    """A sentence; the title of the report."""
    about: str = ""
    requires: tuple[str, ...] = ()
    """The requirements, clauses or profiles that the scenario shows to be met."""
    tags: tuple[str, ...] = ()
    limit: int = LIMIT
    """The bench time after which the run is given up, in microseconds."""
    peers: Mapping[str, PeerSpec]
    """By AE title, in the order of the file."""
    faults: tuple[FaultSpec, ...] = ()
    steps: tuple[Step, ...]
    expect: tuple[Expectation, ...] = ()
    path: Path | None = field(default=None, compare=False)
    """The file it came from; ``None`` for a scenario that was built in Python."""
