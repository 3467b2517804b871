"""What went over the bench's network, byte for byte: the source of ``traffic.pcap``."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Address = tuple[str, int]
"""An IPv4 address and a TCP port."""

Kind = Literal["SYN", "DATA", "FIN", "RST"]


@dataclass(frozen=True, slots=True)
class Segment:
    """One step of a byte stream between two addresses.

    Attributes
    ----------
    t : int
        Microseconds since the start of the run, at the moment the bytes reach `target`.
    source, target : tuple of (str, int)
        Who sent it and who gets it.
    kind : str
        ``SYN`` opens the connection (`source` connects to `target`), ``DATA`` carries bytes, ``FIN`` says that
        `source` sends no more, ``RST`` resets the connection.
    data : bytes
        The bytes of a ``DATA`` step, of any length; empty otherwise.
    """

    t: int
    source: Address
    target: Address
    kind: Kind
    data: bytes = b""


MOST = 1 << 29
"""Bytes that are kept of a run; who sends without an end must not fill the memory."""


@dataclass(slots=True)
class Traffic:
    """The segments of a run in the order in which they happened."""

    segments: list[Segment] = field(default_factory=list)
    enabled: bool = True
    """A bench that serves for days records no traffic."""
    most: int = MOST
    kept: int = 0
    left_out: int = 0
    """Bytes: how many are kept at most, how many are, and how many have come since."""

    def add(self, t: int, source: Address, target: Address, kind: Kind, data: bytes = b"") -> None:
        """Record one segment, unless recording is off."""
        if not self.enabled:
            return
        if data and (self.left_out or self.kept + len(data) > self.most):
            # from here on nothing: a stream with a hole in it would be read wrongly
            self.left_out += len(data)
            return
        self.kept += len(data)
        self.segments.append(Segment(t, source, target, kind, data))
