"""Pixel values become optical density: the Presentation LUT of a film (PS3.3 C.11.4, C.13.5; PS3.14 annex D.2)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from linacsim.errors import InputError
from linacsim.physics.gsdf import jnd_index, luminance
from linacsim.physics.presentation import IDENTITY, PresentationLut
from linacsim.physics.terms import (
    PHOTOMETRIC_INTERPRETATIONS,
    POLARITIES,
    PhotometricInterpretation,
    Polarity,
    require,
)

_FINE = 0xFFFF
"""The last entry of a curve: fine enough for the fractions that a kernel leaves between two grey values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Film:
    """The density range of a film and the light box it is meant for (PS3.3 C.13.3, C.13.5).

    Parameters
    ----------
    min_density, max_density : int
        Min Density and Max Density in hundredths of optical density.
    illumination : int
        Illumination: luminance of the bare light box, L0, in cd/m2.
    reflected_ambient_light : int
        Reflected Ambient Light: what the room adds, La, in cd/m2.

    Raises
    ------
    InputError
        If the densities are not 0 <= min < max, or the light is not physical.
    """

    min_density: int = 20
    max_density: int = 300
    illumination: int = 2000
    reflected_ambient_light: int = 10

    def __post_init__(self) -> None:
        if not 0 <= self.min_density < self.max_density:
            what = f"densities {self.min_density}..{self.max_density} are not a range"
            raise InputError(what, "MinDensity, MaxDensity", "give 0 <= MinDensity < MaxDensity, in OD x 100")
        if self.illumination <= 0:
            raise InputError(f"{self.illumination} cd/m2 is no light box", "Illumination", "give more than 0")
        if self.reflected_ambient_light < 0:
            what = f"{self.reflected_ambient_light} cd/m2 is not a luminance"
            raise InputError(what, "ReflectedAmbientLight", "give 0 or more")

    @property
    def dmin(self) -> float:
        """Optical density of the brightest point."""
        return self.min_density / 100

    @property
    def dmax(self) -> float:
        """Optical density of the darkest point."""
        return self.max_density / 100

    def luminance(self, density: ArrayLike) -> NDArray[np.float64]:
        """Luminance La + L0 * 10^-D in cd/m2 of optical densities of any shape (PS3.14 annex D.2)."""
        transmittance = 10.0 ** -np.asarray(density, dtype=np.float64)
        return np.asarray(self.reflected_ambient_light + self.illumination * transmittance, dtype=np.float64)


def p_values_to_density(p_values: ArrayLike, bits: int, film: Film) -> NDArray[np.float32]:
    """Optical density of P-Values: equal steps look equally large on the light box (PS3.14 section 7.1, annex D.2).

    Parameters
    ----------
    p_values : array_like
        P-Values of any shape, 0 (Dmax) to 2^bits - 1 (Dmin).
    bits : int
        Depth of the P-Values.
    film : Film
        Density range and light.

    Returns
    -------
    numpy.ndarray
        Optical density, same shape, float32, within Dmin..Dmax.

    Notes
    -----
    The display function ends at 3993 cd/m2; on a brighter box the film keeps the part of its range below that.
    """
    first, last = jnd_index(film.luminance((film.dmax, film.dmin)))
    share = np.asarray(p_values, dtype=np.float64) / _top(bits)
    transmitted = luminance(first + share * (last - first)) - film.reflected_ambient_light
    # The standard's inverse is a fit and may end just below La, where no density is left to compute.
    darkest = film.illumination * 10.0**-film.dmax
    density = -np.log10(np.maximum(transmitted, darkest) / film.illumination)
    return np.asarray(np.clip(density, film.dmin, film.dmax), dtype=np.float32)


def lin_od_to_density(values: ArrayLike, bits: int, film: Film) -> NDArray[np.float32]:
    """Optical density of values that are linear in density: 0 is Dmin, 2^bits - 1 is Dmax (PS3.3 C.11.4, LIN OD).

    Parameters
    ----------
    values : array_like
        Values of any shape, 0 to 2^bits - 1.
    bits : int
        Depth of the values.
    film : Film
        Density range.

    Returns
    -------
    numpy.ndarray
        Optical density, same shape, float32.
    """
    share = np.clip(np.asarray(values, dtype=np.float64) / _top(bits), 0.0, 1.0)
    return (film.dmin + share * (film.dmax - film.dmin)).astype(np.float32)


