"""Markers: found in pictures and volumes, and matched with where the plan has them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze, Panel, Pose, couch_of, meeting_point
from linacsim.physics.registration.planar import Match

MOST_MARKERS = 6
"""How many can be told apart by trying."""

_MISS = 1.5
"""mm: rays that pass each other further away have not seen the same marker."""


def find_in_image(image: Array, panel: Panel, count: int, size: float = 4.0) -> Array:
    """Return where the strongest small dense things are, (x, y) on the panel in mm, shape (count, 2), strongest first.

    Parameters
    ----------
    image : numpy.ndarray, shape (rows, columns)
        Line integrals in mm of water.
    panel : Panel
        Its pixels.
    count : int
        How many to return.
    size : float
        How large they are on the panel, mm.

    Raises
    ------
    InputError
        If fewer are there.
    """
    found = find_at_most(image, panel, count, size)
    if len(found) < count:
        raise InputError(
            f"{len(found)} markers in the picture", "marker match", f"there must be {count}; open the field"
        )
    return found


def find_at_most(image: Array, panel: Panel, count: int, size: float = 4.0) -> Array:
    """Return the same as `find_in_image`, shape (up to count, 2): fewer if fewer are there."""
    from scipy.ndimage import gaussian_filter, maximum_filter

    width = size / panel.pitch / 2.5
    detail = gaussian_filter(image, 0.6 * width) - gaussian_filter(image, 2.0 * width)
    near = max(round(1.5 * size / panel.pitch), 1)
    round_ones = _roundness(image, 0.8 * width)
    peaks = np.argwhere((round_ones == maximum_filter(round_ones, 2 * near + 1)) & (round_ones > 0) & (detail > 0))
    inside = np.all((peaks >= near) & (peaks < np.array(image.shape) - near), axis=1)
    peaks = peaks[inside]
    strongest = peaks[np.argsort(-round_ones[tuple(peaks.T)], kind="stable")[:count]]
    return panel.position_of(np.array([_centre(detail, row, column, near) for row, column in strongest]).reshape(-1, 2))


def _roundness(image: Array, width: float) -> Array:
    """Return by how much a picture bends down in the direction in which it does so least: edges and ribs do not."""
    from scipy.ndimage import gaussian_filter

    down, across, both = (gaussian_filter(image, width, order=order) for order in ((2, 0), (0, 2), (1, 1)))
    least = (down + across) / 2 + np.sqrt(np.square((down - across) / 2) + np.square(both))
    return np.asarray(np.maximum(-least, 0.0))


def _centre(detail: Array, row: int, column: int, near: int) -> tuple[float, float]:
    """Return the middle of a peak, weighted, to a part of a pixel."""
    part = detail[row - near : row + near + 1, column - near : column + near + 1]
    weight = np.maximum(part - 0.3 * part.max(), 0.0)
    rows, columns = np.indices(part.shape)
    total = weight.sum()
    return row - near + float((weight * rows).sum() / total), column - near + float((weight * columns).sum() / total)


def find_in_volume(
    hu: NDArray[np.float32], axes: tuple[Array, Array, Array], count: int, threshold: float = 2000.0
) -> Array:
    """Return the centres of the heaviest dense things in a volume, mm, shape (count, 3).

    Parameters
    ----------
    hu : numpy.ndarray, shape (slices, rows, columns)
        Hounsfield units.
    axes : tuple of numpy.ndarray
        Centres of the voxels along x, y and z in mm.
    count : int
        How many to return, heaviest first.
    threshold : float
        Hounsfield units above which something is a marker.

    Raises
    ------
    InputError
        If fewer are there.
    """
    from scipy.ndimage import center_of_mass, label, sum_labels

    dense = hu > threshold
    labels, found = label(dense, structure=np.ones((3, 3, 3)))
    if found < count:
        what = f"{found} things above {threshold:g} HU"
        raise InputError(what, "marker match", f"there must be {count}; lower the threshold")
    index = np.arange(1, found + 1)
    weights = np.where(dense, hu - threshold / 2, 0.0)
    heaviest = index[np.argsort(-np.asarray(sum_labels(weights, labels, index)), kind="stable")[:count]]
    centres = np.array(center_of_mass(weights, labels, heaviest))
    return np.stack([np.interp(centres[:, 2 - k], np.arange(len(axis)), axis) for k, axis in enumerate(axes)], axis=1)


def fit_rigid(planned: Array, found: Array) -> tuple[Pose, float]:
    """Return the rigid motion from `planned` to `found`, shapes (n, 3), and the root mean square of what is left in mm.

    With fewer than three points, or all on a line, the rotation stays what it can be told to be (Kabsch 1976).
    """
    middle, there = planned.mean(axis=0), found.mean(axis=0)
    u, s, vt = np.linalg.svd((planned - middle).T @ (found - there))
    if s[1] <= 1e-6 * max(s[0], 1e-12):
        rotation = np.eye(3)
    else:
        turn = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ vt))])
        rotation = vt.T @ turn @ u.T
    pose = Pose(rotation, there - rotation @ middle)
    return pose, float(np.sqrt(np.mean(np.square(pose(planned) - found).sum(axis=1))))


def match_points(planned: Array, candidates: Array, *, most_turned: float = 180.0) -> tuple[Match, tuple[int, ...]]:
    """Return the displacement that takes every planned point, shape (n, 3), fixed system, to one of the candidates.

    Parameters
    ----------
    planned, candidates : numpy.ndarray, shapes (n, 3) and (m, 3)
    most_turned : float
        Degrees that it may turn by.

    Returns
    -------
    Match
    tuple of int
        Which candidate belongs to each planned point.

    Raises
    ------
    InputError
        If there are no points, fewer candidates than points, or more points than can be told apart.
    """
    if not 1 <= len(planned) <= MOST_MARKERS or len(candidates) < len(planned):
        what = f"{len(planned)} planned markers and {len(candidates)} found"
        raise InputError(what, "marker match", f"give 1 to {MOST_MARKERS} markers, all of them in the picture")
    best: tuple[float, Pose, tuple[int, ...]] | None = None
    for chosen in _alike(planned, candidates):
        pose, left = fit_rigid(planned, candidates[list(chosen)])
        if pose.angle > most_turned:
            continue
        # Of two that fit alike, the one that turns and moves less.
        rank = left + 0.01 * float(np.linalg.norm(pose.shift)) + 0.02 * pose.angle
        if best is None or rank < best[0]:
            best = rank, pose, chosen
    if best is None:
        raise InputError("what was found is not the planned markers", "marker match", "look at the pictures")
    pose, chosen = best[1], best[2]
    residual = fit_rigid(planned, candidates[list(chosen)])[1]
    return Match(couch=couch_of(pose), residual=residual), chosen


def _alike(planned: Array, candidates: Array, tolerance: float = 3.0) -> Iterator[tuple[int, ...]]:
    """Yield choices of candidates that are as far from each other as the planned points are, to within `tolerance` mm."""
    wanted = np.linalg.norm(planned[:, None] - planned, axis=2)
    there = np.linalg.norm(candidates[:, None] - candidates, axis=2)

    def grown(chosen: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
        at = len(chosen)
        if at == len(planned):
            yield chosen
            return
        for next_one in range(len(candidates)):
            if next_one not in chosen and all(
                abs(there[next_one, one] - wanted[at, index]) <= tolerance for index, one in enumerate(chosen)
            ):
                yield from grown((*chosen, next_one))

    yield from grown(())


def match_markers(gazes: Sequence[Gaze], found: Sequence[Array], planned: Array) -> Match:
    """Return the patient's displacement from markers seen in two or more pictures.

    Parameters
    ----------
    gazes : sequence of Gaze
    found : sequence of numpy.ndarray, each shape (m, 2)
        (x, y) on each panel in mm, in any order (`find_in_image`).
    planned : numpy.ndarray, shape (n, 3)
        Where they should be in the fixed system, mm.

    Raises
    ------
    InputError
        If the pictures do not show the markers, or are of one direction.
    """
    if len(gazes) < 2 or len(gazes) != len(found):
        raise InputError(f"{len(gazes)} gazes and {len(found)} pictures", "marker match", "give two or more of each")
    points = []
    for choice in product(*(range(len(one)) for one in found)):
        point, miss = meeting_point(list(gazes), [one[index] for one, index in zip(found, choice, strict=True)])
        if miss < _MISS:
            points.append(point)
    candidates = np.array(points).reshape(-1, 3)
    match, _ = match_points(planned, candidates)
    return match
