"""The network of the live clock: TCP and TLS on asyncio."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from simpy.events import Event

from linacsim.kernel.streams import WINDOW, Accept, Stream
from linacsim.kernel.tasks import current_task
from linacsim.kernel.traffic import Address

if TYPE_CHECKING:
    import ssl

    from linacsim.kernel.live import LiveKernel
    from linacsim.kernel.places import Place

_BACKLOG = 512
_KNOCKS = 3
"""Connections that fill the queue of a listener nobody is let in at."""
_PARTS_AT_ONCE = 512
"""Parts that are handed to the operating system at once; it takes 1024 (IOV_MAX)."""
_LINGER = 10.0
"""Seconds that a peer may take to read the rest after we have closed: one that never reads must not keep it for ever."""
_TLS_HANDSHAKE = 10.0
"""Seconds a TLS handshake may take: a peer that opens a connection and says nothing must not hold it for ever."""


class TcpStream(Stream, asyncio.Protocol):
    """One end of a TCP connection; asyncio calls the protocol methods."""

    def __init__(self, network: TcpNetwork, accept: Accept | None = None) -> None:
        super().__init__(("", 0), ("", 0))
        self._network = network
        self._accept = accept
        self._transport: asyncio.Transport
        self._full = False
        self._paused = False
        self._recorded = True
        self._encrypted = False
        self._descriptor = -1

    @property
    def congested(self) -> bool:
        """Whether the operating system's and asyncio's send buffers are full."""
        return self._full

    # what asyncio calls

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take over a connection that is open."""
        self._transport = transport  # type: ignore[assignment]
        if self._network.is_closed:
            # it was on its way in when the bench closed
            self.closed = True
            self._transport.abort()
            return
        sock: socket.socket = transport.get_extra_info("socket")
        # without it Nagle and delayed ACK cost 40 ms an exchange
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.local = transport.get_extra_info("sockname")[:2]
        self.remote = (transport.get_extra_info("peername") or ("", 0))[:2]
        self._transport.set_write_buffer_limits(high=WINDOW)
        self._encrypted = transport.get_extra_info("sslcontext") is not None
        self._descriptor = sock.fileno()
        self._network.streams[self] = None
        if self._accept is not None:
            self._record("SYN", self.remote, self.local)
            self._network.kernel.enter(self._accept, self)
        else:
            # a connection within the bench is recorded once, at the end that accepts it
            self._recorded = not self._network.listens_at(self.remote)
            self._record("SYN", self.local, self.remote)

    def data_received(self, data: bytes) -> None:
        """Take in bytes."""
        self._record("DATA", self.remote, self.local, data)
        self._network.kernel.enter(self.feed, data)
        if self.waiting > max(WINDOW, self.wanted) and not self._paused and not self.closed:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> bool:
        """The peer sends no more; keep our side open, the association closes it (TLS knows no half-open state)."""
        self._record("FIN", self.remote, self.local)
        self._network.kernel.enter(self.feed_eof)
        return self._transport.get_extra_info("sslcontext") is None

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection is gone."""
        self._network.streams.pop(self, None)
        if exc is not None:
            self._record("RST", self.remote, self.local)
        self._network.kernel.enter(self.feed_break, str(exc) if exc else "connection closed")

    def pause_writing(self) -> None:
        """The send buffer is full."""
        self._full = True

    def resume_writing(self) -> None:
        """The send buffer has room."""
        self._full = False
        self._network.kernel.enter(self.on_room)

    # what the association calls

    def write(self, data: bytes | memoryview) -> None:
        """Send `data`."""
        self._check_open()
        self._record("DATA", self.local, self.remote, data)
        self._transport.write(data)

    def write_all(self, parts: list[bytes | memoryview]) -> None:
        """Send `parts` without putting them together, as far as the operating system takes them now."""
        recording = self._recorded and self._network.kernel.traffic.enabled
        plain = not (recording or self._encrypted or self._transport.is_closing())
        if len(parts) == 1 or not plain or self._transport.get_write_buffer_size():
            super().write_all(parts)
            return
        self._check_open()
        for rest in _write_now(self._descriptor, parts):
            self._transport.write(rest)

    def close(self) -> None:
        """Close; what was written is still sent."""
        if not self.closed:
            self.closed = True
            if not self.broken:
                self._record("FIN", self.local, self.remote)
                self._transport.close()
                if self._transport.get_write_buffer_size():
                    self._network.kernel.loop.call_later(_LINGER, self._transport.abort)

    def send_end(self) -> None:
        """Send no more; the peer reads the end after the last byte."""
        if not self.closed and not self.broken and self._transport.can_write_eof():
            self._record("FIN", self.local, self.remote)
            self._transport.write_eof()

    def reset(self) -> None:
        """Break the connection with an RST."""
        self.closed = True
        if not self.broken:
            self._record("RST", self.local, self.remote)
            sock = self._transport.get_extra_info("socket")
            with contextlib.suppress(OSError):
                # lingering for 0 s makes the close an RST
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
            self._transport.abort()

    def drop(self) -> None:
        """Break the connection without a word: the bench closes."""
        self.closed = True
        self._transport.abort()

    def _taken(self, count: int) -> None:
        if self._paused and self.waiting <= max(WINDOW // 2, self.wanted) and not self._transport.is_closing():
            self._paused = False
            self._transport.resume_reading()

    def _record(self, kind: str, source: Address, target: Address, data: bytes | memoryview = b"") -> None:
        kernel = self._network.kernel
        if self._recorded and kernel.traffic.enabled:
            kernel.traffic.add(kernel.now, source, target, kind, bytes(data))  # type: ignore[arg-type]


class TcpListener:
    """A listening socket; accepting starts as soon as the loop turns."""

    def __init__(
        self, network: TcpNetwork, place: Place, sock: socket.socket, accept: Accept, tls: ssl.SSLContext | None
    ) -> None:
        self.address: Address = sock.getsockname()[:2]
        self._network = network
        self._place = place
        self._sock = sock
        self._accept = accept
        self._server: asyncio.Server | None = None
        self._open = True
        self._tls = tls
        self._waiting: list[socket.socket] = []
        self._greeting = b""
        self._is_shut = self._has_queue = False

    async def serve(self, tls: ssl.SSLContext | None) -> None:
        """Accept connections from now on."""
        options: dict[str, Any] = {"ssl": tls, "ssl_handshake_timeout": _TLS_HANDSHAKE} if tls is not None else {}
        self._server = await self._network.kernel.loop.create_server(
            lambda: TcpStream(self._network, self._take), sock=self._sock, backlog=_BACKLOG, **options
        )
        if not self._open:
            self._server.close()

    def close(self) -> None:
        """Accept no more connections."""
        self._open = False
        self._network.listeners.pop(self, None)
        self._close_sockets()

    def end(self) -> None:
        """Accept no more connections, but let those in that have been accepted a moment ago: the bench closes, and breaks them.

        asyncio makes their transports in its next turn, and one that belongs to a closed server is never closed itself.
        """
        if self._server is None:
            self.close()
            return
        loop = self._network.kernel.loop
        for sock in self._server.sockets:
            loop.remove_reader(sock.fileno())
        self._open = False
        self._network.listeners.pop(self, None)
        loop.call_soon(self._close_sockets)

    def _close_sockets(self) -> None:
        if self._server is not None:
            self._server.close()
        else:
            self._sock.close()
        for each in self._waiting:
            each.close()
        self._waiting.clear()

    def shut(self, *, silently: bool, backlog: int = 0) -> None:
        """Refuse connections until `reopen`, or leave them without an answer.

        The operating system drops the connection requests to a listener whose queue is full and which nobody empties: it gets
        a queue of one, and connections of our own fill it, or one that the first `backlog` callers fill.
        """
        self._is_shut, self._has_queue = True, bool(backlog)
        self._close_sockets()
        if silently:
            self._sock, self._server = _bound(self.address), None
            # the queue holds one more than is asked for
            self._sock.listen(max(0, backlog - 1))
            self._waiting = [] if backlog else [_knocking(self.address) for _ in range(_KNOCKS)]

    def reopen(self) -> None:
        """Accept connections again, at the same port; first those that have been waiting in the queue."""
        if not self._open or not self._is_shut:
            return
        self._is_shut, self._greeting = False, b""
        if not self._has_queue:
            self._close_sockets()
            self._sock, self._server = _bound(self.address), None
            self._sock.listen(_BACKLOG)
        self._network.start(self.serve(self._tls))

    def serve_otherwise(self, tls: ssl.SSLContext | None, greeting: bytes) -> None:
        """Serve with other TLS, or none, until `reopen`; or say nothing but `greeting` to each caller."""
        self._is_shut, self._has_queue, self._greeting = True, False, greeting
        self._close_sockets()
        self._sock, self._server = _bound(self.address), None
        self._sock.listen(_BACKLOG)
        self._network.start(self.serve(tls))

    def _take(self, stream: Stream) -> None:
        if not self._greeting:
            self._accept(stream)
            return
        stream.write(self._greeting)
        stream.close()


class TcpNetwork:
    """Real sockets, all on the kernel's loop."""

    def __init__(self, kernel: LiveKernel) -> None:
        self.kernel = kernel
        self.streams: dict[TcpStream, None] = {}
        self.listeners: dict[TcpListener, None] = {}
        self.is_closed = False
        self._starting: set[asyncio.Task[None]] = set()

    def listen(self, place: Place, address: Address, accept: Accept, tls: ssl.SSLContext | None) -> TcpListener:
        """Bind at once (so that an address in use is known now) and accept when the loop turns."""
        sock = _bound(address)
        try:
            sock.listen(_BACKLOG)
        except OSError:
            sock.close()
            raise
        listener = TcpListener(self, place, sock, accept, tls)
        self.listeners[listener] = None
        self.start(listener.serve(tls))
        return listener

    def start(self, serving: Coroutine[Any, Any, None]) -> None:
        """Let a listener start to accept when the loop turns."""
        starting = self.kernel.loop.create_task(serving)
        self._starting.add(starting)
        starting.add_done_callback(self._starting.discard)

    def connect(
        self, place: Place, target: Address, timeout: int | None, tls: tuple[ssl.SSLContext, str | None] | None
    ) -> Stream:
        """Connect while the calling task waits."""
        task = current_task()
        if task is None:
            raise RuntimeError("only a task can connect on the bench's network")
        answer = Event(self.kernel.env)
        attempt = self.kernel.loop.create_task(self._attempt(target, tls))
        # looked at here, at once: a kernel that has been closed meanwhile never comes to it, and asyncio complains
        attempt.add_done_callback(lambda ended: self.kernel.enter(_settle, answer, _outcome_of(ended)))
        if not self.kernel.wait(answer, f"a connection to {target[0]}:{target[1]}", timeout):
            attempt.cancel()
            raise TimeoutError(110, f"connection to {target[0]}:{target[1]} timed out")
        outcome: Any = answer.value
        if isinstance(outcome, ConnectionRefusedError):
            # in the words of the virtual network, not in asyncio's
            raise ConnectionRefusedError(111, f"connection to {target[0]}:{target[1]} refused") from outcome
        if isinstance(outcome, BaseException):
            raise outcome
        stream: Stream = outcome
        return stream

    async def _attempt(self, target: Address, tls: tuple[ssl.SSLContext, str | None] | None) -> Stream:
        options: dict[str, Any] = {}
        if tls is not None:
            options = {"ssl": tls[0], "server_hostname": tls[1] or "", "ssl_handshake_timeout": _TLS_HANDSHAKE}
        _transport, stream = await self.kernel.loop.create_connection(
            lambda: TcpStream(self), target[0], target[1], **options
        )
        return stream

    def listens_at(self, address: Address) -> bool:
        """Whether a listener of the bench is at `address`."""
        return any(listener.address == address for listener in self.listeners)

    def close(self) -> None:
        """Close all listeners and break what is still open."""
        self.is_closed = True
        for listener in list(self.listeners):
            listener.end()
        for stream in list(self.streams):
            stream.drop()


