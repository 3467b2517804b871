"""The displacement that is put in comes back out, with noise on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.acquisition import Chain, chain
from linacsim.physics.detector import AS500, PAXSCAN_4030CB
from linacsim.physics.fdk import Grid, reconstruct
from linacsim.physics.geometry import Array, Couch, Gaze, Panel, Pose, kv_gaze, mv_gaze, patient_pose
from linacsim.physics.phantoms import phantom
from linacsim.physics.phantoms.anatomy import PROSTATE_SEEDS
from linacsim.physics.phantoms.quality import SEEDS
from linacsim.physics.projection import Voxels
from linacsim.physics.registration import (
    find_in_image,
    find_in_volume,
    fit_rigid,
    in_plane,
    match_images,
    match_markers,
    match_points,
    match_volumes,
)
from linacsim.physics.scatter import Scatter
from linacsim.physics.spectrum import megavoltage, tube

NAMES = ("x", "y", "z", "rotation", "pitch", "roll")
KV = PAXSCAN_4030CB.binned(2)
FINE = PAXSCAN_4030CB
CHEAP = replace(KV, panel=Panel(rows=128, columns=192, pitch=2.2), quanta=100000.0)
PELVIS = phantom("pelvis")


def rng(key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([7, key]))


def drawn(key: int, shift: float = 8.0, turn: float = 0.0) -> Couch:
    values = rng(key).uniform(-1, 1, 6) * ([shift] * 3 + [turn] * 3)
    return Couch(**dict(zip(NAMES, (float(value) for value in values), strict=True)))


@cache
def kv_chain() -> Chain:
    return chain(tube(120), KV, rng(1000), scatter=Scatter(), known_scatter=Scatter())


@cache
def fine_chain() -> Chain:
    """Return the chain of a single picture with all its pixels, as markers want it."""
    return chain(tube(100), FINE, rng(1003), scatter=Scatter(), known_scatter=Scatter())


@cache
def mv_chain() -> Chain:
    return chain(megavoltage(), AS500, rng(1001))


def pictured(body_name: str, gaze: Gaze, couch: Couch, using: Chain, key: int) -> Array:
    """Return what a workstation has of one picture, mm of water, noise and all."""
    primary = using.primary(phantom(body_name), patient_pose(couch), gaze)
    # As on a machine: so much that what is beside the patient saturates, and what is behind him can be seen.
    exposure = 8.0 if using is kv_chain() else 0.9
    counts = using.expose(primary, rng(key), exposure=exposure, frames=4)
    return np.asarray(using.water(counts, exposure), dtype=np.float64)


def render(couch: Couch, gaze: Gaze) -> Array:
    """Return what a beam of the axis' energy would show, without scatter and noise."""
    using = mv_chain() if gaze.panel.pitch == AS500.panel.pitch else kv_chain()
    return using.beam.water_equivalent(using.primary(PELVIS, patient_pose(couch), gaze))


def off(found: Couch, put_in: Couch) -> Array:
    return np.abs([getattr(found, name) - getattr(put_in, name) for name in NAMES])


def planar_miss(key: int) -> float:
    """Return by how many mm in its plane a 2D match of one kV picture misses a random shift."""
    put_in, gaze = drawn(key), kv_gaze(270.0, KV.panel)
    match = match_images([pictured("pelvis", gaze, put_in, kv_chain(), key)], [gaze], render)
    wanted, found = (gaze.axes[:2] @ np.array([one.x, one.y, one.z]) for one in (put_in, match.couch))
    return float(np.abs(found - wanted).max())


def pair_miss(key: int) -> float:
    """Return by how many mm a 2D/2D match of a kV and an MV picture misses a random shift."""
    put_in = drawn(key)
    gazes = [kv_gaze(0.0, KV.panel), mv_gaze(0.0, AS500.panel)]
    images = [
        pictured("pelvis", gaze, put_in, using, 10 * key + index)
        for index, (gaze, using) in enumerate(zip(gazes, (kv_chain(), mv_chain()), strict=True))
    ]
    return float(off(match_images(images, gazes, render).couch, put_in).max())


