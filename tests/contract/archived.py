"""What the tests of the archive share: small objects of two patients, and a client that asks for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import config, dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, RTPlanStorage
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.archive.personality import ArchivePersonality, Load
from linacsim.devices.device import Device
from linacsim.devices.entity import NetworkSettings, application_entity, associate
from linacsim.devices.queryretrieve import (
    Found,
    Moved,
    PatientRootFind,
    PatientRootMove,
    StudyRootFind,
    StudyRootMove,
    find,
    move,
)

FINDS = {"patient": PatientRootFind, "study": StudyRootFind}
MOVES = {"patient": PatientRootMove, "study": StudyRootMove}
MODELS = [*FINDS.values(), *MOVES.values()]
# the tree: A1 has the studies 1.1 (series 1.1.1 with three CT, 1.1.2 with a plan) and 1.2 (1.2.1 with a CT); B2 has 2.1
TREE = {
    "A1": {"1.1": {"1.1.1": ["1.1.1.1", "1.1.1.2", "1.1.1.3"], "1.1.2": ["1.1.2.1"]}, "1.2": {"1.2.1": ["1.2.1.1"]}},
    "B2": {"2.1": {"2.1.1": ["2.1.1.1"]}},
}
NAMES = {"A1": "Doe^John", "B2": "Müller^Änne"}
DATES = {"1.1": "20240101", "1.2": "20240201", "2.1": "20240301"}


def instance(patient: str, study: str, series: str, uid: str, *, syntax: UID = ExplicitVRLittleEndian) -> Dataset:
    """Return a small object; a plan if its series says so, else a CT image of 2 x 2 pixels."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = syntax
    plan = series == "1.1.2"
    sop_class = RTPlanStorage if plan else CTImageStorage
    ds.SpecificCharacterSet = "ISO_IR 100"
    ds.SOPClassUID, ds.SOPInstanceUID = UID(sop_class), UID(uid)
    ds.file_meta.MediaStorageSOPClassUID, ds.file_meta.MediaStorageSOPInstanceUID = UID(sop_class), UID(uid)
    ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = NAMES.get(patient, patient), patient, "", "O"
    ds.StudyInstanceUID, ds.StudyDate, ds.StudyTime = study, DATES.get(study, "20240401"), "101500"
    ds.StudyDescription, ds.StudyID, ds.AccessionNumber = f"Study {study}", study, f"ACC{study}"
    ds.SeriesInstanceUID, ds.SeriesNumber = series, series.rpartition(".")[2]
    ds.Modality = "RTPLAN" if plan else "CT"
    ds.InstanceNumber = uid.rpartition(".")[2]
    if plan:
        ds.RTPlanLabel, ds.ApprovalStatus = "Prostate", "APPROVED"
    else:
        ds.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.Rows = ds.Columns = 2
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
        ds.PixelData = bytes(range(8))
        ds["PixelData"].VR = "OW"
    return as_read(ds)


def as_read(ds: Dataset) -> Dataset:
    """Return `ds` as it is read from a file."""
    buffer = BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    read: Dataset = dcmread(buffer)
    return read


def everything() -> list[Dataset]:
    """Return all objects of the tree, in its order."""
    return [
        instance(patient, study, series, uid)
        for patient, studies in TREE.items()
        for study, of_study in studies.items()
        for series, uids in of_study.items()
        for uid in uids
    ]


def write(folder: Path, objects: Iterable[Dataset]) -> Path:
    """Write objects as files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for ds in objects:
        ds.save_as(folder / f"{ds.SOPInstanceUID}.dcm", enforce_file_format=True)
    return folder


def identifier(level: str, **keys: Any) -> Dataset:
    """Return an identifier; a key may hold what no attribute may, such as a range."""
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        for keyword, value in keys.items():
            setattr(ds, keyword, value)
    finally:
        config.settings.reading_validation_mode = before
    return ds


class Asker:
    """A client of the archive, at a peer of the bench; each question is an association of its own."""

    def __init__(self, bench: Bench, device: Device) -> None:
        self._bench = bench
        self.device = device

    def ask(
        self, question: Callable[[Any, Association], Any], models: Iterable[str] = MODELS, syntax: str | None = None
    ) -> Any:
        """Run ``question(ae, assoc)`` on an association with the archive."""

        return self._bench.play(self.question, question, models, syntax, place=self.device.place)

    def question(
        self, question: Callable[[Any, Association], Any], models: Iterable[str] = MODELS, syntax: str | None = None
    ) -> Any:
        """Do what `ask` does, inside a task."""
        network: NetworkSettings = self.device.personality
        ae = application_entity(self.device, network)
        assoc = associate(self.device, ae, "ARCHIVE", [build_context(model, syntax) for model in models])
        try:
            return question(ae, assoc)
        finally:
            if assoc.is_established:
                assoc.release()

    def find(self, level: str, root: str = "study", cancel_after: int = 0, **keys: Any) -> Found:
        """Query the archive."""
        wanted = identifier(level, **keys)
        found: Found = self.ask(
            lambda ae, assoc: find(self.device, ae, assoc, FINDS[root], wanted, message_id=7, cancel_after=cancel_after)
        )
        return found

    def move(self, level: str, to: str = "DEST", root: str = "study", cancel_after: int = 0, **keys: Any) -> Moved:
        """Let the archive send objects to `to`."""
        wanted = identifier(level, **keys)
        moved: Moved = self.ask(
            lambda ae, assoc: move(
                self.device, ae, assoc, MOVES[root], wanted, to, message_id=7, cancel_after=cancel_after
            )
        )
        return moved


def build_archive(
    bench: Bench, folder: Path, objects: Iterable[Dataset], settings: ArchivePersonality | None = None
) -> Asker:
    """Put an archive with `objects`, a destination ``DEST`` and a client ``ASKER`` on `bench`."""
    archive = bench.add("archive", "ARCHIVE", settings=settings)
    bench.add("storage", "DEST")
    asker = bench.add("storage", "ASKER")
    what = Load(files=(str(write(folder, objects)),))
    bench.play(archive.act, "load", what, place=archive.place)
    return Asker(bench, asker)
