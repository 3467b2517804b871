"""``linacsim matrix``: which systems will negotiate, as their documents say, and proven on the bench."""

from __future__ import annotations

import argparse
import shutil
from typing import Any

from linacsim.bench import Bench
from linacsim.cli.terminal import say
from linacsim.conformance import load_system, systems
from linacsim.conformance.matrix import matrix
from linacsim.negotiate import devices, execute
from linacsim.report.matrix_html import matrix_html
from linacsim.report.matrix_json import matrix_json
from linacsim.report.matrix_text import cells_text, matrix_text

_ABOUT = """
Holds every entity that asks for associations against every one that accepts them, and tells which SOP classes pass, with
which transfer syntax, and what else has to be minded. Exit code: 0; with --execute 1 if the wire and the prediction differ.
"""


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("matrix", help="tell which systems will negotiate", description=_ABOUT)
    parser.add_argument(
        "systems", nargs="*", metavar="SYSTEM", help="only these: an id, or a folder of tables (./acme)"
    )
    parser.add_argument("--cell", nargs=2, metavar=("SCU", "SCP"), help="one cell in full: who asks, who answers")
    parser.add_argument("--verbose", action="store_true", help="every cell in full")
    parser.add_argument("--execute", action="store_true", help="prove each cell by associations on the virtual clock")
    parser.add_argument("--format", choices=("text", "json", "html"), default="text", help="text (default), json, html")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Tell the matrix; 1 if it was executed and differs from the prediction, else 0."""
    known = [load_system(one) for one in dict.fromkeys(options.systems or systems())]
    with Bench() as bench:
        found = matrix(known, devices(bench))
    if options.cell:
        found = found.only(*options.cell)
    proofs = execute(found) if options.execute else None
    width = shutil.get_terminal_size().columns
    if options.format == "json":
        say(matrix_json(found, proofs))
    elif options.format == "html":
        say(matrix_html(found, proofs))
    else:
        if not options.cell:
            say(matrix_text(found, proofs, width))
        if options.cell or options.verbose:
            say(("" if options.cell else "\n") + cells_text(found, proofs, width))
    return int(any(one.differences for one in (proofs or {}).values()))
