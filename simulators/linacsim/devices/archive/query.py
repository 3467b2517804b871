"""Identifiers of C-FIND, C-MOVE and C-GET: are they good (PS3.4 C.4.1.2, C.4.2.2), what do they match, what is answered."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import TYPE_CHECKING, Protocol

from pydicom.datadict import dictionary_description
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import decode

from linacsim.devices.archive.attributes import COUNTS, LEVEL_OF, LEVELS, NO_KEYS, UNIQUE, VR_OF, Level
from linacsim.devices.archive.encoded import look_at, value_texts
from linacsim.devices.archive.matching import (
    EMPTY,
    PLAIN,
    BadKeyError,
    Held,
    Terms,
    Test,
    check_key,
    check_keys,
    has_wild_card,
    is_universal,
    tests_of,
    texts,
)
from linacsim.devices.archive.moments import dates, day_after, day_before
from linacsim.devices.archive.names import groups as name_groups
from linacsim.devices.archive.negotiation import Negotiated
from linacsim.devices.storage.instance import DamagedDataSetError, check_complete

if TYPE_CHECKING:
    # the index is above: it runs queries
    from linacsim.devices.archive.index import Entry, Index

_CHARACTER_SET = 0x00080005
_LEVEL, _TIMEZONE = 0x00080052, 0x00080201
_RECORD_KEY, _PRIOR_RECORD_KEY, _MAXIMUM = 0x0008041B, 0x0008041C, 0x00080429
_REPOSITORY = frozenset({_RECORD_KEY, _PRIOR_RECORD_KEY, _MAXIMUM})
_ROW = re.compile(r"[1-9]\d{0,17}")
_LITERAL = frozenset({"AE", "CS", "LO", "SH", "UI"})
"""Value representations whose single values are compared letter for letter."""
Levels = tuple[Level, ...]


class BadIdentifierError(Exception):
    """An identifier is not one of its information model: the answer is A900 (PS3.4 C.4.1.1.4, C.4.2.1.5).

    Attributes
    ----------
    comment : str
        Why, for the Error Comment: the first thing that is wrong.
    offending : int or None
        The tag at fault.
    breaches : tuple of int
        All tags at fault.
    """

    def __init__(self, comment: str, offending: int | None = None, *others: int) -> None:
        super().__init__(comment, offending, *others)
        self.comment = comment
        self.offending = offending
        self.breaches = tuple(tag for tag in (offending, *others) if tag is not None)


class NoSuchRecordError(Exception):
    """The Prior Record Key (0008,041C) of a Repository Query is none that has been given out: the answer is A710."""


class Asked(Held, Protocol):
    """Something in the index that may be asked for."""

    @property
    def level(self) -> Level:
        """Which of patient, study, series and instance it is."""


@dataclass(slots=True)
class Query:
    """An identifier that has been understood.

    Attributes
    ----------
    level : Level
        Query/Retrieve Level.
    keys : dict of Level to list of DataElement
        What is matched, by the level that it belongs to.
    wanted : list of DataElement
        The keys that are returned.
    unsupported : list of int
        Keys that the archive does not know, or does not match.
    character_sets : tuple of str
        Specific Character Set of the request.
    terms : Terms
        How the keys are to be understood.
    zone : bool
        Whether Timezone Offset From UTC is returned.
    record_keys : bool
        Whether the Record Key of each match is returned (Repository Query).
    after : int
        The row behind which to go on, that of the Prior Record Key; 0 to begin with the first.
    most : int or None
        Maximum Number of Records.
    """

    level: Level
    keys: dict[Level, list[DataElement]] = field(default_factory=lambda: {level: [] for level in LEVELS})
    wanted: list[DataElement] = field(default_factory=list)
    unsupported: list[int] = field(default_factory=list)
    character_sets: tuple[str, ...] = ()
    terms: Terms = PLAIN
    zone: bool = False
    record_keys: bool = False
    after: int = 0
    most: int | None = None
    _tests: dict[Level, list[Test]] = field(default_factory=dict)

    @property
    def negotiated(self) -> Negotiated:
        """What has been agreed on for the SOP class."""
        return self.terms.negotiated

    def fits(self, entry: Asked) -> bool:
        """Tell whether `entry` matches all keys of its level."""
        tests = self._tests.get(entry.level)
        if tests is None:
            tests = self._tests[entry.level] = tests_of(self.keys[entry.level], self.terms)
        return all(test(entry) for test in tests)

    def equal(self, tag: int) -> tuple[str, ...] | None:
        """Return the values of which an attribute has to have one, letter for letter; ``None`` if that cannot be told."""
        key = self._key(tag)
        if key is None or key.VR not in _LITERAL:
            return None
        values = texts(key)
        if key.VR != "UI" and (len(values) != 1 or has_wild_card(values[0])):
            return None
        return None if self._is_empty_value(values) else tuple(values)

    def prefix(self, tag: int) -> str | None:
        """Return what the value of a match begins with, a name's in lower case; ``None`` if that cannot be told."""
        key = self._key(tag)
        if key is None or key.VR not in _LITERAL | {"PN"} or len(texts(key)) != 1 or self._is_empty_value(texts(key)):
            return None
        value = texts(key)[0]
        if key.VR == "PN":
            groups = name_groups(value)
            if len(groups) != 1 or self.negotiated.fuzzy_names:
                return None
            value = groups[0]
        return re.split(r"[*?]", value, maxsplit=1)[0] or None

    def between(self, tag: int) -> tuple[str, str] | None:
        """Return the first and the last date of a match; ``None`` if that cannot be told."""
        key = self._key(tag)
        if key is None or key.VR != "DA" or len(texts(key)) != 1 or self._is_empty_value(texts(key)):
            return None
        span = dates(texts(key)[0])
        return (span.low, span.high) if self.terms.asked is None else (day_before(span.low), day_after(span.high))

    def _key(self, tag: int) -> DataElement | None:
        return next((key for key in self.keys[LEVEL_OF[tag]] if key.tag == tag), None)

    def _is_empty_value(self, values: list[str]) -> bool:
        return self.negotiated.empty_value and values == [EMPTY]


