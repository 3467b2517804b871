"""What is left out of a fault is drawn from the seed: something that is defined, the same for the same event, and it is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pynetdicom import status as tables

from linacsim.bench import Bench
from linacsim.faults import actions, drawing, fault
from linacsim.faults.drawing import Drawing
from linacsim.kernel.identity import Identity
from tests.contract.faulted import perform, populate

CT, MWL, META = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.31", "1.2.840.10008.5.1.1.9"
SEEDS = range(200)


def draws(seed: int) -> Drawing:
    return Drawing(Identity(seed), "STORE", "SCU", 1, 1)


def test_a_rejection_is_one_that_the_standard_has() -> None:
    found = {drawing.rejection(actions.Reject(), draws(seed)) for seed in SEEDS}
    assert found == {(result, *pair) for result in (1, 2) for pair in actions.REJECTIONS}
    assert {drawing.rejection(actions.Reject(source=1), draws(seed))[1:] for seed in SEEDS} == {
        (1, reason) for reason in (1, 2, 3, 7)
    }
    # only the service-user has reason 7
    assert {drawing.rejection(actions.Reject(reason=7), draws(seed))[1:] for seed in SEEDS} == {(1, 7)}
    assert drawing.rejection(actions.Reject(result=2, source=3, reason=2), draws(1)) == (2, 3, 2)


def test_an_abort_is_one_that_the_standard_has() -> None:
    found = {drawing.abortion(actions.Abort(), draws(seed)) for seed in SEEDS}
    assert found == {(0, 0), *((2, reason) for reason in actions.ABORT_REASONS)}
    assert {drawing.abortion(actions.Abort(source="service-user"), draws(seed)) for seed in SEEDS} == {(0, 0)}
    assert drawing.abortion(actions.Abort(reason=5), draws(1)) == (2, 5)


@pytest.mark.parametrize(
    ("message", "sop_class", "table"),
    [
        ("C-STORE-RSP", CT, tables.STORAGE_SERVICE_CLASS_STATUS),
        ("C-MOVE-RQ", CT, tables.QR_MOVE_SERVICE_CLASS_STATUS),
        ("C-GET-RSP", CT, tables.QR_GET_SERVICE_CLASS_STATUS),
        ("N-ACTION-RSP", META, None),
        ("N-SET-RQ", "", tables.GENERAL_STATUS),
        ("C-ECHO-RSP", "1.2.3", tables.GENERAL_STATUS),
    ],
)
def test_a_status_is_one_that_its_service_defines(message: str, sop_class: str, table: dict[int, Any] | None) -> None:
    found = {drawing.status(actions.Status(), message, sop_class, draws(seed)) for seed in SEEDS}
    assert len(found) > 3
    assert not found & {0x0000, 0xFF00, 0xFF01, 0xFE00}
    if table is not None:
        assert {table[code][0] for code in found} <= {"Failure", "Warning"}
    else:
        # codes of print, not of storage
        assert found & {0xB600, 0xB601, 0xB602, 0xB603, 0xC600, 0xC601, 0xC602, 0xC603}
    assert drawing.status(actions.Status(code=0xA700), message, sop_class, draws(1)) == 0xA700


def test_what_is_drawn_is_told_and_what_is_given_is_not() -> None:
    draw = draws(3)
    result, source, reason = drawing.rejection(actions.Reject(), draw)
    assert draw.told() == f"result {result}, source {source}, reason {reason}"
    assert draw.told() is None
    drawing.rejection(actions.Reject(result=1, source=2, reason=1), draw)
    assert draw.told() is None


@pytest.mark.parametrize(
    ("armed", "event"),
    [
        (lambda: fault("reject"), "A-ASSOCIATE-RJ"),
        (lambda: fault("reject", way="received"), "A-ASSOCIATE-RJ"),
        (lambda: fault("abort", "C-STORE-RQ"), "A-ABORT"),
        (lambda: fault("abort", "C-STORE-RSP", way="sent"), "A-ABORT"),
        (lambda: fault("status", "C-STORE-RQ"), "C-STORE-RSP"),
        (lambda: fault("status", "C-STORE-RSP", way="sent"), "C-STORE-RSP"),
    ],
)
def test_both_clocks_draw_the_same(armed: Callable[[], Any], event: str) -> None:
    told = {}
    for clock in ("virtual", "live"):
        with Bench(clock=clock, seed=5) as bench:
            populate(bench, "store")
            bench.arm("STORE", [armed()])
            perform(bench, "store")
            (fired,) = [one for one in bench.log.records if one["event"] == "fault-fired"]
            (heard,) = [
                one
                for one in bench.log.records
                if one["event"] == event and one["at"] == "SCU" and one["way"] == "received"
            ]
            told[clock] = fired["drawn"], {key: heard.get(key) for key in ("result", "source", "reason", "status")}
    assert told["virtual"] == told["live"]
    drawn, heard = told["virtual"]
    if event == "C-STORE-RSP":
        assert drawn == f"code {heard['status']:04X}"
    elif event == "A-ASSOCIATE-RJ":
        assert drawn == f"result {heard['result']}, source {heard['source']}, reason {heard['reason']}"
    else:
        assert drawn.startswith("source service-")


def test_each_firing_names_its_fault() -> None:
    with Bench(seed=5) as bench:
        populate(bench, "store")
        bench.arm("STORE", [fault("late-accept", delay=1000), fault("status", "C-STORE-RQ", code=0xB000)])
        bench.arm("SCU", [fault("latency", delay=1000)])
        perform(bench, "store")
        fired = [one for one in bench.log.records if one["event"] == "fault-fired"]
        assert {(one["ordinal"], one["fault"], one["role"]) for one in fired} == {
            (1, "late-accept", "acceptor"),
            (2, "status", "acceptor"),
            (3, "latency", "requestor"),
        }
        # a fault is no message: it has no way, and the report draws no arrow for it
        assert all("way" not in one for one in fired)
        assert [one["line"] for one in fired if one["fault"] == "latency"] == ["sent"]
