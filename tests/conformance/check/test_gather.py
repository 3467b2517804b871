"""Files that are damaged, foreign or hostile: a line each, never a traceback, and the others are read all the same."""

from __future__ import annotations

import shutil
import struct
import warnings
import zlib
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file

from linacsim.conformance import load_system
from linacsim.conformance.check import check, gather
from linacsim.conformance.check.gather import Gathered
from linacsim.conformance.check.values import Unknown
from linacsim.errors import InputError

PREAMBLE = bytes(128) + b"DICM"


def sample(name: str) -> Path:
    return Path(str(get_testdata_file(name)))


def explicit(tag: int, vr: bytes, value: bytes) -> bytes:
    value += b"\0" * (len(value) % 2)
    head = struct.pack("<HH2s", tag >> 16, tag & 0xFFFF, vr)
    long = vr in (b"SQ", b"OB", b"OW", b"UN", b"UT")
    return head + (struct.pack("<HL", 0, len(value)) if long else struct.pack("<H", len(value))) + value


def part10(*elements: bytes, syntax: bytes = b"1.2.840.10008.1.2.1") -> bytes:
    meta = explicit(0x00020010, b"UI", syntax)
    return PREAMBLE + explicit(0x00020000, b"UL", struct.pack("<L", len(meta))) + meta + b"".join(elements)


PLAN_CLASS = explicit(0x00080016, b"UI", b"1.2.840.10008.5.1.4.1.1.481.5")
PLAN_UID = explicit(0x00080018, b"UI", b"1.2.3")


def nested(depth: int) -> bytes:
    """Return beam sequences inside each other, of undefined length."""
    opening = struct.pack("<HH2sHL", 0x300A, 0x00B0, b"SQ", 0, 0xFFFFFFFF) + struct.pack(
        "<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF
    )
    closing = struct.pack("<HHL", 0xFFFE, 0xE00D, 0) + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    return opening * depth + closing * depth


