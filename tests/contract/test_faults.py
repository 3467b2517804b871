"""Faults that a peer does itself, and every breakage, on both clocks; and that a fault fires exactly when it was said to.

test_faults_table.py tells where every word of the network is fired.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.archive.personality import ArchivePersonality, Load, Query
from linacsim.devices.registry import KINDS
from linacsim.devices.storage.personality import StoragePersonality, Store
from linacsim.devices.verification.personality import Echo, VerificationPersonality
from linacsim.errors import PlayFailure
from linacsim.faults import Armed, Occurrence, When, fault
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND, milliseconds
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.runner import play
from linacsim.scenario.verdict import Verdict
from linacsim.scenario.vocabulary import vocabulary

Records = Callable[..., list[Record]]
CT, MR, PLAN = "pydicom:CT_small.dcm", "pydicom:MR_small.dcm", "pydicom:rtplan.dcm"
QUICK = StoragePersonality(acse_timeout=milliseconds(600), dimse_timeout=milliseconds(600))
TOLD = {
    (0, 0): "",
    (2, 2): " (service-provider, unexpected-PDU)",
    (2, 4): " (service-provider, unrecognized-PDU-parameter)",
    (2, 6): " (service-provider, invalid-PDU-parameter-value)",
}
"""What a client tells of an A-ABORT, by source and reason; a service-user's reason means nothing (PS3.8 9.3.8)."""
TESTED_BREAKAGES = {
    "jam", "break-part", "damage-magazine", "damage-receiver", "spoil-chemistry", "fill-disk", "database-down", "forget",
    "answer-with",
}  # fmt: skip


def test_no_breakage_is_left_out() -> None:
    # test_imager_breakages.py has those of the imager, test_archive_misbehaviour.py and its neighbours those of the archive
    elsewhere = {"busy", "misbehave", "misreport", "slow-tape", "tape-jam"}
    # test_faults_devices.py has those of every device
    elsewhere |= {"hang", "restart"}
    # test_break_tls.py, among the live tests, has this one
    elsewhere |= {"break-tls"}
    kinds = (kind for kind in KINDS.values() if kind.name != "imager")
    assert {word for kind in kinds for word in kind.breakages} == TESTED_BREAKAGES | elsewhere


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("storage", "STORE")
    bench_clock.add("storage", "SCU", settings=QUICK)
    return bench_clock


@pytest.fixture
def failing(bench: Bench, act: Callable[..., Any]) -> Callable[..., str]:
    """Arm a fault, store two images, and return the reason for which that came to nothing."""

    def store(*faults: Armed) -> str:
        bench.arm("STORE", list(faults))
        with pytest.raises(PlayFailure) as failed:
            act("SCU", "store", Store(to="STORE", images=(CT, MR)))
        return str(failed.value)

    return store


def test_accept_then_silent(failing: Callable[..., str], records: Records) -> None:
    assert failing(fault("accept-then-silent")) == (
        "no association with STORE: ACSE timeout: the A-ASSOCIATE-RQ was not answered"
    )
    assert records("A-ASSOCIATE-RQ", "STORE") == []
    assert len(records("fault-fired", "STORE", fault="accept-then-silent", on="connection")) == 1


@pytest.mark.parametrize(
    ("source", "reason", "words"),
    [(1, 1, "No reason given"), (1, 2, "Application context name not supported"), (1, 3, "Calling AE title not recog"),
     (1, 7, "Called AE title not recog"), (2, 1, "No reason given"), (2, 2, "Protocol version not supported"),
     (3, 1, "Temporary congestion"), (3, 2, "Local limit exceeded")],
)  # fmt: skip
@pytest.mark.parametrize("result", [1, 2])
def test_reject(
    failing: Callable[..., str], records: Records, result: int, source: int, reason: int, words: str
) -> None:
    why = failing(fault("reject", result=result, source=source, reason=reason))
    assert why.startswith(f"no association with STORE: rejected (Rejected {('Permanent', 'Transient')[result - 1]}, ")
    assert words.lower() in why.lower()
    fields = {"result": result, "source": source, "reason": reason}
    assert len(records("A-ASSOCIATE-RJ", "STORE", way="sent", **fields)) == 1
    assert len(records("A-ASSOCIATE-RJ", "SCU", way="received", **fields)) == 1


