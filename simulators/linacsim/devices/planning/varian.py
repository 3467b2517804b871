"""Varian OBI 1.5 / PV AI: references are followed with C-MOVE to its own Storage SCP, which takes what was asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from io import BytesIO
from types import TracebackType
from typing import Any, Literal, Self

from pydicom import dcmread
from pydicom.dataset import Dataset
from pynetdicom import evt

from linacsim.conformance.kinds import NAMES, kind_of
from linacsim.conformance.model import Activity, Entity
from linacsim.devices.device import Action
from linacsim.devices.planning.activities import FileImport, Objects, Serve
from linacsim.devices.planning.filing import FileExporting, FileImporting
from linacsim.devices.planning.network import Service, is_open
from linacsim.devices.planning.opened import stored_at
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.devices.planning.querying import QuerySCU
from linacsim.devices.planning.receiving import Meanwhile, Receiver, StorageSCP, safe
from linacsim.devices.planning.retrieving import RetrieveSCU
from linacsim.devices.storage.instance import Received, file_header
from linacsim.devices.storage.services import INVALID_SOP_INSTANCE, RefusedError
from linacsim.errors import PlayFailure
from linacsim.objects.imagefile import pydicom_errors
from linacsim.settings import AETitle, Settings

_NOT_CALLED, _NOT_CALLING, _NO_REASON = (1, 1, 7), (1, 1, 3), (1, 1, 1)
"""Result, source and reason: called or calling AE title not recognised, no reason given (PS3.8 9.3.4)."""


class ScpPersonality(PlanningPersonality):
    """The Storage SCP and who may call it.

    Attributes
    ----------
    remote : str
        The configured remote AE; nobody else may connect. Without one, nobody is turned away for the calling side.
    remote_address : str
        Its IP address, if it is no peer of the bench.
    takes : str
        Objects that were ``requested`` by C-MOVE, or ``all``.
    requested : list of str
        SOP Instance UIDs that have been requested before.
    """

    remote: AETitle | None = None
    remote_address: str = ""
    takes: Literal["requested", "all"] = "requested"
    requested: tuple[str, ...] = ()


class ObiReceiver(Receiver):
    """Checks called AE title, calling AE title and IP address; caches what was asked for as a temporary file."""

    def __init__(self, peer: Peer, entity: Entity) -> None:
        super().__init__(peer, entity)
        site: Any = peer.personality
        self.requested: set[str] = set(site.requested)
        self.remote: str | None = site.remote
        self.held: dict[str, Received] = {}

    def turned_away(self, event: evt.Event) -> tuple[int, int, int] | None:
        """Return why the caller is not let in."""
        request: Any = event.assoc.requestor.primitive
        if request.called_ae_title.strip() != self.peer.ae().ae_title.strip():
            return _NOT_CALLED
        if self.remote is None:
            return None
        if request.calling_ae_title.strip() != self.remote:
            return _NOT_CALLING
        return _NO_REASON if event.assoc.requestor.address not in ("", self._address()) else None

    def _address(self) -> str:
        """Return the IP address that the remote AE is to call from."""
        site: Any = self.peer.personality
        place = self.peer.place.kernel.places.get(self.remote or "")
        return site.remote_address or (place.host if place is not None else "")

    def take(self, received: Received) -> str:
        """Take an object that was asked for."""
        site: Any = self.peer.personality
        if site.takes == "requested" and received.sop_instance not in self.requested:
            raise RefusedError(INVALID_SOP_INSTANCE, "not requested")
        return super().take(received)

    def put(self, received: Received) -> str:
        """Cache an object, and hand it to the application."""
        header = file_header(received.sop_class, received.sop_instance, str(received.syntax), received.source)
        where = self.peer.shelf.put(
            f"cache/{self.peer.file_name}", f"{safe(received.sop_instance)}.dcm", header, received.data
        )
        self.held[received.sop_instance] = received
        return where

    def instance(self, uid: str) -> Dataset | None:
        """Return an object that has come."""
        one = self.held.get(uid)
        if one is None:
            return None
        header = file_header(one.sop_class, one.sop_instance, str(one.syntax), one.source)
        with pydicom_errors(uid):
            ds: Dataset = dcmread(BytesIO(header + one.data))
            return ds


class ReceiveRequested(Serve):
    """Wait for objects that the MOVE SCU has asked for.

    Attributes
    ----------
    requested : list of str
        Their SOP Instance UIDs, beside those of the personality.
    """

    requested: tuple[str, ...] = ()


class ObiStorageSCP(StorageSCP):
    """The Storage SCP as a peer of its own."""

    site = ScpPersonality
    receives = ObiReceiver
    receiver: ObiReceiver

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the one activity."""
        return {one.id: Action(ReceiveRequested, "serve") for one in entity.activities}

    def serve(self, what: Serve, activity: Activity | None) -> None:
        """Wait for objects; those of `requested` are taken from now on."""
        if isinstance(what, ReceiveRequested):
            self.receiver.requested.update(what.requested)
        super().serve(what, activity)


