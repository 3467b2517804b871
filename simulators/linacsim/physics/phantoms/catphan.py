"""Two phantoms like CatPhan: sensitometry, slice ramps, uniformity, line pairs, low contrast.

The origin is the middle of the sensitometry module; the others lie before and behind it. Angles are counted from the
patient's left towards the back, as in a picture of the slice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import cos, pi, radians, sin

import numpy as np

from linacsim.physics.geometry import Array, Vector, turned_about_x, turned_about_y, turned_about_z
from linacsim.physics.solids import Body, Solid
from linacsim.physics.spectrum import hounsfield

RADIUS = 100.0
BACKGROUND_HU = 20.0
INSERT_DISTANCE = 58.7
_INSERT_RADIUS = 6.1
_MODULE_HALF = 12.5

Inserts = Mapping[str, tuple[float, float, str]]
"""By name: angle in degrees, Hounsfield units, substance."""

INSERTS_504: Inserts = {
    "Air": (-90.0, -1000.0, "air"),
    "Air below": (90.0, -1000.0, "air"),
    "PMP": (-120.0, -196.0, "pmp"),
    "LDPE": (180.0, -104.0, "polyethylene"),
    "Poly": (120.0, -47.0, "polystyrene"),
    "Acrylic": (60.0, 115.0, "acrylic"),
    "Delrin": (0.0, 365.0, "delrin"),
    "Teflon": (-60.0, 1000.0, "teflon"),
}
INSERTS_604: Inserts = {
    **INSERTS_504,
    "50% Bone": (-150.0, 725.0, "bone 50"),
    "20% Bone": (30.0, 237.0, "bone 20"),
}

_RAMP = 23.0
"""Degrees by which the wires rise along the phantom."""

_GAPS = (5.0, 2.5, 1.67, 1.25, 1.0, 0.83)
_BOUNDARIES = (0.0, 0.107, 0.173, 0.236, 0.286, 0.335, 0.387)
_BARS = (2, 3, 4, 4, 4, 5)
_LOW_CONTRAST = ((-87.4, 7.5), (-69.1, 4.5), (-52.7, 4.0), (-38.5, 3.5), (-25.1, 3.0), (-12.9, 2.5))


def catphan504() -> Body:
    """Return a phantom like the CatPhan 504."""
    return _catphan("catphan504", INSERTS_504, line_pairs=30.0, low_contrast=-30.0, ends=(-85.0, 50.0))


def catphan604() -> Body:
    """Return a phantom like the CatPhan 604."""
    return _catphan("catphan604", INSERTS_604, line_pairs=40.0, low_contrast=-40.0, ends=(-100.0, 60.0))


def _catphan(name: str, inserts: Inserts, *, line_pairs: float, low_contrast: float, ends: tuple[float, float]) -> Body:
    half = (RADIUS, RADIUS, (ends[1] - ends[0]) / 2)
    body = Solid(name="body", kind="cylinder", centre=(0.0, 0.0, sum(ends) / 2), half=half, hu=BACKGROUND_HU)
    return Body(
        name, (body, *_inserts(inserts), *_rods(), *_ramps(), *_line_pairs(line_pairs), *_low_contrast(low_contrast))
    )


def _around(angle: float, distance: float, z: float) -> Vector:
    return distance * cos(radians(angle)), distance * sin(radians(angle)), z


def _cylinder(
    name: str, centre: Vector, radius: float, half: float, hu: float, substance: str, rotation: Array
) -> Solid:
    return Solid(name=name, kind="cylinder", centre=centre, half=(radius, radius, half), hu=hu, substance=substance,
                 parent="body", rotation=rotation)  # fmt: skip


def _inserts(inserts: Inserts) -> Iterator[Solid]:
    for name, (angle, hu, substance) in inserts.items():
        where = _around(angle, INSERT_DISTANCE, 0.0)
        yield _cylinder(name, where, _INSERT_RADIUS, _MODULE_HALF, hu, substance, np.eye(3))


def _rods() -> Iterator[Solid]:
    """Four rods at the corners of a square of 50 mm: one of Teflon, the others air."""
    for index, (x, y) in enumerate(((-25.0, -25.0), (25.0, -25.0), (-25.0, 25.0), (25.0, 25.0))):
        hu, substance = (1000.0, "teflon") if index == 3 else (-1000.0, "air")
        yield _cylinder(f"rod {index + 1}", (x, y, 0.0), 1.5, _MODULE_HALF, hu, substance, np.eye(3))


def _ramps() -> Iterator[Solid]:
    """Four wires that rise along z while they run across; opposite ones rise opposite ways."""
    hu = hounsfield("aluminium")
    for name, centre, rotation in (
        ("wire left", (-38.0, 0.0, 0.0), turned_about_x(_RAMP - 90.0)),
        ("wire right", (38.0, 0.0, 0.0), turned_about_x(90.0 - _RAMP)),
        ("wire top", (0.0, -38.0, 0.0), turned_about_y(90.0 - _RAMP)),
        ("wire bottom", (0.0, 38.0, 0.0), turned_about_y(_RAMP - 90.0)),
    ):
        yield _cylinder(name, centre, 0.4, 22.0, hu, "aluminium", rotation)


def _line_pairs(z: float) -> Iterator[Solid]:
    """Groups of aluminium bars on a circle; they begin at the right side of the patient and go on over the back."""
    hu, distance = hounsfield("aluminium"), 47.0
    for group, (gap, bars) in enumerate(zip(_GAPS, _BARS, strict=True)):
        middle = pi + 2 * pi * (_BOUNDARIES[group] + _BOUNDARIES[group + 1]) / 2 * -1
        for bar in range(bars):
            angle = np.degrees(middle + (bar - (bars - 1) / 2) * 2 * gap / distance)
            yield Solid(
                name=f"line pair group {group + 1}, bar {bar + 1}",
                kind="box",
                centre=_around(angle, distance, z),
                half=(4.0, gap / 2, 4.0),
                hu=hu,
                substance="aluminium",
                parent="body",
                rotation=turned_about_z(angle),
            )


def _low_contrast(z: float) -> Iterator[Solid]:
    for angle, radius in _LOW_CONTRAST:
        where = _around(angle, 50.0, z)
        yield _cylinder(f"low contrast {2 * radius:g} mm", where, radius, 10.0, BACKGROUND_HU + 10, "water", np.eye(3))