def _bound(address: Address) -> socket.socket:
    """Return a socket that has the address."""
    sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((address[0], address[1]))
    except OSError:
        sock.close()
        raise
    return sock


def _knocking(address: Address) -> socket.socket:
    """Return a connection attempt of our own; nobody waits for its end."""
    sock = socket.socket(socket.AF_INET6 if ":" in address[0] else socket.AF_INET, socket.SOCK_STREAM)
    sock.settimeout(0)
    sock.connect_ex(address)
    return sock


def _write_now(descriptor: int, parts: list[bytes | memoryview]) -> list[bytes | memoryview]:
    """Let the operating system take as many bytes of `parts` as it will; return the others."""
    if len(parts) > _PARTS_AT_ONCE:
        return [b"".join(parts)]
    try:
        taken = os.writev(descriptor, parts)
    except OSError:
        # it takes none now, or the connection has gone: the transport knows what to do about either
        return parts
    for ordinal, part in enumerate(parts):
        if taken < len(part):
            return [memoryview(part)[taken:], *parts[ordinal + 1 :]]
        taken -= len(part)
    return []


def _outcome_of(ended: asyncio.Task[Stream]) -> Stream | BaseException | None:
    return None if ended.cancelled() else ended.exception() or ended.result()


def _settle(answer: Event, outcome: Stream | BaseException | None) -> None:
    if outcome is not None:
        answer.succeed(outcome)
