"""N-ACTION Print: a copy of the hierarchy becomes a job of the hardware, and a Print Job for who asks (PS3.4 H.4.1, H.4.2)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from linacsim.devices.printclasses import PrintJob
from linacsim.devices.printer.answers import Answer, reference
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.elements import elements
from linacsim.devices.printer.formats import format_text
from linacsim.devices.printer.hardware import MediumNotInstalledError, QueueFullError
from linacsim.devices.printer.hierarchy import FilmBox, FilmSession
from linacsim.devices.printer.order import Order
from linacsim.devices.printer.output import orders_for
from linacsim.devices.printer.overlay import combined_size
from linacsim.devices.printer.queueing import queue
from linacsim.devices.printer.rules import FILM, SESSION
from linacsim.devices.printer.sizes import FITS, Judgement, judge, worst
from linacsim.devices.printer.statuses import (
    INVALID_ARGUMENT_VALUE,
    NO_SUCH_ACTION,
    NO_SUCH_ARGUMENT,
    PROCESSING_FAILURE,
    SUCCESS,
    RefusedError,
)
from linacsim.errors import InputError

PRINT = 1
"""The one Action Type ID of print management (PS3.4 H.4.1.2.4, H.4.2.2.4)."""


def check_print(request: Request) -> None:
    """Refuse an action that is not Print (0123), and Action Information, of which Print has none (0114, 0115).

    An attribute of the film session or film box is one that the printer knows, but not here: its value is to be set first.
    """
    if request.action != PRINT:
        raise RefusedError(NO_SUCH_ACTION, f"action {request.action}")
    for element in elements(request.attributes):
        known = element.keyword in SESSION or element.keyword in FILM
        status = INVALID_ARGUMENT_VALUE if known else NO_SUCH_ARGUMENT
        raise RefusedError(status, f"{element.keyword or element.tag}: Print has no Action Information", element.tag)


def print_films(desk: Desk, session: FilmSession, films: list[FilmBox], when_full: int) -> Answer:
    """Queue a copy of `films` as one job; the answer has the warning that an image's size calls for, and the Print Job.

    Raises
    ------
    RefusedError
        `when_full` if the queue takes no more jobs, C603 or C613 if an image must not be made smaller.
    """
    try:
        orders = orders_for(desk.printer, session, films, desk.client)
    except (InputError, ValueError) as wrong:
        raise RefusedError(PROCESSING_FAILURE, str(wrong)) from None
    told = _judged(desk, films, orders)
    if told.refused:
        raise RefusedError(told.status, told.comment)
    try:
        job = queue(desk.printer, orders)
    except QueueFullError:
        raise RefusedError(when_full, "the print queue is full") from None
    except MediumNotInstalledError as missing:
        # PS3.4 H.4 has no status for it; the job does not come to be
        wanted = " ".join(str(part) for part in reversed(missing.args))
        raise RefusedError(PROCESSING_FAILURE, f"no magazine holds {wanted}") from None
    except OSError as wrong:
        raise RefusedError(PROCESSING_FAILURE, f"the films cannot be stored: {wrong.strerror}") from None
    for number, film in enumerate(films, 1):
        film.printed = True
        _log_film(desk, session, film, job.number, number)
    instance = desk.printer.book.enter(desk, session, job)
    desk.watch(instance, job)
    reply = None
    if desk.personality.print_job and desk.context_for(PrintJob) is not None:
        reply = Dataset()
        # (2100,0500); pydicom's keyword is that of its later, retired use
        reply.ReferencedPrintJobSequencePullStoredPrint = Sequence([reference(PrintJob, instance.uid)])
    return Answer(status=told.status or SUCCESS, comment=told.comment, attributes=reply)


def _judged(desk: Desk, films: list[FilmBox], orders: list[Order]) -> Judgement:
    """Return the gravest of what has to be said of the images' sizes; nothing if that has been said at their N-SET."""
    if desk.personality.checks_size_at != "N-ACTION":
        return FITS
    overlays = [{box.position: combined_size(box) for box in film.boxes} for film in films]
    return worst(
        [
            judge(order.sheet, image, sizes[image.position])
            for order, sizes in zip(orders, overlays, strict=True)
            for image in order.images
        ]
    )


def _log_film(desk: Desk, session: FilmSession, film: FilmBox, job: int, number: int) -> None:
    """Record which film has been copied into a job."""
    about = film.attributes
    desk.printer.place.log(
        "film-copied",
        job=job,
        film=number,
        format=format_text(about),
        size=str(about.get("FilmSizeID")),
        orientation=str(about.get("FilmOrientation")),
        medium=str(session.attributes.get("MediumType")),
        destination=str(session.attributes.get("FilmDestination")),
    )
