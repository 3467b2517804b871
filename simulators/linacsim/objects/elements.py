"""Looking at the elements of a data set without reading values that nobody asks for."""

from __future__ import annotations

from collections.abc import Iterator

from pydicom import Dataset
from pydicom.datadict import dictionary_has_tag, dictionary_VR
from pydicom.tag import BaseTag


def vr_of(ds: Dataset, tag: BaseTag) -> str:
    """Return the VR of an element; from the dictionary if it was written without one, empty if nobody knows it."""
    stored = ds.get_item(tag).VR
    if stored is None and dictionary_has_tag(tag):
        return dictionary_VR(tag)
    return stored or ""


def sequences(ds: Dataset) -> Iterator[tuple[BaseTag, list[Dataset]]]:
    """Yield tag and items of the sequences of a data set."""
    for tag in list(ds.keys()):
        if vr_of(ds, tag) == "SQ":
            yield tag, list(ds[tag].value)


def give_vrs(ds: Dataset) -> None:
    """Look up the VR of every element that was written without one, so that the object can be written with VRs."""
    for tag in list(ds.keys()):
        if ds.get_item(tag).VR is None:
            _ = ds[tag]
    for _, items in sequences(ds):
        for item in items:
            give_vrs(item)
