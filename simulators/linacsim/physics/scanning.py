"""Cone-beam scans: every frame goes the whole way of a picture, then they are put together to voxels.

What does not change from view to view is prepared once (`_Views`). Scatter and glare are computed on coarse pixels, as they
are smooth; that is what `linacsim.physics.scatter` does with single pictures too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from linacsim.physics.bowtie import bow_tie
from linacsim.physics.detector import Detector, Lag, corrected, read_out, spread
from linacsim.physics.fdk import Grid, reconstruct
from linacsim.physics.geometry import Array, Gaze, Panel, PatientPosition, Pose, kv_gaze, patient_pose
from linacsim.physics.presets import SID, CbctPreset, check_grid, relative_exposure
from linacsim.physics.projection import Voxels
from linacsim.physics.scatter import Scatter
from linacsim.physics.solids import Body
from linacsim.physics.told import rounded, told

if TYPE_CHECKING:
    from linacsim.physics.room import Room

_COLUMNS = {"draft": 128, "fast": 256, "full": 512}
"""Columns of the panel as a scan of each detail is computed on."""

_VIEWS = {"draft": 120, "fast": 360}
"""Up to so many views are computed of a scan of each detail; with more, neighbouring frames are put together."""

_COARSE, _GLARE = 12.0, 4.0
"""mm on the panel: scatter and glare are computed on pixels of about this size."""

_SCAN = 5
"""The purpose in a key of chance; `linacsim.physics.room` has those before it."""

_LEAST = 1e-5
"""Of the open field: what is left where a pixel says nothing or less."""

_ROUNDS = 2
"""In which scatter is made from the primary beam, and that from the scatter, in each view."""

_LEAST_PRIMARY = 0.1
"""Of what was measured: more than the rest is never taken for scatter."""

_FLIPPED = {"HFS": (1, 1, 1), "HFP": (-1, -1, 1), "FFS": (-1, 1, -1), "FFP": (1, -1, -1)}
"""Whether patient directions x, y, z are those of somebody who lies head first supine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acquisition:
    """What is scanned and how.

    Attributes
    ----------
    room : Room
    preset : CbctPreset
    grid : Grid
        In patient directions.
    key : int
        The ordinal of the acquisition.
    position : str
        Patient Position.
    body_at, pose_at : callable
        What and where the body is so many seconds after the first frame.
    moves : bool
        Whether the pose changes.
    """

    room: Room
    preset: CbctPreset
    grid: Grid
    key: int
    position: PatientPosition
    body_at: Callable[[float], Body | Voxels]
    pose_at: Callable[[float], Pose]
    moves: bool


def scanned(
    acquisition: Acquisition, progress: Callable[[int, int], None] | None = None
) -> tuple[NDArray[np.float32], dict[str, Any]]:
    """Return the Hounsfield units of a scan, shape (slices, rows, columns), and its ground truth, ready for JSON."""
    views = _Views(acquisition)
    images = np.empty((views.count, views.panel.rows, views.panel.columns), dtype=np.float32)
    lag = Lag() if views.chain.detector.lag else None
    for index in range(views.count):
        images[index] = views.taken(index, lag)
        if progress:
            progress(index + 1, views.count)
    volume = np.rint(reconstruct(images, views.known, views.upright, window=acquisition.preset.window))
    turned = volume[tuple(slice(None, None, sign) for sign in reversed(_FLIPPED[acquisition.position]))]
    return np.ascontiguousarray(turned, dtype=np.float32), views.truth()


