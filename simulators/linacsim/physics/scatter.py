"""Scatter as a cheap model: every pixel's primary beam spreads a little of itself far around.

The amplitude ``A T^a (-ln T)^b`` of the part T that gets through, and a form of two bells, are those that scatter kernel
superposition uses for correction; here they make the scatter as well, so what a correction leaves behind can be told.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from linacsim.errors import InputError
from linacsim.physics.geometry import Array

_COARSE = 6.0
"""mm: scatter is smooth, so it is computed on a grid like this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scatter:
    """How much scatter there is; with these numbers a head has a tenth and a pelvis as much as there is primary beam.

    Attributes
    ----------
    amplitude, alpha, beta : float
        Of ``amplitude T^alpha (-ln T)^beta``.
    near, far : float
        Standard deviations of the two bells in mm on the panel.
    far_part : float
        How much of the scatter the wider one holds.
    """

    amplitude: float = 0.004
    alpha: float = 0.25
    beta: float = 0.9
    near: float = 40.0
    far: float = 110.0
    far_part: float = 0.7

    def __post_init__(self) -> None:
        if self.amplitude < 0 or not min(self.near, self.far) > 0 or not 0 <= self.far_part <= 1:
            raise InputError(
                "an amplitude below 0 or a width of 0 mm", "scatter", "give lengths above 0 and a part up to 1"
            )

    def reaching(self, primary: Array, pitch: float) -> Array:
        """Return the scatter at each pixel as a part of the open field.

        Parameters
        ----------
        primary : numpy.ndarray, shape (rows, columns)
            The part of the open field that gets through.
        pitch : float
            In mm.
        """
        from scipy.ndimage import map_coordinates

        by = max(int(_COARSE / pitch), 1)
        small = _averaged(np.clip(primary, 1e-6, 1.0), by)
        emitted = self.amplitude * small**self.alpha * (-np.log(small)) ** self.beta
        spread = _spread(emitted, pitch * by, ((self.near, 1 - self.far_part), (self.far, self.far_part)))
        rows, columns = (
            np.clip((np.arange(count) + 0.5) / by - 0.5, 0, coarse - 1)
            for count, coarse in zip(primary.shape, spread.shape, strict=True)
        )
        grid = np.meshgrid(rows, columns, indexing="ij")
        return np.asarray(map_coordinates(spread, grid, order=1), dtype=np.float64)

    def removed(self, measured: Array, pitch: float, rounds: int = 4) -> Array:
        """Return the primary beam that, with its own scatter, makes what was measured; never less than a tenth of it."""
        primary = measured
        for _ in range(rounds):
            primary = np.maximum(measured - self.reaching(primary, pitch), 0.1 * measured)
        return primary


def _averaged(image: Array, by: int) -> Array:
    rows, columns = (-count % by for count in image.shape)
    padded = np.pad(image, ((0, rows), (0, columns)), mode="edge")
    return np.asarray(padded.reshape(padded.shape[0] // by, by, padded.shape[1] // by, by).mean(axis=(1, 3)))


def _spread(image: Array, pitch: float, bells: tuple[tuple[float, float], ...]) -> Array:
    """Return the sum of Gaussian blurs of an image around which there is nothing."""
    from scipy.ndimage import gaussian_filter

    total = np.zeros_like(image)
    for width, part in bells:
        total += part * gaussian_filter(image, width / pitch, mode="constant", truncate=3.0)
    return total
