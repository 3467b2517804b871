"""Plays a scenario on a bench of its own and leaves a run folder: what `play`, `accept` and `explore` have in common."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from linacsim import __version__
from linacsim.bench import Bench, Clock
from linacsim.errors import HarnessError, InputError
from linacsim.kernel.log import Record
from linacsim.kernel.stopwatch import Stopwatch
from linacsim.report import RunFolder, run_suite
from linacsim.report.junit import Suite
from linacsim.report.run_folder import PAGE
from linacsim.report.versions import versions
from linacsim.scenario.library import scenario_name
from linacsim.scenario.model import Scenario
from linacsim.scenario.runner import Outcome, play, result_of
from linacsim.scenario.sut import Address
from linacsim.scenario.verdict import Verdict

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where and how scenarios are played; a scenario itself names no clock, port or seed.

    Attributes
    ----------
    clock : str
        ``"virtual"`` or ``"live"``.
    seed : int
        What everything that is drawn follows from.
    host : str
        Where live peers listen.
    ports : mapping of str to int
        Ports of live peers that a product calls back to; the others get free ones.
    suts : tuple of Address
        Real products in the place of the stack under test.
    words : tuple of str
        What the command line says of all this, for the line that reproduces a run.
    listeners : tuple of callable
        Told of every record.
    bars : callable
        Makes a context that shows progress.
    person : callable or None
        Asks a person to do something with the stack under test; see `linacsim.kernel.core.Kernel`.
    """

    clock: Clock = "virtual"
    seed: int = 1
    host: str = "127.0.0.1"
    ports: Mapping[str, int] = field(default_factory=dict)
    suts: tuple[Address, ...] = ()
    words: tuple[str, ...] = ()
    listeners: tuple[Callable[[Record], None], ...] = ()
    bars: Callable[[], AbstractContextManager[Progress | None]] = nullcontext
    person: Callable[[str, Callable[[str], str]], tuple[bool, str]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """A scenario that has been played.

    Attributes
    ----------
    outcome : Outcome
        What it has shown.
    result : dict
        The same for reports; see `linacsim.report.verdict`.
    records : list of Record
        The event log.
    folder : RunFolder
        Where its files are.
    suite : Suite
        It as a part of a JUnit file.
    """

    outcome: Outcome
    result: dict[str, Any]
    records: list[Record]
    folder: RunFolder
    suite: Suite


def play_scenario(scenario: Scenario, setting: Setting, out: Path, folder: RunFolder | None = None) -> Played:
    """Play `scenario` and write its run folder below `out`; `folder`, if there is one already.

    Raises
    ------
    InputError
        If it cannot be set up; then nothing is left in `out`.
    """
    folder = folder or RunFolder.create(out, scenario.title, f"{setting.clock}-seed-{setting.seed}")
    bench = Bench(clock=setting.clock, seed=setting.seed, host=setting.host, out=folder.root, ports=setting.ports)
    bench.search = (scenario.path.parent, Path()) if scenario.path is not None else (Path(),)
    bench.log.listeners.extend(setting.listeners)
    bench.kernel.person = setting.person
    watch = Stopwatch()
    outcome: Outcome | None = None
    try:
        with bench, setting.bars() as bench.kernel.progress:
            outcome = play(bench, scenario, setting.suts)
    except InputError:
        folder.discard()
        raise
    except HarnessError as error:
        # something that nobody waited for, found when the bench was closed
        if outcome is None:
            raise
        outcome.error, outcome.verdict = outcome.error or error, Verdict.ERROR
    result = result_of(scenario, outcome, {**_about(scenario, setting, bench, folder), "wall-time": watch.elapsed()})
    identity = bench.kernel.identity
    header = {"linacsim": __version__, "scenario": scenario.title, "clock": setting.clock, "seed": setting.seed}
    header["epoch"] = identity.epoch.isoformat()
    folder.write(header, bench.log, bench.traffic, result, identity.epoch_us)
    records = bench.log.records
    suite = run_suite(folder.root, records, result)
    return Played(outcome=outcome, result=result, records=records, folder=folder, suite=suite)


def _about(scenario: Scenario, setting: Setting, bench: Bench, folder: RunFolder) -> dict[str, Any]:
    root = folder.root
    return {
        "name": scenario_name(scenario.path) if scenario.path is not None else "",
        "file": "" if scenario.path is None else os.path.relpath(scenario.path),
        "clock": setting.clock,
        "seed": setting.seed,
        "version": __version__,
        "versions": versions(),
        "digest": bench.digest(),
        "bench-time": bench.log.records[-1]["t"],
        "films": [str(root / where) for where in bench.shelf.names("films")],
        "pictures": [str(root / where) for where in bench.shelf.names("pictures") if where.endswith(".png")],
        "run": str(root),
        "report": str(root / PAGE),
        "reproduce": reproduce(scenario, setting),
    }


def reproduce(scenario: Scenario, setting: Setting) -> str:
    """Return the command line that plays the same again; empty for a scenario that no file has."""
    if scenario.path is None:
        return ""
    name = scenario_name(scenario.path)
    live = ["--clock", "live"] if setting.clock == "live" else []
    return shlex.join(["linacsim", "play", name, *setting.words, "--seed", str(setting.seed), *live])
