"""The light box: what the eye, or a PNG, sees of a sheet."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linacsim.physics.terms import require

# Transmission of red, green and blue by the base, relative to its visual density: the mean, weighted as the eye
# weights them, is 1, so a density measured on blue film is the density the eye sees.
_NEUTRAL = (1.0, 1.0, 1.0)
_BLUE = (0.745, 1.03, 1.36)

MEDIA: Mapping[str, tuple[float, float, float]] = MappingProxyType(
    {
        "PAPER": _NEUTRAL,
        "CLEAR FILM": _NEUTRAL,
        "BLUE FILM": _BLUE,
        "MAMMO CLEAR FILM": _NEUTRAL,
        "MAMMO BLUE FILM": _BLUE,
        "TRANSPARENCY": _NEUTRAL,
    }
)
"""Tint of the base, by Medium Type (PS3.3 C.13.1); TRANSPARENCY is one that some printers have beside the standard's."""


def on_light_box(density: ArrayLike, medium: str = "BLUE FILM") -> NDArray[np.uint8]:
    """The colours of a sheet: film in front of the bare light box, paper in the same light.

    Parameters
    ----------
    density : array_like
        Optical density (transmission for film, reflection for paper): of all light, shape (rows, columns), or of red, green
        and blue light, shape (rows, columns, 3).
    medium : str
        Medium Type: PAPER, CLEAR FILM, BLUE FILM, MAMMO CLEAR FILM or MAMMO BLUE FILM.

    Returns
    -------
    numpy.ndarray
        sRGB, uint8, shape (rows, columns, 3); 255 is the bare light box, or the bare paper.

    Raises
    ------
    InputError
        If the Medium Type is not one of `MEDIA`.
    """
    require("MediumType", medium, MEDIA)
    values = np.asarray(density, dtype=np.float32)
    # A film holds few distinct densities to the eye: look them up in steps of 0.001 instead of raising millions to powers.
    steps = np.arange(0.0, max(float(values.max(initial=0.0)), 0.0) + 0.002, 0.001)
    table = seen(steps, medium)
    index = np.round(np.maximum(values, 0) * 1000).astype(np.intp)
    return table[index] if values.ndim == _GREY else table[index, np.arange(3)]


def seen(density: NDArray[Any], medium: str) -> NDArray[np.uint8]:
    """The sRGB colours of single densities, shape (n,), one by one: uint8, shape (n, 3); see `on_light_box`."""
    require("MediumType", medium, MEDIA)
    light = 10.0 ** -density[:, None] * np.asarray(MEDIA[medium])
    return np.round(255 * _srgb(np.clip(light, 0.0, 1.0))).astype(np.uint8)


_GREY = 2


def _srgb(linear: NDArray[np.float64]) -> NDArray[np.float64]:
    # IEC 61966-2-1
    return np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.maximum(linear, 1e-9) ** (1 / 2.4) - 0.055)
