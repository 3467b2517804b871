"""Faults of the upper layer, in both roles and on both clocks: read off the PDUs on the wire, or off those that the line hands over."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pynetdicom.pdu import A_ASSOCIATE_AC

from linacsim.bench import Bench
from linacsim.faults import Armed, fault
from linacsim.faults.model import ACCEPTOR, REQUESTOR
from linacsim.kernel.units import MILLISECOND
from tests.contract.faulted import (
    CT,
    CT_CLASS,
    MR,
    Case,
    Cases,
    Shot,
    Tap,
    both,
    messages,
    pdus,
    perform,
    populate,
    shoot,
    types,
    wire,
)

MESSAGE = {ACCEPTOR: "C-STORE-RSP", REQUESTOR: "C-STORE-RQ"}
_LATE = 200 * MILLISECOND
_REJECTED = bytes((3, 0, 0, 0, 0, 4, 0, 2, 3, 2))
_ABORTED = bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 6))
_MAXIMUM = 131072


def _at(do: str, **parameters: Any) -> Callable[[str], Armed]:
    """Return who arms a fault on what a role sends."""
    return lambda role: fault(do, MESSAGE[role], way="sent", **parameters)


def _rejects(shot: Shot) -> None:
    assert shot.sent == _REJECTED
    assert "rejected" in shot.failed


def _is_rejected_at_home(shot: Shot) -> None:
    # the request never leaves; the answer comes from the line
    assert shot.sent == b""
    assert shot.heard == _REJECTED
    assert "rejected" in shot.failed


def _aborts(shot: Shot) -> None:
    assert pdus(shot.sent)[-1] == _ABORTED
    assert messages(shot.sent, MESSAGE[shot.role]) == []
    assert "aborted" in shot.failed


def _is_late(shot: Shot) -> None:
    since = shot.wire.opened if shot.role == REQUESTOR else shot.wire.first(REQUESTOR)
    assert shot.wire.first(shot.role) - since >= _LATE * 19 // 20
    assert shot.failed == ""


def _is_never_accepted(shot: Shot) -> None:
    assert 2 not in types(shot.sent if shot.role == ACCEPTOR else shot.heard)
    assert (2 in types(shot.other)) == (shot.role == REQUESTOR)
    assert shot.log("ACSE-timeout", at="SCU")


def _results(data: bytes) -> list[int]:
    pdu = A_ASSOCIATE_AC()
    pdu.decode(pdus(data)[0])
    return [int(one.result or 0) for one in pdu.presentation_context]


def _has_no_context(shot: Shot) -> None:
    assert sorted(_results(shot.sent if shot.role == ACCEPTOR else shot.heard)) == [0, 3]
    if shot.role == REQUESTOR:
        assert _results(shot.other) == [0, 0]
    assert CT_CLASS not in {one.command.uid((0x0002,)) for one in messages(shot.wire.sent[REQUESTOR])}


def _release_goes_unanswered(shot: Shot) -> None:
    assert (5 in types(shot.wire.sent[REQUESTOR])) == (shot.role == ACCEPTOR)
    assert 6 not in types(shot.wire.sent[ACCEPTOR])
    assert messages(shot.wire.sent[ACCEPTOR], "C-STORE-RSP")


def _releases_meet(shot: Shot) -> None:
    told = shot.sent if shot.role == ACCEPTOR else shot.heard
    assert types(told)[-2:] == [5, 6]
    if shot.role == ACCEPTOR:
        assert types(shot.wire.sent[REQUESTOR])[-2:] == [5, 6]
    else:
        # the answer to the release that the line has made up stays at home
        assert types(shot.sent)[-1] == 5
    assert shot.log("A-RELEASE-RP", at="SCU", way="received")


def _is_too_long(shot: Shot) -> None:
    assert max(int.from_bytes(pdu[2:6], "big") for pdu in pdus(shot.sent)) > _MAXIMUM
    assert 7 in types(shot.other)
    assert shot.log("invalid-PDU", at="STORE" if shot.role == REQUESTOR else "SCU")


def _is_unknown(shot: Shot) -> None:
    assert 0x4F in types(shot.sent)
    # unrecognised PDU: the receiver aborts as the service-provider
    assert pdus(shot.other)[-1][:1] + pdus(shot.other)[-1][8:9] == b"\x07\x02"


def _lies_about_its_length(shot: Shot) -> None:
    told = int.from_bytes(shot.sent[2:6], "big")
    # the PDU itself is as long as it was: user information is its last item, and ends where it says
    assert told == _length(shot.sent) + 4


def _length(data: bytes) -> int:
    """Return the length of an association PDU by its items."""
    end = 6 + 68
    while data[end] in (0x10, 0x20, 0x21, 0x50):
        end += 4 + int.from_bytes(data[end + 2 : end + 4], "big")
        if end >= len(data):
            break
    return end - 6


def _has_another_context(shot: Shot) -> None:
    assert [one.context_id for one in messages(shot.sent, MESSAGE[shot.role])] == [251]
    # a context that was never accepted: the acceptor does not serve it
    assert messages(shot.wire.sent[ACCEPTOR], "C-STORE-RSP") == [] or shot.role == ACCEPTOR


def _data_come_first(shot: Shot) -> None:
    controls = [pdu[11] for pdu in pdus(shot.sent) if pdu[0] == 4]
    data, command = controls.index(2), controls.index(3)
    assert data < command
    assert controls[0] in (0, 2)


def _is_garbage(shot: Shot) -> None:
    rest = shot.sent[len(pdus(shot.sent)[0]) :]
    assert rest[0] == 0xFF
    assert len(rest) >= 50
    assert messages(shot.sent, MESSAGE[shot.role]) == []


CASES: Cases = {
    ("reject", ACCEPTOR): Case(arm=lambda: fault("reject", result=2, source=3, reason=2), check=_rejects),
    ("reject", REQUESTOR): Case(
        arm=lambda: fault("reject", way="sent", result=2, source=3, reason=2), check=_is_rejected_at_home
    ),
    **both(_at("abort", source="service-provider", reason=6), _aborts, "abort"),
    ("late-accept", ACCEPTOR): Case(arm=lambda: fault("late-accept", delay=_LATE), check=_is_late),
    ("late-accept", REQUESTOR): Case(arm=lambda: fault("late-accept", way="sent", delay=_LATE), check=_is_late),
    ("no-accept", ACCEPTOR): Case(arm=lambda: fault("no-accept"), check=_is_never_accepted),
    ("no-accept", REQUESTOR): Case(arm=lambda: fault("no-accept", way="received"), check=_is_never_accepted),
    ("refuse-contexts", ACCEPTOR): Case(
        arm=lambda: fault("refuse-contexts", abstract_syntax=CT_CLASS, result=3),
        check=_has_no_context,
        images=(CT, MR),
    ),
    ("refuse-contexts", REQUESTOR): Case(
        arm=lambda: fault("refuse-contexts", way="received", abstract_syntax=CT_CLASS, result=3),
        check=_has_no_context,
        images=(CT, MR),
    ),
    ("ignore-release", ACCEPTOR): Case(arm=lambda: fault("ignore-release"), check=_release_goes_unanswered),
    ("ignore-release", REQUESTOR): Case(
        arm=lambda: fault("ignore-release", way="sent"), check=_release_goes_unanswered
    ),
    ("release-collision", ACCEPTOR): Case(arm=lambda: fault("release-collision"), check=_releases_meet),
    ("release-collision", REQUESTOR): Case(arm=lambda: fault("release-collision", way="sent"), check=_releases_meet),
    **both(_at("oversize-pdu"), _is_too_long, "oversize-pdu"),
    **both(_at("unknown-pdu", type=0x4F), _is_unknown, "unknown-pdu"),
    ("wrong-length", ACCEPTOR): Case(
        arm=lambda: fault("wrong-length", "A-ASSOCIATE-AC", way="sent", off_by=4), check=_lies_about_its_length
    ),
    ("wrong-length", REQUESTOR): Case(
        arm=lambda: fault("wrong-length", "A-ASSOCIATE-RQ", way="sent", off_by=4), check=_lies_about_its_length
    ),
    **both(_at("wrong-context", id=251), _has_another_context, "wrong-context"),
    ("interleave", REQUESTOR): Case(arm=lambda: fault("interleave", "C-STORE-RQ", way="sent"), check=_data_come_first),
    ("interleave", ACCEPTOR): Case(
        arm=lambda: fault("interleave", "C-STORE-RQ", way="sent"), check=_data_come_first, play="get"
    ),
    **both(_at("garbage", size=50), _is_garbage, "garbage"),
}


@pytest.mark.parametrize(("word", "role"), CASES)
def test_case(bench_clock: Bench, word: str, role: str, tap: Tap) -> None:
    CASES[word, role].check(shoot(bench_clock, CASES[word, role], word, role, tap))


@pytest.mark.parametrize(("source", "octets"), [("service-user", (0, 0)), ("service-provider", (2, 1))])
@pytest.mark.parametrize("role", [ACCEPTOR, REQUESTOR])
def test_who_aborts(bench_clock: Bench, tap: Tap, role: str, source: str, octets: tuple[int, int]) -> None:
    case = Case(arm=lambda: _at("abort", source=source, reason=1)(role), check=_aborts)
    shot = shoot(bench_clock, case, "abort", role, tap)
    assert pdus(shot.sent)[-1] == bytes((7, 0, 0, 0, 0, 4, 0, 0, *octets))


@pytest.mark.parametrize("result", [1, 2, 3, 4])
def test_results_of_contexts(bench_clock: Bench, tap: Tap, result: int) -> None:
    case = Case(arm=lambda: fault("refuse-contexts", result=result), check=_has_no_context)
    assert set(_results(shoot(bench_clock, case, "refuse-contexts", ACCEPTOR, tap).sent)) == {result}


def test_a_length_that_is_too_short(bench_clock: Bench, tap: Tap) -> None:
    def arm() -> Armed:
        return fault("wrong-length", "A-ASSOCIATE-AC", way="sent", off_by=-4)

    shot = shoot(bench_clock, Case(arm=arm, check=_lies_about_its_length), "wrong-length", ACCEPTOR, tap)
    assert int.from_bytes(shot.sent[2:6], "big") == _length(shot.sent) - 4


def test_released_although_refused_once(bench_clock: Bench) -> None:
    """The next association is none of a fault's that has fired."""
    populate(bench_clock, "store")
    bench_clock.arm("STORE", [fault("ignore-release", times=1)])
    perform(bench_clock, "store")
    perform(bench_clock, "store")
    assert 6 not in types(wire(bench_clock, ordinal=0).sent[ACCEPTOR])
    assert types(wire(bench_clock).sent[ACCEPTOR])[-1] == 6
