"""Query/Retrieve as SCP (PS3.4 Annex C), on top of a storage peer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext

from linacsim.devices.archive import asking, retrieval
from linacsim.devices.archive.alter import alter
from linacsim.devices.archive.answer import answer
from linacsim.devices.archive.attributes import FIND_MODELS, GET_MODELS, MOVE_MODELS, Level
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.index import WANTED, Index, Kept, NotIndexableError, header_of, read_header
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, Forget, Load, Query, Retrieve
from linacsim.devices.archive.query import (
    BadIdentifierError,
    Levels,
    find_query,
    read_identifier,
    retrieve_query,
    search,
)
from linacsim.devices.archive.suboperations import (
    CANCELLED,
    DESTINATION_UNKNOWN,
    IDENTIFIER_MISMATCH,
    MOST,
    UNABLE_TO_COUNT,
    Conversation,
    hush,
)
from linacsim.devices.device import Action, Kind
from linacsim.devices.entity import Handlers, application_entity, associate
from linacsim.devices.sopclasses import STORAGE
from linacsim.devices.storage.instance import Received
from linacsim.devices.storage.personality import FillDisk, Store
from linacsim.devices.storage.services import (
    MISMATCH,
    OUT_OF_RESOURCES,
    RefusedError,
    StoragePeer,
    check,
    failure,
)
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.kernel.units import SECOND
from linacsim.objects.case import build_case
from linacsim.objects.imagefile import pydicom_errors, read_instance

MATCH, MATCH_WITH_UNSUPPORTED_KEYS = 0xFF00, 0xFF01
UNABLE_TO_PROCESS = 0xC001
_DOWN = "the database is down"


class Archive(StoragePeer):
    """An archive: keeps what it is sent, is queried, and sends it on."""

    personality: ArchivePersonality

    def __init__(self, place: Place, personality: ArchivePersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.database = Database(place.kernel, personality.database)
        self.index = Index()
        self._unable = False

    # what it serves

    def start(self, port: int) -> None:
        """Take stock of what is on the shelf already, then listen."""
        for where in self.shelf.names(self.folder):
            # what begins with a dot was being written when a run ended, and has never been acknowledged
            if not Path(where).name.startswith("."):
                self._take_stock(where)
        super().start(port)

    def support(self, ae: AE) -> None:
        """Add the information models, and the storage SOP classes in both roles: a C-GET turns them round."""
        super().support(ae)
        for sop_class in STORAGE:
            ae.add_supported_context(sop_class, scu_role=True, scp_role=True)
        for model in (*FIND_MODELS, *MOVE_MODELS, *GET_MODELS):
            ae.add_supported_context(model)

    def handlers(self) -> Handlers:
        """Return who answers which message."""
        return [
            *super().handlers(),
            (evt.EVT_C_FIND, self._find),
            (evt.EVT_C_MOVE, self._move),
            (evt.EVT_C_GET, self._get),
        ]

    def address_of(self, peer: str) -> tuple[str, int]:
        """Return where `peer` listens: by the table of destinations, else by the bench."""
        known = self.personality.destinations.get(peer)
        return (known.host, known.port) if known is not None else super().address_of(peer)

    # storing

    def keep(self, received: Received) -> str:
        """Take responsibility for an instance; one that could not be found again is not taken."""
        check(received)
        try:
            header = read_header(received.data, received.syntax)
            self.database.expect_up()
        except NotIndexableError as exc:
            raise RefusedError(MISMATCH, str(exc)) from exc
        except DatabaseDownError as exc:
            raise RefusedError(OUT_OF_RESOURCES, _DOWN) from exc
        where = self.write(received)
        self.index.add(Kept(where, received.sop_class, received.sop_instance, received.syntax), header)
        return where

    def _take_stock(self, where: str) -> None:
        """Index an object that an earlier run has left on the shelf."""
        try:
            with pydicom_errors(where):
                ds = dcmread(BytesIO(self.shelf.read(where)), specific_tags=list(WANTED))
                header = header_of(ds)
                kept = Kept(where, str(ds.SOPClassUID), header.unique[Level.IMAGE], ds.file_meta.TransferSyntaxUID)
        except (InputError, NotIndexableError) as exc:
            self.place.log("object-unreadable", object=where, complaint=str(exc))
            return
        self.index.add(kept, header)

    # querying

    def _find(self, event: evt.Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        """Answer a C-FIND (PS3.4 C.4.1)."""
        with self._busy(event.assoc):
            yield from self._matches(event)

    def _matches(self, event: evt.Event) -> Iterator[tuple[int | Dataset, Dataset | None]]:
        try:
            levels, identifier = self._asked(event, FIND_MODELS)
            query = find_query(identifier, levels, relational=self.personality.relational)
        except BadIdentifierError as exc:
            yield _refusal(IDENTIFIER_MISMATCH, exc), None
            return
        status = MATCH_WITH_UNSUPPORTED_KEYS if query.unsupported else MATCH
        try:
            self.database.ask()
            found = search(self.index, query)
            self.place.log("query-answered", level=str(query.level), matches=len(found))
            for entry in found:
                self.database.fetch()
                if event.is_cancelled:
                    yield CANCELLED, None
                    return
                yield status, answer(query, entry, self.name)
        except DatabaseDownError:
            yield failure(UNABLE_TO_PROCESS if self._unable else OUT_OF_RESOURCES, _DOWN), None

    # retrieving

    def _move(self, event: evt.Event) -> Iterator[Any]:
        """Answer a C-MOVE (PS3.4 C.4.2)."""
        with self._busy(event.assoc):
            talk = Conversation(event)
            destination = str(talk.request.MoveDestination or "").strip()
            if self._is_destination(destination):
                kept = self._wanted(event, talk, MOVE_MODELS)
                if kept is not None:
                    retrieval.move(self, talk, kept, destination)
            else:
                talk.refuse(DESTINATION_UNKNOWN, f"{destination} is no known destination")
        # pynetdicom would call the address; with 0 sub-operations it does not
        yield from hush(event.assoc, ("", 0), 0)

    def _get(self, event: evt.Event) -> Iterator[Any]:
        """Answer a C-GET (PS3.4 C.4.3)."""
        with self._busy(event.assoc):
            talk = Conversation(event)
            kept = self._wanted(event, talk, GET_MODELS)
            if kept is not None:
                retrieval.get(self, talk, kept)
        yield from hush(event.assoc, 0)

    def _wanted(self, event: evt.Event, talk: Conversation, models: dict[str, Levels]) -> list[Kept] | None:
        """Return the instances that are asked for, or respond why there is no answer and return ``None``."""
        try:
            levels, identifier = self._asked(event, models)
            query = retrieve_query(identifier, levels, relational=self.personality.relational)
            self.database.ask()
        except BadIdentifierError as exc:
            talk.refuse(IDENTIFIER_MISMATCH, exc.comment, exc.offending)
            return None
        except DatabaseDownError:
            talk.refuse(UNABLE_TO_PROCESS if self._unable else UNABLE_TO_COUNT, _DOWN)
            return None
        kept = [one for entry in search(self.index, query) for one in entry.instances()]
        if len(kept) > MOST:
            talk.refuse(UNABLE_TO_COUNT, f"{len(kept)} instances are more than can be counted")
            return None
        self.place.log("retrieval-started", level=str(query.level), matches=len(kept))
        return kept

    @staticmethod
    def _asked(event: evt.Event, models: dict[str, Levels]) -> tuple[Levels, Dataset]:
        """Return the levels of the information model and the identifier of a request."""
        request: Any = event.request
        model, syntax = str(event.context.abstract_syntax), UID(event.context.transfer_syntax)
        if str(request.AffectedSOPClassUID) != model:
            raise BadIdentifierError("the presentation context is of another SOP class")
        return models[model], read_identifier(request.Identifier.getvalue(), syntax)

    def _is_destination(self, title: str) -> bool:
        if title in self.personality.destinations:
            return True
        place = self.place.kernel.places.get(title)
        return self.personality.knows_peers and place is not None and place.address is not None

    def read(self, kept: Kept) -> bytes:
        """Return the file of an instance."""
        return self.shelf.read(kept.where)

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a move destination."""
        return associate(self, application_entity(self, self.personality), destination, contexts)

    @contextmanager
    def _busy(self, assoc: Association) -> Iterator[None]:
        """Let the work on a request not count as idleness of its association.

        pynetdicom's idle timer starts anew with what comes in, not with what goes out; a C-MOVE that takes longer would be
        aborted right after its final response. So the limit is stretched by the time that the work has taken, until the
        next request.
        """
        limit, started = self.personality.network_timeout, self.place.kernel.now
        assoc.network_timeout = limit / SECOND
        try:
            yield
        finally:
            assoc.network_timeout = (limit + self.place.kernel.now - started) / SECOND

    # what scenarios ask for

    def query(self, what: Query) -> None:
        """Query another archive."""
        matches = asking.query(self, what)
        self.place.log("matches-found", level=what.level, matches=matches, **{"with": what.to})

    def retrieve(self, what: Retrieve) -> None:
        """Let another archive send objects, here or elsewhere."""
        asking.retrieve(self, what)

    def load(self, what: Load) -> None:
        """Put files or a patient into the archive; in a folder, what is no DICOM object is left out."""
        if not what.files and what.case is None:
            raise InputError("nothing tells what to load", "load", "give `files`, or a `case`")
        found = [*self._read(what.files)]
        if what.case is not None:
            case = build_case(self.place.kernel.identity, what.case.settings())
            found += [(f"the case's {ds.Modality}", ds) for ds in case.objects(what.what)]
        changed = alter([ds for _, ds in found], what.change)
        for (name, _), ds in zip(found, changed, strict=True):
            self._take_in(ds, name)

    def _read(self, names: Sequence[str]) -> Iterator[tuple[str, Dataset]]:
        for name in names:
            path = Path(self.find_file(name))
            if not path.is_dir():
                yield name, read_instance(str(path))
                continue
            for file in sorted(one for one in path.rglob("*") if one.is_file()):
                try:
                    yield str(file), read_instance(str(file))
                except InputError as exc:
                    self.place.log("file-left-out", object=file.name, complaint=exc.what)

    def _take_in(self, ds: Dataset, name: str) -> None:
        syntax = UID(ds.file_meta.TransferSyntaxUID)
        with pydicom_errors(name):
            data = encode(ds, syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
            sop_class, sop_instance = str(ds.get("SOPClassUID", "")), str(ds.get("SOPInstanceUID", ""))
        if not (sop_class and sop_instance):
            raise InputError("SOP Class UID or SOP Instance UID is missing", name, "this is no object for an archive")
        if data is None:
            raise InputError("cannot be written again as it was read", name, "it may be damaged: export it again")
        try:
            where = self.keep(Received(sop_class=sop_class, sop_instance=sop_instance, syntax=syntax, data=data))
        except RefusedError as exc:
            raise InputError(f"no object for an archive: {exc.comment}", name, "choose another file") from exc
        fields = {"sop_class": sop_class, "sop_instance": sop_instance}
        self.place.log("object-loaded", object=where, bytes=len(data), **fields)

    def forget(self, what: Forget) -> None:
        """Lose an object.

        Raises
        ------
        PlayFailure
            If there is no such object.
        """
        kept = self._object(what)
        if kept is None:
            raise PlayFailure(f"{self.name} has no object {what.sop_instance or what.nth} to lose")
        if not what.still_listed:
            self.index.remove(kept.sop_instance)
        remove(self.shelf, kept.where)
        self.place.log("object-lost", object=kept.where, listed=what.still_listed)

    def lose(self, what: Forget) -> None:
        """As a breakage: lose an object, if there is one."""
        try:
            self.forget(what)
        except PlayFailure as exc:
            self.place.log("nothing-lost", complaint=str(exc))

    def _object(self, what: Forget) -> Kept | None:
        entries = list(self.index.instances.values())
        if what.sop_instance is not None:
            found = self.index.instances.get(what.sop_instance)
        elif what.nth == "last":
            found = entries[-1] if entries else None
        else:
            found = entries[what.nth - 1] if what.nth <= len(entries) else None
        return None if found is None else found.kept

    def database_down(self, what: DatabaseDown) -> None:
        """The database answers no more."""
        self.database.down, self._unable = True, what.answer == "unable-to-process"
        self.place.log("database-down")
        if what.cleared_after is not None:
            self.place.kernel.spawn(self._database_up, what.cleared_after, name="the database", place=self.place)

    def _database_up(self, after: int) -> None:
        self.place.kernel.sleep(after)
        self.database.down = False
        self.place.log("database-up")


def remove(shelf: Shelf, where: str) -> None:
    """Take an artefact off the shelf; it may have gone already."""
    if shelf.folder is None:
        shelf.memory.pop(where, None)
    else:
        (shelf.folder / where).unlink(missing_ok=True)


def _refusal(status: int, why: BadIdentifierError) -> Dataset:
    told = failure(status, why.comment)
    if why.offending is not None:
        told.OffendingElement = [why.offending]
    return told


KIND = Kind(
    name="archive",
    build=Archive,
    settings=ArchivePersonality,
    about="a Query/Retrieve archive: keeps objects, is queried (C-FIND) and sends them on (C-MOVE, C-GET)",
    actions={
        "load": Action(Load, "load"),
        "store": Action(Store, "store"),
        "query": Action(Query, "query"),
        "retrieve": Action(Retrieve, "retrieve"),
        "forget": Action(Forget, "forget"),
    },
    breakages={
        "fill-disk": Action(FillDisk, "fill_disk"),
        "database-down": Action(DatabaseDown, "database_down"),
        "forget": Action(Forget, "lose"),
    },
    events=frozenset(
        {
            "object-stored",
            "object-loaded",
            "object-lost",
            "nothing-lost",
            "object-unreadable",
            "file-left-out",
            "disk-full",
            "disk-cleared",
            "database-down",
            "database-up",
            "query-answered",
            "matches-found",
            "retrieval-started",
            "not-sent",
        }
    ),
    fields=frozenset({"object", "bytes", "listed", "level", "matches"}),
)
Archive.kind = KIND
