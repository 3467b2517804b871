"""What of the imager can break, now or later, and how long until somebody mends it."""

from __future__ import annotations

from linacsim.devices.imager.hardware.machine import Machine
from linacsim.devices.imager.hardware.operator import Operator
from linacsim.devices.imager.hardware.settings import ArmName, PanelName


class Breakages:
    """The bad day.

    A breakage is a state of a part; what it forbids or stops follows from that. Where a time is given, somebody mends it
    that long after it has struck.

    Parameters
    ----------
    machine : Machine
        What breaks.
    operator : Operator
        Who mends it.
    """

    def __init__(self, machine: Machine, operator: Operator) -> None:
        self._machine = machine
        self._operator = operator
        self._later = machine.clockwork.later

    def overheat(self, heat: float | None = None) -> None:
        """Let the anode have `heat` kHU, or as much as it stores."""
        machine = self._machine
        machine.tube.overheat(heat if heat is not None else machine.settings.tube.capacity, machine.now)
        self._tell("tube-overheat", heat=round(machine.tube.heat(machine.now), 3))
        machine.cool_down()

    def lose_calibration(self, panel: PanelName) -> None:
        """Let a panel lose its calibration."""
        self._machine.panels[panel].lose()
        self._tell("calibration-lost", panel=panel)

    def collide(self, angle: float | None = None, cleared_after: int | None = None) -> None:
        """Let the collision detection trip: now, or in the next scan as it comes to an angle."""
        machine = self._machine

        def strike() -> None:
            machine.collided, machine.scan_hits = True, None
            self._tell("collision", gantry=machine.gantry.told(machine.now))
            self._later(cleared_after, "clearing the collision", self._operator.clear_collision)

        if angle is None:
            strike()
        else:
            machine.scan_hits = (angle, strike)

    def open_door(self, closed_after: int | None = None) -> None:
        """Open the door of the room."""
        if not self._machine.door_open:
            self._machine.door_open = True
            self._tell("door-opened")
        self._later(closed_after, "closing the door", self._operator.close_door)

    def trip_generator(self, *, next_exposure: bool = False, reset_after: int | None = None) -> None:
        """Let the kV generator trip: now, or in the middle of the next exposure or scan."""
        machine = self._machine

        def strike() -> None:
            machine.generator_fault, machine.exposure_trips = True, None
            self._tell("generator-fault")
            self._later(reset_after, "resetting the generator", self._operator.reset_generator)

        if next_exposure:
            machine.exposure_trips = strike
        else:
            strike()

    def stick_arm(self, name: ArmName, freed_after: int | None = None) -> None:
        """Let an arm get stuck where it is on its way, or halfway in its next movement."""
        arm = self._machine.arms.by_name[name]

        def strike() -> None:
            arm.stuck, arm.sticks_next = True, None
            self._tell("arm-stuck", arm=name)
            self._later(freed_after, "freeing the arm", lambda: self._operator.free_arm(name))

        if arm.moving:
            strike()
        else:
            arm.sticks_next = strike

    def fail_reconstruction(self, restarted_after: int | None = None) -> None:
        """Let the reconstruction fail that is going on, or the next one halfway."""
        machine = self._machine

        def strike() -> None:
            machine.reconstructor_failed, machine.reconstruction_fails = True, None
            machine.clockwork.tell()
            self._later(restarted_after, "restarting the reconstructor", self._operator.restart_reconstructor)

        if machine.reconstructing:
            strike()
        else:
            machine.reconstruction_fails = strike

    def jam_buffer(self, cleared_after: int | None = None) -> None:
        """Let nothing leave the image buffer."""
        if not self._machine.buffer.jammed:
            self._machine.buffer.jammed = True
            self._tell("buffer-jam")
        self._later(cleared_after, "clearing the buffer", self._operator.clear_buffer_jam)

    def _tell(self, event: str, **fields: object) -> None:
        self._machine.log(event, **fields)
        self._machine.clockwork.tell()
