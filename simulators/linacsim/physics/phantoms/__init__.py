"""What lies on the couch: bodies of analytic solids, each with its origin where the isocentre is meant to be.

Every solid has a name, so a body is its own ground truth: `Body.by_name` tells where each insert, marker and BB really is
and how many Hounsfield units it has. They are *like* the products they are called after: their places and sizes are those an
analysis looks for, their substances are simplified.
"""

from __future__ import annotations

from collections.abc import Callable

from linacsim.errors import InputError
from linacsim.physics.phantoms.anatomy import head, pelvis
from linacsim.physics.phantoms.catphan import catphan504, catphan604
from linacsim.physics.phantoms.quality import las_vegas, marker_cube, step_wedge, water_cylinder, winston_lutz
from linacsim.physics.phantoms.thorax import planned_thorax, thorax
from linacsim.physics.solids import Body

PHANTOMS: dict[str, Callable[[], Body]] = {
    "catphan504": catphan504,
    "catphan604": catphan604,
    "head": head,
    "las-vegas": las_vegas,
    "markers": marker_cube,
    "pelvis": pelvis,
    "step-wedge": step_wedge,
    "thorax": thorax,
    "water": water_cylinder,
    "winston-lutz": winston_lutz,
}
"""Every phantom by the name a user gives."""


def phantom(name: str) -> Body:
    """Return the phantom of that name.

    Raises
    ------
    InputError
        If there is none.
    """
    if name not in PHANTOMS:
        raise InputError(f"there is no phantom {name!r}", "phantom", f"use one of {', '.join(PHANTOMS)}")
    return PHANTOMS[name]()


__all__ = [
    "PHANTOMS",
    "catphan504",
    "catphan604",
    "head",
    "las_vegas",
    "marker_cube",
    "pelvis",
    "phantom",
    "planned_thorax",
    "step_wedge",
    "thorax",
    "water_cylinder",
    "winston_lutz",
]
