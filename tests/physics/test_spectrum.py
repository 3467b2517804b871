"""Beams and attenuation against figures that the tables' makers publish, and against themselves."""

from __future__ import annotations

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.spectrum import Beam, attenuation, hounsfield, megavoltage, mono, substances, tube, tube_voltages


@pytest.mark.parametrize(
    ("substance", "energy", "per_cm"),
    [
        ("water", 40, 0.2683),
        ("water", 60, 0.2059),
        ("water", 100, 0.1707),
        ("water", 1500, 0.0575),  # NIST: 0.0575
        ("teflon", 60, 0.4060),
        ("gold", 60, 87.4),
    ],
)
def test_attenuation_is_that_of_the_published_tables(substance: str, energy: float, per_cm: float) -> None:
    assert attenuation(substance, energy) * 10 == pytest.approx(per_cm, rel=0.005)


def test_water_has_0_hounsfield_units_and_acrylic_about_a_hundred() -> None:
    assert hounsfield("water") == 0
    assert hounsfield("acrylic") == pytest.approx(112, abs=20)
    assert hounsfield("air") == pytest.approx(-1000, abs=2)
    assert len(substances()) == 22


def test_a_higher_voltage_is_harder_and_so_is_a_filter() -> None:
    means = [tube(voltage).mean_energy for voltage in tube_voltages()]
    assert means == sorted(means)
    assert 55 < tube(125).mean_energy < 75
    assert tube(125, aluminium=10).mean_energy > tube(125).mean_energy + 3
    assert tube(122.5).mean_energy == pytest.approx((tube(120).mean_energy + tube(125).mean_energy) / 2, abs=0.6)


@pytest.mark.parametrize("bins", [1, 3, 6, 40])
def test_the_shares_add_up(bins: int) -> None:
    beam = tube(100, bins)
    assert beam.shares.sum() == pytest.approx(1)
    assert len(beam.energies) <= bins


def test_few_energies_do_what_many_do() -> None:
    depth = np.array([[0.0], [50.0], [150.0], [300.0]])
    few, many = (tube(125, bins).transmitted(depth, ["water"]) for bins in (6, 60))
    np.testing.assert_allclose(few, many, rtol=0.03)


def test_one_energy_follows_lambert_and_beer() -> None:
    paths = np.array([[10.0, 5.0]])
    left = mono().transmitted(paths, ["water", "bone"])
    np.testing.assert_allclose(left, np.exp(-float(attenuation("water", 65)) * 15), rtol=1e-6)


@pytest.mark.parametrize("beam", [mono(), tube(125), tube(80), megavoltage()])
def test_water_comes_back_from_what_it_left(beam: Beam) -> None:
    depth = np.array([0.0, 1.0, 100.0, 400.0])
    np.testing.assert_allclose(beam.water_equivalent(beam.transmitted(depth[:, None], ["water"])), depth, atol=0.02)
    deep = beam.water_equivalent(np.array([1e-9]))
    assert np.isfinite(deep).all()


def test_bone_that_equals_water_stops_more_of_a_soft_beam_and_less_of_a_hard_one() -> None:
    paths = np.array([[100.0, 0.0], [0.0, 100.0]])
    for beam, sign in ((mono(50), 1), (tube(80), 1), (mono(), 0), (mono(100), -1), (megavoltage(), -1)):
        water, bone = np.log(beam.transmitted(paths, ["water", "bone"]))
        assert np.sign(np.round(water - bone, 9)) == sign


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: tube(150), "150 kV; give 60 to 140 kV"),
        (lambda: tube(100, 0), "0 energy bins"),
        (lambda: attenuation("cheese", 60), "no substance 'cheese'"),
        (lambda: Beam(np.array([60.0]), np.array([0.5])), "do not add up to 1"),
    ],
)
def test_what_cannot_be_is_refused(make: object, text: str) -> None:
    with pytest.raises(InputError, match=text):
        make()  # type: ignore[operator]
