"""RayStation 9B: leaves of SMLC control points, materials of structure sets, anonymized objects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from linacsim.conformance.check.predicates import predicate
from linacsim.conformance.check.predicates.geometry import vector
from linacsim.conformance.check.predicates.references import ref
from linacsim.conformance.check.predicates.sequences import key_of, previous, several
from linacsim.conformance.check.scope import Item, Scope, tag_of, walk
from linacsim.conformance.check.values import Broken, Unknown, is_number, same, spelled

_WATER = 0.5551
"""Effective Z per A of water: (2 x 1 + 8) / (2 x 1.008 + 15.999)."""
_PROPERTIES = 0.02
"""Relative difference up to which given densities count as consistent: they are given with three digits."""


@predicate
def leaves_kept_in_pair(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether the second control point of a pair leaves leaves and jaws where the first put them (7.1.54)."""
    index, before = scope.get("ControlPointIndex"), previous(scope)
    if not is_number(index):
        return Unknown("the control point has no index")
    if not index % 2 or before is None:
        return True
    set_before = _positions(before)
    for device, leaves in _positions(scope.item).items():
        if device in set_before and not same(leaves, set_before[device]):
            return Broken(f"{device} moves within the pair")
    return True


def _positions(point: Item) -> dict[str, list[Any]]:
    devices = point.items("BeamLimitingDevicePositionSequence")
    return {str(one.get("RTBeamLimitingDeviceType")): one.list("LeafJawPositions") for one in devices}


@predicate
def material_unique(scope: Scope) -> bool | Broken:
    """Tell whether every region with this material name has the same physical properties (7.1.42)."""
    name = scope.item.get("MaterialID")
    if name is None or name == "":
        return True
    mine = _properties(scope.item)
    for one in scope.item.root.items("RTROIObservationsSequence"):
        if same(one.get("MaterialID"), name) and _properties(one) != mine:
            return Broken(f"{spelled(name)} with other properties in region {spelled(one.get('ReferencedROINumber'))}")
    return True


def _properties(observation: Item) -> frozenset[tuple[Any, Any]]:
    rows = observation.items("ROIPhysicalPropertiesSequence")
    return frozenset((one.get("ROIPhysicalProperty"), key_of(one.get("ROIPhysicalPropertyValue"))) for one in rows)


@predicate
def densities_agree(scope: Scope) -> bool | Broken:
    """Tell whether electron density, mass density and Z per A of a region fit each other (7.1.42).

    Relative electron density is relative mass density times Z per A, over Z per A of water.
    """
    rows = scope.item.items("ROIPhysicalPropertiesSequence")
    given = {one.get("ROIPhysicalProperty"): one.get("ROIPhysicalPropertyValue") for one in rows}
    three: list[Any] = [given.get(word) for word in ("REL_ELEC_DENSITY", "REL_MASS_DENSITY", "EFF_Z_PER_A")]
    if not all(is_number(one) for one in three):
        return True
    electrons, mass, ratio = three
    wanted = mass * ratio / _WATER
    near = abs(electrons - wanted) <= _PROPERTIES * max(electrons, wanted)
    return True if near else Broken(f"{electrons:g}, from mass density and Z per A {wanted:.4g}")


@predicate
def contour_image_listed(scope: Scope, uid: Any) -> bool | Unknown | Broken:
    """Tell whether an image is one of those that the structure set names in its frame of reference (7.1.41).

    Where it names none, an image that came with it will do.
    """
    key = ("listed images", id(scope.instance))
    if key not in scope.objects.remembered:
        scope.objects.remembered[key] = frozenset(_listed(scope.item.root))
    listed = scope.objects.remembered[key]
    if uid in listed or (not listed and uid in scope.objects.by_uid):
        return True
    return Broken(spelled(uid)) if listed else Unknown("the structure set names no images, and this one is not there")


