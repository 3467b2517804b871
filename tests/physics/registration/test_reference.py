"""Reference pictures: seen as of a displaced patient, and only where they show all of him."""

from __future__ import annotations

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Couch, Gaze, Panel, Pose, patient_pose
from linacsim.physics.projection import Voxels, water_path
from linacsim.physics.registration import match_images
from linacsim.physics.registration.planar import clear_of, likeness
from linacsim.physics.registration.reference import Computed, Picture, apart, for_megavoltage, renders
from linacsim.physics.solids import Body, Solid

PANEL = Panel(rows=120, columns=160, pitch=2.0)
BALLS = Body(
    "balls",
    tuple(
        Solid(name=f"ball {at}", kind="ellipsoid", centre=at, half=(9.0, 7.0, 8.0), hu=500.0)
        for at in ((0.0, 0.0, 0.0), (30.0, 0.0, 20.0), (-25.0, 0.0, 30.0))
    ),
)
"""In the plane through the isocentre across an AP beam."""


def gaze(angle: float = 0.0, panel: Panel = PANEL, sid: float = 1500.0) -> Gaze:
    return Gaze(angle=angle, panel=panel, sid=sid)


def reference(
    angle: float = 0.0, sid: float = 1000.0, isocentre: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Picture:
    panel = Panel(rows=200, columns=240, pitch=1.0)
    seen = gaze(angle, panel, sid)
    pose = patient_pose(isocentre=(-isocentre[0], isocentre[2], -isocentre[1]))
    return Picture(water_path(BALLS, pose, seen), seen, isocentre)


def ramp() -> Voxels:
    """Return a block of water, 60 mm high, with air around it."""
    hu = np.full((32, 60, 60), -1000.0, dtype=np.float32)
    hu[:, 10:50, 10:50] = 0.0
    return Voxels(hu, (4.0, 4.0, 2.0), (-118.0, -118.0, -31.0))


@pytest.mark.parametrize("sid", [1000.0, 1500.0])
@pytest.mark.parametrize("couch", [Couch(), Couch(x=7.0, y=-5.0), Couch(x=2.0, z=15.0), Couch(rotation=4.0)])
def test_what_lies_in_the_plane_of_the_isocentre_is_seen_where_it_is(sid: float, couch: Couch) -> None:
    wanted = water_path(BALLS, patient_pose(couch), gaze())
    seen = reference(sid=sid).seen(couch.pose, gaze())
    # The balls are 14 mm thick: what of them is in front of the plane or behind it is off by a part of a pixel.
    assert np.abs(seen - wanted).mean() < 0.02 * wanted.max()
    np.testing.assert_allclose(centre(seen), centre(wanted), atol=0.15)


def centre(picture: Array) -> tuple[float, float]:
    rows, columns = np.indices(picture.shape)
    total = picture.sum()
    return float((rows * picture).sum() / total), float((columns * picture).sum() / total)


def test_a_reference_about_another_point_is_moved() -> None:
    off = reference(isocentre=(6.0, 4.0, 0.0)).seen(Pose(), gaze())
    np.testing.assert_allclose(centre(off), centre(water_path(BALLS, patient_pose(), gaze())), atol=0.15)


def test_a_sagging_panel_is_taken_along() -> None:
    sagging = Gaze(angle=0.0, panel=PANEL, panel_shift=(3.0, -2.0, 0.0), source_shift=(0.5, 0.0, 0.0))
    wanted = water_path(BALLS, patient_pose(), sagging)
    np.testing.assert_allclose(centre(reference().seen(Pose(), sagging)), centre(wanted), atol=0.15)


def test_a_computed_picture_is_that_of_the_volume() -> None:
    volume, displaced = ramp(), Couch(x=5.0, y=3.0, z=-4.0).pose
    seen = Computed(volume, patient_pose()).seen(displaced, gaze())
    np.testing.assert_array_equal(seen, water_path(volume, displaced.after(patient_pose()), gaze()))


def test_a_computed_picture_counts_where_no_ray_leaves_by_the_ends() -> None:
    middle = gaze(panel=Panel(rows=120, columns=60, pitch=2.0))  # not where rays miss the block's sides
    whole = Computed(ramp(), patient_pose()).whole(Pose(), middle)
    path = water_path(ramp(), patient_pose(), middle)
    # The rays that count cross 160 mm of the block; those by its ends less, though they are not beside it.
    assert np.ptp(path[whole]) < 25.0
    assert path[whole].min() > 130.0
    cut = (path > 5.0) & ~whole
    assert cut.any()
    # 31 mm from the isocentre to either end, less what the rays rise on 80 mm of water.
    rows = np.flatnonzero(whole.any(axis=1))
    heights = middle.panel.row_centres[rows] / 1.5
    assert 26.0 < heights.max() < 31.0
    moved = Computed(ramp(), patient_pose()).whole(Couch(y=10.0).pose, middle)
    assert np.flatnonzero(moved.any(axis=1)).min() < rows.min()


def test_a_flat_reference_does_not_count_near_air() -> None:
    picture = Picture(water_path(ramp(), patient_pose(), gaze(sid=1000.0)), gaze(sid=1000.0))
    whole = picture.whole(Pose(), gaze())
    assert whole.mean() < 0.02  # some 33 mm to air on each side: hardly a pixel is further away from it
    solid = Picture(
        np.random.default_rng(1).uniform(1, 2, (100, 100)), gaze(panel=Panel(rows=100, columns=100, pitch=2.0))
    )
    assert solid.whole(Pose(), solid.gaze).all()
    beside = solid.whole(Couch(x=40.0).pose, solid.gaze)
    assert 0.2 < beside.mean() < 0.8


def test_bone_counts_less_in_a_megavoltage_beam() -> None:
    hu = np.array([-1000.0, -500.0, 0.0, 400.0, 3000.0], dtype=np.float32)
    volume = Voxels(np.broadcast_to(hu, (2, 2, 5)).copy(), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0))
    np.testing.assert_array_equal(for_megavoltage(volume).hu[0, 0], [-1000.0, -500.0, 0.0, 200.0, 600.0])


