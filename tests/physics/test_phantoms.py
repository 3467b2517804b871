"""Every phantom is what its description says: solids inside their parents, beside their siblings, truth by name."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Panel, kv_gaze, mv_gaze, patient_pose
from linacsim.physics.phantoms import PHANTOMS, phantom
from linacsim.physics.phantoms.anatomy import pelvis
from linacsim.physics.phantoms.catphan import INSERTS_504, INSERTS_604
from linacsim.physics.phantoms.quality import SEEDS, winston_lutz
from linacsim.physics.projection import substances_of, water_path
from linacsim.physics.solids import Body, Solid
from linacsim.physics.spectrum import substances


def inner_points(solid: Solid, count: int = 4000) -> Array:
    """Return points of a solid, its surface included, shape (n, 3)."""
    draw = np.random.default_rng(5).uniform(-1, 1, (count, 3))
    draw[: count // 2] /= np.linalg.norm(draw[: count // 2], axis=1)[:, None] * 1.0001
    points = draw * solid.half @ solid.rotation.T + solid.centre
    inside: Array = points[solid.holds(points)]
    return inside


@pytest.mark.parametrize("name", PHANTOMS)
def test_every_solid_is_inside_its_parent_and_touches_no_sibling(name: str) -> None:
    body = phantom(name)
    points = {one.name: inner_points(one) for one in body.solids}
    for one in body.solids:
        if one.parent:
            assert body.by_name[one.parent].holds(points[one.name]).all(), one.name
    for one, other in combinations(body.solids, 2):
        if one.parent == other.parent:
            overlap = other.holds(points[one.name]).any() or one.holds(points[other.name]).any()
            # Steps of a wedge share a face.
            assert not overlap or name == "step-wedge", (one.name, other.name)


@pytest.mark.parametrize("name", PHANTOMS)
def test_every_substance_has_a_table_and_every_picture_a_content(name: str) -> None:
    body = phantom(name)
    assert body.name == name
    assert set(substances_of(body)) <= set(substances())
    panel = Panel(rows=96, columns=128, pitch=3.0)
    for gaze in (kv_gaze(0, panel), mv_gaze(0, panel)):
        image = water_path(body, patient_pose(), gaze)
        assert image.max() > 20
        assert image.min() >= -1e-9


def test_the_inserts_are_where_an_analysis_looks() -> None:
    for name, inserts in (("catphan504", INSERTS_504), ("catphan604", INSERTS_604)):
        body = phantom(name)
        for insert, (angle, hu, _) in inserts.items():
            at = 58.7 * np.array([np.cos(np.radians(angle)), np.sin(np.radians(angle)), 0.0])
            assert body.at(at) == hu == body.by_name[insert].hu


def test_the_wires_rise_by_23_degrees_and_opposite_ones_opposite_ways() -> None:
    body = phantom("catphan604")
    rise = {}
    for name in ("left", "right", "top", "bottom"):
        way = body.by_name[f"wire {name}"].rotation[:, 2]
        along = way[1] if name in {"left", "right"} else way[0]
        rise[name] = way[2] / along
        assert abs(rise[name]) == pytest.approx(np.tan(np.radians(23)))
    assert rise["left"] == -rise["right"]
    assert rise["top"] == -rise["bottom"]


def test_seeds_and_balls_are_where_they_are_put() -> None:
    body = phantom("markers")
    for name, at in SEEDS.items():
        assert body.at(at) > 50000, name
    assert winston_lutz(at=(1.0, 2.0, 3.0)).by_name["BB"].centre == (1.0, 2.0, 3.0)
    assert not [one for one in pelvis(seeds=False).solids if one.substance == "gold"]


def test_the_patients_left_is_not_the_right() -> None:
    body = phantom("pelvis")
    assert body.by_name["femur left"].centre[0] > 0
    volume = Body("x", body.solids).voxels(np.array([-92.0, 92.0]), np.array([2.0, 3.0]), np.array([2.0, 3.0]))
    assert volume.shape == (2, 2, 2)
    assert (volume == 220.0).all()


def test_an_unknown_phantom_is_refused_with_the_list() -> None:
    with pytest.raises(InputError, match="no phantom 'cat'; use one of catphan504"):
        phantom("cat")
