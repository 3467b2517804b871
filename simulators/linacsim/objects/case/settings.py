"""What a synthetic case is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from linacsim.errors import InputError

FIELD_OF_VIEW = 400.0
"""Width in mm of the images, unless a pixel spacing is given; the phantom is 330 mm wide."""
NARROWEST = 340.0
"""Width in mm that still holds the phantom."""

BEAMS = ("photon", "arc", "electron", "kv-ap", "kv-lateral", "mv-ap", "cbct")
"""The beams that a case can have, in their order; the last four are setup beams (Treatment Delivery Type SETUP)."""

_RANGES: dict[str, tuple[float, float]] = {
    "slices": (1, 2000),
    "matrix": (16, 2048),
    "radiograph": (16, 4096),
    "slice_spacing": (0.1, 50),
    "dose_spacing": (1, 50),
    "fractions": (1, 99),
    "prescription": (0.1, 200),
}

Ion = Literal["proton", "carbon"]
Technique = Literal["external", "brachy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseSettings:
    """A case: patient, images, beams. Two cases of one run differ in their `label`.

    Raises
    ------
    InputError
        If a number is out of range or a beam is unknown.
    """

    label: str = "1"
    """Tells the UIDs of one case from those of another with the same seed."""
    patient_name: str = "Phantom^Thorax"
    patient_id: str = "SIM0001"
    patient_birth_date: str = "19560412"
    patient_sex: str = "O"
    slices: int = 24
    """Of the CT; MR and PET have half as many."""
    matrix: int = 96
    """Rows and columns of CT, MR and PET."""
    pixel_spacing: float | None = None
    """In mm; by default so that the images are 400 mm wide."""
    slice_spacing: float = 5.0
    technique: Technique = "external"
    """Whether the RT Plan has beams, or a source that steps through an applicator."""
    beams: tuple[str, ...] = BEAMS
    """Of an external plan."""
    fractions: int = 25
    prescription: float = 50.0
    """In Gy, over all fractions."""
    machine: str = "LINAC1"
    dose_spacing: float = 5.0
    """Of the dose grid within a plane, in mm."""
    beam_doses: bool = False
    """A dose of its own for each treatment beam, instead of one for the plan."""
    radiograph: int = 128
    """Rows and columns of radiographs."""
    ion: Ion = "proton"
    marker_subtype: bool = False
    """Whether markers have Varian's private Marker Subtype (3271,xx00)."""

    def __post_init__(self) -> None:
        for name, (low, high) in _RANGES.items():
            _in_range(name, getattr(self, name), low, high)
        width = self.spacing * self.matrix
        if width < NARROWEST:
            what = f"{self.matrix} pixels of {self.spacing:g} mm are {width:g} mm wide"
            raise InputError(what, "matrix, pixel_spacing", f"the phantom needs {NARROWEST:g} mm")
        if not self.beams or len(set(self.beams)) < len(self.beams):
            raise InputError(
                "a case has each of its beams once, and at least one", "beams", f"choose from {', '.join(BEAMS)}"
            )
        if unknown := [beam for beam in self.beams if beam not in BEAMS]:
            raise InputError(f"unknown beam {unknown[0]!r}", "beams", f"the beams are {', '.join(BEAMS)}")

    @property
    def spacing(self) -> float:
        """The pixel spacing in mm."""
        return self.pixel_spacing if self.pixel_spacing is not None else round(FIELD_OF_VIEW / self.matrix, 4)


def _in_range(name: str, value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise InputError(f"{value:g} is out of range", name, f"give {low:g} to {high:g}")
