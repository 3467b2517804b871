"""The patient that the imager has loaded: plan, structure set, reference images, slices of the planning CT.

Which structures and markers count decide the functions of the conformance checker, so that rule and word stand once. What
cannot be used is left out with a warning, as the document has it for structures that are not transversal (2.2.1.4.1.6).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pydicom.dataset import Dataset

from linacsim.conformance import load_system
from linacsim.conformance.check.predicates.basics import private
from linacsim.conformance.check.predicates.geometry import points_of, z_spread
from linacsim.conformance.check.predicates.varian import contours, observations
from linacsim.conformance.check.scope import Instance, Item, ObjectSet, Scope
from linacsim.conformance.check.values import Unknown, is_number
from linacsim.conformance.system import System
from linacsim.devices.imager.interface import with_creators
from linacsim.devices.imager.plan import VARIAN, Plan, read_plan
from linacsim.devices.imager.reference import ReferenceImage, read_reference
from linacsim.errors import InputError
from linacsim.objects.ctvolume import CtVolume, ct_volume
from linacsim.physics.geometry import Array, Vector

FLAT = 1e-6
"""mm: the largest spread along z of the points of a contour (2.2.1.4.1.6)."""
_PLANAR = frozenset({"CLOSED_PLANAR", "OPEN_PLANAR"})
_NAMED = 6
"""So many things are named in a sentence; more are counted."""


@dataclass(frozen=True, slots=True)
class Marker:
    """A planned marker: one point (2.2.1.4.1.6)."""

    number: int
    name: str
    position: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Structure:
    """A structure with its contours, each of shape (n, 3) in mm."""

    number: int
    name: str
    interpreted_type: str
    contours: tuple[Array, ...]


class LoadedPatient:
    """Everything that was loaded for one plan. The objects are not changed; what is read of them is read once.

    Parameters
    ----------
    plan : pydicom.Dataset
        The RT Plan.
    structure_set : pydicom.Dataset, optional
        The structure set that it names.
    slices : iterable of pydicom.Dataset
        Slices of the planning CT.
    images : iterable of pydicom.Dataset
        RT Images: reference images, and historical ones, which are not matched with.
    system : System, optional
        Whose tables count; by default Varian's.

    Raises
    ------
    InputError
        If the plan is no RT Plan.
    """

    def __init__(
        self, plan: Dataset, structure_set: Dataset | None = None, slices: Iterable[Dataset] = (),
        images: Iterable[Dataset] = (), system: System | None = None,
    ) -> None:  # fmt: skip
        self.system = system or load_system(VARIAN)
        self.plan: Plan = read_plan(plan, self.system)
        self.slices, self.images = tuple(slices), tuple(images)
        self.structure_set = structure_set
        given = [plan, *([structure_set] if structure_set is not None else []), *self.slices, *self.images]
        self._instances = [_instance(one, self.system) for one in given]
        self.objects = ObjectSet(self._instances)
        """All of it, as the conformance checker takes it."""
        self.remembered: dict[str, Any] = {}
        """What others worked out for this patient, so that it is worked out once."""

    @property
    def name(self) -> str:
        """The Patient ID."""
        return self._instances[0].patient or "without Patient ID"

    @property
    def _structures_scope(self) -> Scope | None:
        found = self.objects.by_kind["rtstruct"]
        return Scope(found[0].root, found[0], self.objects, "import", self.system) if found else None

    @cached_property
    def _regions(self) -> tuple[tuple[int, str], ...]:
        scope = self._structures_scope
        rows = scope.item.items("StructureSetROISequence") if scope else []
        return tuple(
            (int(number), str(one.get("ROIName") or number))
            for one in rows
            if is_number(number := one.get("ROINumber"))
        )

    def region_at(self, path: str) -> str:
        """Return the structure that a path such as ``ROIContourSequence[3].ContourSequence[0]`` is in; empty for others."""
        scope = self._structures_scope
        keyword, _, rest = path.partition("[")
        rows = scope.item.items(keyword) if scope and rest else []
        index = int(rest.partition("]")[0]) if rest else len(rows)
        if index >= len(rows):
            return ""
        number = rows[index].get("ReferencedROINumber") or rows[index].get("ROINumber")
        name = dict(self._regions).get(number)
        return f"{name} (ROI {number:g})" if name else ""

    @cached_property
    def markers(self) -> tuple[Marker, ...]:
        """The planned markers: POINT of one point, interpreted type and private Marker Subtype MARKER."""
        scope, found = self._structures_scope, []
        for number, name in self._regions if scope else ():
            if scope and _is_marker(scope, number):
                points = [points_of(one.get("ContourData")) for one in contours(scope, number)]
                x, y, z = (float(value) for one in points if one is not None for value in one[0])
                found.append(Marker(number, name, (x, y, z)))
        return tuple(found)

    @cached_property
    def structures(self) -> tuple[Structure, ...]:
        """The structures that are imported: all contours planar, of one type, each in one plane."""
        return self._sorted_structures[0]

    @cached_property
    def skipped(self) -> tuple[str, ...]:
        """The structures that are ignored, each with the reason, in words."""
        return self._sorted_structures[1]

    @cached_property
    def _sorted_structures(self) -> tuple[tuple[Structure, ...], tuple[str, ...]]:
        scope = self._structures_scope
        taken, ignored = [], []
        for number, name in self._regions if scope else ():
            if scope is None:
                break
            rows = [one for one in contours(scope, number) if one.get("ContourGeometricType") != "POINT"]
            if not rows:
                continue
            reason = _reason_to_skip(scope, rows)
            if reason:
                ignored.append(f"structure {name} (ROI {number}) is ignored: {reason} (2.2.1.4.1.6)")
                continue
            points = [points for one in rows if (points := points_of(one.get("ContourData"))) is not None]
            kinds = [str(one.get("RTROIInterpretedType") or "") for one in observations(scope, number)]
            taken.append(Structure(number, name, next(iter(kinds), ""), tuple(points)))
        return tuple(taken), tuple(ignored)

    @cached_property
    def references(self) -> tuple[ReferenceImage, ...]:
        """The reference images: RT Images of this plan that were not acquired by an imager."""
        plan = self._instances[0]
        return tuple(
            read_reference(one)
            for one in self.objects.by_kind["rtimage"]
            if (one.uid in plan.references or plan.uid in one.references) and not _acquired(one.root)
        )

    @cached_property
    def historical(self) -> tuple[Dataset, ...]:
        """The other RT Images: acquired earlier, or of another plan."""
        known = {one.uid for one in self.references}
        return tuple(one.dataset for one in self.objects.by_kind["rtimage"] if one.uid not in known)

    @cached_property
    def reference_slices(self) -> tuple[Dataset, ...]:
        """The slices that the structure set lists in its Contour Image Sequence; all that are loaded if it lists none."""
        scope = self._structures_scope
        listed = scope.instance.references if scope else {}
        found = tuple(one for one in self.slices if str(one.get("SOPInstanceUID", "")) in listed)
        return found or self.slices

    @cached_property
    def volume(self) -> CtVolume:
        """The planning CT as a volume.

        Raises
        ------
        InputError
            If its slices are no volume.
        """
        if not self.reference_slices:
            raise InputError("no slices of the planning CT", f"patient {self.name}", "load them by the structure set")
        return ct_volume(self.reference_slices)

    @property
    def isocentre(self) -> Vector:
        """The plan's isocentre in its frame of reference, mm.

        Raises
        ------
        InputError
            If no beam has one.
        """
        found = self.plan.isocentre
        if found is None:
            where = f"RT Plan {self.plan.label}"
            raise InputError("no beam has an IsocenterPosition (300A,012C)", where, "plan an isocentre for each beam")
        return found

    @property
    def warnings(self) -> tuple[str, ...]:
        """What was passed over, in words: of the plan's XML, structures, reference images."""
        images = [f"{one.words} cannot be matched with: {one.problem}" for one in self.references if one.problem]
        centred = [one.words for one in self.references if one.centred and not one.problem]
        if centred:
            images.append(f"{_named(centred)}: no RT Image Position (3002,0012), taken as centred (2.2.1.4.1.3)")
        return (*self.plan.warnings, *self.skipped, *images)


