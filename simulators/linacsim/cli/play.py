"""``linacsim play``: play scenarios, tell the verdict, leave a run folder."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from linacsim import __version__
from linacsim.bench import Bench
from linacsim.cli.bars import bars
from linacsim.cli.options import clock_of, seed_of
from linacsim.cli.terminal import colours, say, shortened
from linacsim.cli.vocabulary import vocabulary
from linacsim.errors import InputError
from linacsim.kernel.log import Record
from linacsim.kernel.stopwatch import Stopwatch
from linacsim.kernel.units import SECOND, format_instant
from linacsim.report import (
    RunFolder,
    diff_runs,
    format_divergence,
    invocation,
    needs_ascii,
    run_suite,
    summary,
    timeline,
)
from linacsim.report.atomic import write_text
from linacsim.report.junit import Suite
from linacsim.report.run_folder import PAGE
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import ActionStep, Scenario, Step, TogetherStep
from linacsim.scenario.runner import play, result_of
from linacsim.scenario.verdict import Verdict

DEFAULT = "print/film-on-the-light-box"
"""What `linacsim play` plays when nothing else is said: real images on film."""
_PATIENCE = 2 * SECOND
_SHOWN = ("step-", "sheet-", "film-", "printer-", "fault-", "object-")
_GRAVITY = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR)


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "play",
        help="play scenarios and tell the verdict",
        description="Play scenarios. An image (a DICOM file or folder) takes the place of the scenario's own images; "
        f"without a scenario it is printed on film ({DEFAULT}).",
    )
    parser.add_argument("what", nargs="*", metavar="SCENARIO|IMAGE", help="a scenario's name or file, or DICOM images")
    parser.add_argument("--clock", default="virtual", help="virtual (default) or live")
    parser.add_argument("--seed", default="1", help="the seed of everything that is drawn (default 1)")
    parser.add_argument("--out", default="runs", metavar="DIR", help="where the run folders go (default runs)")
    parser.add_argument("--junit", default="", metavar="FILE", help="write all runs as one JUnit XML file, for CI")
    parser.add_argument("--quiet", action="store_true", help="no timeline")
    parser.add_argument("--twice", action="store_true", help="play each scenario twice and show where the runs part")
    parser.add_argument("--list", action="store_true", help="list the scenarios that come with linacsim")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Play what the options name; return the exit code of the gravest verdict."""
    if options.list:
        return _list()
    seed, clock = seed_of(options.seed), clock_of(options.clock)
    if options.twice and clock == "live":
        raise InputError("live runs are never the same to the event", "--twice", "leave out --clock live")
    names, images = _sort(options.what)
    paths = [find_scenario(name) for name in names or [DEFAULT]]
    scenarios = [_with_images(load_scenario(path, vocabulary()), images) for path in paths]
    worst = Verdict.PASS
    suites = []
    for scenario in scenarios:
        verdict, run, suite = _play(scenario, clock, seed, Path(options.out), images, quiet=options.quiet)
        suites.append(suite)
        if options.twice:
            _again, other, _suite = _play(scenario, clock, seed, Path(options.out), images, quiet=True)
            verdict = verdict if _same(run, other) else Verdict.ERROR
        worst = max(worst, verdict, key=_GRAVITY.index)
    if options.junit:
        write_text(Path(options.junit), invocation(suites))
    return worst.exit_code


def _same(run: Path, other: Path) -> bool:
    """Say whether two runs of a scenario are the same; if not, where they part."""
    found = diff_runs(run, other)
    if found is None:
        say("played twice: the same events\n\n")
    else:
        say(format_divergence(found, ascii_only=needs_ascii(sys.stdout)) + "\n")
    return found is None


def _list() -> int:
    known = vocabulary()
    for path in all_scenarios():
        say(f"{scenario_name(path):44} {load_scenario(path, known).title}\n")
    return 0


def _sort(what: Sequence[str]) -> tuple[list[str], list[str]]:
    """Tell scenarios from images: a scenario is a YAML file or a name that comes with linacsim."""
    names, images = [], []
    for word in what:
        path = Path(word)
        if word.startswith("pydicom:") or (path.exists() and path.suffix not in (".yaml", ".yml")):
            images += _files(path) if path.is_dir() else [word]
        elif path.suffix not in (".yaml", ".yml", "") and not path.exists():
            raise InputError("no such file", word, "name a DICOM file, or a scenario (linacsim play --list)")
        else:
            names.append(word)
    return names, images


