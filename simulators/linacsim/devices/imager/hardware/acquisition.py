"""How pictures and scans are taken: one step after the other.

The hardware decides when; what is seen is the business of the work that it is handed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import floor
from typing import TypeVar

from linacsim.devices.imager.hardware.buffer import Hold
from linacsim.devices.imager.hardware.clockwork import Steps
from linacsim.devices.imager.hardware.conditions import Act, Stopped
from linacsim.devices.imager.hardware.machine import Machine
from linacsim.devices.imager.hardware.movement import Movement
from linacsim.devices.imager.hardware.results import Exposure, Sweep, Swept, Taken
from linacsim.devices.imager.hardware.tube import Heats
from linacsim.errors import InputError
from linacsim.kernel.units import MILLISECOND, MINUTE, SECOND
from linacsim.physics.presets import CbctPreset, KvTechnique, MvTechnique

T = TypeVar("T")
V = TypeVar("V")
Mark = tuple[int, Callable[[], object]]

_EXACT = 1e-6
_VIEW = 1e-3
"""The part of a view that may be missing: moments are whole microseconds."""


class Acquisition:
    """What radiates.

    Parameters
    ----------
    machine : Machine
        The parts.
    movement : Movement
        How they move.
    """

    def __init__(self, machine: Machine, movement: Movement) -> None:
        self._machine = machine
        self._movement = movement
        self._clockwork = machine.clockwork

    # single pictures

    def take_kv(
        self, technique: KvTechnique, gantry: float, work: Callable[[Exposure], T], *, extended: bool
    ) -> Steps[Taken[T]]:
        """Take a kV picture with the gantry (not the kV source) at an angle."""
        machine = self._machine
        load = machine.tube.load_of(technique.kvp, technique.ma, technique.ms)
        with self._acquiring():
            goal = self._movement.goal(gantry, extended=extended)
            machine.check(Act.KV, heats=Heats(load, round(technique.ms * MILLISECOND), self._until_beam(goal)))
            hold = machine.take_places(Act.KV, 1)
            with self._returned_on_failure(hold):
                yield from self._movement.turn(goal)
                exposure = yield from self._kv_beam(technique, load)
                yield from self._clockwork.passing(machine.panels["kv"].readout, lambda: False)
                picture = yield from self._clockwork.compute(lambda: work(exposure))
        return Taken(exposure=exposure, picture=picture, hold=hold)

    def take_mv(
        self, technique: MvTechnique, gantry: float, work: Callable[[Exposure], T], *, extended: bool
    ) -> Steps[Taken[T]]:
        """Take a portal image at an angle of the gantry."""
        machine = self._machine
        with self._acquiring():
            goal = self._movement.goal(gantry, extended=extended)
            machine.check(Act.MV)
            hold = machine.take_places(Act.MV, 1)
            with self._returned_on_failure(hold):
                yield from self._movement.turn(goal)
                exposure = yield from self._mv_beam(technique)
                yield from self._clockwork.passing(machine.panels["mv"].readout, lambda: False)
                picture = yield from self._clockwork.compute(lambda: work(exposure))
        return Taken(exposure=exposure, picture=picture, hold=hold)

    def _kv_beam(self, technique: KvTechnique, load: float) -> Steps[Exposure]:
        machine, duration = self._machine, round(technique.ms * MILLISECOND)
        yield from self._prepare(Act.KV, load, duration)
        number, began = machine.next_acquisition(), machine.now
        machine.log(
            "kv-on", acquisition=number, kvp=technique.kvp, ma=technique.ma, ms=technique.ms, gantry=self._angle
        )  # fmt: skip
        marks: list[Mark] = [(duration // 2, machine.exposure_trips)] if machine.exposure_trips else []
        complete = yield from self._tube_beam(Act.KV, load, [*marks, (duration, lambda: None)])
        lasted = (machine.now - began) / MILLISECOND
        machine.log("kv-off", acquisition=number, ms=lasted, heat=self._heat, complete=complete)
        if not complete:
            raise machine.stop(Act.KV, f"after {lasted:g} of {technique.ms:g} ms; there is no picture")
        return self._exposure(number, began)

    def _mv_beam(self, technique: MvTechnique) -> Steps[Exposure]:
        machine, settings = self._machine, self._machine.settings.beam
        machine.check(Act.MV, has_places=True)
        if (yield from self._passing(Act.MV, settings.begin)) < settings.begin:
            raise machine.stop(Act.MV, "before the first MU; there is no picture")
        number, began = machine.next_acquisition(), machine.now
        machine.log("mv-on", acquisition=number, mu=technique.mu, energy=technique.energy, gantry=self._angle)
        duration = round(technique.mu / settings.rate * MINUTE)
        passed = yield from self._passing(Act.MV, duration)
        given = technique.mu if passed >= duration else round(passed / MINUTE * settings.rate, 3)
        machine.log("mv-off", acquisition=number, mu=given, complete=passed >= duration)
        if passed < duration:
            raise machine.stop(Act.MV, f"after {given:g} of {technique.mu:g} MU; there is no picture", given)
        return self._exposure(number, began)

    def _exposure(self, number: int, began: int) -> Exposure:
        machine, now = self._machine, self._machine.now
        return Exposure(
            number=number, gantry=machine.gantry.angle(now), extended=machine.gantry.extended(now),
            couch=machine.table.position(now), began=began, ended=now,
        )  # fmt: skip

    # scans

    def sweep(self, preset: CbctPreset, slices: int, work: Callable[[Sweep], V]) -> Steps[Swept[V]]:
        """Turn once around with the beam on; a scan that is stopped leaves the views up to there."""
        machine, act = self._machine, Act.SCAN
        if slices < 1:
            raise InputError(f"{slices} slices", act.value, "give 1 or more")
        load = machine.tube.load_of(preset.kvp, preset.ma, preset.ms, preset.projections)
        with self._acquiring():
            start = self._start_of(preset)
            machine.check(act, heats=Heats(load, self._scan_time(preset), self._until_beam(start)))
            hold = machine.take_places(act, slices)
            with self._returned_on_failure(hold):
                yield from self._movement.turn(start)
                yield from self._prepare(act, load, self._scan_time(preset))
                sweep, stopped = yield from self._rotate(preset, start, load)
                if stopped is not None and not sweep.views:
                    raise stopped
                views = yield from self._clockwork.compute(lambda: work(sweep))
                swept = Swept(sweep=sweep, views=views, slices=slices, hold=hold)
                if stopped is not None:
                    raise stopped.leaving(swept)
        return swept

    def _start_of(self, preset: CbctPreset) -> float:
        """Return the place where the gantry begins, or refuse what it or the panel cannot do."""
        machine, act = self._machine, Act.SCAN
        fastest, rate = machine.settings.gantry.speed, machine.panels["kv"].frame_rate
        if preset.rotation_speed > fastest * (1 + _EXACT):
            why = f"{preset.name} turns {preset.rotation_speed:g} degrees/s, the gantry {fastest:g} at most"
            raise machine.refusal(act, why, "use a slower preset")
        if preset.frame_rate > rate * (1 + _EXACT):
            why = f"{preset.name} takes {preset.frame_rate:.1f} frames/s, the kV panel {rate:g} at most"
            raise machine.refusal(act, why, "use a preset with fewer projections")
        start = machine.gantry.arc_from(preset.start, preset.arc, machine.now)
        if start is None:
            why = f"{preset.name} turns from {preset.start:g} by {preset.arc:g} degrees, past the stop of the gantry"
            ends = f"{machine.gantry.reach - 180:g} degrees beyond 180 on either side"
            raise machine.refusal(act, why, f"begin elsewhere; the way ends {ends}")
        return start

    def _scan_time(self, preset: CbctPreset) -> int:
        rise = preset.rotation_speed / self._machine.settings.gantry.acceleration
        return round((preset.seconds + rise) * SECOND)

    def _rotate(self, preset: CbctPreset, start: float, load: float) -> Steps[tuple[Sweep, Stopped | None]]:
        machine, gantry = self._machine, self._machine.gantry
        number, began, total = machine.next_acquisition(), machine.now, preset.projections
        machine.log(
            "scan-begin", acquisition=number, preset=preset.name, views=total, gantry=self._angle, arc=preset.arc
        )  # fmt: skip

        def progress(step: int) -> Callable[[], None]:
            return lambda: self._tell_progress(number, preset, step)

        travel = gantry.depart(start + preset.arc, began, preset.rotation_speed)
        marks: list[Mark] = []
        if machine.exposure_trips is not None:
            marks.append((travel.duration // 2, machine.exposure_trips))
        if machine.scan_hits is not None and (distance := (machine.scan_hits[0] - preset.start) % 360.0) < preset.arc:
            marks.append((travel.due(distance), machine.scan_hits[1]))
        steps = machine.settings.progress
        marks += [(travel.due(preset.arc * step / steps), progress(step)) for step in range(1, steps + 1)]
        complete = yield from self._tube_beam(Act.SCAN, load, sorted(marks, key=lambda mark: mark[0]))
        turned = preset.arc if complete else gantry.place(machine.now) - start
        self._movement.stand()
        taken = total if complete else min(total, floor(turned / preset.arc * total + _VIEW))
        machine.log(
            "scan-end", acquisition=number, taken=taken, views=total, gantry=self._angle, heat=self._heat,
            complete=complete,
        )  # fmt: skip
        sweep = Sweep(
            number=number, preset=preset, views=taken, gantry=self._angle, couch=machine.table.position(machine.now),
            began=began, ended=machine.now,
        )  # fmt: skip
        if complete:
            return sweep, None
        return sweep, machine.stop(Act.SCAN, f"after {taken} of {total} views, the gantry at {sweep.gantry:g} degrees")

    def _tell_progress(self, number: int, preset: CbctPreset, step: int) -> None:
        steps = self._machine.settings.progress
        self._machine.log(
            "scan-progress", acquisition=number, taken=preset.projections * step // steps, views=preset.projections,
            gantry=self._angle, percent=100 * step // steps,
        )  # fmt: skip

    # what they have in common

    @contextmanager
    def _acquiring(self) -> Iterator[None]:
        """Beam off means this acquisition, not one before."""
        machine = self._machine
        machine.acquiring = True
        try:
            yield
        finally:
            machine.acquiring = machine.halted = False

    @contextmanager
    def _returned_on_failure(self, hold: Hold) -> Iterator[None]:
        try:
            yield
        except Exception:
            self._machine.give_back(hold)
            raise

    def _prepare(self, act: Act, load: float, duration: int) -> Steps[None]:
        """Rotor, filament and voltage, for so much heat in so much time."""
        machine = self._machine
        wait = self._preparation
        machine.check(act, has_places=True, heats=Heats(load, duration, wait))
        if (yield from self._passing(act, wait)) < wait:
            raise machine.stop(act, "before the beam was on")

    def _tube_beam(self, act: Act, load: float, marks: list[Mark]) -> Steps[bool]:
        """Let heat flow into the anode until the last mark; return whether it came so far."""
        machine = self._machine
        machine.tube.beam_on(load * SECOND / max(marks[-1][0], 1), machine.now)
        complete = yield from self._clockwork.through(marks, lambda: machine.is_stopped(act))
        machine.tube.beam_off(machine.now)
        machine.cool_down()
        machine.clockwork.tell()
        return complete

    def _passing(self, act: Act, duration: int) -> Steps[int]:
        return self._clockwork.passing(duration, lambda: self._machine.is_stopped(act))

    @property
    def _preparation(self) -> int:
        return self._machine.settings.tube.preparation + self._machine.settings.generator.stable

    def _until_beam(self, goal: float) -> int:
        """Return how long it takes until the beam can be on with the gantry at a place."""
        return self._machine.gantry.way(goal, self._machine.now).duration + self._preparation

    @property
    def _angle(self) -> float:
        return self._machine.gantry.told(self._machine.now)

    @property
    def _heat(self) -> float:
        return round(self._machine.tube.heat(self._machine.now), 3)
