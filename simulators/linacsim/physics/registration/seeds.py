"""Markers measured to a hundredth of a pixel: a shadow fitted to each, on the background that it lies on.

A shadow is an ellipse that is as thick as an ellipsoid is: that of a ball exactly, that of a seed well enough, as both are
the same from their middle either way. The background is a smooth surface over the few pixels around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze, Panel, Pose, turned_about_x, turned_about_y, turned_about_z

_BLUR = 0.3
"""mm at the panel: picture and shadow are both blurred by this, so that the shadow's edge has a slope."""
_ROUNDS = 15
_ENOUGH = 1e-3
"""Pixels."""
_AROUND = 0.95
"""Sizes of a marker to either side that the background is told by: further out is other anatomy."""
_STEP = np.array([0.05, 0.05, 0.02, 0.02, 0.02])


@dataclass(frozen=True, slots=True)
class Shadow:
    """A marker in a picture.

    Attributes
    ----------
    pixel : tuple of float
        Row and column of its middle.
    depth : float
        How much more is in the beam in its middle, mm of water.
    noise : float
        What the fit leaves, mm of water.
    """

    pixel: tuple[float, float]
    depth: float
    noise: float

    @property
    def is_clear(self) -> bool:
        """Whether it stands out of what the fit leaves."""
        return self.depth > 3.0 * self.noise


def measure(image: Array, panel: Panel, at: tuple[float, float], size: float, others: Array | None = None) -> Shadow:
    """Return where a marker is, from near where it is.

    Parameters
    ----------
    image : numpy.ndarray, shape (rows, columns)
        Line integrals in mm of water.
    panel : Panel
        Its pixels.
    at : tuple of float
        Row and column, to within half its size.
    size : float
        About how wide it is on the panel, mm.
    others : numpy.ndarray, shape (n, 2), optional
        Rows and columns of other markers: what is near them does not count.

    Raises
    ------
    InputError
        If it is not wholly in the picture, or there is nothing there.
    """
    reach = max(round(_AROUND * size / panel.pitch), 4)
    row, column = round(at[0]), round(at[1])
    if not (reach <= row < panel.rows - reach and reach <= column < panel.columns - reach):
        what = f"a marker at row {at[0]:.0f}, column {at[1]:.0f} of {panel.rows} x {panel.columns} pixels"
        raise InputError(what, "marker match", "it has to lie in the picture, and what is around it; open the field")
    part = np.asarray(image[row - reach : row + reach + 1, column - reach : column + reach + 1], dtype=np.float64)
    return _fitted(part, (row - reach, column - reach), at, size / panel.pitch / 2, others, _BLUR / panel.pitch)


