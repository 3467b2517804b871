"""What a plan asks of the imager: its beams, and what each of them wants to have pictured (Varian OBI 2.2.1.4.1.2).

Which beam is a setup field and what a planned image is decide the functions of the conformance checker; here they become
objects that the imager can act on. The XML of private group 3253 is read by `linacsim.devices.imager.interface`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, get_args

from pydicom.dataset import Dataset

from linacsim.conformance import load_system
from linacsim.conformance.check.predicates.geometry import vector
from linacsim.conformance.check.predicates.varian import imaging_of, kv_beam, setup_beam, treatment_beam
from linacsim.conformance.check.scope import Instance, Item, ObjectSet, Scope
from linacsim.conformance.check.values import is_number
from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.conformance.system import System
from linacsim.devices.imager.interface import NO_EXTENSION, Extension, extensions_of, with_creators
from linacsim.errors import InputError
from linacsim.physics.geometry import KV_AHEAD, PatientPosition, Vector
from linacsim.physics.mvbeam import Aperture

VARIAN = "varian-obi"
"""The system whose tables count."""

Field = Literal["SETUP", "TREATMENT", ""]
ImageKind = Literal["kV", "CBCT", "MV", "film", ""]
"""What a planned verification image is (table 2-17); empty: values that the table does not have."""


@dataclass(frozen=True, slots=True)
class PlannedImage:
    """A planned verification image (300A,00CA).

    Attributes
    ----------
    kind : str
        What is to be acquired.
    parameters : tuple of str
        Imaging Device-Specific Acquisition Parameters, value by value.
    sid : float or None
        RT Image SID in mm.
    """

    kind: ImageKind
    parameters: tuple[str, ...] = ()
    sid: float | None = None

    @property
    def words(self) -> str:
        r"""As the plan writes it: ``KV\Image``; ``film`` without parameters."""
        return "\\".join(self.parameters) or "film"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBeam:
    """A beam of the plan as the imager reads it.

    Attributes
    ----------
    number : int
        Beam Number.
    name : str
        Beam Name, or its number.
    field : str
        ``SETUP`` or ``TREATMENT``; empty if nothing tells.
    told_by : str
        What told the field: ``Treatment Delivery Type``, ``FieldType of the XML``, or nothing: then it treats.
    images : tuple of PlannedImage
        What it wants to have pictured.
    is_kv : bool
        Whether it is a kV beam: a setup field with a single planned image, which is a kV image.
    source_angle : float or None
        Gantry Angle of its first control point: of the kV source for a kV beam, else of the MV source.
    aperture : Aperture or None
        Jaws and leaves; nothing for a kV beam, whose jaws are not read, or where they are not told.
    isocentre : tuple of float or None
        In the plan's frame of reference, mm.
    table_top : tuple of float or None
        Table top vertical, longitudinal and lateral in mm, each as it is there.
    meterset : float or None
        MU of the beam in the fraction group.
    extension : Extension
        What the XML says besides.
    position : str
        Patient Position of its patient setup; empty if there is none.
    """

    number: int
    name: str
    description: str = ""
    field: Field = ""
    told_by: str = ""
    images: tuple[PlannedImage, ...] = ()
    is_kv: bool = False
    source_angle: float | None = None
    collimator: float = 0.0
    couch_angle: float = 0.0
    aperture: Aperture | None = None
    isocentre: Vector | None = None
    table_top: tuple[float | None, float | None, float | None] = (None, None, None)
    energy: float | None = None
    radiation: str = ""
    meterset: float | None = None
    sad: float = 1000.0
    position: str = ""
    extension: Extension = NO_EXTENSION

    @property
    def is_setup(self) -> bool:
        """Whether it is a setup field."""
        return self.field == "SETUP"

    @property
    def gantry(self) -> float | None:
        """The main gantry's angle in degrees, 0 to 360: the kV source is `KV_AHEAD` further on than the gantry."""
        if self.source_angle is None:
            return None
        return (self.source_angle - KV_AHEAD) % 360.0 if self.is_kv else self.source_angle % 360.0

    @property
    def axis(self) -> Literal["kV", "MV", ""]:
        """Which axis pictures it; empty if it wants nothing that this imager acquires."""
        kinds = {one.kind for one in self.images}
        if self.is_kv:
            return "kV"
        return "MV" if "MV" in kinds else ""

    @property
    def acquires(self) -> ImageKind:
        """What imaging starts by itself for this beam: ``kV``, ``CBCT``, ``MV``, or nothing (then by hand)."""
        kinds = [one.kind for one in self.images]
        if self.is_kv:
            return kinds[0]
        return "MV" if kinds and all(one == "MV" for one in kinds) else ""

    @property
    def label(self) -> str:
        """What a person calls it."""
        return f"beam {self.number} ({self.name})" if self.name != str(self.number) else f"beam {self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """An RT Plan as the imager reads it.

    Attributes
    ----------
    dataset : pydicom.Dataset
        The object itself.
    uid, sop_class, label, frame : str
        SOP Instance and Class UID, RT Plan Label, Frame of Reference UID.
    beams : tuple of PlannedBeam
        In the order of the plan.
    structure_set : str
        SOP Instance UID that 300C,0060 names; empty without.
    reference_images : tuple of str
        SOP Instance UIDs of the RT Images that it names.
    fraction_group, fractions : int or None
        Number of the first fraction group, and how many fractions it plans.
    warnings : tuple of str
        What could not be read and is passed over.
    """

    dataset: Dataset
    uid: str
    sop_class: str
    label: str
    frame: str
    position: str
    beams: tuple[PlannedBeam, ...]
    structure_set: str = ""
    reference_images: tuple[str, ...] = ()
    fraction_group: int | None = None
    fractions: int | None = None
    warnings: tuple[str, ...] = ()

    @property
    def setup_beams(self) -> tuple[PlannedBeam, ...]:
        """The setup fields."""
        return tuple(one for one in self.beams if one.is_setup)

    @property
    def treatment_beams(self) -> tuple[PlannedBeam, ...]:
        """The beams that treat."""
        return tuple(one for one in self.beams if one.field == "TREATMENT")

    @property
    def isocentre(self) -> Vector | None:
        """The isocentre of the first treatment beam that has one, else of the first setup field."""
        places = [one.isocentre for one in (*self.treatment_beams, *self.setup_beams, *self.beams)]
        return next((one for one in places if one is not None), None)

    @property
    def lying(self) -> PatientPosition:
        """Patient Position, as one that the imager can turn a picture by.

        Raises
        ------
        InputError
            If there is none, or another one than head or feet first, supine or prone.
        """
        for known in get_args(PatientPosition):
            if self.position == known:
                position: PatientPosition = known
                return position
        what = f"Patient Position {self.position}" if self.position else "no Patient Position (0018,5100)"
        words = "plan the patient HFS, HFP, FFS or FFP"
        raise InputError(f"{what}: the imager cannot tell left from right", f"RT Plan {self.label}", words)

    def beam(self, number: int) -> PlannedBeam:
        """Return the beam of that number.

        Raises
        ------
        InputError
            If the plan has none.
        """
        found = next((one for one in self.beams if one.number == number), None)
        if found is None:
            known = ", ".join(str(one.number) for one in self.beams) or "none"
            raise InputError(f"no beam {number}", f"RT Plan {self.label}", f"its beams are: {known}")
        return found

    def asking_for(self, *kinds: ImageKind) -> tuple[PlannedBeam, ...]:
        """Return the setup fields whose imaging starts by itself and gives one of these kinds."""
        return tuple(one for one in self.setup_beams if one.acquires in kinds)


def read_plan(dataset: Dataset, system: System | None = None) -> Plan:
    """Return what an RT Plan asks of the imager.

    Parameters
    ----------
    dataset : pydicom.Dataset
        The RT Plan; it is not changed. What is missing or cannot be read is left out: whether that matters tell the
        preconditions (`linacsim.devices.imager.preconditions`).
    system : System, optional
        Whose tables count; by default Varian's.

    Raises
    ------
    InputError
        If the object is no RT Plan.
    """
    system = system or load_system(VARIAN)
    instance = Instance(with_creators(dataset, system))
    if instance.kind != "rtplan":
        what = f"{instance.name} is no RT Plan"
        raise InputError(what, f"SOP Instance {instance.uid or 'without UID'}", "give the plan of the session")
    scope = Scope(instance.root, instance, ObjectSet([instance]), "import", system)
    extensions, warnings = extensions_of(scope)
    metersets = _metersets(instance.root)
    setups = {one.get("PatientSetupNumber"): str(one.get("PatientPosition") or "")
              for one in instance.root.items("PatientSetupSequence")}  # fmt: skip
    beams = []
    for index, item in enumerate(instance.root.items("BeamSequence"), 1):
        number = item.get("BeamNumber")
        number = int(number) if is_number(number) else -index
        beam, words = _beam(scope.at(item), number, extensions.get(number, NO_EXTENSION), metersets.get(number), setups)
        beams.append(beam)
        warnings += words
    warnings += [f"the XML names beam {one}, which the plan does not have: passed over"
                 for one in sorted(set(extensions) - {one.number for one in beams})]  # fmt: skip
    group = next(iter(instance.root.items("FractionGroupSequence")), None)
    return Plan(
        dataset=dataset, uid=instance.uid, sop_class=instance.sop_class,
        label=instance.text("RTPlanLabel") or "without label", frame=instance.text("FrameOfReferenceUID"),
        position=next((one.position for one in beams if one.position), next((one for one in setups.values() if one), "")),
        beams=tuple(beams), structure_set=_structure_set(instance.root), reference_images=_images(instance),
        fraction_group=_whole(group, "FractionGroupNumber"), fractions=_whole(group, "NumberOfFractionsPlanned"),
        warnings=tuple(warnings),
    )  # fmt: skip


def _whole(item: Item | None, keyword: str) -> int | None:
    value: Any = item.get(keyword) if item else None
    return int(value) if is_number(value) else None


def _number(item: Item | None, keyword: str) -> float | None:
    value: Any = item.get(keyword) if item else None
    return float(value) if is_number(value) else None


def _structure_set(plan: Item) -> str:
    rows = plan.items("ReferencedStructureSetSequence")
    return next((str(uid) for one in rows if (uid := one.get("ReferencedSOPInstanceUID"))), "")


def _images(instance: Instance) -> tuple[str, ...]:
    return tuple(uid for uid, kind in instance.references.items() if kind == SOP_CLASSES["rtimage"])


def _metersets(plan: Item) -> dict[Any, float]:
    """Return MU by beam number of the first fraction group."""
    group = next(iter(plan.items("FractionGroupSequence")), None)
    rows = group.items("ReferencedBeamSequence") if group else []
    found = ((one.get("ReferencedBeamNumber"), _number(one, "BeamMeterset")) for one in rows)
    return {number: meterset for number, meterset in found if meterset is not None}


def _beam(
    scope: Scope, number: int, extension: Extension, meterset: float | None, setups: dict[Any, str]
) -> tuple[PlannedBeam, list[str]]:
    item = scope.item
    point = next(iter(item.items("ControlPointSequence")), None)
    name = str(item.get("BeamName") or number)
    field, told_by = _field(scope, extension)
    is_kv = kv_beam(scope) is True
    aperture, warnings = (None, []) if is_kv else _aperture(item, point, name)
    delivery = item.get("TreatmentDeliveryType")
    if delivery and extension.field_type and (delivery == "SETUP") != (extension.field_type == "SETUP"):
        warnings.append(
            f"beam {name}: Treatment Delivery Type is {delivery}, the XML's FieldType {extension.field_type}: the first"
            " is preferred (2.2.1.4.1.2)"
        )
    place = vector(point.get("IsocenterPosition"), 3) if point else None
    return PlannedBeam(
        number=number, name=name, description=str(item.get("BeamDescription") or ""), field=field, told_by=told_by,
        images=tuple(_planned(one) for one in item.items("PlannedVerificationImageSequence")), is_kv=is_kv,
        source_angle=_number(point, "GantryAngle"), collimator=_number(point, "BeamLimitingDeviceAngle") or 0.0,
        couch_angle=_number(point, "PatientSupportAngle") or 0.0, aperture=aperture,
        isocentre=(place[0], place[1], place[2]) if place else None,
        table_top=(_number(point, "TableTopVerticalPosition"), _number(point, "TableTopLongitudinalPosition"),
                   _number(point, "TableTopLateralPosition")),
        energy=_number(point, "NominalBeamEnergy"), radiation=str(item.get("RadiationType") or ""), meterset=meterset,
        sad=_number(item, "SourceAxisDistance") or 1000.0, extension=extension,
        position=setups.get(item.get("ReferencedPatientSetupNumber"), ""),
    ), warnings  # fmt: skip


def _field(scope: Scope, extension: Extension) -> tuple[Field, str]:
    told_by = "Treatment Delivery Type" if scope.item.get("TreatmentDeliveryType") else ""
    told_by = told_by or ("FieldType of the XML" if extension.field_type else "")
    if setup_beam(scope) is True:
        return "SETUP", told_by
    # XML that cannot be read tells nothing of a beam: without a Treatment Delivery Type the field stays unknown.
    return ("TREATMENT" if treatment_beam(scope) is True else ""), told_by


def _planned(item: Item) -> PlannedImage:
    values = tuple(str(one) for one in item.list("ImagingDeviceSpecificAcquisitionParameters"))
    kinds: dict[str, ImageKind] = {"kV": "kV", "CBCT": "CBCT", "MV": "MV", "film": "film"}
    return PlannedImage(kind=kinds.get(imaging_of(item), ""), parameters=values, sid=_number(item, "RTImageSID"))


def _positions(point: Item | None, device: str) -> list[float]:
    for one in point.items("BeamLimitingDevicePositionSequence") if point else ():
        if one.get("RTBeamLimitingDeviceType") in (device, f"ASYM{device}"):
            values = one.list("LeafJawPositions")
            return [float(value) for value in values] if all(is_number(value) for value in values) else []
    return []


def _leaves(item: Item, point: Item | None) -> Iterator[tuple[str, Any]]:
    """Yield the boundaries and the leaves of an MLC that moves along x, if the beam has one."""
    rows = item.items("BeamLimitingDeviceSequence")
    edges = next(
        (one.list("LeafPositionBoundaries") for one in rows if one.get("RTBeamLimitingDeviceType") == "MLCX"), []
    )
    ends = _positions(point, "MLCX")
    if edges and all(is_number(one) for one in edges) and len(ends) == 2 * (len(edges) - 1):
        half = len(ends) // 2
        yield "boundaries", tuple(float(one) for one in edges)
        yield "leaves", tuple(zip(ends[:half], ends[half:], strict=True))


def _aperture(item: Item, point: Item | None, name: str) -> tuple[Aperture | None, list[str]]:
    x, y = _positions(point, "X"), _positions(point, "Y")
    if len(x) != 2 or len(y) != 2:
        return None, []
    try:
        return Aperture(
            x1=x[0], x2=x[1], y1=y[0], y2=y[1], collimator=_number(point, "BeamLimitingDeviceAngle") or 0.0,
            **dict(_leaves(item, point)),
        ), []  # fmt: skip
    except InputError as exc:
        return None, [f"beam {name}: {exc.what}: its jaws are passed over"]
