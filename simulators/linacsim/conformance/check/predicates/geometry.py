"""Geometry: orientation, spacing of slices, planes of contours, isocentres (PS3.3 C.7.6.2, C.8.8.6)."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np

from linacsim.conformance.check.predicates import predicate
from linacsim.conformance.check.predicates.sequences import several
from linacsim.conformance.check.scope import Instance, Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number, spelled

_PLANES = {"axial": 2, "coronal": 1, "sagittal": 0}


def vector(value: Any, size: int) -> list[float] | None:
    """Return a value as `size` numbers, or nothing if it is not that."""
    right = isinstance(value, list) and len(value) == size and all(is_number(one) for one in value)
    return value if right else None


def normal_of(orientation: Any) -> list[float] | None:
    """Return the normal of Image Orientation (Patient); nothing if that is not six numbers."""
    six = vector(orientation, 6)
    if six is None:
        return None
    (a, b, c), (d, e, f) = six[:3], six[3:]
    return [b * f - c * e, c * d - a * f, a * e - b * d]


@predicate
def orthonormal(_: Scope, orientation: Any, tolerance: float = 1e-4) -> bool | Broken:
    """Tell whether row and column of an orientation are unit vectors at a right angle (PS3.3 C.7.6.2.1.1)."""
    six = vector(orientation, 6)
    if six is None:
        return Broken(spelled(orientation))
    row, column = six[:3], six[3:]
    dot = sum(a * b for a, b in zip(row, column, strict=True))
    if abs(math.hypot(*row) - 1) > tolerance or abs(math.hypot(*column) - 1) > tolerance:
        return Broken(f"lengths {math.hypot(*row):.6g} and {math.hypot(*column):.6g}")
    return True if abs(dot) <= tolerance else Broken(f"row times column is {dot:.6g}")


@predicate
def lies(scope: Scope, plane: str, tolerance: float = 1e-3) -> bool | Unknown | Broken:
    """Tell whether an image lies in a plane of the patient: ``axial``, ``coronal`` or ``sagittal``."""
    normal = normal_of(scope.get("ImageOrientationPatient"))
    if normal is None:
        return Unknown("there is no Image Orientation (Patient) of six numbers")
    return True if abs(abs(normal[_PLANES[plane]]) - 1) <= tolerance else Broken(f"the normal is {spelled(normal)}")


@predicate
def axial(scope: Scope, tolerance: float = 1e-3) -> bool | Unknown | Broken:
    """Tell whether an image is transversal: its normal is the patient's long axis."""
    return lies(scope, "axial", tolerance)


@predicate
def along_axes(_: Scope, orientation: Any, tolerance: float = 1e-3) -> bool | Broken:
    """Tell whether row and column of an orientation run along the patient's axes: no oblique plane."""
    six = vector(orientation, 6)
    if six is None:
        return Broken(spelled(orientation))
    return True if all(min(abs(one), abs(abs(one) - 1)) <= tolerance for one in six) else Broken(spelled(six))


@predicate
def uniform_spacing(scope: Scope, tolerance: float = 0.01) -> bool | Unknown | Broken:
    """Tell whether this image is as far from the one before it, along the normal, as the images of its series are.

    The usual distance is the median of the series; `tolerance` in mm.
    """
    before = _before(scope)
    if before is None:
        return Unknown("the images of the series have no common orientation with positions")
    distance, usual = before.get(id(scope.instance), (None, None))
    if distance is None or usual is None or abs(distance - usual) <= tolerance:
        return True
    return Broken(f"{distance:.6g} mm from the image before it, elsewhere {usual:.6g} mm")


def _before(scope: Scope) -> dict[int, tuple[float, float]] | None:
    """Return, of each image of the series, the distance from the one before it and the usual distance."""
    key = ("spacing", scope.instance.series, scope.instance.kind)
    if key not in scope.objects.remembered:
        scope.objects.remembered[key] = _distances(scope)
    found: dict[int, tuple[float, float]] | None = scope.objects.remembered[key]
    return found


