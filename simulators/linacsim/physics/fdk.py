"""Cone-beam reconstruction by Feldkamp, Davis and Kress, for the circle that a gantry makes.

Line integrals in mm of water come in (`linacsim.physics.projection.water_path`, or what a detector measured of them),
Hounsfield units go out. Short scans are weighted after Parker, a panel that is offset to one side after Wang; source and
panel may be displaced from view to view (flexmap). Known limit: what lies further from the axis than the panel sees is cut.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze
from linacsim.physics.terms import require

Images = NDArray[np.float32]
Window = Literal["RAM-LAK", "HANN", "SHEPP-LOGAN"]
WINDOWS: tuple[Window, ...] = ("RAM-LAK", "HANN", "SHEPP-LOGAN")

_MOST_MISSING = 20.0
"""Degrees: a wider hole between two views is not a scan."""

_AT_ONCE = 16
"""Views that are filtered before they are projected back: they fit into the processor's cache, and little memory is used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """The voxels to reconstruct; head first supine they are CT slices about the isocentre.

    Attributes
    ----------
    columns, rows, slices : int
    pitch : float
        Of columns and rows, mm.
    thickness : float
        Between slices, mm.
    averaged : bool
        Whether a slice is the mean over its thickness, as a CT's is, or what is in its middle.
    centre : tuple of float
        The middle of the volume in patient directions (x to the left, y to the back, z to the head) from the isocentre,
        mm.
    """

    columns: int = 384
    rows: int = 384
    slices: int = 64
    pitch: float = 0.65
    thickness: float = 2.5
    averaged: bool = True
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def __post_init__(self) -> None:
        if min(self.columns, self.rows, self.slices) < 1 or not min(self.pitch, self.thickness) > 0:
            what = f"{self.columns}x{self.rows}x{self.slices} voxels of {self.pitch} and {self.thickness} mm"
            raise InputError(what, "reconstruction", "give at least one voxel each way, and sizes above 0 mm")

    @property
    def axes(self) -> tuple[Array, Array, Array]:
        """Centres of the voxels along x, y, z in mm: shapes (columns,), (rows,), (slices,), all rising."""
        counts, steps = (self.columns, self.rows, self.slices), (self.pitch, self.pitch, self.thickness)
        x, y, z = (
            middle + (np.arange(count, dtype=np.float64) - (count - 1) / 2) * step
            for middle, count, step in zip(self.centre, counts, steps, strict=True)
        )
        return x, y, z


def reconstruct(
    images: Images, gazes: Sequence[Gaze], grid: Grid, *, window: Window = "RAM-LAK",
    progress: Callable[[int, int], None] | None = None,
) -> Images:  # fmt: skip
    """Return Hounsfield units from the views of one scan.

    Parameters
    ----------
    images : numpy.ndarray, shape (views, rows, columns)
        Line integrals in mm of water.
    gazes : sequence of Gaze
        How each view was taken, as far as it is known; angles in any order. A full scan covers 360 degrees, a short one
        at least 180 degrees and the angle of the fan.
    grid : Grid
        The voxels; their z is Yf, their y is -Zf.
    window : str
        How the ramp is apodised: RAM-LAK (not), SHEPP-LOGAN or HANN.
    progress : callable, optional
        Is told how many views of how many are done.

    Returns
    -------
    numpy.ndarray of float32, shape (slices, rows, columns)

    Raises
    ------
    InputError
        If the views are not one scan: too few, too narrow, with a hole, of different panels.
    """
    from linacsim.physics.kernels.backprojection import back_project

    require("reconstruction window", window, WINDOWS)
    order = _checked_order(images, gazes)
    ordered = [gazes[index] for index in order]
    filtering = _Filter(ordered, grid, window)
    x, y, z = grid.axes
    volume = np.zeros((grid.rows, grid.columns, grid.slices), dtype=np.float32)
    views = np.stack(
        [_view(gaze, share, filtering.before) for gaze, share in zip(ordered, _shares(ordered), strict=True)]
    )
    filtered = np.empty((_AT_ONCE, filtering.columns, gazes[0].panel.rows), dtype=np.float32)
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        for start in range(0, len(order), _AT_ONCE):
            now = range(start, min(start + _AT_ONCE, len(order)))
            list(threads.map(lambda at: filtering.into(filtered[at % _AT_ONCE], images[order[at]], at), now))
            back_project(volume, filtered[: len(now)], views[start : now.stop], x, -y, float(z[0]), grid.thickness)
            if progress:
                progress(now.stop, len(order))
    # Per mm of water is 1 where there is water.
    hounsfield = np.ascontiguousarray(volume.transpose(2, 0, 1))
    hounsfield *= np.float32(1000.0)
    hounsfield -= np.float32(1000.0)
    return hounsfield


def fan_angle(gaze: Gaze) -> float:
    """Return half the angle in degrees that every view of a scan sees on either side of the axis."""
    centres = gaze.panel.column_centres
    near = min(-centres[0], centres[-1])
    return float(np.degrees(np.arctan2(max(near, 0.0), gaze.sid)))


def field_of_view(gaze: Gaze) -> float:
    """Return the diameter in mm of what a scan sees whole; with an offset panel that of a full turn."""
    centres = gaze.panel.column_centres
    reach = max(-centres[0], centres[-1]) + gaze.panel.pitch / 2
    return float(2 * gaze.sad * np.sin(np.arctan2(reach, gaze.sid)))


def _checked_order(images: Images, gazes: Sequence[Gaze]) -> NDArray[np.int64]:
    if images.ndim != 3 or len(images) != len(gazes) or len(gazes) < 2:
        what = f"{len(gazes)} gazes and images of shape {images.shape}"
        raise InputError(what, "reconstruction", "give two or more views, and one gaze for each")
    if any(gaze.panel != gazes[0].panel for gaze in gazes) or images.shape[1:] != (
        gazes[0].panel.rows,
        gazes[0].panel.columns,
    ):
        raise InputError("the views are of different panels", "reconstruction", "use one panel for a scan")
    angles = np.array([gaze.angle for gaze in gazes])
    order = np.argsort(_from_widest_gap(angles), kind="stable").astype(np.int64)
    turned = _from_widest_gap(angles)[order]
    if float(np.diff(turned).max()) > _MOST_MISSING:
        what = f"{np.diff(turned).max():.0f} degrees without a view"
        raise InputError(what, "reconstruction", f"leave out at most {_MOST_MISSING:.0f} degrees")
    span, needed = float(turned[-1] - turned[0]), 180.0 + 2 * fan_angle(gazes[0])
    if not _covers_all([gazes[index] for index in order]):
        if _is_offset(gazes[0]):
            what = f"an offset panel on {span:.0f} degrees"
            raise InputError(what, "reconstruction", "turn by 360 degrees, or move the panel to the centre")
        if span + _step(turned) < needed:
            what = f"{span:.0f} degrees are not enough"
            raise InputError(what, "reconstruction", f"turn by {needed:.0f} degrees or more")
    return order


def _from_widest_gap(angles: Array) -> Array:
    """Return the angles from 0 upwards, 0 where the widest gap ends."""
    wrapped = np.sort(np.mod(angles, 360.0))
    gaps = np.diff(np.append(wrapped, wrapped[0] + 360.0))
    first = wrapped[(int(np.argmax(gaps)) + 1) % len(wrapped)]
    turned: Array = np.mod(np.mod(angles, 360.0) - first, 360.0)
    return turned


def _step(turned: Array) -> float:
    return float(np.median(np.diff(turned)))


def _covers_all(ordered: Sequence[Gaze]) -> bool:
    """Tell whether views, in order of their angle, go all the way round."""
    turned = _from_widest_gap(np.array([gaze.angle for gaze in ordered]))
    return bool(360.0 - turned.max() <= max(3.0 * _step(np.sort(turned)), 0.5))


def _shares(ordered: Sequence[Gaze]) -> Array:
    """Return the angle in radians that each view stands for: half the way to its neighbours."""
    turned = _from_widest_gap(np.array([gaze.angle for gaze in ordered]))
    if _covers_all(ordered):
        gaps = np.diff(np.append(turned, turned[0] + 360.0))
        return np.asarray(np.radians((gaps + np.roll(gaps, 1)) / 2))
    gaps = np.diff(turned)
    return np.asarray(np.radians((np.append(gaps, gaps[-1]) + np.insert(gaps, 0, gaps[0])) / 2))


def _is_offset(gaze: Gaze) -> bool:
    return abs(gaze.panel.x) > 2 * gaze.panel.pitch


def _foot(gaze: Gaze) -> tuple[float, float, float]:
    """Return where (0, 0) of the panel is as seen from the source, along Xg and Yg, and the panel's distance."""
    x, y, z = (gaze.panel_origin - gaze.source) @ gaze.axes.T
    return float(x), float(y), float(-z)


