"""RaySearch RayStation 9B: session folders of the Storage SCP service, PACS queries with an internal Storage SCP, imports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Literal

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from linacsim.conformance.model import Activity, Entity
from linacsim.devices.device import Action
from linacsim.devices.planning.activities import Search
from linacsim.devices.planning.filing import READ, FileImporting, Importing, read_back
from linacsim.devices.planning.inbox import files_in, folders_in, remove
from linacsim.devices.planning.network import Service
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.planning.querying import UNIQUE, QuerySCU, chosen_match
from linacsim.devices.planning.receiving import Meanwhile, Receiver, StorageSCP, safe
from linacsim.devices.planning.retrieving import RetrieveSCU
from linacsim.devices.storage.instance import Received, file_header
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.units import minutes
from linacsim.objects.imagefile import pydicom_errors
from linacsim.settings import AETitle, Duration, Settings


class ServicePersonality(PlanningPersonality):
    """The Storage SCP service.

    Attributes
    ----------
    retention : Duration
        After how long session folders are removed; the document gives no number, so they stay if this is left out.
    """

    retention: Duration | None = None


class ServiceReceiver(Receiver):
    """Writes into session folders of Remote AE Title, Date and Patient ID; aborts when it cannot (section 3.3.1.4)."""

    def __init__(self, peer: Peer, entity: Entity) -> None:
        super().__init__(peer, entity)
        self._sessions: set[str] = set()

    def put(self, received: Received) -> str:
        """Write a file into its session folder."""
        header = file_header(received.sop_class, received.sop_instance, str(received.syntax), received.source)
        try:
            with pydicom_errors(received.sop_instance):
                ds = dcmread(BytesIO(header + received.data), specific_tags=["PatientID"], stop_before_pixels=True)
                patient = str(ds.get("PatientID", ""))
        except InputError as exc:
            raise OSError(str(exc)) from exc
        kernel = self.peer.place.kernel
        day = kernel.identity.moment(kernel.now).strftime("%Y%m%d")
        session = f"{self.folder}/{safe(received.source)}_{day}_{safe(patient)}"
        if session not in self._sessions:
            self._sessions.add(session)
            self._keep_for_a_while(session)
        return self.peer.shelf.put(session, f"{safe(received.sop_instance)}.dcm", header, received.data)

    def _keep_for_a_while(self, session: str) -> None:
        retention = getattr(self.peer.personality, "retention", None)
        if retention is not None:
            place = self.peer.place
            place.kernel.spawn(self._expire, session, retention, name="the end of a session folder", place=place)

    def _expire(self, session: str, retention: int) -> None:
        self.peer.place.kernel.sleep(retention)
        files = files_in(self.peer.shelf, session)
        for where in files:
            remove(self.peer.shelf, where)
        self._sessions.discard(session)
        self.peer.place.log("files-deleted", object=session, objects=len(files))


class StorageService(StorageSCP):
    """The standalone Storage SCP service."""

    site = ServicePersonality
    receives = ServiceReceiver


class InternalReceiver(Receiver):
    """The internal Storage SCP: what it gets is imported."""

    def __init__(self, peer: Peer, entity: Entity) -> None:
        super().__init__(peer, entity)
        self.held: dict[str, Received] = {}

    def put(self, received: Received) -> str:
        """Hold an object until the import."""
        self.held[received.sop_instance] = received
        return f"import:{received.sop_instance}"


class InternalPersonality(PlanningPersonality):
    """The internal Storage SCP as a peer of its own.

    Attributes
    ----------
    listens : str
        ``throughout``, or ``temporarily``: only while the step ``qr-receive`` waits.
    """

    listens: Literal["throughout", "temporarily"] = "throughout"


class InternalStorageSCP(StorageSCP):
    """The internal Storage SCP, as it is while a PACS is being queried."""

    personality: InternalPersonality
    site = InternalPersonality
    receives = InternalReceiver

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._meanwhile = Meanwhile(self.receiver)

    def start(self, port: int) -> None:
        """Listen, or remember where to."""
        self._meanwhile.port = port
        if self.personality.listens == "throughout":
            super().start(port)

    def serve(self, what: Any, activity: Activity | None) -> None:
        """Wait for objects; if it listens temporarily, that is now."""
        if self.personality.listens == "throughout":
            super().serve(what, activity)
            return
        with self._meanwhile:
            super().serve(what, activity)


class PacsQuery(Search):
    """Search a PACS for a patient and expand what is found.

    Attributes
    ----------
    expand : str
        How far: ``none``, the ``patient`` (its studies), each ``study`` of it (its series), each ``series``.
    """

    expand: Literal["none", "patient", "study", "series"] = "study"


class PacsRetrieve(Settings):
    """Import series of the patient that the search has found.

    Attributes
    ----------
    series : list of str
        Series Instance UIDs; all series of the patient, if left out.
    destination : str
        Another move destination than the internal Storage SCP of this peer; then nothing is imported here.
    strict : bool
        Whether the step fails if an object is rejected.
    """

    series: tuple[str, ...] = ()
    destination: AETitle | None = None
    strict: bool = True


class QrPersonality(PlanningPersonality):
    """The Query/Retrieve client.

    Attributes
    ----------
    listens_for : Duration
        How long the internal Storage SCP listens after a query; ours, the document says "temporarily".
    """

    listens_for: Duration = minutes(5)


@dataclass(slots=True)
class Tree:
    """What the import window shows of one patient."""

    to: str
    called: str | None
    patient: str = ""
    series: dict[str, list[str]] = field(default_factory=dict)
    """Series Instance UIDs by Study Instance UID."""


class PacsSource(QuerySCU, RetrieveSCU, Importing):
    """PACS as a source: C-FIND for each node that is expanded, one C-MOVE for each selected series (section 3.3.1.2)."""

    personality: QrPersonality
    site = QrPersonality
    root = "patient"
    retrieves = Action(PacsRetrieve, "import_series")

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.receiver = InternalReceiver(self, self.system.entities["raystation-internal-storage-scp"])
        self.meanwhile = Meanwhile(self.receiver)
        self._tree: Tree | None = None

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the actions of the import window."""
        own = {one.id: Action(PacsQuery, "search_pacs") for one in entity.activities if one.steps[0].op == "C-FIND"}
        return {**super().actions(entity), **own}

    def start(self, port: int) -> None:
        """Remember where the internal Storage SCP is to listen."""
        self.meanwhile.port = port

    def search_pacs(self, what: PacsQuery, activity: Activity | None) -> None:
        """Search for a patient, and expand nodes; the internal Storage SCP is started by that.

        Raises
        ------
        PlayFailure
            If the search term is refused, or a query fails.
        """
        del activity
        self._refuse_universal(what.patient_name, what.patient_id)
        self._listen_for_a_while()
        self._tree = None
        root = what.root or self.root
        with self.association(what.to, what.called, self.proposes(Service.FIND)) as (ae, assoc):
            window = _Window(self, ae, assoc, what, root)
            self._tree = window.search()

    def _refuse_universal(self, *terms: str) -> None:
        """Refuse a patient search that would match everybody, before anything is sent."""
        hierarchy = self.entity.query_hierarchy
        forbidden = hierarchy.forbidden_terms if hierarchy else ()
        if all(term in forbidden or not term.strip("*? ") for term in terms):
            text = "universal matching for patients is not allowed: the search term is empty or wildcards only"
            self.tell(text)
            raise PlayFailure(text)

    def _listen_for_a_while(self) -> None:
        self.meanwhile.begin()
        self.place.kernel.spawn(self._stop_listening, name="the internal Storage SCP", place=self.place)

    def _stop_listening(self) -> None:
        self.place.kernel.sleep(self.personality.listens_for)
        self.meanwhile.end()

    def import_series(self, what: PacsRetrieve, activity: Activity | None) -> None:
        """Send a C-MOVE for each selected series, and import what has come.

        Raises
        ------
        PlayFailure
            If nothing is selected, a retrieval fails, or an object is rejected.
        """
        del activity
        tree = self._tree
        series = self._selected(what)
        if tree is None or not series:
            raise PlayFailure("no series is selected: search for a patient and expand its studies first")
        self.receiver.held.clear()
        failed = []
        with self.meanwhile, self.association(tree.to, tree.called, self.proposes(Service.MOVE)) as (ae, assoc):
            for ordinal, (study, uid) in enumerate(series, 1):
                keys = {"PatientID": tree.patient, "StudyInstanceUID": study, "SeriesInstanceUID": uid}
                to = what.destination or str(self.ae().ae_title)
                outcome, _ = self.fetch(ae, assoc, tree.to, "patient", keys, to, ordinal)
                if not outcome.good:
                    failed.append(f"series {uid}: {outcome}")
        self.conclude(tree.to, failed)
        if what.destination is None:
            self._import(strict=what.strict)

    def _selected(self, what: PacsRetrieve) -> list[tuple[str, str]]:
        known = self._tree.series if self._tree else {}
        everything = [(study, uid) for study, series in known.items() for uid in series]
        return [one for one in everything if not what.series or one[1] in what.series]

    def _import(self, *, strict: bool) -> None:
        objects = []
        for uid, one in self.receiver.held.items():
            header = file_header(one.sop_class, one.sop_instance, str(one.syntax), one.source)
            with pydicom_errors(uid):
                objects.append((uid, dcmread(BytesIO(header + one.data))))
        _, complaint = self.take_in(objects)
        if complaint and strict:
            raise PlayFailure(complaint)


