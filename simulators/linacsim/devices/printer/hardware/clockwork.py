"""What all parts of the printer share: the clock, the log, and the news that something has changed."""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import Any

from simpy.events import Event

from linacsim.kernel.core import Kernel

Log = Callable[..., None]
Steps = Generator[Event, Any, None]
"""What a process of the hardware is made of."""


class Clockwork:
    """Time, log and news for the parts.

    A sheet stands still while the engine is stopped. Nothing polls for that: the time for which it has stood still is
    counted, and whoever has let time pass lets as much pass once more.

    Parameters
    ----------
    kernel : Kernel
        Whose time it is.
    log : callable
        Writes a record: the event, and its fields by keyword.
    name : str
        Of the printer, for who waits for what.
    """

    def __init__(self, kernel: Kernel, log: Log, name: str) -> None:
        self.kernel = kernel
        self.log = log
        self.name = name
        self.heard: Callable[[], None] = lambda: None
        self._env = kernel.env
        self._changed = kernel.env.event()
        self._halted = kernel.env.event()
        self._stood = 0
        self._stopped_at: int | None = None

    @property
    def now(self) -> int:
        """Microseconds: the time of the event that is worked on, on either clock."""
        return int(self._env.now)

    def tell(self) -> None:
        """Say that something has changed: what waits for a change looks again."""
        self.heard()
        changed, self._changed = self._changed, self._env.event()
        changed.succeed()

    def until(self, ready: Callable[[], bool]) -> Steps:
        """Wait until `ready`."""
        while not ready():
            yield self._changed

    def passing(self, duration: int) -> Event:
        """Return an event that happens in `duration` microseconds."""
        return self._env.timeout(duration)

    def change(self) -> Event:
        """Return an event that happens at the next change."""
        return self._changed

    def stop(self, *, stopped: bool) -> None:
        """Take down that the engine stands still from now on, or moves again."""
        if stopped and self._stopped_at is None:
            self._stopped_at = self.now
        elif not stopped and self._stopped_at is not None:
            self._stood += self.now - self._stopped_at
            self._stopped_at = None

    def _standing(self) -> int:
        return self._stood + (0 if self._stopped_at is None else self.now - self._stopped_at)

    def halt(self) -> None:
        """Let what moves come to its end where it is."""
        halted, self._halted = self._halted, self._env.event()
        halted.succeed()

    def moving(self, duration: int) -> Steps:
        """Let the engine move for `duration` microseconds, less if it is halted; standing still does not count."""
        left, halted = duration, self._halted
        while not halted.triggered:
            if self._stopped_at is not None:
                yield from self.until(lambda: self._stopped_at is None or halted.triggered)
            elif left <= 0:
                return
            else:
                stood = self._standing()
                yield self._env.timeout(left) | halted
                left = self._standing() - stood

    def begin(self, steps: Steps, what: str) -> None:
        """Start a process that nobody waits for."""
        self.kernel.process(steps, f"{self.name}: {what}")

    def later(self, delay: int | None, what: str, act: Callable[[], object]) -> None:
        """Do `act` in `delay` microseconds; never if that is ``None``."""
        if delay is not None:
            self.begin(self._later(delay, act), what)

    def _later(self, delay: int, act: Callable[[], object]) -> Steps:
        yield self._env.timeout(delay)
        act()
