"""An archive that manages treatments: which plans it takes for a machine, and which field an image belongs to.

What is known is what the Monaco document says of MOSAIQ (Monaco 5.30, 3.1.16, Appendix 4, Appendix 5): a plan for an Apex MLC
is one plan for MOSAIQ 2.50 or later, and two plans with different contents and UIDs for earlier ones, one for the treatment
management system, one for the MLC controller; the first 20 characters of a Dose Reference Description become the name of a
site setup; the first 5 of an RT Image Label are compared with the Field IDs, which Monaco writes as Beam Names. The document
does not say how the two plans differ, nor what an earlier MOSAIQ makes of a single one. Here a plan of the first kind has no
leaves, one of the second has nothing else, and a plan that is not for it is refused (C000).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from pydicom.dataset import Dataset

from linacsim.conformance.kinds import kind_of
from linacsim.devices.storage.services import CANNOT_UNDERSTAND, RefusedError
from linacsim.settings import Count, Settings

PlanKind = Literal["single", "management", "controller"]
"""A plan with jaws and leaves; with jaws alone; with leaves alone."""
_WORDS: dict[PlanKind, str] = {
    "single": "a single plan",
    "management": "a plan without leaves",
    "controller": "a plan for the MLC controller",
}
WANTED = (
    "SOPClassUID", "SOPInstanceUID", "RTImageLabel", "DoseReferenceSequence", "BeamSequence", "IonBeamSequence",
    "ReferencedRTPlanSequence", "RTPlanLabel",
)  # fmt: skip
"""What it looks at in an object."""


class Treatment(Settings):
    """What a treatment management system does with plans and images; as shipped, nothing.

    Attributes
    ----------
    apex_machines : list of str
        Treatment Machine Names of linacs with an Apex MLC.
    takes_plans : list of str
        What it takes for those: ``single`` plans, the ``management`` plan of two, the ``controller`` plan of two.
    site_name_length : int or None
        How many characters of a Dose Reference Description become the name of a site setup.
    field_id_length : int or None
        How many characters of an RT Image Label are compared with the Field IDs of the plans.
    """

    apex_machines: tuple[str, ...] = ()
    takes_plans: tuple[PlanKind, ...] = ("single", "management", "controller")
    site_name_length: Count | None = None
    field_id_length: Count | None = None


class Ward:
    """Plans, sites and fields that a treatment management system knows of.

    Parameters
    ----------
    settings : Treatment
        What it does with them.
    """

    def __init__(self, settings: Treatment) -> None:
        self._settings = settings
        self._fields: dict[str, list[str]] = {}

    @property
    def idle(self) -> bool:
        """Whether it looks at nothing."""
        settings = self._settings
        return not (settings.apex_machines or settings.site_name_length or settings.field_id_length)

    def admit(self, ds: Dataset) -> None:
        """Look at an object before it is kept.

        Raises
        ------
        RefusedError
            If it is a plan that this system does not take.
        """
        kind = plan_kind(ds, self._settings.apex_machines)
        if kind is not None and kind not in self._settings.takes_plans:
            raise RefusedError(CANNOT_UNDERSTAND, f"Apex machine: {_WORDS[kind]} is not taken here")

    def file(self, ds: Dataset) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield what is to be written down of an object that is kept: the event, and its fields."""
        kind = kind_of(str(ds.get("SOPClassUID", "")))
        if kind in ("rtplan", "rtionplan"):
            fields = [str(beam.get("BeamName", "")) for beam in _beams(ds)]
            self._fields[str(ds.SOPInstanceUID)] = fields
            yield "plan-filed", {"label": str(ds.get("RTPlanLabel", "")), "fields": fields, "sites": self._sites(ds)}
        elif kind == "rtimage" and self._settings.field_id_length is not None:
            field = self._field_of(ds, self._settings.field_id_length)
            label = str(ds.get("RTImageLabel", ""))
            if field is None:
                yield "image-unassigned", {"label": label}
            else:
                yield "image-assigned", {"label": label, "field": field}

    def _sites(self, ds: Dataset) -> list[str]:
        length = self._settings.site_name_length
        described = (str(one.get("DoseReferenceDescription") or "") for one in ds.get("DoseReferenceSequence") or ())
        return list(dict.fromkeys(text[:length] for text in described if text))

    def _field_of(self, ds: Dataset, length: int) -> str | None:
        """Return the Field ID that the label of an image begins with; those of the plan that it refers to come first."""
        label = str(ds.get("RTImageLabel", ""))[:length]
        own = [str(one.get("ReferencedSOPInstanceUID", "")) for one in ds.get("ReferencedRTPlanSequence") or ()]
        plans = [*(uid for uid in own if uid in self._fields), *(uid for uid in self._fields if uid not in own)]
        fields = (field for uid in plans for field in self._fields[uid])
        return next((field for field in fields if label and field[:length] == label), None)


def plan_kind(ds: Dataset, apex_machines: tuple[str, ...]) -> PlanKind | None:
    """Return which kind of plan for an Apex machine an object is; ``None`` if it is none."""
    if kind_of(str(ds.get("SOPClassUID", ""))) != "rtplan":
        return None
    beams = [beam for beam in _beams(ds) if str(beam.get("TreatmentMachineName", "")) in apex_machines]
    devices = {
        str(device.get("RTBeamLimitingDeviceType", ""))
        for beam in beams
        for device in beam.get("BeamLimitingDeviceSequence") or ()
    }
    leaves = {one for one in devices if one.startswith("MLC")}
    if not devices:
        return None
    if not leaves:
        return "management"
    return "single" if devices - leaves else "controller"


def _beams(ds: Dataset) -> list[Dataset]:
    return list(ds.get("BeamSequence") or ds.get("IonBeamSequence") or ())