def _beyond(gaze: Gaze) -> tuple[int, int]:
    """Return how many columns an offset panel lacks on its left and right to be centred.

    Nothing is measured there, but the ramp's tails reach there and belong to the picture.
    """
    if not _is_offset(gaze):
        return 0, 0
    missing = int(np.ceil(2 * abs(gaze.panel.x) / gaze.panel.pitch))
    return (missing, 0) if gaze.panel.x > 0 else (0, missing)


def _view(gaze: Gaze, share: float, before: int) -> Array:
    x, y, distance = _foot(gaze)
    turn = np.radians(gaze.angle)
    shift, panel = gaze.source_shift, gaze.panel
    left, upper = x + panel.column_centres[0] - before * panel.pitch, y + panel.row_centres[0]
    return np.array([np.sin(turn), np.cos(turn), shift[0], shift[1], gaze.sad + shift[2], left, upper, distance,
                     1.0 / panel.pitch, gaze.sad**2 * share])  # fmt: skip


class _Filter:
    """Weights and filters the views of a scan, given in order of their angle."""

    def __init__(self, ordered: Sequence[Gaze], grid: Grid, window: Window) -> None:
        from scipy.fft import next_fast_len

        first = ordered[0]
        self.ordered, self.full = ordered, _covers_all(ordered)
        self.before, after = _beyond(first) if self.full else (0, 0)
        self.columns = self.before + first.panel.columns + after
        self.length = next_fast_len(2 * self.columns, real=True)
        self.ramp = _ramp(first, self.columns, self.length, window)
        # The thickness of a slice is magnified as it is at the axis of rotation.
        self.averaged = _averaging(grid.thickness * first.sid / first.sad / first.panel.pitch if grid.averaged else 1.0)
        self.turned = _from_widest_gap(np.array([gaze.angle for gaze in ordered]))

    def into(self, out: Images, image: Images, at: int) -> None:
        """Write view `at`, shape (rows, columns), filtered into `out`, shape (columns, rows)."""
        from scipy.fft import irfft, rfft

        gaze = self.ordered[at]
        rows, columns = image.shape
        weighted = np.zeros((rows, self.length), dtype=np.float32)
        measured = weighted[:, self.before : self.before + columns]
        np.multiply(image, _cosine(gaze), out=measured)
        measured *= self._shares_of_columns(gaze, at)
        spectrum = rfft(_rows_averaged(weighted, self.averaged), axis=1, overwrite_x=True)
        spectrum *= self.ramp
        filtered = irfft(spectrum, n=self.length, axis=1, overwrite_x=True)
        # A cache holds few places that are a power of two apart: it is turned over a few rows at a time.
        for row in range(0, rows, 8):
            out[:, row : row + 8] = filtered[row : row + 8, : self.columns].T

    def _shares_of_columns(self, gaze: Gaze, at: int) -> NDArray[np.float32]:
        if not self.full:
            step = _step(self.turned)
            return (2 * _parker(gaze, self.turned[at] + step / 2, float(self.turned[-1] + step))).astype(np.float32)
        if _is_offset(gaze):
            return _wang(gaze).astype(np.float32)
        return np.ones(1, dtype=np.float32)


