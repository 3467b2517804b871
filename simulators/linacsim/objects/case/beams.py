"""The beams of a case: what they are, and how their jaws and leaves stand around the target.

An aperture is the target as the beam sees it plus a margin. Leaves and jaws are told at the isocentre (C.8.8.14.7).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

from linacsim.objects.case.anatomy import ISOCENTRE, PTV
from linacsim.objects.case.settings import BEAMS, CaseSettings
from linacsim.physics.beamseye import View
from linacsim.physics.dosemodel import Field

Array = NDArray[np.float64]

SAD = 1000.0
"""Source-axis distance in mm."""

LEAF_BOUNDARIES = tuple(range(-200, 201, 10))
"""Edges of the 40 leaf pairs along y, in mm at the isocentre."""

APERTURE_MARGIN = 5.0
"""mm around the target as the beam sees it."""

ARC_STEP = 30
"""Degrees between the control points of the arc."""

KV_SIZE = 130.0
"""Half the width in mm of a setup field."""


@dataclass(frozen=True, slots=True)
class Beam:
    """A beam of the plan, without what follows from the target."""

    key: str
    """Its word in `linacsim.objects.case.settings.BEAMS`."""
    name: str
    description: str
    angles: tuple[float, ...]
    """Gantry angle of each control point but the last, which repeats or ends them; the first two of a static beam."""
    radiation: str = "PHOTON"
    energy: float = 6.0
    """MV; MeV for electrons."""
    meterset: float = 100.0
    """MU of a fraction; 0 for a setup beam."""
    rotation: str = "NONE"
    imaging: str = ""
    """Imaging Device-Specific Acquisition Parameters of a setup beam, as Varian's OBI reads them."""

    @property
    def is_setup(self) -> bool:
        """Whether its Treatment Delivery Type is SETUP."""
        return bool(self.imaging)

    @property
    def is_arc(self) -> bool:
        """Whether the gantry turns."""
        return self.rotation != "NONE"

    def view(self, index: int = 0) -> View:
        """Return the source at a control point."""
        return View(ISOCENTRE, self.angles[index], SAD)


_ARC = (*(float((181 + step) % 360) for step in range(0, 358, ARC_STEP)), 179.0)

_ALL = {
    "photon": Beam("photon", "AP", "Anterior", (0.0, 0.0), meterset=70.0),
    "arc": Beam("arc", "ARC", "Full arc", _ARC, meterset=210.0, rotation="CW"),
    "electron": Beam("electron", "E12", "Electron boost", (30.0, 30.0), "ELECTRON", 12.0, 40.0),
    "kv-ap": Beam("kv-ap", "KV_AP", "kV anterior", (0.0, 0.0), energy=0.1, meterset=0, imaging="KV\\Image"),
    "kv-lateral": Beam(
        "kv-lateral", "KV_LAT", "kV lateral", (270.0, 270.0), energy=0.1, meterset=0, imaging="KV\\Image"
    ),
    "mv-ap": Beam("mv-ap", "MV_AP", "MV anterior", (0.0, 0.0), meterset=0, imaging="PortImageHighQuality"),
    "cbct": Beam("cbct", "CBCT", "Cone beam CT", (0.0, 0.0), energy=0.125, meterset=0, imaging="KV\\CBCT"),
}


def beams(settings: CaseSettings) -> list[tuple[int, Beam]]:
    """Return the beams of a case with their Beam Numbers: a beam keeps its number when others are left out."""
    keys = settings.beams if settings.technique == "external" else ()
    return [(BEAMS.index(key) + 1, _ALL[key]) for key in keys]


def treatment_beams(settings: CaseSettings) -> list[tuple[int, Beam]]:
    """Return the beams that treat."""
    return [(number, beam) for number, beam in beams(settings) if not beam.is_setup]


def shadow(angle: float) -> tuple[float, float]:
    """Return the semi-axes along x and y of the target as a beam at `angle` sees it, in mm.

    The source is far away against the target's size, so the rays are taken as parallel.
    """
    turn = radians(angle)
    x, y, z = PTV.radii
    return (float(np.hypot(x * cos(turn), y * sin(turn))), z)


def jaws(beam: Beam) -> tuple[float, float, float, float]:
    """Return low and high x, low and high y of the jaws in mm: one rectangle for the whole beam."""
    if beam.is_setup:
        return (-KV_SIZE, KV_SIZE, -KV_SIZE, KV_SIZE)
    if beam.radiation == "ELECTRON":
        return (-50.0, 50.0, -50.0, 50.0)
    widths = [shadow(angle) for angle in beam.angles]
    x = _up(max(width[0] for width in widths) + APERTURE_MARGIN)
    y = _up(max(width[1] for width in widths) + APERTURE_MARGIN)
    return (-x, x, -y, y)


def _up(value: float) -> float:
    """Round up to whole mm."""
    return float(np.ceil(value - 1e-6))


def leaves(angle: float) -> Array:
    """Return the positions in mm of the leaves at -x and then at +x, shape (80,): open over the target, else closed."""
    half_x, half_y = (value + APERTURE_MARGIN for value in shadow(angle))
    low, high = np.array(LEAF_BOUNDARIES[:-1], float), np.array(LEAF_BOUNDARIES[1:], float)
    nearest = np.clip(0.0, low, high)
    inside = 1.0 - np.square(nearest / half_y)
    opening = np.where(inside > 0, half_x * np.sqrt(np.maximum(inside, 0.0)), 0.0)
    opening = np.round(opening, 1)
    return np.concatenate([-opening, opening])


def fields(beam: Beam) -> list[Field]:
    """Return the beam as the dose sees it: one field, an arc as a field for each control point."""
    angles = beam.angles[:-1] if beam.is_arc else beam.angles[:1]
    reach = beam.energy * 5.0 if beam.radiation == "ELECTRON" else 0.0
    return [Field(View(ISOCENTRE, angle, SAD), jaws(beam), beam.meterset / len(angles), reach) for angle in angles]
