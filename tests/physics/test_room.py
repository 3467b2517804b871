"""Pictures and scans of a room: noise by technique, effects by switch, the truth beside each, and the same again."""

from __future__ import annotations

import json
from dataclasses import fields, replace
from functools import partial
from typing import Any

import numpy as np
import pytest
from numpy.random import SeedSequence
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.detector import AS1000, PAXSCAN_4030CB
from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import Array, Couch, PatientPosition, Pose, patient_pose
from linacsim.physics.motion import Breathing, breathed
from linacsim.physics.mvbeam import Aperture, square
from linacsim.physics.phantoms import phantom, winston_lutz
from linacsim.physics.presets import CbctPreset, KvTechnique, MvTechnique
from linacsim.physics.projection import Voxels, water_path
from linacsim.physics.room import OPEN_FIELD, Effects, Room
from linacsim.physics.solids import Body, Solid

KV, MV = replace(PAXSCAN_4030CB.binned(4), electronic_noise=0.75), AS1000.binned(4)
COARSE = replace(PAXSCAN_4030CB.binned(8), electronic_noise=0.375)
HEAD = CbctPreset(name="head", kvp=100.0, ma=20.0, ms=20.0, projections=120)
HALF = CbctPreset(
    name="pelvis", kvp=125.0, ma=80.0, ms=13.0, projections=180, arc=360.0, fan="HALF", offset=148.0, start=180.0
)
GRID = Grid(columns=64, rows=64, slices=6, pitch=4.0, thickness=4.0)
LYING = patient_pose()


def room(body: Body | Voxels | None = None, seed: int = 1, **options: Any) -> Room:
    chosen = {"kv_detector": KV, "mv_detector": MV, **options}
    return Room(body or phantom("water"), SeedSequence(seed), **chosen)


