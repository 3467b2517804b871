"""A client and a storage SCP of fixed bytes, so that a benchmark measures the other side: no library, no data sets, TCP_NODELAY."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple, Self

IMPLICIT, EXPLICIT = "1.2.840.10008.1.2", "1.2.840.10008.1.2.1"
CT = "1.2.840.10008.5.1.4.1.1.2"
FIND, MOVE, GET = (f"1.2.840.10008.5.1.4.1.2.2.{number}" for number in (1, 2, 3))
"""Study Root."""
_MAXIMUM = 131072
_PATIENCE = 300.0
_STATUS, _FIELD, _MESSAGE, _RESPONDED = 0x0900, 0x0100, 0x0110, 0x0120
_SOP_CLASS, _SOP_INSTANCE = 0x0002, 0x1000


class Instance(NamedTuple):
    """What is sent: UIDs and the encoded data set."""

    sop_class: str
    sop_instance: str
    data: bytes


def element(number: int, value: bytes) -> bytes:
    """Return an element of a command set (PS3.7 6.3.1)."""
    value += b"\0" * (len(value) % 2)
    return struct.pack("<HHL", 0, number, len(value)) + value


def command(*elements: bytes) -> bytes:
    """Return a command set with its group length."""
    body = b"".join(elements)
    return element(0, struct.pack("<L", len(body))) + body


def short(number: int, value: int) -> bytes:
    """Return an element with one number."""
    return element(number, struct.pack("<H", value))


def key(tag: int, value: str = "") -> bytes:
    """Return an element of an identifier in Implicit VR Little Endian."""
    encoded = value.encode("ascii")
    encoded += b"\0" * (len(encoded) % 2)
    return struct.pack("<HHL", tag >> 16, tag & 0xFFFF, len(encoded)) + encoded


def told(command_set: bytes) -> dict[int, bytes]:
    """Return the elements of a command set."""
    found, at = {}, 0
    while at < len(command_set):
        number, length = struct.unpack_from("<HL", command_set, at + 2)
        found[number] = command_set[at + 8 : at + 8 + length]
        at += 8 + length
    return found


def _item(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(body)) + body


def _pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBL", kind, 0, len(body)) + body


class Connection:
    """PDUs over a socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.settimeout(_PATIENCE)
        self.sock = sock
        self._held = bytearray()
        self._values: deque[tuple[int, int, bytes]] = deque()
        self.maximum = 16384

    def pdu(self) -> tuple[int, bytes]:
        """Return the next PDU."""
        self._need(6)
        kind, length = self._held[0], int.from_bytes(self._held[2:6], "big")
        self._need(6 + length)
        body = bytes(memoryview(self._held)[6 : 6 + length])
        del self._held[: 6 + length]
        return kind, body

    def _need(self, count: int) -> None:
        while len(self._held) < count:
            got = self.sock.recv(1 << 18)
            if not got:
                raise ConnectionError("closed by the peer")
            self._held += got

    def message(self) -> tuple[int, bytes, bytes]:
        """Return the next message: context ID, command set and data set.

        Raises
        ------
        ConnectionError
            If the association ends instead.
        """
        parts: tuple[list[bytes], list[bytes]] = ([], [])
        while True:
            context, control, value = self._pdv()
            parts[control & 1].append(value)
            if not control & 2:
                continue
            command_set = b"".join(parts[1])
            if not control & 1 or told(command_set)[0x0800] == b"\x01\x01":
                return context, command_set, b"".join(parts[0])

    def _pdv(self) -> tuple[int, int, bytes]:
        """Return the next presentation data value: context ID, message control header, fragment."""
        while not self._values:
            kind, body = self.pdu()
            if kind != 4:
                raise ConnectionError(f"PDU of type {kind}")
            at = 0
            while at < len(body):
                length = int.from_bytes(body[at : at + 4], "big")
                self._values.append((body[at + 4], body[at + 5], body[at + 6 : at + 4 + length]))
                at += 4 + length
        return self._values.popleft()

    def send(self, context: int, command_set: bytes, data: bytes | None = None) -> None:
        """Send a message, all of it at once."""
        parts = [_pdv(context, 3, command_set)]
        if data is not None:
            room = (self.maximum or 1 << 20) - 6
            for first in range(0, len(data), room):
                last = 2 if first + room >= len(data) else 0
                parts.append(_pdv(context, last, data[first : first + room]))
        self.sock.sendall(b"".join(parts))


