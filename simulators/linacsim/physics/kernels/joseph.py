"""Line integrals through voxels: Joseph's method, two-way interpolation in every plane that a ray crosses.

Eight rays to neighbouring pixels of a column go through the planes side by side (`kernels.vectors`): they cross a plane in
neighbouring voxels, which lie side by side in memory if the volume is laid out for it.
"""

from __future__ import annotations

from math import ceil, floor, sqrt
from typing import Any

import numpy as np
from numba import prange, types
from numpy.typing import NDArray

from linacsim.physics.kernels.compiling import compiled, emitted, inlined
from linacsim.physics.kernels.vectors import (
    INTEGER,
    INTEGERS,
    NUMBER,
    NUMBERS,
    add_to,
    between,
    constants,
    everywhere,
    pairs,
    sorted_out,
)
from linacsim.physics.kernels.vectors import load as load_eight

Array = NDArray[np.float64]
Numbers = NDArray[np.float32]
Axes = NDArray[np.int64]

_MIDDLE2, _SLOPE2, _MIDDLE3, _SLOPE3, _ENTERS, _LEAVES, _SUM, _HARD = range(8)
"""What is kept of each ray: where it crosses the middle plane and by how much that changes from plane to plane, along the
two other axes; its first and last plane; the sums."""


def _limited(b: Any, value: Any, top: Any) -> Any:
    """Emit whole numbers from 0 to `top`."""
    zero = constants(INTEGER, [0] * 8)
    value = b.select(b.icmp_signed("<", value, zero), zero, value)
    top = everywhere(b, b.trunc(top, INTEGER))
    return b.select(b.icmp_signed(">", value, top), top, value)


def _interpolated(b: Any, voxels: Any, places: list[Any], tops: list[Any], stride: Any) -> Any:
    """Emit the values between voxels in a plane; the second of the two places is along neighbours in memory."""
    whole = [_limited(b, b.fptosi(at, INTEGERS), top) for at, top in zip(places, tops, strict=True)]
    parts = [b.fsub(at, b.sitofp(before, NUMBERS)) for at, before in zip(places, whole, strict=True)]
    index = b.add(b.mul(whole[0], everywhere(b, b.trunc(stride, INTEGER))), whole[1])
    near = sorted_out(b, *pairs(b, voxels, index))
    far = sorted_out(b, *pairs(b, b.gep(voxels, [stride]), index))
    return between(b, between(b, *near, parts[1]), between(b, *far, parts[1]), parts[0])


def _harder(b: Any, value: Any, soft: Any, steep: Any) -> Any:
    """Emit what of a value is bone: nothing up to `soft`, rising until it is all."""
    above = b.fsub(value, everywhere(b, soft))
    zero = constants(NUMBER, [0.0] * 8)
    above = b.fmul(b.select(b.fcmp_ordered(">", above, zero), above, zero), everywhere(b, steep))
    return b.select(b.fcmp_ordered("<", above, value), above, value)


@emitted
def _cross_eight(
    _typing: Any, rays: Any, at: Any, plane: Any, middle: Any, layer: Any, stride: Any, top2: Any, top3: Any, soft: Any,
    steep: Any,
) -> tuple[Any, Any]:  # fmt: skip
    """Add to the sums of eight rays, from `at` on, what they meet in a plane.

    `rays` has shape (8, rays), `layer` is the plane's voxels, flat; `plane`, `middle`, `soft` and `steep` are float32.
    """
    signature = types.void(rays, at, plane, middle, layer, stride, top2, top3, soft, steep)

    def generate(context: Any, b: Any, signature: Any, args: Any) -> Any:
        _, place, plane, middle, _, stride, top2, top3, soft, steep = args
        table = context.make_array(signature.args[0])(context, b, args[0])
        voxels = context.make_array(signature.args[4])(context, b, args[4]).data
        length = b.extract_value(table.shape, 1)

        def row(index: int) -> Any:
            return b.gep(table.data, [b.mul(length, length.type(index))])

        away = everywhere(b, b.fsub(plane, middle))
        places = [
            b.fadd(load_eight(b, row(start), place), b.fmul(away, load_eight(b, row(slope), place)))
            for start, slope in ((_MIDDLE2, _SLOPE2), (_MIDDLE3, _SLOPE3))
        ]
        value = _interpolated(b, voxels, places, [top2, top3], stride)
        now = everywhere(b, plane)
        inside = b.and_(
            b.fcmp_ordered("<=", load_eight(b, row(_ENTERS), place), now),
            b.fcmp_ordered(">=", load_eight(b, row(_LEAVES), place), now),
        )
        value = b.select(inside, value, constants(NUMBER, [0.0] * 8))
        add_to(b, row(_SUM), place, value)
        add_to(b, row(_HARD), place, _harder(b, value, soft, steep))
        return context.get_dummy_value()

    return signature, generate


