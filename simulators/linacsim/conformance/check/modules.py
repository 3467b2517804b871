"""Modules that an object may leave out: what is mandatory in one counts only where the module is there (PS3.3 A.1.3)."""

from __future__ import annotations

from collections.abc import Mapping

from linacsim.conformance.check.items import Address
from linacsim.conformance.system import Iod
from linacsim.conformance.tables import Row

_COMMON = ("Patient Study", "Clinical Trial Subject", "Clinical Trial Study", "Clinical Trial Series")
_IMAGE = ("Contrast/Bolus", "Overlay Plane", "VOI LUT", "Device", "Specimen")
_PLAN = (
    "Approval", "Frame of Reference", "RT Prescription", "RT Tolerance Tables", "RT Ion Tolerance Tables",
    "RT Patient Setup", "RT Fraction Scheme", "RT Beams", "RT Ion Beams", "RT Brachy Application Setups",
)  # fmt: skip
OPTIONAL = {
    "ct": (*_COMMON, *_IMAGE),
    "mr": (*_COMMON, *_IMAGE),
    "pet": (*_COMMON, *_IMAGE, "NM/PET Patient Orientation", "PET Multi-gated Acquisition"),
    "rtstruct": (*_COMMON, "Approval", "Frame of Reference", "Audio"),
    "rtplan": (*_COMMON, *_PLAN),
    "rtionplan": (*_COMMON, *_PLAN),
    "rtdose": (
        *_COMMON, "General Image", "Image Plane", "Image Pixel", "Multi-Frame", "Overlay Plane", "Modality LUT",
        "RT DVH", "Structure Set", "ROI Contour", "RT Dose ROI",
    ),
    "rtimage": (*_COMMON, *_IMAGE, "Approval", "Frame of Reference", "Multi-Frame", "Cine", "Modality LUT"),
}  # fmt: skip
"""Modules of usage U or C by kind of object (PS3.3 A.3.3, A.4.3, A.17.3 to A.20.3, A.21.3, A.49.3)."""


def may_be_left_out(iod: Iod, row: Row) -> bool:
    """Tell whether the module of a row may be missing from an object as a whole."""
    if len(row.path) > 1:
        return False
    line = next((one for one in iod.modules if one.module == row.module), None)
    listed = line is not None and (line.usage in ("U", "C") or line.presence == "conditional")
    known = {one.lower() for one in OPTIONAL.get(iod.kind, ())}
    return listed or (row.module.lower() in known and not (line is not None and line.usage == "M"))


def is_conditional(iod: Iod, module: str) -> bool:
    """Tell whether a module is there on a condition (usage C): its absence says nothing."""
    return any(one.module == module and one.usage == "C" for one in iod.modules)


def mates(iod: Iod, row: Row, addresses: Mapping[tuple[str, ...], Address]) -> tuple[Address, ...]:
    """Return the elements that tell whether the module of a row is there: those that no other module has."""
    others = {one.path for one in iod.rows if len(one.path) == 1 and one.module != row.module}
    paths = {one.path for one in iod.rows if one.module == row.module and len(one.path) == 1} - others
    return tuple(addresses[path] for path in sorted(paths) if path in addresses)