def expose(
    pixels: ArrayLike,
    *,
    bits: int,
    film: Film,
    photometric_interpretation: PhotometricInterpretation = "MONOCHROME2",
    polarity: Polarity = "NORMAL",
    presentation_lut: PresentationLut = IDENTITY,
) -> NDArray[np.float32]:
    """Optical density of the pixel values of an Image Box (PS3.3 C.13.5).

    Parameters
    ----------
    pixels : array_like
        Pixel values of any shape, 0 to 2^bits - 1; fractions are allowed, what lies outside is clipped.
    bits, film, photometric_interpretation, polarity, presentation_lut
        See `density_curve`.

    Returns
    -------
    numpy.ndarray
        Optical density, same shape, float32.

    Raises
    ------
    InputError
        If one of the terms or the depth is not defined.
    """
    curve = density_curve(bits, film, photometric_interpretation, polarity, presentation_lut)
    return np.asarray(curve[curve_index(pixels, bits)], dtype=np.float32)


def density_curve(
    bits: int,
    film: Film,
    photometric_interpretation: PhotometricInterpretation = "MONOCHROME2",
    polarity: Polarity = "NORMAL",
    presentation_lut: PresentationLut = IDENTITY,
) -> NDArray[np.float32]:
    """The optical density of every grey value of an image, to be entered at `curve_index`.

    MONOCHROME1 turns the values round before the Presentation LUT, REVERSE turns them round once more. LIN OD says by
    itself which end is dark, so there the Photometric Interpretation has no say.

    Parameters
    ----------
    bits : int
        Depth, 1 to 16: 8 or 12 as received.
    film : Film
        Density range and light.
    photometric_interpretation, polarity : str
        Defined terms of PS3.3 C.13.5.
    presentation_lut : PresentationLut
        Shape or table.

    Returns
    -------
    numpy.ndarray
        Optical density, float32, 65536 entries from value 0 to 2^bits - 1; in between it is interpolated.

    Raises
    ------
    InputError
        If one of the terms or the depth is not defined.
    """
    require("PhotometricInterpretation", photometric_interpretation, PHOTOMETRIC_INTERPRETATIONS)
    require("Polarity", polarity, POLARITIES)
    inverted = photometric_interpretation == "MONOCHROME1" and presentation_lut.shape == "IDENTITY"
    curve = _curve(bits, film, presentation_lut)
    return curve[::-1] if inverted != (polarity == "REVERSE") else curve


def curve_index(pixels: ArrayLike, bits: int) -> NDArray[np.uint16]:
    """Where pixel values, 0 to 2^bits - 1 with fractions, enter a `density_curve` or `colour_curve`."""
    values = np.asarray(pixels, dtype=np.float32)
    scaled = values * np.float32(_FINE / _top(bits))
    # half a step, and what is behind the point falls off
    scaled += np.float32(0.5)
    np.clip(scaled, 0, _FINE, out=scaled)
    return scaled.astype(np.uint16)


def colour_curve(bits: int, film: Film, polarity: Polarity = "NORMAL") -> NDArray[np.float32]:
    """The optical density of one of the colours, red, green or blue, for every value of its plane (PS3.3 C.13.5).

    The value is taken as sRGB: as much of the light of that colour passes, or is thrown back, as it says, from Dmax at 0
    to Dmin at the brightest. The Presentation LUT is one for grey images and has no say here.

    Parameters
    ----------
    bits : int
        Depth of a plane, 8.
    film : Film
        Density range.
    polarity : str
        NORMAL or REVERSE.

    Returns
    -------
    numpy.ndarray
        Optical density, float32, 65536 entries, to be entered at `curve_index`.

    Raises
    ------
    InputError
        If the polarity or the depth is not defined.
    """
    require("Polarity", polarity, POLARITIES)
    _top(bits)
    curve = _colour(film)
    return curve[::-1] if polarity == "REVERSE" else curve


@lru_cache(maxsize=64)
def _curve(bits: int, film: Film, lut: PresentationLut) -> NDArray[np.float32]:
    values = np.arange(_top(bits) + 1)
    if lut.shape == "LIN OD":
        density = lin_od_to_density(values, bits, film)
    else:
        density = p_values_to_density(lut.p_values(values, bits), lut.bits or bits, film)
    fine = np.linspace(0, len(values) - 1, _FINE + 1)
    return np.interp(fine, values, density).astype(np.float32)


@lru_cache(maxsize=16)
def _colour(film: Film) -> NDArray[np.float32]:
    # IEC 61966-2-1
    share = np.linspace(0.0, 1.0, _FINE + 1)
    light = np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)
    dark, bright = 10.0**-film.dmax, 10.0**-film.dmin
    return np.asarray(-np.log10(dark + light * (bright - dark)), dtype=np.float32)


def _top(bits: int) -> int:
    if not 1 <= bits <= 16:
        raise InputError(f"{bits} bits per pixel cannot be printed", "BitsStored", "give 1 to 16, usually 8 or 12")
    return int(2**bits - 1)
