"""Presets agree with the figures they are known by, and what nobody can acquire is refused before anything is computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from linacsim.errors import InputError
from linacsim.physics.detector import PAXSCAN_4030CB
from linacsim.physics.fdk import Grid
from linacsim.physics.presets import (
    CBCT_PRESETS,
    KV_TECHNIQUES,
    MV_TECHNIQUES,
    CbctPreset,
    KvTechnique,
    MvTechnique,
    cbct_preset,
    check_grid,
    kv_technique,
    mv_technique,
    relative_exposure,
)

KNOWN_MAS = {
    "obi-low-dose-head": 72,
    "obi-standard-dose-head": 144,
    "obi-high-quality-head": 720,
    "obi-pelvis-spotlight": 720,
    "obi-pelvis": 680,
    "obi-low-dose-thorax": 262,
    "truebeam-head": 150,
    "truebeam-thorax": 270,
    "truebeam-pelvis": 1080,
    "truebeam-spotlight": 750,
    "truebeam-image-gently": 100,
}


@pytest.mark.parametrize("name", CBCT_PRESETS)
def test_every_preset_gives_the_mas_it_is_known_by(name: str) -> None:
    assert cbct_preset(name).mas == pytest.approx(KNOWN_MAS[name], rel=0.005)


@pytest.mark.parametrize(
    ("name", "seconds", "rate", "field"),
    [
        ("obi-pelvis", 60.0, 10.9, 450.0),
        ("truebeam-pelvis", 60.0, 15.0, 465.0),
        ("obi-standard-dose-head", 33.3, 10.8, 262.6),
    ],
)
def test_time_frame_rate_and_field_of_view_follow(name: str, seconds: float, rate: float, field: float) -> None:
    preset = cbct_preset(name)
    assert preset.seconds == pytest.approx(seconds, abs=0.1)
    assert preset.frame_rate == pytest.approx(rate, abs=0.1)
    assert preset.field_of_view == pytest.approx(field, abs=0.5)
    assert len(preset.angles) == preset.projections
    check_grid(preset.grid(), preset, PAXSCAN_4030CB.panel)


def test_quanta_follow_mas_and_voltage() -> None:
    assert relative_exposure(125, 0.25) == 1.0
    assert relative_exposure(125, 1.0) == pytest.approx(4.0)
    assert 0.4 < relative_exposure(100, 0.25) < 0.7


def head(**changes: Any) -> CbctPreset:
    return replace(cbct_preset("obi-standard-dose-head"), **changes)


def half(**changes: Any) -> CbctPreset:
    return replace(cbct_preset("obi-pelvis"), **changes)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: KvTechnique(kvp=150), r"150 kV; give 60 to 140 kV"),
        (lambda: KvTechnique(kvp=40), r"40 kV; give 60 to 140 kV"),
        (lambda: KvTechnique(kvp=float("nan")), r"nan kV"),
        (lambda: KvTechnique(ma=0), r"tube current: 0 mA; give more than 0"),
        (lambda: KvTechnique(ms=-1), r"exposure time: -1 ms"),
        (lambda: MvTechnique(mu=0), r"monitor units: 0 MU"),
        (lambda: MvTechnique(mu=1000), r"up to 100 MU"),
        (lambda: MvTechnique(energy=15), r"15 MV; use 6 MV"),
        (lambda: head(kvp=150), r"preset obi-standard-dose-head, tube voltage: 150 kV"),
        (lambda: head(ma=0), r"0 mA"),
        (lambda: head(projections=1), r"1 frames"),
        (lambda: head(arc=190), r"a full fan on an arc of 190 degrees; turn by 195\.\d degrees or more"),
        (lambda: head(arc=361), r"361 degrees; give more than 0 and up to 360"),
        (lambda: head(offset=20), r"a full fan and a panel offset of 20 mm"),
        (lambda: head(fan="QUARTER"), r"'QUARTER' is not a fan"),
        (lambda: head(window="COSINE"), r"'COSINE' is not a reconstruction window"),
        (lambda: head(start=float("inf")), r"inf"),
        (lambda: head(rotation_speed=0), r"0 degrees/s"),
        (lambda: head(ms=95), r"95 ms for each frame and one frame every 92\.6 ms"),
        (lambda: half(arc=200), r"a half fan on an arc of 200 degrees; turn by 360"),
        (lambda: half(offset=0), r"a half fan and a panel offset of 0 mm"),
        (lambda: half(offset=195), r"a panel offset of 195 mm; offset it by more than 0 and less than 189 mm"),
        (lambda: cbct_preset("knee"), r"there is no CBCT preset 'knee'; use one of obi-low-dose-head"),
        (lambda: kv_technique("knee"), r"there is no kV technique 'knee'; use one of head-ap"),
        (lambda: mv_technique("knee"), r"there is no MV technique 'knee'; use one of 1-mu"),
    ],
)
def test_the_impossible_is_refused_with_its_limit(make: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        make()


@pytest.mark.parametrize(
    ("grid", "message"),
    [
        (Grid(columns=2048, rows=2048, pitch=0.1), r"2048x2048x64 voxels; give up to 1024x1024x512"),
        (Grid(slices=600, thickness=0.1), r"384x384x600 voxels"),
        (Grid(columns=384, pitch=1.2), r"461 mm of voxels in a field of view of 263 mm"),
        (Grid(rows=500), r"325 mm of voxels in a field of view"),
        (Grid(slices=100, thickness=2.5), r"250 mm of slices where the panel sees 199 mm"),
    ],
)
def test_voxels_that_a_scan_cannot_fill_are_refused(grid: Grid, message: str) -> None:
    with pytest.raises(InputError, match=message):
        check_grid(grid, head(), PAXSCAN_4030CB.panel)


def test_techniques_are_within_what_is_known_of_them() -> None:
    assert KV_TECHNIQUES["pelvis-lateral"].mas > KV_TECHNIQUES["pelvis-ap"].mas > KV_TECHNIQUES["thorax-ap"].mas
    assert {one.mu for one in MV_TECHNIQUES.values()} == {1, 2, 3, 4}
    assert {one.fff for one in MV_TECHNIQUES.values()} == {True, False}
