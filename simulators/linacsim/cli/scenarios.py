"""``linacsim scenarios``: which there are, and what one of them does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from linacsim.cli.terminal import say
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import ActionStep, PeerSpec, Scenario, Step, TogetherStep
from linacsim.scenario.vocabulary import vocabulary

_WIDTH = 52


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "scenarios",
        help="list the scenarios, or describe some",
        description="List the scenarios that come with linacsim; with a name or a file, tell what it does.",
    )
    parser.add_argument("names", nargs="*", metavar="NAME|FILE", help="a scenario, or a folder of them such as 'print'")
    parser.add_argument(
        "--find", metavar="TEXT", help="only those with this text in title, description or requirements"
    )
    parser.add_argument("--tag", metavar="TAG", help="only those with this tag")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """List or describe; return the exit code."""
    paths, described = _paths(options.names)
    found = [(path, load_scenario(path, vocabulary())) for path in paths]
    chosen = [(path, each) for path, each in found if _fits(each, options.find, options.tag)]
    for path, scenario in chosen:
        say(_described(path, scenario) if described else f"{scenario_name(path):{_WIDTH}} {scenario.title}\n")
    if not described:
        say(f"\n{len(chosen)} of {len(found)} scenarios; 'linacsim scenarios NAME' tells more of one\n")
    return 0


def _paths(names: list[str]) -> tuple[list[Path], bool]:
    """Return the files that are meant, and whether each is to be described."""
    known = {scenario_name(path): path for path in all_scenarios()}
    if not names:
        return list(known.values()), False
    inside = [path for name, path in known.items() if any(name.startswith(f"{each.rstrip('/')}/") for each in names)]
    return (inside, False) if inside else ([find_scenario(name) for name in names], True)


def _fits(scenario: Scenario, text: str | None, tag: str | None) -> bool:
    words = " ".join((scenario.title, scenario.about, *scenario.requires, *scenario.tags)).casefold()
    return (text is None or text.casefold() in words) and (tag is None or tag in scenario.tags)


def _described(path: Path, scenario: Scenario) -> str:
    lines = [scenario.title, f"  {scenario_name(path)}", ""]
    lines += [f"  {line}" for line in scenario.about.splitlines()]
    for head, entries in (
        ("requires", scenario.requires),
        ("tags", scenario.tags),
        ("peers", [_peer(peer) for peer in scenario.peers.values()]),
        ("faults", [fault.text for fault in scenario.faults]),
        ("steps", list(_steps(scenario.steps))),
        ("expects", [each.describe() for each in scenario.expect]),
    ):
        if entries:
            lines += [f"  {head}", *(f"    {entry}" for entry in entries)]
    return "\n".join([*lines, "", ""])


def _peer(peer: PeerSpec) -> str:
    stand_in = f", stand-in: {peer.stand_in.kind}" if peer.stand_in is not None else ""
    return f"{peer.title}: {peer.kind}{stand_in}"


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, TogetherStep):
            yield "together"
            yield from (f"  {line}" for line in _steps(step.steps))
        elif isinstance(step, ActionStep):
            fails = f" - fails: {step.fails}" if step.fails is not None else ""
            asked = getattr(step.parameters, "ask", None)
            yield f"{step}{f' {asked!r}' if asked else ''}{fails}"
        else:
            yield str(step)
