"""What a Print SCU does before it prints: render and annotate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    UID,
    CTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RTDoseStorage,
)

from linacsim.errors import InputError
from linacsim.objects.printable import Corners, PrintableImage, burn_in, read_image, render


def an_image(values: Any, **attributes: Any) -> FileDataset:
    """A monochrome image; attributes replace or add."""
    stored = np.asarray(values)
    ds = FileDataset("made up", {}, file_meta=FileMetaDataset())
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID, ds.Modality = CTImageStorage, "1.2.3", "CT"
    ds.PhotometricInterpretation, ds.SamplesPerPixel = "MONOCHROME2", 1
    ds.Rows, ds.Columns = stored.shape[-2:]
    ds.BitsAllocated = ds.BitsStored = stored.dtype.itemsize * 8
    ds.HighBit, ds.PixelRepresentation = ds.BitsStored - 1, int(stored.dtype.kind == "i")
    ds.PixelData = stored.tobytes() + b"\x00" * (stored.nbytes % 2)
    for keyword, value in attributes.items():
        setattr(ds, keyword, value)
    return ds


def saved(ds: FileDataset, file: Path) -> Path:
    pydicom.dcmwrite(file, ds, enforce_file_format=True)
    return file


def lut(values: list[int], first: int, bits: int) -> Sequence:
    item = Dataset()
    item.LUTDescriptor, item.LUTData = [len(values), first, bits], values
    item["LUTDescriptor"].VR = item["LUTData"].VR = "US"
    item.LUTExplanation = "steps"
    return Sequence([item])


# Rendering


def test_the_first_window_is_applied_and_noted() -> None:
    values = np.array([[-1000, -160, 40, 240, 3000]], np.int16)
    image = render(an_image(values, WindowCenter=[40, 500], WindowWidth=[400, 2000]))
    np.testing.assert_allclose(image.pixels[0], [0, 0, 128, 255, 255], atol=1)
    assert image.lines.lower_right == ("W 400 L 40",)


@pytest.mark.parametrize(("slope", "intercept"), [(1, -1024), (-1, 100), (0.5, 0)])
def test_the_window_is_applied_behind_the_rescale(slope: float, intercept: float) -> None:
    values = np.array([[0, 50, 100, 200]], np.uint16)
    real = values.astype(float) * slope + intercept
    ds = an_image(values, RescaleSlope=slope, RescaleIntercept=intercept)
    image = render(ds, bits=12, window=(float(real.mean()), float(np.ptp(real))))
    expected = np.clip((real - real.mean()) / np.ptp(real) + 0.5, 0, 1) * 4095
    np.testing.assert_allclose(image.pixels, expected, atol=1)


@pytest.mark.parametrize(
    ("function", "expected"), [("LINEAR_EXACT", [0, 64, 128, 255]), ("SIGMOID", [30, 69, 128, 225])]
)
def test_voi_lut_function(function: str, expected: list[int]) -> None:
    ds = an_image(np.array([[0, 50, 100, 200]], np.uint8), VOILUTFunction=function, WindowCenter=100, WindowWidth=200)
    np.testing.assert_allclose(render(ds).pixels[0], expected, atol=1)


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_voi_lut_sequence_of_any_depth(bits: int) -> None:
    top = 2**bits - 1
    ds = an_image(np.array([[-9, -5, -4, -3, 9]], np.int16), VOILUTSequence=lut([0, top // 2, top], -5, bits))
    image = render(ds)
    np.testing.assert_allclose(image.pixels[0], [0, 0, 127, 255, 255], atol=1)
    assert image.lines.lower_right == ("VOI LUT steps",)


def test_modality_lut_sequence_of_twelve_bits() -> None:
    ds = an_image(np.array([[0, 1, 2, 9]], np.uint8), ModalityLUTSequence=lut([0, 1000, 4000], 0, 12))
    np.testing.assert_allclose(render(ds, window=(2000, 4000)).pixels[0], [0, 64, 255, 255], atol=1)


def test_without_a_window_a_robust_one_is_chosen_and_said() -> None:
    values = np.arange(10000, dtype=np.int16).reshape(100, 100)
    values[0, :5] = 32000
    values[1, :50] = -32000
    image = render(an_image(values, PixelPaddingValue=-32000))
    center, width = 4950, 9800
    assert image.lines.lower_right[1] == "auto window 1-99 %"
    shown = (values[50, 50] - center) / width + 0.5
    assert image.pixels[50, 50] == pytest.approx(255 * shown, abs=3)


@pytest.mark.parametrize("width", [0, 0.5, None])
def test_a_window_that_shows_nothing_is_as_good_as_none(width: float | None) -> None:
    image = render(an_image(np.array([[0, 100]], np.uint8), WindowCenter=40, WindowWidth=width))
    assert image.pixels.tolist() == [[0, 255]]


@pytest.mark.parametrize("value", [0, 77])
def test_an_image_of_one_value_is_grey(value: int) -> None:
    assert render(an_image(np.full((4, 4), value, np.uint16))).pixels[0, 0] == pytest.approx(128, abs=1)


def test_monochrome1_comes_out_as_monochrome2() -> None:
    ds = an_image(
        np.array([[0, 255]], np.uint8), PhotometricInterpretation="MONOCHROME1", WindowCenter=128, WindowWidth=256
    )
    image = render(ds)
    assert image.photometric_interpretation == "MONOCHROME2"
    assert image.pixels.tolist() == [[255, 0]]


def test_dose_is_in_gray_and_all_frames_share_the_scale() -> None:
    values = np.array([[[0, 1000]], [[0, 2000]]], np.uint32)
    ds = an_image(
        values, SOPClassUID=RTDoseStorage, Modality="RTDOSE", NumberOfFrames=2, DoseGridScaling=0.03, DoseUnits="GY",
        GridFrameOffsetVector=[0, 2.5], ImagePositionPatient=[0, 0, -10],
    )  # fmt: skip
    first, second = render(ds, 0), render(ds, 1)
    assert (first.pixels[0, 1], second.pixels[0, 1]) == (128, 255)
    assert second.lines.lower_right == ("0 - 60 Gy",)
    assert second.lines.lower_left == ("z -7.5 mm  (offset 2.5 mm)", "Frame 2 of 2")
    assert render(ds, 1, window=(60, 120)).pixels[0, 1] == pytest.approx(128, abs=1)


@pytest.mark.parametrize("same", ["expb", "rle"])
def test_big_endian_and_rle_give_the_same_dose(same: str) -> None:
    plain, other = render(read_image("pydicom:rtdose.dcm"), 7), render(read_image(f"pydicom:rtdose_{same}.dcm"), 7)
    np.testing.assert_array_equal(plain.pixels, other.pixels)


def test_colour_becomes_luminance() -> None:
    ds = an_image(np.zeros((1, 3), np.uint8), PhotometricInterpretation="RGB", SamplesPerPixel=3, PlanarConfiguration=0)
    ds.PixelData = bytes([255, 0, 0, 0, 255, 0, 0, 0, 255, 0])
    assert render(ds).pixels.tolist() == [[76, 150, 29]]


def test_spacing_gives_the_pixel_aspect() -> None:
    image = np.zeros((2, 2), np.uint8)
    assert render(an_image(image, PixelSpacing=[1.0, 0.5])).pixel_aspect == (2, 1)
    assert render(an_image(image, ImagePlanePixelSpacing=[0.4, 0.4])).pixel_aspect == (1, 1)
    assert render(an_image(image, PixelAspectRatio=[4, 3])).pixel_aspect == (4, 3)
    assert render(an_image(image, PixelSpacing=[0, 0])).pixel_aspect == (1, 1)


def test_enhanced_images_keep_the_window_in_functional_groups() -> None:
    def group(keyword: str, **attributes: float) -> Dataset:
        outer, inner = Dataset(), Dataset()
        for name, value in attributes.items():
            setattr(inner, name, value)
        setattr(outer, keyword, [inner])
        return outer

    ds = an_image(np.array([[[0, 100]], [[0, 100]]], np.uint16), NumberOfFrames=2)
    ds.SharedFunctionalGroupsSequence = [group("PixelValueTransformationSequence", RescaleSlope=2, RescaleIntercept=0)]
    ds.PerFrameFunctionalGroupsSequence = [
        group("FrameVOILUTSequence", WindowCenter=200, WindowWidth=400),
        group("FrameVOILUTSequence", WindowCenter=400, WindowWidth=800),
    ]
    assert render(ds, 0).pixels[0, 1] == pytest.approx(128, abs=1)
    assert render(ds, 1).pixels[0, 1] == pytest.approx(64, abs=1)


@pytest.mark.parametrize(
    ("changes", "text"),
    [({"frame": 3}, "no frame 3; use 0 to 0"), ({"bits": 10}, "10 bits"), ({"window": (40, 0)}, "shows nothing")],
)
def test_a_wish_that_cannot_be_met(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError, match=text):
        render(an_image(np.zeros((2, 2), np.uint8)), **changes)


def test_rendering_leaves_the_data_set_alone() -> None:
    ds = read_image("pydicom:CT_small.dcm")
    before = ds.to_json()
    render(ds, window=(40, 400))
    assert ds.to_json() == before


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_the_way_from_file_to_pixels(tmp_path: Path, syntax: UID) -> None:
    values = np.array([[0, 1000], [-1000, 500]], "<i2" if syntax.is_little_endian else ">i2")
    ds = an_image(values, WindowCenter=0, WindowWidth=2001)
    ds["PixelData"].VR = "OW"
    ds.file_meta.TransferSyntaxUID = syntax
    image = render(read_image(saved(ds, tmp_path / "image.dcm")), bits=12)
    np.testing.assert_allclose(image.pixels, [[2048, 4095], [0, 3071]], atol=2)


# Annotation


@pytest.mark.parametrize("shape", [(64, 64), (1, 300), (300, 1), (2000, 1500), (30, 90)])
@pytest.mark.parametrize("bits", [8, 12])
def test_annotation_stays_in_the_corners(shape: tuple[int, int], bits: Any) -> None:
    lines = Corners(
        upper_left=("A very long name " * 9, "id", "3"), upper_right=("x",) * 30, lower_right=("W 400 L 40",)
    )
    grey = np.full(shape, 100, np.uint8 if bits == 8 else np.uint16)
    drawn = burn_in(PrintableImage(pixels=grey, bits=bits, lines=lines))
    rows, columns = drawn.pixels.shape
    assert max(rows, columns) >= 1024
    assert drawn.pixels.dtype == grey.dtype
    assert np.all(drawn.pixels[int(rows * 0.4) : int(rows * 0.6)] == 100)
    assert np.all(drawn.pixels[:, int(columns * 0.49) : int(columns * 0.51)] == 100)
    if min(shape) >= 30:
        top = 2**bits - 1
        assert drawn.pixels[: rows // 3, : columns // 2].max() > 0.9 * top
        assert drawn.pixels[: rows // 3, : columns // 2].min() == 0
        assert np.all(drawn.pixels[rows * 2 // 3 :, : columns // 2] == 100)


def test_annotation_is_white_on_monochrome1_too() -> None:
    black = PrintableImage(
        pixels=np.full((64, 64), 255, np.uint8), bits=8, photometric_interpretation="MONOCHROME1",
        lines=Corners(upper_left=("text",)),
    )  # fmt: skip
    assert burn_in(black).pixels.min() == 0


def test_annotated_pixels_are_square() -> None:
    image = PrintableImage(pixels=np.zeros((100, 100), np.uint8), bits=8, pixel_aspect=(2, 1))
    drawn = burn_in(image)
    assert drawn.pixel_aspect == (1, 1)
    assert drawn.pixels.shape[0] == 2 * drawn.pixels.shape[1]


def test_names_of_every_script_can_be_printed() -> None:
    ds = an_image(np.zeros((2, 2), np.uint8), SpecificCharacterSet="ISO_IR 192")
    for name, shown in {
        "Yamada^Tarou=山田^太郎": "Yamada, Tarou",
        "=山田^太郎": "山田, 太郎",
        "Müller^Jörg": "Müller, Jörg",
    }.items():
        ds.PatientName = name
        image = render(ds)
        assert image.lines.upper_left == (shown,)
        burn_in(image)


def test_corners_say_who_when_where_and_how() -> None:
    lines = render(read_image("pydicom:MR_small.dcm")).lines
    assert lines == Corners(
        upper_left=("CompressedSamples, MR1", "4MR1", "F"),
        upper_right=("2004-08-26", "MR"),
        lower_left=("Series 1  Image 1", "Slice 0.0 mm"),
        lower_right=("W 1600 L 600",),
    )


def test_pixels_and_depth_have_to_agree() -> None:
    with pytest.raises(InputError, match="are no 12 bit image"):
        PrintableImage(pixels=np.zeros((2, 2), np.uint8), bits=12)
