"""Storage Commitment as SCU (PS3.4 J.3): asking for it, and taking the result on whichever association it comes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context
from simpy.events import Event

from linacsim.devices.commitment import (
    FAILURES_EXIST,
    INVALID_ARGUMENT,
    NO_SUCH_EVENT_TYPE,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    REQUEST,
    SUCCESS,
    SUCCESSFUL,
    BadInformationError,
    Reference,
    Result,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    read_result,
    reason_in_words,
    request_information,
)
from linacsim.devices.device import Device
from linacsim.devices.entity import NetworkSettings, application_entity, associate, end_of, error_comment, heed_answer
from linacsim.errors import PlayFailure
from linacsim.kernel.border.links import link_of
from linacsim.kernel.core import Kernel
from linacsim.kernel.units import format_duration, seconds
from linacsim.settings import AETitle, Count, Duration, Settings

_NAMED = 3
_MESSAGE_ID = 1
"""Instances that a message names; the others are counted."""

EVENTS = frozenset({"commitment-asked", "commitment-received", "commitment-unexpected"})
"""The words that a client of Storage Commitment writes into the log."""
FIELDS = frozenset({"objects", "transaction"})
"""The fields of those records, beside the kernel's."""


class CommittedInstance(Settings):
    """An instance that commitment is asked for though this step does not send it.

    Attributes
    ----------
    sop_class, sop_instance : str
        Referenced SOP Class UID and Referenced SOP Instance UID.
    """

    sop_class: str
    sop_instance: str


class Commit(Settings):
    """Send files to a peer, ask it for Storage Commitment, and wait for the result; anything but all of it is a failure.

    Attributes
    ----------
    to : str
        The peer.
    called : str
        The AE title to call, if not the peer's own.
    images : list of str
        Files that are sent first, as for ``store``, and asked for.
    instances : list of CommittedInstance
        What else is asked for, sent or not.
    hold : Duration
        How long the association of the request stays open for the result; then it is released, and the result has to come
        on one that the peer opens.
    within : Duration
        How long the result may take altogether.
    transaction : str
        Transaction UID; a new one if left out, none at all if empty.
    action_type : int
        Action Type ID; anything but 1 is a client that asks wrongly.
    sop_instance : str
        Requested SOP Instance UID; anything but the well-known one is, too.
    """

    to: AETitle
    called: AETitle | None = None
    images: tuple[str, ...] = ()
    instances: tuple[CommittedInstance, ...] = ()
    hold: Duration = seconds(10)
    within: Duration = seconds(120)
    transaction: str | None = None
    action_type: Count = REQUEST
    sop_instance: str = StorageCommitmentPushModelInstance


class Expected:
    """The transactions of one client: whose result is waited for, and whose has come.

    Parameters
    ----------
    device : Device
        The client.
    """

    def __init__(self, device: Device) -> None:
        self._device = device
        self._waiting: dict[str, Event] = {}
        self._asked: set[str] = set()

    def expect(self, transaction: str) -> Event:
        """Return what happens when the result of a transaction comes; its value is the `Result` and its Event Type ID."""
        kernel: Kernel = self._device.place.kernel
        self._asked.add(transaction)
        happening: Event = kernel.env.event()
        self._waiting[transaction] = happening
        return happening

    def forget(self, transaction: str) -> None:
        """Nobody waits for the result any longer; if it comes it is answered all the same."""
        self._waiting.pop(transaction, None)

    def received(self, event: evt.Event) -> tuple[Dataset, None]:
        """Answer an N-EVENT-REPORT of Storage Commitment (bound to pynetdicom's event)."""
        return _status(*self._taken(event)), None

    def _taken(self, event: evt.Event) -> tuple[int, str]:
        request: Any = event.request
        if str(request.AffectedSOPInstanceUID) != StorageCommitmentPushModelInstance:
            return NO_SUCH_INSTANCE, "not the instance of Storage Commitment"
        if request.EventTypeID not in (SUCCESSFUL, FAILURES_EXIST):
            return NO_SUCH_EVENT_TYPE, f"event type {request.EventTypeID}"
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                result = read_result(event.event_information)
        except BadInformationError as exc:
            return INVALID_ARGUMENT, str(exc)
        except Exception as exc:  # noqa: BLE001 - whatever a parser stumbles over in hostile bytes means the same here
            return PROCESSING_FAILURE, f"unreadable: {type(exc).__name__}"
        return self._told(event.assoc, result, int(request.EventTypeID))

    def _told(self, assoc: Association, result: Result, event_type: int) -> tuple[int, str]:
        known, waiting = result.transaction in self._asked, self._waiting.pop(result.transaction, None)
        link_of(assoc).log(
            "commitment-received" if waiting is not None else "commitment-unexpected",
            transaction=result.transaction, objects=len(result.committed), failed=len(result.failed),
        )  # fmt: skip
        if waiting is not None:
            waiting.succeed((result, event_type))
        # what was asked for and is told once more, or too late, does no harm
        return (SUCCESS, "") if known else (INVALID_ARGUMENT, "no such transaction has been asked for")