def read_identifier(data: bytes, syntax: UID) -> Dataset:
    """Return a request's identifier with all its values read.

    Raises
    ------
    BadIdentifierError
        If it cannot be read.
    """
    try:
        check_complete(data, syntax)
    except DamagedDataSetError as exc:
        raise BadIdentifierError(str(exc)) from exc
    tag = None
    with warnings.catch_warnings():
        # a key may have values that no attribute may have: wild cards, ranges
        warnings.simplefilter("ignore")
        try:
            ds = decode(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian, syntax.is_deflated)
            for tag in list(ds.keys()):
                if ds[tag].VR == "UN":
                    ds[tag] = _known(ds[tag])
                look_at(ds[tag])
        except Exception as exc:
            # whatever a parser stumbles over in hostile bytes means the same here
            raise BadIdentifierError(f"unreadable: {exc}", tag) from exc
    return ds


def _known(element: DataElement) -> DataElement:
    """Return a key that is written as UN under its own VR: a long list of UIDs is (PS3.5 6.2.2), and pydicom leaves it so."""
    vr = VR_OF.get(int(element.tag))
    if vr is None or not isinstance(element.value, bytes):
        return element
    values = value_texts(element.value, vr)
    return DataElement(element.tag, vr, values if len(values) > 1 else "".join(values))


def find_query(
    identifier: Dataset, levels: Levels, *, relational: bool = False, terms: Terms = PLAIN, repository: bool = False
) -> Query:
    """Return what the identifier of a C-FIND asks for.

    Parameters
    ----------
    identifier : Dataset
        The request's identifier.
    levels : tuple of Level
        The levels of the information model.
    relational : bool
        Whether keys may be of any level; else the rules of hierarchical queries hold (PS3.4 C.4.1.2.2.1).
    terms : Terms
        How the keys are to be understood.
    repository : bool
        Whether it is of the Repository Query SOP class, which has keys of its own (PS3.4 C.6.4.1).

    Raises
    ------
    BadIdentifierError
        If it breaks the rules; it tells all the keys that do.
    NoSuchRecordError
        If it goes on behind a record that there cannot be.
    """
    query = Query(_level_of(identifier, levels), character_sets=_character_sets(identifier), terms=terms)
    query.zone = _TIMEZONE in identifier
    relational = relational or terms.negotiated.relational
    breaches: list[BadIdentifierError] = []
    for key in _keys(identifier, breaches, terms):
        level = LEVEL_OF.get(int(key.tag))
        if repository and int(key.tag) in _REPOSITORY:
            _take_repository_key(query, key)
            continue
        if level is None:
            query.unsupported.append(int(key.tag))
            continue
        breaches += _misplaced(key, level, query.level, levels, relational=relational)
        query.wanted.append(key)
        if is_universal(key):
            continue
        if key.tag in COUNTS:
            query.unsupported.append(int(key.tag))
        else:
            query.keys[level].append(key)
    breaches += [*_bad_pairs(query), *([] if relational else _missing_above(query, levels))]
    _refuse(breaches)
    return query


