"""The storing half of an archive: what it takes, keeps, finds again, and loses."""

from __future__ import annotations

from pathlib import Path

from linacsim.devices.archive.deposit import Deposit, Item
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.index import Index, Kept, NotIndexableError, read_header
from linacsim.devices.archive.opening import OBJECTS, OWN, open_both, told_in_words
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, Forget
from linacsim.devices.archive.store import Store
from linacsim.devices.archive.taking_stock import take_stock
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
    deposit : Deposit
        Puts instances there; there is one as soon as it has been started.
    index : Index
        What is kept; there is one as soon as it has been started.
    unable : bool
        Whether a database that is down is answered with "unable to process" instead of "out of resources".
    """

    personality: ArchivePersonality
    index: Index
    deposit: Deposit

    def __init__(self, place: Place, personality: ArchivePersonality, shelf: Shelf) -> None:
        keeping = personality.keeping
        super().__init__(place, personality, shelf if keeping.store is None else Shelf(Path(keeping.store)))
        self.database = Database(place.kernel, personality.database)
        own = self.file_name if keeping.store is None else OWN
        self.files = Store(self.shelf, self.folder, own, power=keeping.outlasts == "power")
        self.unable = False

    @property
    def folder(self) -> str:
        """Where its objects are on the shelf; in a store of its own nobody else has any."""
        return OBJECTS if self.personality.keeping.store is not None else super().folder

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
        self.index = open_both(self.files, keeping, lambda: kernel.sleep(0))
        self.deposit = Deposit(self.files, self.index, keeping, self.place.log)
        kernel.spawn(self._close_at_the_end, name="its store", place=self.place)
        with told_in_words(self.files):
            take_stock(self.files, self.index, self.place.log, kernel.progress, breathe=lambda: kernel.sleep(0))

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
            head = file_header(received.sop_class, received.sop_instance, received.syntax, received.source)
            item = Item(header, received.sop_class, received.syntax, head, received.data)
            where, _more = self.deposit.take(item)
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
        return where

    def read(self, kept: Kept) -> bytes:
        """Return the file of an instance."""
        return self.files.whole(kept.where)

    def ahead(self, kept: Kept) -> None:
        """Read the file of an instance that will be wanted next."""
        self.files.ahead(kept.where)

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
