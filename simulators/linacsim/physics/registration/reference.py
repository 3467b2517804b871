"""Reference pictures: what a plan says a radiograph should look like, shown as if the patient were displaced.

A reference picture is flat: how deep its details lie is not in it. They are taken to lie in the plane through the isocentre
across the beam, where the target is; what lies nearer to the source or farther from it moves by a little more or less.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze, Pose
from linacsim.physics.projection import Voxels, water_path
from linacsim.physics.registration.planar import Render, Valid, clear_of

MOST_APART = 5.0
"""Degrees: a picture from a direction further off does not show what the reference shows."""
_AIR_PART, _LEAST_AIR = 0.01, 0.02
"""Of the range of a reference: what is air; and of its pixels: fewer are no air but the thinnest place."""
_RAMP = 33.0
"""mm at the isocentre beside air that do not count: rays there may miss a part of the patient."""
_TISSUE = -500.0
"""Hounsfield units above which it is no air."""
_DENSEST = 600.0
"""Hounsfield units."""


class Source(Protocol):
    """What a radiograph should look like."""

    def seen(self, displaced: Pose, gaze: Gaze) -> Array:
        """Return the picture of a displaced patient, shape (rows, columns) of the gaze's panel."""

    def whole(self, displaced: Pose, gaze: Gaze) -> NDArray[np.bool_]:
        """Return which pixels of it show all of the patient that is in their way."""