def _pdv(context: int, control: int, value: bytes) -> bytes:
    return struct.pack(">BBLLBB", 4, 0, len(value) + 6, len(value) + 2, context, control) + value


class Association(Connection):
    """An association as requestor.

    Parameters
    ----------
    port : int
        Where the peer listens.
    called : str
        Its AE title.
    contexts : iterable of (str, str)
        Abstract and transfer syntax of each context; their IDs are 1, 3, 5...
    as_scp : iterable of str
        Abstract syntaxes that this side is the SCP of, for C-GET.
    calling : str
        The AE title of this side.
    """

    def __init__(
        self,
        port: int,
        called: str,
        contexts: Iterable[tuple[str, str]],
        as_scp: Iterable[str] = (),
        calling: str = "BENCH",
    ) -> None:
        super().__init__(socket.create_connection(("127.0.0.1", port), _PATIENCE))
        body = struct.pack(">HH16s16s32x", 1, 0, called.encode().ljust(16), calling.encode().ljust(16))
        body += _item(0x10, b"1.2.840.10008.3.1.1.1")
        for ordinal, (abstract, syntax) in enumerate(contexts):
            inside = _item(0x30, abstract.encode()) + _item(0x40, syntax.encode())
            body += _item(0x20, bytes((2 * ordinal + 1, 0, 0, 0)) + inside)
        user = _item(0x51, struct.pack(">L", _MAXIMUM)) + _item(0x52, b"1.2.3.4")
        for abstract in as_scp:
            user += _item(0x54, struct.pack(">H", len(abstract)) + abstract.encode() + b"\0\1")
        try:
            self.sock.sendall(_pdu(1, body + _item(0x50, user)))
            kind, answer = self.pdu()
            if kind != 2:
                raise ConnectionError(f"no association: PDU of type {kind}")
        except OSError:
            self.sock.close()
            raise
        self.maximum = _maximum_of(answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.release()

    def release(self) -> None:
        """Release the association."""
        try:
            self.sock.sendall(_pdu(5, b"\0\0\0\0"))
            while self.pdu()[0] != 6:
                pass
        except OSError:
            pass
        finally:
            self.sock.close()

    def store(self, instance: Instance, context: int = 1, message: int = 1) -> int:
        """Send an instance with C-STORE; return the status."""
        request = command(
            element(_SOP_CLASS, instance.sop_class.encode()),
            short(_FIELD, 0x0001),
            short(_MESSAGE, message),
            short(0x0700, 0),
            short(0x0800, 0),
            element(_SOP_INSTANCE, instance.sop_instance.encode()),
        )
        self.send(context, request, instance.data)
        return _status(self.message()[1])

    def find(self, level: str, *keys: bytes) -> tuple[int, list[bytes]]:
        """Query with C-FIND on context 1; return the final status and the identifiers of the matches."""
        request = command(element(_SOP_CLASS, FIND.encode()), short(_FIELD, 0x0020), short(_MESSAGE, 1), *_PLAIN)
        self.send(1, request, b"".join(sorted((key(0x00080052, level), *keys))))
        found: list[bytes] = []
        while True:
            _, response, identifier = self.message()
            status = _status(response)
            if status not in (0xFF00, 0xFF01):
                return status, found
            found.append(identifier)

    def move(self, destination: str, *keys: bytes) -> tuple[int, int]:
        """Retrieve with C-MOVE on context 1; return the final status and the completed sub-operations."""
        request = command(
            element(_SOP_CLASS, MOVE.encode()),
            short(_FIELD, 0x0021),
            short(_MESSAGE, 1),
            element(0x0600, destination.encode()),
            *_PLAIN,
        )
        self.send(1, request, b"".join(sorted(keys)))
        while True:
            response = told(self.message()[1])
            status = int.from_bytes(response[_STATUS], "little")
            if status != 0xFF00:
                return status, int.from_bytes(response.get(0x1021, b""), "little")

    def get(self, *keys: bytes, taken: Callable[[str, bytes], None] | None = None) -> tuple[int, int]:
        """Retrieve with C-GET on context 1; return the final status and how many instances have come.

        Parameters
        ----------
        *keys : bytes
            The identifier.
        taken : callable or None
            Told the SOP Instance UID and the data set of each that comes.
        """
        request = command(element(_SOP_CLASS, GET.encode()), short(_FIELD, 0x0010), short(_MESSAGE, 1), *_PLAIN)
        self.send(1, request, b"".join(sorted(keys)))
        count = 0
        while True:
            context, message, data = self.message()
            fields = told(message)
            if fields[_FIELD] == b"\x01\x00":
                self.send(context, store_response(fields))
                count += 1
                if taken is not None:
                    taken(fields[_SOP_INSTANCE].decode("ascii").rstrip("\0"), data)
                continue
            status = int.from_bytes(fields[_STATUS], "little")
            if status != 0xFF00:
                return status, count


_PLAIN = (short(0x0700, 0), short(0x0800, 0))


def store_response(request: dict[int, bytes], status: int = 0) -> bytes:
    """Return the response to a C-STORE request."""
    return command(
        element(_SOP_CLASS, request[_SOP_CLASS]),
        short(_FIELD, 0x8001),
        element(_RESPONDED, request[_MESSAGE]),
        short(0x0800, 0x0101),
        short(_STATUS, status),
        element(_SOP_INSTANCE, request[_SOP_INSTANCE]),
    )


def _status(command_set: bytes) -> int:
    return int.from_bytes(told(command_set)[_STATUS], "little")


def _maximum_of(answer: bytes) -> int:
    """Return the maximum length that an A-ASSOCIATE-AC announces (PS3.8 D.1)."""
    for kind, body in _items(answer[68:]):
        if kind == 0x50:
            for inner, value in _items(body):
                if inner == 0x51:
                    return int.from_bytes(value, "big")
    return 16384


def _items(data: bytes) -> Iterator[tuple[int, bytes]]:
    at = 0
    while at + 4 <= len(data):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at], data[at + 4 : at + 4 + length]
        at += 4 + length


