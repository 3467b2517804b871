"""What the tests of Storage Commitment share: an archive with the objects of the tree, a client, and what is read on the wire."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, ImplicitVRLittleEndian, RTPlanStorage
from pynetdicom import evt

from linacsim.bench import Bench
from linacsim.devices.archive.commitment import CommitmentSettings
from linacsim.devices.archive.personality import ArchivePersonality, Load
from linacsim.devices.archive.serves import Serves
from linacsim.devices.commitment import StorageCommitmentPushModel, StorageCommitmentPushModelInstance
from linacsim.devices.commitmentclient import Commit, CommittedInstance
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, seconds
from tests.contract.archived import everything, write
from tests.contract.wire import Conversation, Message, all_conversations

Records = Callable[..., list[Record]]
Act = Callable[..., Any]
Site = Callable[..., Bench]
CT = CommittedInstance(sop_class=CTImageStorage, sop_instance="1.1.1.1")
PLAN = CommittedInstance(sop_class=RTPlanStorage, sop_instance="1.1.2.1")
NONE = CommittedInstance(sop_class=CTImageStorage, sop_instance="9.9.9")
CONFUSED = CommittedInstance(sop_class=RTPlanStorage, sop_instance="1.1.1.1")
NO_STORAGE = CommittedInstance(sop_class="1.2.840.10008.1.1", sop_instance="1.1.1.1")


WELL_KNOWN = StorageCommitmentPushModelInstance


def build_site(bench: Bench, folder: Path, **values: Any) -> Bench:
    """Put an archive with the objects of the tree and a client on the bench; `values` are of `CommitmentSettings`."""
    serves = Serves(services=values.pop("services", None))
    quick = {"retry_interval": 200 * MILLISECOND, "delay": 50 * MILLISECOND}
    commitment = CommitmentSettings(**{**quick, **values})
    personality = ArchivePersonality(commitment=commitment, serves=serves, dimse_timeout=seconds(1))
    archive = bench.add("archive", "ARCHIVE", settings=personality)
    what = Load(files=(str(write(folder, everything())),))
    bench.play(archive.act, "load", what, place=archive.place)
    bench.add("storage", "MODALITY")
    return bench


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


def roles(pdu: Any) -> list[Any]:
    """Return the SCP/SCU Role Selection sub-items of an association PDU (PS3.7 D.3.3.4)."""
    return list(pdu.user_information.role_selection.values())


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


def messages(bench: Bench) -> list[Message]:
    return [message for one in all_conversations(bench) for message in one.messages]
