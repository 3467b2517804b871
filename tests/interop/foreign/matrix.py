"""Every stack through every scenario of its role, a few at a time, and what came of it."""

from __future__ import annotations

import csv
import multiprocessing
import shutil
import subprocess
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

from linacsim.kernel.log import Record
from linacsim.playing import Setting, play_scenario
from linacsim.report.reason import reason
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.model import Scenario
from linacsim.scenario.vocabulary import vocabulary
from tests.interop.dcmtk import program
from tests.interop.foreign.stacks import ORTHANC, STACKS, Stack

HERE = Path(__file__).parent
KNOWN = HERE / "results.tsv"
COLUMNS = ("role", "scenario", "stack", "version", "shown", "seconds", "finding")
JOBS = 6
"""Pairs at a time: most of them wait."""
PASS, UNSHOWN = "pass", "inconclusive"
LATE, TOLD, SILENT, TAKES, CRASHES = "too late", "exit code 0", "says nothing", "says Success", "crashes"
OTHER = "fails otherwise"
_SIGNS = (
    (CRASHES, ("was ended by SIG",)),
    (LATE, ("has not ended within", "timeout", "kept the connection open", "never happened at", "came after")),
    (SILENT, ("run should have failed",)),
    (TAKES, ("should have failed",)),
)
"""What a stack does wrong, and what the reasons for a failure say then."""


class Pair(NamedTuple):
    """A stack and a scenario."""

    role: str
    scenario: str
    stack: str

    def __str__(self) -> str:
        return f"{self.role}/{self.scenario}, {self.stack}"


class Shown(NamedTuple):
    """What a pair has shown: in a word, why, how long it took in seconds, and where the run folder is."""

    pair: Pair
    what: str
    why: str
    seconds: float
    run: Path


class Row(NamedTuple):
    """A row of the table of known results."""

    pair: Pair
    version: str
    what: str
    seconds: float
    finding: str


def scenario_files(role: str) -> list[Path]:
    """Return the scenarios of a role; files with an underscore are only included."""
    return [path for path in sorted((HERE / role).glob("*.yaml")) if not path.name.startswith("_")]


def pairs(product: str = "") -> list[Pair]:
    """Return all pairs, or those with stacks of a product."""
    return [
        Pair(role, path.stem, stack.name)
        for role, stacks in STACKS.items()
        for path in scenario_files(role)
        for stack in stacks
        if product in ("", stack.product)
    ]


def stack_of(pair: Pair) -> Stack:
    """Return the stack of a pair."""
    return next(stack for stack in STACKS[pair.role] if stack.name == pair.stack)


def load(pair: Pair, values: Mapping[str, Any] | None = None) -> Scenario:
    """Return the scenario of a pair."""
    return load_scenario(HERE / pair.role / f"{pair.scenario}.yaml", vocabulary(), values)


def play(pair: Pair, out: Path) -> Shown:
    """Play a pair live, with its run folder below `out`."""
    folder = out / pair.role / pair.scenario / pair.stack
    folder.mkdir(parents=True)
    begun = time.monotonic()
    with stack_of(pair).prepare(folder) as given:
        setting = Setting(clock="live", ports=given.ports)
        played = play_scenario(load(pair, given.values), setting, folder)
    return Shown(
        pair,
        in_a_word(played.result, played.records),
        reason(played.result),
        time.monotonic() - begun,
        played.folder.root,
    )


def in_a_word(result: Mapping[str, Any], records: Iterable[Record]) -> str:
    """Return what a run has shown of the stack.

    A run in which a fault did not fire has shown nothing, whatever failed: that is a defect of the scenario.
    """
    if result["verdict"] != "fail":
        return str(result["verdict"])
    if not all(fault["fired"] for fault in result["faults"]):
        return UNSHOWN
    unmet = [row["reason"] for row in result["expectations"] if not row["met"]]
    told = " ".join([*result["failures"], *unmet])
    word = next((word for word, signs in _SIGNS if any(sign in told for sign in signs)), OTHER)
    return TOLD if word == SILENT and any(_is_error(record) for record in records) else word


def _is_error(record: Record) -> bool:
    """Whether a record is a line that DCMTK's programs print of an error."""
    return record["event"] == "printed" and str(record["text"]).startswith(("E: ", "F: "))


def play_all(which: Iterable[Pair], out: Path, jobs: int = JOBS) -> list[Shown]:
    """Play pairs, a few at a time, each on a bench of its own."""
    todo = list(which)
    # processes that are not forked: nothing of the caller's threads and sockets is in them
    with ProcessPoolExecutor(jobs, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(play, todo, [out] * len(todo)))


def version_of(product: str) -> str | None:
    """Return the version of a product; ``None`` if it is not here."""
    found = shutil.which(program("storescu") if product == "DCMTK" else ORTHANC)
    if found is None:
        return None
    told = subprocess.run([found, "--version"], capture_output=True, text=True, check=True).stdout.split()
    word = told[told.index("storescu") + 1] if product == "DCMTK" else told[1]
    return word.lstrip("v")


def differences(known: Sequence[Row], shown: Iterable[Shown]) -> list[str]:
    """Return what a run has shown differently from the table, a line for each pair."""
    before = {row.pair: row for row in known}
    return [
        f"{one.pair}: {one.what}; known of {before[one.pair].version}: {before[one.pair].what} ({one.why}; {one.run})"
        for one in shown
        if one.what != before[one.pair].what
    ]


def known() -> list[Row]:
    """Return the table of known results."""
    with KNOWN.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                Pair(row["role"], row["scenario"], row["stack"]),
                row["version"],
                row["shown"],
                float(row["seconds"]),
                row["finding"],
            )
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def write_known(rows: Iterable[Row]) -> None:
    """Write the table of known results."""
    lines = ["\t".join(COLUMNS)]
    lines += ["\t".join([*row.pair, row.version, row.what, f"{row.seconds:.0f}", row.finding]) for row in rows]
    KNOWN.write_text("\n".join(lines) + "\n", "utf-8")
