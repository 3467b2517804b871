"""A line between two systems that are not the bench's: what comes in at one end goes out at the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linacsim.faults.line import Line
from linacsim.faults.model import ACCEPTOR, CONNECTION, REQUESTOR, WORDS, Armed, occasion
from linacsim.faults.when import RECEIVED, SENT, Conditions
from linacsim.kernel.streams import WINDOW, Stream

if TYPE_CHECKING:
    from linacsim.kernel.core import Kernel

SIDES = (REQUESTOR, ACCEPTOR)
"""Who misbehaves: the side that opens the connection, or the one that accepts it."""


class _Socket:
    """An end of a line that is a connection of the network."""

    def __init__(self, stream: Stream) -> None:
        self.stream = stream

    def deliver(self, data: bytes) -> None:
        """Send bytes; a connection that has gone takes none."""
        if not self.stream.closed and not self.stream.broken:
            self.stream.write(data)

    def end(self) -> None:
        """Send no more."""
        self.stream.send_end()

    def close(self) -> None:
        """Close."""
        self.stream.close()

    def reset(self) -> None:
        """Break the connection."""
        self.stream.reset()


class Relay:
    """Two connections made into one.

    Parameters
    ----------
    kernel : Kernel
        Whose.
    requestor, acceptor : Stream
        The connection that has come in, and the one that has been opened for it.
    faults : mapping of str to list of Armed
        By side: what that side does wrong.
    ordinal : int
        The connection's number.

    A side's *sent* is what it sends to the other. Each side has a line of its own, one behind the other.
    """

    def __init__(
        self, kernel: Kernel, requestor: Stream, acceptor: Stream, faults: dict[str, list[Armed]], ordinal: int
    ) -> None:
        self._streams = (requestor, acceptor)
        joint = _Joint()
        self.first = Line(
            kernel.place(REQUESTOR),
            faults[REQUESTOR],
            ordinal,
            _Socket(requestor),
            joint.towards_acceptor,
            opened=True,
            on_room=self._look,
        )
        self.second = Line(
            kernel.place(ACCEPTOR),
            faults[ACCEPTOR],
            ordinal,
            _Socket(acceptor),
            joint.towards_requestor,
            opened=False,
            on_room=self._look,
        )
        joint.join(self.first, self.second)
        requestor.on_change = acceptor.on_change = self._look
        requestor.on_room = acceptor.on_room = self._look

    def begin(self) -> None:
        """Let what has come go on."""
        self.first.begin()
        self.second.begin()
        self._look()

    @property
    def is_over(self) -> bool:
        """Whether both connections have gone."""
        return all(stream.broken or stream.closed for stream in self._streams)

    def _look(self) -> None:
        for stream, other, line in zip(self._streams, self._streams[::-1], (self.first, self.second), strict=True):
            if line.is_over:
                continue
            way = line.ways[SENT]
            if stream.waiting and way.queued <= WINDOW and not other.congested:
                line.pour(SENT, bytes(stream.take(stream.waiting)))
            if stream.broken:
                line.is_over = True
                if not other.broken:
                    self._gone(other, stream.broken)
            elif stream.eof and not stream.waiting and not way.closed:
                line.end(SENT)
        if all(stream.eof for stream in self._streams) and not any(
            way.queued for line in (self.first, self.second) for way in line.ways.values()
        ):
            for stream in self._streams:
                stream.close()

    @staticmethod
    def _gone(stream: Stream, why: str) -> None:
        """The other side has gone: so does this one, in the same manner."""
        if "reset" in why:
            stream.reset()
        else:
            stream.close()


class _Entry:
    """The way into the next line."""

    def __init__(self) -> None:
        self.line: Line | None = None

    def deliver(self, data: bytes) -> None:
        """Hand bytes on."""
        if self.line is not None:
            self.line.pour(RECEIVED, data)

    def end(self) -> None:
        """Hand the end on."""
        if self.line is not None:
            self.line.end(RECEIVED)

    def close(self) -> None:
        """Close the other side."""
        if self.line is not None:
            self.line.near.close()

    def reset(self) -> None:
        """Break the other side."""
        if self.line is not None:
            self.line.near.reset()


class _Joint:
    """Where the lines of both sides meet."""

    def __init__(self) -> None:
        self.towards_acceptor, self.towards_requestor = _Entry(), _Entry()

    def join(self, first: Line, second: Line) -> None:
        """Let either line deliver into the other."""
        self.towards_acceptor.line, self.towards_requestor.line = second, first


def for_a_line(fault: Armed) -> Armed:
    """Return a fault that a peer would have done itself as one that its line does.

    A peer that does not answer a C-STORE-RQ is a line on which no C-STORE-RSP is sent.
    """
    if not fault.is_served:
        return fault
    events, way = WORDS[fault.do].events, WORDS[fault.do].way
    on = fault.on
    if on.endswith("-RQ") and on not in ("A-ASSOCIATE-RQ", "A-RELEASE-RQ"):
        on, way = f"{on[:-3]}-RSP", SENT
    elif on != CONNECTION:
        way = RECEIVED
    given = {name: getattr(fault.conditions, name) for name in Conditions.model_fields}
    conditions = Conditions(**{**given, "way": way or SENT})
    occasion(fault.do, on if on in events else "", way=way)
    return Armed(
        do=fault.do, on=on, when=fault.when, conditions=conditions, parameters=fault.parameters, text=fault.text,
        ordinal=fault.ordinal,
    )  # fmt: skip
