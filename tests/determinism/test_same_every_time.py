"""Same scenario and seed: one digest and the same bytes, whatever PYTHONHASHSEED; another seed: another digest."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from linacsim.report.pcap import write_pcap
from linacsim.scenario.library import all_scenarios, scenario_name

RUNS = 20
FEWER = {
    "acceptance/": 2, "archive/": 2, "faults/": 2, "imager/": 2, "pains/": 2, "planning/": 2, "print/hardware/": 2,
    "print/services/": 2,
}  # fmt: skip
"""Runs of families of scenarios that are many and made of the same parts, or that keep a processor busy."""
ROOT = Path(__file__).parents[2]
THINNED = ("archive/", "faults/", "imager/", "pains/", "planning/")
"""Families of which every third scenario stands for the others in a run that is not to take long (``-m figure``: all)."""
ALL = [scenario_name(path) for path in all_scenarios()]
NAMES = [name for ordinal, name in enumerate(ALL) if not (name.startswith(THINNED) and ordinal % 3)]
OTHERS = [name for name in NAMES if not name.startswith("imager/")]
"""Scenarios that are played with another seed."""

ALONE = {"faults/a-sheet-that-sticks"}
"""Nobody speaks to anybody in them, and nothing is drawn."""


def names_of(run: int) -> list[str]:
    """Return the scenarios that run number `run` plays."""
    return [name for name in NAMES if run < runs_of(name)]


def runs_of(name: str) -> int:
    """Return how often a scenario is played with the same seed."""
    return next((runs for family, runs in FEWER.items() if name.startswith(family)), RUNS)


@pytest.fixture(scope="module")
def nothing_sent(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the digest of a capture without a packet."""
    path = tmp_path_factory.mktemp("capture") / "traffic.pcap"
    write_pcap(path, [], 0)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def play_all(seed: int, hash_seed: int, folder: Path, names: list[str]) -> dict[str, Any]:
    """Play scenarios in a process of its own."""
    paths = [str(ROOT), str(ROOT / "simulators"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    played = subprocess.run(
        [sys.executable, "-m", "tests.determinism.play_all", str(seed), str(folder), *names],
        env=environment, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stderr
    told: dict[str, Any] = json.loads(played.stdout)
    return told


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """The scenarios, played `RUNS` times with seed 1 under different hash seeds."""
    folders = [tmp_path_factory.mktemp(f"hash-seed-{number}") for number in range(RUNS)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda pair: play_all(1, pair[0], pair[1], names_of(pair[0])), enumerate(folders)))


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Scenarios played with seed 2."""
    return play_all(2, 0, tmp_path_factory.mktemp("another-seed"), OTHERS)


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_passes_and_is_the_same_every_time(name: str, runs: list[dict[str, Any]]) -> None:
    first = runs[0][name]
    assert first["code"] == 0
    assert {"events.jsonl", "timeline.txt", "traffic.pcap"} <= set(first["files"])
    again = [run for run in runs[1:] if name in run]
    assert len(again) == runs_of(name) - 1
    assert [number for number, run in enumerate(again, 1) if run[name] != first] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", OTHERS)
def test_another_seed_gives_another_run(
    name: str, runs: list[dict[str, Any]], another: dict[str, Any], nothing_sent: str
) -> None:
    assert another[name]["code"] == 0
    captured = runs[0][name]["files"]["traffic.pcap"]
    if name in ALONE:
        assert captured == nothing_sent
        return
    assert another[name]["digest"] != runs[0][name]["digest"]
    # a scenario of nothing but files sends nothing
    assert captured == nothing_sent or another[name]["files"]["traffic.pcap"] != captured
    assert captured != nothing_sent or "files" in name


@pytest.mark.figure
def test_all_scenarios_are_the_same_twice(tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
    first, second = (play_all(1, hash_seed, folder, ALL) for hash_seed, folder in enumerate(folders))
    assert [name for name in ALL if first[name] != second[name]] == []
