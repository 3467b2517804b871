"""From film boxes to sheets for the hardware: a copy of the hierarchy as it is at N-ACTION (PS3.4 H.2.2)."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset

from linacsim.devices.printer.film import current, placed_images, sheet_of
from linacsim.devices.printer.hardware import InvalidPageError, Sheet
from linacsim.devices.printer.hierarchy import FilmBox, FilmSession
from linacsim.devices.printer.picture import picture, secondary_capture
from linacsim.errors import InputError
from linacsim.physics.film import FilmSheet, PlacedImage, fitting

if TYPE_CHECKING:
    from linacsim.devices.printer.services import Printer


def film_sheets(printer: Printer, session: FilmSession, films: list[FilmBox], owner: str) -> tuple[list[Sheet], bool]:
    """Return the sheets of a job, one copy of all films, and whether an image had to be made smaller."""
    medium = current(str(session.attributes.MediumType), printer.personality.media)
    label = str(session.attributes.get("FilmSessionLabel") or "")
    sheets, smaller = [], False
    for number, film in enumerate(films, 1):
        texts = _label(printer, owner, label, number, len(films))
        sheet = sheet_of(film, printer.personality, texts)
        images = placed_images(film, printer.personality, session)
        smaller = smaller or _any_smaller(sheet, images)
        size = current(str(film.attributes.FilmSizeID), printer.personality.film_sizes)
        develop = _develop(printer, sheet, images, medium, _capture(printer, number))
        sheets.append(Sheet(film=number, develop=develop, medium=medium, size=size))
    return sheets, smaller


def _any_smaller(sheet: FilmSheet, images: list[PlacedImage]) -> bool:
    try:
        return any(fitting(sheet, image).outcome != "fits" for image in images)
    except InputError:
        # there is no room for the image boxes; the sheet comes out all the same, and says so
        return False


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


def _develop(
    printer: Printer, sheet: FilmSheet, images: list[PlacedImage], medium: str, capture: Dataset | None
) -> Callable[[int], dict[str, Any]]:
    """Return what turns the exposed sheet into a picture when it comes out; all its copies look alike."""
    made: list[bytes] = []

    def develop(ordinal: int) -> dict[str, Any]:
        told: dict[str, Any] = {"images": len(images)}
        try:
            first = not made
            png = picture(sheet, images, medium) if first else made[0]
            made[:] = [png]
            name = _free_name(printer, ordinal)
            if capture is not None and first:
                printer.shelf.put("films", f"{name}.dcm", _file(secondary_capture(sheet, images, capture)))
            told["sha256"] = hashlib.sha256(png).hexdigest()[:16]
            return {**told, "picture": printer.shelf.put("films", f"{name}.png", png)}
        except InputError as exc:
            raise InvalidPageError(str(exc)) from exc
        except OSError as exc:
            # the sheet is out all the same; only its picture is missing, and that is said
            return {**told, "error": f"no picture: {exc}"}

    return develop


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


def _file(ds: Dataset) -> bytes:
    buffer = io.BytesIO()
    ds.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def _free_name(printer: Printer, ordinal: int) -> str:
    """Return a name for a sheet's picture; one of an earlier run in the same folder is never written over."""
    name, copy = f"{printer.file_name}-{ordinal:04d}", 1
    while printer.shelf.has("films", f"{name}.png"):
        copy += 1
        name = f"{printer.file_name}-{ordinal:04d}~{copy}"
    return name
