"""Programs of this machine that a live bench starts, reads and stops."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from simpy.events import Event

Enter = Callable[..., None]
"""Lets something in on the kernel's thread: ``enter(fn, *args)``, from any thread."""


class Program:
    """A running program, with everything that it has started.

    Attributes
    ----------
    ended : simpy.events.Event
        Succeeds with the exit code; that of a program ended by a signal is negative.
    """

    def __init__(
        self,
        command: Sequence[str],
        folder: str,
        environment: Mapping[str, str],
        ended: Event,
        took: Callable[[str], None],
        enter: Enter,
    ) -> None:
        self.ended = ended
        self._took = took
        self._enter = enter
        self._process = subprocess.Popen(  # noqa: S603 - the user's own scenario names it, and no shell is involved
            list(command),
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            # a group of its own, so that what it starts ends with it
            start_new_session=True,
        )
        threading.Thread(target=self._read, name=f"reading {command[0]}", daemon=True).start()

    def _read(self) -> None:
        stream = self._process.stdout
        if stream is not None:
            with stream:
                for line in stream:
                    self._enter(self._took, line.decode("utf-8", "replace").rstrip("\r\n"))
        self._enter(self._tell, self._process.wait())

    def _tell(self, code: int) -> None:
        if not self.ended.triggered:
            self.ended.succeed(code)

    def terminate(self) -> None:
        """Ask it to end (SIGTERM)."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it, and what it has started (SIGKILL)."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)
