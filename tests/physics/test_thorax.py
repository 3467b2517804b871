"""The chest on the couch is the chest that was planned on."""

from __future__ import annotations

import numpy as np
import pytest

from linacsim.objects.case.anatomy import ISOCENTRE as PLANNED
from linacsim.physics.geometry import Panel, kv_gaze, patient_pose
from linacsim.physics.mvbeam import square
from linacsim.physics.phantom import THORAX
from linacsim.physics.phantoms import phantom, planned_thorax
from linacsim.physics.phantoms.thorax import ISOCENTRE, REACH
from linacsim.physics.presets import KvTechnique, MvTechnique
from linacsim.physics.projection import water_path
from linacsim.physics.room import Room


def random_points(count: int = 20000) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(3).uniform((-180, -125, -REACH * 0.99), (180, 125, REACH * 0.99), (count, 3))


def near(name: str) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    return np.random.default_rng(4).uniform(-1.5, 1.5, (500, 3)) * 2.5 + THORAX.by_name[name].centre


def test_it_has_the_hounsfield_units_of_the_cases_phantom_everywhere() -> None:
    points = np.concatenate([random_points(), *(near(f"marker {index}") for index in (1, 2, 3)), near("spinal cord")])
    expected = np.full(len(points), -1000.0)
    for shape in THORAX.shapes:
        expected[shape.holds(points)] = shape.hu
    assert len(np.unique(expected)) == len({shape.hu for shape in THORAX.shapes} | {-1000.0})
    assert (planned_thorax().at(points) == expected).all()


def test_a_line_through_it_is_as_long_as_through_the_cases_phantom() -> None:

    gaze, pose = kv_gaze(20.0, Panel(rows=24, columns=48, pitch=8.0)), patient_pose(isocentre=ISOCENTRE)
    back = pose.inverse
    exact = THORAX.water_path(back(gaze.source), back(gaze.pixels()))
    assert water_path(planned_thorax(), pose, gaze) == pytest.approx(exact, abs=1e-6)


def test_the_phantom_of_that_name_has_its_origin_in_the_plans_isocentre() -> None:
    assert ISOCENTRE == PLANNED
    points = random_points(2000) / 2
    assert (phantom("thorax").at(points) == planned_thorax().at(points + ISOCENTRE)).all()
    assert phantom("thorax").by_name["tumour"].centre == pytest.approx((0, 0, 0))


def test_its_markers_are_seen_by_both_axes() -> None:
    room, pose = Room(phantom("thorax"), np.random.SeedSequence(1)), patient_pose()
    pictures = [
        room.kv(270.0, pose, KvTechnique(kvp=95, ma=200, ms=40), key=1), room.mv(0.0, pose, MvTechnique(mu=4), square(80), key=1),
    ]  # fmt: skip
    for picture in pictures:
        for name in ("marker 1", "marker 2", "marker 3"):
            row, column = (round(value) for value in picture.truth["points"][name]["pixel"])
            part = picture.water[row - 30 : row + 31, column - 30 : column + 31]
            inside, around = part[27:34, 27:34].mean(), np.concatenate([part[:8], part[-8:]]).mean()
            assert inside > around + 6.0
