"""How source and panel sag while the gantry turns, and what a correction knows of it.

A displacement is a first and a second harmonic of the gantry angle, with a little hysteresis between the directions of
rotation. Panels sag by 0.7 to 1.8 mm (Gao 2014: IsoCal's corrections of five machines), repeatable within 0.2 mm.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import cos, radians, sin

import numpy as np
from numpy.random import Generator

from linacsim.errors import InputError
from linacsim.physics.geometry import Gaze, Vector

Harmonics = tuple[float, float, float, float, float]
"""Constant, cosine and sine of the angle, cosine and sine of twice the angle; mm."""

STILL: Harmonics = (0.0, 0.0, 0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flexmap:
    """Displacements of source and panel along Xg, Yg and Zg.

    Attributes
    ----------
    panel, source : tuple of Harmonics
        Three each, mm.
    hysteresis : float
        mm along Yg of the panel between turning with the clock and against it.
    """

    panel: tuple[Harmonics, Harmonics, Harmonics] = (STILL, STILL, STILL)
    source: tuple[Harmonics, Harmonics, Harmonics] = (STILL, STILL, STILL)
    hysteresis: float = 0.0

    def panel_shift(self, angle: float, *, clockwise: bool = True) -> Vector:
        """Return the panel's displacement in mm at a gantry angle of its own axis in degrees."""
        x, y, z = (_at(one, angle) for one in self.panel)
        return x, y + self.hysteresis * (0.5 if clockwise else -0.5), z

    def source_shift(self, angle: float) -> Vector:
        """Return the source's displacement in mm."""
        x, y, z = (_at(one, angle) for one in self.source)
        return x, y, z

    def bend(self, gaze: Gaze, *, clockwise: bool = True) -> Gaze:
        """Return a nominal gaze as it really is."""
        return replace(
            gaze,
            panel_shift=self.panel_shift(gaze.angle, clockwise=clockwise),
            source_shift=self.source_shift(gaze.angle),
        )

    @property
    def largest(self) -> float:
        """How far at most the panel is displaced across the beam, mm, over a turn with the clock."""
        return max(float(np.hypot(*self.panel_shift(angle)[:2])) for angle in range(360))


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """What was measured of a flexmap: where the isocentre is seen on the panel, at some angles.

    Attributes
    ----------
    angles : tuple of float
        Rising, from 0 to below 360 degrees.
    offsets : tuple of (float, float)
        Where the isocentre is seen on the panel, (x, y) in mm.
    """

    angles: tuple[float, ...]
    offsets: tuple[tuple[float, float], ...] = field(default=())

    def __post_init__(self) -> None:
        if not self.angles or len(self.angles) != len(self.offsets):
            raise InputError("not one offset for each angle", "flexmap correction", "give as many offsets as angles")

    def offset(self, angle: float) -> tuple[float, float]:
        """Return where the isocentre is seen on the panel at an angle between the measured ones, (x, y) in mm."""
        x, y = (
            float(np.interp(angle % 360.0, self.angles, [one[axis] for one in self.offsets], period=360.0))
            for axis in (0, 1)
        )
        return x, y

    def known(self, gaze: Gaze) -> Gaze:
        """Return a nominal gaze as the correction knows it: the panel where it must be for the isocentre to be seen so."""
        x, y = self.offset(gaze.angle)
        return replace(gaze.nominal(), panel_shift=(-x, -y, 0.0))


def measure(
    flexmap: Flexmap, gaze: Gaze, rng: Generator, *, step: float = 5.0, repeatability: float = 0.05
) -> Correction:
    """Return what a calibration with a phantom at the isocentre finds.

    Parameters
    ----------
    flexmap : Flexmap
        The truth.
    gaze : Gaze
        Of this axis, at any angle.
    rng : numpy.random.Generator
    step : float
        Degrees between measurements.
    repeatability : float
        Standard deviation of each in mm on the panel.
    """
    angles = tuple(float(angle) for angle in np.arange(0.0, 360.0, step))
    seen = [flexmap.bend(replace(gaze, angle=angle)).project((0.0, 0.0, 0.0)) for angle in angles]
    noisy = np.array(seen) + repeatability * rng.standard_normal((len(angles), 2))
    return Correction(angles=angles, offsets=tuple((float(x), float(y)) for x, y in noisy))


def typical(rng: Generator, largest: float = 1.2) -> Flexmap:
    """Draw the flexmap of one machine, whose panel sags by up to `largest` mm."""

    def harmonics(size: float) -> Harmonics:
        first, second = rng.standard_normal(2), 0.3 * rng.standard_normal(2)
        return _scaled((0.3 * rng.standard_normal(), *first, *second), size)

    drawn = Flexmap(
        panel=(harmonics(0.5), harmonics(0.8), harmonics(0.8)), source=(harmonics(0.1), harmonics(0.15), harmonics(0.1))
    )
    scale = largest / drawn.largest
    x, y, z = (_scaled(one, scale) for one in drawn.panel)
    return replace(drawn, panel=(x, y, z), hysteresis=0.1 * float(rng.uniform(-1, 1)))


def _scaled(harmonics: Harmonics, by: float) -> Harmonics:
    a, b, c, d, e = (float(by * value) for value in harmonics)
    return a, b, c, d, e


def _at(harmonics: Harmonics, angle: float) -> float:
    mean, c1, s1, c2, s2 = harmonics
    turn = radians(angle)
    return mean + c1 * cos(turn) + s1 * sin(turn) + c2 * cos(2 * turn) + s2 * sin(2 * turn)
