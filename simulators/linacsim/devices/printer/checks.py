"""What a request may say: values are held against what the printer supports (PS3.4 H.4).

A wrong value of a mandatory attribute refuses the request; a wrong value of an optional one is replaced by the
printer's own, with the warning 0116 and the attribute list as it was taken.
"""

from __future__ import annotations

from pydicom.dataset import Dataset

from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.statuses import (
    ATTRIBUTE_VALUE_OUT_OF_RANGE,
    DENSITY_OUT_OF_RANGE,
    INSUFFICIENT_MEMORY,
    INVALID_ATTRIBUTE_VALUE,
    MISSING_ATTRIBUTE,
    SUCCESS,
    RefusedError,
)
from linacsim.errors import InputError
from linacsim.physics.layout import display_format

_BITS = {8: (8, 8, 7), 16: (16, 12, 11)}
"""Bits Allocated, Bits Stored, High Bit of printed grey images (PS3.3 C.13.5)."""


def take(given: Dataset, terms: dict[str, tuple[str, ...]], into: Dataset) -> int:
    """Take `given` over into `into`; return Success, or 0116 if a value was not one of its `terms`.

    Parameters
    ----------
    terms : dict
        Keyword: the values that are supported, the default first.
    """
    status = SUCCESS
    for element in given:
        keyword = element.keyword
        if keyword in terms and element.value not in (None, "") and str(element.value) not in terms[keyword]:
            setattr(into, keyword, terms[keyword][0])
            status = ATTRIBUTE_VALUE_OUT_OF_RANGE
        elif keyword:
            into[element.tag] = element
    return status


def session_terms(personality: PrinterPersonality) -> dict[str, tuple[str, ...]]:
    """Return the supported values of a film session (PS3.3 C.13.1)."""
    return {
        "PrintPriority": ("MED", "HIGH", "LOW"),
        "MediumType": personality.media,
        "FilmDestination": personality.destinations,
    }


def film_terms(personality: PrinterPersonality) -> dict[str, tuple[str, ...]]:
    """Return the supported values of a film box (PS3.3 C.13.3)."""
    return {
        "FilmOrientation": ("PORTRAIT", "LANDSCAPE"),
        "FilmSizeID": personality.film_sizes,
        "MagnificationType": ("CUBIC", "BILINEAR", "REPLICATE"),
        "Trim": ("NO", "YES"),
    }


BOX_TERMS: dict[str, tuple[str, ...]] = {
    "Polarity": ("NORMAL", "REVERSE"),
    "MagnificationType": ("CUBIC", "BILINEAR", "REPLICATE"),
}
"""The supported values of an image box (PS3.3 C.13.5)."""


def fill_defaults(into: Dataset, terms: dict[str, tuple[str, ...]], **others: str) -> None:
    """Give attributes without a value the printer's default."""
    for keyword, value in {**{key: values[0] for key, values in terms.items()}, **others}.items():
        if into.get(keyword) in (None, ""):
            setattr(into, keyword, value)


def check_densities(into: Dataset, personality: PrinterPersonality, status: int) -> int:
    """Hold border, empty, Min and Max Density against the film; return the warning that is due."""
    for keyword in ("BorderDensity", "EmptyImageDensity"):
        text = str(into.get(keyword) or "BLACK")
        if text not in ("BLACK", "WHITE") and not text.isdecimal():
            setattr(into, keyword, "BLACK")
            status = status or ATTRIBUTE_VALUE_OUT_OF_RANGE
    for keyword in ("MinDensity", "MaxDensity"):
        value = into.get(keyword)
        if value is not None and not personality.min_density <= int(value) <= personality.max_density:
            setattr(into, keyword, min(max(int(value), personality.min_density), personality.max_density))
            status = status or DENSITY_OUT_OF_RANGE
    return status


def boxes_of(given: Dataset, personality: PrinterPersonality) -> int:
    r"""Return how many image boxes the Image Display Format ``STANDARD\C,R`` asks for (PS3.3 C.13.3)."""
    value = given.get("ImageDisplayFormat")
    if value in (None, ""):
        raise RefusedError(MISSING_ATTRIBUTE, "ImageDisplayFormat is missing")
    text = value if isinstance(value, str) else "\\".join(str(part) for part in value)
    try:
        kind, numbers = display_format(text)
    except InputError:
        kind, numbers = "", ()
    if kind != "STANDARD":
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"ImageDisplayFormat {text} not supported")
    count = numbers[0] * numbers[1]
    if count > personality.most_boxes:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{count} image boxes, at most {personality.most_boxes}")
    return count


def check_image(image: Dataset, room: int) -> None:
    """Hold an item of the Basic Grayscale Image Sequence against PS3.3 C.13.5 and the memory that is left."""
    needed = ("Rows", "Columns", "BitsAllocated", "BitsStored", "HighBit", "PhotometricInterpretation", "PixelData")
    for keyword in needed:
        if image.get(keyword) is None:
            raise RefusedError(MISSING_ATTRIBUTE, f"{keyword} is missing")
    bits = (image.BitsAllocated, image.BitsStored, image.HighBit)
    if bits != _BITS.get(image.BitsAllocated) or image.get("PixelRepresentation", 0) != 0:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"bits allocated, stored, high bit {bits}")
    if image.get("SamplesPerPixel", 1) != 1 or image.PhotometricInterpretation not in ("MONOCHROME1", "MONOCHROME2"):
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"PhotometricInterpretation {image.PhotometricInterpretation}")
    if image.Rows < 1 or image.Columns < 1:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"Rows {image.Rows}, Columns {image.Columns}")
    missing = image.Rows * image.Columns * image.BitsAllocated // 8 - len(image.PixelData)
    if missing > 0:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"PixelData: {missing} bytes are missing")
    if len(image.PixelData) > room:
        raise RefusedError(INSUFFICIENT_MEMORY, f"{len(image.PixelData)} bytes, {room} left")
