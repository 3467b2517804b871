"""The process that moves film: from the queue to a magazine, through exposure and processor, into a receiver."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from linacsim.devices.printer.hardware.clockwork import Clockwork, Steps
from linacsim.devices.printer.hardware.conditions import Condition
from linacsim.devices.printer.hardware.jobs import (
    CANCELED,
    INVALID_PAGE,
    NO_MEMORY,
    NORMAL,
    InvalidPageError,
    Job,
    Sheet,
)
from linacsim.devices.printer.hardware.machine import Machine
from linacsim.devices.printer.hardware.magazines import Receiver
from linacsim.devices.printer.hardware.memory import Reservation


class _JobFailed(Exception):
    """The job that is printed comes to its end; the argument is its Execution Status Info."""


class Engine:
    """Prints one job after the other.

    Parameters
    ----------
    machine : Machine
        The parts.
    present : callable
        What is the matter now, gravest first.
    """

    def __init__(self, machine: Machine, present: Callable[[], list[Condition]]) -> None:
        self._machine = machine
        self._clockwork: Clockwork = machine.clockwork
        self._log = machine.clockwork.log
        self._present = present
        self._canceled = False

    def cancel(self) -> None:
        """Let the job that is printed come to its end: now if it waits, else after the sheet on its way."""
        self._canceled = True
        self._clockwork.tell()

    def run(self) -> Steps:
        """Print whatever is queued, for good."""
        machine = self._machine
        while True:
            yield from self._clockwork.until(self._may_start)
            job = machine.job = machine.queue.next()
            self._canceled = False
            job.become("PRINTING", NORMAL)
            self._log("job-printing", job=job.number)
            yield from self._print_job(job)
            machine.job = machine.wanted = None
            machine.lost = machine.spoilt_by = ""
            machine.in_flight = None
            self._clockwork.tell()

    def _may_start(self) -> bool:
        machine = self._machine
        free = not any(one.stops_start for one in self._present())
        return free and bool(len(machine.queue)) and not machine.held

    def _print_job(self, job: Job) -> Steps:
        try:
            in_order = job.in_order()
            sheet = next(in_order, None)
            while sheet is not None:
                following = next(in_order, None)
                yield from self._print(job, sheet, following)
                sheet = following
        except _JobFailed as failed:
            fail(job, str(failed), self._log)
        else:
            job.become("DONE", NORMAL)
            self._log("job-done", job=job.number)

    def _print(self, job: Job, sheet: Sheet, following: Sheet | None) -> Steps:
        """Print a sheet; one that is spoilt on its way costs another."""
        machine = self._machine
        page = yield from self._load_page(job, sheet)
        try:
            while True:
                yield from self._feed(job, sheet)
                yield from self._transport(job, sheet)
                receiver = yield from self._process(job)
                if not machine.spoilt_by:
                    break
                self._spoilt(job, sheet)
            following = following or machine.queue.first_sheet()
            if following is not None:
                following.prepare()
            yield from self._deliver(job, sheet, receiver)
        finally:
            if page is not None:
                machine.memory.free(page)

    def _load_page(self, job: Job, sheet: Sheet) -> Any:
        """Take the memory for the page of a sheet; one that is larger than the memory can never be printed."""
        memory = self._machine.memory
        if not sheet.memory:
            return None
        if sheet.memory > self._machine.settings.memory:
            raise _JobFailed(NO_MEMORY)
        got: list[Reservation] = []

        def loaded() -> bool:
            page = memory.try_reserve(job.owner, sheet.memory)
            got.extend([page] if page is not None else [])
            return page is not None

        yield from self._wait(job, loaded)
        return got[0]

    def _feed(self, job: Job, sheet: Sheet) -> Steps:
        """Draw a sheet out of a magazine that holds what is wanted."""
        machine = self._machine
        machine.wanted = (sheet.medium, sheet.size)
        if not self._can_feed():
            self._clockwork.tell()
            yield from self._wait(job, self._can_feed)
        magazine = machine.slots.ready(sheet.medium, sheet.size)
        if magazine is None:
            raise AssertionError("a sheet is fed from a magazine that is ready")
        magazine.sheets -= 1
        machine.wanted, machine.in_flight = None, magazine
        self._clockwork.tell()

    def _can_feed(self) -> bool:
        machine = self._machine
        if machine.wanted is None or machine.slots.ready(*machine.wanted) is None:
            return False
        return not any(one.stops_feed for one in self._present())

    def _transport(self, job: Job, sheet: Sheet) -> Steps:
        machine = self._machine
        yield from self._move(machine.settings.transport)
        if machine.jams_next:
            machine.get_stuck()
            self._log("film-jam", job=job.number, film=sheet.film)
            self._clockwork.tell()
            yield from self._wait(job, lambda: not machine.jammed)

    def _process(self, job: Job) -> Any:
        """Expose and develop; return what the sheet goes into, once that takes it."""
        machine = self._machine
        receiver = machine.receivers.named(job.destination)
        if machine.spoilt_by:
            return receiver
        yield from self._move(machine.settings.processor.per_sheet)
        if not machine.spoilt_by and not self._takes(receiver):
            yield from self._wait(job, lambda: self._takes(receiver))
        return receiver

    def _takes(self, receiver: Receiver) -> bool:
        machine = self._machine
        sorted_by = receiver.is_bin and "sorter" in machine.broken
        return receiver.ready and not sorted_by and not any(one.stops_engine for one in self._present())

    def _spoilt(self, job: Job, sheet: Sheet) -> None:
        machine = self._machine
        self._log("sheet-spoilt", job=job.number, film=sheet.film, reason=machine.spoilt_by)
        machine.in_flight, machine.spoilt_by = None, ""

    def _deliver(self, job: Job, sheet: Sheet, receiver: Receiver) -> Steps:
        machine = self._machine
        receiver.sheets += 1
        machine.use()
        ordinal = machine.sheets
        try:
            told = yield self._clockwork.kernel.compute(lambda: sheet.develop(ordinal))
        except InvalidPageError as error:
            self._log("sheet-spoilt", job=job.number, film=sheet.film, reason=str(error))
            raise _JobFailed(INVALID_PAGE) from error
        job.out += 1
        self._log("sheet-out", sheet=ordinal, job=job.number, film=sheet.film, **told)
        self._clockwork.tell()
        if machine.settings.calibration.automatic and machine.calibration_due:
            machine.calibrate()
        if self._canceled and job.out < len(job.sheets) * job.copies:
            raise _JobFailed(CANCELED)

    def _move(self, duration: int) -> Steps:
        yield from self._clockwork.moving(duration)
        self._check()

    def _check(self) -> None:
        if self._machine.lost:
            raise _JobFailed(self._machine.lost)

    def _wait(self, job: Job, ready: Callable[[], bool]) -> Steps:
        """Wait until `ready`; the job says meanwhile what it waits for."""
        machine = self._machine
        patience = machine.settings.gives_up_after
        late = self._clockwork.passing(patience) if patience is not None else None
        while not ready():
            self._check()
            if self._canceled:
                raise _JobFailed(CANCELED)
            blocking = [one for one in self._present() if one.severity != NORMAL]
            job.info = blocking[0].term if blocking else NORMAL
            if late is None:
                yield self._clockwork.change()
                continue
            yield late | self._clockwork.change()
            if late.processed and not ready():
                raise _JobFailed(job.info)
        self._check()
        job.info = NORMAL


def fail(job: Job, info: str, log: Callable[..., None]) -> None:
    """Let a job fail."""
    job.become("FAILURE", info)
    log("job-failed", job=job.number, info=info)
