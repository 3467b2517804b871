"""Images for printing: an item of the Basic Grayscale or Basic Color Image Sequence held against PS3.3 C.13.5."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.devices.printer.elements import elements
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.statuses import (
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    MISSING_ATTRIBUTE_VALUE,
    RefusedError,
)

_NEEDED = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PhotometricInterpretation", "PixelData")
_EIGHT, _TWELVE = (8, 8, 7), (16, 12, 11)
"""Bits Allocated, Bits Stored, High Bit."""


def check_image(image: Dataset, *, colour: bool, printer: PrinterPersonality) -> None:
    """Hold an image against what can be printed.

    Raises
    ------
    RefusedError
        0120, 0121 or 0106.
    """
    for _ in elements(image):
        # every value can be read as its VR says
        continue
    for keyword in _NEEDED:
        if keyword not in image:
            raise RefusedError(MISSING_ATTRIBUTE, f"{keyword} is missing", Tag(keyword))
        if image[keyword].value in (None, "", b""):
            raise RefusedError(MISSING_ATTRIBUTE_VALUE, f"{keyword} has no value", Tag(keyword))
    for keyword in ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit"):
        if not isinstance(image[keyword].value, int):
            raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword} is no number", Tag(keyword))
    _check_kind(image, colour=colour, printer=printer)
    _check_pixels(image, 3 if colour else 1)


def _check_kind(image: Dataset, *, colour: bool, printer: PrinterPersonality) -> None:
    bits = (image.BitsAllocated, image.BitsStored, image.HighBit)
    known = [_EIGHT] if colour or not printer.twelve_bit else [_EIGHT, _TWELVE]
    if bits not in known or image.get("PixelRepresentation", 0) != 0:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"bits allocated, stored, high bit {bits}", Tag("BitsStored"))
    interpretations = ("RGB",) if colour else ("MONOCHROME1", "MONOCHROME2")
    samples = 3 if colour else 1
    if image.PhotometricInterpretation not in interpretations or image.get("SamplesPerPixel", samples) != samples:
        told = f"PhotometricInterpretation {image.PhotometricInterpretation}"
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, told, Tag("PhotometricInterpretation"))
    if colour and image.get("PlanarConfiguration", 1) not in ((0, 1) if printer.colour_by_pixel else (1,)):
        # PS3.3 C.13.5 has colour by plane alone
        told = f"PlanarConfiguration {image.PlanarConfiguration}"
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, told, Tag("PlanarConfiguration"))


def _check_pixels(image: Dataset, samples: int) -> None:
    if image.Rows < 1 or image.Columns < 1:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"Rows {image.Rows}, Columns {image.Columns}", Tag("Rows"))
    if not isinstance(image.PixelData, bytes):
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "PixelData is no byte string", Tag("PixelData"))
    missing = image.Rows * image.Columns * samples * image.BitsAllocated // 8 - len(image.PixelData)
    if missing > 0:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"PixelData: {missing} bytes are missing", Tag("PixelData"))
    aspect = image.get("PixelAspectRatio")
    if aspect is not None and (len(aspect) != 2 or min(int(part) for part in aspect) < 1):
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "PixelAspectRatio is no ratio", Tag("PixelAspectRatio"))
