"""Files and folders turned into objects; what is none, or cannot be read, is told in a line."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from pydicom import config, dcmread
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset
from pydicom.errors import InvalidDicomError
from pydicom.filereader import read_partial
from pydicom.tag import BaseTag
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian

from linacsim.conformance.check.findings import Unread
from linacsim.conformance.check.items import Item, stored_at
from linacsim.conformance.check.scope import Instance
from linacsim.conformance.check.values import Unknown
from linacsim.errors import InputError

_PIXELS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})
_STORAGE_CLASS, _TRANSFER_SYNTAX = 0x00020002, 0x00020010
_DIRECTORY = "1.2.840.10008.1.3.10"
_UNDEFINED = 0xFFFFFFFF
_FIRST_GROUPS = (b"\x02\x00", b"\x08\x00", b"\x00\x08")
"""How a data set without the preamble of PS3.10 starts: group 0002 or 0008."""


class Pixels:
    """Stands for Pixel Data that were left in the file."""

    def __repr__(self) -> str:
        return "pixels"


@dataclass(slots=True)
class Gathered:
    """What was found in files.

    Attributes
    ----------
    objects : list of Instance
        The objects, in the order of their names.
    unread : list of Unread
        What is no object, or cannot be read.
    """

    objects: list[Instance] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


def gather(paths: Iterable[Path]) -> Gathered:
    """Read the objects of files and folders; folders with all that is below them.

    A file that is no object, or is damaged, is told in `Gathered.unread`; the others are read all the same.

    Raises
    ------
    InputError
        If a path does not exist.
    """
    found = Gathered()
    with warnings.catch_warnings(), _lenient():
        warnings.simplefilter("ignore")
        for path, name in _files(paths):
            one = read_object(path, name)
            if isinstance(one, Instance):
                found.objects.append(one)
            else:
                found.unread.append(one)
    return found


@contextmanager
def _lenient() -> Iterator[None]:
    """Let pydicom read what it can: the checker tells what is wrong itself."""
    mode = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        yield
    finally:
        config.settings.reading_validation_mode = mode


def _files(paths: Iterable[Path]) -> Iterator[tuple[Path, str]]:
    """Yield files and what to call them, each once, in order."""
    seen: set[Path] = set()
    given = list(paths)
    for path in given:
        if not path.exists():
            raise InputError("there is no such file or folder", str(path), "give files or folders with DICOM objects")
        for one in _below(path):
            real = one.resolve()
            if real not in seen:
                seen.add(real)
                yield one, str(one.relative_to(path)) if len(given) == 1 and path.is_dir() else str(one)


def _below(path: Path) -> Iterator[Path]:
    if not path.is_dir():
        yield path
        return
    for folder, folders, files in os.walk(path):
        folders.sort()
        yield from (Path(folder) / name for name in sorted(files))


def read_object(path: Path, name: str = "") -> Instance | Unread:
    """Read one file up to its pixels; they are read when a rule asks for them.

    Parameters
    ----------
    path : Path
        The file.
    name : str
        What findings call it.
    """
    name = name or path.name
    if not path.is_file():
        return Unread(name, "is no file")
    try:
        with path.open("rb") as file:
            return _read(file, path, name)
    except OSError as exc:
        return Unread(name, f"cannot be opened: {exc.strerror or exc}")


def _read(file: BinaryIO, path: Path, name: str) -> Instance | Unread:
    head = file.read(132)
    part10 = head[128:] == b"DICM"
    if not part10 and head[:2] not in _FIRST_GROUPS:
        return Unread(name, "is no DICOM file")
    file.seek(0)
    stop = _Stop()
    try:
        dataset = read_partial(file, stop_when=stop, force=not part10)
    except InvalidDicomError:
        return Unread(name, "is no DICOM file")
    except Exception as exc:  # noqa: BLE001 - whatever a damaged file makes of pydicom
        return _damaged(name, exc)
    if cut := _cut(dataset):
        return Unread(name, cut, damaged=True)
    stop.start += file.tell()
    return _instance(dataset, path, name, stop, part10)


def _damaged(name: str, exc: Exception) -> Unread:
    words = " ".join(str(exc).split())[:100]
    if isinstance(exc, RecursionError):
        words = "sequences nested too deep"
    return Unread(name, f"is damaged and cannot be read: {words or type(exc).__name__}", damaged=True)


def _instance(dataset: FileDataset, path: Path, name: str, stop: _Stop, part10: bool) -> Instance | Unread:
    meta = Item(getattr(dataset, "file_meta", Dataset()))
    syntax = meta.text(_TRANSFER_SYNTAX)
    if meta.text(_STORAGE_CLASS) == _DIRECTORY or "DirectoryRecordSequence" in dataset:
        return Unread(name, "is a DICOMDIR; the files themselves are read")
    if not part10 and "SOPClassUID" not in dataset:
        return Unread(name, "is no DICOM file")
    if len(dataset) == 0:
        return Unread(name, "holds no data set", damaged=True)
    instance = Instance(dataset, name, syntax)
    if stop.length is not None:
        instance.root.preset(stop.tag, [Pixels()] if stop.length else [])
        instance.load_pixels = _loader(path, syntax)
        missing = 0 if syntax == DeflatedExplicitVRLittleEndian else stop.start + stop.length - path.stat().st_size
        if stop.length != _UNDEFINED and missing > 0:
            return Unread(name, f"is cut short: {missing} bytes of Pixel Data are missing", damaged=True)
    return instance


@dataclass(slots=True)
class _Stop:
    """Stops reading at pixels, and keeps how long they are."""

    tag: int = 0
    length: int | None = None
    start: int = 0

    def __call__(self, tag: BaseTag, vr: str | None, length: int) -> bool:
        if int(tag) in _PIXELS:
            self.tag, self.length = int(tag), length
            self.start = 12 if vr else 8  # the element's own header (PS3.5 7.1.2)
            return True
        return False


def _cut(dataset: Dataset) -> str:
    """Return what is missing at the end of a file; empty if nothing is."""
    last = stored_at(dataset, max(dataset.keys())) if len(dataset) else None
    if not isinstance(last, RawDataElement) or last.length == _UNDEFINED:
        return ""
    missing = last.length - len(last.value or b"")
    return f"is cut short: {missing} bytes are missing" if missing > 0 else ""


def _loader(path: Path, syntax: str) -> Callable[[], bytes | Unknown]:
    """Return what reads Pixel Data of a file."""

    def load() -> bytes | Unknown:
        if syntax and UID(syntax).is_transfer_syntax and UID(syntax).is_compressed:
            return Unknown(f"Pixel Data are compressed ({UID(syntax).name}) and are not decoded")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return bytes(dcmread(path, force=True, specific_tags=["PixelData"]).PixelData)
        except Exception as exc:  # noqa: BLE001 - whatever a damaged file makes of pydicom
            return Unknown(f"Pixel Data cannot be read: {' '.join(str(exc).split())[:80]}")

    return load