@pytest.mark.parametrize(
    ("parameters", "source", "reason"),
    [
        ({"source": "service-user"}, 0, 0),
        ({"source": "service-provider", "reason": 2}, 2, 2),
        ({"reason": 4}, 2, 4),
    ],
)
def test_abort_instead_of_an_association(
    failing: Callable[..., str], records: Records, parameters: dict[str, Any], source: int, reason: int
) -> None:
    why = failing(fault("abort", "A-ASSOCIATE-RQ", **parameters))
    assert why == f"no association with STORE: aborted by the peer{TOLD[source, reason]}"
    assert len(records("A-ABORT", "SCU", way="received", source=source, reason=reason)) == 1
    assert records("A-ASSOCIATE-AC") == []


@pytest.mark.parametrize(
    ("parameters", "source", "reason"),
    [({"source": "service-user"}, 0, 0), ({"source": "service-provider", "reason": 6}, 2, 6)],
)
def test_abort_instead_of_a_response(
    failing: Callable[..., str], records: Records, parameters: dict[str, Any], source: int, reason: int
) -> None:
    why = failing(fault("abort", "C-STORE-RQ", when=Occurrence(When.NTH, 2), **parameters))
    assert why == f"C-STORE to STORE: association aborted by the peer{TOLD[source, reason]}"
    assert len(records("A-ABORT", "SCU", way="received", source=source, reason=reason)) == 1
    assert len(records("C-STORE-RSP", "SCU", way="received")) == 1


def test_late_accept(bench: Bench, act: Callable[..., Any], records: Records) -> None:
    bench.arm("STORE", [fault("late-accept", delay=200 * MILLISECOND)])
    act("SCU", "store", Store(to="STORE", images=(CT,)))
    (asked,), (accepted,) = records("A-ASSOCIATE-RQ", "STORE"), records("A-ASSOCIATE-AC", "STORE")
    assert 200 * MILLISECOND <= accepted["t"] - asked["t"] < 3 * SECOND
    assert len(records("object-stored", "STORE")) == 1


def test_a_late_accept_that_is_too_late(failing: Callable[..., str], records: Records, until: Records) -> None:
    why = failing(fault("late-accept", delay=SECOND))
    assert why == "no association with STORE: ACSE timeout: the A-ASSOCIATE-RQ was not answered"
    assert until("A-ABORT", "STORE", way="received")
    assert records("object-stored") == []


def test_delays_add_up(bench: Bench, act: Callable[..., Any], records: Records) -> None:
    bench.arm("STORE", [fault("late-accept", delay=100 * MILLISECOND), fault("late-accept", delay=150 * MILLISECOND)])
    act("SCU", "store", Store(to="STORE", images=(CT,)))
    (asked,), (accepted,) = records("A-ASSOCIATE-RQ", "STORE"), records("A-ASSOCIATE-AC", "STORE")
    assert 250 * MILLISECOND <= accepted["t"] - asked["t"] < 3 * SECOND


def test_no_response(failing: Callable[..., str], records: Records) -> None:
    why = failing(fault("no-response", "C-STORE-RQ"))
    assert why == "C-STORE to STORE: DIMSE timeout: no response within 0.6 s; association aborted"
    # the request was carried out; only its answer is missing
    assert len(records("object-stored", "STORE")) == 1
    assert records("C-STORE-RSP") == []


