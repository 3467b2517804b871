"""Where a run's artefacts go: stored objects, films.

A shelf is a folder, or memory when nobody asked for files. What has been put on a shelf is complete: a file appears
under its name only when all its bytes are written.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

from linacsim.errors import InputError


class Shelf:
    """Keeps artefacts by kind and name.

    Parameters
    ----------
    folder : Path or None
        The run's folder; ``None`` keeps everything in memory.
    lasting : bool
        Whether what is kept there is opened again after this run; if not, a loss of power may damage it.
    """

    def __init__(self, folder: Path | None = None, *, lasting: bool = True) -> None:
        self.folder = folder
        self.lasting = lasting
        self.memory: dict[str, bytes] = {}

    def put(self, kind: str, name: str, *parts: bytes | bytearray | memoryview) -> str:
        """Keep the joined `parts` as ``kind/name`` and return that path.

        `name` has to be a plain file name; peers' words never become paths.

        Raises
        ------
        OSError
            If the file cannot be written (disk full, no permission).
        """
        if "/" in name or "\\" in name or name in ("", ".", ".."):
            raise InputError(f"{name!r} is not a file name", kind)
        where = f"{kind}/{name}"
        if self.folder is None:
            self.memory[where] = b"".join(parts)
            return where
        path = self.folder / kind / name
        try:
            _write(path, parts)
        except FileNotFoundError:
            # the first of its kind, or somebody has tidied up while the bench was running
            path.parent.mkdir(parents=True, exist_ok=True)
            _write(path, parts)
        return where

    def has(self, kind: str, name: str) -> bool:
        """Whether there is an artefact of that kind and name."""
        if self.folder is None:
            return f"{kind}/{name}" in self.memory
        return (self.folder / kind / name).exists()

    def read(self, where: str) -> bytes:
        """Return the bytes of the artefact that `put` called `where`."""
        return self.memory[where] if self.folder is None else _read(f"{self.folder}/{where}")

    def names(self, kind: str) -> list[str]:
        """Return the paths of all artefacts of a kind, however deep in its folder, sorted."""
        if self.folder is None:
            return sorted(where for where in self.memory if where.startswith(f"{kind}/"))
        folder = self.folder / kind
        return sorted(path.relative_to(self.folder).as_posix() for path in folder.rglob("*") if path.is_file())


def _read(path: str) -> bytes:
    """Return the bytes of a file; without a file object, which takes longer to make than small files to read."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        size = os.fstat(descriptor).st_size
        data = os.read(descriptor, size)
        while len(data) < size and (more := os.read(descriptor, size - len(data))):
            data += more
    finally:
        os.close(descriptor)
    return data


def _write(path: Path, parts: tuple[bytes | bytearray | memoryview, ...]) -> None:
    """Write a file that appears under its name only when it is whole."""
    partial = path.with_name(f".{path.name}.{threading.get_ident()}.part")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o666)
    try:
        try:
            for part in parts:
                _write_all(descriptor, memoryview(part))
        finally:
            os.close(descriptor)
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise


def _write_all(descriptor: int, rest: memoryview) -> None:
    while rest:
        rest = rest[os.write(descriptor, rest) :]
