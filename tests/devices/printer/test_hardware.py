"""Film through the hardware: what is told, in which order, and what a sheet costs. No DICOM here."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from linacsim.devices.printer.hardware import (
    FilmHardware,
    InvalidPageError,
    Job,
    MediumNotInstalledError,
    Sheet,
)
from linacsim.devices.printer.hardware.settings import Magazine, Supply
from linacsim.errors import PlayFailure
from linacsim.kernel.units import SECOND
from tests.devices.printer.hardware_rig import PLAIN, Rig, switched_on


@pytest.fixture
def rig() -> Iterator[Rig]:
    with switched_on() as rig:
        yield rig


def test_a_printer_warms_up_before_it_prints(rig: Rig) -> None:
    rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(60)
    assert rig.states() == [(0, "PROC INIT"), (20, "NORMAL")]
    assert rig.of("job-printing")[0][0] == 20
    assert rig.out() == [(20 + 3 + 8, 1, 1)]


def test_each_sheet_takes_transport_and_processing(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(3))
    rig.go(60)
    assert [second for second, *_ in rig.out()] == [31, 42, 53]
    assert [fields["picture"] for _, fields in rig.of("sheet-out")] == [1, 2, 3]


@pytest.mark.parametrize(
    ("collated", "films"), [(True, [1, 2, 1, 2, 1, 2]), (False, [1, 1, 1, 2, 2, 2])], ids=["collated", "uncollated"]
)
def test_copies_come_out_by_copy_or_by_film(rig: Rig, collated: bool, films: list[int]) -> None:
    job = rig.hardware.submit("SCU", rig.sheets(2), 3, collated=collated)
    rig.go(120)
    assert [film for *_, film in rig.out()] == films
    assert (job.state, job.info, job.out) == ("DONE", "NORMAL", 6)


def test_a_job_tells_its_life_to_who_watches(rig: Rig) -> None:
    job = rig.hardware.submit("SCU", rig.sheets(1))
    seen: list[tuple[str, str]] = [(job.state, job.info)]
    job.watchers.append(lambda job: seen.append((job.state, job.info)))
    rig.go(60)
    assert seen == [("PENDING", "QUEUED"), ("PRINTING", "NORMAL"), ("DONE", "NORMAL")]


def test_a_jammed_sheet_is_spoilt_and_its_image_is_exposed_on_another(rig: Rig) -> None:
    rig.go(20)
    rig.act("jam")
    job = rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(100)
    assert rig.states()[-1] == (23, "FILM JAM")
    assert rig.hardware.status == ("WARNING", "FILM JAM")
    assert (job.state, job.info) == ("PRINTING", "FILM JAM")
    assert rig.out() == []
    rig.act("clear jam")
    rig.go(60)
    assert rig.out() == [(120 + 3 + 8, 1, 1)]
    assert left_in(rig.hardware, 1) == 8
    with pytest.raises(PlayFailure, match=r"^PRINTER: no sheet is stuck$"):
        rig.act("clear jam")


def states(job: Job) -> tuple[str, str]:
    return job.state, job.info


def left_in(hardware: FilmHardware, slot: int) -> int:
    magazine = hardware.machine.slots.by_number[slot]
    assert magazine is not None
    return magazine.sheets


def test_a_jam_that_was_called_off_before_it_happened_does_not_happen(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.jam_next()
    assert rig.hardware.clear_jam() is False
    rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(60)
    assert rig.of("film-jam") == []
    assert len(rig.out()) == 1


def test_the_supply_is_told_low_then_empty_and_the_refill_goes_on(rig: Rig) -> None:
    rig.go(20)
    job = rig.hardware.submit("SCU", rig.sheets(12, "BLUE FILM", "14INX17IN"))
    rig.go(300)
    assert [state for _, state in rig.states()] == ["PROC INIT", "NORMAL", "SUPPLY LOW", "SUPPLY EMPTY"]
    assert len(rig.out()) == 10
    assert (job.state, job.info) == ("PRINTING", "SUPPLY EMPTY")
    rig.act("refill 14INX17IN")
    rig.go(60)
    assert len(rig.out()) == 12
    assert rig.states()[-1][1] == "NORMAL"


def test_a_refill_of_one_kind_fills_no_other(rig: Rig) -> None:
    rig.act("print test 3 14INX17IN", "print test 3 A4")
    rig.go(200)
    rig.act("refill A4 PAPER")
    assert [left_in(rig.hardware, slot) for slot in (1, 2)] == [7, 10]
    with pytest.raises(PlayFailure, match="no slot has a magazine of A3; mount one"):
        rig.act("refill A3")


def test_a_full_receiver_keeps_the_sheet_in_the_processor() -> None:
    with switched_on(receive=2) as rig:
        rig.go(20)
        rig.hardware.submit("SCU", rig.sheets(3))
        rig.go(200)
        assert [second for second, *_ in rig.out()] == [31, 42]
        assert rig.states()[-1] == (42, "RECEIVER FULL")
        rig.act("empty receiver")
        rig.go(1)
        assert rig.out()[-1][0] == 220


def test_an_open_cover_stops_the_sheet_and_light_spoils_the_film(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(1, "BLUE FILM"))
    rig.go(5)
    rig.act("open cover")
    rig.go(30)
    assert rig.hardware.status == ("WARNING", "COVER OPEN")
    rig.act("close cover")
    rig.go(60)
    # six seconds were left of the way of the spoilt sheet, then another one goes all the way
    assert rig.of("sheet-spoilt") == [(61, {"job": 1, "film": 1, "reason": "light"})]
    assert rig.out() == [(61 + 11, 1, 1)]
    assert left_in(rig.hardware, 1) == 8


def test_light_does_paper_no_harm(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(1, "PAPER"))
    rig.go(5)
    rig.act("open cover")
    rig.go(30)
    rig.act("close cover")
    rig.go(60)
    assert rig.out() == [(20 + 11 + 30, 1, 1)]


@pytest.mark.parametrize("part", ["electronics", "software", "power-supply"])
def test_a_failure_of_the_electronics_loses_the_job_that_is_printed_and_no_other(rig: Rig, part: str) -> None:
    rig.go(20)
    lost = rig.hardware.submit("A", rig.sheets(3))
    waiting = rig.hardware.submit("B", rig.sheets(1))
    rig.go(15)
    rig.act(f"break part {part}")
    rig.go(5)
    assert (lost.state, lost.info, lost.out) == ("FAILURE", rig.hardware.status[1], 1)
    assert states(waiting) == ("PENDING", "QUEUED")
    rig.act(f"mend {part}")
    rig.go(60)
    assert states(waiting) == ("DONE", "NORMAL")
    assert [job for _, job, _ in rig.out()] == [1, 2]


def test_a_broken_laser_spoils_the_sheet_before_it(rig: Rig) -> None:
    rig.go(20)
    job = rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(5)
    rig.act("break part laser")
    rig.go(100)
    assert job.state == "PRINTING"
    rig.act("mend laser")
    rig.go(60)
    assert (job.state, left_in(rig.hardware, 1)) == ("DONE", 8)


def test_a_cold_processor_lets_no_sheet_in(rig: Rig) -> None:
    rig.go(60)
    assert round(rig.hardware.machine.processor.degrees) == 34
    rig.act("break part heater")
    rig.go(40)
    assert rig.hardware.status == ("FAILURE", "PROC DOWN")
    assert round(rig.hardware.machine.processor.degrees) == 28
    rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(100)
    assert round(rig.hardware.machine.processor.degrees) == 22
    rig.act("mend heater")
    rig.go(60)
    assert rig.states()[-3:] == [(60, "PROC DOWN"), (200, "PROC INIT"), (220, "NORMAL")]
    assert rig.out() == [(231, 1, 1)]


@pytest.mark.parametrize("state", ["PENDING", "PRINTING", "waiting"])
def test_a_job_is_canceled_wherever_it_is(rig: Rig, state: str) -> None:
    job = rig.hardware.submit("A", rig.sheets(3, "BLUE FILM"))
    if state != "PENDING":
        rig.go(25)
    if state == "waiting":
        rig.act("jam")
        rig.go(30)
    rig.act("cancel job 1")
    rig.go(20)
    assert (job.state, job.info) == ("FAILURE", "JOB CANCELED")
    assert job.out == {"PENDING": 0, "PRINTING": 1, "waiting": 1}[state]
    with pytest.raises(PlayFailure, match="no job 1 waits or is printed"):
        rig.act("cancel job 1")
    assert rig.hardware.cancel(job) is False


def test_a_job_that_is_canceled_with_its_last_sheet_is_done(rig: Rig) -> None:
    job = rig.hardware.submit("A", rig.sheets(1))
    rig.go(25)
    rig.act("cancel job")
    rig.go(20)
    assert states(job) == ("DONE", "NORMAL")


def test_a_job_gives_up_if_the_personality_says_so() -> None:
    with switched_on(gives_up_after=30 * SECOND) as rig:
        job = rig.hardware.submit("SCU", rig.sheets(1, "CLEAR FILM", "14INX17IN"))
        rig.go(49)
        assert (job.state, job.info) == ("PRINTING", "REQ MED NOT INST")
        rig.go(2)
        assert (job.state, job.info) == ("FAILURE", "REQ MED NOT INST")
        assert rig.hardware.status == ("NORMAL", "NORMAL")


def test_a_medium_that_is_not_there_is_refused_if_the_personality_says_so() -> None:
    with switched_on(missing_medium="refuse") as rig:
        with pytest.raises(MediumNotInstalledError):
            rig.hardware.submit("SCU", rig.sheets(1, "CLEAR FILM", "14INX17IN"))
        assert rig.hardware.waiting == 0


def test_media_are_told_as_they_are_in_the_slots(rig: Rig) -> None:
    assert rig.hardware.installed == [("BLUE FILM", "14INX17IN"), ("PAPER", "A4")]
    rig.act("unmount magazine 2", "mount magazine 1 8INX10IN CLEAR FILM 3")
    assert rig.hardware.installed == [("CLEAR FILM", "8INX10IN")]
    assert ("BLUE FILM", "14INX17IN") in rig.hardware.available
    assert ("CLEAR FILM", "8INX10IN") not in rig.hardware.available
    assert left_in(rig.hardware, 1) == 3


def test_a_page_that_makes_no_sense_fails_its_job(rig: Rig) -> None:
    def develop(_ordinal: int) -> dict[str, Any]:
        raise InvalidPageError("no boxes")

    job = rig.hardware.submit("SCU", [Sheet(film=1, develop=develop)])
    after = rig.hardware.submit("SCU", rig.sheets(1))
    rig.go(60)
    assert (job.state, job.info) == ("FAILURE", "INVALID PAGE DES")
    assert after.state == "DONE"


def test_a_page_larger_than_the_memory_fails_its_job() -> None:
    with switched_on(memory=1000) as rig:
        large = rig.hardware.submit("SCU", rig.sheets(1, memory=1001))
        exact = rig.hardware.submit("SCU", rig.sheets(1, memory=1000))
        rig.go(60)
        assert (large.state, large.info) == ("FAILURE", "INSUFFIC MEMORY")
        assert exact.state == "DONE"
        assert rig.hardware.memory.used == 0


def test_a_page_waits_for_the_memory_that_images_are_in() -> None:
    with switched_on(memory=1000) as rig:
        images = rig.hardware.memory.reserve("OTHER", 500)
        job: Job = rig.hardware.submit("SCU", rig.sheets(1, memory=600))
        rig.go(60)
        assert (job.state, job.out) == ("PRINTING", 0)
        rig.hardware.memory.free(images)
        rig.go(60)
        assert job.state == "DONE"


def test_calibration_is_done_when_it_is_due() -> None:
    often = PLAIN.calibration.model_copy(update={"every": 2, "takes": 10 * SECOND})
    with switched_on(calibration=often) as rig:
        rig.hardware.submit("SCU", rig.sheets(3))
        rig.go(120)
        assert [second for second, *_ in rig.out()] == [31, 42, 42 + 10 + 11]
        assert rig.hardware.calibrated == 52 * SECOND
        assert (42, "CALIBRATING") in rig.states()


def test_calibration_that_nobody_does_is_an_error() -> None:
    seldom = PLAIN.calibration.model_copy(update={"every": 2, "takes": 10 * SECOND, "automatic": False})
    with switched_on(calibration=seldom) as rig:
        rig.hardware.submit("SCU", rig.sheets(3))
        rig.go(60)
        assert rig.hardware.status == ("FAILURE", "CALIBRATION ERR")
        assert len(rig.out()) == 3
        rig.act("calibrate")
        rig.go(11)
        assert rig.hardware.status == ("NORMAL", "NORMAL")


def test_the_one_supply_of_before_is_one_magazine_for_each_kind() -> None:
    settings = PLAIN.model_copy(update={"magazines": (), "supply": Supply(sheets=1, low=0)})
    with switched_on(settings) as rig:
        rig.hardware.submit("SCU", rig.sheets(2, "CLEAR FILM", "8INX10IN"))
        rig.go(60)
        assert rig.states()[-1][1] == "SUPPLY EMPTY"
        rig.act("refill")
        rig.go(60)
        assert len(rig.out()) == 2
        assert len(rig.hardware.installed) == len(settings.media) * len(settings.film_sizes)


def test_a_second_magazine_of_a_kind_is_used_when_the_first_is_empty() -> None:
    two = (Magazine(sheets=1, low=0), Magazine(sheets=5, low=0))
    with switched_on(magazines=two) as rig:
        rig.hardware.submit("SCU", rig.sheets(3, "BLUE FILM", "14INX17IN"))
        rig.go(60)
        assert len(rig.out()) == 3
        assert [left_in(rig.hardware, slot) for slot in (1, 2)] == [0, 3]


def test_a_status_is_told_only_when_it_changes(rig: Rig) -> None:
    rig.go(20)
    rig.hardware.submit("SCU", rig.sheets(5))
    rig.go(200)
    assert [state for _, state in rig.states()] == ["PROC INIT", "NORMAL"]
