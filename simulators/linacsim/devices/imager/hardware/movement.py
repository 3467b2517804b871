"""How the imager moves: arms, gantry, couch, one after the other and with all that can come between."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from math import isfinite

from linacsim.devices.imager.hardware.arms import Position
from linacsim.devices.imager.hardware.clockwork import Steps
from linacsim.devices.imager.hardware.conditions import Act, Condition
from linacsim.devices.imager.hardware.couch import AXES
from linacsim.devices.imager.hardware.machine import Machine
from linacsim.devices.imager.hardware.settings import ArmName, Purpose
from linacsim.errors import InputError
from linacsim.physics.geometry import Couch


class Movement:
    """The movements.

    Parameters
    ----------
    machine : Machine
        What moves.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    # arms

    def arms_for(self, purpose: Purpose) -> dict[ArmName, Position]:
        """Return where which arms have to be."""
        if purpose == "mv":
            return {"mv-detector": Position.EXTENDED}
        goals: dict[ArmName, Position] = {"kv-source": Position.EXTENDED, "kv-detector": Position.EXTENDED}
        if purpose == "cbct" and self._machine.arms.mv_clear_of_scan:
            goals["mv-detector"] = Position.RETRACTED
        return goals

    def move_arms(self, goals: Mapping[ArmName, Position]) -> Steps[None]:
        """Move arms, all at the same time."""
        machine, arms, now = self._machine, self._machine.arms, self._machine.now
        machine.check(Act.ARMS)
        going = {name: to for name, to in goals.items() if arms.by_name[name].position(now) is not to}
        if any(arms.by_name[name].stuck for name in going):
            stuck = " and ".join(name for name in going if arms.by_name[name].stuck)
            raise machine.refusal(Act.ARMS, f"an arm is stuck ({stuck})", "free it", None, Condition.ARM_STUCK)
        marks: list[tuple[int, Callable[[], object]]] = []
        for name, to in going.items():
            takes = arms.by_name[name].depart(to, now)
            machine.log("arm-moving", arm=name, to=to.value, takes=takes)
            if (sticks := arms.by_name[name].sticks_next) is not None:
                marks.append((takes // 2, sticks))
            marks.append((takes, lambda: None))
        yield from machine.clockwork.through(sorted(marks, key=lambda mark: mark[0]), lambda: self._hindered(going))
        for name in going:
            arms.by_name[name].halt(machine.now)
            machine.log("arm-at", arm=name, position=arms.by_name[name].position(machine.now).value)
        machine.clockwork.tell()
        if any(arms.by_name[name].position(machine.now) is not to for name, to in going.items()):
            raise self._hindrance(going)

    def _hindered(self, going: Mapping[ArmName, Position]) -> bool:
        machine = self._machine
        return machine.collided or any(machine.arms.by_name[name].stuck for name in going)

    def _hindrance(self, going: Mapping[ArmName, Position]) -> Exception:
        return self._machine.stop(
            Act.ARMS, f"on the way to {', '.join(to.value for to in dict.fromkeys(going.values()))}"
        )

    # gantry

    def turn_to(self, angle: float, *, extended: bool = False) -> Steps[None]:
        """Turn the gantry to an angle; the way never leads past the stop."""
        self._machine.check(Act.GANTRY)
        yield from self.turn(self.goal(angle, extended=extended))

    def goal(self, angle: float, *, extended: bool) -> float:
        """Return the place of an angle, or refuse it."""
        machine = self._machine
        if not isfinite(angle):
            raise InputError(f"{angle} is no angle", Act.GANTRY.value, "give degrees")
        goal = machine.gantry.goal(angle, extended=extended)
        if goal is None:
            why = (
                f"{angle:g} degrees is not in the extended range, which ends {machine.gantry.reach - 180:g} beyond 180"
            )
            raise machine.refusal(Act.GANTRY, why, "ask for it in the ordinary range")
        return goal

    def turn(self, place: float) -> Steps[None]:
        """Turn the gantry to a place, degrees from upright."""
        machine, gantry = self._machine, self._machine.gantry
        if place == gantry.place(machine.now):
            return
        machine.check(Act.GANTRY)
        travel = gantry.depart(place, machine.now)
        machine.log("gantry-moving", gantry=self._angle, to=round(place, 3) % 360.0, takes=travel.duration)
        yield from machine.clockwork.passing(travel.duration, lambda: machine.is_stopped(Act.GANTRY))
        self.stand()
        if gantry.place(machine.now) != place:
            raise machine.stop(Act.GANTRY, f"the gantry at {self._angle:g} degrees")

    def stand(self) -> None:
        """Let the gantry stand where it is."""
        machine = self._machine
        machine.gantry.halt(machine.now)
        machine.log("gantry-at", gantry=self._angle, extended=machine.gantry.extended(machine.now))
        machine.clockwork.tell()

    @property
    def _angle(self) -> float:
        return self._machine.gantry.told(self._machine.now)

    # couch

    def move_couch(self, by: Couch) -> Steps[Couch]:
        """Move the couch by a correction; return where it is then."""
        machine, table, settings = self._machine, self._machine.table, self._machine.settings.couch
        machine.check(Act.COUCH)
        to = table.position(machine.now).moved(by)
        if said := table.beyond_ends(to):
            raise machine.refusal(Act.COUCH, said, "position the patient anew")
        if said := table.beyond_remote(by):
            if settings.beyond_remote == "refuse":
                raise machine.refusal(Act.COUCH, said, "go into the room and move the couch there")
            machine.log("couch-pause", reason=said, takes=settings.pause)
            if (yield from self._move_passing(settings.pause)) < settings.pause:
                raise machine.stop(Act.COUCH, "before the couch moved", table.position(machine.now))
        takes = table.depart(to, machine.now)
        machine.log("couch-moving", takes=takes)
        passed = yield from self._move_passing(takes)
        table.halt(machine.now)
        here = table.position(machine.now)
        machine.log("couch-at", **{word: round(getattr(here, name), 3) for name, (word, _) in AXES.items()})
        machine.clockwork.tell()
        if passed < takes:
            raise machine.stop(Act.COUCH, "the couch on its way", here)
        return here

    def _move_passing(self, duration: int) -> Steps[int]:
        return self._machine.clockwork.passing(duration, lambda: self._machine.is_stopped(Act.COUCH))
