"""Monaco 5.30: digitally reconstructed radiographs, labels, layers of scanned ion beams, couch roll."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from linacsim.conformance.check.predicates import predicate
from linacsim.conformance.check.predicates.dose import from_images, planned_beam
from linacsim.conformance.check.predicates.geometry import along_axes, vector
from linacsim.conformance.check.predicates.references import ref
from linacsim.conformance.check.predicates.sequences import previous, several
from linacsim.conformance.check.scope import Item, Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number, number_of_text, same, spelled
from linacsim.conformance.loader import load_system

_PLACEMENTS = {
    "HFS": "head-first supine",
    "FFS": "feet-first supine",
    "HFP": "head-first prone",
    "FFP": "feet-first prone",
}
_LABEL = 16
"""Characters of RT Plan Label and RT Image Label (SH)."""
_VIEW = re.compile(r"Monaco\\(?P<patient>[^\\]*)\\(?P<plan>[^\\]*)\\\D*(?P<beam>\d+)\\BEV", re.IGNORECASE)
_PRESCRIPTION = re.compile(r"Plan:\s?Rx[A-Z]|Composite Plan:\s?Rx[A-Z](?:,\s?Rx[A-Z])*")
_ROLL = 0.1
"""Degrees by which orientation and couch roll may differ: the roll is given with one decimal."""


@lru_cache(maxsize=1)
def orientations() -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """Return the table of Appendix 7: ranges of the gantry angle and Patient Orientation, by placement."""
    rows = load_system("monaco").preconditions
    more = next(one.more for one in rows if one.id == "drr-patient-orientation")
    table: Mapping[str, Sequence[Mapping[str, Any]]] = (more or {})["table"]
    return table


def orientation_of(placement: str, angle: float) -> str:
    """Return Patient Orientation for a placement of the table and a gantry angle in degrees (Appendix 7)."""
    turned = angle % 360
    for one in orientations()[placement]:
        above = one["from"] < turned or (one["from_inclusive"] and one["from"] == turned)
        below = turned < one["to"] or (one["to_inclusive"] and one["to"] == turned)
        if above and below:
            return str(one["value"])
    raise ValueError(f"the table of Appendix 7 has no {placement} at {turned:g} degrees")


@predicate
def drr_orientation(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Patient Orientation is the one that Appendix 7 gives for placement and gantry angle."""
    angle = _gantry_angle(scope)
    if isinstance(angle, Unknown):
        return angle
    placement = _placement(scope)
    if isinstance(placement, Unknown):
        return placement
    found = scope.get("PatientOrientation")
    wanted = orientation_of(placement, angle)
    if same(found, wanted):
        return True
    return Broken(f"{spelled(found)}; {wanted} for {placement} at {angle:g} degrees")


def _gantry_angle(scope: Scope) -> float | Unknown:
    """Return the gantry angle: of the image, or of the beam that Derivation Description names."""
    angle = scope.get("GantryAngle")
    if is_number(angle):
        return float(angle)
    view = _VIEW.fullmatch(str(scope.get("DerivationDescription") or ""))
    plan = _plan(scope)
    if view is None or isinstance(plan, Unknown):
        return Unknown("the gantry angle stands in the plan, which is not among the files")
    for beam in (*plan.items("BeamSequence"), *plan.items("IonBeamSequence")):
        points = beam.items("ControlPointSequence") or beam.items("IonControlPointSequence")
        if same(beam.get("BeamNumber"), int(view["beam"])) and points and is_number(points[0].get("GantryAngle")):
            return float(points[0].get("GantryAngle"))
    return Unknown(f"the plan has no beam {view['beam']} with a gantry angle")


def _placement(scope: Scope) -> str | Unknown:
    plan = _plan(scope)
    setups = [] if isinstance(plan, Unknown) else plan.items("PatientSetupSequence")
    position = next((one.get("PatientPosition") for one in setups), None) or scope.get("PatientPosition")
    if not position:
        return Unknown("the placement of the patient stands in the plan, which is not among the files")
    return _PLACEMENTS.get(str(position)) or Unknown(f"Appendix 7 has no placement {spelled(position)}")


