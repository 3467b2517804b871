"""The planned patient of the matching tests: the synthetic case, to be changed for one test."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache

from pydicom.dataset import Dataset

from linacsim.devices.imager.patient import LoadedPatient
from linacsim.kernel.identity import Identity
from linacsim.objects.case import Case, CaseSettings, build_case

SMALL = CaseSettings(matrix=64, slices=6, slice_spacing=8.0, pixel_spacing=6.0, radiograph=32, marker_subtype=True)
WHOLE = CaseSettings(matrix=256, slices=64, slice_spacing=2.5, radiograph=256, marker_subtype=True)
"""As fine as planning CTs are, for matches."""


@cache
def case(settings: CaseSettings = SMALL) -> Case:
    return build_case(Identity(seed=4), settings)


@dataclass
class Given:
    """Copies of the objects of a case, to be changed."""

    plan: Dataset = field(default_factory=lambda: deepcopy(case().rtplan[0]))
    structures: Dataset | None = field(default_factory=lambda: deepcopy(case().rtstruct[0]))
    slices: list[Dataset] = field(default_factory=lambda: deepcopy(case().ct))
    images: list[Dataset] = field(default_factory=lambda: deepcopy(case().rtimage))

    def beam(self, number: int) -> Dataset:
        found: Dataset = next(one for one in self.plan.BeamSequence if one.BeamNumber == number)
        return found

    def image(self, number: int) -> Dataset:
        return next(one for one in self.images if one.ReferencedBeamNumber == number)

    def region(self, name: str) -> Dataset:
        """Return the contours of a structure."""
        assert self.structures is not None
        number = next(one.ROINumber for one in self.structures.StructureSetROISequence if one.ROIName == name)
        found: Dataset = next(one for one in self.structures.ROIContourSequence if one.ReferencedROINumber == number)
        return found

    @property
    def patient(self) -> LoadedPatient:
        return LoadedPatient(self.plan, self.structures, self.slices, self.images)


Change = Callable[[Given], None]


def loaded(change: Change | None = None) -> LoadedPatient:
    """Return the loaded patient, something of him changed."""
    given = Given()
    if change:
        change(given)
    return given.patient
