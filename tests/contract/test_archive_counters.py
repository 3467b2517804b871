"""The counters of C-MOVE and C-GET under whatever goes wrong: drawn at random, read off the wire, on both clocks.

What has to hold (PS3.4 C.4.2.1.6 to C.4.2.1.9, C.4.3.1.5): Remaining + Completed + Failed + Warning is the number of matches in every
response that tells Remaining; nothing that has been counted is taken back; Remaining is in Pending and Cancel and in nothing
else; the list of what has failed is in no Pending and no Success, and is as long as Failed; the final status follows from
the counters; what is said to be completed has arrived.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from pynetdicom import AE, ALL_TRANSFER_SYNTAXES, AllStoragePresentationContexts, evt

from linacsim.bench import DICOM_PORT, Bench
from linacsim.devices.archive.personality import ArchivePersonality, Forget
from linacsim.kernel.units import MILLISECOND
from tests.contract.archived import build_archive, identifier, instance
from tests.contract.retrieved import Client, Told

OBJECTS = 12
SERIES: dict[str, Any] = {"StudyInstanceUID": "1.1", "SeriesInstanceUID": "1.1.1"}
ENDS = ("success", "warning", "failure", "abort", "slow", "silent")
PENDING, CANCELLED = 0xFF00, 0xFE00
TIMEOUT = 300 * MILLISECOND


class Fickle:
    """A destination that does with each object what has been drawn for it; written with nothing but pynetdicom."""

    def __init__(self, bench: Bench, draws: random.Random, *, rejects: bool) -> None:
        self.taken: list[str] = []
        self._draws = draws
        self._bench = bench
        place = bench.kernel.place("FICKLE")

        def serve() -> None:
            ae = AE("FICKLE")
            for context in AllStoragePresentationContexts:
                ae.add_supported_context(context.abstract_syntax or "", ALL_TRANSFER_SYNTAXES)
            if rejects:
                ae.require_calling_aet = ["SOMEBODY"]
            port = DICOM_PORT if bench.clock == "virtual" else 0
            server = ae.start_server((place.host, port), block=False, evt_handlers=[(evt.EVT_C_STORE, self.take)])
            assert server is not None
            place.address = (place.host, server.server_address[1])

        bench.play(serve, place=place)

    def take(self, event: evt.Event) -> int:
        """Answer as drawn: mostly well."""
        end = self._draws.choices(ENDS, weights=(12, 2, 2, 0.4, 1, 0.3))[0]
        if end == "abort":
            event.assoc.abort()
            return 0
        if end in ("slow", "silent"):
            self._bench.kernel.sleep(30 * MILLISECOND if end == "slow" else 2 * TIMEOUT)
        if end not in ("silent", "failure"):
            request: Any = event.request
            self.taken.append(str(request.AffectedSOPInstanceUID))
        return {"warning": 0xB007, "failure": self._draws.choice((0xA700, 0xA900, 0xC123, 0x0110))}.get(end, 0)


def check(told: list[Told], total: int, taken: list[str]) -> None:
    """Check everything that has to hold of the responses to one request."""
    assert told, "no response at all"
    *pending, final = told
    last = (0, 0, 0)
    for one in told:
        assert one.message_id == 7
        assert one.completed is not None
        assert one.failed is not None
        assert one.warning is not None
        done = (one.completed, one.failed, one.warning)
        assert all(now >= before for now, before in zip(done, last, strict=True))
        assert sum(done) + (one.remaining or 0) == total
        last = done
    for one in pending:
        assert (one.status, one.listed) == (PENDING, None)
        assert one.remaining is not None
    assert [sum(one[2:5]) for one in pending] == sorted({sum(one[2:5]) for one in pending})  # type: ignore[arg-type]
    completed, failed, warning = last
    if final.status == CANCELLED:
        assert final.remaining
    else:
        assert final.remaining is None
        assert final.status == (0xA702 if failed == total else 0xB000 if failed or warning else 0)
    if final.status == 0:
        assert final.listed is None
    else:
        assert final.listed is not None
        assert len(final.listed) == len(set(final.listed)) == failed
    assert len(taken) >= completed + warning


def draw(bench: Bench, client: Client, seed: int, service: str) -> tuple[list[Told], list[str], bool]:
    """Play one retrieval in which things go wrong as `seed` says; return the responses and what has arrived."""
    draws = random.Random(seed)  # noqa: S311 - repeatable by design
    archive = bench.devices["ARCHIVE"]
    for _ in range(draws.choice((0, 0, 1, 3))):
        lost = f"1.1.1.{draws.randint(1, OBJECTS)}"
        bench.play(archive.strike, "forget", Forget(sop_instance=lost), place=archive.place)
    cancels, leaves = draws.random() < 0.35, draws.random() < 0.1
    after = draws.randint(0, 60) * MILLISECOND
    destination = Fickle(bench, draws, rejects=draws.random() < 0.1)
    client.classes = client.classes[:1]
    client.answers = []
    if service == "get":
        client.take = destination.take

    def body() -> None:
        client.send(service, identifier("SERIES", **SERIES), to="FICKLE")
        if cancels or leaves:
            bench.kernel.sleep(after)
        if leaves:
            assert client.assoc is not None
            client.assoc.abort()
        elif cancels and client.assoc is not None and client.assoc.is_established:
            client.cancel(service)

    return client.converse(body), destination.taken, leaves


def play(bench: Bench, folder: Path, seed: int, service: str) -> None:
    """Play one retrieval and check its responses."""
    many = [instance("A1", "1.1", "1.1.1", f"1.1.1.{number}") for number in range(1, OBJECTS + 1)]
    build_archive(bench, folder / "in", many, ArchivePersonality(dimse_timeout=TIMEOUT))
    told, taken, left = draw(bench, Client(bench), seed, service)
    ended = [record for record in bench.log.records if record["event"] == "A-ABORT" and record["at"] == "CLIENT"]
    if not (left or ended):
        check(told, OBJECTS, taken)
    # who has gone does not hear the end; what has been said until then holds all the same
    assert all(sum(one[1:5]) == OBJECTS for one in told if one.status == PENDING)  # type: ignore[arg-type]


@pytest.mark.parametrize("service", ["move", "get"])
@pytest.mark.parametrize("seed", range(6))
def test_counters_are_exact_whatever_goes_wrong(bench_clock: Bench, tmp_path: Path, seed: int, service: str) -> None:
    play(bench_clock, tmp_path, seed, service)


@pytest.mark.parametrize("service", ["move", "get"])
@pytest.mark.parametrize("seed", range(6, 40))
def test_counters_are_exact_in_more_runs_of_virtual_time(tmp_path: Path, seed: int, service: str) -> None:
    with Bench(clock="virtual", seed=seed) as bench:
        play(bench, tmp_path, seed, service)
