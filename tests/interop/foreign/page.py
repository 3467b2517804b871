"""The tables of `docs/results.md`, made of the table of known results and of the scenarios' own titles."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.interop.foreign.matrix import PASS, Pair, Row, load, scenario_files
from tests.interop.foreign.stacks import STACKS

PAGE = Path(__file__).parents[3] / "docs" / "results.md"
BEGIN, END = "<!-- made by python -m tests.interop.foreign: begin -->", "<!-- end -->"
TITLES = {
    "verifying": "Clients of C-ECHO",
    "storing": "Clients of C-STORE",
    "finding": "Clients of C-FIND",
    "moving": "Clients of C-MOVE, which take what is sent",
    "getting": "Clients of C-GET",
    "printing": "Print clients",
    "serving": "Storage SCPs",
    "sending": "C-MOVE SCPs, between a client and a destination that misbehaves",
    "print-serving": "Print SCPs",
}


def tables(rows: Sequence[Row]) -> str:
    """Return the part of the page that is made: how many, and for each role a table, with a line for each finding."""
    count = Counter(row.what for row in rows)
    several = ", ".join(f"{number} {word}" for word, number in count.most_common())
    parts = [f"{len(rows)} pairs: {several}.", *(_role(role, rows) for role in STACKS)]
    return "\n\n".join(parts)


def _role(role: str, rows: Sequence[Row]) -> str:
    here = {row.pair: row for row in rows if row.pair.role == role}
    stacks = [stack.name for stack in STACKS[role]]
    lines = [f"### {TITLES[role]}", "", f"| {role} | {' | '.join(stacks)} |", f"| --- |{' --- |' * len(stacks)}"]
    for path in scenario_files(role):
        cells = [_cell(here[Pair(role, path.stem, stack)]) for stack in stacks]
        title = load(Pair(role, path.stem, stacks[0]), {"command": ["-"]}).title
        lines.append(f"| {title} | {' | '.join(cells)} |")
    told = [f"- *{row.pair.scenario}*, {row.pair.stack}: {row.finding}" for row in here.values() if row.finding]
    return "\n".join([*lines, *(["", *told] if told else [])])


def _cell(row: Row) -> str:
    return row.what if row.what == PASS else f"**{row.what}**"


def with_tables(page: str, rows: Sequence[Row]) -> str:
    """Return the page with its made part made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables(rows)}\n\n{END}{after}"
