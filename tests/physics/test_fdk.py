"""Reconstruction against the solids that were projected: full, short and offset scans, sagging machines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.fdk import Grid, Images, fan_angle, field_of_view, reconstruct
from linacsim.physics.geometry import Array, Gaze, Panel, kv_gaze, patient_pose
from linacsim.physics.projection import water_path
from linacsim.physics.solids import Body, Solid

BODY = Body(
    "test",
    (
        Solid(name="water", kind="cylinder", centre=(0, 0, 0), half=(90, 80, 60), hu=0.0),
        Solid(name="bone", kind="cylinder", centre=(50, 0, 0), half=(12, 12, 50), hu=500.0, parent="water"),
        Solid(name="lung", kind="ellipsoid", centre=(0, -45, 6), half=(14, 14, 12), hu=-700.0, parent="water"),
        Solid(name="fat", kind="cylinder", centre=(-40, 20, 0), half=(15, 15, 50), hu=-100.0, parent="water"),
    ),
)
PROBES = {"water": (0.0, 20.0, 0.0), "bone": (50.0, 0.0, 4.0), "lung": (0.0, -45.0, 6.0), "fat": (-40.0, 20.0, -4.0)}
GRID = Grid(columns=128, rows=128, slices=12, pitch=1.6, thickness=2.0)
PANEL = Panel(rows=48, columns=192, pitch=2.0)


def scan(span: float, *, panel: Panel = PANEL, first: float = 17.0, step: float = 1.5) -> list[Gaze]:
    return [kv_gaze(first + index * step, panel) for index in range(round(span / step))]


def pictures(gazes: list[Gaze]) -> Images:
    return np.stack([water_path(BODY, patient_pose(), gaze) for gaze in gazes]).astype(np.float32)


def values(volume: Images, grid: Grid = GRID) -> dict[str, float]:
    """Return the mean of a cube of 8 mm at each probe."""
    x, y, z = grid.axes

    def near(axis: Array, value: float) -> slice:
        at = np.flatnonzero(np.abs(axis - value) <= 4.0)
        return slice(at[0], at[-1] + 1)

    return {name: float(volume[near(z, at[2]), near(y, at[1]), near(x, at[0])].mean()) for name, at in PROBES.items()}


def assert_right(volume: Images, tolerance: float) -> None:
    for name, value in values(volume).items():
        assert value == pytest.approx(BODY.by_name[name].hu, abs=tolerance), name


@pytest.mark.parametrize(
    ("gazes", "tolerance"),
    [
        (scan(360), 4),
        (scan(220), 5),
        (scan(360, panel=replace(PANEL, columns=128, x=60.0)), 4),
        (scan(360, panel=replace(PANEL, columns=128, x=-60.0)), 4),
        (scan(220)[::-1], 5),  # against the clock
        (scan(360, first=-180.0), 4),
    ],
    ids=["full", "short", "half fan", "half fan, other side", "short, back", "from below"],
)
def test_every_kind_of_scan_gives_hounsfield_units(gazes: list[Gaze], tolerance: float) -> None:
    assert_right(reconstruct(pictures(gazes), gazes, GRID), tolerance)


@pytest.mark.parametrize("window", ["HANN", "SHEPP-LOGAN"])
def test_a_window_keeps_the_values(window: str) -> None:
    gazes = scan(360, step=3.0)
    assert_right(reconstruct(pictures(gazes), gazes, GRID, window=window), 6)  # type: ignore[arg-type]


def test_views_that_are_missing_are_stood_in_for_by_their_neighbours() -> None:
    gazes = [gaze for index, gaze in enumerate(scan(360)) if index not in (30, 31, 90)]
    assert_right(reconstruct(pictures(gazes), gazes, GRID), 12)


def test_a_known_sag_is_taken_out_and_an_unknown_one_moves_the_picture() -> None:
    true = [replace(g, panel_shift=(1.5, 0.0, 0.0), source_shift=(0.4, 1.0, 0.0)) for g in scan(360)]
    images = pictures(true)
    assert_right(reconstruct(images, true, GRID), 4)
    blurred = reconstruct(images, scan(360), GRID)
    sharp = reconstruct(images, true, GRID)
    edge = np.abs(np.diff(sharp[6], axis=1)).max(), np.abs(np.diff(blurred[6], axis=1)).max()
    assert edge[1] < 0.9 * edge[0]


def test_the_volume_lies_as_the_patient_does() -> None:
    body = Body("bb", (Solid(name="bb", kind="ellipsoid", centre=(21, -13, 6), half=(5, 5, 5), hu=2000.0),))
    gazes = scan(360, step=3.0)
    images = np.stack([water_path(body, patient_pose(), gaze) for gaze in gazes]).astype(np.float32)
    volume = reconstruct(images, gazes, GRID) + 1000.0
    bright = np.where(volume > 1000, volume, 0.0)
    found = [float(np.sum(axis * bright.sum(axis=others)) / bright.sum())
             for axis, others in zip(GRID.axes, ((0, 1), (0, 2), (1, 2)), strict=True)]  # fmt: skip
    np.testing.assert_allclose(found, (21, -13, 6), atol=0.2)


def test_the_same_scan_gives_the_same_bits() -> None:
    gazes = scan(360, step=6.0)
    images = pictures(gazes)
    assert reconstruct(images, gazes, GRID).tobytes() == reconstruct(images, gazes, GRID).tobytes()


def test_eight_voxels_at_a_time_are_rounded_as_one_by_one() -> None:
    from linacsim.physics.kernels.backprojection import back_project  # noqa: PLC0415 - imports numba

    rng = np.random.default_rng(3)
    images = rng.normal(size=(2, 40, 48)).astype(np.float32)
    axis = np.linspace(-50.0, 50.0, 21)
    views = np.array([
        [np.sin(turn), np.cos(turn), 0.3, -0.2, 1000.0, -78.0, 94.0, 1500.0, 0.25, 1e6] for turn in (0.4, 2.9)
    ])  # fmt: skip
    few, many = (np.zeros((21, 21, slices), dtype=np.float32) for slices in (7, 53))
    for volume in (few, many):
        back_project(volume, images, views, axis, axis, -70.0, 2.5)
    assert few.any()
    assert few.tobytes() == many[..., :7].tobytes()
    # In one voxel after the other, by the formula: what is beyond the panel adds nothing.
    alone = np.zeros((21, 21, 1), dtype=np.float32)
    for k in range(53):
        alone[:] = 0.0
        back_project(alone, images, views, axis, axis, -70.0 + k * 2.5, 2.5)
        np.testing.assert_allclose(alone[..., 0], many[..., k], atol=1e-4)


def test_the_progress_of_a_reconstruction_is_told() -> None:
    gazes = scan(360, step=8.0)
    told: list[tuple[int, int]] = []
    reconstruct(pictures(gazes), gazes, GRID, progress=lambda done, of: told.append((done, of)))
    assert told == [(16, 45), (32, 45), (45, 45)]


def test_fields_of_view_are_those_of_the_machine() -> None:
    obi = Panel(rows=768, columns=1024, pitch=0.388)
    assert field_of_view(kv_gaze(0, obi)) == pytest.approx(262.6, abs=0.2)
    assert field_of_view(kv_gaze(0, replace(obi, x=148.0))) == pytest.approx(450.0, abs=0.5)
    assert fan_angle(kv_gaze(0, obi)) == pytest.approx(7.54, abs=0.02)


@pytest.mark.parametrize(
    ("gazes", "text"),
    [
        (scan(190), "are not enough; turn by 19"),
        (scan(220, panel=replace(PANEL, x=60.0)), "an offset panel on"),
        (scan(200)[:40] + scan(200)[70:], "46 degrees without a view"),
        (scan(360)[:1], "two or more views"),
        (scan(360, panel=replace(PANEL, x=300.0)), "does not see the axis"),
        ([*scan(360)[1:], kv_gaze(17.0, replace(PANEL, pitch=1.0))], "different panels"),
    ],
)
def test_what_is_no_scan_is_refused(gazes: list[Gaze], text: str) -> None:
    images = np.zeros((len(gazes), PANEL.rows, PANEL.columns), dtype=np.float32)
    with pytest.raises(InputError, match=text):
        reconstruct(images, gazes, GRID)


def test_an_unknown_window_and_an_empty_grid_are_refused() -> None:
    gazes = scan(360)
    images = np.zeros((len(gazes), PANEL.rows, PANEL.columns), dtype=np.float32)
    with pytest.raises(InputError, match="'HAMMING' is not a reconstruction window"):
        reconstruct(images, gazes, GRID, window="HAMMING")  # type: ignore[arg-type]
    with pytest.raises(InputError, match="at least one voxel"):
        Grid(slices=0)