class Reference(Settings):
    """Look for, or load, instances by their SOP Instance UID.

    Attributes
    ----------
    to : str
        The remote AE.
    called : str
        The AE title to call, if not the remote's own.
    instances : list of str
        SOP Instance UIDs; if left out, those of the kind that the remote was sent in this run.
    study, series : str
        Study and Series Instance UID, where they are known; empty keys are sent otherwise.
    """

    to: AETitle
    called: AETitle | None = None
    instances: tuple[str, ...] = ()
    study: str = ""
    series: str = ""


class ReferenceCt(Settings):
    """Load the reference CT of a plan: the plan, its structure set, each CT image of that.

    Attributes
    ----------
    to : str
        The remote AE.
    called : str
        The AE title to call, if not the remote's own.
    plan : str
        SOP Instance UID of the RT Plan; if left out, the last one that the remote was sent in this run.
    study, series : str
        Its Study and Series Instance UID, where they are known.
    """

    to: AETitle
    called: AETitle | None = None
    plan: str = ""
    study: str = ""
    series: str = ""


_KEYS = ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID")


class FindSCU(QuerySCU):
    """FIND-SCU: at level IMAGE, with the key SOP Instance UID; Specific Character Set is not sent."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the two activities."""
        return {one.id: Action(Reference, "look_for") for one in entity.activities}

    def look_for(self, what: Reference, activity: Activity | None) -> None:
        """Send a C-FIND for each instance.

        Raises
        ------
        PlayFailure
            If one is not found, or the association fails.
        """
        subject = activity.steps[0].sop_class if activity is not None else ""
        kinds = activity.steps[0].kinds if activity is not None else ()
        instances = what.instances or stored_at(self, what.to, next(iter(kinds), "rtimage"))
        failed = []
        with self.association(what.to, what.called, self.proposes(Service.FIND)) as (ae, assoc):
            for ordinal, uid in enumerate(instances, 1):
                values = dict(zip(_KEYS, (uid, what.study, what.series), strict=True))
                try:
                    found = self.ask(ae, assoc, what.to, "study", "IMAGE", values, ordinal, f"{subject} {uid}")
                except PlayFailure as exc:
                    if not is_open(assoc):
                        raise
                    failed.append(str(exc))
                    continue
                if not found:
                    failed.append(f"{subject} {uid} is not found")
                    self.tell(failed[-1])
        if failed:
            raise PlayFailure("; ".join(failed))


