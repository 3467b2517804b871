"""What a scenario can have the imager's operator do and what it can break, for the device that has the hardware."""

from __future__ import annotations

from collections.abc import Mapping

from linacsim.devices.device import Action, Nothing
from linacsim.devices.imager.hardware.arms import Position
from linacsim.devices.imager.hardware.hardware import ImagerHardware
from linacsim.devices.imager.hardware.settings import (
    ArmName,
    Calibrate,
    CalibrationLost,
    Collide,
    FailReconstruction,
    FreeArm,
    GeneratorFault,
    JamBuffer,
    MoveArms,
    MoveGantry,
    OpenDoor,
    Overheat,
    StickArm,
)
from linacsim.errors import PlayFailure


class Operated:
    """The methods behind `ACTIONS` and `BREAKAGES`, for a `Device` that has an `ImagerHardware`."""

    hardware: ImagerHardware
    name: str

    # actions

    def calibrate_panel(self, what: Calibrate) -> None:
        """Calibrate a panel."""
        self.hardware.calibrate(what.panel, what.fields)

    def move_arms(self, what: MoveArms) -> None:
        """Move arms."""
        named: dict[ArmName, str | None] = {
            "kv-source": what.kv_source,
            "kv-detector": what.kv_detector,
            "mv-detector": what.mv_detector,
        }
        self.hardware.move_arms({arm: Position(goal) for arm, goal in named.items() if goal is not None})

    def move_gantry(self, what: MoveGantry) -> None:
        """Turn the gantry."""
        self.hardware.turn_gantry(what.angle, extended=what.extended)

    def beam_off(self, _what: Nothing) -> None:
        """Press beam off."""
        self._done(self.hardware.operator.beam_off(), "nothing is going on that beam off ends")

    def clear_collision(self, _what: Nothing) -> None:
        """Clear the collision detection."""
        self._done(self.hardware.operator.clear_collision(), "there is no collision")

    def close_door(self, _what: Nothing) -> None:
        """Close the door."""
        self._done(self.hardware.operator.close_door(), "the door is closed")

    def reset_generator(self, _what: Nothing) -> None:
        """Reset the kV generator."""
        self._done(self.hardware.operator.reset_generator(), "the kV generator has no fault")

    def free_arm(self, what: FreeArm) -> None:
        """Free an arm."""
        self._done(self.hardware.operator.free_arm(what.arm), f"the {what.arm} arm is not stuck")

    def restart_reconstructor(self, _what: Nothing) -> None:
        """Restart the reconstructor."""
        self._done(self.hardware.operator.restart_reconstructor(), "the reconstructor has not failed")

    def clear_buffer_jam(self, _what: Nothing) -> None:
        """Clear the image buffer."""
        self._done(self.hardware.operator.clear_buffer_jam(), "the image buffer is not jammed")

    def empty_buffer(self, _what: Nothing) -> None:
        """Empty the image buffer."""
        self.hardware.operator.empty_buffer()

    def _done(self, done: bool, why: str) -> None:
        if not done:
            raise PlayFailure(f"{self.name}: {why}")

    # what breaks

    def overheat(self, what: Overheat) -> None:
        """The tube is overheated."""
        self.hardware.breakages.overheat(what.heat)

    def lose_calibration(self, what: CalibrationLost) -> None:
        """A panel loses its calibration."""
        self.hardware.breakages.lose_calibration(what.panel)

    def collide(self, what: Collide) -> None:
        """The collision detection trips."""
        self.hardware.breakages.collide(what.angle, what.cleared_after)

    def open_door(self, what: OpenDoor) -> None:
        """The door is opened."""
        self.hardware.breakages.open_door(what.closed_after)

    def trip_generator(self, what: GeneratorFault) -> None:
        """The kV generator trips."""
        self.hardware.breakages.trip_generator(next_exposure=what.when == "next", reset_after=what.reset_after)

    def stick_arm(self, what: StickArm) -> None:
        """An arm gets stuck."""
        self.hardware.breakages.stick_arm(what.arm, what.freed_after)

    def fail_reconstruction(self, what: FailReconstruction) -> None:
        """A reconstruction fails."""
        self.hardware.breakages.fail_reconstruction(what.restarted_after)

    def jam_buffer(self, what: JamBuffer) -> None:
        """The image buffer is jammed."""
        self.hardware.breakages.jam_buffer(what.cleared_after)


ACTIONS: Mapping[str, Action] = {
    "calibrate-panel": Action(Calibrate, "calibrate_panel"),
    "move-arms": Action(MoveArms, "move_arms"),
    "move-gantry": Action(MoveGantry, "move_gantry"),
    "beam-off": Action(Nothing, "beam_off"),
    "clear-collision": Action(Nothing, "clear_collision"),
    "close-door": Action(Nothing, "close_door"),
    "reset-generator": Action(Nothing, "reset_generator"),
    "free-arm": Action(FreeArm, "free_arm"),
    "restart-reconstructor": Action(Nothing, "restart_reconstructor"),
    "clear-buffer-jam": Action(Nothing, "clear_buffer_jam"),
    "empty-buffer": Action(Nothing, "empty_buffer"),
}
"""For `Kind.actions`."""

BREAKAGES: Mapping[str, Action] = {
    "tube-overheat": Action(Overheat, "overheat"),
    "calibration-lost": Action(CalibrationLost, "lose_calibration"),
    "collision": Action(Collide, "collide"),
    "door-open": Action(OpenDoor, "open_door"),
    "generator-fault": Action(GeneratorFault, "trip_generator"),
    "arm-stuck": Action(StickArm, "stick_arm"),
    "reconstruction-failure": Action(FailReconstruction, "fail_reconstruction"),
    "buffer-jam": Action(JamBuffer, "jam_buffer"),
}
"""For `Kind.breakages`."""