def marker_miss(key: int) -> tuple[float, float]:
    """Return by how many mm and degrees a marker match misses a random shift and turn."""
    put_in = drawn(key, 8.0, 3.0)
    planned = patient_pose()(np.array(list(SEEDS.values())))
    gazes = [kv_gaze(angle, FINE.panel) for angle in (270.0, 0.0)]
    found = [
        find_in_image(pictured("markers", gaze, put_in, fine_chain(), 10 * key + index), gaze.panel, 4)
        for index, gaze in enumerate(gazes)
    ]
    miss = off(match_markers(gazes, found, planned).couch, put_in)
    return float(miss[:3].max()), float(miss[3:].max())


GRID = Grid(columns=128, rows=128, slices=72, pitch=1.6, thickness=2.0)


@cache
def planning_ct() -> Voxels:
    axis = (np.arange(110, dtype=np.float64) - 54.5) * 2.0
    return Voxels(phantom("head").voxels(axis, axis, axis + 10, fine=2), (2.0,) * 3, (axis[0], axis[0], axis[0] + 10))


def volume_miss(key: int) -> tuple[float, float]:
    """Return by how many mm and degrees a 3D/3D match of a noisy cone-beam CT misses a random shift and turn."""
    put_in = drawn(key, 8.0, 2.5)
    using = chain(tube(100), CHEAP, rng(1002))
    gazes = [kv_gaze(2.0 * index, CHEAP.panel) for index in range(180)]
    body, pose = phantom("head"), patient_pose(put_in)
    streams = rng(key).spawn(len(gazes))
    images = np.stack(
        [using.water(using.expose(using.primary(body, pose, one), stream))
         for one, stream in zip(gazes, streams, strict=True)]
    )  # fmt: skip
    x, y, z = GRID.axes
    found = Voxels(reconstruct(images, gazes, GRID, window="HANN"), (1.6, 1.6, 2.0), (x[0], y[0], z[0]))
    miss = off(match_volumes(found, planning_ct(), radius=95.0).couch, put_in)
    return float(miss[:3].max()), float(miss[3:].max())


@pytest.mark.parametrize("key", [1, 2])
def test_one_picture_gives_the_shift_in_its_plane(key: int) -> None:
    assert planar_miss(key) < 0.5


@pytest.mark.parametrize("key", [1, 2])
def test_two_pictures_give_the_shift(key: int) -> None:
    assert pair_miss(key) < 0.5


@pytest.mark.parametrize("key", [1, 2])
def test_seeds_give_shift_and_turn(key: int) -> None:
    shift, turn = marker_miss(key)
    assert (shift < 0.3, turn < 0.2) == (True, True)


def test_two_volumes_give_shift_and_turn() -> None:
    shift, turn = volume_miss(1)
    assert (shift < 0.3, turn < 0.2) == (True, True)


@pytest.mark.figure
@pytest.mark.parametrize("miss", [planar_miss, pair_miss])
def test_twenty_shifts_come_back_out_of_pictures(miss: Callable[[int], float]) -> None:
    worst = max(miss(key) for key in range(100, 120))
    print(f"worst of 20, {miss.__name__}: {worst:.3f} mm")  # noqa: T201 - the figures are wanted
    assert worst < 0.5


@pytest.mark.figure
def test_twenty_shifts_and_turns_come_back_out_of_markers() -> None:
    shift, turn = np.max([marker_miss(key) for key in range(100, 120)], axis=0)
    print(f"worst of 20, marker: {shift:.3f} mm, {turn:.3f} degrees")  # noqa: T201 - the figures are wanted
    assert (shift < 0.3, turn < 0.2) == (True, True)


