"""Makes `simulators/linacsim/physics/tables/`: X-ray tube spectra and the attenuation of what phantoms are made of.

Run once, in an environment of its own: ``pip install spekpy==2.5.4 xraydb==4.5.8``, then this file. No other input.

`spectra.tsv`
    Photons per keV for each tube voltage, each column adding up to 1, behind 2.7 mm Al and 0.89 mm Ti at an anode of 14
    degrees of tungsten: spekpy's own model. Filtered mean energies 50 to 68 keV.
`attenuation.tsv`
    Per mm at the density given here. Up to 150 keV: coherent, incoherent and photoelectric cross-sections of Elam's tables
    through xraydb. The row at 1500 keV stands for a megavoltage beam: electrons per volume times the cross-section of Klein
    and Nishina, which leaves out pair production.
"""

from __future__ import annotations

from math import log, pi
from pathlib import Path

import numpy as np
import spekpy
import xraydb

FOLDER = Path(__file__).parents[2] / "simulators" / "linacsim" / "physics" / "tables"
VOLTAGES = (60, 70, 80, 90, 100, 110, 120, 125, 130, 140)
ENERGIES = np.arange(15.0, 141.0)
MEGAVOLTAGE = 1500.0

SUBSTANCES: dict[str, tuple[str | dict[str, float], float]] = {
    # name: mass fractions or formula, density in g/cm3
    "water": ("H2O", 1.0),
    "air": ({"N": 0.755, "O": 0.232, "Ar": 0.013}, 0.001205),
    "tissue": ({"H": 0.105, "C": 0.256, "N": 0.027, "O": 0.602, "P": 0.005, "K": 0.005}, 1.04),
    "fat": ({"H": 0.114, "C": 0.598, "N": 0.007, "O": 0.281}, 0.95),
    "lung": ({"H": 0.103, "C": 0.105, "N": 0.031, "O": 0.749, "P": 0.006, "K": 0.006}, 0.26),
    "bone": ({"H": 0.034, "C": 0.155, "N": 0.042, "O": 0.435, "P": 0.109, "Ca": 0.225}, 1.92),
    # Plastics with so much bone mineral, after the usual composition of such inserts.
    "bone 50": ({"H": 0.048, "C": 0.416, "N": 0.015, "O": 0.320, "Cl": 0.001, "Ca": 0.200}, 1.56),
    "bone 20": ({"H": 0.073, "C": 0.600, "N": 0.024, "O": 0.232, "Cl": 0.001, "Ca": 0.070}, 1.20),
    "acrylic": ("C5H8O2", 1.19),
    "polystyrene": ("C8H8", 1.05),
    "polyethylene": ("CH2", 0.92),
    "pmp": ("CH2", 0.83),
    "delrin": ("CH2O", 1.42),
    "teflon": ("C2F4", 2.16),
    "aluminium": ("Al", 2.70),
    "titanium": ("Ti", 4.51),
    "steel": ("Fe", 7.87),
    "copper": ("Cu", 8.96),
    "tungsten": ("W", 19.3),
    "gold": ("Au", 19.3),
    "caesium iodide": ("CsI", 4.51),
    "gadox": ("Gd2O2S", 4.3),
}


def fractions(made_of: str | dict[str, float]) -> dict[str, float]:
    """Return mass fractions by element."""
    if isinstance(made_of, dict):
        return made_of
    counts = xraydb.chemparse(made_of)
    masses = {element: count * xraydb.atomic_mass(element) for element, count in counts.items()}
    return {element: mass / sum(masses.values()) for element, mass in masses.items()}


def klein_nishina(energy: float) -> float:
    """Return the cross-section of an electron for photons of `energy` keV in cm2."""
    a, radius = energy / 510.999, 2.8179403e-13
    grown = 1 + 2 * a
    first = (1 + a) / a**2 * (2 * (1 + a) / grown - log(grown) / a)
    return 2 * pi * radius**2 * (first + log(grown) / (2 * a) - (1 + 3 * a) / grown**2)


def attenuation(made_of: str | dict[str, float], density: float) -> list[float]:
    """Return the linear attenuation per mm at all energies and at the megavoltage."""
    parts = fractions(made_of)
    per_mass = sum(part * xraydb.mu_elam(element, ENERGIES * 1000.0) for element, part in parts.items())
    electrons = 6.02214076e23 * sum(
        part * xraydb.atomic_number(element) / xraydb.atomic_mass(element) for element, part in parts.items()
    )
    low = [float(value) for value in per_mass * density / 10.0]
    return [*low, klein_nishina(MEGAVOLTAGE) * electrons * density / 10.0]


def spectrum(voltage: int) -> list[float]:
    """Return the share of photons in each keV, 0 where the table of spekpy ends."""
    tube = spekpy.Spek(kvp=voltage, th=14, dk=1.0)
    tube.filter("Al", 2.7).filter("Ti", 0.89)
    energies, photons = tube.get_spectrum(diff=False)
    shares = np.interp(ENERGIES, energies, photons, left=0.0, right=0.0)
    return [float(value) for value in shares / shares.sum()]


def write(name: str, first: list[float], columns: dict[str, list[float]]) -> None:
    """Write one table: keV, then a column for each name."""
    lines = ["\t".join(["keV", *columns])]
    for row, energy in enumerate(first):
        lines.append("\t".join([f"{energy:g}", *(f"{values[row]:.5g}" for values in columns.values())]))
    (FOLDER / name).write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    """Write both."""
    FOLDER.mkdir(exist_ok=True)
    energies = [float(value) for value in ENERGIES]
    write("spectra.tsv", energies, {str(voltage): spectrum(voltage) for voltage in VOLTAGES})
    write("attenuation.tsv", [*energies, MEGAVOLTAGE], {name: attenuation(*of) for name, of in SUBSTANCES.items()})


if __name__ == "__main__":
    main()
