"""Faults of the stream, in both roles and on both clocks: read off the bytes on the wire and their times.

Live, a loaded machine joins what was sent piece by piece and is late; what is asked of times is a least, counted from the opening
of the connection, and sizes are exact on the virtual clock alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.faults import Armed, fault
from linacsim.faults.model import ACCEPTOR, REQUESTOR
from linacsim.kernel.units import MILLISECOND, SECOND
from linacsim.kernel.virtual import VirtualKernel
from tests.contract.faulted import Case, Cases, Shot, Tap, both, messages, pdus, perform, populate, shoot, types, wire

MESSAGE = {ACCEPTOR: "C-STORE-RSP", REQUESTOR: "C-STORE-RQ"}
"""What each role sends when an image is stored."""
_LATE, _PAUSE = 60 * MILLISECOND, 200 * MILLISECOND
_RATE, _PIECE = {ACCEPTOR: 1_000, REQUESTOR: 100_000}, 11


def _is_late(shot: Shot) -> None:
    wire = shot.wire
    since = wire.opened if shot.role == REQUESTOR else wire.first(REQUESTOR)
    assert wire.first(shot.role) - since >= _LATE
    assert shot.failed == ""


def _is_throttled(shot: Shot) -> None:
    message = sum(len(one.raw) for one in messages(shot.sent, MESSAGE[shot.role]))
    since, until = shot.wire.opened, shot.wire.end_of(shot.role, MESSAGE[shot.role])
    piece = _RATE[shot.role] // 20
    assert message > 2 * piece
    assert until - since >= (message - piece) * SECOND // _RATE[shot.role]
    assert shot.failed == ""


def _is_sliced(shot: Shot) -> None:
    pieces = [size for _, role, size in shot.wire.times if role == shot.role]
    least = len(shot.sent) // _PIECE
    assert least > 10
    last = shot.wire.when(shot.role, len(shot.sent))
    assert last - shot.wire.opened >= (least - 3) * MILLISECOND // 10
    if shot.bench.clock == "virtual":
        assert max(pieces) == _PIECE
        assert len(pieces) >= least
    assert shot.failed == ""


def _stands_still(shot: Shot) -> None:
    assert len(shot.sent) == len(pdus(shot.sent)[0]) + 20
    assert shot.log("DIMSE-timeout", at="SCU")


def _is_reset(shot: Shot) -> None:
    assert len(shot.sent) == len(pdus(shot.sent)[0]) + 30
    assert shot.failed
    if shot.bench.clock == "virtual":
        assert "RST" in [kind for _, _, kind in shot.wire.ends]


def _is_closed(shot: Shot) -> None:
    assert len(shot.sent) == len(pdus(shot.sent)[0]) + 30
    assert 7 not in types(shot.sent)
    assert shot.wire.ends[0][2] == "FIN"


def _is_half_closed(shot: Shot) -> None:
    assert len(shot.sent) == len(pdus(shot.sent)[0]) + 30
    assert shot.wire.ends[0][1:] == (shot.role, "FIN")


def _closes_late(shot: Shot) -> None:
    last = max(t for t, role, _ in shot.wire.times if role == shot.role)
    # the release comes before the end, and is answered: its bytes are the last
    assert _closed_at(shot) - last >= _PAUSE * 3 // 4
    assert shot.failed == ""


def _closed_at(shot: Shot) -> int:
    """Return when the peer's side of the connection has been closed."""
    bench, target = shot.bench, shot.bench.address_of("STORE")
    if isinstance(bench.kernel, VirtualKernel) or shot.role == ACCEPTOR:
        bench.play(bench.kernel.sleep, _PAUSE + 100 * MILLISECOND)
        return next(t for t, role, kind in wire(bench).ends if kind == "FIN" and role == shot.role)
    streams = bench.kernel.network.streams

    def until_closed() -> int:
        # an end that comes after the acceptor's own is not in the traffic: the socket shows it
        while any(stream.remote == target for stream in streams):
            bench.kernel.sleep(5 * MILLISECOND)
        return bench.now

    return bench.play(until_closed)


