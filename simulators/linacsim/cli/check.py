"""``linacsim check``: whether a system takes these objects, and which row of its document says no."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any, cast

from linacsim.cli.terminal import say
from linacsim.conformance import System, load_system
from linacsim.conformance.check import check, gather
from linacsim.conformance.check.findings import Report
from linacsim.conformance.system import Way
from linacsim.errors import InputError
from linacsim.report.check_json import check_json
from linacsim.report.check_junit import check_junit
from linacsim.report.check_text import check_text

_ABOUT = """
Holds DICOM objects against the tables of a system's conformance statement: what has to be there, which values it takes,
what its rules in words and its preconditions say. All objects of one patient are checked as a set. Exit code: 0 nothing is
broken, 1 something is, 3 nothing could be read.
"""
_UNREADABLE = 3
_WAYS = ("import", "export")


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    parser = commands.add_parser("check", help="check DICOM objects against a system's document", description=_ABOUT)
    parser.add_argument("paths", nargs="+", metavar="PATH", help="files, and folders with all that is below them")
    parser.add_argument(
        "--against", required=True, metavar="SYSTEM[:WAY]", help="a system, as raystation or raystation:export"
    )
    parser.add_argument(
        "--format", choices=("text", "json", "junit"), default="text", help="text (default), json, junit"
    )
    parser.add_argument("--verbose", action="store_true", help="name every place and note")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Check objects; 0 if nothing is broken, 1 if something is, 3 if nothing could be read."""
    system, way = against(options.against)
    found = gather([Path(one) for one in options.paths])
    report = check(found.objects, system, way, found.unread)
    if options.format == "json":
        say(check_json(report))
    elif options.format == "junit":
        say(check_junit(report))
    else:
        say(check_text(report, shutil.get_terminal_size().columns, everything=options.verbose))
    return exit_code(report)


def exit_code(report: Report) -> int:
    """Return 0 if nothing is broken, 1 if something is, 3 if there was nothing to check."""
    if not report.objects:
        return _UNREADABLE
    return int(bool(report.broken) or any(one.damaged for one in report.unread))


def against(text: str) -> tuple[System, Way]:
    """Return the system and the way of ``SYSTEM[:import|:export]``; import where none is named.

    Raises
    ------
    InputError
        If there is no such system or way, or if the system does not document that way.
    """
    name, colon, way = text.rpartition(":")
    if not colon or way not in _WAYS:
        if colon and "/" not in way and "\\" not in way:
            raise InputError(f"unknown way {way!r}", "--against", f"write {name}:import or {name}:export")
        name, way = text, "import"
    system = load_system(name)
    known = [one for one in _WAYS if any(iod.goes(cast("Way", one)) for iod in system.iods)]
    if way not in known:
        other = " or ".join(f"{system.id}:{one}" for one in known)
        raise InputError(f"{system.head.title} documents no {way} of objects", "--against", f"try --against {other}")
    return system, cast("Way", way)
