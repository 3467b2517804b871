"""The inner loop of reconstruction: what each voxel gets from each filtered projection.

The voxels of a line along z see one pair of the panel's columns, at rows that are a few pixels apart: eight voxels at a time
are looked after by 16 loads of pairs (`_add_eight`) instead of 32 of single pixels, rounding as one by one (`_add_each`).
"""

from __future__ import annotations

from math import ceil, floor
from typing import Any

import numpy as np
from numba import prange, types
from numpy.typing import NDArray

from linacsim.physics.kernels.compiling import compiled, emitted, inlined
from linacsim.physics.kernels.vectors import (
    INTEGER,
    INTEGERS,
    NUMBERS,
    add_to,
    between,
    constants,
    everywhere,
    pairs,
    sorted_out,
)

Array = NDArray[np.float64]
Images = NDArray[np.float32]

_TILE = 16
"""Voxels along x and y of a tile: its lines, and the columns that see them, stay in a processor's cache."""


def _emit_eight(b: Any, line: Any, k: Any, left: Any, right: Any, row: Any, rise: Any, one: Any, other: Any) -> None:
    """Emit what `_add_each` does for the voxels k to k + 7; all of them are on the panel."""
    lanes = b.add(everywhere(b, b.trunc(k, INTEGER)), constants(INTEGER, range(8)))
    at = b.fadd(everywhere(b, row), b.fmul(b.sitofp(lanes, NUMBERS), everywhere(b, rise)))
    before = b.fptosi(at, INTEGERS)
    mixed = [
        b.fadd(b.fmul(everywhere(b, one), from_left), b.fmul(everywhere(b, other), from_right))
        for from_left, from_right in zip(pairs(b, left, before), pairs(b, right, before), strict=True)
    ]
    low, high = sorted_out(b, *mixed)
    add_to(b, line, k, between(b, low, high, b.fsub(at, b.sitofp(before, NUMBERS))))


@emitted
def _add_eight(
    _typing: Any, line: Any, k: Any, left: Any, right: Any, row: Any, rise: Any, one: Any, other: Any
) -> tuple[Any, Any]:
    """Add to eight voxels of a line, from `k` on, as `_add_each` does to each."""
    signature = types.void(line, k, left, right, row, rise, one, other)

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        def start(index: int) -> Any:
            return context.make_array(signature.args[index])(context, b, args[index]).data

        _emit_eight(b, start(0), args[1], start(2), start(3), *args[4:])
        return context.get_dummy_value()

    return signature, generate


@inlined
def _add_each(
    line: Images, first: int, last: int, left: Images, right: Images, row: np.float32, rise: np.float32,
    one: np.float32, other: np.float32,
) -> None:  # fmt: skip
    """Add to the voxels first..last of a line, the upper end excluded; all of them are on the panel."""
    for k in range(first, last):
        at = row + np.float32(k) * rise
        before = int(at)
        low = one * left[before] + other * right[before]
        high = one * left[before + 1] + other * right[before + 1]
        line[k] += low + (at - np.float32(before)) * (high - low)


@inlined
def _add(line: Images, image: Images, column: float, row: float, rise: float, weight: float) -> None:
    """Add to a line of voxels along z what one projection, shape (columns, rows), shows of them."""
    columns, rows = image.shape
    at = floor(column)
    if at < 0 or at > columns - 2:
        return
    part = np.float32(column - at)
    left, right = image[at], image[at + 1]
    one, other = np.float32((1.0 - part) * weight), np.float32(part * weight)
    # Rows fall while z rises: the voxels whose row is on the panel, so that the loops need no question.
    first = max(0, ceil((row - (rows - 1.001)) / -rise))
    last = min(len(line), floor(row / -rise) + 1)
    start, slope = np.float32(row), np.float32(rise)
    while first + 8 <= last:
        _add_eight(line, first, left, right, start, slope, one, other)
        first += 8
    _add_each(line, first, last, left, right, start, slope, one, other)


@compiled
def back_project(volume: Images, images: Images, views: Array, x: Array, y: Array, z0: float, dz: float) -> None:
    """Add to `volume`, shape (y, x, z), what all `images`, shape (views, columns, rows), show.

    Coordinates are those of the fixed system: x is Xf, y is Zf and z is Yf, at ``z0 + k dz`` with dz > 0. A view is
    (sin, cos of its angle, source's Xg, Yg, Zg, x and y of the panel's pixel [0, 0] as seen from the source, distance of
    the panel, 1 / pitch, SAD squared times the view's share).
    """
    down, along = (len(y) + _TILE - 1) // _TILE, (len(x) + _TILE - 1) // _TILE
    for tile in prange(down * along):
        top, start = tile // along * _TILE, tile % along * _TILE
        for k in range(len(views)):
            sine, cosine = views[k, 0], views[k, 1]
            for j in range(top, min(top + _TILE, len(y))):
                for i in range(start, min(start + _TILE, len(x))):
                    depth = views[k, 4] - (x[i] * sine + y[j] * cosine)
                    scale = views[k, 7] / depth
                    column = ((x[i] * cosine - y[j] * sine - views[k, 2]) * scale - views[k, 5]) * views[k, 8]
                    row = (views[k, 6] - (z0 - views[k, 3]) * scale) * views[k, 8]
                    rise = -dz * scale * views[k, 8]
                    _add(volume[j, i], images[k], column, row, rise, views[k, 9] / (depth * depth))
