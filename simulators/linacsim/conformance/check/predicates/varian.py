"""Varian OBI 1.5 / PV AI: setup fields, kV beams, what a match stands on: isocentres, couch, markers, slices (2.2.1.4.1).

The XML that tells setup fields the old way, and its layout, are in `varian_interface`.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

from linacsim.conformance.check.predicates import Expr, predicate
from linacsim.conformance.check.predicates.basics import MOST, private
from linacsim.conformance.check.predicates.geometry import vector, within
from linacsim.conformance.check.predicates.sequences import several
from linacsim.conformance.check.predicates.varian_interface import field_type
from linacsim.conformance.check.scope import Instance, Item, Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number, same, spelled

_BEAMS = ("BeamSequence", "IonBeamSequence")
_POINTS = ("ControlPointSequence", "IonControlPointSequence")
_TREATS = ("TREATMENT", "CONTINUATION")
_MV = frozenset(
    {
        ("PortImageHighQuality",),
        ("PortImageHighQuality", "BeamOff"),
        ("PortImageLowDose",),
        ("PortImageLowDose", "BeamOff"),
        ("PortImageIntegrated",),
        ("PortImageContinuous",),
    }
)
_CURVES = (0x5000, 0x501E)
_MARKER_CURVE: dict[int, list[Any]] = {
    0x0005: [2],
    0x0010: [1],
    0x0020: ["POLY"],
    0x0030: ["PIXEL", "PIXL"],
    0x0040: ["Marker", "Marker"],
    0x0103: [3],
}
"""Dimensions, points, type, units, labels and representation of the curve of a marker."""
_ROUNDING = 1e-9
"""mm, what a difference of two DS values may be off by as it is worked out."""
_SQUARE = 1e-3
"""Degrees, up to which an angle counts as the advised 90.0."""


def beam_of(item: Item) -> Item | None:
    """Return the beam that an item is, or is in."""
    here: Item | None = item
    while here is not None and here.label not in _BEAMS:
        here = here.around
    return here


def _beams(plan: Item) -> list[Item]:
    return [beam for keyword in _BEAMS for beam in plan.items(keyword)]


# -- fields -----------------------------------------------------------------------------------------------------------


@predicate
def setup_beam(scope: Scope) -> bool | Unknown:
    """Tell whether this beam is a setup field: by Treatment Delivery Type, else by the XML (2.2.1.4.1.2)."""
    beam = beam_of(scope.item)
    if beam is None:
        return False
    delivery = beam.get("TreatmentDeliveryType")
    if delivery:
        return same(delivery, "SETUP")
    told = field_type(scope, beam.get("BeamNumber"))
    return told if isinstance(told, Unknown) else told == "SETUP"


@predicate
def treatment_beam(scope: Scope) -> bool | Unknown:
    """Tell whether this beam treats: no setup field and no portal film of its own."""
    beam = beam_of(scope.item)
    if beam is None:
        return False
    delivery = beam.get("TreatmentDeliveryType")
    if delivery:
        return delivery in _TREATS
    told = setup_beam(scope)
    return told if isinstance(told, Unknown) else not told


def imaging_of(image: Item) -> str:
    """Return what a planned verification image is: ``kV``, ``CBCT``, ``MV``, ``film``, or nothing known (table 2-17)."""
    values = tuple(str(one) for one in image.list("ImagingDeviceSpecificAcquisitionParameters"))
    if image.get("ImagingDeviceSpecificAcquisitionParameters") is None:
        return "film"
    if values in (("KV", "CBCT"), ("KVCBCT",)):  # the second as 2.2.1.4.1.7 prints it
        return "CBCT"
    if len(values) == 2 and values[0] == "KV" and values[1]:
        return "kV"
    return "MV" if values in _MV else ""


@predicate
def imaging(scope: Scope) -> str:
    """Return what this planned verification image is: ``kV``, ``CBCT``, ``MV``, ``film``; empty for anything else."""
    return imaging_of(scope.item)


@predicate
def image_beam(scope: Scope, kinds: str) -> bool:
    """Tell whether this beam is set up for an image: ``image_beam('kV,CBCT,MV')``; a kV image has to be its only one."""
    beam = beam_of(scope.item)
    planned = [imaging_of(one) for one in (beam.items("PlannedVerificationImageSequence") if beam else ())]
    wanted = kinds.replace(",", " ").split()
    if not planned or any(one not in wanted for one in planned):
        return False
    return len(planned) == 1 or all(one == "MV" for one in planned)


@predicate
def kv_beam(scope: Scope) -> bool | Unknown:
    """Tell whether this is a kV beam: a setup field with one planned image, which is a kV image (2.2.1.4.1.2)."""
    return setup_beam(scope) if image_beam(scope, "kV,CBCT") else False


@predicate
def square_beams(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether two setup fields for imaging are seen from directions 90 degrees apart (2.2.1.4.1.5, 2.2.1.4.1.6)."""
    angles = [_angle(beam) for beam in _beams(scope.item.root) if _plans_setup_image(scope, beam)]
    if len(angles) < 2:
        return Unknown("the plan has no two setup fields for imaging")
    if any(one is None for one in angles):
        return Unknown("a setup field has no gantry angle")
    turns = [abs(a - b) % 180 for a, b in itertools.combinations([one for one in angles if one is not None], 2)]
    nearest = min(turns, key=lambda one: abs(one - 90))
    return True if abs(nearest - 90) <= _SQUARE else Broken(f"{nearest:g} degrees")


