"""What all parts of the imager share: the clock, the log, and the news that something has changed."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from simpy.events import Event

from linacsim.kernel.core import Kernel

T = TypeVar("T")
Log = Callable[..., None]
Steps = Generator[Event, Any, T]
"""What a process of the hardware is made of; it ends with a `T`."""


@dataclass(frozen=True, slots=True)
class Outcome(Generic[T]):
    """How something has ended; its error belongs to whoever asked, not to the bench."""

    value: T | None = None
    error: Exception | None = None

    def get(self) -> T:
        """Return the value, or raise the error."""
        if self.error is not None:
            raise self.error
        return cast("T", self.value)


def attempt(work: Callable[[], T]) -> Outcome[T]:
    """Return how `work` ends."""
    try:
        return Outcome(work())
    except Exception as error:  # noqa: BLE001 - handed on as it is, to whoever asked
        return Outcome(error=error)


class Clockwork:
    """Time, log and news for the parts.

    Parameters
    ----------
    kernel : Kernel
        Whose time it is.
    log : callable
        Writes a record: the event, and its fields by keyword.
    name : str
        Of the imager, for who waits for what.
    """

    def __init__(self, kernel: Kernel, log: Log, name: str) -> None:
        self.kernel = kernel
        self.env = kernel.env
        self.log = log
        self.name = name
        self.heard: Callable[[], None] = lambda: None
        self._changed = kernel.env.event()

    @property
    def now(self) -> int:
        """Microseconds: the time of the event that is worked on, on either clock."""
        return int(self.env.now)

    def tell(self) -> None:
        """Say that something has changed: what waits for a change looks again."""
        changed, self._changed = self._changed, self.env.event()
        changed.succeed()
        self.heard()

    def until(self, ready: Callable[[], bool]) -> Steps[None]:
        """Wait until `ready`."""
        while not ready():
            yield self._changed

    def passing(self, duration: int, stopped: Callable[[], bool]) -> Steps[int]:
        """Let `duration` microseconds pass, less if `stopped`; return how many have."""
        began = self.now
        due = self.env.timeout(duration) if duration and not stopped() else None
        while due is not None and not due.processed and not stopped():
            yield due | self._changed
        return self.now - began

    def through(self, marks: Sequence[tuple[int, Callable[[], object]]], stopped: Callable[[], bool]) -> Steps[bool]:
        """Do something at each mark (microseconds from now, ascending), until `stopped`; return whether all were done."""
        began = self.now
        for due, act in marks:
            left = began + due - self.now
            if (yield from self.passing(left, stopped)) < left:
                return False
            act()
        return True

    def compute(self, work: Callable[[], T]) -> Steps[T]:
        """Have the kernel do `work`; its error is raised as it is."""
        outcome: Outcome[T] = yield self.kernel.compute(lambda: attempt(work))
        return outcome.get()

    def begin(self, steps: Steps[Any], what: str) -> None:
        """Start a process that nobody waits for."""
        self.kernel.process(steps, f"{self.name}: {what}")

    def later(self, delay: int | None, what: str, act: Callable[[], object]) -> None:
        """Do `act` in `delay` microseconds; never if that is ``None``."""
        if delay is not None:
            self.begin(self._later(delay, act), what)

    def _later(self, delay: int, act: Callable[[], object]) -> Steps[None]:
        yield self.env.timeout(delay)
        act()

    def perform(self, steps: Steps[T], what: str) -> T:
        """Let a process run to its end; the calling task waits. Whoever gives up waiting does not stop the hardware."""
        process = self.kernel.process(self._settled(steps), f"{self.name}: {what}")
        self.kernel.wait(process, f"{what} to end")
        return cast("Outcome[T]", process.value).get()

    def _settled(self, steps: Steps[T]) -> Steps[Outcome[T]]:
        try:
            value = yield from steps
        except Exception as error:  # noqa: BLE001 - handed on as it is, to whoever asked
            return Outcome(error=error)
        return Outcome(value)