def _plan(scope: Scope) -> Item | Unknown:
    """Return the plan that an image refers to, or else the one that came with it and that its description names."""
    found = ref(scope, "rtplan,rtionplan")
    if isinstance(found, Item):
        return found
    view = _VIEW.fullmatch(str(scope.get("DerivationDescription") or ""))
    given = [one.root for kind in ("rtplan", "rtionplan") for one in scope.objects.by_kind[kind]]
    named = [one for one in given if view and same(one.get("RTPlanName"), view["plan"])]
    only = named or given
    return only[0] if len(only) == 1 else Unknown("the plan of the image is not among the files")


@predicate
def derivation_described(scope: Scope) -> bool | Broken:
    """Tell whether Derivation Description names Monaco, patient, plan, beam number and view (Appendix 5)."""
    text = str(scope.get("DerivationDescription") or "")
    view = _VIEW.fullmatch(text)
    if view is None:
        return Broken(spelled(text))
    if not same(view["patient"], scope.get("PatientID") or ""):
        return Broken(f"patient {view['patient']} where Patient ID is {spelled(scope.get('PatientID'))}")
    beam = scope.get("ReferencedBeamNumber")
    return (
        True if not is_number(beam) or int(view["beam"]) == beam else Broken(f"beam {view['beam']} instead of {beam}")
    )


