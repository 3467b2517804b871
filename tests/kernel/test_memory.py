"""The network of the virtual clock: what TCP would do, with a latency that is drawn from the seed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest

from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.kernel.memory import LATENCY, SPREAD, MemoryListener, MemoryNetwork
from linacsim.kernel.streams import WINDOW, Stream
from linacsim.kernel.units import SECOND
from linacsim.kernel.virtual import VirtualKernel
from linacsim.kernel.wake import Wake


class Town:
    """Two machines, HERE and THERE; THERE listens at port 104."""

    def __init__(self) -> None:
        self.kernel = VirtualKernel(Identity(0))
        self.network = MemoryNetwork(self.kernel, spread=0)
        self.kernel.network = self.network
        self.here, self.there = self.kernel.place("HERE"), self.kernel.place("THERE")
        self.accepted: list[Stream] = []
        self.listener = self.listen(104)

    def listen(self, port: int, host: str = "") -> MemoryListener:
        return self.network.listen(self.there, (host, port), self.accepted.append, None)

    def connect(self, host: str = "", port: int = 104, timeout: int | None = None) -> Stream:
        return self.kernel.network.connect(self.here, (host or self.there.host, port), timeout, None)

    def run(self, fn: Callable[[], Any]) -> Any:
        return self.kernel.run(fn, place=self.here)

    def pair(self) -> tuple[Stream, Stream]:
        """Return both ends of a new connection (inside a task)."""
        near = self.connect()
        return near, self.accepted[-1]

    def pass_by(self) -> None:
        """Let what is under way arrive (inside a task)."""
        self.kernel.sleep(LATENCY + 1)


@pytest.fixture
def town() -> Iterator[Town]:
    town = Town()
    yield town
    town.kernel.close()


def test_a_connection_takes_one_round_trip(town: Town) -> None:
    near, far = town.run(town.pair)
    assert town.kernel.now == 2 * LATENCY
    assert near.remote == far.local == (town.there.host, 104)
    assert near.local == far.remote
    assert near.local[0] == town.here.host


def test_bytes_arrive_after_the_latency_whole_and_in_order(town: Town) -> None:
    arrivals = []

    def body() -> bytes:
        near, far = town.pair()
        start = town.kernel.now
        far.on_change = lambda: arrivals.append((town.kernel.now - start, bytes(far.buffer)))
        for piece in (b"one ", b"two ", b"three"):
            near.write(piece)
        town.pass_by()
        return bytes(far.take(100))

    assert town.run(body) == b"one two three"
    assert arrivals == [(LATENCY, b"one "), (LATENCY, b"one two "), (LATENCY, b"one two three")]


def test_taking_leaves_the_rest(town: Town) -> None:
    def body() -> list[bytes]:
        near, far = town.pair()
        near.write(b"abcdef")
        town.pass_by()
        return [bytes(far.take(count)) for count in (2, 0, 3, 10, 1)]

    assert town.run(body) == [b"ab", b"", b"cde", b"f", b""]


def test_writing_keeps_its_own_copy(town: Town) -> None:
    def body() -> bytes:
        near, far = town.pair()
        data = bytearray(b"good")
        near.write(bytes(data))
        near.write(data)  # type: ignore[arg-type]  # pynetdicom writes what it has
        data[:] = b"evil"
        town.pass_by()
        return bytes(far.take(8))

    assert town.run(body) == b"goodgood"


def test_a_close_arrives_after_the_last_byte_and_the_other_direction_stays_open(town: Town) -> None:
    def body() -> None:
        near, far = town.pair()
        near.write(b"last words")
        near.close()
        near.close()
        town.pass_by()
        assert (bytes(far.buffer), far.eof, far.broken) == (b"last words", True, "")
        far.write(b"nobody reads this")
        town.pass_by()
        assert not near.buffer
        with pytest.raises(BrokenPipeError, match="the stream is closed"):
            near.write(b"more")

    town.run(body)


def test_a_reset_breaks_both_ends_after_what_was_sent_before(town: Town) -> None:
    def body() -> None:
        near, far = town.pair()
        near.write(b"before")
        near.reset()
        assert near.broken == "connection reset"
        town.pass_by()
        assert (bytes(far.buffer), far.broken, far.eof) == (b"before", "connection reset by peer", True)
        for end in (near, far):
            with pytest.raises(ConnectionResetError):
                end.write(b"more")

    town.run(body)


def test_the_traffic_tells_every_step(town: Town) -> None:
    def body() -> None:
        near, far = town.pair()
        near.write(b"ping")
        town.pass_by()
        far.write(b"pong")
        far.close()
        town.pass_by()
        near.reset()
        town.pass_by()

    town.run(body)
    here, there = (town.here.host, 49152), (town.there.host, 104)
    assert [(step.kind, step.source, step.target, step.data) for step in town.kernel.traffic.segments] == [
        ("SYN", here, there, b""),
        ("DATA", here, there, b"ping"),
        ("DATA", there, here, b"pong"),
        ("FIN", there, here, b""),
        ("RST", here, there, b""),
    ]
    assert [step.t for step in town.kernel.traffic.segments] == [400, 600, 801, 801, 1002]


def test_a_full_window_congests_the_writer_until_the_reader_has_taken_enough(town: Town) -> None:
    def body() -> None:
        near, far = town.pair()
        told = []
        near.on_change = lambda: told.append(near.congested)
        near.write(bytes(WINDOW))
        assert not near.congested
        near.write(b"x")
        assert near.congested
        town.pass_by()
        assert near.congested
        far.take(1)
        assert (near.congested, told) == (False, [False])
        far.take(WINDOW)
        assert told == [False]

    town.run(body)


def test_a_blocked_writer_goes_on_once_the_reader_reads(town: Town) -> None:
    finished = []

    def write_much(near: Stream) -> None:
        wake, me = Wake("the writer"), town.kernel.running_task()
        near.on_change = wake.notify
        for _ in range(8):
            near.write(bytes(WINDOW // 2))
            while near.congested:
                wake.wait(me, "room", None)
        finished.append(town.kernel.now)

    def body() -> int:
        near, far = town.pair()
        town.kernel.spawn(write_much, near, name="writer")
        town.kernel.sleep(10 * SECOND)
        assert not finished
        assert len(far.buffer) < 2 * WINDOW
        total = 0
        while total < 4 * WINDOW:
            total += len(far.take(100_000))
            town.kernel.sleep(LATENCY)
        return total

    assert town.run(body) == 4 * WINDOW
    assert finished
    assert finished[0] > 10 * SECOND


@pytest.mark.parametrize("how", ["close", "ignore_input"])
def test_a_reader_that_closes_or_goes_deaf_does_not_hold_the_writer(town: Town, how: str) -> None:
    def body() -> bool:
        near, far = town.pair()
        near.write(bytes(2 * WINDOW))
        town.pass_by()
        assert near.congested
        getattr(far, how)()
        near.write(bytes(2 * WINDOW))
        town.pass_by()
        return near.congested

    assert town.run(body) is False


def test_where_nobody_listens_the_connection_is_refused_after_a_round_trip(town: Town) -> None:
    with pytest.raises(ConnectionRefusedError) as refused:
        town.run(lambda: town.connect(port=11112))
    assert refused.value.strerror == f"connection to {town.there.host}:11112 refused"
    assert town.kernel.now == 2 * LATENCY


def test_a_listener_that_was_closed_refuses_and_its_connections_stay(town: Town) -> None:
    def body() -> bytes:
        near, far = town.pair()
        town.listener.close()
        with pytest.raises(ConnectionRefusedError):
            town.connect()
        near.write(b"still here")
        town.pass_by()
        return bytes(far.take(100))

    assert town.run(body) == b"still here"


@pytest.mark.parametrize(("timeout", "expected"), [(30 * SECOND, 30 * SECOND), (None, 127 * SECOND)])
def test_a_host_that_is_not_there_times_out(town: Town, timeout: int | None, expected: int) -> None:
    with pytest.raises(TimeoutError) as late:
        town.run(lambda: town.connect(host="198.18.9.9", timeout=timeout))
    assert late.value.strerror == "connection to 198.18.9.9:104 timed out"
    assert town.kernel.now == expected


def test_a_name_that_no_machine_has_is_not_found(town: Town) -> None:
    with pytest.raises(OSError, match=r"no machine of the bench is called printer\.example"):
        town.run(lambda: town.connect(host="printer.example"))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "0.0.0.0", "::1", ""])  # noqa: S104 - resolved on the bench
def test_loopback_means_ones_own_machine(town: Town, host: str) -> None:
    network, mine = town.kernel.network, list[Stream]()
    network.listen(town.here, (host, 104), mine.append, None)
    near = town.run(lambda: network.connect(town.here, ("127.0.0.1", 104), None, None))
    assert near.remote == (town.here.host, 104)
    assert (len(mine), town.accepted) == (1, [])


def test_a_loopback_without_a_listener_of_ones_own_is_refused(town: Town) -> None:
    with pytest.raises(ConnectionRefusedError):
        town.run(lambda: town.connect(host="localhost"))


def test_every_connection_has_a_port_of_its_own(town: Town) -> None:
    ports = town.run(lambda: [town.connect().local[1] for _ in range(500)])
    assert ports == list(range(49152, 49652))


def test_ephemeral_ports_begin_again_after_the_last(town: Town) -> None:
    town.network._ports[town.here.host] = 65535
    assert town.run(lambda: [town.connect().local[1] for _ in range(2)]) == [65535, 49152]


def test_ports_of_one_machine_are_not_those_of_another(town: Town) -> None:
    network = town.kernel.network
    assert town.listen(0).address == (town.there.host, 49152)
    assert town.listen(0).address == (town.there.host, 49153)
    assert network.listen(town.here, ("", 104), town.accepted.append, None).address == (town.here.host, 104)


def test_a_port_can_be_had_once(town: Town) -> None:
    with pytest.raises(OSError, match="port 104 of THERE is already in use") as taken:
        town.listen(104)
    assert taken.value.errno == 98
    town.listener.close()
    assert town.listen(104).address == (town.there.host, 104)


def test_tls_is_refused_with_advice(town: Town) -> None:
    with pytest.raises(InputError, match=r"virtual clock: TLS needs real sockets; play this on the live clock"):
        town.kernel.network.listen(town.there, ("", 2762), town.accepted.append, object())  # type: ignore[arg-type]


def test_many_machines_have_addresses_of_their_own() -> None:
    kernel = VirtualKernel(Identity(0))
    hosts = [kernel.place(f"AE{ordinal}").host for ordinal in range(3_000)]
    assert len(set(hosts)) == len(hosts)
    assert {tuple(host.split(".")[:2]) for host in hosts} == {("198", "18")}


def latencies(seed: int, *names: str) -> list[int]:
    """Return how long the round trips of two connections from HERE to THERE take."""
    kernel = VirtualKernel(Identity(seed))
    for name in names:
        kernel.place(name)
    there = kernel.place("THERE")
    kernel.network.listen(there, ("", 104), lambda _stream: None, None)

    def connect_twice() -> list[int]:
        instants = [kernel.now]
        for _ in range(2):
            kernel.network.connect(kernel.place("HERE"), (there.host, 104), None, None)
            instants.append(kernel.now)
        return [after - before for before, after in pairwise(instants)]

    return kernel.run(connect_twice, place=kernel.place("HERE"))


def test_each_connection_has_a_latency_of_its_own_from_the_seed() -> None:
    first, second = latencies(1)
    assert latencies(1) == [first, second]
    assert {*latencies(2), *latencies(3)} != {first, second}
    for taken in (first, second):
        assert 2 * (LATENCY - SPREAD) <= taken <= 2 * (LATENCY + SPREAD)


def test_one_more_machine_shifts_no_latency() -> None:
    assert latencies(1, "ANOTHER", "AND_ANOTHER") == latencies(1)
