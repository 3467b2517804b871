"""One direction of a line: what goes in at one end comes out at the other, in order, and as late as the faults say.

Nothing is lost in the middle: a way delivers, waits, stands still for good, or ends.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import simpy
from simpy.events import Timeout

from linacsim.kernel.units import SECOND

_THROTTLE_STEPS = 20
"""Pieces that a throttled second is cut into."""


class Sink(Protocol):
    """The end at which a way delivers."""

    def deliver(self, data: bytes) -> None:
        """Hand over bytes."""

    def end(self) -> None:
        """No more bytes come."""


@dataclass(slots=True)
class Mark:
    """Something that happens when so many bytes have gone by.

    Attributes
    ----------
    at : int
        Bytes of this way since its beginning.
    wait : int or None
        Microseconds that the way stands still; ``None`` is for good.
    act : callable or None
        Called instead; what comes later is not delivered any more.
    """

    at: int
    wait: int | None = None
    act: Callable[[], None] | None = None


@dataclass(slots=True)
class _Step:
    data: bytes = b""
    due: int = 0
    wait: int | None = 0
    act: Callable[[], None] | None = None


class Way:
    """One direction of a line.

    Attributes
    ----------
    count : int
        Bytes that have been put in.
    queued : int
        Bytes that wait.
    delay : callable or None
        Returns the microseconds that the next bytes are late.
    rate, size, pause : int
        Bytes in a second, bytes of a piece and microseconds between pieces; 0 is none.
    """

    def __init__(self, env: simpy.Environment, sink: Sink, on_room: Callable[[], None]) -> None:
        self.count = 0
        self.queued = 0
        self.delay: Callable[[], int] | None = None
        self.rate = self.size = self.pause = 0
        self.closed = False
        self._env = env
        self._sink = sink
        self._on_room = on_room
        self._steps: deque[_Step] = deque()
        self._marks: list[Mark] = []
        self._last = 0
        self._sleeps = False
        self._stands = False
        self._held = False

    def mark(self, mark: Mark) -> None:
        """Let something happen when so many bytes have gone by."""
        self._marks.append(mark)
        self._marks.sort(key=lambda one: one.at)

    def put(self, data: bytes) -> None:
        """Deliver bytes when it is their turn."""
        while data and not self.closed:
            mark = next((one for one in self._marks if one.at < self.count + len(data)), None)
            before = data if mark is None else data[: max(0, mark.at - self.count)]
            self._put_pieces(before)
            self.count += len(before)
            data = data[len(before) :]
            if mark is not None:
                self._marks.remove(mark)
                self._steps.append(_Step(wait=mark.wait if mark.act is None else 0, act=mark.act))
                self.closed = mark.act is not None
        self._run()

    def _put_pieces(self, data: bytes) -> None:
        piece = min([one for one in (self.size, self.rate // _THROTTLE_STEPS or self.rate) if one], default=len(data))
        self._last = max(self._last, int(self._env.now) + (self.delay() if self.delay is not None and data else 0))
        for offset in range(0, len(data), max(1, piece)):
            part = data[offset : offset + piece]
            self.queued += len(part)
            self._steps.append(_Step(data=part, due=self._last))
            pause = self.pause + (len(part) * SECOND // self.rate if self.rate else 0)
            if pause:
                self._steps.append(_Step(wait=pause))

    def wait(self, time: int | None) -> None:
        """Let nothing through for `time` microseconds after what has been put in, or for good."""
        self._steps.append(_Step(wait=time))
        self._run()

    def then(self, act: Callable[[], None]) -> None:
        """Call `act` after what has been put in has been delivered."""
        self._steps.append(_Step(act=act))
        self._run()

    def end(self) -> None:
        """Tell the end after what has been put in."""
        if not self.closed:
            self.closed = True
            self.then(self._sink.end)

    def heal(self) -> None:
        """Go on as if nothing had been armed; what stands still goes on."""
        self.delay, self.rate, self.size, self.pause = None, 0, 0, 0
        self._marks.clear()
        self._steps = deque(step for step in self._steps if step.data or step.act is not None)
        if self._stands:
            self._sleeps = self._stands = False
        self._run()

    def hold(self) -> None:
        """Deliver nothing for now."""
        self._held = True

    def release(self) -> None:
        """Deliver again."""
        self._held = False
        self._run()

    def stop(self) -> None:
        """Deliver nothing any more."""
        self.closed = True
        self._steps.clear()
        self.queued = 0

    def _run(self) -> None:
        while self._steps and not self._sleeps and not self._held:
            step = self._steps[0]
            if step.due > self._env.now:
                self._sleep(step.due - int(self._env.now))
                return
            self._steps.popleft()
            if step.data:
                self.queued -= len(step.data)
                self._sink.deliver(step.data)
            elif step.act is not None:
                step.act()
            elif step.wait is None:
                self._sleeps = self._stands = True
            elif step.wait:
                self._sleep(step.wait)
        if not self._steps:
            self._on_room()

    def _sleep(self, time: int) -> None:
        self._sleeps = True
        timeout = Timeout(self._env, time)
        timeout.callbacks.append(self._woken)

    def _woken(self, _event: object) -> None:
        self._sleeps = False
        self._run()
