"""What peers have stored, as one sheet of small pictures for each peer."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import quote

import numpy as np
from PIL import Image
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.objects.greyscale import shades
from linacsim.objects.imagefile import frames, pydicom_errors, read_image
from linacsim.report.page.pictures import Shown
from linacsim.report.page.rows import Row

MOST = 12
"""Images on a sheet, evenly spread over what a peer has stored."""
_ROW = 6
_SIZE = 128
_GAP = 4
_FILE = 8 * 1024 * 1024
"""Bytes of a file that is looked into."""
_PIXELS = 2048 * 2048


def sheets(run: Path, rows: Sequence[Row]) -> Iterator[Shown]:
    """Yield a sheet for each folder of objects, in the order in which they were first stored.

    Parameters
    ----------
    run : pathlib.Path
        The folder of the run.
    rows : sequence of Row
        Its events; one that has stored an object names its file.
    """
    stored: dict[str, dict[str, Row]] = {}
    for row in rows:
        name = str(row.record.get("object", ""))
        if name.startswith("objects/") and ".." not in name:
            stored.setdefault(name.rpartition("/")[0], {}).setdefault(name, row)
    for folder, files in stored.items():
        shown = _sheet(run, folder, files)
        if shown is not None:
            yield shown


def _sheet(run: Path, folder: str, files: dict[str, Row]) -> Shown | None:
    names = list(files)
    step = max(len(names) / MOST, 1)
    chosen = [names[int(ordinal * step)] for ordinal in range(min(len(names), MOST))]
    small = [image for name in chosen if (image := _small(run / name)) is not None]
    if not small:
        return None
    wide = min(len(small), _ROW)
    tall = -(-len(small) // _ROW)
    sheet = Image.new("L", (wide * (_SIZE + _GAP) - _GAP, tall * (_SIZE + _GAP) - _GAP))
    for ordinal, image in enumerate(small):
        left, top = ordinal % _ROW * (_SIZE + _GAP), ordinal // _ROW * (_SIZE + _GAP)
        sheet.paste(image, (left + (_SIZE - image.width) // 2, top + (_SIZE - image.height) // 2))
    stream = io.BytesIO()
    sheet.save(stream, "PNG")
    source = f"data:image/png;base64,{base64.b64encode(stream.getvalue()).decode()}"
    note = f"{len(small)} of the {len(names)} objects there" if len(names) > 1 else "the object there"
    return Shown(folder, quote(folder), source, note, files[names[0]])


def _small(path: Path) -> Image.Image | None:
    """Return an image as a small picture; None for what is none, is damaged or too large to be looked into."""
    try:
        if path.stat().st_size > _FILE:
            return None
        grey = _grey(read_image(path), str(path))
    except (InputError, OSError):
        return None
    if grey is None:
        return None
    grow = _SIZE // max(grey.size)
    if grow > 1:
        return grey.resize((grey.width * grow, grey.height * grow), Image.Resampling.NEAREST)
    grey.thumbnail((_SIZE, _SIZE))
    return grey


def _grey(ds: Dataset, name: str) -> Image.Image | None:
    """Return the frame in the middle."""
    with pydicom_errors(name, ""):
        if int(ds.Rows) * int(ds.Columns) > _PIXELS:
            return None
        found = shades(ds, frames(ds) // 2, None).shades
        return Image.fromarray(np.rint(np.clip(found, 0.0, 1.0) * 255).astype(np.uint8))