@predicate
def drr_label(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether RT Image Label is the description of the beam, or BeamN where it has none (Appendix 5)."""
    label, number = str(scope.get("RTImageLabel") or ""), scope.get("ReferencedBeamNumber")
    beam = planned_beam(scope)
    if isinstance(beam, Unknown):
        return True if label == f"Beam{number}" else beam
    described = str(beam.get("BeamDescription") or "") if beam else ""
    wanted = (described or f"Beam{number}")[:_LABEL].strip()
    return True if label == wanted else Broken(f"{spelled(label)} instead of {spelled(wanted)}")


@predicate
def image_centred(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether RT Image Position is the upper left corner of an image whose centre is 0,0 (Appendix 5)."""
    corner = vector(scope.get("RTImagePosition"), 2)
    spacing = vector(scope.get("ImagePlanePixelSpacing"), 2)
    size = [scope.get("Columns"), scope.get("Rows")]
    if corner is None or spacing is None or not all(is_number(one) for one in size):
        return Unknown("position, pixel spacing or size of the image is not given")
    wanted = [-(size[0] - 1) / 2 * spacing[1], (size[1] - 1) / 2 * spacing[0]]
    near = abs(corner[0] - wanted[0]) <= spacing[1] and abs(corner[1] - wanted[1]) <= spacing[0]
    return True if near else Broken(f"{spelled(corner)} instead of {spelled(wanted)}")


@predicate
def plan_label(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether RT Plan Label is course, prescription letter and plan ID, cut at 16 characters (Appendix 4).

    RT Plan Name is the plan ID. The course is two digits or left out; the letter is left out of a total plan.
    """
    label, plan = str(scope.get("RTPlanLabel") or ""), str(scope.get("RTPlanName") or "")
    if not plan:
        return Unknown("the plan ID stands in RT Plan Name, which is not there")
    composite = str(scope.get("PrescriptionDescription") or "").startswith("Composite")
    for course in ("", label[:2] if label[:2].isdecimal() else ""):
        rest = label[len(course) :]
        letters = ("",) if composite else ("", rest[:1] if re.match("[A-Z]", rest) else "")
        if any(label == f"{course}{letter}{plan}"[:_LABEL].strip() for letter in letters):
            return True
    return Broken(f"{spelled(label)} of the plan {spelled(plan)}")


@predicate
def prescription_described(scope: Scope) -> bool | Broken:
    """Tell whether Prescription Description names as many prescriptions as there are fraction groups (Appendix 4)."""
    text = str(scope.get("PrescriptionDescription") or "")
    if not _PRESCRIPTION.fullmatch(text):
        return Broken(spelled(text))
    named, groups = len(re.findall("Rx[A-Z]", text)), len(scope.item.root.items("FractionGroupSequence"))
    return True if named == groups else Broken(f"{named} prescriptions named, {groups} fraction groups")


@predicate
def position_turned(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Patient Position is that of the images but for its first letter, head or feet first (Appendix 4)."""
    found = str(scope.get("PatientPosition") or "")
    if found[:1] not in ("H", "F"):
        return Broken(spelled(found))
    return from_images(scope, lambda image: str(image.get("PatientPosition") or "")[1:] or None, found[1:])


@predicate
def roll_recorded(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether an image that is turned about the long axis gives the couch roll that turned it (3.1.4, 3.2.18).

    An image along the axes needs none; one without an orientation does not tell. The sign is left open: it depends on the
    placement of the patient.
    """
    orientation = scope.get("ImageOrientationPatient")
    if orientation is None or orientation == "":
        return Unknown("the image has no Image Orientation (Patient)")
    if along_axes(scope, orientation):
        return True
    six = vector(orientation, 6)
    if six is None or max(abs(six[2]), abs(six[5])) > 1e-3:
        return Broken(f"{spelled(orientation)} is no roll about the long axis")
    turned = math.degrees(math.atan2(six[1], six[0]))
    turned -= 90 * round(turned / 90)
    roll = scope.get("TableTopRollAngle")
    if not is_number(roll):
        return Broken(f"turned by {turned:.3g} degrees, no couch angle")
    near = abs(abs(((roll + 180) % 360) - 180) - abs(turned)) <= _ROLL
    return True if near else Broken(f"turned by {turned:.3g} degrees, couch roll {roll:g}")


@predicate
def running_spot_sum(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Cumulative Meterset Weight is the sum of the spot weights of the control points before (Appendix 9)."""
    found = scope.item.get("CumulativeMetersetWeight")
    before = previous(scope)
    wanted: float = 0.0
    if before is not None:
        start, weights = before.get("CumulativeMetersetWeight"), before.list("ScanSpotMetersetWeights")
        if not is_number(start) or not all(is_number(one) for one in weights):
            return Unknown("the control point before has no weights")
        wanted = start + sum(weights)
    near = is_number(found) and abs(found - wanted) <= 1e-4 * max(1.0, abs(wanted))
    return True if near else Broken(f"{spelled(found)} instead of {wanted:.8g}")


@predicate
def layer_weights(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether a control point that begins a layer weighs every spot, and one that ends it none (Appendix 9)."""
    index, weights = scope.item.get("ControlPointIndex"), scope.item.list("ScanSpotMetersetWeights")
    if not is_number(index) or not all(is_number(one) for one in weights):
        return Unknown("the control point has no index or weights")
    number = scope.item.get("NumberOfScanSpotPositions")
    if is_number(number) and number != len(weights):
        return Broken(f"{len(weights)} weights of {number} spots")
    if index % 2:
        return Broken("a weight above 0 at the end of a layer") if any(weights) else True
    return True if all(one > 0 for one in weights) else Broken("a weight of 0 at the start of a layer")


@predicate
def twice_the_tune(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Scanning Spot Size is twice the number of Scan Spot Tune ID (Appendix 9)."""
    text = str(scope.get("ScanSpotTuneID") or "")
    tune = number_of_text(text)
    if tune is None:
        return Unknown(f"the tune ID {spelled(text)} is no number")
    sizes = several(scope.get("ScanningSpotSize"))
    wrong = [one for one in sizes if not is_number(one) or abs(one - 2 * tune) > 1e-3]
    return Broken(f"{spelled(sizes)} of the tune ID {spelled(text)}") if wrong else True
