"""``linacsim accept``: a suite against a real product, and a report that people sign."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from linacsim.accept.answers import Answering, read_answers
from linacsim.accept.page import FILE, acceptance_page, verdict_of
from linacsim.accept.profile import Profile, read_profile
from linacsim.accept.protocol import FILE as PROTOCOL
from linacsim.accept.protocol import Entry, Protocol, evidence
from linacsim.accept.running import Acceptance
from linacsim.accept.suite import ROLES, Suite, suite_of
from linacsim.cli.terminal import ask_person, say
from linacsim.errors import InputError
from linacsim.report.atomic import write_text
from linacsim.scenario.sut import addresses
from linacsim.scenario.verdict import Verdict


def add_to(commands: Any) -> None:
    """Add the command to the parser."""
    roles = "\n".join(f"  {role:20} {about}" for role, about in ROLES.items())
    parser = commands.add_parser(
        "accept",
        help="play a suite against a real product, and write a report to sign",
        description=f"Play a suite of scenarios against a real product, live. A suite is a role:\n{roles}\n"
        "or a YAML file with the keys suite, about and scenarios. An interrupted run goes on where it was: "
        "the same command again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("suite", metavar="SUITE", help="a role, or a suite's file")
    parser.add_argument(
        "--sut", action="append", required=True, metavar="[NAME=]HOST:PORT@AET", help="where the product is"
    )
    parser.add_argument("--profile", required=True, metavar="FILE", help="what the product is, and how it is set up")
    parser.add_argument("--out", required=True, metavar="DIR", help="where report, protocol and run folders go")
    parser.add_argument("--answers", metavar="FILE", help="what a person would answer, for runs that nobody watches")
    parser.set_defaults(command=command)


def command(options: argparse.Namespace) -> int:
    """Play the suite; return the exit code of the gravest verdict."""
    profile = read_profile(Path(options.profile))
    suite = suite_of(options.suite, profile.parameters)
    folder = Path(options.out)
    acceptance = Acceptance(
        suite=suite,
        profile=profile,
        suts=tuple(addresses(options.sut)),
        folder=folder,
        answering=Answering(
            known=read_answers(Path(options.answers)) if options.answers else (),
            terminal=ask_person if sys.stdin.isatty() else None,
        ),
        told=_tell,
    )
    try:
        protocol = acceptance.run()
    except KeyboardInterrupt:
        sys.stderr.write(f"linacsim: interrupted; the same command goes on with what is left (see {folder})\n")
        return 130
    return _finish(protocol, suite, profile, folder)


def _tell(entry: Entry, count: int, of: int) -> None:
    why = f": {entry.reason}" if entry.reason else ""
    say(f"{count:3} of {of}  {entry.verdict.upper():12} {entry.title}{why}\n")


def _finish(protocol: Protocol, suite: Suite, profile: Profile, folder: Path) -> int:
    try:
        digest = next(iter(evidence(folder, [folder / PROTOCOL]).values()), "")
        write_text(folder / FILE, acceptance_page(protocol, suite, profile, digest))
    except OSError as exc:
        raise InputError(f"cannot be written: {exc.strerror}", str(folder / FILE)) from exc
    verdict = Verdict(verdict_of(protocol.entries))
    say(f"\n{str(verdict).upper()}  {profile.product} {profile.version}: {suite.name}\n  report  {folder / FILE}\n")
    return verdict.exit_code
