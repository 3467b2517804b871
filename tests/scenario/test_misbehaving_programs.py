"""A program as the stack under test that does not do what it should: a verdict that says so, in time, and the next one is served."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from linacsim.kernel.border import lean
from linacsim.scenario import runner
from tests.scenario.misbehaving import ADDRESS, HASTY, ROOT, STORED, judged, of, played, running

SELF = [sys.executable, "-m", "tests.scenario.misbehaving"]
TRAPS = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
DIES = (
    "import os, socket; s = socket.create_server(('127.0.0.1', {port})); print('ready', flush=True); "
    "s.accept(); c, _ = s.accept(); print('oh', flush=True); c.recv(9); os.abort()"
)


def keys(*steps: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "scenario": "A program is the stack under test",
        "limit": "20 s",
        "peers": {"ARCHIVE": HASTY, "SUT": {"kind": "program", "folder": str(ROOT)}},
        "steps": list(steps),
        "expect": [STORED],
        **changes,
    }


def run(*command: str, **more: Any) -> dict[str, Any]:
    return {"SUT": {"run": {"command": list(command), "within": "10 s", **more}}}


def itself(what: str, **more: Any) -> dict[str, Any]:
    return run(*SELF, what, ADDRESS["host"], ADDRESS["port"], **more)


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runner, "LINGER", 1_000_000)


@pytest.mark.parametrize(
    ("step", "told"),
    [
        (run("true"), "Nobody has asked ARCHIVE (127.0.0.1:{port}) for an association"),
        (run("sleep", "60", within="300 ms"), "SUT: run failed: sleep has not ended within 300 ms, and was killed; it printed nothing"),
        (run("no-such-program"), "SUT: run failed: no-such-program cannot be started: No such file or directory"),
        (run("sh", "-c", "echo oh; exit 3"), "SUT: run failed: sh ended with exit code 3 instead of 0: oh"),
        (run("sh", "-c", "echo oh; kill -SEGV $$"), "SUT: run failed: sh was ended by SIGSEGV (exit code -11) instead of 0: oh"),
        (itself("die_in_an_image"), f"SUT: run failed: {sys.executable} was ended by SIGABRT (exit code -6) instead of 0"),
        (itself("say_nothing"), "Somebody has connected to ARCHIVE and asked for no association until ARTIM ran out (#"),
        (itself("fall_silent"), "WIRE has been silent on its association with ARCHIVE until the network timeout ran out (#"),
        (itself("send_garbage"), "Somebody has sent ARCHIVE bytes that are no PDU (#"),
        ({"SUT": {"start": {"command": ["sleep", "60"], "ready": "ready", "within": "300 ms"}}},
         "SUT: start failed: sleep was not ready within 300 ms, and was killed; it printed nothing"),
        ({"SUT": {"start": {"command": ["false"], "ready": "ready"}}},
         "SUT: start failed: false ended with exit code 1 before it was ready; it printed nothing"),
    ],
    ids=["never-connects", "never-ends", "is-not-there", "ends-badly", "crashes-at-once", "crashes-in-an-image", "says-nothing",
         "falls-silent", "sends-garbage", "is-never-ready", "ends-instead-of-being-ready"],
)  # fmt: skip
def test_a_program_that_misbehaves_is_told_in_a_sentence(
    step: dict[str, Any], told: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    why, one = judged(keys(step), tmp_path, "live", unused_tcp_port)
    assert any(each.startswith(told.replace("{port}", str(unused_tcp_port))) for each in why), why
    assert all("\n" not in each for each in why)
    assert one.records[-1]["t"] < 12_000_000


def test_one_that_dies_between_two_steps_is_the_first_thing_told(tmp_path: Path, unused_tcp_port: int) -> None:
    port = unused_tcp_port
    command = [sys.executable, "-c", DIES.format(port=port)]
    product = {"SUT": {"kind": "program", "port": port}, "SCU": {"kind": "storage", "acse-timeout": "2 s"}}
    scenario = keys(
        {"SUT": {"start": {"command": command}}},
        {"SCU": {"store": {"to": "SUT", "images": ["pydicom:CT_small.dcm"]}}},
        peers=product,
        expect=[{"event": "C-STORE-RSP", "at": "SCU"}],
    )
    one = played(scenario, tmp_path)
    assert one.outcome.failures[0] == (
        f"SUT: {sys.executable} was ended by SIGABRT (exit code -6) before it was stopped: oh"
    )
    assert one.outcome.failures[1].startswith("SCU: store failed: no association with SUT: ")
    # a scenario that expects the end of the program looks at it itself
    scenario["expect"] = [{"event": "program-ended", "at": "SUT", "signal": "SIGABRT", "exit-code": -6}]
    scenario["steps"][1]["fails"] = "no association"
    assert played(scenario, tmp_path).outcome.failures == []


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path, unused_tcp_port: int) -> None:
    start = {"SUT": {"start": {"command": ["sh", "-c", TRAPS], "ready": "ready"}}}
    why, one = judged(keys(start, {"SUT": {"stop": {"within": "300 ms"}}}), tmp_path, "live", unused_tcp_port)
    told = "SUT: stop failed: SUT did not end within 300 ms when it was asked to (SIGTERM), and was killed: ready"
    assert why[0] == told
    assert of(one, "program-ended")[0]["signal"] == "SIGKILL"


def test_one_that_is_never_stopped_and_ignores_sigterm_ends_with_the_run(tmp_path: Path, unused_tcp_port: int) -> None:
    start = {"SUT": {"start": {"command": ["sh", "-c", f": 31415926; {TRAPS}"], "ready": "ready"}}}
    judged(keys(start), tmp_path, "live", unused_tcp_port)
    assert running(": 31415926") == []


@pytest.mark.parametrize("how", ["sleep 27182818 &", "setsid sleep 27182818 &", "sh -c 'sleep 27182818 &'"])
def test_children_that_a_program_leaves_behind_are_told_and_ended(
    how: str, tmp_path: Path, unused_tcp_port: int
) -> None:
    step = run("sh", "-c", f"{how} echo done")
    why, one = judged(keys(step, limit="5 s"), tmp_path, "live", unused_tcp_port)
    # they hold its output open, and it has ended nevertheless
    [ended] = of(one, "program-ended")
    assert (ended["exit-code"], ended["left-behind"]) == (0, 1)
    assert why[0].startswith("Nobody has asked ARCHIVE")
    assert running("sleep 27182818") == []


def test_output_without_an_end_is_counted_and_not_kept(tmp_path: Path, unused_tcp_port: int) -> None:
    step = run("sh", "-c", "yes 'a line without an end'", within="1 s")
    why, one = judged(keys(step), tmp_path, "live", unused_tcp_port)
    assert why[0].startswith("SUT: run failed: sh has not ended within 1 s, and was killed; it printed ")
    assert why[0].endswith(" lines, the last: a line without an end")
    assert len(of(one, "printed")) <= 5_100
    [left_out] = of(one, "output-left-out")
    assert left_out["lines"] > 10_000
    assert one.records[-1]["t"] < 5_000_000


def test_a_line_without_an_end_is_cut(tmp_path: Path, unused_tcp_port: int) -> None:
    step = run("sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' a; exit 1")
    _why, one = judged(keys(step), tmp_path, "live", unused_tcp_port)
    assert 0 < len(of(one, "printed")) < 1000
    assert all(set(record["text"]) == {"a"} for record in of(one, "printed"))


def test_associations_without_an_end_are_a_flood(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runner, "FLOOD", 300)
    why, one = judged(keys(itself("associate_without_end", within="60 s")), tmp_path, "live", unused_tcp_port)
    assert why[0].startswith("Flooded: 300 events until 0:00:0")
    assert "at ARCHIVE from WIRE (" in why[0]
    assert 300 < len(one.records) <= 400
    assert running("associate_without_end") == []


def test_a_message_without_an_end_is_aborted(
    tmp_path: Path, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lean, "MESSAGE_LIMIT", 1_000_000)
    why, one = judged(keys(itself("send_without_end")), tmp_path, "live", unused_tcp_port)
    assert any("WIRE has sent ARCHIVE a message that is none (#" in each for each in why)
    assert any("more than 1000000 bytes without a last fragment" in each for each in why)
    assert [record["way"] for record in of(one, "A-ABORT")] == ["sent"]


def test_a_scenario_has_a_limit_and_a_program_no_more_time_than_that(tmp_path: Path, unused_tcp_port: int) -> None:
    why, one = judged(keys(run("sleep", "60"), limit="1 s"), tmp_path, "live", unused_tcp_port)
    assert why[0] == "Not over within its limit of 1 s; SUT: run has not ended"
    assert one.records[-1]["t"] < 2_000_000
