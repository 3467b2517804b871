"""Poll elision: an association on which nothing happens costs nothing, and what happens is seen at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pynetdicom import AE

from linacsim.bench import Bench
from linacsim.devices.verification.personality import VerificationPersonality
from linacsim.kernel.units import HOUR, MILLISECOND, SECOND, seconds

VERIFICATION = "1.2.840.10008.1.1"


class Counted:
    """A bench with one echo peer, and a count of the steps of its environment."""

    def __init__(self, bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.bench = bench
        self.steps = 0
        self._step = bench.kernel.env.step
        monkeypatch.setattr(bench.kernel.env, "step", self._counted)

    def _counted(self) -> None:
        self.steps += 1
        self._step()

    def during(self, fn: Callable[[], object]) -> int:
        """Return how many steps `fn` takes (inside a task)."""
        before = self.steps
        fn()
        return self.steps - before


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Iterator[Counted]:
    with Bench() as bench:
        patient = VerificationPersonality(network_timeout=HOUR)
        bench.add("verification", "PATIENT", settings=patient)
        bench.add("verification", "HASTY", settings=VerificationPersonality(network_timeout=seconds(60)))
        yield Counted(bench, monkeypatch)


def requestor() -> AE:
    ae = AE("CLIENT")
    ae.add_requested_context(VERIFICATION)
    ae.network_timeout = 3600
    return ae


def test_a_thousand_idle_seconds_cost_almost_no_steps(counted: Counted) -> None:
    def body() -> list[int]:
        assoc = requestor().associate(*counted.bench.address_of("PATIENT"))
        assert assoc.is_established
        counted.bench.kernel.sleep(SECOND)
        idle = counted.during(lambda: counted.bench.kernel.sleep(1_000 * SECOND))
        busy = counted.during(assoc.send_c_echo)
        assoc.release()
        return [idle, busy]

    idle, busy = counted.bench.run(body)
    # a poll each millisecond in four loops would be four million
    assert idle <= 10
    assert 0 < busy <= 10


def test_a_hundred_idle_associations_cost_no_more_than_their_number(counted: Counted) -> None:
    def body() -> int:
        address = counted.bench.address_of("PATIENT")
        assocs = [requestor().associate(*address) for _ in range(50)]
        counted.bench.kernel.sleep(SECOND)
        idle = counted.during(lambda: counted.bench.kernel.sleep(1_000 * SECOND))
        for assoc in assocs:
            assoc.release()
        return idle

    assert counted.bench.run(body) <= 500


def test_an_echo_takes_a_few_polls_of_bench_time_and_no_more(counted: Counted) -> None:
    def body() -> int:
        assoc = requestor().associate(*counted.bench.address_of("PATIENT"))
        counted.bench.kernel.sleep(10 * SECOND)
        start = counted.bench.now
        assert assoc.send_c_echo().Status == 0
        took = counted.bench.now - start
        assoc.release()
        return took

    assert counted.bench.run(body) < 5 * MILLISECOND


def test_an_idle_timer_is_kept_to_the_millisecond(counted: Counted) -> None:
    def body() -> None:
        assoc = requestor().associate(*counted.bench.address_of("HASTY"))
        assoc.send_c_echo()
        counted.bench.kernel.sleep(120 * SECOND)
        assert assoc.is_aborted

    counted.bench.run(body)
    records = counted.bench.log.records
    (timeout,) = [record for record in records if record["event"] == "network-timeout"]
    last = max(record["t"] for record in records if record["at"] == "HASTY" and record["event"] == "C-ECHO-RSP")
    assert 60 * SECOND <= timeout["t"] - last <= 60 * SECOND + 5 * MILLISECOND


def test_an_idle_timer_that_runs_out_under_a_busy_handler_does_not_spin(counted: Counted) -> None:
    bench = counted.bench

    def slow(_event: object) -> int:
        bench.kernel.sleep(600 * SECOND)
        return 0

    def body() -> int:
        from pynetdicom import evt  # noqa: PLC0415 - as a user's function would

        server = AE("SLOW")
        server.add_supported_context(VERIFICATION)
        server.network_timeout = 60
        server.start_server(("", 11112), block=False, evt_handlers=[(evt.EVT_C_ECHO, slow)])
        ae = requestor()
        ae.dimse_timeout = 900
        assoc = ae.associate("127.0.0.1", 11112)
        status: list[object] = []
        steps = counted.during(lambda: status.append(assoc.send_c_echo().get("Status")))
        assoc.abort()
        return steps

    assert bench.run(body) < 1_000
    assert bench.now > 600 * SECOND
