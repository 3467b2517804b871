"""Which photons a beam has, and what is left of them behind some millimetres of this and that.

The tables were made once by `ci/tables/make_attenuation.py` (spekpy for tube spectra, xraydb for cross-sections). A solid
has the Hounsfield units that were asked for at the reference energy of 65 keV; its substance says how that changes with the
energy. So one picture of millimetres of water (`linacsim.physics.projection.water_paths`) serves every beam.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np

from linacsim.errors import InputError
from linacsim.physics.geometry import Array

REFERENCE = 65.0
"""keV at which Hounsfield units are what a phantom says: what a cone-beam CT of 125 kV sees in effect."""

MEGAVOLTAGE = 1500.0
"""keV that stands for a linac's beam of about 6 MV."""

_DEEPEST = 700.0
"""mm of water up to which hardening is taken out."""


@cache
def _table(name: str) -> tuple[Array, dict[str, Array]]:
    """Return the energies in keV and the columns of a table."""
    text = files("linacsim.physics").joinpath("tables", name).read_text("utf-8")
    head, *rows = (line.split("\t") for line in text.splitlines())
    values = np.array(rows, dtype=np.float64)
    return values[:, 0], {column: values[:, index] for index, column in enumerate(head) if index}


def substances() -> tuple[str, ...]:
    """Return the names of all substances with a table."""
    return tuple(_table("attenuation.tsv")[1])


def tube_voltages() -> tuple[int, ...]:
    """Return the voltages in kV between which spectra are known."""
    return tuple(int(name) for name in _table("spectra.tsv")[1])


def attenuation(substance: str, energy: float | Array) -> Array:
    """Return the linear attenuation coefficient per mm at energies in keV, of any shape.

    Raises
    ------
    InputError
        If the substance has no table.
    """
    energies, columns = _table("attenuation.tsv")
    if substance not in columns:
        raise InputError(f"there is no substance {substance!r}", "physics", f"use one of {', '.join(columns)}")
    logs = np.interp(np.log(np.asarray(energy, dtype=np.float64)), np.log(energies), np.log(columns[substance]))
    return np.asarray(np.exp(logs))


def hounsfield(substance: str, energy: float = REFERENCE) -> float:
    """Return the Hounsfield units of a substance at its usual density."""
    return float(1000.0 * (attenuation(substance, energy) / attenuation("water", energy) - 1.0))


@dataclass(frozen=True, slots=True, eq=False)
class Beam:
    """Photons by energy.

    Attributes
    ----------
    energies : numpy.ndarray, shape (bins,)
        In keV.
    shares : numpy.ndarray, shape (bins,)
        Of the detector's signal without anything in the beam; they add up to 1.
    """

    energies: Array
    shares: Array

    def __post_init__(self) -> None:
        if self.energies.shape != self.shares.shape or not np.isclose(self.shares.sum(), 1.0):
            raise InputError("the shares of a beam do not add up to 1", "beam", "give one share for each energy")

    @property
    def mean_energy(self) -> float:
        """In keV, as the detector sees it."""
        return float(self.energies @ self.shares)

    def transmitted(self, paths: Array, order: Sequence[str]) -> Array:
        """Return the part of the signal that is left.

        Parameters
        ----------
        paths : numpy.ndarray, shape (..., substances)
            mm of water at the reference energy, from `linacsim.physics.projection.water_paths`.
        order : sequence of str
            The substances.

        Returns
        -------
        numpy.ndarray of float64, shape (...)
        """
        water = attenuation("water", REFERENCE)
        curves = np.stack([water * attenuation(one, self.energies) / attenuation(one, REFERENCE) for one in order])
        left = np.zeros(paths.shape[:-1])
        for index, share in enumerate(self.shares):
            left += share * np.exp(-(paths @ curves[:, index]))
        return left

    def water_equivalent(self, transmitted: Array) -> Array:
        """Return how many mm of water leave this much: the inverse of `transmitted` for water, hardening included."""
        thickness = np.linspace(-50.0, _DEEPEST, 1501)
        logs = -np.log(self.transmitted(thickness[:, None], ["water"]))
        measured = -np.log(np.maximum(transmitted, 1e-9))
        inside = np.interp(measured, logs, thickness)
        # Beyond the deepest the beam is as hard as it gets.
        slope = (thickness[-1] - thickness[-2]) / (logs[-1] - logs[-2])
        return np.asarray(inside + np.maximum(measured - logs[-1], 0.0) * slope)


def mono(energy: float = REFERENCE) -> Beam:
    """Return a beam of one energy in keV."""
    return Beam(np.array([energy]), np.array([1.0]))


def megavoltage() -> Beam:
    """Return a linac's beam, as one energy."""
    return mono(MEGAVOLTAGE)


def tube(voltage: float, bins: int = 6, aluminium: float = 0.0) -> Beam:
    """Return what a flat panel of caesium iodide sees of a tube's beam.

    Parameters
    ----------
    voltage : float
        Tube voltage in kV; between the tables' voltages it is interpolated.
    bins : int
        Into how many energies, of equal signal, the spectrum is put together.
    aluminium : float
        More filter in mm, such as the middle of a bow-tie.

    Raises
    ------
    InputError
        If the voltage is outside the tables.
    """
    energies, columns = _table("spectra.tsv")
    known = np.array(tube_voltages(), dtype=np.float64)
    if not known[0] <= voltage <= known[-1]:
        raise InputError(f"{voltage:g} kV", "tube voltage", f"give {known[0]:g} to {known[-1]:g} kV")
    if bins < 1:
        raise InputError(f"{bins} energy bins", "tube", "give 1 or more")
    above = int(np.searchsorted(known, voltage))
    below = max(above - (known[above] != voltage), 0)
    part = 0.0 if above == below else (voltage - known[below]) / (known[above] - known[below])
    photons = (1 - part) * columns[f"{known[below]:.0f}"] + part * columns[f"{known[above]:.0f}"]
    absorbed = 1.0 - np.exp(-attenuation("caesium iodide", energies) * 0.6)
    signal = photons * absorbed * energies * np.exp(-attenuation("aluminium", energies) * aluminium)
    signal /= signal.sum()
    of = np.minimum((np.cumsum(signal) - signal / 2) * bins, bins - 1e-9).astype(np.int64)
    shares = np.bincount(of, weights=signal, minlength=bins).astype(np.float64)
    means = np.bincount(of, weights=signal * energies, minlength=bins).astype(np.float64)
    there = shares > 0
    return Beam(means[there] / shares[there], shares[there])
