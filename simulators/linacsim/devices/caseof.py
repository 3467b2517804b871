"""A synthetic patient as a scenario names it; the same for every device of a run."""

from __future__ import annotations

from linacsim.objects.case.settings import BEAMS, CaseSettings
from linacsim.settings import Count, Settings

_PLAIN = CaseSettings()


class CaseOf(Settings):
    """A synthetic patient; the same case everywhere in a run has the same UIDs.

    Attributes
    ----------
    label : str
        Tells one case of a run from another.
    patient_name, patient_id : str
        Who it is.
    slices, matrix : int
        CT slices; rows and columns of each.
    slice_spacing, pixel_spacing, dose_spacing : float
        In mm.
    beams : list of str
        The beams of the plan.
    fractions, prescription : int, float
        Of the plan, in Gy.
    machine : str
        Treatment Machine Name.
    radiograph : int
        Rows and columns of radiographs.
    marker_subtype : bool
        Whether markers have Varian's private Marker Subtype (3271,xx00), as a marker match asks for.
    """

    label: str = _PLAIN.label
    patient_name: str = _PLAIN.patient_name
    patient_id: str = _PLAIN.patient_id
    slices: Count = _PLAIN.slices
    matrix: Count = _PLAIN.matrix
    slice_spacing: float = _PLAIN.slice_spacing
    pixel_spacing: float | None = None
    dose_spacing: float = _PLAIN.dose_spacing
    beams: tuple[str, ...] = BEAMS
    fractions: Count = _PLAIN.fractions
    prescription: float = _PLAIN.prescription
    machine: str = _PLAIN.machine
    radiograph: Count = _PLAIN.radiograph
    marker_subtype: bool = _PLAIN.marker_subtype

    def settings(self) -> CaseSettings:
        """Return the same for the builders of objects."""
        return CaseSettings(**self.model_dump())
