"""Storage Commitment at work: requests are accepted and written down, results are told on this association or a new one."""

from __future__ import annotations

import warnings
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.presentation import build_context, build_role

from linacsim.devices import commitmentclient
from linacsim.devices.archive.commitment import CommitmentSettings, Ledger, Misreport, Transaction, spoilt
from linacsim.devices.archive.hardware import DatabaseDownError
from linacsim.devices.archive.judging import judge
from linacsim.devices.commitment import (
    DUPLICATE_TRANSACTION,
    INVALID_ARGUMENT,
    NO_SUCH_ACTION,
    NO_SUCH_INSTANCE,
    PROCESSING_FAILURE,
    REQUEST,
    RESOURCE_LIMITATION,
    SUCCESS,
    BadInformationError,
    Reference,
    Result,
    StorageCommitmentPushModel,
    StorageCommitmentPushModelInstance,
    read_request,
    reason_in_words,
    result_information,
)
from linacsim.devices.entity import Handlers, application_entity, associate
from linacsim.devices.eventreport import EventReport, EventReports, context_of, is_open
from linacsim.devices.storage.services import RefusedError, failure
from linacsim.errors import PlayFailure
from linacsim.kernel.border.links import link_of
from linacsim.kernel.units import MILLISECOND

if TYPE_CHECKING:
    from linacsim.devices.archive.services import Archive

EVENTS = commitmentclient.EVENTS | frozenset(
    {
        "commitment-requested",
        "commitment-refused",
        "commitment-resumed",
        "commitment-unreadable",
        "commitment-told",
        "commitment-not-told",
        "commitment-given-up",
        "commitment-withheld",
    }
)
"""The words that an archive's Storage Commitment writes into the log, in both roles."""
FIELDS = commitmentclient.FIELDS | {"association", "attempt"}
"""The fields of those records, beside the kernel's."""

_SYNTAXES: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]


