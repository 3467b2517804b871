"""Line integrals through voxels: Joseph's method, two-way interpolation in every plane that a ray crosses."""

from __future__ import annotations

from math import sqrt

import numpy as np
from numba import prange
from numpy.typing import NDArray

from linacsim.physics.kernels.compiling import compiled, inlined

Array = NDArray[np.float64]
Volume = NDArray[np.float32]


@inlined
def _march(voxels: Volume, n: Array, strides: Array, first: int, start: Array, step: Array) -> float:
    """Return the sum over the planes of axis `first` of the interpolated values, per plane."""
    second, third = (first + 1) % 3, (first + 2) % 3
    slope2, slope3 = step[second] / step[first], step[third] / step[first]
    low = max(0.0, min(start[first], start[first] + step[first]))
    high = min(n[first] - 1.0, max(start[first], start[first] + step[first]))
    # Where the ray is inside the volume in the other two directions, so that the inner loop needs no question.
    for axis, slope in ((second, slope2), (third, slope3)):
        limit = n[axis] - 1.0
        if abs(slope) < 1e-12:
            if start[axis] < 0.0 or start[axis] > limit:
                return 0.0
            continue
        one, other = start[first] - start[axis] / slope, start[first] + (limit - start[axis]) / slope
        low, high = max(low, min(one, other)), min(high, max(one, other))
    total = 0.0
    s1, s2, s3 = int(strides[first]), int(strides[second]), int(strides[third])
    top2, top3 = int(n[second]) - 2, int(n[third]) - 2
    for plane in range(int(np.ceil(low - 1e-9)), int(np.floor(high + 1e-9)) + 1):
        at2 = start[second] + (plane - start[first]) * slope2
        at3 = start[third] + (plane - start[first]) * slope3
        i2, i3 = min(max(int(at2), 0), top2), min(max(int(at3), 0), top3)
        f2, f3 = at2 - i2, at3 - i3
        k = plane * s1 + i2 * s2 + i3 * s3
        near = voxels[k] + f3 * (voxels[k + s3] - voxels[k])
        far = voxels[k + s2] + f3 * (voxels[k + s2 + s3] - voxels[k + s2])
        total += near + f2 * (far - near)
    return total


@compiled
def integrate(
    out: Array,
    voxels: Volume,
    n: Array,
    strides: Array,
    spacing: Array,
    source: Array,
    origin: Array,
    across: Array,
    along: Array,
) -> None:
    """Write the line integral, value times mm, of every ray to a panel into `out`, shape (rows, columns).

    All points are in units of voxels along (x, y, z); `voxels` is flat, `n` its size and `strides` its steps in x, y, z.
    """
    for row in prange(out.shape[0]):
        step = np.empty(3)
        for column in range(out.shape[1]):
            for axis in range(3):
                step[axis] = origin[axis] + column * across[axis] + row * along[axis] - source[axis]
            wx, wy, wz = step[0] * spacing[0], step[1] * spacing[1], step[2] * spacing[2]
            length = sqrt(wx * wx + wy * wy + wz * wz)
            first = 0
            if abs(step[1]) > abs(step[first]):
                first = 1
            if abs(step[2]) > abs(step[first]):
                first = 2
            out[row, column] = _march(voxels, n, strides, first, source, step) * length / abs(step[first])