@inlined
def _enter(rays: Numbers, at: int, n: Array, order: Axes, start: Array, step: Array) -> None:
    """Write where a ray crosses the planes, and between which it is inside the volume in the two other directions too."""
    first = order[0]
    middle = (n[first] - 1.0) / 2
    low = max(0.0, min(start[first], start[first] + step[first]))
    high = min(n[first] - 1.0, max(start[first], start[first] + step[first]))
    for other in range(1, 3):
        axis = order[other]
        slope, limit = step[axis] / step[first], n[axis] - 1.0
        if abs(slope) < 1e-12:
            if start[axis] < 0.0 or start[axis] > limit:
                high = -1.0
        else:
            one, two = start[first] - start[axis] / slope, start[first] + (limit - start[axis]) / slope
            low, high = max(low, min(one, two)), min(high, max(one, two))
        rays[2 * other - 2, at] = start[axis] + (middle - start[first]) * slope
        rays[2 * other - 1, at] = slope
    rays[_ENTERS, at], rays[_LEAVES, at] = ceil(low - 1e-9), floor(high + 1e-9)


@inlined
def _march(
    rays: Numbers, at: int, voxels: Numbers, n: Array, order: Axes, strides: Axes, soft: np.float32, steep: np.float32
) -> None:
    """Add up along eight rays, from `at` on."""
    low, high = int(rays[_ENTERS, at]), int(rays[_LEAVES, at])
    for k in range(at + 1, at + 8):
        if rays[_LEAVES, k] >= rays[_ENTERS, k]:
            if high < low:
                low, high = int(rays[_ENTERS, k]), int(rays[_LEAVES, k])
            low, high = min(low, int(rays[_ENTERS, k])), max(high, int(rays[_LEAVES, k]))
    middle = np.float32((n[order[0]] - 1.0) / 2)
    top2, top3 = int(n[order[1]]) - 2, int(n[order[2]]) - 2
    for plane in range(low, high + 1):
        layer = voxels[plane * strides[order[0]] :]
        _cross_eight(rays, at, np.float32(plane), middle, layer, strides[order[1]], top2, top3, soft, steep)


@compiled
def integrate(
    out: Array, voxels: Numbers, n: Array, strides: Axes, spacing: Array, source: Array, origin: Array, across: Array,
    along: Array, orders: Axes, chosen: NDArray[np.int8], soft: float, steep: float,
) -> None:  # fmt: skip
    """Write the line integrals, value times mm, of rays to a panel into `out`, shape (columns, rows, 2).

    The first is of everything, the second of what is bone: ``min(max(value - soft, 0) * steep, value)``. All points are in
    units of voxels along (x, y, z); `voxels` is flat, `n` its size and `strides` its steps in x, y, z. Of `orders`, each the
    axis of the planes and the two others, the last with neighbours in memory, `chosen`, shape (columns, blocks of eight
    rows), tells which to take; -1 leaves the block as it is.
    """
    blocks = chosen.shape[1]
    for column in prange(chosen.shape[0]):
        rays, step = np.zeros((8, blocks * 8), dtype=np.float32), np.empty(3)
        rays[_LEAVES] = -1.0
        for block in range(blocks):
            if chosen[column, block] < 0:
                continue
            order = orders[chosen[column, block]]
            rows = range(block * 8, min(block * 8 + 8, out.shape[1]))
            for row in rows:
                for axis in range(3):
                    step[axis] = origin[axis] + column * across[axis] + row * along[axis] - source[axis]
                _enter(rays, row, n, order, source, step)
            _march(rays, block * 8, voxels, n, order, strides, np.float32(soft), np.float32(steep))
            for row in rows:
                for axis in range(3):
                    step[axis] = origin[axis] + column * across[axis] + row * along[axis] - source[axis]
                wx, wy, wz = step[0] * spacing[0], step[1] * spacing[1], step[2] * spacing[2]
                length = sqrt(wx * wx + wy * wy + wz * wz) / abs(step[order[0]])
                out[column, row, 0], out[column, row, 1] = rays[_SUM, row] * length, rays[_HARD, row] * length
