"""Poll elision: "something happened on this association".

pynetdicom's two loops of an association (its reactor and its upper layer provider) look around every millisecond. On
bench time such a sleep waits for a happening on the association (bytes arrived, something was put into one of its
queues, one of its events was set, one of its tasks ended) or for the next deadline of the timer that the loop checks.
After each happening a few ordinary rounds run, so that a flag which is flipped without a signal is seen too.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from linacsim.kernel.tasks import Task

_ROUNDS = 2
"""Ordinary poll rounds after a happening."""


class Wake:
    """Wakes the polling tasks of one association.

    Attributes
    ----------
    count : int
        How many happenings there were; a task compares it with the count it has seen.
    """

    __slots__ = ("_waiting", "count", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self.count = 0
        self._waiting: list[Task] = []

    def notify(self) -> None:
        """Something happened."""
        self.count += 1
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            for task in waiting:
                task.unpark()

    def is_waiting(self, task: Task | None) -> bool:
        """Whether `task` waits here for something to happen."""
        return task in self._waiting

    def rouse(self, task: Task | None) -> None:
        """Let `task` alone look around once, if it waits here: what happened is for nobody else."""
        if task in self._waiting:
            self._waiting.remove(task)
            task.unpark()

    def wait(self, task: Task, why: str, timeout: int | None) -> bool:
        """Park `task` until something happens, or for at most `timeout` microseconds."""
        self._waiting.append(task)
        happened = task.park(why, timeout)
        if not happened:
            self._waiting.remove(task)
        return happened

    def poll(self, task: Task, interval: int, deadline: Callable[[], int | None]) -> None:
        """Stand in for a poll sleep of `interval` microseconds of `task`.

        Parameters
        ----------
        deadline : callable
            Returns how many microseconds are left until the timer that this loop checks runs out, or ``None``. Only a
            deadline in the future counts: an idle timer that has run out under a busy handler must not spin.
        """
        if task.has_work():
            task.give_way()
            return
        if self.count != task.seen:
            task.seen = self.count
            task.rounds = _ROUNDS
        if task.rounds:
            task.rounds -= 1
            self.wait(task, f"the next look at {self.name}", interval)
            return
        left = deadline()
        # one interval more: the loop tests "later than the deadline", not "at the deadline"
        self.wait(
            task, f"something to happen on {self.name}", left + interval if left is not None and left >= 0 else None
        )