class _Smooth:
    """Scatter and glare on coarse pixels of about `size` mm, and the way from fine pixels to them and back."""

    def __init__(self, panel: Panel, size: float) -> None:
        self.by = max(round(size / panel.pitch), 1)
        self.pitch = panel.pitch * self.by
        self._added: Array | None = None
        self.rows, self.columns = (_between_coarse(count, self.by) for count in (panel.rows, panel.columns))

    def coarse(self, image: Array) -> Array:
        """Return the means of squares of pixels; at the edges of what is left of them."""
        starts = [np.arange(0, count, self.by) for count in image.shape]
        sums = np.add.reduceat(np.add.reduceat(image, starts[0], axis=0), starts[1], axis=1)
        rows, columns = (np.diff(np.append(at, count)) for at, count in zip(starts, image.shape, strict=True))
        return np.asarray(sums / (rows[:, None] * columns))

    def fine(self, image: Array) -> Array:
        """Return coarse pixels interpolated to fine ones."""
        image = np.pad(image, ((0, 1), (0, 1)), mode="edge")
        (row, down), (column, right) = self.rows, self.columns
        between = image[row] + (image[row + 1] - image[row]) * down[:, None]
        return np.asarray(between[:, column] + (between[:, column + 1] - between[:, column]) * right)

    def reaching(self, scatter: Scatter, primary: Array) -> Array:
        """Return what `scatter` adds to a primary beam."""
        return self.fine(scatter.reaching(self.coarse(primary), self.pitch))

    def glared(self, beam: Array, part: float, width: float) -> Array:
        """Return a beam of whose light a part has spread (`linacsim.physics.detector.spread`)."""
        return np.asarray((1.0 - part) * beam + part * self.fine(spread(self.coarse(beam), self.pitch, width)))

    def removed(self, scatter: Scatter, measured: Array) -> Array:
        """Return a measured beam without what `scatter` must have added.

        The scatter of the view before is where the search begins, as it changes little from view to view.
        """
        coarse = self.coarse(measured)
        if self._added is None:
            self._added = scatter.reaching(scatter.removed(coarse, self.pitch), self.pitch)
        for _ in range(_ROUNDS):
            self._added = scatter.reaching(np.maximum(coarse - self._added, _LEAST_PRIMARY * coarse), self.pitch)
        return np.maximum(measured - self.fine(self._added), _LEAST_PRIMARY * measured)


