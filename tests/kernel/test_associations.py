"""pynetdicom on bench time: a thousand associations at once, both roles in one process, helper threads that are tasks."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association

from linacsim.bench import Bench
from linacsim.devices.verification.personality import VerificationPersonality
from linacsim.kernel.units import SECOND

VERIFICATION = "1.2.840.10008.1.1"
STORAGE_COMMITMENT = "1.2.840.10008.1.20.1"
STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"


def descriptors() -> int:
    """Return how many files and sockets are open."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - a Path would not make it clearer


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


def client() -> AE:
    ae = AE("CLIENT")
    ae.add_requested_context(VERIFICATION)
    return ae


def test_a_thousand_associations_at_once_end_with_nothing_left() -> None:
    count, answers = 1_000, list[int]()
    threads, files = set(threading.enumerate()), descriptors()

    def one(address: tuple[str, int]) -> None:
        assoc = client().associate(*address)
        for _ in range(3):
            answers.append(assoc.send_c_echo().Status)
            time.sleep(10)
        assoc.release()

    def everybody(bench: Bench) -> int:
        address = bench.address_of("PEER")
        tasks = [bench.kernel.spawn(one, address, name=f"client {number}") for number in range(count)]
        bench.kernel.sleep(15 * SECOND)
        at_once = len(bench.kernel.place("PEER").associations)
        for task in tasks:
            bench.kernel.join(task)
        return at_once

    with Bench() as bench:
        bench.add("verification", "PEER", settings=VerificationPersonality(maximum_associations=count))
        serving = list(bench.kernel.tasks)
        assert bench.run(everybody, bench) == count
        bench.settle()
        assert answers == [0] * (3 * count)
        assert list(bench.kernel.tasks) == serving
        assert [place.name for place in bench.kernel.places.values() if place.associations] == []
        assert set(threading.enumerate()) == threads
        assert descriptors() == files
        assert bench.now < 40 * SECOND
    ends = [record["event"] for record in bench.log.records if record["at"] == "PEER" and record["event"][:2] == "A-"]
    assert {name: ends.count(name) for name in set(ends)} == dict.fromkeys(
        ("A-ASSOCIATE-RQ", "A-ASSOCIATE-AC", "A-RELEASE-RQ", "A-RELEASE-RP"), count
    )


def test_one_association_more_than_the_limit_is_rejected_and_room_comes_back(bench: Bench) -> None:
    bench.add("verification", "PEER", settings=VerificationPersonality(maximum_associations=2))
    serving = list(bench.kernel.tasks)

    def body() -> list[str]:
        address, told = bench.address_of("PEER"), []
        assocs = [client().associate(*address) for _ in range(3)]
        told += ["accepted" if assoc.is_established else "rejected" for assoc in assocs]
        assocs[0].release()
        time.sleep(1)
        again = client().associate(*address)
        told.append("accepted" if again.is_established else "rejected")
        for assoc in (assocs[1], again):
            assoc.release()
        return told

    assert bench.run(body) == ["accepted", "accepted", "rejected", "accepted"]
    (rejection,) = [
        record for record in bench.log.records if record["event"] == "A-ASSOCIATE-RJ" and record["way"] == "sent"
    ]
    assert (rejection["result"], rejection["source"], rejection["reason"]) == (2, 3, 2)
    bench.settle()
    assert list(bench.kernel.tasks) == serving


def test_both_roles_in_one_function(bench: Bench) -> None:
    """A user's function starts a server on its own machine and calls it, and a peer of the bench calls it too."""
    peer: Any = bench.add("verification", "PEER")
    serving = list(bench.kernel.tasks)
    heard = []

    def echoed(event: evt.Event) -> int:
        heard.append(str(event.assoc.requestor.ae_title).strip())
        return 0

    def body() -> int:
        server = AE("MINE")
        server.add_supported_context(VERIFICATION)
        server.start_server(("0.0.0.0", 11112), block=False, evt_handlers=[(evt.EVT_C_ECHO, echoed)])  # noqa: S104
        assoc = client().associate("127.0.0.1", 11112)
        status = int(assoc.send_c_echo().Status)
        assoc.release()
        bench.kernel.place("SUT").address = (bench.kernel.place("SUT").host, 11112)
        peer.act("echo", peer.kind.actions["echo"].settings(to="SUT", called="MINE"))
        server.shutdown()
        return status

    assert bench.run(body) == 0
    assert heard == ["CLIENT", "PEER"]
    bench.settle()
    assert list(bench.kernel.tasks) == serving


