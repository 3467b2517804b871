"""Nucletron Oncentra 4.3: WinSCP32's files, the FR SCP's memory, the query form, and filing and restoring a case."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian
from pynetdicom import AE

from linacsim.conformance.kinds import kind_of
from linacsim.conformance.model import Activity, Entity
from linacsim.devices.device import Action
from linacsim.devices.planning.activities import Export, Query
from linacsim.devices.planning.filing import write_file
from linacsim.devices.planning.network import Service
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.planning.querying import UNIQUE, QuerySCU, chosen_match
from linacsim.devices.planning.receiving import Meanwhile, Receiver, StorageSCP, safe
from linacsim.devices.planning.retrieving import RetrieveSCU
from linacsim.devices.planning.sending import StorageSCU
from linacsim.devices.planning.sources import chosen
from linacsim.devices.planning.transcode import transcoded
from linacsim.devices.storage.instance import Received, file_header
from linacsim.devices.storage.services import CANNOT_UNDERSTAND, RefusedError
from linacsim.errors import InputError, PlayFailure
from linacsim.objects.imagefile import pydicom_errors
from linacsim.settings import AETitle, Count, Settings

_CODES = {
    "cr": "CR", "ct": "CT", "mr": "MR", "sc": "SC", "mfsc": "SC", "reg": "RE", "pet": "PT",
    "rtimage": "RI", "rtdose": "RD", "rtstruct": "RS", "rtplan": "RP", "rtionplan": "RN",
}  # fmt: skip
"""Two letters where Modality has not just two (section 3.3.1.2.3 names US and CT); those of RT objects are ours."""


class WinSCP32Personality(PlanningPersonality):
    """WinSCP32.

    Attributes
    ----------
    compressed : bool
        Whether the three compressed transfer syntaxes are accepted (section 3.6.2).
    """

    compressed: bool = True


class WinSCP32Receiver(Receiver):
    """Writes ``MM-UID.dcm``; what was not compressed is Explicit VR Little Endian on disk (section 3.3.1.2.5)."""

    def support(self, ae: AE) -> None:
        """Accept compressed transfer syntaxes only if the site wants that."""
        super().support(ae)
        if not getattr(self.peer.personality, "compressed", True):
            for context in ae.supported_contexts:
                context.transfer_syntax = [one for one in context.transfer_syntax if not one.is_compressed]

    def put(self, received: Received) -> str:
        """Write a Part 10 file into the one image directory."""
        code = _CODES.get(kind_of(received.sop_class), "")
        ds = _parsed(received, "Modality")
        modality = str(ds.get("Modality", "")) if ds is not None else ""
        name = f"{safe(code or modality[:2] or 'OT')}-{safe(received.sop_instance)}.dcm"
        header = file_header(received.sop_class, received.sop_instance, str(received.syntax), received.source)
        if received.syntax.is_compressed or received.syntax == ExplicitVRLittleEndian:
            return self.peer.shelf.put(self.folder, name, header, received.data)
        try:
            with pydicom_errors(received.sop_instance):
                ds = dcmread(BytesIO(header + received.data))
                return write_file(self.peer.shelf, self.folder, name, transcoded(ds, ExplicitVRLittleEndian))
        except InputError as exc:
            raise RefusedError(CANNOT_UNDERSTAND, exc.what) from exc


class WinSCP32(StorageSCP):
    """WinSCP32 SCP 2.6."""

    site = WinSCP32Personality
    receives = WinSCP32Receiver


class FrReceiver(Receiver):
    """Holds an object in memory until it is in the database; what cannot be processed ends the association."""

    def __init__(self, peer: Peer, entity: Entity) -> None:
        super().__init__(peer, entity)
        self.database: dict[str, Received] = {}

    def put(self, received: Received) -> str:
        """Put an object into the database."""
        if _parsed(received, "SOPInstanceUID") is None:
            raise RefusedError(CANNOT_UNDERSTAND, "the object cannot be processed")
        self.database[received.sop_instance] = received
        return f"database:{received.sop_instance}"


class FrSCP(StorageSCP):
    """FR SCP as a peer of its own."""

    receives = FrReceiver


class CmQuery(Query):
    """Query a peer in the form of CM Utility mode.

    Attributes
    ----------
    patient_birth_date, patient_sex, study_date, study_id, study_description, referring_physician : str
        Filters of the Parameters form.
    """

    patient_birth_date: str = ""
    patient_sex: str = ""
    study_date: str = ""
    study_id: str = ""
    study_description: str = ""
    referring_physician: str = ""

    def filters(self) -> dict[str, str]:
        """Return them by keyword."""
        return {
            "PatientName": self.patient_name,
            "PatientID": self.patient_id,
            "PatientBirthDate": self.patient_birth_date,
            "PatientSex": self.patient_sex,
            "StudyDate": self.study_date,
            "StudyID": self.study_id,
            "StudyDescription": self.study_description,
            "ReferringPhysicianName": self.referring_physician,
        }


class CmRetrieve(Settings):
    """Retrieve what the query form shows.

    Attributes
    ----------
    destination : str
        The peer that the objects are to be sent to, typically WinSCP32.
    images : list of str or int
        Objects of the series, by SOP Instance UID or number in the list; the whole series, if left out.
    """

    destination: AETitle
    images: tuple[Count | str, ...] = ()


@dataclass(slots=True)
class Form:
    """What the query form shows: whom it asked, and the selected study and series."""

    to: str
    called: str | None
    root: str
    keys: dict[str, str] = field(default_factory=dict)
    images: list[Dataset] = field(default_factory=list)


class CmQueryRetrieve(QuerySCU, RetrieveSCU):
    """The query form of CM Utility mode: a query first, then a retrieval on a second association (section 2.2.3)."""

    retrieves = Action(CmRetrieve, "retrieve_shown")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._form: Form | None = None

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the actions of the form."""
        own = {one.id: Action(CmQuery, "update") for one in entity.activities if one.steps[0].op == "C-FIND"}
        return {**super().actions(entity), **own}

    def update(self, what: CmQuery, activity: Activity | None) -> None:
        """List studies, the series of the selected study and the objects of the selected series.

        Raises
        ------
        PlayFailure
            If a query fails.
        """
        del activity
        root = what.root or self.root
        form = Form(what.to, what.called, root)
        choices = {"PATIENT": what.patient, "STUDY": what.study, "SERIES": what.series}
        self._form = None
        with self.association(what.to, what.called, self.proposes(Service.FIND)) as (ae, assoc):
            for ordinal, level in enumerate(self.levels(root), 1):
                # filters belong to the first list; below it the unique keys of what was selected
                values = {**(what.filters() if ordinal == 1 else {}), **form.keys}
                found = self.ask(ae, assoc, what.to, root, level, values, ordinal)
                if not found:
                    return
                if level == "IMAGE":
                    form.images = found
                else:
                    match = chosen_match(found, level, choices[level])
                    form.keys[UNIQUE[level]] = str(match.get(UNIQUE[level], ""))
        self._form = form

    def levels(self, root: str) -> list[str]:
        """Return patient (in Patient Root), study, series, image."""
        return [level for level in UNIQUE if level != "PATIENT" or root == "patient"]

    def retrieve_shown(self, what: CmRetrieve, activity: Activity | None) -> None:
        """Let the queried peer send the selected series or objects to `destination`.

        Raises
        ------
        PlayFailure
            If nothing has been queried, or the retrieval fails.
        """
        del activity
        form = self._form
        if form is None:
            raise PlayFailure("Retrieve is there only after a query that has shown a series (section 2.2.3)")
        images = [self._image(form, one) for one in what.images] or [""]
        failed = []
        with self.association(form.to, form.called, self.proposes(Service.MOVE)) as (ae, assoc):
            for ordinal, uid in enumerate(images, 1):
                keys = {**form.keys, "SOPInstanceUID": uid}
                outcome, _ = self.fetch(ae, assoc, form.to, form.root, keys, what.destination, ordinal)
                if not outcome.good:
                    failed.append(str(outcome))
        self.conclude(form.to, failed)

    @staticmethod
    def _image(form: Form, choice: int | str) -> str:
        return str(chosen_match(form.images, "IMAGE", choice).SOPInstanceUID)


