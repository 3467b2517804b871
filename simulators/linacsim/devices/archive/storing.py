"""The storing half of an archive: what it takes, keeps, finds again, and loses."""

from __future__ import annotations

from pathlib import Path

from linacsim.devices.archive import taking_stock
from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.index import Filing, Header, Index, Kept, New, NotIndexableError, open_index, read_header
from linacsim.devices.archive.keeping import ANOTHER_PATIENT, COERCION, DUPLICATE
from linacsim.devices.archive.naming import file_name, series_folder
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, Forget
from linacsim.devices.archive.store import Store
from linacsim.devices.storage.hardware import DiskFullError
from linacsim.devices.storage.instance import Received, file_header
from linacsim.devices.storage.services import MISMATCH, OUT_OF_RESOURCES, RefusedError, StoragePeer, check
from linacsim.errors import PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf

DATABASE_DOWN = "the database is down"


class Keeper(StoragePeer):
    """A storage peer that finds again what it keeps.

    Attributes
    ----------
    database : Database
        The hardware below the index.
    files : Store
        The files.
    index : Index
        What is kept; there is one as soon as it has been started.
    unable : bool
        Whether a database that is down is answered with "unable to process" instead of "out of resources".
    """

    personality: ArchivePersonality
    index: Index

    def __init__(self, place: Place, personality: ArchivePersonality, shelf: Shelf) -> None:
        keeping = personality.keeping
        super().__init__(place, personality, shelf if keeping.store is None else Shelf(Path(keeping.store)))
        self.database = Database(place.kernel, personality.database)
        self.files = Store(self.shelf, self.folder, self.file_name, power=keeping.outlasts == "power")
        self.unable = False

    @property
    def folder(self) -> str:
        """Where its objects are on the shelf; in a store of its own nobody else has any."""
        return "objects" if self.personality.keeping.store is not None else super().folder

    def start(self, port: int) -> None:
        """Open the store, bring its index up to date, then listen."""
        self.open()
        super().start(port)

    def open(self) -> None:
        """Open the store and bring its index up to date; it is closed with the bench.

        Raises
        ------
        InputError
            If it cannot be opened, or somebody else works with it.
        """
        keeping, kernel = self.personality.keeping, self.place.kernel
        self.files.open()
        try:
            self.index = open_index(
                self.files.index_file,
                keeping.database,
                base=self.files.base,
                power=keeping.outlasts == "power",
                breathe=lambda: kernel.sleep(0),
            )
        except BaseException:
            self.files.close()
            raise
        kernel.spawn(self._close_at_the_end, name="its store", place=self.place)
        taking_stock.take_stock(self.files, self.index, self.place)

    def _close_at_the_end(self) -> None:
        try:
            self.place.kernel.wait(self.place.kernel.env.event(), "the end of the bench")
        finally:
            self.index.close()
            self.files.close()

    def keep(self, received: Received) -> str:
        """Take responsibility for an instance; one that could not be found again is not taken."""
        check(received)
        try:
            header = read_header(received.data, received.syntax)
            self.database.expect_up()
            self.disk.reserve(len(received.data))
            # from here on nobody else has a turn: two of the same instance come one after the other
            return self._file(received, header)
        except NotIndexableError as exc:
            raise RefusedError(MISMATCH, str(exc)) from exc
        except DatabaseDownError as exc:
            if str(exc):
                self.place.log("index-failed", complaint=str(exc))
            raise RefusedError(OUT_OF_RESOURCES, str(exc) or DATABASE_DOWN) from exc
        except DiskFullError as exc:
            raise RefusedError(OUT_OF_RESOURCES, "disk full") from exc
        except OSError as exc:
            raise RefusedError(OUT_OF_RESOURCES, exc.strerror or str(exc)) from exc

    def _file(self, received: Received, header: Header) -> str:
        """Keep an instance as the policies say; return where it is on the shelf."""
        head = file_header(received.sop_class, received.sop_instance, received.syntax, received.source)
        known = self.index.instance(received.sop_instance)
        if known is not None:
            return self._file_again(known, received, header, head)
        filing = self.index.filing(header)
        filing = self._watch_patient(header, filing)
        folder = filing.folder if filing.series else series_folder(header, filing.folder.rpartition("/")[0])
        new = _new(received, header, f"{folder}/{file_name(received.sop_instance)}", len(head))
        self._commit(new, filing, head, received.data)
        return self.files.base + new.path

    def _commit(self, new: New, filing: Filing | None, *parts: bytes) -> None:
        """Write, commit, and let it be seen, in this order; if anything goes wrong, nothing is left."""
        name = new.path.rpartition("/")[2]
        self.files.stage(name, *parts)
        try:
            self.index.add(new, filing)
        except BaseException:
            self.files.discard(name)
            raise
        try:
            self.files.publish(name, new.path)
        except OSError:
            self.index.remove(new.header.unique[Level.IMAGE])
            self.files.discard(name)
            raise

    def _watch_patient(self, header: Header, filing: Filing) -> Filing:
        """Do as told with an instance that tells otherwise of its patient; return where it belongs now."""
        changed = filing.differs(header)
        if not changed:
            return filing
        policy = self.personality.keeping.changed_patient
        uid = header.unique[Level.IMAGE]
        self.place.log("patient-differs", sop_instance=uid, attributes=changed, policy=policy)
        if policy == "refuse":
            raise RefusedError(ANOTHER_PATIENT, f"the patient is known otherwise: {changed[0]}")
        if policy == "keep-first":
            return filing
        self.index.change_patient(header, filing)
        return self.index.filing(header)

    def _file_again(self, known: Kept, received: Received, header: Header, head: bytes) -> str:
        """Do as told with an instance whose SOP Instance UID is known."""
        path = known.where.removeprefix(self.files.base)
        if known.syntax == received.syntax and self.files.same(path, known.start, received.data):
            return known.where
        policy = self.personality.keeping.same_instance
        self.place.log("instance-differs", sop_instance=known.sop_instance, object=known.where, policy=policy)
        if policy == "refuse":
            raise RefusedError(DUPLICATE, "the instance is known with other contents")
        if policy == "keep-first":
            raise RefusedError(COERCION, "the instance is known with other contents, which are kept")
        return (
            self._replace(path, received, header, head) if policy == "replace" else self._beside(path, received, head)
        )

    def _replace(self, path: str, received: Received, header: Header, head: bytes) -> str:
        """Keep the new contents under a name of their own, so that at every moment one of both is whole and found."""
        folder, _, _ = path.rpartition("/")
        copy = 1 if path.rpartition("/")[2] != file_name(received.sop_instance) else 2
        new = _new(received, header, f"{folder}/{file_name(received.sop_instance, copy)}", len(head))
        name = new.path.rpartition("/")[2]
        self.files.stage(name, head, received.data)
        try:
            self.index.replace(new)
        except BaseException:
            self.files.discard(name)
            raise
        self.files.remove(path)
        self.files.publish(name, new.path)
        return self.files.base + new.path

    def _beside(self, path: str, received: Received, head: bytes) -> str:
        """Keep other contents beside the first, which stay the ones that are found; nothing is lost."""
        folder, _, _ = path.rpartition("/")
        copy = 2
        while self.files.has(other := f"{folder}/{file_name(received.sop_instance, copy)}"):
            if self.files.same(other, len(head), received.data):
                return self.files.base + other
            copy += 1
        name = other.rpartition("/")[2]
        self.files.stage(name, head, received.data)
        self.files.publish(name, other)
        return self.files.base + other

    def read(self, kept: Kept) -> bytes:
        """Return the file of an instance."""
        return self.shelf.read(kept.where)

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
        self.files.remove(kept.where.removeprefix(self.files.base))
        self.place.log("object-lost", object=kept.where, listed=what.still_listed)

    def lose(self, what: Forget) -> None:
        """As a breakage: lose an object, if there is one."""
        try:
            self.forget(what)
        except PlayFailure as exc:
            self.place.log("nothing-lost", complaint=str(exc))

    def _object(self, what: Forget) -> Kept | None:
        if what.sop_instance is not None:
            return self.index.instance(what.sop_instance)
        return self.index.nth(-1 if what.nth == "last" else what.nth)

    def database_down(self, what: DatabaseDown) -> None:
        """The database answers no more."""
        self.database.down, self.unable = True, what.answer == "unable-to-process"
        self.place.log("database-down")
        if what.cleared_after is not None:
            self.place.kernel.spawn(self._database_up, what.cleared_after, name="the database", place=self.place)

    def _database_up(self, after: int) -> None:
        self.place.kernel.sleep(after)
        self.database.down = False
        self.place.log("database-up")


def _new(received: Received, header: Header, path: str, start: int) -> New:
    return New(header, path, received.sop_class, str(received.syntax), start, len(received.data))
