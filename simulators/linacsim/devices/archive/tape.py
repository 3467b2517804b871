"""What keeps a retrieval waiting: the tape library behind the archive, and how many associations it takes. No DICOM here."""

from __future__ import annotations

from collections.abc import Callable

from linacsim.kernel.core import Kernel
from linacsim.kernel.units import SECOND
from linacsim.settings import Duration, Settings

_LOOK = SECOND
"""How often somebody who waits for the tape looks up: has the request been cancelled meanwhile?"""


class TapeSettings(Settings):
    """The tape library that the objects are read from; all times are 0 in an archive that has everything on disk.

    Attributes
    ----------
    mount_time : Duration
        How long a retrieval waits before its first object: a robot fetches the tape.
    read_time : Duration
        How long each object takes to be read.
    """

    mount_time: Duration = 0
    read_time: Duration = 0


class SlowTape(TapeSettings):
    """Breakage: the tapes have become slow; lasts until `cleared_after`, or for good.

    Attributes
    ----------
    cleared_after : Duration
        When they are as fast as before.
    """

    cleared_after: Duration | None = None


class TapeJam(Settings):
    """Breakage: nothing can be read from tape; lasts until `cleared_after`, or for good.

    Attributes
    ----------
    cleared_after : Duration
        When the tapes run again.
    """

    cleared_after: Duration | None = None


class Busy(Settings):
    """Breakage: no association is accepted; each is rejected as local-limit-exceeded (PS3.8 9.3.4: 2, 3, 2).

    Attributes
    ----------
    cleared_after : Duration
        When they are accepted again.
    """

    cleared_after: Duration | None = None


class TapeJammedError(OSError):
    """The tape cannot be read."""


class Tape:
    """A tape library.

    Attributes
    ----------
    times : TapeSettings
        How slow it is now.
    jammed : bool
        Whether nothing can be read.
    """

    def __init__(self, kernel: Kernel, settings: TapeSettings) -> None:
        self._kernel = kernel
        self._own = settings
        self.times = settings
        self.jammed = False

    def mount(self, still_wanted: Callable[[], bool]) -> None:
        """Wait until a tape is there, or nobody wants it any more (blocks the calling task)."""
        self._wait(self.times.mount_time, still_wanted)

    def read(self) -> None:
        """Take the time of one object (blocks the calling task).

        Raises
        ------
        TapeJammedError
            If it cannot be read.
        """
        if self.times.read_time:
            self._kernel.sleep(self.times.read_time)
        if self.jammed:
            raise TapeJammedError("the tape is jammed")

    def recover(self) -> None:
        """Run as fast as before."""
        self.times, self.jammed = self._own, False

    def _wait(self, left: int, still_wanted: Callable[[], bool]) -> None:
        while left > 0 and still_wanted():
            step = min(left, _LOOK)
            self._kernel.sleep(step)
            left -= step
