"""Private attributes: 438 over five systems, each registered with pydicom, known to it, or left out with a reason."""

from __future__ import annotations

import copy
from collections import Counter
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread, dcmwrite
from pydicom._private_dict import private_dictionaries
from pydicom.datadict import private_dictionary_VR
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ImplicitVRLittleEndian

from linacsim.conformance.check.plan import Locator
from linacsim.conformance.loader import load_system, systems
from linacsim.conformance.private import Standing, creators, listed_as, look_up, register
from linacsim.conformance.system import System

COUNTS = {
    "monaco": (5, 3, 2, 0),
    "oncentra": (32, 0, 0, 202),
    "preciseplan": (0, 0, 0, 0),
    "raystation": (130, 3, 13, 0),
    "varian-obi": (3, 0, 0, 45),
}
"""Registered, known to pydicom, creators of blocks, left out."""


@pytest.fixture(autouse=True)
def _dictionary() -> object:
    """Put pydicom's dictionary back as it was."""
    before = copy.deepcopy(private_dictionaries)
    yield
    private_dictionaries.clear()
    private_dictionaries.update(before)


def test_every_attribute_of_the_documents_is_accounted_for() -> None:
    found = {name: Counter(one.standing for one in register(load_system(name)).entries) for name in systems()}
    order = (Standing.REGISTERED, Standing.KNOWN, Standing.CREATOR, Standing.LEFT)
    assert {name: tuple(counts[one] for one in order) for name, counts in found.items()} == COUNTS
    assert sum(counts.total() for counts in found.values()) == 438


@pytest.mark.parametrize("name", systems())
def test_what_is_left_out_has_a_reason_and_what_is_not_has_a_creator_and_a_vr(name: str) -> None:
    for one in look_up(load_system(name)).entries:
        if one.standing is Standing.LEFT:
            assert one.reason
            assert not (one.creator and one.vr)
        else:
            assert one.creator
            assert one.vr
            assert one.vm


@pytest.mark.parametrize("name", systems())
def test_pydicom_knows_what_was_registered(name: str) -> None:
    system = load_system(name)
    for one in register(system).entries:
        if one.standing in (Standing.REGISTERED, Standing.KNOWN):
            tag = (int(one.attribute.group, 16) << 16) + 0x1000 + int(one.attribute.element[-2:], 16)
            assert private_dictionary_VR(tag, one.creator) == one.vr


def test_registering_twice_changes_nothing() -> None:
    first = [register(load_system(name)) for name in systems()]
    then = copy.deepcopy(private_dictionaries)
    assert [register(load_system(name)) for name in reversed(systems())] == first[::-1]
    assert private_dictionaries == then


def test_data_without_vrs_are_read_by_what_was_registered() -> None:
    def read() -> Dataset:
        plan = Dataset()
        plan.private_block(0x4001, "RAYSEARCHLABS 2.0", create=True).add_new(0x32, "DS", "1.5")
        plan.file_meta = FileMetaDataset()
        plan.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian
        plan.SOPClassUID, plan.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.481.5", "1.2.3"
        file = BytesIO()
        dcmwrite(file, plan, enforce_file_format=True)
        return dcmread(BytesIO(file.getvalue()))

    private_dictionaries.pop("RAYSEARCHLABS 2.0", None)
    assert read()[0x4001, 0x1032].VR == "UN"
    register(load_system("raystation"))
    assert read()[0x4001, 0x1032].value == 1.5


def test_where_pydicom_says_otherwise_both_are_shown() -> None:
    conflicts = {str(one): one.other_vr for name in systems() for one in look_up(load_system(name)).conflicts}
    assert conflicts == {
        "0009,xx0D of 'GEMS_PETD_01': GE PET Scan Time DT; pydicom: PET scan_datetime DT": False,
        "7053,xx00 of 'Philips PET Private Group': Philips SUV Scale Factor DS; pydicom: SUV Scale Factor DS": False,
        "7053,xx09 of 'Philips PET Private Group': Philips Activity Concentration Scale Factor DS; pydicom: "
        "Activity Concentration Scale Factor DS": False,
        "3253,xx00 of 'Varian Medical Systems VISION 3253': Extended Interface Data OB; pydicom: XML stream. UN": True,
        "3253,xx01 of 'Varian Medical Systems VISION 3253': Extended Interface Length IS; pydicom: Data length of "
        "the XML stream UN": True,
        "3253,xx02 of 'Varian Medical Systems VISION 3253': Extended Interface Format LO; pydicom: Extended Interface "
        "Format tag UN": True,
    }


def test_who_reserved_a_block() -> None:
    raystation, varian, monaco = (load_system(name) for name in ("raystation", "varian-obi", "monaco"))
    assert creators(raystation, "300B", "xx20") == ("IMPAC", "SIEMENS MED SYNGO RT")
    assert creators(varian, "3253", "1000") == ("Varian Medical Systems VISION 3253",)
    assert creators(varian, "3263", "xx01") == ()
    assert creators(monaco, "7053", "xx00") == ("Philips PET Private Group",)
    assert creators(monaco, "7777", "xx00") == ()


def made_up(folder: Path, *lines: str) -> System:
    system = folder / "made-up"
    system.mkdir()
    head = 'product = "P"\nvendor = "Varian"\nversion = "1"\ntitle = "Made up"\n'
    (system / "system.toml").write_text(head, encoding="utf-8")
    heading = "group\telement\tcreator\tname\tvr\tvm"
    (system / "private.tsv").write_text("\n".join((heading, *lines)) + "\n", encoding="utf-8")
    return System("made-up", system)


def test_one_number_has_one_vr(tmp_path: Path) -> None:
    system = made_up(tmp_path, "3301\txx01\tACME\tOne\tDS\t1", "3301\t1001\tACME\tAnother\tLO\t1")
    found = register(system).entries
    assert [one.standing for one in found] == [Standing.REGISTERED, Standing.LEFT]
    assert found[1].reason == "the number is taken by One, DS"
    assert private_dictionary_VR(0x33011001, "ACME") == "DS"


def test_another_vendors_number_is_no_creator(tmp_path: Path) -> None:
    found = look_up(made_up(tmp_path, "3273\txx00\t\tRT Image Isocenter Position\tDS\t3")).entries[0]
    assert found.standing is Standing.LEFT
    assert found.reason.endswith("for other vendors: BrainLAB_PatientSetup")


def test_a_standard_group_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Non-private tags"):
        register(made_up(tmp_path, "300A\txx01\tACME\tOne\tDS\t1"))


def test_a_number_is_another_attribute_under_another_creator() -> None:
    oncentra = load_system("oncentra")
    assert listed_as(oncentra, "3005", "xx0C") == ("MDS NORDION CALCULATION", "SQ")
    assert listed_as(oncentra, "3005", "xx0C", "MDS NORDION OTP DRR") == ("MDS NORDION OTP DRR", "")
    anatomy = "MDS NORDION OTP ANATOMY MODELLING"
    assert listed_as(oncentra, "3005", "xx0C", anatomy) == (anatomy, "CS")
    assert listed_as(oncentra, "3005", "xxFF") == ("", "")
    iod = oncentra.iod("rtimage", "export")
    assert iod is not None
    (row,) = [one for one in iod.rows if one.path == ("3005,xx0C",)]
    assert Locator(oncentra, iod.rows).address(row.path, row) == (0x3005, 0x0C, "MDS NORDION OTP DRR", "")
