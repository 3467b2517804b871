"""Scenarios with faults, one after the other in one process: what a run costs, and whether run 10,000 costs and leaves more."""

from __future__ import annotations

import argparse
import gc
import resource
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from linacsim import Bench
from linacsim.kernel.tasks import Task
from linacsim.playing import Setting, play_scenario
from linacsim.scenario.library import all_scenarios, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import Scenario
from linacsim.scenario.runner import play
from linacsim.scenario.vocabulary import vocabulary

LIMIT = 60
"""Seconds of a processor that 500 runs may take; nothing is waited for, so on an idle machine they are those of the wall."""
RUNS = 500
FLAT = 1.10
"""So much more than the first slices the last ones may cost and hold."""
WARM = 1
"""Slices that fill caches and are no part of the comparison."""
AVERAGED = 3


@dataclass(frozen=True, slots=True)
class Slice:
    """What some runs have cost, and what the process holds after them."""

    wall: float
    processor: float
    resident: float
    """MiB."""
    objects: int
    tasks: int
    threads: int
    files: int

    def line(self, ordinal: int, runs: int) -> str:
        """Return it as a row of the table."""
        cost = f"{self.wall:7.1f} {self.processor:7.1f} {1000 * self.processor / runs:7.1f}"
        held = f"{self.resident:8.0f} {self.objects:9,d} {self.tasks:6d} {self.threads:8d} {self.files:6d}"
        return f"{ordinal * runs:7,d} {cost} {held}"


HEAD = "   runs  wall s   CPU s  ms/run  RSS MiB   objects  tasks  threads  files"


def scenarios() -> list[Scenario]:
    """Return the scenarios of the library that have faults, but for those that compute images or start programs."""
    loaded = [load_scenario(path, vocabulary()) for path in all_scenarios() if not _named(path).startswith("imager/")]
    programs = {each.title for each in loaded if any(peer.kind == "program" for peer in each.peers.values())}
    return [each for each in loaded if each.faults and each.title not in programs]


def _named(path: Path) -> str:
    return scenario_name(path)


def without_files(scenario: Scenario, seed: int) -> str:
    """Play a scenario as a test does; everything that it leaves is in memory."""
    bench = Bench(seed=seed)
    if scenario.path is not None:
        bench.search = (scenario.path.parent, Path())
    with bench:
        return str(play(bench, scenario).verdict)


def with_files(scenario: Scenario, seed: int, out: Path) -> str:
    """Play a scenario as ``linacsim play`` does, with log, timeline, capture, films, objects and report on disk."""
    return str(play_scenario(scenario, Setting(seed=seed), out).outcome.verdict)


def play_slice(chosen: list[Scenario], seeds: Iterator[int], runs: int, *, files: bool) -> Slice:
    """Play `runs` scenarios, the first ones of every slice the same, and look at what is left."""
    failed = []
    with tempfile.TemporaryDirectory() as folder:
        wall, processor = time.perf_counter(), time.process_time()
        for run in range(runs):
            scenario, seed = chosen[run % len(chosen)], next(seeds)
            verdict = with_files(scenario, seed, Path(folder)) if files else without_files(scenario, seed)
            if verdict != "pass":
                failed.append(f"{scenario.title}, seed {seed}: {verdict}")
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
    if failed:
        raise SystemExit("\n".join(["not passed:", *failed]))
    gc.collect()
    everything = gc.get_objects()
    return Slice(
        wall, processor, _resident(), len(everything), sum(isinstance(each, Task) for each in everything),
        threading.active_count(), _open_files(),
    )  # fmt: skip


def _resident() -> float:
    statm = Path("/proc/self/statm")
    if statm.exists():
        return int(statm.read_text().split()[1]) * resource.getpagesize() / 2**20
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10


def _open_files() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.is_dir() else 0


def unmet(slices: list[Slice], before: Slice) -> list[str]:
    """Return what is not as it should be: time of `RUNS` runs, growth, and what is left."""
    last = slices[-1]
    left = [
        f"{got - was} {name}"
        for name, got, was in (
            ("tasks", last.tasks, before.tasks),
            ("threads", last.threads, before.threads),
            ("open files or sockets", last.files, before.files),
        )
        if got > was
    ]
    compared = slices[WARM:]
    if len(compared) >= 2 * AVERAGED:
        first, end = compared[:AVERAGED], compared[-AVERAGED:]
        for name in ("processor", "resident", "objects"):
            was, now = (statistics.mean(getattr(each, name) for each in some) for some in (first, end))
            print(f"  {name}: the last {AVERAGED} slices are {now / was:.3f} of the first {AVERAGED} after warm-up")
            if now > was * FLAT:
                left.append(f"{name} grew from {was:.1f} to {now:.1f}")
    return left


def measure(chosen: list[Scenario], runs: int, size: int, *, files: bool) -> list[str]:
    """Play and print a table; return what is not met."""
    seeds, slices = count(1), []
    print(f"{'with the run folder' if files else 'without files'}:\n{HEAD}")
    before = play_slice(chosen, seeds, 0, files=files)
    for ordinal in range(1, runs // size + 1):
        slices.append(play_slice(chosen, seeds, size, files=files))
        print(slices[-1].line(ordinal, size), flush=True)
    slowest = max(each.processor for each in slices) * RUNS / size
    wall = [each.wall * RUNS / size for each in slices]
    print(f"  {RUNS} runs take {min(wall):.1f} to {max(wall):.1f} s of wall time,")
    print(f"  of a processor at most {slowest:.1f} s (limit {LIMIT} s)")
    return unmet(slices, before) + ([f"{RUNS} runs take {slowest:.1f} s of a processor"] if slowest > LIMIT else [])


def main() -> None:
    """Measure, print, and fail if a figure is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="how many runs (default: %(default)s)")
    parser.add_argument("--slice", type=int, default=RUNS, help="runs of a row (default: %(default)s)")
    parser.add_argument("--files", choices=("no", "yes", "both"), default="both", help="leave run folders?")
    options = parser.parse_args()
    chosen = scenarios()
    print(f"{options.runs:,} runs of {len(chosen)} scenarios with faults, each with a seed of its own, in one process")
    wanted = {"no": [False], "yes": [True], "both": [False, True]}[options.files]
    bad = [
        f"{'with' if files else 'without'} files: {text}"
        for files in wanted
        for text in measure(chosen, options.runs, min(options.slice, options.runs), files=files)
    ]
    if bad:
        raise SystemExit("not met: " + "; ".join(bad))


if __name__ == "__main__":
    main()
