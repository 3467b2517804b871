"""Flat panels: from the part of the beam that arrives to counts of an analogue-to-digital converter, and back.

What a panel does is in `Detector`, what one particular panel is like in `Maps`, and what a service engineer measured of it
in `Calibration`. Readings are quantised, so that they are the same on every processor to within a count.

Figures: pixels and pitch of the PaxScan 4030CB and the aS panels, lag from Colbeth 2005; noise, gain spread, dead pixels and
glare are typical values and meant to be changed.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Panel

Counts = NDArray[np.uint16]

_FEW = 100.0
"""Quanta below which their number is drawn as such; above, a bell curve does."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detector:
    """A type of panel.

    Attributes
    ----------
    name : str
    panel : Panel
        As it is read out.
    bits : int
        Of its converter.
    full_scale : float
        Counts of an open field of 1 exposure unit, above the offset.
    quanta : float
        X-ray quanta that a pixel detects from an open field of 1 exposure unit.
    electronic_noise : float
        Counts, root mean square, of one frame.
    offset, offset_spread : float
        Counts without a beam, and how much they differ from pixel to pixel.
    gain_spread : float
        By which part the pixels' gains differ.
    dead : float
        Part of the pixels that always say the same.
    lag : tuple of (float, float)
        Parts of a frame's signal that appear later, and over how many frames they fade to 1 / e.
    glare, glare_width : float
        Part of the light that spreads, and how far in mm (exponential).
    """

    name: str
    panel: Panel
    bits: int = 14
    full_scale: float = 11000.0
    quanta: float = 20000.0
    electronic_noise: float = 3.0
    offset: float = 400.0
    offset_spread: float = 25.0
    gain_spread: float = 0.04
    dead: float = 2e-4
    lag: tuple[tuple[float, float], ...] = ((0.02, 1.5), (0.006, 12.0))
    glare: float = 0.02
    glare_width: float = 8.0

    def __post_init__(self) -> None:
        if not 1 <= self.bits <= 16 or min(self.full_scale, self.quanta) <= 0:
            what = f"{self.bits} bits, {self.full_scale:g} counts and {self.quanta:g} quanta at full scale"
            raise InputError(what, f"detector {self.name}", "give 1 to 16 bits, and counts and quanta above 0")
        parts = [self.dead, self.glare, sum(part for part, _ in self.lag)]
        if min(parts) < 0 or max(parts) >= 1:
            raise InputError(
                f"parts {parts}", f"detector {self.name}", "dead pixels, glare and lag are parts from 0 to 1"
            )

    @property
    def top(self) -> int:
        """The highest count."""
        return int(2**self.bits - 1)

    def binned(self, by: int) -> Detector:
        """Return the detector read out in squares of `by` pixels, with as many more quanta in each."""
        return replace(self, panel=self.panel.binned(by), quanta=self.quanta * by * by)

    def shifted(self, x: float = 0.0, y: float = 0.0) -> Detector:
        """Return the detector with the centre of its panel at (x, y) mm."""
        return replace(self, panel=replace(self.panel, x=x, y=y))

    def quiet(self) -> Detector:
        """Return an ideal detector of the same pixels: even, without lag and glare; quanta and converter remain."""
        return replace(self, electronic_noise=0.0, offset_spread=0.0, gain_spread=0.0, dead=0.0, lag=(), glare=0.0)


PAXSCAN_4030CB = Detector(name="PaxScan 4030CB", panel=Panel(rows=768, columns=1024, pitch=0.388))
"""The kV panel of an OBI, 2048x1536 pixels of 0.194 mm read out two by two."""
AS500 = Detector(name="aS500", panel=Panel(rows=384, columns=512, pitch=0.784), quanta=60000.0, lag=((0.015, 4.0),))
AS1000 = Detector(name="aS1000", panel=Panel(rows=768, columns=1024, pitch=0.392), quanta=15000.0, lag=((0.015, 4.0),))
AS1200 = Detector(
    name="aS1200", panel=Panel(rows=1280, columns=1280, pitch=0.336), bits=16, full_scale=40000.0, lag=((0.01, 4.0),)
)

DETECTORS = {one.name: one for one in (PAXSCAN_4030CB, AS500, AS1000, AS1200)}


@dataclass(frozen=True, slots=True, eq=False)
class Maps:
    """What one panel is like: the ground truth of its calibration.

    Attributes
    ----------
    gain : numpy.ndarray, shape (rows, columns)
        Around 1; 0 for dead pixels.
    offset : numpy.ndarray, shape (rows, columns)
        In counts.
    dead : numpy.ndarray of bool, shape (rows, columns)
    """

    gain: Array
    offset: Array
    dead: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """What was measured of a panel: counts without a beam and counts per exposure unit, and which pixels to leave out."""

    dark: Array
    flood: Array
    bad: NDArray[np.bool_]


@dataclass(slots=True)
class Lag:
    """What is still stored in the panel: for each time constant one image, in exposure units."""

    stored: list[Array] = field(default_factory=list)


def make_maps(detector: Detector, rng: Generator) -> Maps:
    """Draw one panel of a type."""
    shape = detector.panel.rows, detector.panel.columns
    gain = 1.0 + detector.gain_spread * rng.standard_normal(shape)
    offset = detector.offset + detector.offset_spread * rng.standard_normal(shape)
    dead = rng.random(shape) < detector.dead
    gain[dead] = 0.0
    return Maps(np.maximum(gain, 0.0), np.maximum(offset, 0.0), dead)


