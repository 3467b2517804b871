"""Files that appear whole or not at all, and the words for what went wrong when they could not."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from linacsim.errors import InputError

_ELSEWHERE = "choose another output folder"
_IN_THE_WAY = ("something else of that name is in the way", f"move it away or {_ELSEWHERE}")
_PERMISSION = ("no permission to write here", f"change the permissions or {_ELSEWHERE}")
_FULL = ("the disk is full", f"free some space or {_ELSEWHERE}")
_CAUSES = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: ("the disk quota is used up", f"free some space or {_ELSEWHERE}"),
    errno.EFBIG: ("the file grew larger than the system allows", _ELSEWHERE),
    errno.EACCES: _PERMISSION,
    errno.EPERM: _PERMISSION,
    errno.EROFS: ("the file system is read-only", _ELSEWHERE),
    errno.ENOTDIR: ("a part of the path is a file, not a folder", f"move it away or {_ELSEWHERE}"),
    errno.EEXIST: _IN_THE_WAY,
    errno.EISDIR: _IN_THE_WAY,
    errno.ENOENT: ("the folder is gone", f"run again or {_ELSEWHERE}"),
    errno.ENAMETOOLONG: ("the path is too long for the file system", "choose a shorter output folder"),
}


def output_error(error: OSError, path: Path) -> InputError:
    """Return `error`, met while writing `path`, in the words of a user: what, where, what to do."""
    fallback = (f"cannot write ({error.strerror or error})", _ELSEWHERE)
    what, todo = _CAUSES.get(error.errno or 0, fallback)
    return InputError(what, str(path), todo)


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a stream whose bytes become the file `path` when the block ends well.

    They go to a hidden neighbour first and take the place of `path` in one step, so a reader never meets half a file
    and an old file survives a failed attempt.

    Raises
    ------
    InputError
        If the disk is full, the folder may not be written to, or a folder is in the way.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("wb") as stream:
            yield stream
        part.replace(path)
    except OSError as error:
        raise output_error(error, path) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a text as the file `path`, in UTF-8; its folder is made.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise output_error(error, path.parent) from error
    with replacing(path) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
