"""Reads ``traffic.pcap`` back into the byte streams it was written from (`linacsim.report.pcap`)."""

from __future__ import annotations

import ipaddress
import struct
from collections.abc import Iterator
from pathlib import Path

from linacsim.errors import InputError
from linacsim.kernel.traffic import Address, Kind, Segment
from linacsim.kernel.units import SECOND
from linacsim.report.pcap import FIN, LINKTYPE_RAW, RST, SYN

_PACKET = struct.Struct("<IIII")
_MAGIC = 0xA1B2C3D4


def read_pcap(path: Path, epoch_us: int) -> Iterator[Segment]:
    """Yield the steps of the byte streams in a capture that `write_pcap` wrote; what only acknowledges is left out.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    epoch_us : int
        The start of the run as microseconds since 1970-01-01 UTC.

    Raises
    ------
    InputError
        If it cannot be read, or is no capture of a bench.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror or error})", str(path)) from error
    if len(data) < 24 or struct.unpack_from("<I", data)[0] != _MAGIC or data[20] != LINKTYPE_RAW:
        raise InputError("not the capture of a bench", str(path), "play the scenario again, or take the file away")
    at = 24
    while at + _PACKET.size <= len(data):
        second, micro, length, _original = _PACKET.unpack_from(data, at)
        at += _PACKET.size
        if at + length > len(data):
            return  # the end of a file that breaks off
        segment = _segment(data[at : at + length], second * SECOND + micro - epoch_us)
        at += length
        if segment is not None:
            yield segment


def _segment(packet: bytes, t: int) -> Segment | None:
    """Return the step of a stream that a packet is, or None for an acknowledgement and half a packet."""
    if len(packet) < 40:
        return None
    head = (packet[0] & 0x0F) * 4
    source, target = _address(packet, 12, head), _address(packet, 16, head + 2)
    flags = packet[head + 13]
    payload = packet[head + (packet[head + 12] >> 4) * 4 :]
    kind = _kind(flags, payload)
    return None if kind is None else Segment(t, source, target, kind, payload if kind == "DATA" else b"")


def _address(packet: bytes, host: int, port: int) -> Address:
    return str(ipaddress.IPv4Address(packet[host : host + 4])), int.from_bytes(packet[port : port + 2], "big")


def _kind(flags: int, payload: bytes) -> Kind | None:
    if flags & SYN:
        # The answer to a SYN carries the flag too, and an acknowledgement; the asking one does not.
        return "SYN" if not flags & 0x10 else None
    if flags & RST:
        return "RST"
    if flags & FIN:
        return "FIN"
    return "DATA" if payload else None
