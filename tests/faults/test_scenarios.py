"""The scenarios of faults show something: without its faults none of them passes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from linacsim.bench import Bench
from linacsim.scenario.library import all_scenarios, scenario_folder
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import Scenario
from linacsim.scenario.runner import play
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

FILES = all_scenarios(scenario_folder() / "faults")
WITH_FAULTS = [path for path in FILES if load_scenario(path, vocabulary()).faults]


def verdict_of(scenario: Scenario, path: Path, seed: int = 1) -> Verdict:
    bench = Bench(seed=seed)
    bench.search = (path.parent,)
    bench.traffic.enabled = False
    with bench:
        return play(bench, scenario).verdict


@pytest.mark.parametrize("path", WITH_FAULTS, ids=lambda path: path.stem)
def test_a_scenario_does_not_pass_without_its_faults(path: Path) -> None:
    scenario = load_scenario(path, vocabulary())
    assert verdict_of(scenario, path) is Verdict.PASS
    assert verdict_of(replace(scenario, faults=()), path) is Verdict.FAIL


@pytest.mark.parametrize("path", WITH_FAULTS, ids=lambda path: path.stem)
def test_a_scenario_does_not_hang_on_its_seed(path: Path) -> None:
    scenario = load_scenario(path, vocabulary())
    assert {verdict_of(scenario, path, seed) for seed in (2, 77)} == {Verdict.PASS}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_a_scenario_says_what_it_is_for(path: Path) -> None:
    scenario = load_scenario(path, vocabulary())
    assert scenario.about
    assert scenario.requires
    assert not scenario.title.endswith(".")