def _listed(root: Item) -> Sequence[Any]:
    return [
        image.get("ReferencedSOPInstanceUID")
        for frame in root.items("ReferencedFrameOfReferenceSequence")
        for study in frame.items("RTReferencedStudySequence")
        for series in study.items("RTReferencedSeriesSequence")
        for image in series.items("ContourImageSequence")
    ]


@predicate
def same_last_name(scope: Scope) -> bool | Broken:
    """Tell whether the last name is the one that the first object of the patient has (7.1.2)."""
    mine = _last_name(scope.item.root)
    first = next((_last_name(one.root) for one in scope.objects.objects if one.patient == scope.instance.patient), mine)
    return True if mine == first else Broken(f"{spelled(mine)}, in another object of the patient {spelled(first)}")


def _last_name(root: Item) -> str:
    return str(root.get("PatientName") or "").partition("^")[0].strip()


@predicate
def around_zero(_: Scope, values: Any, number: int) -> bool | Broken:
    """Tell whether there are so many values, the first half not above 0 and the second not below (7.2.32)."""
    found = several(values)
    half = number // 2
    right = len(found) == number and all(is_number(one) for one in found)
    if right and all(one <= 0 for one in found[:half]) and all(one >= 0 for one in found[half:]):
        return True
    return Broken(spelled(found))


