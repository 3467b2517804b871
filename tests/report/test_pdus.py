"""The PDUs of a stream of bytes, and the way back from a capture to the bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from typing import Literal

import pytest

from linacsim import Bench
from linacsim.errors import InputError
from linacsim.kernel.traffic import Address, Segment
from linacsim.report import write_pcap
from linacsim.report.capture import read_pcap
from linacsim.report.pdus import Closing, Wire, hear

SCU: Address = ("10.0.0.1", 50_000)
SCP: Address = ("10.0.0.2", 104)
EPOCH = 1_714_982_400_000_000


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack("!BBI", kind, 0, len(body)) + body


def request(called: str = "STORE", calling: str = "SCU") -> bytes:
    return pdu(1, b"\0\1\0\0" + called.encode().ljust(16) + calling.encode().ljust(16) + bytes(32))


def pdv(data: bytes, *, command: bool, last: bool = True, context: int = 1) -> bytes:
    return struct.pack("!IBB", len(data) + 2, context, command | last << 1) + data


def command(field: int, ident: int, *, response: bool = False, data_set: bool = False) -> bytes:
    """Return the parts of a command set that matter here, and one that does not."""
    elements = [(0x0000, struct.pack("<I", 0)), (0x0002, b"1.2.840.10008.1.1\0"), (0x0100, struct.pack("<H", field))]
    elements.append((0x0120 if response else 0x0110, struct.pack("<H", ident)))
    elements.append((0x0800, struct.pack("<H", 1 if data_set else 0x0101)))
    return b"".join(struct.pack("<HHI", 0, element, len(value)) + value for element, value in elements)


def stream(*pieces: bytes, source: Address = SCU, target: Address = SCP) -> list[Segment]:
    """Return a connection that carries pieces one after the other, a millisecond apart."""
    opening = Segment(0, SCU, SCP, "SYN")
    return [opening, *(Segment(1000 * t, source, target, "DATA", piece) for t, piece in enumerate(pieces, 1))]


def wires(segments: Iterable[Segment]) -> list[Wire]:
    return hear(segments).messages


def told(found: list[Wire]) -> list[tuple[str, int | None]]:
    return [(one.event, one.ordinal) for one in found]


def test_a_message_of_several_PDUs_is_one() -> None:
    rq = pdu(4, pdv(command(0x0001, 7, data_set=True), command=True))
    parts = [pdu(4, pdv(bytes(100), command=False, last=False))] * 3 + [pdu(4, pdv(bytes(50), command=False))]
    (request_, store) = wires(stream(request(), rq, *parts))
    assert (request_.event, request_.titles, request_.t) == ("A-ASSOCIATE-RQ", ("STORE", "SCU"), 1000)
    assert (store.event, store.ordinal, store.forward) == ("C-STORE-RQ", 7, True)
    assert [(run.note, run.count, run.length) for run in store.runs] == [
        ("context 1, command, last", 1, len(rq)),
        ("context 1, data set", 3, 3 * 112),
        ("context 1, data set, last", 1, 62),
    ]


@pytest.mark.parametrize("size", [1, 2, 5, 6, 7, 1460, 100_000])
def test_however_the_bytes_are_cut_the_messages_are_the_same(size: int) -> None:
    data = request() + pdu(4, pdv(command(0x0030, 1), command=True)) + pdu(5, bytes(4))
    pieces = [data[at : at + size] for at in range(0, len(data), size)]
    assert told(wires(stream(*pieces))) == [("A-ASSOCIATE-RQ", None), ("C-ECHO-RQ", 1), ("A-RELEASE-RQ", None)]


def test_a_command_set_in_two_fragments_and_two_messages_in_one_PDU() -> None:
    echo = command(0x0030, 3)
    halves = [pdu(4, pdv(echo[:20], command=True, last=False)), pdu(4, pdv(echo[20:], command=True))]
    both = pdu(4, pdv(command(0x0020, 4, data_set=True), command=True) + pdv(b"data", command=False))
    assert told(wires(stream(*halves, both))) == [("C-ECHO-RQ", 3), ("C-FIND-RQ", 4)]


def test_responses_and_cancels_name_the_request() -> None:
    answers = [command(0x8021, 5, response=True), command(0x0FFF, 6, response=True), command(0x8150, 9, response=True)]
    pieces = [pdu(4, pdv(one, command=True)) for one in answers]
    assert told(wires(stream(*pieces, source=SCP, target=SCU))) == [
        ("C-MOVE-RSP", 5),
        ("C-CANCEL-RQ", 6),
        ("N-DELETE-RSP", 9),
    ]


@pytest.mark.parametrize(
    ("data", "note"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "bytes that are no PDU"),
        (b"\x04\0\xff\xff\xff\xff", "bytes that are no PDU"),
        (b"\x01\0\0\0\1", "the beginning of a PDU"),
        (request()[:40], "the beginning of a PDU"),
    ],
)
def test_what_is_no_PDU_is_counted(data: bytes, note: str) -> None:
    (one,) = wires(stream(data))
    assert one.event == "PDU"
    assert [(run.kind, run.note, run.length) for run in one.runs] == [("bytes", note, len(data))]


@pytest.mark.parametrize(
    "body", [b"", b"\0", bytes(5), struct.pack("!IBB", 0, 1, 3), struct.pack("!IBB", 99_999, 1, 3)]
)
def test_a_P_DATA_TF_that_is_all_wrong_stops_nobody(body: bytes) -> None:
    found = wires(stream(pdu(4, body), pdu(7, bytes(4))))
    assert [one.event for one in found][-1] in ("A-ABORT", "PDU")
    assert sum(run.length for one in found for run in one.runs) == 6 + len(body) + 10


def echo_and_store() -> list[Segment]:
    """Return the traffic of real associations on a bench."""
    with Bench(seed=3) as bench:
        bench.add("storage", "STORE")
        scu = bench.add("storage", "SCU")
        act = scu.kind.actions["store"].settings
        bench.play(scu.act, "store", act.model_validate({"to": "STORE", "images": ("pydicom:CT_small.dcm",)}))
        bench.settle()
        return bench.traffic.segments


def test_a_capture_tells_the_same_messages_as_the_traffic_it_was_written_from(tmp_path: Path) -> None:
    segments = echo_and_store()
    write_pcap(tmp_path / "traffic.pcap", segments, EPOCH)
    read = list(read_pcap(tmp_path / "traffic.pcap", EPOCH))
    assert hear(read) == hear(segments)
    assert [one.reset for one in hear(read).closings.values()] == [False]
    assert [one.event for one in wires(read)] == [
        "A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "C-STORE-RQ", "C-STORE-RSP", "A-RELEASE-RQ", "A-RELEASE-RP",
    ]  # fmt: skip
    assert all(before.t <= after.t for before, after in pairwise(read))
    assert [one.kind for one in read if one.kind != "DATA"] == [one.kind for one in segments if one.kind != "DATA"]


@pytest.mark.parametrize("kind", ["FIN", "RST"])
def test_who_ended_a_connection_first_and_how(kind: Literal["FIN", "RST"]) -> None:
    both = [Segment(8000, SCP, SCU, kind), Segment(9000, SCU, SCP, "FIN")]
    again = [Segment(9500, SCU, SCP, "SYN"), Segment(9600, SCU, SCP, "FIN")]
    assert hear([*stream(request()), *both, *again]).closings == {
        0: Closing(8000, forward=False, reset=kind == "RST"),
        1: Closing(9600, forward=True, reset=False),
    }


def test_a_capture_that_breaks_off_gives_what_is_there(tmp_path: Path) -> None:
    file = tmp_path / "traffic.pcap"
    write_pcap(file, stream(request(), request()), EPOCH)
    file.write_bytes(file.read_bytes()[:-100])
    assert [one.event for one in wires(read_pcap(file, EPOCH))] == ["A-ASSOCIATE-RQ"]


@pytest.mark.parametrize("content", [b"", b"\0" * 24, struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "traffic.pcap"
    file.write_bytes(content)
    with pytest.raises(InputError, match="not the capture of a bench"):
        list(read_pcap(file, EPOCH))
    with pytest.raises(InputError, match="cannot be read"):
        list(read_pcap(tmp_path, EPOCH))
