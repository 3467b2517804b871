"""``linacsim diff``: the first event in which two runs differ."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from linacsim.cli.terminal import say
from linacsim.report import diff_runs, format_divergence, needs_ascii


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("diff", help="show the first event in which two runs differ")
    parser.add_argument("runs", nargs=2, metavar="RUN", help="a run folder, or its events.jsonl")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Compare two runs; 0 if they are the same, 1 if not."""
    found = diff_runs(Path(options.runs[0]), Path(options.runs[1]))
    text = format_divergence(found, ascii_only=needs_ascii(sys.stdout))
    say(text if text.endswith("\n") else text + "\n")
    return 0 if found is None else 1
