"""The verification peer, on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.uid import UID

from linacsim.bench import Bench
from linacsim.devices.verification.personality import Echo, VerificationPersonality
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND, milliseconds

VERIFICATION = "1.2.840.10008.1.1"
Records = Callable[..., list[Record]]
FAST = VerificationPersonality(
    acse_timeout=milliseconds(500), dimse_timeout=milliseconds(500), network_timeout=milliseconds(600)
)


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("verification", "PEER", settings=FAST)
    bench_clock.add("verification", "SCU", settings=VerificationPersonality())
    return bench_clock


def names(records: list[Record], at: str) -> list[tuple[str, str]]:
    """Return event and way of the protocol's events at a peer."""
    return [(record["event"], record["way"]) for record in records if record["at"] == at and "way" in record]


def test_an_echo_that_releases(bench: Bench, act: Callable[..., Any], until: Records) -> None:
    act("SCU", "echo", Echo(to="PEER"))
    until("A-RELEASE-RP", "SCU", way="received")
    opening = ["A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "C-ECHO-RQ", "C-ECHO-RSP", "A-RELEASE-RQ", "A-RELEASE-RP"]
    ways = ["sent", "received"] * 3
    assert names(bench.log.records, "SCU") == list(zip(opening, ways, strict=True))
    assert names(bench.log.records, "PEER") == list(zip(opening, ["received", "sent"] * 3, strict=True))


def test_several_echoes_with_pauses_on_one_association(bench: Bench, act: Callable[..., Any], records: Records) -> None:
    start = bench.now
    act("SCU", "echo", Echo(to="PEER", times=3, interval=100 * MILLISECOND))
    assert 200 * MILLISECOND <= bench.now - start < 3 * SECOND
    answers = records("C-ECHO-RSP", "SCU", way="received", status=0)
    assert [record["responds-to"] for record in answers] == [1, 2, 3]
    assert len(records("A-ASSOCIATE-RQ", "SCU")) == 1


@pytest.mark.usefixtures("bench")
def test_an_echo_that_aborts(act: Callable[..., Any], until: Records, records: Records) -> None:
    act("SCU", "echo", Echo(to="PEER", ends="abort"))
    (abort,) = until("A-ABORT", "PEER", way="received")
    assert abort["source"] == 0
    assert records("A-RELEASE-RQ") == []


def test_an_echo_that_never_ends_is_aborted_by_the_peers_network_timeout(
    bench: Bench, act: Callable[..., Any], until: Records
) -> None:
    act("SCU", "echo", Echo(to="PEER", ends="never"))
    last = bench.now
    (timeout,) = until("network-timeout", "PEER")
    assert 400 * MILLISECOND < timeout["t"] - last < 3 * SECOND
    assert until("A-ABORT", "PEER", way="sent")
    assert until("A-ABORT", "SCU", way="received")


def test_a_peer_that_insists_on_its_title_rejects_another(
    bench_clock: Bench, act: Callable[..., Any], records: Records
) -> None:
    bench_clock.add("verification", "STRICT", settings=VerificationPersonality(require_called=True))
    bench_clock.add("verification", "SCU")
    with pytest.raises(PlayFailure, match=r"no association with STRICT: rejected \(Rejected Permanent, .*Called AE"):
        act("SCU", "echo", Echo(to="STRICT", called="OTHER"))
    act("SCU", "echo", Echo(to="STRICT"))
    assert len(records("A-ASSOCIATE-RJ", "STRICT", way="sent", result=1, source=1, reason=7)) == 1


def test_a_peer_with_a_guest_list_rejects_others(bench_clock: Bench, act: Callable[..., Any], records: Records) -> None:
    bench_clock.add("verification", "PICKY", settings=VerificationPersonality(accept_calling=("FRIEND",)))
    bench_clock.add("verification", "FRIEND")
    bench_clock.add("verification", "STRANGER")
    act("FRIEND", "echo", Echo(to="PICKY"))
    with pytest.raises(PlayFailure, match=r"Calling AE title not recognised"):
        act("STRANGER", "echo", Echo(to="PICKY"))
    assert len(records("A-ASSOCIATE-RJ", "PICKY", way="sent", result=1, source=1, reason=3)) == 1


@pytest.mark.usefixtures("bench")
def test_an_echo_to_nobody_says_so(act: Callable[..., Any]) -> None:
    with pytest.raises(PlayFailure, match=r"^SCU knows no address of NOBODY$"):
        act("SCU", "echo", Echo(to="NOBODY"))


def test_an_echo_to_a_port_where_nobody_listens_says_so(
    bench: Bench, act: Callable[..., Any], records: Records
) -> None:
    peer = bench.devices["PEER"].place
    assert peer.address is not None
    peer.address = (peer.address[0], 1)
    with pytest.raises(PlayFailure, match=r"^no association with PEER: .*refused"):
        act("SCU", "echo", Echo(to="PEER"))
    assert len(records("connection-failed", "SCU")) == 1


@pytest.mark.usefixtures("bench")
def test_a_service_that_is_not_offered_is_not_accepted(client: Callable[..., Any]) -> None:
    def body(assoc: Any) -> list[str]:
        return [str(context.abstract_syntax) for context in assoc.rejected_contexts]

    storage = "1.2.840.10008.5.1.4.1.1.2"
    assert client("PEER", [VERIFICATION, storage], body) == [storage]


@pytest.mark.usefixtures("bench")
def test_the_peer_tells_whose_implementation_it_is(client: Callable[..., Any]) -> None:
    def body(assoc: Any) -> tuple[str, Any]:
        return str(assoc.acceptor.implementation_version_name), assoc.acceptor.implementation_class_uid

    name, uid = client("PEER", [VERIFICATION], body)
    assert name == "LINACSIM_01"
    assert UID(uid).is_valid
