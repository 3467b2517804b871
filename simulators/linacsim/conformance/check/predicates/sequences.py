"""Lists of values and the items of a sequence: order, repetition, agreement."""

from __future__ import annotations

import itertools
from collections.abc import Hashable
from typing import Any

from linacsim.conformance.check.predicates import Expr, predicate
from linacsim.conformance.check.scope import Item, Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number, same, spelled


def several(value: Any) -> list[Any]:
    """Return the values; an absent or empty element has none."""
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def key_of(value: Any) -> Hashable:
    """Return what tells a value from another one."""
    if isinstance(value, list):
        return tuple(key_of(one) for one in value)
    return id(value) if isinstance(value, Item) else value


@predicate
def unique(_: Scope, values: Any) -> bool | Broken:
    """Tell whether no value occurs twice."""
    seen: set[Hashable] = set()
    for one in several(values):
        key = key_of(one)
        if key in seen:
            return Broken(f"{spelled(one)} more than once")
        seen.add(key)
    return True


@predicate
def sequential(_: Scope, values: Any, start: float = 1, step: float = 1) -> bool | Broken:
    """Tell whether values count from `start` in steps of `step`."""
    for index, one in enumerate(several(values)):
        if not is_number(one) or abs(one - (start + index * step)) > 1e-6:
            return Broken(f"{spelled(one)} instead of {spelled(start + index * step)}")
    return True


@predicate
def increasing(_: Scope, values: Any, strictly: bool = True) -> bool | Broken:
    """Tell whether each value is greater than the one before it (or not smaller, if not strictly)."""
    found = several(values)
    for before, one in itertools.pairwise(found):
        if not (is_number(before) and is_number(one)) or one < before or (strictly and one == before):
            return Broken(f"{spelled(one)} after {spelled(before)}")
    return True


@predicate
def constant(_: Scope, values: Any, tolerance: float = 0.0) -> bool | Broken:
    """Tell whether all values are the same; numbers may differ by a tolerance."""
    found = several(values)
    for one in found[1:]:
        near = is_number(one) and is_number(found[0]) and abs(one - found[0]) <= tolerance
        if not near and not same(one, found[0]):
            return Broken(f"{spelled(found[0])} and {spelled(one)}")
    return True


@predicate
def all_in(_: Scope, values: Any, allowed: Any) -> bool | Broken:
    """Tell whether each value is one of those allowed; there may be none."""
    wrong = [one for one in several(values) if not any(same(one, other) for other in several(allowed))]
    return Broken(spelled(wrong)) if wrong else True


@predicate
def any_in(_: Scope, values: Any, wanted: Any) -> bool:
    """Tell whether one value is one of those wanted."""
    return any(same(one, other) for one in several(values) for other in several(wanted))


@predicate
def same_members(_: Scope, one: Any, other: Any) -> bool | Broken:
    """Tell whether two lists have the same values, in any order."""
    left, right = {key_of(value) for value in several(one)}, {key_of(value) for value in several(other)}
    alone = sorted(left ^ right, key=str)
    return Broken(f"only on one side: {spelled(list(alone))}") if alone else True


@predicate
def position(scope: Scope) -> int | None:
    """Return the place of the current item in its sequence, from 0."""
    siblings, index = _place(scope.item)
    return index if siblings else None


@predicate
def previous(scope: Scope) -> Item | None:
    """Return the item before the current one in its sequence; ``None`` before the first."""
    siblings, index = _place(scope.item)
    return siblings[index - 1] if index > 0 else None


@predicate
def following(scope: Scope) -> Item | None:
    """Return the item after the current one in its sequence; ``None`` after the last."""
    siblings, index = _place(scope.item)
    return siblings[index + 1] if index + 1 < len(siblings) else None


@predicate
def carried(scope: Scope, element: Expr) -> Any:
    """Return a value of the current item, or else of the nearest one before it that has it.

    So control points are read: what does not change is given in the first one only (PS3.3 C.8.8.14).
    """
    siblings, index = _place(scope.item)
    for one in reversed(siblings[: index + 1]):
        value = element(scope.at(one))
        if isinstance(value, Unknown) or (value is not None and value != ""):
            return value
    return None


@predicate
def item_where(scope: Scope, items: Any, holds: Expr) -> Item | None:
    """Return the first item in which an expression holds; ``None`` if there is none."""
    for one in several(items):
        if isinstance(one, Item):
            value = holds(scope.at(one))
            if not isinstance(value, Unknown) and value:
                return one
    return None


def _place(item: Item) -> tuple[list[Item], int]:
    """Return the items of the sequence that an item is in, and its index there."""
    siblings = item.siblings()
    return (siblings, item.index) if siblings else ([], 0)
