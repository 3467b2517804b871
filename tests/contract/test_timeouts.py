"""The four timers of an association, on both clocks: ACSE, DIMSE, ARTIM, network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.verification.personality import Connect, Echo, VerificationPersonality
from linacsim.errors import PlayFailure
from linacsim.faults import fault
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND, milliseconds, seconds

Records = Callable[..., list[Record]]
LIMIT = milliseconds(400)
LATE = 3 * SECOND
"""How much later than its time a timer may ring on a busy machine."""
SHORT_ACSE = VerificationPersonality(acse_timeout=LIMIT)
SHORT_DIMSE = VerificationPersonality(dimse_timeout=LIMIT)
SHORT_NETWORK = VerificationPersonality(network_timeout=LIMIT)


def test_the_acse_timeout_ends_a_request_that_nobody_answers(
    bench_clock: Bench, act: Callable[..., Any], records: Records
) -> None:
    bench_clock.add("verification", "PEER")
    bench_clock.add("verification", "SCU", settings=SHORT_ACSE)
    bench_clock.arm("PEER", [fault("accept-then-silent")])
    start = bench_clock.now
    with pytest.raises(
        PlayFailure, match=r"^no association with PEER: ACSE timeout: the A-ASSOCIATE-RQ was not answered$"
    ):
        act("SCU", "echo", Echo(to="PEER"))
    assert LIMIT <= bench_clock.now - start < LIMIT + LATE
    assert len(records("ACSE-timeout", "SCU")) == 1
    assert records("A-ASSOCIATE-RQ", "PEER") == []


def test_the_dimse_timeout_aborts_an_association_whose_peer_has_fallen_silent(
    bench_clock: Bench, act: Callable[..., Any], until: Records
) -> None:
    bench_clock.add("verification", "PEER")
    bench_clock.add("verification", "SCU", settings=SHORT_DIMSE)
    bench_clock.arm("PEER", [fault("no-response", "C-ECHO-RQ")])
    start = bench_clock.now
    with pytest.raises(
        PlayFailure, match=r"^C-ECHO to PEER: DIMSE timeout: no response within 0\.4 s; association aborted$"
    ):
        act("SCU", "echo", Echo(to="PEER"))
    (timeout,) = until("DIMSE-timeout", "SCU")
    assert LIMIT <= timeout["t"] - start < LIMIT + LATE
    assert until("A-ABORT", "SCU", way="sent")
    assert until("A-ABORT", "PEER", way="received")


@pytest.mark.parametrize(
    "sent",
    ["", "01", "01 00 00 00 00 CC 00 01 00 00", "01 00 00 00 00 00"],
    ids=["nothing", "one byte", "half a request", "a request without a body"],
)
def test_artim_closes_a_connection_that_never_becomes_an_association(
    bench_clock: Bench, act: Callable[..., Any], records: Records, sent: str
) -> None:
    bench_clock.add("verification", "PEER", settings=SHORT_ACSE)
    bench_clock.add("verification", "SCU")
    start = bench_clock.now
    act("SCU", "connect", Connect(to="PEER", send=sent, hold=5 * SECOND))
    assert bench_clock.now - start < LIMIT + LATE
    assert len(records("connection-closed-by-peer", "SCU")) == 1
    if sent != "01 00 00 00 00 00":
        assert bench_clock.now - start >= LIMIT
        assert len(records("ARTIM-timeout", "PEER")) == 1


@pytest.mark.usefixtures("act")
def test_the_peer_serves_others_while_a_bare_connection_hangs(bench_clock: Bench, records: Records) -> None:
    bench_clock.add("verification", "PEER", settings=VerificationPersonality(acse_timeout=2 * SECOND))
    bench_clock.add("verification", "SCU")
    bench_clock.add("verification", "BARE")

    def body() -> None:
        kernel, bare = bench_clock.kernel, bench_clock.devices["BARE"]
        hanging = kernel.spawn(bare.act, "connect", Connect(to="PEER"), name="hanging", place=bare.place)
        kernel.sleep(50 * MILLISECOND)
        scu = bench_clock.devices["SCU"]
        kernel.join(kernel.spawn(scu.act, "echo", Echo(to="PEER"), name="echoing", place=scu.place))
        assert hanging.alive
        kernel.join(hanging)

    bench_clock.play(body)
    assert len(records("C-ECHO-RSP", "SCU", status=0)) == 1


def test_a_connection_that_stays_open_too_long_is_a_failure(bench_clock: Bench, act: Callable[..., Any]) -> None:
    bench_clock.add("verification", "PEER")
    bench_clock.add("verification", "SCU")
    with pytest.raises(PlayFailure, match=r"^PEER kept the connection open$"):
        act("SCU", "connect", Connect(to="PEER", hold=LIMIT))


def test_the_network_timeout_of_the_acceptor_aborts_an_idle_association(
    bench_clock: Bench, act: Callable[..., Any], until: Records, records: Records
) -> None:
    bench_clock.add("verification", "PEER", settings=SHORT_NETWORK)
    bench_clock.add("verification", "SCU")
    act("SCU", "echo", Echo(to="PEER", ends="never"))
    (timeout,) = until("network-timeout", "PEER")
    last = records("C-ECHO-RSP", "PEER")[0]["t"]
    assert LIMIT - 100 * MILLISECOND <= timeout["t"] - last < LIMIT + LATE
    assert until("A-ABORT", "SCU", way="received")


def test_the_network_timeout_of_the_requestor_aborts_an_idle_association(
    bench_clock: Bench, act: Callable[..., Any], until: Records
) -> None:
    bench_clock.add("verification", "PEER")
    bench_clock.add("verification", "SCU", settings=SHORT_NETWORK)
    act("SCU", "echo", Echo(to="PEER", ends="never"))
    assert until("network-timeout", "SCU")
    assert until("A-ABORT", "PEER", way="received")


def test_every_message_starts_the_network_timeout_again(
    bench_clock: Bench, act: Callable[..., Any], records: Records
) -> None:
    bench_clock.add("verification", "PEER", settings=SHORT_NETWORK)
    bench_clock.add("verification", "SCU")
    act("SCU", "echo", Echo(to="PEER", times=4, interval=200 * MILLISECOND))
    assert len(records("C-ECHO-RSP", "SCU", status=0)) == 4
    assert records("network-timeout") == []


def test_a_response_that_does_not_come_is_no_network_timeout() -> None:
    """Both timers have run out when the DIMSE timeout ends the association; only one of them has ended it."""
    with Bench() as bench:
        bench.add("verification", "SCP")
        slow = VerificationPersonality(dimse_timeout=seconds(20), network_timeout=seconds(10))
        client = bench.add("verification", "SCU", settings=slow)
        bench.arm("SCP", [fault("no-response", "C-ECHO-RQ")])
        with pytest.raises(PlayFailure, match="DIMSE timeout"):
            bench.play(client.act, "echo", Echo(to="SCP"), place=client.place)
        happened = [record["event"] for record in bench.log.records if record["at"] == "SCU"]
    assert "DIMSE-timeout" in happened
    assert "network-timeout" not in happened
