"""Field edges, profiles and what collimators do to them."""

from __future__ import annotations

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.detector import AS1200
from linacsim.physics.geometry import Array, Gaze, mv_gaze
from linacsim.physics.mvbeam import MILLENNIUM_120, PROFILES, Aperture, fluence, picket_fence, square

GAZE = mv_gaze(0.0, AS1200.panel)


def edges(line: Array, positions: Array) -> tuple[float, float]:
    """Return where a profile crosses half of its middle, mm."""
    half = line[len(line) // 2] / 2
    above = np.flatnonzero(line > half)
    low, high = above[0], above[-1]
    first = np.interp(half, line[low - 1 : low + 1], positions[low - 1 : low + 1])
    last = np.interp(half, line[high : high + 2][::-1], positions[high : high + 2][::-1])
    return float(first), float(last)


def test_the_field_is_as_wide_as_the_jaws_say() -> None:
    image = fluence(GAZE, Aperture(x1=-40, x2=60, y1=-30, y2=20))
    across = edges(image[640], GAZE.panel.column_centres)
    along = edges(image[::-1, 640], GAZE.panel.row_centres[::-1])
    assert across == pytest.approx((-60, 90), abs=0.2)
    assert along == pytest.approx((-45, 30), abs=0.2)
    assert image[640, 640] == pytest.approx(1.0, abs=0.01)


def test_the_collimator_turns_the_field_with_it() -> None:
    wide = Aperture(x1=-60, x2=60, y1=-20, y2=20, collimator=90)
    image = fluence(GAZE, wide)
    assert edges(image[640], GAZE.panel.column_centres) == pytest.approx((-30, 30), abs=0.2)
    # 10 degrees against the clock as seen on a picture whose y goes up.
    turned = fluence(GAZE, Aperture(x1=0, x2=80, y1=-5, y2=5, collimator=10))
    rows, columns = np.nonzero(turned > 0.5)
    slope = np.polyfit(GAZE.panel.column_centres[columns], GAZE.panel.row_centres[rows], 1)[0]
    assert np.degrees(np.arctan(slope)) == pytest.approx(10, abs=0.3)


def test_leaves_make_the_pickets_where_they_are_told() -> None:
    assert len(MILLENNIUM_120) == 61
    assert MILLENNIUM_120[-1] == 200
    fence = sum(fluence(GAZE, one) for one in picket_fence(5, 30.0, 4.0))
    line = np.asarray(fence)[640]
    peaks = [index for index in range(1, len(line) - 1) if line[index - 1] < line[index] >= line[index + 1]]
    bright = [GAZE.panel.column_centres[index] / 1.5 for index in peaks if line[index] > 0.5]
    np.testing.assert_allclose(bright, (-60, -30, 0, 30, 60), atol=0.3)


def test_leaves_shut_what_jaws_leave_open_but_for_their_leakage() -> None:
    shut = Aperture(boundaries=(-50.0, 0.0, 50.0), leaves=((0.0, 0.0), (-20.0, 20.0)))
    image = fluence(GAZE, shut)
    row_above, row_below = (int(GAZE.panel.pixel_of([0, y])[0]) for y in (30.0, -30.0))
    assert image[row_above, 640] == pytest.approx(1.0, abs=0.02)
    assert image[row_below, 640] == pytest.approx(0.015, abs=0.002)


def test_an_unflattened_beam_falls_and_a_flattened_one_has_horns() -> None:
    flat, peaked = (fluence(GAZE, square(250), profile=profile) for profile in PROFILES)
    at = int(GAZE.panel.pixel_of([150.0, 0.0])[1])
    assert 1.0 < flat[640, at] / flat[640, 640] < 1.02
    assert 0.7 < peaked[640, at] / peaked[640, 640] < 0.9


def test_a_spot_that_is_off_throws_the_field_to_the_other_side() -> None:
    off = Gaze(angle=0, panel=AS1200.panel, source_shift=(1.0, 0.0, 0.0))
    left, right = edges(fluence(off, square(100))[640], AS1200.panel.column_centres)
    # The aperture is taken at the isocentre's plane: the shadow moves by (SID - SAD) / SAD.
    assert (left + right) / 2 == pytest.approx(-0.5, abs=0.05)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: Aperture(x1=5, x2=5), "leave no opening"),
        (lambda: Aperture(boundaries=(0.0, 5.0), leaves=()), "0 leaf pairs between 2 boundaries"),
        (lambda: Aperture(boundaries=(0.0, 5.0), leaves=((3.0, 1.0),)), "pair 1 overlap"),
        (lambda: fluence(GAZE, square(10), profile="ROUND"), "'ROUND' is not a beam profile"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_is_refused(make: object, text: str) -> None:
    with pytest.raises(InputError, match=text):
        make()  # type: ignore[operator]
