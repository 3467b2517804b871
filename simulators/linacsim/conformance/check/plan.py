"""The rows of an object's table, made ready once: a tree of elements, each with what is wanted of it one way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache

from linacsim.conformance.check.constraints import Test, tests_of
from linacsim.conformance.check.expression import Expression
from linacsim.conformance.check.items import Address, CreatorAddress, PrivateAddress, is_sequence, label_of, tag_of_text
from linacsim.conformance.check.modules import mates, may_be_left_out
from linacsim.conformance.check.readings import Compiled, Readings, readings_of
from linacsim.conformance.check.standard import standard_condition
from linacsim.conformance.private import listed_as
from linacsim.conformance.system import Iod, System, Way
from linacsim.conformance.tables import Direction, Row, Sent, Subject, Taken

CONTROL_POINTS = frozenset({0x300A0111, 0x300A03A8, 0x300A02D0})
"""Sequences whose items carry on what the first one gives (PS3.3 C.8.8.14)."""
_CARRIED = ("1C", "2C", None)


class Need(StrEnum):
    """What is wanted of an element's presence."""

    VALUE = "value"
    """It has to be there with a value."""
    THERE = "there"
    """It has to be there; it may be empty."""
    NEVER = "never"
    """It must not be there."""
    IF = "if"
    """It has to be there where the condition holds."""
    USUAL = "usual"
    """PS3.3 wants it, the system does not need it: worth a note."""
    NONE = "none"
    """Nothing."""


@dataclass(frozen=True, slots=True)
class RowPlan:
    """One row, ready to be judged.

    Attributes
    ----------
    rule : str
        Object and path: ``rtplan.import:300A,00B0>300A,00C6``; what follows ``#`` is added.
    need : Need
        What is wanted of its presence.
    may_be_empty : bool
        Whether the element may be there without a value.
    tests : tuple
        The tests of its constraint; whether each looks at an element without a value.
    rules : tuple of Compiled
        The readings of its rule; ``None`` stands for a rule that nobody has read yet.
    conditions : tuple of Compiled
        The readings of its condition.
    guarded : bool
        Whether the values count only where the condition holds.
    """

    row: Row
    rule: str
    section: str
    need: Need
    may_be_empty: bool
    first_only: bool
    tests: tuple[tuple[Test, bool], ...]
    rules: tuple[Compiled, ...]
    sentence: str
    conditions: tuple[Compiled, ...]
    guarded: bool
    condition: str = ""
    standard: Expression | None = None
    """The condition of PS3.3, for a row of type 1C or 2C without one of its own."""
    may_have_nothing: bool = False
    """Whether an exporter that always sends it does so where it has something to tell (see `_may_have_nothing`)."""
    module: tuple[Address, ...] | None = None
    """The elements of the row's module, where an object may leave the module out; ``None`` where it may not."""


@dataclass(slots=True)
class Node:
    """An element: the rows that speak of it, and the elements of its items."""

    address: Address
    label: str
    rows: list[RowPlan] = field(default_factory=list)
    children: dict[Address, Node] = field(default_factory=dict)
    creators: set[str] = field(default_factory=set)
    """Of a private group: the creators that the table names here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """The rows of an object's table, one way."""

    iod: Iod
    way: Way
    nodes: tuple[Node, ...]
    creators: frozenset[str]
    """Every private creator that the system names."""

    def rows(self) -> Iterator[RowPlan]:
        """Yield every row."""
        waiting = list(self.nodes)
        while waiting:
            node = waiting.pop()
            yield from node.rows
            waiting.extend(node.children.values())


class Locator:
    """Turns paths of a table into addresses.

    Parameters
    ----------
    system : System
        The system, for its private attributes.
    rows : tuple of Row
        The rows, for the creators that they name.
    """

    def __init__(self, system: System, rows: tuple[Row, ...]) -> None:
        self._known: dict[tuple[str, ...], tuple[str, str]] = {}
        for row in rows:
            if "x" in row.path[-1] and row.path not in self._known:
                self._known[row.path] = (row.creator or "", row.vr or "")
        self._system = system

    def __call__(self, path: tuple[str, ...]) -> tuple[Address, ...]:
        """Return the addresses of a path, one for each step."""
        return tuple(self.address(path[: index + 1]) for index in range(len(path)))

    def address(self, path: tuple[str, ...], row: Row | None = None) -> Address:
        """Return the address of the last step of a path; of a row's own element if the row is given."""
        group_text, _, element = path[-1].partition(",")
        group = int(group_text, 16)
        if group % 2 and element.startswith("00"):
            return CreatorAddress(group)
        if "x" not in element:
            return tag_of_text(path[-1])
        creator, vr = self._known.get(path, ("", ""))
        if row is not None:
            creator, vr = row.creator or creator, row.vr or vr
        listed, listed_vr = listed_as(self._system, group_text, element, creator)
        return PrivateAddress(group, int(element.replace("x", "0"), 16), listed, vr or listed_vr)


