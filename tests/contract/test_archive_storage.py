"""What the archive takes, keeps and loses, on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage

from linacsim.bench import Bench
from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.personality import ArchivePersonality, Change, DatabaseDown, Forget, Load
from linacsim.devices.archive.query import Query
from linacsim.devices.archive.services import Archive
from linacsim.devices.caseof import CaseOf
from linacsim.devices.storage.personality import DiskSettings, FillDisk, Store
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record
from tests.contract.archived import Asker, as_read, build_archive, everything, instance, write

Records = Callable[..., list[Record]]
FOLDER = "objects/ARCHIVE/A1/20240101_1.1/CT_1.1.1"
SERIES: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}


@pytest.fixture
def archive(bench_clock: Bench) -> Archive:
    device = bench_clock.add("archive", "ARCHIVE")
    assert isinstance(device, Archive)
    return device


@pytest.fixture
def store(client: Callable[..., Any]) -> Callable[..., list[int]]:
    """Send objects with C-STORE and return the statuses."""

    def send(*objects: Dataset) -> list[int]:
        return list(
            client("ARCHIVE", [CTImageStorage], lambda assoc: [assoc.send_c_store(ds).Status for ds in objects])
        )

    return send


def patients(archive: Archive) -> dict[str, list[str]]:
    """Return the Study Instance UIDs by Patient ID."""
    found: dict[str, list[str]] = {}
    for entry in archive.index.search(Query(Level.STUDY)):
        assert entry.above is not None
        found.setdefault(entry.above.unique, []).append(entry.unique)
    return found


def changed(ds: Dataset, **values: Any) -> Dataset:
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return as_read(ds)


@pytest.mark.usefixtures("archive")
def test_what_is_stored_is_found_and_sent_on(bench_clock: Bench, store: Callable[..., list[int]]) -> None:
    asker = Asker(bench_clock, bench_clock.add("storage", "ASKER"))
    bench_clock.add("storage", "DEST")
    assert store(instance("A1", "1.1", "1.1.1", "1.1.1.1"), instance("A1", "1.1", "1.1.1", "1.1.1.2")) == [0, 0]
    found = asker.find("IMAGE", **SERIES, SOPInstanceUID="")
    assert [match.SOPInstanceUID for match in found.identifiers] == ["1.1.1.1", "1.1.1.2"]
    assert asker.move("SERIES", **SERIES).counters.completed == 2


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("value", ["", "../../etc"])
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_what_could_not_be_found_again_is_not_taken(
    bench_clock: Bench, archive: Archive, store: Callable[..., list[int]], keyword: str, value: str
) -> None:
    assert store(changed(instance("A1", "1.1", "1.1.1", "1.1.1.1"), **{keyword: value})) == [0xA900]
    assert bench_clock.shelf.names("objects/ARCHIVE") == []
    assert archive.index.count() == 0


def test_the_same_instance_with_other_contents_does_not_replace_the_first(
    bench_clock: Bench, archive: Archive, store: Callable[..., list[int]]
) -> None:
    first = instance("A1", "1.1", "1.1.1", "1.1.1.1")
    other = changed(instance("A1", "1.1", "1.1.1", "1.1.1.1"), PatientID="B2", SeriesDescription="other")
    assert store(first, other) == [0, 0]
    assert len(bench_clock.shelf.names("objects/ARCHIVE")) == 2
    kept = archive.index.instance("1.1.1.1")
    assert kept is not None
    assert kept.where == f"{FOLDER}/1.1.1.1.dcm"
    assert patients(archive) == {"A1": ["1.1"]}


def test_a_study_stays_with_the_patient_that_it_came_with(archive: Archive, store: Callable[..., list[int]]) -> None:
    other = changed(instance("A1", "1.1", "1.1.1", "1.1.1.2"), PatientID="B2")
    assert store(instance("A1", "1.1", "1.1.1", "1.1.1.1"), other) == [0, 0]
    assert patients(archive) == {"A1": ["1.1"]}


@pytest.mark.usefixtures("archive")
def test_a_patient_without_an_id_is_one_too(bench_clock: Bench, store: Callable[..., list[int]]) -> None:
    asker = Asker(bench_clock, bench_clock.add("storage", "ASKER"))
    assert store(changed(instance("A1", "1.1", "1.1.1", "1.1.1.1"), PatientID="")) == [0]
    (match,) = asker.find("STUDY", StudyInstanceUID="1.1", PatientID="", PatientName="").identifiers
    assert (match["PatientID"].is_empty, str(match.PatientName)) == (True, "Doe^John")


def test_a_full_disk_and_a_database_that_is_down_refuse(
    bench_clock: Bench, archive: Archive, store: Callable[..., list[int]]
) -> None:
    ds = instance("A1", "1.1", "1.1.1", "1.1.1.1")
    bench_clock.play(archive.strike, "database-down", DatabaseDown())
    assert store(ds) == [0xA700]
    archive.database.down = False
    bench_clock.play(archive.strike, "fill-disk", FillDisk())
    assert store(ds) == [0xA700]
    archive.disk.blocked = False
    assert (archive.index.count(), bench_clock.shelf.names("objects/ARCHIVE")) == (0, [])
    assert store(ds) == [0]


@pytest.mark.parametrize("clock", ["virtual", "live"])
@pytest.mark.parametrize("indexed", [True, False])
def test_a_new_run_over_the_same_folder_finds_what_was_acknowledged(tmp_path: Path, clock: Any, indexed: bool) -> None:
    out = tmp_path / "out"
    names = ("image_dfl.dcm", "MR_small_bigendian.dcm", "rtplan.dcm")
    with Bench(clock=clock, out=out) as bench:
        asker = build_archive(bench, tmp_path / "in", everything())
        what = Store(to="ARCHIVE", images=tuple(f"pydicom:{name}" for name in names))
        bench.play(asker.device.act, "store", what, place=asker.device.place)
        before = asker.find("STUDY", StudyInstanceUID="", NumberOfStudyRelatedInstances="").identifiers
    if not indexed:
        (out / ".archive/ARCHIVE/index.sqlite").unlink()
    (out / "objects/ARCHIVE/noise.dcm").write_bytes(b"no DICOM at all")
    (out / "objects/ARCHIVE/.half.dcm").write_bytes(b"half")
    with Bench(clock=clock, out=out) as bench:
        archive = bench.add("archive", "ARCHIVE")
        assert isinstance(archive, Archive)
        bench.add("storage", "DEST")
        asker = Asker(bench, bench.add("storage", "ASKER"))
        after = asker.find("STUDY", StudyInstanceUID="", NumberOfStudyRelatedInstances="").identifiers
        study = dcmread(str(get_testdata_file("MR_small_bigendian.dcm"))).StudyInstanceUID
        assert asker.move("STUDY", StudyInstanceUID=[study, "1.1"]).counters.completed == 5
        unreadable = [record["object"] for record in bench.log.records if record["event"] == "object-unreadable"]
    assert sorted(str(ds) for ds in after) == sorted(str(ds) for ds in before)
    assert len(before) == 6
    assert unreadable == ([] if indexed else ["objects/ARCHIVE/noise.dcm"])


def test_a_folder_is_loaded_without_what_is_no_object(
    bench_clock: Bench, archive: Archive, tmp_path: Path, records: Records
) -> None:
    folder = write(tmp_path / "in" / "deep", everything()).parent
    (folder / "readme.txt").write_text("no DICOM", "utf-8")
    (folder / "cut.dcm").write_bytes((folder / "deep" / "1.1.1.1.dcm").read_bytes()[:300])
    bench_clock.play(archive.act, "load", Load(files=(str(folder), "pydicom:CT_small.dcm")), place=archive.place)
    assert archive.index.count() == 7
    assert len(records("object-loaded", "ARCHIVE")) == 7
    assert sorted(record["object"] for record in records("file-left-out")) == ["cut.dcm", "readme.txt"]


def test_a_synthetic_patient_is_loaded_whole(bench_clock: Bench, archive: Archive) -> None:
    case = CaseOf(slices=2, matrix=32, radiograph=32, beams=("photon", "kv-ap"), marker_subtype=True)
    bench_clock.play(archive.act, "load", Load(case=case), place=archive.place)
    held = [dcmread(BytesIO(bench_clock.shelf.read(where))) for where in bench_clock.shelf.names("objects/ARCHIVE")]
    assert sorted(ds.Modality for ds in held) == ["CT", "CT", "RTIMAGE", "RTIMAGE", "RTPLAN", "RTSTRUCT"]
    (structures,) = [ds for ds in held if ds.Modality == "RTSTRUCT"]
    kinds = [
        (item.RTROIInterpretedType == "MARKER", item.get((0x3271, 0x1000)) is not None)
        for item in structures.RTROIObservationsSequence
    ]
    assert kinds.count((True, True)) == 3
    assert kinds.count((False, False)) == len(kinds) - 3


def test_what_is_loaded_can_be_different(bench_clock: Bench, archive: Archive) -> None:
    changes = (
        Change(of="ct", nth=2, path="PixelSpacing", value=(1.0, 2.0)),
        Change(of="rtplan", path="BeamSequence[0]"),
    )
    case = CaseOf(slices=2, matrix=32, radiograph=32, beams=("photon", "kv-ap"))
    bench_clock.play(archive.act, "load", Load(case=case, what=("ct", "rtplan"), change=changes), place=archive.place)
    held = [dcmread(BytesIO(bench_clock.shelf.read(where))) for where in bench_clock.shelf.names("objects/ARCHIVE")]
    spacings = {tuple(ds.PixelSpacing) for ds in held if ds.Modality == "CT"}
    assert len(spacings) == 2
    assert (1.0, 2.0) in spacings
    assert [len(ds.BeamSequence) for ds in held if ds.Modality == "RTPLAN"] == [1]


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (Change(of="ct", nth=3, path="PixelSpacing"), "2 objects of kind ct are loaded"),
        (Change(of="mr", path="PixelSpacing"), "0 objects of kind mr are loaded"),
        (Change(of="cd", path="PixelSpacing"), "unknown kind of object 'cd'; known kinds: cr, ct"),
    ],
)
def test_a_change_of_nothing_is_an_input_error(bench_clock: Bench, archive: Archive, change: Change, text: str) -> None:
    case = CaseOf(slices=2, matrix=32, radiograph=32)
    with pytest.raises(InputError, match=text):
        bench_clock.play(archive.act, "load", Load(case=case, what=("ct",), change=(change,)), place=archive.place)


def test_a_load_of_nothing_is_an_input_error(bench_clock: Bench, archive: Archive) -> None:
    with pytest.raises(InputError, match="give `files`, or a `case`"):
        bench_clock.play(archive.act, "load", Load(), place=archive.place)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("nowhere.dcm", "there is no such file"),
        ("pydicom:dicomdirtests/DICOMDIR", "SOP Class UID or SOP Instance UID is missing"),
        ("pydicom:nothing.dcm", "pydicom brings no such file"),
    ],
)
def test_a_file_that_cannot_be_loaded_is_an_input_error(
    bench_clock: Bench, archive: Archive, name: str, text: str
) -> None:
    with pytest.raises(InputError, match=text):
        bench_clock.play(archive.act, "load", Load(files=(name,)), place=archive.place)


@pytest.mark.parametrize(
    ("what", "lost"),
    [
        (Forget(), "2.1.1.1"),
        (Forget(nth=1), "1.1.1.1"),
        (Forget(nth=4), "1.1.2.1"),
        (Forget(sop_instance="1.2.1.1"), "1.2.1.1"),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_one_object_is_lost(
    bench_clock: Bench, tmp_path: Path, records: Records, what: Forget, lost: str, listed: bool
) -> None:
    asker = build_archive(bench_clock, tmp_path / "in", everything())
    archive = bench_clock.devices["ARCHIVE"]
    told = what.model_copy(update={"still_listed": listed})
    bench_clock.play(archive.act, "forget", told, place=archive.place)
    assert len(bench_clock.shelf.names("objects/ARCHIVE")) == 5
    (record,) = records("object-lost", "ARCHIVE")
    assert (record["object"].rpartition("/")[2], record["listed"]) == (f"{lost}.dcm", listed)
    studies = asker.find("STUDY", StudyInstanceUID="", NumberOfStudyRelatedInstances="").identifiers
    left = {"2.1.1.1": [4, 1], "1.2.1.1": [4, 1], "1.1.1.1": [3, 1, 1], "1.1.2.1": [3, 1, 1]}
    assert [int(ds.NumberOfStudyRelatedInstances) for ds in studies] == ([4, 1, 1] if listed else left[lost])


def test_as_a_breakage_it_strikes_what_has_just_come(
    bench_clock: Bench, archive: Archive, store: Callable[..., list[int]], records: Records
) -> None:
    bench_clock.play(archive.strike, "forget", Forget())
    assert records("nothing-lost", "ARCHIVE")
    store(instance("A1", "1.1", "1.1.1", "1.1.1.1"), instance("A1", "1.1", "1.1.1", "1.1.1.2"))
    bench_clock.play(archive.strike, "forget", Forget())
    assert records("object-lost", "ARCHIVE")[0]["object"] == f"{FOLDER}/1.1.1.2.dcm"


@pytest.mark.parametrize("what", [Forget(), Forget(nth=3), Forget(sop_instance="9.9")])
def test_what_is_not_there_cannot_be_lost(bench_clock: Bench, archive: Archive, what: Forget) -> None:
    with pytest.raises(PlayFailure, match="ARCHIVE has no object"):
        bench_clock.play(archive.act, "forget", what, place=archive.place)


def test_the_personality_of_a_storage_peer_holds_for_the_archive(
    bench_clock: Bench, store: Callable[..., list[int]]
) -> None:
    bench_clock.add("archive", "ARCHIVE", settings=ArchivePersonality(disk=DiskSettings(capacity=100)))
    assert store(instance("A1", "1.1", "1.1.1", "1.1.1.1")) == [0xA700]