BAD = {
    "empty.dcm": b"",
    "text.txt": b"a text, no DICOM file",
    "preamble.dcm": PREAMBLE,
    "half.dcm": part10(PLAN_CLASS, PLAN_UID)[:-3],
    "short-header.dcm": part10(PLAN_CLASS) + b"\x08\x00",
    "huge-length.dcm": part10(PLAN_CLASS, PLAN_UID)
    + struct.pack("<HH2sHL", 0x0009, 0x1001, b"UN", 0, 0xFFFFFFF0)
    + b"ab",
    "deep.dcm": part10(PLAN_CLASS, PLAN_UID, nested(4000)),
    "bad-deflate.dcm": part10(syntax=b"1.2.840.10008.1.2.1.99") + b"no zlib at all",
    "random.dcm": part10(PLAN_CLASS) + bytes(range(256)),
    "unknown-syntax.dcm": part10(PLAN_CLASS, PLAN_UID, syntax=b"1.2.3.4.5"),
    "nul.dcm": part10(PLAN_CLASS, PLAN_UID, explicit(0x00100020, b"LO", b"A\0B\x1b\x07")),
    "wrong-vr.dcm": part10(PLAN_CLASS, PLAN_UID, explicit(0x300A00B0, b"LO", b"no sequence")),
    "no-number.dcm": part10(PLAN_CLASS, PLAN_UID, explicit(0x300A0078, b"IS", b"many")),
    "empty-sequence.dcm": part10(PLAN_CLASS, PLAN_UID, explicit(0x300A00B0, b"SQ", b"")),
    "odd-tags.dcm": part10(
        PLAN_CLASS, PLAN_UID, explicit(0x00110010, b"LO", b"WHO"), explicit(0x00111001, b"OB", b"xy")
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in BAD.items():
        (tmp_path / name).write_bytes(data)
    (tmp_path / "below").mkdir()
    shutil.copy(sample("rtplan.dcm"), tmp_path / "below")
    return tmp_path


def reasons(found: Gathered) -> dict[str, str]:
    return {one.file: one.reason for one in found.unread}


def test_bad_files_do_not_stop_the_others(folder: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = gather([folder])
        for name in ("raystation", "monaco", "oncentra", "varian-obi"):
            check(found.objects, load_system(name), "import", found.unread)
    assert "below/rtplan.dcm" in [one.file for one in found.objects]
    assert len(found.objects) + len(found.unread) == len(BAD) + 1


@pytest.mark.parametrize(
    ("name", "words", "damaged"),
    [
        ("text.txt", "is no DICOM file", False),
        ("empty.dcm", "is no DICOM file", False),
        ("preamble.dcm", "holds no data set", True),
        ("half.dcm", "cut short", True),
        ("deep.dcm", "nested too deep", True),
        ("bad-deflate.dcm", "cannot be read", True),
    ],
)
def test_why_a_file_is_not_checked(folder: Path, name: str, words: str, damaged: bool) -> None:
    one = next(one for one in gather([folder]).unread if one.file == name)
    assert words in one.reason
    assert "\n" not in one.reason
    assert one.damaged is damaged


def findings(folder: Path, name: str) -> list[tuple[str, str, str]]:
    report = check(gather([folder / name]).objects, load_system("raystation"))
    return [(one.rule, one.path, one.found) for one in report.findings]


def test_a_wrong_VR_is_a_finding(folder: Path) -> None:
    assert ("rtplan.import#vr", "BeamSequence", "VR LO") in findings(folder, "wrong-vr.dcm")


def test_a_value_that_is_none_is_a_finding(tmp_path: Path) -> None:
    beam = explicit(0x300A00C0, b"IS", b"one") + explicit(0x300A00C6, b"CS", b"PHOTON")
    item = struct.pack("<HHL", 0xFFFE, 0xE000, len(beam)) + beam
    (tmp_path / "one.dcm").write_bytes(part10(PLAN_CLASS, PLAN_UID, explicit(0x300A00B0, b"SQ", item)))
    found = findings(tmp_path, "one.dcm")
    assert ("rtplan.import:300A,00B0>300A,00C0#value", "BeamSequence[0].BeamNumber", "'one' is no number") in found


def test_an_empty_sequence_has_no_item_to_check(folder: Path) -> None:
    found = findings(folder, "empty-sequence.dcm")
    assert ("rtplan.import:300A,00B0#presence", "BeamSequence", "no value") in found
    assert not [path for _, path, _ in found if path.startswith("BeamSequence[")]


def test_an_unknown_private_block_is_a_note(folder: Path) -> None:
    assert ("private-block", "0011,00xx", "WHO") in findings(folder, "odd-tags.dcm")


def test_truncated_pixels_are_told() -> None:
    assert "Pixel Data are missing" in reasons(gather([sample("MR_truncated.dcm")]))[str(sample("MR_truncated.dcm"))]


def test_pixels_stay_in_the_file_until_they_are_asked_for() -> None:
    one = gather([sample("CT_small.dcm")]).objects[0]
    assert "PixelData" not in one.dataset
    pixels = one.pixel_bytes()
    assert isinstance(pixels, bytes)
    assert len(pixels) == 2 * 128 * 128


def test_compressed_pixels_are_not_decoded() -> None:
    found = gather([sample("JPEG2000.dcm")]).objects[0].pixel_bytes()
    assert isinstance(found, Unknown)
    assert "not decoded" in found.reason


def test_a_compressed_object_is_told_where_nobody_takes_it(tmp_path: Path) -> None:
    image = pydicom.dcmread(sample("CT_small.dcm"))
    image.file_meta.TransferSyntaxUID = pydicom.uid.JPEG2000Lossless
    image.PixelData = pydicom.encaps.encapsulate([b"\0\0"])
    image["PixelData"].VR = "OB"
    image["PixelData"].is_undefined_length = True
    image.save_as(tmp_path / "one.dcm")
    report = check(gather([tmp_path]).objects, load_system("varian-obi"))
    found = [one for one in report.findings if one.rule == "transfer-syntax"]
    assert [one.found for one in found] == ["JPEG 2000 Image Compression (Lossless Only)"]
    assert "Little Endian" in found[0].wanted


def test_a_deflated_object_is_read(tmp_path: Path) -> None:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    data = packer.compress(PLAN_CLASS + PLAN_UID) + packer.flush()
    (tmp_path / "one.dcm").write_bytes(part10(syntax=b"1.2.840.10008.1.2.1.99") + data)
    assert [one.kind for one in gather([tmp_path]).objects] == ["rtplan"]


def test_a_file_that_is_named_twice_is_one_object(folder: Path) -> None:
    assert len(gather([folder / "below", folder / "below" / "rtplan.dcm"]).objects) == 1


def test_a_path_that_does_not_exist_is_told() -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        gather([Path("nowhere")])


def test_a_folder_of_a_medium_is_read_without_its_directory() -> None:
    found = gather([sample("rtplan.dcm").parent / "dicomdirtests" / "77654033"])
    assert len(found.objects) > 3
    medium = gather([sample("rtplan.dcm").parent / "dicomdirtests"])
    assert "is a DICOMDIR" in reasons(medium)["DICOMDIR"]
