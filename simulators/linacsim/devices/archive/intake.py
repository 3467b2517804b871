"""Taking files into a store as they are: folders, media, ZIP archives."""

from __future__ import annotations

import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.deposit import Deposit, Item
from linacsim.devices.archive.hardware import DatabaseDownError
from linacsim.devices.archive.index import NotIndexableError
from linacsim.devices.archive.keeping import COERCION
from linacsim.devices.archive.taking_stock import open_file
from linacsim.devices.storage.instance import Received
from linacsim.devices.storage.services import RefusedError, check
from linacsim.errors import InputError

_LARGEST = 1 << 32
"""Bytes of a member of a ZIP archive; one that claims more is a bomb."""
_META = 512
"""Bytes of a file in which the class of what it is stands."""
_DIRECTORY = b"1.2.840.10008.1.3.10"
"""Media Storage Directory: the DICOMDIR lists what is there, and is no object for an archive."""


@dataclass(slots=True)
class Summary:
    """What has become of the files.

    Attributes
    ----------
    taken, known, left_out : int
        Objects that are new, objects that were there already, files that are no objects.
    bytes : int
        Of the new objects' files.
    failed : list of tuple of str
        The files that could not be taken, and why.
    """

    taken: int = 0
    known: int = 0
    left_out: int = 0
    bytes: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)


class Source:
    """A file, in a folder or in a ZIP archive.

    Parameters
    ----------
    name : str
        As people are told.
    named : bool
        Whether it has been named by itself; else it may as well be no object.
    """

    def __init__(self, name: str, *, named: bool, inside: zipfile.ZipFile | None = None) -> None:
        self.name = name
        self.named = named
        self._inside = inside

    def read(self) -> bytes:
        """Return its bytes.

        Raises
        ------
        OSError, zipfile.BadZipFile
            If it cannot be read.
        """
        if self._inside is None:
            return Path(self.name).read_bytes()
        member = self._inside.getinfo(self.name.partition("!")[2])
        if member.file_size > _LARGEST:
            raise OSError(f"{member.file_size} bytes are too many for one object")
        return self._inside.read(member)


class Sources:
    """The files that are to be taken, found once.

    Parameters
    ----------
    paths : iterable of str
        Files, folders with everything below them, and ZIP archives.

    Raises
    ------
    InputError
        If there is no such path.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._open = ExitStack()
        self._found = [source for path in paths for source in self._in(Path(path), named=True)]

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Source]:
        return iter(self._found)

    def close(self) -> None:
        """Close the ZIP archives."""
        self._open.close()

    def _in(self, path: Path, *, named: bool) -> Iterator[Source]:
        if path.is_dir():
            for folder, folders, files in os.walk(path):
                folders.sort()
                for name in sorted(files):
                    yield from self._in(Path(folder) / name, named=False)
        elif not path.exists():
            raise InputError("there is no such file or folder", str(path))
        elif path.suffix.lower() == ".zip" and zipfile.is_zipfile(path):
            inside = self._open.enter_context(zipfile.ZipFile(path))
            for member in inside.infolist():
                if not member.is_dir():
                    yield Source(f"{path}!{member.filename}", named=False, inside=inside)
        else:
            yield Source(str(path), named=named)


def take(source: Source, deposit: Deposit, done: Summary) -> None:
    """Take a file, and note what has become of it."""
    try:
        data = source.read()
    except (OSError, zipfile.BadZipFile, RuntimeError, NotImplementedError, zlib.error) as exc:
        # a member with a password is a RuntimeError, one that is packed in an unknown way no implementation
        done.failed.append((source.name, _reason(exc)))
        return
    if data[128:132] != b"DICM" and not source.named:
        done.left_out += 1
        return
    try:
        more = _deposit(data, source.name, deposit)
    except _DirectoryError:
        done.left_out += 1
    except RefusedError as exc:
        if exc.status == COERCION:
            done.known += 1
        else:
            done.failed.append((source.name, exc.comment))
    except (InputError, NotIndexableError, DatabaseDownError, OSError) as exc:
        done.failed.append((source.name, _reason(exc)))
    else:
        done.taken += more
        done.known += not more
        done.bytes += len(data) if more else 0


class _DirectoryError(Exception):
    """It is a DICOMDIR."""


def _deposit(data: bytes, name: str, deposit: Deposit) -> bool:
    """Put a file into the store; return whether it is new."""
    if _DIRECTORY in data[:_META]:
        raise _DirectoryError
    opened = open_file(data, name)
    body = data[opened.start :]
    check(
        Received(
            sop_class=opened.sop_class,
            sop_instance=opened.header.unique[Level.IMAGE],
            syntax=opened.syntax,
            data=body,
        )
    )
    _, more = deposit.take(Item(opened.header, opened.sop_class, opened.syntax, data[: opened.start], body))
    return more


def _reason(error: Exception) -> str:
    if isinstance(error, InputError):
        return error.what
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
