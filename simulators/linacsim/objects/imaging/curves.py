r"""Matched markers in an RT Image: one retired curve of one point for each (Varian 2.2.1.3.1.1; PS3.3-2004 C.10.2).

The elements of a curve stand in one repeating group, 5000, 5002... 501E: so there are sixteen at most. Axis Units are
``PIXL\PIXL``, the standard's term; the exporter writes them as the document prints them.
"""

from __future__ import annotations

import struct

import numpy as np
from numpy.typing import ArrayLike
from pydicom import Dataset
from pydicom.tag import Tag

from linacsim.errors import InputError
from linacsim.physics.geometry import Array

FIRST, MOST = 0x5000, 16
"""The first group, and how many there can be."""
_DOUBLE = 3
"""Data Value Representation of IEEE double."""


def add_curves(ds: Dataset, markers: ArrayLike) -> None:
    """Add a curve for each marker to an image.

    Parameters
    ----------
    ds : pydicom.Dataset
        With Rows and Columns.
    markers : array_like, shape (n, 2)
        (column, row) in pixels, from 0 in the middle of the upper left one.

    Raises
    ------
    InputError
        For more markers than there are groups, what is no pair, or a marker beside the image.
    """
    points: Array = np.asarray(markers, dtype=np.float64)
    if points.size == 0:
        return
    if points.ndim != 2 or points.shape[1] != 2:
        raise InputError(f"markers of shape {points.shape}", "matched markers", "give (column, row) for each")
    if len(points) > MOST:
        what = f"{len(points)} matched markers"
        raise InputError(what, "curves (5000,xxxx) to (501E,xxxx)", f"an image holds {MOST} at most; match fewer")
    for index, (column, row) in enumerate(points.tolist()):
        if not (-0.5 <= column <= ds.Columns - 0.5 and -0.5 <= row <= ds.Rows - 0.5):
            what = f"marker {index + 1} at column {column:g}, row {row:g}"
            raise InputError(what, f"image of {ds.Columns}x{ds.Rows} pixels", "leave out a marker beside the image")
        _add(ds, FIRST + 2 * index, column, row)


def _add(ds: Dataset, group: int, column: float, row: float) -> None:
    for element, vr, value in (
        (0x0005, "US", 2),
        (0x0010, "US", 1),
        (0x0020, "CS", "POLY"),
        (0x0030, "SH", ["PIXL", "PIXL"]),
        (0x0040, "SH", ["Marker", "Marker"]),
        (0x0103, "US", _DOUBLE),
        (0x3000, "OW", struct.pack("<2d", column, row)),
    ):
        ds.add_new(Tag(group, element), vr, value)


def curves_of(ds: Dataset) -> Array:
    """Return the markers of an image, (column, row) in pixels, shape (n, 2)."""
    groups = [FIRST + 2 * index for index in range(MOST) if Tag(FIRST + 2 * index, 0x3000) in ds]
    points = [struct.unpack("<2d", ds[Tag(group, 0x3000)].value) for group in groups]
    return np.array(points, dtype=np.float64).reshape(-1, 2)
