"""Private values without a VR, point sets, items of one sequence, images of one case, slices under an outline.

What Oncentra's document asks for (4.3) and any other may: nothing here knows a vendor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from linacsim.conformance.check.predicates import Expr, predicate
from linacsim.conformance.check.predicates.geometry import points_of, vector
from linacsim.conformance.check.predicates.references import images
from linacsim.conformance.check.predicates.sequences import key_of, several
from linacsim.conformance.check.scope import Instance, Item, Scope
from linacsim.conformance.check.values import PADDING, Broken, Unknown, number_of_text, same, spelled

_IMAGES = ("ct", "mr", "pet")
_ON_SLICE = 0.01
"""mm between a contour and the slice that it lies on: positions are written as DS, with at most 16 characters."""


@predicate
def plain(_: Scope, value: Any) -> Any:
    """Return a private value as numbers and texts, also where neither document nor file gives a VR.

    Bytes are read as text, parted by backslashes; what spells a number is one. Bytes that are no text are unknown.
    """
    if isinstance(value, bytes):
        return _of_bytes(value)
    if isinstance(value, list) and not any(isinstance(one, Item) for one in value):
        return [_number_or_text(one) for one in value]
    return _number_or_text(value)


def _of_bytes(value: bytes) -> Any:
    text = value.decode("latin-1").strip(PADDING)
    if not text.isprintable():
        return Unknown("the private value came without a VR and is no text")
    parts = [_number_or_text(one.strip(PADDING)) for one in text.split("\\")]
    return parts[0] if len(parts) == 1 else parts


def _number_or_text(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    number = number_of_text(value)
    return value if number is None else number


@predicate
def reserves(scope: Scope, group: str, creator: str) -> bool:
    """Tell whether the item has a private block of a creator, be it empty (PS3.5 7.8.1)."""
    return creator in scope.item.creators(int(group, 16))


@predicate
def first_with(scope: Scope, element: Expr) -> bool | Broken:
    """Tell whether no earlier item of the sequence has the value that this one has."""
    mine = element(scope)
    if mine is None or mine == "":
        return True
    for one in scope.item.siblings()[: scope.item.index]:
        if same(element(scope.at(one)), mine):
            return Broken(f"{spelled(mine)}, as {one.path} has")
    return True


@predicate
def contour_types(scope: Scope, number: Any) -> list[Any]:
    """Return the Contour Geometric Types of a region of this object, by its ROI Number; none if it has no contour."""
    return [one.get("ContourGeometricType") for one in _contours(scope.item.root, [number])]


def _contours(root: Item, numbers: list[Any]) -> Iterator[Item]:
    for region in root.items("ROIContourSequence"):
        if any(same(region.get("ReferencedROINumber"), one) for one in numbers):
            yield from region.items("ContourSequence")


@predicate
def same_on_machine(scope: Scope, element: Expr) -> bool | Broken:
    """Tell whether the beams before this one on the same machine have the same value, where they have one.

    What a treatment unit fixes is the same for all its beams (PS3.3 C.8.8.14).
    """
    mine, machine = element(scope), scope.item.get("TreatmentMachineName")
    if mine is None or mine == "" or not machine:
        return True
    for one in scope.item.siblings()[: scope.item.index]:
        other = element(scope.at(one))
        if same(one.get("TreatmentMachineName"), machine) and other not in (None, "") and not same(other, mine):
            return Broken(f"{spelled(mine)}, in {one.path} {spelled(other)}")
    return True


@predicate
def as_related(scope: Scope, element: Expr) -> bool | Unknown | Broken:
    """Tell whether images of another series in the same frame of reference have the value that this image has."""
    frame = scope.get("FrameOfReferenceUID")
    found = [
        element(scope.of(one))
        for kind in _IMAGES
        for one in scope.objects.by_kind[kind]
        if one.series != scope.instance.series and same(one.root.get("FrameOfReferenceUID"), frame)
    ]
    wanted = [one for one in found if one is not None]
    if not wanted:
        return Unknown("no related image is among the files")
    mine = element(scope)
    return (
        True if any(same(mine, one) for one in wanted) else Broken(f"{spelled(mine)}, in others {spelled(wanted[0])}")
    )


@predicate
def outlined(scope: Scope, roi_type: str) -> bool | Unknown | Broken:
    """Tell whether regions of an RT ROI Interpreted Type have a contour on every image of the structure set.

    A contour is on the image that it names, or at whose height it lies. Unknown if the images are not there.
    """
    root = scope.instance.root
    numbers = [
        one.get("ReferencedROINumber")
        for one in root.items("RTROIObservationsSequence")
        if one.get("RTROIInterpretedType") == roi_type
    ]
    if not numbers:
        return Broken(f"no region is {roi_type}")
    found = planned_images(scope)
    if isinstance(found, Unknown):
        return found
    bare = [one for one in found if not _is_outlined(one, *_reach(root, numbers))]
    if not bare:
        return True
    height = (bare[0].list("ImagePositionPatient") or [None, None, None])[2]
    return Broken(f"{len(bare)} images without a contour, first at z = {spelled(height)}")


@predicate
def planned_images(scope: Scope) -> list[Item] | Unknown:
    """Return the images that the object stands on, of the series that has most of them: the one that is planned on."""
    found = images(scope)
    if isinstance(found, Unknown):
        return found
    series: dict[Any, list[Item]] = defaultdict(list)
    for one in found:
        series[key_of(one.get("SeriesInstanceUID"))].append(one)
    return max(series.values(), key=len)


def _reach(root: Item, numbers: list[Any]) -> tuple[set[str], list[float]]:
    """Return the images that contours of regions name, and the heights of the contours."""
    uids: set[str] = set()
    heights: list[float] = []
    for contour in _contours(root, numbers):
        uids.update(str(one.get("ReferencedSOPInstanceUID")) for one in contour.items("ContourImageSequence"))
        points = points_of(contour.get("ContourData"))
        if points is not None:
            heights.append(float(points[0, 2]))
    return uids, heights


def _is_outlined(image: Item, uids: set[str], heights: list[float]) -> bool:
    corner = vector(image.get("ImagePositionPatient"), 3)
    named = str(image.get("SOPInstanceUID")) in uids
    return named or (corner is not None and any(abs(corner[2] - one) <= _ON_SLICE for one in heights))


@predicate
def file_meta_agrees(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether the File Meta Information names the object that follows it (PS3.10 7.1)."""
    meta = getattr(scope.instance.dataset, "file_meta", None)
    if meta is None:
        return Unknown("the object did not come as a file with File Meta Information")
    said = [
        (meta.get("MediaStorageSOPClassUID"), "SOPClassUID"),
        (meta.get("MediaStorageSOPInstanceUID"), "SOPInstanceUID"),
    ]
    if not any(named for named, _ in said):
        return Broken("no File Meta Information")
    for named, keyword in said:
        if not same(str(named or ""), scope.instance.text(keyword)):
            return Broken(f"{spelled(str(named or ''))} before {keyword} {spelled(scope.instance.text(keyword))}")
    return True


