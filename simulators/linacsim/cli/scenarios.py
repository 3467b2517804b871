"""``linacsim scenarios``: which there are, and what one of them does."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from linacsim.cli.terminal import say
from linacsim.kernel.units import format_duration
from linacsim.scenario.library import all_scenarios, find_scenario, scenario_name
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import ASK, LIMIT, ActionStep, PeerSpec, Scenario, Step, TogetherStep
from linacsim.scenario.vocabulary import vocabulary
from linacsim.settings import durations_of

_FEW = 4
"""Entries of a list that are told."""
_LONG = 100
"""Characters of a value that are told."""


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
    if described:
        for path, scenario in chosen:
            say(_described(path, scenario))
        return 0
    say(listed([(scenario_name(path), scenario.title) for path, scenario in chosen]))
    say(
        f"{len(chosen)} of {len(found)} scenarios; 'linacsim scenarios NAME' tells more of one, 'linacsim play NAME' plays it\n"
    )
    return 0


def listed(named: list[tuple[str, str]]) -> str:
    """Return names and titles, folder by folder, each folder in columns of its own."""
    lines = []
    by_folder = sorted(named, key=_folder)
    for _name, inside in groupby(by_folder, key=_folder):
        rows = list(inside)
        width = max(len(name) for name, _title in rows)
        lines += [*(f"{name:{width}}  {title}" for name, title in rows), ""]
    return "\n".join([*lines, ""]) if lines else ""


def _folder(named: tuple[str, str]) -> str:
    return named[0].rpartition("/")[0]


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


def _parameters(step: ActionStep) -> str:
    """Return what a step says beside its action, in a few words."""
    given = step.parameters.model_dump(mode="json", by_alias=True, exclude_unset=True)
    if step.action == ASK:
        return f": {given['ask']}"
    durations = durations_of(type(step.parameters))
    told = [f"{key} {format_duration(each) if key in durations else _value(each, key)}" for key, each in given.items()]
    return f": {', '.join(told)}" if told else ""


def _value(value: Any, key: str = "") -> str:
    if isinstance(value, list):
        shown = ", ".join(_value(one) for one in value[:_FEW])
        return f"[{shown}{f', and {len(value) - _FEW} more' if len(value) > _FEW else ''}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} {_value(one)}" for key, one in value.items()) + "}"
    if key in ("status", "code") and isinstance(value, int):
        return f"0x{value:04X}"
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONG else f"{text[:_LONG]}..."


def _described(path: Path, scenario: Scenario) -> str:
    lines = [scenario.title, f"  {scenario_name(path)}", ""]
    lines += [f"  {line}" for line in scenario.about.splitlines()]
    for head, entries in (
        ("requires", scenario.requires),
        ("tags", scenario.tags),
        ("limit", [format_duration(scenario.limit)] if scenario.limit != LIMIT else []),
        ("peers", [_peer(peer) for peer in scenario.peers.values()]),
        ("faults", [fault.text for fault in scenario.faults]),
        ("steps", list(_steps(scenario.steps))),
        ("expects", [each.describe() for each in scenario.expect]),
    ):
        if entries:
            lines += [f"  {head}", *(f"    {entry}" for entry in entries)]
    return "\n".join([*lines, "", f"  play it: linacsim play {scenario_name(path)}", "", ""])


def _peer(peer: PeerSpec) -> str:
    stand_in = f", stand-in: {peer.stand_in.kind}" if peer.stand_in is not None else ""
    return f"{peer.title}: {peer.kind}{stand_in}"


def _steps(steps: tuple[Step, ...]) -> Iterator[str]:
    for step in steps:
        if isinstance(step, TogetherStep):
            yield "together"
            yield from (f"  {line}" for line in _steps(step.steps))
        elif isinstance(step, ActionStep):
            fails = f"; has to fail: {step.fails}" if step.fails is not None else "; may fail" if step.may_fail else ""
            yield f"{step}{_parameters(step)}{fails}"
            if step.instead is not None:
                yield from (f"  the stand-in: {line}" for line in _steps((step.instead,)))
        else:
            yield str(step)
