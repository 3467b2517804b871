"""Plays scenarios on both clocks, many at once, and prints what they have shown as JSON; run as a process of its own.

::

    python -m tests.live.both_clocks --jobs 40 NAME...

Live scenarios wait for most of their time, so dozens of them run side by side, each in a process that is forked from this
one. After each it is looked whether a thread, an open file or socket, or a task is left.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import json
import math
import multiprocessing
import sys
import tempfile
import threading
import time
import traceback
from collections.abc import Collection, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from linacsim.bench import Clock
from linacsim.kernel.tasks import Task
from linacsim.kernel.units import MINUTE, SECOND
from linacsim.playing import Setting, play_scenario
from linacsim.scenario.library import find_scenario
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import Scenario
from linacsim.scenario.vocabulary import vocabulary

PATIENCE = 5
"""Seconds that threads and sockets have to come to their end."""
EXCESS = 15 * MINUTE
"""So much longer than on the virtual clock a live run may take before it is given up."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What one run of a scenario has shown.

    Attributes
    ----------
    verdict : str
        The verdict.
    expectations : list of (str, bool)
        Each expectation in words, and whether it was met.
    faults : list of (str, bool)
        Each fault in words, and whether it has fired.
    reasons : list of str
        Why what was not met was not; the verdict's reasons.
    bench_time : int
        Microseconds of bench time up to the verdict.
    left : list of str
        Threads, files, sockets and tasks that are still there.
    """

    verdict: str
    expectations: list[tuple[str, bool]] = field(default_factory=list)
    faults: list[tuple[str, bool]] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    bench_time: int = 0
    left: list[str] = field(default_factory=list)


def shown_of(told: dict[str, Any]) -> Shown:
    """Return what a run has shown, from JSON."""
    pairs = {key: [(text, yes) for text, yes in told[key]] for key in ("expectations", "faults")}
    return Shown(**{**told, **pairs})


def differences(one: Shown, other: Shown) -> list[str]:
    """Return in what two runs of a scenario have not shown the same, in words."""
    lines = []
    if one.verdict != other.verdict:
        lines.append(f"{one.verdict} and {other.verdict}")
    for what, first, second in (("met", one.expectations, other.expectations), ("fired", one.faults, other.faults)):
        if [text for text, _ in first] != [text for text, _ in second]:
            lines.append(f"not the same list of what is {what}")
        lines += [
            f"{text}: {what if yes else f'not {what}'} and {what if also else f'not {what}'}"
            for (text, yes), (_, also) in zip(first, second, strict=False)
            if yes != also
        ]
    return lines + [f"why: {reason}" for reason in (*one.reasons, *other.reasons) if lines]


def play(name: str, clock: Clock, seed: int, limit: int | None) -> Shown:
    """Play one scenario as ``linacsim play`` does."""
    scenario = load_scenario(find_scenario(name), vocabulary())
    if limit is not None:
        scenario = replace(scenario, limit=min(scenario.limit, limit))
    gc.collect()
    threads, files = set(threading.enumerate()), _open_files()
    try:
        with tempfile.TemporaryDirectory() as out:
            shown = _played(scenario, Setting(clock=clock, seed=seed), Path(out))
    except Exception:  # noqa: BLE001 - whatever it is, the others are played on
        return Shown("not played", reasons=[traceback.format_exc()])
    return replace(shown, left=_left(threads, files))


def _played(scenario: Scenario, setting: Setting, out: Path) -> Shown:
    # a function of its own: nothing holds on to the bench when it returns
    result = play_scenario(scenario, setting, out).result
    return Shown(
        verdict=result["verdict"],
        expectations=[(each["text"], each["met"]) for each in result["expectations"]],
        faults=[(f"{each['text']} at {each['at']}", bool(each["fired"])) for each in result["faults"]],
        reasons=[*result["failures"], *(each["reason"] for each in result["expectations"] if not each["met"])],
        bench_time=result["bench-time"],
    )


def _left(threads: Collection[threading.Thread], files: Collection[str]) -> list[str]:
    end = time.monotonic() + PATIENCE
    while True:
        gc.collect()
        left = [f"thread {each.name}" for each in threading.enumerate() if each not in threads]
        left += [f"open: {each}" for each in sorted(set(_open_files()) - set(files))]
        left += [f"task {each.name}" for each in gc.get_objects() if isinstance(each, Task)]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.02)


def _open_files() -> list[str]:
    """Return the files and sockets that are open: number and what it is."""
    found = []
    for link in Path("/proc/self/fd").iterdir():
        try:
            found.append(f"{link.name} {link.readlink()}")
        except OSError:
            continue  # the listing itself is a descriptor that is gone afterwards
    return [each for each in found if "/proc/" not in each]


def play_all(names: Sequence[str], clock: Clock, jobs: int, seed: int, limits: dict[str, int]) -> dict[str, Shown]:
    """Play the scenarios, `jobs` of them at once, beginning with the first."""
    if not names:
        return {}
    with ProcessPoolExecutor(min(jobs, len(names)), mp_context=multiprocessing.get_context("fork")) as pool:
        playing = {name: pool.submit(play, name, clock, seed, limits.get(name)) for name in names}
        return {name: future.result() for name, future in playing.items()}


def play_both(names: Sequence[str], jobs: int, seed: int, at_most: float) -> dict[str, dict[str, Shown]]:
    """Play scenarios on the virtual clock; then live, `jobs` at once and the longest first, what lasts `at_most` seconds."""
    # what is imported before the fork is shared by all
    vocabulary()
    importlib.import_module("numba")
    virtual = play_all(names, "virtual", multiprocessing.cpu_count(), seed, {})
    lasts = {name: shown.bench_time for name, shown in virtual.items() if shown.bench_time <= at_most * SECOND}
    order = sorted(lasts, key=lambda name: -lasts[name])
    live = play_all(order, "live", jobs, seed, {name: bench_time + EXCESS for name, bench_time in lasts.items()})
    return {name: {"virtual": virtual[name], "live": live[name]} for name in order}


def main() -> None:
    """Play, and print what has been shown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--jobs", type=int, default=40, help="live runs at once (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--at-most", type=float, default=math.inf, help="seconds of bench time (default: any)")
    parser.add_argument("names", nargs="+")
    options = parser.parse_args()
    shown = play_both(options.names, options.jobs, options.seed, options.at_most)
    told = {name: {clock: asdict(each) for clock, each in both.items()} for name, both in shown.items()}
    sys.stdout.write(json.dumps(told, indent=1))


if __name__ == "__main__":
    main()