class MoveSCU(RetrieveSCU):
    """MOVE-SCU: one C-MOVE for each instance, to its own AE title, where the Storage SCP listens."""

    personality: ScpPersonality
    site = ScpPersonality

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.receiver = ObiReceiver(self, self.system.entities["storage-scp"])
        self.meanwhile = Meanwhile(self.receiver)

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the two activities."""
        several = [one.id for one in entity.activities if len(one.steps) > 1]
        return {
            one.id: Action(ReferenceCt, "load_ct") if one.id in several else Action(Reference, "load_images")
            for one in entity.activities
        }

    def start(self, port: int) -> None:
        """Remember where the Storage SCP is to listen."""
        self.meanwhile.port = port

    def load_images(self, what: Reference, activity: Activity | None) -> None:
        """Load instances.

        Raises
        ------
        PlayFailure
            If one has not come.
        """
        del activity
        instances = what.instances or stored_at(self, what.to, "rtimage")
        with self._loading(what.to, what.called) as job:
            for uid in instances:
                job.fetch(uid, what.study, what.series)
        self.conclude(what.to, job.failed)

    def load_ct(self, what: ReferenceCt, activity: Activity | None) -> list[str]:
        """Load a plan, its structure set, and the CT images that its contours lie on.

        Returns
        -------
        list of str
            The SOP Instance UIDs that were asked for, in their order.

        Raises
        ------
        PlayFailure
            If one has not come, or a reference leads nowhere.
        """
        del activity
        plan = what.plan or stored_at(self, what.to, "rtplan")[-1]
        with self._loading(what.to, what.called) as job:
            job.fetch(plan, what.study, what.series)
            for uid in job.follow(plan, "RT Plan", structure_sets):
                job.fetch(uid, "", "")
                for image, study, series in job.follow(uid, "RT Structure Set", images):
                    job.fetch(image, study, series)
        self.conclude(what.to, job.failed)
        return job.asked

    def _loading(self, to: str, called: str | None) -> _Loading:
        self.receiver.remote = self.personality.remote or called or to
        return _Loading(self, to, called)

    def move_identifier(self, level: str, given: Mapping[str, str]) -> Dataset:
        """Return level, SOP Instance UID, and Study and Series Instance UID, known or not (table 2-15)."""
        ds = Dataset()
        ds.QueryRetrieveLevel = level
        for keyword in _KEYS:
            setattr(ds, keyword, given.get(keyword, ""))
        return ds


class _Loading:
    """One association of the MOVE SCU, and the Storage SCP beside it."""

    def __init__(self, scu: MoveSCU, to: str, called: str | None) -> None:
        self._scu = scu
        self._to = to
        self._call = scu.association(to, called, scu.proposes(Service.MOVE))
        self._messages = 0
        self.asked: list[str] = []
        self.failed: list[str] = []

    def __enter__(self) -> Self:
        self._scu.meanwhile.begin()
        try:
            self._ae, self._assoc = self._call.__enter__()
        except BaseException:
            self._scu.meanwhile.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._call.__exit__(kind, error, trace)
        finally:
            self._scu.meanwhile.end()

    def fetch(self, uid: str, study: str, series: str) -> None:
        """Ask for one instance."""
        scu, receiver = self._scu, self._scu.receiver
        receiver.requested.add(uid)
        self.asked.append(uid)
        self._messages = self._messages % 0xFFFF + 1
        keys = dict(zip(_KEYS, (uid, study, series), strict=True))
        destination = str(scu.ae().ae_title)
        outcome, _ = scu.fetch(self._ae, self._assoc, self._to, "study", keys, destination, self._messages)
        if not outcome.good:
            self.failed.append(f"{uid}: {outcome}")
        elif uid not in receiver.held:
            self.failed.append(f"{uid}: has not come, although the C-MOVE was a success")

    def follow(self, uid: str, name: str, references: Any) -> Iterator[Any]:
        """Yield what a received object refers to."""
        ds = self._scu.receiver.instance(uid)
        if ds is None:
            return
        found = list(references(ds))
        if not found:
            self.failed.append(f"{name} {uid} refers to nothing that could be loaded")
        yield from found


def structure_sets(plan: Dataset) -> Iterator[str]:
    """Yield the SOP Instance UIDs of Referenced Structure Set Sequence (300C,0060)."""
    for item in plan.get("ReferencedStructureSetSequence") or []:
        yield str(item.get("ReferencedSOPInstanceUID", ""))


def images(structure_set: Dataset) -> Iterator[tuple[str, str, str]]:
    """Yield SOP, Study and Series Instance UID of each item of Contour Image Sequence (3006,0016), each once."""
    seen: set[str] = set()
    for frame in structure_set.get("ReferencedFrameOfReferenceSequence") or []:
        for study in frame.get("RTReferencedStudySequence") or []:
            for series in study.get("RTReferencedSeriesSequence") or []:
                for item in series.get("ContourImageSequence") or []:
                    uid = str(item.get("ReferencedSOPInstanceUID", ""))
                    if uid and uid not in seen:
                        seen.add(uid)
                        yield (
                            uid,
                            str(study.get("ReferencedSOPInstanceUID", "")),
                            str(series.get("SeriesInstanceUID", "")),
                        )


class MediaPersonality(PlanningPersonality):
    """File mode.

    Attributes
    ----------
    product : str
        ``OBI`` or ``PV AI``; PV AI exports no CT Images.
    """

    product: Literal["OBI", "PV AI"] = "OBI"


class FileMode(Objects):
    """Read or write files.

    Attributes
    ----------
    way : str
        ``import`` or ``export``.
    strict : bool
        Whether an import fails if an object is rejected.
    """

    way: Literal["import", "export"] = "export"
    strict: bool = True


class MediaFiles(FileImporting, FileExporting):
    """DICOM media files without a DICOMDIR; only in file mode (section 3)."""

    personality: MediaPersonality
    site = MediaPersonality

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the one activity."""
        return {one.id: Action(FileMode, "file_mode") for one in entity.activities}

    def file_mode(self, what: FileMode, activity: Activity | None) -> None:
        """Read or write files.

        Raises
        ------
        PlayFailure
            If an imported object was rejected.
        InputError
            If an object is none that the product writes.
        """
        if what.way == "export":
            self.export_files(what, activity)  # type: ignore[arg-type]
            return
        objects = list(self.scan(FileImport(files=what.files)))
        self.show(objects)
        _, complaint = self.take_in(objects)
        if complaint and what.strict:
            raise PlayFailure(complaint)

    def refused(self, ds: Dataset) -> str:
        """Return why the product does not read an object (tables 1-3, 1-4)."""
        sop_class = str(ds.get("SOPClassUID", ""))
        if sop_class in self._classes("import_"):
            return ""
        return f"{self.personality.product} imports no {NAMES.get(kind_of(sop_class), sop_class or 'such files')}"

    def writable(self) -> list[str]:
        """Return the SOP classes that the product writes (tables 1-3, 1-4)."""
        return self._classes("export")

    def _classes(self, way: str) -> list[str]:
        rows = [row for row in self.entity.media if row.product == self.personality.product]
        return [row.sop_class for row in rows if getattr(row, way)]
