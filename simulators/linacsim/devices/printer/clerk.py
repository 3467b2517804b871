"""Who serves one association: requests in their order, reports in between."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, cast

from pydicom.dataset import Dataset
from pynetdicom.association import Association

from linacsim.devices.printclasses import Printer as PrinterSOPClass
from linacsim.devices.printclasses import PrinterInstance, PrintJob, name_of
from linacsim.devices.printer.answers import Answer
from linacsim.devices.printer.arrivals import OPERATIONS as OPERATIONS_OF
from linacsim.devices.printer.arrivals import Arrivals
from linacsim.devices.printer.book import JobInstance
from linacsim.devices.printer.decoding import decoded
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.hardware import Job
from linacsim.devices.printer.operations import OPERATIONS
from linacsim.devices.printer.reports import Report, Reports
from linacsim.devices.printer.session import clear
from linacsim.devices.printer.statuses import (
    INVALID_SOP_INSTANCE,
    PROCESSING_FAILURE,
    UNRECOGNISED_OPERATION,
    RefusedError,
)
from linacsim.devices.uids import is_uid

if TYPE_CHECKING:
    from pydicom.uid import UID

    from linacsim.devices.printer.services import Printer

LOGGER = logging.getLogger(__name__)
_DATA_SETS = {"N-CREATE": "AttributeList", "N-SET": "ModificationList", "N-ACTION": "ActionInformation"}
"""Where the data set of a request is."""

PRINTER_EVENTS = {"NORMAL": 1, "WARNING": 2, "FAILURE": 3}
"""Event Type ID by Printer Status (PS3.4 H.4.6.2.1)."""


class Clerk(Desk):
    """Serves one association."""

    def __init__(self, printer: Printer, assoc: Association) -> None:
        super().__init__(printer, assoc)
        self.arrivals = Arrivals(assoc)
        self._contexts = {context.context_id: context for context in assoc.accepted_contexts}
        self.reports = Reports(self)
        self._told = printer.hardware.status
        contexts = ", ".join(name_of(str(one.abstract_syntax)) for one in assoc.accepted_contexts)
        printer.place.log("client-served", contexts=contexts, **{"with": self.client})

    def serve(self, message: Any, context_id: int) -> bool:
        """Serve a request of print management; return whether it is one (called for each message that has come)."""
        operation, context = OPERATIONS_OF.get(type(message)), self._contexts.get(context_id)
        if operation is None or context is None or message.MessageIDBeingRespondedTo is not None:
            return False
        if message.MessageID is None:
            # there is nothing that a response could respond to
            return True
        implicit = context.transfer_syntax[0].is_implicit_VR
        response = self._answer(operation, message, str(context.abstract_syntax), implicit=implicit)
        self.arrivals.look(message)
        if self.assoc.is_established:
            self.assoc.dimse.send_msg(response, context_id)
        return True

    def _answer(self, operation: str, message: Any, abstract_syntax: str, *, implicit: bool) -> Any:
        """Return the response to a request."""
        try:
            self.arrivals.check(message)
            answer = self._serve(_request(operation, message, abstract_syntax, implicit=implicit))
        except RefusedError as refused:
            answer = Answer(status=refused.status, comment=refused.comment, tags=refused.tags)
        except Exception:
            # whatever it is, the client gets an answer, and the association lives on
            LOGGER.exception("%s for %s", operation, self.client)
            answer = Answer(status=PROCESSING_FAILURE, comment="the printer could not do it")
        response = answer.response(message, implicit=implicit)
        if operation == "N-CREATE" and self.personality.omit_sop_class_uid:
            response.AffectedSOPClassUID = None
        return response

    def _serve(self, request: Request) -> Answer:
        self.check_class(request.sop_class, request.abstract_syntax)
        function = OPERATIONS.get((request.operation, cast("UID", request.sop_class)))
        if function is None:
            told = f"{name_of(request.sop_class)} has no {request.operation}"
            raise RefusedError(UNRECOGNISED_OPERATION, told)
        if request.uid and not is_uid(request.uid):
            raise RefusedError(INVALID_SOP_INSTANCE, "not a UID")
        return function(self, request)

    def watch(self, instance: JobInstance, job: Job) -> None:
        """Tell the client what becomes of a print job; the first event comes when the personality says."""
        when = self.personality.events.print_job
        if when == "never" or self.context_for(PrintJob) is None:
            return
        job.watchers.append(lambda _job: self.reports.tell(self._job_report(instance)))
        report = self._job_report(instance)
        if when == "after":
            self.reports.hold_until_response()
            self.reports.tell(report)
        else:
            self.reports.tell_now(report, wait=when == "before")

    def _job_report(self, instance: JobInstance) -> Report:
        event_type, information = self.printer.book.event(instance)
        return Report(
            sop_class=PrintJob,
            uid=instance.uid,
            event_type=event_type,
            information=information,
            what=instance.state,
        )

    def tell_printer(self) -> None:
        """Tell the client of the printer's status, if it is another one than it was told last."""
        status, info = self.printer.hardware.status
        if (status, info) == self._told or not self.personality.events.printer:
            return
        self._told = (status, info)
        information = Dataset()
        if status != "NORMAL":
            information.PrinterStatusInfo = info
            information.PrinterName = self.personality.printer_name
            job = self.printer.hardware.machine.job
            if job is not None:
                information.FilmDestination = job.destination
        self.reports.tell(
            Report(
                sop_class=PrinterSOPClass,
                uid=PrinterInstance,
                event_type=PRINTER_EVENTS[status],
                information=information,
                what=info,
            )
        )

    def leave(self) -> None:
        """The association is over."""
        self.reports.end()
        if self.work.session is not None:
            clear(self, self.work.session)
        self.work.luts.clear()
        self.work.overlays.clear()


def _request(operation: str, message: Any, abstract_syntax: str, *, implicit: bool) -> Request:
    """Return a request as the services want it.

    Raises
    ------
    RefusedError
        0110 if its data set cannot be decoded.
    """
    affected = operation == "N-CREATE"
    request = Request(
        operation=operation,
        sop_class=str(message.AffectedSOPClassUID if affected else message.RequestedSOPClassUID),
        uid=str((message.AffectedSOPInstanceUID if affected else message.RequestedSOPInstanceUID) or ""),
        abstract_syntax=abstract_syntax,
    )
    if operation == "N-GET":
        request.identifiers = _identifiers(message.AttributeIdentifierList)
    elif operation == "N-ACTION":
        request.action = int(message.ActionTypeID)
    keyword = _DATA_SETS.get(operation)
    data = getattr(message, keyword) if keyword is not None else None
    if data is not None:
        request.attributes = decoded(data, implicit=implicit)
    return request


def _identifiers(tags: Any) -> tuple[int, ...]:
    if tags is None:
        return ()
    return (int(tags),) if isinstance(tags, int) else tuple(int(tag) for tag in tags)
