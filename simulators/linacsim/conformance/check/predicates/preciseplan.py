"""PrecisePLAN 2.15: numbers that lead to an item, names that stand for one value, doses of a plan, doses of a beam."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from linacsim.conformance.check.predicates import Expr, predicate
from linacsim.conformance.check.predicates.sequences import key_of, previous, several
from linacsim.conformance.check.scope import Item, Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number, same, spelled

_COEFFICIENT = 1e-6
"""Difference up to which coefficients count as equal: DS holds at most 16 characters (PS3.5 6.2)."""


@predicate
def numbered(scope: Scope, items: Any, element: Expr, number: Any) -> Item | None:
    """Return the first of several items that has a number: ``numbered(BeamSequence, item.BeamNumber, 2)``."""
    if number is None or number == "":
        return None
    found = (one for one in several(items) if isinstance(one, Item))
    return next((one for one in found if same(element(scope.at(one)), number)), None)


@predicate
def determined(scope: Scope, items: Any, key: Expr, value: Expr) -> bool | Broken:
    """Tell whether items with one key have one value: a name that stands for an entry of a configuration.

    Items without a key, or without a value, do not count (Table 14: machines, wedges).
    """
    seen: dict[Hashable, Any] = {}
    for one in several(items):
        if not isinstance(one, Item):
            continue
        name, mine = key(scope.at(one)), value(scope.at(one))
        if name is None or name == "" or mine is None or mine == "":
            continue
        first = seen.setdefault(key_of(name), mine)
        if not same(first, mine):
            return Broken(f"{spelled(first)} and {spelled(mine)} of {spelled(name)}", (one,))
    return True


@predicate
def dose_exported(scope: Scope) -> bool:
    """Tell whether an RT Dose that refers to this plan is among the files (Table 10)."""
    return bool(_doses(scope))


@predicate
def doses_listed(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Referenced Dose Sequence has an item for each dose of this plan among the files, and no other.

    Table 10: one reference for each exported RT Dose. Unknown of a reference whose dose is not among the files.
    """
    listed = [one.get("ReferencedSOPInstanceUID") for one in scope.item.root.items("ReferencedDoseSequence")]
    twice = next((uid for at, uid in enumerate(listed) if uid in listed[:at]), None)
    if twice is not None:
        return Broken(f"{spelled(twice)} more than once")
    missing = [uid for uid in _doses(scope) if uid not in listed]
    if missing:
        return Broken(f"{len(missing)} doses of the plan are not referred to, first {missing[0]}")
    if any(uid not in scope.objects.by_uid for uid in listed):
        return Unknown("a dose that the plan refers to is not among the files")
    return True


def _doses(scope: Scope) -> list[str]:
    """Return the UIDs of the doses among the files that refer to this object."""
    return [one.uid for one in scope.objects.by_kind["rtdose"] if scope.instance.uid in one.references]


@predicate
def running_coefficient(scope: Scope) -> bool | Unknown | Broken:
    """Tell whether Cumulative Dose Reference Coefficient begins at 0 and does not fall from one control point to the next.

    The item is one of Referenced Dose Reference Sequence of a control point (Table 14, PS3.3 C.8.8.14.6).
    """
    found, point = scope.item.get("CumulativeDoseReferenceCoefficient"), scope.item.around
    if not is_number(found) or point is None:
        return Unknown("the coefficient is not given")
    before = previous(scope.at(point))
    if before is None:
        return True if abs(found) <= _COEFFICIENT else Broken(f"{spelled(found)} at the first control point")
    number = scope.item.get("ReferencedDoseReferenceNumber")
    same_point = (one for one in before.items("ReferencedDoseReferenceSequence") if _numbers(one, number))
    earlier = next((one.get("CumulativeDoseReferenceCoefficient") for one in same_point), None)
    if earlier is not None and is_number(earlier) and found < earlier - _COEFFICIENT:
        return Broken(f"{spelled(found)} after {spelled(earlier)}")
    return True


def _numbers(item: Item, number: Any) -> bool:
    return same(item.get("ReferencedDoseReferenceNumber"), number)
