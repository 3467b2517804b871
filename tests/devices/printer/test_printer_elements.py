"""Data sets that are read and written without pydicom: the same as pydicom's, for whatever comes."""

from __future__ import annotations

import random
import struct
import warnings
from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pynetdicom.dsutils import decode, encode

from linacsim.devices.printclasses import BasicGrayscaleImageBox
from linacsim.devices.printer.answers import reference
from linacsim.devices.printer.decoding import decoded
from linacsim.devices.printer.elements import elements, encoded, shared
from linacsim.devices.printer.statuses import RefusedError

SYNTAXES = pytest.mark.parametrize("implicit", [False, True], ids=["explicit", "implicit"])


def an_image(size: int = 6) -> Dataset:
    ds = Dataset()
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns, ds.PixelAspectRatio = size, size, [1, 2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.add_new("PixelData", "OW", bytes(range(2 * size * size)))
    return ds


def a_request() -> Dataset:
    ds = Dataset()
    ds.ImageBoxPosition, ds.Polarity, ds.RequestedImageSize = 1, "NORMAL", "123.5"
    ds.ImageDisplayFormat, ds.FilmSessionLabel, ds.MinDensity = "STANDARD\\2,3", "Kr\u00e4mer", None
    ds.BasicGrayscaleImageSequence = Sequence([an_image()])
    ds.ReferencedFilmSessionSequence = Sequence([reference("1.2.3", "1.2.3.4"), reference("1.2.3", "1.2.3.45")])
    ds.ReferencedPresentationLUTSequence = Sequence([])
    return ds


def bytes_of(ds: Dataset, *, implicit: bool) -> bytes:
    data = encode(ds, implicit, is_little_endian=True)
    assert data is not None
    return data


@SYNTAXES
def test_a_data_set_is_read_as_pydicom_reads_it(implicit: bool) -> None:
    data = bytes_of(a_request(), implicit=implicit)
    mine, theirs = decoded(BytesIO(data), implicit=implicit), decode(BytesIO(data), implicit, is_little_endian=True)
    assert list(mine) == list(theirs)
    assert mine.BasicGrayscaleImageSequence[0].PixelData == an_image().PixelData
    assert mine.MinDensity is None


@SYNTAXES
def test_a_data_set_is_written_as_pydicom_writes_it(implicit: bool) -> None:
    asked = a_request()
    data = bytes_of(asked, implicit=implicit)
    assert encoded(asked, implicit=implicit) == data
    assert encoded(shared(asked), implicit=implicit) == data
    again = decoded(BytesIO(data), implicit=implicit)
    for _ in elements(again):
        continue
    # as it was sent, and once more in the other syntax
    assert encoded(again, implicit=implicit) == data
    assert encoded(again, implicit=not implicit) == bytes_of(asked, implicit=not implicit)


@SYNTAXES
@pytest.mark.parametrize("seed", range(60))
def test_mangled_bytes_are_read_as_pydicom_reads_them_or_refused_as_it_does(seed: int, implicit: bool) -> None:
    draw = random.Random(seed)  # noqa: S311 - bytes are no secret
    data = bytearray(bytes_of(a_request(), implicit=implicit))
    for _ in range(draw.choice([1, 1, 2, 5])):
        data[draw.randrange(len(data))] = draw.choice([0, 1, 255, draw.randrange(256)])
    if draw.random() < 0.3:
        del data[draw.randrange(len(data)) :]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert told(bytes(data), implicit=implicit, mine=True) == told(bytes(data), implicit=implicit, mine=False)


def told(data: bytes, *, implicit: bool, mine: bool) -> list[str]:
    """Return the elements that can be read, as text, and those that cannot as their tags."""
    try:
        ds = (
            decoded(BytesIO(data), implicit=implicit)
            if mine
            else decode(BytesIO(data), implicit, is_little_endian=True)
        )
    except Exception:  # noqa: BLE001 - whatever pydicom lets through
        return ["not decoded"]
    return said(ds)


def said(ds: Dataset) -> list[str]:
    found = []
    for tag in sorted(ds.keys()):
        try:
            element = ds[tag]
            value = element.value
            inside = [said(item) for item in value] if element.VR == "SQ" else str(value)
            found.append(f"{tag} {element.VR} {inside}")
        except Exception as wrong:  # noqa: BLE001 - whatever pydicom lets through
            found.append(f"{tag} {type(wrong).__name__}")
    return found


@SYNTAXES
def test_an_element_that_comes_again_is_the_same_one(implicit: bool) -> None:
    data = bytes_of(a_request(), implicit=implicit)
    first, second = (list(elements(decoded(BytesIO(data), implicit=implicit))) for _ in range(2))
    same = {one.keyword for one, other in zip(first, second, strict=True) if one is other}
    assert {"ImageBoxPosition", "Polarity", "RequestedImageSize"} <= same
    # what hangs on a character set, and what has items, is read each time
    assert not {"FilmSessionLabel", "BasicGrayscaleImageSequence"} & same


def test_a_value_that_cannot_be_read_is_refused_each_time() -> None:
    data = struct.pack("<HH2sH", 0x2020, 0x0010, b"US", 3) + b"abc"
    for _ in range(2):
        with pytest.raises(RefusedError, match="cannot be read") as refused:
            list(elements(decoded(BytesIO(data), implicit=False)))
        assert refused.value.status == 0x0106


def test_many_different_values_are_not_remembered_for_ever() -> None:
    from linacsim.devices.printer import elements as module  # noqa: PLC0415 - its store is looked into

    for number in range(module._MOST + 100):
        ds = Dataset()
        ds.FilmSessionLabel = f"label {number}"
        list(elements(decoded(BytesIO(bytes_of(ds, implicit=True)), implicit=True)))
    assert len(module._known) <= module._MOST


@SYNTAXES
def test_references_are_written_as_pydicom_writes_them(implicit: bool) -> None:
    ds = Dataset()
    ds.ReferencedImageBoxSequence = Sequence(
        [reference(BasicGrayscaleImageBox, f"1.2.{number}") for number in range(3)]
    )
    assert encoded(ds, implicit=implicit) == bytes_of(ds, implicit=implicit)
