"""Every documented activity of every system is played by a scenario that comes with linacsim."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from linacsim.conformance import load_system
from linacsim.conformance.loader import systems
from linacsim.scenario.library import all_scenarios
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import ActionStep, Step, TogetherStep
from linacsim.scenario.vocabulary import vocabulary


def actions(steps: Iterable[Step]) -> Iterator[ActionStep]:
    for step in steps:
        if isinstance(step, TogetherStep):
            yield from actions(step.steps)
        elif isinstance(step, ActionStep):
            yield step


def kind_of(system: str, entity: str) -> str:
    """Return the kind of an entity, as the README of the planning systems says."""
    return entity if entity.startswith(f"{system}-") else f"{system}-{entity}"


def played() -> set[tuple[str, str]]:
    """Return every action of every kind of device that a scenario plays."""
    words = vocabulary()
    scenarios = [load_scenario(path, words) for path in all_scenarios()]
    return {(one.peers[step.peer].kind, step.action) for one in scenarios for step in actions(one.steps)}


def documented() -> set[tuple[str, str]]:
    return {
        (kind_of(system, entity.id), activity.id)
        for system in systems()
        for entity in load_system(system).entities.values()
        for activity in entity.activities
    }


def test_there_are_42_activities() -> None:
    assert len(documented()) == 42


def test_each_is_played() -> None:
    assert sorted(documented() - played()) == []
