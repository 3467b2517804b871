"""``linacsim report``: the page and the JUnit file of runs, made again from their folders."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from linacsim.cli.terminal import say
from linacsim.report import invocation, report_again
from linacsim.report.atomic import write_text


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser(
        "report",
        help="make report.html and junit.xml of a run again",
        description="Make report.html and junit.xml again from the other files in the folder of a run.",
    )
    parser.add_argument("runs", nargs="+", metavar="RUN", help="a run folder, for example runs/latest")
    parser.add_argument("--junit", default="", metavar="FILE", help="write all runs as one JUnit XML file, too")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Make the reports of all runs."""
    suites = []
    for run in options.runs:
        page, suite = report_again(Path(run))
        suites.append(suite)
        say(f"{page}\n")
    if options.junit:
        write_text(Path(options.junit), invocation(suites))
        say(f"{options.junit}\n")
    return 0