@pytest.mark.parametrize(("for_good", "answered"), [(True, []), (False, [2])])
def test_no_response_for_good_or_once(
    bench: Bench, client: Callable[..., Any], records: Records, for_good: bool, answered: list[int]
) -> None:
    """A client that does not wait for the first answer sends a second request on the same association."""
    from pynetdicom.dimse_primitives import C_ECHO  # noqa: PLC0415 - only this test is so impatient

    bench.arm("STORE", [fault("no-response", "C-ECHO-RQ", when=Occurrence(When.FIRST, 1), for_good=for_good)])

    def body(assoc: Any) -> None:
        for number in (1, 2):
            request = C_ECHO()
            request.MessageID = number
            request.AffectedSOPClassUID = "1.2.840.10008.1.1"
            assoc.dimse.send_msg(request, assoc.accepted_contexts[0].context_id)
            bench.kernel.sleep(100 * MILLISECOND)

    client("STORE", ["1.2.840.10008.1.1"], body)
    assert [record["message-id"] for record in records("C-ECHO-RQ", "STORE", way="received")] == [1, 2]
    assert [record["responds-to"] for record in records("C-ECHO-RSP", "STORE", way="sent")] == answered


def test_late_response(bench: Bench, act: Callable[..., Any], records: Records) -> None:
    bench.arm("STORE", [fault("late-response", "C-STORE-RQ", delay=200 * MILLISECOND)])
    act("SCU", "store", Store(to="STORE", images=(CT, MR)))
    asked, told = records("C-STORE-RQ", "SCU", way="sent"), records("C-STORE-RSP", "SCU", way="received")
    waits = [answer["t"] - request["t"] for request, answer in zip(asked, told, strict=True)]
    assert len(waits) == 2
    assert all(200 * MILLISECOND <= wait < 3 * SECOND for wait in waits)


def test_another_status(failing: Callable[..., str], records: Records) -> None:
    why = failing(fault("status", "C-STORE-RQ", code=0xA700, comment="no room", when=Occurrence(When.NTH, 2)))
    assert why == "C-STORE to STORE: status 0xA700 (no room)"
    # the request was carried out all the same
    assert len(records("object-stored", "STORE")) == 2
    assert [record["status"] for record in records("C-STORE-RSP", "SCU", way="received")] == [0, 0xA700]


def test_a_query_is_one_chance_however_many_responses_it_has(
    bench_clock: Bench, act: Callable[..., Any], records: Records
) -> None:
    bench_clock.add("archive", "ARCHIVE")
    bench_clock.add("archive", "CLINIC")
    act("ARCHIVE", "load", Load(files=(CT, MR)))
    ask = Query(to="ARCHIVE", level="STUDY", keys={"StudyInstanceUID": ""})
    late = fault("late-response", "C-FIND-RQ", delay=100 * MILLISECOND, when=Occurrence(When.NTH, 2))
    failed = fault("status", "C-FIND-RQ", code=0xC001, when=Occurrence(When.AFTER, 1))
    bench_clock.arm("ARCHIVE", [late, failed])
    act("CLINIC", "query", ask)
    with pytest.raises(PlayFailure, match="0xC001"):
        act("CLINIC", "query", ask)
    found = [record["status"] for record in records("C-FIND-RSP", "CLINIC", way="received")]
    assert found == [0xFF00, 0xFF00, 0x0000, 0xFF00, 0xFF00, 0xC001]
    assert (late.seen, late.fired, failed.seen, failed.fired) == (2, 1, 2, 1)


def test_silence_in_a_query_lasts_to_its_end(bench_clock: Bench, act: Callable[..., Any], records: Records) -> None:
    bench_clock.add("archive", "ARCHIVE")
    bench_clock.add("archive", "CLINIC", settings=ArchivePersonality(dimse_timeout=milliseconds(600)))
    act("ARCHIVE", "load", Load(files=(CT, MR)))
    bench_clock.arm("ARCHIVE", [fault("no-response", "C-FIND-RQ", for_good=False)])
    with pytest.raises(PlayFailure, match="DIMSE timeout"):
        act("CLINIC", "query", Query(to="ARCHIVE", level="STUDY", keys={"StudyInstanceUID": ""}))
    assert records("C-FIND-RSP") == []


def test_a_late_response_that_is_too_late(failing: Callable[..., str], until: Records) -> None:
    why = failing(fault("late-response", "C-STORE-RQ", delay=SECOND))
    assert why == "C-STORE to STORE: DIMSE timeout: no response within 0.6 s; association aborted"
    assert until("A-ABORT", "STORE", way="received")


