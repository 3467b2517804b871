"""Every status of C-FIND (PS3.4 C.4.1.1.4, C.6.4.5), each by its cause, as it is on the wire; and what is negotiated."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dimse_primitives import C_FIND
from pynetdicom.dsutils import encode
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.archive.attributes import PatientStudyOnlyFind, RepositoryQuery
from linacsim.devices.archive.misbehaviour import Quirks
from linacsim.devices.archive.negotiation import Negotiates, wish
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, DatabaseSettings
from linacsim.devices.archive.querying import QueryingSettings
from linacsim.devices.archive.tape import SlowTape, TapeJam
from linacsim.devices.entity import application_entity, associate
from linacsim.devices.queryretrieve import Found, PatientRootFind, StudyRootFind, StudyRootMove, find
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import Asker, build_archive, everything, identifier, instance

Records = Callable[..., list[Record]]
ALL = identifier("STUDY", StudyInstanceUID="")
ACCESSION, MODALITY, SERIES_UID, STUDY_UID = 0x00080050, 0x00080060, 0x0020000E, 0x0020000D


def build(bench: Bench, folder: Path, **settings: Any) -> Asker:
    return build_archive(bench, folder / "in", everything(), ArchivePersonality(**settings))


def ask(asker: Asker, *wanted: Dataset, model: str = StudyRootFind, items: Any = ()) -> list[Found]:
    """Ask one question after the other on an association."""
    device: Any = asker.device

    def task() -> list[Found]:
        ae = application_entity(device, device.personality)
        assoc = associate(device, ae, "ARCHIVE", [build_context(model)], ext_neg=list(items))
        found = [find(device, ae, assoc, model, one) for one in wanted]
        assoc.release()
        return found

    answers: list[Found] = asker._bench.play(task, place=device.place)
    return answers


def statuses(records: Records) -> list[Any]:
    return [record["status"] for record in records("C-FIND-RSP", "ASKER", way="received")]


def offending(found: Found) -> list[int]:
    told = found.status.get("OffendingElement")
    return [] if told is None else [int(told)] if isinstance(told, int) else [int(tag) for tag in told]


# A900


def test_every_breach_of_the_hierarchy_is_told(bench_clock: Bench, tmp_path: Path) -> None:
    asker = build(bench_clock, tmp_path)
    keys: dict[str, Any] = {
        "Modality": "CT",
        "AccessionNumber": ["1", "2"],
        "SeriesInstanceUID": "1",
        "StudyDate": "soon",
    }
    (found,) = ask(asker, identifier("STUDY", **keys))
    assert found.status.Status == 0xA900
    assert offending(found) == [0x00080020, ACCESSION, MODALITY, SERIES_UID]
    assert "Study Date" in found.status.ErrorComment
    (found,) = ask(asker, identifier("IMAGE", SOPInstanceUID=""))
    assert offending(found) == [STUDY_UID, SERIES_UID]
    assert found.identifiers == []


@pytest.mark.parametrize(
    "keys",
    [
        {"StudyInstanceUID": "1.*"},
        {"StudyInstanceUID": "*"},
        {"StudyInstanceUID": "../../../etc/passwd"},
        {"StudyDate": "*"},
        {"StudyDate": "20241301"},
        {"StudyDate": "20240201-20240101"},
        {"StudyTime": "22-02"},
        {"StudyDate": '""'},
        {"AccessionNumber": ["A", "B"]},
        {"ProcedureCodeSequence": [Dataset(), Dataset()]},
    ],
)
def test_a_key_that_cannot_be_matched_is_never_no_match(
    bench_clock: Bench, tmp_path: Path, keys: dict[str, Any]
) -> None:
    wanted = identifier("STUDY", **{"StudyInstanceUID": "", **keys})
    for one in wanted:
        if one.VR == "SQ":
            for number, item in enumerate(one.value):
                item.CodeValue = str(number)
    (found,) = ask(build(bench_clock, tmp_path), wanted)
    assert (found.status.Status, found.identifiers) == (0xA900, [])
    assert len(offending(found)) == 1


@pytest.mark.filterwarnings("ignore:The value for the data element:UserWarning")
def test_a_hundred_thousand_uids_are_looked_for(bench_clock: Bench, tmp_path: Path) -> None:
    many = [f"2.25.{number}" for number in range(100_000)]
    (found,) = ask(build(bench_clock, tmp_path), identifier("STUDY", StudyInstanceUID=[*many, "1.2"]))
    assert [match.StudyInstanceUID for match in found.identifiers] == ["1.2"]


@pytest.mark.parametrize("level", ["SERIES", "IMAGE"])
def test_patient_study_only_has_two_levels(bench_clock: Bench, tmp_path: Path, level: str) -> None:
    asker = build(bench_clock, tmp_path)
    study = identifier("STUDY", PatientID="A1", StudyInstanceUID="", NumberOfStudyRelatedSeries="")
    (patients, studies, deeper) = ask(
        asker, identifier("PATIENT", PatientID=""), study, identifier(level), model=PatientStudyOnlyFind
    )
    assert [match.PatientID for match in patients.identifiers] == ["A1", "B2"]
    assert [match.StudyInstanceUID for match in studies.identifiers] == ["1.1", "1.2"]
    assert (deeper.status.Status, offending(deeper)) == (0xA900, [0x00080052])


# 0122


def test_a_request_of_another_sop_class_than_its_context(bench_clock: Bench, tmp_path: Path, records: Records) -> None:
    asker = build(bench_clock, tmp_path)

    def request(_ae: Any, assoc: Any) -> None:
        message = C_FIND()
        message.MessageID, message.AffectedSOPClassUID, message.Priority = 1, StudyRootFind, 2
        message.Identifier = BytesIO(encode(ALL, is_implicit_vr=True, is_little_endian=True) or b"")
        # else its reactor may take the response
        assoc._reactor_checkpoint.clear()
        assoc.dimse.send_msg(message, assoc.accepted_contexts[0].context_id)
        _context, response = assoc.dimse.get_msg(block=True)
        assoc._reactor_checkpoint.set()
        assert response.Status == 0x0122

    asker.ask(request, models=[PatientRootFind])
    assert [record["status"] for record in records("C-FIND-RSP", "ARCHIVE", way="sent")] == [0x0122]


# A700, C001, FE00


@pytest.mark.parametrize(("answer", "status"), [("out-of-resources", 0xA700), ("unable-to-process", 0xC001)])
def test_a_database_that_goes_down_between_two_queries(
    bench_clock: Bench, tmp_path: Path, answer: Any, status: int
) -> None:
    asker = build(bench_clock, tmp_path)
    archive = bench_clock.devices["ARCHIVE"]
    assert ask(asker, ALL)[0].status.Status == 0
    bench_clock.play(archive.strike, "database-down", DatabaseDown(answer=answer), place=archive.place)
    assert ask(asker, ALL)[0].status.Status == status


@pytest.mark.parametrize(
    ("settings", "count", "status"),
    [
        (QueryingSettings(most=2), 2, 0xA700),
        (QueryingSettings(most=2, beyond=0x0000), 2, 0x0000),
        (QueryingSettings(most=2, beyond=0xC123), 2, 0xC123),
        (QueryingSettings(most=3), 3, 0x0000),
    ],
)
def test_more_matches_than_the_archive_gives(
    bench_clock: Bench, tmp_path: Path, records: Records, settings: QueryingSettings, count: int, status: int
) -> None:
    (found,) = ask(build(bench_clock, tmp_path, querying=settings), ALL)
    assert (len(found.identifiers), found.status.Status) == (count, status)
    assert statuses(records) == [*[0xFF00] * count, status]


def test_others_have_their_turn_while_matches_are_sent(bench_clock: Bench, tmp_path: Path) -> None:
    many = [instance("A1", "1.1", "1.1.1", f"1.1.1.{number}") for number in range(1, 401)]
    slow = ArchivePersonality(database=DatabaseSettings(match_time=MILLISECOND))
    asker = build_archive(bench_clock, tmp_path / "in", many, slow)
    wanted = identifier("IMAGE", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.1", SOPInstanceUID="")
    done: list[str] = []

    def long(_ae: Any = None, _assoc: Any = None) -> None:
        asker.question(lambda ae, assoc: find(asker.device, ae, assoc, StudyRootFind, wanted))
        done.append("long")

    def short() -> None:
        bench_clock.kernel.sleep(50 * MILLISECOND)
        asker.question(lambda ae, assoc: find(asker.device, ae, assoc, StudyRootFind, ALL))
        done.append("short")

    def both() -> None:
        tasks = [bench_clock.kernel.spawn(one, name=one.__name__) for one in (long, short)]
        for task in tasks:
            bench_clock.kernel.join(task, 20 * SECOND)

    bench_clock.play(both, place=asker.device.place)
    assert done == ["short", "long"]


def test_availability_is_that_of_the_tapes(bench_clock: Bench, tmp_path: Path) -> None:
    asker, archive = build(bench_clock, tmp_path), bench_clock.devices["ARCHIVE"]

    def told() -> set[str]:
        return {match.InstanceAvailability for match in ask(asker, ALL)[0].identifiers}

    assert told() == {"ONLINE"}
    bench_clock.play(archive.strike, "slow-tape", SlowTape(mount_time=SECOND), place=archive.place)
    assert told() == {"NEARLINE"}
    bench_clock.play(archive.strike, "tape-jam", TapeJam(), place=archive.place)
    assert told() == {"OFFLINE"}


# quirks


@pytest.mark.parametrize(
    ("quirks", "expected"),
    [
        (Quirks(repeats="pending"), [0xFF00] * 6 + [0]),
        (Quirks(repeats="final"), [0xFF00] * 3 + [0, 0]),
        (Quirks(after_final="failure"), [0xFF00] * 3 + [0, 0xA702]),
    ],
)
def test_an_archive_that_says_too_much(
    bench_clock: Bench, tmp_path: Path, records: Records, quirks: Quirks, expected: list[int]
) -> None:
    asker = build(bench_clock, tmp_path, quirks=quirks)
    asker.device.personality = asker.device.personality.model_copy(update={"dimse_timeout": 300 * MILLISECOND})
    ask(asker, ALL)
    assert [record["status"] for record in records("C-FIND-RSP", "ARCHIVE", way="sent")] == expected


def test_an_archive_that_does_not_hear_a_cancel(bench_clock: Bench, tmp_path: Path) -> None:
    many = [instance("A1", "1.1", "1.1.1", f"1.1.1.{number}") for number in range(1, 31)]
    slow = ArchivePersonality(database=DatabaseSettings(match_time=5 * MILLISECOND), quirks=Quirks(ignores_cancel=True))
    asker = build_archive(bench_clock, tmp_path / "in", many, slow)
    keys: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1", "SOPInstanceUID": ""}
    found = asker.find("IMAGE", **keys, cancel_after=2)
    assert (len(found.identifiers), found.status.Status) == (30, 0)


# what a treatment management system does not let be asked


@pytest.mark.parametrize(
    ("level", "keys", "status"),
    [
        ("PATIENT", {"PatientID": ""}, 0xA900),
        ("PATIENT", {"PatientID": "*", "PatientName": ""}, 0xA900),
        ("PATIENT", {"PatientID": "A1"}, 0),
        ("PATIENT", {"PatientID": "", "PatientName": "D*"}, 0),
        ("STUDY", {"PatientID": "A1", "StudyInstanceUID": ""}, 0),
    ],
)
def test_an_archive_that_wants_to_be_asked_for_somebody(
    bench_clock: Bench, tmp_path: Path, level: str, keys: dict[str, Any], status: int
) -> None:
    asker = build(bench_clock, tmp_path, querying=QueryingSettings(specific=("PatientID", "PatientName")))
    (found,) = ask(asker, identifier(level, **keys), model=PatientRootFind)
    assert found.status.Status == status
    assert offending(found) == ([0x00100020] if status else [])


def test_the_status_for_asking_for_everybody_is_the_archive_s(bench_clock: Bench, tmp_path: Path) -> None:
    settings = QueryingSettings(specific=("PatientID",), unspecific=0xC001)
    (found,) = ask(
        build(bench_clock, tmp_path, querying=settings), identifier("PATIENT", PatientID=""), model=PatientRootFind
    )
    assert (found.status.Status, found.status.ErrorComment) == (0xC001, "no value in any of PatientID")


# Repository Query


def repository(**keys: Any) -> Dataset:
    wanted = identifier("STUDY", StudyInstanceUID="", **keys)
    wanted.RecordKey = b""
    return wanted


def test_a_repository_is_queried_piece_by_piece(bench_clock: Bench, tmp_path: Path) -> None:
    asker = build(bench_clock, tmp_path)
    uids, prior, final = [], b"", []
    for _ in range(3):
        wanted = repository(MaximumNumberOfRecords=1)
        if prior:
            wanted.PriorRecordKey = prior
        (found,) = ask(asker, wanted, model=RepositoryQuery)
        uids += [str(match.StudyInstanceUID) for match in found.identifiers]
        prior = found.identifiers[-1].RecordKey
        final.append(found.status.Status)
    assert uids == ["1.1", "1.2", "2.1"]
    assert final == [0xB001, 0xB001, 0x0000]
    assert [len(one.identifiers) for one in ask(asker, repository(), model=RepositoryQuery)] == [3]


def test_the_archive_s_own_limit_ends_a_repository_query_with_a_warning(bench_clock: Bench, tmp_path: Path) -> None:
    (found,) = ask(build(bench_clock, tmp_path, querying=QueryingSettings(most=2)), repository(), model=RepositoryQuery)
    assert (len(found.identifiers), found.status.Status) == (2, 0xB001)


@pytest.mark.parametrize("prior", [b"nonsense", b"SERIES 1", b"STUDY 0 ", b"STUDY -1"])
def test_a_prior_record_key_that_was_never_given_out(bench_clock: Bench, tmp_path: Path, prior: bytes) -> None:
    wanted = repository()
    wanted.PriorRecordKey = prior
    (found,) = ask(build(bench_clock, tmp_path), wanted, model=RepositoryQuery)
    assert (found.status.Status, found.identifiers) == (0xA710, [])


# extended negotiation


@pytest.mark.parametrize(
    ("model", "offered", "answered"),
    [
        (StudyRootFind, "01", "01"),
        (StudyRootFind, "00", "00"),
        (StudyRootFind, "0101", "0101"),
        # Enhanced Multi-Frame Image Conversion is not done
        (StudyRootFind, "01010101010101", "01010101000101"),
        (StudyRootFind, "00010001000100", "00010001000100"),
        (StudyRootFind, "0101010101010101", "01010101000101"),
        (StudyRootFind, "02", "00"),
        (StudyRootMove, "01", "01"),
        (StudyRootMove, "0101", "0100"),
        (RepositoryQuery, "0101", "0101"),
        (PatientStudyOnlyFind, "010001", "010001"),
    ],
)
def test_as_many_bytes_are_answered_as_were_offered(
    bench_clock: Bench, tmp_path: Path, model: str, offered: str, answered: str
) -> None:
    asker = build(bench_clock, tmp_path)
    item = SOPClassExtendedNegotiation()
    item.sop_class_uid, item.service_class_application_information = UID(model), bytes.fromhex(offered)
    device: Any = asker.device

    def task() -> Any:
        ae = application_entity(device, device.personality)
        assoc = associate(device, ae, "ARCHIVE", [build_context(model)], ext_neg=[item])
        told = dict(assoc.acceptor.sop_class_extended)
        assoc.release()
        return told

    assert bench_clock.play(task, place=device.place) == {UID(model): bytes.fromhex(answered)}


def test_an_archive_grants_what_its_personality_says(bench_clock: Bench, tmp_path: Path) -> None:
    grants = QueryingSettings(negotiates=Negotiates(relational=False, fuzzy_names=False))
    asker = build(bench_clock, tmp_path, querying=grants)
    below = identifier("STUDY", StudyInstanceUID="", Modality="RTPLAN")
    fuzzy = identifier("STUDY", StudyInstanceUID="", PatientName="jon do")
    found = ask(asker, below, fuzzy, items=[wish(StudyRootFind, Negotiates())])
    assert [one.status.Status for one in found] == [0xA900, 0]
    assert found[1].identifiers == []


def test_what_has_been_negotiated_holds_for_the_association_alone(bench_clock: Bench, tmp_path: Path) -> None:
    asker = build(bench_clock, tmp_path)
    below = identifier("STUDY", StudyInstanceUID="", Modality="RTPLAN")
    both = identifier("STUDY", StudyInstanceUID="", ModalitiesInStudy=["RTPLAN", "CT"])
    sounds = identifier("STUDY", StudyInstanceUID="", PatientName="jon do")
    nameless = identifier("STUDY", StudyInstanceUID="", PatientBirthDate='""')
    wishes = [wish(StudyRootFind, Negotiates())]
    found = ask(asker, below, both, sounds, nameless, items=wishes)
    uids = [[str(match.StudyInstanceUID) for match in one.identifiers] for one in found]
    assert uids == [["1.1"], ["1.1"], ["1.1", "1.2"], ["1.1", "1.2", "2.1"]]
    plain = ask(asker, below, both, sounds, nameless)
    assert [one.status.Status for one in plain] == [0xA900, 0xA900, 0, 0xA900]
    assert plain[2].identifiers == []


# time zones


def test_dates_and_times_come_in_the_time_zone_of_the_query(bench_clock: Bench, tmp_path: Path) -> None:
    late = instance("A1", "1.1", "1.1.1", "1.1.1.1")
    late.StudyDate, late.StudyTime, late.TimezoneOffsetFromUTC = "20240101", "2330", "+0000"
    asker = build_archive(bench_clock, tmp_path / "in", [late])
    wanted = identifier("STUDY", StudyInstanceUID="", StudyDate="20240102", StudyTime="00-01")
    wanted.TimezoneOffsetFromUTC = "+0100"
    (found,) = ask(asker, wanted, items=[wish(StudyRootFind, Negotiates())])
    (match,) = found.identifiers
    assert (match.StudyDate, match.StudyTime, match.TimezoneOffsetFromUTC) == ("20240102", "0030", "+0100")
    # not negotiated: nothing is moved, and the object's own time zone is told
    (found,) = ask(asker, wanted)
    assert found.identifiers == []
    wanted.StudyDate, wanted.StudyTime = "", ""
    (match,) = ask(asker, wanted)[0].identifiers
    assert (match.StudyDate, match.StudyTime, match.TimezoneOffsetFromUTC) == ("20240101", "2330", "+0000")


def test_a_time_zone_that_is_none_is_refused(bench_clock: Bench, tmp_path: Path) -> None:
    wanted = identifier("STUDY", StudyInstanceUID="", StudyDate="20240102")
    wanted.TimezoneOffsetFromUTC = "CET"
    (found,) = ask(build(bench_clock, tmp_path), wanted, items=[wish(StudyRootFind, Negotiates())])
    assert (found.status.Status, offending(found)) == (0xA900, [0x00080201])