def read_out(
    beam: Array, detector: Detector, maps: Maps, rng: Generator, *, exposure: float = 1.0, frames: int = 1,
    lag: Lag | None = None,
) -> Counts:  # fmt: skip
    """Return what the panel says.

    Parameters
    ----------
    beam : numpy.ndarray, shape (rows, columns)
        The part of an open field's signal that arrives at each pixel.
    detector, maps : Detector, Maps
        Which panel.
    rng : numpy.random.Generator
        For this image alone.
    exposure : float
        Exposure units (of mAs or MU) in each frame.
    frames : int
        How many equal frames are averaged.
    lag : Lag, optional
        What earlier images left; it is brought up to date.

    Returns
    -------
    numpy.ndarray of uint16, shape (rows, columns)

    Raises
    ------
    InputError
        If the image does not fit the panel, or there is no frame or a negative exposure.
    """
    if beam.shape != maps.gain.shape:
        raise InputError(
            f"an image of {beam.shape} on a panel of {maps.gain.shape}", detector.name, "use its own panel"
        )
    if frames < 1 or exposure < 0:
        raise InputError(
            f"{frames} frames of {exposure:g} exposure units", detector.name, "give 1 or more, and 0 or more"
        )
    signal = _glared(beam * exposure, detector)
    signal = _counted(signal, detector.quanta * frames, rng)
    if lag is not None:
        signal = _lagged(signal, detector, lag)
    counts = signal * maps.gain * detector.full_scale + maps.offset
    counts += detector.electronic_noise / np.sqrt(frames) * rng.standard_normal(counts.shape)
    return np.clip(np.rint(counts), 0, detector.top).astype(np.uint16)


def calibrate(
    detector: Detector, maps: Maps, rng: Generator, *, exposure: float = 1.0, frames: int = 64
) -> Calibration:
    """Return what a calibration measures: averages of dark images and of an open field.

    Pixels that answer with less than half or more than twice what the others do count as bad.
    """
    shape = maps.gain.shape
    dark = maps.offset + detector.electronic_noise / np.sqrt(frames) * rng.standard_normal(shape)
    light = _counted(np.full(shape, exposure), detector.quanta * frames, rng) * maps.gain * detector.full_scale
    flood = light / exposure
    middle = float(np.median(flood))
    return Calibration(np.rint(dark * 16) / 16, np.rint(flood), (flood < middle / 2) | (flood > middle * 2))


def corrected(counts: Counts, calibration: Calibration, exposure: float = 1.0) -> Array:
    """Return exposure-corrected signal, 1 in an open field; bad pixels are filled in from their good neighbours."""
    signal = (counts - calibration.dark) / (np.where(calibration.bad, 1.0, calibration.flood) * exposure)
    return _filled(signal, calibration.bad) if calibration.bad.any() else np.asarray(signal)


def saturated(counts: Counts, detector: Detector) -> NDArray[np.bool_]:
    """Tell which pixels are at the end of the converter."""
    return np.asarray(counts >= detector.top)


def _counted(signal: Array, quanta: float, rng: Generator) -> Array:
    """Return the signal with the noise of its quanta."""
    expected = signal * quanta
    noisy = expected + np.sqrt(np.maximum(expected, 0.0)) * rng.standard_normal(signal.shape)
    few = expected < _FEW
    if few.any():
        noisy[few] = rng.poisson(np.maximum(expected[few], 0.0))
    return np.asarray(noisy / quanta)


def _lagged(signal: Array, detector: Detector, lag: Lag) -> Array:
    """Return what is read while some of the signal is kept for later, and earlier signal comes out."""
    if not lag.stored:
        lag.stored = [np.zeros_like(signal) for _ in detector.lag]
    read = signal * (1.0 - sum(part for part, _ in detector.lag))
    for index, (part, frames) in enumerate(detector.lag):
        fades = np.exp(-1.0 / frames)
        read = read + lag.stored[index] * (1.0 - fades)
        lag.stored[index] = lag.stored[index] * fades + signal * part
    return np.asarray(read)


def _glared(signal: Array, detector: Detector) -> Array:
    """Return the signal after some of the light has spread."""
    if not detector.glare:
        return signal
    return np.asarray(
        (1.0 - detector.glare) * signal + detector.glare * spread(signal, detector.panel.pitch, detector.glare_width)
    )


def spread(image: Array, pitch: float, width: float) -> Array:
    """Return an image spread by exp(-r / width); beyond its edge it goes on as its edge is.

    Parameters
    ----------
    image : numpy.ndarray, shape (rows, columns)
    pitch, width : float
        In mm.
    """
    from scipy.fft import irfft2, next_fast_len, rfft2

    margin = min(int(np.ceil(6 * width / pitch)), max(image.shape))
    padded = np.pad(image, margin, mode="edge")
    shape = [next_fast_len(count, real=True) for count in padded.shape]
    rows, columns = (np.minimum(np.arange(count), count - np.arange(count)) * pitch for count in shape)
    kernel = np.exp(-np.hypot(rows[:, None], columns) / width)
    blurred = irfft2(rfft2(padded, s=shape) * rfft2(kernel / kernel.sum()), s=shape)
    return np.asarray(blurred[margin : margin + image.shape[0], margin : margin + image.shape[1]])


def _filled(signal: Array, bad: NDArray[np.bool_]) -> Array:
    from scipy.ndimage import distance_transform_edt, uniform_filter

    good = (~bad).astype(np.float64)
    share = uniform_filter(good, 3, mode="nearest")
    around = uniform_filter(np.where(bad, 0.0, signal), 3, mode="nearest")
    filled = np.where(share > 0.01, around / np.maximum(share, 0.01), 0.0)
    far = bad & (share <= 0.01)
    if far.any():
        nearest = distance_transform_edt(bad, return_distances=False, return_indices=True)
        filled[far] = signal[tuple(nearest)][far]
    return np.where(bad, filled, signal)
