"""The imager as a whole: its parts, and what follows from their states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import simpy

from linacsim.devices.imager.hardware.arms import Arms, Position
from linacsim.devices.imager.hardware.buffer import Hold, ImageBuffer
from linacsim.devices.imager.hardware.clockwork import Clockwork, Log, Steps
from linacsim.devices.imager.hardware.conditions import (
    FORBIDS,
    RADIATING,
    SEVERITY,
    STOPS,
    WORDS,
    Act,
    Condition,
    Refused,
    Severity,
    Stopped,
)
from linacsim.devices.imager.hardware.couch import Table
from linacsim.devices.imager.hardware.gantry import Gantry
from linacsim.devices.imager.hardware.panel import PanelState
from linacsim.devices.imager.hardware.settings import HardwareSettings, PanelName
from linacsim.devices.imager.hardware.tube import Heats, Tube
from linacsim.kernel.core import Kernel

T = TypeVar("T")
Strike = Callable[[], None]
"""Lets something break."""


class Machine:
    """The parts and their states.

    Parameters
    ----------
    kernel : Kernel
        Whose time it is.
    settings : HardwareSettings
        Of all parts.
    log : callable
        Writes a record.
    name : str
        Of the imager.
    """

    def __init__(self, kernel: Kernel, settings: HardwareSettings, log: Log, name: str) -> None:
        self.settings = settings
        self.clockwork = Clockwork(kernel, log, name)
        self.clockwork.heard = self._tell_status
        self.log = log
        self.tube = Tube(settings.tube)
        self.arms = Arms(settings.arms)
        self.gantry = Gantry(settings.gantry)
        self.table = Table(settings.couch)
        self.panels: dict[PanelName, PanelState] = {
            "kv": PanelState("kv", settings.panels.kv),
            "mv": PanelState("mv", settings.panels.mv),
        }
        self.buffer = ImageBuffer(settings.buffer.places)
        # one person at the console: what moves or radiates goes one after the other
        self.console = simpy.Resource(kernel.env)
        self.reconstructor = simpy.Resource(kernel.env)
        self.started_at: int | None = None
        self.warm_at: int | None = None
        self.collided = False
        self.door_open = False
        self.generator_fault = False
        self.reconstructor_failed = False
        # armed for later: what the next scan at this angle, exposure, reconstruction runs into
        self.scan_hits: tuple[float, Strike] | None = None
        self.exposure_trips: Strike | None = None
        self.reconstruction_fails: Strike | None = None
        self.reconstructing = False
        self.acquiring = False
        self.halted = False
        self._acquisitions = 0
        self._told: Condition | None = None

    @property
    def now(self) -> int:
        """Microseconds."""
        return self.clockwork.now

    def next_acquisition(self) -> int:
        """Return the ordinal of the next acquisition."""
        self._acquisitions += 1
        return self._acquisitions

    # what is the matter

    def conditions(self) -> list[Condition]:
        """Return what is the matter, gravest first; never empty."""
        now, arms = self.now, self.arms
        present = {
            Condition.COLLISION: self.collided,
            Condition.DOOR_OPEN: self.door_open,
            Condition.GENERATOR_FAULT: self.generator_fault,
            Condition.TUBE_OVERHEATED: self.tube.overheated(now),
            Condition.ARM_STUCK: bool(arms.stuck()),
            Condition.KV_PANEL_NOT_CALIBRATED: bool(self.panels["kv"].missing(now)),
            Condition.MV_PANEL_NOT_CALIBRATED: bool(self.panels["mv"].missing(now)),
            Condition.RECONSTRUCTOR_FAILED: self.reconstructor_failed,
            Condition.BUFFER_FULL: self.buffer.free == 0,
            Condition.BUFFER_JAM: self.buffer.jammed,
            Condition.STARTING: not self.started,
            Condition.BEAM_NOT_WARM: self.warm_at is None or now < self.warm_at,
            Condition.TUBE_HOT: self.tube.hot(now),
            Condition.KV_ARMS_NOT_EXTENDED: not arms.are(Position.EXTENDED, now, "kv-source", "kv-detector"),
            Condition.MV_ARM_NOT_EXTENDED: not arms.are(Position.EXTENDED, now, "mv-detector"),
            Condition.MV_ARM_IN_THE_WAY: arms.mv_clear_of_scan
            and not arms.are(Position.RETRACTED, now, "mv-detector"),
            Condition.NORMAL: True,
        }  # fmt: skip
        return [condition for condition in Condition if present[condition]]

    @property
    def started(self) -> bool:
        """Whether it takes requests."""
        return self.started_at is not None and self.now >= self.started_at

    @property
    def status(self) -> tuple[Severity, Condition]:
        """Severity and gravest condition; where the arms are is no status."""
        worst = next(one for one in self.conditions() if SEVERITY[one] is not Severity.NOTE)
        return SEVERITY[worst], worst

    def _tell_status(self) -> None:
        # a calibration that grows too old is told with the next request: nothing of the hardware happens then
        severity, worst = self.status
        if worst is not self._told:
            self._told = worst
            self.log("imager-status", status=severity.value, info=worst.value)

    def forbidding(self, act: Act) -> list[Condition]:
        """Return what forbids an act now."""
        present = self.conditions()
        return [condition for condition in FORBIDS[act] if condition in present]

    def stopping(self, act: Act) -> Condition | None:
        """Return what ends an act now."""
        present = self.conditions()
        return next((condition for condition in STOPS[act] if condition in present), None)

    def is_stopped(self, act: Act) -> bool:
        """Whether an act in progress ends now."""
        return (self.halted and act in RADIATING) or self.stopping(act) is not None

    # saying no

    def check(self, act: Act, partial: Any = None, *, has_places: bool = False, heats: Heats | None = None) -> None:
        """Refuse an act that a condition forbids, or that the tube is too hot for.

        Parameters
        ----------
        act : Act
            What is asked for.
        partial : object
            What there is of it already.
        has_places : bool
            Whether it has its places in the buffer, which then may be full.
        heats : Heats
            What it brings to the tube.

        Raises
        ------
        Refused
            With the gravest of the conditions.
        """
        self.clockwork.tell()
        besides = Condition.BUFFER_FULL if has_places else None
        found = [condition for condition in self.forbidding(act) if condition is not besides]
        if heats is not None and found[:1] in ([], [Condition.TUBE_OVERHEATED]):
            self._check_heat(act, heats)
        if found:
            raise self.refusal(act, *self._words(found[0]), self._ready_in(found[0]), found[0], partial)

    def _check_heat(self, act: Act, heats: Heats) -> None:
        tube, limit, begins = self.tube, self.settings.tube.limit, self.now + heats.begins_in
        if tube.allows(heats.load, heats.duration, begins):
            return
        ready = tube.ready_in(heats.load, heats.duration, begins)
        if ready is not None:
            ready = max(ready, tube.falls_to(limit, self.now))
        peak = tube.peak(heats.load, heats.duration, begins)
        why = f"the tube is overheated: it would come to {peak:.1f} kHU, {limit:g} are allowed"
        todo = "use less mAs" if ready is None else "wait until it has cooled, or use less mAs"
        raise self.refusal(act, why, todo, ready, Condition.TUBE_OVERHEATED)

    def refusal(
        self,
        act: Act,
        why: str,
        todo: str,
        ready_in: int | None = None,
        condition: Condition | None = None,
        partial: Any = None,
    ) -> Refused:
        """Return a refusal that has been logged."""
        refused = Refused(act.value, why, todo, ready_in, condition, partial)
        info = condition.value if condition is not None else "LIMIT"
        self.log("imager-refused", act=act.value, info=info, reason=str(refused), ready_in=ready_in)
        return refused

    def stop(self, act: Act, told: str = "", partial: Any = None) -> Stopped:
        """Return the end of an act before it was done, logged; `told` says how far it had come."""
        condition = self.stopping(act)
        why, todo = self._words(condition) if condition is not None else ("the operator pressed beam off", "")
        ready_in = self._ready_in(condition) if condition is not None else None
        why = f"{why}, {told}" if told else why
        stopped = Stopped(act.value, why, todo, ready_in, condition, partial)
        info = condition.value if condition is not None else "BEAM OFF"
        self.log("imager-stopped", act=act.value, info=info, reason=str(stopped))
        return stopped

    def _words(self, condition: Condition) -> tuple[str, str]:
        why, todo = WORDS[condition]
        more = {
            Condition.TUBE_OVERHEATED: lambda: (
                f"{self.tube.heat(self.now):.0f} kHU, {self.settings.tube.limit:g} at most"
            ),
            Condition.KV_PANEL_NOT_CALIBRATED: lambda: " and ".join(self.panels["kv"].missing(self.now)),
            Condition.MV_PANEL_NOT_CALIBRATED: lambda: " and ".join(self.panels["mv"].missing(self.now)),
            Condition.ARM_STUCK: lambda: " and ".join(self.arms.stuck()),
            Condition.BUFFER_FULL: lambda: f"{self.buffer.held} of {self.buffer.places} places are taken",
        }.get(condition)
        return (f"{why} ({more()})" if more is not None else why), todo

    def _ready_in(self, condition: Condition) -> int | None:
        if condition is Condition.TUBE_OVERHEATED:
            return self.tube.falls_to(self.settings.tube.limit, self.now)
        if condition is Condition.BEAM_NOT_WARM and self.warm_at is not None:
            return self.warm_at - self.now
        return None

    # taking turns and places

    def in_turn(self, steps: Callable[[], Steps[T]]) -> Steps[T]:
        """Do what moves or radiates, when the imager has started and nothing else is going on."""
        with self.console.request() as turn:
            yield turn
            yield from self.clockwork.until(lambda: self.started)
            return (yield from steps())

    def take_places(self, act: Act, places: int) -> Hold:
        """Take places in the image buffer.

        Raises
        ------
        Refused
            If there are not so many.
        """
        buffer = self.buffer
        if places > buffer.free:
            why = f"the image buffer has {buffer.free} of {buffer.places} places free, {places} are needed"
            raise self.refusal(act, why, WORDS[Condition.BUFFER_FULL][1], None, Condition.BUFFER_FULL)
        hold = buffer.take(places)
        self.tell_buffer()
        return hold

    def give_back(self, hold: Hold) -> None:
        """Release places that are not needed any more."""
        if self.buffer.release(hold):
            self.tell_buffer()

    def tell_buffer(self) -> None:
        """Say how full the buffer is."""
        self.log("buffer-level", held=self.buffer.held, places=self.buffer.places)
        self.clockwork.tell()

    def cool_down(self) -> None:
        """Say when the tube is no longer overheated, and no longer hot."""
        for wait in self.tube.thresholds(self.now):
            self.clockwork.later(wait, "cooling of the tube", self.clockwork.tell)
