"""Taking pictures: what a beam asks for, or what the user sets by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linacsim.devices.imager.actions import ImageBeam, ImageKv, ImageMv, ImageSetup, ScanBeam
from linacsim.devices.imager.hardware.results import Exposure, Sweep, Swept
from linacsim.devices.imager.plan import PlannedBeam
from linacsim.devices.imager.scene import Scene
from linacsim.devices.imager.state import Picture, Views, Volume
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.units import SECOND
from linacsim.physics.geometry import Pose
from linacsim.physics.mvbeam import Aperture, square
from linacsim.physics.presets import cbct_preset, kv_technique, mv_technique
from linacsim.physics.room import Radiograph, Scan

if TYPE_CHECKING:
    from linacsim.devices.imager.services import Imager


def take_kv(imager: Imager, what: ImageKv) -> Picture:
    """Take a kV picture.

    Raises
    ------
    PlayFailure
        If the hardware refuses or stops it, or the plan asks for another picture.
    """
    if imager.personality.product != "OBI":
        raise PlayFailure(f"{imager.personality.product} has no kV axis (table 1-2)")
    beam, gantry = _wanted(imager, what, "kV")
    technique = kv_technique(what.technique or imager.personality.pictures.kv_technique)
    scene = imager.scene()

    def work(exposure: Exposure) -> Radiograph:
        pose = scene.pose(exposure.couch, exposure.began / SECOND)
        return scene.room.kv(exposure.gantry, pose, technique, key=exposure.number, couch=exposure.couch)

    imager.hardware.prepare("kv")
    taken = imager.hardware.expose_kv(technique, gantry, work, extended=_extended(beam, what))
    return imager.keep_picture(_picture(taken.exposure, taken.picture, beam, scene), taken.hold)


def take_mv(imager: Imager, what: ImageMv) -> Picture:
    """Take an MV picture, or a portal dose image; errors are those of `take_kv`."""
    beam, gantry = _wanted(imager, what, "MV")
    technique = mv_technique(what.technique or imager.personality.pictures.mv_technique)
    aperture = _aperture(beam) or square(imager.personality.pictures.field)
    scene = imager.scene()

    def work(exposure: Exposure) -> Radiograph:
        pose = scene.pose(exposure.couch, exposure.began / SECOND)
        return scene.room.mv(exposure.gantry, pose, technique, aperture, key=exposure.number, couch=exposure.couch)

    imager.hardware.prepare("mv")
    taken = imager.hardware.expose_mv(technique, gantry, work, extended=_extended(beam, what))
    return imager.keep_picture(_picture(taken.exposure, taken.picture, beam, scene, dose=what.dose), taken.hold)


def take_scan(imager: Imager, what: ScanBeam) -> Volume:
    """Take a cone-beam scan and reconstruct it; errors are those of `take_kv`."""
    if imager.personality.product != "OBI":
        raise PlayFailure(f"{imager.personality.product} has no cone-beam CT (table 1-2)")
    beam = _scan_beam(imager, what.beam)
    preset = cbct_preset(what.preset or imager.personality.pictures.preset)
    grid = preset.grid(what.columns, what.slices, what.thickness)
    scene = imager.scene()

    def progress(done: int, of: int) -> None:
        told = imager.place.kernel.progress
        if told is not None:
            told("views" if done < of else "reconstruction", done, of)

    def work(sweep: Sweep) -> Scan:
        began = sweep.began / SECOND

        def moving(seconds: float) -> Pose:
            return scene.pose(sweep.couch, began + seconds)

        pose = moving if scene.moves else moving(0.0)
        return scene.room.scan(
            pose, preset, grid, key=sweep.number, couch=sweep.couch, position=scene.position, progress=progress
        )  # fmt: skip

    imager.hardware.prepare("cbct")
    swept: Swept[Sweep] = imager.hardware.sweep(preset, lambda sweep: sweep, slices=what.slices)
    return _reconstructed(imager, Views(swept=swept, beam=beam, displaced=scene.displaced, work=work))


def reconstruct_again(imager: Imager) -> Volume:
    """Reconstruct the scan whose reconstruction has failed.

    Raises
    ------
    PlayFailure
        If there is none, or it fails again.
    """
    views = imager.treatment.views
    if views is None:
        raise PlayFailure("there is nothing to reconstruct: no reconstruction has failed in this session")
    return _reconstructed(imager, views)


def _reconstructed(imager: Imager, views: Views) -> Volume:
    """Return the volume of a scan; its views are kept until there is one."""
    imager.treatment.views = views
    scanned = imager.hardware.reconstruct(views.swept, views.work)
    imager.treatment.views = None
    return imager.keep_volume(views, scanned.volume, scanned.hold)


def take_setup(imager: Imager, what: ImageSetup) -> None:
    """Take what setup beams ask for (2.2.1.4.1.2); errors are those of `take_kv`."""
    patient = imager.treatment.patient
    if patient is None:
        raise InputError("no plan is open", "image-setup", "load one first")
    beams = [_named(imager, name) for name in what.beams] or patient.plan.asking_for("kV", "MV", "CBCT")
    if not beams:
        raise PlayFailure(f"RT Plan {patient.plan.label} has no setup beam whose imaging starts by itself")
    size = {name: getattr(what, name) for name in ("columns", "slices", "thickness")}
    for beam in beams:
        name, asked = str(beam.number), beam.acquires
        if asked == "kV":
            take_kv(imager, ImageKv(beam=name))
        elif asked == "MV":
            take_mv(imager, ImageMv(beam=name))
        elif asked == "CBCT":
            take_scan(imager, ScanBeam(beam=name, **size))
        else:
            words = ", ".join(image.words for image in beam.images) or "nothing"
            raise PlayFailure(f"{beam.label} asks for {words}, which does not start by itself")


def _picture(
    exposure: Exposure, radiograph: Radiograph, beam: PlannedBeam | None, scene: Scene, *, dose: bool = False
) -> Picture:
    return Picture(
        number=exposure.number, at=exposure.began, beam=beam, radiograph=radiograph, couch=exposure.couch,
        displaced=scene.displaced, dose=dose,
    )  # fmt: skip


def _extended(beam: PlannedBeam | None, what: ImageBeam) -> bool:
    return beam is not None and what.gantry is None and beam.extension.over_travel[0]


def _wanted(imager: Imager, what: ImageBeam, axis: str) -> tuple[PlannedBeam | None, float]:
    """Return the beam that a picture is for, and the gantry's angle."""
    beam = _named(imager, what.beam) if what.beam else None
    if beam is not None and beam.axis not in (axis, ""):
        raise PlayFailure(f"{beam.label} asks for a picture of the {beam.axis} axis, not of the {axis} axis")
    gantry = what.gantry if what.gantry is not None else beam.gantry if beam is not None else 0.0
    if gantry is None:
        raise PlayFailure(f"{beam.label if beam else 'the beam'} has no Gantry Angle (300A,011E); give one")
    return beam, gantry % 360.0


def _named(imager: Imager, name: str) -> PlannedBeam:
    """Return the beam of the plan that goes by a name or number."""
    patient = imager.treatment.patient
    if patient is None:
        raise InputError(f"beam {name}: no plan is open", "beam", "load one first, or leave the beam out")
    for beam in patient.plan.beams:
        if name in (beam.name, str(beam.number)):
            return beam
    known = ", ".join(beam.name for beam in patient.plan.beams) or "none"
    raise InputError(f"no beam {name!r}", f"RT Plan {patient.plan.label}", f"its beams are: {known}")


def _scan_beam(imager: Imager, name: str) -> PlannedBeam | None:
    """Return the setup beam that asks for a scan: the one of that name, or the first there is."""
    patient = imager.treatment.patient
    if name:
        beam = _named(imager, name)
        if not any(image.kind == "CBCT" for image in beam.images):
            asked = ", ".join(image.words for image in beam.images) or "nothing"
            raise PlayFailure(f"{beam.label} asks for {asked}, not for a cone-beam CT (table 2-17)")
        return beam
    return next(iter(patient.plan.asking_for("CBCT")), None) if patient is not None else None


def _aperture(beam: PlannedBeam | None) -> Aperture | None:
    return beam.aperture if beam is not None else None
