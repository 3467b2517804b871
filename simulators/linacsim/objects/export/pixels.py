"""Storing the pixels of an image as an exporter does: bits, sign, rescale."""

from __future__ import annotations

from typing import Any

import numpy as np
from pydicom import Dataset

from linacsim.objects.case.modules import monochrome, number
from linacsim.objects.export.tree import Node

_KEYWORDS = {
    "BitsAllocated": "0028,0100",
    "BitsStored": "0028,0101",
    "PixelRepresentation": "0028,0103",
    "RescaleIntercept": "0028,1052",
    "RescaleSlope": "0028,1053",
}

DESCRIBE_PIXELS = frozenset(
    {
        "0028,0002", "0028,0004", "0028,0006", "0028,0008", "0028,0010", "0028,0011", "0028,0100", "0028,0101",
        "0028,0102", "0028,0103", "0028,1052", "0028,1053", "7FE0,0010",
    }
)  # fmt: skip
"""Attributes that say how Pixel Data is to be read: they change with the pixels or not at all."""


def _wanted(node: Node, keyword: str) -> list[float]:
    """Return the values that the tables allow, empty for any."""
    child = node.children.get((_KEYWORDS[keyword], ""))
    if child is None:
        return []
    for constraint in child.constraints:
        if "fixed" in constraint:
            return [float(constraint["fixed"])]
        if "enum" in constraint:
            return [float(one) for one in constraint["enum"]]
    return []


def restore(ds: Dataset, node: Node) -> None:
    """Store grey pixels as the tables want them, if they are not; values after rescale stay what they are.

    An image without rescale is stretched to the new bits.
    """
    if "PixelData" not in ds or ds.get("SamplesPerPixel") != 1:
        return
    target = {keyword: _chosen(ds, node, keyword) for keyword in _KEYWORDS}
    if all(target[keyword] == float(ds.get(keyword) or 0) for keyword in _KEYWORDS if keyword in ds):
        return
    stored = int(target["BitsStored"])
    values = ds.pixel_array.astype(np.float64)
    if "RescaleSlope" in ds:
        values = values * float(ds.RescaleSlope) + float(ds.RescaleIntercept)
        values = (values - target["RescaleIntercept"]) / (target["RescaleSlope"] or 1.0)
        ds.RescaleIntercept, ds.RescaleSlope = number(target["RescaleIntercept"]), number(target["RescaleSlope"] or 1.0)
    elif stored != ds.BitsStored:
        values *= (2**stored - 1) / (2**ds.BitsStored - 1)
    signed = bool(target["PixelRepresentation"])
    kind: Any = np.uint8 if target["BitsAllocated"] == 8 else np.int16 if signed else np.uint16
    low, high = (-(2 ** (stored - 1)), 2 ** (stored - 1) - 1) if signed else (0, 2**stored - 1)
    monochrome(ds, np.clip(np.rint(values), low, high).astype(kind), stored=stored, signed=signed)


def _chosen(ds: Dataset, node: Node, keyword: str) -> float:
    """Return the value that an attribute gets: its own if it is allowed, else the first that is."""
    own = float(ds.get(keyword) or 0)
    wanted = _wanted(node, keyword)
    return own if not wanted or own in wanted else wanted[0]
