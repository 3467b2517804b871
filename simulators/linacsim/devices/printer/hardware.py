"""The film hardware: supply magazine, transport, processor, receive magazine, and the queue in front. No DICOM here.

The state of each part is told by the tables below; what a client sees as printer status is derived from them, never set.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import simpy
from simpy.events import Event

from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.kernel.core import Kernel

HardwareLog = Callable[..., None]


class Condition(StrEnum):
    """What can be the matter with the hardware, by the term of PS3.3 C.13.9.1 that tells it."""

    FILM_JAM = "FILM JAM"
    """A sheet is stuck in the transport."""
    SUPPLY_EMPTY = "SUPPLY EMPTY"
    """The supply magazine is empty."""
    RECEIVER_FULL = "RECEIVER FULL"
    """The receive magazine takes no more sheets."""
    PROC_INIT = "PROC INIT"
    """The processor is warming up."""
    SUPPLY_LOW = "SUPPLY LOW"
    """The supply magazine is nearly empty."""
    NORMAL = "NORMAL"
    """Nothing is the matter."""


SEVERITY = {
    Condition.FILM_JAM: "WARNING",
    Condition.SUPPLY_EMPTY: "WARNING",
    Condition.RECEIVER_FULL: "WARNING",
    Condition.PROC_INIT: "WARNING",
    Condition.SUPPLY_LOW: "WARNING",
    Condition.NORMAL: "NORMAL",
}
"""Printer Status of each condition (PS3.3 C.13.9; classed after the example of PS3.2 Annex E), gravest first."""


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A sheet to be exposed.

    Attributes
    ----------
    film : int
        Its number within the job, from 1.
    develop : callable
        Gives it to the world when it is out; gets the ordinal of the sheet at this printer.
    """

    film: int
    develop: Callable[[int], dict[str, Any]]


@dataclass(slots=True, kw_only=True)
class Job:
    """Sheets that are printed in one go.

    Attributes
    ----------
    number : int
        Its number at this printer, from 1.
    owner : str
        Who asked for it.
    sheets : list of Sheet
        One copy, in the order in which they come out.
    copies : int
        How often all of them are printed; a number from a client, so nothing is made in advance for each.
    state : str
        PENDING, PRINTING, DONE.
    """

    number: int
    owner: str
    sheets: list[Sheet] = field(default_factory=list)
    copies: int = 1
    state: str = "PENDING"
    info: str = ""
    watchers: list[Callable[[Job], None]] = field(default_factory=list)

    def become(self, state: str) -> None:
        """Change the state, and tell whoever watches."""
        self.state = state
        for watcher in self.watchers:
            watcher(self)


class QueueFullError(Exception):
    """The printer takes no more jobs."""


class FilmHardware:
    """The parts of the printer and the processes that move film through them."""

    def __init__(self, kernel: Kernel, personality: PrinterPersonality, log: HardwareLog, name: str) -> None:
        self._kernel = kernel
        self._env = kernel.env
        self._settings = personality
        self._log = log
        self._name = name
        self.jobs: simpy.Store = simpy.Store(self._env)
        self.waiting = 0
        self.watchers: list[Callable[[], None]] = []
        self.supply = personality.supply.sheets
        self.received = 0
        self.warm = False
        self.jammed = False
        self._jam_next = False
        self._changed = self._env.event()
        self._sheet = 0
        self._job = 0
        self._told: Condition | None = None

    def switch_on(self) -> None:
        """Start warming up and working."""
        self._kernel.process(self._work(), f"{self._name}: film transport")
        self._tell()

    # what clients and operators do

    def submit(self, owner: str, sheets: list[Sheet], copies: int = 1) -> Job:
        """Queue a job.

        Raises
        ------
        QueueFullError
            If as many jobs wait as the queue holds.
        """
        if self.waiting >= self._settings.queue:
            raise QueueFullError
        self._job += 1
        job = Job(number=self._job, owner=owner, sheets=sheets, copies=copies)
        self.waiting += 1
        self.jobs.put(job)
        self._log("job-queued", job=job.number, owner=owner, sheets=len(sheets) * copies)
        return job

    def jam_next(self) -> None:
        """Let the next sheet that enters the transport get stuck there."""
        self._jam_next = True

    def clear_jam(self) -> bool:
        """Take the stuck sheet out; return whether there was one."""
        self._jam_next = False
        if not self.jammed:
            return False
        self.jammed = False
        self._log("jam-cleared")
        self._tell()
        return True

    def refill(self) -> None:
        """Put in a full supply magazine, empty the receive magazine."""
        self.supply, self.received = self._settings.supply.sheets, 0
        self._log("magazines-changed", sheets=self.supply)
        self._tell()

    @property
    def conditions(self) -> list[Condition]:
        """What is the matter, gravest first; never empty."""
        present = {
            Condition.FILM_JAM: self.jammed,
            Condition.SUPPLY_EMPTY: self.supply == 0,
            Condition.RECEIVER_FULL: self.received >= self._settings.receive,
            Condition.PROC_INIT: not self.warm,
            Condition.SUPPLY_LOW: 0 < self.supply <= self._settings.supply.low,
            Condition.NORMAL: True,
        }
        return [condition for condition in Condition if present[condition]]

    @property
    def status(self) -> tuple[str, str]:
        """Printer Status and Printer Status Info (PS3.3 C.13.9): those of the gravest condition."""
        worst = self.conditions[0]
        return SEVERITY[worst], worst.value

    # the processes

    def _work(self) -> Generator[Event, Any, None]:
        yield self._env.timeout(self._settings.processor.warm_up)
        self.warm = True
        self._tell()
        while True:
            job: Job = yield self.jobs.get()
            self.waiting -= 1
            job.become("PRINTING")
            self._log("job-printing", job=job.number)
            for _ in range(job.copies):
                for sheet in job.sheets:
                    yield from self._print(job, sheet)
            job.become("DONE")
            self._log("job-done", job=job.number)

    def _print(self, job: Job, sheet: Sheet) -> Generator[Event, Any, None]:
        while True:
            yield from self._until(lambda: self.supply > 0)
            self.supply -= 1
            self._tell()
            yield self._env.timeout(self._settings.transport)
            if not self._jam_next:
                break
            yield from self._stick(job, sheet)
        yield self._env.timeout(self._settings.processor.per_sheet)
        yield from self._until(lambda: self.received < self._settings.receive)
        self.received += 1
        self._sheet += 1
        ordinal = self._sheet
        told = yield self._kernel.compute(lambda: sheet.develop(ordinal))
        self._log("sheet-out", sheet=ordinal, job=job.number, film=sheet.film, **told)
        self._tell()

    def _stick(self, job: Job, sheet: Sheet) -> Generator[Event, Any, None]:
        """A sheet is stuck; once it is taken out it is spoilt, and its image is exposed on another one."""
        self._jam_next, self.jammed = False, True
        self._log("film-jam", job=job.number, film=sheet.film)
        self._tell()
        yield from self._until(lambda: not self.jammed)

    def _until(self, ready: Callable[[], bool]) -> Generator[Event, Any, None]:
        while not ready():
            yield self._changed

    def _tell(self) -> None:
        """Wake what waits for a change, and log the status if it is another one."""
        changed, self._changed = self._changed, self._env.event()
        changed.succeed()
        worst = self.conditions[0]
        if worst != self._told:
            self._told = worst
            self._log("printer-status", status=SEVERITY[worst], info=worst.value)
            for watcher in self.watchers:
                watcher()