@dataclass(frozen=True, eq=False)
class Computed:
    """Pictures that are computed from a volume, such as the planning CT.

    Attributes
    ----------
    volume : Voxels
        In patient coordinates.
    pose : Pose
        Where the plan wants it.
    """

    volume: Voxels
    pose: Pose

    def seen(self, displaced: Pose, gaze: Gaze) -> Array:
        """Return mm of water."""
        return water_path(self.volume, displaced.after(self.pose), gaze)

    def whole(self, displaced: Pose, gaze: Gaze) -> NDArray[np.bool_]:
        """Return where a ray does not leave the volume at its first or last slice while it is in the patient."""
        back = displaced.after(self.pose).inverse
        source = back(gaze.source)
        ways = back(gaze.pixels()) - source
        enter, leave = np.zeros(ways.shape[:2]), np.full(ways.shape[:2], np.inf)
        for axis, (low, high) in enumerate(self._tissue):
            way = np.where(np.abs(ways[..., axis]) < 1e-9, 1e-9, ways[..., axis])
            one, other = (low - source[axis]) / way, (high - source[axis]) / way
            enter, leave = np.maximum(enter, np.minimum(one, other)), np.minimum(leave, np.maximum(one, other))
        z = self.volume.axes[2]
        heights = [source[2] + part * ways[..., 2] for part in (enter, np.maximum(leave, enter))]
        kept = [(height >= z[0]) & (height <= z[-1]) for height in heights]
        return np.asarray(kept[0] & kept[1] & (leave > enter))

    @cached_property
    def _tissue(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Where along x and y the volume is anything but air."""
        dense: NDArray[np.bool_] = np.any(self.volume.hu > _TISSUE, axis=0)
        ends = []
        for axis, some in zip(self.volume.axes, (dense.any(axis=0), dense.any(axis=1)), strict=False):
            at = axis[np.flatnonzero(some)] if some.any() else axis
            ends.append((float(at[0]), float(at[-1])))
        return ends[0], ends[1]


def for_megavoltage(volume: Voxels) -> Voxels:
    """Return a volume as a beam of some MV sees it: there bone and metal attenuate by their density alone.

    Hounsfield units above water count half, as density does in bone, and up to `_DENSEST`: what metal is, a CT does not tell.
    """
    hu = np.where(volume.hu > 0, np.minimum(0.5 * volume.hu, _DENSEST), volume.hu).astype(np.float32)
    return Voxels(hu, volume.spacing, volume.first)


@dataclass(frozen=True, eq=False)
class Picture:
    """A reference picture.

    Attributes
    ----------
    image : numpy.ndarray, shape (rows, columns)
        What is between source and pixel, in any unit; linear in mm of water as far as it is known.
    gaze : Gaze
        How it is seen, with the patient where the plan wants him.
    isocentre : numpy.ndarray, shape (3,)
        Where the plan's isocentre is in the fixed system while the reference is seen, mm: not in the middle if the picture
        was made about another point.
    """

    image: Array
    gaze: Gaze
    isocentre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @cached_property
    def _smooth(self) -> Array:
        """The coefficients of cubic splines."""
        from scipy.ndimage import spline_filter

        return np.asarray(spline_filter(np.asarray(self.image, dtype=np.float64), order=3))

    def seen(self, displaced: Pose, gaze: Gaze) -> Array:
        """Return the picture as `gaze` would take it of a patient who is displaced, shape (rows, columns) of its panel.

        Parameters
        ----------
        displaced : Pose
            From where the plan wants the patient to where he is, both in the fixed system.
        gaze : Gaze
            From about the same direction.
        """
        from scipy.ndimage import map_coordinates

        at = self._places(displaced, gaze)
        return np.asarray(map_coordinates(self._smooth, at, order=3, mode="nearest", prefilter=False))

    def whole(self, displaced: Pose, gaze: Gaze) -> NDArray[np.bool_]:
        """Return where the reference is not air, nor near air: it may be that the CT that it is made of ends there."""
        from scipy.ndimage import map_coordinates

        at = self._places(displaced, gaze)
        return np.asarray(map_coordinates(self._solid, at, order=1, mode="constant", cval=0.0) > 0.99)

    def _places(self, displaced: Pose, gaze: Gaze) -> Array:
        """Return rows and columns of the reference for each pixel of a gaze, shape (2, rows, columns)."""
        mine = self.gaze
        where = Pose(shift=np.array(self.isocentre)).after(displaced.inverse)
        source = mine.axes @ where(gaze.source)
        ways = where(gaze.pixels()) @ mine.axes.T - source
        # Each ray meets the plane through the isocentre; that point is where the reference has it.
        met = source + ways * ((self._depth - source[2]) / ways[..., 2])[..., None]
        return np.moveaxis(mine.panel.pixel_of(mine.project(met @ mine.axes)), -1, 0)

    @cached_property
    def _solid(self) -> Array:
        low, high = float(self.image.min()), float(self.image.max())
        air = self.image <= low + _AIR_PART * (high - low)
        if air.mean() < _LEAST_AIR:
            return np.ones(self.image.shape)
        by = round(_RAMP * self.gaze.sid / self.gaze.sad / self.gaze.panel.pitch)
        return clear_of(air, by).astype(np.float64)

    @property
    def _depth(self) -> float:
        """Zg of the isocentre as the reference has it."""
        return float(self.gaze.axes[2] @ np.array(self.isocentre))


def apart(one: Gaze, other: Gaze) -> float:
    """Return the angle between two directions in degrees, 0 to 180."""
    return abs((one.angle - other.angle + 180.0) % 360.0 - 180.0)


def renders(sources: Sequence[tuple[Gaze, Source]]) -> tuple[Render, Valid]:
    """Return what shows each source as a displaced patient would be seen, and where, for `match_images`.

    Parameters
    ----------
    sources : sequence of (Gaze, Source)
        What belongs to each picture that is matched; its gaze is told by angle and distances, whatever its pixels.

    Raises
    ------
    InputError
        From the results: if no source belongs to the gaze that is asked for.
    """
    by_gaze = {_telling(gaze): source for gaze, source in sources}

    def of(gaze: Gaze) -> Source:
        if _telling(gaze) not in by_gaze:
            raise InputError(
                f"no reference for a picture from {gaze.angle % 360:g} degrees", "match", "give one for each"
            )
        return by_gaze[_telling(gaze)]

    return (
        lambda couch, gaze: of(gaze).seen(couch.pose, gaze),
        lambda couch, gaze: of(gaze).whole(couch.pose, gaze),
    )


def _telling(gaze: Gaze) -> tuple[object, ...]:
    return gaze.angle, gaze.sad, gaze.sid, gaze.source_shift, gaze.panel_shift
