"""Programs of this machine as the stack under test."""

from __future__ import annotations

import sys

import pytest

from linacsim import Bench, InputError, PlayFailure

PRINTS = "print('one'); print('two {ARCHIVE.port}'); raise SystemExit(3)"
LISTENS = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); print('listening', flush=True); time.sleep(60)"


def events(bench: Bench, event: str, field: str) -> list[object]:
    return [record[field] for record in bench.log.records if record["event"] == event]


def program(bench: Bench, **settings: object) -> None:
    from linacsim.devices.program.personality import ProgramPersonality  # noqa: PLC0415 - only here

    bench.add("program", "SUT_PROGRAM", settings=ProgramPersonality(**settings))  # type: ignore[arg-type]


def test_what_it_prints_and_its_exit_code_are_in_the_log() -> None:
    with Bench(clock="live") as bench:
        bench.add("storage", "ARCHIVE")
        program(bench)
        bench.do("SUT_PROGRAM", "run", command=[sys.executable, "-c", PRINTS], exits=3)
        port = bench.address_of("ARCHIVE")[1]
    assert events(bench, "printed", "text") == ["one", f"two {port}"]
    assert events(bench, "program-ended", "exit-code") == [3]


def test_another_exit_code_is_a_failure_with_the_last_line() -> None:
    with Bench(clock="live") as bench:
        bench.add("storage", "ARCHIVE")
        program(bench)
        with pytest.raises(PlayFailure, match=r"ended with exit code 3 instead of 0: two \d+"):
            bench.do("SUT_PROGRAM", "run", command=[sys.executable, "-c", PRINTS])


def test_one_that_does_not_end_is_ended() -> None:
    with Bench(clock="live") as bench:
        program(bench)
        with pytest.raises(PlayFailure, match="has not ended within 200 ms"):
            bench.do("SUT_PROGRAM", "run", command=["sleep", "60"], within="200 ms")
        bench.wait_for("program-ended", within="5 s", **{"exit-code": -9})


def test_one_that_serves_is_started_and_stopped(unused_tcp_port: int) -> None:
    with Bench(clock="live") as bench:
        program(bench, port=unused_tcp_port)
        command = [sys.executable, "-c", LISTENS.format(port=unused_tcp_port)]
        bench.do("SUT_PROGRAM", "start", command=command)
        assert bench.address_of("SUT_PROGRAM") == ("127.0.0.1", unused_tcp_port)
        with pytest.raises(PlayFailure, match="is running already"):
            bench.do("SUT_PROGRAM", "start", command=command)
        bench.do("SUT_PROGRAM", "stop")
    assert events(bench, "program-ended", "exit-code") == [-15]


def test_what_still_runs_ends_with_the_bench() -> None:
    with Bench(clock="live") as bench:
        program(bench)
        bench.do("SUT_PROGRAM", "start", command=["sh", "-c", "echo ready; sleep 60 & wait"], ready="ready")
        [running] = bench.kernel._programs  # type: ignore[union-attr]
    assert running._process.wait(5) == -9


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (["no-such-program"], "no-such-program cannot be started: No such file or directory"),
        (
            [sys.executable, "-c", "raise SystemExit(7)"],
            "ended with exit code 7 before it was ready; it printed nothing",
        ),
    ],
)
def test_one_that_cannot_start_is_told(command: list[str], told: str) -> None:
    with Bench(clock="live") as bench:
        program(bench)
        with pytest.raises(PlayFailure, match=told):
            bench.do("SUT_PROGRAM", "start", command=command, ready="never")


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("{ARCHVE.port}", "no peer 'ARCHVE'; did you mean 'ARCHIVE'?"),
        ("{ARCHIVE.prot}", "ARCHIVE has no 'prot'; did you mean 'port'?"),
    ],
)
def test_a_wrong_placeholder_is_told(word: str, told: str) -> None:
    with Bench(clock="live") as bench:
        bench.add("storage", "ARCHIVE")
        program(bench)
        with pytest.raises(InputError) as wrong:
            bench.do("SUT_PROGRAM", "run", command=["echo", word])
    assert told in str(wrong.value)


def test_on_the_virtual_clock_it_is_refused() -> None:
    with Bench() as bench:
        program(bench)
        with pytest.raises(InputError, match="a program keeps real time; play this on the live clock"):
            bench.do("SUT_PROGRAM", "run", command=["true"])
