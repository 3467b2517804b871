"""A peer made of bytes: it says what it likes, right or wrong, and shows what comes back."""

from __future__ import annotations

import contextlib
import socket
import struct
import time
from types import TracebackType
from typing import NamedTuple, Self

VERIFICATION = "1.2.840.10008.1.1"
CT_IMAGE_STORAGE = "1.2.840.10008.5.1.4.1.1.2"
IMPLICIT = "1.2.840.10008.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"

ASSOCIATE_RQ, ASSOCIATE_AC, ASSOCIATE_RJ, P_DATA, RELEASE_RQ, RELEASE_RP, ABORT = range(1, 8)
CLOSED = 0
"""Stands for a PDU type where the peer has closed the connection."""
SILENT = -1
"""Stands for a PDU type where nothing has come in time."""

C_STORE_RQ, C_ECHO_RQ = 0x0001, 0x0030
NO_DATA_SET, WITH_DATA_SET = 0x0101, 0x0000
PATIENCE = 20.0
"""Seconds until something that should come at once is given up, on a machine that has much else to do."""


class PDU(NamedTuple):
    """What a peer has sent."""

    type: int
    body: bytes = b""


def pdu(pdu_type: int, body: bytes, length: int | None = None) -> bytes:
    """Return a PDU that claims `length` bytes, its true length unless told otherwise (PS3.8 9.3.1)."""
    return struct.pack(">BBL", pdu_type, 0, len(body) if length is None else length) + body


def item(item_type: int, body: bytes) -> bytes:
    """Return an item of an association PDU (PS3.8 9.3.2)."""
    return struct.pack(">BBH", item_type, 0, len(body)) + body


def associate_rq(
    called: bytes = b"ANY-SCP",
    calling: bytes = b"WIRE",
    contexts: tuple[tuple[str, str], ...] = ((VERIFICATION, IMPLICIT), (CT_IMAGE_STORAGE, IMPLICIT)),
    maximum_length: int = 16384,
) -> bytes:
    """Return an A-ASSOCIATE-RQ; its presentation contexts get the IDs 1, 3, 5..."""
    body = struct.pack(">HH16s16s32x", 1, 0, called.ljust(16), calling.ljust(16))
    body += item(0x10, b"1.2.840.10008.3.1.1.1")
    for ordinal, (abstract, transfer) in enumerate(contexts):
        context_id = bytes((2 * ordinal + 1, 0, 0, 0))
        body += item(0x20, context_id + item(0x30, abstract.encode()) + item(0x40, transfer.encode()))
    user = item(0x51, struct.pack(">L", maximum_length)) + item(0x52, b"1.2.3.4")
    return pdu(ASSOCIATE_RQ, body + item(0x50, user))


def element(tag: int, value: bytes) -> bytes:
    """Return an element in Implicit VR Little Endian (PS3.5 7.1.3), its value padded with a NUL."""
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(value)) + value


def command(*elements: bytes) -> bytes:
    """Return a command set with its group length (PS3.7 6.3.1)."""
    body = b"".join(elements)
    return element(0x00000000, struct.pack("<L", len(body))) + body


def echo_rq(field: int = C_ECHO_RQ) -> bytes:
    """Return the command set of a C-ECHO-RQ, or of whatever `field` means."""
    return command(
        element(0x00000002, VERIFICATION.encode()),
        element(0x00000100, struct.pack("<H", field)),
        element(0x00000110, struct.pack("<H", 1)),
        element(0x00000800, struct.pack("<H", NO_DATA_SET)),
    )


def store_rq(sop_instance: str) -> bytes:
    """Return the command set of a C-STORE-RQ of a CT image."""
    return command(
        element(0x00000002, CT_IMAGE_STORAGE.encode()),
        element(0x00000100, struct.pack("<H", C_STORE_RQ)),
        element(0x00000110, struct.pack("<H", 7)),
        element(0x00000700, struct.pack("<H", 0)),
        element(0x00000800, struct.pack("<H", WITH_DATA_SET)),
        element(0x00001000, sop_instance.encode()),
    )


