"""The capture, read back by an independent parser and by tshark."""

from __future__ import annotations

import shutil
import socket
import struct
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian
from pynetdicom import AE, evt

from linacsim.errors import InputError
from linacsim.kernel.traffic import Address, Segment, Traffic
from linacsim.report import write_pcap

Verification = UID("1.2.840.10008.1.1")
EPOCH = 1_700_000_000_000_000
CLIENT: Address = ("10.0.0.1", 50_000)
SERVER: Address = ("10.0.0.2", 104)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


@dataclass
class Packet:
    """One packet as the parser below understands it."""

    t: int
    source: Address
    target: Address
    seq: int
    ack: int
    flags: int
    data: bytes


def ones_complement_sum(data: bytes) -> int:
    """The textbook loop of RFC 1071, on purpose not the trick that the writer uses."""
    total = 0
    for (word,) in struct.iter_unpack("!H", data + b"\0" * (len(data) % 2)):
        total += word
        total = (total & 0xFFFF) + (total >> 16)
    return total


def parse(path: Path) -> list[Packet]:
    """Read a capture, checking lengths and checksums."""
    raw = path.read_bytes()
    magic, major, minor, _, _, snap, link = struct.unpack_from("<IHHiIII", raw)
    assert (magic, major, minor, link) == (0xA1B2C3D4, 2, 4, 101)
    packets, offset = [], 24
    while offset < len(raw):
        seconds, micro, kept, length = struct.unpack_from("<IIII", raw, offset)
        assert kept == length <= snap
        assert micro < 1_000_000
        packets.append(parse_packet(seconds * 1_000_000 + micro, raw[offset + 16 : offset + 16 + kept]))
        offset += 16 + kept
    return packets


def parse_packet(t: int, raw: bytes) -> Packet:
    """Read one IPv4 packet."""
    assert raw[0] == 0x45
    assert struct.unpack_from("!H", raw, 2)[0] == len(raw) <= 1500
    assert ones_complement_sum(raw[:20]) == 0xFFFF
    tcp = raw[20:]
    assert ones_complement_sum(raw[12:20] + struct.pack("!HH", 6, len(tcp)) + tcp) == 0xFFFF
    assert tcp[16:18] != b"\xff\xff"  # the other zero; Wireshark calls it wrong
    sport, dport, seq, ack, offset, flags, window = struct.unpack_from("!HHIIBBH", tcp)
    assert window > 0
    source, target = socket.inet_ntoa(raw[12:16]), socket.inet_ntoa(raw[16:20])
    return Packet(t, (source, sport), (target, dport), seq, ack, flags, tcp[offset >> 4 << 2 :])


def check_continuity(packets: list[Packet]) -> dict[Address, bytes]:
    """Check every sequence and acknowledgement number of one connection; return what each side sent."""
    following: dict[Address, int] = {}
    sent: dict[Address, bytes] = {}
    for packet in packets:
        assert packet.seq == following.setdefault(packet.source, packet.seq)
        if packet.flags & ACK and packet.target in following:
            assert packet.ack == following[packet.target]
        step = len(packet.data) + bool(packet.flags & SYN) + bool(packet.flags & FIN)
        following[packet.source] = (packet.seq + step) % 2**32
        sent[packet.source] = sent.get(packet.source, b"") + packet.data
    return sent


def flags_of(packets: list[Packet]) -> list[int]:
    """Return the flags of all packets."""
    return [packet.flags for packet in packets]


def written(tmp_path: Path, *steps: Segment) -> list[Packet]:
    """Write `steps` and read them back."""
    path = tmp_path / "traffic.pcap"
    count = write_pcap(path, steps, EPOCH)
    packets = parse(path)
    assert count == len(packets)
    assert [p.name for p in tmp_path.iterdir()] == ["traffic.pcap"]
    return packets


def opening(t: int = 0) -> Segment:
    """Return the opening of the connection."""
    return Segment(t, CLIENT, SERVER, "SYN")


def test_no_traffic_is_a_valid_empty_capture(tmp_path: Path) -> None:
    assert written(tmp_path) == []


