"""From film boxes to sheets for the hardware: a copy of the hierarchy as it is at N-ACTION (PS3.4 H.2.2)."""

from __future__ import annotations

import hashlib
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from linacsim.devices.printer.drawing import Drawn
from linacsim.devices.printer.film import current, placed_images, sheet_of
from linacsim.devices.printer.hardware import InvalidPageError, Sheet
from linacsim.devices.printer.hierarchy import FilmBox, FilmSession
from linacsim.devices.printer.order import Order
from linacsim.errors import InputError

if TYPE_CHECKING:
    from linacsim.devices.printer.services import Printer


def orders_for(printer: Printer, session: FilmSession, films: list[FilmBox], owner: str) -> list[Order]:
    """Return what is to be drawn for a job, film by film.

    Raises
    ------
    InputError
        If there can be no such sheet, or one of the images cannot be exposed.
    """
    personality, attributes = printer.personality, session.attributes
    label = str(attributes.get("FilmSessionLabel") or "")
    medium = current(str(attributes.MediumType), personality.media)
    about = {
        "owner": owner,
        "label": label,
        "copies": copies_of(session),
        "priority": str(attributes.PrintPriority),
        "destination": str(attributes.FilmDestination),
    }
    return [
        Order(
            sheet=sheet_of(film, personality, _label(printer, owner, label, number, len(films))),
            images=placed_images(film, personality, session),
            medium=medium,
            capture=_capture(printer, number),
            about={**about, "film": number, "size": current(str(film.attributes.FilmSizeID), personality.film_sizes)},
        )
        for number, film in enumerate(films, 1)
    ]


def copies_of(session: FilmSession) -> int:
    """Return the Number of Copies of a film session (PS3.3 C.13.1), at least 1."""
    return max(1, int(session.attributes.get("NumberOfCopies") or 1))


def _label(printer: Printer, owner: str, label: str, number: int, count: int) -> tuple[str, ...]:
    kernel = printer.place.kernel
    moment = kernel.identity.moment(kernel.now).strftime("%Y-%m-%d %H:%M")
    texts = (
        printer.personality.printer_name,
        label,
        f"for {owner}" if owner else "",
        f"film {number} of {count}",
        moment,
    )
    return tuple(text for text in texts if text)


@dataclass(slots=True)
class Page:
    """A film of a job on its way to its picture; all its copies look alike.

    Attributes
    ----------
    printer : Printer
        Whose it is.
    order : Order or Path
        What is to be drawn, or the file in the spool that it waits in.
    images, copies : int
        How many images are on it; how often it has still to come out.
    """

    printer: Printer
    order: Order | Path
    images: int
    copies: int
    _drawn: list[Drawn] = field(default_factory=list)
    _ahead: Future[Drawn] | None = None

    def prepare(self) -> None:
        """Begin to draw it, if somebody is there who can do that meanwhile."""
        ahead = self.printer.draw_ahead
        if ahead is not None and self._ahead is None and not self._drawn:
            self._ahead = ahead(self._data)

    def develop(self, ordinal: int) -> dict[str, Any]:
        """Make a picture of the exposed sheet as it comes out; called where work may take its time."""
        printer = self.printer
        told: dict[str, Any] = {"images": self.images}
        try:
            first = not self._drawn
            drawn = self._now() if first else self._drawn[0]
            self.copies -= 1
            self._drawn = [drawn] if self.copies else []
            name = _free_name(printer, ordinal)
            if drawn.capture and first:
                printer.shelf.put("films", f"{name}.dcm", drawn.capture)
            told["sha256"] = hashlib.sha256(drawn.png).hexdigest()[:16]
            told["picture"] = printer.shelf.put("films", f"{name}.png", drawn.png)
            if not self.copies:
                self.forget()
        except InputError as exc:
            raise InvalidPageError(str(exc)) from exc
        except OSError as exc:
            # the sheet is out all the same; only its picture is missing, and that is said
            return {"images": self.images, "error": f"no picture: {exc}"}
        return told

    def _now(self) -> Drawn:
        ahead, self._ahead = self._ahead, None
        return self.printer.draw(self._data()) if ahead is None else ahead.result()

    def _data(self) -> Order | bytes:
        return self.order.read_bytes() if isinstance(self.order, Path) else self.order

    def forget(self) -> None:
        """Nothing more will be made of it: its place on the disk is free."""
        if isinstance(self.order, Path):
            self.order.unlink(missing_ok=True)


def sheets_of(printer: Printer, orders: list[Order], files: list[Path]) -> list[Sheet]:
    """Return the sheets of a job, one copy of all films; with `files` they are drawn from the spool."""
    sheets = []
    for at, order in enumerate(orders):
        about = order.about
        page = Page(printer, files[at] if files else order, len(order.images), about["copies"])
        memory = _page_memory(order) if printer.personality.page_memory else 0
        sheets.append(
            Sheet(
                film=about["film"],
                develop=page.develop,
                medium=order.medium,
                size=about["size"],
                memory=memory,
                prepare=page.prepare,
            )
        )
    return sheets


def _page_memory(order: Order) -> int:
    """Return the bytes of a composed page: two for a grey pixel, three for one of colour."""
    rows, columns = order.sheet.shape
    return rows * columns * (3 if any(image.colour for image in order.images) else 2)


def _capture(printer: Printer, number: int) -> Dataset | None:
    """Return what stands in the Secondary Capture of a film beside its picture; nothing if none is wanted.

    Whose films they are is told by the letters on them alone: a film box has no patient, so the printer stands for one.
    """
    about, identity, now = printer.personality, printer.place.kernel.identity, printer.place.kernel.now
    if not about.secondary_capture:
        return None
    ds, moment = Dataset(), identity.moment(now)
    ds.PatientName, ds.PatientID, ds.StudyID = "Film", printer.name, "1"
    ds.PatientBirthDate = ds.PatientSex = ds.PatientOrientation = ds.Laterality = ""
    ds.AccessionNumber = ds.ReferringPhysicianName = ""
    ds.StudyDate = ds.SeriesDate = ds.ContentDate = ds.DateOfSecondaryCapture = moment.strftime("%Y%m%d")
    ds.StudyTime = ds.SeriesTime = ds.ContentTime = ds.TimeOfSecondaryCapture = moment.strftime("%H%M%S")
    ds.StudyInstanceUID = identity.next_uid(printer.name, "film-study")
    ds.SeriesInstanceUID = identity.next_uid(printer.name, "film-series")
    ds.SOPInstanceUID = identity.next_uid(printer.name, "film")
    ds.SeriesNumber, ds.InstanceNumber = 1, number
    ds.Manufacturer, ds.ManufacturerModelName = about.manufacturer, about.model
    ds.DeviceSerialNumber, ds.SoftwareVersions = about.serial, about.software
    return ds


def _free_name(printer: Printer, ordinal: int) -> str:
    """Return a name for a sheet's picture; one of an earlier run in the same folder is never written over."""
    name, copy = f"{printer.file_name}-{ordinal:04d}", 1
    while printer.shelf.has("films", f"{name}.png"):
        copy += 1
        name = f"{printer.file_name}-{ordinal:04d}~{copy}"
    return name
