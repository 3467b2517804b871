"""The Grayscale Standard Display Function: which luminance makes a just noticeable difference (PS3.14 section 7.1)."""

from __future__ import annotations

import numpy as np
from numpy.polynomial import polynomial
from numpy.typing import ArrayLike, NDArray

JND_MIN = 1.0
"""The first JND index, 0.05 cd/m2."""

JND_MAX = 1023.0
"""The last JND index, about 3993 cd/m2."""

# log10(luminance) is a quotient of two polynomials in ln(j); lowest power first (PS3.14 section 7.1, a..m).
_NUMERATOR = (-1.3011877, 8.0242636e-2, 1.3646699e-1, -2.5468404e-2, 1.3635334e-3)
_DENOMINATOR = (1.0, -2.5840191e-2, -1.0320229e-1, 2.8745620e-2, -3.1978977e-3, 1.2992634e-4)

# j is a polynomial in log10(luminance); lowest power first (PS3.14 section 7.1, A..I).
_INVERSE = (
    71.498068, 94.593053, 41.912053, 9.8247004, 0.28175407, -1.1878455, -0.18014349, 0.14710899, -0.017046845,
)  # fmt: skip


def luminance(jnd: ArrayLike) -> NDArray[np.float64]:
    """The luminance of a JND index (PS3.14 section 7.1).

    Parameters
    ----------
    jnd : array_like
        JND indices of any shape, 1 to 1023; what lies outside is taken as the nearer end of the scale.

    Returns
    -------
    numpy.ndarray
        Luminance in cd/m2, same shape, float64.
    """
    log_j = np.log(np.clip(np.asarray(jnd, dtype=np.float64), JND_MIN, JND_MAX))
    exponent = polynomial.polyval(log_j, _NUMERATOR) / polynomial.polyval(log_j, _DENOMINATOR)
    return np.asarray(10.0**exponent, dtype=np.float64)


def jnd_index(cd_per_m2: ArrayLike) -> NDArray[np.float64]:
    """The JND index of a luminance, the inverse of `luminance` (PS3.14 section 7.1).

    Parameters
    ----------
    cd_per_m2 : array_like
        Luminance of any shape in cd/m2; what lies outside the scale is taken as its nearer end.

    Returns
    -------
    numpy.ndarray
        JND indices from 1 to 1023, same shape, float64.
    """
    darkest, brightest = luminance((JND_MIN, JND_MAX))
    log_l = np.log10(np.clip(np.asarray(cd_per_m2, dtype=np.float64), darkest, brightest))
    return np.asarray(np.clip(polynomial.polyval(log_l, _INVERSE), JND_MIN, JND_MAX), dtype=np.float64)
