"""A user's own function as the stack under test, on either clock."""

from __future__ import annotations

import time
from time import sleep

import pytest
from pynetdicom import AE

from linacsim import Bench, InputError, PlayFailure, fault
from linacsim.devices.code.personality import CodePersonality

HERE = __name__


def ask(host: str, port: int, patience: float = 30.0) -> bool:
    ae = AE("MINE")
    ae.acse_timeout = patience
    ae.add_requested_context("1.2.840.10008.1.1")
    assoc = ae.associate(host, port)
    answered = bool(assoc.is_established)
    if answered:
        assoc.release()
    return answered


def doze() -> float:
    started = time.monotonic()
    sleep(0.2)
    return round(time.monotonic() - started, 1)


def fall_over() -> None:
    raise ValueError("no luck")


HOST_PORT = {"host": "{ARCHIVE.host}", "port": "{ARCHIVE.port}"}


@pytest.mark.parametrize("clock", ["virtual", "live"])
def test_it_is_called_with_the_addresses_of_peers(clock: str) -> None:
    with Bench(clock=clock) as bench:  # type: ignore[arg-type]
        bench.add("storage", "ARCHIVE")
        bench.add("code", "MINE", settings=CodePersonality())
        bench.do("MINE", "call", function=f"{HERE}:ask", arguments=HOST_PORT, returns=True)
        bench.wait_for("A-RELEASE-RP", at="ARCHIVE", way="sent")
        with pytest.raises(PlayFailure, match=r"doze returned 0\.2 instead of 5"):
            bench.do("MINE", "call", function=f"{HERE}:doze", returns=5)
        with pytest.raises(PlayFailure, match="fall_over: ValueError: no luck"):
            bench.do("MINE", "call", function=f"{HERE}:fall_over")


def test_a_timeout_of_five_minutes_is_on_bench_time() -> None:
    with Bench() as bench:
        bench.add("storage", "ARCHIVE")
        bench.arm("ARCHIVE", [fault("accept-then-silent")])
        bench.add("code", "MINE")
        arguments = {**HOST_PORT, "patience": 300}
        bench.do("MINE", "call", function=f"{HERE}:ask", arguments=arguments, returns=False)
        assert bench.now >= 300_000_000


@pytest.mark.parametrize("clock", ["virtual", "live"])
def test_one_that_does_not_return_is_given_up(clock: str) -> None:
    with Bench(clock=clock) as bench:  # type: ignore[arg-type]
        bench.add("code", "MINE")
        with pytest.raises(PlayFailure, match="doze has not returned within 50 ms"):
            bench.do("MINE", "call", function=f"{HERE}:doze", within="50 ms")


@pytest.mark.parametrize(
    ("function", "told"),
    [
        ("no_such_module:f", "no_such_module:f: cannot be imported: No module named 'no_such_module'"),
        (f"{HERE}:nothing", "has no 'nothing'"),
        (f"{HERE}:HERE", "is no function"),
        ("os.path.join", "function"),
    ],
)
def test_a_wrong_name_is_told(function: str, told: str) -> None:
    with Bench() as bench:
        bench.add("code", "MINE")
        with pytest.raises(InputError) as wrong:
            bench.do("MINE", "call", function=function)
    assert told in str(wrong.value)