def middle(image: NDArray[Any], part: int = 8) -> NDArray[np.float64]:
    rows, columns = image.shape[-2:]
    cut = image[..., rows // 2 - part : rows // 2 + part, columns // 2 - part : columns // 2 + part]
    return np.asarray(cut, dtype=np.float64)


def noise_of(technique: KvTechnique) -> float:
    one = room()
    first, second = (middle(one.kv(0.0, LYING, technique, key=key).water, 20) for key in (1, 2))
    return float(np.std(first - second) / np.sqrt(2))


def test_four_times_the_mas_is_half_the_noise_and_a_lower_voltage_is_noisier() -> None:
    usual = noise_of(KvTechnique(kvp=100, ma=100, ms=20))
    assert noise_of(KvTechnique(kvp=100, ma=100, ms=80)) == pytest.approx(usual / 2, rel=0.1)
    assert noise_of(KvTechnique(kvp=70, ma=100, ms=20)) > 1.4 * usual


def test_a_picture_says_how_much_water_there_is_and_how_bright_an_open_field_is() -> None:
    seen = room().kv(0.0, LYING, KvTechnique(kvp=100, ma=200, ms=50), key=1)
    assert middle(seen.water).mean() == pytest.approx(200.0, abs=2.0)
    assert seen.open_field == OPEN_FIELD
    beside = seen.pixels[:, :4]
    assert np.median(beside) == pytest.approx(OPEN_FIELD, rel=0.03)
    assert seen.pixels.dtype == np.uint16
    assert (seen.axis, seen.kvp, seen.ma, seen.ms, seen.mu, seen.aperture) == ("kV", 100, 200, 50, None, None)


def test_without_any_effect_a_picture_is_the_line_integral() -> None:
    seen = room(phantom("head"), effects=Effects.none()).kv(30.0, LYING, KvTechnique(), key=1)
    exact = water_path(phantom("head"), LYING, seen.gaze)
    thin = exact < 300
    assert np.abs(seen.water - exact)[thin].max() < 1.0
    assert thin.mean() > 0.9


@pytest.mark.parametrize("effect", [one.name for one in fields(Effects) if one.name not in {"lag", "correction"}])
def test_every_effect_can_be_switched_off(effect: str) -> None:
    technique = KvTechnique(kvp=100, ma=200, ms=50)
    whole, without = (
        room(phantom("head"), effects=Effects(**{effect: on})).kv(0.0, LYING, technique, key=1) for on in (True, False)
    )
    assert (whole.pixels != without.pixels).mean() > (0.0001 if effect == "defects" else 0.2)
    assert whole.truth["effects"][effect] is True
    assert without.truth["effects"][effect] is False


def test_without_noise_every_picture_is_the_same() -> None:
    quiet, noisy = room(effects=Effects(noise=False)), room()
    for one, same in ((quiet, True), (noisy, False)):
        first, second = (one.kv(0.0, LYING, KvTechnique(), key=key).pixels for key in (1, 2))
        assert np.array_equal(first, second) == same


def test_lag_is_seen_in_a_scan_only() -> None:
    body = phantom("head")
    on, off = (room(body, kv_detector=COARSE, effects=Effects(noise=False, lag=lag)) for lag in (True, False))
    with_lag, without = (one.kv(0.0, LYING, KvTechnique(), key=1).pixels for one in (on, off))
    assert np.array_equal(with_lag, without)
    first, second = (one.scan(LYING, HEAD, GRID, key=1).volume for one in (on, off))
    assert 1.0 < np.abs(first - second)[3].max() < 150.0


def test_one_more_picture_changes_no_other_and_another_seed_changes_all() -> None:
    technique, alone, after = KvTechnique(), room(), room()
    after.kv(10.0, LYING, technique, key=1)
    after.mv(0.0, LYING, MvTechnique(), square(80), key=1)
    first, second = alone.kv(0.0, LYING, technique, key=2), after.kv(0.0, LYING, technique, key=2)
    assert first.pixels.tobytes() == second.pixels.tobytes()
    assert first.water.tobytes() == second.water.tobytes()
    assert json.dumps(first.truth) == json.dumps(second.truth)
    assert not np.array_equal(first.pixels, room(seed=2).kv(0.0, LYING, technique, key=2).pixels)
    assert not np.array_equal(first.pixels, room().kv(0.0, LYING, technique, key=3).pixels)


def test_a_seed_that_was_spawned_is_another_room() -> None:
    children = SeedSequence(1).spawn(2)
    first, second = (
        Room(phantom("water"), child, kv_detector=KV, mv_detector=MV).kv(0.0, LYING, KvTechnique(), key=1).pixels
        for child in children
    )
    assert not np.array_equal(first, second)


def ball_in(water: NDArray[np.float32], around: Array) -> Array:
    """Return row and column of a small dense thing near a pixel."""
    row, column = (round(float(value)) for value in around)
    part = water[row - 12 : row + 13, column - 12 : column + 13].astype(np.float64)
    # tungsten stops nearly everything: how much exactly is noise
    part = np.clip(part - np.median(part) - 25.0, 0.0, 20.0)
    rows, columns = np.mgrid[row - 12 : row + 13, column - 12 : column + 13]
    return np.asarray(np.array([(part * rows).sum(), (part * columns).sum()]) / part.sum())


@pytest.mark.parametrize("axis", ["kV", "MV"])
@pytest.mark.parametrize("correction", [True, False])
def test_the_truth_is_where_the_ball_is_seen_and_the_correction_knows_it(axis: str, correction: bool) -> None:
    effects = Effects(scatter=False, correction=correction)
    one = Room(
        winston_lutz(), SeedSequence(3), effects=effects, sag=4.0, kv_detector=PAXSCAN_4030CB.binned(2),
        mv_detector=AS1000.binned(2),
    )  # fmt: skip
    pose = patient_pose(Couch(x=6.0, y=-4.0, z=2.0))
    for gantry in (0.0, 215.0):
        if axis == "kV":
            seen = one.kv(gantry, pose, KvTechnique(kvp=100, ma=200, ms=50), key=1)
        else:
            seen = one.mv(gantry, pose, MvTechnique(mu=4), square(60), key=1)
        ball = seen.truth["points"]["BB"]
        assert ball["fixed"] == pytest.approx([6, -4, 2])
        found = ball_in(seen.water, np.array(ball["pixel"]))
        assert found == pytest.approx(ball["pixel"], abs=0.15)
        off = float(np.abs(seen.gaze.project(np.array(ball["fixed"])) - ball["xy"]).max())
        assert (off < 0.3) == correction
        assert json.loads(json.dumps(seen.truth)) == seen.truth


def test_a_portal_image_is_of_its_field() -> None:
    one = room(effects=Effects(flexmap=False))
    jaws = Aperture(x1=-30.0, x2=50.0, y1=-20.0, y2=40.0)
    seen = one.mv(0.0, LYING, MvTechnique(mu=3), jaws, key=1)
    rows, columns = (np.flatnonzero((seen.water > 0).any(axis=axis)) for axis in (1, 0))
    panel = seen.gaze.panel
    across = panel.column_centres[[columns[0], columns[-1]]] / 1.5
    along = panel.row_centres[[rows[0], rows[-1]]] / 1.5
    assert across == pytest.approx([-30.0, 50.0], abs=1.5)
    assert along == pytest.approx([40.0, -20.0], abs=1.5)
    # the water of the cylinder, 200 mm deep in its middle
    assert middle(seen.water, 2).mean() == pytest.approx(200.0, abs=5.0)
    assert (seen.mu, seen.collimator, seen.aperture, seen.kvp) == (3, 0.0, jaws, None)
    assert seen.truth["technique"] == {"mu": 3, "energy": 6.0, "fff": False}


def test_monitor_units_and_the_flattening_filter_are_seen() -> None:
    one = room(effects=Effects(flexmap=False))
    few, many = (np.std(middle(one.mv(0.0, LYING, MvTechnique(mu=mu), square(100), key=1).water, 6)) for mu in (1, 4))
    assert many == pytest.approx(few / 2, rel=0.3)
    flat, peaked = (
        one.mv(0.0, patient_pose(Couch(y=400.0)), MvTechnique(fff=fff), square(220), key=1).pixels.astype(np.float64)
        for fff in (False, True)
    )
    edge, inside = (slice(90, 102), slice(30, 36)), (slice(90, 102), slice(122, 134))
    assert flat[edge].mean() > 0.93 * flat[inside].mean()
    assert peaked[edge].mean() < 0.85 * peaked[inside].mean()


def test_a_field_beside_the_panel_and_other_nonsense_are_refused() -> None:
    with pytest.raises(InputError, match=r"X 150\.\.180, Y -10\.\.10 mm beside the panel"):
        room().mv(0.0, LYING, MvTechnique(), Aperture(x1=150, x2=180, y1=-10, y2=10), key=1)
    with pytest.raises(InputError, match="nan degrees"):
        room().kv(float("nan"), LYING, KvTechnique(), key=1)
    with pytest.raises(InputError, match="picture -1; number pictures from 0 upwards"):
        room().kv(0.0, LYING, KvTechnique(), key=-1)
    with pytest.raises(InputError, match="'coarse' is not a detail"):
        room(detail="coarse")
    with pytest.raises(InputError, match="sag by -1 mm"):
        room(sag=-1.0)


@pytest.mark.parametrize("preset", [HEAD, HALF])
def test_water_has_no_hounsfield_units_with_everything_on(preset: CbctPreset) -> None:
    scan = room(kv_detector=COARSE).scan(LYING, preset, replace(GRID, pitch=4.0), key=1)
    x, y, _ = GRID.axes
    radius = np.hypot(x, y[:, None])
    for inner, outer in ((0.0, 25.0), (25.0, 50.0), (50.0, 75.0), (75.0, 90.0)):
        ring = (radius >= inner) & (radius < outer)
        assert abs(float(scan.volume[1:5, ring].mean())) < 20.0
    assert float(scan.volume[:, (radius > 112) & (radius < 125)].mean()) < -970.0
    assert (scan.volume == np.rint(scan.volume)).all()
    assert scan.volume.shape == (6, 64, 64)


def test_a_scan_with_less_dose_is_noisier() -> None:
    one, noise = room(kv_detector=COARSE), []
    for ma in (10.0, 90.0):
        pair = (one.scan(LYING, replace(HEAD, ma=ma), replace(GRID, slices=1), key=key) for key in (1, 2))
        first, second = (middle(scan.volume[0], 12) for scan in pair)
        noise.append(float(np.std(first - second)))
    assert noise[0] == pytest.approx(3 * noise[1], rel=0.15)


def peak(volume: NDArray[np.float32]) -> Array:
    heavy = np.maximum(volume.astype(np.float64) - 0.5 * volume.max(), 0)
    at = np.stack(np.meshgrid(*(np.arange(count) for count in volume.shape), indexing="ij"))
    return np.asarray((at * heavy).sum(axis=(1, 2, 3)) / heavy.sum())


def ball(at: tuple[float, float, float], size: float = 9.0) -> Body:
    around = Solid(name="body", kind="ellipsoid", centre=(0, 0, 0), half=(90, 80, 120), hu=0.0)
    inside = Solid(
        name="ball", kind="ellipsoid", centre=at, half=(size,) * 3, hu=2000.0, substance="bone", parent="body"
    )
    return Body("ball", (around, inside))


FINE = Grid(columns=80, rows=80, slices=24, pitch=2.0, thickness=2.0)


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFS", "FFP"])
def test_a_shifted_ball_is_where_the_truth_says_however_the_patient_lies(position: PatientPosition) -> None:
    pose = patient_pose(Couch(x=5.0, y=8.0, z=-6.0, rotation=2.0), position=position)
    scan = room(ball((22.0, -15.0, 6.0)), kv_detector=COARSE).scan(
        pose, HEAD, FINE, key=1, position=position, couch=Couch(x=1.0)
    )
    told = scan.truth["points"]["ball"]
    assert peak(scan.volume) == pytest.approx(told["voxel"], abs=0.25)
    expected = patient_pose(position=position).inverse(pose((22.0, -15.0, 6.0)))
    assert told["scan"] == pytest.approx(list(expected), abs=1e-5)
    assert told["fixed"] == pytest.approx(list(pose((22.0, -15.0, 6.0))), abs=1e-5)
    assert scan.couch == Couch(x=1.0)
    assert json.loads(json.dumps(scan.truth)) == scan.truth
    assert len(scan.truth["patient_to_fixed"]) == 1


def test_a_grid_beside_the_isocentre_sees_what_is_there() -> None:
    grid = replace(FINE, columns=32, rows=32, centre=(22.0, -15.0, 6.0))
    scan = room(ball((22.0, -15.0, 6.0)), kv_detector=COARSE).scan(LYING, HEAD, grid, key=1)
    assert peak(scan.volume) == pytest.approx([11.5, 15.5, 15.5], abs=0.25)


def test_a_couch_that_moves_and_a_breath_smear_what_is_seen() -> None:
    body = ball((0.0, 0.0, 0.0))
    one = room(body, kv_detector=COARSE, effects=Effects(noise=False))

    def moving(seconds: float) -> Pose:
        return patient_pose(Couch(y=10.0 if seconds > 16.0 else 0.0))

    still = one.scan(LYING, HEAD, FINE, key=1)
    moved = one.scan(moving, HEAD, FINE, key=1)
    breath = Breathing(amplitude=(0.0, 0.0, 12.0), period=4.0)
    breathing = one.scan(
        LYING, HEAD, FINE, key=1, body_at=lambda seconds: breathed(body, breath, seconds, ["ball"])
    )  # fmt: skip
    heights = [float(np.sum(one.volume[:, 38:42, 38:42].mean(axis=(1, 2)) > 300)) for one in (still, moved, breathing)]
    assert heights[1] > heights[0]
    assert heights[2] > heights[0]
    assert len(moved.truth["patient_to_fixed"]) == moved.truth["views"]
    assert moved.truth["patient_to_fixed"][0][1][3] == 0.0
    assert moved.truth["patient_to_fixed"][-1][1][3] == 10.0


def note(seen: list[tuple[int, int]], done: int, of: int) -> None:
    seen.append((done, of))


def test_frames_that_were_put_together_are_told_and_keep_the_dose() -> None:
    many = replace(HALF, name="many", projections=400, ms=10.0, ma=20.0)
    few = replace(many, projections=200, ma=40.0)
    grid, told = replace(GRID, slices=2), []
    one = room(kv_detector=PAXSCAN_4030CB.binned(16))
    for preset in (many, few):
        seen: list[tuple[int, int]] = []
        scan = one.scan(LYING, preset, grid, key=1, progress=partial(note, seen))
        told.append(scan.truth)
        assert seen[-1] == (scan.truth["views"], scan.truth["views"])
        assert len(seen) == scan.truth["views"] == len(scan.truth["gantry"]) == len(scan.truth["panel_shift"])
    assert [(one["views"], one["frames_per_view"]) for one in told] == [(200, 2), (200, 1)]
    assert told[0]["relative_exposure"] == pytest.approx(told[1]["relative_exposure"], rel=0.01)


def test_in_full_every_frame_is_computed() -> None:
    preset = replace(HEAD, projections=361)
    one = room(kv_detector=PAXSCAN_4030CB.binned(16), detail="full")
    scan = one.scan(LYING, preset, replace(GRID, slices=2), key=1)
    assert (scan.truth["views"], scan.truth["frames_per_view"], scan.truth["detail"]) == (361, 1, "full")


def test_voxels_too_big_for_the_preset_are_refused_before_anything_is_computed() -> None:
    def never(seconds: float) -> Body:
        raise AssertionError(seconds)

    with pytest.raises(InputError, match="mm of voxels in a field of view of 263 mm"):
        room().scan(LYING, HEAD, replace(GRID, pitch=6.0), key=1, body_at=never)


def test_scans_of_voxels_and_the_same_scan_again() -> None:
    axis = (np.arange(30, dtype=np.float64) - 14.5) * 8.0
    body = Voxels(phantom("water").voxels(axis, axis, axis, fine=3), (8.0,) * 3, (axis[0],) * 3)
    coarse = PAXSCAN_4030CB.binned(16)
    first, second = (room(body, kv_detector=coarse).scan(LYING, HEAD, GRID, key=1) for _ in range(2))
    assert first.volume.tobytes() == second.volume.tobytes()
    assert abs(float(middle(first.volume[2:4], 6).mean())) < 20.0
    assert list(first.truth["points"]) == ["isocentre"]
    assert first.volume.tobytes() != room(body, kv_detector=coarse).scan(LYING, HEAD, GRID, key=2).volume.tobytes()