def _instance(dataset: Dataset, system: System) -> Instance:
    """Return an object as the checker takes it; it is called by what it is and its label."""
    instance = Instance(with_creators(dataset, system))
    labels = ("RTPlanLabel", "StructureSetLabel", "RTImageLabel", "InstanceNumber")
    label = next((text for keyword in labels if (text := instance.text(keyword))), "")
    instance.file = f"{instance.name} {label}".strip()
    return instance


def _named(things: list[str]) -> str:
    more = len(things) - _NAMED
    return ", ".join(things[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _acquired(image: Item) -> bool:
    return "PORTAL" in image.list("ImageType") and image.get("ReportedValuesOrigin") == "ACTUAL"


def _is_marker(scope: Scope, number: int) -> bool:
    rows = contours(scope, number)
    if len(rows) != 1 or rows[0].get("ContourGeometricType") != "POINT":
        return False
    points = points_of(rows[0].get("ContourData"))
    if points is None or len(points) != 1:
        return False
    return any(
        one.get("RTROIInterpretedType") == "MARKER" and private(scope.at(one), "3271,xx00") == "MARKER"
        for one in observations(scope, number)
    )


def _reason_to_skip(scope: Scope, rows: list[Item]) -> str:
    kinds = {str(one.get("ContourGeometricType") or "none") for one in rows}
    if not kinds <= _PLANAR:
        return (
            f"Contour Geometric Type {', '.join(sorted(kinds - _PLANAR))}, where CLOSED_PLANAR or OPEN_PLANAR is needed"
        )
    if len(kinds) > 1:
        return f"its contours are of several types, {' and '.join(sorted(kinds))}"
    worst = 0.0
    for one in rows:
        spread = z_spread(scope, one.get("ContourData"))
        if isinstance(spread, Unknown):
            return spread.reason
        worst = max(worst, spread)
    if worst > FLAT:
        return f"the points of a contour differ by {worst:g} mm in z, the limit is {FLAT:g} mm"
    return ""
