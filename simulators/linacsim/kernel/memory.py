"""The network of the virtual clock: byte streams in memory, with latency.

Every peer is a machine of its own. Loopback and wildcard addresses mean "the machine of the task that asks".
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from typing import TYPE_CHECKING

from simpy.events import Timeout

from linacsim.errors import InputError
from linacsim.kernel.streams import WINDOW, Accept, Stream
from linacsim.kernel.tasks import Task, current_task
from linacsim.kernel.traffic import Address
from linacsim.kernel.units import SECOND

if TYPE_CHECKING:
    import ssl

    from linacsim.kernel.core import Kernel
    from linacsim.kernel.places import Place

LATENCY = 200
"""Microseconds that bytes need from one machine to another: a quiet hospital network."""
SPREAD = 50
"""How far the latency of a connection may lie off that, drawn from the seed: no two networks are alike."""

_SYN_PATIENCE = 127 * SECOND
"""How long a connection attempt to a silent host lasts: Linux gives up after six SYN retries."""
_SYN_AGAIN = SECOND
"""When a connection request is sent again for the first time; then after twice as long each time."""
_FIRST_EPHEMERAL = 49152


class MemoryStream(Stream):
    """One end of a connection in memory."""

    def __init__(self, network: MemoryNetwork, local: Address, remote: Address, latency: int) -> None:
        super().__init__(local, remote)
        self._network = network
        self._latency = latency
        self._twin: MemoryStream
        self._in_flight = 0

    @classmethod
    def pair(
        cls, network: MemoryNetwork, near: Address, far: Address, latency: int = LATENCY
    ) -> tuple[MemoryStream, MemoryStream]:
        """Return the two ends of a new connection."""
        here, there = cls(network, near, far, latency), cls(network, far, near, latency)
        here._twin, there._twin = there, here
        return here, there

    @property
    def congested(self) -> bool:
        """Whether the bytes under way or not yet read by the peer exceed the window."""
        return self._in_flight > WINDOW

    def write(self, data: bytes | memoryview) -> None:
        """Send `data`; it arrives one latency later."""
        self._check_open()
        payload = bytes(data)
        self._in_flight += len(payload)
        self._later(lambda: self._arrive(payload))

    def close(self) -> None:
        """Close; the peer reads the end after the last byte."""
        if self.closed or self.broken:
            self.closed = True
            return
        self.closed = True
        # nobody reads any more what lies here; the writer must not wait for that
        self.forget()
        self._later(self._arrive_end)

    def send_end(self) -> None:
        """Send no more; the peer reads the end after the last byte."""
        if not self.closed and not self.broken:
            self._later(self._arrive_end)

    def reset(self) -> None:
        """Break the connection; the peer sees it one latency later."""
        if not self.broken:
            self.feed_break("connection reset")
            self._later(self._arrive_reset)

    def _later(self, what: Callable[[], None]) -> None:
        timeout = Timeout(self._network.kernel.env, self._latency)
        timeout.callbacks.append(lambda _event: what())

    def _arrive(self, payload: bytes) -> None:
        self._record("DATA", payload)
        if self._twin.closed:
            self.taken_by_twin(len(payload))
        self._twin.feed(payload)

    def _arrive_end(self) -> None:
        self._record("FIN")
        self._twin.feed_eof()

    def _arrive_reset(self) -> None:
        self._record("RST")
        self._twin.feed_break("connection reset by peer")

    def _record(self, kind: str, data: bytes = b"") -> None:
        kernel = self._network.kernel
        kernel.traffic.add(kernel.now, self.local, self.remote, kind, data)  # type: ignore[arg-type]

    def _taken(self, count: int) -> None:
        self._twin.taken_by_twin(count)

    def taken_by_twin(self, count: int) -> None:
        """The other end has taken `count` bytes: they are no longer under way."""
        was = self.congested
        self._in_flight -= count
        if was and not self.congested:
            self.on_room()


class MemoryListener:
    """A listening address of the virtual network."""

    def __init__(self, network: MemoryNetwork, place: Place, address: Address, accept: Accept) -> None:
        self.address = address
        self.place = place
        self.accept = accept
        self.is_silent = False
        self.backlog = 0
        self._queue: list[Stream] = []
        self._network = network
        self._open = True

    def close(self) -> None:
        """Accept no more connections."""
        self._open = False
        self._network.listeners.pop(self.address, None)

    def shut(self, *, silently: bool, backlog: int = 0) -> None:
        """Refuse connections until `reopen`, or leave them without an answer but for the first `backlog`."""
        self.is_silent, self.backlog = silently, backlog
        if not silently:
            self._network.listeners.pop(self.address, None)

    def reopen(self) -> None:
        """Accept connections again, first those that have been waiting in the queue."""
        self.is_silent, self.backlog = False, 0
        waiting, self._queue = self._queue, []
        if self._open:
            self._network.listeners[self.address] = self
            for stream in waiting:
                self.accept(stream)

    def serve_otherwise(self, tls: ssl.SSLContext | None, greeting: bytes) -> None:
        """There is no TLS here that could be another one."""
        raise _no_tls()

    def take(self, stream: Stream) -> None:
        """Take a connection: it is served, or waits in the queue."""
        if self.is_silent:
            self._queue.append(stream)
        else:
            self.accept(stream)

    @property
    def answers(self) -> bool:
        """Whether a connection request is answered now."""
        return not self.is_silent or len(self._queue) < self.backlog


class MemoryNetwork:
    """All machines of a virtual bench and the wires between them.

    Attributes
    ----------
    latency, spread : int
        Microseconds; each connection has a latency of its own, drawn once.
    """

    def __init__(self, kernel: Kernel, latency: int = LATENCY, spread: int = SPREAD) -> None:
        self.kernel = kernel
        self.latency = latency
        self.spread = spread
        self.listeners: dict[Address, MemoryListener] = {}
        self._ports: dict[str, int] = {}
        self._connections: dict[tuple[str, str], int] = {}

    def listen(self, place: Place, address: Address, accept: Accept, tls: ssl.SSLContext | None) -> MemoryListener:
        """Listen on the machine of `place`; port 0 takes a free one."""
        if tls is not None:
            raise _no_tls()
        host, port = self._resolve(place, address)
        where = (host, port or self._next_port(host))
        if where in self.listeners:
            raise OSError(98, f"port {where[1]} of {place.name} is already in use")
        self.listeners[where] = listener = MemoryListener(self, place, where, accept)
        return listener

    def connect(
        self, place: Place, target: Address, timeout: int | None, tls: tuple[ssl.SSLContext, str | None] | None
    ) -> Stream:
        """Connect over one round trip, or find nobody there."""
        if tls is not None:
            raise _no_tls()
        task = current_task()
        if task is None:
            raise RuntimeError("only a task can connect on the virtual network")
        target = self._resolve(place, target)
        begun = self.kernel.now
        while True:
            self._knock(task, target, timeout, begun)
            latency = self._latency_of_next(place, self.kernel.hosts[target[0]])
            task.park(f"a connection to {target[0]}:{target[1]}", latency)
            listener = self.listeners.get(target)
            task.park(f"a connection to {target[0]}:{target[1]}", latency)
            if listener is None:
                raise ConnectionRefusedError(111, f"connection to {target[0]}:{target[1]} refused")
            if listener.answers:
                return self._open((place.host, self._next_port(place.host)), listener, latency)

    def _open(self, source: Address, listener: MemoryListener, latency: int) -> Stream:
        self.kernel.traffic.add(self.kernel.now, source, listener.address, "SYN")
        near, far = MemoryStream.pair(self, source, listener.address, latency)
        listener.take(far)
        return near

    def _latency_of_next(self, source: Place, target: Place) -> int:
        """Return the latency of the next connection between two places: keyed by their names and its ordinal."""
        pair = (source.name, target.name)
        ordinal = self._connections[pair] = self._connections.get(pair, 0) + 1
        low, high = max(1, self.latency - self.spread), max(1, self.latency + self.spread)
        return self.kernel.identity.between(low, high, "latency", *pair, ordinal)

    def _knock(self, task: Task, target: Address, timeout: int | None, begun: int) -> None:
        """Wait until the machine answers; a connection request is sent again as often as Linux does it, since it was `begun`.

        Raises
        ------
        TimeoutError
            If it does not, within `timeout`.
        """
        limit = min(_SYN_PATIENCE, _SYN_PATIENCE if timeout is None else timeout)
        passed, pause = self.kernel.now - begun, _SYN_AGAIN
        while not self._answers(target):
            step = min(pause, max(0, limit - passed))
            task.park(f"an answer from {target[0]}:{target[1]}", step)
            passed, pause = passed + step, pause * 2
            if passed >= limit:
                raise TimeoutError(110, f"connection to {target[0]}:{target[1]} timed out")

    def _answers(self, target: Address) -> bool:
        reached = self.listeners.get(target)
        return target[0] in self.kernel.hosts and (reached is None or reached.answers)

    def _next_port(self, host: str) -> int:
        port = self._ports.get(host, _FIRST_EPHEMERAL)
        # 16384 ephemeral ports, then round again, as TCP does
        self._ports[host] = _FIRST_EPHEMERAL + (port + 1 - _FIRST_EPHEMERAL) % 16384
        return port

    def _resolve(self, place: Place, address: Address) -> Address:
        host, port = address[0], address[1]
        if host in ("", "localhost"):
            return place.host, port
        try:
            ip = ipaddress.ip_address(host)
        except ValueError:
            raise OSError(-2, f"no machine of the bench is called {host}") from None
        return (place.host if ip.is_loopback or ip.is_unspecified else host), port


def _no_tls() -> InputError:
    return InputError("TLS needs real sockets", "virtual clock", "play this on the live clock (--clock live)")