class Receiver:
    """A storage SCP that takes everything and keeps nothing; a thread for each association.

    Parameters
    ----------
    port : int
        Where it listens.
    """

    def __init__(self, port: int) -> None:
        self.count = 0
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(Connection(sock),), daemon=True).start()

    def _serve(self, peer: Connection) -> None:
        try:
            _, body = peer.pdu()
            peer.maximum = _maximum_of(body)
            peer.sock.sendall(_accepted(body))
            while True:
                context, message, _ = peer.message()
                self.count += 1
                peer.send(context, store_response(told(message)))
        except (ConnectionError, OSError, KeyError):
            with contextlib.suppress(OSError):
                peer.sock.sendall(_pdu(6, b"\0\0\0\0"))
            peer.sock.close()


def _accepted(request: bytes) -> bytes:
    """Return an A-ASSOCIATE-AC that takes the first transfer syntax of every context."""
    body = request[:68] + _item(0x10, b"1.2.840.10008.3.1.1.1")
    for kind, inside in _items(request[68:]):
        if kind == 0x20:
            syntax = next(value for one, value in _items(inside[4:]) if one == 0x40)
            body += _item(0x21, inside[:1] + b"\0\0\0" + _item(0x40, syntax))
    return _pdu(2, body + _item(0x50, _item(0x51, struct.pack(">L", _MAXIMUM)) + _item(0x52, b"1.2.3.4")))
