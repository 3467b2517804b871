"""The schedule of an archive, as items of a Modality Worklist (PS3.4 K.6.1)."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field
from pydicom.dataset import Dataset

from linacsim.devices.caseof import CaseOf
from linacsim.devices.worklist import KEYS, STEP_KEYS
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case import build_case
from linacsim.objects.charset import charset_for
from linacsim.settings import AETitle, Duration, Settings, did_you_mean


class Protocol(Settings):
    """The protocol that is to be performed, as a code.

    Attributes
    ----------
    value, scheme, meaning : str
        Code Value, Coding Scheme Designator and Code Meaning (PS3.3 8.8).
    """

    value: str
    scheme: str = "99LINACSIM"
    meaning: str = ""


class ScheduledStep(Settings):
    """A scheduled procedure step; what is left out is made up from the seed, or from the `case`.

    Attributes
    ----------
    case : CaseOf or None
        The patient and the study are those of this synthetic case.
    patient_name, patient_id, birth_date, sex : str
        The patient, without a case, or where another one than that of the case is wanted.
    study : str
        Study Instance UID.
    accession_number, procedure_id, procedure : str
        Accession Number, Requested Procedure ID and Description.
    station : str
        Scheduled Station AE Title.
    station_name, location : str
        Scheduled Station Name and Scheduled Procedure Step Location.
    modality : str
        Modality.
    start : Duration
        When it starts, counted from the start of the run.
    date, time : str
        Scheduled Procedure Step Start Date and Time, instead of `start`.
    step_id, description : str
        Scheduled Procedure Step ID and Description.
    protocol : Protocol or None
        The item of the Scheduled Protocol Code Sequence.
    performer : str
        Scheduled Performing Physician's Name.
    status : str
        Scheduled Procedure Step Status.
    attributes : mapping of str to str
        Further attributes of PS3.4 Table K.6-1 by keyword.
    """

    case: CaseOf | None = None
    patient_name: str | None = None
    patient_id: str | None = None
    birth_date: str | None = None
    sex: str | None = None
    study: str | None = None
    accession_number: str | None = None
    procedure_id: str | None = None
    procedure: str = "Treatment"
    station: AETitle
    station_name: str = ""
    location: str = ""
    modality: str = "RTIMAGE"
    start: Duration = 0
    date: str | None = None
    time: str | None = None
    step_id: str | None = None
    description: str = "Imaging for setup"
    protocol: Protocol | None = None
    performer: str = ""
    status: Literal["SCHEDULED", "ARRIVED", "READY", "STARTED", "DEPARTED"] = "SCHEDULED"
    attributes: dict[str, str] = Field(default_factory=dict)


class Schedule(Settings):
    """Put steps on the worklist; one whose Scheduled Procedure Step ID is there already takes its place.

    Attributes
    ----------
    steps : list of ScheduledStep
        The steps.
    """

    steps: tuple[ScheduledStep, ...]


def scheduled(identity: Identity, station: str, ordinal: int, step: ScheduledStep) -> Dataset:
    """Return a worklist item.

    Parameters
    ----------
    identity : Identity
        UIDs and dates of the run.
    station : str
        Who keeps the schedule.
    ordinal : int
        The number of the step there; it is part of what is made up.
    step : ScheduledStep
        What is scheduled.

    Raises
    ------
    InputError
        If an attribute is none of a worklist, or has a value that it cannot have.
    """
    item = Dataset()
    plan = Dataset()
    with warnings.catch_warnings():
        # pydicom has an opinion on values that a worklist is free to have
        warnings.simplefilter("ignore")
        _put(item, _patient(identity, step, ordinal))
        _put(item, _request(identity, station, step, ordinal))
        _put(plan, _step(identity, step, ordinal))
        for keyword, value in step.attributes.items():
            _put(plan if keyword in STEP_KEYS else item, {_known(keyword): value})
        if step.protocol is not None:
            plan.ScheduledProtocolCodeSequence = [_code(step.protocol)]
    item.ScheduledProcedureStepSequence = [plan]
    item.SpecificCharacterSet = charset_for(*(str(one.value) for one in item.iterall() if one.VR != "SQ"))
    return item


def _put(ds: Dataset, values: Mapping[str, Any]) -> None:
    for keyword, value in values.items():
        try:
            setattr(ds, keyword, value)
        except (ArithmeticError, TypeError, ValueError) as exc:
            raise InputError(f"{keyword} cannot be {value!r}: {exc}", "schedule") from exc


def _patient(identity: Identity, step: ScheduledStep, ordinal: int) -> dict[str, Any]:
    if step.case is not None:
        case = build_case(identity, step.case.settings())
        who = case.settings
        known = who.patient_name, who.patient_id, who.patient_birth_date, who.patient_sex, case.scene.study
    else:
        known = f"Scheduled^{ordinal}", f"SCHED{ordinal:04}", "", "", identity.uid("scheduled study", ordinal)
    given = step.patient_name, step.patient_id, step.birth_date, step.sex, step.study
    keywords = "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID"
    return {
        keyword: ours if ours is not None else theirs
        for keyword, ours, theirs in zip(keywords, given, known, strict=True)
    }


def _request(identity: Identity, station: str, step: ScheduledStep, ordinal: int) -> dict[str, Any]:
    number = identity.between(100_000, 999_999, "accession", station, ordinal)
    return {
        "AccessionNumber": f"{number}" if step.accession_number is None else step.accession_number,
        "RequestedProcedureID": f"RP{ordinal}" if step.procedure_id is None else step.procedure_id,
        "RequestedProcedureDescription": step.procedure,
        "RequestedProcedurePriority": "ROUTINE",
    }


def _step(identity: Identity, step: ScheduledStep, ordinal: int) -> dict[str, Any]:
    moment = identity.moment(step.start)
    return {
        "ScheduledStationAETitle": step.station,
        "ScheduledStationName": step.station_name,
        "ScheduledProcedureStepLocation": step.location,
        "ScheduledProcedureStepStartDate": moment.strftime("%Y%m%d") if step.date is None else step.date,
        "ScheduledProcedureStepStartTime": moment.strftime("%H%M%S") if step.time is None else step.time,
        "Modality": step.modality,
        "ScheduledProcedureStepID": f"SPS{ordinal}" if step.step_id is None else step.step_id,
        "ScheduledProcedureStepDescription": step.description,
        "ScheduledPerformingPhysicianName": step.performer,
        "ScheduledProcedureStepStatus": step.status,
    }


def _known(keyword: str) -> str:
    if keyword not in KEYS and keyword not in STEP_KEYS:
        raise InputError(
            f"{keyword!r} is no attribute of a worklist", "schedule", did_you_mean(keyword, [*KEYS, *STEP_KEYS])
        )
    return keyword


def _code(protocol: Protocol) -> Dataset:
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = protocol.value, protocol.scheme, protocol.meaning
    return code
