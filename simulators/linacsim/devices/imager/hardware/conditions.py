"""What can be the matter with the imager, what that forbids, and how a refusal says it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from linacsim.errors import PlayFailure
from linacsim.kernel.units import format_duration


class Severity(StrEnum):
    """How bad it is."""

    STOP = "STOP"
    """Whatever radiates goes off."""
    FAULT = "FAULT"
    """Something cannot be used until it is mended."""
    WARNING = "WARNING"
    """Something will pass by itself, or will get worse."""
    NOTE = "NOTE"
    """Nothing is wrong, but something cannot be done as it is."""
    NORMAL = "NORMAL"
    """Nothing is the matter."""


class Condition(StrEnum):
    """What can be the matter, gravest first; each follows from the state of a part."""

    COLLISION = "COLLISION"
    DOOR_OPEN = "DOOR OPEN"
    GENERATOR_FAULT = "GENERATOR FAULT"
    TUBE_OVERHEATED = "TUBE OVERHEATED"
    ARM_STUCK = "ARM STUCK"
    KV_PANEL_NOT_CALIBRATED = "KV PANEL NOT CALIBRATED"
    MV_PANEL_NOT_CALIBRATED = "MV PANEL NOT CALIBRATED"
    RECONSTRUCTOR_FAILED = "RECONSTRUCTOR FAILED"
    BUFFER_FULL = "BUFFER FULL"
    BUFFER_JAM = "BUFFER JAM"
    STARTING = "STARTING"
    BEAM_NOT_WARM = "BEAM NOT WARM"
    TUBE_HOT = "TUBE HOT"
    KV_ARMS_NOT_EXTENDED = "KV ARMS NOT EXTENDED"
    MV_ARM_NOT_EXTENDED = "MV ARM NOT EXTENDED"
    MV_ARM_IN_THE_WAY = "MV ARM IN THE WAY"
    NORMAL = "NORMAL"


SEVERITY: Mapping[Condition, Severity] = {
    Condition.COLLISION: Severity.STOP,
    Condition.DOOR_OPEN: Severity.STOP,
    Condition.GENERATOR_FAULT: Severity.FAULT,
    Condition.TUBE_OVERHEATED: Severity.FAULT,
    Condition.ARM_STUCK: Severity.FAULT,
    Condition.KV_PANEL_NOT_CALIBRATED: Severity.FAULT,
    Condition.MV_PANEL_NOT_CALIBRATED: Severity.FAULT,
    Condition.RECONSTRUCTOR_FAILED: Severity.FAULT,
    Condition.BUFFER_FULL: Severity.FAULT,
    Condition.BUFFER_JAM: Severity.WARNING,
    Condition.STARTING: Severity.WARNING,
    Condition.BEAM_NOT_WARM: Severity.WARNING,
    Condition.TUBE_HOT: Severity.WARNING,
    Condition.KV_ARMS_NOT_EXTENDED: Severity.NOTE,
    Condition.MV_ARM_NOT_EXTENDED: Severity.NOTE,
    Condition.MV_ARM_IN_THE_WAY: Severity.NOTE,
    Condition.NORMAL: Severity.NORMAL,
}
"""How bad each is."""


class Act(StrEnum):
    """What the hardware does on request."""

    ARMS = "arm movement"
    GANTRY = "gantry movement"
    COUCH = "couch movement"
    KV = "kV image"
    MV = "MV image"
    SCAN = "cone-beam scan"
    RECONSTRUCT = "reconstruction"
    DARK_FIELD = "dark field calibration"
    KV_FLOOD = "kV flood field calibration"
    MV_FLOOD = "MV flood field calibration"


RADIATING = frozenset({Act.KV, Act.MV, Act.SCAN, Act.KV_FLOOD, Act.MV_FLOOD})
"""The acts that beam off ends."""

_KV_BEAM = (
    Condition.COLLISION, Condition.DOOR_OPEN, Condition.GENERATOR_FAULT, Condition.TUBE_OVERHEATED,
    Condition.KV_ARMS_NOT_EXTENDED,
)  # fmt: skip
_MV_BEAM = (Condition.COLLISION, Condition.DOOR_OPEN, Condition.BEAM_NOT_WARM, Condition.MV_ARM_NOT_EXTENDED)

FORBIDS: Mapping[Act, tuple[Condition, ...]] = {
    **dict.fromkeys((Act.ARMS, Act.GANTRY, Act.COUCH), (Condition.COLLISION,)),
    Act.KV: (*_KV_BEAM, Condition.KV_PANEL_NOT_CALIBRATED, Condition.BUFFER_FULL),
    Act.MV: (*_MV_BEAM, Condition.MV_PANEL_NOT_CALIBRATED, Condition.BUFFER_FULL),
    Act.SCAN: (
        *_KV_BEAM, Condition.MV_ARM_IN_THE_WAY, Condition.KV_PANEL_NOT_CALIBRATED, Condition.RECONSTRUCTOR_FAILED,
        Condition.BUFFER_FULL,
    ),
    Act.RECONSTRUCT: (Condition.RECONSTRUCTOR_FAILED,),
    Act.DARK_FIELD: (),
    Act.KV_FLOOD: _KV_BEAM,
    Act.MV_FLOOD: _MV_BEAM,
}  # fmt: skip
"""Which conditions each act is refused for, in the order in which they are told."""

STOPS: Mapping[Act, tuple[Condition, ...]] = {
    Act.ARMS: (Condition.COLLISION, Condition.ARM_STUCK),
    Act.GANTRY: (Condition.COLLISION,),
    Act.COUCH: (Condition.COLLISION,),
    Act.KV: (Condition.COLLISION, Condition.DOOR_OPEN, Condition.GENERATOR_FAULT, Condition.TUBE_OVERHEATED),
    Act.MV: (Condition.COLLISION, Condition.DOOR_OPEN),
    Act.SCAN: (Condition.COLLISION, Condition.DOOR_OPEN, Condition.GENERATOR_FAULT, Condition.TUBE_OVERHEATED),
    Act.RECONSTRUCT: (Condition.RECONSTRUCTOR_FAILED,),
    Act.DARK_FIELD: (),
    Act.KV_FLOOD: (Condition.COLLISION, Condition.DOOR_OPEN, Condition.GENERATOR_FAULT, Condition.TUBE_OVERHEATED),
    Act.MV_FLOOD: (Condition.COLLISION, Condition.DOOR_OPEN),
}
"""Which conditions end each act before it is done."""

WORDS: Mapping[Condition, tuple[str, str]] = {
    Condition.COLLISION: ("the collision detection has tripped", "go into the room, free the way and clear it"),
    Condition.DOOR_OPEN: ("the door of the room is open", "close it"),
    Condition.GENERATOR_FAULT: ("the kV generator has a fault", "reset it"),
    Condition.TUBE_OVERHEATED: ("the tube is overheated", "wait until it has cooled"),
    Condition.ARM_STUCK: ("an arm is stuck", "free it and move it again"),
    Condition.KV_PANEL_NOT_CALIBRATED: ("the kV panel is not calibrated", "calibrate it"),
    Condition.MV_PANEL_NOT_CALIBRATED: ("the MV panel is not calibrated", "calibrate it"),
    Condition.RECONSTRUCTOR_FAILED: ("the reconstructor has failed", "restart it"),
    Condition.BUFFER_FULL: ("the image buffer is full", "archive what is in it, or empty it"),
    Condition.BUFFER_JAM: ("nothing leaves the image buffer", "clear it or empty it"),
    Condition.STARTING: ("the imager is starting", "wait until it has started"),
    Condition.BEAM_NOT_WARM: ("the MV beam is not warm", "wait until it is"),
    Condition.TUBE_HOT: ("the tube is hot", "leave it time to cool"),
    Condition.KV_ARMS_NOT_EXTENDED: ("the kV source and the kV detector are not both extended", "extend them"),
    Condition.MV_ARM_NOT_EXTENDED: ("the MV detector is not extended", "extend it"),
    Condition.MV_ARM_IN_THE_WAY: ("the MV detector is not retracted", "retract it"),
    Condition.NORMAL: ("nothing is the matter", ""),
}
"""What is the matter, and what to do about it."""


class NotDone(PlayFailure):
    """Something that was asked of the hardware has not been done, or not to its end.

    Parameters
    ----------
    what : str
        What was asked for.
    why : str
        What is the matter, with the value and the limit where there is one.
    todo : str
        What to do about it; may be empty.
    ready_in : int or None
        Microseconds until it may be tried again, if that is known.
    condition : Condition or None
        What of the hardware is behind it; nothing if the request itself is impossible or the operator stopped it.
    partial : object
        What there is of it all the same.
    """

    verb = "not done"

    def __init__(
        self,
        what: str,
        why: str,
        todo: str = "",
        ready_in: int | None = None,
        condition: Condition | None = None,
        partial: Any = None,
    ) -> None:
        super().__init__(what, why, todo, ready_in, condition, partial)
        self.what = what
        self.why = why
        self.todo = todo
        self.ready_in = ready_in
        self.condition = condition
        self.partial = partial

    def __str__(self) -> str:
        said = [f"{self.what} {self.verb}: {self.why}"]
        said += [self.todo] if self.todo else []
        said += [f"ready in {format_duration(self.ready_in)}"] if self.ready_in is not None else []
        return "; ".join(said)


class Refused(NotDone):
    """An interlock or a limit forbids it; nothing has happened."""

    verb = "refused"


class Stopped(NotDone):
    """It was stopped on the way.

    What there is of it (`partial`) is a `Swept` with the views of a scan, the MU given of an MV image, the position of a
    couch; else nothing.
    """

    verb = "stopped"

    def leaving(self, partial: Any) -> Stopped:
        """Return this with what there is all the same."""
        return Stopped(self.what, self.why, self.todo, self.ready_in, self.condition, partial)


class ReconstructionFailed(NotDone):
    """The views are there (`partial` is the `Swept`), the volume is not; it can be reconstructed again."""

    verb = "failed"