def test_a_connection_from_handshake_to_close(tmp_path: Path) -> None:
    request, answer = bytes(range(256)) * 20, b"odd"
    packets = written(
        tmp_path,
        opening(),
        Segment(1000, CLIENT, SERVER, "DATA", request),
        Segment(2500, SERVER, CLIENT, "DATA", answer),
        Segment(3000, CLIENT, SERVER, "FIN"),
        Segment(4_000_000, SERVER, CLIENT, "FIN"),
    )
    assert check_continuity(packets) == {CLIENT: request, SERVER: answer}
    assert flags_of(packets[:3]) == [SYN, SYN | ACK, ACK]
    data = [packet for packet in packets if packet.source == CLIENT and packet.data]
    assert [len(packet.data) for packet in data] == [1460, 1460, 1460, 740]
    assert flags_of(data) == [ACK, ACK, ACK, ACK | PSH]
    assert flags_of(packets[-4:]) == [FIN | ACK, ACK, FIN | ACK, ACK]
    assert [packet.t - EPOCH for packet in packets] == [0] * 3 + [1000] * 5 + [2500] * 2 + [3000] * 2 + [4_000_000] * 2


def test_the_other_side_still_sends_after_a_half_close(tmp_path: Path) -> None:
    steps = [opening(), Segment(1, CLIENT, SERVER, "FIN"), Segment(2, SERVER, CLIENT, "DATA", b"late")]
    packets = written(tmp_path, *steps, Segment(3, SERVER, CLIENT, "FIN"), Segment(4, SERVER, CLIENT, "FIN"))
    assert check_continuity(packets)[SERVER] == b"late"
    assert sum(bool(packet.flags & FIN) for packet in packets) == 2


def test_a_reset_ends_the_acknowledgements(tmp_path: Path) -> None:
    steps = [opening(), Segment(1, CLIENT, SERVER, "DATA", b"a"), Segment(2, SERVER, CLIENT, "RST")]
    packets = written(tmp_path, *steps, Segment(3, CLIENT, SERVER, "DATA", b"b"))
    check_continuity(packets)
    assert flags_of(packets[3:]) == [ACK | PSH, ACK, RST | ACK, ACK | PSH]


@pytest.mark.parametrize("who", [CLIENT, SERVER])
def test_a_reset_right_after_the_opening(tmp_path: Path, who: Address) -> None:
    packets = written(tmp_path, opening(), Segment(5, who, SERVER if who == CLIENT else CLIENT, "RST"))
    check_continuity(packets)
    assert flags_of(packets) == [SYN, SYN | ACK, ACK, RST | ACK]


@pytest.mark.parametrize("kind", ["DATA", "FIN", "RST"])
def test_a_connection_that_was_open_before_the_recording(tmp_path: Path, kind: str) -> None:
    step = Segment(0, SERVER, CLIENT, kind, b"x" if kind == "DATA" else b"")  # type: ignore[arg-type]
    packets = written(tmp_path, step, Segment(1, CLIENT, SERVER, "DATA", b"y"))
    assert not any(packet.flags & SYN for packet in packets)
    assert check_continuity(packets)[CLIENT] == b"y"


def test_a_long_burst_never_fills_the_window(tmp_path: Path) -> None:
    packets = written(tmp_path, opening(), Segment(1, CLIENT, SERVER, "DATA", bytes(1_000_000)))
    outstanding = worst = 0
    for packet in packets:
        outstanding = outstanding + len(packet.data) if packet.source == CLIENT else 0
        worst = max(worst, outstanding)
    assert worst < 65_535


def test_sequence_numbers_wrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("linacsim.report.pcap.zlib.crc32", lambda _: 2**32 - 700)
    packets = written(tmp_path, opening(), Segment(1, CLIENT, SERVER, "DATA", bytes(3000)))
    assert len(check_continuity(packets)[CLIENT]) == 3000


@pytest.mark.parametrize("fill", [b"\0", b"\xff", b"\x01\x02\x03"])
def test_checksums_of_all_lengths(tmp_path: Path, fill: bytes) -> None:
    steps = [Segment(n, CLIENT, SERVER, "DATA", (fill * 90)[:n]) for n in range(1, 80)]
    check_continuity(written(tmp_path, *steps))


