"""Readings found and compiled: which line of ``readings.tsv`` decides a sentence, and where it is evaluated."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import get_args

from linacsim.conformance.check.expression import Expression, ExpressionError, compile_expression
from linacsim.conformance.check.scope import is_sequence, tag_of
from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.conformance.system import Consequence, Iod, System
from linacsim.conformance.tables import Reading, Row, Subject
from linacsim.errors import InputError
from linacsim.settings import did_you_mean

SET = "set"
"""The place of a precondition that is decided once for all files."""
ANY = "any"
"""The place of a precondition that is decided for every object, whatever its kind."""
EFFECTS = tuple(get_args(Consequence.model_fields["effect"].annotation))
"""What a system may document to do."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a precondition is decided.

    Attributes
    ----------
    kinds : tuple of str
        Kinds of objects, ``("any",)`` or ``("set",)``.
    steps : tuple of str
        Keywords or tags of the sequences from the object inwards; it is decided in each item.
    """

    kinds: tuple[str, ...]
    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Compiled:
    """A reading whose expressions are compiled.

    Attributes
    ----------
    line : Reading
        The line of the table.
    when, check : Expression or None
        Its expressions.
    effect : Consequence or None
        What the system documents to do, if the line says so.
    """

    line: Reading
    when: Expression | None
    check: Expression | None
    effect: Consequence | None
    place: Place | None = None

    @property
    def person(self) -> str:
        """What is left for a person, and why."""
        return self.line.person


class Readings:
    """The readings of a system, compiled.

    Parameters
    ----------
    system : System
        The system.

    Raises
    ------
    InputError
        If an expression, a place or an effect cannot be understood; with the line.
    """

    def __init__(self, system: System) -> None:
        self.system = system
        self._by_subject: dict[tuple[Subject, str], list[Compiled]] = defaultdict(list)
        for line in system.readings:
            self._by_subject[line.kind, line.subject].append(compiled(system, line))

    def of_row(self, kind: Subject, sentence: str, iod: Iod, row: Row) -> list[Compiled]:
        """Return the readings of a rule or condition at a row: those that are written for it most narrowly."""
        found = [(narrow, one) for one in self._by_subject[kind, sentence] if (narrow := fit(one.line.at, iod, row))]
        best = max((narrow for narrow, _ in found), default=0)
        return [one for narrow, one in found if narrow == best]

    def of_precondition(self, precondition: str) -> list[Compiled]:
        """Return the readings of a precondition; all of them have to hold."""
        return self._by_subject[Subject.PRECONDITION, precondition]


@lru_cache(maxsize=16)
def readings_of(system: System) -> Readings:
    """Return the compiled readings of a system; the same object each time."""
    return Readings(system)


def compiled(system: System, line: Reading) -> Compiled:
    """Compile a reading.

    Raises
    ------
    InputError
        If something in it cannot be understood; with the line.
    """
    where = f"{system.id}/readings.tsv:{line.line}"
    try:
        place = place_of(line.at) if line.kind is Subject.PRECONDITION else None
        when = compile_expression(line.when) if line.when else None
        check = compile_expression(line.check) if line.check else None
        return Compiled(line, when, check, effect_of(line.effect), place)
    except ExpressionError as exc:
        raise InputError(str(exc), where, "see docs/check.md") from None


def effect_of(text: str) -> Consequence | None:
    """Return what a cell ``rejected: the whole plan`` says; nothing for an empty one."""
    if not text:
        return None
    effect, _, words = (part.strip() for part in text.partition(":"))
    if effect not in EFFECTS:
        raise ExpressionError(f"unknown effect {effect!r}: {did_you_mean(effect, EFFECTS, 'effects')}")
    return Consequence.model_validate({"effect": effect, "words": words})


def place_of(text: str) -> Place:
    """Return the place ``rtplan,rtionplan:BeamSequence.ControlPointSequence`` in parts."""
    kinds, _, steps = text.partition(":")
    words = tuple(kinds.replace(",", " ").split()) or (ANY,)
    for word in words:
        if word not in SOP_CLASSES and word not in (SET, ANY):
            raise ExpressionError(f"unknown kind {word!r}: {did_you_mean(word, [*SOP_CLASSES, SET, ANY], 'kinds')}")
    path = tuple(steps.split(".")) if steps else ()
    for step in path:
        tag = tag_of(step)
        if "," not in step and (tag is None or not is_sequence(tag)):
            raise ExpressionError(f"{step!r} is no keyword of a sequence")
    return Place(words, path)


def fit(at: str, iod: Iod, row: Row) -> int:
    """Return how narrowly a line is written for a row; 0 if it is for another one."""
    object_part, path = _split(at)
    if object_part and object_part not in (iod.id, iod.kind):
        return 0
    if path and path != ">".join(row.path):
        return 0
    return 1 + (object_part == iod.id) + bool(object_part) + 4 * bool(path)


def _split(at: str) -> tuple[str, str]:
    if ":" in at:
        left, _, right = at.partition(":")
        return left, right
    return ("", at) if "," in at else (at, "")


def sentences(system: System) -> Mapping[tuple[Subject, str], list[tuple[Iod, Row] | None]]:
    """Return every rule, condition and precondition of a system, with the rows that it stands in."""
    found: dict[tuple[Subject, str], list[tuple[Iod, Row] | None]] = defaultdict(list)
    for iod in system.iods:
        for row in iod.rows:
            for kind, text in texts_of(row):
                found[kind, text].append((iod, row))
    for one in system.preconditions:
        found[Subject.PRECONDITION, one.id].append(None)
    return found


def texts_of(row: Row) -> Iterable[tuple[Subject, str]]:
    """Yield the sentences of a row."""
    if row.constraint and "rule" in row.constraint:
        yield Subject.RULE, row.constraint["rule"]
    if row.condition:
        yield Subject.CONDITION, row.condition
