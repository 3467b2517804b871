"""What a bench that serves tells whoever watches it: a line for each happening."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from linacsim.cli.terminal import colours, say
from linacsim.kernel.log import Record
from linacsim.report import needs_ascii, timeline

_MESSAGE = re.compile(r"[CN]-[A-Z-]+-(RQ|RSP)")
_SUCCESS, _PENDING = 0x0000, (0xFF00, 0xFF01)
_EXPECTED = ("A-ASSOCIATE-AC", "A-RELEASE-RP")
"""What follows what has been told as a matter of course."""


class Teller:
    """Prints a line for each happening, as soon as whoever waits for an answer has it.

    Parameters
    ----------
    verbose : bool
        Also for what is a matter of course: messages that go well, an association that is accepted or released as asked.
    later : callable
        Has something done in the next turn of the loop.
    """

    def __init__(self, later: Callable[[Callable[[], None]], object], *, verbose: bool) -> None:
        self._later = later
        self._verbose = verbose
        self._colour = colours(sys.stdout)
        self._ascii = needs_ascii(sys.stdout)
        self._waiting: list[Record] = []

    def __call__(self, record: Record) -> None:
        """Have the line of `record` printed."""
        if not self._verbose and is_routine(record):
            return
        if not self._waiting:
            self._later(self.flush)
        self._waiting.append(record)

    def flush(self) -> None:
        """Print what waits."""
        waiting, self._waiting = self._waiting, []
        lines = (timeline([record], colour=self._colour, ascii_only=self._ascii) for record in waiting)
        text = "".join(line if line.endswith("\n") else line + "\n" for line in lines)
        if text:
            say(text)


def is_routine(record: Record) -> bool:
    """Whether `record` is of something that goes well and says nothing that others do not say.

    Of what DIMSE messages do, the device tells: the object that has been stored, the film that has been queued. A response
    with a warning or a failure is told.
    """
    event = record["event"]
    if event in _EXPECTED:
        return True
    return _MESSAGE.fullmatch(event) is not None and record.get("status", _SUCCESS) in (_SUCCESS, *_PENDING)
