"""Making the value of an attribute keep its constraint."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.multival import MultiValue
from pydicom.tag import BaseTag, Tag

from linacsim.conformance.tables import Constraint
from linacsim.objects.export.tree import Node

_NUMERIC = ("IS", "US", "SS", "UL", "SL", "SV", "UV")
_FLOATING = ("FL", "FD")
_SHORT = {"SH": 16, "CS": 16, "LO": 64, "AE": 16}
"""Most characters by VR (PS3.5 6.2)."""


def convert(value: Any, vr: str) -> Any:
    """Return a value of the tables as pydicom takes it for a VR; ``""`` is no value."""
    if value == "":
        return None if vr in (*_NUMERIC, *_FLOATING, "AT") else ""
    if isinstance(value, str) and "\\" in value and vr not in ("ST", "LT", "UT", "OB", "OW", "UN"):
        return [convert(part, vr) for part in value.split("\\")]
    if isinstance(value, list | tuple):
        return [convert(part, vr) for part in value]
    return _ONE.get(vr, str)(value)


def _tag(value: Any) -> BaseTag:
    return Tag(int(str(value).replace(",", ""), 16))


def _decimal(value: Any) -> str:
    return f"{float(value):g}"


_ONE: dict[str, Callable[[Any], Any]] = {
    "AT": _tag,
    "DS": _decimal,
    **dict.fromkeys(_NUMERIC, int),
    **dict.fromkeys(_FLOATING, float),
}
"""How a single value is made, by VR; all others are text."""


def values_of(element: DataElement) -> list[Any]:
    """Return the values of an element, an empty list for none."""
    value = element.value
    if element.VR == "SQ" or isinstance(value, MultiValue | list | tuple):
        return list(value)
    return [] if value is None or value == "" else [value]


def alike(one: Any, other: Any) -> bool:
    """Tell whether a value is the one of the tables: numbers as numbers, texts without padding."""
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-6, abs_tol=1e-9)
    except (TypeError, ValueError):
        return str(one).strip() == str(other).strip()


def settle(item: Dataset, element: DataElement, node: Node) -> None:
    """Change the value of an element of `item` where it does not keep what the tables say of it.

    Modules may list other values of an attribute that they share: what one of them lists stays.
    """
    constraints = list(node.constraints)
    if any("enum" in one and _listed(values_of(element), one["enum"]) for one in constraints if element.VR != "SQ"):
        constraints = [{**one, "enum": None} for one in constraints]
    for constraint in constraints:
        if element.VR == "SQ":
            _settle_items(element, constraint)
        else:
            _settle_value(item, element, constraint)


def _settle_items(element: DataElement, constraint: Constraint) -> None:
    most = constraint.get("max_items", constraint.get("items"))
    if most is None and constraint.get("unit") == "items":
        most = constraint.get("max")
    if most is not None:
        del element.value[int(most) :]


def _settle_value(item: Dataset, element: DataElement, constraint: Constraint) -> None:
    if "fixed" in constraint:
        fixed = convert(constraint["fixed"], element.VR)
        if not _same(values_of(element), fixed):
            _write(item, element, fixed)
        return
    _settle_enum(item, element, constraint.get("enum"))
    _settle_bounds(element, constraint)
    if "max_length" in constraint and isinstance(element.value, str):
        element.value = element.value[: int(constraint["max_length"])]
    if "equals_tag" in constraint:
        _settle_equal(item, element, str(constraint["equals_tag"]))


def _write(item: Dataset, element: DataElement, value: Any) -> None:
    """Set the value of an element as the document has it, also where it is longer than its VR allows."""
    if isinstance(value, str) and element.VR in _SHORT and len(value) > _SHORT[element.VR]:
        item[element.tag] = DataElement(element.tag, element.VR, value, already_converted=True)
    else:
        element.value = value


def _same(values: Sequence[Any], wanted: Any) -> bool:
    parts = wanted if isinstance(wanted, list) else [] if wanted in ("", None) else [wanted]
    return len(values) == len(parts) and all(alike(a, b) for a, b in zip(values, parts, strict=True))


def _settle_enum(item: Dataset, element: DataElement, allowed: Sequence[Any] | None) -> None:
    """Take the first of the values that are allowed, unless the element has one of them or none."""
    values = values_of(element)
    if not allowed or not values:
        return
    if _listed(values, allowed):
        return
    _write(item, element, convert(allowed[0], element.VR))


def _listed(values: Sequence[Any], allowed: Sequence[Any]) -> bool:
    """Tell whether values are among those that are listed, one by one or as a whole; no value is not."""
    whole = "\\".join(str(value) for value in values)
    return bool(values) and (
        any(alike(whole, one) for one in allowed) or all(any(alike(v, one) for one in allowed) for v in values)
    )


def _settle_bounds(element: DataElement, constraint: Constraint) -> None:
    low, high = constraint.get("min"), constraint.get("max")
    if (low is None and high is None) or element.VR in ("OB", "OW") or element.tag == Tag(0x00200032):
        return
    values = values_of(element)
    kept = [min(max(float(v), _or(low, -math.inf)), _or(high, math.inf)) for v in values]
    if any(not alike(a, b) for a, b in zip(values, kept, strict=True)):
        element.value = convert(kept if len(kept) > 1 else kept[0], element.VR)


def _or(bound: Any, default: float) -> float:
    return default if bound is None else float(bound)


def _settle_equal(item: Dataset, element: DataElement, path: str) -> None:
    """Copy the attribute that it has to equal, where that stands in the same item."""
    tag = Tag(int(path.rsplit(">", maxsplit=1)[-1].replace(",", ""), 16))
    if tag in item and item[tag].VR != "SQ":
        with suppress(ValueError):  # a text that is no number cannot be copied into one
            element.value = convert("\\".join(map(str, values_of(item[tag]))), element.VR)


def from_constraint(node: Node) -> Any:
    """Return the value that the tables themselves give an attribute; ``None`` if they give none.

    Of several values the first is taken, but not for an attribute of type 3: that would say what nobody knows.
    """
    for constraint in node.constraints:
        for key in ("fixed", "default", "start"):
            if key in constraint:
                return convert(constraint[key], node.vr)
        if constraint.get("enum") and constraint.get("unit") != "items" and node.type != "3":
            return convert(constraint["enum"][0], node.vr)
    return None
