"""The keys of a constraint, each turned into a test of the values of one element.

A test is given the values, the item and returns what was found if they are not kept. What a key that decides nothing
means stands in `UNDECIDED`, with the reason.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import keyword_for_tag

from linacsim.conformance.check.items import Address, Item
from linacsim.conformance.check.scope import Scope
from linacsim.conformance.check.values import Unknown, Unreadable, is_number, number_of_text, same, spelled
from linacsim.conformance.tables import Constraint, Row

Judge = Callable[[list[Any], Scope], "str | Unknown | None"]
"""Returns what was found if the values do not keep the constraint, ``None`` if they do."""
Locate = Callable[[tuple[str, ...]], tuple[Address, ...]]
"""Turns a path of the tables into addresses."""

UNDECIDED = {
    "default": "what the exporter writes when it has nothing better; any other value is as good",
    "unit": "the unit of a number is not written in the object",
}
"""Keys that decide nothing by themselves, and why."""
BY_READING = {
    "7FE0,0010": "Hounsfield units are clamped inside the dose calculation, no value is refused; the reading of the rule "
    "tells which images are touched",
}
"""Elements whose bounds are no bounds of the stored values, and why; the reading of their rule decides."""
_SPREADS = frozenset({"0020,0032", "3006,0050"})
"""Positions whose ``max`` bounds a difference: of x and y over the slices of a series, of z in a contour."""


@dataclass(frozen=True, slots=True)
class Test:
    """One key of a constraint at one row.

    Attributes
    ----------
    what : str
        The key: ``enum``, ``fixed``, ``min`` ...
    wanted : str
        What a finding says is wanted.
    empty : bool
        Whether an element without a value is looked at as well.
    """

    what: str
    wanted: str
    judge: Judge
    empty: bool = False


def tests_of(row: Row, locate: Locate) -> Iterator[Test]:
    """Yield the tests of a row's constraint.

    Parameters
    ----------
    row : Row
        The row.
    locate : callable
        Turns a path into addresses, so that another element can be looked up.
    """
    constraint = row.constraint or {}
    if row.path[-1] in BY_READING:
        return
    if row.path[-1] in _SPREADS and "max" in constraint and "min" not in constraint:
        yield _spread(row, constraint["max"])
        return
    for key in constraint:
        maker = _MAKERS.get(key)
        if maker is not None:
            yield maker(constraint, row, locate)


def undecided(row: Row) -> str:
    """Return why a constraint with more than a rule or a unit is not tested; empty if it is."""
    keys = [key for key in row.constraint or {} if key not in ("rule", "unit")]
    if not keys:
        return ""
    if row.path[-1] in BY_READING:
        return BY_READING[row.path[-1]]
    if any(key in _MAKERS for key in keys):
        return ""
    return "; ".join(UNDECIDED[key] for key in keys if key in UNDECIDED)


def decides(key: str) -> bool:
    """Tell whether a key of a constraint is known: tested, a part of another key, in words, or named as undecided."""
    return key in _MAKERS or key in UNDECIDED or key in _PARTS


def equal(one: Any, other: Any) -> bool:
    """Tell whether two values are the same; numbers within a millionth: FL and DS round."""
    if isinstance(one, str) and is_number(other):
        one = number_of_text(one)
    if isinstance(other, str) and is_number(one):
        other = number_of_text(other)
    if is_number(one) and is_number(other):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-6)
    return same(one, other)


def _listed(values: Any) -> str:
    words = [spelled(one, 200) for one in values]
    text = words[0] if len(words) == 1 else f"one of {', '.join(words)}"
    return text if len(text) <= 400 else text[:399] + "…"


def _plain(values: list[Any]) -> list[Any]:
    """Return what is bounded: the number of items of a sequence, or the values."""
    return [len(values)] if values and isinstance(values[0], Item) else values


def _fits(value: Any, form: Any) -> bool:
    """Tell whether a text has the form of one in which ``xx`` stands for a number: ``at Depth xxmm.``."""
    if not (isinstance(value, str) and isinstance(form, str) and "xx" in form):
        return False
    return re.fullmatch(re.escape(form).replace("xx", r"[0-9]+(?:\.[0-9]+)?"), value) is not None


def _enum(constraint: Constraint, _: Row, __: Locate) -> Test:
    allowed = constraint["enum"]
    items = constraint.get("unit") == "items"
    joined = any(isinstance(one, str) and "\\" in one for one in allowed)

    def judge(values: list[Any], _: Scope) -> str | None:
        if items:
            return None if len(values) in allowed else _items(values)
        if joined:
            whole = "\\".join(str(one) for one in values)
            if any(same(whole, one) for one in allowed):
                return None
        wrong = [one for one in values if not any(equal(one, other) or _fits(one, other) for other in allowed)]
        return spelled(wrong if len(wrong) < len(values) else values, 200) if wrong else None

    return Test("enum", _listed(allowed) + (" items" if items else ""), judge, empty=items)


def _fixed(constraint: Constraint, _: Row, __: Locate) -> Test:
    wanted = constraint["fixed"]
    parts = wanted if isinstance(wanted, list) else wanted.split("\\") if isinstance(wanted, str) else [wanted]

    def judge(values: list[Any], _: Scope) -> str | None:
        if wanted == "":
            return spelled(values) if values else None
        right = len(values) == len(parts) and all(equal(a, b) for a, b in zip(values, parts, strict=True))
        return None if right else spelled(values)

    return Test("fixed", "no value" if wanted == "" else spelled(wanted, 200), judge, empty=wanted != "")


def _bound(key: str) -> Callable[[Constraint, Row, Locate], Test]:
    def make(constraint: Constraint, _: Row, __: Locate) -> Test:
        bound = constraint[key]
        above = key == "min"
        strictly = above and bool(constraint.get("exclusive_min"))
        unit = constraint.get("unit", "")
        only = set(constraint.get("enum", ()))

        def kept(value: Any) -> bool:
            number = number_of_text(value) if isinstance(value, str) else value
            if not is_number(number):
                return False
            if above:
                return bool(number > bound or (number == bound and not strictly))
            return bool(number <= bound)

        def judge(values: list[Any], _: Scope) -> str | None:
            plain = [len(values)] if unit == "items" else _plain(values)
            wrong = [one for one in plain if not kept(one) and not any(equal(one, other) for other in only)]
            return spelled(wrong[0]) + (" items" if plain is not values else "") if wrong else None

        word = "more than" if strictly else "at least" if above else "at most"
        return Test(key, f"{word} {spelled(bound)} {unit}".rstrip(), judge, empty=unit == "items")

    return make


def _count(key: str) -> Callable[[Constraint, Row, Locate], Test]:
    word = {"items": "", "min_items": "at least ", "max_items": "at most "}[key]

    def make(constraint: Constraint, _: Row, __: Locate) -> Test:
        wanted = constraint[key]

        def judge(values: list[Any], _: Scope) -> str | None:
            number = len(values)
            kept = {"items": number == wanted, "min_items": number >= wanted, "max_items": number <= wanted}[key]
            return None if kept else _items(values)

        return Test(key, f"{word}{wanted} item{'s' if wanted != 1 else ''}", judge, empty=True)

    return make


def _items(values: list[Any]) -> str:
    return f"{len(values)} item{'s' if len(values) != 1 else ''}"


def _max_length(constraint: Constraint, _: Row, __: Locate) -> Test:
    most = constraint["max_length"]

    def judge(values: list[Any], _: Scope) -> str | None:
        longest = max((len(str(one)) for one in values), default=0)
        return f"{longest} characters" if longest > most else None

    return Test("max_length", f"at most {most} characters", judge)


def _contains_all(constraint: Constraint, _: Row, __: Locate) -> Test:
    wanted = constraint["contains_all"]

    def judge(values: list[Any], _: Scope) -> str | None:
        return None if all(any(same(one, value) for value in values) for one in wanted) else spelled(values)

    return Test("contains_all", f"all of {', '.join(wanted)}", judge)


def _equals_special(constraint: Constraint, _: Row, __: Locate) -> Test:
    wanted = constraint["equals_special"]

    def judge(values: list[Any], _: Scope) -> str | None:
        return None if all(same(one, wanted) for one in values) else spelled(values)

    return Test("equals_special", str(wanted), judge)


def _not_supported(constraint: Constraint, _: Row, __: Locate) -> Test:
    refused = constraint["not_supported"]

    def judge(values: list[Any], _: Scope) -> str | None:
        wrong = [one for one in values if any(equal(one, other) for other in refused)]
        return spelled(wrong) if wrong else None

    return Test("not_supported", f"anything but {', '.join(map(str, refused))}", judge)


def _equals_tag(constraint: Constraint, row: Row, locate: Locate) -> Test:
    """Return the test against another element.

    It is looked up in the item that both share; where it lies in another sequence, the value is one of those there.
    """
    path = tuple(constraint["equals_tag"].split(">"))
    if len(path) == 1 and len(row.path) > 1:
        path = (*row.path[:-1], *path)
    offset = constraint.get("offset", 0)
    shared = 0
    while shared < min(len(path), len(row.path)) - 1 and path[shared] == row.path[shared]:
        shared += 1
    up = len(row.path) - 1 - shared
    down = locate(path)[shared:]

    def judge(values: list[Any], scope: Scope) -> str | Unknown | None:
        item: Item = scope.item
        for _ in range(up):
            item = item.around or item
        others = list(_below(item, down))
        if not others:
            return None
        wanted = [one + offset for one in others if is_number(one)] if offset else others
        if len(down) == 1:
            right = len(values) == len(wanted) and all(equal(a, b) for a, b in zip(values, wanted, strict=True))
            return None if right else f"{spelled(values)} against {spelled(wanted)}"
        wrong = [one for one in values if not any(equal(one, other) for other in wanted)]
        return f"{spelled(wrong)} against {spelled(wanted)}" if wrong else None

    extra = f" {'plus' if offset > 0 else 'minus'} {abs(offset)}" if offset else ""
    return Test("equals_tag", f"the value of {_name(constraint['equals_tag'])}{extra}", judge)


def _below(item: Item, addresses: tuple[Address, ...]) -> Iterator[Any]:
    values = item.read(addresses[0])
    if values is None or isinstance(values, Unreadable):
        return
    for one in values:
        if len(addresses) == 1:
            yield one
        elif isinstance(one, Item):
            yield from _below(one, addresses[1:])


def _name(path: str) -> str:
    return ".".join(
        keyword_for_tag(step.replace(",", "")) or f"({step})" if "x" not in step else f"({step})"
        for step in path.split(">")
    )


def _enum_by_type(constraint: Constraint, row: Row, locate: Locate) -> Test:
    """Return the test of a number whose meaning is told by the type beside it, in 3005,xx0E."""
    allowed: Mapping[str, Mapping[str, float]] = constraint["enum_by_type"]
    beside = locate((*row.path[:-1], "3005,xx0E"))[-1]

    def judge(values: list[Any], scope: Scope) -> str | None:
        kinds = scope.item.read(beside)
        known = allowed.get(str(kinds[0])) if isinstance(kinds, list) and kinds else None
        if known is None or all(any(equal(one, number) for number in known.values()) for one in values):
            return None
        return f"{spelled(values)} of {kinds[0] if isinstance(kinds, list) else ''}"

    return Test("enum_by_type", "a number that its type has a meaning for", judge)


def _start(constraint: Constraint, _: Row, __: Locate) -> Test:
    """Return the test of a number that counts the items of its sequence."""
    start, step = constraint["start"], constraint.get("step", 1)

    def judge(values: list[Any], scope: Scope) -> str | None:
        wanted = start + scope.item.index * step
        return None if len(values) == 1 and equal(values[0], wanted) else f"{spelled(values)} instead of {wanted}"

    return Test("start", f"counting from {start} in steps of {step}", judge)


def _first(constraint: Constraint, _: Row, __: Locate) -> Test:
    wanted = constraint["first"]

    def judge(values: list[Any], _: Scope) -> str | None:
        return None if equal(values[0], wanted) else spelled(values[0])

    return Test("first", f"{spelled(wanted)} as first value", judge)


def _monotonic(_: Constraint, __: Row, ___: Locate) -> Test:
    def judge(values: list[Any], _: Scope) -> str | None:
        for one, after in itertools.pairwise(values):
            if not (is_number(one) and is_number(after) and after > one):
                return f"{spelled(after)} after {spelled(one)}"
        return None

    return Test("monotonic", "increasing values", judge)


def _uniform(_: Constraint, __: Row, ___: Locate) -> Test:
    def judge(values: list[Any], _: Scope) -> str | None:
        if not all(is_number(one) for one in values):
            return spelled(values)
        steps = [after - one for one, after in itertools.pairwise(values)]
        wrong = next((one for one in steps if abs(one - steps[0]) > 0.01), None)
        return None if wrong is None else f"steps of {spelled(steps[0])} and {spelled(wrong)}"

    return Test("uniform", "even steps (within 0.01)", judge)


def _relative_to(_: Constraint, __: Row, ___: Locate) -> Test:
    def judge(values: list[Any], scope: Scope) -> str | None:
        position = scope.item.list("ImagePositionPatient")
        absolute = len(position) == 3 and bool(values) and equal(values[0], position[2]) and not equal(values[0], 0)
        return f"{spelled(values[0])}, the z of Image Position (Patient) itself" if absolute else None

    return Test("relative_to", "offsets from the z of Image Position (Patient)", judge)


def _resolution(constraint: Constraint, _: Row, __: Locate) -> Test:
    steps = constraint["resolution_mm"]
    finest = min(steps)

    def judge(values: list[Any], _: Scope) -> str | None:
        wrong = [one for one in values if not is_number(one) or abs(one / finest - round(one / finest)) > 1e-6]
        return spelled(wrong) if wrong else None

    return Test("resolution_mm", f"steps of {' or '.join(map(str, steps))} mm", judge)


def _spread(row: Row, most: float) -> Test:
    if row.path[-1] == "3006,0050":
        return Test("max", f"z of the points of a contour within {spelled(most)} mm", _z_spread(most))
    return Test("max", f"x and y over all slices within {spelled(most)} mm", _xy_spread(most))


def _z_spread(most: float) -> Judge:
    def judge(values: list[Any], _: Scope) -> str | None:
        heights = [one for one in values[2::3] if is_number(one)]
        spread = max(heights, default=0) - min(heights, default=0)
        return f"z over {spelled(spread)} mm" if spread > most else None

    return judge


def _xy_spread(most: float) -> Judge:
    """Return the judge of one slice: it is at fault if it lies off the place that most slices share."""

    def judge(values: list[Any], scope: Scope) -> str | None:
        key = ("xy", scope.instance.series)
        if key not in scope.objects.remembered:
            places = [one.root.list("ImagePositionPatient") for one in scope.objects.by_series[scope.instance.series]]
            rows = sorted(one[:2] for one in places if len(one) == 3 and all(is_number(part) for part in one))
            scope.objects.remembered[key] = rows[len(rows) // 2] if rows else values[:2]
        usual = scope.objects.remembered[key]
        if len(values) != 3 or not all(is_number(one) for one in values):
            return spelled(values)
        off = max(abs(a - b) for a, b in zip(values, usual, strict=False))
        return f"{spelled(off)} mm from the other slices" if off > most + 1e-9 else None

    return judge


_MAKERS: dict[str, Callable[[Constraint, Row, Locate], Test]] = {
    "enum": _enum,
    "fixed": _fixed,
    "min": _bound("min"),
    "max": _bound("max"),
    "items": _count("items"),
    "min_items": _count("min_items"),
    "max_items": _count("max_items"),
    "max_length": _max_length,
    "contains_all": _contains_all,
    "equals_special": _equals_special,
    "not_supported": _not_supported,
    "equals_tag": _equals_tag,
    "enum_by_type": _enum_by_type,
    "start": _start,
    "first": _first,
    "monotonic": _monotonic,
    "uniform": _uniform,
    "relative_to": _relative_to,
    "resolution_mm": _resolution,
}
_PARTS = frozenset({"rule", "exclusive_min", "offset", "step"})
"""Keys that belong to another one, or are words."""
