"""How far a ray runs inside each solid."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numba import prange
from numpy.typing import NDArray

from linacsim.physics.kernels.compiling import compiled, inlined

Array = NDArray[np.float64]
Numbers = NDArray[np.int64]

ELLIPSOID, CYLINDER, BOX, CONE = 0, 1, 2, 3
_TINY = 1e-14


@inlined
def _slab(start: float, step: float, low: float, high: float) -> tuple[float, float]:
    """Return the part of low..high in which -1 <= start + t step <= 1; low > high if there is none."""
    if abs(step) < _TINY:
        if abs(start) > 1.0:
            return 1.0, 0.0
        return low, high
    one, other = (-1.0 - start) / step, (1.0 - start) / step
    return max(low, min(one, other)), min(high, max(one, other))


@inlined
def _quadric(a: float, b: float, c: float, low: float, high: float, inside: bool) -> tuple[float, float]:
    """Return the part of low..high in which a t^2 + 2 b t + c <= 0, known to be one piece there.

    With a < 0 that is beside the roots; `inside` tells whether the part below the lower root is meant.
    """
    square = b * b - a * c
    if abs(a) < _TINY:
        if abs(b) < _TINY:
            return (low, high) if c <= 0 else (1.0, 0.0)
        at = -c / (2 * b)
        return (low, min(high, at)) if b > 0 else (max(low, at), high)
    if square <= 0:
        return (1.0, 0.0) if a > 0 else (low, high)
    root = sqrt(square)
    first, second = (-b - root) / a, (-b + root) / a
    if a > 0:
        return max(low, first), min(high, second)
    # a < 0: second < first
    if inside:
        return low, min(high, second)
    return max(low, first), high


@inlined
def chord(kind: int, top: float, sx: float, sy: float, sz: float, dx: float, dy: float, dz: float) -> float:
    """Return the length, in units of the ray from t = 0 to t = 1, inside a solid of radius 1 around the origin."""
    low, high = 0.0, 1.0
    if kind != ELLIPSOID:
        low, high = _slab(sz, dz, low, high)
        if low >= high:
            return 0.0
    if kind == BOX:
        low, high = _slab(sx, dx, low, high)
        low, high = _slab(sy, dy, low, high)
        return max(high - low, 0.0)
    a, b, c = dx * dx + dy * dy, sx * dx + sy * dy, sx * sx + sy * sy
    if kind == ELLIPSOID:
        a, b, c = a + dz * dz, b + sz * dz, c + sz * sz - 1.0
    elif kind == CYLINDER:
        c -= 1.0
    else:
        mean, slope = (1.0 + top) / 2, (top - 1.0) / 2
        width, grows = mean + slope * sz, slope * dz
        a, b, c = a - grows * grows, b - width * grows, c - width * width
        # The width is never negative between the planes, so of the two pieces beside the roots the one where it grows
        # is meant.
        low, high = _quadric(a, b, c, low, high, inside=grows < 0)
        return max(high - low, 0.0)
    low, high = _quadric(a, b, c, low, high, inside=True)
    return max(high - low, 0.0)


@compiled
def add_chords(
    out: Array,
    source: Array,
    origin: Array,
    across: Array,
    along: Array,
    kinds: Numbers,
    tops: Array,
    to_unit: Array,
    centres: Array,
    weights: Array,
    windows: Numbers,
) -> None:
    """Add to `out`, shape (rows, columns, channels), the chords of every ray times each solid's weights.

    The ray to pixel (r, c) ends at ``origin + c across + r along``. Solid s is looked for in the rows
    ``windows[s, 0]..windows[s, 1]`` and columns ``windows[s, 2]..windows[s, 3]`` only, the upper ends excluded.
    """
    rows, channels = out.shape[0], out.shape[2]
    for row in prange(rows):
        for s in range(len(kinds)):
            if row < windows[s, 0] or row >= windows[s, 1]:
                continue
            m = to_unit[s]
            x, y, z = source[0] - centres[s, 0], source[1] - centres[s, 1], source[2] - centres[s, 2]
            sx = m[0, 0] * x + m[0, 1] * y + m[0, 2] * z
            sy = m[1, 0] * x + m[1, 1] * y + m[1, 2] * z
            sz = m[2, 0] * x + m[2, 1] * y + m[2, 2] * z
            for column in range(windows[s, 2], windows[s, 3]):
                wx = origin[0] + column * across[0] + row * along[0] - source[0]
                wy = origin[1] + column * across[1] + row * along[1] - source[1]
                wz = origin[2] + column * across[2] + row * along[2] - source[2]
                part = chord(
                    kinds[s],
                    tops[s],
                    sx,
                    sy,
                    sz,
                    m[0, 0] * wx + m[0, 1] * wy + m[0, 2] * wz,
                    m[1, 0] * wx + m[1, 1] * wy + m[1, 2] * wz,
                    m[2, 0] * wx + m[2, 1] * wy + m[2, 2] * wz,
                )
                if part > 0.0:
                    length = part * sqrt(wx * wx + wy * wy + wz * wz)
                    for k in range(channels):
                        out[row, column, k] += weights[s, k] * length