def _distances(scope: Scope) -> dict[int, tuple[float, float]] | None:
    normal = normal_of(scope.get("ImageOrientationPatient"))
    images = [one for one in scope.objects.by_series[scope.instance.series] if one.kind == scope.instance.kind]
    places: list[tuple[float, Instance]] = []
    for one in images:
        position = vector(one.root.get("ImagePositionPatient"), 3)
        if normal is None or position is None:
            return None
        places.append((sum(a * b for a, b in zip(normal, position, strict=True)), one))
    places.sort(key=lambda place: place[0])
    gaps = [after[0] - before[0] for before, after in itertools.pairwise(places)]
    if not gaps:
        return {}
    usual = float(np.median(gaps))
    return {id(image): (gap, usual) for gap, (_, image) in zip(gaps, places[1:], strict=True)}


@predicate
def parallel(scope: Scope, tolerance: float = 1e-4) -> bool | Unknown | Broken:
    """Tell whether this image has the orientation of the first one of its series."""
    images = scope.objects.by_series.get(scope.instance.series) or [scope.instance]
    mine, first = (
        vector(scope.get("ImageOrientationPatient"), 6),
        vector(images[0].root.get("ImageOrientationPatient"), 6),
    )
    if mine is None or first is None:
        return Unknown("there is no Image Orientation (Patient) of six numbers")
    return True if all(abs(a - b) <= tolerance for a, b in zip(mine, first, strict=True)) else Broken(spelled(mine))


def points_of(values: Any) -> np.ndarray[Any, np.dtype[np.float64]] | None:
    """Return Contour Data as points in rows; nothing if it is no list of triplets."""
    numbers = several(values)
    if not numbers or len(numbers) % 3 or not all(is_number(one) for one in numbers):
        return None
    return np.asarray(numbers, dtype=np.float64).reshape(-1, 3)


@predicate
def z_spread(_: Scope, points: Any) -> float | Unknown:
    """Return the difference between the greatest and the smallest z of contour points, in mm."""
    rows = points_of(points)
    return Unknown("the contour is no list of x, y, z") if rows is None else float(np.ptp(rows[:, 2]))


@predicate
def coplanar(_: Scope, points: Any, tolerance: float = 1e-6) -> bool | Unknown | Broken:
    """Tell whether contour points lie in one plane, of any orientation, within a tolerance in mm."""
    rows = points_of(points)
    if rows is None:
        return Unknown("the contour is no list of x, y, z")
    if len(rows) < 4:
        return True
    centred = rows - rows.mean(axis=0)
    normal = np.linalg.svd(centred, full_matrices=False)[2][2]
    off = float(np.abs(centred @ normal).max())
    return True if off <= tolerance else Broken(f"a point {off:.3g} mm off the plane")


@predicate
def distance(_: Scope, one: Any, other: Any) -> float | None:
    """Return the distance of two numbers or two points."""
    left, right = several(one), several(other)
    if len(left) != len(right) or not left or not all(is_number(value) for value in (*left, *right)):
        return None
    return math.dist(left, right)


@predicate
def within(_: Scope, values: Any, tolerance: float, strictly: bool = False) -> bool | Broken:
    """Tell whether no two of several numbers or points are further apart than a tolerance (or as far, strictly).

    ``within(BeamSequence.ControlPointSequence.IsocenterPosition, 1.0)``; values that are not there do not count.
    """
    rows = [one if isinstance(one, list) else [one] for one in several(values)]
    rows = list({tuple(one): one for one in rows if one and all(is_number(value) for value in one)}.values())
    if len(rows) < 2:
        return True
    if len({len(one) for one in rows}) > 1:
        return Broken("values of different lengths")
    array = np.asarray(rows, dtype=np.float64)
    widest = max(float(np.linalg.norm(array - one, axis=1).max()) for one in array)
    if widest < tolerance or (widest == tolerance and not strictly):
        return True
    return Broken(f"up to {widest:.6g} apart")


@predicate
def angle_between(_: Scope, one: Any, other: Any) -> float | None:
    """Return the smaller angle between two directions given in degrees, from 0 to 180."""
    if not (is_number(one) and is_number(other)):
        return None
    turned = abs(one - other) % 360
    return float(min(turned, 360 - turned))


@predicate
def in_range(_: Scope, values: Any, low: float, high: float) -> bool | Broken:
    """Tell whether each value is a number from `low` to `high`, both included; there may be none."""
    wrong = [one for one in several(values) if not is_number(one) or not low <= one <= high]
    return Broken(spelled(wrong)) if wrong else True
