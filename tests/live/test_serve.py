"""``linacsim serve`` as a process: what it costs, what it stands, and how it ends."""

from __future__ import annotations

import signal
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.live.served import Served, environment, serving
from tests.live.waiting import until
from tests.live.wire import (
    ABORT,
    ASSOCIATE_AC,
    ASSOCIATE_RQ,
    CLOSED,
    P_DATA,
    Wire,
    echo,
    pdu,
    pdv,
    store,
    store_rq,
)

UID = "1.2.3.4.6"
MEBI = 1 << 20
GIBI_4 = 0xFFFFFFFF


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving("storage", "printer", out=tmp_path_factory.mktemp("serve") / "out") as served:
        assert echo(served.addresses["STORAGE"]) == 0x0000
        assert store(served.addresses["STORAGE"], UID) == 0x0000
        yield served


@pytest.mark.parametrize("established", [False, True], ids=["A-ASSOCIATE-RQ", "P-DATA-TF"])
def test_a_header_that_claims_4_GiB_costs_no_memory(served: Served, established: bool) -> None:
    address = served.addresses["STORAGE"]
    before = served.memory
    with Wire(address) as wire:
        if established:
            assert wire.associate().type == ASSOCIATE_AC
        wire.send(pdu(P_DATA if established else ASSOCIATE_RQ, b"", length=GIBI_4))
        for _ in range(200):
            if not wire.send(bytes(MEBI)):
                break
        assert wire.ends() in ([ABORT, CLOSED], [CLOSED])
    assert echo(address) == 0x0000
    assert served.memory - before < 32 * MEBI


def test_an_item_that_claims_more_than_its_PDU_costs_no_memory(served: Served) -> None:
    address = served.addresses["STORAGE"]
    before = served.memory
    for _ in range(20):
        with Wire(address) as wire:
            assert wire.associate().type == ASSOCIATE_AC
            wire.send(pdu(P_DATA, pdv(1, 3, bytes(100_000), length=GIBI_4)))
            assert wire.ends() == [ABORT, CLOSED]
    assert served.memory - before < 32 * MEBI


def test_an_unfinished_image_is_forgotten_with_its_association(served: Served) -> None:
    address = served.addresses["STORAGE"]
    before = served.memory
    for _ in range(10):
        with Wire(address) as wire:
            assert wire.associate().type == ASSOCIATE_AC
            wire.send(pdu(P_DATA, pdv(3, 3, store_rq(UID))))
            for _fragment in range(160):
                wire.send(pdu(P_DATA, pdv(3, 0, bytes(100_000))))
            wire.reset()
    assert echo(address) == 0x0000
    until(lambda: served.memory - before < 64 * MEBI)


def test_an_element_that_claims_4_GiB_costs_no_memory(served: Served) -> None:
    address = served.addresses["STORAGE"]
    before = served.memory
    with Wire(address) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        head = struct.pack("<HHL", 0x0008, 0x0005, 0xFFFFFFF0)
        wire.message(3, store_rq(UID), head + bytes(1000))
        status = wire.status()
        assert status is not None
        assert status >> 12 == 0xC
    assert served.memory - before < 32 * MEBI


def test_idle_peers_cost_no_processor_time(served: Served) -> None:
    address = served.addresses["STORAGE"]
    with ExitStack() as stack:
        for _ in range(200):
            stack.enter_context(Wire(address))
        for _ in range(90):
            assert stack.enter_context(Wire(address)).associate().type == ASSOCIATE_AC
        started = time.monotonic()
        assert echo(address) == 0x0000
        assert store(address, f"{UID}.1") == 0x0000
        assert time.monotonic() - started < 5
        time.sleep(0.2)
        started, used = time.monotonic(), served.cpu
        time.sleep(2)
        assert (served.cpu - used) / (time.monotonic() - started) < 0.1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_in_good_order_whatever_is_open(tmp_path: Path, number: signal.Signals) -> None:
    with serving("storage", out=tmp_path / "out") as served, ExitStack() as stack:
        address = served.addresses["STORAGE"]
        stack.enter_context(Wire(address))
        wire = stack.enter_context(Wire(address))
        assert wire.associate().type == ASSOCIATE_AC
        wire.send(pdu(P_DATA, pdv(3, 3, store_rq(UID))))
        served.process.send_signal(number)
        assert served.process.wait(60) == 0
        assert wire.ends()[-1] == CLOSED
    assert served.lines[-1] == "stopped"


def test_a_port_in_use_is_told_in_words(served: Served) -> None:
    port = served.addresses["STORAGE"][1]
    command = [sys.executable, "-m", "linacsim", "serve", "storage", "--port", str(port)]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 3
    assert f"cannot listen on port {port}: address already in use" in done.stderr
    assert "Traceback" not in done.stderr