class _Window:
    """The import window while it queries: one C-FIND each time a node is expanded."""

    def __init__(self, source: PacsSource, ae: AE, assoc: Association, what: PacsQuery, root: str) -> None:
        self._source = source
        self._ae = ae
        self._assoc = assoc
        self._what = what
        self._root = root
        self._messages = 0

    def search(self) -> Tree:
        """Find the patient and expand it as far as is wanted."""
        what = self._what
        tree = Tree(what.to, what.called)
        terms = {"PatientName": what.patient_name, "PatientID": what.patient_id}
        found = self._find("PATIENT" if self._root == "patient" else "STUDY", terms)
        if not found:
            return tree
        patients = list({str(match.get("PatientID", "")): match for match in found}.values())
        tree.patient = str(chosen_match(patients, "PATIENT", what.patient).get("PatientID", ""))
        if what.expand == "none":
            return tree
        for study in self._uids("STUDY", {"PatientID": tree.patient}):
            tree.series[study] = []
            if what.expand == "patient":
                continue
            above = {"PatientID": tree.patient} if self._root == "patient" else {}
            keys = {**above, "StudyInstanceUID": study}
            tree.series[study] = self._uids("SERIES", keys)
            for series in tree.series[study] if what.expand == "series" else []:
                self._find("IMAGE", {**keys, "SeriesInstanceUID": series})
        return tree

    def _find(self, level: str, values: dict[str, str]) -> list[Dataset]:
        self._messages += 1
        return self._source.ask(self._ae, self._assoc, self._what.to, self._root, level, values, self._messages)

    def _uids(self, level: str, values: dict[str, str]) -> list[str]:
        return [str(match.get(UNIQUE[level], "")) for match in self._find(level, values)]


