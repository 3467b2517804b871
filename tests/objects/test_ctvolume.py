"""A CT series becomes a body that is where the slices say, or is refused in words that name slice, value and limit."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.uid import EnhancedCTImageStorage, JPEG2000Lossless, RTPlanStorage

from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case import CaseSettings, build_case
from linacsim.objects.ctvolume import ct_volume
from linacsim.physics.phantom import THORAX

REAL = Path(pydicom.__file__).parent / "data" / "test_files" / "dicomdirtests"


@pytest.fixture(scope="module")
def built() -> list[Dataset]:
    return build_case(Identity(5), CaseSettings(slices=7, matrix=60, slice_spacing=4.0)).ct


@pytest.fixture
def slices(built: list[Dataset]) -> list[Dataset]:
    return deepcopy(built)


def test_a_built_series_is_the_phantom_where_the_phantom_is(slices: list[Dataset]) -> None:
    volume = ct_volume(reversed(slices))
    x, y, z = volume.voxels.axes
    assert volume.position == "HFS"
    assert volume.slices == 7
    assert volume.series == slices[0].SeriesInstanceUID
    assert volume.frame_of_reference == slices[0].FrameOfReferenceUID
    assert np.diff(z) == pytest.approx(4.0)
    # deep inside a lung, the heart, the bone of the spine, the body's left
    for place in ((-80.0, -15.0, 0.0), (0.0, -40.0, -8.0), (0.0, 78.5, 4.0), (140.0, 0.0, 0.0)):
        column, row, plane = (int(np.abs(axis - at).argmin()) for axis, at in zip((x, y, z), place, strict=True))
        expected = [shape.hu for shape in THORAX.shapes if shape.holds(np.array(place))][-1]
        assert volume.voxels.hu[plane, row, column] == expected
    assert volume.voxels.hu.min() == -1000
    assert volume.middle == pytest.approx((0.0, 0.0, 0.0), abs=1e-3)


def test_a_real_series_from_a_folder_that_holds_other_things_as_well(tmp_path: Path) -> None:
    for file in (REAL / "98892001" / "CT5N").iterdir():
        (tmp_path / file.name).write_bytes(file.read_bytes())
    for file in (REAL / "98892001" / "CT2N").iterdir():  # localizers
        (tmp_path / f"scout-{file.name}").write_bytes(file.read_bytes())
    (tmp_path / "readme.txt").write_text("no DICOM", "utf-8")
    volume = ct_volume(tmp_path)
    assert volume.voxels.hu.shape == (5, 16, 16)
    assert volume.voxels.spacing == pytest.approx((0.488281, 0.488281, 2.5))
    assert volume.voxels.first == pytest.approx((-72.199997, -143.0, -1.2375))
    assert volume.position == "FFS"
    lowest = next(
        ds for ds in map(pydicom.dcmread, (tmp_path).glob("[0-9]*")) if abs(ds.ImagePositionPatient[2] + 1.2375) < 0.1
    )
    assert (
        volume.voxels.hu[0] == np.maximum(lowest.pixel_array * lowest.RescaleSlope + lowest.RescaleIntercept, -1000)
    ).all()


def test_slices_of_somebody_who_lies_prone_are_turned_to_rising_coordinates(slices: list[Dataset]) -> None:
    straight = ct_volume(slices)
    for ds in slices:
        x, y, z = (float(value) for value in ds.ImagePositionPatient)
        width = (ds.Columns - 1) * float(ds.PixelSpacing[1])
        ds.PixelData = np.ascontiguousarray(ds.pixel_array[::-1, ::-1]).tobytes()
        ds.ImageOrientationPatient = [-1, 0, 0, 0, -1, 0]
        ds.ImagePositionPatient = [x + width, y + width, z]
        ds.PatientPosition = "HFP"
    turned = ct_volume(slices)
    assert turned.position == "HFP"
    assert turned.voxels.first == pytest.approx(straight.voxels.first)
    assert (turned.voxels.hu == straight.voxels.hu).all()


def test_rescale_and_padding_are_applied(slices: list[Dataset]) -> None:
    for ds in slices:
        ds.RescaleSlope, ds.RescaleIntercept = "0.5", "-512"
        ds.PixelPaddingValue = int(ds.pixel_array[30, 30])
    hu = ct_volume(slices).voxels.hu
    assert hu[0, 30, 30] == -1000
    assert hu[0].max() <= 0.5 * 4095 - 512


def test_uneven_distances_are_interpolated_at_the_smallest(slices: list[Dataset]) -> None:
    # 4 mm apart at the feet, 8 mm at the head, as planning CTs may be
    heights = [0.0, 4.0, 8.0, 12.0, 20.0, 28.0, 36.0]
    for value, (ds, z) in enumerate(zip(slices, heights, strict=True)):
        ds.ImagePositionPatient = [*ds.ImagePositionPatient[:2], z]
        ds.PixelData = np.full((ds.Rows, ds.Columns), 1024 + 100 * value, dtype=np.uint16).tobytes()
    volume = ct_volume(slices)
    assert volume.slices == 7
    assert volume.voxels.spacing[2] == 4.0
    assert volume.voxels.hu[:, 3, 3] == pytest.approx([0, 100, 200, 300, 350, 400, 450, 500, 550, 600])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda ds: ds.pop(3), r"8 mm between the slices at z -4 and 4 mm; a slice is missing, as others are 4 mm apart"),
        (lambda ds: ds.append(deepcopy(ds[2])), r"two slices at z -4 mm"),
        (lambda ds: setattr(ds[2], "FrameOfReferenceUID", "1.2.3"), r"2 frames of reference: .* \(6 slices\), 1\.2\.3"),
        (lambda ds: setattr(ds[2], "SeriesInstanceUID", "1.2.3"), r"2 series: .* \(6 slices\), 1\.2\.3 \(1 slices\)"),
        (lambda ds: setattr(ds[2], "PixelSpacing", [2, 2]), r"PixelSpacing 2\\2 and 6\.6667\\6\.6667 in"),
        (lambda ds: setattr(ds[2], "PixelSpacing", [0, 2]), r"PixelSpacing 0\\2 mm"),
        (lambda ds: setattr(ds[2], "ImageOrientationPatient", [-1, 0, 0, 0, -1, 0]), r"ImageOrientationPatient -1.0"),
        (lambda ds: setattr(ds[2], "ImageOrientationPatient", [1, 0, 0, 0, 0, -1]), r"is not axial"),
        (lambda ds: setattr(ds[2], "ImageOrientationPatient", None), r"ImageOrientationPatient has 0 values, 6 are needed"),
        (lambda ds: setattr(ds[2], "ImagePositionPatient", [0, 0, -4]), r"to within 0\.1 mm"),
        (lambda ds: setattr(ds[2], "Rows", 30), r"60x30 pixels and 60x60"),
        (lambda ds: setattr(ds[0], "PatientPosition", "HFDR"), r"PatientPosition HFDR; use one of HFS, HFP"),
        (lambda ds: setattr(ds[2], "NumberOfFrames", 2), r"this is a multi-frame image"),
        (lambda ds: setattr(ds[2], "SOPClassUID", EnhancedCTImageStorage), r"this is a multi-frame image"),
        (lambda ds: setattr(ds[2], "SOPClassUID", RTPlanStorage), r"this is no CT slice but RT Plan Storage"),
        (lambda ds: setattr(ds[2], "SamplesPerPixel", 3), r"3 samples per pixel"),
        (lambda ds: ds.__delitem__(slice(1, None)), r"1 slice is no volume"),
        (lambda ds: ds.clear(), r"no slices"),
        (lambda ds: setattr(ds[2].file_meta, "TransferSyntaxUID", JPEG2000Lossless), r"cannot be decoded|JPEG 2000"),
    ],
)  # fmt: skip
def test_what_is_no_volume_is_refused(slices: list[Dataset], change: object, message: str) -> None:
    assert callable(change)
    change(slices)
    with pytest.raises(InputError, match=message):
        ct_volume(slices)


def test_a_real_series_with_a_hole_is_refused() -> None:
    with pytest.raises(InputError, match=r"202\.5 mm between the slices at z -99\.48 and 103\.02 mm"):
        ct_volume(REAL / "77654033" / "CT2")


def test_a_tilted_slice_and_a_folder_without_slices_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"there is no CT slice in it"):
        ct_volume(tmp_path)
    tilted = REAL.parent / "J2K_pixelrep_mismatch.dcm"
    with pytest.raises(InputError, match=r"cannot be decoded|not axial"):
        ct_volume([tilted])
    with pytest.raises(InputError, match=r"there is no such file"):
        ct_volume(tmp_path / "none.dcm")
