"""What all objects of a case share: UIDs, dates, the phantom where the images see it."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from linacsim.kernel.identity import Identity
from linacsim.objects.case.anatomy import ISOCENTRE
from linacsim.objects.case.settings import CaseSettings
from linacsim.physics.beamseye import View
from linacsim.physics.phantom import THORAX, Phantom, Point

Array = NDArray[np.float64]

MR_SHIFT: Point = (6.0, -4.0, 10.0)
"""Where the MR's frame of reference sees a point of the CT's, in mm: the patient lay differently."""


class Scene:
    """The ground of one case.

    Parameters
    ----------
    identity : Identity
        UIDs and dates of the run.
    settings : CaseSettings
        What the case is made of.
    """

    def __init__(self, identity: Identity, settings: CaseSettings) -> None:
        self.identity = identity
        self.settings = settings

    def uid(self, *key: object) -> str:
        """Return the UID that belongs to `key` in this case."""
        return self.identity.uid("case", self.settings.patient_id, self.settings.label, *key)

    def instance(self, kind: str, number: int = 1) -> str:
        """Return the SOP Instance UID of the object `number` of a kind, counted from 1."""
        return self.uid("instance", kind, number)

    def series(self, kind: str) -> str:
        """Return the Series Instance UID of the objects of a kind."""
        return self.uid("series", kind)

    @cached_property
    def study(self) -> str:
        """The Study Instance UID; the case is one study."""
        return self.uid("study")

    def frame_of_reference(self, kind: str = "ct") -> str:
        """Return the Frame of Reference UID: one for everything but MR."""
        return self.uid("frame of reference", "mr" if kind == "mr" else "ct")

    @cached_property
    def moment(self) -> datetime:
        """When the images were made."""
        return self.identity.moment(0)

    @cached_property
    def planes(self) -> Array:
        """Z of the CT slices in mm, rising; one of them goes through the isocentre."""
        count, spacing = self.settings.slices, self.settings.slice_spacing
        return np.asarray(ISOCENTRE[2] + (np.arange(count) - count // 2) * spacing, dtype=np.float64)

    @cached_property
    def phantom(self) -> Phantom:
        """The phantom as far as the CT reaches."""
        half = self.settings.slice_spacing / 2
        return THORAX.cut(float(self.planes[0]) - half, float(self.planes[-1]) + half)

    @cached_property
    def coarse_planes(self) -> Array:
        """Z of every second CT slice, for MR and PET."""
        return self.planes[::2]

    def view(self, angle: float) -> View:
        """Return the source at `angle` degrees about the isocentre."""
        return View(ISOCENTRE, angle)


def axis(count: int, spacing: float) -> Array:
    """Return the centres of `count` pixels around 0, in mm."""
    return np.asarray((np.arange(count) - (count - 1) / 2) * spacing, dtype=np.float64)
