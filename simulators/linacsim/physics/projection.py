"""Radiographs without a beam: how much of what is between the source and each pixel.

Everything is measured in millimetres of water at the reference energy, for each substance on its own: a solid of H
Hounsfield units counts (H + 1000) / 1000 of its length. So the sum over the substances is the line integral of a beam of
one energy in units of water's attenuation, and a beam of many energies weighs each substance by its own curve
(`linacsim.physics.spectrum`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze, Pose, Vector
from linacsim.physics.solids import KINDS, Body


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
        return _through_voxels(body, pose, gaze)
    weights = np.array([[(one.hu - body.hu_of(one.parent)) / 1000.0] for one in body.solids])
    return _through_solids(body, pose, gaze, weights)[..., 0]


def substances_of(body: Body) -> tuple[str, ...]:
    """Return the substances of a body in the order of `water_paths`, each once."""
    return tuple(dict.fromkeys(one.substance for one in body.solids))


def water_paths(body: Body, pose: Pose, gaze: Gaze) -> Array:
    """Return the mm of water for each substance apart, shape (rows, columns, substances).

    The order is that of `substances_of`; the sum over them is `water_path`.
    """
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


def _through_voxels(body: Voxels, pose: Pose, gaze: Gaze) -> Array:
    from linacsim.physics.kernels.joseph import integrate

    spacing = np.array(body.spacing, dtype=np.float64)
    source, corner, across, along = _rays(pose, gaze)
    slices, rows, columns = body.hu.shape
    out = np.empty((gaze.panel.rows, gaze.panel.columns))
    integrate(
        out,
        (np.maximum(body.hu, -1000.0) * np.float32(0.001) + np.float32(1.0)).astype(np.float32).ravel(),
        np.array([columns, rows, slices], dtype=np.float64),
        np.array([1, columns, columns * rows], dtype=np.float64),
        spacing,
        body.index_of(source),
        body.index_of(corner),
        across / spacing,
        along / spacing,
    )
    return out
