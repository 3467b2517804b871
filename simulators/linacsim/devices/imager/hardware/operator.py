"""What people do beside asking for pictures: mending what is broken. All of it is done at once."""

from __future__ import annotations

from linacsim.devices.imager.hardware.machine import Machine
from linacsim.devices.imager.hardware.settings import ArmName


class Operator:
    """The people at the console and in the room.

    Each method returns whether there was anything to do. What was only armed for later is called off then.

    Parameters
    ----------
    machine : Machine
        What they look after.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    def beam_off(self) -> bool:
        """Press beam off: it ends an exposure, a scan, a flood field."""
        if not self._machine.acquiring:
            return False
        self._machine.halted = True
        self._tell("beam-off-pressed")
        return True

    def clear_collision(self) -> bool:
        """Free the way, and clear the collision detection."""
        machine = self._machine
        if not machine.collided:
            machine.scan_hits = None
            return False
        machine.collided = False
        self._tell("collision-cleared")
        return True

    def close_door(self) -> bool:
        """Close the door of the room."""
        if not self._machine.door_open:
            return False
        self._machine.door_open = False
        self._tell("door-closed")
        return True

    def reset_generator(self) -> bool:
        """Reset the kV generator."""
        machine = self._machine
        if not machine.generator_fault:
            machine.exposure_trips = None
            return False
        machine.generator_fault = False
        self._tell("generator-reset")
        return True

    def free_arm(self, name: ArmName) -> bool:
        """Free an arm; it stays where it is."""
        arm = self._machine.arms.by_name[name]
        if not arm.stuck:
            arm.sticks_next = None
            return False
        arm.stuck = False
        self._tell("arm-freed", arm=name)
        return True

    def restart_reconstructor(self) -> bool:
        """Restart the reconstructor."""
        machine = self._machine
        if not machine.reconstructor_failed:
            machine.reconstruction_fails = None
            return False
        machine.reconstructor_failed = False
        self._tell("reconstructor-restarted")
        return True

    def clear_buffer_jam(self) -> bool:
        """Let go what was archived while the buffer was jammed."""
        machine = self._machine
        if not machine.buffer.jammed:
            return False
        machine.buffer.unjam()
        self._tell("buffer-jam-cleared")
        machine.tell_buffer()
        return True

    def empty_buffer(self) -> int:
        """Throw away what is in the image buffer, archived or not; return how many places were taken."""
        lost = self._machine.buffer.empty()
        self._tell("buffer-emptied", lost=lost)
        self._machine.tell_buffer()
        return lost

    def _tell(self, event: str, **fields: object) -> None:
        self._machine.log(event, **fields)
        self._machine.clockwork.tell()
