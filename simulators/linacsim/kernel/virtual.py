"""The virtual clock: time jumps to the next event; one thread, repeatable from the seed."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import simpy
from simpy.core import EmptySchedule
from simpy.events import Event

from linacsim.errors import Deadlock, HarnessError, HorizonReached, InputError, Livelock
from linacsim.kernel import usertime
from linacsim.kernel.core import Kernel, exited, stuck, value_of
from linacsim.kernel.identity import Identity
from linacsim.kernel.memory import MemoryNetwork
from linacsim.kernel.places import Place
from linacsim.kernel.programs import Program
from linacsim.kernel.standstill import not_longer_than
from linacsim.kernel.tasks import current_task
from linacsim.kernel.units import HOUR, format_duration

T = TypeVar("T")

STEPS_AT_ONE_INSTANT = 200_000
"""More steps than this without the clock moving is a livelock."""
_WATCHED = 2_000
HORIZON = 24 * HOUR
"""How long a run may last in bench time, unless it says otherwise."""


class VirtualKernel(Kernel):
    """A kernel whose time is the time of the event it works on."""

    clock = "virtual"

    def __init__(self, identity: Identity) -> None:
        super().__init__(identity)
        self.network = MemoryNetwork(self)
        # greenlets cannot change their thread
        self._thread = threading.get_ident()

    @property
    def now(self) -> int:
        """Microseconds since the start of the run."""
        return self.env.now  # type: ignore[return-value]  # all delays are whole numbers

    def host_for(self, ordinal: int) -> str:
        """Return an address of RFC 2544's benchmarking range: never routed, should a real socket ever get it."""
        return f"198.18.{ordinal // 250}.{ordinal % 250 + 1}"

    def run(self, fn: Callable[..., T], *args: Any, place: Place, limit: int = HORIZON) -> T:
        """Run `fn(*args)` as a task until it returns, however long it takes in bench time.

        Raises
        ------
        Deadlock
            If nothing is scheduled while the function still waits.
        Livelock
            If the clock stands still.
        HorizonReached
            If the function takes more than `limit` microseconds.
        """
        if current_task() is not None:
            raise HarnessError("bench.run(...) cannot be called from inside a run; call the function itself")
        if threading.get_ident() != self._thread:
            raise HarnessError("a virtual bench belongs to the thread that made it; run it there")
        task = self.spawn(fn, *args, name=getattr(fn, "__name__", "run"), place=place)
        self.heed(task)
        try:
            self._drive(task.done, self.now + limit)
        except BaseException:
            task.kill()
            raise
        value: T = value_of(task)
        return value

    def _drive(self, done: Event, horizon: int) -> None:
        env = self.env
        instant, steps = env.now, 0
        while done.callbacks is not None:
            try:
                env.step()
            except EmptySchedule:
                raise Deadlock(stuck("nothing is scheduled any more", self.waiting())) from None
            if self.failures:
                self.raise_failures()
            if env.now == instant:
                steps += 1
                if steps > STEPS_AT_ONE_INSTANT:
                    raise Livelock(self._busiest(env))
            else:
                instant, steps = env.now, 0
                if instant > horizon:
                    raise HorizonReached(stuck(f"not over at {format_duration(horizon)}", self.waiting()))

    def _busiest(self, env: simpy.Environment) -> str:
        turns: Counter[str] = Counter()
        for _ in range(_WATCHED):
            before = {task: task.turns for task in self.tasks}
            if env.peek() > self.now:
                break
            env.step()
            turns.update(task.name for task, count in before.items() if task.turns != count)
        names = ", ".join(f"{name} ({count} turns)" for name, count in turns.most_common(5))
        return f"time stands still at {format_duration(self.now)}; busiest: {names or 'processes of the hardware'}"

    def compute(self, fn: Callable[[], T]) -> Event:
        """Do the work now; the clock stands still meanwhile."""
        done = self.env.event()
        try:
            return done.succeed(fn())
        except Exception as exc:
            return done.fail(exc)

    def beside(self, fn: Callable[[], T], name: str, place: Place, patience: int = 0) -> Event:
        """Run `fn` as a task, on bench time."""
        ended = self.env.event()

        def body() -> None:
            try:
                with usertime.names_of(fn):
                    value = not_longer_than(patience, fn) if patience else fn()
            except Exception as exc:
                ended.fail(exc)
                ended.defused = True
            except SystemExit as exc:
                ended.fail(exited(exc))
                ended.defused = True
            else:
                ended.succeed(value)

        self.spawn(body, name=name, place=place)
        return ended

    def start_program(
        self, command: Sequence[str], folder: str, environment: Mapping[str, str], took: Callable[[Sequence[str]], None]
    ) -> Program:
        """Refuse: a program has real time."""
        raise InputError("a program keeps real time", command[0], "play this on the live clock (--clock live)")

    def settle(self, duration: int, place: Place) -> None:
        """Let the bench go on for `duration` microseconds."""
        self.run(self.sleep, duration, place=place)

    def close(self) -> None:
        """End all tasks; what is still scheduled is forgotten."""
        self.kill_tasks()