@predicate
def floats(_: Scope, values: Any) -> int:
    """Return how many numbers a value of OF holds: four bytes each (PS3.5 6.2)."""
    return sum(len(one) // 4 if isinstance(one, bytes) else 1 for one in several(values))


@predicate
def no_private_elements(scope: Scope) -> bool | Broken:
    """Tell whether the object has no private attribute at any depth (3.4.4)."""
    for one in walk(scope.instance.dataset):
        tag = next((tag for tag in one.keys() if tag.is_private), None)  # noqa: SIM118 - a data set yields elements
        if tag is not None:
            return Broken(str(tag))
    return True


@predicate
def nowhere(scope: Scope, keywords: list[str]) -> bool | Broken:
    """Tell whether none of these elements is in the object, at any depth (3.4.4)."""
    tags = [(one, tag_of(one)) for one in keywords]
    for one in walk(scope.instance.dataset):
        found = next((keyword for keyword, tag in tags if tag is not None and tag in one), None)
        if found is not None:
            return Broken(found)
    return True


@predicate
def block_used(scope: Scope, group: str, creator: str) -> bool:
    """Tell whether the item has elements in a private block that a creator reserves, or that none does (PS3.5 7.8)."""
    dataset = scope.item.dataset
    for tag in dataset.keys():  # noqa: SIM118 - a data set yields elements
        if tag.group != int(group, 16) or tag.element < 0x1000:
            continue
        reserved = _creator(scope.item, tag.group, tag.element >> 8)
        if reserved in ("", creator):
            return True
    return False


def _creator(item: Item, group: int, slot: int) -> str:
    element = item.dataset.get((group, slot))
    return str(element.value or "").strip(" \0") if element is not None else ""


@predicate
def rigid(_: Scope, matrix: Any, tolerance: float = 1e-3) -> bool | Broken:
    """Tell whether a transformation of 16 numbers only turns and shifts (PS3.3 C.20.2.1.1; RayStation 9B 7.1.86)."""
    found = several(matrix)
    if len(found) != 16 or not all(is_number(one) for one in found):
        return Broken(spelled(found))
    rows = np.asarray(found, dtype=np.float64).reshape(4, 4)
    turn = rows[:3, :3]
    off = float(np.abs(turn @ turn.T - np.eye(3)).max())
    if off > tolerance or np.linalg.det(turn) < 0:
        return Broken(f"no rotation, {off:.3g} off, determinant {np.linalg.det(turn):.4g}")
    return True if np.allclose(rows[3], (0, 0, 0, 1), atol=tolerance) else Broken(f"last row {spelled(found[12:])}")


@predicate
def series_listed_whole(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether a structure set names every image of the series that it was drawn on (7.2.19)."""
    listed = set(_listed(scope.item.root))
    given = scope.objects.by_uid
    series = {given[uid].series for uid in listed if uid in given}
    if not series:
        return Unknown("the images of the structure set are not among the files")
    missing = [one.uid for name in series for one in scope.objects.by_series[name] if one.uid not in listed]
    return Broken(f"{len(missing)} images not named, first {missing[0]}") if missing else True


@predicate
def contour_on_image(scope: Scope, tolerance: float = 0.01) -> bool | Unknown | Broken:
    """Tell whether a contour refers to the image at its z, and to none where there is none (7.2.20)."""
    points = scope.item.list("ContourData")
    if len(points) < 3 or not is_number(points[2]):
        return Unknown("the contour has no points")
    heights = _heights(scope)
    if not heights:
        return Unknown("the images of the structure set are not among the files")
    there = [uid for uid, z in heights.items() if abs(z - points[2]) <= tolerance]
    named = [one.get("ReferencedSOPInstanceUID") for one in scope.item.items("ContourImageSequence")]
    if not there:
        return Broken(f"an image is named, none lies at z {points[2]:g}") if named else True
    return True if len(named) == 1 and named[0] in there else Broken(f"{spelled(named)} at z {points[2]:g}")


def _heights(scope: Scope) -> dict[str, float]:
    """Return the z of each image that the structure set names and that is among the files."""
    key = ("heights", id(scope.instance))
    if key not in scope.objects.remembered:
        given = scope.objects.by_uid
        places = {uid: given[uid].root.list("ImagePositionPatient") for uid in _listed(scope.item.root) if uid in given}
        scope.objects.remembered[key] = {
            uid: float(place[2]) for uid, place in places.items() if len(place) == 3 and is_number(place[2])
        }
    found: dict[str, float] = scope.objects.remembered[key]
    return found


@predicate
def displacement_fits(scope: Scope, tolerance: float = 0.2) -> bool | Unknown | Broken:
    """Tell whether the setup displacements are as long as the way from isocentre to localization point (7.2.32).

    The table top's axes depend on the placement of the patient, the length does not.
    """
    words = ("Vertical", "Longitudinal", "Lateral")
    shifts = [scope.item.get(f"TableTop{word}SetupDisplacement") for word in words]
    found = _localization(scope)
    if isinstance(found, Unknown):
        return found
    if found is None:
        return Broken("displacements without a Localization Poi in the structure set")
    centres = [centre for beam in _plan_beams(scope.item.root) for centre in _isocentres(beam)]
    if not centres or not all(is_number(one) for one in shifts):
        return Unknown("isocentre or displacements are not all given")
    length = math.hypot(*shifts)
    near = min((math.dist(found, one) for one in centres), key=lambda one: abs(one - length))
    return True if abs(near - length) <= tolerance else Broken(f"{length:.5g} mm, the points are {near:.5g} mm apart")


def _plan_beams(plan: Item) -> list[Item]:
    return [*plan.items("BeamSequence"), *plan.items("IonBeamSequence")]


def _isocentres(beam: Item) -> list[list[float]]:
    points = beam.items("ControlPointSequence") or beam.items("IonControlPointSequence")
    centres = [vector(one.get("IsocenterPosition"), 3) for one in points]
    return [one for one in centres if one is not None]


def _localization(scope: Scope) -> list[float] | Unknown | None:
    """Return the localization point of the structure set that the plan refers to; nothing if it has none."""
    structures = ref(scope, "rtstruct")
    if isinstance(structures, Unknown):
        return structures
    for one in several(structures):
        marked = [
            each.get("ReferencedROINumber")
            for each in one.items("RTROIObservationsSequence")
            if each.get("ROIObservationLabel") == "Localization Poi"
        ]
        for region in one.items("ROIContourSequence"):
            contours = region.items("ContourSequence")
            if region.get("ReferencedROINumber") in marked and contours:
                return vector(contours[0].get("ContourData"), 3)
    return None
