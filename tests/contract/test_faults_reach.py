"""Faults of reach, in both roles and on both clocks: what is on the wire is that nothing is, or nothing comes back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.faults import Armed, Occurrence, When, fault
from linacsim.faults.model import ACCEPTOR, REQUESTOR
from linacsim.kernel.units import MILLISECOND
from tests.contract.faulted import PEERS, connections, messages, perform, populate, types, wire

_ONCE = Occurrence(When.FIRST, 1)
_SHUT = 1500 * MILLISECOND


@dataclass(frozen=True, kw_only=True)
class Reach:
    """A fault of reach in one role.

    Attributes
    ----------
    arm : callable
        Makes the fault, which lasts for one call, or for `_SHUT`.
    says : str
        What the caller is told.
    check : callable
        Fails if what it has to show is not on the wire.
    """

    arm: Callable[[], Armed]
    says: str
    check: Callable[[Bench], None]


def _has_no_connection(bench: Bench) -> None:
    assert connections(bench) == 0


def _says_nothing(bench: Bench) -> None:
    found = wire(bench)
    assert types(found.sent[REQUESTOR])[0] == 1
    assert found.sent[ACCEPTOR] == b""


def _lets_two_wait(bench: Bench) -> None:
    """The first caller has found room in the queue, and the second; not the third."""
    assert "ACSE timeout" in perform(bench, "store", settle=False)
    assert "timed out" in perform(bench, "store", settle=False)
    served = wire(bench).sent[ACCEPTOR] if connections(bench) else b""
    assert served == b""


CASES: dict[tuple[str, str], Reach] = {
    ("refuse", ACCEPTOR): Reach(arm=lambda: fault("refuse", during=_SHUT), says="refused", check=_has_no_connection),
    ("refuse", REQUESTOR): Reach(
        arm=lambda: fault("refuse", way="sent", when=_ONCE), says="refused", check=_has_no_connection
    ),
    ("black-hole", ACCEPTOR): Reach(
        arm=lambda: fault("black-hole", during=_SHUT), says="timed out", check=_has_no_connection
    ),
    ("black-hole", REQUESTOR): Reach(
        arm=lambda: fault("black-hole", way="sent", when=_ONCE), says="timed out", check=_has_no_connection
    ),
    ("backlog-full", ACCEPTOR): Reach(
        arm=lambda: fault("backlog-full", backlog=2, during=2 * _SHUT), says="ACSE timeout", check=_lets_two_wait
    ),
    ("unresolvable", REQUESTOR): Reach(
        arm=lambda: fault("unresolvable", when=_ONCE), says="not known", check=_has_no_connection
    ),
    ("accept-then-silent", ACCEPTOR): Reach(
        arm=lambda: fault("accept-then-silent", when=_ONCE), says="ACSE timeout", check=_says_nothing
    ),
}


@pytest.mark.parametrize(("word", "role"), CASES)
def test_case(bench_clock: Bench, word: str, role: str) -> None:
    case, bench = CASES[word, role], bench_clock
    populate(bench, "store")
    armed = case.arm()
    bench.arm(PEERS["store"][role], [armed])
    assert case.says in perform(bench, "store", settle=False)
    case.check(bench)
    fired = [one for one in bench.log.records if one["event"] == "fault-fired"]
    assert [(one["at"], one["fault"], one["role"]) for one in fired] == [(PEERS["store"][role], word, role)]
    assert armed.fired == 1
    # what follows finds the way
    bench.play(bench.kernel.sleep, 2 * _SHUT + 100 * MILLISECOND)
    assert perform(bench, "store") == ""
    assert messages(wire(bench).sent[ACCEPTOR], "C-STORE-RSP")


def test_who_waits_in_the_queue_is_served_afterwards(bench_clock: Bench) -> None:
    bench = bench_clock
    populate(bench, "store")
    bench.arm("STORE", [fault("backlog-full", backlog=1, during=200 * MILLISECOND)])
    assert perform(bench, "store") == ""
    found = wire(bench)
    assert types(found.sent[ACCEPTOR])[-1] == 6
    assert found.when(ACCEPTOR, 1) >= 200 * MILLISECOND


def test_a_queue_that_is_drawn(bench_clock: Bench) -> None:
    populate(bench_clock, "store")
    bench_clock.arm("STORE", [fault("backlog-full", during=200 * MILLISECOND)])
    (fired,) = [one for one in bench_clock.log.records if one["event"] == "fault-fired"]
    assert fired["drawn"] in {"backlog 1", "backlog 2", "backlog 3"}


@pytest.mark.parametrize("do", ["refuse", "black-hole", "backlog-full"])
def test_shut_by_an_event_of_the_log(bench_clock: Bench, do: str) -> None:
    bench = bench_clock
    populate(bench, "store")
    parameters: dict[str, Any] = {"backlog": 1} if do == "backlog-full" else {}
    bench.arm("STORE", [fault(do, "object-stored", when=Occurrence(When.NTH, 1), **parameters)])
    assert perform(bench, "store") == ""
    said = {"refuse": "refused", "black-hole": "timed out", "backlog-full": "ACSE timeout"}[do]
    assert said in perform(bench, "store", settle=False)
    (fired,) = [one for one in bench.log.records if one["event"] == "fault-fired"]
    assert (fired["at"], fired["on"], fired["role"]) == ("STORE", "object-stored", ACCEPTOR)