@pytest.mark.figure
@pytest.mark.parametrize("key", range(100, 120))
def test_twenty_shifts_and_turns_come_back_out_of_volumes(key: int) -> None:
    shift, turn = volume_miss(key)
    print(f"3D/3D, shift {key - 99} of 20: {shift:.3f} mm, {turn:.3f} degrees")  # noqa: T201 - the figures are wanted
    assert (shift < 0.3, turn < 0.2) == (True, True)


def test_a_turned_couch_is_found_from_two_pictures_if_it_is_asked_for() -> None:
    put_in = Couch(x=3.0, y=-4.0, z=2.0, rotation=2.0)
    gazes = [kv_gaze(0.0, KV.panel), kv_gaze(270.0, KV.panel)]
    images = [pictured("pelvis", gaze, put_in, kv_chain(), 50 + index) for index, gaze in enumerate(gazes)]
    match = match_images(images, gazes, render, freedoms=np.eye(6)[:4])
    assert off(match.couch, put_in).max() < 0.4
    assert 0 < match.residual < 0.5


def test_the_plane_of_a_picture_is_that_of_its_panel() -> None:
    np.testing.assert_allclose(in_plane(mv_gaze(90.0, AS500.panel))[:, :3], [(0, 0, -1), (0, 1, 0)], atol=1e-12)


def test_markers_in_a_volume_are_found_where_they_are() -> None:
    body = phantom("pelvis")
    axis = np.arange(-30, 30.1, 0.75)
    hu = body.voxels(axis, axis, axis, fine=2)
    found = find_in_volume(hu, (axis, axis, axis), 3, threshold=4000.0)
    match, order = match_points(np.array(list(PROSTATE_SEEDS.values())), found)
    assert sorted(order) == [0, 1, 2]
    assert match.residual < 0.3
    assert off(match.couch, Couch()).max() < 0.4


def test_wrong_candidates_do_not_confuse_the_match() -> None:
    planned = np.array(list(SEEDS.values()))
    pose = Couch(x=5.0, rotation=4.0).pose
    candidates = np.vstack([[[30.0, 0.0, 3.0]], pose(planned)[::-1], [[0.0, 30.0, 9.0]]])
    match, order = match_points(planned, candidates)
    assert order == (4, 3, 2, 1)
    assert off(match.couch, Couch(x=5.0, rotation=4.0)).max() < 1e-6


def test_a_single_marker_gives_a_shift_and_no_turn() -> None:
    pose, left = fit_rigid(np.array([[1.0, 2.0, 3.0]]), np.array([[2.0, 2.0, 3.0]]))
    np.testing.assert_allclose(pose.matrix, Pose(shift=np.array([1.0, 0.0, 0.0])).matrix)
    assert left == 0


def test_what_cannot_be_matched_is_refused_in_words() -> None:
    gaze = kv_gaze(0.0, Panel(rows=96, columns=96, pitch=2.0))
    flat, point = np.zeros((96, 96)), np.zeros((1, 2))
    empty = Voxels(np.full((20, 20, 20), -1000.0, dtype=np.float32), (5.0,) * 3, (-50.0,) * 3)
    far = Voxels(planning_ct().hu, (2.0,) * 3, (900.0, 900.0, 900.0))
    for what, text in (
        (lambda: match_images([flat], [gaze], render), "without contrast"),
        (lambda: match_images([], [], render), "0 pictures"),
        (lambda: find_in_image(flat, gaze.panel, 3), "0 markers in the picture; "),
        (lambda: find_in_volume(empty.hu, empty.axes, 1), "0 things above 2000 HU"),
        (lambda: match_markers([gaze], [point], np.zeros((1, 3))), "1 gazes and 1 pictures"),
        (lambda: match_points(np.zeros((7, 3)), np.zeros((7, 3))), "7 planned markers"),
        (lambda: match_points(np.eye(3) * 50, np.eye(3)), "not the planned markers"),
        (lambda: match_volumes(planning_ct(), empty), "nothing in the planning CT"),
        (lambda: match_volumes(far, planning_ct()), "do not overlap"),
    ):
        with pytest.raises(InputError) as caught:
            what()
        assert text.rstrip("; ") in str(caught.value)
