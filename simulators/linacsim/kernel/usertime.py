"""A user's own blocking function on bench time: ``time.sleep``, ``time.time``, ``time.monotonic`` and their kin.

While a virtual bench is open, the functions of the ``time`` module ask whether they are called from a task of a virtual
kernel. If so they tell bench time; everybody else gets the real ones. A function that says ``from time import sleep``
holds the real one; for the time it is run, those names in its module are replaced too.
"""

from __future__ import annotations

import functools
import inspect
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from linacsim.kernel.core import Kernel
from linacsim.kernel.identity import wall_seconds
from linacsim.kernel.tasks import current_task
from linacsim.kernel.units import SECOND

_real: dict[str, Callable[..., Any]] = {
    name: getattr(time, name)
    for name in ("sleep", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
}
_open = 0


def _kernel() -> Kernel | None:
    task = current_task()
    return task.kernel if task is not None and task.kernel.clock == "virtual" else None


def sleep(duration: float) -> None:
    """``time.sleep``; a negative duration is an error here too."""
    kernel = _kernel()
    if kernel is None:
        _real["sleep"](duration)
        return
    if duration < 0:
        raise ValueError("sleep length must be non-negative")
    kernel.sleep(round(duration * SECOND))


def _telling(name: str, tell: Callable[[Kernel], float]) -> Callable[[], Any]:
    real = _real[name]

    def told() -> Any:
        kernel = _kernel()
        return real() if kernel is None else tell(kernel)

    told.__name__ = name
    return told


_aware: dict[str, Callable[..., Any]] = {
    "sleep": sleep,
    "time": _telling("time", lambda kernel: wall_seconds(kernel.identity, kernel.now)),
    "time_ns": _telling("time_ns", lambda kernel: (kernel.identity.epoch_us + kernel.now) * 1000),
    **{name: _telling(name, lambda kernel: kernel.now / SECOND) for name in ("monotonic", "perf_counter")},
    **{name: _telling(name, lambda kernel: kernel.now * 1000) for name in ("monotonic_ns", "perf_counter_ns")},
}


def install() -> None:
    """Replace the functions of ``time``; counted, so benches may nest."""
    global _open  # noqa: PLW0603 - the module `time` is one for the process
    _open += 1
    if _open == 1:
        for name, function in _aware.items():
            setattr(time, name, function)


def uninstall() -> None:
    """Put the real functions back after the last bench has closed."""
    global _open  # noqa: PLW0603 - the module `time` is one for the process
    _open -= 1
    if _open == 0:
        for name, function in _real.items():
            setattr(time, name, function)


@contextmanager
def names_of(fn: Callable[..., Any]) -> Iterator[None]:
    """Replace names of `fn`'s module that are bound to the real functions, such as after ``from time import sleep``."""
    scope = _scope_of(fn)
    by_function = {id(function): _aware[name] for name, function in _real.items()}
    bound = {name: value for name, value in scope.items() if id(value) in by_function}
    scope.update({name: by_function[id(value)] for name, value in bound.items()})
    try:
        yield
    finally:
        scope.update(bound)


def _scope_of(fn: Callable[..., Any]) -> dict[str, Any]:
    """Return the names of the module that `fn` was written in, however it is wrapped up."""
    while isinstance(fn, functools.partial):
        fn = fn.func
    if not hasattr(fn, "__globals__"):
        # an object that can be called: its class was written somewhere
        fn = type(fn).__call__
    scope: dict[str, Any] = getattr(inspect.unwrap(fn), "__globals__", {})
    return scope
