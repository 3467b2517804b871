"""How the loops are compiled, typed for the reader's tools."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, ParamSpec, TypeVar, cast

from numba import njit
from numba.extending import intrinsic

P = ParamSpec("P")
R = TypeVar("R")

_ONE_AT_A_TIME = Lock()
"""numba's simplest pool of threads stops the process if two threads start parallel loops at once."""


def inlined(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a function that loops call."""
    return cast("Callable[P, R]", njit(cache=True, nogil=True)(function))


def emitted(function: Callable[..., tuple[Any, Any]]) -> Callable[..., None]:
    """Make a step that loops call of instructions that a function emits, given the types of the arguments."""
    return cast("Callable[..., None]", intrinsic(function))


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Compile a loop whose outermost ``prange`` is shared among the processors."""
    try:
        loop = njit(cache=True, parallel=True, nogil=True)(function)
    except RuntimeError:  # the compiled code can be kept nowhere: no folder to write to
        loop = njit(parallel=True, nogil=True)(function)

    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        with _ONE_AT_A_TIME:
            return loop(*args, **kwargs)  # type: ignore[no-any-return, unused-ignore]

    run.__name__, run.__doc__ = function.__name__, function.__doc__
    return run
