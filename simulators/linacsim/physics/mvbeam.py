"""The megavoltage beam: where jaws and leaves let it through, and how strong it is there.

Positions of jaws and leaves are in mm at the isocentre in the beam limiting device's own axes (IEC 61217), which turn with
the collimator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze
from linacsim.physics.terms import require

Profile = Literal["FLATTENED", "FFF"]
PROFILES: tuple[Profile, ...] = ("FLATTENED", "FFF")

MILLENNIUM_120 = tuple([-200.0 + 10 * i for i in range(10)] + [-100.0 + 5 * i for i in range(41)]
                       + [110.0 + 10 * i for i in range(10)])  # fmt: skip
"""Leaf Position Boundaries of an MLC of 60 leaf pairs, 10 and 5 mm wide, mm."""

JAW_TRANSMISSION = 0.002
LEAF_TRANSMISSION = 0.015

_HORNS = 0.04
"""By how much a flattened beam is stronger 150 mm from its middle."""
_CONE = 190.0
"""mm from the middle at which an unflattened beam has fallen to about two thirds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aperture:
    """What shapes the beam.

    Attributes
    ----------
    x1, x2, y1, y2 : float
        The jaws, mm; x1 is the one on the side of -x.
    collimator : float
        Beam Limiting Device Angle in degrees.
    boundaries : tuple of float
        Leaf Position Boundaries along y, mm; empty without an MLC.
    leaves : tuple of (float, float)
        The ends of each leaf pair along x, mm, from the lowest y upwards.

    Raises
    ------
    InputError
        If jaws or leaves overlap, or there are not as many leaves as boundaries ask for.
    """

    x1: float = -50.0
    x2: float = 50.0
    y1: float = -50.0
    y2: float = 50.0
    collimator: float = 0.0
    boundaries: tuple[float, ...] = ()
    leaves: tuple[tuple[float, float], ...] = ()

    def __post_init__(self) -> None:
        if not (self.x1 < self.x2 and self.y1 < self.y2):
            what = f"jaws at X {self.x1:g}..{self.x2:g}, Y {self.y1:g}..{self.y2:g} mm leave no opening"
            raise InputError(what, "aperture", "give X1 < X2 and Y1 < Y2")
        if self.boundaries and len(self.leaves) != len(self.boundaries) - 1:
            what = f"{len(self.leaves)} leaf pairs between {len(self.boundaries)} boundaries"
            raise InputError(what, "aperture", "give one pair less than there are boundaries")
        for index, (left, right) in enumerate(self.leaves, 1):
            if left > right:
                raise InputError(
                    f"the leaves of pair {index} overlap", "aperture", "give the end of bank B first, then A"
                )

    def passed(self, x: Array, y: Array, penumbra: float) -> Array:
        """Return the part that gets through at points of the isocentre's plane, x and y in mm along Xg and Yg.

        Parameters
        ----------
        x, y : numpy.ndarray
            Of one shape.
        penumbra : float
            Standard deviation of the source's blur in mm.
        """
        turn = np.radians(self.collimator)
        across, along = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
        jaws = _between(across, self.x1, self.x2, penumbra) * _between(along, self.y1, self.y2, penumbra)
        opened = JAW_TRANSMISSION + (1 - JAW_TRANSMISSION) * jaws
        if not self.boundaries:
            return np.asarray(opened)
        leaves = np.zeros_like(opened)
        for (low, high), (left, right) in zip(
            zip(self.boundaries, self.boundaries[1:], strict=False), self.leaves, strict=True
        ):
            if left < right:
                near = (along > low - 5 * penumbra) & (along < high + 5 * penumbra)
                leaves[near] += _between(along[near], low, high, penumbra) * _between(
                    across[near], left, right, penumbra
                )
        return np.asarray(opened * (LEAF_TRANSMISSION + (1 - LEAF_TRANSMISSION) * leaves))


def square(side: float, collimator: float = 0.0) -> Aperture:
    """Return jaws that open a square of `side` mm."""
    half = side / 2
    return Aperture(x1=-half, x2=half, y1=-half, y2=half, collimator=collimator)


def picket_fence(
    pickets: int = 10, distance: float = 20.0, width: float = 3.0, error: Array | None = None
) -> tuple[Aperture, ...]:
    """Return the apertures whose sum is a picket fence of leaves.

    Parameters
    ----------
    pickets : int
    distance, width : float
        Between pickets and of each, mm.
    error : numpy.ndarray, shape (pickets, leaf pairs), optional
        By how much each pair is off, mm.
    """
    middles = (np.arange(pickets) - (pickets - 1) / 2) * distance
    pairs = len(MILLENNIUM_120) - 1
    off = np.zeros((pickets, pairs)) if error is None else error
    reach = distance * pickets / 2
    return tuple(
        Aperture(
            x1=-reach, x2=reach, y1=-200.0, y2=200.0, boundaries=MILLENNIUM_120,
            leaves=tuple((float(at + miss) - width / 2, float(at + miss) + width / 2) for miss in row),
        )
        for at, row in zip(middles, off, strict=True)
    )  # fmt: skip


def fluence(gaze: Gaze, aperture: Aperture, *, profile: Profile = "FLATTENED", spot: float = 0.8) -> Array:
    """Return the beam without a patient at each pixel, 1 in the middle of an open field at the panel's distance.

    Parameters
    ----------
    gaze : Gaze
        The beam and its panel.
    aperture : Aperture
    profile : str
        FLATTENED or FFF.
    spot : float
        Standard deviation of the focal spot in mm.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)
    """
    require("beam profile", profile, PROFILES)
    pixels = (gaze.pixels() - gaze.source) @ gaze.axes.T
    shift = gaze.source_shift
    # The collimator does not move with the spot: what it shapes is seen from where the spot is.
    scale = (gaze.sad + shift[2]) / -pixels[..., 2]
    x, y = pixels[..., 0] * scale + shift[0], pixels[..., 1] * scale + shift[1]
    # Jaws are about half way to the isocentre, so the spot's blur is there about as large as the spot.
    open_field = aperture.passed(x, y, spot)
    radius = np.hypot(x, y)
    shape = 1 + _HORNS * (radius / 150) ** 2 if profile == "FLATTENED" else 1 / (1 + 0.5 * (radius / _CONE) ** 1.5)
    oblique = (-pixels[..., 2] / np.linalg.norm(pixels, axis=-1)) ** 3
    return np.asarray(open_field * shape * oblique)


def _between(at: Array, low: float, high: float, blur: float) -> Array:
    """Return 1 between two edges and 0 beside them, blurred like a bell."""
    from scipy.special import erf

    width = max(blur, 1e-6) * np.sqrt(2.0)
    return np.asarray((erf((at - low) / width) - erf((at - high) / width)) / 2)
