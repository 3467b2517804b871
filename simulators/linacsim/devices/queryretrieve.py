"""C-FIND, C-MOVE and C-GET as SCU (PS3.4 Annex C), for every device that queries an archive; and the models' SOP classes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.association import Association

from linacsim.devices import auditing
from linacsim.devices.auditing import Complaints, Ledger
from linacsim.devices.device import Device
from linacsim.devices.entity import end_of
from linacsim.errors import PlayFailure
from linacsim.kernel.border.links import link_of

PatientRootFind = UID("1.2.840.10008.5.1.4.1.2.1.1")
PatientRootMove = UID("1.2.840.10008.5.1.4.1.2.1.2")
PatientRootGet = UID("1.2.840.10008.5.1.4.1.2.1.3")
StudyRootFind = UID("1.2.840.10008.5.1.4.1.2.2.1")
StudyRootMove = UID("1.2.840.10008.5.1.4.1.2.2.2")
StudyRootGet = UID("1.2.840.10008.5.1.4.1.2.2.3")

LOW = 2
"""Priority (0000,0700)."""
_PENDING = (0xFF00, 0xFF01)

Counters = auditing.Counters
Responses = Iterator[tuple[Dataset, Dataset | None]]


class Found(NamedTuple):
    """What a C-FIND has brought.

    Attributes
    ----------
    identifiers : list of Dataset
        The matches, in the order of their responses.
    status : Dataset
        The final response: Status, and Error Comment and Offending Element if it has them.
    complaints : Complaints or None
        What is wrong with the responses; it may grow until the association ends.
    """

    identifiers: list[Dataset]
    status: Dataset
    complaints: Complaints | None = None


class Moved(NamedTuple):
    """What has become of a C-MOVE or C-GET.

    Attributes
    ----------
    status : Dataset
        The final response: Status, and Error Comment and Offending Element if it has them.
    counters : Counters
        Its sub-operations.
    complaints : Complaints or None
        What is wrong with the responses; it may grow until the association ends.
    """

    status: Dataset
    counters: Counters
    complaints: Complaints | None = None


def find(
    device: Device,
    ae: AE,
    assoc: Association,
    model_uid: str,
    identifier: Dataset,
    *,
    message_id: int = 1,
    cancel_after: int = 0,
) -> Found:
    """Query with C-FIND and wait for the final response, whatever its status.

    Parameters
    ----------
    device : Device
        Who asks.
    ae : AE
        Its application entity; messages to the user name it if it is not called as the device.
    assoc : Association
        An established association, with the model among its presentation contexts.
    model_uid : str
        The SOP class, such as `StudyRootFind`.
    identifier : Dataset
        Query/Retrieve Level and keys.
    message_id : int
        Message ID of the request.
    cancel_after : int
        Send a C-CANCEL after this many matches; 0 sends none.

    Raises
    ------
    PlayFailure
        If there is no final response: timeout, abort, release, or the model has not been accepted.
    """
    who = _who("C-FIND", device, ae, assoc)
    complaints = Complaints(assoc, message_id)
    responses = _sent(who, assoc, lambda: assoc.send_c_find(identifier, model_uid, msg_id=message_id))
    matches: list[Dataset] = []
    for status, match in responses:
        _expect_status(who, assoc, status, complaints)
        if status.Status not in _PENDING:
            return Found(matches, status, complaints)
        if match is None:
            assoc.abort()
            raise PlayFailure(f"{who}: the identifier of response {len(matches) + 1} cannot be read")
        matches.append(match)
        if len(matches) == cancel_after:
            _cancel(assoc, model_uid, message_id)
    raise PlayFailure(f"{who}: {end_of(assoc)}")


def move(
    device: Device,
    ae: AE,
    assoc: Association,
    model_uid: str,
    identifier: Dataset,
    destination: str,
    *,
    message_id: int = 1,
    priority: int = LOW,
    cancel_after: int = 0,
) -> Moved:
    """Retrieve with C-MOVE and wait for the final response, whatever its status.

    Parameters
    ----------
    device, ae, assoc, model_uid, identifier, message_id
        As for `find`; the identifier has the level and unique keys only.
    destination : str
        The AE title that the objects are to be sent to.
    priority : int
        Priority (0000,0700).
    cancel_after : int
        Send a C-CANCEL after this many Pending responses; 0 sends none.

    Raises
    ------
    PlayFailure
        If there is no final response: timeout, abort, release, or the model has not been accepted.
    """
    who = _who("C-MOVE", device, ae, assoc)
    complaints = Complaints(assoc, message_id)
    responses = _sent(
        who, assoc, lambda: assoc.send_c_move(identifier, destination, model_uid, msg_id=message_id, priority=priority)
    )
    cancel = (cancel_after, lambda: _cancel(assoc, model_uid, message_id))
    return _retrieved(who, assoc, responses, complaints, cancel)


def get(
    device: Device,
    ae: AE,
    assoc: Association,
    model_uid: str,
    identifier: Dataset,
    *,
    message_id: int = 1,
    priority: int = LOW,
    cancel_after: int = 0,
) -> Moved:
    """Retrieve with C-GET and wait for the final response, whatever its status.

    The objects come over `assoc`, which has to have been established with the storage SOP classes, the roles turned round,
    and somebody who takes them (``evt.EVT_C_STORE``).

    Parameters and errors are those of `move`.
    """
    who = _who("C-GET", device, ae, assoc)
    complaints = Complaints(assoc, message_id)
    responses = _sent(who, assoc, lambda: assoc.send_c_get(identifier, model_uid, msg_id=message_id, priority=priority))
    cancel = (cancel_after, lambda: _cancel(assoc, model_uid, message_id))
    return _retrieved(who, assoc, responses, complaints, cancel)


def _retrieved(
    who: str,
    assoc: Association,
    responses: Responses,
    complaints: Complaints,
    cancel: tuple[int, Callable[[], None]],
) -> Moved:
    """Return what the final response says; after so many others, cancel."""
    ledger = Ledger(complaints)
    for ordinal, (status, failed) in enumerate(responses, 1):
        _expect_status(who, assoc, status, complaints)
        counters = _counters(status, failed)
        ledger.enter(int(status.Status), counters)
        if status.Status not in _PENDING:
            return Moved(status, counters, complaints)
        if ordinal == cancel[0]:
            cancel[1]()
    raise PlayFailure(f"{who}: {end_of(assoc)}")


def _who(service: str, device: Device, ae: AE, assoc: Association) -> str:
    """Return how messages call the operation; a device may have several application entities."""
    entity = "" if ae.ae_title == device.name else f" as {ae.ae_title}"
    return f"{service} to {link_of(assoc).other or 'the peer'}{entity}"


def _sent(who: str, assoc: Association, send: Callable[[], Responses]) -> Responses:
    """Send the request; return what pynetdicom makes of the responses."""
    if not assoc.is_established:
        raise PlayFailure(f"{who}: {end_of(assoc)}")
    try:
        return send()
    except ValueError as exc:
        raise PlayFailure(f"{who}: {exc}") from exc


def _expect_status(who: str, assoc: Association, status: Dataset, complaints: Complaints) -> None:
    """An empty data set stands for a response that has not come or cannot be read."""
    if "Status" not in status:
        noticed = f" (before that: {complaints})" if complaints.texts else ""
        raise PlayFailure(f"{who}: {end_of(assoc)}{noticed}")


def _cancel(assoc: Association, model_uid: str, message_id: int) -> None:
    if assoc.is_established:
        assoc.send_c_cancel(message_id, query_model=model_uid)


def _counters(status: Dataset, identifier: Dataset | None) -> Counters:
    told = (status.get(f"NumberOf{what}Suboperations") for what in ("Remaining", "Completed", "Failed", "Warning"))
    remaining, completed, failed, warning = (None if number is None else int(number) for number in told)
    listed = None if identifier is None else identifier.get("FailedSOPInstanceUIDList")
    uids = (listed,) if isinstance(listed, str) else tuple(listed or ())
    return Counters(remaining, completed, failed, warning, tuple(str(uid) for uid in uids if uid))