class Committing:
    """Answers requests for Storage Commitment, and tells their results.

    Parameters
    ----------
    house : Archive
        The archive.
    """

    def __init__(self, house: Archive) -> None:
        self._house = house
        self._settings: CommitmentSettings = house.personality.commitment
        self._kernel = house.place.kernel
        self._reports = EventReports(self._kernel)
        self._ledger = Ledger(house.shelf, f"commitments/{house.file_name}")
        self._outstanding: dict[str, Transaction] = {}
        self._mishaps: deque[Misreport] = deque()

    def support(self, ae: AE) -> None:
        """Add the presentation context, in both roles: the archive asks others for commitment, too."""
        ae.add_supported_context(StorageCommitmentPushModel, _SYNTAXES, scu_role=True, scp_role=True)

    def beside(self, handlers: Handlers) -> Handlers:
        """Return `handlers` and who answers requests for commitment; while a C-GET is served, no result is told."""
        others = next(handler for event, handler, *_ in handlers if event is evt.EVT_C_GET)

        def get(event: evt.Event) -> Iterator[Any]:
            with self._reports.held_back(event.assoc):
                yield from others(event)

        kept = [one for one in handlers if one[0] is not evt.EVT_C_GET]
        return [*kept, (evt.EVT_C_GET, get), (evt.EVT_N_ACTION, self._requested)]

    def resume(self) -> None:
        """Go on with what an earlier run has left outstanding: the associations of those requests are gone."""
        for where, transaction in self._ledger.outstanding():
            if transaction is None:
                self._house.place.log("commitment-unreadable", object=where)
                continue
            self._outstanding[transaction.uid] = transaction
            self._log("commitment-resumed", transaction, objects=len(transaction.references))
            self._spawn(transaction, None)

    def misreport(self, what: Misreport) -> None:
        """The next result is told wrongly."""
        self._mishaps.append(what)

    # requests

    def _requested(self, event: evt.Event) -> tuple[int | Dataset, Dataset | None]:
        """Answer an N-ACTION (PS3.4 J.3.2): accepted means that the result will be told, not what it is."""
        try:
            transaction = self._accepted(event)
        except RefusedError as exc:
            self._house.place.log(
                "commitment-refused", status=exc.status, reason=exc.comment, **{"with": link_of(event.assoc).other}
            )
            return failure(exc.status, exc.comment), None
        if self._settings.before_response:
            self._carry_out(transaction, event.assoc)
        else:
            self._spawn(transaction, event.assoc)
        return SUCCESS, None

    def _accepted(self, event: evt.Event) -> Transaction:
        """Look at a request and write it down.

        Raises
        ------
        RefusedError
            If it is not accepted.
        """
        request: Any = event.request
        if str(request.RequestedSOPInstanceUID) != StorageCommitmentPushModelInstance:
            raise RefusedError(NO_SUCH_INSTANCE, "the SOP class has a well-known instance")
        if request.ActionTypeID != REQUEST:
            raise RefusedError(NO_SUCH_ACTION, f"action type {request.ActionTypeID}")
        uid, references = _information(event)
        duplicate = uid in self._outstanding
        if duplicate and self._settings.duplicate == "refuse":
            raise RefusedError(DUPLICATE_TRANSACTION, "the Transaction UID is in use")
        if len(self._outstanding) >= self._settings.most_outstanding:
            raise RefusedError(RESOURCE_LIMITATION, f"{len(self._outstanding)} transactions are outstanding")
        client = link_of(event.assoc).other
        transaction = Transaction(uid=uid, client=client, references=tuple(references), duplicate=duplicate)
        if not duplicate:
            self._write_down(transaction)
        self._log("commitment-requested", transaction, objects=len(references))
        return transaction

    def _write_down(self, transaction: Transaction) -> None:
        try:
            self._house.database.expect_up()
            self._ledger.write(transaction)
        except DatabaseDownError as exc:
            raise RefusedError(PROCESSING_FAILURE, "the database is down") from exc
        except OSError as exc:
            raise RefusedError(RESOURCE_LIMITATION, str(exc)) from exc
        self._outstanding[transaction.uid] = transaction

    # results

    def _spawn(self, transaction: Transaction, assoc: Association | None) -> None:
        def task() -> None:
            # at least as long as it takes the response to leave
            self._kernel.sleep(max(self._settings.delay, MILLISECOND))
            self._carry_out(transaction, assoc)

        self._kernel.spawn(task, name=f"storage commitment for {transaction.client}", place=self._house.place)

    def _carry_out(self, transaction: Transaction, assoc: Association | None) -> None:
        """Judge a transaction and tell the result; whatever becomes of that, it is outstanding no more."""
        try:
            result = judge(self._house, transaction)
            mishap = self._mishaps.popleft() if self._mishaps else None
            if mishap is None:
                self._tell(transaction, result, assoc)
            else:
                self._tell_wrongly(transaction, result, assoc, mishap)
        finally:
            if not transaction.duplicate:
                self._outstanding.pop(transaction.uid, None)
        if not transaction.duplicate:
            self._ledger.strike(transaction.uid)

    def _tell_wrongly(
        self, transaction: Transaction, result: Result, assoc: Association | None, mishap: Misreport
    ) -> None:
        if mishap.how == "never":
            self._log("commitment-withheld", transaction)
            return
        if mishap.how == "late":
            self._kernel.sleep(mishap.late_by)
        wrong = spoilt(result, mishap, self._kernel.identity.next_uid(self._house.name, "wrong transaction"))
        self._tell(transaction, wrong, assoc, once=mishap.how == "wrong-transaction")
        if mishap.how == "twice":
            self._kernel.sleep(mishap.late_by)
            self._tell(transaction, wrong, assoc)

    def _tell(self, transaction: Transaction, result: Result, assoc: Association | None, *, once: bool = False) -> None:
        """Tell a result, as often as it takes and the settings allow."""
        attempts = 1 if once else self._settings.retries + 1
        for attempt in range(1, attempts + 1):
            if attempt > 1:
                self._kernel.sleep(self._settings.retry_interval)
            where, complaint = self._try(transaction, result, assoc)
            if not complaint:
                reasons = "; ".join(dict.fromkeys(reason_in_words(reason) for _, reason in result.failed))
                fields = {"objects": len(result.committed), "failed": len(result.failed), "reason": reasons or None}
                self._log("commitment-told", transaction, association=where, attempt=attempt, **fields)
                return
            self._log("commitment-not-told", transaction, attempt=attempt, association=where, reason=complaint)
            if self._settings.association == "same" and (assoc is None or not is_open(assoc)):
                break
        self._log("commitment-given-up", transaction)

    def _try(self, transaction: Transaction, result: Result, assoc: Association | None) -> tuple[str, str]:
        """Try to tell a result; return where, and what has gone wrong."""
        how = self._settings.association
        if how != "new" and assoc is not None and is_open(assoc):
            return "same", self._report(assoc, result)
        if how == "same":
            return "same", "the association of the request has ended"
        try:
            with self._called(transaction.client) as called:
                return "new", self._report(called, result)
        except PlayFailure as exc:
            return "new", str(exc)

    def _report(self, assoc: Association, result: Result) -> str:
        """Send the N-EVENT-REPORT; return what has gone wrong."""
        title = self._house.name if self._settings.retrieve_ae_title else ""
        report = EventReport(
            sop_class=StorageCommitmentPushModel,
            uid=StorageCommitmentPushModelInstance,
            event_type=result.event_type,
            information=result_information(result, title),
        )
        timeout = self._house.personality.dimse_timeout
        status = self._reports.send(assoc, report, timeout)
        if status is None:
            if assoc.is_established:
                link_of(assoc).abort()
                return "the N-EVENT-REPORT was not answered"
            return "the association has ended"
        return "" if status == SUCCESS else f"the N-EVENT-REPORT was answered with status 0x{status:04X}"

    @contextmanager
    def _called(self, client: str) -> Iterator[Association]:
        """Open an association with who has asked, as the SCP (PS3.4 J.3.3).

        Raises
        ------
        PlayFailure
            If there is none, or the role has not been accepted.
        """
        device = self._house
        role = self._settings.role
        offered = [] if role == "left-out" else [build_role(StorageCommitmentPushModel, scp_role=True)]
        contexts = [build_context(StorageCommitmentPushModel, _SYNTAXES)]
        ae = application_entity(device, device.personality)
        assoc = associate(device, ae, client, contexts, ext_neg=offered)
        try:
            context = context_of(assoc, StorageCommitmentPushModel)
            if role == "required" and not (context is not None and context.as_scp):
                raise PlayFailure(f"{client} has not accepted the role SCP for Storage Commitment")
            yield assoc
        finally:
            if assoc.is_established:
                assoc.release()

    def _log(self, event: str, transaction: Transaction, **fields: Any) -> None:
        self._house.place.log(event, transaction=transaction.uid, **{"with": transaction.client}, **fields)


def _information(event: evt.Event) -> tuple[str, list[Reference]]:
    """Return Transaction UID and references of a request.

    Raises
    ------
    RefusedError
        0110 if its data set cannot be read, 0115 if it lacks what it has to hold.
    """
    try:
        with warnings.catch_warnings():
            # odd values are told by a status, not on the standard error stream
            warnings.simplefilter("ignore")
            return read_request(event.action_information)
    except BadInformationError as exc:
        raise RefusedError(INVALID_ARGUMENT, str(exc)) from exc
    except Exception as exc:
        # whatever a parser stumbles over in hostile bytes means the same here
        raise RefusedError(PROCESSING_FAILURE, f"the data set cannot be read: {type(exc).__name__}") from exc
