"""How messages reach the loop of an association that waits for them, and how that loop is paused, without polling.

pynetdicom's reactor looks for messages every millisecond; whoever sends a request stops it first, waits until it has
stopped, and lets it go on afterwards. On bench time the reactor sleeps until something happens. A message that arrives
wakes it alone, and only if nobody else waits for that message; and while it sleeps it is as good as paused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from linacsim.kernel.sync import TaskEvent, TaskQueue
from linacsim.kernel.tasks import Task

if TYPE_CHECKING:
    from pynetdicom.association import Association

    from linacsim.kernel.wake import Wake


class MessageQueue(TaskQueue[Any]):
    """The queue of the DIMSE messages that have arrived.

    Parameters
    ----------
    rouse : callable
        Lets the reactor look into the queue.
    """

    __slots__ = ("_rouse",)

    def __init__(self, rouse: Callable[[], None]) -> None:
        super().__init__()
        self._rouse = rouse

    def put(self, item: Any, block: bool = True, timeout: float | None = None) -> None:
        """Add `item`, for the task that waits for it, else for the reactor."""
        self.queue.append(item)
        if self._getters:
            self._getters.popleft().unpark()
        else:
            self._rouse()


class Checkpoint(TaskEvent):
    """What pauses the reactor of an association while it is not set."""

    __slots__ = ("_assoc", "_held", "_stands_in", "_wake_of_all")

    def __init__(self, assoc: Association, wake: Wake) -> None:
        super().__init__()
        self._assoc = assoc
        self._wake_of_all = wake
        self._stands_in = False
        self._held = False
        self._flag = True

    @property
    def _reactor(self) -> Task | None:
        return getattr(self._assoc, "bench_task", None)

    def has_work(self) -> bool:
        """Whether the reactor has to see to something, or has to stop at this checkpoint."""
        return bool(self._assoc.dimse.msg_queue.queue) or not self._flag

    def rouse(self) -> None:
        """Let the reactor look at its messages, unless it is paused."""
        if self._flag:
            self._wake_of_all.rouse(self._reactor)

    def clear(self) -> None:
        """Pause the reactor; one that sleeps is paused already: before it does anything it comes to this checkpoint."""
        self._flag = False
        if self._assoc._is_paused:
            return
        if self._wake_of_all.is_waiting(self._reactor):
            self._stands_in = self._assoc._is_paused = True
        else:
            self._wake_of_all.notify()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the reactor here, even if it has been let go at this very instant: it would take what its user waits for.

        Between two requests it is right that the reactor has a round of its own; whoever releases sees to an abort himself.
        """
        self._held = True
        try:
            yield
        finally:
            self._held = False

    def wait(self, timeout: float | None = None) -> bool:
        """Stop the reactor until it may go on."""
        passed = super().wait(timeout)
        while self._held and not self._flag:
            passed = super().wait()
        return passed

    def set(self) -> None:
        """Let the reactor go on."""
        self._flag = True
        waiters, self._waiters = self._waiters, []
        for task in waiters:
            task.unpark()
        if self._stands_in:
            self._stands_in = False
            if self._wake_of_all.is_waiting(self._reactor):
                self._assoc._is_paused = False
        if self._assoc.is_established and not self._assoc._sent_abort:
            if self._assoc.dimse.msg_queue.queue:
                self.rouse()
        else:
            # the association is coming to its end: flags are set that nobody signals
            self._wake_of_all.notify()
