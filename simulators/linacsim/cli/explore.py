"""``linacsim explore``: random fault plans over a scenario; those that show something wrong, shrunk and written down."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from linacsim.cli.bars import bars
from linacsim.cli.options import seed_of
from linacsim.cli.terminal import colours, say
from linacsim.errors import InputError
from linacsim.explore.findings import in_words, keep
from linacsim.explore.invariants import INVARIANTS, invariants_of
from linacsim.explore.seeds import MOST, PATIENCE, Finding, Result, Task
from linacsim.explore.subject import Plan, Subject, subject_of
from linacsim.explore.work import here, on_cluster, on_cores
from linacsim.kernel.stopwatch import Stopwatch
from linacsim.kernel.units import SECOND, format_duration
from linacsim.scenario.library import find_scenario
from linacsim.scenario.loader import load_faults
from linacsim.scenario.parts import values_of
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary
from linacsim.yaml_file import read_yaml

_SEEDS = 100
_LISTED = 8
_INTERRUPTED = 130
_NUMBERS = re.compile(r"\d+(?:[.:]\d+)*")
"""UIDs, times, numbers of associations: they differ where what is wrong does not."""
_GRAVITY = (Verdict.PASS, Verdict.INCONCLUSIVE, Verdict.FAIL, Verdict.ERROR)


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "explore",
        help="random faults over a scenario; what goes wrong is shrunk to the smallest plan",
        description="Play a scenario with fault plans that are drawn from seeds, on the virtual clock. Whatever is armed, some "
        "things have to be true (--invariants lists them). A plan that shows otherwise is shrunk, and written as a scenario.",
    )
    parser.add_argument("scenario", nargs="?", metavar="SCENARIO", help="a scenario's name or file")
    parser.add_argument("--seeds", default="", metavar="N", help=f"how many seeds (default {_SEEDS}; 1 with --faults)")
    parser.add_argument("--seed", default="1", metavar="S", help="the first of them (default 1)")
    parser.add_argument("--most", default=str(MOST), metavar="K", help=f"how many faults at most (default {MOST})")
    parser.add_argument("--faults", default="", metavar="FILE", help="these faults; none are drawn")
    parser.add_argument(
        "--invariant", action="append", default=[], metavar="MODULE:FUNCTION", help="one of your own; may be repeated"
    )
    parser.add_argument("--without", action="append", default=[], metavar="NAME", help="leave an invariant out")
    parser.add_argument("--invariants", action="store_true", help="list the invariants")
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", help="a parameter of the scenario; may be repeated"
    )
    parser.add_argument("--out", default="runs", metavar="DIR", help="where findings go (default runs)")
    parser.add_argument(
        "--patience", default=str(PATIENCE), metavar="SECONDS", help=f"real time for one run (default {PATIENCE})"
    )
    parser.add_argument("--jobs", default="", metavar="J", help="processes (default: the cores; 1 is this one)")
    parser.add_argument("--cluster", default="", metavar="ADDRESS", help="a Dask scheduler, in place of processes")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Explore what the options name; return the exit code."""
    if options.invariants:
        for one in INVARIANTS.values():
            say(f"{one.name:22} {one.about}\n")
        return 0
    if not options.scenario:
        raise InputError("no scenario is named", "explore", "linacsim scenarios lists those that come with linacsim")
    subject = subject_of(find_scenario(options.scenario), values_of(options.set))
    tasks = _tasks(options, subject)
    watch, results, interrupted = Stopwatch(), [], False
    try:
        for result in _shown(_results(options, tasks), len(tasks)):
            results.append(result)
            if result.refused:
                raise InputError(result.refused, subject.title, "it has to be playable on the virtual clock")
    except KeyboardInterrupt:
        interrupted = True
    results.sort(key=lambda one: one.seed)
    _tell(options, subject, results, watch.elapsed())
    if interrupted:
        say(f"\ninterrupted after {len(results)} of {len(tasks)} seeds\n")
        return _INTERRUPTED
    return max((_verdict(one) for one in results), key=_GRAVITY.index, default=Verdict.PASS).exit_code


def _tasks(options: argparse.Namespace, subject: Subject) -> list[Task]:
    plan = _given(options.faults, subject) if options.faults else None
    first, count = seed_of(options.seed), _count(options.seeds or ("1" if options.faults else str(_SEEDS)), "--seeds")
    more, without = tuple(options.invariant), tuple(options.without)
    invariants_of(more, without)
    most, patience = _count(options.most, "--most"), _count(options.patience, "--patience")
    return [
        Task(
            subject=subject,
            seed=seed,
            most=most,
            plan=plan,
            invariants=more,
            without=without,
            shrinks=plan is None,
            patience=patience,
        )
        for seed in range(first, first + count)
    ]


def _count(text: str, option: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"{text!r} is not a count", option, "give a whole number, 1 or more")
    return int(text)


def _given(name: str, subject: Subject) -> Plan:
    """Return the faults in a file, as they stand there."""
    load_faults(name, vocabulary(), subject.peers)
    return tuple(dict(fault) for fault in read_yaml(Path(name)).data["faults"])


