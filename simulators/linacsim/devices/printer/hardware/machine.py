"""The parts of the printer, put together: everything that the status of the printer is derived from."""

from __future__ import annotations

from typing import Literal, get_args

from linacsim.devices.printer.hardware.clockwork import Clockwork, Steps
from linacsim.devices.printer.hardware.jobs import Job, PrintQueue
from linacsim.devices.printer.hardware.magazines import Receivers, Slots, SupplyMagazine
from linacsim.devices.printer.hardware.memory import PrintBuffer
from linacsim.devices.printer.hardware.processor import Processor
from linacsim.devices.printer.hardware.settings import HardwareSettings

Part = Literal[
    "configuration", "densitometer", "drive", "electronics", "engine", "finisher", "heater", "laser", "memory",
    "power-supply", "ribbon", "rollers", "sensors", "software", "sorter", "transport",
]  # fmt: skip
"""What can break by itself; magazines and chemistry are damaged by their own words."""
PARTS: tuple[Part, ...] = get_args(Part)


class Machine:
    """The state of the printer.

    Parameters
    ----------
    clockwork : Clockwork
        Time, log and news.
    settings : HardwareSettings
        What it is made of.

    Attributes
    ----------
    slots, receivers, processor, memory, queue : objects
        The larger parts.
    broken : dict of str to None
        Parts that do not work, oldest first.
    open_covers : dict of str to None
        Covers that are open.
    job : Job or None
        The job that is printed.
    lost : str
        The term by which the job that is printed is lost; empty if it is not.
    wanted : tuple of str or None
        Medium and size that the job waits for.
    in_flight : SupplyMagazine or None
        Where the sheet on its way comes from.
    spoilt_by : str
        What has spoilt that sheet; empty if nothing has.
    jammed, jams_next : bool
        Whether a sheet is stuck, or the next one will get stuck.
    jams : int
        Sheets that have been stuck.
    cleared_after : int or None
        How long after that somebody takes the next one out.
    powered, initialising, online, held : bool
        Switched on; in its self-test; online; the queue is held by the operator.
    sheets : int
        Sheets that have come out since the printer was made.
    since_service, since_calibration : int
        Sheets since then.
    calibrating, calibration_failed : bool
        Whether it is being calibrated; whether the last calibration has failed.
    calibrated : int
        When it was calibrated last, in microseconds of the run.
    finisher, ribbon : int
        Sheets that their supplies are enough for.
    """

    def __init__(self, clockwork: Clockwork, settings: HardwareSettings) -> None:
        self.clockwork = clockwork
        self.settings = settings
        self.slots = Slots(settings)
        self.receivers = Receivers(settings)
        self.processor = Processor(clockwork, settings)
        self.memory = PrintBuffer(settings.memory, clockwork.tell)
        self.queue = PrintQueue(settings.queue)
        self.broken: dict[Part, None] = {}
        self.open_covers: dict[str, None] = {}
        self.job: Job | None = None
        self.wanted: tuple[str, str] | None = None
        self.lost = ""
        self.in_flight: SupplyMagazine | None = None
        self.spoilt_by = ""
        self.jammed = self.jams_next = False
        self.jams = 0
        self.cleared_after: int | None = None
        self.powered = self.initialising = self.held = False
        self.online = True
        self.sheets = self.since_service = self.since_calibration = 0
        self.calibrating = self.calibration_failed = False
        self.calibrated = 0
        self.finisher = settings.finisher.supplies if settings.finisher is not None else 0
        self.ribbon = settings.ribbon.sheets if settings.ribbon is not None else 0
        self._start = 0

    # power

    def switch_on(self) -> None:
        """Begin with the self-test; the processor warms up meanwhile."""
        self.powered = self.initialising = True
        self._start += 1
        self.processor.power(on=True)
        if self.settings.initialisation:
            self.clockwork.begin(self._self_test(self._start), "self-test")
        else:
            self.initialising = False
        self.clockwork.tell()

    def switch_off(self) -> None:
        """Cut the power of all that moves and heats; whatever speaks DICOM has its own."""
        self.powered = self.initialising = False
        self._start += 1
        self.processor.power(on=False)
        self.clockwork.tell()

    def _self_test(self, start: int) -> Steps:
        yield self.clockwork.passing(self.settings.initialisation)
        if start == self._start:
            self.initialising = False
            self.clockwork.tell()

    # what breaks and is mended

    def has(self, part: Part) -> bool:
        """Whether this printer has such a part."""
        return {
            "finisher": self.settings.finisher is not None,
            "ribbon": self.settings.ribbon is not None,
            "sorter": any(receiver.is_bin for receiver in self.receivers.by_name.values()),
        }.get(part, True)

    def break_part(self, part: Part) -> None:
        """Let a part stop working."""
        self.broken[part] = None
        self._apply(part)
        if part == "laser":
            self.spoil("no exposure")
        self.clockwork.log("part-broken", part=part)
        self.clockwork.tell()

    def mend_part(self, part: Part) -> bool:
        """Mend or replace a part; return whether it was broken."""
        if part not in self.broken:
            return False
        del self.broken[part]
        self._apply(part)
        self.clockwork.log("part-mended", part=part)
        if part in ("software", "electronics", "power-supply") and self.powered:
            self.switch_on()
        self.clockwork.tell()
        return True

    def _apply(self, part: Part) -> None:
        """Let what hangs on a part follow it."""
        broken = part in self.broken
        if part == "memory":
            (self.memory.lose if broken else self.memory.mend)()
        elif part == "heater":
            self.processor.heater = not broken
            self.processor.heating_changed()
        elif part == "drive":
            self.processor.drive = not broken
        elif part == "rollers":
            self.processor.dirty = broken
            if not broken:
                self.processor.clean()

    def get_stuck(self) -> None:
        """Let the sheet on its way get stuck; it is taken out later, if somebody is there to do it."""
        self.jams_next, self.jammed = False, True
        self.jams += 1
        self.spoil("stuck")
        number = self.jams
        self.clockwork.later(self.cleared_after, "clearing the jam", lambda: self.take_out(number))
        self.cleared_after = None

    def take_out(self, number: int = 0) -> bool:
        """Take the stuck sheet out, if it is still this one; return whether there was one."""
        if not self.jammed or number not in (0, self.jams):
            return False
        self.jammed = False
        self.clockwork.log("jam-cleared")
        self.clockwork.tell()
        return True

    def spoil(self, why: str) -> None:
        """Spoil the sheet that is on its way, if there is one: its image is exposed on another."""
        if self.in_flight is not None and not self.spoilt_by:
            self.spoilt_by = why

    # calibration

    @property
    def calibration_due(self) -> bool:
        """Whether as many sheets have come out as one calibration is good for."""
        every = self.settings.calibration.every
        return every is not None and self.since_calibration >= every

    def calibrate(self) -> None:
        """Begin a calibration; what has begun is not begun again."""
        if not self.calibrating:
            self.calibrating = True
            self.clockwork.begin(self._calibration(), "calibration")
            self.clockwork.tell()

    def _calibration(self) -> Steps:
        yield self.clockwork.passing(self.settings.calibration.takes)
        self.calibrating = False
        self.calibration_failed = "densitometer" in self.broken
        if not self.calibration_failed:
            self.since_calibration, self.calibrated = 0, self.clockwork.now
            self.clockwork.log("calibrated")
        self.clockwork.tell()

    # use

    def use(self) -> None:
        """Take down what the sheet on its way has cost, as it comes out."""
        if self.in_flight is not None:
            self.processor.develop(self.in_flight.size)
        self.in_flight = None
        self.sheets += 1
        self.since_service += 1
        self.since_calibration += 1
        self.finisher = max(0, self.finisher - 1)
        self.ribbon = max(0, self.ribbon - 1)
