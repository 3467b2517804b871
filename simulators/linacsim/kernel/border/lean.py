"""Short ways for what happens with every image: P-DATA-TF PDUs that arrive, and plain C-STORE and C-ECHO responses.

pynetdicom copies the bytes of a P-DATA-TF six times on their way into a message, and it encodes the command set of a
response through a pydicom data set, twice, because of the group length. For a small image that costs more than all else
that a storage SCP does. Here the fragments are cut straight out of the stream, and the two responses, which have a fixed
form (PS3.7 9.3.1.2, 9.3.5.2), are packed. Contract tests hold both against pynetdicom's own; whatever is not plain goes
pynetdicom's way, and so does everything when somebody else is watching.
"""

from __future__ import annotations

import struct
from typing import Any

from pynetdicom.dimse_primitives import C_ECHO, C_STORE
from pynetdicom.pdu_primitives import P_DATA

from linacsim.kernel.streams import Stream

_COMMAND_FIELD = {C_STORE: 0x8001, C_ECHO: 0x8030}
_NO_DATA_SET = 0x0101
_LAST_COMMAND_FRAGMENT = b"\x03"
_HEADER = 6
_P_DATA_TF = 0x04
_OPTIONAL = ("OffendingElement", "ErrorComment", "ErrorID")


class Fragments:
    """A P-DATA-TF PDU that has been cut into its fragments; it knows no more than the state machine asks of it."""

    __slots__ = ("_primitive",)

    def __init__(self, values: list[tuple[int, memoryview]]) -> None:
        self._primitive = P_DATA()
        self._primitive.presentation_data_value_list.extend(values)  # type: ignore[arg-type]

    def to_primitive(self) -> P_DATA:
        """Return the P-DATA indication (PS3.8 7.6)."""
        return self._primitive


def take_fragments(stream: Stream) -> Fragments | None:
    """Take a P-DATA-TF PDU (PS3.8 9.3.5) off `stream`.

    Returns
    -------
    Fragments or None
        ``None`` if no whole, well-formed P-DATA-TF lies at the front; then nothing has been taken.
    """
    buffer = stream.buffer
    if len(buffer) < _HEADER or buffer[0] != _P_DATA_TF:
        return None
    end = _HEADER + int.from_bytes(buffer[2:_HEADER], "big")
    if len(buffer) < end:
        return None
    values: list[tuple[int, memoryview]] = []
    offset = _HEADER
    with memoryview(buffer) as view:
        while offset < end:
            length = int.from_bytes(view[offset : offset + 4], "big")
            following = offset + 4 + length
            # context ID, control header and nothing is the least that a PDV item can hold (PS3.8 9.3.5.1)
            if length < 2 or following > end:
                return None
            # one copy, into bytes that nobody changes; all later cuts are views of it
            values.append((view[offset + 4], memoryview(bytes(view[offset + 5 : following]))))
            offset = following
    if not values:
        return None
    stream.skip(end)
    return Fragments(values)


def is_plain(primitive: Any, maximum_length: int) -> bool:
    """Whether `primitive` is a response that the short way can carry in one PDU of `maximum_length` bytes (0: any)."""
    if type(primitive) not in _COMMAND_FIELD or primitive.Status is None:
        return False
    roomy = maximum_length == 0 or maximum_length >= 512
    return roomy and all(getattr(primitive, keyword, None) is None for keyword in _OPTIONAL)


def command_set(primitive: Any) -> bytes:
    """Return the command set of a plain response, Implicit VR Little Endian (PS3.7 6.3.1)."""
    body = b"".join(
        (
            _uid(0x0002, primitive.AffectedSOPClassUID),
            struct.pack("<HHLH", 0, 0x0100, 2, _COMMAND_FIELD[type(primitive)]),
            struct.pack("<HHLH", 0, 0x0120, 2, primitive.MessageIDBeingRespondedTo),
            struct.pack("<HHLH", 0, 0x0800, 2, _NO_DATA_SET),
            struct.pack("<HHLH", 0, 0x0900, 2, primitive.Status),
            _uid(0x1000, getattr(primitive, "AffectedSOPInstanceUID", None)),
        )
    )
    return struct.pack("<HHLL", 0, 0, 4, len(body)) + body


def p_data(primitive: Any, context_id: int) -> P_DATA:
    """Return the P-DATA primitive that carries a plain response."""
    carrier = P_DATA()
    carrier.presentation_data_value_list.append((context_id, _LAST_COMMAND_FRAGMENT + command_set(primitive)))
    return carrier


def _uid(element: int, value: str | None) -> bytes:
    if not value:
        return b""
    text = value.encode("ascii")
    padded = text + b"\0" * (len(text) % 2)
    return struct.pack("<HHL", 0, element, len(padded)) + padded
