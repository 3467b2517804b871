"""The storing half of an archive: what it takes, keeps, finds again, and loses."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path

from pydicom import dcmread

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.index import WANTED, Index, Kept, NotIndexableError, header_of, read_header
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, Forget
from linacsim.devices.storage.instance import Received
from linacsim.devices.storage.services import MISMATCH, OUT_OF_RESOURCES, RefusedError, StoragePeer, check
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.objects.imagefile import pydicom_errors

DATABASE_DOWN = "the database is down"


class Keeper(StoragePeer):
    """A storage peer that finds again what it keeps.

    Attributes
    ----------
    database : Database
        The hardware below the index.
    index : Index
        What is kept.
    unable : bool
        Whether a database that is down is answered with "unable to process" instead of "out of resources".
    """

    personality: ArchivePersonality

    def __init__(self, place: Place, personality: ArchivePersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.database = Database(place.kernel, personality.database)
        self.index = Index()
        self.unable = False

    def start(self, port: int) -> None:
        """Take stock of what is on the shelf already, then listen."""
        for where in self.shelf.names(self.folder):
            # what begins with a dot was being written when a run ended, and has never been acknowledged
            if not Path(where).name.startswith("."):
                self._take_stock(where)
        super().start(port)

    def keep(self, received: Received) -> str:
        """Take responsibility for an instance; one that could not be found again is not taken."""
        check(received)
        try:
            header = read_header(received.data, received.syntax)
            self.database.expect_up()
        except NotIndexableError as exc:
            raise RefusedError(MISMATCH, str(exc)) from exc
        except DatabaseDownError as exc:
            raise RefusedError(OUT_OF_RESOURCES, DATABASE_DOWN) from exc
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
        _remove(self.shelf, kept.where)
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


def _remove(shelf: Shelf, where: str) -> None:
    """Take an artefact off the shelf; it may have gone already."""
    if shelf.folder is None:
        shelf.memory.pop(where, None)
    else:
        (shelf.folder / where).unlink(missing_ok=True)
