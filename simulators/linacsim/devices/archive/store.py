"""The files of an archive: whole under their names, or not there, whenever the process ends.

An object is written into the folder ``incoming``, then added to the index with the path that it will have, then renamed
to that path. The index decides: whatever is found in ``incoming`` at the next start either is in the index, and then it
is whole and only its renaming is left to do, or it is not, and then it was never acknowledged and goes. So a start looks
at a few files and not at a million.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from linacsim.errors import InputError
from linacsim.kernel.shelf import Shelf

_INCOMING = "incoming"
_INDEX = "index.sqlite"
_LOCK = "lock"
_IDENTITY = "identity"
_HEADER_MOST = 4096
"""Bytes of preamble and file meta information, generously."""
_NOTHING = ("", b"")
Part = bytes | bytearray | memoryview


class Store:
    """Objects of one archive on a shelf.

    Parameters
    ----------
    shelf : Shelf
        Where they are.
    base : str
        Their folder on it.
    name : str
        Of the archive: its own files are kept apart by it.
    power : bool
        Whether an object has to outlast a loss of power.

    Attributes
    ----------
    identity : str
        Tells this store from others, so that no index is mistaken for its own; empty in memory.
    """

    def __init__(self, shelf: Shelf, base: str, name: str, *, power: bool = False) -> None:
        self.base = f"{base}/"
        self._shelf = shelf
        self._power = power
        self._lock: int | None = None
        self._root = None if shelf.folder is None else shelf.folder / base
        self._ahead = _NOTHING
        self._own = None if shelf.folder is None else shelf.folder / ".archive" / name
        self.identity = ""
        self._incoming = "" if self._own is None else str(self._own / _INCOMING)

    @property
    def index_file(self) -> Path | None:
        """Where the index is; ``None`` for a store in memory."""
        return None if self._own is None else self._own / _INDEX

    @property
    def lasting(self) -> bool:
        """Whether it is opened again after this run."""
        return self._shelf.lasting

    def open(self) -> None:
        """Make the folders, and see that nobody else works with them.

        Raises
        ------
        InputError
            If another process does, or nothing can be written there.
        """
        if self._own is None or self._root is None:
            return
        try:
            Path(self._incoming).mkdir(parents=True, exist_ok=True)
            self._root.mkdir(parents=True, exist_ok=True)
            self._lock = os.open(self._own / _LOCK, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as exc:
            raise InputError(f"cannot write the store: {exc.strerror}", str(exc.filename or self._root)) from exc
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            holder = os.pread(self._lock, 32, 0).decode("ascii", "replace").strip()
            self.close()
            told = f" (process {holder})" if holder else ""
            raise InputError(
                f"another archive works with this store{told}",
                str(self._shelf.folder),
                "stop it, or name another folder",
            ) from exc
        self.identity = _identity(self._own / _IDENTITY)
        os.ftruncate(self._lock, 0)
        os.pwrite(self._lock, f"{os.getpid()}\n".encode("ascii"), 0)

    def close(self) -> None:
        """Let others work with it."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # writing

    def stage(self, name: str, *parts: Part) -> None:
        """Write a file that nobody sees yet.

        Raises
        ------
        OSError
            If it cannot be written whole; nothing of it is left then.
        """
        if self._own is None:
            self._shelf.memory[f"{_INCOMING}/{self.base}{name}"] = b"".join(parts)
            return
        path = f"{self._incoming}/{name}"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
        try:
            try:
                _write_all(descriptor, parts)
                if self._power:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)
            if self._power:
                _sync_folder(self._incoming)
        except OSError:
            Path(path).unlink()
            raise

    def publish(self, name: str, path: str) -> None:
        """Give a staged file its place, counted from the folder of the store.

        Raises
        ------
        OSError
            If that cannot be done.
        """
        if self._root is None:
            self._shelf.memory[self.base + path] = self._shelf.memory.pop(f"{_INCOMING}/{self.base}{name}")
            return
        self._ahead = _NOTHING
        source, target = f"{self._incoming}/{name}", f"{self._root}/{path}"
        try:
            os.rename(source, target)  # noqa: PTH104 - a Path costs as much as the renaming
        except FileNotFoundError:
            # the first of its series, or somebody has tidied up while the archive was running
            Path(target).parent.mkdir(parents=True, exist_ok=True)
            Path(source).rename(target)

    def discard(self, name: str) -> None:
        """Take a staged file away."""
        if self._own is None:
            self._shelf.memory.pop(f"{_INCOMING}/{self.base}{name}", None)
        else:
            Path(self._incoming, name).unlink(missing_ok=True)

    def remove(self, path: str) -> None:
        """Take a file away, counted from the folder of the store; it may have gone already."""
        if self._root is None:
            self._shelf.memory.pop(self.base + path, None)
        else:
            self._ahead = _NOTHING
            (self._root / path).unlink(missing_ok=True)

    # reading

    def ahead(self, where: str) -> None:
        """Read a file of the shelf that will be wanted next, while somebody else has to be waited for anyway."""
        if self._root is not None and self._ahead[0] != where:
            with suppress(OSError):
                self._ahead = (where, self._shelf.read(where))

    def whole(self, where: str) -> bytes:
        """Return the bytes of a file of the shelf; `OSError` or `LookupError` if it is gone."""
        (known, data), self._ahead = self._ahead, _NOTHING
        return data if known == where else self._shelf.read(where)

    def staged(self) -> list[str]:
        """Return the names of the files that were being stored when a run ended."""
        return sorted(entry.name for entry in os.scandir(self._incoming)) if self._incoming else []

    def has(self, path: str) -> bool:
        """Whether there is a file."""
        return self.base + path in self._shelf.memory if self._root is None else (self._root / path).exists()

    def read(self, path: str) -> bytes:
        """Return the bytes of a file; `OSError` or `LookupError` if it is gone."""
        return self._shelf.memory[self.base + path] if self._root is None else (self._root / path).read_bytes()

    def head(self, path: str, most: int = -1) -> tuple[bytes, int]:
        """Return up to `most` bytes of the beginning of a file, and how long it is."""
        if self._root is None:
            data = self.read(path)
            return data if most < 0 else data[:most], len(data)
        with (self._root / path).open("rb") as file:
            return file.read(most), os.fstat(file.fileno()).st_size

    def same(self, path: str, start: int, data: Part) -> bool:
        """Whether the data set in a file is `data`; one that is gone is not."""
        try:
            return self.read(path)[start:] == data
        except (LookupError, OSError):
            return False

    def ends_with(self, path: str, data: Part) -> bool:
        """Whether a file ends with the data set `data`, and is of its kind: nothing but a header can stand in front."""
        held, _ = self.head(path)
        start = len(held) - len(data)
        return 0 < start <= _HEADER_MOST and held[start:] == data

    def paths(self) -> Iterator[str]:
        """Yield every file, folder by folder in the order of their names; what begins with a dot is none of ours."""
        if self._root is None:
            yield from sorted(
                where.removeprefix(self.base) for where in self._shelf.memory if where.startswith(self.base)
            )
            return
        for folder, folders, files in os.walk(self._root):
            folders[:] = sorted(one for one in folders if not one.startswith("."))
            inside = Path(folder).relative_to(self._root)
            for name in sorted(files):
                if not name.startswith("."):
                    yield (inside / name).as_posix()


def _identity(file: Path) -> str:
    if not file.exists():
        # of no bench and no scenario: it is never seen but by this store and its index
        file.write_text(os.urandom(16).hex(), "ascii")
    return file.read_text("ascii").strip()


def _write_all(descriptor: int, parts: tuple[Part, ...]) -> None:
    left = sum(len(part) for part in parts) - os.writev(descriptor, parts)
    if not left:
        return
    # a disk that fills up takes less than it was given before it says so
    rest = memoryview(b"".join(parts))[-left:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _sync_folder(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
