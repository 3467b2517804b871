"""What an imager knows of the session: who is loaded, what has been acquired, found, and not stored yet."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from pydicom.dataset import Dataset

from linacsim.conformance.kinds import kind_of
from linacsim.devices.imager.hardware.buffer import Hold
from linacsim.devices.imager.hardware.results import Sweep, Swept
from linacsim.devices.imager.matched import Matched
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.plan import PlannedBeam
from linacsim.devices.imager.scene import Scene
from linacsim.objects.imaging import Session
from linacsim.physics.geometry import Couch
from linacsim.physics.room import Radiograph, Scan

Kind = Literal["ct", "rtimage", "rtstruct", "reg"]


@dataclass(slots=True, kw_only=True, eq=False)
class Picture:
    """A radiograph that was taken.

    Attributes
    ----------
    number : int
        Ordinal of the acquisition at this imager.
    at : int
        When the beam went on, microseconds since the start of the run.
    beam : PlannedBeam or None
        The beam it was taken for.
    radiograph : Radiograph
    couch : Couch
        Readout of the couch.
    displaced : Couch
        The truth then: how the patient lay while the couch was at zero.
    dose : bool
        Whether it is a portal dose image.
    markers : list of (x, y)
        Row and column of the markers that were matched in it.
    """

    number: int
    at: int
    beam: PlannedBeam | None
    radiograph: Radiograph
    couch: Couch
    displaced: Couch
    dose: bool = False
    markers: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class Volume:
    """A cone-beam CT that was taken; the other attributes are those of `Picture`.

    Attributes
    ----------
    scan : Scan
    slices : list of Dataset
        As they are stored.
    """

    number: int
    at: int
    beam: PlannedBeam | None
    scan: Scan
    couch: Couch
    displaced: Couch
    slices: list[Dataset]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Views:
    """A scan that is not reconstructed yet.

    Attributes
    ----------
    swept : Swept
        Its views.
    beam : PlannedBeam or None
        The beam it was taken for.
    displaced : Couch
        The truth then.
    work : callable
        Makes the volume.
    """

    swept: Swept[Sweep]
    beam: PlannedBeam | None
    displaced: Couch
    work: Callable[[Sweep], Scan]


@dataclass(slots=True, kw_only=True, eq=False)
class Waiting:
    """Objects that are to be stored, and the places that they take in the image buffer.

    Attributes
    ----------
    objects : list of Dataset
    hold : Hold or None
        Given back once they are stored.
    picture : Picture or None
        Whose image it is; it is written again if markers are matched in it.
    """

    objects: list[Dataset]
    hold: Hold | None = None
    picture: Picture | None = None

    @property
    def kind(self) -> str:
        """What they are."""
        return kind_of(str(self.objects[0].SOPClassUID))


@dataclass(slots=True, kw_only=True, eq=False)
class Treatment:
    """One session: from opening a patient to opening the next.

    Attributes
    ----------
    patient : LoadedPatient or None
        Whose plan is open; nobody's for pictures by hand.
    session : Session
        UIDs and moments of what is written.
    scene : Scene or None
        Who lies on the couch; decided when the first picture is taken.
    pictures : list of Picture
    volume : Volume or None
        The last one.
    views : Views or None
        Of a scan whose reconstruction has failed.
    found : Matched or None
        What the last match found.
    shift_applies : bool
        Whether the couch may be moved by it.
    waiting : list of Waiting
    stored : dict of str to Dataset
        What has been stored, by SOP Instance UID.
    images : dict of int to Dataset
        The image of each picture, as it was written last.
    revisions : dict of int to int
        How often an image had to be written anew after it had been stored.
    """

    patient: LoadedPatient | None
    session: Session
    scene: Scene | None = None
    pictures: list[Picture] = field(default_factory=list)
    volume: Volume | None = None
    views: Views | None = None
    found: Matched | None = None
    shift_applies: bool = True
    waiting: list[Waiting] = field(default_factory=list)
    stored: dict[str, Dataset] = field(default_factory=dict)
    images: dict[int, Dataset] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)

    def waiting_for(self, kinds: tuple[str, ...]) -> Iterator[Waiting]:
        """Yield what is to be stored, of these kinds or of all: volumes, pictures, structure sets, registrations."""
        for kind in ("ct", "rtimage", "rtstruct", "reg"):
            if not kinds or kind in kinds:
                yield from [one for one in self.waiting if one.kind == kind]
