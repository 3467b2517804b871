"""Storage Commitment Push Model (PS3.4 Annex J) of the archive, read on the wire, on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydicom.uid import CTImageStorage, RTPlanStorage

from linacsim.bench import Bench
from linacsim.devices.archive.commitment import CommitmentSettings
from linacsim.devices.archive.personality import ArchivePersonality, Load
from linacsim.devices.commitment import (
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
)
from linacsim.devices.commitmentclient import Commit, CommittedInstance
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, seconds
from tests.contract.archived import everything, write
from tests.contract.wire import Message, all_conversations, calls_for

Records = Callable[..., list[Record]]
CT = CommittedInstance(sop_class=CTImageStorage, sop_instance="1.1.1.1")
LAST = CommittedInstance(sop_class=CTImageStorage, sop_instance="1.1.1.3")
PLAN = CommittedInstance(sop_class=RTPlanStorage, sop_instance="1.1.2.1")


def settings(**values: Any) -> ArchivePersonality:
    values.setdefault("retry_interval", 200 * MILLISECOND)
    return ArchivePersonality(commitment=CommitmentSettings(**values), dimse_timeout=seconds(1))


@pytest.fixture
def site(bench_clock: Bench, tmp_path: Path) -> Callable[..., Bench]:
    """Put an archive with the objects of the tree and a client on the bench."""

    def build(**values: Any) -> Bench:
        archive = bench_clock.add("archive", "ARCHIVE", settings=settings(**values))
        what = Load(files=(str(write(tmp_path / "in", everything())),))
        bench_clock.play(archive.act, "load", what, place=archive.place)
        bench_clock.add("storage", "MODALITY")
        return bench_clock

    return build


def commit(act: Callable[..., Any], *instances: CommittedInstance, **values: Any) -> None:
    values.setdefault("hold", seconds(3))
    values.setdefault("within", seconds(6))
    act("MODALITY", "commit", Commit(to="ARCHIVE", instances=instances, **values))


def reports(bench: Bench) -> list[tuple[str, Message, bool]]:
    """Return each N-EVENT-REPORT request: who opened its association, the message, and whether it came back on it."""
    return [
        (str(one.request.called_ae_title).strip(), message, message.forth)
        for one in all_conversations(bench)
        for message in one.messages
        if message.name == "N-EVENT-REPORT-RQ"
    ]


def told(message: Message, *, implicit: bool = False) -> tuple[list[str], list[tuple[str, int]]]:
    """Return what a report calls committed, and what failed and why."""
    ds = message.dataset(implicit=implicit)
    good = [str(item.ReferencedSOPInstanceUID) for item in ds.get("ReferencedSOPSequence", ())]
    bad = [(str(item.ReferencedSOPInstanceUID), item.FailureReason) for item in ds.get("FailedSOPSequence", ())]
    return good, bad


def virtual(bench: Bench) -> bool:
    """Whether the traffic of the bench can be read back (live it is the same bytes over TCP)."""
    return bench.clock == "virtual"


# the good day


def test_the_result_comes_on_the_association_of_the_request(
    site: Callable[..., Bench], act: Callable[..., Any], records: Records
) -> None:
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
    assert (request.command.ActionTypeID, report.command.EventTypeID) == (1, 1)
    assert report.command.AffectedSOPClassUID == StorageCommitmentPushModel
    assert report.command.AffectedSOPInstanceUID == StorageCommitmentPushModelInstance
    implicit = conversation.negotiated()[0][3] == "1.2.840.10008.1.2"
    ds, asked = report.dataset(implicit=implicit), request.dataset(implicit=implicit)
    assert ds.TransactionUID == asked.TransactionUID
    assert ds.RetrieveAETitle == "ARCHIVE"
    assert "FailedSOPSequence" not in ds
    assert told(report, implicit=implicit) == (["1.1.1.1", "1.1.2.1"], [])
