"""A dose that is simple, smooth and in the right place: for test objects, never for treatment.

A beam falls off with the square of the distance and with the depth in water, and has soft edges. Nothing scatters.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linacsim.physics.beamseye import View
from linacsim.physics.phantom import Phantom

Array = NDArray[np.float64]

PHOTON_ATTENUATION = 0.005
"""Of 6 MV photons in water, per mm."""

_BUILD_UP = 0.3
"""Per mm; the depth of maximum dose is then at about 14 mm."""
_EDGE = 3.0
"""How soft a field's edge is, in mm."""


@dataclass(frozen=True, slots=True)
class Field:
    """A beam as the dose sees it.

    Attributes
    ----------
    view : View
        Its source.
    aperture : tuple of float
        Low and high x, low and high y at the isocentre in mm.
    weight : float
        Its share.
    range : float
        The depth in mm of water behind which there is nothing; 0 for photons.
    """

    view: View
    aperture: tuple[float, float, float, float]
    weight: float = 1.0
    range: float = 0.0


def dose(phantom: Phantom, fields: Sequence[Field], points: Array) -> Array:
    """Return the dose at `points`, shape (..., 3), in arbitrary units, shape (...)."""
    total = np.zeros(points.shape[:-1])
    for field in fields:
        open_part = _opening(field, points)
        lit = open_part > 1e-3
        total[lit] += field.weight * open_part[lit] * _along(phantom, field, points[lit])
    return total


def _opening(field: Field, points: Array) -> Array:
    """Return how much of the field each point sees, from 0 to 1."""
    seen = field.view.project(points)
    left, right, foot, head = field.aperture
    return (
        _edge(seen[..., 0] - left)
        * _edge(right - seen[..., 0])
        * _edge(seen[..., 1] - foot)
        * _edge(head - seen[..., 1])
    )


def _edge(inside: Array) -> Array:
    """Return 1 well inside an edge, 0 well outside and 0.5 on it."""
    return 0.5 * (1.0 + np.tanh(inside / _EDGE))


def _along(phantom: Phantom, field: Field, points: Array) -> Array:
    """Return what depth and distance leave of a beam."""
    source = field.view.source
    depth = phantom.water_path(source, points)
    distance = np.sqrt(np.square(points - source).sum(axis=-1))
    near: Array = np.square(field.view.distance / distance)
    if field.range:
        near *= _edge(field.range - depth) * (depth > 0)
        return near
    near *= (1.0 - np.exp(-_BUILD_UP * depth)) * np.exp(-PHOTON_ATTENUATION * depth)
    return near


def cumulative(values: Array, voxel_volume: float, bin_width: float, bins: int) -> Array:
    """Return the volume in cm3 that receives at least 0, 1, 2... times `bin_width`, shape (bins,)."""
    counted, _ = np.histogram(values, bins=bins, range=(0.0, bins * bin_width))
    behind: Array = np.cumsum(counted[::-1])[::-1] * (voxel_volume / 1000.0)
    return behind
