"""From film boxes to sheets for the hardware: a copy of the hierarchy as it is at N-ACTION (PS3.4 H.2.2)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from linacsim.devices.printer.film import picture, placed_images, sheet_of
from linacsim.devices.printer.hardware import Sheet
from linacsim.devices.printer.hierarchy import FilmBox, FilmSession
from linacsim.physics.film import FilmSheet, PlacedImage

if TYPE_CHECKING:
    from linacsim.devices.printer.services import Printer


def film_sheets(printer: Printer, session: FilmSession, films: list[FilmBox], owner: str) -> list[Sheet]:
    """Return the sheets of a job: all films, as often as Number of Copies says, in collated order."""
    copies = max(1, int(session.attributes.get("NumberOfCopies") or 1))
    medium = str(session.attributes.MediumType)
    label = str(session.attributes.get("FilmSessionLabel") or "")
    once = []
    for number, film in enumerate(films, 1):
        texts = _label(printer, owner, label, number, len(films))
        sheet = sheet_of(film, printer.personality, texts)
        once.append((number, _develop(printer, sheet, placed_images(film), medium)))
    return [Sheet(film=number, develop=develop) for _ in range(copies) for number, develop in once]


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
    printer: Printer, sheet: FilmSheet, images: list[PlacedImage], medium: str
) -> Callable[[int], dict[str, Any]]:
    """Return what turns the exposed sheet into a picture when it comes out."""

    def develop(ordinal: int) -> dict[str, Any]:
        png = picture(sheet, images, medium)
        name = "".join(char if char.isalnum() or char in "-_" else "_" for char in printer.name)
        told = {"sha256": hashlib.sha256(png).hexdigest()[:16], "images": len(images)}
        try:
            return {**told, "picture": printer.shelf.put("films", f"{name}-{ordinal:04d}.png", png)}
        except OSError as exc:
            # the sheet is out all the same; only its picture is missing, and that is said
            return {**told, "error": f"no picture: {exc.strerror or exc}"}

    return develop