@lru_cache(maxsize=256)
def plan_of(system: System, iod: Iod, way: Way) -> Plan:
    """Return the plan of an object, one way; the same object each time.

    The rows of the object that it inherits from count as well; but what PS3.3 wants of that one, it does not of this.
    """
    readings = readings_of(system)
    sources = [iod, *(one for one in system.iods if one.id == iod.head.inherits)]
    roots: dict[Address, Node] = {}
    creators = {one.creator for one in system.private if one.creator}
    for source in sources:
        locate = Locator(system, source.rows)
        modules = _modules(source, locate)
        for row in source.rows:
            node = _node(roots, row, locate)
            if isinstance(node.address, CreatorAddress):
                node.creators.update(_creators(row))
                creators.update(_creators(row))
            plan = _row_plan(readings, source, row, way, locate)
            if source is not iod and row.taken is not Taken.REQUIRED:
                plan = replace(plan, need=Need.NONE)
            module = modules.get(row.module) if len(row.path) == 1 else None
            node.rows.append(replace(plan, module=module) if module is not None else plan)
    return Plan(iod, way, tuple(roots.values()), frozenset(creators))


def _modules(iod: Iod, locate: Locator) -> dict[str, tuple[Address, ...]]:
    """Return the elements of each module that an object may leave out."""
    addresses: dict[tuple[str, ...], Address] = {
        row.path: locate.address(row.path, row) for row in iod.rows if len(row.path) == 1
    }
    return {row.module: mates(iod, row, addresses) for row in _one_of_each(iod) if may_be_left_out(iod, row)}


def _one_of_each(iod: Iod) -> Iterator[Row]:
    seen: set[str] = set()
    for row in iod.rows:
        if len(row.path) == 1 and row.module not in seen:
            seen.add(row.module)
            yield row


def _creators(row: Row) -> list[str]:
    fixed = (row.constraint or {}).get("fixed") or row.creator
    return [str(fixed)] if fixed else []


def _node(roots: dict[Address, Node], row: Row, locate: Locator) -> Node:
    level = roots
    node: Node | None = None
    for index in range(len(row.path)):
        last = index == len(row.path) - 1
        address = locate.address(row.path[: index + 1], row if last else None)
        if not last and isinstance(address, PrivateAddress):
            address = next((one for one in level if _same_number(one, address)), address)
        node = level.setdefault(address, Node(address, label_of(address)))
        level = node.children
    if node is None:
        raise ValueError("a row without a path")  # rows_of refuses it
    return node


def _same_number(one: Address, other: PrivateAddress) -> bool:
    return isinstance(one, PrivateAddress) and one[:2] == other[:2]


def _row_plan(readings: Readings, iod: Iod, row: Row, way: Way, locate: Locator) -> RowPlan:
    both = iod.direction is Direction.BOTH
    condition = row.condition if row.condition and _is_for(row.condition, both, way) else None
    need, may_be_empty = _need_of(row, way, condition)
    sentence, rules = _rules(readings, iod, row, way)
    conditions = tuple(readings.of_row(Subject.CONDITION, condition, iod, row)) if condition else ()
    tests = () if _values_do_not_count(row, way, both) else tuple(_tests(row, way, locate))
    if _values_do_not_count(row, way, both=False):
        rules = ()
    within = int(row.path[-2].replace(",", ""), 16) if len(row.path) > 1 and "x" not in row.path[-2] else 0
    return RowPlan(
        row=row,
        rule=f"{iod.id}:{'>'.join(row.path)}",
        section=iod.section_of(row),
        need=need,
        may_be_empty=may_be_empty,
        first_only=within in CONTROL_POINTS and row.type in _CARRIED,
        tests=tests,
        rules=rules,
        sentence=sentence if rules or (sentence and not _values_do_not_count(row, way, both=False)) else "",
        conditions=conditions,
        guarded=bool(condition) and _is_guarded(row, way, conditions),
        condition=condition or "",
        standard=None if condition else standard_condition(row),
        may_have_nothing=way == "export" and _may_have_nothing(row, condition),
    )


