"""Reading an image from a file, and saying in one clear line why that cannot be done."""

from __future__ import annotations

import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any

import pydicom
from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.errors import BytesLengthException, InvalidDicomError
from pydicom.pixels.decoders.base import get_decoder
from pydicom.pixels.utils import get_expected_length, pixel_array
from pydicom.uid import UID, ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from linacsim.errors import InputError

PHOTOMETRIC_INTERPRETATIONS = (
    "MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_RCT",
)  # fmt: skip
"""Photometric Interpretations that can be made grey (PS3.3 C.7.6.3.1.2)."""

_PREFIX = "pydicom:"
_BUNDLED = Path(pydicom.__file__).parent / "data" / "test_files"
_PIXELS = ("PixelData", "FloatPixelData", "DoubleFloatPixelData")
_SAMPLE_BYTES = {"FloatPixelData": 4, "DoubleFloatPixelData": 8}
_IMAGE_PIXEL = ("PhotometricInterpretation", "SamplesPerPixel", "Rows", "Columns", "BitsAllocated")

_DAMAGED = "it may be damaged: copy or export it again"
# pydicom converts values when they are looked at, so a broken file shows itself as any of these, and late.
_BROKEN = (
    ArithmeticError, AssertionError, AttributeError, BytesLengthException, EOFError, InvalidDicomError, LookupError, MemoryError, NotImplementedError, OSError,
    RuntimeError, TypeError, ValueError, struct.error, zlib.error,
)  # fmt: skip


def read_image(path: str | Path) -> Dataset:
    """Read a DICOM image that can be printed.

    Parameters
    ----------
    path : str or pathlib.Path
        A file; or ``pydicom:NAME`` for a test file that pydicom brings along (never fetched from elsewhere).
        A data set without preamble and File Meta Information (PS3.10 section 7.1) is taken too.

    Returns
    -------
    pydicom.Dataset
        A data set with pixels that can be decoded here, and with a Transfer Syntax UID.

    Raises
    ------
    InputError
        If the file is missing, unreadable, a directory, not DICOM, cut off, without pixels, or of a photometric
        interpretation or transfer syntax that cannot be printed.
    """
    name = str(path)
    ds = read_instance(path)
    with pydicom_errors(name, _DAMAGED):
        _check_pixels(ds, name)
        _check_image_pixel_module(ds, name)
        _check_transfer_syntax(ds, name)
        _check_length(ds, name)
    return ds


def read_instance(path: str | Path) -> Dataset:
    """Read a DICOM instance of any kind: image, plan, structure set.

    Parameters
    ----------
    path : str or pathlib.Path
        As for `read_image`.

    Returns
    -------
    pydicom.Dataset
        The data set, with a Transfer Syntax UID; its pixels, if any, have not been looked at.

    Raises
    ------
    InputError
        If the file is missing, unreadable, a directory, not DICOM, or cut off.
    """
    name = str(path)
    file = _bundled(name) if name.startswith(_PREFIX) else Path(path)
    with pydicom_errors(name, _DAMAGED):
        return _read(file, name)


def frames(ds: Dataset) -> int:
    """The number of frames of an image (PS3.3 C.7.6.6).

    Raises
    ------
    InputError
        If Number of Frames is not a number.
    """
    value = "?"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            value = str(ds.get("NumberOfFrames") or 1)
        return max(int(value), 1)
    except ValueError as error:
        raise InputError(
            f"NumberOfFrames {_one_line(value)} is not a number", name_of(ds), "correct the attribute"
        ) from error


def name_of(ds: Dataset) -> str:
    """How messages call a data set: the file it came from, or its SOP Instance UID."""
    file = getattr(ds, "filename", None)
    return str(file or ds.get("SOPInstanceUID", ""))


