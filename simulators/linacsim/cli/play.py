"""``linacsim play``: play scenarios, tell the verdict, leave a run folder."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from linacsim.cli.bars import bars
from linacsim.cli.options import clock_of, ports_of, seed_of
from linacsim.cli.scenarios import listed
from linacsim.cli.terminal import ask_person, colours, say, shortened
from linacsim.errors import InputError
from linacsim.kernel.log import Record
from linacsim.kernel.stopwatch import Stopwatch
from linacsim.kernel.units import SECOND, format_instant
from linacsim.playing import Played, Setting, play_scenario
from linacsim.report import diff_runs, format_divergence, invocation, needs_ascii, summary, timeline
from linacsim.report.atomic import write_text
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import ActionStep, Scenario, Step, TogetherStep
from linacsim.scenario.parts import values_of
from linacsim.scenario.sut import addresses
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

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
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the scenario; may be repeated"
    )
    sut = parser.add_argument_group("with a real product in the place of the stack under test (live)")
    sut.add_argument(
        "--sut", action="append", default=[], metavar="[NAME=]HOST:PORT@AET", help="where it is, and its AE title"
    )
    sut.add_argument(
        "--port", action="append", default=[], metavar="PEER=PORT", help="where a peer listens that it calls back to"
    )
    sut.add_argument("--host", default="127.0.0.1", help="the address that peers listen on (default 127.0.0.1)")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Play what the options name; return the exit code of the gravest verdict."""
    if options.list:
        return _list()
    names, images = _sort(options.what)
    setting = _setting(options, images)
    paths = [find_scenario(name) for name in names or [DEFAULT]]
    values = values_of(options.set)
    scenarios = [_with_images(load_scenario(path, vocabulary(), values), images) for path in paths]
    worst = Verdict.PASS
    suites = []
    for scenario in scenarios:
        watched = replace(setting, listeners=(_Progress(setting.clock),))
        played = play_scenario(scenario, watched, Path(options.out))
        _tell(played, quiet=options.quiet)
        suites.append(played.suite)
        verdict = played.outcome.verdict
        if options.twice:
            again = play_scenario(scenario, setting, Path(options.out))
            verdict = verdict if _same(played.folder.root, again.folder.root) else Verdict.ERROR
        worst = max(worst, verdict, key=_GRAVITY.index)
    if options.junit:
        write_text(Path(options.junit), invocation(suites))
    return worst.exit_code


def _setting(options: argparse.Namespace, images: list[str]) -> Setting:
    """Return where and how the options say that scenarios are played."""
    suts = tuple(addresses(options.sut))
    # a product has real time and real sockets
    clock = "live" if suts else clock_of(options.clock)
    if options.twice and clock == "live":
        raise InputError("live runs are never the same to the event", "--twice", "leave out --clock live")
    words = [word for name in ("set", "sut", "port") for each in getattr(options, name) for word in (f"--{name}", each)]
    return Setting(
        clock=clock,  # type: ignore[arg-type]
        seed=seed_of(options.seed),
        host=options.host,
        ports=ports_of(options.port),
        suts=suts,
        words=(*images, *words),
        bars=bars,
        person=ask_person if sys.stdin.isatty() else None,
    )


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
    say(listed([(scenario_name(path), load_scenario(path, known).title) for path in all_scenarios()]))
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


def _tell(played: Played, *, quiet: bool) -> None:
    colour = colours(sys.stdout)
    if not quiet:
        text = timeline(played.records, colour=colour, ascii_only=needs_ascii(sys.stdout))
        where = str(played.folder.root / "timeline.txt")
        say(shortened(text if text.endswith("\n") else text + "\n", where) + "\n")
    say(summary(played.result, colour) + "\n")


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
