"""``linacsim coverage faults``: plays the scenarios that have faults, virtual, live or both, and tells which fire.

Live, time is the wall's: of the scenarios that show the same, as the virtual clock has told, the shortest is played, and none
that takes longer than a given time.
"""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from linacsim.bench import Bench, Clock
from linacsim.cli.options import seed_of
from linacsim.cli.terminal import say
from linacsim.errors import InputError
from linacsim.faults.model import ACTIONS
from linacsim.kernel.log import Record
from linacsim.kernel.units import format_duration, parse_duration
from linacsim.report.coverage import Coverage
from linacsim.report.coverage_faults import CLOCKS, faults_text, fires_something_new, reached_by, wanted_on
from linacsim.report.coverage_text import coverage_json
from linacsim.report.run_folder import EVENTS
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A run: its name, clock, records, verdict, and how long it has taken on the bench."""

    name: str
    clock: str
    records: list[Record]
    verdict: Verdict

    @property
    def takes(self) -> int:
        """Microseconds of bench time."""
        return int(self.records[-1]["t"]) if self.records else 0


def command(options: argparse.Namespace) -> int:
    """Tell which faults fire; 1 if one does not on a clock that was asked for, or a scenario does not pass."""
    asked = CLOCKS if options.clock == BOTH else (options.clock,)
    seed, most = seed_of(options.seed), parse_duration(options.at_most, "--at-most")
    names = options.runs or [*_with_faults()]
    folders = [_read(Path(name)) for name in names if Path(name).is_dir()]
    # a run that is there counts on its own clock
    clocks = tuple(clock for clock in CLOCKS if clock in {*asked, *(run.clock for run in folders)})
    coverage, failed, passed_over = Coverage(wanted_on(clocks)), [], []
    for run in folders:
        coverage.add(reached_by(run.records, run.name, run.clock))
    with warnings.catch_warnings():
        # pydicom has something to say about the values that scenarios send on purpose
        warnings.simplefilter("ignore", UserWarning)
        virtual = [_play(name, seed, "virtual") for name in names if not Path(name).is_dir()]
        for run in virtual:
            failed += _taken(coverage, run)
        for planned in sorted(virtual, key=lambda run: run.takes) if "live" in clocks else ():
            if not (options.runs or fires_something_new(coverage, planned.records, "live")):
                continue
            if planned.takes > most and not options.runs:
                passed_over.append(planned)
                continue
            failed += _taken(coverage, _play(planned.name, seed, "live"))
    say(coverage_json(coverage) if options.format == "json" else faults_text(coverage, clocks))
    for run in passed_over:
        sys.stderr.write(f"linacsim: {run.name} is not played live: it takes {format_duration(run.takes)}\n")
    for text in failed:
        sys.stderr.write(f"linacsim: {text} does not pass\n")
    return int(bool(failed) or not coverage.complete)


def _taken(coverage: Coverage, run: Run) -> list[str]:
    """Count a run; return it if it does not pass."""
    if run.clock in {section.rpartition(", ")[2] for section in coverage.wanted}:
        coverage.add(reached_by(run.records, run.name, run.clock))
    return [] if run.verdict is Verdict.PASS else [f"{run.name} ({run.clock})"]


def _with_faults() -> Iterator[str]:
    """Yield the names of all scenarios that have faults and need nobody from outside."""
    for path in all_scenarios():
        if "do:" not in path.read_text("utf-8"):
            continue
        scenario = load_scenario(path, vocabulary())
        breaks = any(spec.do in ACTIONS or spec.do in vocabulary().faults for spec in scenario.faults)
        if breaks and not any(peer.kind == "program" for peer in scenario.peers.values()):
            yield scenario_name(path)


def _play(name: str, seed: int, clock: Clock) -> Run:
    path = find_scenario(name)
    scenario = load_scenario(path, vocabulary())
    bench = Bench(clock=clock, seed=seed)
    bench.search = (path.parent, Path())
    bench.traffic.enabled = False
    with bench:
        outcome = play(bench, scenario)
    return Run(name=scenario_name(path), clock=clock, records=list(bench.log.records), verdict=outcome.verdict)


def _read(folder: Path) -> Run:
    """Return a run that lies in a folder."""
    try:
        lines = [json.loads(line) for line in (folder / EVENTS).read_text("utf-8").splitlines()]
        clock = str(lines[0].get("clock", "virtual"))
        records = [record for record in lines if "event" in record]
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        raise InputError(
            f"no run: {EVENTS} {why}", str(folder), "name the folder of a run, such as runs/latest"
        ) from exc
    except (ValueError, TypeError, AttributeError, IndexError) as exc:
        raise InputError("is no event log", f"{folder}/{EVENTS}", "play the scenario again") from exc
    return Run(name=str(folder), clock=clock, records=records, verdict=Verdict.PASS)
