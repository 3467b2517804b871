"""One print job on one association, in grey or in colour, step by step from an activity's table (PS3.4 Annex H as SCU)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.status import code_to_category

from linacsim.conformance.model import Activity, ActivityStep, Per
from linacsim.devices.entity import end_of, heed_answer
from linacsim.devices.planning.pages import Films, Page, image_item, sequence_of
from linacsim.devices.planning.personality import Print
from linacsim.devices.printclasses import (
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    Printer,
    PrinterInstance,
)
from linacsim.errors import HarnessError, PlayFailure
from linacsim.kernel.border.links import link_of

PRINT = 1
"""Action Type ID (PS3.4 H.4.1.2.4)."""
_PRINTER_STATUS = {1: "NORMAL", 2: "WARNING", 3: "FAILURE"}
"""By Event Type ID (PS3.4 H.4.6.2.1)."""


def negotiated_colour(assoc: Association, wanted: bool) -> bool:
    """Return whether images are sent in colour: as `wanted` if the printer has accepted that, else as it has accepted."""
    accepted = {str(context.abstract_syntax) for context in assoc.accepted_contexts}
    grayscale, colour = BasicGrayscalePrintManagementMeta in accepted, BasicColorPrintManagementMeta in accepted
    return colour if wanted or not grayscale else False


def told_by_printer(event: evt.Event) -> tuple[int, None]:
    """Take notice of what the printer tells unasked; to be able to is mandatory in the Printer SOP Class (PS3.4 H.4.6)."""
    request: Any = event.request
    told = event.event_information if request.EventInformation is not None else Dataset()
    status = _PRINTER_STATUS.get(int(request.EventTypeID), "")
    info = str(told.get("PrinterStatusInfo") or "")
    link_of(event.assoc).log("printer-told", status=status, info=info)
    return 0x0000, None


class PrintJob:
    """Plays the steps of `activity` for `films` on `assoc`.

    The table says which operation follows which, and what is repeated for each film and each image box; here stands only
    what a message of each kind carries.
    """

    def __init__(
        self, assoc: Association, activity: Activity, what: Print, films: Films, uid: Callable[[str], str]
    ) -> None:
        self._assoc = assoc
        self._activity = activity
        self._what = what
        self._films = films
        self._uid = uid
        self._meta = BasicColorPrintManagementMeta if what.colour else BasicGrayscalePrintManagementMeta
        self._session = ""
        self._film = ""
        self._boxes: list[str] = []
        self._messages = 0
        self._doers: dict[tuple[str, str], Callable[[list[Page]], None]] = {
            ("N-GET", "Printer"): self._get_printer,
            ("N-CREATE", "Basic Film Session"): self._create_session,
            ("N-SET", "Basic Film Session"): self._set_session,
            ("N-CREATE", "Basic Film Box"): self._create_film,
            ("N-SET", "Basic Film Box"): self._set_film,
            ("N-ACTION", "Basic Film Session"): self._print_session,
            ("N-ACTION", "Basic Film Box"): self._print_film,
            ("N-DELETE", "Basic Film Box"): self._delete_film,
            ("RELEASE", ""): self._release,
        }

    def play(self) -> None:
        """Play all steps.

        Raises
        ------
        PlayFailure
            If the printer refuses one, or the association ends; it is released first where it can be.
        """
        try:
            for per_film, steps in _loops(self._activity.steps):
                for film in self._films if per_film else [[]]:
                    for step in steps:
                        self._play(step, film)
        except PlayFailure:
            if self._assoc.is_established:
                self._assoc.release()
            raise

    def _play(self, step: ActivityStep, film: list[Page]) -> None:
        if step.per is Per.IMAGE_BOX:
            for position, image in enumerate(film, 1):
                self._set_box(position, image)
            return
        doer = self._doers.get((step.op, step.sop_class or ""))
        if doer is None:
            raise HarnessError(f"{self._activity.id}: no way to play {step.op} {step.sop_class}")
        doer(film)

    def _get_printer(self, _film: list[Page]) -> None:
        status, told = self._assoc.send_n_get([], Printer, PrinterInstance, msg_id=self._next(), meta_uid=self._meta)
        self._check("N-GET Printer", status)
        answer = told if told is not None else Dataset()
        state, info = str(answer.get("PrinterStatus", "")), str(answer.get("PrinterStatusInfo", ""))
        link_of(self._assoc).log("printer-told", status=state, info=info)
        if state == "FAILURE":
            raise PlayFailure(f"the printer tells FAILURE ({info})")

    def _create_session(self, _film: list[Page]) -> None:
        what, session = self._what, Dataset()
        session.MediumType = what.medium
        session.FilmDestination = "PROCESSOR"
        session.FilmSessionLabel = what.label
        self._session = self._uid("film-session")
        status, _ = self._assoc.send_n_create(
            session, BasicFilmSession, self._session, msg_id=self._next(), meta_uid=self._meta
        )
        self._check("N-CREATE Basic Film Session", status)

    def _set_session(self, _film: list[Page]) -> None:
        session = Dataset()
        session.NumberOfCopies = str(self._what.copies)
        status, _ = self._assoc.send_n_set(
            session, BasicFilmSession, self._session, msg_id=self._next(), meta_uid=self._meta
        )
        self._check("N-SET Basic Film Session", status)

    def _create_film(self, _film: list[Page]) -> None:
        what, box, reference = self._what, Dataset(), Dataset()
        reference.ReferencedSOPClassUID = BasicFilmSession
        reference.ReferencedSOPInstanceUID = self._session
        box.ImageDisplayFormat = what.image_display_format
        box.FilmOrientation = what.film_orientation
        box.FilmSizeID = what.film_size
        box.BorderDensity = what.border_density
        box.Trim = what.trim
        box.ReferencedFilmSessionSequence = sequence_of(reference)
        self._film = self._uid("film-box")
        status, told = self._assoc.send_n_create(
            box, BasicFilmBox, self._film, msg_id=self._next(), meta_uid=self._meta
        )
        self._check("N-CREATE Basic Film Box", status)
        items = told.get("ReferencedImageBoxSequence") if told is not None else None
        self._boxes = [str(item.ReferencedSOPInstanceUID) for item in items or []]

    def _set_film(self, _film: list[Page]) -> None:
        box = Dataset()
        box.MagnificationType = self._what.magnification
        status, _ = self._assoc.send_n_set(box, BasicFilmBox, self._film, msg_id=self._next(), meta_uid=self._meta)
        self._check("N-SET Basic Film Box", status)

    def _set_box(self, position: int, image: Page) -> None:
        if position > len(self._boxes):
            raise PlayFailure(f"the printer made {len(self._boxes)} image boxes, {position} are needed")
        box = Dataset()
        box.ImageBoxPosition = position
        if self._what.colour:
            sop_class, name = BasicColorImageBox, "Basic Color Image Box"
            box.BasicColorImageSequence = sequence_of(image_item(image))
        else:
            sop_class, name = BasicGrayscaleImageBox, "Basic Grayscale Image Box"
            box.BasicGrayscaleImageSequence = sequence_of(image_item(image))
        uid = self._boxes[position - 1]
        status, _ = self._assoc.send_n_set(box, sop_class, uid, msg_id=self._next(), meta_uid=self._meta)
        self._check(f"N-SET {name} {position}", status)

    def _print_session(self, _film: list[Page]) -> None:
        status, _ = self._assoc.send_n_action(
            None, PRINT, BasicFilmSession, self._session, msg_id=self._next(), meta_uid=self._meta
        )
        self._check("N-ACTION Basic Film Session", status)

    def _print_film(self, _film: list[Page]) -> None:
        status, _ = self._assoc.send_n_action(
            None, PRINT, BasicFilmBox, self._film, msg_id=self._next(), meta_uid=self._meta
        )
        self._check("N-ACTION Basic Film Box", status)

    def _delete_film(self, _film: list[Page]) -> None:
        status = self._assoc.send_n_delete(BasicFilmBox, self._film, msg_id=self._next(), meta_uid=self._meta)
        self._check("N-DELETE Basic Film Box", status)

    def _release(self, _film: list[Page]) -> None:
        self._assoc.release()

    def _next(self) -> int:
        """Return the next Message ID (PS3.7 9.1), 1 to 65535."""
        self._messages = self._messages % 0xFFFF + 1
        return self._messages

    def _check(self, operation: str, status: Dataset) -> None:
        """Go on after Success and warnings; the document says nothing else about statuses."""
        if "Status" not in status:
            raise PlayFailure(f"{operation}: {end_of(self._assoc)}")
        heed_answer(self._assoc, self._messages, operation)
        if code_to_category(status.Status) not in ("Success", "Warning"):
            comment = f" ({status.ErrorComment})" if status.get("ErrorComment") else ""
            raise PlayFailure(f"{operation}: status 0x{status.Status:04X}{comment}")


def _loops(steps: tuple[ActivityStep, ...]) -> Iterator[tuple[bool, list[ActivityStep]]]:
    """Yield runs of steps, each with whether it is repeated for every film."""
    for per_film, run in groupby(steps, lambda step: step.per is not Per.JOB):
        yield per_film, list(run)
