"""Which objects an activity sends: bad input is one clear line, and an object keeps what it says in any transfer syntax."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from linacsim.bench import Bench
from linacsim.devices.caseof import CaseOf
from linacsim.devices.planning.activities import Export
from linacsim.devices.planning.inbox import files_in, folders_in, remove
from linacsim.devices.planning.receiving import safe
from linacsim.devices.planning.transcode import transcoded
from linacsim.errors import InputError
from linacsim.kernel.shelf import Shelf

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]


@pytest.fixture
def export() -> Callable[..., list[Any]]:
    """Let RayStation export to a storage peer, and return what was logged there."""

    def run(**what: Any) -> list[Any]:
        with Bench() as bench:
            bench.add("storage", "STORE")
            device = bench.add("raystation-storage-scu", "RAY")
            bench.play(device.act, "export-pacs", Export(to="STORE", **what), place=device.place)
            bench.settle()
            return [dict(record) for record in bench.log.records]

    return run


def named(name: str) -> Dataset:
    return dcmread(str(get_testdata_file(name)))


def without(folder: Path, keyword: str) -> str:
    ds = named("CT_small.dcm")
    del ds[keyword]
    ds.save_as(folder / "bad.dcm")
    return str(folder / "bad.dcm")


def test_a_file_that_is_not_there_or_no_dicom(export: Callable[..., Any], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        export(files=(str(tmp_path / "nothing.dcm"),))
    (tmp_path / "notes.txt").write_text("no DICOM")
    with pytest.raises(InputError, match="not a DICOM file"):
        export(files=(str(tmp_path / "notes.txt"),))
    with pytest.raises(InputError, match="there is nothing to send"):
        export(files=(str(tmp_path),))


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "SOPClassUID"])
def test_an_object_without_uid(export: Callable[..., Any], tmp_path: Path, keyword: str) -> None:
    with pytest.raises(InputError, match="SOP Class UID or SOP Instance UID is missing"):
        export(files=(without(tmp_path, keyword),))


def test_a_folder_is_taken_with_everything_below_it_that_is_dicom(export: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    named("CT_small.dcm").save_as(tmp_path / "deep" / "ct.dcm")
    named("MR_small.dcm").save_as(tmp_path / "mr.dcm")
    (tmp_path / "notes.txt").write_text("no DICOM")
    records = export(files=(str(tmp_path),))
    assert [one["objects"] for one in records if one["event"] == "objects-sent"] == [2]
    assert [one["object"] for one in records if one["event"] == "file-left-out"] == ["notes.txt"]


def test_a_choice_among_files(export: Callable[..., Any]) -> None:
    records = export(files=("pydicom:CT_small.dcm", "pydicom:MR_small.dcm"), what=("mr",))
    assert [one["objects"] for one in records if one["event"] == "objects-sent"] == [1]


def test_a_case_that_cannot_be_built(export: Callable[..., Any]) -> None:
    with pytest.raises(InputError, match="out of range"):
        export(case=CaseOf(matrix=4))
    with pytest.raises(InputError, match="unknown beam"):
        export(case=CaseOf(beams=("laser",)))


def test_a_compressed_file_is_sent_uncompressed(export: Callable[..., Any]) -> None:
    records = export(files=("pydicom:MR_small_RLE.dcm",))
    assert [one["objects"] for one in records if one["event"] == "objects-sent"] == [1]


@pytest.mark.parametrize("has", SYNTAXES)
@pytest.mark.parametrize("wanted", SYNTAXES)
@pytest.mark.parametrize("name", ["CT_small.dcm", "rtplan.dcm", "MR_small_RLE.dcm"])
def test_an_object_says_the_same_in_every_transfer_syntax(name: str, has: str, wanted: str) -> None:
    original = named(name)
    turned = transcoded(transcoded(original, has), wanted)
    assert turned.file_meta.TransferSyntaxUID == wanted
    assert turned.SOPInstanceUID == original.SOPInstanceUID
    for element in original:
        if element.VR not in ("OW", "OB", "UN", "US or OW") and not element.tag.is_private:
            assert turned[element.tag].value == element.value, element.keyword
    if "PixelData" in original:
        assert np.array_equal(turned.pixel_array, original.pixel_array)


def test_the_object_itself_stays_as_it_is() -> None:
    original = named("CT_small.dcm")
    before = original.PixelData
    transcoded(original, ExplicitVRBigEndian)
    assert original.PixelData == before
    assert original.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert transcoded(original, ExplicitVRLittleEndian) is original


@pytest.mark.parametrize("folder", [True, False])
def test_folders_of_an_inbox(tmp_path: Path, folder: bool) -> None:
    shelf = Shelf(tmp_path if folder else None)
    assert folders_in(shelf, "inbox/A") == []
    for kind in ("inbox/A", "inbox/A/s1", "inbox/A/s2"):
        shelf.put(kind, "one.dcm", b"x")
    assert folders_in(shelf, "inbox/A") == ["s1", "s2"]
    assert files_in(shelf, "inbox/A") == ["inbox/A/one.dcm"]
    remove(shelf, "inbox/A/s1/one.dcm")
    remove(shelf, "inbox/A/s1/one.dcm")
    assert files_in(shelf, "inbox/A/s1") == []


@pytest.mark.parametrize(
    ("text", "name"), [("1.2.3", "1.2.3"), ("../../etc/x", "_.._etc_x"), ("", "_"), ("a b\\c", "a_b_c"), ("..", "_")]
)
def test_a_peer_never_names_a_path(text: str, name: str) -> None:
    assert safe(text) == name
