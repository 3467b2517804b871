"""Tasks: blocking code that runs on bench time.

A task is a greenlet. It blocks by *parking* (control goes back to whoever drives the kernel) and goes on after somebody
*unparks* it or its deadline has come. Everything that waits - queues, events, sleeps, simpy events, byte streams - is
built on these two.

Generators stay for device behaviour; tasks exist for code that blocks in the middle of a call: pynetdicom's loops,
``assoc.send_c_store(...)``, a user's own function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import simpy
from greenlet import GreenletExit, getcurrent, greenlet
from simpy.events import Event, Timeout

from linacsim.errors import HarnessError

if TYPE_CHECKING:
    from linacsim.kernel.core import Kernel
    from linacsim.kernel.places import Place
    from linacsim.kernel.wake import Wake


class Alarm:
    """A deadline that can be moved and called off.

    simpy cannot cancel a `Timeout`, and an idle timer that is restarted with every message would leave thousands of
    them behind. An alarm keeps at most one useful `Timeout` in simpy's queue: a deadline that moves later re-arms only
    when the old one fires.
    """

    __slots__ = ("_armed", "_deadline", "_env", "_ring")

    def __init__(self, env: simpy.Environment, ring: Callable[[], None]) -> None:
        self._env = env
        self._ring = ring
        self._deadline: int | None = None
        self._armed: int | None = None

    def set(self, at: int) -> None:
        """Ring at `at` microseconds, and not at any time set before."""
        self._deadline = at
        if self._armed is None or at < self._armed:
            self._arm(at)

    def clear(self) -> None:
        """Do not ring."""
        self._deadline = None

    def retire(self) -> None:
        """Never ring again, and let go of whoever was rung for: simpy keeps the `Timeout` until its time has come."""
        self._deadline = None
        self._ring = _nothing

    def _arm(self, at: int) -> None:
        self._armed = at
        timeout = Timeout(self._env, max(0, at - int(self._env.now)), value=at)
        timeout.callbacks.append(self._fire)

    def _fire(self, event: Event) -> None:
        if event.value != self._armed:
            return  # an earlier deadline has been armed since
        self._armed = None
        if self._deadline is None:
            return
        if self._deadline <= self._env.now:
            self._deadline = None
            self._ring()
        else:
            self._arm(self._deadline)


class Task(greenlet):
    """Blocking code on bench time; made by `Kernel.spawn`.

    Attributes
    ----------
    name : str
        For logs and error texts.
    place : Place
        The peer on whose behalf the task runs; children inherit it.
    why : str
        What the task is waiting for.
    done : simpy.events.Event
        Succeeds with the function's return value; nobody needs to wait for it.
    raised : BaseException or None
        What ended the task, if it did not return.
    deadline : callable
        For a task that polls: microseconds until the timer that it looks at runs out, or ``None``.
    has_work : callable
        For a task that polls: whether something is there that it has to see to; then it does not wait.
    before_waiting : callable
        Called each time before the task gives up control; it must not wait itself.
    """

    def __init__(self, kernel: Kernel, fn: Callable[[], Any], name: str, place: Place, wake: Wake | None) -> None:
        super().__init__(self._body)
        self.kernel = kernel
        self.name = name
        self.place = place
        self.wake = wake
        self.why = "its first turn"
        self.done: Event = kernel.env.event()
        self.raised: BaseException | None = None
        self.seen = 0
        self.rounds = 0
        self.turns = 0
        self.deadline: Callable[[], int | None] = _none
        self.has_work: Callable[[], bool] = _no
        self.before_waiting: Callable[[], None] = _nothing
        self._fn = fn
        self._alarm = Alarm(kernel.env, self._ring)
        self._parked = True
        self._rang = False

    @property
    def alive(self) -> bool:
        """Whether the task has not ended yet."""
        return not self.dead and not self.done.triggered

    def park(self, why: str, timeout: int | None = None) -> bool:
        """Give up control until `unpark`, or for at most `timeout` microseconds.

        Returns
        -------
        bool
            ``True`` if unparked, ``False`` if the time is over.
        """
        self.before_waiting()
        self.why = why
        self._rang = False
        if timeout is not None:
            self._alarm.set(self.kernel.now + timeout)
        self._parked = True
        self._hub().switch()
        if timeout is not None:
            self._alarm.clear()
        return not self._rang

    def give_way(self) -> None:
        """Let everybody else have a turn who is due at this instant."""
        self.before_waiting()
        self.why = "its turn"
        self._parked = True
        self.unpark()
        self._hub().switch()

    def _hub(self) -> greenlet:
        """Return whoever drives the kernel, to whom control goes back."""
        if self.parent is None:
            raise HarnessError(f"{self.name} has nobody to give control back to")
        return self.parent

    def unpark(self) -> None:
        """Let the task go on at this instant, after what is already scheduled; no effect if it is not parked."""
        if not self._parked:
            return
        self._parked = False
        turn = Event(self.kernel.env)
        turn.callbacks.append(self._turn)
        turn.succeed()

    def kill(self) -> None:
        """End the task now, from outside; its ``finally`` blocks run."""
        if self.alive:
            self.parent = getcurrent()
            self.throw(GreenletExit)

    def _ring(self) -> None:
        if self._parked:
            self._rang = True
            self._parked = False
            self._turn(None)

    def _turn(self, _event: Event | None) -> None:
        if self.dead or self.done.triggered:
            return
        self.turns += 1
        self.parent = getcurrent()
        self.switch()

    def _body(self, *_args: object) -> None:
        value = None
        try:
            value = self._fn()
        except GreenletExit as exc:
            self.raised = exc
        except BaseException as exc:
            self.raised = exc
        self._alarm.retire()
        self._fn, self.deadline, self.has_work, self.before_waiting = _none, _none, _no, _nothing
        self.kernel.task_ended(self, value)


def _none() -> None:
    return None


def _no() -> bool:
    return False


def _nothing() -> None:
    """Do nothing."""


def current_task() -> Task | None:
    """Return the task that is running now, or ``None`` in ordinary code."""
    running = getcurrent()
    return running if isinstance(running, Task) else None
