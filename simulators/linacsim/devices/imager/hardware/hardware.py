"""The imager's hardware, as its services and its operator use it. No DICOM here, and no pictures.

What moves or radiates goes one after the other, in the order in which it was asked for; reconstructions go beside it, one at
a time. Every request either ends as it was meant to, or raises a `NotDone` that says in words what is the matter, what to do
about it and, if that is known, when it may be tried again. What a request makes is left to the work that it is handed,
which the kernel does at the right moment.

What breaks is in `breakages`, what people do about it in `operator`: both act at once and from anywhere. Methods that take
bench time block, and have to be called from a task.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from linacsim.devices.imager.hardware.acquisition import Acquisition
from linacsim.devices.imager.hardware.arms import Position
from linacsim.devices.imager.hardware.breakages import Breakages
from linacsim.devices.imager.hardware.buffer import Hold
from linacsim.devices.imager.hardware.calibration import calibrate
from linacsim.devices.imager.hardware.clockwork import Log, Steps
from linacsim.devices.imager.hardware.conditions import Act, Condition, Severity
from linacsim.devices.imager.hardware.machine import Machine
from linacsim.devices.imager.hardware.movement import Movement
from linacsim.devices.imager.hardware.operator import Operator
from linacsim.devices.imager.hardware.reconstruction import reconstruct
from linacsim.devices.imager.hardware.results import Exposure, Scanned, Sweep, Swept, Taken
from linacsim.devices.imager.hardware.settings import ArmName, CalibrationName, HardwareSettings, PanelName, Purpose
from linacsim.kernel.core import Kernel
from linacsim.physics.geometry import Couch
from linacsim.physics.presets import CbctPreset, KvTechnique, MvTechnique

T = TypeVar("T")
V = TypeVar("V")
R = TypeVar("R")


class ImagerHardware:
    """Tube, generator, arms, gantry, couch, panels, MV beam, reconstructor and image buffer.

    Parameters
    ----------
    kernel : Kernel
        Whose time it is.
    settings : HardwareSettings
        Of all parts.
    log : callable
        Writes a record (`Place.log`).
    name : str
        Of the imager.

    Attributes
    ----------
    operator : Operator
        What people do beside asking for pictures.
    breakages : Breakages
        What can be broken.
    """

    def __init__(self, kernel: Kernel, settings: HardwareSettings, log: Log, name: str) -> None:
        self._machine = Machine(kernel, settings, log, name)
        self._clockwork = self._machine.clockwork
        self._movement = Movement(self._machine)
        self._acquisition = Acquisition(self._machine, self._movement)
        self.operator = Operator(self._machine)
        self.breakages = Breakages(self._machine, self.operator)

    def switch_on(self) -> None:
        """Start up; requests are taken from now on, and wait until it has started."""
        machine, settings = self._machine, self._machine.settings
        machine.started_at = machine.now + settings.start_up
        machine.warm_at = machine.now + settings.beam.warm_up
        for wait, what in ((settings.start_up, "starting"), (settings.beam.warm_up, "warming up")):
            if wait:
                self._clockwork.later(wait, what, self._clockwork.tell)
        self._clockwork.tell()

    # how it is

    @property
    def conditions(self) -> list[Condition]:
        """What is the matter, gravest first; never empty."""
        return self._machine.conditions()

    @property
    def status(self) -> tuple[Severity, Condition]:
        """Severity and words of the gravest condition; where the arms are is no status."""
        return self._machine.status

    def forbidding(self, act: Act) -> list[Condition]:
        """Return what forbids an act now; limits of what is asked for are not among it."""
        return self._machine.forbidding(act)

    @property
    def heat(self) -> float:
        """Heat of the anode in kHU."""
        return self._machine.tube.heat(self._machine.now)

    @property
    def gantry(self) -> tuple[float, bool]:
        """The angle of the gantry, degrees, and whether that is in the extended range."""
        return self._machine.gantry.angle(self._machine.now), self._machine.gantry.extended(self._machine.now)

    @property
    def couch(self) -> Couch:
        """Readout of the couch."""
        return self._machine.table.position(self._machine.now)

    @property
    def arms(self) -> Mapping[ArmName, Position]:
        """Where each arm is."""
        return self._machine.arms.positions(self._machine.now)

    @property
    def buffer(self) -> tuple[int, int]:
        """Places of the image buffer: those that are taken, and all."""
        return self._machine.buffer.held, self._machine.buffer.places

    def calibrated_until(self, panel: PanelName) -> Mapping[CalibrationName, int]:
        """Return until when each calibration of a panel is valid, microseconds since the start of the run."""
        return dict(self._machine.panels[panel].valid_until)

    # what can be asked for; each blocks the calling task until it is done

    def expose_kv(
        self, technique: KvTechnique, gantry: float, work: Callable[[Exposure], T], *, extended: bool = False
    ) -> Taken[T]:
        """Take a kV picture.

        Parameters
        ----------
        technique : KvTechnique
            Of the tube.
        gantry : float
            The angle of the gantry, degrees; the kV source is 90 degrees ahead.
        work : callable
            Makes the picture of the exposure, once that is over and read out.
        extended : bool
            Whether the angle is meant in the extended range.

        Returns
        -------
        Taken
            The picture; its place in the image buffer is taken until `release`.

        Raises
        ------
        Refused
            If it cannot be taken now.
        Stopped
            If the exposure was aborted; there is no picture.
        """
        return self._in_turn(
            lambda: self._acquisition.take_kv(technique, gantry, work, extended=extended), Act.KV.value
        )  # fmt: skip

    def expose_mv(
        self, technique: MvTechnique, gantry: float, work: Callable[[Exposure], T], *, extended: bool = False
    ) -> Taken[T]:
        """Take a portal image; parameters and errors are those of `expose_kv`."""
        return self._in_turn(
            lambda: self._acquisition.take_mv(technique, gantry, work, extended=extended), Act.MV.value
        )  # fmt: skip

    def sweep(self, preset: CbctPreset, work: Callable[[Sweep], V], *, slices: int) -> Swept[V]:
        """Take the views of a cone-beam scan; the room is free again when they are there.

        Parameters
        ----------
        preset : CbctPreset
            The scan.
        work : callable
            Makes the views, once the rotation has ended or was stopped; how many there are is in what it gets.
        slices : int
            How many slices there will be; their places in the image buffer are taken already now.

        Returns
        -------
        Swept
            All views.

        Raises
        ------
        Refused
            If it cannot be taken now, or not at all.
        Stopped
            If it was stopped on its way; `partial` has the views up to there.
        InputError
            If there is to be no slice.
        """
        return self._in_turn(lambda: self._acquisition.sweep(preset, slices, work), Act.SCAN.value)

    def reconstruct(self, swept: Swept[V], work: Callable[[V], R]) -> Scanned[V, R]:
        """Reconstruct the volume of a scan.

        Parameters
        ----------
        swept : Swept
            Its views; those of a scan that failed to be reconstructed before as well.
        work : callable
            Makes the volume of the views, when the time of the reconstruction is over.

        Raises
        ------
        ReconstructionFailed
            If it failed on its way; `partial` is `swept`, whose places in the image buffer stay taken.
        Refused
            If the reconstructor has failed before, and nobody has restarted it.
        """
        return self._clockwork.perform(reconstruct(self._machine, swept, work), Act.RECONSTRUCT.value)

    def scan(
        self, preset: CbctPreset, acquire: Callable[[Sweep], V], reconstructing: Callable[[V], R], *, slices: int
    ) -> Scanned[V, R]:
        """Take a cone-beam scan and reconstruct it: `sweep`, then `reconstruct`."""
        return self.reconstruct(self.sweep(preset, acquire, slices=slices), reconstructing)

    def move_arms(self, goals: Mapping[ArmName, Position]) -> None:
        """Move arms, all at the same time; the others stay.

        Raises
        ------
        Refused, Stopped
            If something is in the way, or an arm is stuck.
        """
        self._in_turn(lambda: self._movement.move_arms(goals), Act.ARMS.value)

    def prepare(self, purpose: Purpose) -> None:
        """Move the arms to where they have to be for kV pictures, MV pictures or a scan; errors as of `move_arms`."""
        self.move_arms(self._movement.arms_for(purpose))

    def turn_gantry(self, angle: float, *, extended: bool = False) -> None:
        """Turn the gantry; the way never leads past the stop.

        Raises
        ------
        Refused, Stopped
            If something is in the way, or the extended range does not go so far.
        """
        self._in_turn(lambda: self._movement.turn_to(angle, extended=extended), Act.GANTRY.value)

    def move_couch(self, by: Couch) -> Couch:
        """Move the couch by a correction; beyond the remote limit somebody has to go in, which takes its time.

        Returns
        -------
        Couch
            Where it is then.

        Raises
        ------
        Refused
            If an axis cannot go there, or not from the console and this is not allowed otherwise.
        Stopped
            If something was in the way; `partial` is where it is.
        """
        return self._in_turn(lambda: self._movement.move_couch(by), Act.COUCH.value)

    def calibrate(self, panel: PanelName, fields: Sequence[CalibrationName] = ("dark-field", "flood-field")) -> None:
        """Calibrate a panel.

        Raises
        ------
        Refused, Stopped
            If there can be no beam for the flood field.
        """
        self._in_turn(lambda: calibrate(self._machine, panel, fields), f"calibration of the {panel} panel")

    def _in_turn(self, steps: Callable[[], Steps[T]], what: str) -> T:
        return self._clockwork.perform(self._machine.in_turn(steps), what)

    # what is done at once

    def release(self, hold: Hold) -> None:
        """Give back places in the image buffer: what was there has been archived, or is not wanted any more."""
        self._machine.give_back(hold)