def _fitted(
    part: Array, corner: tuple[int, int], at: tuple[float, float], radius: float, others: Array | None, blur: float
) -> Shadow:
    from scipy.ndimage import gaussian_filter

    rows, columns = np.indices(part.shape, dtype=np.float64)
    middle = (part.shape[0] - 1) / 2
    count = (np.hypot(rows - middle, columns - middle) <= middle + 0.5).astype(np.float64)
    for other in others if others is not None else ():
        count *= np.hypot(rows + corner[0] - other[0], columns + corner[1] - other[1]) > 1.3 * radius
    seen = gaussian_filter(part, blur, mode="nearest")
    y, x = (rows - middle) / middle, (columns - middle) / middle
    ground = [np.ones_like(x), x, y, x * x, x * y, y * y]

    def shadow(state: Array) -> Array:
        """Return the shadow of depth 1: middle, two radii in pixels as factors, and how it is slanted."""
        dy, dx = rows - state[0], columns - state[1]
        a, b = radius * np.exp(state[2] + state[3]), radius * np.exp(state[2] - state[3])
        inside = 1.0 - np.square(dx / a) - np.square(dy / b) - state[4] * 2.0 * dx * dy / (a * b)
        return np.asarray(gaussian_filter(np.sqrt(np.maximum(inside, 0.0)), blur, mode="nearest"))

    state = np.array([at[0] - corner[0], at[1] - corner[1], 0.0, 0.0, 0.0])
    depth, noise = 0.0, 1.0
    for _ in range(_ROUNDS):
        now = shadow(state)
        basis = np.stack([now, *ground]).reshape(7, -1)
        weight = count.ravel()
        fit = np.linalg.lstsq((basis * weight).T, seen.ravel() * weight, rcond=None)[0]
        error = (seen.ravel() - fit @ basis) * weight
        depth, noise = float(fit[0]), float(np.sqrt(np.mean(error[weight > 0] ** 2)))
        changes = np.stack([(shadow(state + step) - now).ravel() / step.sum() for step in np.diag(_STEP)])
        full = np.vstack([fit[0] * changes, basis]) * weight
        change = np.linalg.lstsq(full.T, error, rcond=None)[0][:5]
        change = np.clip(change, [-radius, -radius, -0.3, -0.3, -0.3], [radius, radius, 0.3, 0.3, 0.3])
        state = state + change
        if np.abs(change[:2]).max() < _ENOUGH:
            break
    state[2:] = np.clip(state[2:], -1.0, 1.0)
    if np.hypot(state[0] + corner[0] - at[0], state[1] + corner[1] - at[1]) > 3.0 * radius or depth <= 0:
        what = f"no marker near row {at[0]:.0f}, column {at[1]:.0f}"
        raise InputError(what, "marker match", "look at the picture: it is hidden, or has moved")
    return Shadow((float(state[0]) + corner[0], float(state[1]) + corner[1]), depth, noise)


def fit_shadows(gazes: Sequence[Gaze], pixels: Sequence[Array], planned: Array, start: Pose, *, turns: bool) -> Pose:
    """Return the displacement that brings planned markers nearest to where they are seen.

    Parameters
    ----------
    gazes : sequence of Gaze
        Two or more.
    pixels : sequence of numpy.ndarray, each shape (n, 2)
        Row and column of each marker in each picture.
    planned : numpy.ndarray, shape (n, 3)
        Where they should be in the fixed system, mm.
    start : Pose
        About where they are: a displacement in the fixed system.
    turns : bool
        Whether it may turn: three markers or more tell.
    """
    pose, middle = start, planned.mean(axis=0)
    for _ in range(_ROUNDS):
        left = _misses(gazes, pixels, pose(planned)).ravel()
        count = 6 if turns else 3
        changes = np.stack([_misses(gazes, pixels, _nudged(pose, middle, unit)(planned)).ravel() - left
                            for unit in np.eye(6)[:count]], axis=1)  # fmt: skip
        change = np.zeros(6)
        change[:count] = np.linalg.lstsq(changes, -left, rcond=1e-9)[0]
        pose = _nudged(pose, middle, change)
        if np.abs(change).max() < 1e-4:
            break
    return pose


def misses(gazes: Sequence[Gaze], pixels: Sequence[Array], points: Array) -> Array:
    """Return by how many mm at the isocentre each point is seen elsewhere, shape (gazes, n)."""
    return np.asarray(np.linalg.norm(_misses(gazes, pixels, points), axis=-1))


def _misses(gazes: Sequence[Gaze], pixels: Sequence[Array], points: Array) -> Array:
    return np.stack([
        (gaze.project(points) - gaze.panel.position_of(seen)) * (gaze.sad / gaze.sid)
        for gaze, seen in zip(gazes, pixels, strict=True)
    ])  # fmt: skip


def _nudged(pose: Pose, middle: Array, by: Array) -> Pose:
    """Return a pose with a small shift (mm) and a small turn (degrees) about the middle of the planned points."""
    turn = turned_about_z(by[5]) @ turned_about_y(by[4]) @ turned_about_x(by[3])
    there = pose(middle)
    return Pose(turn, there - turn @ there + by[:3]).after(pose)
