"""Reading an image, and the one line that says why it cannot be printed."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset

from linacsim.errors import InputError
from linacsim.objects.printable import burn_in, frames, read_image, render

BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"
FILES = sorted(file.name for file in BUNDLED.glob("*.dcm"))


@contextmanager
def refused_in_one_line_or_fine(name: str) -> Iterator[None]:
    try:
        yield
    except InputError as error:
        text = str(error)
    else:
        return
    assert name in text
    assert len(text.splitlines()) == 1


@pytest.mark.parametrize("name", FILES)
def test_every_file_of_pydicom_renders_or_says_why_not(name: str) -> None:
    with refused_in_one_line_or_fine(name):
        ds = read_image(f"pydicom:{name}")
        for frame in {0, frames(ds) - 1}:
            image = render(ds, frame, bits=12)
            assert image.pixels.dtype == np.uint16
            assert image.pixels.shape == (ds.Rows, ds.Columns)
            assert image.pixels.max() <= 4095
            assert burn_in(image).pixels.size >= image.pixels.size


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("rtplan.dcm", "RT Plan Storage has no pixels to print; print an image"),
        ("ExplVR_LitEndNoMeta.dcm", "RT Ion Plan Storage has no pixels to print"),
        ("rtstruct.dcm", "RT Structure Set Storage has no pixels to print"),
        ("MR_truncated.dcm", "62 of 8192 bytes of pixel data are missing; the file is cut off"),
        ("no_meta.dcm", "this is not a DICOM file"),
        ("README.txt", "this is not a DICOM file"),
        ("MR_small_jpeg_ls_lossless.dcm", r"JPEG-LS Lossless Image Compression \(1.2.840.10008.1.2.4.80\) cannot be"),
        ("meta_missing_tsyntax.dcm", "PhotometricInterpretation, .* missing"),
        ("badVR.dcm", "NumberOfFrames 1A is not a number"),
        ("CT_smal.dcm", "pydicom brings no such file; did you mean pydicom:CT_small.dcm"),
        ("../../config.py", "pydicom brings no such file"),
    ],
)
def test_a_file_that_cannot_be_printed_says_why(name: str, text: str) -> None:
    with pytest.raises(InputError, match=text) as caught:
        read_image(f"pydicom:{name}")
    assert caught.value.where == f"pydicom:{name}"


def test_twelve_bit_jpeg_names_the_transfer_syntax() -> None:
    with pytest.raises(InputError, match=r"JPEG Extended .* cannot be decoded here .*store it uncompressed"):
        render(read_image("pydicom:JPGExtended.dcm"))


def test_missing_file_and_directory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there is no such file"):
        read_image(tmp_path / "nothing.dcm")
    with pytest.raises(InputError, match="this is a directory"):
        read_image(tmp_path)


def test_an_unreadable_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("linacsim.objects.imagefile.dcmread", refuse)
    with pytest.raises(InputError, match="cannot be read: Permission denied; check its permissions"):
        read_image(tmp_path / "secret.dcm")


@pytest.mark.parametrize("content", [b"", b"\x00", b"hello world" * 50, bytes(128) + b"DICM", bytes(5000)])
def test_bytes_that_are_no_dicom(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "bytes"
    file.write_bytes(content)
    with pytest.raises(InputError, match=r"not a DICOM file|ends before its first attribute"):
        read_image(file)


@pytest.mark.parametrize(
    ("size", "text"), [(200, "ends before"), (1000, "has no pixels"), (30000, "bytes of pixel data")]
)
def test_a_file_cut_off(tmp_path: Path, size: int, text: str) -> None:
    file = tmp_path / "cut.dcm"
    file.write_bytes((BUNDLED / "CT_small.dcm").read_bytes()[:size])
    with pytest.raises(InputError, match=text) as caught:
        read_image(file)
    assert "cut off" in str(caught.value)


@pytest.mark.parametrize("name", ["CT_small.dcm", "MR_small_RLE.dcm", "rtdose_1frame.dcm", "SC_rgb_small_odd.dcm"])
def test_damaged_bytes_never_raise_anything_else(tmp_path: Path, name: str) -> None:
    whole, file, chance = (BUNDLED / name).read_bytes(), tmp_path / "damaged.dcm", random.Random(name)  # noqa: S311
    for _ in range(40):
        damaged = bytearray(whole[: chance.choice([len(whole), chance.randrange(1, len(whole))])])
        for _ in range(chance.randrange(1, 12)):
            damaged[chance.randrange(len(damaged))] = chance.randrange(256)
        file.write_bytes(damaged)
        with refused_in_one_line_or_fine(file.name):
            burn_in(render(read_image(file)))


def test_an_image_without_preamble_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "bare.dcm"
    ds = pydicom.dcmread(BUNDLED / "MR_small_implicit.dcm")
    pydicom.dcmwrite(file, Dataset(dict(ds.items())), implicit_vr=True, little_endian=True)
    assert file.read_bytes()[128:132] != b"DICM"
    np.testing.assert_array_equal(render(read_image(file)).pixels, render(read_image("pydicom:MR_small.dcm")).pixels)


def test_photometric_interpretation_that_is_not_known(tmp_path: Path) -> None:
    ds = pydicom.dcmread(BUNDLED / "CT_small.dcm")
    ds.PhotometricInterpretation = "HSV"
    ds.save_as(tmp_path / "hsv.dcm")
    with pytest.raises(InputError, match="photometric interpretation HSV cannot be printed"):
        read_image(tmp_path / "hsv.dcm")
