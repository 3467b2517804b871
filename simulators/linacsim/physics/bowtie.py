"""The bow-tie filter of the kV tube, thick at the sides, so that what is beside a patient does not saturate the panel.

It is modelled as less beam, not as a harder one: the air scan that every projection is divided by takes it out exactly.
"""

from __future__ import annotations

import numpy as np

from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Gaze
from linacsim.physics.spectrum import attenuation

_EFFECTIVE = 65.0


def bow_tie(gaze: Gaze, *, thickest: float = 40.0, reach: float = 225.0, power: float = 1.8) -> Array:
    """Return the beam behind the filter at each pixel, 1 on the central axis.

    Parameters
    ----------
    gaze : Gaze
        The beam and its panel, with or without an offset.
    thickest : float
        mm of aluminium, more than in the middle, at `reach`.
    reach : float
        mm from the central axis, at the distance of the isocentre, where the filter is thickest.
    power : float
        How the thickness grows on the way there.

    Returns
    -------
    numpy.ndarray, shape (rows, columns)

    Raises
    ------
    InputError
        If the filter has no thickness or width.
    """
    if thickest < 0 or not reach > 0 or not power > 0:
        what = f"{thickest:g} mm of aluminium at {reach:g} mm"
        raise InputError(what, "bow-tie", "give 0 mm or more, and a distance and a power above 0")
    across = np.abs(gaze.panel.column_centres) * gaze.sad / gaze.sid
    thickness = thickest * np.minimum(across / reach, 1.0) ** power
    left = np.exp(-attenuation("aluminium", _EFFECTIVE) * thickness)
    return np.tile(left, (gaze.panel.rows, 1))