def retrieve_query(identifier: Dataset, levels: Levels, *, relational: bool = False) -> Query:
    """Return what the identifier of a C-MOVE or C-GET asks for: unique keys and nothing else (PS3.4 C.4.2.2.1).

    Parameters and errors are those of `find_query`.
    """
    query = Query(_level_of(identifier, levels))
    breaches: list[BadIdentifierError] = []
    for key in _keys(identifier, breaches, PLAIN):
        level = LEVEL_OF.get(int(key.tag))
        if level is None or key.tag != UNIQUE[level]:
            breaches.append(BadIdentifierError(f"{_name(key)} is no unique key", int(key.tag)))
            continue
        # a relational retrieval may leave out what is above, and names nothing below either (PS3.4 C.4.2.2.2)
        breaches += _misplaced(key, level, query.level, levels, relational=False)
        if texts(key):
            query.keys[level].append(key)
    if not query.keys[query.level]:
        breaches.append(_missing(query.level))
    if any(has_wild_card(text) for key in query.keys[query.level] for text in texts(key)):
        breaches.append(BadIdentifierError("a unique key has a wild card", UNIQUE[query.level]))
    _refuse([*breaches, *([] if relational else _missing_above(query, levels))])
    return query


def _take_repository_key(query: Query, key: DataElement) -> None:
    """Take one of the keys that only a Repository Query has (PS3.4 C.6.4.1)."""
    if key.tag == _RECORD_KEY:
        query.record_keys = True
    elif key.tag == _MAXIMUM:
        query.most = int(key.value) if key.value is not None else None
    elif key.value:
        level, _, row = bytes(key.value).decode("ascii", "replace").strip(" \0").partition(" ")
        if level != query.level or not _ROW.fullmatch(row):
            raise NoSuchRecordError
        query.after = int(row)


def _refuse(breaches: list[BadIdentifierError]) -> None:
    """Raise one error for all breaches, if there are any."""
    if breaches:
        tags = dict.fromkeys(tag for breach in breaches for tag in breach.breaches)
        raise BadIdentifierError(breaches[0].comment, *tags)


def _level_of(identifier: Dataset, levels: Levels) -> Level:
    told = texts(identifier.get(_LEVEL))
    if not told:
        raise BadIdentifierError("Query/Retrieve Level is missing", _LEVEL)
    if len(told) > 1 or told[0] not in levels:
        raise BadIdentifierError(f"the model has no level {told[0]}", _LEVEL)
    return Level(told[0])


def _character_sets(identifier: Dataset) -> tuple[str, ...]:
    return tuple(texts(identifier.get(_CHARACTER_SET)))


def _keys(identifier: Dataset, breaches: list[BadIdentifierError], terms: Terms) -> Iterator[DataElement]:
    """Yield the keys; group lengths, what is no key, and a key whose value cannot be matched, which is a breach, are left out."""
    for key in identifier:
        if key.tag in NO_KEYS or key.tag.element == 0:
            continue
        try:
            check_key(key, terms)
        except BadKeyError as exc:
            breaches.append(BadIdentifierError(f"{_name(key)}: {exc}", int(key.tag)))
        else:
            yield key


def _bad_pairs(query: Query) -> Iterator[BadIdentifierError]:
    """Yield what is wrong with keys that belong together."""
    for keys in query.keys.values():
        try:
            check_keys(keys, query.terms)
        except BadKeyError as exc:
            times = [int(key.tag) for key in keys if key.VR == "TM"]
            yield BadIdentifierError(str(exc), *times)


def _misplaced(
    key: DataElement, level: Level, asked: Level, levels: Levels, *, relational: bool
) -> Iterator[BadIdentifierError]:
    """Yield why `key` may not stand in a query at the level `asked` (PS3.4 C.4.1.2.2.1, C.4.1.2.1)."""
    # in Study Root the attributes of the patient are the study's
    depth = max(level.depth, levels[0].depth)
    if depth > (levels[-1].depth if relational else asked.depth):
        yield BadIdentifierError(f"{_name(key)} is below the level {asked}", int(key.tag))
    elif depth < asked.depth and not relational:
        if key.tag != UNIQUE[level]:
            yield BadIdentifierError(f"{_name(key)} is no unique key of a level above {asked}", int(key.tag))
            return
        values = texts(key)
        if len(values) > 1 or any(has_wild_card(value) for value in values) or values == [EMPTY]:
            yield BadIdentifierError(f"{_name(key)} wants a single value", int(key.tag))


def _missing_above(query: Query, levels: Levels) -> Iterator[BadIdentifierError]:
    for level in levels:
        if level.depth < query.level.depth and not query.keys[level]:
            yield _missing(level)


def _missing(level: Level) -> BadIdentifierError:
    return BadIdentifierError(f"{dictionary_description(UNIQUE[level])} is missing", UNIQUE[level])


def _name(key: DataElement) -> str:
    return str(key.name)


def search(index: Index, query: Query) -> list[Entry]:
    """Return the entries at the level of `query` that match it."""
    return list(index.search(query))