def _between_coarse(count: int, by: int) -> tuple[NDArray[np.int64], Array]:
    """Return for `count` fine pixels the coarse one before each and how far it is on the way to the next."""
    coarse = -(-count // by)
    at = np.clip((np.arange(count) + 0.5) / by - 0.5, 0, coarse - 1)
    before = np.minimum(at.astype(np.int64), max(coarse - 2, 0))
    return before, at - before


class _Views:
    """The views of one scan, and what is the same for all of them."""

    def __init__(self, acquisition: Acquisition) -> None:
        self.of, room, preset = acquisition, acquisition.room, acquisition.preset
        whole = room.detectors["kV"]
        check_grid(acquisition.grid, preset, whole.panel)
        self.binned = max(whole.panel.columns // _COLUMNS[room.detail], 1)
        self.merged = -(-preset.projections // _VIEWS.get(room.detail, preset.projections))
        self.count = -(-preset.projections // self.merged)
        self.detector = self._detector(whole)
        self.panel = self.detector.panel
        self.exposure = relative_exposure(preset.kvp, preset.mas / self.count)
        self.chain = room.chain("kV", self.detector, preset.kvp, self.exposure)
        nominal = [kv_gaze(angle, self.panel, SID) for angle in self.angles]
        self.gazes = [room.gazes("kV", one) for one in nominal]
        self.field = bow_tie(nominal[0]) if preset.bow_tie else np.ones((self.panel.rows, self.panel.columns))
        self.smooth, self.light = _Smooth(self.panel, _COARSE), _Smooth(self.panel, _GLARE)

    def _detector(self, whole: Detector) -> Detector:
        """Return the panel as it is read out: offset, pixels put together, and lag in units of the views' time.

        Pixels and frames that are put together each bring the noise of their electronics; the gain makes counts of it.
        """
        lag = tuple((part, frames / self.merged) for part, frames in whole.lag)
        noise = whole.electronic_noise * np.sqrt(self.merged) / self.binned
        return replace(
            whole.binned(self.binned).shifted(x=self.of.preset.offset), lag=lag, electronic_noise=float(noise)
        )

    @property
    def angles(self) -> list[float]:
        """The gantry angle of each view in degrees."""
        preset = self.of.preset
        return [(preset.start + preset.arc * index / self.count) % 360.0 for index in range(self.count)]

    @property
    def known(self) -> list[Gaze]:
        """How the machine believes each view was taken."""
        return [known for _, known in self.gazes]

    @cached_property
    def upright(self) -> Grid:
        """The voxels in the directions of somebody who lies head first supine."""
        x, y, z = (sign * at for sign, at in zip(_FLIPPED[self.of.position], self.of.grid.centre, strict=True))
        return replace(self.of.grid, centre=(x, y, z))

    def seconds(self, index: int) -> float:
        """Return when a view was taken, after the first frame."""
        return index * self.of.preset.seconds / self.count

    def taken(self, index: int, lag: Lag | None) -> NDArray[np.float32]:
        """Return mm of water of one view, shape (rows, columns); views are taken one after the other."""
        of, chain, seconds = self.of, self.chain, self.seconds(index)
        primary = chain.primary(of.body_at(seconds), of.pose_at(seconds), self.gazes[index][0])
        if chain.scatter:
            primary = primary + self.smooth.reaching(chain.scatter, primary)
        rng, detector = of.room.rng(0, _SCAN, of.key, index), chain.detector
        lit = self.light.glared(primary * self.field, detector.glare, detector.glare_width)
        counts = read_out(lit, replace(detector, glare=0.0), chain.maps, rng, lag=lag)
        signal = np.maximum(corrected(counts, chain.calibration) / self.field, _LEAST)
        if chain.known_scatter:
            signal = self.smooth.removed(chain.known_scatter, signal)
        return chain.beam.water_equivalent(signal).astype(np.float32)

    def truth(self) -> dict[str, Any]:
        """Return the ground truth of the scan, ready for JSON."""
        of, room = self.of, self.of.room
        poses = [of.pose_at(self.seconds(index)) for index in range(self.count if of.moves else 1)]
        return {
            "kind": "scan",
            "axis": "kV",
            "preset": {**told(of.preset), "mas": of.preset.mas, "seconds": of.preset.seconds},
            "grid": told(of.grid),
            "position": of.position,
            "detail": room.detail,
            "views": self.count,
            "frames_per_view": self.merged,
            "relative_exposure": round(self.exposure, 6),
            "panel": told(self.panel),
            "effects": told(room.effects),
            "gantry": [round(angle, 6) for angle in self.angles],
            "seconds": [round(self.seconds(index), 6) for index in range(self.count)],
            "panel_shift": [rounded(real.panel_shift) for real, _ in self.gazes],
            "source_shift": [rounded(real.source_shift) for real, _ in self.gazes],
            "believed_panel_shift": [rounded(known.panel_shift) for _, known in self.gazes],
            "patient_to_fixed": [[rounded(row) for row in pose.matrix] for pose in poses],
            "points": self._points(of.body_at(0.0), poses[0]),
        }

    def _points(self, body: Body | Voxels, pose: Pose) -> dict[str, Any]:
        """Return where the isocentre and every solid are at the first frame."""
        points = {"isocentre": pose.inverse(np.zeros(3))}
        if isinstance(body, Body):
            points |= {one.name: np.array(one.centre) for one in body.solids}
        to_scan = patient_pose(position=self.of.position).inverse
        return {name: self._place(at, pose(at), to_scan(pose(at))) for name, at in points.items()}

    def _place(self, patient: Array, fixed: Array, at: Array) -> dict[str, Any]:
        voxel = [
            (value - float(axis[0])) / step
            for value, axis, step in zip(at, self.of.grid.axes, self._steps, strict=True)
        ]
        return {
            "patient": rounded(patient),
            "fixed": rounded(fixed),
            "scan": rounded(at),
            "voxel": rounded(voxel[::-1]),
        }

    @property
    def _steps(self) -> tuple[float, float, float]:
        grid = self.of.grid
        return grid.pitch, grid.pitch, grid.thickness
