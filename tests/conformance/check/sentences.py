"""A bench for readings: small data sets that keep the sentences of a system, and changes that break one each.

A base is a mapping of names to data sets, written as keyword and value. A change is text, as a person reads it:
``rtplan:BeamSequence[0].BeamType = STATIC``, ``-rtplan:BeamSequence[0].BeamType``, ``-ct2``; several by `` & ``.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from linacsim.conformance.check.expression import compile_expression
from linacsim.conformance.check.items import Item
from linacsim.conformance.check.judge import decide
from linacsim.conformance.check.plan import Locator
from linacsim.conformance.check.readings import Compiled, compiled, fit, place_of, sentences
from linacsim.conformance.check.scope import Instance, ObjectSet, Scope
from linacsim.conformance.check.values import Broken, Unknown
from linacsim.conformance.system import Iod, System, Way
from linacsim.conformance.tables import Direction, Reading, Row, Subject

Base = Mapping[str, Dataset]
_PRIVATE = re.compile(r"([0-9A-F]{4}),xx([0-9A-F]{2}) (.+)/([A-Z]{2})")
_STEP = re.compile(r"(.*)\[(\d+)\]")


def dataset(values: Mapping[str, Any]) -> Dataset:
    """Return a data set of keywords and values; ``300B,xx0E IMPAC/FL`` is a private element."""
    ds = Dataset()
    for name, value in values.items():
        put(ds, name, value)
    return ds


def put(ds: Dataset, name: str, value: Any) -> None:
    """Set an element by keyword, or a private one by number, creator and VR."""
    several = (
        [dataset(one) for one in value] if isinstance(value, list) and value and isinstance(value[0], dict) else value
    )
    private = _PRIVATE.fullmatch(name)
    if private:
        ds.add_new(_private(ds, name), private[4], several)
    else:
        setattr(ds, name, several)


def changed(base: Base, change: str) -> dict[str, Dataset]:
    """Return a base in which something is changed; what is not changed is shared."""
    objects = dict(base)
    copied: set[str] = set()
    for one in change.split(" & "):
        place, _, text = one.partition(" = ")
        name, _, path = place.removeprefix("-").strip().partition(":")
        if one.startswith("-") and not path:
            del objects[name]
            continue
        if name not in copied:
            objects[name] = copy.deepcopy(objects[name])
            copied.add(name)
        ds, key = _find(objects[name], path)
        if one.startswith("-"):
            del ds[_tag(ds, key)]
        else:
            _assign(ds, key, text.strip())
    return objects


def _find(ds: Dataset, path: str) -> tuple[Dataset, str]:
    steps = path.split(".") if "/" not in path else _split_private(path)
    for step in steps[:-1]:
        found = _STEP.fullmatch(step)
        if found is None:
            raise ValueError(f"{step!r} of {path!r} has no index")
        ds = ds[_tag(ds, found[1])].value[int(found[2])]
    return ds, steps[-1]


def _split_private(path: str) -> list[str]:
    parts = re.split(r"\.(?=[A-Z][a-zA-Z]+(?:\[|\.|$)|[0-9A-F]{4},xx)", path)
    return parts if len(parts) > 1 or "[" not in path else path.split(".")


def _tag(ds: Dataset, key: str) -> int:
    if _PRIVATE.fullmatch(key):
        return _private(ds, key)
    tag = tag_for_keyword(key)
    if tag is None:
        raise ValueError(f"{key!r} is no keyword")
    return int(Tag(tag))


def _private(ds: Dataset, name: str) -> int:
    """Return the tag of a private element, in the block of its creator, which is reserved if it is not (PS3.5 7.8).

    pydicom's own blocks would write into the data set that a copy was made of.
    """
    group_text, element, creator, _ = _private_parts(name)
    group = int(group_text, 16)
    slot = next(one for one in range(0x10, 0x100) if ds.get((group, one)) is None or ds[group, one].value == creator)
    ds.add_new((group, slot), "LO", creator)
    return (group << 16) + (slot << 8) + int(element, 16)


def _private_parts(name: str) -> tuple[str, ...]:
    found = _PRIVATE.fullmatch(name)
    if found is None:
        raise ValueError(f"{name!r} is not written as 300B,xx0E IMPAC/FL")
    return found.groups()


def _assign(ds: Dataset, key: str, text: str) -> None:
    private = _PRIVATE.fullmatch(key)
    vr = private[4] if private else dictionary_VR(_tag(ds, key))
    if vr == "SQ":
        put(ds, key, [Dataset() for _ in range(int(text))])
        return
    parts: list[Any] = text.split("\\") if vr != "ST" else [text]
    if vr in {"US", "SS", "UL", "FL", "FD", "US or SS"} and text:
        parts = [float(one) if vr in {"FL", "FD"} else int(one) for one in parts]
    put(ds, key, None if not text else parts[0] if len(parts) == 1 else parts)


@lru_cache(maxsize=4)
def readings(system: System) -> tuple[Compiled, ...]:
    """Return the readings of a system that decide something."""
    found = (compiled(system, line) for line in system.readings)
    return tuple(one for one in found if one.check is not None)


def ways_of(system: System, line: Reading) -> list[Way]:
    """Return the ways that a line is for."""
    if line.kind is Subject.PRECONDITION:
        ways: list[Way] = ["import", "export"]
        return [way for way in ways if f'way == "{_other(way)}"' not in line.when]
    iods = {iod.direction for iod, _ in _rows(system, line)}
    return [way for way in ("import", "export") if Direction(way) in iods]


def _other(way: Way) -> Way:
    return "export" if way == "import" else "import"


@lru_cache(maxsize=4096)
def _rows(system: System, line: Reading) -> tuple[tuple[Iod, Row], ...]:
    """Return the rows that a line is the reading of."""
    rivals = [one for one in system.readings if (one.kind, one.subject) == (line.kind, line.subject)]
    places = _sentences(system).get((line.kind, line.subject), [])
    rows = [one for one in places if one is not None]
    return tuple(
        (iod, row)
        for iod, row in rows
        if fit(line.at, iod, row) and fit(line.at, iod, row) == max(fit(one.at, iod, row) for one in rivals)
    )


@lru_cache(maxsize=4)
def _sentences(system: System) -> Mapping[Any, Any]:
    return sentences(system)


@lru_cache(maxsize=64)
def _locator(system: System, iod: Iod) -> Locator:
    return Locator(system, iod.rows)


def verdicts(system: System, way: Way, objects: Base, reading: Compiled) -> dict[str, bool | Broken | Unknown]:
    """Return what a reading says at each place that it applies to, by name of object and path."""
    given = _instances(objects)
    together = ObjectSet(given.values())
    found: dict[str, bool | Broken | Unknown] = {}
    for name, item, values in _places(system, way, given, reading.line):
        scope = Scope(item, given[name] if name else Instance(Dataset()), together, way, system, values)
        if reading.line.kind is Subject.CONDITION:
            said = reading.check.decide(scope) if reading.check else True
        else:
            verdict = decide(reading, scope)
            if verdict is None:
                continue
            said = verdict
        found[f"{name}:{item.path}#{len(found)}"] = said
    return found


def _instances(objects: Base) -> dict[str, Instance]:
    """Return the objects as if they came as files: Implicit VR Little Endian, unless a change says otherwise."""
    return {name: Instance(ds, name, ds.get("TransferSyntaxUID", "1.2.840.10008.1.2")) for name, ds in objects.items()}


def _places(
    system: System, way: Way, given: Mapping[str, Instance], line: Reading
) -> Iterator[tuple[str, Item, list[Any] | None]]:
    if line.kind is Subject.PRECONDITION:
        yield from _places_of_precondition(given, line)
        return
    for iod, row in _rows(system, line):
        if not iod.goes(way):
            continue
        addresses = [_locator(system, iod).address(row.path[: at + 1]) for at in range(len(row.path))]
        for name, instance in given.items():
            for item in _items(instance.root, addresses[:-1]) if instance.kind == iod.kind else ():
                values = item.read(addresses[-1])
                if line.kind is Subject.CONDITION or isinstance(values, list):
                    yield name, item, values if isinstance(values, list) else None


def _places_of_precondition(
    given: Mapping[str, Instance], line: Reading
) -> Iterator[tuple[str, Item, list[Any] | None]]:
    place = place_of(line.at)
    if place.kinds == ("set",):
        yield "", Instance(Dataset()).root, None
        return
    for name, instance in given.items():
        if instance.kind in place.kinds or "any" in place.kinds:
            for item in _below(instance.root, place.steps):
                yield name, item, None


def _below(item: Item, steps: tuple[str, ...]) -> Iterator[Item]:
    if not steps:
        yield item
        return
    for one in item.items(steps[0]):
        yield from _below(one, steps[1:])


def _items(item: Item, addresses: list[Any]) -> Iterator[Item]:
    if not addresses:
        yield item
        return
    values = item.read(addresses[0])
    for one in values if isinstance(values, list) else ():
        if isinstance(one, Item):
            yield from _items(one, addresses[1:])


def keeps(reading: Compiled, found: Mapping[str, bool | Broken | Unknown]) -> bool:
    """Tell whether a base keeps a reading: it applies somewhere, and holds wherever it does.

    A condition need not hold everywhere, but somewhere.
    """
    if reading.line.kind is Subject.CONDITION:
        return any(one is True for one in found.values())
    return bool(found) and all(one is True for one in found.values())


def breaks(
    reading: Compiled, before: Mapping[str, bool | Broken | Unknown], after: Mapping[str, bool | Broken | Unknown]
) -> str:
    """Return what a change did to a reading: ``broken``, ``unknown``, or nothing."""
    if reading.line.kind is Subject.CONDITION:
        return "broken" if any(one is True and after.get(place) is False for place, one in before.items()) else ""
    if any(not isinstance(one, Unknown) and not one for one in after.values()):
        return "broken"
    return "unknown" if any(isinstance(one, Unknown) for one in after.values()) else ""


@dataclass(frozen=True)
class Case:
    """A change that breaks one reading.

    Attributes
    ----------
    key : str
        Kind, sentence and place of the reading, and its number among those that share them.
    unknown : bool
        Whether the data do not tell after the change, instead of a broken sentence.
    """

    key: str
    way: Way
    change: str
    unknown: bool


def said(base: Base, expression: str, place: str, system: System | None = None) -> object:
    """Return what an expression is in an item of a base: ``rtplan:BeamSequence[0]``."""
    given = _instances(base)
    name, _, path = place.partition(":")
    item = given[name].root
    for step in path.split(".") if path else ():
        found = _STEP.fullmatch(step)
        if found is None:
            raise ValueError(f"{step!r} of {place!r} has no index")
        item = item.items(found[1])[int(found[2])]
    scope = Scope(item, given[name], ObjectSet(given.values()), "export", system)
    return compile_expression(expression)(scope)


def verdict(value: object) -> str:
    """Return an answer as ``true``, ``broken`` or ``unknown``."""
    return "unknown" if isinstance(value, Unknown) else "true" if value is True else "broken"


def key_of(system: System, line: Reading) -> str:
    """Return what names a reading among those of a system."""
    same = [
        one.line for one in system.readings if (one.kind, one.subject, one.at) == (line.kind, line.subject, line.at)
    ]
    return "\t".join((line.kind, line.subject, line.at, str(same.index(line.line) + 1)))


def cases(system: str) -> list[Case]:
    """Return the cases of a system: ``cases/<system>.tsv``, a line each."""
    lines = (Path(__file__).parent / "cases" / f"{system}.tsv").read_text(encoding="utf-8").splitlines()[1:]
    found = []
    for line in lines:
        *key, way, change, outcome = line.split("\t")
        found.append(Case("\t".join(key), "export" if way == "export" else "import", change, outcome == "unknown"))
    return found