def test_every_picture_has_its_own_source() -> None:
    front, side = gaze(0.0), gaze(90.0)
    render, _ = renders([(front, reference()), (side, Computed(ramp(), patient_pose()))])
    coarse = gaze(90.0, Panel(rows=30, columns=40, pitch=8.0))
    np.testing.assert_array_equal(render(Couch(), coarse), water_path(ramp(), patient_pose(), coarse))
    with pytest.raises(InputError, match="no reference for a picture from 45 degrees"):
        render(Couch(), gaze(45.0))


@pytest.mark.parametrize(
    ("one", "other", "angle"), [(0, 90, 90), (350, 10, 20), (180, 0, 180), (450, 90, 0), (-5, 5, 10)]
)
def test_directions_are_apart_by_up_to_half_a_turn(one: float, other: float, angle: float) -> None:
    assert apart(gaze(one), gaze(other)) == pytest.approx(angle)


def test_a_shift_is_found_with_half_of_the_reference() -> None:
    """What is beside the valid part, here other balls, does not pull."""
    put_in = Couch(x=4.0, y=-3.0)
    picture = reference()
    image = water_path(BALLS, patient_pose(put_in), gaze())
    image[:40] += 60.0  # something that the reference does not know, towards the head
    render, _ = renders([(gaze(), picture)])

    def lower(_: Couch, of: Gaze) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        return np.broadcast_to(of.panel.row_centres[:, None] < 25.0, (of.panel.rows, of.panel.columns))

    found = match_images([image], [gaze()], render, valid=lower).couch
    np.testing.assert_allclose((found.x, found.y), (4.0, -3.0), atol=0.1)


def test_nothing_to_compare_is_told() -> None:
    render, _ = renders([(gaze(), reference())])
    image = water_path(BALLS, patient_pose(), gaze())
    nothing = lambda _, of: np.zeros((of.panel.rows, of.panel.columns), dtype=np.bool_)  # noqa: E731
    with pytest.raises(InputError, match="hardly overlap"):
        match_images([image], [gaze()], render, valid=nothing)


def test_likeness_tells_a_picture_from_its_inverse() -> None:
    image = water_path(BALLS, patient_pose(Couch(x=6.0)), gaze())
    weight, picture = np.ones(image.shape), reference()
    same, _ = renders([(gaze(), picture)])
    inverse, _ = renders([(gaze(), Picture(-picture.image, picture.gaze))])
    assert likeness(image, gaze(), same, weight) > 0.9
    assert likeness(image, gaze(), inverse, weight) < 0.5
    assert likeness(np.zeros(image.shape), gaze(), same, weight) == 0.0


def test_pixels_by_closed_ones_are_not_clear() -> None:
    closed = np.zeros((9, 9), dtype=np.bool_)
    closed[4, 4] = True
    clear = clear_of(closed, 2)
    assert (clear.sum(), clear[4, 6], clear[4, 7]) == (81 - 25, False, True)
