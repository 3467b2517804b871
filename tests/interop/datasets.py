"""Data sets for and from real peers, and whether two of them say the same."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
from pydicom import Dataset, dcmread
from pydicom.data import get_testdata_file
from pydicom.dataelem import DataElement
from pydicom.dataset import FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

_BYTES_OF_WORDS = {"OW", "OB or OW", "US or OW"}
_PADDING = 0xFFFCFFFC


def bundled(name: str) -> Path:
    """Return the path of a file that comes with pydicom."""
    found = get_testdata_file(name, download=False)
    assert isinstance(found, str), f"pydicom has no {name}"
    return Path(found)


def differences(first: Path, second: Path) -> list[str]:
    """Return what two files say differently, whatever their transfer syntaxes."""
    one, other = dcmread(first), dcmread(second)
    swapped = _big(one) != _big(other)
    return _differences(one, other, swapped=swapped)


def _big(ds: Dataset) -> bool:
    return not ds.file_meta.TransferSyntaxUID.is_little_endian


def _differences(one: Dataset, other: Dataset, *, swapped: bool) -> list[str]:
    tags = sorted({*one.keys(), *other.keys()})
    found = []
    for tag in tags:
        if tag.element == 0 or tag == _PADDING:
            continue  # group lengths and padding say nothing
        if tag not in one or tag not in other:
            found.append(f"{tag} is only in the {'first' if tag in one else 'second'}")
        else:
            found += _different(one[tag], other[tag], swapped=swapped)
    return found


def _different(one: DataElement, other: DataElement, *, swapped: bool) -> list[str]:
    if one.VR == "SQ" and other.VR == "SQ":
        if len(one.value) != len(other.value):
            return [f"{one.tag}: {len(one.value)} and {len(other.value)} items"]
        pairs = zip(one.value, other.value, strict=True)
        return [line for first, second in pairs for line in _differences(first, second, swapped=swapped)]
    if (one.is_empty and other.is_empty) or "UN" in {one.VR, other.VR}:
        return []  # Implicit VR forgets the VR of a private element
    if isinstance(one.value, bytes) and isinstance(other.value, bytes):
        return [] if _same_bytes(one, other, swapped=swapped) else [f"{one.tag}: other bytes"]
    return [] if one.value == other.value else [f"{one.tag}: {one.value!r} and {other.value!r}"]


def _same_bytes(one: DataElement, other: DataElement, *, swapped: bool) -> bool:
    if swapped and one.VR in _BYTES_OF_WORDS:
        return np.array_equal(np.frombuffer(one.value, ">u2"), np.frombuffer(other.value, "<u2"))
    return bytes(one.value) == bytes(other.value)


def wedge(path: Path, *, size: int = 128, ordinal: int = 1, rows: int | None = None) -> Path:
    """Write an image for a printer: a grey wedge from black on the left to white on the right, with its window."""
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID = SecondaryCaptureImageStorage
    ds.SOPInstanceUID = f"1.2.826.0.1.3680043.8.498.{ordinal}"
    ds.StudyInstanceUID = ds.SeriesInstanceUID = "1.2.826.0.1.3680043.8.498.100"
    ds.PatientName, ds.PatientID, ds.Modality = "Wedge^Grey", "W1", "OT"
    ds.InstanceNumber = ordinal
    ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
    ds.Rows, ds.Columns = rows or size, size
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 16, 12, 11, 0
    ds.WindowCenter, ds.WindowWidth = "2048", "4096"
    ds.PixelData = np.tile(np.linspace(0, 4095, size).astype("<u2"), (ds.Rows, 1)).tobytes()
    ds.save_as(path, enforce_file_format=True)
    return path


def many(folder: Path, count: int) -> list[Path]:
    """Write `count` CT images of a series into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    template = dcmread(bundled("CT_small.dcm"))
    paths = []
    for number in range(1, count + 1):
        ds = copy.copy(template)
        ds.file_meta = copy.copy(template.file_meta)
        ds.SOPInstanceUID = f"{template.SeriesInstanceUID}.{number}"
        ds.file_meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
        ds.InstanceNumber = number
        paths.append(folder / f"{number:04}.dcm")
        ds.save_as(paths[-1], enforce_file_format=True)
    return paths
