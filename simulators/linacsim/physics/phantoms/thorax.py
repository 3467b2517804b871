"""The chest of the synthetic cases, as solids: what lies on the couch is exactly what was planned.

`linacsim.physics.phantom.THORAX` is without end along z; here it is cut off, far beyond what a panel sees.
"""

from __future__ import annotations

from math import isinf

import numpy as np

from linacsim.physics.geometry import Pose, Vector
from linacsim.physics.phantom import THORAX, Shape
from linacsim.physics.solids import Body, Solid

ISOCENTRE: Vector = THORAX.by_name["tumour"].centre
"""Where the plans of a case aim at, in its patient coordinates, mm."""

REACH = 200.0
"""mm from the isocentre to either end, along z."""

_SUBSTANCES = {
    "lung left": "lung",
    "lung right": "lung",
    "spine": "bone",
    "marker 1": "bone",
    "marker 2": "bone",
    "marker 3": "bone",
}
"""What is not soft tissue. Markers of so few Hounsfield units are ceramic, which weakens beams of all energies much as dense
bone does; a metal that thin would not be seen by a megavoltage beam at all."""


def planned_thorax() -> Body:
    """Return the chest in the case's patient coordinates; its isocentre is `ISOCENTRE`."""
    return Body("thorax", tuple(_solid(shape) for shape in THORAX.shapes))


def thorax() -> Body:
    """Return the chest with its origin in the isocentre, the middle of the tumour, as the other phantoms have theirs."""
    return planned_thorax().moved(Pose(shift=-np.array(ISOCENTRE)))


def _solid(shape: Shape) -> Solid:
    x, y, z = shape.centre
    substance = _SUBSTANCES.get(shape.name, "tissue")
    if isinf(shape.radii[2]):
        centre, half = (x, y, ISOCENTRE[2]), (*shape.radii[:2], REACH)
        return Solid(
            name=shape.name, kind="cylinder", centre=centre, half=half, hu=shape.hu, substance=substance,
            parent=shape.parent,
        )  # fmt: skip
    return Solid(
        name=shape.name, kind="ellipsoid", centre=(x, y, z), half=shape.radii, hu=shape.hu, substance=substance,
        parent=shape.parent,
    )  # fmt: skip
