"""``linacsim archive load``: what is taken, what is told, how it ends."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from linacsim.bench import Bench
from linacsim.cli import main
from linacsim.devices.archive.keeping import KeepingSettings
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.services import Archive
from tests.contract.archived import everything, instance, write


@pytest.fixture
def store(tmp_path: Path) -> str:
    return str(tmp_path / "store")


def load(*paths: Path | str, store: str) -> int:
    return main(["archive", "load", *map(str, paths), "--store", store])


def test_files_are_kept_byte_for_byte_and_found(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    names = [str(get_testdata_file(name)) for name in ("rtplan.dcm", "image_dfl.dcm", "MR_small_bigendian.dcm")]
    assert load(*names, store=store) == 0
    assert "3 objects loaded" in capsys.readouterr().out
    files = sorted(path.read_bytes() for path in (tmp_path / "store" / "objects").rglob("*.dcm"))
    assert files == sorted(Path(name).read_bytes() for name in names)
    with Bench() as bench:
        told = ArchivePersonality(keeping=KeepingSettings(store=store))
        archive = bench.add("archive", "ARCHIVE", settings=told)
        assert isinstance(archive, Archive)
        for name in names:
            kept = archive.index.instance(str(dcmread(name).SOPInstanceUID))
            assert kept is not None
            assert archive.read(kept) == Path(name).read_bytes()


def test_folders_and_media_are_loaded_without_what_is_no_object(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "in" / "deep", everything()).parent
    (folder / "readme.txt").write_text("no DICOM", "utf-8")
    (folder / "DICOMDIR").write_bytes(Path(str(get_testdata_file("dicomdirtests/DICOMDIR"))).read_bytes())
    assert load(folder, store=store) == 0
    told = capsys.readouterr()
    assert "6 objects loaded" in told.out
    assert "2 files are no objects" in told.out
    assert told.err == ""


def test_what_is_there_already_is_left_alone(tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "in", everything())
    assert [load(folder, store=store), load(folder, store=store)] == [0, 0]
    told = capsys.readouterr().out
    assert "0 objects loaded (0.0 MB); 6 were there already\nthe store holds 6 objects\n" in told


def test_the_members_of_a_ZIP_archive_are_loaded(tmp_path: Path, store: str) -> None:
    folder = write(tmp_path / "in", everything())
    with zipfile.ZipFile(tmp_path / "case.ZIP", "w", zipfile.ZIP_DEFLATED) as packed:
        for path in folder.iterdir():
            packed.write(path, f"../{path.name}")
    assert load(tmp_path / "case.ZIP", store=store) == 0
    assert len(list((tmp_path / "store" / "objects").rglob("*.dcm"))) == 6


def test_each_file_that_cannot_be_loaded_is_told_and_the_others_are_loaded(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "in", everything())
    whole = (folder / "1.1.1.1.dcm").read_bytes()
    (folder / "1.1.1.1.dcm").write_bytes(whole[:-3])
    lost = instance("A1", "1.1", "1.1.1", "1.1.1.9")
    del lost.StudyInstanceUID
    write(folder, [lost])
    (folder / "broken.zip").write_bytes(b"PK\x05\x06" + bytes(18) + b"DICM")
    assert load(folder, store=store) == 1
    told = capsys.readouterr()
    assert "5 objects loaded" in told.out
    assert "2 could not be loaded" in told.out
    assert "1.1.1.1.dcm: element (7FE0,0010) breaks off: 3 bytes are missing" in told.err
    assert "1.1.1.9.dcm: Study Instance UID is missing or no UID" in told.err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["nowhere", "--store", "{store}"], "nowhere: there is no such file or folder"),
        (["{file}"], "the following arguments are required: --store"),
        (["{file}", "--store", "{file}"], "cannot write the store: Not a directory"),
        (["{file}", "--store", "{store}", "--database", "oracle://db"], "'oracle' is no database for an index"),
        (["{file}", "--store", "{store}", "--database", "{file}"], "no URL of a database"),
        (["{file}", "--store", "{store}", "--database", "sqlite:///{file}"], "the index is damaged"),
    ],
)
def test_what_cannot_be_used_is_told_in_one_line(
    store: str, capsys: pytest.CaptureFixture[str], arguments: list[str], text: str
) -> None:
    file = str(get_testdata_file("CT_small.dcm"))
    given = [one.format(store=store, file=file) for one in arguments]
    try:
        code = main(["archive", "load", *given])
    except SystemExit as left:
        code = int(left.code or 0)
    assert code == 3
    told = capsys.readouterr().err
    assert text in told
    assert len(told.splitlines()) == 1


def test_a_file_that_is_named_and_is_none_is_a_failure(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("no DICOM", "utf-8")
    assert load(tmp_path / "notes.txt", store=store) == 1
    assert "notes.txt: no DICOM file" in capsys.readouterr().err


@pytest.mark.parametrize("devices", [["printer"], ["archive", "archive"]])
def test_a_store_is_for_one_archive(store: str, capsys: pytest.CaptureFixture[str], devices: list[str]) -> None:
    assert main(["serve", *devices, "--store", store]) == 3
    assert "a store is for one archive" in capsys.readouterr().err


def test_a_database_wants_a_store(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "archive", "--database", "sqlite:///x"]) == 3
    assert "give --store DIR, too" in capsys.readouterr().err


def test_a_store_without_its_index_is_indexed_anew(
    tmp_path: Path, store: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(tmp_path / "in", everything())
    assert load(folder, store=store) == 0
    (tmp_path / "store/.archive/archive/index.sqlite").unlink()
    assert load(folder, store=store) == 0
    told = capsys.readouterr()
    assert "the index has been made anew from 6 objects" in told.err
    assert told.out.endswith("6 were there already\nthe store holds 6 objects\n")
