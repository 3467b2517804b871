"""The kernel: one simpy environment, tasks and processes on it, and what a run leaves behind.

Two kernels exist, side by side: `linacsim.kernel.virtual` and `linacsim.kernel.live`. They differ in who drives the
environment and in the network; nothing above this floor can tell them apart.
"""

from __future__ import annotations

import logging
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

import simpy
from greenlet import GreenletExit
from simpy.events import Event, Process

from linacsim.errors import HarnessError, TaskFailed
from linacsim.kernel.identity import Identity
from linacsim.kernel.log import EventLog
from linacsim.kernel.places import Place
from linacsim.kernel.programs import Program
from linacsim.kernel.streams import Network
from linacsim.kernel.tasks import Task, current_task
from linacsim.kernel.traffic import Traffic
from linacsim.kernel.wake import Wake

LOGGER = logging.getLogger(__name__)
T = TypeVar("T")


class Kernel(ABC):
    """Runs tasks and simpy processes on one clock.

    Attributes
    ----------
    env : simpy.Environment
        Its time is whole microseconds since the start of the run.
    log : EventLog
        The happenings of the run.
    traffic : Traffic
        The bytes of the run.
    identity : Identity
        Draws, UIDs and dates from the seed.
    network : Network
        How peers reach one another.
    progress : callable or None
        Told by work that keeps a processor busy what it is, how much is done, and of how much; for people who wait. It may be
        called from another thread, and nothing may depend on it.
    person : callable or None
        Asks whoever plays the scenario to do something; told also what puts addresses of peers into a text. Returns whether it
        has been done, and a remark.
    """

    clock: str
    network: Network

    def __init__(self, identity: Identity) -> None:
        self.env = simpy.Environment()
        self.identity = identity
        self.log = EventLog(lambda: self.now)
        self.traffic = Traffic()
        self.tasks: dict[Task, None] = {}
        self.processes: dict[Process, str] = {}
        self.places: dict[str, Place] = {}
        self.hosts: dict[str, Place] = {}
        self.failures: list[BaseException] = []
        self.progress: Callable[[str, int, int], None] | None = None
        self.person: Callable[[str, Callable[[str], str]], tuple[bool, str]] | None = None

    @property
    @abstractmethod
    def now(self) -> int:
        """Microseconds since the start of the run."""

    @abstractmethod
    def host_for(self, ordinal: int) -> str:
        """Return the IP address of the bench's machine number `ordinal`."""

    def place(self, name: str) -> Place:
        """Return the place called `name`, made on first use."""
        if name not in self.places:
            found = Place(self, name, self.host_for(len(self.places) + 1))
            self.places[name] = found
            self.hosts.setdefault(found.host, found)
        return self.places[name]

    def spawn(
        self, fn: Callable[..., Any], *args: Any, name: str, place: Place | None = None, wake: Wake | None = None
    ) -> Task:
        """Start `fn(*args)` as a task; it gets its first turn at this instant."""
        parent = current_task()
        where = place or (parent.place if parent is not None else None)
        if where is None:
            raise HarnessError(f"the task {name!r} has no place to run at")
        task = Task(self, partial(fn, *args), name, where, wake)
        self.tasks[task] = None
        task.unpark()
        return task

    def process(self, generator: Generator[Event, Any, Any], name: str) -> Process:
        """Start a simpy process of the hardware; `name` is told when the bench is stuck."""
        process = self.env.process(generator)
        self.processes[process] = name

        def ended(event: Event) -> None:
            self.processes.pop(process, None)
            error = event.value
            if isinstance(error, BaseException) and not event.ok:
                event.defused = True
                self._failed(name, error)

        process.callbacks.append(ended)
        return process

    @abstractmethod
    def compute(self, fn: Callable[[], T]) -> Event:
        """Return an event that succeeds with what `fn()` returns, for work that keeps a processor busy.

        It takes no bench time on the virtual clock. Live it must not hold up the others, so it is done beside them; `fn`
        touches nothing that others change meanwhile.
        """

    @abstractmethod
    def beside(self, fn: Callable[[], T], name: str, place: Place, patience: int = 0) -> Event:
        """Return an event that succeeds with what a user's own blocking function returns, or fails with what it raises.

        On the virtual clock it is a task of `place`, on bench time; if it keeps the processor for longer than `patience` (real
        time; 0: for ever) without giving way, it is interrupted. Live it runs on a thread of its own.
        """

    @abstractmethod
    def start_program(
        self, command: Sequence[str], folder: str, environment: Mapping[str, str], took: Callable[[Sequence[str]], None]
    ) -> Program:
        """Start a program of this machine.

        Parameters
        ----------
        command : list of str
            The program and its arguments; no shell is involved.
        folder : str
            Where it is run.
        environment : mapping of str to str
            What is added to the environment of the bench.
        took : callable
            Told of the lines that it prints, as they come.

        Raises
        ------
        OSError
            If it cannot be started.
        InputError
            On the virtual clock: a program has real time.
        """

    def task_ended(self, task: Task, value: object) -> None:
        """Settle the end of a task (called by the task itself)."""
        self.tasks.pop(task, None)
        error = task.raised
        if error is not None and not task.done.callbacks:
            self._unheeded(task, error)
        task.done.succeed(value)
        if task.wake is not None:
            task.wake.notify()

    def _unheeded(self, task: Task, error: BaseException) -> None:
        """Nobody waits for a task that has raised."""
        if isinstance(error, GreenletExit):
            return
        if task.wake is not None and isinstance(error, Exception):
            # an association's loop has died, as a thread of pynetdicom would; the bench goes on
            task.place.log("association-failed", error=type(error).__name__)
            LOGGER.debug("%s ended by %r", task.name, error, exc_info=error)
            return
        self._failed(task.name, error)

    def _failed(self, name: str, error: BaseException) -> None:
        """Keep the failure for whoever runs the bench; an interrupt stays one, in whose turn ever it came."""
        if isinstance(error, Exception):
            failure = TaskFailed(f"{name}: {type(error).__name__}: {error}")
            failure.__cause__ = error
            self.failures.append(failure)
        else:
            self.failures.append(error)

    @staticmethod
    def heed(task: Task) -> None:
        """Somebody will look at the end of `task` later: its error is no failure of the bench."""
        task.done.callbacks.append(_looked_at)

    def sleep(self, us: int) -> None:
        """Let the calling task sleep for `us` microseconds."""
        self.running_task().park("its sleep to end", max(0, us))

    def wait(self, event: Event, why: str, timeout: int | None = None) -> bool:
        """Let the calling task wait for a simpy event, for at most `timeout` microseconds.

        Returns
        -------
        bool
            Whether the event has happened; its outcome is then in ``event.value``.
        """
        task = self.running_task()
        if event.callbacks is None:
            return True

        def happened(occurred: Event) -> None:
            occurred.defused = True
            task.unpark()

        event.callbacks.append(happened)
        if task.park(why, timeout):
            return True
        # a plain cast would hide it: simpy sets `callbacks` to None while the event is processed
        if event.callbacks is not None:
            event.callbacks.remove(happened)
        return False

    def join(self, task: Task, timeout: int | None = None) -> bool:
        """Let the calling task wait until `task` has ended."""
        return self.wait(task.done, f"{task.name} to end", timeout)

    def running_task(self) -> Task:
        """Return the task that calls.

        Raises
        ------
        HarnessError
            If the caller is not a task of this kernel.
        """
        task = current_task()
        if task is None or task.kernel is not self:
            raise HarnessError("this blocks on bench time; call it from a task, for example inside bench.run(...)")
        return task

    def waiting(self) -> list[str]:
        """Return one line for each task and process that has not ended: who waits for what."""
        lines = [f"{task.place.name}: {task.name} waits for {task.why}" for task in self.tasks]
        lines += [f"{name} waits for {_target(process)}" for process, name in self.processes.items()]
        return lines

    def raise_failures(self) -> None:
        """Raise the first failure that nobody has waited for; each is raised once."""
        if self.failures:
            raise self.failures.pop(0)

    def kill_tasks(self) -> None:
        """End every task that is left, newest first."""
        while self.tasks:
            task = next(reversed(self.tasks))
            task.kill()
            self.tasks.pop(task, None)

    @abstractmethod
    def close(self) -> None:
        """End all tasks and close all connections."""


def _looked_at(_event: Event) -> None:
    return None


def _target(process: Process) -> str:
    target = process.target
    return "nothing" if target is None else type(target).__name__


def value_of(task: Task) -> Any:
    """Return what a task that has ended returned, or raise what it raised."""
    if task.raised is not None:
        raise task.raised
    return task.done.value


def exited(error: SystemExit) -> RuntimeError:
    """Return what a user's own function has done that wanted to end the whole process."""
    return RuntimeError("wanted to end the process" + ("" if error.code is None else f" with exit code {error.code}"))


def stuck(what: str, waiting: list[str]) -> str:
    """Return an error text that says what is wrong and names who waits for what."""
    shown = waiting[:20]
    more = [f"... and {len(waiting) - len(shown)} more"] if len(waiting) > len(shown) else []
    return "\n  ".join([what + ("; who waits for what:" if waiting else ""), *shown, *more])