def _plans_setup_image(scope: Scope, beam: Item) -> bool:
    here = scope.at(beam)
    return setup_beam(here) is True and image_beam(here, "kV,CBCT,MV")


def _angle(beam: Item) -> float | None:
    angle = next((one.get("GantryAngle") for one in _points(beam)), None)
    return angle if is_number(angle) else None


def _points(beam: Item) -> list[Item]:
    return [point for keyword in _POINTS for point in beam.items(keyword)]


# -- isocentres and couch ---------------------------------------------------------------------------------------------


def _treating(scope: Scope, plan: Item) -> list[Item] | Unknown:
    found = []
    for beam in _beams(plan):
        told = treatment_beam(scope.at(beam))
        if isinstance(told, Unknown):
            return told
        if told:
            found.append(beam)
    return found


def _isocentres(beam: Item) -> Iterator[list[float]]:
    for point in _points(beam):
        place = vector(point.get("IsocenterPosition"), 3)
        if place is not None:
            yield place


def _frames(plan: Item) -> list[Any]:
    return several(plan.get("FrameOfReferenceUID"))


def _reference_images(scope: Scope, plan: Instance) -> list[Instance]:
    """Return the RT Images of the set that a plan names, or that name it; those acquired are none of them."""
    return [
        one
        for one in scope.objects.by_kind["rtimage"]
        if (one.uid in plan.references or plan.uid in one.references) and not _acquired(one.root)
    ]


def _acquired(image: Item) -> bool:
    return "PORTAL" in image.list("ImageType") and same(image.get("ReportedValuesOrigin"), "ACTUAL")


@predicate
def one_isocentre(scope: Scope, tolerance: float, needed: bool = True) -> bool | Unknown | Broken:
    """Tell whether treatment beams and reference images of this plan have isocentres less than a tolerance apart.

    2.2.1.4.1.4 to 2.2.1.4.1.7. `needed`: and each beam has one. An image in another frame of reference than the plan's
    does not count: its isocentre stands in its own (2.2.1.4.1.3).
    """
    plan = scope.item.root
    beams = _treating(scope, plan)
    if isinstance(beams, Unknown):
        return beams
    places = [(place, beam) for beam in beams for place in _isocentres(beam)]
    with_one = {id(beam) for _, beam in places}
    without = tuple(beam for beam in beams if id(beam) not in with_one)
    if needed and without:
        return Broken("no isocentre", without[:MOST])
    frames = _frames(plan)
    for image in _reference_images(scope, scope.instance):
        place = vector(image.root.get("IsocenterPosition"), 3)
        if place is not None and any(one in frames for one in _frames(image.root)):
            places.append((place, image.root))
    return _near(scope, places, tolerance)


