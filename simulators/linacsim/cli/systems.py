"""``linacsim systems``: what is known of the systems of published conformance statements."""

from __future__ import annotations

import argparse
import json
import shutil
from typing import Any

from linacsim.cli.terminal import say
from linacsim.conformance import load_system, systems
from linacsim.conformance.check.share import shares
from linacsim.conformance.overview import details, summary, total
from linacsim.report.systems_text import PARTS, all_systems, one_system


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("systems", help="tell what is known of a vendor's system")
    parser.add_argument("system", nargs="?", metavar="ID", help="one system in full, for example raystation")
    parser.add_argument("part", nargs="?", choices=PARTS, metavar="PART", help=f"one part of it: {', '.join(PARTS)}")
    parser.add_argument("--format", choices=("text", "json"), default="text", help="text (default) or json")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Tell of all systems or of one; always 0."""
    found: dict[str, Any]
    if options.system is None:
        known = [load_system(one) for one in systems()]
        each, all_of_them = [{**summary(one), "rules": shares(one)} for one in known], total(known)
        found = {"systems": each, "total": all_of_them}
        text = all_systems(each, all_of_them)
    else:
        system = load_system(options.system)
        found = {**details(system), "rules": shares(system)}
        text = one_system(found, options.part or "", shutil.get_terminal_size().columns)
    say(text if options.format == "text" else json.dumps(found, indent=2, ensure_ascii=False) + "\n")
    return 0
