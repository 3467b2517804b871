"""The imager as a device: its steps, its hardware's breakages, and what it keeps of a session."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeVar, cast

from pynetdicom import AE
from pynetdicom.presentation import PresentationContext

from linacsim.devices.device import Action, Device, Kind, Nothing
from linacsim.devices.imager.actions import (
    ApplyShift,
    ImageKv,
    ImageMv,
    ImageSetup,
    Lie,
    Load,
    MatchWith,
    ScanBeam,
    Store,
    Verify,
)
from linacsim.devices.imager.hardware.buffer import Hold
from linacsim.devices.imager.hardware.conditions import Condition
from linacsim.devices.imager.hardware.events import EVENTS, FIELDS
from linacsim.devices.imager.hardware.hardware import ImagerHardware
from linacsim.devices.imager.hardware.operation import ACTIONS as OPERATION
from linacsim.devices.imager.hardware.operation import BREAKAGES, Operated
from linacsim.devices.imager.loading import opened
from linacsim.devices.imager.matched import Matched
from linacsim.devices.imager.network import Remote
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.personality import ImagerPersonality
from linacsim.devices.imager.picturing import reconstruct_again, take_kv, take_mv, take_scan, take_setup
from linacsim.devices.imager.plan import PlannedBeam
from linacsim.devices.imager.registering import applied, matched_with
from linacsim.devices.imager.scene import Scene
from linacsim.devices.imager.state import Picture, Treatment, Views, Volume
from linacsim.devices.imager.storing import stored
from linacsim.devices.imager.writing import Writer
from linacsim.errors import PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.physics.room import Scan

T = TypeVar("T")


class Imager(Operated, Device):
    """A kV and MV imager with its workstation, as Varian OBI 1.5 and PortalVision AI document it."""

    personality: ImagerPersonality

    def __init__(self, place: Place, personality: ImagerPersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.hardware = ImagerHardware(place.kernel, personality.hardware, place.log, place.name)
        self.remote = Remote(place, personality.network, shelf, personality.associations)
        self.writer = Writer(self)
        self._lie = Lie()
        self._sessions = 0
        self.treatment = self._begin(None)

    def start(self, port: int) -> None:
        """Switch the hardware on, and listen for what is asked for with C-MOVE."""
        self.remote.start(port)
        self.hardware.switch_on()

    def conditions(self) -> frozenset[str]:
        """Return what is the matter, in the words of the console."""
        return frozenset(one.value for one in self.hardware.conditions if one is not Condition.NORMAL)

    def lose_memory(self) -> None:
        """Lose what is in the image buffer: it is not on any disk yet."""
        self.hardware.operator.empty_buffer()

    def support(self, ae: AE) -> None:
        """Add the presentation contexts that it accepts."""
        self.remote.support(ae)

    def calls(self) -> Iterator[tuple[AE, list[PresentationContext]]]:
        """Yield each kind of association that it opens."""
        return self.remote.calls()

    def tell(self, text: str, **why: str) -> None:
        """Tell the user at the workstation; `why` goes into the log beside the text: `unmet`, preconditions by their id."""
        self.place.log("user-told", text=text, **why)

    def compute(self, fn: Callable[[], T], why: str) -> T:
        """Return what `fn()` returns, for work that keeps a processor busy and takes no bench time."""
        kernel = self.place.kernel
        work = kernel.compute(fn)
        kernel.wait(work, why)
        if work.ok:
            return cast("T", work.value)
        raise cast("BaseException", work.value)

    # the session

    def _begin(self, patient: LoadedPatient | None) -> Treatment:
        self._sessions += 1
        return Treatment(patient=patient, session=self.writer.session(patient, self._sessions))

    def scene(self) -> Scene:
        """Return who lies on the couch; it is made up when it is first needed."""
        treatment = self.treatment
        if treatment.scene is None:
            identity, pictures = self.place.kernel.identity, self.personality.pictures
            treatment.scene = self.compute(
                lambda: Scene(self._lie, treatment.patient, pictures, identity, self.name), "the patient to lie down"
            )
        return treatment.scene

    def keep_picture(self, picture: Picture, hold: Hold) -> Picture:
        """Keep a picture, and write its image and its truth."""
        treatment = self.treatment
        treatment.pictures.append(picture)
        written = self.compute(lambda: self.writer.image(picture, hold), "the image to be written")
        treatment.waiting.append(written)
        treatment.images[picture.number] = written.objects[0]
        shot = picture.radiograph
        self.place.log(
            "picture-taken", acquisition=picture.number, axis=shot.axis, beam=_name(picture.beam),
            gantry=round(shot.gantry, 3), rows=shot.pixels.shape[0], columns=shot.pixels.shape[1],
            picture=self.writer.show_radiograph(picture), truth=self.writer.tell_truth(picture.number, shot.truth),
        )  # fmt: skip
        return picture

    def keep_volume(self, views: Views, scan: Scan, hold: Hold) -> Volume:
        """Keep the cone-beam CT that was made of views, and write its slices, its isocentres and its truth."""
        treatment, beam = self.treatment, views.beam
        number, at = views.swept.sweep.number, views.swept.sweep.began
        waiting = self.compute(lambda: self.writer.volume(number, at, scan, hold), "the slices to be written")
        slices = [ds for ds in waiting.objects if ds.Modality == "CT"]
        volume = Volume(
            number=number, at=at, beam=beam, scan=scan, couch=scan.couch, displaced=views.displaced, slices=slices
        )
        treatment.volume = volume
        treatment.waiting.append(waiting)
        self.place.log(
            "scan-done", acquisition=number, beam=_name(beam), preset=scan.preset.name, slices=scan.grid.slices,
            rows=scan.grid.rows, columns=scan.grid.columns, picture=self.writer.show_volume(number, scan),
            truth=self.writer.tell_truth(number, scan.truth),
        )  # fmt: skip
        return volume

    def keep_match(self, found: Matched, pictures: list[Picture], *, applies: bool) -> None:
        """Keep a match, and write its registration; of a marker match also the markers."""
        treatment = self.treatment
        treatment.found, treatment.shift_applies = found, applies
        self.compute(lambda: self.writer.match(found, pictures), "the registration to be written")

    # steps

    def verify(self, what: Verify) -> None:
        """Ask with C-ECHO whether a remote is there."""
        self.remote.verify(what.to, what.called)

    def load(self, what: Load) -> None:
        """Open a patient; a session begins.

        Raises
        ------
        PlayFailure
            If the patient cannot be opened, or what was acquired of the one before is not stored.
        """
        self._check_stored()
        self.treatment = self._begin(opened(self, what))

    def _check_stored(self) -> None:
        left = sum(len(one.objects) for one in self.treatment.waiting)
        if left or self.treatment.views is not None:
            counted = f"{left} object{'s' if left > 1 else ''} of this session not stored"
            what = counted if left else "a scan of this session is not reconstructed"
            text = f"no other patient can be opened: {what}; store them, or empty the image buffer"
            self.tell(text)
            raise PlayFailure(text)

    def lie(self, what: Lie) -> None:
        """Lay the patient on the couch."""
        self._lie, self.treatment.scene = what, None
        self.scene()
        shift = {name: value for name, value in what.shift.model_dump().items() if value}
        self.place.log("patient-lies", body=what.body, **shift)

    def image_kv(self, what: ImageKv) -> None:
        """Take a kV picture."""
        take_kv(self, what)

    def image_mv(self, what: ImageMv) -> None:
        """Take an MV picture."""
        take_mv(self, what)

    def image_setup(self, what: ImageSetup) -> None:
        """Take what setup beams ask for."""
        take_setup(self, what)

    def scan(self, what: ScanBeam) -> None:
        """Take a cone-beam CT."""
        take_scan(self, what)

    def reconstruct(self, what: Nothing) -> None:
        """Reconstruct the scan whose reconstruction has failed."""
        del what
        reconstruct_again(self)

    def match(self, what: MatchWith) -> None:
        """Match what was acquired last with what was planned."""
        matched_with(self, what)

    def apply_shift(self, what: ApplyShift) -> None:
        """Move the couch by what the last match found."""
        del what
        applied(self)

    def store(self, what: Store) -> None:
        """Store what waits for it."""
        stored(self, what)

    def empty_buffer(self, what: Nothing) -> None:
        """Throw away what is in the image buffer, and what was found in it; nothing of it is stored any more."""
        super().empty_buffer(what)
        self.treatment.waiting.clear()
        self.treatment.views = None


def _name(beam: PlannedBeam | None) -> str:
    return beam.name if beam is not None else ""


ACTIONS: Mapping[str, Action] = {
    "verify": Action(Verify, "verify"),
    "load": Action(Load, "load"),
    "lie": Action(Lie, "lie"),
    "image-kv": Action(ImageKv, "image_kv"),
    "image-mv": Action(ImageMv, "image_mv"),
    "image-setup": Action(ImageSetup, "image_setup"),
    "scan": Action(ScanBeam, "scan"),
    "reconstruct": Action(Nothing, "reconstruct"),
    "match": Action(MatchWith, "match"),
    "apply-shift": Action(ApplyShift, "apply_shift"),
    "store": Action(Store, "store"),
    **OPERATION,
}
"""What a scenario or an operator can have it do."""

KIND = Kind(
    name="imager",
    build=Imager,
    settings=ImagerPersonality,
    about="a kV and MV imager: radiographs, cone-beam CT, matches, stored as RT Image, CT, RT Structure Set, Registration",
    actions=ACTIONS,
    breakages=BREAKAGES,
    events=EVENTS | {"patient-opened", "patient-lies", "picture-taken", "scan-done", "match-done"},
    fields=FIELDS
    | {
        "axis", "beam", "beams", "body", "columns", "images", "markers", "match", "off-degrees", "off-mm", "left-mm",
        "patient", "picture", "plan", "residual", "rows", "setup-beams", "slices", "trusted", "truth", "unmet", "x", "y", "z",
    },
    states=frozenset(one.value for one in Condition),
)  # fmt: skip
Imager.kind = KIND
