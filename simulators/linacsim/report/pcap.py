"""The bench's byte streams as a packet capture that Wireshark and tshark open without a complaint.

The network of a bench moves bytes, not packets. Here every step of a stream becomes the packets that an ideal network
would have shown at that instant: nothing is lost, repeated or out of order, and the receiver acknowledges at once.

Packets are raw IPv4 (``LINKTYPE_RAW``): there is no Ethernet on a bench, and inventing one would add addresses that
nobody configured.
"""

from __future__ import annotations

import ipaddress
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from linacsim.errors import InputError
from linacsim.kernel.traffic import Address, Segment
from linacsim.kernel.units import SECOND
from linacsim.report.atomic import replacing

MSS = 1460
"""Most bytes of data in one TCP segment: an Ethernet frame less the two headers."""
LINKTYPE_RAW = 101
"""Packets begin with the IPv4 header."""

FIN, SYN, RST, _PSH, _ACK = 0x01, 0x02, 0x04, 0x08, 0x10
_WINDOW = 0xFFFF
_ACK_EVERY = 40
"""Segments between two acknowledgements of a burst: 58,400 bytes stay below the window, so it never shows as full."""
_MSS_OPTION = struct.pack("!BBH", 2, 4, MSS)
_FILE_HEADER = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, LINKTYPE_RAW)
_LAST_INSTANT = (1 << 32) * SECOND
_NAMED_NETWORK = int(ipaddress.IPv4Address("198.19.0.0"))
"""Half of the network for benchmarks (RFC 2544); the machines of a virtual bench live in the other half."""


@dataclass(slots=True)
class _End:
    """One end of a connection; `next` is the sequence number of the next byte it sends."""

    address: bytes
    port: int
    next: int
    silent: bool = False
    """It was reset, or has reset the connection: it acknowledges nothing any more."""
    closed: bool = False


Connection = dict[Address, _End]


def write_pcap(path: Path, segments: Iterable[Segment], epoch_us: int) -> int:
    """Write `segments` as a libpcap file with microsecond times.

    Equal segments give equal bytes: initial sequence numbers come from the addresses. A connection that was open
    before the recording began simply has no handshake.

    Parameters
    ----------
    path : pathlib.Path
        The file to write; it appears whole or not at all.
    segments : iterable of Segment
        In the order in which they happened.
    epoch_us : int
        The start of the run as microseconds since 1970-01-01 UTC.

    Returns
    -------
    int
        The number of packets.

    Raises
    ------
    InputError
        If the file cannot be written, or a packet's time is outside 1970 to 2106, all that the format can hold.
    """
    with replacing(Path(path)) as stream:
        stream.write(_FILE_HEADER)
        wire = _Wire(stream, epoch_us)
        for segment in segments:
            wire.step(segment)
    return wire.packets


class _Wire:
    """Turns steps of byte streams into packets and writes them."""

    def __init__(self, stream: BinaryIO, epoch_us: int) -> None:
        self.packets = 0
        self._stream = stream
        self._epoch = epoch_us
        self._now = 0
        self._connections: dict[frozenset[Address], Connection] = {}
        self._opened = 0

    def step(self, segment: Segment) -> None:
        """Write the packets of one step of a byte stream."""
        instant = self._epoch + segment.t
        if not 0 <= instant < _LAST_INSTANT:
            raise InputError(f"a capture cannot hold the time {instant} us", "epoch", "use one from 1970 to 2106")
        self._now = max(self._now, instant)
        ends = self._connection(segment)
        sender, receiver = ends[segment.source], ends[segment.target]
        if segment.kind == "SYN":
            # A bench records a SYN once the connection is made; nobody else's attempts leave a trace.
            self._packet(sender, receiver, SYN)
            self._packet(receiver, sender, SYN | _ACK)
            self._acknowledge(sender, receiver)
        elif segment.kind == "DATA":
            self._burst(sender, receiver, segment.data)
        elif segment.kind == "RST":
            self._packet(sender, receiver, RST | _ACK)
            sender.silent = receiver.silent = True
        elif not sender.closed:
            sender.closed = True
            self._packet(sender, receiver, FIN | _ACK)
            self._acknowledge(receiver, sender)

    def _connection(self, segment: Segment) -> Connection:
        """Return both ends of the segment's connection, new ones if it opens or was never seen to open."""
        key = frozenset((segment.source, segment.target))
        ends = self._connections.get(key)
        if ends is None or segment.kind == "SYN":
            self._opened += 1
            ends = {address: self._end(address) for address in (segment.source, segment.target)}
            self._connections[key] = ends
        return ends

    def _end(self, address: Address) -> _End:
        # The ordinal keeps two connections between the same ports apart, as a real stack's clock would.
        initial = zlib.crc32(f"{address[0]}:{address[1]}#{self._opened}".encode())
        return _End(_ipv4(address[0]), address[1] & 0xFFFF, initial)

    def _burst(self, sender: _End, receiver: _End, data: bytes) -> None:
        pieces = range(0, len(data), MSS)
        for ordinal, start in enumerate(pieces, 1):
            last = ordinal == len(pieces)
            self._packet(sender, receiver, _ACK | (_PSH if last else 0), data[start : start + MSS])
            if last or ordinal % _ACK_EVERY == 0:
                self._acknowledge(receiver, sender)

    def _acknowledge(self, sender: _End, receiver: _End) -> None:
        if not sender.silent:
            self._packet(sender, receiver, _ACK)

    def _packet(self, sender: _End, receiver: _End, flags: int, data: bytes = b"") -> None:
        packet = self._ipv4(sender, receiver, _tcp(sender, receiver, flags, data))
        sender.next = (sender.next + len(data) + bool(flags & (SYN | FIN))) & 0xFFFFFFFF
        self._stream.write(struct.pack("<IIII", *divmod(self._now, SECOND), len(packet), len(packet)))
        self._stream.write(packet)
        self.packets += 1

    def _ipv4(self, sender: _End, receiver: _End, payload: bytes) -> bytes:
        ident, dont_fragment = self.packets & 0xFFFF, 0x4000
        head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), ident, dont_fragment, 64, 6, 0)
        addresses = sender.address + receiver.address
        return head[:10] + _checksum(head + addresses) + addresses + payload


def _tcp(sender: _End, receiver: _End, flags: int, data: bytes) -> bytes:
    """Return one TCP segment, its checksum included."""
    options = _MSS_OPTION if flags & SYN else b""
    ack = receiver.next if flags & _ACK else 0
    offset = (20 + len(options)) // 4 << 4
    head = struct.pack("!HHIIBBHI", sender.port, receiver.port, sender.next, ack, offset, flags, _WINDOW, 0)
    segment = head + options + data
    pseudo = sender.address + receiver.address + struct.pack("!HH", 6, len(segment))
    return head[:16] + _checksum(pseudo + segment) + segment[18:]


def _checksum(data: bytes) -> bytes:
    """Return the internet checksum (RFC 1071) of `data`, whose checksum field is zero.

    65536 is 1 modulo 65535, so the ones' complement sum of all 16-bit words is the whole block, read as one number,
    modulo 65535: a single division instead of a loop.
    """
    number = int.from_bytes(data, "big") << (len(data) % 2 * 8)
    return (-number % 0xFFFF).to_bytes(2, "big")


def _ipv4(host: str) -> bytes:
    """Return the four bytes of `host`; anything else gets a fixed address in 198.19.0.0/16."""
    try:
        return ipaddress.IPv4Address("127.0.0.1" if host == "localhost" else host).packed
    except ValueError:
        return (_NAMED_NETWORK + zlib.crc32(host.encode()) % 0x10000).to_bytes(4, "big")
