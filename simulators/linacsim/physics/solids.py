"""Solids whose line integrals are exact: ellipsoids, cylinders, boxes and cones, nested and turned as one likes.

A body is a list of solids in patient coordinates (mm). Each solid lies wholly inside its parent and beside its siblings
(those with the same parent), so the way of a ray through a substance is the sum of its chords: plus the solid's own, minus
those of what is inside. The same description is looked at as a radiograph, as voxels and as the truth that an analysis
must find again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Pose, Vector

Kind = Literal["ellipsoid", "cylinder", "box", "cone"]

KINDS: tuple[Kind, ...] = ("ellipsoid", "cylinder", "box", "cone")
"""In the order of the numbers that the compiled loops know them by."""

AIR_HU = -1000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Solid:
    """One solid of one substance.

    Attributes
    ----------
    name : str
    kind : str
        ``ellipsoid``, ``cylinder`` (elliptical, along its own z), ``box`` or ``cone`` (a frustum along its own z).
    centre : tuple of float
        Patient coordinates, mm.
    half : tuple of float
        Half its extent along its own x, y, z in mm: semi-axes, or half the sides.
    hu : float
        Hounsfield units at the reference energy.
    substance : str
        What it is made of (`linacsim.physics.spectrum`), for beams of many energies.
    parent : str
        The solid around it; empty: air.
    top : float
        Of a cone: its radii at its own +z as a part of those at -z, which `half` gives.
    rotation : numpy.ndarray, shape (3, 3)
        From its own axes to the patient's.

    Raises
    ------
    InputError
        If it has no volume.
    """

    name: str
    kind: Kind
    centre: Vector
    half: Vector
    hu: float
    substance: str = "water"
    parent: str = ""
    top: float = 1.0
    rotation: Array = field(default_factory=lambda: np.eye(3))

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"{self.kind!r} is no kind of solid", self.name, f"use one of {', '.join(KINDS)}")
        if not min(self.half) > 0 or self.top < 0:
            raise InputError(f"half sizes {self.half} mm enclose no volume", self.name, "give lengths above 0 mm")

    @property
    def to_unit(self) -> Array:
        """The matrix, shape (3, 3), that makes it round and of radius 1 (around its centre)."""
        matrix: Array = self.rotation.T / np.array(self.half)[:, None]
        return matrix

    @property
    def corners(self) -> Array:
        """The corners of the box around it in patient coordinates, shape (8, 3)."""
        signs = np.array(np.meshgrid([-1, 1], [-1, 1], [-1, 1])).reshape(3, -1).T
        reach = np.array(self.half) * ([max(self.top, 1.0)] * 2 + [1.0] if self.kind == "cone" else 1.0)
        corners: Array = signs * reach @ self.rotation.T + self.centre
        return corners

    def holds(self, points: ArrayLike) -> NDArray[np.bool_]:
        """Tell which points, shape (..., 3), in mm are inside."""
        unit = (np.asarray(points, dtype=np.float64) - self.centre) @ self.to_unit.T
        across, high = np.square(unit[..., :2]).sum(axis=-1), np.abs(unit[..., 2])
        if self.kind == "ellipsoid":
            return np.asarray(across + high**2 <= 1.0)
        if self.kind == "box":
            return np.asarray(np.abs(unit).max(axis=-1) <= 1.0)
        width = 1.0 if self.kind == "cylinder" else (1 + self.top) / 2 - (1 - self.top) / 2 * unit[..., 2]
        return np.asarray((across <= np.square(width)) & (high <= 1.0))

    def moved(self, pose: Pose) -> Solid:
        """Return the solid after a rigid motion in patient coordinates."""
        x, y, z = pose(self.centre)
        return replace(self, centre=(float(x), float(y), float(z)), rotation=pose.rotation @ self.rotation)


@dataclass(frozen=True)
class Body:
    """Solids, each parent before its children.

    Attributes
    ----------
    name : str
    solids : tuple of Solid

    Raises
    ------
    InputError
        If two solids share a name or a parent is missing.
    """

    name: str
    solids: tuple[Solid, ...]

    def __post_init__(self) -> None:
        seen = {""}
        for one in self.solids:
            if one.name in seen:
                raise InputError(f"{one.name!r} is there twice", f"phantom {self.name}", "give each solid its own name")
            if one.parent not in seen:
                what = f"{one.name!r} is inside {one.parent!r}, which does not come before it"
                raise InputError(what, f"phantom {self.name}", "list a parent before its children")
            seen.add(one.name)

    @cached_property
    def by_name(self) -> dict[str, Solid]:
        """The solids by their names."""
        return {one.name: one for one in self.solids}

    @cached_property
    def parents(self) -> NDArray[np.int64]:
        """The index of each solid's parent, shape (solids,); -1 for air."""
        at = {one.name: index for index, one in enumerate(self.solids)}
        return np.array([at.get(one.parent, -1) for one in self.solids], dtype=np.int64)

    def hu_of(self, name: str) -> float:
        """Return the Hounsfield units of a solid, or of the air for the empty name."""
        return self.by_name[name].hu if name else AIR_HU

    def moved(self, pose: Pose, names: Iterable[str] | None = None) -> Body:
        """Return the body after a rigid motion in patient coordinates; with `names`, only these solids have moved."""
        chosen = None if names is None else set(names)
        moved = (one.moved(pose) if chosen is None or one.name in chosen else one for one in self.solids)
        return Body(self.name, tuple(moved))

    def at(self, points: ArrayLike) -> Array:
        """Return the Hounsfield units at points, shape (..., 3) in mm, shape (...)."""
        where = np.asarray(points, dtype=np.float64)
        hu = np.full(where.shape[:-1], AIR_HU)
        for one in self.solids:
            hu[one.holds(where)] = one.hu
        return hu

    def voxels(self, x: Array, y: Array, z: Array, fine: int = 1) -> NDArray[np.float32]:
        """Return the Hounsfield units of voxels, averaged over `fine` points along each side.

        Parameters
        ----------
        x, y, z : numpy.ndarray
            Centres of the voxels in mm, equally spaced, shapes (columns,), (rows,), (slices,).
        fine : int
            Samples along each side of a voxel.

        Returns
        -------
        numpy.ndarray, shape (slices, rows, columns)
        """
        axes = [_fine_axis(axis, fine) for axis in (x, y, z)]
        volume = np.empty((len(z), len(y), len(x)), dtype=np.float32)
        for index in range(len(z)):
            height = axes[2][index * fine : (index + 1) * fine]
            grid = np.stack(np.meshgrid(height, axes[1], axes[0], indexing="ij"), axis=-1)[..., ::-1]
            hu = self.at(grid).reshape(fine, len(y), fine, len(x), fine)
            volume[index] = hu.mean(axis=(0, 2, 4))
        return volume


def _fine_axis(axis: Array, fine: int) -> Array:
    step = float(axis[1] - axis[0]) if len(axis) > 1 else 0.0
    offsets = (np.arange(fine, dtype=np.float64) + 0.5) / fine - 0.5
    finer: Array = (axis[:, None] + offsets * step).ravel()
    return finer
