"""Storage Commitment when clients do not answer or leave, archives tell it wrongly, and runs end; on both clocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage
from pynetdicom import AE, build_role, evt

from linacsim.bench import Bench
from linacsim.devices.archive.commitment import CommitmentSettings, Misreport
from linacsim.devices.archive.personality import ArchivePersonality, Load
from linacsim.devices.commitment import StorageCommitmentPushModel
from linacsim.devices.commitmentclient import Commit
from linacsim.devices.queryretrieve import StudyRootGet
from linacsim.errors import InputError, PlayFailure
from linacsim.faults import fault
from linacsim.faults.model import Occurrence, When
from linacsim.kernel.units import MILLISECOND, SECOND, seconds
from tests.contract.archived import everything, identifier, write
from tests.contract.committed import (
    CT,
    NONE,
    PLAN,
    Act,
    Records,
    Site,
    accept,
    build_site,
    commit,
    messages,
    read,
    reports,
    roles,
    send,
    told,
)
from tests.contract.wire import calls_for


@pytest.fixture
def site(bench_clock: Bench, tmp_path: Path) -> Site:
    """Put an archive with the objects of the tree and a client on the bench."""
    return lambda **values: build_site(bench_clock, tmp_path / "in", **values)


# clients that do not answer, or have left


def test_a_client_that_does_not_answer_is_told_again_on_a_new_association(
    site: Site, act: Act, records: Records, until: Act
) -> None:
    bench = site()
    bench.arm("MODALITY", [fault("no-response", on="N-EVENT-REPORT-RQ", when=Occurrence(When.FIRST, 1))])
    commit(act, CT)
    until("commitment-told", "ARCHIVE")
    (lost,) = records("commitment-not-told", "ARCHIVE")
    # the client has what it wanted, and releases
    assert (lost["association"], lost["reason"]) == ("same", "the association has ended")
    (found,) = records("commitment-told", "ARCHIVE")
    assert (found["association"], found["attempt"]) == ("new", 2)
    # the client has had it twice, and takes the second for what it is
    assert len(records("commitment-unexpected", "MODALITY")) == 1


def test_an_association_on_which_a_report_is_not_answered_is_aborted(
    site: Site, client: Act, records: Records, until: Act
) -> None:
    bench = site(retries=0)
    bench.arm("SUT", [fault("no-response", on="N-EVENT-REPORT-RQ")])

    def ask(assoc: Any) -> tuple[int, bool]:
        status = send(assoc, "1.2.1")
        bench.kernel.sleep(2 * SECOND)
        return status, assoc.is_aborted

    handlers = [(evt.EVT_N_EVENT_REPORT, accept([]))]
    assert client("ARCHIVE", [StorageCommitmentPushModel], ask, evt_handlers=handlers) == (0, True)
    until("commitment-given-up", "ARCHIVE")
    (lost,) = records("commitment-not-told", "ARCHIVE")
    assert (lost["association"], lost["reason"]) == ("same", "the N-EVENT-REPORT was not answered")


def test_a_client_that_answers_with_a_failure_is_told_again(site: Site, act: Act, records: Records, until: Act) -> None:
    bench = site()
    armed = fault("status", on="N-EVENT-REPORT-RQ", when=Occurrence(When.FIRST, 2), code=0x0110)
    bench.arm("MODALITY", [armed])
    commit(act, CT, hold=seconds(6))
    until("commitment-told", "ARCHIVE")
    assert [record["reason"] for record in records("commitment-not-told")] == [
        "the N-EVENT-REPORT was answered with status 0x0110"
    ] * 2
    assert records("commitment-told")[0]["attempt"] == 3


def test_a_client_without_an_address_is_given_up(site: Site, client: Act, until: Act, records: Records) -> None:
    site(retries=2)
    assert client("ARCHIVE", [StorageCommitmentPushModel], lambda assoc: send(assoc, "1.2.1")) == 0
    until("commitment-given-up", "ARCHIVE")
    assert [record["reason"] for record in records("commitment-not-told")] == ["ARCHIVE knows no address of CLIENT"] * 3


@pytest.mark.parametrize(("role", "attempts"), [("required", 0), ("offered", 1), ("left-out", 1)])
def test_a_client_that_knows_nothing_of_roles(
    site: Site, client: Act, until: Act, records: Records, role: str, attempts: int
) -> None:
    bench = site(role=role, retries=0)
    taken: list[Any] = []

    def listen() -> Any:
        ae = AE("CLIENT")
        ae.add_supported_context(StorageCommitmentPushModel)
        place = bench.kernel.place("CLIENT")
        server = ae.start_server(
            (place.host, 0 if bench.clock == "live" else 104), block=False,
            evt_handlers=[(evt.EVT_N_EVENT_REPORT, accept(taken))],
        )  # fmt: skip
        assert server is not None
        place.address = (place.host, server.server_address[1])

    bench.play(listen, place=bench.kernel.place("CLIENT"))
    assert client("ARCHIVE", [StorageCommitmentPushModel], lambda assoc: send(assoc, "1.2.1")) == 0
    until("commitment-told" if attempts else "commitment-given-up", "ARCHIVE")
    assert taken == [("1.2.1", 1)] * attempts
    reasons = [record["reason"] for record in records("commitment-not-told")]
    assert reasons == ([] if attempts else ["CLIENT has not accepted the role SCP for Storage Commitment"])
    (conversation,) = calls_for(bench, "CLIENT")
    assert len(roles(conversation.request)) == (role != "left-out")


def test_several_transactions_are_outstanding_at_once(site: Site, client: Act) -> None:
    bench = site(delay=200 * MILLISECOND)
    uids = [f"1.2.{number}" for number in range(1, 9)]
    taken: list[Any] = []

    def ask(assoc: Any) -> list[int]:
        statuses = [send(assoc, uid) for uid in uids]
        # other requests go on being served while results are told
        bench.kernel.sleep(SECOND)
        return statuses

    handlers = [(evt.EVT_N_EVENT_REPORT, accept(taken))]
    assert client("ARCHIVE", [StorageCommitmentPushModel], ask, evt_handlers=handlers) == [0] * 8
    assert sorted(taken) == [(uid, 1) for uid in uids]
    (conversation,) = calls_for(bench, "ARCHIVE")
    events = [one for one in conversation.order if "EVENT" in one]
    # one operation window: a report waits for the response to the one before it
    assert events == ["< N-EVENT-REPORT-RQ", "> N-EVENT-REPORT-RSP"] * 8


@pytest.mark.parametrize("delay", [1, 3, 10])
def test_results_and_a_retrieval_on_one_association_do_not_cross(site: Site, client: Act, delay: int) -> None:
    bench = site(delay=delay * MILLISECOND)
    taken: list[Any] = []
    wanted = identifier("SERIES", StudyInstanceUID="1.1", SeriesInstanceUID="1.1.1")

    def store(_event: evt.Event) -> int:
        bench.kernel.sleep(3 * MILLISECOND)
        return 0

    def ask(assoc: Any) -> tuple[list[int], Any]:
        statuses = [send(assoc, f"1.2.{number}") for number in range(3)]
        *_, (final, _) = assoc.send_c_get(wanted, StudyRootGet)
        bench.kernel.sleep(SECOND)
        return statuses, final

    statuses, final = client(
        "ARCHIVE", [StorageCommitmentPushModel, StudyRootGet, CTImageStorage], ask,
        evt_handlers=[(evt.EVT_N_EVENT_REPORT, accept(taken)), (evt.EVT_C_STORE, store)],
        ext_neg=[build_role(CTImageStorage, scp_role=True)],
    )  # fmt: skip
    assert (statuses, final.Status, final.NumberOfCompletedSuboperations) == ([0, 0, 0], 0, 3)
    assert sorted(taken) == [(f"1.2.{number}", 1) for number in range(3)]


# an archive that tells it wrongly


def break_it(bench: Bench, **values: Any) -> None:
    archive = bench.devices["ARCHIVE"]
    bench.play(archive.strike, "misreport", Misreport(**values), place=archive.place)


def test_a_result_that_is_never_told(site: Site, act: Act, records: Records) -> None:
    bench = site()
    break_it(bench, how="never")
    with pytest.raises(PlayFailure, match="no result within 2 s"):
        commit(act, CT, within=seconds(2))
    assert (reports(bench), len(records("commitment-withheld"))) == ([], 1)
    commit(act, CT)


def test_a_result_that_is_told_twice(site: Site, act: Act, until: Act) -> None:
    bench = site()
    break_it(bench, how="twice", late_by=100 * MILLISECOND)
    commit(act, CT)
    until("commitment-unexpected", "MODALITY")
    bench.settle()
    (first, second) = reports(bench)
    assert told(*first) == told(*second) == (1, ["1.1.1.1"], [])
    answers = [one.command.Status for one in messages(bench) if one.name == "N-EVENT-REPORT-RSP"]
    assert answers == [0, 0]


def test_a_result_of_a_transaction_that_nobody_has_asked_for(site: Site, act: Act) -> None:
    bench = site()
    break_it(bench, how="wrong-transaction")
    with pytest.raises(PlayFailure, match="no result within 2 s"):
        commit(act, CT, within=seconds(2))
    ((conversation, message),) = reports(bench)
    assert read(conversation, message).TransactionUID != read(conversation, conversation.messages[0]).TransactionUID
    (answer,) = [one.command for one in messages(bench) if one.name == "N-EVENT-REPORT-RSP"]
    assert (answer.Status, answer.ErrorComment) == (0x0115, "no such transaction has been asked for")


def test_a_result_in_which_one_object_fails_that_is_there(site: Site, act: Act) -> None:
    bench = site()
    break_it(bench, how="fails-one", reason=0x0213)
    with pytest.raises(PlayFailure, match=r"1 of 2 objects failed; 1\.1\.1\.1: resource limitation \(0x0213\)"):
        commit(act, CT, PLAN)
    assert [told(*one) for one in reports(bench)] == [(2, ["1.1.2.1"], [("1.1.1.1", 0x0213)])]


def test_a_result_that_comes_late_comes_on_a_new_association(site: Site, act: Act, until: Act) -> None:
    bench = site()
    break_it(bench, how="late", late_by=2 * SECOND)
    commit(act, CT, hold=SECOND)
    assert [record["association"] for record in until("commitment-told")] == ["new"]
    assert len(calls_for(bench, "MODALITY")) == 1


# what outlives a run


@pytest.mark.parametrize("clock", ["virtual", "live"])
def test_a_transaction_that_is_outstanding_when_a_run_ends_is_told_in_the_next(tmp_path: Path, clock: Any) -> None:
    out, files = tmp_path / "out", write(tmp_path / "in", everything())
    with Bench(clock=clock, out=out) as bench:
        settings = ArchivePersonality(commitment=CommitmentSettings(delay=seconds(3600)))
        archive, modality = bench.add("archive", "ARCHIVE", settings=settings), bench.add("storage", "MODALITY")
        bench.play(archive.act, "load", Load(files=(str(files),)), place=archive.place)
        what = Commit(to="ARCHIVE", instances=(CT, NONE), transaction="1.2.3", hold=0, within=0)
        with pytest.raises(PlayFailure, match="no result within 0"):
            bench.play(modality.act, "commit", what, place=modality.place)
    kept = out / "commitments" / "ARCHIVE" / "1.2.3.json"
    assert kept.is_file()
    (kept.parent / "1.2.4.json").write_text("{no entry", "ascii")
    with Bench(clock=clock, out=out) as bench:
        modality = bench.add("storage", "MODALITY")
        result = bench.play(modality.expected.expect, "1.2.3", place=modality.place)  # type: ignore[attr-defined]
        bench.add("archive", "ARCHIVE")
        assert bench.play(bench.kernel.wait, result, "the result", 5 * SECOND, place=modality.place)
        bench.settle()
        names = [record["event"] for record in bench.log.records if record["event"].startswith("commitment-")]
        assert [told(*one) for one in reports(bench)] == [(2, ["1.1.1.1"], [("9.9.9", 0x0112)])]
    assert names == ["commitment-resumed", "commitment-unreadable", "commitment-received", "commitment-told"]
    assert not kept.exists()


def test_a_run_that_has_told_everything_leaves_nothing_behind(site: Site, act: Act, until: Act) -> None:
    bench = site()
    commit(act, CT)
    until("commitment-told", "ARCHIVE")
    bench.settle()
    assert bench.shelf.names("commitments/ARCHIVE") == []


# files and commitment together


def test_files_are_sent_and_then_committed(site: Site, act: Act, until: Act) -> None:
    bench = site()
    images = ("pydicom:CT_small.dcm", "pydicom:rtplan.dcm")
    act("MODALITY", "commit", Commit(to="ARCHIVE", images=images))
    (record,) = until("commitment-told", "ARCHIVE")
    assert (record["objects"], record["failed"]) == (2, 0)
    stored, asked = calls_for(bench, "ARCHIVE")
    assert [len(stored.stored), len(asked.requests)] == [2, 1]


def test_an_archive_asks_another_one(site: Site, act: Act) -> None:
    bench = site()
    bench.add("archive", "SECOND")
    act("ARCHIVE", "commit", Commit(to="SECOND", images=("pydicom:CT_small.dcm",)))
    with pytest.raises(PlayFailure, match="no such object instance"):
        act("ARCHIVE", "commit", Commit(to="SECOND", instances=(CT,), hold=0))


def test_nothing_to_commit_is_an_input_error(site: Site, act: Act) -> None:
    site()
    with pytest.raises(InputError, match="nothing tells what to commit"):
        act("MODALITY", "commit", Commit(to="ARCHIVE"))
