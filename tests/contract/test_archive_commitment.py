"""Storage Commitment Push Model (PS3.4 Annex J) of the archive, read on the wire, on both clocks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage
from pynetdicom import evt

from linacsim.bench import Bench
from linacsim.devices.archive.personality import DatabaseDown, Forget, Load
from linacsim.devices.commitment import StorageCommitmentPushModel, StorageCommitmentPushModelInstance
from linacsim.devices.commitmentclient import Commit, CommittedInstance
from linacsim.devices.storage.personality import FillDisk
from linacsim.errors import PlayFailure
from linacsim.kernel.units import MILLISECOND, SECOND, seconds
from tests.contract.archived import everything
from tests.contract.committed import (
    CONFUSED,
    CT,
    NO_STORAGE,
    NONE,
    PLAN,
    WELL_KNOWN,
    Act,
    Records,
    Site,
    accept,
    build_site,
    commit,
    information,
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


def test_a_file_that_breaks_off_is_not_committed(site: Site, act: Act) -> None:
    bench = site()
    where = next(one for one in bench.shelf.memory if one.endswith("1.1.1.1.dcm"))
    bench.shelf.memory[where] = bench.shelf.memory[where][:-1]
    with pytest.raises(PlayFailure, match=r"1\.1\.1\.1: processing failure"):
        commit(act, CT, PLAN)
    assert [told(*one) for one in reports(bench)] == [(2, ["1.1.2.1"], [("1.1.1.1", 0x0110)])]


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


GOOD = information("1.1.1.1")


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
