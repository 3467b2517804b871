"""Plays stacks that are not ours through the scenarios of their roles, live: ``python -m tests.interop.foreign``.

Without arguments everything is played, the table of known results and the page are written anew, and what is different is
told. With words, such as ``storing never-responds storescu``, only the pairs with all of these in their names are played, and
nothing is written but the run folders.
"""

# ruff: noqa: T201 - a command prints

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from tests.interop.foreign.matrix import (
    JOBS,
    Row,
    Shown,
    differences,
    known,
    pairs,
    play_all,
    stack_of,
    version_of,
    write_known,
)
from tests.interop.foreign.page import PAGE, with_tables


def main() -> int:
    """Play; return 1 if something is different from what is known."""
    parser = argparse.ArgumentParser(prog="python -m tests.interop.foreign", description=__doc__)
    parser.add_argument("word", nargs="*", help="what has to be in the name of a pair: role, scenario, stack")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"pairs at a time (default {JOBS})")
    parser.add_argument("--out", default="runs/foreign", help="where the run folders go (default runs/foreign)")
    options = parser.parse_args()
    which = [pair for pair in pairs() if all(word in pair for word in options.word)]
    which = [pair for pair in which if version_of(stack_of(pair).product) is not None]
    out = Path(options.out).absolute() / datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    shown = play_all(which, out, options.jobs)
    for one in shown:
        print(f"{one.pair}: {one.what} ({one.seconds:.0f} s)\n    {one.why}\n    {one.run}")
    before = known()
    listed = {row.pair for row in before}
    told = differences(before, [one for one in shown if one.pair in listed])
    print("\n".join(["", "different from what is known:", *told]) if told else "\nas known")
    if not options.word:
        rows = _merged(before, shown)
        write_known(rows)
        PAGE.write_text(with_tables(PAGE.read_text("utf-8"), rows), "utf-8")
    return 1 if told else 0


def _merged(before: Iterable[Row], shown: Iterable[Shown]) -> list[Row]:
    """Return the table with what has been shown; findings stay, and so does what could not be played here."""
    rows = {row.pair: row for row in before}
    for one in shown:
        finding = rows[one.pair].finding if one.pair in rows else ""
        version = version_of(stack_of(one.pair).product) or ""
        rows[one.pair] = Row(one.pair, version, one.what, one.seconds, finding)
    return [rows[pair] for pair in pairs() if pair in rows]


if __name__ == "__main__":
    sys.exit(main())
