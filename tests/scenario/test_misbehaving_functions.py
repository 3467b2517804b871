"""A function as the stack under test that does not do what it should, on the clocks on which it can."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from linacsim.kernel.units import HOUR, SECOND
from linacsim.scenario import runner
from tests.scenario import misbehaving
from tests.scenario.misbehaving import ADDRESS, HASTY, STORED, judged, of

HERE = misbehaving.__name__
BOTH = pytest.mark.parametrize("clock", ["virtual", "live"])


def call(what: str, **more: Any) -> dict[str, Any]:
    return {"MINE": {"call": {"function": f"{HERE}:{what}", **more}}}


def keys(*steps: dict[str, Any], limit: str = "20 s", **changes: Any) -> dict[str, Any]:
    return {
        "scenario": "A function is the stack under test",
        "limit": limit,
        "peers": {"ARCHIVE": HASTY, "MINE": {"kind": "code"}},
        "steps": list(steps),
        "expect": [STORED],
        **changes,
    }


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LINGER", 1_000_000)


@BOTH
@pytest.mark.parametrize(
    ("step", "told"),
    [
        (call("nothing_at_all"), "Nobody has asked ARCHIVE ("),
        (call("nothing_at_all", returns=1), f"MINE: call failed: {HERE}:nothing_at_all returned None instead of 1"),
        (call("fall_over"), f"MINE: call failed: {HERE}:fall_over: RuntimeError: the sofa xxx"),
        (call("end_the_process"),
         f"MINE: call failed: {HERE}:end_the_process: RuntimeError: wanted to end the process with exit code 7"),
        (call("sleep_without_end", within="700 ms"), f"MINE: call failed: {HERE}:sleep_without_end has not returned within 700 ms"),
    ],
    ids=["never-connects", "returns-something-else", "raises", "exits", "never-ends"],
)  # fmt: skip
def test_a_function_that_misbehaves_is_told_in_a_sentence(
    clock: str, step: dict[str, Any], told: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    why, _one = judged(keys(step), tmp_path, clock, unused_tcp_port)
    assert why[0].startswith(told), why
    assert all("\n" not in each and len(each) < 1000 for each in why)


@BOTH
def test_the_limit_of_the_scenario_is_one_for_functions(clock: str, tmp_path: Path, unused_tcp_port: int) -> None:
    limit = "1 s" if clock == "live" else "300 h"
    why, one = judged(keys(call("sleep_without_end", within="400 h"), limit=limit), tmp_path, clock, unused_tcp_port)
    assert why[0] == f"Not over within its limit of {limit}; MINE: call has not ended"
    assert one.records[-1]["t"] <= (2 * SECOND if clock == "live" else 301 * HOUR)


@pytest.mark.parametrize("what", ["work_without_end", "wait_for_nobody"])
def test_one_that_lets_nobody_have_a_turn_is_interrupted(what: str, tmp_path: Path) -> None:
    why, _one = judged(keys(call(what, busy="300 ms")), tmp_path, "virtual", 0)
    told = "kept the processor for 300 ms while bench time stood still; it may only wait with time.sleep and pynetdicom"
    assert why[0] == f"MINE: call failed: {HERE}:{what} {told}"


def test_one_that_works_without_an_end_has_no_thread_left_when_the_bench_has_closed(
    tmp_path: Path, unused_tcp_port: int
) -> None:
    before = threading.active_count()
    why, _one = judged(keys(call("work_without_end", within="300 ms")), tmp_path, "live", unused_tcp_port)
    assert why[0] == f"MINE: call failed: {HERE}:work_without_end has not returned within 300 ms"
    for thread in threading.enumerate():
        if thread.name == f"{HERE}:work_without_end":
            thread.join(5)
    assert threading.active_count() <= before


def test_one_that_stops_the_clock_is_the_culprit(tmp_path: Path) -> None:
    why, _one = judged(keys(call("spin_without_end")), tmp_path, "virtual", 0)
    assert why[0].startswith("MINE: call has not ended; time stands still at ")
    assert f"{HERE}:spin_without_end" in why[0]


@BOTH
def test_associations_without_an_end_are_a_flood(
    clock: str, tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "FLOOD", 500)
    step = call("echo_without_end", arguments=ADDRESS)
    peers = {"ARCHIVE": {"kind": "storage"}, "MINE": {"kind": "code"}}
    why, one = judged(keys(step, peers=peers), tmp_path, clock, unused_tcp_port)
    assert why[0].startswith("Flooded: 500 events until 0:00:0")
    assert why[0].endswith(" times); given up")
    assert len(one.records) == 501


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("say_nothing", "Somebody has connected to ARCHIVE and asked for no association until ARTIM ran out (#"),
        ("send_garbage", "Somebody has sent ARCHIVE bytes that are no PDU (#"),
    ],
)
def test_bytes_of_ones_own_are_told(what: str, told: str, tmp_path: Path, unused_tcp_port: int) -> None:
    why, _one = judged(keys(call(what, arguments=ADDRESS)), tmp_path, "live", unused_tcp_port)
    assert any(each.startswith(told) for each in why), why


@BOTH
def test_a_module_that_falls_over_when_it_is_imported_is_the_stacks_fault(
    clock: str, tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / f"falls_over_{clock}.py").write_text("raise RuntimeError('no licence')\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    step = {"MINE": {"call": {"function": f"falls_over_{clock}:main"}}}
    why, _one = judged(keys(step), tmp_path, clock, unused_tcp_port)
    assert why[0] == f"MINE: call failed: falls_over_{clock} cannot be imported: RuntimeError: no licence"


@pytest.mark.figure
def test_10000_associations_are_served_and_kept_in_bounds(tmp_path: Path) -> None:
    step = call("associate_and_leave", arguments={**ADDRESS, "times": 10_000})
    peers = {"ARCHIVE": {"kind": "storage"}, "MINE": {"kind": "code"}}
    expect = [{"event": "A-RELEASE-RQ", "at": "ARCHIVE", "count": 10_000}]
    one = misbehaving.played(keys(step, limit="24 h", peers=peers, expect=expect), tmp_path, "virtual")
    assert one.outcome.verdict == "pass", one.outcome.failures
    assert len(of(one, "A-ASSOCIATE-RQ")) == 20_000
