"""C-FIND of the archive on both clocks: levels, rules, returned keys, character sets, cancel."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset

from linacsim.bench import Bench
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, DatabaseSettings
from linacsim.devices.queryretrieve import PatientRootFind, StudyRootFind, find
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import Asker, build_archive, everything, identifier, instance

Records = Callable[..., list[Record]]


@pytest.fixture
def asker(bench_clock: Bench, tmp_path: Path) -> Asker:
    return build_archive(bench_clock, tmp_path / "in", everything())


def blank(*keywords: str) -> dict[str, Any]:
    """Return keys that match everything."""
    return dict.fromkeys(keywords, "")


def uids(found: Any, keyword: str) -> list[str]:
    return [str(match[keyword].value) for match in found.identifiers]


def test_studies_of_the_study_root_carry_the_patient(asker: Asker) -> None:
    found = asker.find("STUDY", StudyInstanceUID="", PatientID="A*", PatientName="", StudyDate="")
    assert found.status.Status == 0
    assert uids(found, "StudyInstanceUID") == ["1.1", "1.2"]
    assert uids(found, "PatientName") == ["Doe^John", "Doe^John"]
    assert uids(found, "StudyDate") == ["20240101", "20240201"]


def test_patients_of_the_patient_root(asker: Asker) -> None:
    counts = ("NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances")
    found = asker.find("PATIENT", root="patient", PatientID="", **blank(*counts))
    assert uids(found, "PatientID") == ["A1", "B2"]
    assert [[int(match[keyword].value) for keyword in counts] for match in found.identifiers] == [[2, 3, 5], [1, 1, 1]]


def test_down_the_tree_of_the_patient_root(asker: Asker) -> None:
    assert uids(asker.find("STUDY", root="patient", PatientID="A1", StudyInstanceUID=""), "StudyInstanceUID") == [
        "1.1",
        "1.2",
    ]
    series = asker.find("SERIES", root="patient", PatientID="A1", StudyInstanceUID="1.1", SeriesInstanceUID="")
    assert uids(series, "SeriesInstanceUID") == ["1.1.1", "1.1.2"]
    above: dict[str, Any] = {"PatientID": "A1", "StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}
    images = asker.find("IMAGE", root="patient", **above, SOPInstanceUID="", InstanceNumber="", SOPClassUID="")
    assert uids(images, "SOPInstanceUID") == ["1.1.1.1", "1.1.1.2", "1.1.1.3"]
    assert uids(images, "PatientID") == ["A1"] * 3
    assert [int(match.InstanceNumber) for match in images.identifiers] == [1, 2, 3]
    # the patient of another study
    other = asker.find("SERIES", root="patient", PatientID="B2", StudyInstanceUID="1.1", SeriesInstanceUID="")
    assert (other.identifiers, other.status.Status) == ([], 0)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"StudyInstanceUID": ["1.1", "2.1", "9"]}, ["1.1", "2.1"]),
        ({"StudyDate": "20240115-20240215"}, ["1.2"]),
        ({"StudyDate": "20240201-"}, ["1.2", "2.1"]),
        ({"StudyTime": "10-11"}, ["1.1", "1.2", "2.1"]),
        ({"PatientName": "DOE*"}, ["1.1", "1.2"]),
        ({"PatientName": "müller*"}, ["2.1"]),
        ({"StudyDescription": "Study ?.2"}, ["1.2"]),
        ({"ModalitiesInStudy": "RTPLAN"}, ["1.1"]),
        ({"ModalitiesInStudy": "C*"}, ["1.1", "1.2", "2.1"]),
        ({"AccessionNumber": "ACC2.1"}, ["2.1"]),
        ({"AccessionNumber": "ACC2.1", "PatientName": "Doe*"}, []),
    ],
)
def test_keys_at_the_study_level(asker: Asker, keys: dict[str, Any], expected: list[str]) -> None:
    keys = {"SpecificCharacterSet": "ISO_IR 192", "StudyInstanceUID": "", **keys}
    found = asker.find("STUDY", **keys)
    assert uids(found, "StudyInstanceUID") == expected
    assert found.status.Status == 0


def test_what_is_gathered_and_counted(asker: Asker) -> None:
    wanted = ("ModalitiesInStudy", "SOPClassesInStudy", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances")
    (study,) = asker.find("STUDY", StudyInstanceUID="1.1", **blank(*wanted)).identifiers
    assert list(study.ModalitiesInStudy) == ["CT", "RTPLAN"]
    assert list(study.SOPClassesInStudy) == ["1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.481.5"]
    assert (int(study.NumberOfStudyRelatedSeries), int(study.NumberOfStudyRelatedInstances)) == (2, 4)
    series = asker.find("SERIES", StudyInstanceUID="1.1", SeriesInstanceUID="", NumberOfSeriesRelatedInstances="")
    assert [int(match.NumberOfSeriesRelatedInstances) for match in series.identifiers] == [3, 1]


def test_a_response_has_the_requested_keys_and_says_where_to_retrieve(asker: Asker, records: Records) -> None:
    (plan,) = asker.find(
        "IMAGE", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.2", SOPInstanceUID="", RTPlanLabel="", RTPlanDate=""
    ).identifiers
    assert plan.QueryRetrieveLevel == "IMAGE"
    assert (plan.RetrieveAETitle, plan.InstanceAvailability) == ("ARCHIVE", "ONLINE")
    assert (plan.RTPlanLabel, plan["RTPlanDate"].is_empty) == ("Prostate", True)
    assert set(plan.dir()) == {
        "QueryRetrieveLevel",
        "RetrieveAETitle",
        "InstanceAvailability",
        "StudyInstanceUID",
        "SeriesInstanceUID",
        "SOPInstanceUID",
        "RTPlanLabel",
        "RTPlanDate",
    }
    assert [record["status"] for record in records("C-FIND-RSP", "ASKER", way="received")] == [0xFF00, 0]


def test_a_key_that_is_not_supported_is_told_and_not_returned(asker: Asker, records: Records) -> None:
    found = asker.find("STUDY", StudyInstanceUID="", PatientTelephoneNumbers="")
    assert [record["status"] for record in records("C-FIND-RSP", "ASKER", way="received")] == [0xFF01] * 3 + [0]
    assert all("PatientTelephoneNumbers" not in match for match in found.identifiers)


@pytest.mark.parametrize(
    ("asked", "told"), [(None, "ISO_IR 100"), ("ISO_IR 192", "ISO_IR 192"), ("ISO_IR 101", "ISO_IR 101")]
)
def test_a_name_is_written_in_the_character_set_that_was_asked_in(asker: Asker, asked: str | None, told: str) -> None:
    keys: dict[str, Any] = {} if asked is None else {"SpecificCharacterSet": asked}
    found = asker.find("PATIENT", root="patient", PatientID="", PatientName="", **keys)
    plain, umlauts = found.identifiers
    assert "SpecificCharacterSet" not in plain
    assert (umlauts.SpecificCharacterSet, str(umlauts.PatientName)) == (told, "Müller^Änne")


def test_a_name_that_the_asked_character_set_cannot_write_is_written_in_the_object_s(asker: Asker) -> None:
    found = asker.find("PATIENT", root="patient", PatientID="B2", PatientName="", SpecificCharacterSet="ISO_IR 144")
    (match,) = found.identifiers
    assert (match.SpecificCharacterSet, str(match.PatientName)) == ("ISO_IR 100", "Müller^Änne")


STUDY_AND_SERIES: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}
BAD = [
    ("study", None, {"StudyInstanceUID": ""}, "Query/Retrieve Level is missing", 0x00080052),
    ("study", "", {"StudyInstanceUID": ""}, "Query/Retrieve Level is missing", 0x00080052),
    ("study", "PATIENT", {"PatientID": ""}, "the model has no level PATIENT", 0x00080052),
    ("study", "WORLD", {}, "the model has no level WORLD", 0x00080052),
    ("patient", "STUDY", {"StudyInstanceUID": ""}, "Patient ID is missing", 0x00100020),
    ("patient", "STUDY", {"PatientID": "", "StudyInstanceUID": ""}, "Patient ID is missing", 0x00100020),
    ("patient", "STUDY", {"PatientID": "A*", "StudyInstanceUID": ""}, "Patient ID wants a single value", 0x00100020),
    ("study", "SERIES", {"SeriesInstanceUID": ""}, "Study Instance UID is missing", 0x0020000D),
    ("study", "IMAGE", {"StudyInstanceUID": "1.1"}, "Series Instance UID is missing", 0x0020000E),
    ("study", "IMAGE", {"SeriesInstanceUID": "1.1.1"}, "Study Instance UID is missing", 0x0020000D),
    ("study", "SERIES", {"StudyInstanceUID": ["1.1", "1.2"]}, "Study Instance UID wants a single value", 0x0020000D),
    ("study", "STUDY", {"Modality": "CT"}, "Modality is below the level STUDY", 0x00080060),
    ("patient", "PATIENT", {"StudyDate": ""}, "Study Date is below the level PATIENT", 0x00080020),
    (
        "study",
        "SERIES",
        {"StudyInstanceUID": "1.1", "StudyDate": ""},
        "Study Date is no unique key of a level above SERIES",
        0x00080020,
    ),
    ("study", "STUDY", {"StudyDate": "last week"}, "Study Date: 'last week' is no date", 0x00080020),
    ("study", "STUDY", {"AccessionNumber": ["1", "2"]}, "Accession Number: 2 values where one is allowed", 0x00080050),
]


@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
@pytest.mark.parametrize(("root", "level", "keys", "comment", "tag"), BAD)
def test_a_bad_identifier_is_refused_and_never_no_match(
    asker: Asker, root: str, level: str | None, keys: dict[str, Any], comment: str, tag: int
) -> None:
    wanted = identifier(level or "", **keys)
    if level is None:
        del wanted.QueryRetrieveLevel
    model = PatientRootFind if root == "patient" else StudyRootFind
    found = asker.ask(lambda ae, assoc: find(asker.device, ae, assoc, model, wanted))
    assert (found.status.Status, found.status.ErrorComment, found.identifiers) == (0xA900, comment, [])
    assert found.status.OffendingElement == tag


def test_the_patient_may_stand_above_the_study_of_the_study_root(asker: Asker) -> None:
    found = asker.find("SERIES", PatientID="A1", StudyInstanceUID="1.1", SeriesInstanceUID="")
    assert uids(found, "SeriesInstanceUID") == ["1.1.1", "1.1.2"]


@pytest.mark.parametrize(
    ("level", "keys", "keyword", "expected"),
    [
        ("IMAGE", {"SOPInstanceUID": "1.1.2.1"}, "SOPInstanceUID", ["1.1.2.1"]),
        ("SERIES", {"Modality": "CT", "SeriesInstanceUID": ""}, "SeriesInstanceUID", ["1.1.1", "1.2.1", "2.1.1"]),
        ("STUDY", {"Modality": "RTPLAN", "StudyInstanceUID": ""}, "StudyInstanceUID", ["1.1"]),
        ("STUDY", {"SOPInstanceUID": "1.2.1.1", "StudyInstanceUID": ""}, "StudyInstanceUID", ["1.2"]),
        ("STUDY", {"Modality": "RTPLAN", "SOPInstanceUID": "1.1.1.1"}, "StudyInstanceUID", []),
    ],
)
def test_an_archive_may_take_keys_of_any_level(
    bench_clock: Bench, tmp_path: Path, level: str, keys: dict[str, Any], keyword: str, expected: list[str]
) -> None:
    asker = build_archive(bench_clock, tmp_path / "in", everything(), ArchivePersonality(relational=True))
    found = asker.find(level, **keys)
    assert (uids(found, keyword), found.status.Status) == (expected, 0)


def test_a_cancelled_query_ends_with_fe00(bench_clock: Bench, tmp_path: Path, records: Records) -> None:
    many = [instance("A1", "1.1", "1.1.1", f"1.1.1.{number}") for number in range(1, 41)]
    slow = ArchivePersonality(database=DatabaseSettings(match_time=20 * MILLISECOND))
    asker = build_archive(bench_clock, tmp_path / "in", many, slow)
    found = asker.find("IMAGE", **STUDY_AND_SERIES, SOPInstanceUID="", cancel_after=3)
    assert found.status.Status == 0xFE00
    assert 3 <= len(found.identifiers) < 40
    assert records("C-CANCEL-RQ", "ARCHIVE", way="received", **{"responds-to": 7})
    # the association goes on; a later query is not cancelled by an old C-CANCEL
    assert len(asker.find("IMAGE", **STUDY_AND_SERIES, SOPInstanceUID="").identifiers) == 40


@pytest.mark.parametrize(("answer", "status"), [("out-of-resources", 0xA700), ("unable-to-process", 0xC001)])
def test_a_database_that_is_down(bench_clock: Bench, asker: Asker, until: Records, answer: Any, status: int) -> None:
    archive = bench_clock.devices["ARCHIVE"]
    down = DatabaseDown(answer=answer, cleared_after=500 * MILLISECOND)
    bench_clock.play(archive.strike, "database-down", down)
    found = asker.find("STUDY", StudyInstanceUID="")
    assert (found.status.Status, found.status.ErrorComment) == (status, "the database is down")
    until("database-up")
    assert len(asker.find("STUDY", StudyInstanceUID="").identifiers) == 3


def test_a_database_that_goes_down_in_the_middle(bench_clock: Bench, tmp_path: Path) -> None:
    slow = ArchivePersonality(database=DatabaseSettings(match_time=200 * MILLISECOND))
    asker = build_archive(bench_clock, tmp_path / "in", everything(), slow)
    archive = bench_clock.devices["ARCHIVE"]

    def later() -> None:
        bench_clock.kernel.sleep(500 * MILLISECOND)
        archive.strike("database-down", DatabaseDown())

    bench_clock.play(lambda: bench_clock.kernel.spawn(later, name="later") and None, place=archive.place)
    found = asker.find("STUDY", StudyInstanceUID="")
    assert found.status.Status == 0xA700
    assert len(found.identifiers) < 3


def test_a_query_longer_than_the_idle_limit_does_not_end_the_association(bench_clock: Bench, tmp_path: Path) -> None:
    slow = ArchivePersonality(
        database=DatabaseSettings(query_time=600 * MILLISECOND), network_timeout=400 * MILLISECOND
    )
    asker = build_archive(bench_clock, tmp_path / "in", everything(), slow)

    def twice(ae: Any, assoc: Any) -> list[int]:
        wanted = identifier("STUDY", StudyInstanceUID="")
        return [len(find(asker.device, ae, assoc, StudyRootFind, wanted).identifiers) for _ in range(2)]

    assert asker.ask(twice) == [3, 3]


def test_an_association_that_idles_after_a_long_query_is_ended(
    bench_clock: Bench, tmp_path: Path, until: Records
) -> None:
    slow = ArchivePersonality(
        database=DatabaseSettings(query_time=300 * MILLISECOND), network_timeout=400 * MILLISECOND
    )
    asker = build_archive(bench_clock, tmp_path / "in", everything(), slow)

    def ask_and_idle(ae: Any, assoc: Any) -> int:
        find(asker.device, ae, assoc, StudyRootFind, identifier("STUDY", StudyInstanceUID=""))
        start = bench_clock.now
        while assoc.is_established and bench_clock.now < start + 3 * SECOND:
            bench_clock.kernel.sleep(10 * MILLISECOND)
        return bench_clock.now - start

    assert 350 * MILLISECOND <= asker.ask(ask_and_idle) < 2 * SECOND
    assert until("network-timeout", "ARCHIVE")


def test_an_archive_that_falls_silent_is_told_in_words(bench_clock: Bench, tmp_path: Path) -> None:
    slow = ArchivePersonality(database=DatabaseSettings(query_time=3 * SECOND))
    asker = build_archive(bench_clock, tmp_path / "in", everything(), slow)
    asker.device.personality = asker.device.personality.model_copy(update={"dimse_timeout": 300 * MILLISECOND})
    with pytest.raises(PlayFailure, match=r"^C-FIND to ARCHIVE: DIMSE timeout: no response within 0.3 s"):
        asker.find("STUDY", StudyInstanceUID="")


def test_a_model_that_was_not_accepted_is_told_in_words(asker: Asker) -> None:
    with pytest.raises(PlayFailure, match=r"^C-FIND to ARCHIVE: No presentation context"):
        asker.ask(lambda ae, assoc: find(asker.device, ae, assoc, PatientRootFind, Dataset()), models=[StudyRootFind])
