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


class Stream(ABC):
    """One end of a connection.

    Attributes
    ----------
    local, remote : tuple of (str, int)
        The two addresses.
    buffer : bytearray
        Bytes that have arrived and not been taken yet.
    eof : bool
        The peer sends no more.
    broken : str
        Why the connection is gone, empty while it is not.
    on_change : callable
        Called whenever bytes, an end, a break or room for sending have come.
    """

    def __init__(self, local: Address, remote: Address) -> None:
        self.local = local
        self.remote = remote
        self.buffer = bytearray()
        self.eof = False
        self.broken = ""
        self.closed = False
        self.deaf = False
        self.on_change: Callable[[], None] = _nobody

    def feed(self, data: bytes) -> None:
        """Take in bytes from the network."""
        if self.closed:
            return
        if self.deaf:
            self._taken(len(data))
        else:
            self.buffer += data
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
        if count >= len(self.buffer):
            data, self.buffer = self.buffer, bytearray()
        else:
            data = self.buffer[:count]
            del self.buffer[:count]
        self._taken(len(data))
        return data

    def skip(self, count: int) -> None:
        """Remove `count` bytes that have been looked at in place."""
        del self.buffer[:count]
        self._taken(count)

    def ignore_input(self) -> None:
        """Throw away what has arrived and all that will: after an invalid PDU nothing makes sense any more."""
        self.deaf = True
        dropped, self.buffer = len(self.buffer), bytearray()
        self._taken(dropped)

    @property
    @abstractmethod
    def congested(self) -> bool:
        """Whether the peer has fallen behind by more than the window."""

    @abstractmethod
    def write(self, data: bytes) -> None:
        """Send `data`.

        Raises
        ------
        OSError
            If the connection is closed or broken.
        """

    @abstractmethod
    def close(self) -> None:
        """Close both directions in good order; what was written still arrives."""

    @abstractmethod
    def reset(self) -> None:
        """Break the connection (TCP RST)."""

    @abstractmethod
    def _taken(self, count: int) -> None:
        """Room for `count` more bytes has become free."""

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