def _near(scope: Scope, places: list[tuple[list[float], Item]], tolerance: float) -> bool | Broken:
    """Return whether no two places are as far apart as a tolerance; else the items that are that far from the first."""
    verdict = within(scope, [place for place, _ in places], tolerance - _ROUNDING, strictly=True)
    if not isinstance(verdict, Broken):
        return True
    start = places[0][0]
    far = {id(item): item for place, item in places if math.dist(place, start) >= tolerance - _ROUNDING}
    at = list(far.values()) or [places[0][1]]
    return Broken(f"{verdict.found.replace(' apart', '')} mm apart", tuple(at[:MOST]))


@predicate
def isocentre_of_plan(scope: Scope, tolerance: float) -> bool | Unknown | Broken:
    """Tell whether this image's isocentre is less than a tolerance from those of its plan's treatment beams."""
    mine = vector(scope.item.root.get("IsocenterPosition"), 3)
    if mine is None:
        return Broken("no isocentre of three numbers")
    here = scope.instance
    plans = [
        one
        for kind in ("rtplan", "rtionplan")
        for one in scope.objects.by_kind[kind]
        if one.uid in here.references or here.uid in one.references
    ]
    if not plans:
        return Unknown("the plan of the image is not among the files")
    if not any(frame in _frames(plan.root) for plan in plans for frame in _frames(here.root)):
        return Unknown("the image has another frame of reference than the plan: how the two lie is not told")
    for plan in plans:
        beams = _treating(scope.of(plan), plan.root)
        if isinstance(beams, Unknown):
            return beams
        apart = max((math.dist(mine, place) for beam in beams for place in _isocentres(beam)), default=0.0)
        if apart >= tolerance - _ROUNDING:
            return Broken(f"{apart:.6g} mm from the plan's")
    return True


@predicate
def near_beams(scope: Scope, element: Expr, tolerance: float, strictly: bool = False) -> bool | Unknown | Broken:
    """Tell whether a value of this control point is within a tolerance of those of all treatment beams.

    Numbers or points; `strictly`: less than the tolerance.
    """
    others = _of_beams(scope, element)
    if isinstance(others, Unknown):
        return others
    mine = several(element(scope))
    if not mine or not all(is_number(one) for one in mine):
        return True
    widest = max((math.dist(mine, other) for other in others if len(other) == len(mine)), default=0.0)
    kept = widest < tolerance - _ROUNDING if strictly else widest <= tolerance + _ROUNDING
    return True if kept else Broken(f"{spelled(mine)}, {widest:.6g} mm from another treatment beam")


def _of_beams(scope: Scope, element: Expr) -> set[tuple[float, ...]] | Unknown:
    """Return the different values of an element in the control points of the treatment beams."""
    key = ("of beams", id(scope.instance), element)
    if key not in scope.objects.remembered:
        beams = _treating(scope, scope.item.root)
        if isinstance(beams, Unknown):
            return beams
        rows = [several(element(scope.at(point))) for beam in beams for point in _points(beam)]
        scope.objects.remembered[key] = {tuple(row) for row in rows if row and all(is_number(one) for one in row)}
    found: set[tuple[float, ...]] = scope.objects.remembered[key]
    return found


@predicate
def one_couch(scope: Scope, tolerance: float) -> bool | Unknown | Broken:
    """Tell whether all treatment beams have the same couch position, each axis within a tolerance (2.2.1.4.1.2)."""
    beams = _treating(scope, scope.item.root)
    if isinstance(beams, Unknown):
        return beams
    given = False
    for axis in ("Vertical", "Longitudinal", "Lateral"):
        places = [
            (place, beam)
            for beam in beams
            for point in _points(beam)
            if is_number(place := point.get(f"TableTop{axis}Position"))
        ]
        given = given or bool(places)
        low, high = min((one for one, _ in places), default=0.0), max((one for one, _ in places), default=0.0)
        if high - low > tolerance + _ROUNDING:
            far = {id(beam): beam for place, beam in places if abs(place - places[0][0]) > tolerance + _ROUNDING}
            at = list(far.values()) or [places[0][1]]
            return Broken(f"{axis.lower()} from {low:g} to {high:g} mm", tuple(at[:MOST]))
    return True if given or len(beams) < 2 else Unknown("the plan gives no couch positions")


# -- structures and slices --------------------------------------------------------------------------------------------


