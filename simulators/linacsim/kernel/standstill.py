"""A user's own function that never gives control back: on the virtual clock nobody else has a turn then, and time stands still.

A thread beside the kernel's looks now and then whether the function is running without a pause, in real time. If it is for
too long, it is interrupted as if somebody had pressed Ctrl-C: that ends loops, and waiting for what only another thread or the
real network could bring.
"""

from __future__ import annotations

import ctypes
import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import TypeVar

from linacsim.kernel.tasks import current_task
from linacsim.kernel.units import SECOND, format_duration

T = TypeVar("T")

_GLANCE = 0.05
_AGAIN = 1.0
"""Seconds after which it is interrupted once more: what has caught one interrupt may not catch the next."""


class StandstillError(Exception):
    """A function has kept the processor for too long on the virtual clock."""


class _Interrupt(BaseException):
    """Interrupts a function on a thread that no signal reaches; no ``except Exception`` takes it."""


def not_longer_than(patience: int, fn: Callable[[], T]) -> T:
    """Return what `fn()` returns; interrupt it if it keeps the processor for `patience` microseconds of real time.

    Whoever gives way to others - sleeps on bench time, waits for a peer - may take as long as it likes. Live nothing is watched.

    Raises
    ------
    StandstillError
        If it has been interrupted.
    """
    task = current_task()
    if task is None or task.kernel.clock != "virtual":
        return fn()
    watch = _Watch(sys._getframe(), lambda: task.turns, patience / SECOND)  # noqa: SLF001 - the way to know what runs
    watch.start()
    try:
        return fn()
    except (KeyboardInterrupt, _Interrupt):
        if not watch.has_struck:
            raise
        what = f"kept the processor for {format_duration(patience)} while bench time stood still"
        raise StandstillError(f"{what}; it may only wait with time.sleep and pynetdicom") from None
    finally:
        watch.over.set()


class _Watch(threading.Thread):
    def __init__(self, frame: FrameType, turns: Callable[[], int], patience: float) -> None:
        super().__init__(name="watching for a standstill", daemon=True)
        self.over = threading.Event()
        self.has_struck = False
        self._frame = frame
        self._turns = turns
        self._patience = patience
        self._watched = threading.get_ident()

    def run(self) -> None:
        """Look until it is over."""
        stood, seen = 0.0, -1
        while not self.over.wait(_GLANCE):
            turns = self._turns()
            stood = stood + _GLANCE if turns == seen and self._is_running() else 0.0
            seen = turns
            if stood >= self._patience:
                self.has_struck = True
                interrupt(self._watched)
                stood = max(0.0, self._patience - _AGAIN)

    def _is_running(self) -> bool:
        """Whether the watched function is what the thread is at: it stands in the way back from there."""
        frame = sys._current_frames().get(self._watched)  # noqa: SLF001 - the same
        while frame is not None and frame is not self._frame:
            frame = frame.f_back
        return frame is not None


def interrupt(thread: int) -> None:
    """Interrupt a thread: the main one as Ctrl-C does, wherever it waits, another one between two steps of its own."""
    can_signal = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if can_signal and thread == threading.main_thread().ident:
        signal.pthread_kill(thread, signal.SIGINT)
    else:
        _raise_in(thread, _Interrupt)


def end_thread(thread: threading.Thread) -> None:
    """Have a thread end that nobody waits for any more, between two steps of its own."""
    if thread.is_alive() and thread.ident is not None:
        _raise_in(thread.ident, SystemExit)


def _raise_in(thread: int, error: type[BaseException]) -> None:
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread), ctypes.py_object(error))
