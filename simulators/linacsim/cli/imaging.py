"""Making the images of ``linacsim image``: a room, its pictures, and the files of each."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom import Dataset, dcmwrite
from tqdm import tqdm

from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.ctvolume import ct_volume
from linacsim.objects.imaging import Session, ct_slices, made_up, rt_image
from linacsim.objects.pictures import Picture, radiograph_picture, volume_picture
from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import Couch, PatientPosition, Pose, Vector, patient_pose
from linacsim.physics.mvbeam import Aperture
from linacsim.physics.phantoms import phantom
from linacsim.physics.presets import cbct_preset, check_grid, kv_technique, mv_technique
from linacsim.physics.projection import Voxels
from linacsim.physics.room import Detail, Effects, Radiograph, Room
from linacsim.physics.solids import Body
from linacsim.physics.told import told
from linacsim.report.atomic import output_error, replacing
from linacsim.report.pictures import write_png


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """What to make, checked."""

    kind: str
    out: Path
    seed: int
    formats: tuple[str, ...]
    couch: Couch
    effects: Effects
    detail: Detail
    gantries: tuple[float, ...]
    preset: str
    field: Aperture
    grid: Grid | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OnTheCouch:
    """What is looked at."""

    name: str
    body: Body | Voxels
    isocentre: Vector
    position: PatientPosition


def body_of(name: str | None, ct: str | None, isocentre: Vector | None, position: PatientPosition | None) -> OnTheCouch:
    """Return a phantom, or a CT series of the user's.

    Raises
    ------
    InputError
        If both are named, or either cannot be used.
    """
    if ct is None:
        body = phantom(name or "pelvis")
        return OnTheCouch(name=body.name, body=body, isocentre=(0.0, 0.0, 0.0), position=position or "HFS")
    if name is not None:
        raise InputError("a phantom and a CT series", "--phantom, --ct", "name one of them")
    volume = ct_volume(ct)
    return OnTheCouch(
        name="ct", body=volume.voxels, isocentre=isocentre or volume.middle, position=position or volume.position
    )


def make(making: Making, subject: OnTheCouch) -> Iterator[str]:
    """Make the images and yield what is said of them, line by line.

    Raises
    ------
    InputError
        If a preset cannot be used so, or a file cannot be written.
    """
    try:
        making.out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, making.out) from error
    room = Room(subject.body, np.random.SeedSequence(making.seed), effects=making.effects, detail=making.detail)
    pose = patient_pose(making.couch, subject.isocentre, subject.position)
    files = Files(making, subject)
    if making.kind == "cbct":
        yield from _scan(making, subject, room, pose, files)
        return
    with _bar("pictures", making.kind) as bar:
        for number, gantry in enumerate(making.gantries, start=1):
            yield from _radiograph(making, subject, _taken(making, room, pose, number, gantry), files, number)
            bar(number, len(making.gantries))


def _taken(making: Making, room: Room, pose: Pose, number: int, gantry: float) -> Radiograph:
    if making.kind == "kv":
        return room.kv(gantry, pose, kv_technique(making.preset), key=number)
    return room.mv(gantry, pose, mv_technique(making.preset), making.field, key=number)


def _radiograph(making: Making, subject: OnTheCouch, picture: Radiograph, files: Files, number: int) -> Iterator[str]:
    stem = f"{making.kind}-{subject.name}-{number}"
    rows, columns = picture.pixels.shape
    yield f"{picture.axis} picture of {subject.name}, gantry {picture.gantry:g}, {making.preset}"
    if "dicom" in making.formats:
        ds = rt_image(files.session, picture, number=number, label=f"{picture.axis} {number}", at=0)
        yield files.dicom(f"{stem}.dcm", [ds], f"RT Image, {columns}x{rows}")
    if "png" in making.formats:
        yield files.png(f"{stem}.png", radiograph_picture(picture, position=subject.position))
    if "npy" in making.formats:
        yield files.npy(f"{stem}.npy", picture.water, "mm of water")
    yield files.truth(f"{stem}.truth.json", picture.truth)


def _scan(making: Making, subject: OnTheCouch, room: Room, pose: Pose, files: Files) -> Iterator[str]:
    preset, grid = cbct_preset(making.preset), making.grid
    if grid is None:
        raise InputError("no voxels to reconstruct", "linacsim image cbct", "name columns and slices")
    check_grid(grid, preset, room.detectors["kV"].panel)
    with _bar("frames", "cbct") as bar:
        scan = room.scan(pose, preset, grid, key=1, position=subject.position, progress=bar)
    stem = f"cbct-{subject.name}"
    yield f"cone-beam CT of {subject.name}, {preset.name}, {scan.truth['views']} views of {preset.projections} frames"
    size = f"{grid.slices} slices of {grid.columns}x{grid.rows}, {grid.pitch:g} mm, {grid.thickness:g} mm apart"
    if "dicom" in making.formats:
        yield files.dicom(stem, ct_slices(files.session, scan, at=0), size)
    if "png" in making.formats:
        yield files.png(f"{stem}.png", volume_picture(scan.volume, grid))
    if "npy" in making.formats:
        yield files.npy(f"{stem}.npy", scan.volume, "Hounsfield units")
    yield files.truth(f"{stem}.truth.json", scan.truth)


class Files:
    """The files of a picture; what is written is told in its ground truth."""

    def __init__(self, making: Making, subject: OnTheCouch) -> None:
        self.making, self.subject = making, subject
        identity = Identity(making.seed)
        whose = made_up(identity, subject.name, subject.position)
        self.session = Session(identity, whose, f"{making.kind} {subject.name}")
        self.instances: list[str] = []

    def dicom(self, name: str, objects: list[Dataset], what: str) -> str:
        """Write one object to a file of that name, or several to a folder of that name; return what is said of it."""
        path = self.making.out / name
        self.instances = [str(ds.SOPInstanceUID) for ds in objects]
        if len(objects) == 1:
            _write(objects[0], path)
            return _line(path, what)
        try:
            path.mkdir(exist_ok=True)
            for old in path.glob("ct-*.dcm"):
                old.unlink()
        except OSError as error:
            raise output_error(error, path) from error
        for number, ds in enumerate(objects, start=1):
            _write(ds, path / f"ct-{number:03d}.dcm")
        return _line(path, what)

    def png(self, name: str, picture: Picture) -> str:
        """Write a picture for people."""
        write_png(picture, self.making.out / name)
        return _line(self.making.out / name, f"PNG, {picture.shape[1]}x{picture.shape[0]}")

    def npy(self, name: str, values: NDArray[np.float32], what: str) -> str:
        """Write an array of numpy's."""
        with replacing(self.making.out / name) as stream:
            np.save(stream, values)
        return _line(self.making.out / name, what)

    def truth(self, name: str, truth: Mapping[str, Any]) -> str:
        """Write the ground truth."""
        said = {
            "body": self.subject.name,
            "seed": self.making.seed,
            "shift": told(self.making.couch),
            "isocentre": list(self.subject.isocentre),
            "position": self.subject.position,
            "instances": self.instances,
            **truth,
        }
        with replacing(self.making.out / name) as stream:
            stream.write((json.dumps(said, indent=1) + "\n").encode())
        return _line(self.making.out / name, "ground truth")


def _write(ds: Dataset, path: Path) -> None:
    with replacing(path) as stream:
        dcmwrite(stream, ds, enforce_file_format=True)


def _line(path: Path, what: str) -> str:
    return f"  {path}  {what}"


@contextmanager
def _bar(unit: str, what: str) -> Iterator[Callable[[int, int], None]]:
    """Show how far it is on standard error, if that is a terminal."""
    with tqdm(desc=what, unit=f" {unit}", file=sys.stderr, disable=not sys.stderr.isatty(), leave=False) as bar:

        def step(done: int, of: int) -> None:
            bar.total = of
            bar.update(done - bar.n)
            if done == of and unit == "frames":
                bar.set_description("reconstructing")

        yield step
