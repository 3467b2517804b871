"""The Modality Worklist (PS3.4 Annex K): its attributes, and asking for it as SCU."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from typing import Annotated

from pydantic import Field
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.presentation import build_context

from linacsim.devices.device import Device
from linacsim.devices.entity import NetworkSettings, application_entity, associate
from linacsim.devices.queryretrieve import find
from linacsim.errors import InputError, PlayFailure
from linacsim.settings import AETitle, Settings, did_you_mean

ModalityWorklistFind = UID("1.2.840.10008.5.1.4.31")
STEPS = "ScheduledProcedureStepSequence"

STEP_KEYS: dict[str, str] = {
    "ScheduledStationAETitle": "1",
    "ScheduledProcedureStepStartDate": "1",
    "ScheduledProcedureStepStartTime": "1",
    "Modality": "1",
    "ScheduledPerformingPhysicianName": "2",
    "ScheduledProcedureStepDescription": "1C",
    "ScheduledStationName": "2",
    "ScheduledProcedureStepLocation": "2",
    "ScheduledProtocolCodeSequence": "1C",
    "PreMedication": "2",
    "ScheduledProcedureStepID": "1",
    "RequestedContrastAgent": "2",
    "ScheduledProcedureStepStatus": "3",
    "ScheduledProcedureStepEndDate": "3",
    "ScheduledProcedureStepEndTime": "3",
    "CommentsOnTheScheduledProcedureStep": "3",
}
"""The attributes of an item of the Scheduled Procedure Step Sequence, by return key type (PS3.4 Table K.6-1)."""
KEYS: dict[str, str] = {
    STEPS: "1",
    "RequestedProcedureID": "1",
    "RequestedProcedureDescription": "1C",
    "RequestedProcedureCodeSequence": "1C",
    "StudyInstanceUID": "1",
    "StudyDate": "3",
    "StudyTime": "3",
    "ReferencedStudySequence": "2",
    "RequestedProcedurePriority": "2",
    "PatientTransportArrangements": "2",
    "ReasonForTheRequestedProcedure": "3",
    "RequestedProcedureComments": "3",
    "AccessionNumber": "2",
    "RequestingPhysician": "2",
    "ReferringPhysicianName": "2",
    "RequestingService": "3",
    "PlacerOrderNumberImagingServiceRequest": "3",
    "FillerOrderNumberImagingServiceRequest": "3",
    "AdmissionID": "2",
    "CurrentPatientLocation": "2",
    "ReferencedPatientSequence": "2",
    "PatientName": "1",
    "PatientID": "1",
    "IssuerOfPatientID": "3",
    "OtherPatientIDs": "3",
    "PatientBirthDate": "2",
    "PatientSex": "2",
    "PatientAge": "3",
    "PatientSize": "3",
    "PatientWeight": "2",
    "EthnicGroup": "3",
    "PatientComments": "3",
    "ConfidentialityConstraintOnPatientDataDescription": "2",
    "PatientState": "2",
    "PregnancyStatus": "2",
    "MedicalAlerts": "2",
    "Allergies": "2",
    "SpecialNeeds": "2",
}
"""The other attributes of a worklist item, by return key type."""


def _tags(keywords: Mapping[str, str]) -> dict[int, str]:
    return {tag_for_keyword(keyword) or 0: keyword for keyword in keywords}


TAGS, STEP_TAGS = _tags(KEYS), _tags(STEP_KEYS)
"""Their keywords by tag."""

EVENTS = frozenset({"worklist-received", "worklist-item", "worklist-item-incomplete"})
"""The words that a client of a worklist writes into the log."""
FIELDS = frozenset({"matches", "modality", "start", "step-id"})
"""The fields of those records, beside the kernel's."""


