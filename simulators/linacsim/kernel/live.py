"""The live clock: the same environment, driven by an asyncio loop; time is the wall's.

`simpy.rt.RealtimeEnvironment` is no help here: it sleeps through wake-ups from outside and stops when nothing is
scheduled. Here the loop runs what is due, asks to be called at the next due time, and is called by every byte that
arrives.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import simpy
from simpy.events import Event

from linacsim.errors import HarnessError
from linacsim.kernel.core import Kernel, exited, value_of
from linacsim.kernel.identity import Identity
from linacsim.kernel.places import Place
from linacsim.kernel.programs import Program
from linacsim.kernel.standstill import end_thread
from linacsim.kernel.tasks import Task
from linacsim.kernel.tcp import TcpNetwork
from linacsim.kernel.units import MILLISECOND, SECOND

T = TypeVar("T")

_STEPS_PER_TURN = 500
"""Steps before the loop gets a chance to look at its sockets again."""
_TURN = 5 * MILLISECOND
"""Time after which it gets one in any case."""


class WallEnvironment(simpy.Environment):
    """An environment whose time can be moved up to the wall's before something from outside is let in."""

    def catch_up(self, wall: int) -> None:
        """Move the time to `wall`, but never past an event that is still due."""
        self._now = max(self._now, int(min(wall, self.peek())))


class LiveKernel(Kernel):
    """A kernel on wall time and real TCP.

    Parameters
    ----------
    host : str
        The address that peers listen on; loopback unless the user says otherwise.
    """

    clock = "live"
    env: WallEnvironment

    def __init__(self, identity: Identity, host: str = "127.0.0.1") -> None:
        super().__init__(identity)
        self.env = WallEnvironment()
        self.host = host
        self.loop: asyncio.AbstractEventLoop
        self.network: TcpNetwork = TcpNetwork(self)
        self._start = time.monotonic_ns()
        self._pumping = False
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._closed = False
        self._worker: ThreadPoolExecutor | None = None
        self._programs: list[Program] = []
        self._beside: list[threading.Thread] = []
        self._started: dict[asyncio.Future[Any], Task] = {}

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Run on `loop` from now on; time 0 is this moment."""
        self.loop = loop
        self._start = time.monotonic_ns()

    @property
    def now(self) -> int:
        """Microseconds of wall time since the start of the run."""
        return (time.monotonic_ns() - self._start) // 1000

    def host_for(self, ordinal: int) -> str:
        """Return the address that all peers share; ports tell them apart."""
        return self.host

    def enter(self, what: Callable[..., object], *args: object) -> None:
        """Let something from outside in (on the loop's thread): catch up with the wall, do it, run what is due."""
        if self._closed:
            return
        self.env.catch_up(self.now)
        what(*args)
        self.pump()

    def pump(self) -> None:
        """Run what is due, then ask to be called for the next."""
        if self._pumping or self._closed:
            return
        self._pumping = True
        try:
            again = self._run_due()
        finally:
            self._pumping = False
        if again:
            self.loop.call_soon(self.pump)
        else:
            self._set_timer()

    def _run_due(self) -> bool:
        env = self.env
        end = self.now + _TURN
        for _ in range(_STEPS_PER_TURN):
            now = self.now
            if env.peek() > now:
                env.catch_up(now)
                return False
            if now > end:
                break
            env.step()
        return True

    def _set_timer(self) -> None:
        due = self.env.peek()
        if due == float("inf"):
            return
        at = self.loop.time() + max(0.0, (due - self.now) / SECOND)
        if self._timer is not None:
            if self._timer_at <= at:
                return  # it rings early and sets itself again: cheaper than a new timer for every message
            self._timer.cancel()
        self._timer_at = at
        self._timer = self.loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self.pump()

    def start(self, fn: Callable[..., T], *args: Any, place: Place, name: str = "") -> asyncio.Future[T]:
        """Start `fn(*args)` as a task (on the loop's thread); the future ends with it."""
        future: asyncio.Future[T] = self.loop.create_future()

        def begin() -> None:
            task = self.spawn(fn, *args, name=name or getattr(fn, "__name__", "run"), place=place)
            self._started[future] = task

            def settle(_event: object) -> None:
                self._started.pop(future, None)
                if future.done():
                    return
                try:
                    future.set_result(value_of(task))
                except Exception as exc:
                    future.set_exception(exc)
                except BaseException as exc:
                    future.set_exception(HarnessError(f"{task.name} was ended: {exc!r}"))

            task.done.callbacks.append(settle)

        self.enter(begin)
        return future

    def give_up(self, future: asyncio.Future[Any]) -> None:
        """End the task that `future` waits for (on the loop's thread)."""
        task = self._started.pop(future, None)
        future.cancel()
        if task is not None:
            self.heed(task)
            self.enter(task.kill)

    def catch_up(self, future: asyncio.Future[T]) -> None:
        """Run what is due, turn after turn, until `future` is done or nothing is due."""
        while not future.done() and self.env.peek() <= self.now:
            self.pump()

    def compute(self, fn: Callable[[], T]) -> Event:
        """Do the work on a thread of its own, one piece after the other."""
        done = self.env.event()
        if self._worker is None:
            self._worker = ThreadPoolExecutor(1, thread_name_prefix="linacsim-compute")
        working = self.loop.run_in_executor(self._worker, fn)
        working.add_done_callback(lambda ended: self.enter(_hand_over, done, ended))
        return done

    def beside(self, fn: Callable[[], T], name: str, place: Place, patience: int = 0) -> Event:
        """Run `fn` on a thread of its own; a bench that closes does not wait for it."""
        ended = self.env.event()

        def body() -> None:
            try:
                value = fn()
            except Exception as exc:
                self._enter_from_outside(_fail, ended, exc)
            except SystemExit as exc:
                self._enter_from_outside(_fail, ended, exited(exc))
            else:
                self._enter_from_outside(ended.succeed, value)

        thread = threading.Thread(target=body, name=name, daemon=True)
        self._beside = [*(each for each in self._beside if each.is_alive()), thread]
        thread.start()
        return ended

    def start_program(
        self, command: Sequence[str], folder: str, environment: Mapping[str, str], took: Callable[[Sequence[str]], None]
    ) -> Program:
        """Start a program; it is ended with the bench."""
        program = Program(command, folder, environment, self.env.event(), took, self._enter_from_outside)
        self._programs.append(program)
        return program

    def _enter_from_outside(self, what: Callable[..., object], *args: object) -> None:
        """Let something in from another thread; a loop that has ended hears it no more."""
        with suppress(RuntimeError):
            self.loop.call_soon_threadsafe(self.enter, what, *args)

    def close(self) -> None:
        """End all tasks and programs and close all connections (on the loop's thread)."""
        if self._closed:
            return
        self.kill_tasks()
        self._closed = True
        for program in self._programs:
            program.kill()
        for program in self._programs:
            program.bury()
        for thread in self._beside:
            end_thread(thread)
        if self._timer is not None:
            self._timer.cancel()
        self.network.close()
        if self._worker is not None:
            self._worker.shutdown(wait=True, cancel_futures=True)


def _fail(event: Event, error: Exception) -> None:
    event.fail(error)
    event.defused = True


def _hand_over(done: Event, ended: asyncio.Future[Any]) -> None:
    """Let `done` happen as a piece of work has ended."""
    if ended.cancelled():
        return
    error = ended.exception()
    if error is None:
        done.succeed(ended.result())
    else:
        done.fail(error if isinstance(error, Exception) else HarnessError(repr(error)))
