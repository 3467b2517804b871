"""What a dose, a plan or an image of a beam speaks of: images, plan, beam, region; and how a dose grid lies in space.

RT Dose (PS3.3 C.8.8.3), RT Image (C.8.8.2), and what RT objects say of each other.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from linacsim.conformance.check.predicates import Expr, predicate
from linacsim.conformance.check.predicates.geometry import normal_of, vector
from linacsim.conformance.check.predicates.pixels import pixel_range
from linacsim.conformance.check.predicates.references import images, ref
from linacsim.conformance.check.predicates.sequences import several
from linacsim.conformance.check.scope import Instance, Item, Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number, same, spelled

_IMAGES = ("ct", "mr", "pet")
_PLANS = "rtplan,rtionplan"
_FIRST_OFFSET = 1e-3
"""mm, below which a first offset counts as 0: DS holds at most 16 characters (PS3.5 6.2)."""


@predicate
def own_uid(scope: Scope, uid: Any) -> bool | Unknown | Broken:
    """Tell whether a UID begins with the root of the UIDs that the system makes."""
    root = scope.system.head.uid_root if scope.system else ""
    if not root:
        return Unknown("the document names no root of the UIDs that the system makes")
    return True if str(uid).startswith(f"{root}.") else Broken(spelled(uid))


@predicate
def decimals(_: Scope, values: Any, most: int) -> bool | Broken:
    """Tell whether numbers have at most so many decimal places; there may be none."""
    wrong = [
        one for one in several(values) if not is_number(one) or abs(round(one, most) - one) > 1e-9 * max(1, abs(one))
    ]
    return Broken(spelled(wrong)) if wrong else True


@predicate
def transfer_syntax(scope: Scope) -> str | Unknown:
    """Return the transfer syntax that the object came in; unknown of an object that is no file."""
    return scope.instance.transfer_syntax or Unknown("the object does not tell its transfer syntax")


@predicate
def as_first(scope: Scope, element: Expr) -> bool | Unknown | Broken:
    """Tell whether the first item of the sequence has an element, and this one the same value or none.

    So control points give what holds for the whole beam (PS3.3 C.8.8.14.5).
    """
    siblings = scope.item.siblings() if scope.item.around is not None else []
    if not siblings:
        return Unknown("the item is not in a sequence")
    first, mine = element(scope.at(siblings[0])), element(scope)
    if first is None or first == "":
        return Broken("not given in the first item")
    if mine is None or mine == "" or same(first, mine):
        return True
    return Broken(f"{spelled(mine)}, in the first item {spelled(first)}")


@predicate
def from_images(scope: Scope, element: Expr, mine: Any = None) -> bool | Unknown | Broken:
    """Tell whether a value is the one that the images have which this object stands on.

    `mine` is the value; without it the element itself, as this object has it. Where the object leads to no image, the
    images that came with it count. Images without the element do not.
    """
    found = images(scope)
    if isinstance(found, Unknown):
        found = [one.root for kind in _IMAGES for one in scope.objects.by_kind[kind]]
    if not found:
        return Unknown("no image is among the files")
    wanted = [value for one in found if (value := element(scope.at(one))) is not None]
    value = element(scope) if mine is None else mine
    if not wanted or any(same(value, one) for one in wanted):
        return True
    return Broken(f"{spelled(value)}, in the images {spelled(wanted[0])}")


@predicate
def roi(scope: Scope, number: Any) -> Item | Unknown | None:
    """Return the item of Structure Set ROI Sequence with a ROI Number, of the structure set that the plan refers to."""
    found = ref(scope, "rtstruct")
    if isinstance(found, Unknown):
        return found
    regions: list[Item] = [item for one in several(found) for item in one.items("StructureSetROISequence")]
    return next((one for one in regions if same(one.get("ROINumber"), number)), None)


@predicate
def planned_beam(scope: Scope) -> Item | Unknown | None:
    """Return the beam of the referenced plan that Referenced Beam Number names."""
    plan = ref(scope, _PLANS)
    if isinstance(plan, Unknown):
        return plan
    number = scope.get("ReferencedBeamNumber")
    beams = [beam for one in several(plan) for beam in _beams(one)]
    return next((one for one in beams if same(one.get("BeamNumber"), number)), None)


@predicate
def planned_control_point(scope: Scope) -> Item | Unknown | None:
    """Return the first control point of the beam of the referenced plan that Referenced Beam Number names."""
    beam = planned_beam(scope)
    if not isinstance(beam, Item):
        return beam
    points = beam.items("ControlPointSequence") or beam.items("IonControlPointSequence")
    return points[0] if points else None


def _beams(plan: Item) -> list[Item]:
    return [*plan.items("BeamSequence"), *plan.items("IonBeamSequence")]


@predicate
def beam_doses_complete(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether each treatment beam of the referenced plan has its dose among the files (RayStation 9B 7.1.77)."""
    plan = ref(scope, _PLANS)
    if isinstance(plan, Unknown):
        return plan
    uids = [one.get("SOPInstanceUID") for one in several(plan)]
    wanted = [beam.get("BeamNumber") for one in several(plan) for beam in _beams(one) if _treats(beam)]
    there = [number for one in scope.objects.by_kind["rtdose"] for number in _beams_of_dose(one, uids)]
    missing = [one for one in wanted if not any(same(one, other) for other in there)]
    return Broken(f"no dose of beam {spelled(missing)}") if missing else True


def _treats(beam: Item) -> bool:
    return beam.get("TreatmentDeliveryType") not in ("SETUP", "OPEN_PORTFILM", "TRMT_PORTFILM")