class Worklist(Settings):
    """Ask a peer for its worklist with C-FIND; anything but Success is a failure.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    station : str
        Scheduled Station AE Title; the own AE title if left out, every station if empty.
    date : str
        Scheduled Procedure Step Start Date, a date or a range; today if left out, every day if empty.
    time : str
        Scheduled Procedure Step Start Time, a time or a range; together with a range of dates it is one range of moments.
    modality : str
        Modality.
    keys : mapping of str to str
        Further keys by keyword: those of the Scheduled Procedure Step Sequence stand in its item, any other beside it.
    cancel_after : int
        Send a C-CANCEL after this many items; 0 sends none.
    matches : int
        How many items there have to be; any number if left out.
    """

    to: AETitle
    called: AETitle | None = None
    station: str | None = None
    date: str | None = None
    time: str = ""
    modality: str = ""
    keys: dict[str, str] = Field(default_factory=dict)
    cancel_after: Annotated[int, Field(ge=0)] = 0
    matches: Annotated[int, Field(ge=0)] | None = None


def ask(device: Device, what: Worklist) -> list[Dataset]:
    """Ask a peer for its worklist and return the items.

    Raises
    ------
    PlayFailure
        If the final status is not Success, or there are not as many items as wanted.
    """
    identifier = _identifier(device, what)
    network: NetworkSettings = device.personality
    ae = application_entity(device, network)
    assoc = associate(device, ae, what.to, [build_context(ModalityWorklistFind)], what.called or "")
    found = find(device, ae, assoc, ModalityWorklistFind, identifier, cancel_after=what.cancel_after)
    assoc.release()
    if found.status.Status != 0:
        comment = f" ({found.status.ErrorComment})" if found.status.get("ErrorComment") else ""
        raise PlayFailure(f"worklist of {what.to}: status 0x{found.status.Status:04X}{comment}")
    for item in found.identifiers:
        _tell(device, what.to, item)
    device.place.log("worklist-received", matches=len(found.identifiers), **{"with": what.to})
    if what.matches is not None and len(found.identifiers) != what.matches:
        raise PlayFailure(f"worklist of {what.to}: {len(found.identifiers)} items instead of {what.matches}")
    return found.identifiers


def _identifier(device: Device, what: Worklist) -> Dataset:
    identifier, step = _empty(KEYS), _empty(STEP_KEYS)
    step.ScheduledStationAETitle = device.name if what.station is None else what.station
    today = device.place.kernel.identity.moment(device.place.kernel.now).strftime("%Y%m%d")
    values = {
        "ScheduledProcedureStepStartDate": today if what.date is None else what.date,
        "ScheduledProcedureStepStartTime": what.time,
        "Modality": what.modality,
        **what.keys,
    }
    with warnings.catch_warnings():
        # a key may have values that no attribute may have: wild cards, ranges
        warnings.simplefilter("ignore")
        for keyword, value in values.items():
            if keyword == STEPS or tag_for_keyword(keyword) is None:
                known = [name for name in (*KEYS, *STEP_KEYS) if name != STEPS]
                raise InputError(f"{keyword!r} is no key of a worklist", "keys", did_you_mean(keyword, known))
            setattr(step if keyword in STEP_KEYS else identifier, keyword, value)
    identifier.ScheduledProcedureStepSequence = [step]
    return identifier


def _empty(keywords: Mapping[str, str]) -> Dataset:
    """Return an identifier that asks for attributes with universal matching."""
    ds = Dataset()
    for keyword in keywords:
        setattr(ds, keyword, [] if dictionary_VR(keyword) == "SQ" else None)
    return ds


def _tell(device: Device, peer: str, item: Dataset) -> None:
    """Log an item, and what it lacks of what every item has to have."""
    step = next(iter(item.get(STEPS) or ()), Dataset())
    start = f"{step.get('ScheduledProcedureStepStartDate') or ''} {step.get('ScheduledProcedureStepStartTime') or ''}"
    fields = {"step_id": str(step.get("ScheduledProcedureStepID") or ""), "modality": str(step.get("Modality") or "")}
    device.place.log("worklist-item", **fields, start=start.strip(), **{"with": peer})
    missing = ", ".join(missing_in(item))
    if missing:
        device.place.log("worklist-item-incomplete", **fields, complaint=f"{missing} missing", **{"with": peer})


def missing_in(item: Dataset) -> Iterator[str]:
    """Yield the keywords of what a worklist item has to have (return key type 1) and has not."""
    for keyword, kind in KEYS.items():
        if kind == "1" and not item.get(keyword):
            yield keyword
    for step in item.get(STEPS) or ():
        for keyword, kind in STEP_KEYS.items():
            if kind == "1" and not step.get(keyword):
                yield keyword
