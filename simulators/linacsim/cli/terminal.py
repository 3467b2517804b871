"""What goes to the terminal: colours only there, and only characters that it can show."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TextIO

_LONG = 160
_HEAD, _TAIL = 100, 40


def colours(stream: TextIO) -> bool:
    """Whether `stream` is a terminal that wants colours."""
    return stream.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def say(text: str) -> None:
    """Write `text` to standard output, whatever characters it can show."""
    encoding = sys.stdout.encoding or "ascii"
    sys.stdout.write(text.encode(encoding, "replace").decode(encoding))
    sys.stdout.flush()


def shortened(text: str, where: str) -> str:
    """Return a long text without its middle, saying how much is missing and `where` it stands."""
    lines = text.splitlines(keepends=True)
    if len(lines) <= _LONG:
        return text
    gap = f"  ... {len(lines) - _HEAD - _TAIL} lines more, all of them in {where} ...\n"
    return "".join([*lines[:_HEAD], gap, *lines[-_TAIL:]])


def ask_person(what: str, _fill: Callable[[str], str]) -> tuple[bool, str]:
    """Ask whoever sits at the terminal to do something; return whether it has been done, and a remark."""
    sys.stderr.write(f"\n>>> {what}\n    Enter when it is done, or say why not: ")
    sys.stderr.flush()
    remark = sys.stdin.readline().strip()
    return not remark, remark