@contextmanager
def pydicom_errors(where: str, todo: str = "") -> Iterator[None]:
    """Turn what pydicom raises at broken files and values into an `InputError` of one line, and keep its warnings quiet.

    Parameters
    ----------
    where : str
        The file.
    todo : str
        What the user can do.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except _BROKEN as error:
        raise InputError(_reason(error), where, todo) from error


def _reason(error: BaseException) -> str:
    return _one_line(str(error)) or type(error).__name__


def _one_line(text: object) -> str:
    # Values of a damaged file may hold any character, and a message is one line.
    return " ".join("".join(letter if letter.isprintable() else " " for letter in str(text)).split())


def _bundled(name: str) -> Path:
    wanted = name.removeprefix(_PREFIX)
    known = _all_bundled()
    if wanted in known:
        return known[wanted]
    close = get_close_matches(wanted, known, n=3, cutoff=0.5)
    todo = f"did you mean {' or '.join(_PREFIX + match for match in close)}?" if close else "try pydicom:CT_small.dcm"
    raise InputError("pydicom brings no such file", name, todo)


@cache
def _all_bundled() -> dict[str, Path]:
    """Return the files that pydicom brings, by their path inside its folder; they are looked for once."""
    return {file.relative_to(_BUNDLED).as_posix(): file for file in _BUNDLED.rglob("*") if file.is_file()}


def _read(file: Path, name: str) -> Dataset:
    if file.is_dir():
        raise InputError("this is a directory", name, "name one file in it")
    try:
        ds: Dataset = dcmread(file)
    except FileNotFoundError as error:
        raise InputError("there is no such file", name, "check the name") from error
    except InvalidDicomError:
        ds = _read_bare(file, name)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", name, "check its permissions") from error
    if not len(ds):
        raise InputError("the file ends before its first attribute", name, "it is cut off: copy or export it again")
    _complete_meta(ds)
    ds.filename = name  # later messages call it as the user did
    return ds


def _read_bare(file: Path, name: str) -> Dataset:
    # Forced, pydicom finds "attributes" in any bytes: only a SOP Class or an image says that this is DICOM.
    refusal = InputError("this is not a DICOM file", name, "it has no 'DICM' mark and does not begin with attributes")
    try:
        ds: Dataset = dcmread(file, force=True)
        known = UID(ds.get("SOPClassUID", "")).is_valid and bool(ds.get("SOPClassUID"))
        image = all(keyword in ds for keyword in ("PixelData", "Rows", "Columns"))
    except _BROKEN as error:
        raise refusal from error
    if not (known or image):
        raise refusal
    return ds


def _complete_meta(ds: Dataset) -> None:
    # Without Transfer Syntax UID pydicom decodes no pixels, although it knows how it read the data set.
    if not hasattr(ds, "file_meta"):
        ds.file_meta = FileMetaDataset()
    if not ds.file_meta.get("TransferSyntaxUID"):
        implicit, little = ds.original_encoding
        explicit = ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        ds.file_meta.TransferSyntaxUID = ImplicitVRLittleEndian if implicit else explicit


def _check_pixels(ds: Dataset, name: str) -> None:
    if any(ds.get(keyword) for keyword in _PIXELS):
        return
    sop_class = _sop_class(ds)
    todo = "print an image, for example CT Image Storage or RT Dose Storage"
    if "Image" in sop_class or "Dose" in sop_class or "Rows" in ds:
        todo = "it may be cut off: copy or export it again"
    raise InputError(f"{sop_class} has no pixels to print", name, todo)


def _sop_class(ds: Dataset) -> str:
    uid = ds.get("SOPClassUID") or ds.file_meta.get("MediaStorageSOPClassUID")
    return _one_line(UID(uid).name) if uid else "a data set without SOP Class UID"


def _check_image_pixel_module(ds: Dataset, name: str) -> None:
    missing = [keyword for keyword in _IMAGE_PIXEL if ds.get(keyword) in {None, "", 0}]
    if missing:
        todo = "these attributes describe the pixels (PS3.3 C.7.6.3): export the image again"
        raise InputError(f"{', '.join(missing)} missing or 0", name, todo)
    if ds.PhotometricInterpretation not in PHOTOMETRIC_INTERPRETATIONS:
        what = f"photometric interpretation {_one_line(ds.PhotometricInterpretation)} cannot be printed"
        raise InputError(what, name, f"convert it to one of {', '.join(PHOTOMETRIC_INTERPRETATIONS)}")


def _check_transfer_syntax(ds: Dataset, name: str) -> None:
    syntax = UID(ds.file_meta.TransferSyntaxUID)
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError:
        available = False
    if not available:
        what = f"transfer syntax {_syntax_name(syntax)} cannot be decoded here"
        raise InputError(what, name, "store it uncompressed first, for example with gdcmconv --raw or dcmconv")


def _syntax_name(syntax: UID) -> str:
    return _one_line(f"{syntax.name} ({syntax})" if syntax.name != syntax else syntax)


def _check_length(ds: Dataset, name: str) -> None:
    if ds.file_meta.TransferSyntaxUID.is_encapsulated:
        return
    keyword = next(keyword for keyword in _PIXELS if keyword in ds)
    expected = _expected_bytes(ds, keyword)
    found = len(ds[keyword].value)
    if found < expected:
        what = f"{expected - found} of {expected} bytes of pixel data are missing"
        raise InputError(what, name, "the file is cut off: copy or export it again")


def _expected_bytes(ds: Dataset, keyword: str) -> int:
    count = frames(ds)  # pydicom repeats a Number of Frames that is text: "1A" becomes "1A1A1A.."
    if keyword == "PixelData":
        return int(get_expected_length(ds))
    return count * int(ds.Rows) * int(ds.Columns) * _SAMPLE_BYTES[keyword]


def decode(ds: Dataset, frame: int | None) -> Any:
    """Decode one frame, or all of them for None, as pydicom gives it; a compressed failure names the transfer syntax.

    Raises
    ------
    InputError
        If compressed pixel data cannot be decoded here.
    """
    syntax = UID(ds.file_meta.TransferSyntaxUID)
    try:
        return pixel_array(ds, index=frame)
    except _BROKEN as error:
        if not syntax.is_encapsulated:
            raise
        what = f"transfer syntax {_syntax_name(syntax)} cannot be decoded here ({_reason(error)})"
        raise InputError(what, name_of(ds), "store it uncompressed first, for example with gdcmconv --raw") from error