def _status(code: int, comment: str) -> Dataset:
    status = Dataset()
    status.Status = code
    if comment:
        status.ErrorComment = error_comment(comment)
    return status


def commit(device: Device, expected: Expected, what: Commit, references: Sequence[Reference]) -> None:
    """Ask a peer to commit to `references` and wait for the result.

    Parameters
    ----------
    device : Device
        Who asks; its listener answers N-EVENT-REPORT by ``expected.received``.
    expected : Expected
        Its transactions.
    what : Commit
        Whom, and how long.
    references : sequence of Reference
        What for.

    Raises
    ------
    PlayFailure
        If there is no result in time, or it is not that all is committed; the text says what failed and why.
    """
    transaction = what.transaction
    if transaction is None:
        transaction = device.place.kernel.identity.next_uid(device.name, "transaction")
    happening = expected.expect(transaction)
    deadline = device.place.kernel.now + what.within
    try:
        assoc = _asked(device, expected, what, transaction, references)
        # the result may come on this association, or on one that the peer opens
        device.place.kernel.wait(happening, "the result of a storage commitment", min(what.hold, what.within))
        if assoc.is_established:
            assoc.release()
        rest = max(0, deadline - device.place.kernel.now)
        if not device.place.kernel.wait(happening, "the result of a storage commitment", rest):
            raise PlayFailure(f"storage commitment by {what.to}: no result within {format_duration(what.within)}")
    finally:
        expected.forget(transaction)
    told: tuple[Result, int] = happening.value  # type: ignore[assignment]
    _judge(what.to, references, *told)


def _asked(
    device: Device, expected: Expected, what: Commit, transaction: str, references: Sequence[Reference]
) -> Association:
    """Send the request; return the association that has been told Success."""
    network: NetworkSettings = device.personality
    ae: AE = application_entity(device, network)
    contexts = [build_context(StorageCommitmentPushModel)]
    handlers = [(evt.EVT_N_EVENT_REPORT, expected.received)]
    assoc = associate(device, ae, what.to, contexts, what.called or "", evt_handlers=handlers)
    link_of(assoc).log("commitment-asked", transaction=transaction, objects=len(references))
    told, _ = assoc.send_n_action(
        request_information(transaction, references),
        what.action_type,
        StorageCommitmentPushModel,
        what.sop_instance,
        msg_id=_MESSAGE_ID,
    )
    if "Status" not in told:
        raise PlayFailure(f"N-ACTION to {what.to}: {end_of(assoc)}")
    heed_answer(assoc, _MESSAGE_ID, f"N-ACTION to {what.to}")
    if told.Status != SUCCESS:
        if assoc.is_established:
            assoc.release()
        comment = f" ({told.ErrorComment})" if told.get("ErrorComment") else ""
        raise PlayFailure(f"N-ACTION to {what.to}: status 0x{told.Status:04X}{comment}")
    return assoc


def _judge(peer: str, references: Sequence[Reference], result: Result, event_type: int) -> None:
    """Hold a result against what was asked for.

    Raises
    ------
    PlayFailure
        If it is not that all is committed.
    """
    who = f"storage commitment by {peer}"
    if result.failed:
        some = result.failed[:_NAMED]
        shown = [f"{one.sop_instance}: {reason_in_words(reason)}" for one, reason in some]
        shown += [f"and {len(result.failed) - _NAMED} more"] * (len(result.failed) > _NAMED)
        raise PlayFailure(f"{who}: {len(result.failed)} of {len(references)} objects failed; {'; '.join(shown)}")
    missing = [one for one in references if one not in result.committed]
    if missing:
        told = f"{len(missing)} of {len(references)} objects are neither committed nor failed"
        raise PlayFailure(f"{who}: {told}; {missing[0].sop_instance} is one")
    if event_type != SUCCESSFUL:
        raise PlayFailure(f"{who}: the report says that failures exist and names none")
