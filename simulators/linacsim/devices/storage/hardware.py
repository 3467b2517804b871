"""The disk of a storage peer. No DICOM here."""

from __future__ import annotations

from linacsim.devices.storage.personality import DiskSettings
from linacsim.kernel.core import Kernel


class DiskFullError(Exception):
    """The disk has no room for the object."""


class Disk:
    """A disk with a capacity and a time per object.

    Attributes
    ----------
    used : int
        Bytes written so far.
    blocked : bool
        Whether it takes no more, whatever its capacity.
    """

    def __init__(self, kernel: Kernel, settings: DiskSettings) -> None:
        self._kernel = kernel
        self._settings = settings
        self.used = 0
        self.blocked = False

    def reserve(self, size: int) -> None:
        """Take room for `size` bytes, and the time to write them (blocks the calling task).

        Raises
        ------
        DiskFullError
            If there is not enough room.
        """
        capacity = self._settings.capacity
        if self.blocked or (capacity and self.used + size > capacity):
            raise DiskFullError
        self.used += size
        if self._settings.write_time:
            self._kernel.sleep(self._settings.write_time)
