"""The scenario that is explored, as plain keys, and the scenarios that are played of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linacsim.errors import ScenarioError
from linacsim.kernel.units import MILLISECOND, MINUTE, SECOND
from linacsim.scenario.expectation import Expectation
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import SUT
from linacsim.scenario.parts import gather
from linacsim.scenario.vocabulary import vocabulary
from linacsim.yaml_file import read_yaml

Fault = dict[str, Any]
"""One fault as a file writes it: ``{"do": "stall", "at": "ARCHIVE", "on": "C-STORE-RQ", "way": "received", "nth": 2}``."""
Plan = tuple[Fault, ...]

QUIET = 5 * MINUTE
"""After the steps, before faults are healed: every timeout of the bench's peers is shorter."""
REST = MINUTE
"""After healing, and at the end: what stood still goes on, and comes to its end."""
UNDER_TEST = (SUT, "code", "program", "remote")
"""Kinds of peers that are somebody's own: nothing of theirs is done wrong on purpose."""
_UNITS = ((MINUTE, "min"), (SECOND, "s"), (MILLISECOND, "ms"), (1, "us"))
_PARTS = ("peers", "faults", "steps", "expect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A scenario whose keys are plain: nothing is included, no parameter is left, files have their full path.

    Attributes
    ----------
    title : str
        The scenario's.
    path : Path
        Its file.
    limit : int
        The bench time that it may take, in microseconds.
    requires : tuple of str
        What it shows to be met.
    peers : mapping
        As a file has them.
    faults, steps, expect : tuple of mapping
        As a file has them.
    expectations : tuple of Expectation
        Those of `expect`.
    """

    title: str
    path: Path
    limit: int
    requires: tuple[str, ...]
    peers: Mapping[str, Mapping[str, Any]]
    faults: Plan
    steps: tuple[Mapping[str, Any], ...]
    expect: tuple[Mapping[str, Any], ...] = field(default=())
    expectations: tuple[Expectation, ...] = field(default=())

    @property
    def heals(self) -> int:
        """How often the scenario itself heals something."""
        return sum("heal" in step for step in _flat(self.steps))

    @property
    def functions(self) -> frozenset[str]:
        """The user's own functions that are called, as ``package.module:function``."""
        calls = (_called(action) for step in _flat(self.steps) for action in step.values())
        return frozenset(name for name in calls if name)


def subject_of(path: Path, values: Mapping[str, Any]) -> Subject:
    """Return the scenario in the file at `path`, with `values` of its parameters.

    Raises
    ------
    ScenarioError
        If anything in it is wrong.
    """
    scenario = load_scenario(path, vocabulary(), values)
    parts = [part.data for part in gather(read_yaml(path, ScenarioError), values)]
    plain: dict[str, Any] = {name: [entry for part in parts for entry in part.get(name, ())] for name in _PARTS[1:]}
    peers = {title.strip(): entry for part in parts for title, entry in part.get("peers", {}).items()}
    folders = (path.parent, Path())
    return Subject(
        title=scenario.title,
        path=path,
        limit=scenario.limit,
        requires=scenario.requires,
        peers=_written(peers, folders),
        faults=tuple(_written(plain["faults"], folders)),
        steps=tuple(_written(plain["steps"], folders)),
        expect=tuple(_written(plain["expect"], folders)),
        expectations=scenario.expect,
    )


def composed(subject: Subject, plan: Iterable[Fault], expect: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return the scenario that is played: the steps under faults, healed, and the steps once more.

    Under faults a step may fail; healed it must not.
    """
    faults = [dict(fault) for fault in (*subject.faults, *plan)]
    steps = [
        *(_tolerant(step) for step in subject.steps),
        {"wait": exactly(QUIET)},
        {"heal": "all"},
        {"wait": exactly(REST)},
        *(_once_more(step) for step in subject.steps),
        {"wait": exactly(REST)},
    ]
    written: dict[str, Any] = {
        "scenario": subject.title,
        "limit": exactly(2 * subject.limit + QUIET + 2 * REST),
        "peers": subject.peers,
    }
    if subject.requires:
        written["requires"] = list(subject.requires)
    if faults:
        written["faults"] = faults
    return {**written, "steps": steps, "expect": [dict(each) for each in expect]}


def exactly(us: int) -> str:
    """Return a duration as a file writes it, to the microsecond."""
    return next(f"{us // size} {unit}" for size, unit in _UNITS if us % size == 0)


def _tolerant(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step that may fail."""
    if "together" in step:
        return {"together": [_tolerant(inner) for inner in step["together"]]}
    if "wait" in step or "heal" in step:
        return dict(step)
    return {**{key: value for key, value in step.items() if key != "fails"}, "may-fail": True}


def _once_more(step: Mapping[str, Any]) -> dict[str, Any]:
    """Return a step that must succeed now, unless it fails by the scenario's own will."""
    if "together" in step:
        return {"together": [_once_more(inner) for inner in step["together"]]}
    return _tolerant(step) if "fails" in step else dict(step)


def _flat(steps: Sequence[Mapping[str, Any]]) -> Iterable[Mapping[str, Any]]:
    for step in steps:
        yield from _flat(step["together"]) if "together" in step else (step,)


def _called(action: Any) -> str:
    call = action.get("call") if isinstance(action, Mapping) else None
    return str(call.get("function", "")) if isinstance(call, Mapping) else ""


def _written(value: Any, folders: Sequence[Path]) -> Any:
    """Return `value` as another file can say it: files by their full path, a dollar at the beginning doubled."""
    if isinstance(value, Mapping):
        return {key: _written(inner, folders) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_written(inner, folders) for inner in value]
    if not isinstance(value, str):
        return value
    if value.startswith("$"):
        return f"${value}"
    return _full(value, folders)


def _full(text: str, folders: Sequence[Path]) -> str:
    """Return the full path of the file that `text` names, or else `text`."""
    if "\0" in text or "\n" in text or not ("/" in text or "." in text):
        return text
    try:
        found = next((folder / text for folder in folders if (folder / text).exists()), None)
    except OSError:
        # a text that is too long for a file's name
        return text
    return text if found is None else str(found.resolve())
