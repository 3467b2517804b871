"""Panels and scatter: what was put in can be measured again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.detector import (
    AS500,
    AS1000,
    AS1200,
    PAXSCAN_4030CB,
    Detector,
    Lag,
    calibrate,
    corrected,
    make_maps,
    read_out,
    saturated,
    spread,
)
from linacsim.physics.geometry import Panel
from linacsim.physics.scatter import Scatter

SMALL = replace(PAXSCAN_4030CB, panel=Panel(rows=120, columns=160, pitch=2.5), dead=2e-3)
FLAT = np.full((120, 160), 0.3)


def rng(key: int = 1) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(key))


@pytest.mark.parametrize(
    ("detector", "width", "height"),
    [(PAXSCAN_4030CB, 397.3, 298.0), (AS500, 401.4, 301.1), (AS1000, 401.4, 301.1), (AS1200, 430.1, 430.1)],
)
def test_the_panels_are_as_large_as_the_real_ones(detector: Detector, width: float, height: float) -> None:
    panel = detector.panel
    assert (panel.columns * panel.pitch, panel.rows * panel.pitch) == pytest.approx((width, height), abs=0.1)
    # RT Image Position of a real aS1200: the centre of the first pixel.
    if detector is AS1200:
        assert panel.position_of([0, 0]) == pytest.approx((-214.872, 214.872))


def test_a_correction_takes_out_what_the_panel_put_in() -> None:
    maps = make_maps(SMALL, rng())
    counts = read_out(FLAT, SMALL, maps, rng(2), frames=16)
    assert counts.dtype == np.uint16
    raw = (counts - SMALL.offset) / SMALL.full_scale
    image = corrected(counts, calibrate(SMALL, maps, rng(3), frames=256))
    assert raw.std() > 0.01
    assert image.std() < 0.002
    assert image.mean() == pytest.approx(0.3, abs=1e-3)


def test_dead_pixels_are_found_and_filled_in() -> None:
    maps = make_maps(SMALL, rng())
    assert 10 < maps.dead.sum() < 100
    calibration = calibrate(SMALL, maps, rng(3))
    np.testing.assert_array_equal(calibration.bad, maps.dead)
    ramp = np.broadcast_to(np.linspace(0.2, 0.8, 160), (120, 160))
    image = corrected(read_out(ramp, replace(SMALL, glare=0.0), maps, rng(4), frames=64), calibration)
    assert np.abs(image - ramp)[maps.dead].max() < 0.02


def test_a_block_of_dead_pixels_takes_the_nearest_good_ones() -> None:
    detector = replace(SMALL.quiet(), quanta=1e12)
    maps = make_maps(detector, rng())
    maps.gain[50:60, 50:60] = 0.0
    image = corrected(read_out(FLAT, detector, maps, rng(2)), calibrate(detector, maps, rng(3)))
    np.testing.assert_allclose(image[50:60, 50:60], 0.3, atol=1e-3)


@pytest.mark.parametrize(("exposure", "frames"), [(1.0, 1), (0.25, 1), (1.0, 16), (0.001, 1)])
def test_noise_is_that_of_the_quanta(exposure: float, frames: int) -> None:
    detector = replace(SMALL.quiet(), bits=16, full_scale=40000.0, offset=5000.0)
    image = np.ones((120, 160))
    counts = read_out(image, detector, make_maps(detector, rng()), rng(7), exposure=exposure, frames=frames)
    signal = (counts - detector.offset) / detector.full_scale
    expected = np.sqrt(exposure / (detector.quanta * frames) + (1 / 12) / detector.full_scale**2)
    assert signal.std() == pytest.approx(expected, rel=0.03)
    assert signal.mean() == pytest.approx(exposure, rel=0.01)


def test_too_much_saturates_and_says_so() -> None:
    maps = make_maps(SMALL, rng())
    counts = read_out(FLAT * 10, SMALL, maps, rng(2))
    assert counts.max() == SMALL.top == 16383
    assert saturated(counts, SMALL)[~maps.dead].all()


def test_an_image_lags_into_the_next_ones_and_nothing_is_lost() -> None:
    detector = replace(
        SMALL.quiet(), lag=((0.02, 1.5), (0.006, 12.0)), quanta=1e12, bits=16, full_scale=60000.0, offset=0.0
    )
    maps, lag = make_maps(detector, rng()), Lag()
    read = [
        read_out(np.full((120, 160), value), detector, maps, rng(8), lag=lag).mean() / detector.full_scale
        for value in (1.0, *([0.0] * 100))
    ]
    assert read[0] == pytest.approx(0.974, abs=1e-3)
    assert 0.005 < read[1] < 0.02
    assert read[1] > read[5] > read[20]
    assert sum(read) == pytest.approx(1.0, abs=2e-3)


def test_glare_moves_light_from_bright_to_dark_and_keeps_it() -> None:
    image = np.zeros((120, 160))
    image[40:80, 50:110] = 1.0
    blurred = spread(image, 2.5, 8.0)
    assert blurred.sum() == pytest.approx(image.sum(), rel=1e-3)
    assert 0 < blurred[20, 80] < blurred[38, 80] < blurred[60, 80] < 1
    np.testing.assert_allclose(spread(FLAT, 2.5, 8.0), FLAT)


def test_four_pixels_read_as_one_have_four_times_the_quanta() -> None:
    binned = PAXSCAN_4030CB.binned(2)
    assert (binned.panel.columns, binned.panel.pitch, binned.quanta) == (512, 0.776, 4 * PAXSCAN_4030CB.quanta)


def test_the_same_stream_gives_the_same_counts() -> None:
    maps = make_maps(SMALL, rng())
    first, second, other = (read_out(FLAT, SMALL, maps, rng(key)) for key in (2, 2, 3))
    assert first.tobytes() == second.tobytes() != other.tobytes()


def test_what_does_not_fit_is_refused() -> None:
    maps = make_maps(SMALL, rng())
    with pytest.raises(InputError, match=r"an image of \(3, 3\)"):
        read_out(np.ones((3, 3)), SMALL, maps, rng())
    with pytest.raises(InputError, match="0 frames"):
        read_out(FLAT, SMALL, maps, rng(), frames=0)
    with pytest.raises(InputError, match="17 bits"):
        replace(SMALL, bits=17)
    with pytest.raises(InputError, match="parts from 0 to 1"):
        replace(SMALL, glare=1.5)
    with pytest.raises(InputError, match="width of 0 mm"):
        Scatter(near=0.0)


def test_thick_bodies_scatter_more_than_thin_ones_and_it_can_be_taken_out() -> None:
    across = np.abs(np.arange(160) - 79.5) * 2.5
    ratios = []
    for thickness in (160.0, 300.0):
        depth = thickness * np.sqrt(np.maximum(1 - (across / 150) ** 2, 0))
        primary = np.broadcast_to(np.exp(-0.019 * depth), (120, 160))
        scatter = Scatter().reaching(primary, 2.5)
        ratios.append(float((scatter / primary)[60, 80]))
        assert np.abs(np.diff(scatter, axis=1)).max() < 0.02 * scatter.max()
        np.testing.assert_allclose(Scatter().removed(primary + scatter, 2.5, 8), primary, rtol=0.03, atol=2e-5)
    assert 0.02 < ratios[0] < 0.3
    assert 0.5 < ratios[1] < 2.0
