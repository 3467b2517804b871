r"""Which Image Display Formats and Annotation Display Formats a printer supports, and how many boxes they have (PS3.3 C.13.3)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.statuses import INVALID_ATTRIBUTE_VALUE, RefusedError
from linacsim.errors import InputError
from linacsim.physics.layout import display_format

_SLIDES = {"SLIDE": 12, "SUPERSLIDE": 6}
"""Image boxes of the two formats whose boxes have the size of a slide; how many go on a sheet is left to the printer."""


def format_text(attributes: Dataset) -> str:
    """Return the Image Display Format as it was sent."""
    value = attributes.get("ImageDisplayFormat")
    return value if isinstance(value, str) else "\\".join(str(part) for part in value or ())


def image_boxes_of(attributes: Dataset, printer: PrinterPersonality) -> int:
    """Return the number of image boxes of a film box's Image Display Format.

    Raises
    ------
    RefusedError
        0106 if the printer does not support the format, or not as many boxes.
    """
    text, tag = format_text(attributes), Tag("ImageDisplayFormat")
    word = text.partition("\\")[0]
    if word not in printer.display_formats and text not in printer.display_formats:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"ImageDisplayFormat {text} not supported", tag)
    try:
        count = boxes_in(text, printer)
    except InputError:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"ImageDisplayFormat {text} not supported", tag) from None
    if count > printer.most_boxes:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{count} image boxes, at most {printer.most_boxes}", tag)
    return count


def boxes_in(text: str, printer: PrinterPersonality) -> int:
    """Return the number of image boxes of a format.

    Raises
    ------
    InputError
        If it is no format.
    """
    word, _, rest = text.partition("\\")
    if word == "CUSTOM":
        if rest not in printer.custom_formats:
            raise InputError(f"{text!r} is not defined", "ImageDisplayFormat", "define it in custom-formats")
        return boxes_in(printer.custom_formats[rest], printer)
    if text in _SLIDES:
        return _SLIDES[text]
    kind, numbers = display_format(text)
    return numbers[0] * numbers[1] if kind == "STANDARD" else sum(numbers)


def annotation_boxes(attributes: Dataset, printer: PrinterPersonality) -> int:
    """Return the number of annotation boxes of a film box's Annotation Display Format ID; none if it has none.

    Raises
    ------
    RefusedError
        0106 if the printer does not know the format.
    """
    name = attributes.get("AnnotationDisplayFormatID")
    if not name:
        return 0
    if str(name) not in printer.annotation_formats:
        told = f"AnnotationDisplayFormatID {name} not supported"
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, told, Tag("AnnotationDisplayFormatID"))
    return printer.annotation_formats[str(name)]
