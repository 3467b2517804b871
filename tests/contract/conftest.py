"""One body, two clocks: the benches and the client that every test of the contract uses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.faulted import Tap

PATIENCE = 10 * SECOND
"""How long anything may take that the tests wait for."""


@pytest.fixture(params=["virtual", "live"])
def bench_clock(request: pytest.FixtureRequest) -> Iterator[Bench]:
    """An open bench, once on each clock; no loop of an association may die behind the test's back."""
    with Bench(clock=request.param, seed=7) as bench:
        yield bench
        assert [record for record in bench.log.records if record["event"] == "association-failed"] == []


@pytest.fixture
def client(bench_clock: Bench) -> Callable[..., Any]:
    """Run ``body(assoc)`` on an association with a peer, written with nothing but pynetdicom, in a bench task."""

    def call(peer: str, contexts: list[str], body: Callable[[Association], Any], **options: Any) -> Any:
        def task() -> Any:
            ae = AE(options.pop("calling", "CLIENT"))
            for name in ("acse_timeout", "dimse_timeout", "network_timeout"):
                setattr(ae, name, options.pop(name, 5))
            host, port = bench_clock.address_of(peer)
            options.setdefault("ae_title", peer)
            syntaxes = options.pop("transfer_syntaxes", "1.2.840.10008.1.2.1")
            wanted = [build_context(abstract, syntaxes) for abstract in contexts]
            assoc = ae.associate(host, port, contexts=wanted, **options)
            assert assoc.is_established
            try:
                return body(assoc)
            finally:
                if assoc.is_established:
                    assoc.release()

        return bench_clock.play(task)

    return call


@pytest.fixture
def act(bench_clock: Bench) -> Callable[..., Any]:
    """Let a device do something, and wait for it: ``act("SCU", "echo", Echo(...))``."""

    def call(name: str, action: str, parameters: Any) -> Any:
        device = bench_clock.devices[name]
        return bench_clock.play(device.act, action, parameters, place=device.place)

    return call


@pytest.fixture
def records(bench_clock: Bench) -> Callable[..., list[Record]]:
    """Return the records of an event, with these fields."""

    def find(event: str, at: str = "", **fields: Any) -> list[Record]:
        wanted = {**({"at": at} if at else {}), **fields}
        return [
            record
            for record in bench_clock.log.records
            if record["event"] == event and all(record.get(key) == value for key, value in wanted.items())
        ]

    return find


@pytest.fixture
def until(bench_clock: Bench, records: Callable[..., list[Record]]) -> Callable[..., list[Record]]:
    """Wait until an event has been logged (`count` times) and return its records."""

    def wait(event: str, at: str = "", *, count: int = 1, **fields: Any) -> list[Record]:
        def task() -> None:
            end = bench_clock.now + PATIENCE
            while len(records(event, at, **fields)) < count and bench_clock.now < end:
                bench_clock.kernel.sleep(5 * MILLISECOND)

        bench_clock.play(task)
        found = records(event, at, **fields)
        assert len(found) >= count, f"{event} was logged {len(found)} times, {count} are waited for"
        return found

    return wait


@pytest.fixture
def tap(monkeypatch: pytest.MonkeyPatch) -> Tap:
    """Hear what lines hand to their peers."""
    tap = Tap()
    tap.attach(monkeypatch)
    return tap
