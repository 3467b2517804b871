"""A cone-beam CT against the planning CT, six degrees of freedom: Gauss and Newton, from coarse to fine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import (
    Array,
    PatientPosition,
    Pose,
    couch_of,
    patient_pose,
    turned_about_x,
    turned_about_y,
    turned_about_z,
)
from linacsim.physics.projection import Voxels
from linacsim.physics.registration.planar import Match

_LEVELS = ((6.0, 6.0), (3.0, 3.0), (2.0, 1.5))
"""Distance between samples and blur of the volumes, mm."""
_ROUNDS = 25
_ENOUGH = 2e-3
_FEWEST = 500
"""Samples without which there is nothing to match."""
_MOST = 60_000
"""Samples above which more add time and not accuracy."""
_GOLDEN = 0.6180339887498949
_AIR = -700.0


def match_volumes(
    found: Voxels, planned: Voxels, *, radius: float | None = None, position: PatientPosition = "HFS",
    start: Pose | None = None,
) -> Match:  # fmt: skip
    """Return the patient's displacement between two volumes.

    Parameters
    ----------
    found : Voxels
        The cone-beam CT: in patient directions about the machine's isocentre.
    planned : Voxels
        The planning CT in the same directions about the plan's isocentre.
    radius : float, optional
        Only what is nearer to the isocentre's axis counts, mm: the field of view.
    position : str
        How the patient lies: HFS, HFP, FFS or FFP.
    start : Pose, optional
        Where to begin: a displacement in the fixed system; by default none.

    Returns
    -------
    Match
        The displacement about the isocentre, as of a couch that carries the patient.

    Raises
    ------
    InputError
        If the volumes do not overlap, or there is nothing in them.
    """
    lying = patient_pose(position=position)
    pose, residual, rounds = lying.inverse.after((start or Pose()).after(lying)), 1.0, 0
    for step, blur in _LEVELS:
        points, values = _samples(planned, step, blur, radius)
        volume, slopes = _prepared(found, blur)
        for _ in range(_ROUNDS):
            rounds += 1
            change, residual = _improved(points, values, found, volume, slopes, pose)
            pose = change.after(pose)
            if np.linalg.norm(change.shift) + 0.5 * change.angle < _ENOUGH:
                break
    return Match(couch=couch_of(lying.after(pose).after(lying.inverse)), residual=residual, rounds=rounds)


def _blurred(volume: Voxels, blur: float) -> NDArray[np.float32]:
    from scipy.ndimage import gaussian_filter

    width = [blur / step for step in volume.spacing[::-1]]
    return np.asarray(gaussian_filter(np.clip(volume.hu, -1000.0, 2000.0), width, mode="nearest"), dtype=np.float32)


def _samples(planned: Voxels, step: float, blur: float, radius: float | None) -> tuple[Array, Array]:
    """Return points in the patient, shape (n, 3), and the Hounsfield units there, shape (n,)."""
    x, y, z = planned.axes
    grid = np.meshgrid(*(np.arange(axis[0], axis[-1], step) for axis in (x, y, z)), indexing="ij")
    points = np.stack([one.ravel() for one in grid], axis=1)
    values = _interpolated(_blurred(planned, blur), planned, points)
    keep = values > _AIR
    if radius is not None:
        keep &= np.hypot(points[:, 0], points[:, 1]) < radius
    if keep.sum() < _FEWEST:
        raise InputError(
            "there is nothing in the planning CT", "3D match", "give a CT with the patient at the isocentre"
        )
    points, values = points[keep], values[keep]
    # Spread evenly, and not in step with rows and slices.
    spread = np.arange(len(points)) * _GOLDEN % 1.0 < _MOST / len(points)
    return points[spread], values[spread]


def _prepared(found: Voxels, blur: float) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Return the blurred volume and its slopes along x, y and z per mm."""
    volume = _blurred(found, blur)
    slopes = [
        np.asarray(np.gradient(volume, found.spacing[axis], axis=2 - axis), dtype=np.float32) for axis in range(3)
    ]
    return volume, slopes


def _interpolated(volume: NDArray[np.float32], of: Voxels, points: Array) -> Array:
    from scipy.ndimage import map_coordinates

    return np.asarray(
        map_coordinates(volume, of.index_of(points)[:, ::-1].T, order=1, mode="nearest"), dtype=np.float64
    )


def _improved(
    points: Array,
    values: Array,
    found: Voxels,
    volume: NDArray[np.float32],
    slopes: list[NDArray[np.float32]],
    pose: Pose,
) -> tuple[Pose, float]:
    """Return a small motion that brings the found volume nearer to the planned one, and what is left before it."""
    at = pose(points)
    index = found.index_of(at)
    limits = np.array(found.hu.shape[::-1]) - 1.0
    inside = np.all((index >= 0) & (index <= limits), axis=1)
    if inside.sum() < _FEWEST:
        raise InputError("the volumes do not overlap", "3D match", "give volumes about the same isocentre")
    at, wanted = at[inside], values[inside]
    seen = _interpolated(volume, found, at)
    slope = np.stack([_interpolated(one, found, at) for one in slopes], axis=1)
    # Hounsfield units of a cone-beam CT are not quite those of a CT: contrast and level are fitted along.
    free = np.stack([wanted, np.ones_like(wanted)], axis=1)
    fit = np.linalg.lstsq(free, seen, rcond=None)[0]
    error = free @ fit - seen
    jacobian = np.hstack([slope, np.cross(at, slope)])
    spread = 1.5 * float(np.median(np.abs(error))) + 1.0
    weight = np.minimum(1.0, spread / np.maximum(np.abs(error), 1e-9))
    normal = (jacobian * weight[:, None]).T @ jacobian
    if not np.trace(normal) > 0:
        raise InputError("there is nothing in the cone-beam CT", "3D match", "scan the patient")
    normal += 1e-6 * np.trace(normal) / 6 * np.eye(6)
    change: Array = np.linalg.solve(normal, (jacobian * weight[:, None]).T @ error).astype(np.float64)
    turn = np.degrees(change[3:])
    rotation = turned_about_z(turn[2]) @ turned_about_y(turn[1]) @ turned_about_x(turn[0])
    left = float(np.sqrt(np.mean(error**2)) / max(float(wanted.std()), 1e-9))
    return Pose(rotation, change[:3]), left
