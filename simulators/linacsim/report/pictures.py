"""Writing pictures for people to files (`linacsim.objects.pictures` draws them)."""

from __future__ import annotations

from pathlib import Path

from linacsim.objects.pictures import Picture, png
from linacsim.report.atomic import replacing


def write_png(picture: Picture, path: Path) -> None:
    """Write a picture as PNG; it appears whole or not at all.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    with replacing(path) as stream:
        stream.write(png(picture))
