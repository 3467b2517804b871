"""Printer Configuration Retrieval: what the printer can do and what is in its magazines (PS3.3 C.13.10)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from linacsim.devices.printer.film import sheet_of
from linacsim.devices.printer.hierarchy import FilmBox
from linacsim.errors import InputError
from linacsim.physics.formats import box_count
from linacsim.physics.layout import image_boxes

if TYPE_CHECKING:
    from linacsim.devices.printer.services import Printer

_MM = 1.0
_COMMON = ("STANDARD\\1,1", "STANDARD\\1,2", "STANDARD\\2,2", "STANDARD\\2,3", "STANDARD\\3,4", "STANDARD\\4,5")
"""The formats that are told of a printer that takes all STANDARD ones: they have no end."""


def configuration(printer: Printer) -> Dataset:
    """Return the attributes of Printer Configuration Retrieval; one item, for there is one printer."""
    about = printer.personality
    item = Dataset()
    item.SOPClassesSupported = sorted(printer.supported)
    item.MaximumMemoryAllocation = about.memory // 1024 if about.memory_allocation else 0
    item.MemoryBitDepth = 12 if about.twelve_bit else 8
    item.PrintingBitDepth = 12 if about.twelve_bit else 8
    item.MediaInstalledSequence = Sequence(_media(printer, here=True))
    item.OtherMediaAvailableSequence = Sequence(_media(printer, here=False))
    item.SupportedImageDisplayFormatsSequence = Sequence(_formats(printer))
    item.DefaultPrinterResolutionID = about.resolutions[0]
    item.DefaultMagnificationType = about.magnifications[0]
    if about.magnifications[1:]:
        item.OtherMagnificationTypesAvailable = list(about.magnifications[1:])
    if about.smoothings:
        item.DefaultSmoothingType = about.smoothings[0]
    if about.smoothings[1:]:
        item.OtherSmoothingTypesAvailable = list(about.smoothings[1:])
    item.ConfigurationInformationDescription = ", ".join(about.configurations)
    item.MaximumCollatedFilms = about.most_films if about.session_printing else 0
    item.PrinterResolutionID = about.resolutions[0]
    item.Manufacturer = about.manufacturer
    item.ManufacturerModelName = about.model
    item.PrinterName = about.printer_name
    told = Dataset()
    told.PrinterConfigurationSequence = Sequence([item])
    return told


def _media(printer: Printer, *, here: bool) -> Iterator[Dataset]:
    pairs = printer.hardware.installed if here else printer.hardware.available
    for number, (medium, size) in enumerate(pairs, 1):
        item = Dataset()
        item.ItemNumber = number
        item.MediumType = medium
        item.FilmSizeID = size
        item.MinDensity = printer.personality.min_density
        item.MaxDensity = printer.personality.max_density
        yield item


def _formats(printer: Printer) -> Iterator[Dataset]:
    """Yield an item for each format, size and orientation that has room for its boxes."""
    about = printer.personality
    for text in _names(printer):
        for size in about.film_sizes:
            for orientation in ("PORTRAIT", "LANDSCAPE"):
                item = _format(printer, text, size, orientation)
                if item is not None:
                    yield item


def _names(printer: Printer) -> Iterator[str]:
    for name in printer.personality.display_formats:
        if "\\" in name or name in ("SLIDE", "SUPERSLIDE"):
            yield name
        elif name == "CUSTOM":
            yield from (f"CUSTOM\\{number}" for number in printer.personality.custom_formats)
        elif name == "STANDARD":
            yield from _COMMON


def _format(printer: Printer, text: str, size: str, orientation: str) -> Dataset | None:
    about, film = printer.personality, Dataset()
    film.ImageDisplayFormat, film.FilmSizeID, film.FilmOrientation = text, size, orientation
    film.BorderDensity = film.EmptyImageDensity = "BLACK"
    film.Trim, film.MagnificationType = "NO", about.magnifications[0]
    try:
        box_count(text, about.custom_formats)
        place = image_boxes(sheet_of(FilmBox(uid="", attributes=film, boxes=[]), about, ()))[0]
    except InputError:
        # this sheet has no room for so many
        return None
    item = Dataset()
    item.ImageDisplayFormat, item.FilmOrientation, item.FilmSizeID = text, orientation, size
    item.Rows, item.Columns = place.height, place.width
    item.PrinterResolutionID = about.resolutions[0]
    spacing = f"{_MM / about.pixels_per_mm:.6g}"
    item.PrinterPixelSpacing = [spacing, spacing]
    item.RequestedImageSizeFlag = "YES" if about.requested_image_size else "NO"
    return item