def _message(do: str, **parameters: Any) -> Callable[[str], Armed]:
    return lambda role: fault(do, MESSAGE[role], way="sent", **parameters)


CASES: Cases = {
    **both(lambda _: fault("latency", delay=_LATE, jitter=10 * MILLISECOND), _is_late, "latency"),
    **both(lambda role: fault("throttle", MESSAGE[role], way="sent", rate=_RATE[role]), _is_throttled, "throttle"),
    **both(lambda _: fault("slice", size=_PIECE, pause=100), _is_sliced, "slice"),
    **both(_message("stall", byte=20), _stands_still, "stall"),
    **both(_message("reset", byte=30), _is_reset, "reset"),
    **both(_message("early-close", byte=30), _is_closed, "early-close"),
    **both(_message("half-close", byte=30), _is_half_closed, "half-close"),
    **both(lambda _: fault("slow-close", delay=_PAUSE), _closes_late, "slow-close"),
}


@pytest.mark.parametrize(("word", "role"), CASES)
def test_case(bench_clock: Bench, word: str, role: str, tap: Tap) -> None:
    CASES[word, role].check(shoot(bench_clock, CASES[word, role], word, role, tap))


@pytest.mark.parametrize("role", [ACCEPTOR, REQUESTOR])
def test_bytes_that_come_in_are_late(bench_clock: Bench, tap: Tap, role: str) -> None:
    def is_late(shot: Shot) -> None:
        (asked,) = shot.log("C-STORE-RQ", at="SCU", way="sent")
        (told,) = shot.log("C-STORE-RSP", at="SCU", way="received")
        assert told["t"] - asked["t"] >= 50 * MILLISECOND

    case = Case(arm=lambda: fault("latency", delay=_LATE, way="received"), check=is_late)
    is_late(shoot(bench_clock, case, "latency", role, tap))


def test_a_stall_that_passes(bench_clock: Bench, tap: Tap) -> None:
    def arm() -> Armed:
        return fault("stall", "C-STORE-RQ", way="sent", byte=1000, during=_PAUSE)

    shot = shoot(bench_clock, Case(arm=arm, check=_stands_still), "stall", REQUESTOR, tap)
    assert shot.failed == ""
    assert shot.wire.end_of(REQUESTOR, "C-STORE-RQ") - shot.wire.opened >= _PAUSE


@pytest.mark.parametrize("role", [ACCEPTOR, REQUESTOR])
def test_a_reset_instead_of_a_message(bench_clock: Bench, tap: Tap, role: str) -> None:
    case = Case(arm=lambda: fault("reset", MESSAGE[role], way="sent"), check=_is_reset)
    shot = shoot(bench_clock, case, "reset", role, tap)
    assert types(shot.wire.sent[ACCEPTOR]) == [2]
    assert messages(shot.sent, MESSAGE[role]) == []


def test_an_event_of_the_log_breaks_what_is_open(bench_clock: Bench) -> None:
    populate(bench_clock, "store")
    armed = fault("abort", "object-stored", way="sent", source="service-provider", reason=5)
    bench_clock.arm("STORE", [armed])
    perform(bench_clock, "store")
    assert pdus(wire(bench_clock).sent[ACCEPTOR])[-1] == bytes((7, 0, 0, 0, 0, 4, 0, 0, 2, 5))
    assert armed.fired == 1


def test_an_event_of_the_log_with_nothing_open_fires_nothing(bench_clock: Bench) -> None:
    populate(bench_clock, "store")
    armed = fault("abort", "disk-full", way="sent")
    bench_clock.arm("STORE", [armed])
    bench_clock.devices["STORE"].place.log("disk-full")
    bench_clock.settle()
    assert (armed.seen, armed.fired) == (1, 0)