@predicate
def patient_as_referenced(scope: Scope, kinds: str) -> bool | Unknown | Broken:
    """Tell whether name, birth date and sex are those of the objects of some kinds that this one refers to.

    Unknown if those are not among the files. An empty value is no difference: it says nothing.
    """
    words = kinds.replace(",", " ").split()
    given = scope.objects.by_uid
    found = [one for uid in scope.instance.references if (one := given.get(uid)) and one.kind in words]
    if not found:
        return Unknown("what the object refers to is not among the files")
    for keyword in ("PatientName", "PatientBirthDate", "PatientSex"):
        mine = scope.instance.text(keyword)
        others = [text for one in found if (text := one.text(keyword)) and text != mine]
        if mine and others:
            return Broken(f"{keyword} {spelled(mine)}, there {spelled(others[0])}")
    return True


@predicate
def images_of_beam(scope: Scope) -> int:
    """Return how many RT Images of the set are of the same beam of the same plan as this one."""
    mine = _beam_of(scope.instance)
    return sum(_beam_of(one) == mine for one in scope.objects.by_kind["rtimage"])


def _beam_of(image: Instance) -> tuple[Any, ...]:
    plans = (one.get("ReferencedSOPInstanceUID") for one in image.root.items("ReferencedRTPlanSequence"))
    return (key_of(image.root.get("ReferencedBeamNumber")), *sorted(map(str, plans)))


@predicate
def colour(_: Scope, value: Any) -> bool | Broken:
    """Tell whether a value is a colour: three numbers from 0 to 255, parted by backslashes or slashes."""
    parts = [one for part in several(value) for one in (part.split("/") if isinstance(part, str) else [part])]
    numbers = [number_of_text(one) if isinstance(one, str) else one for one in parts]
    right = len(numbers) == 3 and all(one is not None and 0 <= one <= 255 for one in numbers)
    return True if right else Broken(spelled(value))