@pytest.mark.parametrize(
    ("on", "reason"),
    [
        ("connection", "no association with STORE: the connection was closed"),
        ("A-ASSOCIATE-RQ", "no association with STORE: the connection was closed"),
        ("C-STORE-RQ", "C-STORE to STORE: connection lost"),
    ],
)
def test_reset(bench: Bench, failing: Callable[..., str], on: str, reason: str) -> None:
    assert failing(fault("reset", on)) == reason
    bench.settle()
    if bench.clock == "virtual":
        # a captured RST shows the side that sent it; on a live network only the operating system sees the other end
        assert [step.kind for step in bench.traffic.segments].count("RST") == 1


def test_the_peer_is_healed_when_the_faults_are_used_up(
    bench: Bench, failing: Callable[..., str], act: Callable[..., Any], records: Records
) -> None:
    for word, on in (("reset", "C-STORE-RQ"), ("abort", "C-STORE-RQ"), ("reject", ""), ("reset", "connection")):
        failing(fault(word, on, when=Occurrence(When.FIRST, 1)))
        stored = len(records("object-stored"))
        act("SCU", "store", Store(to="STORE", images=(CT,)))
        assert len(records("object-stored")) == stored + 1
    bench.settle()
    assert not bench.devices["STORE"].place.associations


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        (Occurrence(), [1, 2, 3, 4, 5]),
        (Occurrence(When.NTH, 1), [1]),
        (Occurrence(When.NTH, 3), [3]),
        (Occurrence(When.FIRST, 2), [1, 2]),
        (Occurrence(When.EVERY, 2), [2, 4]),
        (Occurrence(When.AFTER, 3), [4, 5]),
        (Occurrence(When.NTH, 9), []),
    ],
    ids=str,
)
def test_a_fault_fires_exactly_as_said(
    bench_clock: Bench, act: Callable[..., Any], when: Occurrence, fires: list[int]
) -> None:
    bench_clock.add("verification", "PEER")
    bench_clock.add("verification", "SCU", settings=VerificationPersonality(dimse_timeout=5 * SECOND))
    armed = fault("reject", when=when)
    bench_clock.arm("PEER", [armed])
    struck = []
    for number in range(1, 6):
        try:
            act("SCU", "echo", Echo(to="PEER"))
        except PlayFailure as failed:
            assert "rejected" in str(failed)  # noqa: PT017 - some of the calls succeed
            struck.append(number)
    assert struck == fires
    assert (armed.seen, armed.fired) == (5, len(fires))


def test_of_two_faults_at_one_event_only_the_first_that_ends_it_fires(
    failing: Callable[..., str], records: Records
) -> None:
    first, second = fault("reject", source=1, reason=2), fault("abort", "A-ASSOCIATE-RQ")
    assert "Application context name not supported" in failing(first, second)
    assert (first.fired, second.fired) == (1, 0)
    assert [record["fault"] for record in records("fault-fired")] == ["reject"]


UNFIRED = r"""
scenario: an armed fault that waits for a third image
peers:
  STORE: {{kind: storage}}
  SCU: {{kind: storage}}
faults:
  - {{do: {do}, at: STORE, on: {on}, nth: 3}}
steps:
  - SCU:
      store: {{to: STORE, images: ["pydicom:CT_small.dcm"]}}
expect:
  - {{event: object-stored, at: STORE, count: 1}}
"""


@pytest.mark.parametrize(
    ("do", "on"), [("reset", "C-STORE-RQ"), ("fill-disk", "object-stored"), ("reject", "A-ASSOCIATE-RQ")]
)
def test_an_armed_fault_that_never_fires_makes_the_run_inconclusive(
    bench_clock: Bench, tmp_path: Path, do: str, on: str
) -> None:
    file = tmp_path / "unfired.yaml"
    file.write_text(UNFIRED.format(do=do, on=on), encoding="utf-8")
    outcome = play(bench_clock, load_scenario(file, vocabulary()))
    assert outcome.verdict is Verdict.INCONCLUSIVE
    assert [armed.fired for armed in outcome.faults] == [0]
    assert bench_clock.log.records[-1]["verdict"] == "inconclusive"
