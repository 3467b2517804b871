"""pynetdicom's association socket over a byte stream of the bench."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pynetdicom import evt
from pynetdicom.transport import AddressInformation, AssociationSocket

from linacsim.kernel.border.lean import HEADER, UNLIMITED
from linacsim.kernel.streams import Stream
from linacsim.kernel.tasks import Task, current_task
from linacsim.kernel.traffic import Address
from linacsim.kernel.units import SECOND

if TYPE_CHECKING:
    from linacsim.kernel.border.links import Link

LOGGER = logging.getLogger("linacsim.kernel.border")

ASSOCIATE_LIMIT = 1 << 20
"""Bytes of an A-ASSOCIATE-RQ or -AC that are believed: 128 contexts with all transfer syntaxes need a twentieth of it."""

_ASSOCIATE = (0x01, 0x02)
_P_DATA = 0x04
_FIXED = (0x03, 0x05, 0x06, 0x07)
_FIXED_LENGTH = 4


class StreamSocket:
    """Enough of ``socket.socket`` for pynetdicom's ``connect`` and shutdown to run unmodified."""

    def __init__(self, link: Link, stream: Stream | None = None) -> None:
        self.link = link
        self.tls: tuple[ssl.SSLContext, str | None] | None = None
        self._timeout: float | None = None
        self._stream = stream
        if stream is not None:
            self._heed(stream)

    def _heed(self, stream: Stream) -> None:
        stream.on_change, stream.on_room = self.link.passage.arrived, self.link.wake.notify

    @property
    def connected(self) -> Stream | None:
        """The connection, if there is one yet."""
        return self._stream

    @property
    def stream(self) -> Stream:
        """The connection."""
        if self._stream is None:
            raise OSError("the socket is not connected")
        return self._stream

    def settimeout(self, value: float | None) -> None:
        """Set the time that `connect` may take, in seconds."""
        self._timeout = value

    def connect(self, address: tuple[Any, ...]) -> None:
        """Connect to `address`; the calling task waits."""
        place = self.link.place
        limit = None if self._timeout is None else round(self._timeout * SECOND)
        try:
            self._stream = place.connect((address[0], address[1]), limit, self.tls)
        except OSError as exc:
            place.log("connection-failed", error=exc.strerror or str(exc), assoc=self.link.ordinal)
            raise
        self._heed(self._stream)
        if self._stream.waiting or self._stream.eof:
            self.link.wake.notify()

    def interpose(self, between: Callable[[Stream], Stream]) -> None:
        """Put a stream between this socket and the connection that it has."""
        if self._stream is not None:
            self._stream = between(self._stream)
            self._heed(self._stream)

    def getsockname(self) -> Address:
        """Return the local address."""
        return self.stream.local

    def shutdown(self, _how: int) -> None:
        """Close both directions."""
        self.stream.close()

    def close(self) -> None:
        """Close."""
        if self._stream is not None:
            self._stream.close()


class BenchSocket(AssociationSocket):
    """An association socket whose waiting and reading go through a `Stream`.

    It is ready only when a whole PDU has arrived, so reading never blocks the upper layer's loop and ARTIM keeps being
    looked at while half a PDU lies there. A PDU that claims more than it may is invalid at its header, before a byte of
    it is stored.
    """

    _told = False

    def _create_socket(self, address: AddressInformation) -> Any:
        self._is_connected = False
        return StreamSocket(self._link)

    @property
    def _link(self) -> Link:
        link: Link = self.assoc.bench_link  # type: ignore[attr-defined]
        return link

    @property
    def tls_args(self) -> None:
        """Always ``None``: TLS is the network's business, not that of a wrapped socket."""
        return None

    @tls_args.setter
    def tls_args(self, value: tuple[ssl.SSLContext, str] | None) -> None:
        if value is not None and self.socket is not None:
            self.socket.tls = value  # type: ignore[attr-defined]

    @property
    def ready(self) -> bool:
        """Whether a whole PDU, or the end of the stream, can be read."""
        if self.socket is None or not self._is_connected:
            return False
        stream: Stream = self.socket.stream  # type: ignore[attr-defined]
        if stream.broken and not stream.waiting:
            return self._lost()
        if stream.waiting < HEADER:
            return stream.eof
        head = stream.head(HEADER)
        pdu_type, length = head[0], int.from_bytes(head[2:HEADER], "big")
        complaint = self._complaint(pdu_type, length)
        if complaint:
            return self._refuse(stream, pdu_type, length, complaint)
        stream.wanted = HEADER + length
        return stream.eof or stream.waiting >= stream.wanted

    def _lost(self) -> bool:
        if not self._told:
            self._told = True
            # Evt17: transport connection closed
            self.event_queue.put("Evt17")
        return False

    def _complaint(self, pdu_type: int, length: int) -> str:
        if pdu_type in _ASSOCIATE:
            return "" if length <= ASSOCIATE_LIMIT else f"more than {ASSOCIATE_LIMIT} bytes"
        if pdu_type == _P_DATA:
            limit = self._link.maximum_length or UNLIMITED
            return "" if length <= limit else f"more than the maximum length of {limit} bytes"
        if pdu_type in _FIXED:
            return "" if length == _FIXED_LENGTH else f"not {_FIXED_LENGTH} bytes"
        return "unrecognised PDU type"

    def _refuse(self, stream: Stream, pdu_type: int, length: int, complaint: str) -> bool:
        stream.ignore_input()
        self._link.log("invalid-PDU", pdu_type=pdu_type, length=length, complaint=complaint)
        # Evt19: unrecognised or invalid PDU received
        self.event_queue.put("Evt19")
        return False

    def recv(self, nr_bytes: int) -> bytearray:
        """Return up to `nr_bytes` bytes of what has arrived."""
        stream: Stream = self.socket.stream  # type: ignore[union-attr]
        return stream.take(nr_bytes)

    def send(self, bytestream: bytes) -> None:
        """Send `bytestream`, waiting while the peer has fallen behind."""
        try:
            self.write_all([bytestream])
        except (OSError, AttributeError):
            # Evt17: transport connection closed
            self.event_queue.put("Evt17")
            return
        evt.trigger(self.assoc, evt.EVT_DATA_SENT, {"data": bytestream})

    def write_all(self, parts: list[bytes | memoryview]) -> None:
        """Send `parts`, waiting while the peer has fallen behind.

        Raises
        ------
        OSError
            If the connection has gone, or the peer does not read within the network timeout.
        """
        stream: Stream = self.socket.stream  # type: ignore[union-attr]
        stream.write_all(parts)
        if stream.congested:
            self._drain(stream)

    def _drain(self, stream: Stream) -> None:
        task = current_task()
        if not isinstance(task, Task):
            return
        limit = self.assoc.network_timeout
        deadline = None if limit is None else task.kernel.now + round(limit * SECOND)
        while stream.congested and not stream.broken and not self.assoc._kill:
            left = None if deadline is None else deadline - task.kernel.now
            if left is not None and left <= 0:
                raise TimeoutError(110, "the peer does not read")
            self._link.wake.wait(task, "the peer to read what was sent", left)
