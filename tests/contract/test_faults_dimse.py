"""Faults of DIMSE, in both roles and on both clocks: read off the command sets on the wire.

The acceptor responds when an image is stored, the requestor when it has asked for images with C-GET.
"""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.archive.personality import Load, Query
from linacsim.errors import PlayFailure
from linacsim.faults import fault
from linacsim.faults.model import ACCEPTOR, REQUESTOR
from linacsim.kernel.units import MILLISECOND
from tests.contract.faulted import CT, MR, Case, Cases, Shot, Tap, messages, pdus, shoot

RESPONSE = "C-STORE-RSP"
_LATE = 200 * MILLISECOND
_STATUS, _COMMENT, _RESPONDS_TO = 0x0900, 0x0902, 0x0120
_COMPLETED, _FAILED = 0x1021, 0x1022
_CLASS, _INSTANCE = (0x0002,), (0x1000,)


def _numbers(shot: Shot, element: int) -> list[int | None]:
    return [one.command.number(element) for one in messages(shot.sent, RESPONSE)]


def _is_silent(shot: Shot) -> None:
    assert messages(shot.sent, RESPONSE) == []
    assert messages(shot.other, "C-STORE-RQ")
    assert shot.log("DIMSE-timeout")


def _is_late(shot: Shot) -> None:
    asker = REQUESTOR if shot.role == ACCEPTOR else ACCEPTOR
    asked, told = shot.wire.end_of(asker, "C-STORE-RQ"), shot.wire.end_of(shot.role, RESPONSE)
    assert told - asked >= _LATE * 19 // 20


def _says_otherwise(shot: Shot) -> None:
    assert _numbers(shot, _STATUS) == [0xA700]
    assert messages(shot.sent, RESPONSE)[0].command.values[_COMMENT] == b"no room "


def _answers_nobody(shot: Shot) -> None:
    assert _numbers(shot, _RESPONDS_TO) == [4711]


def _comes_twice(shot: Shot) -> None:
    numbers = _numbers(shot, _RESPONDS_TO)
    assert numbers == [numbers[0]] * 2
    assert shot.statuses == [0, 0]


def _never_ends(shot: Shot) -> None:
    assert set(shot.statuses) == {0xFF00}
    assert len(shot.statuses) > 3 or shot.failed


def _goes_on_after_the_end(shot: Shot) -> None:
    assert shot.statuses == [0, 0xFF00]


def _counts_wrongly(shot: Shot) -> None:
    told = shot.sent if shot.role == ACCEPTOR else shot.heard
    last = messages(told, "C-GET-RSP")[-1].command
    assert (last.number(_COMPLETED), last.number(_FAILED)) == (77, 3)
    if shot.role == REQUESTOR:
        assert messages(shot.other, "C-GET-RSP")[-1].command.number(_COMPLETED) == 1


def _speaks_of_another(shot: Shot) -> None:
    (told,) = messages(shot.sent, RESPONSE)
    (asked,) = messages(shot.other, "C-STORE-RQ")
    assert told.command.uid(_CLASS) == "1.2.3"
    assert told.command.uid(_INSTANCE) == "1.2.3.4" != asked.command.uid(_INSTANCE)


def _has_a_wrong_length(shot: Shot) -> None:
    lengths = []
    for pdu in pdus(shot.sent):
        command = pdu[12:]
        # Command Field (0000,0100) of a C-STORE-RSP
        if pdu[0] == 4 and pdu[11] == 3 and b"\x00\x00\x00\x01\x02\x00\x00\x00\x01\x80" in command:
            lengths.append(int.from_bytes(command[8:12], "little") - (len(command) - 12))
    assert lengths == [6]


def _cases(do: str, check: Any, **parameters: Any) -> Cases:
    def arm() -> Any:
        return fault(do, RESPONSE, way="sent", **parameters)

    return {
        (do, ACCEPTOR): Case(arm=arm, check=check),
        (do, REQUESTOR): Case(arm=arm, check=check, play="get"),
    }


CASES: Cases = {
    **_cases("no-response", _is_silent),
    **_cases("late-response", _is_late, delay=_LATE),
    **_cases("status", _says_otherwise, code=0xA700, comment="no room"),
    **_cases("wrong-message-id", _answers_nobody, id=4711),
    **_cases("duplicate-response", _comes_twice),
    **_cases("pending-for-ever", _never_ends, interval=50 * MILLISECOND),
    **_cases("response-after-final", _goes_on_after_the_end),
    ("wrong-counters", ACCEPTOR): Case(
        arm=lambda: fault("wrong-counters", "C-GET-RSP", way="sent", completed=77, failed=3),
        check=_counts_wrongly,
        play="get",
    ),
    ("wrong-counters", REQUESTOR): Case(
        arm=lambda: fault("wrong-counters", "C-GET-RSP", way="received", completed=77, failed=3),
        check=_counts_wrongly,
        play="get",
    ),
    **_cases("wrong-uids", _speaks_of_another, affected_class="1.2.3", affected_instance="1.2.3.4"),
    **_cases("wrong-group-length", _has_a_wrong_length, off_by=6),
}


@pytest.mark.parametrize(("word", "role"), CASES)
def test_case(bench_clock: Bench, word: str, role: str, tap: Tap) -> None:
    CASES[word, role].check(shoot(bench_clock, CASES[word, role], word, role, tap))


def test_another_status_where_it_comes_in(bench_clock: Bench, tap: Tap) -> None:
    case = Case(arm=lambda: fault("status", RESPONSE, way="received", code=0xC123), check=_says_otherwise)
    shot = shoot(bench_clock, case, "status", REQUESTOR, tap)
    assert [one.command.number(_STATUS) for one in messages(shot.other, RESPONSE)] == [0]
    assert [one.command.number(_STATUS) for one in messages(shot.heard, RESPONSE)] == [0xC123]


def test_an_instance_that_is_drawn(bench_clock: Bench, tap: Tap) -> None:
    case = Case(arm=lambda: fault("wrong-uids", RESPONSE, way="sent"), check=_speaks_of_another)
    shot = shoot(bench_clock, case, "wrong-uids", ACCEPTOR, tap)
    (told,), (fired,) = messages(shot.sent, RESPONSE), shot.log("fault-fired")
    assert fired["drawn"] == f"affected-instance {told.command.uid(_INSTANCE)}"
    assert told.command.uid(_INSTANCE) != messages(shot.other)[0].command.uid(_INSTANCE)


def test_a_query_is_one_chance_on_the_line_too(bench_clock: Bench) -> None:
    for name in ("ARCHIVE", "CLINIC"):
        bench_clock.add("archive", name)
    bench_clock.play(bench_clock.devices["ARCHIVE"].act, "load", Load(files=(CT, MR)))
    bench_clock.arm("ARCHIVE", [fault("status", "C-FIND-RSP", way="sent", code=0xC001)])
    clinic = bench_clock.devices["CLINIC"]
    ask = Query(to="ARCHIVE", level="STUDY", keys={"StudyInstanceUID": ""})
    with pytest.raises(PlayFailure, match="0xC001"):
        bench_clock.play(clinic.act, "query", ask, place=clinic.place)
    found = [one for one in bench_clock.log.records if one["event"] == "C-FIND-RSP" and one["way"] == "received"]
    assert [one["status"] for one in found] == [0xFF00, 0xFF00, 0xC001]
