"""Analytic phantoms: nested ellipsoids and elliptical cylinders, exact wherever they are looked at.

One description gives voxels, outlines and line integrals, so images, contours, radiographs and doses made from it agree.
Coordinates are the patient's in mm (PS3.3 C.7.6.2.1.1): x to the left, y to the back, z to the head. A shape lies wholly
inside its parent and beside its siblings; what a line crosses is then the sum of the shapes' contrasts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from math import inf, isinf

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Point = tuple[float, float, float]

AIR_HU = -1000.0
"""Hounsfield units of what no shape fills."""

_FINE = 7
"""Samples along each side of a voxel where a shape is as small as voxels are."""


@dataclass(frozen=True, slots=True)
class Shape:
    """An ellipsoid; with an infinite third radius an elliptical cylinder along z."""

    name: str
    centre: Point
    radii: Point
    """Semi-axes along x, y and z in mm."""
    hu: float
    parent: str = ""

    def grown(self, margin: float, name: str) -> Shape:
        """Return the shape with every radius longer by `margin` mm."""
        x, y, z = self.radii
        return replace(self, name=name, radii=(x + margin, y + margin, z + margin))

    def holds(self, points: Array) -> NDArray[np.bool_]:
        """Tell which points, shape (..., 3), are inside."""
        inside: NDArray[np.bool_] = np.square((points - self.centre) / self.radii).sum(axis=-1) <= 1.0
        return inside

    def section(self, z: float) -> tuple[float, float] | None:
        """Return the semi-axes in mm of the ellipse that the plane at `z` cuts, None if it passes by."""
        height = 0.0 if isinf(self.radii[2]) else (z - self.centre[2]) / self.radii[2]
        left = 1.0 - height * height
        return (self.radii[0] * left**0.5, self.radii[1] * left**0.5) if left > 1e-9 else None

    def outline(self, z: float, points: int) -> Array | None:
        """Return the outline in the plane at `z` as `points` points, shape (points, 2); None if the plane passes by."""
        axes = self.section(z)
        if axes is None:
            return None
        angle = np.arange(points) * (2 * np.pi / points)
        return np.stack([self.centre[0] + axes[0] * np.cos(angle), self.centre[1] + axes[1] * np.sin(angle)], axis=1)


@dataclass(frozen=True)
class Phantom:
    """Shapes, each parent before its children, between two planes.

    Attributes
    ----------
    shapes : tuple of Shape
        What it is made of.
    bottom, top : float
        z in mm below and above which there is air.
    """

    shapes: tuple[Shape, ...]
    bottom: float = -inf
    top: float = inf

    @cached_property
    def by_name(self) -> Mapping[str, Shape]:
        """The shapes by their names."""
        return {shape.name: shape for shape in self.shapes}

    def cut(self, bottom: float, top: float) -> Phantom:
        """Return the part between two planes."""
        return replace(self, bottom=bottom, top=top)

    def moved(self, by: Point) -> Phantom:
        """Return the phantom displaced by a vector in mm."""
        shapes = tuple(replace(one, centre=_plus(one.centre, by)) for one in self.shapes)
        return Phantom(shapes, self.bottom + by[2], self.top + by[2])

    def plane(
        self, x: Array, y: Array, z: float, thickness: float, values: Mapping[str, float] | None = None
    ) -> NDArray[np.float64]:
        """Return what a slice shows.

        Parameters
        ----------
        x, y : numpy.ndarray, shape (columns,) and (rows,)
            Centres of the pixels in mm, equally spaced.
        z, thickness : float
            The slice in mm; thickness counts for shapes as small as a voxel, which are averaged over it.
        values : mapping of str to float, optional
            A value for each shape and for ``""``, what is around them; by default Hounsfield units.

        Returns
        -------
        numpy.ndarray, shape (rows, columns)
        """
        table = values if values is not None else {"": AIR_HU, **{one.name: one.hu for one in self.shapes}}
        image = np.full((len(y), len(x)), float(table[""]))
        if not self.bottom <= z <= self.top:
            return image
        pitch = float(x[1] - x[0]), float(y[1] - y[0]), thickness
        for shape in self.shapes:
            _paint(image, shape, x, y, z, pitch, float(table[shape.name]))
        return image

    def water_path(self, source: Array, targets: Array) -> Array:
        """Return the way through the phantom from `source` to each target, as mm of water.

        A Hounsfield unit is a thousandth of water's attenuation, so the way through a shape counts (HU + 1000) / 1000.

        Parameters
        ----------
        source : numpy.ndarray, shape (3,)
        targets : numpy.ndarray, shape (..., 3)
            Both in mm.

        Returns
        -------
        numpy.ndarray, shape (...)
        """
        ways = np.ascontiguousarray(np.moveaxis(np.asarray(targets, dtype=np.float64) - source, -1, 0))
        squares = np.square(ways)
        low, high = self._between_planes(source, ways[2])
        total = np.zeros(ways.shape[1:])
        for shape in self.shapes:
            contrast = (shape.hu - (self.by_name[shape.parent].hu if shape.parent else AIR_HU)) / 1000.0
            _add_chord(total, shape, source, ways, squares, (low, high), contrast)
        result: Array = total * np.sqrt(squares.sum(axis=0))
        return result

    def _between_planes(self, source: Array, rise: Array) -> tuple[Array, Array]:
        """Return where along each way, from 0 to 1, the phantom's planes let it in and out."""
        low, high = np.zeros(rise.shape), np.ones(rise.shape)
        steep = np.where(np.abs(rise) < 1e-12, 1e-12, rise)
        for plane, inner in ((self.bottom, 1.0), (self.top, -1.0)):
            if isinf(plane):
                continue
            at = (plane - source[2]) / steep
            enters = steep * inner > 0
            np.maximum(low, at, out=low, where=enters)
            np.minimum(high, at, out=high, where=~enters)
        return low, high


