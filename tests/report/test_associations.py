"""How each association ended, and the states of the hardware, read from the log alone."""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.report.page.associations import Association, associations
from linacsim.report.page.bands import bands
from linacsim.report.page.lanes import Lanes
from linacsim.report.page.rows import Gravity, Kind, Row, rows
from linacsim.report.pairing import resolve
from tests.report.a_run import CT, Script


def read(script: Script) -> tuple[list[Row], list[Association], Lanes]:
    resolved = resolve(script.records)
    lanes = Lanes(resolved, {"SCU": "storage", "STORE": "storage"})
    found = rows(resolved, lanes)
    return found, associations(found, lanes), lanes


def opened() -> Script:
    script = Script()
    script.message("A-ASSOCIATE-RQ", "SCU", "STORE")
    script.message("A-ASSOCIATE-AC", "STORE", "SCU")
    return script


def ending(script: Script) -> tuple[str, Gravity]:
    _rows, (one,), _lanes = read(script)
    return one.ending, one.gravity


def test_released() -> None:
    script = Script()
    script.store("SCU", "STORE", 3)
    _rows, (one,), _lanes = read(script)
    assert (one.ending, one.gravity, one.messages) == ("released", Gravity.PLAIN, 6)
    assert (one.requestor, one.acceptor) == (0, 1)


def test_rejected() -> None:
    script = Script()
    script.message("A-ASSOCIATE-RQ", "SCU", "STORE")
    script.message("A-ASSOCIATE-RJ", "STORE", "SCU", result=1, source=1, reason=7)
    words = "rejected by STORE: permanent, service-user, called-AE-title-not-recognized"
    assert ending(script) == (words, Gravity.BAD)


def test_aborted_and_why() -> None:
    script = opened()
    script.log.add("SCU", "DIMSE-timeout", assoc=1, **{"with": "STORE"})
    script.message("A-ABORT", "SCU", "STORE", source=0, reason=0)
    assert ending(script) == ("aborted by SCU: service-user (DIMSE-timeout)", Gravity.BAD)


def test_never_answered() -> None:
    script = Script()
    script.message("A-ASSOCIATE-RQ", "SCU", "STORE", arrives=False)
    assert ending(script) == ("never answered", Gravity.BAD)


def test_a_release_that_nobody_answers() -> None:
    script = opened()
    script.message("A-RELEASE-RQ", "SCU", "STORE")
    assert ending(script) == ("release asked for by SCU and not answered", Gravity.BAD)


def test_an_end_that_nobody_logged() -> None:
    assert ending(opened()) == ("neither released nor aborted", Gravity.WARNING)


def test_associations_at_once_are_kept_apart() -> None:
    script = Script()
    script.store("SCU", "STORE")
    script.store("STORE", "SCU")
    found, both, _lanes = read(script)
    assert [(one.requestor, one.acceptor, one.ending) for one in both] == [(0, 1, "released"), (1, 0, "released")]
    assert {row.association for row in found if row.to >= 0} == {0, 1}


def test_a_message_that_does_not_arrive_at_a_peer_of_the_bench_is_lost() -> None:
    script = opened()
    script.message("C-STORE-RQ", "SCU", "STORE", arrives=False, **{"message-id": 1, "sop-class": CT})
    found, _associations, lanes = read(script)
    assert [row.event for row in found if row.lost] == ["C-STORE-RQ"]
    assert lanes.is_inside(1)


def test_a_message_to_a_stack_that_is_not_of_the_bench_is_not_lost() -> None:
    script = Script()
    script.log.add("STORE", "A-ASSOCIATE-RQ", way="received", **{"with": "THEIRS"}, assoc=1)
    script.log.add("STORE", "A-ASSOCIATE-AC", way="sent", **{"with": "THEIRS"}, assoc=1)
    found, _associations, lanes = read(script)
    assert [(lane.name, lane.inside) for lane in lanes.all] == [("STORE", True), ("THEIRS", False)]
    assert [(row.at, row.to, row.lost) for row in found] == [(1, 0, False), (0, 1, False)]


def test_a_program_that_the_bench_has_started_logs_nothing_that_it_receives() -> None:
    script = Script()
    script.log.add("SCU", "program-started", command="storescu")
    script.log.add("SCU", "printed", text="I: Requesting Association")
    script.log.add("STORE", "A-ABORT", way="sent", **{"with": "SCU"}, assoc=1)
    lanes = Lanes(script.records, {"SCU": "program", "STORE": "storage"})
    found = rows(script.records, lanes)
    assert [(lane.name, lane.inside) for lane in lanes.all] == [("SCU", False), ("STORE", True)]
    assert [(row.kind, row.said, row.lost) for row in found[1:]] == [
        (Kind.TOLD, "I: Requesting Association", False),
        (Kind.ASSOCIATION, "", False),
    ]


def test_a_fault_marks_the_message_that_it_met() -> None:
    script = Script()
    script.store("SCU", "STORE", 2)
    last = max(place for place, record in enumerate(script.records) if record["event"] == "C-STORE-RQ")
    script.records.insert(
        last + 1, {"n": 99, "t": 5, "at": "STORE", "event": "fault-fired", "fault": "abort", "on": "C-STORE-RQ"}
    )
    found, _associations, _lanes = read(script)
    struck = [(row.record["message-id"], row.struck) for row in found if row.event == "C-STORE-RQ"]
    assert struck == [(1, ""), (2, "abort")]


