r"""Which Image Display Formats and Annotation Display Formats a printer supports, and how many boxes they have (PS3.3 C.13.3)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.statuses import INVALID_ATTRIBUTE_VALUE, RefusedError
from linacsim.errors import InputError
from linacsim.physics.formats import box_count


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
        count = box_count(text, printer.custom_formats)
    except InputError:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"ImageDisplayFormat {text} not supported", tag) from None
    if count > printer.most_boxes:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{count} image boxes, at most {printer.most_boxes}", tag)
    return count


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
