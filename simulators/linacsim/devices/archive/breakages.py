"""What breaks behind an archive that retrieves: tapes, the number of associations, its manners."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from pynetdicom import evt

from linacsim.devices.archive.arrivals import refuse_unserved
from linacsim.devices.archive.misbehaviour import Manner, Misbehave
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.storing import Keeper
from linacsim.devices.archive.tape import Busy, SlowTape, Tape, TapeJam, TapeSettings
from linacsim.devices.entity import Handlers
from linacsim.devices.storage.services import DISK_FULL
from linacsim.kernel.border.links import link_of
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf

_LOCAL_LIMIT = (2, 3, 2)
"""Rejected-transient, service-provider (presentation), local-limit-exceeded (PS3.8 9.3.4)."""

DATABASE_DOWN, TAPE_JAMMED, BUSY = "DATABASE DOWN", "TAPE JAMMED", "BUSY"
STATES = frozenset({DISK_FULL, DATABASE_DOWN, TAPE_JAMMED, BUSY})


class Breakable(Keeper):
    """A keeper with a tape library, and with manners that can go wrong.

    Attributes
    ----------
    tape : Tape
        What objects are read from.
    manner : Manner
        The quirks that are in effect.
    busy : bool
        Whether it takes no associations.
    """

    def __init__(self, place: Place, personality: ArchivePersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.tape = Tape(place.kernel, personality.tape)
        self.manner = Manner(personality.quirks)
        self.busy = False

    def handlers(self) -> Handlers:
        """Return who answers which message."""
        return [*super().handlers(), (evt.EVT_REQUESTED, self._requested)]

    def _requested(self, event: evt.Event) -> None:
        """Reject an association that there is no room for, unless a fault has ended it already."""
        link_of(event.assoc).on_request = partial(refuse_unserved, event.assoc)
        if self.busy and not (event.assoc.is_rejected or event.assoc.is_aborted):
            link_of(event.assoc).reject(*_LOCAL_LIMIT)

    def conditions(self) -> frozenset[str]:
        """Return what is the matter with disk, database, tapes and associations."""
        found = {
            DATABASE_DOWN: self.database.down,
            TAPE_JAMMED: self.tape.jammed,
            BUSY: self.busy,
        }
        return super().conditions() | {word for word, holds in found.items() if holds}

    def become_busy(self, what: Busy) -> None:
        """No association is accepted any more."""
        self.busy = True
        self._told("archive-busy", "archive-free", self._become_free, what.cleared_after)

    def _become_free(self) -> None:
        self.busy = False

    def slow_tape(self, what: SlowTape) -> None:
        """The tapes become slow."""
        self.tape.times = TapeSettings(mount_time=what.mount_time, read_time=what.read_time)
        self._told("tape-slow", "tape-mended", self.tape.recover, what.cleared_after)

    def jam_tape(self, what: TapeJam) -> None:
        """The tapes cannot be read."""
        self.tape.jammed = True
        self._told("tape-jammed", "tape-mended", self.tape.recover, what.cleared_after)

    def misbehave(self, what: Misbehave) -> None:
        """The answers become wrong."""
        self.manner.take_on(what)
        self._told("manners-lost", "manners-found", self.manner.behave, what.cleared_after)

    def _told(self, broken: str, mended: str, mend: Callable[[], None], after: int | None) -> None:
        """Say that something is broken, and mend it when its time has come."""
        self.place.log(broken)
        if after is not None:
            self.place.kernel.spawn(self._mend, mended, mend, after, name=mended, place=self.place)

    def _mend(self, mended: str, mend: Callable[[], None], after: int) -> None:
        self.place.kernel.sleep(after)
        mend()
        self.place.log(mended)