class FileCase(Export):
    """File a patient case: send its objects to an archive, then delete them here.

    Attributes
    ----------
    name : str
        The case.
    """

    name: str = "case"


class RestoreCase(Settings):
    """Restore a filed patient case.

    Attributes
    ----------
    name : str
        The case.
    to : str
        The archive; the one that it was filed to, if left out.
    called : str
        The AE title to call, if not the archive's own.
    root : str
        The information model.
    destination : str
        Another move destination than the FR SCP of this peer.
    """

    name: str = "case"
    to: AETitle | None = None
    called: AETitle | None = None
    root: Literal["patient", "study"] = "study"
    destination: AETitle | None = None


@dataclass(slots=True)
class Filed:
    """A case in the Oncentra database."""

    archive: str
    objects: dict[str, tuple[str, str, str]]
    """SOP Instance UIDs, each with Patient ID, Study and Series Instance UID."""
    status: str = ""


class FileRestore(StorageSCU, RetrieveSCU):
    """File/Restore: a background job for each case, and the FR SCP, which listens while a restore runs."""

    retrieves = Action(RestoreCase, "restore")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.receiver = FrReceiver(self, self.system.entities["fr-scp"])
        self.meanwhile = Meanwhile(self.receiver)
        self.cases: dict[str, Filed] = {}

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the two jobs."""
        own = {one.id: Action(FileCase, "file") for one in entity.activities if one.steps[0].op == "C-STORE"}
        return {**super().actions(entity), **own}

    def start(self, port: int) -> None:
        """Remember where the FR SCP is to listen."""
        self.meanwhile.port = port

    def file(self, what: FileCase, activity: Activity | None) -> None:
        """File a case on one association; when all of it is stored, its objects are deleted here.

        Raises
        ------
        PlayFailure
            If it fails; the user is told through the queue handler and may file it again.
        """
        known = self.cases.get(what.name)
        if known is not None and known.status == "Filed":
            raise PlayFailure(f"the case {what.name} is Filed: its objects are not here any more")
        objects = chosen(self, what, self.groups(activity), self.sop_classes)
        self.place.log("case-queued", case=what.name)
        case = Filed(what.to, {str(ds.SOPInstanceUID): _keys(ds) for ds in objects})
        self.cases[what.name] = case
        try:
            self.send(objects, what.to, what.called)
        except PlayFailure as exc:
            raise self._queue_tells(what.name, exc) from None
        case.status = "Filed"
        self.receiver.database = {uid: one for uid, one in self.receiver.database.items() if uid not in case.objects}
        self.place.log("case-filed", case=what.name, objects=len(objects))

    def restore(self, what: RestoreCase, activity: Activity | None) -> None:
        """Let the archive send a case to the FR SCP, which listens meanwhile.

        Raises
        ------
        PlayFailure
            If not all of it has come; the user is told through the queue handler and may retry.
        """
        del activity
        case = self.cases.get(what.name)
        if case is None or case.status != "Filed":
            raise PlayFailure(f"the case {what.name} is not Filed here")
        self.place.log("case-queued", case=what.name)
        try:
            if what.destination is None:
                with self.meanwhile:
                    self._fetch_all(what, case)
                    self._expect_all(what.to or case.archive, case)
            else:
                self._fetch_all(what, case)
        except PlayFailure as exc:
            raise self._queue_tells(what.name, exc) from None
        case.status = "Restored"
        self.place.log("case-restored", case=what.name, objects=len(case.objects))

    def _fetch_all(self, what: RestoreCase, case: Filed) -> None:
        """Ask for each series of a case."""
        to = what.to or case.archive
        destination = what.destination or self.ae().ae_title
        failed = []
        with self.association(to, what.called, self.proposes(Service.MOVE)) as (ae, assoc):
            for ordinal, (patient, study, series) in enumerate(dict.fromkeys(case.objects.values()), 1):
                keys = {"StudyInstanceUID": study, "SeriesInstanceUID": series}
                if what.root == "patient":
                    keys["PatientID"] = patient
                outcome, _ = self.fetch(ae, assoc, to, what.root, keys, destination, ordinal)
                if not outcome.good:
                    failed.append(str(outcome))
        if failed:
            raise PlayFailure(f"C-MOVE to {to}: {'; '.join(failed)}")

    def _expect_all(self, archive: str, case: Filed) -> None:
        """See whether everything has come."""
        missing = [uid for uid in case.objects if uid not in self.receiver.database]
        if missing:
            raise PlayFailure(f"C-MOVE to {archive}: {len(missing)} of {len(case.objects)} objects have not come")

    def _queue_tells(self, name: str, exc: PlayFailure) -> PlayFailure:
        text = f"the queue handler tells that {name} has failed, retry or abort: {exc}"
        self.place.log("case-failed", case=name)
        self.tell(text)
        return PlayFailure(text)


def _keys(ds: Dataset) -> tuple[str, str, str]:
    return str(ds.get("PatientID", "")), str(ds.get("StudyInstanceUID", "")), str(ds.get("SeriesInstanceUID", ""))


def _parsed(received: Received, *keywords: str) -> Dataset | None:
    """Return some attributes of a received object; none if it cannot be read."""
    header = file_header(received.sop_class, received.sop_instance, str(received.syntax), received.source)
    try:
        with pydicom_errors(received.sop_instance):
            ds: Dataset = dcmread(
                BytesIO(header + received.data), specific_tags=list(keywords), stop_before_pixels=True
            )
            return ds
    except InputError:
        return None