def _results(options: argparse.Namespace, tasks: list[Task]) -> Iterator[Result]:
    if options.cluster:
        return on_cluster(tasks, options.cluster)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    jobs = min(_count(options.jobs, "--jobs") if options.jobs else cores, len(tasks))
    return here(tasks) if jobs == 1 else on_cores(tasks, jobs)


def _shown(results: Iterator[Result], of: int) -> Iterator[Result]:
    """Yield results, and show how many have come."""
    with bars() as bar:
        failed = 0
        for done, result in enumerate(results, 1):
            failed += _verdict(result) is not Verdict.PASS
            if bar is not None:
                bar(f"{failed} failing" if failed else "all hold", done, of)
            yield result


def _verdict(result: Result) -> Verdict:
    if result.error:
        return Verdict.ERROR
    return Verdict.FAIL if result.finding is not None or result.crashed else Verdict.PASS


# what is told


def _tell(options: argparse.Namespace, subject: Subject, results: Sequence[Result], elapsed: int) -> None:
    for group in _grouped([one.finding for one in results if one.finding is not None]):
        _tell_finding(options, subject, group)
    for what, which in (("a run", "crashed"), ("the bench", "error")):
        for text, seeds in _by_text(results, which).items():
            say(f"{_word('ERROR' if which == 'error' else 'FAIL', _red())}  {what}: {text}\n")
            say(f"  seed      {_listed(seeds)}\n")
            words = " ".join([options.scenario, *(f"--set {each}" for each in options.set)])
            say(f"  explore   linacsim explore {words} --seed {seeds[0]} --seeds 1 --jobs 1\n\n")
    failing = sum(_verdict(one) is not Verdict.PASS for one in results)
    plays, fired = sum(one.plays for one in results), Counter(word for one in results for word in one.fired)
    head = _word("FAIL", _red()) if failing else _word("PASS", _green())
    say(f"{head}  {subject.title}, explored\n")
    say(f"  seeds     {len(results) - failing} of {len(results)} hold\n")
    disturbed = sum(bool(one.fired) for one in results)
    say(f"  faults    {sum(fired.values())} of {sum(one.faults for one in results)} fired, in {disturbed} seeds, ")
    say(f"of {len(fired)} kinds\n")
    rate = len(results) * SECOND / max(1, elapsed)
    say(f"  time      {format_duration(elapsed)} for {plays} runs, {rate:.1f} seeds a second\n")


def _grouped(findings: Sequence[Finding]) -> list[list[Finding]]:
    """Return findings by what is wrong, whatever the numbers in it; the plainest plan first in each."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for one in findings:
        groups.setdefault((one.invariant, _NUMBERS.sub("", one.texts[0])), []).append(one)
    return [
        sorted(group, key=lambda one: (len(one.plan), sum(map(len, one.plan)), one.seed)) for group in groups.values()
    ]


def _by_text(results: Sequence[Result], which: str) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in results:
        if text := getattr(one, which):
            found.setdefault(text, []).append(one.seed)
    return found


def _tell_finding(options: argparse.Namespace, subject: Subject, group: list[Finding]) -> None:
    first = group[0]
    words = [options.scenario]
    for name in ("set", "invariant", "without"):
        words += [word for each in getattr(options, name) for word in (f"--{name}", each)]
    kept = keep(subject, first, Path(options.out), tuple(words))
    say(f"{_word('FAIL', _red())}  {first.invariant}: {first.about}\n")
    say(f"  seed      {first.seed}\n")
    for text in first.texts[:_LISTED]:
        say(f"  wrong     {' '.join(text.split())}\n")
    for fault in first.plan:
        say(f"  fault     {in_words(fault)}\n")
    if not first.plan:
        say("  fault     none: it does not hold undisturbed either (--without leaves an invariant out)\n")
    elif len(first.plan) < len(first.drawn):
        say(f"  shrunk    from {len(first.drawn)} faults: {'; '.join(in_words(fault) for fault in first.drawn)}\n")
    _tell_others(group[1:])
    if not first.is_repeatable:
        say("  note      the same faults have not shown it again: something does not follow from the seed\n")
    say(f"  run       {kept.folder}\n")
    if kept.play:
        say(f"  play      {kept.play}\n")
    say(f"  explore   {kept.explore}\n\n")


def _tell_others(others: Sequence[Finding]) -> None:
    """Tell the seeds that have found the same, and with what."""
    if others:
        words = dict.fromkeys(fault["do"] for one in others for fault in one.plan)
        by = f", by {', '.join(words)}" if words else ""
        say(f"  also      {_listed(sorted(one.seed for one in others))}{by}\n")


def _listed(seeds: Sequence[int]) -> str:
    shown = ", ".join(str(seed) for seed in seeds[:_LISTED])
    return shown + (f" and {len(seeds) - _LISTED} more" if len(seeds) > _LISTED else "")


def _word(word: str, colour: str) -> str:
    return f"\x1b[{colour}m{word}\x1b[0m" if colours(sys.stdout) else word


def _red() -> str:
    return "31"


def _green() -> str:
    return "32"
