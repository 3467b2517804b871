"""Ordinary threaded pynetdicom goes on working in a process in which a bench is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pynetdicom import AE, evt
from pynetdicom.transport import ThreadedAssociationServer

from linacsim.bench import Bench, Clock

VERIFICATION = "1.2.840.10008.1.1"
CLOCKS: list[Clock] = ["virtual", "live"]


@contextmanager
def ordinary_server() -> Iterator[ThreadedAssociationServer]:
    """Serve C-ECHO on real TCP with pynetdicom's own threads."""
    ae = AE("ORDINARY")
    ae.add_supported_context(VERIFICATION)
    handlers = [(evt.EVT_C_ECHO, lambda _event: 0x0000)]
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)  # type: ignore[arg-type]
    assert isinstance(server, ThreadedAssociationServer)
    try:
        yield server
    finally:
        server.shutdown()


def echo(host: str, port: int) -> int:
    ae = AE("CLIENT")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 5
    ae.add_requested_context(VERIFICATION)
    assoc = ae.associate(host, port)
    assert assoc.is_established
    status = assoc.send_c_echo()
    assoc.release()
    return int(status.Status)


def wait_for_threads(before: set[threading.Thread]) -> list[threading.Thread]:
    """Return the threads that are still there after a while and were not there before."""
    end = time.monotonic() + 5
    while time.monotonic() < end and (set(threading.enumerate()) - before):
        time.sleep(0.01)
    return [thread for thread in threading.enumerate() if thread not in before]


@pytest.mark.parametrize("clock", CLOCKS)
def test_ordinary_client_and_server_talk_over_real_tcp_beside_an_open_bench(clock: Clock) -> None:
    before = set(threading.enumerate())
    with Bench(clock=clock) as bench, ordinary_server() as server:
        bench.add("verification", "PEER")
        assert echo(*server.server_address) == 0
        assert not bench.log.records
        assert bench.run(echo, *bench.address_of("PEER")) == 0
        assert echo(*server.server_address) == 0
    assert wait_for_threads(before) == []


def test_an_ordinary_echo_runs_in_a_thread_while_the_virtual_bench_is_running() -> None:
    answers: list[int] = []
    before = set(threading.enumerate())

    def body(peer: tuple[str, int], ordinary: tuple[str, int]) -> int:
        thread = threading.Thread(target=lambda: answers.append(echo(*ordinary)))
        thread.start()
        status = 0
        while thread.is_alive():
            status |= echo(*peer)
        thread.join()
        return status

    with Bench() as bench, ordinary_server() as server:
        bench.add("verification", "PEER")
        assert bench.run(body, bench.address_of("PEER"), server.server_address) == 0
    assert answers == [0]
    assert wait_for_threads(before) == []


def test_a_user_function_reaches_the_virtual_network_and_not_the_real_one() -> None:
    with Bench() as bench, ordinary_server() as server:

        def body() -> bool:
            ae = AE("CLIENT")
            ae.add_requested_context(VERIFICATION)
            return bool(ae.associate("127.0.0.1", server.server_address[1]).is_established)

        assert bench.run(body) is False
        assert echo(*server.server_address) == 0


def test_stock_pynetdicom_is_reached_from_a_task_of_a_live_bench() -> None:
    with Bench(clock="live") as bench, ordinary_server() as server:
        host, port = server.server_address[0], server.server_address[1]
        assert bench.play(echo, str(host), int(port)) == 0
