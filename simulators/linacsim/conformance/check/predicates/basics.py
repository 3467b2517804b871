"""Presence, counting, and the items of a sequence."""

from __future__ import annotations

from typing import Any

from linacsim.conformance.check.items import Item, PrivateAddress, value_of
from linacsim.conformance.check.predicates import Expr, predicate, predicate_here
from linacsim.conformance.check.scope import Scope
from linacsim.conformance.check.values import Broken, Unknown, is_number, spelled

MOST = 50
"""Items at fault that one call names; more add nothing."""


@predicate_here
def present(scope: Scope, element: Expr) -> bool | Unknown:
    """Tell whether an element is there with a value; a sequence with an item."""
    value = element(scope)
    return value if isinstance(value, Unknown) else value is not None and value not in ("", [])


@predicate_here
def absent(scope: Scope, element: Expr) -> bool | Unknown:
    """Tell whether an element is not there, or is a sequence without items."""
    value = element(scope)
    return value if isinstance(value, Unknown) else value is None or value == []


@predicate_here
def empty(scope: Scope, element: Expr) -> bool | Unknown:
    """Tell whether an element is there without a value; a sequence without an item."""
    value = element(scope)
    return value if isinstance(value, Unknown) else value in ("", [])


@predicate_here
def count(scope: Scope, element: Expr) -> int | Unknown:
    """Return the number of items of a sequence, or of values of an element; 0 if it is not there."""
    value = element(scope)
    if isinstance(value, Unknown):
        return value
    if value is None or value == "":
        return 0
    return len(value) if isinstance(value, list) else 1


@predicate
def private(scope: Scope, number: str, creator: str = "") -> Any:
    """Return the value of a private element by its number ``3253,xx00``.

    The creator of its block is the one that the system's table of private attributes gives, unless it is named here
    (PS3.5 7.8). The element is looked up as a keyword is: in the item, then in those around it.
    """
    group, _, element = number.partition(",")
    known = [(creator, "")] if creator else _blocks(scope, number)
    item: Item | None = scope.item
    while item is not None:
        for name, vr in known:
            values = item.read(PrivateAddress(int(group, 16), int(element.replace("x", "0"), 16), name, vr))
            if values is not None:
                return value_of(values)
        item = item.around
    return None


def _blocks(scope: Scope, number: str) -> list[tuple[str, str]]:
    """Return creators and VRs of a private element, as the system's table has them."""
    private = scope.system.private if scope.system else ()
    found = [(one.creator or "", one.vr or "") for one in private if f"{one.group},{one.element}" == number]
    return list(dict.fromkeys(found)) or [("", "")]


@predicate
def every(scope: Scope, items: Any, holds: Expr) -> bool | Broken | Unknown:
    """Tell whether an expression holds in each item; a sequence that is not there has none.

    The items in which it does not are those that the finding points at.
    """
    wrong: list[Item] = []
    told: list[str] = []
    unknown: Unknown | None = None
    for one in _items(items):
        value = holds(scope.at(one))
        if isinstance(value, Unknown):
            unknown = value if unknown is None else unknown
        elif not value:
            inner = value.at if isinstance(value, Broken) else ()
            wrong.extend(inner or (one,))
            told.append(value.found if isinstance(value, Broken) else "")
            if len(wrong) >= MOST:
                break
    if wrong:
        return Broken(next((text for text in told if text), ""), tuple(wrong))
    return True if unknown is None else unknown


@predicate
def some(scope: Scope, items: Any, holds: Expr) -> bool | Unknown:
    """Tell whether an expression holds in at least one item."""
    unknown: Unknown | None = None
    for one in _items(items):
        value = holds(scope.at(one))
        if isinstance(value, Unknown):
            unknown = value if unknown is None else unknown
        elif value:
            return True
    return False if unknown is None else unknown


@predicate
def number_of(scope: Scope, items: Any, holds: Expr) -> int | Unknown:
    """Return in how many items an expression holds."""
    number = 0
    for one in _items(items):
        value = holds(scope.at(one))
        if isinstance(value, Unknown):
            return value
        number += bool(value)
    return number


@predicate
def first(_: Scope, values: Any) -> Any:
    """Return the first of several values or items; ``None`` if there is none."""
    if isinstance(values, list):
        return values[0] if values else None
    return values


@predicate
def last(_: Scope, values: Any) -> Any:
    """Return the last of several values or items; ``None`` if there is none."""
    if isinstance(values, list):
        return values[-1] if values else None
    return values


@predicate
def at(_: Scope, values: Any, index: int) -> Any:
    """Return the value or item at an index from 0; ``None`` if there are fewer."""
    several = values if isinstance(values, list) else [values]
    return several[index] if -len(several) <= index < len(several) else None


@predicate
def where(scope: Scope, items: Any, holds: Expr) -> list[Item]:
    """Return the items in which an expression holds: ``where(BeamSequence, RadiationType == 'PHOTON')``."""
    found = []
    for one in _items(items):
        value = holds(scope.at(one))
        if not isinstance(value, Unknown) and value:
            found.append(one)
    return found


@predicate
def close(_: Scope, one: Any, other: Any, tolerance: float = 1e-6) -> bool | Broken:
    """Tell whether two numbers, or two lists of numbers, differ by at most a tolerance."""
    left = one if isinstance(one, list) else [one]
    right = other if isinstance(other, list) else [other]
    numbers = all(is_number(value) for value in (*left, *right))
    if not numbers or len(left) != len(right):
        return Broken(f"{spelled(one)} and {spelled(other)}")
    if all(abs(a - b) <= tolerance for a, b in zip(left, right, strict=True)):
        return True
    return Broken(f"{spelled(one)} and {spelled(other)}")


@predicate
def unknown(_: Scope, reason: str) -> Unknown:
    """Return that the data do not tell, with the reason."""
    return Unknown(reason)


@predicate
def total(_: Scope, values: Any) -> float | None:
    """Return the sum of the numbers among values; ``None`` if one of them is no number."""
    several = values if isinstance(values, list) else [values]
    return sum(several) if several and all(is_number(one) for one in several) else None


@predicate
def absolute(_: Scope, value: Any) -> float | None:
    """Return the absolute value of a number."""
    return abs(value) if is_number(value) else None


@predicate
def modulo(_: Scope, value: Any, period: float) -> float | None:
    """Return a number brought into the range from 0 to a period, as angles are: ``modulo(-90, 360)`` is 270."""
    return value % period if is_number(value) else None


@predicate
def least(_: Scope, values: Any) -> float | None:
    """Return the smallest of several numbers."""
    numbers = [one for one in (values if isinstance(values, list) else [values]) if is_number(one)]
    return min(numbers, default=None)


@predicate
def greatest(_: Scope, values: Any) -> float | None:
    """Return the greatest of several numbers."""
    numbers = [one for one in (values if isinstance(values, list) else [values]) if is_number(one)]
    return max(numbers, default=None)


def _items(value: Any) -> list[Item]:
    several = value if isinstance(value, list) else [value]
    return [one for one in several if isinstance(one, Item)]
