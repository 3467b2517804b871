"""Where a beam's source, axes and image plane are in the patient, and where a point is seen from the source.

The patient lies head first supine on an unrotated couch. The gantry's axes are those of IEC 61217: at 0 degrees the
source is above the patient, at 90 degrees on the patient's left; x of the beam's eye view is then to the left, y to the
head (PS3.3 C.8.8.14.7, C.8.8.2).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import cos, radians, sin

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class View:
    """A source that looks at the isocentre.

    Attributes
    ----------
    isocentre : tuple of float
        In patient coordinates, mm.
    angle : float
        The source's angle about the isocentre in degrees.
    distance : float
        From the source to the isocentre in mm.
    """

    isocentre: tuple[float, float, float]
    angle: float
    distance: float = 1000.0

    @property
    def source(self) -> Array:
        """The source in patient coordinates, mm."""
        return np.array(self.isocentre) + self.distance * self.towards_source

    @property
    def towards_source(self) -> Array:
        """The unit vector from the isocentre to the source."""
        turn = radians(self.angle)
        return np.array([sin(turn), -cos(turn), 0.0])

    @property
    def across(self) -> Array:
        """The unit vector along x of the beam's eye view."""
        turn = radians(self.angle)
        return np.array([cos(turn), sin(turn), 0.0])

    @property
    def along(self) -> Array:
        """The unit vector along y of the beam's eye view."""
        return np.array([0.0, 0.0, 1.0])

    def project(self, points: Array, at: float | None = None) -> Array:
        """Return where points, shape (..., 3), are seen on the plane `at` mm from the source, shape (..., 2).

        By default the plane goes through the isocentre.
        """
        seen = points - self.source
        depth = -(seen @ self.towards_source)
        scale = (self.distance if at is None else at) / depth
        return np.stack([seen @ self.across * scale, seen @ self.along * scale], axis=-1)

    def pixels(self, rows: int, columns: int, spacing: float, at: float) -> Array:
        r"""Return the centres of the pixels of a centred image plane `at` mm from the source, shape (rows, columns, 3).

        Rows go down against y, columns along x, as RT Image Orientation ``1\0\0\0\-1\0`` says.
        """
        x = (np.arange(columns) - (columns - 1) / 2) * spacing
        y = ((rows - 1) / 2 - np.arange(rows)) * spacing
        centre = self.source - at * self.towards_source
        return centre + x[None, :, None] * self.across + y[:, None, None] * self.along
