"""N-GET: the Printer, the Print Job, Printer Configuration Retrieval (PS3.4 H.4.5, H.4.6, H.4.11)."""

from __future__ import annotations

from pydicom.dataset import Dataset

from linacsim.devices.printclasses import PrinterConfigurationRetrievalInstance, PrinterInstance
from linacsim.devices.printer.answers import Answer
from linacsim.devices.printer.configuration import configuration
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.statuses import (
    ATTRIBUTE_LIST_ERROR,
    CLASS_INSTANCE_CONFLICT,
    NO_SUCH_SOP_INSTANCE,
    OPTIONAL_ATTRIBUTES_UNSUPPORTED,
    SUCCESS,
    RefusedError,
)

_OPTIONAL = {0x00181200: "DateOfLastCalibration", 0x00181201: "TimeOfLastCalibration"}
"""What a printer need not know of itself (PS3.3 C.13.9)."""


def tell_printer(desk: Desk, request: Request) -> Answer:
    """N-GET of the Printer."""
    _check_instance(desk, request.uid, PrinterInstance)
    return _chosen(request, desk.printer.about())


def tell_job(desk: Desk, request: Request) -> Answer:
    """N-GET of a Print Job; it can be asked for a while after it has come to its end."""
    instance = desk.printer.book.find(request.uid)
    if instance is None:
        known = desk.work.knows(request.uid) or request.uid == PrinterInstance
        status = CLASS_INSTANCE_CONFLICT if known else NO_SUCH_SOP_INSTANCE
        raise RefusedError(status, "there is no such Print Job")
    return _chosen(request, desk.printer.book.told(instance))


def tell_configuration(desk: Desk, request: Request) -> Answer:
    """N-GET of the printer's configuration."""
    _check_instance(desk, request.uid, PrinterConfigurationRetrievalInstance)
    return _chosen(request, configuration(desk.printer))


def _check_instance(desk: Desk, uid: str, own: str) -> None:
    if uid != own:
        raise (
            desk.work.refusal(uid)
            if desk.work.knows(uid)
            else RefusedError(NO_SUCH_SOP_INSTANCE, "the class has a well-known instance")
        )


def _chosen(request: Request, known: Dataset) -> Answer:
    """Return what is asked for; no Attribute Identifier List asks for all (PS3.7 10.1.2.1.5)."""
    wanted = request.identifiers or tuple(int(element.tag) for element in known)
    found = Dataset()
    for tag in wanted:
        if tag in known:
            found[tag] = known[tag]
    missing = tuple(tag for tag in wanted if tag not in known)
    if not missing:
        return Answer(status=SUCCESS, attributes=found)
    if all(tag in _OPTIONAL for tag in missing):
        told = f"{_OPTIONAL[missing[0]]} is not kept"
        return Answer(status=OPTIONAL_ATTRIBUTES_UNSUPPORTED, attributes=found, comment=told, tags=missing)
    told = f"{len(missing)} attributes are not known"
    return Answer(status=ATTRIBUTE_LIST_ERROR, attributes=found, comment=told, tags=missing)
