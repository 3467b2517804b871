"""References from one instance to another, as clients write them (PS3.3 10.8)."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.devices.printer.hierarchy import LutInstance, OverlayInstance, Work
from linacsim.devices.printer.statuses import INVALID_ATTRIBUTE_VALUE, RefusedError


def referenced(attributes: Dataset, keyword: str) -> str | None:
    """Return the SOP Instance UID that the sequence `keyword` refers to; ``None`` if there is no item.

    Raises
    ------
    RefusedError
        0106 if it refers to several instances, or to none that is named.
    """
    items = attributes.get(keyword)
    if not items:
        return None
    if len(items) != 1:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword} has {len(items)} items", Tag(keyword))
    uid = items[0].get("ReferencedSOPInstanceUID")
    if not uid:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword} names no instance", Tag(keyword))
    return str(uid)


def lut_of(attributes: Dataset, work: Work) -> LutInstance | None:
    """Return the Presentation LUT that a session or box refers to; it has to exist by then (PS3.4 H.4.9).

    Raises
    ------
    RefusedError
        0106 if there is no such Presentation LUT.
    """
    keyword = "ReferencedPresentationLUTSequence"
    uid = referenced(attributes, keyword)
    if uid is None:
        return None
    if uid not in work.luts:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "there is no such Presentation LUT", Tag(keyword))
    return work.luts[uid]


def overlay_of(attributes: Dataset, work: Work) -> OverlayInstance | None:
    """Return the overlay box that an image box refers to (retired).

    Raises
    ------
    RefusedError
        0106 if there is no such overlay box.
    """
    keyword = "ReferencedImageOverlayBoxSequence"
    uid = referenced(attributes, keyword)
    if uid is None:
        return None
    if uid not in work.overlays:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, "there is no such overlay box", Tag(keyword))
    return work.overlays[uid]
