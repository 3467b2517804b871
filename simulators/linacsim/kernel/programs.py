"""Programs of this machine that a live bench starts, reads and stops.

A program may do anything: print without end, end with children that hold its output open, ignore what it is asked. So its
output is taken in pieces, each after the one before it has been seen to; its end is told when it has ended, whoever still
holds its output; and everything that it has started can be found again, by a mark in the environment, and ended.
"""

from __future__ import annotations

import itertools
import os
import select
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from simpy.events import Event

from linacsim.kernel.stopwatch import Stopwatch

Enter = Callable[..., None]
"""Lets something in on the kernel's thread: ``enter(fn, *args)``, from any thread."""

_MARK = "LINACSIM_PROGRAM"
_PIECE = 1 << 16
"""Bytes of output that are taken at once."""
_LONGEST = 1 << 12
"""Bytes of a line; what goes on without an end is cut there."""
_DRAIN = 0.5
"""Seconds for the last words of a program that has ended while its children hold its output."""
_GLANCE = 0.2
_BURIAL = 3.0
"""Seconds that a killed program may take to go; its port is free then."""
_PROCESSES = Path("/proc")
_ordinals = itertools.count(1)


class Program:
    """A running program, with everything that it has started.

    Attributes
    ----------
    ended : simpy.events.Event
        Succeeds with the exit code; that of a program ended by a signal is negative.
    left_behind : int
        How many processes it had started that were still running when it had ended.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: str,
        environment: Mapping[str, str],
        ended: Event,
        took: Callable[[Sequence[str]], None],
        enter: Enter,
    ) -> None:
        self.ended = ended
        self.left_behind = 0
        self._took = took
        self._enter = enter
        self._is_over = False
        # a bench within a program within a bench: each finds its own
        self._mark = f"{os.environ.get(_MARK, '')}/{os.getpid()}-{next(_ordinals)}"
        self._process = subprocess.Popen(  # noqa: S603 - the user's own scenario names it, and no shell is involved
            list(command),
            cwd=folder,
            env={**os.environ, **environment, _MARK: self._mark},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # a group of its own, so that what it starts ends with it
            start_new_session=True,
        )
        self._reading = threading.Thread(target=self._read, name=f"reading {command[0]}", daemon=True)
        self._reading.start()
        threading.Thread(target=self._wait, name=f"waiting for {command[0]}", daemon=True).start()

    # on threads of their own

    def _read(self) -> None:
        """Hand over what it prints, line by line; nothing is taken before the last piece has been seen to."""
        stream = self._process.stdout
        if stream is None:
            return
        with stream:
            rest = b""
            while not self._is_over:
                if not select.select([stream], [], [], _GLANCE)[0]:
                    continue
                piece = os.read(stream.fileno(), _PIECE)
                *lines, rest = (rest + piece).split(b"\n")
                if rest and (not piece or len(rest) > _LONGEST):
                    lines, rest = [*lines, rest], b""
                if lines:
                    self._hand_over(lines)
                if not piece:
                    return

    def _hand_over(self, lines: list[bytes]) -> None:
        taken = threading.Event()

        def take() -> None:
            try:
                self._took([line[:_LONGEST].decode("utf-8", "replace").rstrip("\r") for line in lines])
            finally:
                taken.set()

        self._enter(take)
        while not self._is_over and not taken.wait(_GLANCE):
            pass

    def _wait(self) -> None:
        code = self._process.wait()
        self._reading.join(_DRAIN)
        self._enter(self._tell, code, len(self._descendants()))

    # on the kernel's

    def _tell(self, code: int, left_behind: int) -> None:
        if not self.ended.triggered:
            self.left_behind = left_behind
            self.ended.succeed(code)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and what it has started (SIGKILL)."""
        self._signal(signal.SIGKILL)
        for process in self._descendants():
            with suppress(ProcessLookupError, PermissionError):
                os.kill(process, signal.SIGKILL)

    def bury(self) -> None:
        """Wait until it and what it has started are gone, for a moment at most; nothing is read any more."""
        watch = Stopwatch()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_BURIAL)
        while self._descendants() and watch.elapsed() < _BURIAL * 1e6:
            select.select([], [], [], 0.01)
        self._is_over = True

    def _signal(self, number: signal.Signals) -> None:
        """Send a signal to its group; one that has been waited for may have left its number to somebody else."""
        if self._process.poll() is None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, number)

    def _descendants(self) -> list[int]:
        """Return what it has started and what still runs, wherever that has gone; a process that has ended has no mark."""
        mark, found = f"{_MARK}={self._mark}".encode(), []
        for entry in _PROCESSES.glob("[0-9]*"):
            with suppress(OSError):
                words = (entry / "environ").read_bytes().split(b"\0")
                is_ours = any(word == mark or word.startswith(mark + b"/") for word in words)
                if is_ours and int(entry.name) != self._process.pid:
                    found.append(int(entry.name))
        return found
