"""Whose pictures they are: taken over from a plan, or made up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import get_args

from pydicom import Dataset

from linacsim.conformance.kinds import kind_of
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.imagefile import name_of, pydicom_errors
from linacsim.physics.geometry import PatientPosition, Vector

PLANS = ("rtplan", "rtionplan")
"""Kinds of plans that an image can refer to (B.2.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A patient and what is planned.

    Attributes
    ----------
    patient_name, patient_id, birth_date, sex : str
        As DICOM has them; empty where nobody knows.
    study : str
        Study Instance UID that what is acquired belongs to.
    study_id, study_date, study_time, accession : str
        Of that study.
    frame_of_reference : str
        Frame of Reference UID of the plan.
    plan : tuple of str, optional
        SOP Class UID and SOP Instance UID of the plan.
    isocentre : tuple of float, optional
        Of the plan, in its frame of reference, mm.
    position : str
        Patient Position: HFS, HFP, FFS or FFP.
    """

    patient_name: str
    patient_id: str
    birth_date: str
    sex: str
    study: str
    study_id: str
    study_date: str
    study_time: str
    accession: str
    frame_of_reference: str
    plan: tuple[str, str] | None = None
    isocentre: Vector | None = None
    position: PatientPosition = "HFS"


def subject_of(plan: Dataset) -> Subject:
    """Return the subject of a plan. What the plan does not say stays empty; nothing of it is made up.

    Parameters
    ----------
    plan : pydicom.Dataset
        RT Plan or RT Ion Plan. The isocentre is that of its first beam that has one.

    Raises
    ------
    InputError
        If it is no plan, has no study or SOP Instance UID, or the patient lies in a way that no picture here is taken in.
    """
    where = name_of(plan)
    sop_class = str(plan.get("SOPClassUID", ""))
    if kind_of(sop_class) not in PLANS:
        raise InputError("this is no plan", where, "give an RT Plan or RT Ion Plan")
    for keyword in ("SOPInstanceUID", "StudyInstanceUID"):
        if not plan.get(keyword):
            raise InputError(f"the plan has no {keyword}", where, "export the plan again")
    with pydicom_errors(where, "check the plan: a value of it cannot be read"):
        text = {word: str(plan.get(word) or "") for word in _TEXTS}
        return Subject(
            patient_name=text["PatientName"], patient_id=text["PatientID"], birth_date=text["PatientBirthDate"],
            sex=text["PatientSex"], study=text["StudyInstanceUID"], study_id=text["StudyID"],
            study_date=text["StudyDate"], study_time=text["StudyTime"], accession=text["AccessionNumber"],
            frame_of_reference=text["FrameOfReferenceUID"], plan=(sop_class, str(plan.SOPInstanceUID)),
            isocentre=_isocentre(plan), position=_position(plan, where),
        )  # fmt: skip


_TEXTS = (
    "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID", "StudyID", "StudyDate", "StudyTime",
    "AccessionNumber", "FrameOfReferenceUID",
)  # fmt: skip


def _isocentre(plan: Dataset) -> Vector | None:
    for keyword, points in (("BeamSequence", "ControlPointSequence"), ("IonBeamSequence", "IonControlPointSequence")):
        for beam in plan.get(keyword) or ():
            for point in beam.get(points) or ():
                values = [float(one) for one in point.get("IsocenterPosition") or ()]
                if len(values) == 3:
                    return values[0], values[1], values[2]
    return None


def _position(plan: Dataset, where: str) -> PatientPosition:
    said = [str(one.get("PatientPosition") or "") for one in plan.get("PatientSetupSequence") or ()]
    first = next(filter(None, said), "HFS")
    for position in get_args(PatientPosition):
        if first == position:
            return position  # type: ignore[no-any-return]
    known = ", ".join(get_args(PatientPosition))
    raise InputError(f"PatientPosition {first}", where, f"pictures are taken of a patient who lies {known}")


def made_up(identity: Identity, name: str, position: PatientPosition = "HFS") -> Subject:
    """Return a subject for pictures that no plan asks for, called by what lies on the couch.

    Parameters
    ----------
    identity : Identity
        Where UIDs and dates come from.
    name : str
        Of the phantom.
    position : str
        How it lies.
    """
    moment = identity.moment(0)
    return Subject(
        patient_name=f"Phantom^{name.capitalize()}"[:64], patient_id=name.upper()[:64], birth_date="", sex="O",
        study=identity.uid("image", name, "study"), study_id="1", study_date=f"{moment:%Y%m%d}",
        study_time=f"{moment:%H%M%S}", accession="",
        frame_of_reference=identity.uid("image", name, "frame of reference"), position=position,
    )  # fmt: skip