def _plus(point: Point, by: Point) -> Point:
    return (point[0] + by[0], point[1] + by[1], point[2] + by[2])


def _span(axis: Array, centre: float, radius: float, margin: float) -> slice:
    """Return the part of an axis that a shape can touch."""
    first, last = np.searchsorted(axis, [centre - radius - margin, centre + radius + margin])
    return slice(int(first), int(last))


def _paint(image: Array, shape: Shape, x: Array, y: Array, z: float, pitch: Point, value: float) -> None:
    """Put a shape into a slice."""
    small = min(shape.radii) < 2 * max(pitch)
    if not small and shape.section(z) is None:
        return
    rows, columns = (
        _span(y, shape.centre[1], shape.radii[1], pitch[1]),
        _span(x, shape.centre[0], shape.radii[0], pitch[0]),
    )
    part = image[rows, columns]
    if not part.size:
        return
    if small:
        share = _share(shape, x[columns], y[rows], z, pitch)
        part += share * (value - part)
        return
    height = 0.0 if isinf(shape.radii[2]) else ((z - shape.centre[2]) / shape.radii[2]) ** 2
    across = np.square((x[columns] - shape.centre[0]) / shape.radii[0])
    down = np.square((y[rows] - shape.centre[1]) / shape.radii[1])
    part[across + down[:, None] <= 1.0 - height] = value


def _share(shape: Shape, x: Array, y: Array, z: float, pitch: Point) -> Array:
    """Return how much of each voxel a small shape fills, from 0 to 1."""
    steps = (np.arange(_FINE) + 0.5) / _FINE - 0.5
    across = np.square((x[:, None] + steps * pitch[0] - shape.centre[0]) / shape.radii[0])
    down = np.square((y[:, None] + steps * pitch[1] - shape.centre[1]) / shape.radii[1])
    high = np.square((z + steps * pitch[2] - shape.centre[2]) / shape.radii[2])
    inside = down[:, None, :, None, None] + across[None, :, None, :, None] + high[None, None, None, None, :] <= 1.0
    share: Array = inside.mean(axis=(2, 3, 4))
    return share


def _weighted(weights: Array, parts: Array) -> Array:
    """Return the sum of three arrays, each times a weight; in this order on every machine, as no BLAS does it."""
    total: Array = parts[0] * weights[0]
    total += parts[1] * weights[1]
    total += parts[2] * weights[2]
    return total


def _add_chord(
    total: Array, shape: Shape, source: Array, ways: Array, squares: Array, limits: tuple[Array, Array], contrast: float
) -> None:
    """Add to `total` the part of each way that is inside `shape`, times `contrast`.

    A way is inside where ``a t^2 + 2 b t + c < 0``; `ways` and `squares` have x, y and z first.
    """
    start = (source - shape.centre) / shape.radii
    scale = 1.0 / np.array(shape.radii)
    a = np.maximum(_weighted(np.square(scale), squares), 1e-30)
    b = _weighted(start * scale, ways)
    inside = b * b - a * (float(np.square(start).sum()) - 1.0)
    hit = inside > 0
    root = np.sqrt(inside[hit])
    first = np.maximum((-b[hit] - root) / a[hit], limits[0][hit])
    last = np.minimum((-b[hit] + root) / a[hit], limits[1][hit])
    total[hit] += contrast * np.maximum(last - first, 0.0)


THORAX = Phantom(
    (
        Shape("body", (0.0, 0.0, 0.0), (165.0, 110.0, inf), 0.0),
        Shape("lung left", (80.0, -15.0, 0.0), (48.0, 60.0, 90.0), -750.0, "body"),
        Shape("lung right", (-80.0, -15.0, 0.0), (48.0, 60.0, 90.0), -750.0, "body"),
        Shape("heart", (0.0, -40.0, -10.0), (24.0, 30.0, 40.0), 45.0, "body"),
        Shape("spine", (0.0, 65.0, 0.0), (20.0, 20.0, inf), 500.0, "body"),
        Shape("spinal cord", (0.0, 65.0, 0.0), (7.0, 7.0, inf), 40.0, "spine"),
        Shape("tumour", (80.0, -10.0, 0.0), (20.0, 18.0, 16.0), 50.0, "lung left"),
        Shape("marker 1", (74.0, -14.0, -6.0), (2.5, 2.5, 2.5), 3000.0, "tumour"),
        Shape("marker 2", (88.0, -8.0, 0.0), (2.5, 2.5, 2.5), 3000.0, "tumour"),
        Shape("marker 3", (79.0, -3.0, 7.0), (2.5, 2.5, 2.5), 3000.0, "tumour"),
    )
)
"""A chest with a tumour in the left lung, and three markers in the tumour."""