def _files(folder: Path) -> list[str]:
    found = sorted(str(path) for path in folder.rglob("*") if path.is_file() and path.name != "DICOMDIR")
    if not found:
        raise InputError("the folder holds no file", str(folder), "name a folder with DICOM images")
    return found


def _with_images(scenario: Scenario, images: list[str]) -> Scenario:
    """Return `scenario` with the user's images in place of its own."""
    if not images:
        return scenario
    steps = tuple(_step_with(step, tuple(str(_absolute(name)) for name in images)) for step in scenario.steps)
    if steps == scenario.steps:
        raise InputError("the scenario takes no images", scenario.title, "play it without, or choose one that prints")
    return replace(scenario, steps=steps)


def _absolute(name: str) -> str | Path:
    return name if name.startswith("pydicom:") else Path(name).absolute()


def _step_with(step: Step, images: tuple[str, ...]) -> Step:
    if isinstance(step, TogetherStep):
        return replace(step, steps=tuple(_step_with(each, images) for each in step.steps))
    if isinstance(step, ActionStep) and "images" in type(step.parameters).model_fields:
        return replace(step, parameters=step.parameters.model_copy(update={"images": images}))
    return step


def _play(
    scenario: Scenario, clock: str, seed: int, out: Path, images: list[str], *, quiet: bool
) -> tuple[Verdict, Path, Suite]:
    folder = RunFolder.create(out, scenario.title, f"{clock}-seed-{seed}")
    bench = Bench(clock=clock, seed=seed, out=folder.root)  # type: ignore[arg-type]
    bench.search = (scenario.path.parent, Path()) if scenario.path is not None else (Path(),)
    bench.log.listeners.append(_Progress(clock))
    watch = Stopwatch()
    try:
        with bench, bars() as bench.kernel.progress:
            outcome = play(bench, scenario)
    except InputError:
        folder.discard()
        raise
    wall = watch.elapsed()
    more = {
        "name": scenario_name(scenario.path) if scenario.path is not None else "",
        "file": "" if scenario.path is None else os.path.relpath(scenario.path),
        "clock": clock,
        "seed": seed,
        "version": __version__,
        "digest": bench.digest(),
        "bench-time": bench.log.records[-1]["t"],
        "wall-time": wall,
        "films": [str(folder.root / where) for where in bench.shelf.names("films")],
        "pictures": [str(folder.root / where) for where in bench.shelf.names("pictures") if where.endswith(".png")],
        "run": str(folder.root),
        "report": str(folder.root / PAGE),
        "reproduce": _reproduce(scenario, clock, seed, images),
    }
    result = result_of(scenario, outcome, more)
    header = {"linacsim": __version__, "scenario": scenario.title, "clock": clock, "seed": seed}
    header["epoch"] = bench.kernel.identity.epoch.isoformat()
    folder.write(header, bench.log, bench.traffic, result, bench.kernel.identity.epoch_us)
    _tell(bench.log.records, folder, result, quiet=quiet)
    return outcome.verdict, folder.root, run_suite(folder.root, bench.log.records, result)


def _reproduce(scenario: Scenario, clock: str, seed: int, images: list[str]) -> str:
    name = scenario_name(scenario.path) if scenario.path is not None else scenario.title
    words = ["linacsim", "play", name, *images, "--seed", str(seed), *(["--clock", "live"] if clock == "live" else [])]
    return shlex.join(words)


def _tell(records: list[Record], folder: RunFolder, result: dict[str, Any], *, quiet: bool) -> None:
    colour = colours(sys.stdout)
    if not quiet:
        text = timeline(records, colour=colour, ascii_only=needs_ascii(sys.stdout))
        say(shortened(text if text.endswith("\n") else text + "\n", str(folder.root / "timeline.txt")) + "\n")
    say(summary(result, colour) + "\n")


class _Progress:
    """Shows that something is going on: at once on the live clock, after a while on the virtual one."""

    def __init__(self, clock: str) -> None:
        self._patience = 0 if clock == "live" else _PATIENCE
        self._watch = Stopwatch()

    def __call__(self, record: Record) -> None:
        """Write a line on standard error if it is time to, and if the record is of a step or of hardware."""
        if self._watch.elapsed() < self._patience or not record["event"].startswith(_SHOWN):
            return
        told = " ".join(f"{key}={record[key]}" for key in ("step", "info", "sheet", "fault", "reason") if key in record)
        sys.stderr.write(f"{format_instant(record['t'])} {record['at']}: {record['event']} {told}\n")
