"""Films and slices inside the page, as far as they fit; what does not is named with the place where it lies."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image, UnidentifiedImageError

from linacsim.report.page.rows import Row

FOLDERS = ("films", "pictures")
"""Where a run keeps its pictures."""
LARGEST = 3 * 1024 * 1024
"""Bytes of a picture that is embedded whole; of a larger one only a small copy is."""
ROOM = 24 * 1024 * 1024
"""Bytes of all pictures together."""
MOST = 60
"""Pictures that are shown; more are counted."""
_SMALL = 900
"""Width and height of a small copy at most."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, slots=True)
class Shown:
    """One picture of the page.

    Attributes
    ----------
    name : str
        Its path below the run's folder.
    href : str
        The same as a link.
    source : str
        The picture as a data URI; empty if it is not in the page.
    note : str
        Why it is not here as it lies on disk, if so.
    row : Row or None
        The event that told of it.
    """

    name: str
    href: str
    source: str
    note: str
    row: Row | None


@dataclass(frozen=True, slots=True)
class Gallery:
    """All pictures of a run; `left_out` of them are not even named."""

    shown: tuple[Shown, ...]
    left_out: int


def gallery(run: Path, by_name: Mapping[str, Row], sheets: Iterable[Shown] = ()) -> Gallery:
    """Return the pictures of a run's folder.

    Parameters
    ----------
    run : pathlib.Path
        The folder.
    by_name : mapping of str to Row
        The event that told of a picture, by its path below the folder.
    sheets : iterable of Shown
        Pictures that are made for the page.
    """
    names = sorted(
        path.relative_to(run).as_posix()
        for folder in FOLDERS
        for path in (run / folder).glob("*.png")
        if path.is_file()
    )
    shown = tuple(_shown(run, names[:MOST], by_name))
    return Gallery((*shown, *sheets), len(names) - len(shown))


def _shown(run: Path, names: list[str], by_name: Mapping[str, Row]) -> Iterator[Shown]:
    room = ROOM
    for name in names:
        data, note = _fitting(run / name, room)
        room -= len(data)
        source = f"data:image/png;base64,{base64.b64encode(data).decode()}" if data else ""
        yield Shown(name, quote(name), source, note, by_name.get(name))


def _fitting(path: Path, room: int) -> tuple[bytes, str]:
    """Return the bytes to embed for a picture, none if there is no room, and why they are not the file's own."""
    try:
        size = path.stat().st_size
        if size <= min(LARGEST, room):
            data = path.read_bytes()
            return (data, "") if data.startswith(_SIGNATURE) else (b"", "not a PNG file; left out")
        small = _small(path)
    except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
        return b"", f"cannot be shown ({error.__class__.__name__}); left out"
    told = f"the file has {size / 1e6:.1f} MB"
    return (small, f"a small copy; {told}") if len(small) <= room else (b"", f"left out, as the page is full; {told}")


def _small(path: Path) -> bytes:
    with Image.open(path) as image:
        copy = image.convert("L" if image.mode == "L" else "RGB")
        copy.thumbnail((_SMALL, _SMALL))
        stream = io.BytesIO()
        copy.save(stream, "PNG", optimize=True)
    return stream.getvalue()
