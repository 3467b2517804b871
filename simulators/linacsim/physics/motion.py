"""Patients who breathe and couches that move while a picture is taken. Time comes in as numbers; nobody waits here."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Couch, Pose, Vector
from linacsim.physics.solids import Body


@dataclass(frozen=True, slots=True, kw_only=True)
class Breathing:
    """A target that goes up and down with the breath, longer at the end of exhalation (Lujan 1999).

    Attributes
    ----------
    amplitude : tuple of float
        From exhalation to inhalation, patient coordinates, mm.
    period : float
        In seconds.
    sharpness : int
        1 for a sine; 2 or 3 for breath that rests.
    drift : tuple of float
        mm per minute, patient coordinates.
    phase : float
        Part of a cycle that has passed at 0 s; at phase 0 the breath is out.
    """

    amplitude: Vector = (0.0, -3.0, -12.0)
    period: float = 4.0
    sharpness: int = 2
    drift: Vector = (0.0, 0.0, 0.0)
    phase: float = 0.0

    def __post_init__(self) -> None:
        if not self.period > 0 or self.sharpness < 1:
            what = f"a period of {self.period:g} s and sharpness {self.sharpness}"
            raise InputError(what, "breathing", "give more than 0 s and 1 or more")

    def phase_at(self, seconds: ArrayLike) -> Array:
        """Return the part of the cycle, 0 to below 1, at times in seconds, of any shape."""
        return np.asarray(np.mod(np.asarray(seconds, dtype=np.float64) / self.period + self.phase, 1.0))

    def displacement(self, seconds: ArrayLike) -> Array:
        """Return the displacement in mm, patient coordinates, shape (..., 3), at times in seconds, shape (...)."""
        time = np.asarray(seconds, dtype=np.float64)
        breath = np.sin(np.pi * self.phase_at(time)) ** (2 * self.sharpness)
        drifted = time[..., None] / 60.0 * np.array(self.drift)
        return np.asarray(breath[..., None] * np.array(self.amplitude) + drifted)

    def bin_of(self, seconds: ArrayLike, bins: int = 10) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
        """Return into which of `bins` phases each time belongs: what sorts views for a reconstruction by phase."""
        return (self.phase_at(seconds) * bins).astype(np.int64)


def breathed(body: Body, breathing: Breathing, seconds: float, names: Iterable[str]) -> Body:
    """Return the body at one time: the named solids, and what is inside them, are displaced.

    Raises
    ------
    InputError
        If a name is not in the body.
    """
    chosen = set(names)
    if missing := sorted(chosen - set(body.by_name)):
        raise InputError(f"{missing[0]!r} is not in it", f"phantom {body.name}", f"use {', '.join(body.by_name)}")
    for one in body.solids:
        if one.parent in chosen:
            chosen.add(one.name)
    return body.moved(Pose(shift=breathing.displacement(seconds)), chosen)


@dataclass(frozen=True, slots=True, kw_only=True)
class CouchShift:
    """A couch that moves once, evenly, from one time to another.

    Attributes
    ----------
    by : Couch
        How far in each degree of freedom.
    start, end : float
        In seconds.
    """

    by: Couch
    start: float
    end: float

    def __post_init__(self) -> None:
        if self.end < self.start:
            raise InputError(f"a shift from {self.start:g} s to {self.end:g} s", "couch", "let it end after its start")

    def at(self, couch: Couch, seconds: float) -> Couch:
        """Return where the couch is that stood at `couch` before."""
        part = 1.0 if self.end == self.start else (seconds - self.start) / (self.end - self.start)
        part = min(max(part, 0.0), 1.0) if seconds >= self.start else 0.0
        names = ("x", "y", "z", "rotation", "pitch", "roll")
        return couch.moved(Couch(**{name: part * getattr(self.by, name) for name in names}))
