"""Instructions for eight neighbours at a time, which loops emit where numba and LLVM do not see that they can be used.

Both inner loops of the imager fetch neighbouring pixels or voxels at places that they compute. Fetching them one by one is
what limits such a loop; two that lie side by side can be fetched at once. Any processor can run what is emitted here, and
nothing is rounded otherwise than one by one.

numba keeps compiled loops as long as the file of the loop is the same: who changes this one must touch those that use it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from llvmlite import ir  # type: ignore[import-untyped]  # it has no types

NUMBER, INTEGER = ir.FloatType(), ir.IntType(32)
NUMBERS, INTEGERS = ir.VectorType(NUMBER, 8), ir.VectorType(INTEGER, 8)


def constants(kind: Any, values: Iterable[int | float]) -> Any:
    """Return a vector of constants."""
    listed = list(values)
    return ir.Constant(ir.VectorType(kind, len(listed)), listed)


def everywhere(b: Any, value: Any) -> Any:
    """Emit a vector of eight times the same."""
    none = ir.Constant(ir.VectorType(value.type, 8), ir.Undefined)
    one = b.insert_element(none, value, ir.Constant(INTEGER, 0))
    return b.shuffle_vector(one, none, constants(INTEGER, [0] * 8))


def load(b: Any, base: Any, at: Any) -> Any:
    """Emit the loading of eight numbers from `base` + `at` on."""
    return b.load(b.bitcast(b.gep(base, [at]), NUMBERS.as_pointer()), align=4)


def add_to(b: Any, base: Any, at: Any, value: Any) -> None:
    """Emit the adding of eight numbers to those from `base` + `at` on."""
    b.store(b.fadd(load(b, base, at), value), b.bitcast(b.gep(base, [at]), NUMBERS.as_pointer()), align=4)


def between(b: Any, low: Any, high: Any, part: Any) -> Any:
    """Emit the value that is `part` of the way from `low` to `high`."""
    return b.fadd(low, b.fmul(part, b.fsub(high, low)))


def pairs(b: Any, base: Any, at: Any) -> tuple[Any, Any]:
    """Emit the loading of two neighbours for each of eight places: those at `at`, not negative, and those after them.

    They come as two vectors in an order of their own, which `sorted_out` makes that of `at`.
    """
    first, second = (_four(b, base, at, order) for order in ((0, 1, 4, 5), (2, 3, 6, 7)))
    return first, second


def _four(b: Any, base: Any, at: Any, order: Sequence[int]) -> Any:
    loaded = []
    for lane in order:
        index = b.zext(b.extract_element(at, ir.Constant(INTEGER, lane)), ir.IntType(64))
        place = b.bitcast(b.gep(base, [index]), ir.VectorType(NUMBER, 2).as_pointer())
        loaded.append(b.load(place, align=4))
    halves = [b.shuffle_vector(*two, constants(INTEGER, range(4))) for two in (loaded[:2], loaded[2:])]
    return b.shuffle_vector(*halves, constants(INTEGER, range(8)))


def sorted_out(b: Any, first: Any, second: Any) -> tuple[Any, Any]:
    """Emit the vectors of the eight values and of their neighbours; in this order nothing crosses a register's middle."""
    low = b.shuffle_vector(first, second, constants(INTEGER, (0, 2, 8, 10, 4, 6, 12, 14)))
    high = b.shuffle_vector(first, second, constants(INTEGER, (1, 3, 9, 11, 5, 7, 13, 15)))
    return low, high
