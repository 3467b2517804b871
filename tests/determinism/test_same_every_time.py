"""Same scenario and seed: one digest and the same bytes, whatever PYTHONHASHSEED; another seed: another digest."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from linacsim.scenario.library import all_scenarios, scenario_name

RUNS = 20
ROOT = Path(__file__).parents[2]
NAMES = [scenario_name(path) for path in all_scenarios()]


def play_all(seed: int, hash_seed: int, folder: Path) -> dict[str, Any]:
    """Play all scenarios in a process of its own."""
    paths = [str(ROOT), str(ROOT / "simulators"), os.environ.get("PYTHONPATH", "")]
    environment = {**os.environ, "PYTHONHASHSEED": str(hash_seed), "PYTHONPATH": os.pathsep.join(filter(None, paths))}
    played = subprocess.run(
        [sys.executable, "-m", "tests.determinism.play_all", str(seed), str(folder)],
        env=environment, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert played.returncode == 0, played.stderr
    told: dict[str, Any] = json.loads(played.stdout)
    return told


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """All scenarios, played `RUNS` times with seed 1 under different hash seeds."""
    folders = [tmp_path_factory.mktemp(f"hash-seed-{number}") for number in range(RUNS)]
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda pair: play_all(1, *pair), enumerate(folders)))


@pytest.fixture(scope="module")
def another(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """All scenarios, played with seed 2."""
    return play_all(2, 0, tmp_path_factory.mktemp("another-seed"))


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_a_scenario_passes_and_is_the_same_every_time(name: str, runs: list[dict[str, Any]]) -> None:
    first = runs[0][name]
    assert first["code"] == 0
    assert {"events.jsonl", "timeline.txt", "traffic.pcap"} <= set(first["files"])
    assert [number for number, run in enumerate(runs) if run[name] != first] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_another_seed_gives_another_run(name: str, runs: list[dict[str, Any]], another: dict[str, Any]) -> None:
    assert another[name]["code"] == 0
    assert another[name]["digest"] != runs[0][name]["digest"]
    assert another[name]["files"]["traffic.pcap"] != runs[0][name]["files"]["traffic.pcap"]
