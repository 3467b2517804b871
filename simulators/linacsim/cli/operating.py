"""The operator's console of a running ``linacsim serve``: lines on standard input, whatever that is.

A terminal, a pipe and a file will do alike; when it ends the peers go on being served. Nothing here waits: the lines are
read beside the event loop, and each is done on it, between two happenings of the bench.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Protocol

_LONGEST = 4096
"""Bytes of a line; a longer one is none that a person has written."""


class Answers(Protocol):
    """What a device has that takes an operator's lines."""

    def answer(self, line: str) -> list[str]:
        """Do what `line` says, and tell how it went."""


class Console:
    """Hands lines to the device that they are meant for.

    Parameters
    ----------
    panels : mapping of str to Answers
        The devices that can be operated, by AE title.
    tell : callable
        Shows a text.
    """

    def __init__(self, panels: Mapping[str, Answers], tell: Callable[[str], None]) -> None:
        self._panels = panels
        self._tell = tell

    @property
    def hint(self) -> str:
        """One line that says what can be typed."""
        if len(self._panels) == 1:
            return "operator's console: type a line, for example: status, help\n"
        title = next(iter(self._panels))
        return f"operator's console: type an AE title and a line, for example: {title} status, {title} help\n"

    def take(self, line: str) -> None:
        """Do what a line says, and show the answer."""
        title, rest = self._meant(line.strip())
        if not rest and not title:
            return
        if title not in self._panels:
            self._tell(f"{line.strip()!r} is for no peer; begin with {' or '.join(self._panels)}\n")
            return
        self._tell("".join(f"{title}: {answer}\n" for answer in self._panels[title].answer(rest or "status")))

    def _meant(self, line: str) -> tuple[str, str]:
        """Return the AE title that a line is for, and what is left of it; with one device, it need not be named."""
        for title in sorted(self._panels, key=len, reverse=True):
            if line == title or line.startswith((f"{title} ", f"{title}:")):
                return title, line[len(title) :].lstrip(": ")
        return (next(iter(self._panels)) if len(self._panels) == 1 and line else "", line)


def read_lines(take: Callable[[str], None]) -> None:
    """Begin to read standard input; `take` is called with each line, on another thread."""
    try:
        source = sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        return  # there is none
    # a terminal stops who reads from the background; without this signal the reading fails, and that ends it
    if hasattr(signal, "SIGTTIN"):
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
    threading.Thread(target=_read, args=(source, take), name="operator's console", daemon=True).start()


def _read(source: int, take: Callable[[str], None]) -> None:
    # not from sys.stdin: it would hold a lock that the interpreter wants when it ends
    for line in _lines_of(lambda: _some(source)):
        try:
            take(line)
        except RuntimeError:
            return  # the loop is closed


def _some(source: int) -> bytes:
    try:
        return os.read(source, _LONGEST)
    except OSError:
        return b""


def _lines_of(read: Callable[[], bytes]) -> Iterator[str]:
    """Yield the lines of a stream until it ends; what is longer than a line can be is left out."""
    held, skipping = b"", False
    while got := read():
        *lines, held = (held + got).split(b"\n")
        for line in lines:
            if not skipping and len(line) <= _LONGEST:
                yield line.decode("utf-8", "replace")
            skipping = False
        if len(held) > _LONGEST:
            held, skipping = b"", True
    if held and not skipping:
        yield held.decode("utf-8", "replace")
