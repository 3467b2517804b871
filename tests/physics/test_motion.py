"""Sag and its correction, breath and couch shifts."""

from __future__ import annotations

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.detector import PAXSCAN_4030CB
from linacsim.physics.flexmap import STILL, Correction, Flexmap, measure, typical
from linacsim.physics.geometry import Couch, kv_gaze
from linacsim.physics.motion import Breathing, CouchShift, breathed
from linacsim.physics.phantoms import phantom

PANEL = PAXSCAN_4030CB.panel


def rng(key: int = 1) -> np.random.Generator:
    return np.random.default_rng(key)


def test_a_machine_sags_as_much_as_asked_and_differently_from_the_next() -> None:
    first, second = typical(rng(1), 1.2), typical(rng(2), 1.2)
    assert first.largest == pytest.approx(1.2, abs=0.1)
    assert first != second
    assert first == typical(rng(1), 1.2)


def test_harmonics_and_hysteresis_are_what_they_say() -> None:
    flexmap = Flexmap(panel=((0.1, 1.0, 0.5, 0.0, 0.0), STILL, STILL), hysteresis=0.2)
    assert flexmap.panel_shift(0.0) == pytest.approx((1.1, 0.1, 0))
    assert flexmap.panel_shift(90.0, clockwise=False) == pytest.approx((0.6, -0.1, 0))


def test_a_correction_brings_the_isocentre_back_within_its_repeatability() -> None:
    flexmap = typical(rng(4), 1.5)
    correction = measure(flexmap, kv_gaze(0, PANEL), rng(5), repeatability=0.05)
    raw, left = [], []
    for gantry in np.arange(0, 360, 7.3):
        nominal = kv_gaze(float(gantry), PANEL)
        seen = flexmap.bend(nominal).project((0, 0, 0))
        raw.append(np.hypot(*seen))
        left.append(np.hypot(*(seen - correction.known(nominal).project((0, 0, 0)))))
    assert max(raw) > 0.8
    assert max(left) < 0.25
    assert correction.offset(359.9) == pytest.approx(correction.offset(-0.1))


def test_breath_goes_out_and_in_with_its_period() -> None:
    breathing = Breathing(amplitude=(0.0, -3.0, -12.0), period=4.0, drift=(0.0, 0.0, 6.0))
    at = breathing.displacement([0.0, 2.0, 4.0])
    np.testing.assert_allclose(at, [(0, 0, 0), (0, -3, -11.8), (0, 0, 0.4)], atol=1e-9)
    assert list(breathing.bin_of([0.0, 1.9, 2.1, 3.99], 4)) == [0, 1, 2, 3]


def test_only_what_breathes_moves_and_what_is_in_it_moves_along() -> None:
    body = phantom("pelvis")
    moved = breathed(body, Breathing(amplitude=(0.0, 0.0, -10.0), period=4.0), 2.0, ["prostate"])
    for name in ("prostate", "marker 1"):
        assert moved.by_name[name].centre[2] == pytest.approx(body.by_name[name].centre[2] - 10)
    assert moved.by_name["sacrum"] is body.by_name["sacrum"]
    with pytest.raises(InputError, match="'heart' is not in it"):
        breathed(body, Breathing(), 0.0, ["heart"])


def test_a_couch_shift_takes_its_time() -> None:
    shift = CouchShift(by=Couch(x=10.0, rotation=2.0), start=5.0, end=15.0)
    for seconds, part in ((0.0, 0.0), (10.0, 0.5), (20.0, 1.0)):
        at = shift.at(Couch(x=1.0), seconds)
        assert (at.x, at.rotation) == (1.0 + 10 * part, 2.0 * part)
    jump = CouchShift(by=Couch(z=3.0), start=5.0, end=5.0)
    assert (jump.at(Couch(), 4.9).z, jump.at(Couch(), 5.0).z) == (0.0, 3.0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="a period of 0 s"):
        Breathing(period=0.0)
    with pytest.raises(InputError, match="from 5 s to 1 s"):
        CouchShift(by=Couch(), start=5.0, end=1.0)
    with pytest.raises(InputError, match="not one offset for each angle"):
        Correction(angles=(0.0, 1.0), offsets=((0.0, 0.0),))