def test_a_checksum_that_sums_to_zero_is_written_as_zero(tmp_path: Path) -> None:
    steps = [Segment(n, CLIENT, SERVER, "DATA", n.to_bytes(2, "big")) for n in range(0x10000)]
    path = tmp_path / "all.pcap"
    write_pcap(path, steps, EPOCH)
    assert sum(packet.data != b"" for packet in parse(path)) == 0x10000


def test_times_never_run_backwards(tmp_path: Path) -> None:
    packets = written(tmp_path, opening(10), Segment(4, CLIENT, SERVER, "DATA", b"early"))
    assert [packet.t - EPOCH for packet in packets] == [10] * 5


def test_a_second_connection_of_the_same_ports_starts_anew(tmp_path: Path) -> None:
    first, second = written(tmp_path, opening(0), opening(9))[::3]
    assert first.flags == second.flags == SYN
    assert first.seq != second.seq


def test_equal_traffic_gives_equal_bytes_from_a_generator_too(tmp_path: Path) -> None:
    steps = [opening(), Segment(1, CLIENT, SERVER, "DATA", b"abc")]
    write_pcap(tmp_path / "a", steps, EPOCH)
    write_pcap(tmp_path / "b", iter(steps), EPOCH)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_names_become_addresses(tmp_path: Path) -> None:
    step = Segment(0, ("localhost", 1), ("archive.example", 2), "DATA", b"x")
    packet = written(tmp_path, step)[0]
    assert packet.source == ("127.0.0.1", 1)
    assert packet.target[0].startswith("198.19.")


@pytest.mark.parametrize("epoch", [-1, 2**32 * 1_000_000])
def test_an_epoch_that_the_format_cannot_hold(tmp_path: Path, epoch: int) -> None:
    with pytest.raises(InputError, match=f"cannot hold the time {epoch} us; use one from 1970 to 2106"):
        write_pcap(tmp_path / "x.pcap", [opening()], epoch)
    assert list(tmp_path.iterdir()) == []


def test_fifty_megabytes_take_a_few_seconds_at_most(tmp_path: Path) -> None:
    steps = [Segment(n, CLIENT, SERVER, "DATA", bytes(1_000_000)) for n in range(50)]
    begin = time.perf_counter()
    write_pcap(tmp_path / "big.pcap", steps, EPOCH)
    assert time.perf_counter() - begin < 5


# What Wireshark says. The bytes are a real conversation of threaded pynetdicom over loopback.


