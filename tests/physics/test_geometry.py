"""Sources, panels, couch and patient against points that were worked out by hand from IEC 61217."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.beamseye import View
from linacsim.physics.geometry import (
    Couch,
    Gaze,
    Panel,
    Pose,
    couch_of,
    kv_gaze,
    meeting_point,
    mv_gaze,
    patient_pose,
    turned_about_z,
)

PANEL = Panel(rows=768, columns=1024, pitch=0.4)


@pytest.mark.parametrize(
    ("gantry", "source", "x_axis"),
    [
        (0, (0, 0, 1000), (1, 0, 0)),
        (90, (1000, 0, 0), (0, 0, -1)),
        (180, (0, 0, -1000), (-1, 0, 0)),
        (270, (-1000, 0, 0), (0, 0, 1)),
        (30, (500, 0, 500 * sqrt(3)), (sqrt(3) / 2, 0, -0.5)),
    ],
)
def test_the_gantry_carries_the_source_clockwise(
    gantry: float, source: tuple[float, ...], x_axis: tuple[float, ...]
) -> None:
    gaze = mv_gaze(gantry, PANEL)
    np.testing.assert_allclose(gaze.source, source, atol=1e-9)
    np.testing.assert_allclose(gaze.axes[0], x_axis, atol=1e-12)
    np.testing.assert_allclose(gaze.axes[1], (0, 1, 0), atol=1e-12)
    np.testing.assert_allclose(gaze.panel_origin, -np.array(source) / 2, atol=1e-9)


def test_the_kv_source_is_90_degrees_ahead() -> None:
    np.testing.assert_allclose(kv_gaze(0, PANEL).source, (1000, 0, 0), atol=1e-9)
    np.testing.assert_allclose(kv_gaze(270, PANEL).source, (0, 0, 1000), atol=1e-9)


@pytest.mark.parametrize(
    ("gantry", "point", "seen"),
    [
        (0, (10, 20, 0), (15, 30)),  # magnified by SID / SAD
        (0, (10, 0, 250), (20, 0)),  # nearer to the source: 1500 / 750
        (90, (0, 20, 10), (-15, 30)),  # seen from the right, up is to the left
        (180, (10, 20, 0), (-15, 30)),
        (270, (0, 0, 10), (15, 0)),
        (0, (0, 0, -500), (0, 0)),
    ],
)
def test_a_point_is_seen_where_the_rays_say(gantry: float, point: tuple[float, ...], seen: tuple[float, float]) -> None:
    np.testing.assert_allclose(mv_gaze(gantry, PANEL).project(point), seen, atol=1e-9)


def test_rows_run_against_y_and_columns_along_x() -> None:
    panel = Panel(rows=3, columns=4, pitch=2.0)
    np.testing.assert_array_equal(panel.column_centres, [-3, -1, 1, 3])
    np.testing.assert_array_equal(panel.row_centres, [2, 0, -2])
    np.testing.assert_array_equal(panel.pixel_of([-3, 2]), [0, 0])
    np.testing.assert_array_equal(panel.pixel_of([3, -2]), [2, 3])
    np.testing.assert_array_equal(panel.position_of([[0, 0], [2, 3]]), [[-3, 2], [3, -2]])
    pixels = mv_gaze(0, panel).pixels()
    np.testing.assert_allclose(pixels[0, 0], (-3, 2, -500), atol=1e-9)
    np.testing.assert_allclose(pixels[2, 3], (3, -2, -500), atol=1e-9)


def test_a_half_fan_moves_the_panel_and_not_the_picture_of_a_point() -> None:
    half = Panel(rows=768, columns=1024, pitch=0.388, x=148.0)
    assert half.pixel_of([148.0, 0.0])[1] == pytest.approx(511.5)
    np.testing.assert_allclose(kv_gaze(0, half).project((0, 0, 10)), kv_gaze(0, PANEL).project((0, 0, 10)))


def test_a_panel_that_sags_sees_the_isocentre_elsewhere() -> None:
    gaze = Gaze(angle=0, panel=PANEL, panel_shift=(1.0, -2.0, 0.0))
    np.testing.assert_allclose(gaze.project((0, 0, 0)), (-1, 2), atol=1e-12)
    # A source 1 mm to the right throws the isocentre's shadow (SID - SAD) / SAD mm to the left.
    gaze = Gaze(angle=0, panel=PANEL, source_shift=(1.0, 0.0, 0.0))
    np.testing.assert_allclose(gaze.project((0, 0, 0)), (-0.5, 0), atol=1e-9)
    np.testing.assert_allclose(gaze.nominal().project((0, 0, 0)), (0, 0), atol=1e-12)


@pytest.mark.parametrize(
    ("position", "left", "back", "head"),
    [
        ("HFS", (1, 0, 0), (0, 0, -1), (0, 1, 0)),
        ("HFP", (-1, 0, 0), (0, 0, 1), (0, 1, 0)),
        ("FFS", (-1, 0, 0), (0, 0, -1), (0, -1, 0)),
        ("FFP", (1, 0, 0), (0, 0, 1), (0, -1, 0)),
    ],
)
def test_the_patient_lies_as_patient_position_says(
    position: str, left: tuple[int, ...], back: tuple[int, ...], head: tuple[int, ...]
) -> None:
    pose = patient_pose(position=position)  # type: ignore[arg-type]
    np.testing.assert_allclose(pose(np.eye(3)), [left, back, head], atol=1e-12)
    assert np.linalg.det(pose.rotation) == pytest.approx(1.0)


def test_an_unknown_patient_position_is_refused_by_name() -> None:
    with pytest.raises(InputError, match="'HFDR' is not a PatientPosition; use one of HFS, HFP"):
        patient_pose(position="HFDR")  # type: ignore[arg-type]


def test_the_isocentre_of_the_plan_comes_to_the_machines() -> None:
    pose = patient_pose(isocentre=(10.0, -20.0, 300.0))
    np.testing.assert_allclose(pose((10, -20, 300)), (0, 0, 0), atol=1e-12)
    np.testing.assert_allclose(pose((11, -22, 303)), (1, 3, 2), atol=1e-12)


@pytest.mark.parametrize(
    ("couch", "point", "at"),
    [
        (Couch(x=1, y=2, z=3), (0, 0, 0), (1, 2, 3)),
        (Couch(rotation=90), (1, 0, 0), (0, 1, 0)),  # from above against the clock
        (Couch(rotation=90, x=5), (0, 0, 0), (0, 5, 0)),  # the table top moves along the turned couch
        (Couch(pitch=90), (0, 1, 0), (0, 0, 1)),  # head up
        (Couch(roll=90), (0, 0, 1), (1, 0, 0)),
        (Couch(pitch=90, roll=90), (0, 0, 1), (1, 0, 0)),
        (Couch(pitch=90, roll=90), (1, 0, 0), (0, 1, 0)),  # roll takes x to -z, pitch -z to y
    ],
)
def test_the_couch_moves_a_point_of_the_table_top(couch: Couch, point: tuple[int, ...], at: tuple[int, ...]) -> None:
    np.testing.assert_allclose(couch.pose(point), at, atol=1e-12)


def test_six_degrees_of_freedom_come_back_out_of_a_pose() -> None:
    couch = Couch(x=3, y=-4, z=5, rotation=12, pitch=-2, roll=1.5)
    back = couch_of(couch.pose)
    for name in ("x", "y", "z", "rotation", "pitch", "roll"):
        assert getattr(back, name) == pytest.approx(getattr(couch, name), abs=1e-9)


def test_poses_follow_each_other_and_go_back() -> None:
    first, then = Couch(x=3, pitch=10).pose, Couch(y=1, rotation=20).pose
    point = np.array([1.0, 2.0, 3.0])
    np.testing.assert_allclose(then.after(first)(point), then(first(point)))
    np.testing.assert_allclose(first.inverse(first(point)), point)
    np.testing.assert_allclose(first.matrix @ [*point, 1], [*first(point), 1])
    assert Pose(turned_about_z(-33.0)).angle == pytest.approx(33.0)


def test_two_gazes_meet_in_the_point_they_saw() -> None:
    point = np.array([12.0, -7.0, 4.0])
    gazes = [kv_gaze(270, PANEL), mv_gaze(270, PANEL)]
    found, miss = meeting_point(gazes, [gaze.project(point) for gaze in gazes])
    np.testing.assert_allclose(found, point, atol=1e-9)
    assert miss < 1e-9
    with pytest.raises(InputError, match="almost parallel"):
        meeting_point([gazes[0], gazes[0]], [gazes[0].project(point)] * 2)


def test_the_beams_eye_view_of_the_other_modules_agrees() -> None:
    view, gaze = View((0.0, 0.0, 0.0), 35.0), mv_gaze(35.0, PANEL)
    point = np.array([13.0, -8.0, 21.0])
    np.testing.assert_allclose(view.project(point, 1500.0), gaze.project(patient_pose()(point)))


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Panel(rows=0, columns=4, pitch=1.0), "4x0 pixels of 1.0 mm are no panel"),
        (lambda: Panel(rows=4, columns=4, pitch=0.0), "are no panel"),
        (lambda: Panel(rows=6, columns=4, pitch=1.0).binned(4), "cannot be binned by 4"),
        (lambda: Gaze(angle=0, panel=PANEL, sid=0.0), "SAD, SID"),
        (lambda: Couch(x=float("nan")), "couch x: nan is no position"),
        (lambda: mv_gaze(0, PANEL).project((0, 0, 1000)), "beside or behind the source"),
    ],
)
def test_impossible_geometry_is_refused(make: object, text: str) -> None:
    with pytest.raises(InputError, match=text):
        make()  # type: ignore[operator]