def ct(sop_instance: str, pixels: int = 2048) -> bytes:
    """Return a small CT image in Implicit VR Little Endian, with `pixels` bytes of Pixel Data."""
    return b"".join(
        (
            element(0x00080016, CT_IMAGE_STORAGE.encode()),
            element(0x00080018, sop_instance.encode()),
            element(0x00280010, struct.pack("<H", 32)),
            element(0x00280011, struct.pack("<H", 32)),
            element(0x7FE00010, bytes(pixels)),
        )
    )


def pdv(context_id: int, control: int, fragment: bytes, length: int | None = None) -> bytes:
    """Return a presentation data value; `control` is 1 for a command, 2 for the last fragment (PS3.8 9.3.5.1, E.2)."""
    return struct.pack(">LBB", len(fragment) + 2 if length is None else length, context_id, control) + fragment


class Wire:
    """A transport connection to a peer of the bench."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.socket = socket.create_connection(address, timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._unread = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def send(self, data: bytes) -> bool:
        """Send bytes; return whether the peer still takes them."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        return True

    def associate(self, request: bytes | None = None) -> PDU:
        """Send an A-ASSOCIATE-RQ and return the answer."""
        self.send(request or associate_rq())
        return self.read()

    def message(self, context_id: int, command_set: bytes, data_set: bytes | None = None, fragment: int = 8192) -> None:
        """Send a DIMSE message, its data set in fragments."""
        self.send(pdu(P_DATA, pdv(context_id, 3, command_set)))
        if data_set is not None:
            for start in range(0, len(data_set) or 1, fragment):
                last = 2 if start + fragment >= len(data_set) else 0
                self.send(pdu(P_DATA, pdv(context_id, last, data_set[start : start + fragment])))

    def read(self, timeout: float = PATIENCE) -> PDU:
        """Return the next PDU, CLOSED or SILENT."""
        end = time.monotonic() + timeout
        while True:
            if len(self._unread) >= 6:
                length = int.from_bytes(self._unread[2:6], "big") + 6
                if len(self._unread) >= length:
                    whole, self._unread = self._unread[:length], self._unread[length:]
                    return PDU(whole[0], whole[6:])
            self.socket.settimeout(max(0.001, end - time.monotonic()))
            try:
                data = self.socket.recv(65536)
            except TimeoutError:
                return PDU(SILENT)
            except OSError:
                return PDU(CLOSED)
            if not data:
                return PDU(CLOSED)
            self._unread += data

    def status(self, timeout: float = PATIENCE) -> int | None:
        """Return the Status of the response that comes next, ``None`` if there is none (aborted, closed, silence)."""
        got = self.read(timeout)
        if got.type != P_DATA:
            return None
        at = got.body.find(struct.pack("<HHL", 0x0000, 0x0900, 2))
        return int.from_bytes(got.body[at + 8 : at + 10], "little") if at >= 0 else None

    def ends(self, timeout: float = PATIENCE) -> list[int]:
        """Return the types of the PDUs until the peer closes the connection, CLOSED or SILENT the last."""
        types = [self.read(timeout).type]
        while types[-1] not in (CLOSED, SILENT):
            types.append(self.read(timeout).type)
        return types

    def reset(self) -> None:
        """Vanish with a TCP RST."""
        with contextlib.suppress(OSError):
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


def echo(address: tuple[str, int], called: bytes = b"ANY-SCP") -> int | None:
    """Return the status of one C-ECHO on an association of its own."""
    with Wire(address) as wire:
        if wire.associate(associate_rq(called)).type != ASSOCIATE_AC:
            return None
        wire.message(1, echo_rq())
        status = wire.status()
        wire.send(pdu(RELEASE_RQ, bytes(4)))
        wire.read()
    return status


def store(address: tuple[str, int], sop_instance: str) -> int | None:
    """Return the status of one C-STORE of a small CT image on an association of its own."""
    with Wire(address) as wire:
        if wire.associate().type != ASSOCIATE_AC:
            return None
        wire.message(3, store_rq(sop_instance), ct(sop_instance))
        status = wire.status()
        wire.send(pdu(RELEASE_RQ, bytes(4)))
        wire.read()
    return status
