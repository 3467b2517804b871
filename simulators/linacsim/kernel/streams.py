"""Byte streams: what a TCP connection is to the bench, on either clock.

A stream never loses bytes in its middle: it delivers all of them in order, then an end (``eof``) or a break
(``broken``). Its sending side says when the peer has fallen behind (``congested``).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from linacsim.kernel.traffic import Address

if TYPE_CHECKING:
    import ssl

    from linacsim.kernel.places import Place

WINDOW = 1 << 20
"""Bytes that may wait between a sender and a reader before the sender is told to wait."""


_PIECES_MOST = 1024
"""Pieces that are kept apart: a peer may send its bytes one by one."""


class Stream(ABC):
    """One end of a connection.

    Attributes
    ----------
    local, remote : tuple of (str, int)
        The two addresses.
    buffer : bytearray
        Bytes that have arrived and not been taken yet.
    waiting : int
        How many those are.
    wanted : int
        How many the reader has to see at once before it can take any.
    eof : bool
        The peer sends no more.
    broken : str
        Why the connection is gone, empty while it is not.
    on_change : callable
        Called whenever bytes, an end or a break have come.
    on_room : callable
        Called when there is room for sending again; does what `on_change` does unless set otherwise.

    What arrives is kept in the pieces in which it came until somebody looks at the `buffer`; `head` and `cut` do without
    putting them together.
    """

    def __init__(self, local: Address, remote: Address) -> None:
        self.local = local
        self.remote = remote
        self._pieces: list[bytes | memoryview] = []
        self.waiting = 0
        self.wanted = 0
        self.eof = False
        self.broken = ""
        self.closed = False
        self.deaf = False
        self.on_change: Callable[[], None] = _nobody
        self.on_room: Callable[[], None] = self._room
        self._buffer = bytearray()

    @property
    def buffer(self) -> bytearray:
        """All bytes that have arrived and not been taken, in one piece."""
        if self._pieces:
            self._put_together()
        return self._buffer

    def _put_together(self) -> None:
        for piece in self._pieces:
            self._buffer += piece
        self._pieces.clear()

    def head(self, count: int) -> bytes | memoryview:
        """Return up to `count` of the bytes that have arrived first; they stay."""
        if self._buffer:
            return bytes(self._buffer[:count]) if len(self._buffer) >= count else bytes(self.buffer[:count])
        first: bytes | memoryview = b""
        for piece in self._pieces:
            first = b"".join((first, piece)) if first else piece
            if len(first) >= count:
                break
        return first[:count]

    def cut(self, count: int) -> list[memoryview]:
        """Take `count` bytes, which have arrived, in the pieces in which they came."""
        if self._buffer:
            self._pieces.insert(0, bytes(self._buffer))
            self._buffer = bytearray()
        pieces, found, left = self._pieces, [], count
        while left:
            piece = memoryview(pieces[0])
            if len(piece) > left:
                pieces[0] = piece[left:]
                piece = piece[:left]
            else:
                del pieces[0]
            found.append(piece)
            left -= len(piece)
        self.waiting -= count
        self._taken(count)
        return found

    def feed(self, data: bytes) -> None:
        """Take in bytes from the network."""
        if self.closed:
            return
        if self.deaf:
            self._taken(len(data))
        else:
            self._pieces.append(data)
            self.waiting += len(data)
            if len(self._pieces) > _PIECES_MOST:
                self._put_together()
        self.on_change()

    def feed_eof(self) -> None:
        """The peer has closed its sending side."""
        if not self.eof:
            self.eof = True
            self.on_change()

    def feed_break(self, why: str) -> None:
        """The connection is gone."""
        if not self.broken:
            self.broken = why
            self.eof = True
            self.on_change()

    def take(self, count: int) -> bytearray:
        """Return and remove up to `count` bytes."""
        buffer = self.buffer
        if count >= len(buffer):
            data, self._buffer = buffer, bytearray()
        else:
            data = buffer[:count]
            del buffer[:count]
        self.waiting -= len(data)
        self._taken(len(data))
        return data

    def ignore_input(self) -> None:
        """Throw away what has arrived and all that will: after an invalid PDU nothing makes sense any more."""
        self.deaf = True
        self.forget()

    def forget(self) -> None:
        """Throw away what has arrived."""
        self._pieces.clear()
        self._buffer = bytearray()
        dropped, self.waiting = self.waiting, 0
        self._taken(dropped)

    @property
    @abstractmethod
    def congested(self) -> bool:
        """Whether the peer has fallen behind by more than the window."""

    @abstractmethod
    def write(self, data: bytes | memoryview) -> None:
        """Send `data`.

        Raises
        ------
        OSError
            If the connection is closed or broken.
        """

    def write_all(self, parts: list[bytes | memoryview]) -> None:
        """Send `parts` one after the other, in one go.

        Raises
        ------
        OSError
            If the connection is closed or broken.
        """
        self.write(parts[0] if len(parts) == 1 else b"".join(parts))

    @abstractmethod
    def close(self) -> None:
        """Close both directions in good order; what was written still arrives."""

    @abstractmethod
    def send_end(self) -> None:
        """Send no more (TCP FIN) and go on reading; what was written still arrives."""

    @abstractmethod
    def reset(self) -> None:
        """Break the connection (TCP RST)."""

    @abstractmethod
    def _taken(self, count: int) -> None:
        """Room for `count` more bytes has become free."""

    def _room(self) -> None:
        self.on_change()

    def _check_open(self) -> None:
        if self.broken:
            raise ConnectionResetError(self.broken)
        if self.closed:
            raise BrokenPipeError("the stream is closed")


class Listener(Protocol):
    """Something that accepts connections at an address until it is closed."""

    address: Address

    def close(self) -> None:
        """Accept no more connections; open ones stay."""

    def shut(self, *, silently: bool, backlog: int = 0) -> None:
        """Refuse connections until `reopen`, or leave them without an answer; open ones stay.

        The first `backlog` of those that are left without an answer are open, and are served after `reopen`.
        """

    def reopen(self) -> None:
        """Accept connections again, at the same address."""

    def serve_otherwise(self, tls: ssl.SSLContext | None, greeting: bytes) -> None:
        """Serve with other TLS, or none, until `reopen`; or say nothing but `greeting` to each caller."""


Accept = Callable[[Stream], None]
"""Called for each accepted connection, outside of a task."""


class Network(Protocol):
    """How streams come to be; one virtual and one live network stand side by side."""

    def listen(self, place: Place, address: Address, accept: Accept, tls: ssl.SSLContext | None) -> Listener:
        """Listen at `address` on behalf of `place`.

        Raises
        ------
        OSError
            If the address cannot be had.
        """

    def connect(
        self, place: Place, target: Address, timeout: int | None, tls: tuple[ssl.SSLContext, str | None] | None
    ) -> Stream:
        """Connect from `place` to `target`; blocks the calling task for at most `timeout` microseconds.

        Raises
        ------
        OSError
            If nobody answers (`TimeoutError`) or the connection is refused.
        """


def _nobody() -> None:
    return None