class InboxImport(Settings):
    """Import session folders of the DICOM Inbox.

    Attributes
    ----------
    inbox : str
        The peer that is the Storage SCP service; its inbox is the Storage SCP Directory of Clinic Settings.
    sessions : list of str
        Session folders; all, if left out.
    delete : bool
        Whether files are removed from the inbox after they have been imported.
    strict : bool
        Whether the step fails if an object is rejected.
    """

    inbox: AETitle
    sessions: tuple[str, ...] = ()
    delete: bool = False
    strict: bool = True


class InboxSource(Importing):
    """Storage SCP as a source: session folders are shown as directories (section 3.3.1.4)."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the import."""
        return {**super().actions(entity), **{one.id: Action(InboxImport, "import_inbox") for one in entity.activities}}

    def import_inbox(self, what: InboxImport, activity: Activity | None) -> None:
        """Import session folders; with `delete`, what has been imported leaves the inbox.

        Raises
        ------
        PlayFailure
            If there is nothing to import, or an object was rejected.
        """
        del activity
        inbox = f"inbox/{safe(what.inbox)}"
        known = folders_in(self.shelf, inbox)
        self.place.log(
            "files-shown",
            objects=sum(len(files_in(self.shelf, f"{inbox}/{one}")) for one in known),
            sessions=len(known),
        )
        wanted = [one for one in known if not what.sessions or one in what.sessions]
        places = [where for one in wanted for where in files_in(self.shelf, f"{inbox}/{one}")]
        imported, complaint = self.take_in([(where, read_back(self.shelf, where)) for where in places])
        if what.delete:
            for where in imported:
                remove(self.shelf, where)
            self.place.log("files-deleted", objects=len(imported))
        if complaint and what.strict:
            raise PlayFailure(complaint)


class GatewaySource(FileImporting):
    """RayGateway as a source: how data come depends on the endpoint and is not documented; files stand for them."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the import."""
        return {**super().actions(entity), **dict.fromkeys((one.id for one in entity.activities), READ)}
