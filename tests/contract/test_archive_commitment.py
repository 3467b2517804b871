"""Storage Commitment Push Model (PS3.4 Annex J) of the archive, read on the wire, on both clocks."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, ImplicitVRLittleEndian, RTPlanStorage
from pynetdicom import AE, evt

from linacsim.bench import Bench
from linacsim.devices.archive.commitment import CommitmentSettings, Misreport
from linacsim.devices.archive.personality import ArchivePersonality, DatabaseDown, Forget, Load
from linacsim.devices.archive.serves import Serves
from linacsim.devices.commitment import StorageCommitmentPushModel, StorageCommitmentPushModelInstance
from linacsim.devices.commitmentclient import Commit, CommittedInstance
from linacsim.devices.storage.personality import FillDisk
from linacsim.errors import InputError, PlayFailure
from linacsim.faults import fault
from linacsim.faults.model import Occurrence, When
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND, seconds
from tests.contract.archived import everything, write
from tests.contract.wire import Conversation, Message, all_conversations, calls_for

Records = Callable[..., list[Record]]
Act = Callable[..., Any]
Site = Callable[..., Bench]
CT = CommittedInstance(sop_class=CTImageStorage, sop_instance="1.1.1.1")
PLAN = CommittedInstance(sop_class=RTPlanStorage, sop_instance="1.1.2.1")
NONE = CommittedInstance(sop_class=CTImageStorage, sop_instance="9.9.9")
CONFUSED = CommittedInstance(sop_class=RTPlanStorage, sop_instance="1.1.1.1")
NO_STORAGE = CommittedInstance(sop_class="1.2.840.10008.1.1", sop_instance="1.1.1.1")


@pytest.fixture
def site(bench_clock: Bench, tmp_path: Path) -> Site:
    """Put an archive with the objects of the tree and a client on the bench."""

    def build(**values: Any) -> Bench:
        values.setdefault("retry_interval", 200 * MILLISECOND)
        values.setdefault("delay", 50 * MILLISECOND)
        serves = Serves(services=values.pop("services", None))
        commitment = CommitmentSettings(**values)
        personality = ArchivePersonality(commitment=commitment, serves=serves, dimse_timeout=seconds(1))
        archive = bench_clock.add("archive", "ARCHIVE", settings=personality)
        what = Load(files=(str(write(tmp_path / "in", everything())),))
        bench_clock.play(archive.act, "load", what, place=archive.place)
        bench_clock.add("storage", "MODALITY")
        return bench_clock

    return build


def commit(act: Act, *instances: CommittedInstance, **values: Any) -> None:
    settings = {"hold": seconds(3), "within": seconds(6), **values}
    act("MODALITY", "commit", Commit(to="ARCHIVE", instances=instances, **settings))


def reports(bench: Bench) -> list[tuple[Conversation, Message]]:
    """Return each N-EVENT-REPORT request with its connection; one that goes forth is from who opened it."""
    return [
        (one, message)
        for one in all_conversations(bench)
        for message in one.messages
        if message.name == "N-EVENT-REPORT-RQ"
    ]


def read(conversation: Conversation, message: Message) -> Dataset:
    """Return the data set of a message in the transfer syntax that was accepted."""
    accepted = next(syntax for abstract, _, _, syntax in conversation.negotiated() if abstract == message.sop_class)
    return message.dataset(implicit=accepted == ImplicitVRLittleEndian)


def told(conversation: Conversation, message: Message) -> tuple[int, list[str], list[tuple[str, int]]]:
    """Return the event type of a report, what is committed, and what failed and why."""
    ds = read(conversation, message)
    good = [str(item.ReferencedSOPInstanceUID) for item in ds.get("ReferencedSOPSequence", ())]
    bad = [(str(item.ReferencedSOPInstanceUID), int(item.FailureReason)) for item in ds.get("FailedSOPSequence", ())]
    return int(message.command.EventTypeID), good, bad


# where the result is told


def test_the_result_comes_on_the_association_of_the_request(site: Site, act: Act, records: Records) -> None:
    bench = site()
    commit(act, CT, PLAN)
    bench.settle()
    (record,) = records("commitment-told", "ARCHIVE")
    assert (record["association"], record["objects"], record["failed"], record["attempt"]) == ("same", 2, 0, 1)
    assert len(records("commitment-received", "MODALITY", objects=2, failed=0)) == 1
    (conversation,) = calls_for(bench, "ARCHIVE")
    assert calls_for(bench, "MODALITY") == []
    assert conversation.order[2:6] == ["> N-ACTION-RQ", "< N-ACTION-RSP", "< N-EVENT-REPORT-RQ", "> N-EVENT-REPORT-RSP"]
    request, report = conversation.messages[0], conversation.messages[2]
    assert request.command.ActionTypeID == 1
    assert report.command.AffectedSOPClassUID == StorageCommitmentPushModel
    assert report.command.AffectedSOPInstanceUID == StorageCommitmentPushModelInstance
    ds = read(conversation, report)
    assert ds.TransactionUID == read(conversation, request).TransactionUID
    assert ds.RetrieveAETitle == "ARCHIVE"
    assert "FailedSOPSequence" not in ds
    assert told(conversation, report) == (1, ["1.1.1.1", "1.1.2.1"], [])


@pytest.mark.parametrize(("association", "hold"), [("same-else-new", 0), ("new", seconds(3))])
def test_the_result_comes_on_a_new_association_in_the_role_of_the_scp(
    site: Site, act: Act, until: Act, association: str, hold: int
) -> None:
    bench = site(association=association, delay=500 * MILLISECOND)
    commit(act, CT, hold=hold)
    assert [record["association"] for record in until("commitment-told")] == ["new"]
    bench.settle()
    (conversation,) = calls_for(bench, "MODALITY")
    assert [item.uid for item in roles(conversation.request)] == [StorageCommitmentPushModel]
    assert [(item.scu, item.scp) for item in roles(conversation.request)] == [(0, 1)]
    assert [(item.scu, item.scp) for item in roles(conversation.accept)] == [(0, 1)]
    assert conversation.order[2:] == [
        "> N-EVENT-REPORT-RQ", "< N-EVENT-REPORT-RSP", "> A-RELEASE-RQ", "< A-RELEASE-RP",
    ]  # fmt: skip
    assert told(conversation, conversation.messages[0]) == (1, ["1.1.1.1"], [])


def roles(pdu: Any) -> list[Any]:
    """Return the SCP/SCU Role Selection sub-items of an association PDU (PS3.7 D.3.3.4)."""
    return list(pdu.user_information.role_selection.values())


def test_an_archive_that_tells_only_on_the_same_association_loses_a_client_that_leaves(
    site: Site, act: Act, records: Records
) -> None:
    bench = site(association="same", delay=500 * MILLISECOND)
    with pytest.raises(PlayFailure, match=r"^storage commitment by ARCHIVE: no result within 2 s$"):
        commit(act, CT, hold=0, within=seconds(2))
    assert reports(bench) == []
    assert [record["reason"] for record in records("commitment-not-told")] == [
        "the association of the request has ended"
    ]
    assert len(records("commitment-given-up")) == 1


def test_the_result_can_come_before_the_response_to_the_request(site: Site, act: Act) -> None:
    bench = site(before_response=True)
    commit(act, CT)
    (conversation,) = calls_for(bench, "ARCHIVE")
    assert conversation.order[2:6] == ["> N-ACTION-RQ", "< N-EVENT-REPORT-RQ", "> N-EVENT-REPORT-RSP", "< N-ACTION-RSP"]


def test_objects_that_come_after_the_request_are_committed_too(site: Site, tmp_path: Path) -> None:
    bench = site(delay=SECOND)
    late = everything()[0]
    late.SOPInstanceUID = late.file_meta.MediaStorageSOPInstanceUID = UID("1.1.1.77")
    late.save_as(tmp_path / "late.dcm", enforce_file_format=True)
    archive, modality = bench.devices["ARCHIVE"], bench.devices["MODALITY"]

    def both() -> None:
        what = CommittedInstance(sop_class=CTImageStorage, sop_instance="1.1.1.77")
        asking = bench.kernel.spawn(
            modality.act, "commit", Commit(to="ARCHIVE", instances=(what,)), name="asking", place=modality.place
        )
        bench.kernel.sleep(300 * MILLISECOND)
        archive.act("load", Load(files=(str(tmp_path / "late.dcm"),)))
        assert bench.kernel.join(asking, 5 * SECOND)

    bench.play(both, place=modality.place)
    assert [told(*one) for one in reports(bench)] == [(1, ["1.1.1.77"], [])]


# what is told


@pytest.mark.parametrize(
    ("instance", "reason", "words"),
    [
        (NONE, 0x0112, "no such object instance (0x0112)"),
        (CONFUSED, 0x0119, "class / instance conflict (0x0119)"),
        (NO_STORAGE, 0x0122, "referenced SOP class not supported (0x0122)"),
    ],
)
def test_what_is_not_there_as_asked_for_fails(
    site: Site, act: Act, instance: CommittedInstance, reason: int, words: str
) -> None:
    bench = site()
    with pytest.raises(PlayFailure) as failed:
        commit(act, PLAN, instance)
    assert (
        str(failed.value) == f"storage commitment by ARCHIVE: 1 of 2 objects failed; {instance.sop_instance}: {words}"
    )
    assert [told(*one) for one in reports(bench)] == [(2, ["1.1.2.1"], [(instance.sop_instance, reason)])]


def test_if_nothing_is_committed_there_is_no_referenced_sop_sequence(site: Site, act: Act) -> None:
    bench = site()
    with pytest.raises(PlayFailure, match="1 of 1 objects failed"):
        commit(act, NONE)
    ((conversation, message),) = reports(bench)
    ds = read(conversation, message)
    assert ("ReferencedSOPSequence" in ds, "RetrieveAETitle" in ds) == (False, False)


@pytest.mark.parametrize("still_listed", [True, False])
def test_a_lost_object_is_not_committed(site: Site, act: Act, still_listed: bool) -> None:
    bench = site()
    act("ARCHIVE", "forget", Forget(sop_instance="1.1.1.1", still_listed=still_listed))
    with pytest.raises(PlayFailure, match=r"1\.1\.1\.1: no such object instance"):
        commit(act, CT, PLAN)
    assert [told(*one) for one in reports(bench)] == [(2, ["1.1.2.1"], [("1.1.1.1", 0x0112)])]


def test_what_a_full_disk_has_kept_out_fails_for_want_of_resources(site: Site, act: Act) -> None:
    bench = site()
    archive = bench.devices["ARCHIVE"]
    bench.play(archive.strike, "fill-disk", FillDisk(), place=archive.place)
    with pytest.raises(PlayFailure, match="resource limitation"):
        commit(act, CT, NONE)
    assert [told(*one) for one in reports(bench)] == [(2, ["1.1.1.1"], [("9.9.9", 0x0213)])]


def test_a_database_that_goes_down_meanwhile_commits_to_nothing(site: Site, act: Act) -> None:
    bench = site(delay=500 * MILLISECOND)
    archive = bench.devices["ARCHIVE"]
    archive.place.kernel.log.listeners.append(
        lambda record: (
            archive.strike("database-down", DatabaseDown()) if record["event"] == "commitment-requested" else None
        )
    )
    with pytest.raises(PlayFailure, match="2 of 2 objects failed"):
        commit(act, CT, PLAN)
    assert [told(*one) for one in reports(bench)] == [(2, [], [("1.1.1.1", 0x0110), ("1.1.2.1", 0x0110)])]


# requests that are refused


def information(*uids: str, transaction: str = "1.2.3", sop_class: str = CTImageStorage) -> Dataset:
    ds, items = Dataset(), []
    with warnings.catch_warnings():
        # what is no UID, on purpose
        warnings.simplefilter("ignore")
        if transaction:
            ds.TransactionUID = transaction
        for uid in uids:
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, uid
            items.append(item)
    if items:
        ds.ReferencedSOPSequence = items
    return ds


GOOD = information("1.1.1.1")
WELL_KNOWN = StorageCommitmentPushModelInstance


@pytest.mark.parametrize(
    ("ds", "action", "instance", "status", "comment"),
    [
        (GOOD, 2, WELL_KNOWN, 0x0123, "action type 2"),
        (GOOD, 1, "1.2.3.4", 0x0112, "the SOP class has a well-known instance"),
        (information("1.1.1.1", transaction=""), 1, WELL_KNOWN, 0x0115, "Transaction UID is missing"),
        (information("1.1.1.1", transaction="../1"), 1, WELL_KNOWN, 0x0115, "Transaction UID is no UID"),
        (information(), 1, WELL_KNOWN, 0x0115, "Referenced SOP Sequence is missing or empty"),
        (information(""), 1, WELL_KNOWN, 0x0115, "item 1: SOP Class or Instance UID is missing or no UID"),
        (None, 1, WELL_KNOWN, 0x0115, "Transaction UID is missing"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR:UserWarning")
def test_bad_requests_are_refused_and_nothing_is_told(
    site: Site, client: Act, ds: Dataset, action: int, instance: str, status: int, comment: str
) -> None:
    bench = site()

    def ask(assoc: Any) -> Any:
        refused, _ = assoc.send_n_action(ds, action, StorageCommitmentPushModel, instance)
        bench.kernel.sleep(200 * MILLISECOND)
        return refused

    refused = client("ARCHIVE", [StorageCommitmentPushModel], ask)
    assert (refused.Status, refused.ErrorComment) == (status, comment)
    assert reports(bench) == []


def test_a_data_set_that_is_none_is_refused(site: Site, client: Act) -> None:
    bench = site()

    def ask(assoc: Any) -> list[int]:
        send = assoc.dimse.send_msg

        def swap(primitive: Any, context_id: int) -> None:
            primitive.ActionInformation = type(primitive.ActionInformation)(b"\x08\x00\x99\x11SQ\0\0\xff\xff")
            send(primitive, context_id)

        assoc.dimse.send_msg = swap
        first, _ = assoc.send_n_action(GOOD, 1, StorageCommitmentPushModel, WELL_KNOWN)
        assoc.dimse.send_msg = send
        second, _ = assoc.send_n_action(GOOD, 1, StorageCommitmentPushModel, WELL_KNOWN)
        return [first.Status, second.Status]

    first, second = client("ARCHIVE", [StorageCommitmentPushModel], ask)
    assert (first in (0x0110, 0x0115), second) == (True, 0)
    assert bench.devices


def test_a_database_that_is_down_and_too_many_transactions_refuse(site: Site, client: Act) -> None:
    bench = site(most_outstanding=2, delay=SECOND)
    archive: Any = bench.devices["ARCHIVE"]
    taken: list[Any] = []

    def ask(assoc: Any) -> list[int]:
        archive.database.down = True
        statuses = [send(assoc, "1.2.1")]
        archive.database.down = False
        statuses += [send(assoc, uid) for uid in ("1.2.1", "1.2.2", "1.2.3")]
        bench.kernel.sleep(3 * SECOND)
        return [*statuses, send(assoc, "1.2.3")]

    handlers = [(evt.EVT_N_EVENT_REPORT, accept(taken))]
    statuses = client("ARCHIVE", [StorageCommitmentPushModel], ask, evt_handlers=handlers)
    assert statuses == [0x0110, 0, 0, 0x0213, 0]


def send(assoc: Any, transaction: str, *uids: str) -> int:
    ds = information(*(uids or ("1.1.1.1",)), transaction=transaction)
    status, _ = assoc.send_n_action(ds, 1, StorageCommitmentPushModel, WELL_KNOWN)
    return int(status.Status)


def accept(taken: list[Any]) -> Callable[[evt.Event], Any]:
    """Return a handler that keeps what is reported."""

    def handler(event: evt.Event) -> tuple[int, None]:
        taken.append((str(event.event_information.TransactionUID), event.event_type))
        return 0, None

    return handler


@pytest.mark.parametrize("how", ["report", "refuse"])
def test_a_transaction_uid_that_is_in_use(site: Site, client: Act, how: str) -> None:
    bench = site(duplicate=how, delay=300 * MILLISECOND)
    taken: list[Any] = []

    def ask(assoc: Any) -> list[int]:
        statuses = [send(assoc, "1.2.1"), send(assoc, "1.2.1", "1.1.1.2")]
        bench.kernel.sleep(SECOND)
        # told: the UID is in use no more
        return [*statuses, send(assoc, "1.2.1")]

    handlers = [(evt.EVT_N_EVENT_REPORT, accept(taken))]
    statuses = client("ARCHIVE", [StorageCommitmentPushModel], ask, evt_handlers=handlers)
    assert statuses == ([0, 0, 0] if how == "report" else [0, 0x0131, 0])
    found = [told(*one) for one in reports(bench)][:2]
    assert found[0] == (1, ["1.1.1.1"], [])
    assert found[1:] == ([(2, [], [("1.1.1.2", 0x0131)])] if how == "report" else [])


def test_who_commits_to_nothing(site: Site, client: Act, act: Act) -> None:
    bench = site(services=())
    answer = client(
        "MODALITY", [StorageCommitmentPushModel],
        lambda assoc: assoc.send_n_action(GOOD, 1, StorageCommitmentPushModel, WELL_KNOWN)[0],
    )  # fmt: skip
    assert (answer.Status, answer.ErrorComment) == (0x0211, "it commits to nothing")
    with pytest.raises(PlayFailure, match="no association with ARCHIVE: none of the presentation contexts"):
        commit(act, CT)
    assert bench.devices


def test_a_refused_request_is_told_in_words(site: Site, act: Act) -> None:
    bench = site()
    archive: Any = bench.devices["ARCHIVE"]
    archive.database.down = True
    with pytest.raises(PlayFailure) as failed:
        commit(act, CT)
    assert str(failed.value) == "N-ACTION to ARCHIVE: status 0x0110 (the database is down)"


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


def messages(bench: Bench) -> list[Message]:
    return [message for one in all_conversations(bench) for message in one.messages]


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
