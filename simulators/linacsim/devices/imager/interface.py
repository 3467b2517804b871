"""Varian's extended interface in a plan: what the deprecated XML of private group 3253 says of each beam (C.1).

It is parsed by the conformance checker, which refuses a document type declaration. Whatever is wrong with it is told, and
then passed over: Treatment Delivery Type is the preferred way (2.2.1.4.1.2).
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from pydicom.dataset import Dataset

from linacsim.conformance.check.predicates.varian_interface import Refused, interface_fits, tree_of
from linacsim.conformance.check.scope import Scope
from linacsim.conformance.check.values import Broken, number_of_text
from linacsim.conformance.system import System

_UNNAMED = "UNNAMED"
"""What a block is reserved by that nobody reserved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """What the XML says of a beam.

    Attributes
    ----------
    field_type : str
        ``SETUP`` or ``TREATMENT``; empty if it says neither.
    related_beam : int or None
        RelatedTreatBeamNumber: the beam that an image beam belongs to.
    order : int or None
        FieldOrder: where the field is shown.
    over_travel : tuple of bool
        Whether the gantry begins and ends in its extended range, beyond a full turn.
    mu_subtraction : bool
        Whether MU of pictures are taken off the related beam.
    """

    field_type: str = ""
    related_beam: int | None = None
    order: int | None = None
    over_travel: tuple[bool, bool] = (False, False)
    mu_subtraction: bool = False


NO_EXTENSION = Extension()


def extensions_of(plan: Scope) -> tuple[dict[int, Extension], list[str]]:
    """Return what the XML of a plan says by beam number, and what of it could not be read, in words."""
    tree = tree_of(plan)
    if tree is None:
        return {}, []
    if isinstance(tree, Refused):
        return {}, [f"the extended interface (3253,xx00) is {tree.reason}: passed over"]
    verdict = interface_fits(plan)
    fault = verdict.found if isinstance(verdict, Broken) else ""
    warnings = [f"the extended interface (3253,xx00) is not as table C-6 has it: {fault}"] if fault else []
    if _name(tree) != "ExtendedVAPlanInterface":
        return {}, warnings
    found: dict[int, Extension] = {}
    for beam in _below(tree, "Beams", "Beam"):
        number = number_of_text(_text(beam, "ReferencedBeamNumber"))
        if number is None:
            continue
        if int(number) in found:
            warnings.append(f"the XML names beam {int(number)} twice: the first counts")
        found.setdefault(int(number), _extension(beam))
    return found, warnings


def _extension(beam: Element) -> Extension:
    def whole(name: str) -> int | None:
        number = number_of_text(_text(beam, "BeamExtension", name))
        return None if number is None else int(number)

    def truth(name: str) -> bool:
        # Typed int in table C-6, but described as true or false: both are written.
        return _text(beam, "BeamExtension", name).lower() in ("true", "1")

    kind = _text(beam, "BeamExtension", "FieldType")
    return Extension(
        field_type=kind if kind in ("SETUP", "TREATMENT") else "",
        related_beam=whole("RelatedTreatBeamNumber"), order=whole("FieldOrder"),
        over_travel=(truth("GantryRtnExtendedStart"), truth("GantryRtnExtendedStop")),
        mu_subtraction=truth("MUSubtraction"),
    )  # fmt: skip


def _name(node: Element) -> str:
    return node.tag.rpartition("}")[2]


def _below(node: Element, *path: str) -> Iterator[Element]:
    for one in node:
        if _name(one) == path[0]:
            if path[1:]:
                yield from _below(one, *path[1:])
            else:
                yield one


def _text(node: Element, *path: str) -> str:
    return next(((one.text or "").strip() for one in _below(node, *path)), "")


def with_creators(dataset: Dataset, system: System) -> Dataset:
    """Return the object with its private blocks reserved, so that they can be read; itself if they are.

    The document gives no creator for any block (A.2), and objects are found that have the elements alone. PS3.5 7.8.1
    wants the creator; without it a block is told by its group.
    """
    groups = {int(one.group, 16) for one in system.private if one.group}
    if not any(_unreserved(one, groups) for one in _all(dataset)):
        return dataset
    twin = deepcopy(dataset)
    for one in _all(twin):
        for creator in _unreserved(one, groups):
            one.add_new(creator, "LO", _UNNAMED)
    return twin


def _all(dataset: Dataset) -> Iterator[Dataset]:
    """Yield a plan or structure set and the items of the sequences that private elements stand in."""
    yield dataset
    for keyword in ("BeamSequence", "RTROIObservationsSequence"):
        try:
            yield from dataset.get(keyword) or ()
        except Exception:  # noqa: BLE001, S112 - a sequence that cannot be read has no items; the checker tells
            continue


def _unreserved(dataset: Dataset, groups: set[int]) -> list[int]:
    """Return the tags of creators that are missing in an item."""
    slots = {(int(tag) >> 16, (int(tag) & 0xFFFF) >> 8) for tag in dataset.keys()  # noqa: SIM118 - elements are iterated
             if int(tag) >> 16 in groups and int(tag) & 0xFFFF >= 0x1000}  # fmt: skip
    return sorted((group << 16) + slot for group, slot in slots if (group << 16) + slot not in dataset)