@pytest.mark.parametrize(
    ("event", "fields", "kind", "gravity"),
    [
        ("DIMSE-timeout", {}, Kind.TROUBLE, Gravity.BAD),
        ("invalid-PDU", {}, Kind.TROUBLE, Gravity.BAD),
        ("step-failed", {"expected": True}, Kind.STEP, Gravity.WARNING),
        ("step-failed", {}, Kind.STEP, Gravity.BAD),
        ("verdict", {"verdict": "inconclusive"}, Kind.STEP, Gravity.WARNING),
        ("user-told", {"text": "x"}, Kind.TOLD, Gravity.PLAIN),
        ("fault-fired", {"fault": "jam"}, Kind.FAULT, Gravity.PLAIN),
        ("printer-status", {"status": "FAILURE"}, Kind.HARDWARE, Gravity.BAD),
        ("retrieval-done", {"status": 0xB000}, Kind.HARDWARE, Gravity.WARNING),
        ("disk-full", {}, Kind.HARDWARE, Gravity.WARNING),
        ("sheet-out", {}, Kind.HARDWARE, Gravity.PLAIN),
    ],
)
def test_each_event_is_of_a_kind_and_has_its_gravity(
    event: str, fields: dict[str, object], kind: Kind, gravity: Gravity
) -> None:
    script = Script()
    script.log.add("STORE", event, **fields)
    ((row,), _associations, _lanes) = read(script)
    assert (row.kind, row.gravity) == (kind, gravity)


def test_states_of_the_hardware_end_with_the_event_that_their_name_calls_for() -> None:
    script = Script()
    happened: list[tuple[str, dict[str, object]]] = [
        ("printer-status", {"status": "WARNING", "info": "PROC INIT"}),
        ("arm-moving", {"arm": "kv-source"}),
        ("arm-moving", {"arm": "kv-detector"}),
        ("arm-at", {"arm": "kv-detector"}),
        ("arm-at", {"arm": "kv-source"}),
        ("scan-begin", {"acquisition": 1}),
        ("scan-end", {"acquisition": 1}),
        ("film-jam", {"job": 1}),
        ("jam-cleared", {}),
        ("printer-status", {"status": "NORMAL", "info": "NORMAL"}),
        ("disk-full", {}),
        ("retrieval-started", {}),
    ]
    for event, fields in happened:
        script.log.add("STORE", event, **fields)
    found, _associations, _lanes = read(script)
    assert [(band.label, band.tone, band.first, band.last, band.over) for band in bands(found)] == [
        ("PROC INIT", "warning", 0, 9, True),
        ("kv source moving", "busy", 1, 4, True),
        ("kv detector moving", "busy", 2, 3, True),
        ("scan", "busy", 5, 6, True),
        ("film jam", "bad", 7, 8, True),
        ("NORMAL", "good", 9, 11, False),
        ("disk full", "bad", 10, 11, False),
    ]


def test_a_connection_that_a_fault_has_reset() -> None:
    script = opened()
    stored: dict[str, Any] = {"message-id": 1, "sop-class": CT}
    script.message("C-STORE-RQ", "SCU", "STORE", **stored)
    script.log.add("STORE", "fault-fired", fault="reset", on="C-STORE-RQ")
    assert ending(script) == ("broke off (fault reset)", Gravity.BAD)


def test_two_peers_of_one_AE_title_and_one_called_by_another() -> None:
    script = Script()
    for peer in ("FIND", "MOVE"):
        titles = {"calling": "SHARED", "called": "OTHER"}
        script.log.add(peer, "A-ASSOCIATE-RQ", way="sent", assoc=1, **titles, **{"with": "OTHER"})
        script.log.add(
            "STORE", "A-ASSOCIATE-RQ", way="received", assoc=2 - (peer == "FIND"), **titles, **{"with": "SHARED"}
        )
        script.log.add("STORE", "A-ASSOCIATE-AC", way="sent", assoc=2 - (peer == "FIND"), **{"with": "SHARED"})
        script.log.add(peer, "A-ASSOCIATE-AC", way="received", assoc=1, **{"with": "OTHER"})
    found, both, lanes = read(script)
    assert [lane.name for lane in lanes.all] == ["STORE", "FIND", "MOVE"]
    assert [(lanes.name(row.at), lanes.name(row.to), row.lost) for row in found] == [
        ("FIND", "STORE", False),
        ("STORE", "FIND", False),
        ("MOVE", "STORE", False),
        ("STORE", "MOVE", False),
    ]
    assert [(lanes.name(one.requestor), lanes.name(one.acceptor)) for one in both] == [
        ("FIND", "STORE"),
        ("MOVE", "STORE"),
    ]


def test_a_request_that_was_given_up_is_not_taken_for_the_next() -> None:
    script = Script()
    titles = {"calling": "SHARED", "called": "STORE", "with": "STORE"}
    script.log.add("FIRST", "A-ASSOCIATE-RQ", way="sent", assoc=1, **titles)
    script.log.add("FIRST", "A-ABORT", way="sent", assoc=1, source=0, reason=0, **{"with": "STORE"})
    script.log.add("SECOND", "A-ASSOCIATE-RQ", way="sent", assoc=1, **titles)
    script.log.add("STORE", "A-ASSOCIATE-RQ", way="received", assoc=1, **titles | {"with": "SHARED"})
    found, _associations, lanes = read(script)
    assert [(lanes.name(row.at), lanes.name(row.to), row.lost) for row in found if row.event == "A-ASSOCIATE-RQ"] == [
        ("FIRST", "STORE", True),
        ("SECOND", "STORE", False),
    ]
