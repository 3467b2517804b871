"""The command line: ``linacsim play``, ``serve``, ``diff``, ``systems``, ``check``, ``matrix`` and others.

Exit codes: 0 pass, 1 fail, 2 inconclusive, 3 an error of ours or of the input.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from linacsim import __version__
from linacsim.cli import (
    accept,
    archive,
    check,
    coverage,
    diff,
    explore,
    image,
    matrix,
    personalities,
    play,
    proxy,
    report,
    scenarios,
    serve,
    systems,
)
from linacsim.errors import InputError, LinacsimError

ERROR = 3
INTERRUPTED = 130
_COMMANDS = (
    play,
    scenarios,
    serve,
    proxy,
    accept,
    explore,
    archive,
    report,
    diff,
    systems,
    check,
    matrix,
    image,
    coverage,
    personalities,
)
"""In the order in which the help shows them."""


class _Parser(argparse.ArgumentParser):
    """argparse leaves with 2 for a wrong option; here 2 means inconclusive."""

    def error(self, message: str) -> NoReturn:
        self.exit(ERROR, f"linacsim: {message}; see '{self.prog} --help'\n")


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands."""
    parser = _Parser(prog="linacsim", description="A bench of simulated DICOM peers with hardware behind them.")
    parser.add_argument("--version", action="version", version=f"linacsim {__version__}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for module in _COMMANDS:
        module.add_to(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit code."""
    options = build_parser().parse_args(arguments)
    try:
        code: int = options.command(options)
    except InputError as exc:
        return _complain(exc)
    except LinacsimError as exc:
        return _complain(exc)
    except KeyboardInterrupt:
        sys.stderr.write("linacsim: interrupted\n")
        return INTERRUPTED
    except BrokenPipeError:
        # somebody piped us into `head`; nothing is wrong
        sys.stderr.close()
        return 0
    return code


def _complain(error: Exception) -> int:
    sys.stderr.write(f"linacsim: {error}\n")
    return ERROR
