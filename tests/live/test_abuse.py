"""Peers that break the rules: the bench says so in the standard's way, forgets them, and goes on serving the others."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from linacsim import Bench
from linacsim.devices.storage.personality import StoragePersonality
from linacsim.kernel import tcp
from linacsim.kernel.units import seconds
from tests.live.waiting import until
from tests.live.wire import (
    ABORT,
    ASSOCIATE_AC,
    ASSOCIATE_RJ,
    ASSOCIATE_RQ,
    CLOSED,
    P_DATA,
    RELEASE_RP,
    RELEASE_RQ,
    SILENT,
    Wire,
    associate_rq,
    command,
    ct,
    echo,
    echo_rq,
    element,
    pdu,
    pdv,
    store,
    store_rq,
)

MAXIMUM_LENGTH = 16384
ARTIM = 1.0
CROWD = 200
UID = "1.2.3.4.5"
Address = tuple[str, int]

PATIENT = StoragePersonality(maximum_length=MAXIMUM_LENGTH, maximum_associations=CROWD + 50)
HASTY = StoragePersonality(acse_timeout=seconds(ARTIM), network_timeout=seconds(1.5), maximum_length=MAXIMUM_LENGTH)
NARROW = StoragePersonality(maximum_length=MAXIMUM_LENGTH, maximum_associations=5)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf") / "out"


@pytest.fixture(scope="module")
def bench(out: Path) -> Iterator[Bench]:
    with Bench(clock="live", out=out) as bench:
        bench.traffic.enabled = False
        bench.add("storage", "PATIENT", settings=PATIENT)
        bench.add("storage", "HASTY", settings=HASTY)
        bench.add("storage", "NARROW", settings=NARROW)
        yield bench


@pytest.fixture
def patient(bench: Bench) -> Iterator[Address]:
    """A storage peer with ordinary timeouts; whatever was done to it, it serves the next one."""
    yield from _used(bench, "PATIENT")


@pytest.fixture
def hasty(bench: Bench) -> Iterator[Address]:
    """A storage peer with an ARTIM of a second."""
    yield from _used(bench, "HASTY")


def _used(bench: Bench, name: str) -> Iterator[Address]:
    address, before = bench.address_of(name), len(bench.log.records)
    yield address
    assert echo(address) == 0x0000, "it serves no more"
    failed = [record for record in bench.log.records[before:] if record["event"] == "association-failed"]
    assert not failed, "a loop of an association has died"


def _stored(out: Path) -> list[str]:
    return sorted(path.name for path in out.rglob("*") if path.is_file()) if out.exists() else []


# bytes that are no PDU


@pytest.mark.parametrize(
    "data",
    [
        bytes(range(256)) * 4,
        b"GET / HTTP/1.1\r\nHost: pacs\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(512),
        pdu(0x08, bytes(10)),
        pdu(0x00, b""),
        pdu(0xFF, bytes(64)),
        pdu(ASSOCIATE_RQ, b"\xff" * 68),
        pdu(ASSOCIATE_RQ, b""),
        pdu(ASSOCIATE_RQ, associate_rq()[6:-9]),
        pdu(ASSOCIATE_AC, bytes(68)),
        pdu(ASSOCIATE_RJ, bytes(4)),
        pdu(P_DATA, pdv(1, 3, echo_rq())),
        pdu(RELEASE_RQ, bytes(4)),
        pdu(RELEASE_RP, bytes(4)),
        pdu(RELEASE_RP, bytes(400)),
    ],
    ids=[
        "garbage",
        "an-HTTP-request",
        "a-TLS-ClientHello",
        "an-unknown-PDU-type",
        "PDU-type-0",
        "PDU-type-255",
        "an-A-ASSOCIATE-RQ-of-FF",
        "an-empty-A-ASSOCIATE-RQ",
        "an-A-ASSOCIATE-RQ-cut-inside",
        "an-A-ASSOCIATE-AC",
        "an-A-ASSOCIATE-RJ",
        "a-P-DATA-TF",
        "an-A-RELEASE-RQ",
        "an-A-RELEASE-RP",
        "a-long-A-RELEASE-RP",
    ],
)
def test_instead_of_an_association_request_the_connection_ends_at_once(patient: Address, data: bytes) -> None:
    with Wire(patient) as wire:
        started = time.monotonic()
        wire.send(data)
        assert wire.ends() in ([ABORT, CLOSED], [CLOSED])
        assert time.monotonic() - started < 10, "that was ARTIM, not the invalid PDU"


def test_an_abort_instead_of_an_association_request_ends_the_connection(patient: Address) -> None:
    with Wire(patient) as wire:
        wire.send(pdu(ABORT, bytes(4)))
        assert wire.ends() == [CLOSED]


def test_an_unknown_protocol_version_is_rejected(patient: Address) -> None:
    request = bytearray(associate_rq())
    request[6:8] = b"\x00\x02"
    with Wire(patient) as wire:
        answer = wire.associate(bytes(request))
        # rejected-permanent, service-provider (ACSE), protocol-version-not-supported (PS3.8 9.3.4)
        assert (answer.type, answer.body) == (ASSOCIATE_RJ, bytes((0, 1, 2, 2)))
        assert wire.ends() == [CLOSED]


# PDUs that claim too much


def test_a_P_DATA_of_twice_the_maximum_length_is_aborted(patient: Address) -> None:
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.send(pdu(P_DATA, pdv(1, 3, bytes(2 * MAXIMUM_LENGTH))))
        assert wire.ends() == [ABORT, CLOSED]


def test_a_P_DATA_of_just_the_maximum_length_is_taken(patient: Address) -> None:
    uid = f"{UID}.1"
    data = ct(uid, 3 * MAXIMUM_LENGTH)
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.message(3, store_rq(uid), data, fragment=MAXIMUM_LENGTH - 6)
        assert wire.status() == 0x0000


@pytest.mark.parametrize("length", [0, 1, 2, 3, 500, 0xFFFFFFFF])
def test_a_PDV_that_is_empty_or_longer_than_its_PDU_is_aborted(patient: Address, length: int) -> None:
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.send(pdu(P_DATA, pdv(1, 3, b"", length=length)))
        assert wire.ends() == [ABORT, CLOSED]


def test_a_PDV_that_hides_behind_a_good_one_is_aborted(patient: Address) -> None:
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.send(pdu(P_DATA, pdv(1, 3, echo_rq()) + pdv(1, 3, b"\0\0", length=4096)))
        assert wire.ends() == [ABORT, CLOSED]


# messages that make no sense


@pytest.mark.parametrize(
    "command_set",
    [
        b"\xde\xad\xbe\xef" * 20,
        b"",
        echo_rq()[:-3],
        echo_rq(field=0x7777),
        echo_rq(field=0x8030),
        echo_rq(field=0x0FFF),
        command(element(0x00000100, b"\x30\x00")),
        command(element(0x00000100, b"\x30")),
        command(element(0x00000100, b"")),
        command(element(0x00000110, b"\x01\x00")),
        element(0x00000000, b"\xff\xff\xff\x7f") + element(0x00000100, b"\x30\x00"),
        struct.pack("<HHL", 0, 0x100, 0xFFFFFFFF) + b"\x30\x00",
        command(element(0x00000002, b"\xff" * 64), *(element(0x00000100, b"\x30\x00"),)),
    ],
    ids=[
        "garbage",
        "nothing",
        "cut-off",
        "unknown-command-field",
        "a-response-nobody-asked-for",
        "C-CANCEL-of-nothing",
        "no-SOP-class",
        "a-short-command-field",
        "an-empty-command-field",
        "no-command-field",
        "a-wrong-group-length",
        "an-endless-element",
        "a-SOP-class-of-FF",
    ],
)
def test_a_senseless_command_set_ends_the_association_or_is_refused(patient: Address, command_set: bytes) -> None:
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.send(pdu(P_DATA, pdv(1, 3, command_set)))
        got = wire.read(1.0)
        if got.type == ABORT:
            assert wire.ends() == [CLOSED]
            return
        # nothing that could be answered has come yet, or it was answered: the association is alive
        assert got.type in (P_DATA, SILENT)
        wire.send(pdu(RELEASE_RQ, bytes(4)))
        assert wire.ends() == [RELEASE_RP, CLOSED]


def test_a_message_on_a_context_that_was_not_accepted_is_aborted(patient: Address) -> None:
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.message(99, echo_rq())
        assert wire.ends() == [ABORT, CLOSED]


def test_a_store_on_the_context_of_C_ECHO_is_refused(patient: Address, out: Path) -> None:
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.message(1, store_rq(f"{UID}.2"), ct(f"{UID}.2"))
        assert wire.status() != 0x0000
    assert f"{UID}.2.dcm" not in _stored(out)


def test_a_second_association_request_is_aborted(patient: Address) -> None:
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.send(associate_rq())
        assert wire.ends() == [ABORT, CLOSED]


# data sets that cannot be kept


@pytest.mark.parametrize(
    "data_set",
    [
        b"\xde\xad\xbe\xef" * 1000,
        ct(f"{UID}.3")[:-1000],
        ct(f"{UID}.3")[:-2049],
        ct(f"{UID}.3") + b"\x01",
        ct(f"{UID}.3")[:9],
        b"",
    ],
    ids=["garbage", "truncated-pixels", "cut-in-an-element", "a-byte-too-many", "two-bytes", "nothing"],
)
def test_a_damaged_data_set_is_refused_and_not_kept(patient: Address, out: Path, data_set: bytes) -> None:
    before = _stored(out)
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.message(3, store_rq(f"{UID}.3"), data_set)
        status = wire.status()
        assert status is not None
        assert status >> 12 == 0xC or status == 0xA900, f"0x{status:04X}"
        wire.message(1, echo_rq())
        assert wire.status() == 0x0000
    assert _stored(out) == before


def test_another_SOP_instance_in_the_data_set_is_a_mismatch(patient: Address, out: Path) -> None:
    before = _stored(out)
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.message(3, store_rq(f"{UID}.4"), ct(f"{UID}.5"))
        assert wire.status() == 0xA900
    assert _stored(out) == before


@pytest.mark.parametrize(
    "uid", ["../../x", "/x/y", "..", "1.2/../../3", "1.2\\..\\3", "1.2.3 ;rm", "x" * 64, "1." * 40]
)
def test_a_hostile_SOP_instance_is_refused_and_writes_nothing(patient: Address, out: Path, uid: str) -> None:
    around = sorted(out.parent.parent.rglob("*x*"))
    before = _stored(out)
    with Wire(patient) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        wire.message(3, store_rq(uid), ct(uid))
        got = wire.read()
        if got.type == P_DATA:
            assert b"\x00\x00\x00\x09\x02\x00\x00\x00\x17\x01" in got.body, "not 0117"
        else:
            assert got.type == ABORT
    assert _stored(out) == before
    assert sorted(out.parent.parent.rglob("*x*")) == around


@pytest.mark.parametrize(
    "title", [b"", b" " * 16, b"\xff\xfe\x00\x01", b"../../x", b"A\\B", b"\x1b[31mRED", b"%s{0}", b"\r\nX: y"]
)
def test_an_odd_AE_title_does_no_harm(patient: Address, title: bytes) -> None:
    uid = f"{UID}.6"
    with Wire(patient) as wire:
        answer = wire.associate(associate_rq(called=title, calling=title))
        if answer.type == ASSOCIATE_AC:
            wire.message(3, store_rq(uid), ct(uid))
            assert wire.status() == 0x0000
        else:
            assert answer.type in (ASSOCIATE_RJ, ABORT)
            assert wire.ends() == [CLOSED]


# peers that do nothing, or vanish


def test_a_connection_without_a_byte_is_closed_by_ARTIM(hasty: Address) -> None:
    with Wire(hasty) as wire:
        started = time.monotonic()
        assert wire.ends() in ([ABORT, CLOSED], [CLOSED])
        assert time.monotonic() - started > ARTIM * 0.8


@pytest.mark.parametrize("count", [1, 5, 6, 74, 150])
def test_a_part_of_an_association_request_is_closed_by_ARTIM(hasty: Address, count: int) -> None:
    with Wire(hasty) as wire:
        wire.send(associate_rq()[:count])
        assert wire.ends() in ([ABORT, CLOSED], [CLOSED])


def test_an_association_request_byte_by_byte_does_not_outwit_ARTIM(hasty: Address) -> None:
    with Wire(hasty) as wire:
        started = time.monotonic()
        for byte in associate_rq():
            if not wire.send(bytes((byte,))) or wire.read(0.05).type != SILENT:
                break
        taken = time.monotonic() - started
    assert taken < len(associate_rq()) * 0.05, "the whole request was waited for"


def test_a_message_byte_by_byte_does_not_outwit_the_network_timeout(hasty: Address) -> None:
    with Wire(hasty) as wire:
        assert wire.associate().type == ASSOCIATE_AC
        for byte in pdu(P_DATA, pdv(1, 3, echo_rq())):
            if not wire.send(bytes((byte,))) or wire.read(0.05).type != SILENT:
                break
        else:
            pytest.fail("the whole message was waited for")


def test_half_an_association_request_and_the_end_of_the_stream_is_closed(patient: Address) -> None:
    with Wire(patient) as wire:
        wire.send(associate_rq()[:50])
        wire.socket.shutdown(1)
        assert wire.ends() in ([ABORT, CLOSED], [CLOSED])


@pytest.mark.parametrize("how", ["before-a-byte", "in-the-request", "established", "in-a-message"])
def test_a_peer_that_vanishes_leaves_nothing_behind(bench: Bench, patient: Address, how: str) -> None:
    place = bench.kernel.places["PATIENT"]
    wire = Wire(patient)
    if how == "in-the-request":
        wire.send(associate_rq()[:50])
    if how in ("established", "in-a-message"):
        assert wire.associate().type == ASSOCIATE_AC
    if how == "in-a-message":
        wire.send(pdu(P_DATA, pdv(3, 3, store_rq(UID))) + pdu(P_DATA, pdv(3, 0, bytes(1000)))[:500])
    wire.reset()
    until(lambda: not place.associations)


def test_a_peer_that_reads_no_response_holds_up_nobody(
    bench: Bench, hasty: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tcp, "_LINGER", 0.2)
    place, network = bench.kernel.places["HASTY"], bench.kernel.network
    assert isinstance(network, tcp.TcpNetwork)
    with Wire(hasty) as wire:
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        assert wire.associate().type == ASSOCIATE_AC
        for stream in list(network.streams):
            sock: socket.socket = stream._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
        for _ in range(150):
            wire.send(pdu(P_DATA, pdv(1, 3, echo_rq())) * 100)
        started = time.monotonic()
        assert echo(hasty) == 0x0000
        assert time.monotonic() - started < 5
        # the network timeout ends it, although its A-ABORT cannot be delivered
        until(lambda: not place.associations and not network.streams)


# crowds


def test_200_idle_connections_keep_nobody_from_being_served(bench: Bench, patient: Address) -> None:
    with ExitStack() as stack:
        for _ in range(CROWD):
            stack.enter_context(Wire(patient))
        _served_promptly(patient, f"{UID}.7")
        assert _cpu_share() < 0.1
    until(lambda: not bench.kernel.places["PATIENT"].associations)


def test_200_idle_associations_keep_nobody_from_being_served(bench: Bench, patient: Address) -> None:
    with ExitStack() as stack:
        for _ in range(CROWD):
            assert stack.enter_context(Wire(patient)).associate().type == ASSOCIATE_AC
        _served_promptly(patient, f"{UID}.8")
        assert _cpu_share() < 0.1
    until(lambda: not bench.kernel.places["PATIENT"].associations)


def test_idle_connections_do_not_count_as_associations(hasty: Address, bench: Bench) -> None:
    with ExitStack() as stack:
        for _ in range(HASTY.maximum_associations + 20):
            stack.enter_context(Wire(hasty))
        assert echo(hasty) == 0x0000
    until(lambda: not bench.kernel.places["HASTY"].associations)


def test_one_association_too_many_is_rejected_for_now(bench: Bench) -> None:
    address = bench.address_of("NARROW")
    with ExitStack() as stack:
        wires = [stack.enter_context(Wire(address)) for _ in range(NARROW.maximum_associations + 1)]
        answers = [wire.associate() for wire in wires]
    # rejected-transient, service-provider (presentation), local-limit-exceeded (PS3.8 9.3.4)
    assert answers[-1] == (ASSOCIATE_RJ, bytes((0, 2, 3, 2)))
    assert all(answer.type == ASSOCIATE_AC for answer in answers[:-1])
    until(lambda: not bench.kernel.places["NARROW"].associations)
    assert echo(address) == 0x0000


def _served_promptly(address: Address, sop_instance: str) -> None:
    started = time.monotonic()
    assert echo(address) == 0x0000
    assert store(address, sop_instance) == 0x0000
    assert time.monotonic() - started < 5


def _cpu_share() -> float:
    """Return the share of a core that this process, the bench in it, uses while nothing happens."""
    time.sleep(0.2)
    started, used = time.monotonic(), time.process_time()
    time.sleep(2)
    return (time.process_time() - used) / (time.monotonic() - started)


def test_a_storm_of_short_connections_leaves_nothing_behind(bench: Bench, patient: Address) -> None:
    for ordinal in range(200):
        wire = Wire(patient)
        wire.send((b"", b"\x01", associate_rq(), b"GET / HTTP/1.0\r\n\r\n")[ordinal % 4])
        wire.reset() if ordinal % 3 else wire.socket.close()
    until(lambda: not bench.kernel.places["PATIENT"].associations)
    assert len(bench.kernel.network.streams) < 5  # type: ignore[attr-defined]
