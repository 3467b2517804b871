"""Suites: the scenarios that a product in some role has to pass."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import Field

from linacsim.errors import InputError, ScenarioError
from linacsim.scenario.keys import Lines, Text
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import Scenario
from linacsim.scenario.sut import suts_of
from linacsim.scenario.vocabulary import vocabulary
from linacsim.settings import Settings, build
from linacsim.yaml_file import read_yaml

ROLES = {
    "storage-scp": "a product that takes what it is sent",
    "storage-scu": "a product that sends objects",
    "query-retrieve-scp": "a product that is queried, and sends objects on",
    "query-retrieve-scu": "a product that queries and retrieves",
    "print-scp": "a printer",
    "print-scu": "a product that prints",
}
"""Roles of a product; a scenario belongs to one by a tag of that name."""


class _SuiteKeys(Settings):
    """The keys of a suite's file."""

    suite: Text
    about: Lines = ""
    scenarios: Annotated[tuple[Text, ...], Field(min_length=1)]


@dataclass(frozen=True, slots=True)
class Suite:
    """Scenarios in the order in which they are played.

    Attributes
    ----------
    name : str
        The role, or the title in the suite's file.
    about : str
        What it is for.
    scenarios : dict of str to Scenario
        By name.
    """

    name: str
    about: str
    scenarios: dict[str, Scenario]


def suite_of(word: str, values: dict[str, object]) -> Suite:
    """Return the suite that `word` names: a role, or a YAML file that lists scenarios.

    Parameters
    ----------
    word : str
        One of `ROLES`, or the path of a file with the keys ``suite``, ``about`` and ``scenarios``.
    values : dict
        Values of parameters; each scenario takes those that it has.

    Raises
    ------
    InputError
        If there is no such role or file, or a scenario in it is wrong or has no stack under test.
    """
    if Path(word).suffix in (".yaml", ".yml"):
        return _from_file(Path(word), values)
    if word not in ROLES:
        advice = f"choose {', '.join(ROLES)}, or give the path of a suite's file"
        raise InputError(f"no suite {word!r}", "accept", advice)
    known = {scenario_name(path): path for path in all_scenarios() if path.parent.parent.name == "acceptance"}
    loaded = {name: _load(path, values) for name, path in known.items()}
    chosen = {name: scenario for name, scenario in loaded.items() if word in scenario.tags}
    if not chosen:
        raise InputError(f"no scenario has the tag {word!r}", "accept", "write a suite's file")
    return Suite(word, ROLES[word], chosen)


def _from_file(path: Path, values: dict[str, object]) -> Suite:
    file = read_yaml(path)
    keys = build(_SuiteKeys, file.data, locate=file.locate)
    scenarios: dict[str, Scenario] = {}
    for index, name in enumerate(keys.scenarios):
        beside = path.parent / name
        try:
            found = beside if beside.is_file() else find_scenario(name)
        except InputError as wrong:
            raise InputError(wrong.what, file.locate(("scenarios", index)), wrong.todo) from None
        scenarios[name] = _load(found, values)
    return Suite(keys.suite, keys.about, scenarios)


def _load(path: Path, values: dict[str, object]) -> Scenario:
    """Return a scenario for a product, with those of `values` that it has."""
    own = read_yaml(path, ScenarioError)
    has = own.data.get("parameters", {}) if isinstance(own.data, dict) else {}
    given = {name: value for name, value in values.items() if isinstance(has, dict) and name in has}
    scenario = load_scenario(path, vocabulary(), given)
    if not suts_of(scenario):
        raise InputError("has no stack under test", str(path), "give it a peer of kind 'sut', or leave it out")
    return scenario
