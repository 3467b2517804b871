"""The inner loop of reconstruction: what each voxel gets from each filtered projection."""

from __future__ import annotations

from math import ceil, floor

import numpy as np
from numba import prange
from numpy.typing import NDArray

from linacsim.physics.kernels.compiling import compiled, inlined

Array = NDArray[np.float64]
Images = NDArray[np.float32]


@inlined
def _add(
    line: NDArray[np.float32],
    image: NDArray[np.float32],
    columns: int,
    rows: int,
    column: float,
    row: float,
    rise: float,
    weight: float,
) -> None:
    """Add to a line of voxels along z what one projection, shape (columns, rows), shows of them."""
    at = floor(column)
    if at < 0 or at > columns - 2:
        return
    part = np.float32(column - at)
    left, right = image[at], image[at + 1]
    one, other = np.float32((1.0 - part) * weight), np.float32(part * weight)
    # Rows fall while z rises: the voxels whose row is on the panel, so that the loop needs no question.
    first = max(0, ceil((row - (rows - 1.001)) / -rise))
    last = min(len(line), floor(row / -rise) + 1)
    start, slope = np.float32(row), np.float32(rise)
    for k in range(first, last):
        v = start + np.float32(k) * slope
        i = int(v)
        f = v - np.float32(i)
        low = one * left[i] + other * right[i]
        high = one * left[i + 1] + other * right[i + 1]
        line[k] += low + f * (high - low)


@compiled
def back_project(volume: Images, images: Images, views: Array, x: Array, y: Array, z0: float, dz: float) -> None:
    """Add to `volume`, shape (y, x, z), what all `images`, shape (views, columns, rows), show.

    Coordinates are those of the fixed system: x is Xf, y is Zf and z is Yf, at ``z0 + k dz`` with dz > 0. A view is
    (sin, cos of its angle, source's Xg, Yg, Zg, x and y of the panel's pixel [0, 0] as seen from the source, distance of
    the panel, 1 / pitch, SAD squared times the view's share).
    """
    columns, rows = images.shape[1], images.shape[2]
    for j in prange(volume.shape[0]):
        for block in range(0, len(views), 2):
            for i in range(volume.shape[1]):
                line = volume[j, i]
                for k in range(block, min(block + 2, len(views))):
                    sine, cosine = views[k, 0], views[k, 1]
                    depth = views[k, 4] - (x[i] * sine + y[j] * cosine)
                    scale = views[k, 7] / depth
                    column = ((x[i] * cosine - y[j] * sine - views[k, 2]) * scale - views[k, 5]) * views[k, 8]
                    row = (views[k, 6] - (z0 - views[k, 3]) * scale) * views[k, 8]
                    rise = -dz * scale * views[k, 8]
                    _add(line, images[k], columns, rows, column, row, rise, views[k, 9] / (depth * depth))
