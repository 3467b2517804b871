"""The PDUs in the byte streams of a run, put together to the messages they carry (PS3.8 9.3, PS3.7 6.3).

Only headers and command sets are looked at: what the PDUs of a message were, how long, and which message it was. Bytes
that are no PDU are counted, not read.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from linacsim.kernel.traffic import Address, Segment

_WORDS = {
    1: "A-ASSOCIATE-RQ", 2: "A-ASSOCIATE-AC", 3: "A-ASSOCIATE-RJ", 4: "P-DATA-TF",
    5: "A-RELEASE-RQ", 6: "A-RELEASE-RP", 7: "A-ABORT",
}  # fmt: skip
_P_DATA = 4
_LONGEST = 64 * 1024 * 1024
"""A length beyond this is taken for bytes that are no PDU."""
_COMMANDS = {
    0x0001: "C-STORE", 0x0010: "C-GET", 0x0020: "C-FIND", 0x0021: "C-MOVE", 0x0030: "C-ECHO", 0x0100: "N-EVENT-REPORT",
    0x0110: "N-GET", 0x0120: "N-SET", 0x0130: "N-ACTION", 0x0140: "N-CREATE", 0x0150: "N-DELETE",
}  # fmt: skip
_CANCEL = 0x0FFF
_RESPONSE = 0x8000
_NO_DATA_SET = 0x0101
_FIELD, _ID, _ANSWERED, _DATA_SET_TYPE = 0x0100, 0x0110, 0x0120, 0x0800
_ITEM = struct.Struct("<HHI")
_PDV = struct.Struct("!IBB")


@dataclass(slots=True)
class Run:
    """PDUs of one kind that came one after the other.

    Attributes
    ----------
    t : int
        When the last byte of the first one arrived; microseconds.
    kind, note : str
        The name of the PDU, and what its PDVs are.
    count, length : int
        How many, and their bytes together, headers included.
    """

    t: int
    kind: str
    note: str
    count: int
    length: int


@dataclass(slots=True)
class Wire:
    """One message as it went over the wire.

    Attributes
    ----------
    event : str
        The word of the event log, ``C-STORE-RQ``; ``PDU`` for bytes that are none.
    t : int
        When its first PDU was complete.
    connection : int
        The ordinal of the connection in the capture.
    forward : bool
        Sent by the side that opened the connection.
    ordinal : int or None
        The Message ID, or the one that is responded to.
    titles : tuple of (str, str) or None
        Called and calling AE title of an A-ASSOCIATE-RQ.
    runs : list of Run
        Its PDUs.
    """

    event: str
    t: int
    connection: int
    forward: bool
    ordinal: int | None = None
    titles: tuple[str, str] | None = None
    runs: list[Run] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Closing:
    """How a connection ended: who was the first to end it, and whether by a reset."""

    t: int
    forward: bool
    reset: bool


@dataclass(frozen=True, slots=True)
class Heard:
    """What went over all connections.

    Attributes
    ----------
    messages : list of Wire
        In the order in which they began.
    closings : dict of int to Closing
        By the ordinal of the connection; one that stays open has none.
    """

    messages: list[Wire]
    closings: dict[int, Closing]


def hear(segments: Iterable[Segment]) -> Heard:
    """Return the messages of all connections, and how these ended."""
    wires = _Wires()
    return Heard(list(wires.read(segments)), wires.closings)


class _Wires:
    """Sorts segments by connection and direction."""

    def __init__(self) -> None:
        self._openers: dict[frozenset[Address], tuple[int, Address]] = {}
        self._streams: dict[tuple[int, bool], _Stream] = {}
        self._count = 0
        self.closings: dict[int, Closing] = {}

    def read(self, segments: Iterable[Segment]) -> Iterator[Wire]:
        for segment in segments:
            ends = frozenset((segment.source, segment.target))
            if segment.kind == "SYN" or ends not in self._openers:
                self._openers[ends] = (self._count, segment.source)
                self._count += 1
            connection, opener = self._openers[ends]
            forward = segment.source == opener
            if segment.kind in ("FIN", "RST"):
                self.closings.setdefault(connection, Closing(segment.t, forward, segment.kind == "RST"))
            elif segment.kind == "DATA":
                stream = self._streams.setdefault((connection, forward), _Stream(connection, forward=forward))
                yield from stream.take(segment.t, segment.data)
        for stream in self._streams.values():
            yield from stream.rest()


class _Stream:
    """One direction of a connection."""

    def __init__(self, connection: int, *, forward: bool) -> None:
        self._connection = connection
        self._forward = forward
        self._bytes = bytearray()
        self._t = 0
        self._message: Wire | None = None
        self._command = bytearray()
        self._broken = False

    def take(self, t: int, data: bytes) -> Iterator[Wire]:
        """Yield the messages that begin with what these bytes complete."""
        self._t = t
        self._bytes += data
        while not self._broken and len(self._bytes) >= 6:
            length = 6 + int.from_bytes(self._bytes[2:6], "big")
            if self._bytes[0] not in _WORDS or length > _LONGEST:
                self._broken = True
                return
            if len(self._bytes) < length:
                return
            pdu = bytes(self._bytes[:length])
            del self._bytes[:length]
            if (begun := self._pdu(pdu)) is not None:
                yield begun

    def rest(self) -> Iterator[Wire]:
        """Yield what is left at the end: half a PDU, or bytes that are none."""
        if self._bytes:
            note = "bytes that are no PDU" if self._broken else "the beginning of a PDU"
            yield self._wire("PDU", Run(self._t, "bytes", note, 1, len(self._bytes)))

    def _wire(self, event: str, run: Run) -> Wire:
        return Wire(event, run.t, self._connection, self._forward, runs=[run])

    def _pdu(self, pdu: bytes) -> Wire | None:
        if pdu[0] != _P_DATA:
            whole = self._wire(_WORDS[pdu[0]], Run(self._t, _WORDS[pdu[0]], "", 1, len(pdu)))
            if pdu[0] == 1:
                whole.titles = _title(pdu[10:26]), _title(pdu[26:42])
            return whole
        notes = []
        wire: Wire | None = self._message
        for context, control, value in _pdvs(pdu):
            kind = "command" if control & 1 else "data set"
            notes.append(f"context {context}, {kind}{', last' if control & 2 else ''}")
            wire = self._fragment(wire, control, value)
        run = Run(self._t, "P-DATA-TF", "; ".join(notes) or "no PDV", 1, len(pdu))
        return self._count_in(run, wire)

    def _fragment(self, wire: Wire | None, control: int, value: bytes) -> Wire:
        """Take in one PDV; the message it belongs to."""
        wire = wire or Wire("PDU", self._t, self._connection, self._forward)
        self._message = wire
        if control & 1:
            self._command += value
        if control & 2 and (not control & 1 or self._named(wire)):
            self._message = None
        return wire

    def _named(self, wire: Wire) -> bool:
        """Read the command set of `wire`; return whether no data set follows."""
        command = _command(bytes(self._command))
        self._command.clear()
        code = command.get(_FIELD, 0)
        name = "C-CANCEL" if code == _CANCEL else _COMMANDS.get(code & ~_RESPONSE, "")
        if name:
            answer = bool(code & _RESPONSE)
            wire.event = f"{name}-{'RSP' if answer else 'RQ'}"
            wire.ordinal = command.get(_ANSWERED if answer or code == _CANCEL else _ID)
        return command.get(_DATA_SET_TYPE, _NO_DATA_SET) == _NO_DATA_SET

    def _count_in(self, run: Run, wire: Wire | None) -> Wire | None:
        """Add a PDU to its message; return the message if it is its first."""
        if wire is None:
            return self._wire("PDU", run)
        if wire.runs and (last := wire.runs[-1]).kind == run.kind and last.note == run.note:
            last.count += 1
            last.length += run.length
            return None
        wire.runs.append(run)
        return wire if len(wire.runs) == 1 else None


def _pdvs(pdu: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield presentation context ID, message control header and value of each PDV in a P-DATA-TF (PS3.8 9.3.5)."""
    at = 6
    while at + _PDV.size <= len(pdu):
        length, context, control = _PDV.unpack_from(pdu, at)
        yield context, control, pdu[at + _PDV.size : at + 4 + length]
        at += 4 + max(length, 2)


def _command(data: bytes) -> dict[int, int]:
    """Return the elements of a command set that hold one 16-bit number (PS3.7 6.3.1: implicit VR little endian)."""
    found = {}
    at = 0
    while at + _ITEM.size <= len(data):
        group, element, length = _ITEM.unpack_from(data, at)
        at += _ITEM.size
        if group == 0 and length == 2 and at + 2 <= len(data):
            found[element] = int.from_bytes(data[at : at + 2], "little")
        at += length
    return found


def _title(field: bytes) -> str:
    return field.decode("ascii", "replace").strip(" \0")