class Recorder:
    """A proxy that passes bytes on and records them, the server's port renamed to `shown`."""

    def __init__(self, server: int, shown: int) -> None:
        self.traffic = Traffic()
        self._server, self._shown = server, shown
        self._lock = threading.Lock()
        self._begin = time.perf_counter()
        self._threads: list[threading.Thread] = []
        self._sockets: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._start(self._accept)

    def finish(self) -> list[Segment]:
        """Wait for the ends of all connections and return what was recorded."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(5)
        for end in self._sockets:
            end.close()
        return self.traffic.segments

    def _start(self, target: object, *args: object) -> None:
        thread = threading.Thread(target=target, args=args, daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _add(self, *step: object) -> None:
        with self._lock:
            self.traffic.add(int((time.perf_counter() - self._begin) * 1e6), *step)  # type: ignore[arg-type]

    def _accept(self) -> None:
        while True:
            try:
                near, peer = self._listener.accept()
            except OSError:
                return
            far = socket.create_connection(("127.0.0.1", self._server))
            self._sockets += [near, far]
            client, server = ("10.0.0.1", peer[1]), ("10.0.0.2", self._shown)
            self._add(client, server, "SYN")
            self._start(self._pump, near, far, client, server)
            self._start(self._pump, far, near, server, client)

    def _pump(self, source: socket.socket, sink: socket.socket, a: Address, b: Address) -> None:
        while True:
            try:
                data = source.recv(100_000)
            except OSError:
                data = b""
            self._add(a, b, "DATA" if data else "FIN", data)
            if not data:
                break
            sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def storage() -> Iterator[int]:
    """Serve C-ECHO and C-STORE on a free port."""
    ae = AE("ARCHIVE")
    ae.add_supported_context(Verification)
    ae.add_supported_context(CTImageStorage, ExplicitVRLittleEndian)
    server = ae.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_STORE, lambda _event: 0x0000)])
    try:
        yield server.socket.getsockname()[1]  # type: ignore[union-attr]
    finally:
        server.shutdown()  # type: ignore[union-attr]


def image() -> Dataset:
    """Return a small CT slice."""
    ds = Dataset()
    ds.SOPClassUID, ds.SOPInstanceUID = CTImageStorage, "1.2.826.0.1.3680043.10.1.1"
    ds.PatientName, ds.Rows, ds.Columns, ds.BitsAllocated = "Test^Synthetic", 256, 256, 16
    ds.PixelRepresentation, ds.SamplesPerPixel = 0, 1
    ds.add_new("PixelData", "OW", bytes(256 * 256 * 2))
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return ds


def conversation(shown: int) -> list[Segment]:
    """Return the traffic of an echo and a store, as if the server had listened on the port `shown`."""
    with storage() as port:
        recorder = Recorder(port, shown)
        ae = AE("TPS")
        ae.add_requested_context(Verification)
        ae.add_requested_context(CTImageStorage, ExplicitVRLittleEndian)
        assoc = ae.associate("127.0.0.1", recorder.port, ae_title="ARCHIVE")
        assert assoc.is_established
        assert assoc.send_c_echo().Status == assoc.send_c_store(image()).Status == 0
        assoc.release()
        return recorder.finish()


def tshark(path: Path, *options: str) -> list[str]:
    """Return what tshark prints about the capture."""
    command = ["tshark", "-n", "-r", str(path), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")


@pytest.mark.interop
@needs_tshark
@pytest.mark.parametrize(
    ("port", "options"),
    [(104, ()), (11112, ("-d", "tcp.port==11112,dicom")), (40_321, ("-d", "tcp.port==40321,dicom"))],
)
def test_tshark_reads_a_dicom_conversation_without_complaint(
    tmp_path: Path, port: int, options: tuple[str, ...]
) -> None:
    path = tmp_path / "dicom.pcap"
    count = write_pcap(path, conversation(port), EPOCH)
    assert len(tshark(path)) == count
    fields = ("-T", "fields", "-e", "dicom.pdu.type")
    types = [item for line in tshark(path, *options, "-Y", "dicom", *fields) for item in line.split(",") if item]
    assert [int(item, 0) for item in dict.fromkeys(types)] == [1, 2, 4, 5, 6]
    checks = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    bad = "tcp.analysis.flags || tcp.checksum.status == 0 || ip.checksum.status == 0 || _ws.expert.severity >= 0x600000"
    assert tshark(path, *options, *checks, "-Y", bad) == []
    assert tshark(path, *options, "-Y", 'dicom contains "CT Image Storage" || frame contains "ARCHIVE"')


@pytest.mark.interop
@needs_tshark
def test_tshark_finds_nothing_to_say_about_the_unusual_endings(tmp_path: Path) -> None:
    path = tmp_path / "odd.pcap"
    third: Address = ("10.0.0.3", 40_000)
    fourth: Address = ("10.0.0.4", 40_000)
    steps = [
        Segment(0, third, SERVER, "SYN"),
        Segment(9, SERVER, third, "RST"),
        Segment(10, CLIENT, SERVER, "DATA", bytes(200_000)),
        Segment(11, SERVER, CLIENT, "DATA", bytes(70_001)),
        Segment(12, CLIENT, SERVER, "FIN"),
        Segment(13, SERVER, CLIENT, "DATA", bytes(5)),
        Segment(14, SERVER, CLIENT, "FIN"),
        Segment(15, fourth, SERVER, "SYN"),
        Segment(15, fourth, SERVER, "DATA", b"x"),
        Segment(16, SERVER, fourth, "RST"),
        Segment(17, fourth, SERVER, "DATA", b"in flight"),
    ]
    write_pcap(path, steps, EPOCH)
    assert tshark(path, "-o", "tcp.check_checksum:TRUE", "-Y", "tcp.analysis.flags || tcp.checksum.status == 0") == []
