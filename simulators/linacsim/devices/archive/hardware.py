"""The database of an archive; its disk is the storage peer's. No DICOM here."""

from __future__ import annotations

from linacsim.devices.archive.personality import DatabaseSettings
from linacsim.kernel.core import Kernel


class DatabaseDownError(Exception):
    """The database does not answer."""


class Database:
    """A database with a time per query and per match.

    Attributes
    ----------
    down : bool
        Whether it does not answer.
    """

    def __init__(self, kernel: Kernel, settings: DatabaseSettings) -> None:
        self._kernel = kernel
        self._settings = settings
        self.down = False

    def ask(self) -> None:
        """Take the time of a query (blocks the calling task).

        Raises
        ------
        DatabaseDownError
            If it does not answer.
        """
        self._take(self._settings.query_time)

    def fetch(self) -> None:
        """Take the time of one match; others get their turn even if that is none.

        Raises
        ------
        DatabaseDownError
            If it does not answer any more.
        """
        self._take(self._settings.match_time)

    def expect_up(self) -> None:
        """Check that it answers.

        Raises
        ------
        DatabaseDownError
            If it does not.
        """
        if self.down:
            raise DatabaseDownError

    def _take(self, time: int) -> None:
        self.expect_up()
        self._kernel.sleep(time)
        self.expect_up()
