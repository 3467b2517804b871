"""What goes over a line, cut into PDUs (PS3.8 9.3) and DIMSE messages (PS3.7 6.3.1), with the bytes it came in."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from linacsim.kernel.border.lean import HEADER, pdus
from linacsim.kernel.words import REQUESTS

PDU_NAMES = {
    0x01: "A-ASSOCIATE-RQ",
    0x02: "A-ASSOCIATE-AC",
    0x03: "A-ASSOCIATE-RJ",
    0x05: "A-RELEASE-RQ",
    0x06: "A-RELEASE-RP",
    0x07: "A-ABORT",
}
P_DATA_TF = 0x04
_FIELDS = {
    "C-STORE": 0x0001, "C-GET": 0x0010, "C-FIND": 0x0020, "C-MOVE": 0x0021, "C-ECHO": 0x0030,
    "N-EVENT-REPORT": 0x0100, "N-GET": 0x0110, "N-SET": 0x0120, "N-ACTION": 0x0130, "N-CREATE": 0x0140, "N-DELETE": 0x0150,
}  # fmt: skip
"""Command Field (0000,0100) of each request (PS3.7 E.1)."""
_RESPONSE = 0x8000
MESSAGE_NAMES = {
    0x0FFF: "C-CANCEL-RQ",
    **{code: f"{name}-RQ" for name, code in _FIELDS.items()},
    **{code | _RESPONSE: f"{name}-RSP" for name, code in _FIELDS.items()},
}
MESSAGES: tuple[str, ...] = (*REQUESTS, *(f"{name[:-3]}-RSP" for name in REQUESTS), "C-CANCEL-RQ")
"""The DIMSE messages."""
PDUS: tuple[str, ...] = tuple(PDU_NAMES.values())
"""The PDUs that are events by themselves."""

COMMAND_FIELD, RESPONDS_TO, MESSAGE_ID, STATUS = 0x0100, 0x0120, 0x0110, 0x0900
SOP_CLASS, SOP_INSTANCE = (0x0002, 0x0003), (0x1000, 0x1001)
DATA_SET_TYPE, NO_DATA_SET = 0x0800, 0x0101
COUNTERS = {"remaining": 0x1020, "completed": 0x1021, "failed": 0x1022, "warning": 0x1023}
_ELEMENT = struct.Struct("<HHL")
_ITEM = 4
_COMMAND, _LAST = 1, 2


class CommandSet:
    """A command set (PS3.7 6.3.1): the bytes of its values by element of group 0000."""

    def __init__(self, values: dict[int, bytes]) -> None:
        self.values = values
        self.group_length_off_by = 0

    @classmethod
    def read(cls, data: bytes) -> CommandSet | None:
        """Return the command set in `data`; ``None`` if it is none."""
        values, offset = {}, 0
        while offset + _ELEMENT.size <= len(data):
            group, element, length = _ELEMENT.unpack_from(data, offset)
            offset += _ELEMENT.size
            if group:
                return None
            values[element] = data[offset : offset + length]
            offset += length
        values.pop(0, None)
        return cls(values) if offset == len(data) and COMMAND_FIELD in values else None

    def encode(self) -> bytes:
        """Return the bytes of the command set, with its group length."""
        parts = [_ELEMENT.pack(0, tag, len(value)) + value for tag, value in sorted(self.values.items())]
        body = b"".join(parts)
        length = max(0, len(body) + self.group_length_off_by)
        return _ELEMENT.pack(0, 0, 4) + length.to_bytes(4, "little") + body

    def number(self, element: int) -> int | None:
        """Return a value of VR US."""
        value = self.values.get(element)
        return None if value is None else int.from_bytes(value[:2], "little")

    def set_number(self, element: int, value: int) -> None:
        """Set a value of VR US."""
        self.values[element] = (value & 0xFFFF).to_bytes(2, "little")

    def uid(self, elements: tuple[int, ...]) -> str:
        """Return the UID in the first of `elements` that is there."""
        found = next((self.values[one] for one in elements if one in self.values), b"")
        return found.rstrip(b"\0 ").decode("ascii", "replace")

    def set_uid(self, elements: tuple[int, ...], uid: str) -> None:
        """Set the UID in the first of `elements` that is there, or else in the first."""
        element = next((one for one in elements if one in self.values), elements[0])
        encoded = uid.encode("ascii")
        self.values[element] = encoded + b"\0" * (len(encoded) % 2)


@dataclass(slots=True)
class Pdu:
    """A PDU that is no P-DATA-TF, or bytes that are no PDU at all (then `name` is empty)."""

    name: str
    raw: bytes


@dataclass(slots=True)
class Message:
    """A DIMSE message.

    Attributes
    ----------
    name : str
        As ``C-STORE-RQ``.
    command : CommandSet
        Its command set.
    data : bytes
        Its data set, encoded; empty if it has none.
    context_id : int
        Its presentation context.
    raw : bytes
        The P-DATA-TF PDUs that it came in.
    """

    name: str
    command: CommandSet
    context_id: int
    data: bytes
    raw: bytes

    @property
    def is_response(self) -> bool:
        """Whether it answers a request."""
        return self.name.endswith("-RSP")

    def encode(self, maximum: int) -> bytes:
        """Return the message as it is now, in PDUs of at most `maximum` bytes (0: any)."""
        return b"".join(pdus(self.command.encode(), self.data, self.context_id, maximum))


Unit = Pdu | Message


@dataclass(slots=True)
class Cutter:
    """Cuts the bytes of one direction; what cannot be read is handed on as it is, with all that follows."""

    lost: bool = False
    buffer: bytearray = field(default_factory=bytearray)
    _held: bytearray = field(default_factory=bytearray)
    _parts: tuple[bytearray, bytearray] = field(default_factory=lambda: (bytearray(), bytearray()))
    _command: CommandSet | None = None

    def feed(self, data: bytes) -> Iterator[Unit]:
        """Take bytes; yield what has become whole."""
        self.buffer += data
        while not self.lost and len(self.buffer) >= HEADER:
            end = HEADER + int.from_bytes(self.buffer[2:HEADER], "big")
            kind = self.buffer[0]
            if kind != P_DATA_TF and kind not in PDU_NAMES:
                self.lost = True
            elif len(self.buffer) < end:
                return
            else:
                raw = bytes(self.buffer[:end])
                del self.buffer[:end]
                yield from self._fragments(raw) if kind == P_DATA_TF else (Pdu(PDU_NAMES[kind], raw),)
        if self.lost:
            yield from self.rest()

    def rest(self) -> Iterator[Unit]:
        """Yield what has not become whole, and never will."""
        left = bytes(self._held + self.buffer)
        self.buffer.clear()
        self._forget()
        if left:
            yield Pdu("", left)

    def _forget(self) -> None:
        self._held = bytearray()
        self._parts, self._command = (bytearray(), bytearray()), None

    def _fragments(self, raw: bytes) -> Iterator[Unit]:
        self._held += raw
        offset = HEADER
        while offset + _ITEM + 2 <= len(raw):
            following = offset + _ITEM + int.from_bytes(raw[offset : offset + _ITEM], "big")
            context, control = raw[offset + _ITEM], raw[offset + _ITEM + 1]
            value = raw[offset + _ITEM + 2 : following]
            offset = following
            self._parts[0 if control & _COMMAND else 1].extend(value)
            if not control & _LAST:
                continue
            if control & _COMMAND:
                self._command = CommandSet.read(bytes(self._parts[0]))
                if self._command is None:
                    self.lost = True
                    return
                if self._command.number(DATA_SET_TYPE) != NO_DATA_SET:
                    continue
            if self._command is not None:
                yield self._whole(self._command, context)

    def _whole(self, command: CommandSet, context: int) -> Message:
        name = MESSAGE_NAMES.get(command.number(COMMAND_FIELD) or 0, "")
        message = Message(name, command, context, bytes(self._parts[1]), bytes(self._held))
        self._forget()
        return message
