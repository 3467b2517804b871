"""Radiographs without a beam: how much of what is between the source and each pixel.

Everything is measured in millimetres of water at the reference energy, for each substance on its own: a solid of H
Hounsfield units counts (H + 1000) / 1000 of its length. So the sum over the substances is the line integral of a beam of
one energy in units of water's attenuation, and a beam of many energies weighs each substance by its own curve
(`linacsim.physics.spectrum`).

Voxels have no substances, only Hounsfield units. They are taken for water of that density up to `SOFT`, for bone from the
table's bone on, and between the two for a mixture by volume of either: what spongy bone and its marrow are.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze, Pose, Vector
from linacsim.physics.solids import KINDS, Body
from linacsim.physics.spectrum import hounsfield

SOFT = 100.0
"""Hounsfield units up to which voxels hold no bone: above all soft tissue."""

MIXED = ("water", "bone")
"""The substances of voxels; where they are all bone are the Hounsfield units of the table's bone."""


@dataclass(frozen=True, slots=True, eq=False)
class Voxels:
    """A volume in patient coordinates, such as the user's own CT series.

    Attributes
    ----------
    hu : numpy.ndarray of float32, shape (slices, rows, columns)
        Hounsfield units; slices towards +z, rows towards +y, columns towards +x.
    spacing : tuple of float
        Between centres of voxels along x, y, z in mm.
    first : tuple of float
        The centre of voxel [0, 0, 0] in patient coordinates, mm.

    Raises
    ------
    InputError
        If there are fewer than two voxels along an axis, or a spacing is not above 0.
    """

    hu: NDArray[np.float32]
    spacing: Vector
    first: Vector
    _laid_out: dict[int, NDArray[np.float32]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        if self.hu.ndim != 3 or min(self.hu.shape) < 2:
            raise InputError(f"shape {self.hu.shape} is no volume", "voxels", "give two or more voxels along each axis")
        if not min(self.spacing) > 0:
            raise InputError(f"spacing {self.spacing} mm", "voxels", "give distances above 0 mm")

    @property
    def axes(self) -> tuple[Array, Array, Array]:
        """The centres of the voxels along x, y and z in mm."""
        slices, rows, columns = self.hu.shape
        x, y, z = (
            first + np.arange(count, dtype=np.float64) * step
            for first, step, count in zip(self.first, self.spacing, (columns, rows, slices), strict=True)
        )
        return x, y, z

    def index_of(self, points: Array) -> Array:
        """Return points of the patient, shape (..., 3) in mm, in units of voxels along x, y, z."""
        return np.asarray((points - np.array(self.first)) / np.array(self.spacing))

    def attenuating(self, along: int) -> NDArray[np.float32]:
        """Return the attenuation in units of water's with neighbours in memory along x (0), as `hu`, or z (2), (y, x, z).

        It is kept, because every view of a scan needs it.
        """
        if along not in self._laid_out:
            ordered = self.hu if along == 0 else self.hu.transpose(1, 2, 0)
            water = np.ascontiguousarray(ordered, dtype=np.float32) * np.float32(0.001)
            water += np.float32(1.0)
            self._laid_out[along] = np.maximum(water, np.float32(0.0), out=water)
        return self._laid_out[along]


def water_path(body: Body | Voxels, pose: Pose, gaze: Gaze) -> Array:
    """Return the mm of water on the way from the source to each pixel, at the reference energy.

    Parameters
    ----------
    body : Body or Voxels
        What is looked at.
    pose : Pose
        From patient coordinates to the fixed system (`linacsim.physics.geometry.patient_pose`).
    gaze : Gaze
        Source and panel.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)
    """
    if isinstance(body, Voxels):
        return _through_voxels(body, pose, gaze)[..., 0]
    weights = np.array([[(one.hu - body.hu_of(one.parent)) / 1000.0] for one in body.solids])
    return _through_solids(body, pose, gaze, weights)[..., 0]


def substances_of(body: Body | Voxels) -> tuple[str, ...]:
    """Return the substances of a body in the order of `water_paths`, each once."""
    if isinstance(body, Voxels):
        return MIXED
    return tuple(dict.fromkeys(one.substance for one in body.solids))


def water_paths(body: Body | Voxels, pose: Pose, gaze: Gaze) -> Array:
    """Return the mm of water for each substance apart, shape (rows, columns, substances).

    The order is that of `substances_of`; the sum over them is `water_path`.
    """
    if isinstance(body, Voxels):
        paths = _through_voxels(body, pose, gaze)
        paths[..., 0] -= paths[..., 1]
        return paths
    order = substances_of(body)
    weights = np.zeros((len(body.solids), len(order)))
    for index, one in enumerate(body.solids):
        weights[index, order.index(one.substance)] += 1.0 + one.hu / 1000.0
        if one.parent:
            around = body.by_name[one.parent]
            weights[index, order.index(around.substance)] -= 1.0 + around.hu / 1000.0
    return _through_solids(body, pose, gaze, weights)


def _rays(pose: Pose, gaze: Gaze) -> tuple[Array, Array, Array, Array]:
    """Return source, pixel [0, 0] and the steps to the next column and row, in patient coordinates."""
    back, panel = pose.inverse, gaze.panel
    x, y, _ = gaze.axes
    corner = gaze.panel_origin + panel.column_centres[0] * x + panel.row_centres[0] * y
    turn = back.rotation
    return back(gaze.source), back(corner), turn @ (x * panel.pitch), turn @ (-y * panel.pitch)


def _through_solids(body: Body, pose: Pose, gaze: Gaze, weights: Array) -> Array:
    from linacsim.physics.kernels.chords import add_chords

    out = np.zeros((gaze.panel.rows, gaze.panel.columns, weights.shape[1]))
    if not body.solids:
        return out
    add_chords(
        out,
        *_rays(pose, gaze),
        np.array([KINDS.index(one.kind) for one in body.solids], dtype=np.int64),
        np.array([one.top for one in body.solids], dtype=np.float64),
        np.stack([one.to_unit for one in body.solids]),
        np.array([one.centre for one in body.solids], dtype=np.float64),
        weights,
        np.array([_window(pose(one.corners), gaze) for one in body.solids], dtype=np.int64),
    )
    return out


def _window(corners: Array, gaze: Gaze) -> tuple[int, int, int, int]:
    """Return the rows and columns of the panel that can see a box: all of them if it reaches up to the source."""
    panel = gaze.panel
    depth = (corners - gaze.source) @ gaze.axes[2]
    if np.any(depth >= -1.0):
        return 0, panel.rows, 0, panel.columns
    pixels = panel.pixel_of(gaze.project(corners))
    low, high = np.floor(pixels.min(axis=0)) - 1, np.ceil(pixels.max(axis=0)) + 2
    top, left = (int(min(max(value, 0), 1 << 30)) for value in low)
    bottom, right = (
        int(min(max(value, 0), limit)) for value, limit in zip(high, (panel.rows, panel.columns), strict=True)
    )
    return top, bottom, left, right


_PLANES = np.array([[0, 1, 2], [1, 0, 2], [2, 1, 0]], dtype=np.int64)
"""For rays mostly along x, y, z: that axis and the two others, the last with neighbours in memory."""

_BLOCK = 8
"""Rows of the panel that are looked at together."""


def _through_voxels(body: Voxels, pose: Pose, gaze: Gaze) -> Array:
    """Return mm of water, of everything and of what is bone, shape (rows, columns, 2)."""
    from linacsim.physics.kernels.joseph import integrate

    spacing = np.array(body.spacing, dtype=np.float64)
    source, corner, across, along = _rays(pose, gaze)
    slices, rows, columns = body.hu.shape
    bone = hounsfield("bone")
    ways = body.index_of(source), body.index_of(corner), across / spacing, along / spacing
    mostly = _mostly_along(gaze, *ways)
    out = np.zeros((gaze.panel.columns, gaze.panel.rows, 2))
    for neighbours, strides in ((2, (slices, columns * slices, 1)), (0, (1, columns, rows * columns))):
        chosen = np.where(np.isin(mostly, (0, 1) if neighbours == 2 else (2,)), mostly, -1).astype(np.int8)
        if chosen.max() >= 0:
            integrate(
                out, body.attenuating(neighbours).ravel(), np.array([columns, rows, slices], dtype=np.float64),
                np.array(strides, dtype=np.int64), spacing, *ways, _PLANES, chosen,
                1.0 + SOFT / 1000.0, (1000.0 + bone) / (bone - SOFT),
            )  # fmt: skip
    return out.transpose(1, 0, 2)


def _mostly_along(gaze: Gaze, source: Array, corner: Array, across: Array, along: Array) -> NDArray[np.int8]:
    """Return the axis of the voxels that the rays to blocks of the panel's rows follow, shape (columns, blocks)."""
    columns, tops = np.arange(gaze.panel.columns), np.arange(0, gaze.panel.rows, _BLOCK)
    ways = corner - source + columns[:, None, None] * across + tops[:, None] * along
    mostly: NDArray[np.int8] = np.argmax(np.abs(ways), axis=-1).astype(np.int8)
    return mostly
