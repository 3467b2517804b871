"""The rows of a conformance statement: objects, attributes, preconditions, private attributes, errata, and how we read them.

One table each, one line per row, columns separated by tabs: a person reads, corrects and diffs them in any editor. An
empty cell is what the document does not say. `rows_of` turns a file into rows and tells file and line of whatever is
wrong in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from linacsim.errors import InputError
from linacsim.settings import did_you_mean, to_key

_STEP = re.compile(r"[0-9A-F]{4},[0-9A-Fx]{4}")
_UID = re.compile(r"[0-9]+(\.[0-9]+)+")
_TYPES = ("1", "1C", "2", "2C", "3")

Constraint = Mapping[str, Any]
"""What a value has to keep: ``enum``, ``fixed``, ``min``, ``max``, ``equals_tag``, ... and ``rule``, in words."""


class Direction(StrEnum):
    """Which way an object goes."""

    EXPORT = "export"
    """The system writes it."""
    IMPORT = "import"
    """The system reads it."""
    BOTH = "both"
    """One table for both ways."""


class Sent(StrEnum):
    """Whether an exporter writes an attribute."""

    ALWAYS = "always"
    NEVER = "never"
    CONDITIONAL = "conditional"
    OPTIONAL = "optional"
    DUPLICATED = "duplicated"
    """Copied from the object that was imported."""


class Taken(StrEnum):
    """What an importer does with an attribute."""

    USED = "used"
    IGNORED = "ignored"
    REQUIRED = "required"
    CONDITIONAL = "conditional"


def _path(text: str) -> tuple[str, ...]:
    """Return ``300A,00B0>300A,00B2`` as its steps from the outermost sequence inwards."""
    steps = tuple(text.split(">"))
    if wrong := next((step for step in steps if not _STEP.fullmatch(step)), None):
        raise ValueError(f"{wrong!r} is no tag of the form 300A,00B0 or 3253,xx00")
    return steps


def _type(text: str) -> str:
    if text not in _TYPES:
        raise ValueError(f"{text!r} is no type; the types of PS3.5 7.4 are {', '.join(_TYPES)}")
    return text


@lru_cache(maxsize=4096)
def _constraint(text: str) -> Constraint:
    """Return a constraint; many rows share one text, so it is read once."""
    value = json.loads(text)
    if not isinstance(value, dict) or not value:
        raise ValueError('a constraint is written {"enum": ["CT"]}')
    return value


def _list(text: str) -> tuple[Any, ...]:
    value = json.loads(text)
    if not isinstance(value, list):
        raise ValueError(f'a list is written ["A", "B"], found {text!r}')  # noqa: TRY004 - a wrong cell, as any other
    return tuple(value)


def _uid(text: str) -> str:
    if not _UID.fullmatch(text):
        raise ValueError(f"{text!r} is not a UID")
    return text


def _uids(text: str) -> tuple[str, ...]:
    return tuple(_uid(word) for word in text.split())


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _bool(text: str) -> bool:
    if text not in ("yes", "no"):
        raise ValueError(f"yes or no is wanted, found {text!r}")
    return text == "yes"


def _tolerance(text: str) -> tuple[float, str]:
    value, _, unit = text.partition(" ")
    return float(value), unit


def _one_of(words: type[StrEnum]) -> Callable[[str], StrEnum]:
    """Return what reads one of `words`."""

    def read(text: str) -> StrEnum:
        if text not in list(words):
            raise ValueError(f"{text!r} is none of {', '.join(words)}")
        return words(text)

    return read


def cell(read: Callable[[str], Any], default: Any = None) -> Any:
    """Return a column that `read` turns from text into a value; an empty cell is `default`."""
    return field(default=default, metadata={"read": read})


def needed(read: Callable[[str], Any] = str) -> Any:
    """Return a column that no row may leave empty."""
    return field(metadata={"read": read, "needed": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One attribute of one object, as a line of the document's tables has it."""

    path: tuple[str, ...] = needed(_path)
    """Tags from the outermost sequence inwards; ``3253,xx00`` is an element of a private block."""
    keyword: str = cell(str, "")
    """The DICOM keyword; empty for a private attribute."""
    name: str = needed()
    module: str = needed()
    section: str = cell(str, "")
    """The section of the document, where it is not the module's or the object's."""
    vr: str | None = cell(str)
    vm: str | None = cell(str)
    type: str | None = cell(_type)
    export: Sent | None = cell(_one_of(Sent))
    taken: Taken | None = cell(_one_of(Taken))
    """The importer's side; the column is ``import``."""
    constraint: Constraint | None = cell(_constraint)
    condition: str | None = cell(str)
    creator: str | None = cell(str)
    """The private creator that the block of the last step belongs to."""
    as_printed: str | None = cell(str)
    note: str | None = cell(str)
    line: int = 0

    @property
    def label(self) -> str:
        """The keyword, or the name of a private attribute."""
        return self.keyword or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """A module of an object (PS3.3 A.1.3)."""

    iod: str = needed()
    ie: str | None = cell(str)
    module: str = needed()
    reference: str | None = cell(str)
    usage: str | None = cell(str)
    presence: str | None = cell(str)
    section: str | None = cell(str)
    note: str | None = cell(str)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class IodHead:
    """A line of ``objects.tsv``: an object that the system writes, reads or both."""

    id: str = needed()
    """Kind and direction: ``ct.import``; its attributes stand in ``attributes/ct.import.tsv``."""
    kind: str = needed()
    """A short word for the SOP class: ``ct``, ``rtplan``; see `linacsim.conformance.kinds`."""
    direction: Direction = needed(_one_of(Direction))
    name: str = needed()
    sop_class: str | None = cell(_uid)
    section: str = needed()
    modality: str | None = cell(str)
    inherits: str | None = cell(str)
    """The id of the object whose attribute rows count for this one as well."""
    candidates: tuple[str, ...] = cell(_uids, ())
    """SOP classes that the document may mean where it names a modality alone."""
    note: str | None = cell(str)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ContextRow:
    """A line of ``contexts.tsv``: a presentation context of an entity."""

    entity: str = needed()
    name: str = needed()
    abstract_syntax: str = needed(_uid)
    transfer_syntaxes: tuple[str, ...] = cell(_uids, ())
    role: str = needed()
    extended_negotiation: str | None = cell(str)
    contained_sop_classes: tuple[str, ...] = cell(_uids, ())
    as_printed: str | None = cell(str)
    section: str | None = cell(str)
    note: str = cell(str, "")
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Precondition:
    """A rule beyond one attribute."""

    id: str = needed()
    section: str = needed()
    applies_to: str = needed()
    rule: str = needed()
    tags: tuple[str, ...] = cell(_words, ())
    tolerance: tuple[float, str] | None = cell(_tolerance)
    more: Mapping[str, Any] | None = cell(json.loads)
    """Whatever else the document gives in numbers, such as a table."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateAttribute:
    """A private attribute that the document lists (PS3.5 7.8)."""

    group: str = needed()
    element: str = needed()
    creator: str | None = cell(str)
    name: str = needed()
    vr: str | None = cell(str)
    vm: str | None = cell(str)
    enum: tuple[Any, ...] | None = cell(_list)
    printed_element: str | None = cell(str)
    sections: tuple[str, ...] = cell(_list, ())
    used_in: tuple[str, ...] = cell(_list, ())
    note: str | None = cell(str)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erratum:
    """A misprint of the document, and the reading that the tables use."""

    section: str = needed()
    printed: str = needed()
    correct: str | None = cell(str)
    """What it should be; none where nobody can tell."""
    why: str = needed()
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRow:
    """A line of ``services.tsv``: what the document's overview says of a SOP class."""

    name: str = needed()
    sop_class: str = needed(_uid)
    product: str | None = cell(str)
    group: str | None = cell(str)
    scu: bool | None = cell(_bool)
    scp: bool | None = cell(_bool)
    section: str | None = cell(str)
    note: str | None = cell(str)
    line: int = 0