def _beams_of_dose(dose: Instance, plans: Sequence[Any]) -> list[Any]:
    """Return the numbers of the beams that a beam dose of one of the plans is of."""
    if dose.root.get("DoseSummationType") != "BEAM":
        return []
    return [
        beam.get("ReferencedBeamNumber")
        for plan in dose.root.items("ReferencedRTPlanSequence")
        if plan.get("ReferencedSOPInstanceUID") in plans
        for group in plan.items("ReferencedFractionGroupSequence")
        for beam in group.items("ReferencedBeamSequence")
    ]


@predicate
def even_offsets(scope: Scope, tolerance: float = 0.01) -> bool | Unknown | Broken:
    """Tell whether Grid Frame Offset Vector starts at 0, increases, and is even within a tolerance in mm.

    Monaco 5.30 6.3. A vector that counts from elsewhere holds positions instead of offsets (PS3.3 C.8.8.3.2).
    """
    offsets = several(scope.get("GridFrameOffsetVector"))
    if not offsets or not all(is_number(one) for one in offsets):
        return Unknown("there is no Grid Frame Offset Vector of numbers")
    if abs(offsets[0]) > _FIRST_OFFSET:
        return Broken(f"first offset {spelled(offsets[0])}")
    gaps = [after - before for before, after in pairwise(offsets)]
    if gaps and min(gaps) <= 0:
        return Broken("the offsets do not increase")
    if gaps and max(gaps) - min(gaps) > tolerance:
        return Broken(f"gaps from {min(gaps):.6g} to {max(gaps):.6g} mm")
    return True


@predicate
def offsets_right_way(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether the planes of a dose lie where its images are, read along row times column (PS3.3 C.8.8.3.2).

    RayStation 9B 7.1.77: a writer that does not turn the sign for an orientation whose normal points backwards gets
    its grid misplaced. Told by the images: read with the wrong sign, less of the grid lies inside them.
    """
    offsets = several(scope.get("GridFrameOffsetVector"))
    normal = normal_of(scope.get("ImageOrientationPatient"))
    corner = vector(scope.get("ImagePositionPatient"), 3)
    if normal is None or corner is None or not offsets or not all(is_number(one) for one in offsets):
        return Unknown("position, orientation or offsets of the dose grid are not given")
    start = _along(normal, corner)
    if abs(offsets[0]) > _FIRST_OFFSET:
        absolute = abs(abs(normal[2]) - 1) < _FIRST_OFFSET and abs(offsets[0] - corner[2]) < 0.01
        return True if absolute else Broken(f"first offset {spelled(offsets[0])}")
    places = _places(scope, normal)
    if not places:
        backwards = sum(normal) < 0
        return Unknown("which way the offsets run is told by the images, which are not there") if backwards else True
    low, high = min(places), max(places)
    right = sum(low <= start + one <= high for one in offsets)
    turned = sum(low <= start - one <= high for one in offsets)
    if turned <= right:
        return True
    return Broken(f"{right} of {len(offsets)} planes lie inside the images, {turned} if the sign is turned")


def _along(normal: list[float], point: list[float]) -> float:
    return sum(a * b for a, b in zip(normal, point, strict=True))


def _places(scope: Scope, normal: list[float]) -> list[float]:
    """Return the places along a normal of the images that share the object's frame of reference."""
    frame = scope.get("FrameOfReferenceUID")
    points = [
        vector(one.root.get("ImagePositionPatient"), 3)
        for kind in _IMAGES
        for one in scope.objects.by_kind[kind]
        if one.root.get("FrameOfReferenceUID") == frame
    ]
    return [_along(normal, one) for one in points if one is not None]


@predicate
def straight_series(scope: Scope, along_z: bool = False, tolerance: float = 0.02) -> bool | Unknown | Broken:
    """Tell whether the images of the series lie one behind the other in one direction, within a tolerance in mm.

    The direction is that of the normal; `along_z`: and it is the patient's long axis (RayStation 9B 7.1.7, 7.1.17).
    """
    normal = normal_of(scope.get("ImageOrientationPatient"))
    mine = vector(scope.get("ImagePositionPatient"), 3)
    start = _start(scope)
    if normal is None or mine is None or start is None:
        return Unknown("position or orientation of the images is not given")
    if along_z and abs(abs(normal[2]) - 1) > 1e-3:
        return Broken(f"the normal is {spelled(normal)}")
    step = [a - b for a, b in zip(mine, start, strict=True)]
    depth = _along(normal, step)
    off = math.sqrt(max(0.0, sum(one * one for one in step) - depth * depth))
    # A normal that is given with few digits tilts by up to 1e-5: far slices may be that much off.
    return (
        True if off <= tolerance + 1e-4 * abs(depth) else Broken(f"{off:.4g} mm beside the first image of the series")
    )


@predicate
def beside_pixels(scope: Scope, number: Any, touching: bool = False) -> bool | Unknown | Broken:
    """Tell whether a number lies outside the range of the stored values; `touching`: or at an end of it.

    So padding of an image is told from the image itself (PS3.3 C.7.5.1.1.2).
    """
    key = ("stored range", id(scope.instance))
    if key not in scope.objects.remembered:
        scope.objects.remembered[key] = pixel_range(scope)
    ends = scope.objects.remembered[key]
    if isinstance(ends, Unknown) or not is_number(number):
        return ends if isinstance(ends, Unknown) else Unknown("there is no number to compare with the pixels")
    low, high = ends
    if not low <= number <= high or (touching and number in (low, high)):
        return True
    return Broken(f"{number:g} among pixels from {low:g} to {high:g}")


def _start(scope: Scope) -> list[float] | None:
    found = scope.objects.by_series.get(scope.instance.series) or [scope.instance]
    return vector(found[0].root.get("ImagePositionPatient"), 3)