def _may_have_nothing(row: Row, condition: str | None) -> bool:
    """Tell whether a row is sent only where there is something to tell.

    A sequence that need not be there, as PS3.3 wants no empty one, unless the document says when it is; and a private
    attribute of type 3 without a fixed value: what it is made of is the system's own, and need not be known.
    """
    if row.type == "3" and "x" in row.path[-1] and row.export is Sent.ALWAYS:
        return "fixed" not in (row.constraint or {})
    return condition is None and row.type in ("1C", "2C", "3") and _is_sequence(row)


def _is_sequence(row: Row) -> bool:
    return row.vr == "SQ" or ("x" not in row.path[-1] and is_sequence(tag_of_text(row.path[-1])))


def _is_for(text: str, both: bool, way: Way) -> bool:
    """Tell whether a condition is for a way: in a table for both ways a prefix tells; without one it is for export."""
    if not both:
        return True
    if way == "import":
        return "import:" in text
    return not text.startswith("import:") or "export:" in text


def _rules(readings: Readings, iod: Iod, row: Row, way: Way) -> tuple[str, tuple[Compiled, ...]]:
    """Return the rule in words of a row and its readings, if it is for this way."""
    text = (row.constraint or {}).get("rule", "")
    if not text:
        return "", ()
    found = tuple(readings.of_row(Subject.RULE, text, iod, row))
    if iod.direction is Direction.BOTH and (way == "import") != text.startswith("import:"):
        found = tuple(one for one in found if _mentions_way(one))
        return (text, found) if found else ("", ())
    return text, found


def _mentions_way(reading: Compiled) -> bool:
    return (
        "way" in reading.line.when.replace("==", " ").split() or "way" in reading.line.check.replace("==", " ").split()
    )


def _values_do_not_count(row: Row, way: Way, both: bool) -> bool:
    """Tell whether the values of a row are nobody's business: never sent, not read, or written by the other side."""
    if way == "import":
        return row.taken is Taken.IGNORED or both
    return row.export is Sent.NEVER


def _tests(row: Row, way: Way, locate: Locator) -> Iterator[tuple[Test, bool]]:
    written = way == "export" and row.export is Sent.ALWAYS
    for test in tests_of(row, locate):
        yield test, test.empty and (test.what != "fixed" or written)


def _is_guarded(row: Row, way: Way, conditions: tuple[Compiled, ...]) -> bool:
    """Tell whether the values of a row count only where its condition holds."""
    if any(one.when for one in conditions):
        return True
    side = row.taken is Taken.CONDITIONAL if way == "import" else row.export is Sent.CONDITIONAL
    return side and row.type not in ("1C", "2C")


def _need_of(row: Row, way: Way, condition: str | None) -> tuple[Need, bool]:
    return _need_of_import(row, condition) if way == "import" else _need_of_export(row, condition)


def _need_of_import(row: Row, condition: str | None) -> tuple[Need, bool]:
    """Return what an importer needs: what its document says, not what PS3.3 wants of an object."""
    if row.taken is Taken.REQUIRED:
        return (Need.IF, False) if condition else (Need.VALUE, False)
    if row.taken is Taken.CONDITIONAL:
        return _conditional(row, condition), row.type in ("2", "2C")
    if row.type == "1" and row.taken is Taken.USED:
        return (Need.IF, False) if condition else (Need.VALUE, False)
    usual = row.type in ("1", "2") and row.taken in (Taken.USED, Taken.IGNORED)
    return (Need.USUAL, row.type == "2") if usual else (Need.NONE, True)


def _conditional(row: Row, condition: str | None) -> Need:
    """Return what is wanted on a condition: nothing, if neither the document nor PS3.3 says which."""
    return Need.IF if condition or row.type in ("1C", "2C") else Need.NONE


def _need_of_export(row: Row, condition: str | None) -> tuple[Need, bool]:
    empty = (row.constraint or {}).get("fixed") == ""
    if row.export is Sent.ALWAYS:
        may_be_empty = empty or row.type not in ("1", "1C")
        if condition:
            return Need.IF, may_be_empty
        return (Need.THERE if may_be_empty else Need.VALUE), may_be_empty
    if row.export is Sent.NEVER:
        return Need.NEVER, True
    if row.export is Sent.CONDITIONAL:
        return _conditional(row, condition), empty or row.type not in ("1", "1C")
    return Need.NONE, True
