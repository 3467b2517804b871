"""A connection with a line in it: a `Stream` to the peer's own code, over the stream of the network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linacsim.faults.line import Line
from linacsim.faults.model import Armed
from linacsim.faults.when import RECEIVED, SENT
from linacsim.kernel.streams import WINDOW, Stream

if TYPE_CHECKING:
    from linacsim.kernel.places import Place


class _Network:
    """The end of a line that lies in the network."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    def deliver(self, data: bytes) -> None:
        """Send bytes; a connection that has gone takes none."""
        if not self._stream.closed and not self._stream.broken:
            self._stream.write(data)

    def end(self) -> None:
        """Send no more, and go on reading."""
        self._stream.send_end()

    def close(self) -> None:
        """Close."""
        self._stream.close()

    def reset(self) -> None:
        """Break the connection."""
        self._stream.reset()


class _Peer:
    """The end of a line that is the peer's own code."""

    def __init__(self, stream: FaultyStream) -> None:
        self._stream = stream

    def deliver(self, data: bytes) -> None:
        """Hand bytes over."""
        self._stream.feed(data)

    def end(self) -> None:
        """Tell the end."""
        self._stream.feed_eof()

    def close(self) -> None:
        """Take the connection away."""
        self._stream.feed_break("connection closed")

    def reset(self) -> None:
        """Break the connection."""
        self._stream.feed_break("connection reset")


class FaultyStream(Stream):
    """A stream whose bytes go through a line, both ways.

    Parameters
    ----------
    place : Place
        Where it ends.
    inner : Stream
        The network's.
    faults : list of Armed
        What is armed there.
    ordinal : int
        The connection's number at the place.
    opened : bool
        Whether the peer has opened it.
    """

    def __init__(self, place: Place, inner: Stream, faults: list[Armed], ordinal: int, *, opened: bool) -> None:
        super().__init__(inner.local, inner.remote)
        self.inner = inner
        self._was_full = False
        self.line = Line(place, faults, ordinal, _Peer(self), _Network(inner), opened=opened, on_room=self._has_room)
        inner.on_change, inner.on_room = self._arrived, self._has_room

    def begin(self) -> None:
        """Let faults of the connection strike, and take what has arrived already."""
        self.line.begin()
        self._arrived()

    def take_over(self) -> None:
        """Take what has arrived on a connection that has been open for a while."""
        self._arrived()

    @property
    def congested(self) -> bool:
        """Whether the peer, or the line, has fallen behind by more than the window."""
        self._was_full = self.line.ways[SENT].queued > WINDOW or self.inner.congested
        return self._was_full

    def write(self, data: bytes | memoryview) -> None:
        """Send `data`."""
        self._check_open()
        self.line.pour(SENT, bytes(data))

    def close(self) -> None:
        """Close; what was written is still sent, as soon as the line lets it."""
        if self.closed:
            return
        self.closed = self.line.is_over = True
        way = self.line.ways[SENT]
        if way.closed or self.line.is_dead:
            self.inner.close()
        else:
            self.line.end_with(SENT, self.inner.close)

    def reset(self) -> None:
        """Break the connection."""
        self.line.is_over = True
        self.inner.reset()
        self.feed_break("connection reset")

    def send_end(self) -> None:
        """Send no more."""
        self.line.end(SENT)

    def _taken(self, count: int) -> None:
        """Bytes are taken off the network when they come, up to the window."""

    def _arrived(self) -> None:
        inner, way = self.inner, self.line.ways[RECEIVED]
        if inner.waiting and way.queued <= WINDOW:
            self.line.pour(RECEIVED, bytes(inner.take(inner.waiting)))
        if inner.broken:
            self.line.is_over = True
            self.feed_break(inner.broken)
        elif inner.eof and not inner.waiting and not way.closed:
            self.line.end(RECEIVED)

    def _has_room(self) -> None:
        if self.inner.waiting:
            self._arrived()
        if self._was_full and not self.congested:
            self.on_room()
