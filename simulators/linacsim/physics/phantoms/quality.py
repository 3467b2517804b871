"""Phantoms for quality assurance that are simple: a ball, seeds in a cube, a plate with holes, a wedge, water."""

from __future__ import annotations

import numpy as np

from linacsim.physics.geometry import Vector, turned_about_x, turned_about_y
from linacsim.physics.solids import Body, Solid
from linacsim.physics.spectrum import hounsfield

SEEDS: dict[str, Vector] = {
    "seed 1": (-14.0, -9.0, -16.0),
    "seed 2": (17.0, 5.0, -6.0),
    "seed 3": (-6.0, 15.0, 7.0),
    "seed 4": (9.0, -13.0, 18.0),
}
"""Where the seeds of the marker cube are, mm; no two of them hide each other from above or from the side."""

_HOLES = {25.0: 7.5, 9.7: 5.0, -5.5: 3.5, -17.3: 2.0, -27.5: 1.0}
"""Of the Las Vegas plate: the columns in mm from the middle, and the holes' radii."""
_DEPTHS = {40.0: 4.5, 20.0: 3.2, 0.0: 2.0, -20.0: 1.0, -40.0: 0.5}
"""Its rows in mm from the middle, and the depths of the holes."""


def winston_lutz(diameter: float = 5.0, at: Vector = (0.0, 0.0, 0.0)) -> Body:
    """Return a tungsten ball of `diameter` mm at `at` mm in a small acrylic block."""
    radius = diameter / 2
    block = Solid(
        name="block", kind="box", centre=at, half=(30.0, 30.0, 30.0), hu=hounsfield("acrylic"), substance="acrylic"
    )
    ball = Solid(
        name="BB",
        kind="ellipsoid",
        centre=at,
        half=(radius, radius, radius),
        hu=hounsfield("tungsten"),
        substance="tungsten",
        parent="block",
    )
    return Body("winston-lutz", (block, ball))


def gold_seed(
    name: str, centre: Vector, parent: str, *, length: float = 5.0, diameter: float = 1.2, tilt: float = 0.0
) -> Solid:
    """Return a cylinder of gold that lies along z, tilted by `tilt` degrees about x and y."""
    return Solid(
        name=name,
        kind="cylinder",
        centre=centre,
        half=(diameter / 2, diameter / 2, length / 2),
        hu=hounsfield("gold"),
        substance="gold",
        parent=parent,
        rotation=turned_about_x(tilt) @ turned_about_y(tilt / 2),
    )


def marker_cube(side: float = 100.0) -> Body:
    """Return four gold seeds in a cube like water of `side` mm; the seeds are `SEEDS`."""
    cube = Solid(name="cube", kind="box", centre=(0.0, 0.0, 0.0), half=(side / 2,) * 3, hu=20.0)
    seeds = (
        gold_seed(name, at, "cube", length=3.0, tilt=10.0 * index) for index, (name, at) in enumerate(SEEDS.items())
    )
    return Body("markers", (cube, *seeds))


def las_vegas() -> Body:
    """Return an aluminium plate of 142 mm with holes of falling depth (rows) and width (columns).

    It lies across a beam from above, 20 mm thick; the holes are open to above.
    """
    thickness, half = 20.0, 71.15
    plate = Solid(
        name="plate", kind="box", centre=(0.0, 0.0, 0.0), half=(half, thickness / 2, half),
        hu=hounsfield("aluminium"), substance="aluminium",
    )  # fmt: skip
    holes = []
    for x, radius in _HOLES.items():
        for down, depth in _DEPTHS.items():
            if radius > 7 and down < 0:
                continue  # five rows would not fit
            holes.append(
                Solid(
                    name=f"hole {2 * radius:g} mm, {depth:g} mm deep",
                    kind="cylinder",
                    centre=(x, -thickness / 2 + depth / 2, -down),
                    half=(radius, radius, depth / 2),
                    hu=-1000.0,
                    substance="air",
                    parent="plate",
                    rotation=turned_about_x(90.0),
                )
            )
    return Body("las-vegas", (plate, *holes))


def step_wedge(steps: int = 8, rise: float = 4.0, width: float = 20.0) -> Body:
    """Return an aluminium stair of `steps` steps along x, each `rise` mm higher and `width` mm wide."""
    middles = (np.arange(steps) - (steps - 1) / 2) * width
    return Body(
        "step-wedge",
        tuple(
            Solid(
                name=f"step {index + 1}",
                kind="box",
                centre=(float(x), -rise * (index + 1) / 2, 0.0),
                half=(width / 2, rise * (index + 1) / 2, 40.0),
                hu=hounsfield("aluminium"),
                substance="aluminium",
            )
            for index, x in enumerate(middles)
        ),
    )


def water_cylinder(diameter: float = 200.0, length: float = 160.0) -> Body:
    """Return a cylinder of water that lies along the couch."""
    half = (diameter / 2, diameter / 2, length / 2)
    return Body("water", (Solid(name="water", kind="cylinder", centre=(0.0, 0.0, 0.0), half=half, hu=0.0),))