class Subject(StrEnum):
    """What a reading is of."""

    RULE = "rule"
    """The ``rule`` of a constraint."""
    CONDITION = "condition"
    """The condition of a type 1C or 2C attribute, or of a conditional presence."""
    PRECONDITION = "precondition"
    """A precondition, by its id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How a sentence of the document is decided from data, or why a person has to; a line of ``readings.tsv``."""

    kind: Subject = needed(_one_of(Subject))
    subject: str = needed()
    """The sentence of the table, or the id of the precondition."""
    at: str = cell(str, "")
    """Rule, condition: the row it is for, as ``ct.import:0018,5100``, ``ct.import`` or ``0018,5100``; empty is every row
    with that sentence. Precondition: kind of object and items, as ``rtplan:BeamSequence.ControlPointSequence``."""
    about: str = cell(str, "")
    """Precondition: the keyword that a finding points at, from the item of `at`."""
    when: str = cell(str, "")
    """The expression that tells whether the sentence applies."""
    check: str = cell(str, "")
    """The expression that has to be true; for a condition: the condition itself."""
    person: str = cell(str, "")
    """What only a person can tell, and why."""
    effect: str = cell(str, "")
    """What the system documents to do otherwise: ``rejected``, ``ignored``, ``coerced``, ``warning``."""
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceNode:
    """A node of the XML that a system puts into a private attribute."""

    path: str = needed()
    """Names from the root, separated by ``/``."""
    min: int | None = cell(int)
    max: str | None = cell(str)
    """A number, or ``unbounded``."""
    type: str | None = cell(str)
    enum: tuple[Any, ...] | None = cell(_list)
    max_length: int | None = cell(int)
    unit: str | None = cell(str)
    note: str | None = cell(str)
    line: int = 0