def _averaging(width: float) -> NDArray[np.float32]:
    """Return the weights of a row and its neighbours, an odd number, for a mean over `width` rows."""
    extra = max(width - 1.0, 0.0)
    whole = int(np.floor(extra / 2))
    weights = np.ones(2 * whole + 3)
    weights[0] = weights[-1] = extra / 2 - whole
    return (weights / weights.sum()).astype(np.float32) if extra else np.ones(1, dtype=np.float32)


def _rows_averaged(image: Images, weights: NDArray[np.float32]) -> Images:
    """Return the weighted mean of each row and its neighbours; the rows at the edges stand for those beyond."""
    if len(weights) == 1:
        return image
    around = np.pad(image, ((len(weights) // 2,) * 2, (0, 0)), mode="edge")
    mean: Images = around[: len(image)] * weights[0]
    for index, weight in enumerate(weights[1:], start=1):
        mean += around[index : index + len(image)] * weight
    return mean


def _cosine(gaze: Gaze) -> Images:
    """Return the cosine of the angle between each ray and the axis, shape (rows, columns)."""
    x, y, distance = _foot(gaze)
    across = np.square(x + gaze.panel.column_centres).astype(np.float32)
    along = (np.square(y + gaze.panel.row_centres) + distance**2).astype(np.float32)
    return np.asarray(np.float32(distance) / np.sqrt(across + along[:, None]))


def _ramp(gaze: Gaze, columns: int, length: int, window: Window) -> NDArray[np.float32]:
    """Return the ramp's spectrum for a pitch scaled to the axis of rotation, halved: a full turn sees every ray twice.

    It is made in space, where it is limited to the panel's band, so that the mean stays right.
    """
    pitch = gaze.panel.pitch * gaze.sad / gaze.sid
    at = np.minimum(np.arange(length), length - np.arange(length))
    kernel = np.zeros(length)
    kernel[0] = 0.25 / pitch**2
    odd = at % 2 == 1
    kernel[odd] = -1.0 / (np.pi * at[odd] * pitch) ** 2
    kernel[at > columns] = 0.0
    spectrum = np.fft.rfft(kernel).real * pitch / 2
    part = np.arange(len(spectrum)) / length  # of the sampling frequency, 0 to 0.5
    if window == "HANN":
        spectrum *= 0.5 + 0.5 * np.cos(2 * np.pi * part)
    elif window == "SHEPP-LOGAN":
        spectrum *= np.sinc(part)
    return spectrum.astype(np.float32)


def _parker(gaze: Gaze, turned: float, span: float) -> Array:
    """Return the share of each column, shape (columns,), in a scan of `span` degrees that has turned by `turned`.

    The ray at angle a of the fan comes back, from the other side, when the gantry has turned by 180 degrees - 2 a. The two
    shares add up to 1 and end smoothly at both ends of the scan (Parker 1982).
    """
    angle = np.arctan2(gaze.panel.column_centres + _foot(gaze)[0], gaze.sid)
    over = (np.radians(span) - np.pi) / 2
    beta = np.radians(turned)
    angle = np.clip(angle, -over * 0.9999, over * 0.9999)
    weight = np.ones_like(angle)
    opening = beta < 2 * (over + angle)
    closing = beta > np.pi + 2 * angle
    weight[opening] = np.sin(np.pi / 4 * beta / (over + angle[opening])) ** 2
    left = np.pi + 2 * over - beta
    weight[closing] = np.sin(np.pi / 4 * left / (over - angle[closing])) ** 2
    return np.asarray(weight)


def _wang(gaze: Gaze) -> Array:
    """Return the share of each column, shape (columns,), of a panel that is offset to one side (Wang 2002).

    Rays that the opposite view sees too share smoothly; those only one view sees count twice.
    """
    x = gaze.panel.column_centres + _foot(gaze)[0]
    side = 1.0 if gaze.panel.x > 0 else -1.0
    x = x * side
    overlap = -float(x.min())
    if overlap <= gaze.panel.pitch:
        what = f"a panel offset by {gaze.panel.x:g} mm does not see the axis of rotation"
        raise InputError(what, "reconstruction", "offset it by less than half its width")
    angle = np.clip(np.arctan(x / gaze.sid) / np.arctan(overlap / gaze.sid), -1.0, 1.0)
    return np.asarray(1.0 + np.sin(np.pi / 2 * angle))
