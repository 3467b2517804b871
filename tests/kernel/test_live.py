"""A live bench: at home in a running event loop and among plain threads, and nothing is left of it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from pynetdicom import AE

from linacsim.bench import Bench
from linacsim.errors import HarnessError, InputError, TaskFailed
from linacsim.kernel.units import SECOND

VERIFICATION = "1.2.840.10008.1.1"


def descriptors() -> set[tuple[str, str]]:
    """Return the files and sockets that are open: number and what it is."""
    found = set()
    for name in os.listdir("/proc/self/fd"):  # noqa: PTH208 - the listing itself is a descriptor that is gone afterwards
        try:
            found.add((name, os.readlink(f"/proc/self/fd/{name}")))  # noqa: PTH115 - as above
        except OSError:
            continue
    return found


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """Check that threads and descriptors are the same afterwards, and that nobody was warned."""
    gc.collect()
    threads, files = set(threading.enumerate()), descriptors()
    yield
    end = time.monotonic() + 3
    while time.monotonic() < end and (set(threading.enumerate()) - threads or descriptors() - files):
        gc.collect()
        time.sleep(0.02)
    assert [thread for thread in threading.enumerate() if thread not in threads] == []
    assert descriptors() - files == set()


def echo(host: str, port: int) -> int:
    ae = AE("CLIENT")
    ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 5
    ae.add_requested_context(VERIFICATION)
    assoc = ae.associate(host, port)
    assert assoc.is_established
    status = assoc.send_c_echo()
    assoc.release()
    return int(status.Status)


# from plain threads


def test_a_threaded_client_reaches_a_peer_and_nothing_is_left() -> None:
    with Bench(clock="live") as bench:
        bench.add("verification", "PEER")
        assert bench.run(echo, *bench.address_of("PEER")) == 0
        bench.settle()
        assert {record["event"] for record in bench.log.records} >= {"A-ASSOCIATE-RQ", "C-ECHO-RQ", "A-RELEASE-RP"}


def test_clients_on_several_threads_at_once() -> None:
    answers: list[int] = []
    with Bench(clock="live") as bench:
        bench.add("verification", "PEER")
        threads = [threading.Thread(target=lambda: answers.append(echo(*bench.address_of("PEER")))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [0] * 8


def test_a_bench_that_closes_over_open_connections_leaves_nothing() -> None:
    with Bench(clock="live") as bench:
        bench.add("verification", "PEER")
        bare = socket.create_connection(bench.address_of("PEER"))
        ae = AE("CLIENT")
        ae.add_requested_context(VERIFICATION)
        assoc = ae.associate(*bench.address_of("PEER"))
        assert assoc.is_established
    bare.settimeout(5)
    with bare, contextlib.suppress(ConnectionResetError):
        assert bare.recv(1) == b""
    assoc.join(5)
    assert not assoc.is_established


def test_two_live_benches_at_once() -> None:
    with Bench(clock="live") as one, Bench(clock="live") as other:
        one.add("verification", "PEER")
        other.add("verification", "PEER")
        assert one.address_of("PEER") != other.address_of("PEER")
        assert (echo(*one.address_of("PEER")), echo(*other.address_of("PEER"))) == (0, 0)


def test_a_task_takes_wall_time() -> None:
    with Bench(clock="live") as bench:
        start = time.monotonic()
        bench.play(lambda: bench.kernel.sleep(SECOND // 10))
        assert 0.1 <= time.monotonic() - start < 2


def test_an_exception_of_a_task_comes_out_as_it_is() -> None:
    error = ValueError("wrong")

    def body() -> None:
        bench.kernel.sleep(1000)
        raise error

    with Bench(clock="live") as bench, pytest.raises(ValueError, match="wrong") as raised:
        bench.play(body)
    assert raised.value is error


def test_a_task_that_fails_and_that_nobody_waits_for_is_told_by_the_next_call() -> None:
    def body() -> None:
        bench.kernel.spawn(lambda: int("x"), name="the child")
        bench.kernel.sleep(10_000)

    with Bench(clock="live") as bench, pytest.raises(TaskFailed, match=r"^the child: ValueError: invalid literal"):
        bench.play(body)


def test_a_task_that_fails_and_that_nobody_waits_for_is_told_at_the_latest_when_the_bench_closes() -> None:
    def child() -> None:
        bench.kernel.sleep(1000)
        raise ValueError("too late")

    def use() -> None:
        with bench:
            bench.play(lambda: bench.kernel.spawn(child, name="the child"))
            time.sleep(0.05)

    bench = Bench(clock="live")
    with pytest.raises(TaskFailed, match=r"^the child: ValueError: too late$"):
        use()


def test_playing_inside_a_task_is_a_task_of_its_own() -> None:
    with Bench(clock="live") as bench:
        assert bench.play(lambda: bench.play(lambda: bench.kernel.sleep(10)) or bench.now) >= 10


def test_peers_listen_on_loopback_only() -> None:
    with Bench(clock="live") as bench:
        bench.add("verification", "PEER")
        host, port = bench.address_of("PEER")
        assert host == "127.0.0.1"
        listening = [entry[1] for entry in _listening() if entry[2] == port]
        assert listening == ["127.0.0.1"]


def _listening() -> list[tuple[str, str, int]]:
    """Return state, address and port of this machine's listening IPv4 sockets."""
    rows = []
    with open("/proc/net/tcp", encoding="ascii") as table:  # noqa: PTH123 - a table of the kernel, no file
        for line in list(table)[1:]:
            local, state = line.split()[1], line.split()[3]
            host, port = local.split(":")
            if state == "0A":
                rows.append((state, socket.inet_ntoa(bytes.fromhex(host)[::-1]), int(port, 16)))
    return rows


