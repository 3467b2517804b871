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

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Couch, Gaze, Pose
from linacsim.physics.projection import Voxels, water_path
from linacsim.physics.registration.planar import Render

MOST_APART = 5.0
"""Degrees: a picture from a direction further off does not show what the reference shows."""
_DENSEST = 600.0
"""Hounsfield units."""


class Source(Protocol):
    """What a radiograph should look like."""

    def seen(self, displaced: Pose, gaze: Gaze) -> Array:
        """Return the picture of a displaced patient, shape (rows, columns) of the gaze's panel."""


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

        mine = self.gaze
        where = Pose(shift=np.array(self.isocentre)).after(displaced.inverse)
        source = mine.axes @ where(gaze.source)
        ways = where(gaze.pixels()) @ mine.axes.T - source
        # Each ray meets the plane through the isocentre; that point is where the reference has it.
        met = source + ways * ((self._depth - source[2]) / ways[..., 2])[..., None]
        at = mine.panel.pixel_of(mine.project(met @ mine.axes))
        return np.asarray(
            map_coordinates(self._smooth, np.moveaxis(at, -1, 0), order=3, mode="nearest", prefilter=False)
        )

    @property
    def _depth(self) -> float:
        """Zg of the isocentre as the reference has it."""
        return float(self.gaze.axes[2] @ np.array(self.isocentre))

    def covers(self, gaze: Gaze) -> float:
        """Return how much of a panel looks at what the picture shows, from 0 to 1."""
        corner = gaze.panel.pixel_of(gaze.project(self._edges()))
        low, high = np.sort(corner, axis=0)
        size = np.array([gaze.panel.rows, gaze.panel.columns])
        both = np.clip(np.minimum(high, size) - np.maximum(low, 0.0), 0.0, None)
        return float(np.prod(both / size))

    def _edges(self) -> Array:
        """Two opposite corners of the picture at the isocentre, in the fixed system, shape (2, 3)."""
        panel, axes = self.gaze.panel, self.gaze.axes
        xy = panel.position_of([[0.0, 0.0], [panel.rows - 1.0, panel.columns - 1.0]]) * self.gaze.sad / self.gaze.sid
        return np.asarray(xy @ axes[:2])


def apart(one: Gaze, other: Gaze) -> float:
    """Return the angle between two directions in degrees, 0 to 180."""
    return abs((one.angle - other.angle + 180.0) % 360.0 - 180.0)


def renders(sources: Sequence[tuple[Gaze, Source]]) -> Render:
    """Return what shows each source as a displaced patient would be seen, for `match_images`.

    Parameters
    ----------
    sources : sequence of (Gaze, Source)
        What belongs to each picture that is matched; its gaze is told by angle and distances, whatever its pixels.

    Raises
    ------
    InputError
        From the result: if no source belongs to the gaze that is asked for.
    """
    by_gaze = {_telling(gaze): source for gaze, source in sources}

    def render(couch: Couch, gaze: Gaze) -> Array:
        if _telling(gaze) not in by_gaze:
            raise InputError(
                f"no reference for a picture from {gaze.angle % 360:g} degrees", "match", "give one for each"
            )
        return by_gaze[_telling(gaze)].seen(couch.pose, gaze)

    return render


def _telling(gaze: Gaze) -> tuple[object, ...]:
    return gaze.angle, gaze.sad, gaze.sid, gaze.source_shift, gaze.panel_shift
