"""The encoded form of what the index keeps, against pydicom's reading of the same objects."""

from __future__ import annotations

import struct

import pytest
from pydicom import dcmread
from pydicom.data import get_charset_files, get_testdata_file
from pydicom.dataset import Dataset

from linacsim.devices.archive.attributes import VR_OF
from linacsim.devices.archive.encoded import Encoded, character_sets, pack, raw_values, unpack, value_texts
from linacsim.devices.archive.held import texts
from tests.contract.archived import as_read
from tests.devices.archive.population import population

pytestmark = [
    pytest.mark.filterwarnings("ignore::UserWarning"),
    pytest.mark.filterwarnings("ignore:.*:DeprecationWarning"),
]

FILES = (
    "CT_small.dcm",
    "rtplan.dcm",
    "rtstruct.dcm",
    "rtdose.dcm",
    "MR_small_bigendian.dcm",
    "MR_small_implicit.dcm",
    "reportsi.dcm",
)
CHARSETS = (
    "chrArab",
    "chrFren",
    "chrFrenMulti",
    "chrGerm",
    "chrGreek",
    "chrH31",
    "chrH32",
    "chrHbrw",
    "chrI2",
    "chrRuss",
    "chrX1",
    "chrX2",
)
SEQUENCE, NAME = 0x00081032, 0x00100010


def compared(ds: Dataset) -> int:
    """Compare all attributes that the index keeps; return how many there are."""
    held, count = Encoded(unpack(pack(raw_values(ds, VR_OF)))), 0
    for tag, vr in VR_OF.items():
        element = ds.get(tag)
        if vr == "SQ":
            found = held.element(tag)
            assert len(found.value if found is not None else ()) == len(element.value if element is not None else ())
        else:
            assert held.texts(tag) == texts(element), (tag, vr)
        count += element is not None
    return count


@pytest.mark.parametrize("name", FILES)
def test_attributes_of_real_files_are_kept_as_pydicom_reads_them(name: str) -> None:
    assert compared(dcmread(str(get_testdata_file(name)), force=True)) > 8


@pytest.mark.parametrize("name", CHARSETS)
def test_names_in_every_character_set(name: str) -> None:
    ds = dcmread(get_charset_files(f"{name}.dcm")[0])
    held = Encoded(unpack(pack(raw_values(ds, VR_OF))))
    assert held.texts(NAME) == [str(ds.PatientName).rstrip("=")]
    assert held.character_sets == character_sets("\\".join(texts(ds["SpecificCharacterSet"])).encode())


def test_drawn_objects_in_three_transfer_syntaxes() -> None:
    assert sum(compared(as_read(ds)) for ds in population("encoded", patients=4)) > 100


def test_what_cannot_be_read_has_no_value() -> None:
    for garbage in (b"garbage!", b"\xfe\xff\x00\xe0\xff\xff", struct.pack("<HHL", 0xFFFE, 0xE000, 1 << 30)):
        found = Encoded({SEQUENCE: garbage}).element(SEQUENCE)
        assert found is None or not any(len(item) for item in found.value)
    assert value_texts(b"abc", "US") == []
    assert value_texts(b"\xff\xfe", "PN", ("ISO_IR 192",)) == ["\ufffd\ufffd"]
    assert value_texts(b"x ", "LO", ("NO SUCH SET",)) == ["x"]


def test_a_blob_keeps_the_order_of_the_tags_and_nothing_empty() -> None:
    blob = pack({NAME: b"Doe ", 0x00080060: b"CT", 0x00100020: b""})
    assert list(unpack(blob)) == [0x00080060, NAME]
    assert unpack(b"") == {}