def test_a_port_in_use_is_an_input_error_with_advice() -> None:
    with socket.socket() as taken, Bench(clock="live") as bench:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError) as refused:
            bench.add("storage", "STORE", port=port)
        assert str(refused.value) == (
            f"STORE: cannot listen on port {port}: address already in use; "
            "choose another port, or stop what listens there"
        )
        with pytest.raises(InputError, match="no peer 'STORE' listens"):
            bench.address_of("STORE")
        bench.add("storage", "STORE")
        assert bench.address_of("STORE")[1] != port


# on a running event loop


@pytest.mark.asyncio
async def test_on_a_running_loop_a_threaded_client_goes_to_a_thread() -> None:
    async with Bench(clock="live") as bench:
        bench.add("verification", "PEER")
        assert await asyncio.to_thread(echo, *bench.address_of("PEER")) == 0


@pytest.mark.asyncio
async def test_on_a_running_loop_a_client_can_be_a_task_of_the_bench() -> None:
    async with Bench(clock="live") as bench:
        bench.add("verification", "PEER")
        many = [bench.play_async(echo, *bench.address_of("PEER")) for _ in range(5)]
        assert await asyncio.gather(*many) == [0] * 5


@pytest.mark.asyncio
async def test_on_a_running_loop_what_takes_time_is_refused_with_advice() -> None:
    async with Bench(clock="live") as bench:
        with pytest.raises(
            HarnessError, match=r"this takes time; on a running event loop say: await bench\.play_async"
        ):
            bench.play(lambda: bench.kernel.sleep(SECOND))
        assert bench.play(lambda: 42) == 42


@pytest.mark.asyncio
async def test_on_a_running_loop_an_exception_comes_out_as_it_is() -> None:
    async with Bench(clock="live") as bench:
        with pytest.raises(KeyError, match="x"):
            await bench.play_async(lambda: dict[str, int]()["x"])


@pytest.mark.asyncio
async def test_the_loop_goes_on_turning_while_the_bench_works() -> None:
    turns = 0

    async def ticking() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0.005)
            turns += 1

    async with Bench(clock="live") as bench:
        other = asyncio.create_task(ticking())
        await bench.play_async(lambda: bench.kernel.sleep(SECOND // 5))
        other.cancel()
    assert turns >= 10


@pytest.mark.asyncio
async def test_play_async_is_for_the_live_clock() -> None:
    with Bench() as bench, pytest.raises(HarnessError, match="play_async is for the live clock"):
        await bench.play_async(lambda: 1)


def test_a_port_in_use_is_told_on_a_running_loop_too() -> None:
    async def body() -> None:
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            async with Bench(clock="live") as bench:
                bench.add("storage", "STORE", port=taken.getsockname()[1])

    with pytest.raises(InputError, match="STORE: cannot listen on port"):
        asyncio.run(body())
