"""The queue and the event of the standard library, for tasks.

Both have just the faces that pynetdicom uses. They may be fed from outside a task (the network does); only tasks wait.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import Empty
from typing import Generic, TypeVar

from linacsim.errors import HarnessError
from linacsim.kernel.tasks import Task, current_task
from linacsim.kernel.units import SECOND
from linacsim.kernel.wake import Wake

T = TypeVar("T")


class _Owner(threading.local):
    """Whom queues and events report to that are built now: on each thread another, as live benches run side by side."""

    wake: Wake | None = None


_owner = _Owner()


@contextmanager
def owned_by(wake: Wake) -> Iterator[None]:
    """Make queues and events that are built meanwhile report their changes to `wake`; nothing inside gives up control."""
    before, _owner.wake = _owner.wake, wake
    try:
        yield
    finally:
        _owner.wake = before


def _me() -> Task:
    task = current_task()
    if task is None:
        raise HarnessError("only a task of the bench can wait for this; call it inside bench.run(...)")
    return task


class TaskQueue(Generic[T]):
    """`queue.Queue` for tasks: unbounded, first in first out.

    Attributes
    ----------
    queue : collections.deque
        The items, as in the standard library (pynetdicom peeks into it).
    on_timeout : callable or None
        Called when a `get` has waited in vain for its whole timeout.
    """

    __slots__ = ("_getters", "_wake", "on_timeout", "queue")

    def __init__(self, maxsize: int = 0) -> None:
        if maxsize:
            raise HarnessError("a bounded queue is not part of the bench")
        self.queue: deque[T] = deque()
        self.on_timeout: Callable[[], None] | None = None
        self._getters: deque[Task] = deque()
        self._wake = _owner.wake

    def put(self, item: T, block: bool = True, timeout: float | None = None) -> None:
        """Add `item`; never blocks."""
        self.queue.append(item)
        if self._getters:
            self._getters.popleft().unpark()
        if self._wake is not None:
            self._wake.notify()

    def get(self, block: bool = True, timeout: float | None = None) -> T:
        """Return the oldest item, waiting up to `timeout` seconds of bench time for it.

        Raises
        ------
        queue.Empty
            If there is none (in time).
        """
        if not self.queue and block:
            self._await(timeout)
        if not self.queue:
            raise Empty
        return self.queue.popleft()

    def _await(self, timeout: float | None) -> None:
        task = _me()
        deadline = None if timeout is None else task.kernel.now + round(timeout * SECOND)
        while not self.queue:
            left = None if deadline is None else deadline - task.kernel.now
            if left is not None and left <= 0:
                break
            self._getters.append(task)
            try:
                task.park("an item in a queue", left)
            finally:
                # a getter that was killed must not be handed the wake-up of the next item
                if task in self._getters:
                    self._getters.remove(task)
        if not self.queue and self.on_timeout is not None:
            self.on_timeout()

    def empty(self) -> bool:
        """Whether there is no item."""
        return not self.queue

    def qsize(self) -> int:
        """Return the number of items."""
        return len(self.queue)


class TaskEvent:
    """`threading.Event` for tasks."""

    __slots__ = ("_flag", "_waiters", "_wake")

    def __init__(self) -> None:
        self._flag = False
        self._waiters: list[Task] = []
        self._wake = _owner.wake

    def is_set(self) -> bool:
        """Whether the event is set."""
        return self._flag

    def set(self) -> None:
        """Set the event and let everyone go on who waits for it."""
        self._flag = True
        waiters, self._waiters = self._waiters, []
        for task in waiters:
            task.unpark()
        if self._wake is not None:
            self._wake.notify()

    def clear(self) -> None:
        """Unset the event."""
        self._flag = False
        if self._wake is not None:
            self._wake.notify()

    def wait(self, timeout: float | None = None) -> bool:
        """Wait for the event, up to `timeout` seconds of bench time; return whether it has been set.

        As in the standard library a `set` lets everyone go on who waits, even if a `clear` follows at once: pynetdicom
        gives its reactor one round in that way.
        """
        if self._flag:
            return True
        task = _me()
        deadline = None if timeout is None else task.kernel.now + round(timeout * SECOND)
        self._waiters.append(task)
        try:
            while task in self._waiters:
                left = None if deadline is None else deadline - task.kernel.now
                if left is not None and left <= 0:
                    return False
                task.park("an event to be set", left)
        finally:
            if task in self._waiters:
                self._waiters.remove(task)
        return True
