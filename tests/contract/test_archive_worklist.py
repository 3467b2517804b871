"""The Modality Worklist (PS3.4 Annex K) of the archive, on both clocks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, DatabaseSettings
from linacsim.devices.archive.worklist import Protocol, Schedule, ScheduledStep
from linacsim.devices.caseof import CaseOf
from linacsim.devices.storage.personality import StoragePersonality
from linacsim.devices.worklist import KEYS, STEP_KEYS, ModalityWorklistFind, Worklist, missing_in
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import HOUR, MILLISECOND, seconds
from linacsim.objects.case import build_case
from tests.contract.committed import read
from tests.contract.wire import calls_for

Records = Callable[..., list[Record]]
Ask = Callable[..., tuple[list[Dataset], list[int]]]
STEPS = (
    # the bench's day begins at 08:00 on 6 May 2024
    ScheduledStep(station="LINAC1", patient_name="Doe^John", patient_id="A1", start=HOUR // 2, performer="Curie^Marie",
                  protocol=Protocol(value="CBCT1", meaning="Pelvis")),
    ScheduledStep(station="LINAC1", patient_name="Müller^Änne", patient_id="B2", start=HOUR, modality="CT", sex="F"),
    ScheduledStep(station="LINAC2", patient_name="Roe^Jane", patient_id="C3", start=2 * HOUR),
    ScheduledStep(station="LINAC1", patient_name="Doe^Jack", patient_id="D4", date="20240507", time="090000",
                  attributes={"PatientWeight": "70.5", "ScheduledProcedureStepStatus": "ARRIVED"}),
    ScheduledStep(station="LINAC1", patient_name="山田^太郎", patient_id="E5", date="20240508", time="170000"),
)  # fmt: skip


@pytest.fixture
def site(bench_clock: Bench) -> Bench:
    """An archive with a schedule of three days, and a linac."""
    personality = ArchivePersonality(schedule=STEPS, database=DatabaseSettings(match_time=MILLISECOND))
    bench_clock.add("archive", "ARCHIVE", settings=personality)
    bench_clock.add("storage", "LINAC1", settings=StoragePersonality(dimse_timeout=seconds(5)))
    return bench_clock


@pytest.fixture
def ask(site: Bench) -> Ask:
    """Send an identifier; return what is found, and the statuses of all responses."""

    def call(ds: Dataset, cancel_after: int = 0) -> tuple[list[Dataset], list[int]]:
        def task() -> tuple[list[Dataset], list[int]]:
            ae = AE("LINAC1")
            ae.dimse_timeout = 5
            host, port = site.address_of("ARCHIVE")
            assoc = ae.associate(host, port, contexts=[build_context(ModalityWorklistFind)], ae_title="ARCHIVE")
            assert assoc.is_established
            items: list[Dataset] = []
            statuses: list[int] = []
            for status, item in assoc.send_c_find(ds, ModalityWorklistFind, msg_id=3):
                statuses.append(int(status.Status))
                if item is not None:
                    items.append(item)
                if len(items) == cancel_after:
                    assoc.send_c_cancel(3, query_model=ModalityWorklistFind)
            assoc.release()
            return items, statuses

        return site.play(task)

    return call


def keys(step: dict[str, Any] | None = None, **values: Any) -> Dataset:
    """Return an identifier: keys of the item, and of its Scheduled Procedure Step Sequence."""
    ds, inner = Dataset(), Dataset()
    with warnings.catch_warnings():
        # a key may have values that no attribute may have: wild cards, ranges
        warnings.simplefilter("ignore")
        for keyword, value in {"PatientID": "", **values}.items():
            setattr(ds, keyword, value)
        for keyword, value in (step or {}).items():
            setattr(inner, keyword, value)
    if step is not None:
        ds.ScheduledProcedureStepSequence = [inner]
    return ds


def who(items: list[Dataset]) -> str:
    """Return the patients of a worklist, each by the letter of the ID."""
    return "".join(str(item.PatientID)[0] for item in items)


DATE, TIME = "ScheduledProcedureStepStartDate", "ScheduledProcedureStepStartTime"


@pytest.mark.parametrize(
    ("step", "values", "patients"),
    [
        (None, {}, "ABCDE"),
        ({}, {}, "ABCDE"),
        ({"ScheduledStationAETitle": "LINAC1"}, {}, "ABDE"),
        ({"ScheduledStationAETitle": "LINAC3"}, {}, ""),
        ({"Modality": "CT"}, {}, "B"),
        ({"Modality": "RTIMAGE", "ScheduledStationAETitle": "LINAC1"}, {}, "ADE"),
        ({DATE: "20240506"}, {}, "ABC"),
        ({DATE: "20240507-"}, {}, "DE"),
        ({DATE: "-20240507"}, {}, "ABCD"),
        ({DATE: "20240506-20240507"}, {}, "ABCD"),
        ({TIME: "0900"}, {}, "BD"),
        ({TIME: "083000-0930"}, {}, "ABD"),
        ({TIME: "-0859"}, {}, "A"),
        ({TIME: "10-"}, {}, "CE"),
        # a date and a range of times: each on its own
        ({DATE: "20240506", TIME: "0845-0915"}, {}, "B"),
        # two ranges are one, from the first moment to the last (Table K.6-1)
        ({DATE: "20240506-20240507", TIME: "0930-1000"}, {}, "CD"),
        ({DATE: "20240506-20240508", TIME: "0930-0915"}, {}, "CD"),
        ({DATE: "20240507-", TIME: "1000-"}, {}, "E"),
        ({DATE: "-20240507", TIME: "-0830"}, {}, "ABC"),
        ({"ScheduledPerformingPhysicianName": "curie*"}, {}, "A"),
        ({"ScheduledPerformingPhysicianName": "*"}, {}, "ABCDE"),
        ({"ScheduledProcedureStepID": "SPS3"}, {}, "C"),
        ({"ScheduledProcedureStepStatus": "ARRIVED"}, {}, "D"),
        (None, {"PatientName": "Doe*"}, "AD"),
        (None, {"PatientName": "doe^j?hn"}, "A"),
        (None, {"PatientID": "C3"}, "C"),
        (None, {"PatientID": "C3", "PatientName": "Doe*"}, ""),
        (None, {"PatientSex": "F"}, "B"),
        # what is not known matches no value
        (None, {"PatientBirthDate": "-20240101"}, ""),
        (None, {"RequestedProcedureID": ""}, "ABCDE"),
    ],
)
def test_what_matches(ask: Ask, step: dict[str, str] | None, values: dict[str, str], patients: str) -> None:
    items, statuses = ask(keys(step, **values))
    assert who(items) == patients
    assert statuses == [0xFF00] * len(patients) + [0]


def test_names_match_in_the_character_set_of_the_request(ask: Ask) -> None:
    for terms, name, patients in (
        ("ISO_IR 100", "MÜLLER*", "B"),
        ("ISO_IR 192", "山田*", "E"),
        ("ISO_IR 192", "müller*", "B"),
    ):
        items, _ = ask(keys(SpecificCharacterSet=terms, PatientName=name))
        assert who(items) == patients
        assert items[0].SpecificCharacterSet == terms


def test_a_response_is_in_a_character_set_that_can_write_it(ask: Ask) -> None:
    items, _ = ask(keys({}, PatientName=""))
    found = {str(item.PatientID): (item.get("SpecificCharacterSet"), str(item.PatientName)) for item in items}
    assert found == {
        "A1": (None, "Doe^John"),
        "B2": ("ISO_IR 100", "Müller^Änne"),
        "C3": (None, "Roe^Jane"),
        "D4": (None, "Doe^Jack"),
        "E5": ("ISO_IR 192", "山田^太郎"),
    }


def test_what_is_asked_for_is_returned_and_nothing_else(ask: Ask) -> None:
    wanted = keys({"Modality": "RTIMAGE", "ScheduledStationName": ""}, PatientID="A1", PatientWeight=None, Allergies="")
    (item,), _ = ask(wanted)
    assert {element.keyword for element in item} == {
        "PatientID",
        "PatientWeight",
        "Allergies",
        "ScheduledProcedureStepSequence",
    }
    assert (item["PatientWeight"].is_empty, item["Allergies"].is_empty) == (True, True)
    (step,) = item.ScheduledProcedureStepSequence
    assert {element.keyword: element.value for element in step} == {"Modality": "RTIMAGE", "ScheduledStationName": ""}


@pytest.mark.parametrize("step", [None, {}])
def test_a_sequence_of_zero_length_and_one_with_an_empty_item_ask_for_all_of_it(ask: Ask, step: Any) -> None:
    ds = keys(step, PatientID="A1")
    if step is None:
        ds.ScheduledProcedureStepSequence = []
    (item,), _ = ask(ds)
    (found,) = item.ScheduledProcedureStepSequence
    assert found.ScheduledProcedureStepStartTime == "083000"
    assert found.ScheduledProtocolCodeSequence[0].CodeValue == "CBCT1"


def test_every_item_has_what_a_worklist_has_to_have(ask: Ask) -> None:
    ds = Dataset()
    for keyword in KEYS:
        setattr(ds, keyword, None if keyword != "ScheduledProcedureStepSequence" else [Dataset()])
    for keyword in STEP_KEYS:
        setattr(ds.ScheduledProcedureStepSequence[0], keyword, None)
    items, statuses = ask(ds)
    assert [list(missing_in(item)) for item in items] == [[]] * 5
    assert set(statuses[:-1]) == {0xFF00}
    assert all(item.get("RequestedProcedureDescription") for item in items)
    assert {element.keyword for element in items[0]} == set(KEYS)
    assert len({item.StudyInstanceUID for item in items}) == 5


def test_keys_that_are_not_supported_are_told(ask: Ask) -> None:
    for ds in (keys(PatientMotherBirthName="x", PatientID="A1"), keys({"PatientMotherBirthName": ""}, PatientID="A1")):
        items, statuses = ask(ds)
        assert (who(items), statuses) == ("A", [0xFF01, 0])
        assert all(element.keyword != "PatientMotherBirthName" for element in items[0].iterall())


@pytest.mark.parametrize(
    "ds",
    [
        keys({DATE: "2024-05-06x"}),
        keys({DATE: "202405*"}),
        keys({TIME: "noon"}),
        keys({TIME: "2500"}),
        keys(StudyInstanceUID="1.2.*"),
        keys(PatientID=["A1", "B2"]),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_a_key_that_cannot_be_matched_is_refused_and_never_no_match(ask: Ask, ds: Dataset) -> None:
    assert ask(ds) == ([], [0xA900])


def test_two_items_of_the_sequence_and_a_sequence_that_is_none_are_refused(ask: Ask) -> None:
    two, none = keys({}), keys()
    two.ScheduledProcedureStepSequence = [Dataset(), Dataset()]
    assert ask(two) == ([], [0xA900])
    none.add(DataElement(0x00400100, "LO", "CT"))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # in implicit VR the reader takes it for a sequence that breaks off; in explicit VR it is text
        items, statuses = ask(none)
    assert (items, statuses) == ([], [0xA900])


@pytest.mark.parametrize(("answer", "status"), [("out-of-resources", 0xA700), ("unable-to-process", 0xC001)])
def test_a_database_that_is_down(site: Bench, ask: Ask, answer: Any, status: int) -> None:
    archive = site.devices["ARCHIVE"]
    site.play(archive.strike, "database-down", DatabaseDown(answer=answer), place=archive.place)
    assert ask(keys()) == ([], [status])


def test_a_worklist_can_be_cancelled(site: Bench, ask: Ask) -> None:
    steps = tuple(ScheduledStep(station="LINAC9", start=number) for number in range(200))
    archive = site.devices["ARCHIVE"]
    site.play(archive.act, "schedule", Schedule(steps=steps), place=archive.place)
    items, statuses = ask(keys({"ScheduledStationAETitle": "LINAC9"}), cancel_after=3)
    assert statuses[-1] == 0xFE00
    assert 3 <= len(items) < 200


# the schedule


def test_a_case_gives_patient_and_study(site: Bench, ask: Ask) -> None:
    archive = site.devices["ARCHIVE"]
    step = ScheduledStep(case=CaseOf(patient_id="CASE7", patient_name="Phantom^Seven"), station="LINAC1")
    site.play(archive.act, "schedule", Schedule(steps=(step,)), place=archive.place)
    (item,), _ = ask(keys(PatientID="CASE7", PatientName="", StudyInstanceUID=""))
    case = build_case(site.kernel.identity, CaseOf(patient_id="CASE7", patient_name="Phantom^Seven").settings())
    assert (item.PatientName, item.StudyInstanceUID) == ("Phantom^Seven", case.ct[0].StudyInstanceUID)


def test_a_step_that_is_scheduled_again_takes_the_place_of_the_first(site: Bench, ask: Ask, records: Records) -> None:
    archive = site.devices["ARCHIVE"]
    step = ScheduledStep(
        station="LINAC1", patient_id="A1", step_id="SPS1", status="STARTED", date="20240506", time="0845"
    )
    site.play(archive.act, "schedule", Schedule(steps=(step,)), place=archive.place)
    (item,), _ = ask(keys({"ScheduledProcedureStepID": "SPS1", "ScheduledProcedureStepStatus": ""}))
    assert item.ScheduledProcedureStepSequence[0].ScheduledProcedureStepStatus == "STARTED"
    assert [record["start"] for record in records("step-scheduled", "ARCHIVE")] == ["20240506 0845"]


@pytest.mark.parametrize(
    ("attributes", "text"),
    [
        ({"PatientsName": "x"}, "'PatientsName' is no attribute of a worklist: did you mean 'PatientName'"),
        ({"PatientWeight": "heavy"}, "PatientWeight cannot be 'heavy'"),
    ],
)
def test_a_schedule_that_makes_no_worklist_is_an_input_error(
    site: Bench, attributes: dict[str, str], text: str
) -> None:
    archive = site.devices["ARCHIVE"]
    what = Schedule(steps=(ScheduledStep(station="LINAC1", attributes=attributes),))
    with pytest.raises(InputError) as wrong:
        site.play(archive.act, "schedule", what, place=archive.place)
    assert text.partition(":")[0] in str(wrong.value)


# as a client


def test_the_day_of_a_linac(site: Bench, act: Callable[..., Any], records: Records) -> None:
    act("LINAC1", "worklist", Worklist(to="ARCHIVE", matches=2))
    found = [(record["step-id"], record["modality"], record["start"]) for record in records("worklist-item", "LINAC1")]
    assert found == [("SPS1", "RTIMAGE", "20240506 083000"), ("SPS2", "CT", "20240506 090000")]
    assert records("worklist-item-incomplete") == []
    assert [record["matches"] for record in records("worklist-answered", "ARCHIVE")] == [2]
    act("LINAC1", "worklist", Worklist(to="ARCHIVE", station="", date="", matches=5))
    act("LINAC1", "worklist", Worklist(to="ARCHIVE", date="20240506-20240507", time="0930-1000", matches=1))
    act(
        "LINAC1",
        "worklist",
        Worklist(to="ARCHIVE", keys={"PatientName": "Doe*"}, date="", modality="RTIMAGE", matches=2),
    )
    (first, *_) = calls_for(site, "ARCHIVE")
    request = first.messages[0]
    assert request.command.AffectedSOPClassUID == ModalityWorklistFind
    assert {element.keyword for element in read(first, request)} == set(KEYS)


@pytest.mark.usefixtures("site")
def test_a_worklist_that_comes_to_nothing_is_told_in_words(act: Callable[..., Any]) -> None:
    with pytest.raises(PlayFailure) as failed:
        act("LINAC1", "worklist", Worklist(to="ARCHIVE", matches=3))
    assert str(failed.value) == "worklist of ARCHIVE: 2 items instead of 3"
    with pytest.raises(PlayFailure) as failed:
        act("LINAC1", "worklist", Worklist(to="ARCHIVE", date="tomorrow"))
    assert str(failed.value).startswith("worklist of ARCHIVE: status 0xA900 (")
    with pytest.raises(InputError, match=r"'PatientsName' is no key of a worklist"):
        act("LINAC1", "worklist", Worklist(to="ARCHIVE", keys={"PatientsName": "x"}))
