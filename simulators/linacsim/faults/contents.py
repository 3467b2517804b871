"""What a fault changes in a data set: it is read in its transfer syntax, changed, and written in it again."""

from __future__ import annotations

import re
from functools import singledispatch
from io import BytesIO
from typing import Any

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.tag import Tag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from linacsim.errors import InputError
from linacsim.faults import actions
from linacsim.faults.drawing import Drawing

_PART = re.compile(r"([A-Za-z]+)(?:\[(\d+)\])?")


def changed(data: bytes, syntax: str, what: Any, draw: Drawing) -> bytes | None:
    """Return the data set in `data` with what is wrong; ``None`` if that cannot be done to it.

    Parameters
    ----------
    data : bytes
        The encoded data set.
    syntax : str
        Its transfer syntax; empty if nobody knows.
    what : Settings
        The parameters of a fault of the data set.
    draw : Drawing
        For what has not been given.
    """
    uid = UID(syntax or "1.2.840.10008.1.2")
    if not uid.is_transfer_syntax or uid == DeflatedExplicitVRLittleEndian:
        return None
    implicit, little = uid.is_implicit_VR, uid.is_little_endian
    try:
        dataset = read_dataset(BytesIO(data), implicit, little)
    except Exception:  # noqa: BLE001 - pydicom raises what it likes over bytes that are no data set
        return None
    other = isinstance(what, actions.WrongTransferSyntax)
    if (uid.is_encapsulated and other) or (implicit and isinstance(what, actions.WrongVr)):
        return None
    if other:
        return _written(dataset, implicit=not implicit, little=little, was=(implicit, little))
    if not change(what, dataset, draw):
        return None
    return _written(dataset, implicit=implicit, little=little, was=(implicit, little))


def _written(dataset: Dataset, *, implicit: bool, little: bool, was: tuple[bool, bool]) -> bytes:
    if was != (implicit, little):
        # what has been read raw has to be understood before it can be written otherwise
        dataset = Dataset({tag: dataset[tag] for tag in dataset.keys()})  # noqa: SIM118 - items are raw elements
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = implicit, little
    write_dataset(buffer, dataset)
    return buffer.getvalue()


def find(dataset: Dataset, path: str) -> tuple[Dataset, str] | None:
    """Return the data set, or item, that has the attribute at `path`, and its keyword; ``None`` if there is none."""
    here, parts = dataset, path.split(".")
    for part in parts[:-1]:
        match = _PART.fullmatch(part)
        if match is None or match[1] not in here:
            return None
        value, index = here[match[1]].value, int(match[2] or 0)
        if here[match[1]].VR != "SQ" or index >= len(value):
            return None
        here = value[index]
    return (here, parts[-1]) if parts[-1] in here else None


@singledispatch
def change(what: Any, _dataset: Dataset, _draw: Drawing) -> bool:
    """Change a data set; return whether there was something to change."""
    raise InputError(f"{type(what).__name__} changes no data set")


@change.register
def _missing(what: actions.MissingAttribute, dataset: Dataset, _draw: Drawing) -> bool:
    found = find(dataset, what.attribute)
    if found is not None:
        del found[0][found[1]]
    return found is not None


@change.register
def _value(what: actions.WrongValue, dataset: Dataset, _draw: Drawing) -> bool:
    found = find(dataset, what.attribute)
    if found is not None:
        element = found[0][found[1]]
        _put(found[0], element, element.VR, str(what.value) if _is_text(element.VR) else what.value)
    return found is not None


@change.register
def _vr(what: actions.WrongVr, dataset: Dataset, _draw: Drawing) -> bool:
    found = find(dataset, what.attribute)
    if found is None:
        return False
    element = found[0][found[1]]
    if element.VR in ("SQ", what.vr):
        return False
    raw = _bytes_of(element)
    # raw: written as it is, under whatever name
    found[0][element.tag] = RawDataElement(
        element.tag, what.vr, len(raw), raw, 0, is_implicit_VR=False, is_little_endian=True
    )
    return True


@change.register
def _reference(what: actions.WrongReference, dataset: Dataset, draw: Drawing) -> bool:
    found = find(dataset, what.attribute)
    if found is None or found[0][found[1]].VR != "UI":
        return False
    found[0][found[1]].value = UID(draw.uid(found[1], None))
    return True


@change.register
def _pixels(what: actions.TruncatedPixels, dataset: Dataset, draw: Drawing) -> bool:
    if "PixelData" not in dataset:
        return False
    element = dataset["PixelData"]
    keep = draw.number("keep", what.keep, 0, len(element.value) // 2 - 1)
    element.value = element.value[: keep - keep % 2]
    return True


@change.register
def _charset(what: actions.WrongCharset, dataset: Dataset, _draw: Drawing) -> bool:
    raw = what.charset.encode("ascii", "replace")
    raw += b" " * (len(raw) % 2)
    tag = 0x00080005
    before = dataset.get_item(tag) if tag in dataset else None
    if isinstance(before, RawDataElement) and before.value == raw:
        return False
    # raw: pydicom would write all text anew in this character set
    dataset[tag] = RawDataElement(Tag(tag), "CS", len(raw), raw, 0, is_implicit_VR=False, is_little_endian=True)
    return True


def _put(dataset: Dataset, element: DataElement, vr: str, value: object) -> None:
    """Put a value in that need not be one of its value representation."""
    dataset[element.tag] = DataElement(element.tag, vr, value, validation_mode=0)


def _is_text(vr: str) -> bool:
    return vr not in ("US", "SS", "UL", "SL", "FL", "FD", "UV", "SV", "AT", "OB", "OW", "UN", "SQ")


def _bytes_of(element: DataElement) -> bytes:
    """Return the value as it is encoded, little endian, without its header."""
    alone = Dataset()
    alone.add(element)
    buffer = DicomBytesIO()
    buffer.is_implicit_VR, buffer.is_little_endian = True, True
    write_dataset(buffer, alone)
    return buffer.getvalue()[8:]
