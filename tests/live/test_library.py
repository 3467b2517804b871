"""Every scenario of the library shows the same live as on the virtual clock: verdict, expectations, faults; and leaves nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from linacsim.scenario.library import all_scenarios, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.vocabulary import vocabulary
from tests.live.both_clocks import Shown, differences, shown_of

ROOT = Path(__file__).parents[2]
SHORT = "faults/"
"""The family whose short scenarios are played whenever tests are run; all are with ``-m figure``."""
SHORTEST = 3
"""Seconds of bench time."""
JOBS = 40
"""Live runs at once; mostly they wait."""


@cache
def playable() -> list[str]:
    """Return the names of all scenarios but those that start programs: these keep real time, and have tests of their own."""
    loaded = {scenario_name(path): load_scenario(path, vocabulary()) for path in all_scenarios()}
    return [name for name, each in loaded.items() if all(peer.kind != "program" for peer in each.peers.values())]


def play(names: list[str], jobs: int, at_most: float = 24 * 3600) -> dict[str, tuple[Shown, Shown]]:
    """Play scenarios on both clocks in a process of its own; return what each has shown virtual and live."""
    paths = [str(ROOT), str(ROOT / "simulators"), os.environ.get("PYTHONPATH", "")]
    played = subprocess.run(
        [
            sys.executable, "-m", "tests.live.both_clocks",
            "--jobs", str(jobs), "--at-most", str(at_most), *names,
        ],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stderr
    told = json.loads(played.stdout)
    return {name: (shown_of(each["virtual"]), shown_of(each["live"])) for name, each in told.items()}


def check(shown: dict[str, tuple[Shown, Shown]]) -> None:
    """Check that both runs of each scenario pass, have shown the same, and have left nothing."""
    assert {
        name: differences(virtual, live) for name, (virtual, live) in shown.items() if differences(virtual, live)
    } == {}
    assert {name: live.reasons for name, (_, live) in shown.items() if live.verdict != "pass"} == {}
    left = {name: [*virtual.left, *live.left] for name, (virtual, live) in shown.items()}
    assert {name: lines for name, lines in left.items() if lines} == {}


@pytest.mark.slow
def test_short_scenarios_show_the_same_live() -> None:
    names = [name for name in playable() if name.startswith(SHORT)]
    shown = play(names, 4, SHORTEST)
    assert len(shown) > len(names) / 2
    check(shown)


@pytest.mark.figure
def test_the_whole_library_shows_the_same_live() -> None:
    """Takes as long as the longest scenario, twenty minutes."""
    shown = play(playable(), JOBS)
    assert set(shown) == set(playable())
    check(shown)


def test_a_difference_is_told() -> None:
    virtual = Shown("pass", [("C-ECHO-RSP, at least once", True)], [("jam on sheet-out at PRINTER", True)])
    live = Shown("fail", [("C-ECHO-RSP, at least once", False)], [("jam on sheet-out at PRINTER", False)], ["too late"])
    assert differences(virtual, virtual) == []
    assert differences(virtual, live) == [
        "pass and fail",
        "C-ECHO-RSP, at least once: met and not met",
        "jam on sheet-out at PRINTER: fired and not fired",
        "why: too late",
    ]
