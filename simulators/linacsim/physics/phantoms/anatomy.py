"""Patients built from ellipsoids: enough to match on and to recognise, and known to the last ray."""

from __future__ import annotations

from linacsim.physics.geometry import Vector, turned_about_y
from linacsim.physics.phantoms.quality import gold_seed
from linacsim.physics.solids import Body, Solid

PROSTATE_SEEDS: dict[str, Vector] = {
    "marker 1": (-12.0, -6.0, -9.0),
    "marker 2": (13.0, 2.0, -1.0),
    "marker 3": (1.0, 11.0, 10.0),
}
"""Where the gold seeds of the pelvis are, mm from the isocentre in the middle of the prostate."""


def _part(name: str, centre: Vector, half: Vector, hu: float, substance: str = "tissue", parent: str = "body") -> Solid:
    return Solid(name=name, kind="ellipsoid", centre=centre, half=half, hu=hu, substance=substance, parent=parent)


def pelvis(*, seeds: bool = True) -> Body:
    """Return a pelvis with hips, sacrum, bladder, rectum and prostate, and gold seeds in the prostate if asked for."""
    body = Solid(name="body", kind="cylinder", centre=(0.0, 5.0, 0.0), half=(175.0, 115.0, 160.0), hu=20.0,
                 substance="tissue")  # fmt: skip
    parts = [
        _part("bladder", (0.0, -30.0, 62.0), (36.0, 28.0, 26.0), 5.0, "water"),
        _part("prostate", (0.0, 0.0, 0.0), (24.0, 19.0, 22.0), 40.0),
        _part("rectum", (0.0, 42.0, 10.0), (15.0, 14.0, 60.0), 30.0),
        _part("rectal gas", (2.0, 40.0, 22.0), (7.0, 6.0, 16.0), -950.0, "air", "rectum"),
        _part("sacrum", (0.0, 80.0, 75.0), (44.0, 18.0, 55.0), 380.0, "bone 20"),
        _part("coccyx", (0.0, 84.0, 2.0), (10.0, 8.0, 14.0), 420.0, "bone 50"),
        _part("symphysis", (0.0, -58.0, -14.0), (27.0, 11.0, 17.0), 480.0, "bone 50"),
    ]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        tilt = turned_about_y(sign * 25.0)
        parts += [
            _part(f"femoral head {side}", (sign * 92.0, 2.0, 2.0), (24.0, 24.0, 24.0), 620.0, "bone 50"),
            _part(f"femoral marrow {side}", (sign * 92.0, 2.0, 2.0), (17.0, 17.0, 17.0), 220.0, "bone 20",
                  f"femoral head {side}"),
            _part(f"ischium {side}", (sign * 58.0, 44.0, -34.0), (15.0, 21.0, 25.0), 500.0, "bone 50"),
            Solid(name=f"ilium {side}", kind="ellipsoid", centre=(sign * 100.0, 35.0, 95.0), half=(11.0, 45.0, 52.0),
                  hu=520.0, substance="bone 50", parent="body", rotation=tilt),
            Solid(name=f"femur {side}", kind="cylinder", centre=(sign * 122.0, 12.0, -85.0), half=(17.0, 17.0, 50.0),
                  hu=850.0, substance="bone 50", parent="body"),
        ]  # fmt: skip
    if seeds:
        parts += [
            gold_seed(name, at, "prostate", tilt=12.0 * index)
            for index, (name, at) in enumerate(PROSTATE_SEEDS.items())
        ]
    return Body("pelvis", (body, *parts))


def head() -> Body:
    """Return a head with skull, brain, ventricles, eyes, sinus, teeth and the first of the spine."""
    return Body(
        "head",
        (
            _part("body", (0.0, 0.0, 20.0), (78.0, 98.0, 105.0), 10.0, parent=""),
            _part("skull", (0.0, 0.0, 34.0), (71.0, 89.0, 82.0), 850.0, "bone 50"),
            _part("brain", (0.0, 0.0, 34.0), (65.0, 83.0, 76.0), 35.0, parent="skull"),
            _part("ventricle left", (10.0, -8.0, 45.0), (6.0, 22.0, 10.0), 8.0, "water", "brain"),
            _part("ventricle right", (-10.0, -8.0, 45.0), (6.0, 22.0, 10.0), 8.0, "water", "brain"),
            _part("lesion", (28.0, 25.0, 30.0), (9.0, 8.0, 8.0), 70.0, parent="brain"),
            _part("petrous bone left", (28.0, 12.0, -8.0), (14.0, 8.0, 7.0), 1100.0, "bone", "brain"),
            _part("petrous bone right", (-28.0, 12.0, -8.0), (14.0, 8.0, 7.0), 1100.0, "bone", "brain"),
            _part("sinus", (0.0, -50.0, -8.0), (12.0, 8.0, 9.0), -980.0, "air", "brain"),
            _part("teeth", (0.0, -56.0, -55.0), (22.0, 9.0, 6.0), 1600.0, "bone"),
            _part("vertebra", (0.0, 34.0, -62.0), (20.0, 16.0, 14.0), 550.0, "bone 50"),
            _part("airway", (0.0, -20.0, -66.0), (10.0, 9.0, 12.0), -1000.0, "air"),
        ),
    )
