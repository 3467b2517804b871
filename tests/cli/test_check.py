"""``linacsim check``: exit codes, what it says, and that one slice is not lost among hundreds."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import UID

from linacsim.cli import main


def sample(name: str) -> str:
    return str(get_testdata_file(name))


def ct_series(folder: Path, count: int) -> None:
    """Write a series of axial CT slices; the last one has other pixels than RayStation takes."""
    image = pydicom.dcmread(sample("CT_small.dcm"))
    image.remove_private_tags()
    image.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    for n in range(count):
        image.SOPInstanceUID = image.file_meta.MediaStorageSOPInstanceUID = UID(f"1.2.3.{n + 1}")
        image.ImagePositionPatient, image.InstanceNumber = [-100, -100, 2.0 * n], n + 1
        image.PixelSpacing = [6, 6] if n == count - 1 else [1, 1]
        image.save_as(folder / f"{n:03}.dcm")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    code = main(["check", *arguments])
    return code, capsys.readouterr().out


def test_nothing_broken(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ct_series(tmp_path, 3)
    (tmp_path / "002.dcm").unlink()
    code, out = run(capsys, str(tmp_path), "--against", "monaco")
    assert code == 0
    assert "2 CT Image" in out
    assert "broken       nothing" in out


def test_one_slice_stands_out(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ct_series(tmp_path, 30)
    code, out = run(capsys, str(tmp_path), "--against", "raystation")
    assert code == 1
    broken = out.partition("\nBroken")[2].partition("\nNotes")[0].partition("\nFor a person")[0]
    assert "CT Image, one of 30: 029.dcm" in broken
    assert "PixelSpacing: 6" in broken
    assert "at most 5 mm" in broken
    assert "same    image-pixel-spacing" in broken, "what a document says twice is one finding"
    assert len(broken.splitlines()) < 40


def test_the_text_keeps_to_the_width(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    _, out = run(capsys, sample("rtplan.dcm"), sample("rtdose.dcm"), "--against", "monaco", "--verbose")
    assert max(len(line) for line in out.splitlines() if " " in line.strip()) <= 80


@pytest.mark.parametrize("against", ["monaco", "oncentra", "raystation", "varian-obi", "preciseplan:export"])
def test_the_bundled_files_against_every_system(capsys: pytest.CaptureFixture[str], against: str) -> None:
    names = ["rtplan.dcm", "rtstruct.dcm", "rtdose.dcm", "rtplan_truncated.dcm", "CT_small.dcm", "MR_small.dcm"]
    code, out = run(capsys, *map(sample, names), "--against", against, "--format", "json")
    found = json.loads(out)
    assert code == 1
    assert [one["damaged"] for one in found["not-checked"]] == [True]
    assert len(found["objects"]) == 5
    assert found["summary"]["decided"] > 0
    assert found["summary"]["broken"] == len({one["rule"] for one in found["broken"]})


def test_json_says_all_of_a_finding(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, sample("rtdose.dcm"), "--against", "monaco", "--format", "json")
    found = json.loads(out)
    assert set(found) == {
        "system", "title", "way", "summary", "objects", "not-checked", "broken", "person", "note",
    }  # fmt: skip
    (one,) = [one for one in found["broken"] if one["rule"] == "rtdose.import:3004,0002#fixed"]
    assert (one["path"], one["found"], one["wanted"], one["kind"]) == ("DoseUnits", "RELATIVE", "GY", "RT Dose")
    assert set(one) == {
        "rule", "section", "kind", "path", "found", "wanted", "effect", "effect-words", "effect-section", "reason",
        "sentence", "files", "of", "places", "also",
    }  # fmt: skip
    assert all(one["reason"] for one in found["person"])


def test_junit_counts_objects(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    ct_series(tmp_path, 4)
    (tmp_path / "readme.txt").write_text("no DICOM here, only words")
    (tmp_path / "half.dcm").write_bytes((tmp_path / "000.dcm").read_bytes()[:-5000])
    code, out = run(capsys, str(tmp_path), "--against", "raystation", "--format", "junit")
    suite = ET.fromstring(out).find("testsuite")  # noqa: S314 - our own words
    assert code == 1
    assert suite is not None
    failed = [one.get("name") for one in suite.iter("testcase") if one.find("failure") is not None]
    assert failed == ["003.dcm"]
    assert (suite.get("failures"), suite.get("errors"), suite.get("skipped")) == ("1", "1", "1")
    assert suite.get("tests") == str(len(suite.findall("testcase")))


def test_mixed_patients_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    _, out = run(capsys, sample("rtplan.dcm"), sample("rtdose.dcm"), "--against", "oncentra")
    assert "2 (id00001, id11111)" in " ".join(out.split())


def test_only_what_cannot_be_read(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("no DICOM here, only words")
    code, out = run(capsys, str(tmp_path), "--against", "monaco")
    assert code == 3
    assert "a.txt is no DICOM file" in out


@pytest.mark.parametrize(
    ("against", "words"),
    [
        ("raystatio", "did you mean 'raystation'"),
        ("raystation:both", "write raystation:import or raystation:export"),
        ("preciseplan", "documents no import of objects; try --against preciseplan:export"),
    ],
)
def test_a_wrong_system(capsys: pytest.CaptureFixture[str], against: str, words: str) -> None:
    assert main(["check", sample("rtplan.dcm"), "--against", against]) == 3
    assert words in capsys.readouterr().err


def test_a_path_that_is_not_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "nowhere", "--against", "monaco"]) == 3
    assert "nowhere: there is no such file or folder" in capsys.readouterr().err


def test_a_folder_of_tables_is_a_system(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "acme").mkdir()
    (tmp_path / "acme" / "system.toml").write_text('product = "A"\nvendor = "B"\nversion = "1"\ntitle = "A 1"\n')
    (tmp_path / "acme" / "objects.tsv").write_text(
        "id\tkind\tdirection\tname\tsop-class\tsection\n"
        "rtplan.import\trtplan\timport\tRT Plan\t1.2.840.10008.5.1.4.1.1.481.5\t1\n"
    )
    code, out = run(capsys, sample("rtdose.dcm"), "--against", str(tmp_path / "acme"))
    assert code == 1
    assert "A 1 imports RT Plan" in out
