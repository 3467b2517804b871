"""Stand-ins for the standard library inside pynetdicom's modules.

Each stands where pynetdicom says ``time``, ``threading``, ``queue`` or ``datetime``. Inside a task it acts on bench
time; outside one it is the standard library's, so that ordinary threaded pynetdicom goes on working beside a bench.
"""

from __future__ import annotations

import datetime as dt
import logging
import queue as real_queue
import threading as real_threading
import time as real_time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pynetdicom import _config, association, service_class

from linacsim.kernel.sync import TaskEvent, TaskQueue
from linacsim.kernel.tasks import Task, current_task
from linacsim.kernel.units import MILLISECOND, SECOND

POLL = MILLISECOND
"""How long the two loops of an association sleep before they look around again.

A shorter sleep (0.1 ms, before each request) waits for another task, maybe of another association that a handler uses:
that one is really slept.
"""


class Time:
    """Stands for ``time`` in `dul`, `association` and `timer`."""

    def time(self) -> float:
        """Return seconds; pynetdicom only takes differences of them."""
        task = current_task()
        return real_time.time() if task is None else task.kernel.now / SECOND

    def sleep(self, duration: float) -> None:
        """Sleep on bench time; a poll sleep of an association's own loop waits for a happening instead."""
        task = current_task()
        if task is None:
            real_time.sleep(duration)
            return
        us = round(duration * SECOND)
        if task.wake is not None and us == POLL:
            task.wake.poll(task, us, task.deadline)
        else:
            task.kernel.sleep(us)

    def __getattr__(self, name: str) -> Any:
        return getattr(real_time, name)


class TaskThread:
    """What ``threading.Thread(...)`` makes inside a task: a task that looks like a thread."""

    def __init__(
        self,
        group: None = None,
        target: Callable[..., Any] | None = None,
        name: str | None = None,
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
        *,
        daemon: bool | None = None,
    ) -> None:
        self.name: str = name or str(getattr(target, "__name__", "thread"))
        self.daemon = bool(daemon)
        self._run = lambda: target(*args, **(kwargs or {})) if target is not None else None
        self._task: Task | None = None

    def start(self) -> None:
        """Start the task."""
        parent = current_task()
        if parent is None:
            raise RuntimeError("a thread made inside a bench task must be started inside one")
        self._task = parent.kernel.spawn(self._run, name=self.name)

    def is_alive(self) -> bool:
        """Whether the task has been started and has not ended."""
        return self._task is not None and self._task.alive

    def join(self, timeout: float | None = None) -> None:
        """Wait for the task's end."""
        if self._task is not None and self._task.alive:
            self._task.kernel.join(self._task, None if timeout is None else round(timeout * SECOND))


class Threading:
    """Stands for ``threading`` in `ae`, `association`, `dimse` and `transport`."""

    def Event(self) -> Any:  # noqa: N802 - the standard library's name
        """Return an event of the right kind."""
        return real_threading.Event() if current_task() is None else TaskEvent()

    def Thread(self, *args: Any, **kwargs: Any) -> Any:  # noqa: N802 - the standard library's name
        """Return a thread of the right kind."""
        return (real_threading.Thread if current_task() is None else TaskThread)(*args, **kwargs)

    def enumerate(self) -> list[Any]:
        """Return the threads that are alive; inside a task, the associations of its place.

        A connection whose A-ASSOCIATE-RQ has not come is none yet: it must not count against the maximum.
        """
        task = current_task()
        if task is None:
            return real_threading.enumerate()
        return [assoc for assoc in task.place.associations if assoc.is_requestor or assoc.requestor.primitive]

    def __getattr__(self, name: str) -> Any:
        return getattr(real_threading, name)


class AssociationThreading(Threading):
    """Stands for ``threading`` in `association`, which calls ``threading.Thread.__init__`` of its base class."""

    Thread = real_threading.Thread


class Queues:
    """Stands for ``queue`` in `dul` and `dimse`."""

    def Queue(self, maxsize: int = 0) -> Any:  # noqa: N802 - the standard library's name
        """Return a queue of the right kind."""
        return real_queue.Queue(maxsize) if current_task() is None else TaskQueue[Any](maxsize)

    def __getattr__(self, name: str) -> Any:
        return getattr(real_queue, name)


class Datetime(dt.datetime):
    """Stands for ``datetime.datetime`` in `events`, `ae` and `transport`: ``now()`` is bench time inside a task."""

    @classmethod
    def now(cls, tz: dt.tzinfo | None = None) -> Any:
        """Return the moment, as a naive one unless a time zone is given, like the standard library."""
        task = current_task()
        if task is None:
            return dt.datetime.now(tz)
        moment = task.kernel.identity.moment(task.kernel.now)
        return moment.astimezone(tz) if tz is not None else moment.replace(tzinfo=None)


class Config:
    """Stands for ``_config`` in `association` and `service_class`, which decode and format identifiers for their loggers.

    They do so whether or not anybody listens to those loggers; inside a task, only if somebody does.
    """

    def __init__(self, listener: logging.Logger) -> None:
        self._listener = listener

    @property
    def LOG_REQUEST_IDENTIFIERS(self) -> bool:  # noqa: N802 - pynetdicom's name
        """Whether identifiers of requests are logged."""
        return _config.LOG_REQUEST_IDENTIFIERS and self._is_heard()

    @property
    def LOG_RESPONSE_IDENTIFIERS(self) -> bool:  # noqa: N802 - pynetdicom's name
        """Whether identifiers of responses are logged."""
        return _config.LOG_RESPONSE_IDENTIFIERS and self._is_heard()

    def _is_heard(self) -> bool:
        return current_task() is None or self._listener.isEnabledFor(logging.INFO)

    def __getattr__(self, name: str) -> Any:
        return getattr(_config, name)


TIME = Time()
THREADING = Threading()
ASSOCIATION_THREADING = AssociationThreading()
QUEUES = Queues()
ASSOCIATION_CONFIG = Config(association.LOGGER)
SERVICE_CONFIG = Config(service_class.LOGGER)
