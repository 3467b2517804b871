"""Markers are measured to a hundredth of a pixel, on whatever they lie; what is no marker is none."""

from __future__ import annotations

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Couch, Gaze, Panel, Pose, couch_of, kv_gaze
from linacsim.physics.projection import water_path
from linacsim.physics.registration.markers import find_at_most, find_in_image, match_points
from linacsim.physics.registration.seeds import fit_shadows, measure, misses
from linacsim.physics.solids import Body, Solid

PANEL = Panel(rows=200, columns=220, pitch=0.388)
PLACES = np.array([[-6.0, -6.0, 4.0], [8.0, 0.0, -2.0], [-1.0, 7.0, -7.0]])


def picture(at: Array, gaze: Gaze, half: tuple[float, float, float] = (2.5, 2.5, 2.5), noise: float = 0.4) -> Array:
    """Return balls on a slanted, curved ground with noise."""
    balls = Body("balls", tuple(Solid(name=f"{index}", kind="ellipsoid", centre=(float(x), float(y), float(z)), half=half, hu=3000.0)
                                for index, (x, y, z) in enumerate(at)))  # fmt: skip
    x, y = gaze.panel.column_centres[None, :], gaze.panel.row_centres[:, None]
    ground = 150.0 + 0.2 * x - 0.15 * y + 0.002 * x * y + 0.003 * x * x
    rng = np.random.default_rng(np.random.SeedSequence([31]))
    return np.asarray(water_path(balls, Pose(), gaze) + ground + rng.normal(0.0, noise, ground.shape))


@pytest.mark.parametrize("half", [(2.5, 2.5, 2.5), (1.0, 1.0, 2.5), (1.2, 2.4, 1.2)])
def test_a_marker_is_measured_on_a_slanted_ground(half: tuple[float, float, float]) -> None:
    gaze = kv_gaze(270.0, PANEL)
    image = picture(PLACES[:1], gaze, half)
    truth = PANEL.pixel_of(gaze.project(PLACES[0]))
    shadow = measure(image, PANEL, (truth[0] + 4, truth[1] - 3), 3.0 * max(half))
    np.testing.assert_allclose(shadow.pixel, truth, atol=0.05)
    assert shadow.is_clear


def test_its_neighbours_do_not_pull() -> None:
    gaze = kv_gaze(270.0, PANEL)
    near = np.array([[0.0, 0.0, 0.0], [7.0, 0.0, 0.0]])
    image = picture(near, gaze)
    truth = PANEL.pixel_of(gaze.project(near))
    shadow = measure(image, PANEL, (truth[0][0] + 2, truth[0][1] + 2), 7.5, truth[1:])
    np.testing.assert_allclose(shadow.pixel, truth[0], atol=0.05)


def test_where_there_is_no_marker_none_is_measured() -> None:
    gaze = kv_gaze(270.0, PANEL)
    image = picture(PLACES[:1], gaze)
    try:
        assert not measure(image, PANEL, (40.0, 40.0), 7.5).is_clear
    except InputError as exc:
        assert "no marker near row 40" in str(exc)  # noqa: PT017 - either is an answer
    with pytest.raises(InputError, match="it has to lie in the picture"):
        measure(image, PANEL, (3.0, 100.0), 7.5)


def test_the_displacement_is_that_of_the_shadows() -> None:
    put_in = Couch(x=4.0, y=-3.0, z=2.0, rotation=2.0, pitch=-1.5, roll=1.0)
    gazes = [kv_gaze(270.0, PANEL), kv_gaze(180.0, PANEL)]
    pixels = [gaze.panel.pixel_of(gaze.project(put_in.pose(PLACES))) for gaze in gazes]
    pose = fit_shadows(gazes, pixels, PLACES, Pose(), turns=True)
    found = couch_of(pose)
    for name in ("x", "y", "z", "rotation", "pitch", "roll"):
        assert getattr(found, name) == pytest.approx(getattr(put_in, name), abs=1e-3)
    assert misses(gazes, pixels, pose(PLACES)).max() < 1e-3
    straight = fit_shadows(gazes, pixels, PLACES, Pose(), turns=False)
    np.testing.assert_allclose(straight.rotation, np.eye(3), atol=1e-12)
    assert misses(gazes, pixels, straight(PLACES)).max() > 0.05


def test_no_more_things_are_returned_than_there_are() -> None:
    gaze = kv_gaze(270.0, PANEL)
    image = picture(PLACES, gaze, noise=0.0)
    found = find_at_most(image, PANEL, 3, 4.0)
    truth = gaze.project(PLACES)
    assert all(np.linalg.norm(found - one, axis=1).min() < 0.5 for one in truth)
    assert find_at_most(np.zeros((200, 220)), PANEL, 4).shape == (0, 2)
    with pytest.raises(InputError, match="0 markers in the picture"):
        find_in_image(np.zeros((200, 220)), PANEL, 1)


def test_points_are_not_turned_by_more_than_is_allowed() -> None:
    turned = Couch(rotation=30.0).pose(PLACES)
    assert match_points(PLACES, turned)[0].couch.rotation == pytest.approx(30.0)
    with pytest.raises(InputError, match="not the planned markers"):
        match_points(PLACES, turned, most_turned=20.0)
