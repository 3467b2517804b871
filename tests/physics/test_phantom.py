"""The phantom: voxels, outlines, lines and doses agree with each other and with what is worked out by hand."""

from __future__ import annotations

from math import inf, pi

import numpy as np
import pytest

from linacsim.physics.beamseye import View
from linacsim.physics.dosemodel import Field, cumulative, dose
from linacsim.physics.phantom import THORAX, Phantom, Shape

BALL = Phantom((Shape("ball", (10.0, 0.0, 0.0), (20.0, 20.0, 20.0), 0.0),))
"""A ball of water in air."""

AXIS = np.arange(-200.0, 201.0, 2.0)


def test_every_shape_lies_in_its_parent_and_beside_its_siblings() -> None:
    turns = np.linspace(0, 2 * pi, 60)
    up = np.linspace(-pi / 2, pi / 2, 31)[:, None]
    for shape in THORAX.shapes:
        a, b, c = shape.radii
        height = 300.0 * np.sin(up) if c == inf else c * np.sin(up)
        wide = np.ones_like(up) if c == inf else np.cos(up)
        skin = np.stack(
            [
                shape.centre[0] + a * wide * np.cos(turns),
                shape.centre[1] + b * wide * np.sin(turns),
                np.broadcast_to(shape.centre[2] + height, (len(up), len(turns))),
            ],
            axis=-1,
        )
        if shape.parent:
            assert THORAX.by_name[shape.parent].holds(skin).all(), shape.name
        others = [one for one in THORAX.shapes if one.parent == shape.parent and one is not shape]
        assert not any(one.holds(skin).any() for one in others), shape.name


def test_a_slice_shows_hounsfield_units() -> None:
    image = THORAX.plane(AXIS, AXIS, 0.0, 5.0)
    at = {name: image[np.searchsorted(AXIS, y), np.searchsorted(AXIS, x)] for name, x, y in (
        ("air", -190.0, 0.0), ("body", 40.0, 70.0), ("lung", -80.0, -16.0), ("spine", 14.0, 66.0), ("cord", 0.0, 66.0),
    )}  # fmt: skip
    assert at == {"air": -1000, "body": 0, "lung": -750, "spine": 500, "cord": 40}


def test_a_shape_as_small_as_a_voxel_is_averaged() -> None:
    dot = Phantom((Shape("dot", (0.3, 0.4, 0.2), (1.0, 1.0, 1.0), 1000.0),))
    coarse = np.arange(-12.0, 13.0, 4.0)
    image = np.sum([dot.plane(coarse, coarse, z, 4.0) for z in (-4.0, 0.0, 4.0)], axis=0) + 3000.0
    assert image.sum() * 4.0**3 == pytest.approx(2000.0 * 4 / 3 * pi, rel=0.05)


def test_nothing_is_beyond_the_planes() -> None:
    cut = THORAX.cut(-10.0, 10.0)
    assert (cut.plane(AXIS, AXIS, 12.0, 5.0) == -1000).all()
    across = cut.water_path(np.array([0.0, 0.0, -500.0]), np.array([40.0, 70.0, 500.0]))
    assert across == pytest.approx(20.0 * np.sqrt(40**2 + 70**2 + 1000**2) / 1000)


def test_a_line_through_a_ball_is_its_chord() -> None:
    source = np.array([-500.0, 0.0, 0.0])
    targets = np.array([[500.0, 0.0, 0.0], [10.0, 0.0, 0.0], [500.0, 0.0, 500.0], [-480.0, 0.0, 0.0]])
    assert BALL.water_path(source, targets) == pytest.approx([40.0, 20.0, 0.0, 0.0])


def test_lines_agree_with_voxels() -> None:
    fine = np.arange(-170.0, 171.0, 0.5)
    image = THORAX.plane(fine, fine, 20.0, 0.5)
    for y in (-60.0, -20.0, 30.0, 65.0):
        line = THORAX.water_path(np.array([-300.0, y, 20.0]), np.array([300.0, y, 20.0]))
        row = image[np.searchsorted(fine, y)]
        assert line == pytest.approx(((row + 1000) / 1000 * 0.5).sum(), abs=1.5)


def test_an_outline_is_where_the_shape_ends() -> None:
    lung = THORAX.by_name["lung left"]
    outline = lung.outline(30.0, 60)
    assert outline is not None
    points = np.column_stack([outline, np.full(60, 30.0)])
    middle = np.array(lung.centre) * (1, 1, 0) + (0, 0, 30.0)
    assert lung.holds(middle + 0.999 * (points - middle)).all()
    assert not lung.holds(middle + 1.001 * (points - middle)).any()
    assert lung.outline(90.1, 60) is None


@pytest.mark.parametrize(
    ("angle", "source"), [(0.0, (0, -1000, 0)), (90.0, (1000, 0, 0)), (180.0, (0, 1000, 0)), (270.0, (-1000, 0, 0))]
)
def test_the_source_goes_round_the_patient(angle: float, source: tuple[float, ...]) -> None:
    assert View((0.0, 0.0, 0.0), angle).source == pytest.approx(source, abs=1e-9)


def test_axes_of_the_beams_eye_view_are_a_right_handed_frame() -> None:
    view = View((5.0, 6.0, 7.0), 37.0)
    assert np.cross(view.across, view.along) == pytest.approx(view.towards_source)


def test_a_point_off_the_isocentre_is_magnified_by_its_depth() -> None:
    view = View((0.0, 0.0, 0.0), 0.0)
    assert view.project(np.array([30.0, -100.0, 20.0])) == pytest.approx((30 / 0.9, 20 / 0.9))
    assert view.project(np.array([30.0, 0.0, 20.0]), at=1500.0) == pytest.approx((45.0, 30.0))
    assert View((0.0, 0.0, 0.0), 90.0).project(np.array([0.0, 30.0, 20.0])) == pytest.approx((30.0, 20.0))


def test_pixels_project_to_where_they_are() -> None:
    view = View((80.0, -10.0, 0.0), 123.0)
    seen = view.project(view.pixels(3, 5, 2.0, 1400.0), at=1400.0)
    assert seen[0, 0] == pytest.approx((-4.0, 2.0))
    assert seen[2, 4] == pytest.approx((4.0, -2.0))


def test_dose_falls_with_depth_and_stops_at_the_edge() -> None:
    field = Field(View((0.0, 0.0, 0.0), 0.0), (-50.0, 50.0, -40.0, 40.0))
    points = np.array([[0.0, y, 0.0] for y in (-90.0, 0.0, 90.0)] + [[0.0, 0.0, 40.0], [0.0, 0.0, 60.0]])
    values = dose(THORAX, [field], points)
    assert values[0] > values[1] > values[2] > 0
    assert values[3] / values[1] == pytest.approx(0.5, abs=0.1)
    assert values[4] == 0


def test_electrons_stop_behind_their_range() -> None:
    field = Field(View((0.0, 0.0, 0.0), 0.0), (-50.0, 50.0, -50.0, 50.0), range=40.0)
    shallow, deep = dose(THORAX, [field], np.array([[0.0, -90.0, 20.0], [0.0, 0.0, 20.0]]))
    assert shallow > 0.5
    assert deep < 1e-3


def test_a_cumulative_histogram_begins_with_the_whole_volume() -> None:
    volumes = cumulative(np.array([0.5, 1.5, 1.6, 2.5]), 1000.0, 1.0, 4)
    assert volumes.tolist() == [4.0, 3.0, 1.0, 0.0]
