"""Attribute matching of the archive (PS3.4 C.2.2.2): every type, one key against one value."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from pydicom import config
from pydicom.datadict import dictionary_VR
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from linacsim.devices.archive.matching import BadKeyError, check_key, glob, matches, texts


@pytest.fixture(autouse=True)
def keys_may_look_odd() -> Iterator[None]:
    """A key may hold what no attribute may: ranges, wild cards."""
    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    yield
    config.settings.reading_validation_mode = before


def element(keyword: str, value: Any) -> DataElement:
    ds = Dataset()
    setattr(ds, keyword, value)
    return ds[keyword]


def matched(keyword: str, key: Any, held: Any) -> bool:
    wanted = element(keyword, key)
    check_key(wanted)
    return matches(wanted, None if held is None else element(keyword, held))


@pytest.mark.parametrize("held", ["", None, "x", "20240506"])
def test_universal_matching_takes_everything(held: str | None) -> None:
    for keyword in ("PatientID", "StudyDate", "StudyInstanceUID", "PatientName"):
        assert matches(element(keyword, ""), None if held is None else element("PatientID", held))


@pytest.mark.parametrize(
    ("keyword", "key", "held", "expected"),
    [
        ("PatientID", "A1", "A1", True),
        ("PatientID", "A1 ", " A1", True),
        ("PatientID", "a1", "A1", False),
        ("PatientID", "A1", "A12", False),
        ("PatientID", "A1", "", False),
        ("PatientID", "A1", None, False),
        ("Modality", "CT", "CT", True),
        ("Modality", "CT", "MR", False),
        ("ImageType", "PRIMARY", ["ORIGINAL", "PRIMARY"], True),
        ("ImageType", "DERIVED", ["ORIGINAL", "PRIMARY"], False),
        ("SeriesNumber", "1", "01", True),
        ("SeriesNumber", "1", "10", False),
        ("SliceLocation", "1.50", "1.5", True),
        ("Rows", 512, 512, True),
        ("Rows", 512, 256, False),
    ],
)
def test_single_value_matching(keyword: str, key: Any, held: Any, expected: bool) -> None:
    assert matched(keyword, key, held) is expected


@pytest.mark.parametrize(
    ("key", "held", "expected"),
    [
        (["1.2.3", "1.2.4"], "1.2.4", True),
        (["1.2.3", "1.2.4"], "1.2.5", False),
        ("1.2.3", "1.2.3", True),
        ("1.2.3", None, False),
    ],
)
def test_list_of_uid_matching(key: Any, held: str | None, expected: bool) -> None:
    assert matched("StudyInstanceUID", key, held) is expected


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("*", "", True),
        ("*", "anything", True),
        ("?", "", False),
        ("?", "a", True),
        ("A*", "ABC", True),
        ("*C", "ABC", True),
        ("A*C", "ABBBC", True),
        ("A?C", "ABC", True),
        ("A?C", "ABBC", False),
        ("A*B*C", "AxBxBxC", True),
        ("A*B*C", "AxCxB", False),
        ("**", "x", True),
        ("A.C", "ABC", False),
        ("[A]*", "A", False),
        ("[A]*", "[A]B", True),
    ],
)
def test_wild_cards(pattern: str, text: str, expected: bool) -> None:
    assert glob(pattern, text) is expected


def test_a_hostile_pattern_takes_no_time() -> None:
    assert not glob("*a" * 500 + "b", "a" * 2000)


@pytest.mark.parametrize(
    ("keyword", "key", "held", "expected"),
    [
        ("PatientID", "A*", "A12", True),
        ("PatientID", "a*", "A12", False),
        # nothing but a star is universal (PS3.4 C.2.2.2.4)
        ("PatientID", "*", "", True),
        ("PatientID", "*", None, True),
        ("PatientID", "?*", "", False),
        ("StudyDescription", "?elvis", "Pelvis", True),
        ("Modality", "RT*", "RTPLAN", True),
        ("StudyDescription", "50% *", "50% done", True),
    ],
)
def test_wild_card_matching(keyword: str, key: str, held: str, expected: bool) -> None:
    assert matched(keyword, key, held) is expected


@pytest.mark.parametrize(
    ("key", "held", "expected"),
    [
        ("DOE^JOHN", "Doe^John", True),
        ("Doe^John", "Doe^John^^^", True),
        ("Doe^John^^", "Doe^John", True),
        ("Doe", "Doe^John", False),
        ("Doe*", "Doe^John", True),
        ("*john*", "Doe^John", True),
        ("doe^j?hn", "Doe^John", True),
        ("Müller*", "MÜLLER^Änne", True),
        ("Yamada*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう", True),
        ("Yamada^Tarou=山田^太郎", "Yamada^Tarou=山田^太郎", True),
        ("=山田^*", "Yamada^Tarou=山田^太郎", True),
        ("Suzuki*=山田^*", "Yamada^Tarou=山田^太郎", False),
        ("Doe^John=山田", "Doe^John", False),
    ],
)
def test_names_match_in_upper_and_lower_case_and_by_component_group(key: str, held: str, expected: bool) -> None:
    assert matched("PatientName", key, held) is expected


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("20240506", True),
        ("2024.05.06", True),
        ("20240507", False),
        ("20240501-20240531", True),
        ("20240506-20240506", True),
        ("20240507-20240531", False),
        ("-20240506", True),
        ("-20240505", False),
        ("20240506-", True),
        ("20240507-", False),
    ],
)
def test_dates(key: str, expected: bool) -> None:
    assert matched("StudyDate", key, "20240506") is expected
    assert matched("StudyDate", key, None) is False


@pytest.mark.parametrize(
    ("key", "held", "expected"),
    [
        ("101530", "101530", True),
        ("101530", "101530.000000", True),
        ("1015", "101500", True),
        ("10:15:30", "101530", True),
        ("101530", "101531", False),
        ("1015-1016", "101559.5", True),
        ("10-10", "105959.999999", True),
        ("10-11", "120000", False),
        ("-10", "105959", True),
        ("-10", "110000", False),
        ("10-", "095959", False),
        ("10-", "235959.9", True),
        ("101530", "odd", False),
    ],
)
def test_times(key: str, held: str, expected: bool) -> None:
    assert matched("StudyTime", key, held) is expected


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "-"),
        ("StudyDate", "yesterday"),
        ("StudyDate", "2024*"),
        ("StudyDate", "202405"),
        ("StudyDate", "20240501-x"),
        ("StudyDate", "20240230"),
        ("StudyDate", "20240531-20240501"),
        ("StudyDate", '""'),
        # a range never passes midnight (PS3.4 C.2.2.2.5.2)
        ("StudyTime", "22-02"),
        ("StudyTime", "2400"),
        ("StudyTime", "*"),
        ("StudyInstanceUID", "1.2.*"),
        ("StudyInstanceUID", "*"),
        ("StudyInstanceUID", "../../etc/passwd"),
        ("StudyInstanceUID", ["1.2.3", "1.2.x"]),
        ("AcquisitionDateTime", "20240506-20240505"),
        ("AcquisitionDateTime", "2024-05-06T10:15"),
        ("StudyTime", "9"),
        ("StudyTime", "10x"),
        ("Modality", ["CT", "MR"]),
        ("PatientID", ["1", "2"]),
    ],
)
def test_a_key_that_no_matching_is_defined_for_is_refused(keyword: str, value: Any) -> None:
    with pytest.raises(BadKeyError):
        check_key(element(keyword, value))


def requested(*items: dict[str, str]) -> DataElement:
    made = []
    for item in items:
        ds = Dataset()
        for keyword, value in item.items():
            setattr(ds, keyword, value)
        made.append(ds)
    return DataElement(0x00400275, dictionary_VR(0x00400275), Sequence(made))


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ({}, True),
        ({"ScheduledProcedureStepID": ""}, True),
        ({"ScheduledProcedureStepID": "S2"}, True),
        ({"ScheduledProcedureStepID": "S*"}, True),
        ({"ScheduledProcedureStepID": "S3"}, False),
        # both in one item
        ({"ScheduledProcedureStepID": "S2", "RequestedProcedureID": "R1"}, False),
        ({"ScheduledProcedureStepID": "S1", "RequestedProcedureID": "R1"}, True),
    ],
)
def test_sequence_matching(key: dict[str, str], expected: bool) -> None:
    held = requested(
        {"ScheduledProcedureStepID": "S1", "RequestedProcedureID": "R1"}, {"ScheduledProcedureStepID": "S2"}
    )
    check_key(requested(key))
    assert matches(requested(key), held) is expected


def test_a_sequence_key_with_two_items_is_refused() -> None:
    with pytest.raises(BadKeyError, match="2 items"):
        check_key(requested({"ScheduledProcedureStepID": "S1"}, {"ScheduledProcedureStepID": "S2"}))


def test_a_bad_key_inside_a_sequence_is_refused() -> None:
    with pytest.raises(BadKeyError):
        check_key(requested({"StudyDate": "soon"}))


def test_texts_leave_out_spaces_that_mean_nothing() -> None:
    assert texts(element("PatientID", " A ")) == ["A"]
    assert texts(element("PatientComments", " A ")) == [" A"]
    assert texts(element("PatientID", "  ")) == []
    assert texts(None) == []
