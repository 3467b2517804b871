"""``linacsim coverage print``, ``archive`` and ``faults``: what of a service the scenarios reach, and by what cause."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linacsim.bench import Bench
from linacsim.cli import faulting
from linacsim.cli.options import seed_of
from linacsim.cli.terminal import say
from linacsim.errors import InputError
from linacsim.kernel.log import Record
from linacsim.report.coverage import Coverage, Subject
from linacsim.report.coverage_archive import SUBJECT as ARCHIVE
from linacsim.report.coverage_faults import SUBJECT as FAULTS
from linacsim.report.coverage_print import SUBJECT as PRINT
from linacsim.report.coverage_text import coverage_json, coverage_text
from linacsim.report.run_folder import EVENTS
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

_ABOUT = """
Plays scenarios on the virtual clock, or reads run folders that are there, and tells what they reach, by which scenario first
and from what cause: of Print Management status codes, events, status terms, SOP classes, operations, display formats and
film sizes; of an archive SOP classes, status codes and how associations end; of faults each, in both roles or at each device, virtual
or live. All of it is read off the event log. Exit code: 0 if everything has been reached and every scenario passes, else 1.
"""
_SUBJECTS: dict[str, Subject] = {"print": PRINT, "archive": ARCHIVE, "faults": FAULTS}


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("coverage", help="tell what of a service the scenarios reach", description=_ABOUT)
    parser.add_argument("what", choices=tuple(_SUBJECTS), help="what to look at")
    parser.add_argument(
        "runs", nargs="*", metavar="SCENARIO|RUN", help="only these: scenarios, or run folders; else all about it"
    )
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")
    parser.add_argument("--seed", default="1", help="the seed of everything that is drawn (default 1)")
    parser.add_argument(
        "--clock",
        choices=("virtual", "live", faulting.BOTH),
        default="virtual",
        help="for faults: on which (default virtual)",
    )
    parser.add_argument(
        "--at-most",
        default="10 s",
        metavar="TIME",
        help="for faults: what takes longer is not played live (default 10 s)",
    )
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Tell the coverage; 1 if something is missing or a scenario does not pass."""
    if options.what == "faults":
        return faulting.command(options)
    if options.clock != "virtual":
        todo = "leave it out: what a service is shown to do does not hang on the clock"
        raise InputError("only 'coverage faults' is played live", "--clock", todo)
    seed = seed_of(options.seed)
    subject = _SUBJECTS[options.what]
    coverage, failed = Coverage(subject.wanted), []
    with warnings.catch_warnings():
        # pydicom has something to say about the values that scenarios send on purpose
        warnings.simplefilter("ignore", UserWarning)
        for name, records, verdict in _runs(options.runs, subject, seed):
            coverage.add(subject.reached_by(records, name))
            if verdict is not Verdict.PASS:
                failed.append(name)
    say(coverage_json(coverage) if options.format == "json" else coverage_text(coverage))
    for name in failed:
        sys.stderr.write(f"linacsim: {name} does not pass\n")
    return int(bool(failed) or not coverage.complete)


def _runs(names: list[str], subject: Subject, seed: int) -> Iterator[tuple[str, list[Record], Verdict]]:
    """Yield name, records and verdict of each run."""
    if not names:
        every = map(scenario_name, all_scenarios())
        names = [name for name in every if name.startswith(f"{subject.folder}/")]
    for name in names:
        if Path(name).is_dir():
            yield name, _read(Path(name)), Verdict.PASS
        else:
            yield _play(name, seed)


def _play(name: str, seed: int) -> tuple[str, list[Record], Verdict]:
    path = find_scenario(name)
    scenario = load_scenario(path, vocabulary())
    bench = Bench(seed=seed)
    bench.search = (path.parent, Path())
    bench.traffic.enabled = False
    with bench:
        outcome = play(bench, scenario)
    return scenario_name(path), list(bench.log.records), outcome.verdict


def _read(folder: Path) -> list[Record]:
    """Return the records of a run folder."""
    try:
        lines = (folder / EVENTS).read_text("utf-8").splitlines()
        return [record for record in map(json.loads, lines) if "event" in record]
    except OSError as exc:
        why = (exc.strerror or str(exc)).lower()
        raise InputError(
            f"no run: {EVENTS} {why}", str(folder), "name the folder of a run, such as runs/latest"
        ) from exc
    except (ValueError, TypeError) as exc:
        raise InputError("is no event log", f"{folder}/{EVENTS}", "play the scenario again") from exc