T = TypeVar("T")
_NAMES = {"taken": "import"}


def columns_of(cls: type) -> dict[str, Any]:
    """Return the columns of the table of `cls`, in order, by their heading."""
    return {_NAMES.get(one.name, to_key(one.name)): one for one in fields(cls) if "read" in one.metadata}


def rows_of(path: Path, cls: type[T]) -> tuple[T, ...]:
    """Return the rows of a table; a table that is not there has none.

    Raises
    ------
    InputError
        If a heading is unknown, a line has too many cells, or a cell cannot be read; with file and line.
    """
    if not path.exists():
        return ()
    return tuple(_rows(path, cls))


def _rows(path: Path, cls: type[T]) -> Iterator[T]:
    try:
        lines = path.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as exc:
        raise InputError("is not UTF-8", str(path), "save the table as UTF-8 text") from exc
    columns = _heading(path, lines[0], cls)
    reads = [(one.name, one.metadata["read"]) for one in columns]
    required = {one.name for one in fields(cls) if "needed" in one.metadata}  # type: ignore[arg-type]
    for number, line in enumerate(lines[1:], start=2):
        if not line or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) > len(reads):
            raise _wrong(
                path, number, f"there are {len(cells)} cells under {len(reads)} headings", "separate by one tab"
            )
        values: dict[str, Any] = {"line": number}
        for (name, read), text in zip(reads, cells, strict=False):
            if text:
                try:
                    values[name] = read(text)
                except ValueError as exc:
                    raise _wrong(path, number, f"{to_key(name)}: {exc}", "correct the cell") from exc
        if missing := required - values.keys():
            raise _wrong(path, number, f"the cell {to_key(min(missing))!r} is empty", "every row needs it")
        yield cls(**values)


def _heading(path: Path, line: str, cls: type) -> list[Any]:
    known = columns_of(cls)
    found = []
    for name in line.split("\t"):
        if name not in known:
            raise _wrong(path, 1, f"unknown column {name!r}", did_you_mean(name, known, "columns"))
        found.append(known[name])
    if missing := [name for name, one in known.items() if "needed" in one.metadata and one not in found]:
        raise _wrong(path, 1, f"the column {missing[0]!r} is missing", f"the columns are: {', '.join(known)}")
    return found


def _wrong(path: Path, line: int, what: str, todo: str) -> InputError:
    return InputError(what, f"{path.parent.name}/{path.name}:{line}", todo)