def _by_number(scope: Scope, keyword: str) -> dict[Any, list[Item]]:
    """Return the items of a sequence of the structure set by the number of the region that they speak of."""
    key = (keyword, id(scope.instance))
    if key not in scope.objects.remembered:
        found: dict[Any, list[Item]] = {}
        for one in scope.item.root.items(keyword):
            number = one.get("ReferencedROINumber")
            if is_number(number):
                found.setdefault(number, []).append(one)
        scope.objects.remembered[key] = found
    known: dict[Any, list[Item]] = scope.objects.remembered[key]
    return known


@predicate
def observations(scope: Scope, number: Any) -> list[Item]:
    """Return the RT ROI observations of a region of this structure set."""
    return _by_number(scope, "RTROIObservationsSequence").get(number, []) if is_number(number) else []


@predicate
def contours(scope: Scope, number: Any) -> list[Item]:
    """Return the contours of a region of this structure set."""
    rows = _by_number(scope, "ROIContourSequence").get(number, []) if is_number(number) else []
    return [contour for one in rows for contour in one.items("ContourSequence")]


@predicate
def slices_in_line(scope: Scope, tolerance: float) -> bool | Unknown | Broken:
    """Tell whether the slices of the series differ by at most a tolerance in x and in y (2.2.1.4.1.6, 2.2.1.4.1.7).

    False in the slices that lie off the middle one by more than half the tolerance, if any two differ by more.
    """
    mine = vector(scope.instance.root.get("ImagePositionPatient"), 3)
    if mine is None:
        return Unknown("the slice has no position of three numbers")
    key = ("in line", scope.instance.series, scope.instance.kind)
    if key not in scope.objects.remembered:
        scope.objects.remembered[key] = _lines(scope)
    for axis, (low, usual, high) in zip("xy", scope.objects.remembered[key], strict=True):
        here = mine["xy".index(axis)]
        if high - low > tolerance + _ROUNDING and abs(here - usual) > tolerance / 2:
            return Broken(f"{axis} is {here:g}, that of the series from {low:g} to {high:g} mm")
    return True


def _lines(scope: Scope) -> list[tuple[float, float, float]]:
    """Return smallest, middle and greatest x and y of the slices of a series."""
    series = scope.objects.by_series.get(scope.instance.series) or [scope.instance]
    places = [vector(one.root.get("ImagePositionPatient"), 3) for one in series if one.kind == scope.instance.kind]
    rows = [sorted(one[axis] for one in places if one is not None) for axis in (0, 1)]
    return [(row[0], row[len(row) // 2], row[-1]) for row in rows]


@predicate
def marker_region(scope: Scope, number: Any) -> bool:
    """Tell whether a region is a marker: by its interpreted type, or by the private Marker Subtype (2.2.1.4.1.6)."""
    return any(
        same(one.get("RTROIInterpretedType"), "MARKER") or same(private(scope.at(one), "3271,xx00"), "MARKER")
        for one in observations(scope, number)
    )


@predicate
def related_structure_sets(scope: Scope) -> list[Any]:
    """Return the structure sets that 3263,xx01 names: those that this one comes from or adds to (2.2.1.3.1.4)."""
    rows = private(scope, "3263,xx01")
    return [one.get("ReferencedSOPInstanceUID") for one in several(rows) if isinstance(one, Item)]


# -- curves of matched markers ----------------------------------------------------------------------------------------


def _curves(scope: Scope) -> list[int]:
    tags = {int(tag) >> 16 for tag in scope.item.root.dataset.keys()}  # noqa: SIM118 - a data set iterates elements
    return sorted(group for group in tags if _CURVES[0] <= group <= _CURVES[1] and not group & 1)


@predicate
def marker_curves(scope: Scope) -> int:
    """Return how many curves the image has: a repeating group each, 5000 to 501E (PS3.3-2004 C.10.2)."""
    return len(_curves(scope))


@predicate
def marker_curves_right(scope: Scope) -> bool | Broken:
    """Tell whether each curve is a matched marker: one point of two dimensions in pixels (2.2.1.3.1.1)."""
    root = scope.item.root
    for group in _curves(scope):
        for element, wanted in _MARKER_CURVE.items():
            found = root.read((group << 16) + element)
            if not isinstance(found, list) or not same(found, wanted):
                return Broken(f"{group:04X},{element:04X} {spelled(found if isinstance(found, list) else None)}")
    return True
