"""For each constraint of the tables: an object that keeps it, and one that breaks just it.

Written from the words of ``tables.py`` and PS3.5 alone, not from the checker: what keeps ``{"enum": ["CT"]}`` is ``CT``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from linacsim.conformance import System
from linacsim.conformance.system import Iod, Way
from linacsim.conformance.tables import Direction, Row, Sent

NUMBERS = frozenset({"DS", "IS", "FL", "FD", "US", "SS", "UL", "SL"})
ABSENT = object()
"""A witness without the element."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two sets of objects that differ in one constraint of one row.

    Attributes
    ----------
    rule : str
        What the finding has to be called.
    path : str
        Where it has to point.
    keeps, breaks : list of Dataset
        The objects; the finding is about the last of them.
    """

    iod: Iod
    way: Way
    rule: str
    path: str
    keeps: list[Dataset]
    breaks: list[Dataset]


def way_of(iod: Iod) -> Way:
    """Return the way in which the constraints of a table count: what stands in one for both ways is what is written."""
    return "import" if iod.direction is Direction.IMPORT else "export"


class Builder:
    """Puts values at paths of the tables.

    Parameters
    ----------
    system : System
        The system, for its private creators.
    iod : Iod
        The object.
    """

    def __init__(self, system: System, iod: Iod) -> None:
        self.iod = iod
        self._creators: dict[str, str] = {}
        for one in system.private:
            if one.creator:
                self._creators.setdefault(f"{one.group},{one.element}", one.creator)
        self._by_path = {row.path: row for row in reversed(iod.rows)}

    def start(self) -> Dataset:
        """Return an object with nothing but what tells its kind."""
        found = Dataset()
        found.SOPClassUID = self.iod.sop_class or self.iod.head.candidates[0]
        found.SOPInstanceUID = "1.2.3.4.5"
        found.Modality = self.iod.head.modality or "ANY"
        return found

    def put(self, found: Dataset, row: Row, value: Any) -> None:
        """Put a value at the path of a row; sequences on the way get one item."""
        item = found
        for index in range(len(row.path) - 1):
            item = self._item(item, row.path[: index + 1])
        self.set(item, row.path, row, value)

    def at(self, found: Dataset, path: tuple[str, ...], value: Any) -> None:
        """Put a value at a path."""
        item = found
        for index in range(len(path) - 1):
            item = self._item(item, path[: index + 1])
        row = self._by_path.get(path)
        self.set(item, path, row, value)

    def row(self, path: tuple[str, ...]) -> Row | None:
        """Return a row by its path, if there is one."""
        return self._by_path.get(path)

    def _item(self, item: Dataset, path: tuple[str, ...]) -> Dataset:
        tag = self._tag(item, path, self._by_path.get(path))
        if tag not in item:
            item.add(DataElement(tag, "SQ", Sequence([Dataset()])))
        found: Dataset = item[tag].value[0]
        return found

    def set(self, item: Dataset, path: tuple[str, ...], row: Row | None, value: Any) -> None:
        """Put a value into an item."""
        tag = self._tag(item, path, row)
        vr = vr_of(path[-1], row, value)
        if vr == "SQ":
            value = Sequence([Dataset() for _ in range(value if isinstance(value, int) else 1)])
        item.add(DataElement(tag, vr, value, already_converted=vr == "AT"))

    def _tag(self, item: Dataset, path: tuple[str, ...], row: Row | None) -> int:
        group, _, element = path[-1].partition(",")
        if "x" not in element:
            return int(group + element, 16)
        creator = (row.creator if row else None) or self._creators.get(path[-1]) or "SOMEBODY"
        block = item.private_block(int(group, 16), creator, create=True)
        return int(block.get_tag(int(element.replace("x", "0"), 16)))

    def path(self, path: tuple[str, ...]) -> str:
        """Return the path as a finding has to write it."""
        words = [keyword_for_tag(step.replace(",", "")) or step if "x" not in step else step for step in path]
        return ".".join([*(f"{word}[0]" for word in words[:-1]), words[-1]])


def vr_of(step: str, row: Row | None, value: Any) -> str:
    """Return the VR that an element is written with."""
    if "x" not in step and int(step[:4], 16) % 2 == 0:
        return dictionary_VR(step.replace(",", "")).partition(" ")[0]
    if row is not None and row.vr:
        return row.vr
    one = value[0] if isinstance(value, list) and value else value
    return "DS" if isinstance(one, int | float) else "LO"


def pairs(system: System) -> Iterator[tuple[Row, list[Pair]]]:
    """Yield every row with more than a rule or a unit, and its pairs."""
    for iod in system.iods:
        builder = Builder(system, iod)
        for row in iod.rows:
            if set(row.constraint or {}) - {"rule", "unit"} and row.path != ("7FE0,0010",):
                yield row, list(_pairs(builder, iod, row))


def _pairs(builder: Builder, iod: Iod, row: Row) -> Iterator[Pair]:
    rule, path = f"{iod.id}:{'>'.join(row.path)}", builder.path(row.path)
    constraint = dict(row.constraint or {})
    special = _special(builder, iod, row, rule, path)
    if special is not None:
        yield from special
    elif way_of(iod) == "export" and row.export is Sent.NEVER:
        yield _pair(builder, row, f"{rule}#presence", ABSENT, _good(constraint, row))
    elif row.path == ("0008,0060",) and iod.head.candidates:
        yield _pair(builder, row, "sop-class", constraint["fixed"], "SOMETHING")
    elif row.path == ("0008,0016",):
        yield _pair(builder, row, "sop-class", constraint["fixed"], "1.2.3")
    else:
        if "relative_to" in constraint:
            yield _relative(builder, row, rule)
        for key in constraint:
            for keeps, breaks in _values(key, constraint, row):
                yield _pair(builder, row, f"{rule}#{key}", keeps, breaks)


def _special(builder: Builder, iod: Iod, row: Row, rule: str, path: str) -> Iterator[Pair] | None:
    """Return the pairs of a constraint that looks at more than its own element."""
    constraint = row.constraint or {}
    if _is_creator(row):
        return iter([_creator(builder, iod, row, rule, path)])
    if row.path[-1] in ("0020,0032", "3006,0050") and "max" in constraint:
        return iter([_spread(builder, iod, row, rule, path)])
    if "enum_by_type" in constraint:
        return _by_type(builder, iod, row, rule, path)
    return iter([_equal(builder, iod, row, rule, path)]) if "equals_tag" in constraint else None


def _relative(builder: Builder, row: Row, rule: str) -> Pair:
    """Return the pair of offsets that count from Image Position (Patient), or repeat it."""
    found = _pair(builder, row, f"{rule}#relative_to", [0, 3, 6], [50, 53, 56])
    for one in (*found.keeps, *found.breaks):
        one.ImagePositionPatient = [0, 0, 50]
    return found


def _pair(builder: Builder, row: Row, rule: str, keeps: Any, breaks: Any) -> Pair:
    """Return the pair of two values of one element."""
    found = []
    for value in (keeps, breaks):
        one = builder.start()
        if value is not ABSENT:
            builder.put(one, row, value)
        found.append([one])
    return Pair(builder.iod, way_of(builder.iod), rule, builder.path(row.path), *found)


def _is_creator(row: Row) -> bool:
    group, _, element = row.path[-1].partition(",")
    return int(group, 16) % 2 == 1 and element.startswith("00")


def _good(constraint: dict[str, Any], row: Row) -> Any:
    value = constraint.get("enum", [constraint.get("fixed", constraint.get("min", constraint.get("max", 1)))])[0]
    return _typed(value, row)


def _typed(value: Any, row: Row) -> Any:
    """Return a value as its VR has it: the tables write some numbers as text."""
    vr = vr_of(row.path[-1], row, value)
    if vr == "AT" and isinstance(value, str):
        return Tag(value.replace(",", ""))
    if vr in NUMBERS and isinstance(value, str) and value and "\\" not in value:
        number = float(value)
        return int(number) if number == int(number) and vr not in ("DS", "FL", "FD") else number
    if isinstance(value, str) and "\\" in value:
        return [int(one) if vr in NUMBERS else one for one in value.split("\\")]
    return value


def _values(key: str, constraint: dict[str, Any], row: Row) -> Iterator[tuple[Any, Any]]:
    """Yield what keeps a key of a constraint, and what breaks it."""
    wanted = constraint[key]
    vr = vr_of(row.path[-1], row, wanted[0] if isinstance(wanted, list) and wanted else wanted)
    items = constraint.get("unit") == "items"
    if key == "min" and wanted == 0 and items:
        return  # there are no fewer
    if key == "fixed" and wanted == "":
        yield None, (7 if vr in NUMBERS else "SOMETHING")
    elif key in ("enum", "fixed"):
        allowed = wanted if key == "enum" else [wanted]
        yield _typed(allowed[0], row), (99 if vr == "SQ" else _other(allowed, vr))
    elif key == "min" and constraint.get("exclusive_min"):
        yield wanted + 1, wanted
    elif key in ("min", "max"):
        among = constraint.get("enum", [wanted])
        yield (among[-1], wanted - 1) if key == "min" else (among[0], wanted + 1)
    elif key in _SIMPLE:
        yield _SIMPLE[key](wanted, constraint)


_SIMPLE: dict[str, Callable[[Any, dict[str, Any]], tuple[Any, Any]]] = {
    "max_length": lambda wanted, _: ("A" * wanted, "A" * (wanted + 1)),
    "items": lambda wanted, _: (wanted, wanted + 1),
    "min_items": lambda wanted, _: (wanted, wanted - 1),
    "max_items": lambda wanted, _: (wanted, wanted + 1),
    "contains_all": lambda wanted, _: ([*wanted, "RAN"], [*wanted[:-1], "RAN"]),
    "equals_special": lambda wanted, _: (wanted, "SOMETHING"),
    "not_supported": lambda wanted, constraint: (constraint["enum"][0], wanted[0]),
    "start": lambda wanted, _: (wanted, wanted + 5),
    "first": lambda _, __: ([0, 3, 6], [1, 4, 7]),
    "monotonic": lambda _, __: ([0, 3, 6], [0, -3, -6]),
    "uniform": lambda _, __: ([0, 3, 6], [0, 3, 7]),
    "resolution_mm": lambda _, __: ([-50.1, 50.0], [-50.1, 50.05]),
}
"""What keeps and what breaks a key that says it all by itself."""


def _other(wanted: list[Any], vr: str) -> Any:
    """Return a value that is none of those wanted."""
    if vr == "AT":
        return Tag(0x30040002)
    if vr in NUMBERS:
        return max(int(float(one)) if "\\" not in str(one) else 1 for one in wanted) + 7
    return "1.2.3" if vr == "UI" else "SOMETHING"


def _creator(builder: Builder, iod: Iod, row: Row, rule: str, path: str) -> Pair:
    """Return the pair of a private creator: the block is reserved by it, or by somebody else."""
    group = int(row.path[-1][:4], 16)
    found = []
    for creator in ((row.constraint or {})["fixed"], "SOMEBODY ELSE"):
        one = builder.start()
        item = one
        for index in range(len(row.path) - 1):
            item = builder._item(item, row.path[: index + 1])
        for tag in [element.tag for element in item if element.tag.group == group]:
            del item[tag]
        item.private_block(group, creator, create=True).add_new(0x77, "LO", "X")
        found.append([one])
    label = path.rpartition(".")[0]
    name = f"{row.path[-1][:4]},00xx"
    return Pair(iod, way_of(iod), f"{rule}#fixed", f"{label}.{name}" if label else name, *found)


def _equal(builder: Builder, iod: Iod, row: Row, rule: str, path: str) -> Pair:
    """Return the pair of an element that has to equal another one."""
    constraint = dict(row.constraint or {})
    other = tuple(constraint["equals_tag"].split(">"))
    if len(other) == 1:
        other = (*row.path[:-1], *other)
    vrs = [vr_of(path[-1], builder.row(path), 0) for path in (other, row.path)]
    number = any(vr in NUMBERS for vr in vrs)
    found = []
    for wrong in (0, 3):
        one = builder.start()
        builder.at(one, other, "12" if number and vrs[0] not in NUMBERS else 12 if number else "SAME")
        value = 12 + constraint.get("offset", 0) + wrong if number else "SAME" if not wrong else "OTHER"
        builder.put(one, row, value)
        found.append([one])
    return Pair(iod, way_of(iod), f"{rule}#equals_tag", path, *found)


def _by_type(builder: Builder, iod: Iod, row: Row, rule: str, path: str) -> Iterator[Pair]:
    """Yield a pair for each type: its number, and one that is no number of it."""
    for kind, numbers in (row.constraint or {})["enum_by_type"].items():
        found = []
        for number in (*list(numbers.values())[:1], 99):
            one = builder.start()
            builder.at(one, (*row.path[:-1], "3005,xx0E"), kind)
            builder.put(one, row, number)
            found.append([one])
        yield Pair(iod, way_of(iod), f"{rule}#enum_by_type", path, *found)


def _spread(builder: Builder, iod: Iod, row: Row, rule: str, path: str) -> Pair:
    """Return the pair of positions that must not spread: contour points in z, slices in x and y."""
    most = (row.constraint or {})["max"]
    contour = row.path[-1] == "3006,0050"
    found = []
    for off in (0.0, 3 * most):
        values = [[0, 0, 1, 5, 0, 1, 5, 5, 1 + off]] if contour else [[0, 0, 0], [0, 0, 2], [0, off, 5]]
        objects = []
        for index, value in enumerate(values):
            one = builder.start()
            one.SOPInstanceUID = f"1.2.3.4.5.{index}"
            one.SeriesInstanceUID = "1.2.3"
            builder.put(one, row, value)
            objects.append(one)
        found.append(objects)
    return Pair(iod, way_of(iod), f"{rule}#max", path, *found)