def test_a_blocking_server_of_a_user_ends_with_shutdown(bench: Bench) -> None:
    def body() -> int:
        server = AE("MINE")
        server.add_supported_context(VERIFICATION)
        serving = bench.kernel.spawn(lambda: server.start_server(("", 104), block=True), name="serving")
        time.sleep(1)
        assoc = client().associate("127.0.0.1", 104)
        status = int(assoc.send_c_echo().Status)
        assoc.release()
        server.shutdown()
        assert bench.kernel.join(serving, 10 * SECOND)
        return status

    assert bench.run(body) == 0
    bench.settle()
    assert not bench.kernel.tasks


def committing(reports: list[Dataset]) -> Callable[[evt.Event], tuple[int, None]]:
    """Return an N-ACTION handler that reports the result on the same association before it answers."""

    def handler(event: evt.Event) -> tuple[int, None]:
        result = Dataset()
        result.TransactionUID = event.action_information.TransactionUID
        status, _reply = event.assoc.send_n_event_report(
            result, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE, msg_id=9
        )
        reports.append(status)
        return 0x0000, None

    return handler


def commit(assoc: Association) -> Dataset:
    request = Dataset()
    request.TransactionUID = "1.2.3"
    status, _reply = assoc.send_n_action(request, 1, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE)
    return status


def test_an_event_report_is_served_by_a_helper_that_is_a_task(bench: Bench) -> None:
    """pynetdicom serves an N-EVENT-REPORT on a thread of its own; on the bench it must be on bench time."""
    reports, seen = list[Dataset](), list[tuple[str, int, str]]()
    threads = set(threading.enumerate())

    def reported(event: evt.Event) -> tuple[int, None]:
        time.sleep(5)
        assert set(threading.enumerate()) == threads
        task = bench.kernel.running_task()
        seen.append((event.event_information.TransactionUID, bench.now // SECOND, task.place.name))
        return 0x0000, None

    def body() -> Dataset:
        archive = AE("ARCHIVE")
        archive.add_supported_context(STORAGE_COMMITMENT)
        handlers = [(evt.EVT_N_ACTION, committing(reports))]
        archive.start_server(("", 104), block=False, evt_handlers=handlers)  # type: ignore[arg-type]
        ae = AE("CLIENT")
        ae.add_requested_context(STORAGE_COMMITMENT)
        assoc = ae.associate("127.0.0.1", 104, evt_handlers=[(evt.EVT_N_EVENT_REPORT, reported)])
        status = commit(assoc)
        assoc.release()
        archive.shutdown()
        return status

    assert bench.run(body).Status == 0
    assert [status.Status for status in reports] == [0]
    assert seen == [("1.2.3", 5, "SUT")]
    bench.settle()
    assert not bench.kernel.tasks
    assert set(threading.enumerate()) == threads


def test_a_handler_may_use_another_association(bench: Bench) -> None:
    statuses: list[int] = []

    def ask_the_next(_event: evt.Event) -> int:
        assoc = client().associate(*bench.address_of("NEXT"))
        statuses.extend(assoc.send_c_echo().Status for _ in range(2))
        assoc.release()
        return 0x0000

    def body() -> int:
        ae = AE("FIRST")
        ae.add_supported_context(VERIFICATION)
        ae.start_server(("", 104), block=False, evt_handlers=[(evt.EVT_C_ECHO, ask_the_next)])
        assoc = client().associate("127.0.0.1", 104)
        status = int(assoc.send_c_echo().Status)
        assoc.release()
        ae.shutdown()
        return status

    bench.add("verification", "NEXT")
    assert (bench.run(body), statuses) == (0, [0, 0])
