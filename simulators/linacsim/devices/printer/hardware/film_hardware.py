"""The printer's hardware as its services see it."""

from __future__ import annotations

from collections.abc import Callable

from linacsim.devices.printer.hardware.clockwork import Clockwork, Log
from linacsim.devices.printer.hardware.conditions import Condition, conditions_of, status_of
from linacsim.devices.printer.hardware.engine import Engine, fail
from linacsim.devices.printer.hardware.jobs import (
    CANCELED,
    Job,
    MediumNotInstalledError,
    Priority,
    QueueFullError,
    Sheet,
)
from linacsim.devices.printer.hardware.machine import Machine
from linacsim.devices.printer.hardware.memory import PrintBuffer
from linacsim.devices.printer.hardware.operator import Operator
from linacsim.devices.printer.hardware.settings import CURRENT, HardwareSettings
from linacsim.kernel.core import Kernel

MediumAndSize = tuple[str, str]
"""Medium Type and Film Size ID."""


class FilmHardware:
    """The parts of the printer and the processes that move film through them.

    Parameters
    ----------
    kernel : Kernel
        Whose clock it runs on.
    settings : HardwareSettings
        What it is made of.
    log : callable
        Writes a record: the event, and its fields by keyword.
    name : str
        Of the printer, for who waits for what.

    Attributes
    ----------
    machine : Machine
        The parts.
    operator : Operator
        Who stands beside it.
    watchers : list of callable
        Called when the printer's status changes, inside the hardware's processes: they must not block.
    """

    def __init__(self, kernel: Kernel, settings: HardwareSettings, log: Log, name: str) -> None:
        self._clockwork = Clockwork(kernel, log, name)
        self._clockwork.heard = self._heard
        self._log = log
        self.machine = Machine(self._clockwork, settings)
        self.watchers: list[Callable[[], None]] = []
        self._jobs = 0
        self._told: tuple[str, str] | None = None
        self._on = False
        self._conditions = conditions_of(self.machine)
        self._engine = Engine(self.machine, lambda: self._conditions)
        self.operator = Operator(self.machine, self)

    def switch_on(self) -> None:
        """Start warming up and working."""
        self._on = True
        self.machine.switch_on()
        self._clockwork.begin(self._engine.run(), "film transport")

    # jobs

    def submit(
        self,
        owner: str,
        sheets: list[Sheet],
        copies: int = 1,
        *,
        priority: Priority = "MED",
        destination: str = "",
        label: str = "",
        collated: bool = True,
    ) -> Job:
        """Queue a job.

        Raises
        ------
        QueueFullError
            If as many jobs wait as the queue holds.
        MediumNotInstalledError
            If the printer does not wait for a medium that is in none of its magazines.
        """
        machine = self.machine
        if machine.queue.full:
            raise QueueFullError
        missing = next((one for one in sheets if not machine.slots.holding(one.medium, one.size)), None)
        if missing is not None and machine.settings.missing_medium == "refuse":
            raise MediumNotInstalledError(missing.medium, missing.size)
        job = Job(
            number=self._jobs + 1,
            owner=owner,
            label=label,
            sheets=sheets,
            copies=copies,
            collated=collated,
            priority=priority,
            destination=machine.receivers.named(destination).name,
            created=self._clockwork.now,
        )
        self._jobs += 1
        machine.queue.put(job)
        self._log("job-queued", job=job.number, owner=owner, sheets=len(sheets) * copies)
        self._clockwork.tell()
        return job

    def cancel(self, job: Job) -> bool:
        """Cancel a job: it fails with JOB CANCELED; return whether there was anything to cancel."""
        if self.machine.queue.remove(job):
            fail(job, CANCELED, self._log)
            self._clockwork.tell()
            return True
        if job is not self.machine.job:
            return False
        self._engine.cancel()
        return True

    def forget_jobs(self) -> None:
        """Forget all jobs, the one that is printed too: its sheet comes out, and no other one."""
        for job in [*self.machine.queue]:
            self.cancel(job)
        if self.machine.job is not None:
            self.cancel(self.machine.job)

    def job(self, number: int) -> Job | None:
        """Return the job with this number if it waits or is printed."""
        printed = self.machine.job
        if printed is not None and printed.number == number:
            return printed
        return next((job for job in self.machine.queue if job.number == number), None)

    @property
    def waiting(self) -> int:
        """How many jobs wait."""
        return len(self.machine.queue)

    # what is told

    @property
    def conditions(self) -> list[Condition]:
        """What is the matter, gravest first."""
        return conditions_of(self.machine)

    @property
    def status(self) -> tuple[str, str]:
        """Printer Status and Printer Status Info (PS3.3 C.13.9): those of the gravest condition."""
        return status_of(self.conditions)

    @property
    def memory(self) -> PrintBuffer:
        """The print buffer."""
        return self.machine.memory

    @property
    def calibrated(self) -> int:
        """When it was calibrated last, in microseconds of the run."""
        return self.machine.calibrated

    @property
    def installed(self) -> list[MediumAndSize]:
        """What is in the magazines, each once, in the order of the slots (Media Installed Sequence)."""
        return list(dict.fromkeys((one.medium, one.size) for _, one in self.machine.slots.mounted()))

    @property
    def available(self) -> list[MediumAndSize]:
        """What could be put in instead (Other Media Available Sequence)."""
        settings, here = self.machine.settings, self.installed
        sizes = settings.slots_take or settings.film_sizes
        pairs = [(medium, size) for medium in settings.media for size in sizes if CURRENT not in (medium, size)]
        return [pair for pair in pairs if pair not in here]

    def _heard(self) -> None:
        """Look at all parts, let the engine stand still or move, and tell the status if it is another one."""
        self._conditions = conditions_of(self.machine)
        self._clockwork.stop(stopped=any(one.stops_engine for one in self._conditions))
        if self.machine.job is not None and not self.machine.lost:
            self.machine.lost = next((one.term for one in self._conditions if one.fails_job), "")
            if self.machine.lost:
                self._clockwork.halt()
        told = status_of(self._conditions)
        if told == self._told or not self._on:
            return
        self._told = told
        self._log("printer-status", status=told[0], info=told[1])
        for watcher in list(self.watchers):
            watcher()

    # the acts that scenarios have known from the beginning

    def jam_next(self, cleared_after: int | None = None) -> None:
        """Let the next sheet get stuck in the transport; somebody takes it out `cleared_after` that, in microseconds."""
        self.machine.jams_next, self.machine.cleared_after = True, cleared_after

    def clear_jam(self) -> bool:
        """Take the stuck sheet out; return whether there was one."""
        return self.operator.take_sheet_out()

    def refill(self) -> None:
        """Fill all supply magazines, empty all receivers."""
        self.operator.refill("", "")
