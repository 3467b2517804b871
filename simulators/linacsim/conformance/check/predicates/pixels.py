"""Pixel data: their length, and their values where they are not compressed (PS3.3 C.7.6.3)."""

from __future__ import annotations

from typing import Any

import numpy as np

from linacsim.conformance.check.predicates import predicate
from linacsim.conformance.check.scope import Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number


@predicate
def pixels_complete(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Pixel Data is as long as rows, columns, frames and bits ask for."""
    wanted = _wanted(scope)
    if isinstance(wanted, Unknown):
        return wanted
    found = scope.instance.pixel_bytes()
    if isinstance(found, Unknown):
        return found
    return True if len(found) >= wanted else Broken(f"{len(found)} bytes where {wanted} are needed")


@predicate
def pixel_range(scope: Scope) -> list[float] | Unknown:
    """Return the smallest and the greatest stored value of Pixel Data."""
    stored = _stored(scope)
    return stored if isinstance(stored, Unknown) else [float(stored.min()), float(stored.max())]


@predicate
def rescaled_range(scope: Scope) -> list[float] | Unknown:
    """Return the smallest and the greatest value after slope and intercept: Hounsfield units of CT."""
    found = pixel_range(scope)
    if isinstance(found, Unknown):
        return found
    slope, intercept = scope.get("RescaleSlope"), scope.get("RescaleIntercept")
    if not (is_number(slope) and is_number(intercept)):
        return Unknown("there is no Rescale Slope and Intercept")
    return sorted(one * slope + intercept for one in found)


def _wanted(scope: Scope) -> int | Unknown:
    numbers = [scope.get(word) for word in ("Rows", "Columns", "BitsAllocated")]
    samples = scope.get("SamplesPerPixel") or 1
    frames = scope.get("NumberOfFrames") or 1
    if not all(is_number(one) and one > 0 for one in (*numbers, samples, frames)):
        return Unknown("rows, columns or bits of the image are not given")
    rows, columns, bits = (int(one) for one in numbers)
    return rows * columns * int(samples) * int(frames) * bits // 8


def _stored(scope: Scope) -> np.ndarray[Any, Any] | Unknown:
    """Return the stored values."""
    wanted = _wanted(scope)
    if isinstance(wanted, Unknown):
        return wanted
    found = scope.instance.pixel_bytes()
    if isinstance(found, Unknown):
        return found
    bits = int(scope.get("BitsAllocated"))
    if bits not in (8, 16, 32) or not 0 < wanted <= len(found):
        return Unknown("Pixel Data is shorter than the image, or of unusual bits")
    sign = "i" if scope.get("PixelRepresentation") == 1 else "u"
    order = ">" if scope.instance.transfer_syntax == "1.2.840.10008.1.2.2" else "<"
    return np.frombuffer(found[:wanted], dtype=f"{order}{sign}{bits // 8}")
