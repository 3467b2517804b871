"""The parameters of the imager's hardware, and of what can be done to it.

Hardly any of these figures is published. Where a document states one it is named; all others are typical values of
C-arm linacs, meant to be replaced by a site's own.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from linacsim.kernel.units import HOUR, SECOND, milliseconds, minutes, seconds
from linacsim.settings import Count, Duration, Settings

Positive = Annotated[float, Field(gt=0)]
"""A number above 0."""
Amount = Annotated[float, Field(ge=0)]
"""A number that is not negative."""
ArmName = Literal["kv-source", "kv-detector", "mv-detector"]
"""The three arms."""
ArmGoal = Literal["retracted", "mid", "extended"]
"""Where an arm can be sent."""
PanelName = Literal["kv", "mv"]
"""The two panels."""
CalibrationName = Literal["dark-field", "flood-field"]
"""What a panel is calibrated with: no beam, and an open field."""
Purpose = Literal["kv", "mv", "cbct"]
"""What the arms can be made ready for."""


class TubeSettings(Settings):
    """The X-ray tube; heat is told in thousands of heat units (kHU), kV x mA x s / 1000.

    Attributes
    ----------
    preparation : Duration
        Rotor and filament, before each exposure; a typical value.
    capacity : float
        kHU that the anode stores; a typical value.
    limit : float
        No exposure may bring the anode above this, kHU; a typical value.
    hot : float
        TUBE HOT is told above this, kHU.
    cooling : Duration
        Time constant: by then the heat of an idle tube has fallen to 1/e; a typical value.
    waveform : float
        Heat units of one kV x mA x s: 1.0 by the definition of the unit (single phase), about 1.4 at constant potential.
    """

    preparation: Duration = milliseconds(1500)
    capacity: Positive = 600.0
    limit: Positive = 540.0
    hot: Positive = 400.0
    cooling: Annotated[Duration, Field(gt=0)] = minutes(6)
    waveform: Positive = 1.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.hot <= self.limit <= self.capacity:
            found = f"hot {self.hot:g}, limit {self.limit:g}, capacity {self.capacity:g} kHU"
            raise ValueError(f"{found}; they go up in this order")
        return self


class GeneratorSettings(Settings):
    """The high voltage.

    Attributes
    ----------
    stable : Duration
        From switching on until the voltage is stable and the exposure begins to count; a typical value.
    """

    stable: Duration = milliseconds(20)


class ArmSettings(Settings):
    """One arm.

    Attributes
    ----------
    to_mid, to_extended : Duration
        From retracted to the middle position, and from there to the end; the same backwards; typical values.
    """

    to_mid: Annotated[Duration, Field(gt=0)] = seconds(6)
    to_extended: Annotated[Duration, Field(gt=0)] = seconds(5)


class ArmsSettings(Settings):
    """The three arms; they move at the same time.

    Attributes
    ----------
    kv_source, kv_detector, mv_detector : ArmSettings
        Of each.
    at_start : str
        Where they are when the bench begins: retracted, mid or extended.
    mv_clear_of_scan : bool
        Whether the MV detector has to be retracted for a cone-beam scan.
    """

    kv_source: ArmSettings = ArmSettings()
    kv_detector: ArmSettings = ArmSettings()
    mv_detector: ArmSettings = ArmSettings()
    at_start: ArmGoal = "retracted"
    mv_clear_of_scan: bool = True


class GantrySettings(Settings):
    """The gantry.

    Attributes
    ----------
    speed : float
        Degrees per second; one turn a minute is a typical value.
    acceleration : float
        Degrees per second squared, also of slowing down; a typical value.
    over_travel : float
        Degrees of the extended range beyond either end of the ordinary one. Varian OBI 1.5, Appendix C calls a way of 400
        degrees typical.
    at_start : float
        Angle when the bench begins, degrees.
    """

    speed: Positive = 6.0
    acceleration: Positive = 6.0
    over_travel: Annotated[float, Field(ge=0, lt=180)] = 20.0
    at_start: Annotated[float, Field(ge=0, lt=360)] = 0.0


class AxisSettings(Settings):
    """One axis of the couch, in mm or degrees from where the plan's isocentre is at the machine's.

    Attributes
    ----------
    speed : float
        Per second.
    remote : float
        A correction up to this goes from the console; beyond, somebody has to go into the room.
    low, high : float
        The ends of the way; an axis that the couch has not is 0 to 0.
    """

    speed: Positive
    remote: Amount
    low: float
    high: float

    @model_validator(mode="after")
    def _holds_zero(self) -> Self:
        if not self.low <= 0 <= self.high:
            raise ValueError(f"low {self.low:g}, high {self.high:g}; 0 lies between them")
        return self


class CouchSettings(Settings):
    """The couch; all axes move at the same time. All figures are typical values.

    Attributes
    ----------
    x, y, z : AxisSettings
        Table top lateral, longitudinal, vertical, mm.
    rotation, pitch, roll : AxisSettings
        Degrees.
    beyond_remote : str
        What becomes of a correction beyond the remote limit: ``pause`` (somebody goes in, then it goes on), ``refuse``.
    pause : Duration
        How long that takes.
    """

    x: AxisSettings = AxisSettings(speed=20.0, remote=50.0, low=-230.0, high=230.0)
    y: AxisSettings = AxisSettings(speed=40.0, remote=50.0, low=-700.0, high=700.0)
    z: AxisSettings = AxisSettings(speed=15.0, remote=50.0, low=-400.0, high=400.0)
    rotation: AxisSettings = AxisSettings(speed=3.0, remote=5.0, low=-95.0, high=95.0)
    pitch: AxisSettings = AxisSettings(speed=0.5, remote=3.0, low=-3.0, high=3.0)
    roll: AxisSettings = AxisSettings(speed=0.5, remote=3.0, low=-3.0, high=3.0)
    beyond_remote: Literal["pause", "refuse"] = "pause"
    pause: Duration = seconds(90)


class PanelSettings(Settings):
    """One panel.

    Attributes
    ----------
    frame_rate : float
        Frames that can be read out in a second; a typical value.
    dark_field, flood_field : Duration
        How long these calibrations take; typical values.
    dark_field_valid, flood_field_valid : Duration
        How long they are good for; typical values.
    calibrated : bool
        Whether both are fresh when the bench begins.
    """

    frame_rate: Positive = 15.0
    dark_field: Duration = seconds(10)
    flood_field: Duration = seconds(60)
    dark_field_valid: Duration = 24 * HOUR
    flood_field_valid: Duration = 30 * 24 * HOUR
    calibrated: bool = True


class PanelsSettings(Settings):
    """Both panels.

    Attributes
    ----------
    kv, mv : PanelSettings
        Of each.
    """

    kv: PanelSettings = PanelSettings()
    mv: PanelSettings = PanelSettings(frame_rate=8.0)


class BeamSettings(Settings):
    """The treatment beam, as far as it makes pictures.

    Attributes
    ----------
    rate : float
        MU per minute; a typical value.
    begin : Duration
        From beam on to the first MU; a typical value.
    warm_up : Duration
        From switching on until there is a beam; 0: it has been warmed up before the bench begins.
    """

    rate: Positive = 300.0
    begin: Duration = seconds(1)
    warm_up: Duration = 0


class ReconstructionSettings(Settings):
    """The reconstructor; one volume at a time.

    Attributes
    ----------
    begin : Duration
        For what does not depend on the size; a typical value.
    per_slice_and_view : Duration
        For each slice of each view: 655 views to 64 slices take 42 s at 1 ms; a typical value.
    """

    begin: Duration = seconds(3)
    per_slice_and_view: Duration = milliseconds(1)


class BufferSettings(Settings):
    """The memory for what has been acquired and is not archived yet.

    Attributes
    ----------
    places : int
        Images and slices that it holds; a typical value.
    """

    places: Count = 1000


class HardwareSettings(Settings):
    """The hardware of an imager.

    Attributes
    ----------
    start_up : Duration
        From switching on until it takes requests; those that come earlier wait.
    progress : int
        In how many steps a scan and a reconstruction tell how far they are.
    tube, generator, arms, gantry, couch, panels, beam, reconstruction, buffer : Settings
        Its parts.
    """

    start_up: Duration = 20 * SECOND
    progress: Count = 10
    tube: TubeSettings = TubeSettings()
    generator: GeneratorSettings = GeneratorSettings()
    arms: ArmsSettings = ArmsSettings()
    gantry: GantrySettings = GantrySettings()
    couch: CouchSettings = CouchSettings()
    panels: PanelsSettings = PanelsSettings()
    beam: BeamSettings = BeamSettings()
    reconstruction: ReconstructionSettings = ReconstructionSettings()
    buffer: BufferSettings = BufferSettings()


# breakages; each may be mended by itself after a while, otherwise the operator has to


class Overheat(Settings):
    """Breakage: the anode is as hot as it gets, from use that nobody has told; it cools down by itself.

    Attributes
    ----------
    heat : float or None
        kHU; the capacity of the tube if nothing is given.
    """

    heat: Positive | None = None


class CalibrationLost(Settings):
    """Breakage: the calibration of a panel is lost; `calibrate-panel` makes another one.

    Attributes
    ----------
    panel : str
        kv or mv.
    """

    panel: PanelName = "kv"


class Collide(Settings):
    """Breakage: the collision detection stops everything that moves or radiates.

    Attributes
    ----------
    angle : float or None
        In the next scan, as the gantry comes to this angle, degrees; at once if nothing is given.
    cleared_after : Duration or None
        When somebody clears it; without it, the operator has to (`clear-collision`).
    """

    angle: Annotated[float, Field(ge=0, lt=360)] | None = None
    cleared_after: Duration | None = None


class OpenDoor(Settings):
    """Breakage: somebody opens the door of the room; the beam goes off.

    Attributes
    ----------
    closed_after : Duration or None
        When it is closed again; without it, the operator has to (`close-door`).
    """

    closed_after: Duration | None = None


class GeneratorFault(Settings):
    """Breakage: the kV generator trips.

    Attributes
    ----------
    when : str
        ``now``, or in the middle of the ``next`` exposure or scan.
    reset_after : Duration or None
        When somebody resets it; without it, the operator has to (`reset-generator`).
    """

    when: Literal["now", "next"] = "now"
    reset_after: Duration | None = None


class StickArm(Settings):
    """Breakage: an arm gets stuck halfway, in this movement or in its next.

    Attributes
    ----------
    arm : str
        kv-source, kv-detector or mv-detector.
    freed_after : Duration or None
        When somebody frees it; without it, the operator has to (`free-arm`).
    """

    arm: ArmName = "kv-detector"
    freed_after: Duration | None = None


class FailReconstruction(Settings):
    """Breakage: this reconstruction, or the next, fails halfway, and the reconstructor with it.

    Attributes
    ----------
    restarted_after : Duration or None
        When somebody restarts it; without it, the operator has to (`restart-reconstructor`).
    """

    restarted_after: Duration | None = None


class JamBuffer(Settings):
    """Breakage: nothing leaves the buffer any more, though it has been archived.

    Attributes
    ----------
    cleared_after : Duration or None
        When it goes on; without it, the operator has to (`clear-buffer-jam` or `empty-buffer`).
    """

    cleared_after: Duration | None = None


# what an operator does


class Calibrate(Settings):
    """The operator calibrates a panel.

    Attributes
    ----------
    panel : str
        kv or mv.
    fields : list of str
        What is done, in this order.
    """

    panel: PanelName = "kv"
    fields: Annotated[tuple[CalibrationName, ...], Field(min_length=1)] = ("dark-field", "flood-field")


class MoveArms(Settings):
    """The operator moves arms.

    Attributes
    ----------
    kv_source, kv_detector, mv_detector : str or None
        retracted, mid or extended; the others stay where they are.
    """

    kv_source: ArmGoal | None = None
    kv_detector: ArmGoal | None = None
    mv_detector: ArmGoal | None = None

    @model_validator(mode="after")
    def _names_one(self) -> Self:
        if not any((self.kv_source, self.kv_detector, self.mv_detector)):
            raise ValueError("no arm is named; give kv-source, kv-detector or mv-detector")
        return self


class MoveGantry(Settings):
    """The operator turns the gantry.

    Attributes
    ----------
    angle : float
        Degrees.
    extended : bool
        Whether the angle is meant in the extended range.
    """

    angle: Annotated[float, Field(ge=0, lt=360)]
    extended: bool = False


class FreeArm(Settings):
    """The operator frees an arm that is stuck.

    Attributes
    ----------
    arm : str
        kv-source, kv-detector or mv-detector.
    """

    arm: ArmName = "kv-detector"
