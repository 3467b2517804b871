"""Identifiers of C-FIND, C-MOVE and C-GET: are they good (PS3.4 C.4.1.2, C.4.2.2), what do they match, what is answered."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO

from pydicom.datadict import dictionary_description
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.dsutils import decode

from linacsim.devices.archive.attributes import COUNTS, LEVEL_OF, LEVELS, NO_KEYS, UNIQUE, Level
from linacsim.devices.archive.index import Entry, Index
from linacsim.devices.archive.matching import BadKeyError, check_key, has_wild_card, is_universal, texts
from linacsim.devices.storage.instance import DamagedDataSetError, check_complete

_CHARACTER_SET = 0x00080005
_LEVEL = 0x00080052
Levels = tuple[Level, ...]


class BadIdentifierError(Exception):
    """An identifier is not one of its information model: the answer is A900 (PS3.4 C.4.1.1.4, C.4.2.1.5).

    Attributes
    ----------
    comment : str
        Why, for the Error Comment.
    offending : int or None
        The tag at fault.
    """

    def __init__(self, comment: str, offending: int | None = None) -> None:
        super().__init__(comment, offending)
        self.comment = comment
        self.offending = offending


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
    """

    level: Level
    keys: dict[Level, list[DataElement]] = field(default_factory=lambda: {level: [] for level in LEVELS})
    wanted: list[DataElement] = field(default_factory=list)
    unsupported: list[int] = field(default_factory=list)
    character_sets: tuple[str, ...] = ()


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
                _read(ds[tag])
        except Exception as exc:
            # whatever a parser stumbles over in hostile bytes means the same here
            raise BadIdentifierError(f"unreadable: {exc}", tag) from exc
    return ds


def _read(element: DataElement) -> None:
    """Look at every value, however deep: pydicom converts them when they are looked at."""
    if element.VR == "SQ":
        for item in element.value or ():
            for inner in item:
                _read(inner)
    else:
        texts(element)


def find_query(identifier: Dataset, levels: Levels, *, relational: bool = False) -> Query:
    """Return what the identifier of a C-FIND asks for.

    Parameters
    ----------
    identifier : Dataset
        The request's identifier.
    levels : tuple of Level
        The levels of the information model.
    relational : bool
        Whether keys may be of any level; else the rules of hierarchical queries hold (PS3.4 C.4.1.2.2.1).

    Raises
    ------
    BadIdentifierError
        If it breaks the rules.
    """
    query = Query(_level_of(identifier, levels), character_sets=_character_sets(identifier))
    for key in _keys(identifier):
        level = LEVEL_OF.get(int(key.tag))
        if level is None:
            query.unsupported.append(int(key.tag))
            continue
        if not relational:
            _check_place(key, level, query.level, levels)
        query.wanted.append(key)
        if is_universal(key):
            continue
        if key.tag in COUNTS:
            query.unsupported.append(int(key.tag))
        else:
            query.keys[level].append(key)
    if not relational:
        _expect_keys_above(query, levels)
    return query


def retrieve_query(identifier: Dataset, levels: Levels, *, relational: bool = False) -> Query:
    """Return what the identifier of a C-MOVE or C-GET asks for: unique keys and nothing else (PS3.4 C.4.2.2.1).

    Parameters and errors are those of `find_query`.
    """
    query = Query(_level_of(identifier, levels))
    for key in _keys(identifier):
        level = LEVEL_OF.get(int(key.tag))
        if level is None or key.tag != UNIQUE[level]:
            raise BadIdentifierError(f"{_name(key)} is no unique key", int(key.tag))
        _check_place(key, level, query.level, levels)
        if not is_universal(key):
            query.keys[level].append(key)
    if not query.keys[query.level]:
        raise _missing(query.level)
    if any(has_wild_card(text) for key in query.keys[query.level] for text in texts(key)):
        raise BadIdentifierError("a unique key has a wild card", UNIQUE[query.level])
    if not relational:
        _expect_keys_above(query, levels)
    return query


def _level_of(identifier: Dataset, levels: Levels) -> Level:
    told = texts(identifier.get(_LEVEL))
    if not told:
        raise BadIdentifierError("Query/Retrieve Level is missing", _LEVEL)
    if len(told) > 1 or told[0] not in levels:
        raise BadIdentifierError(f"the model has no level {told[0]}", _LEVEL)
    return Level(told[0])


def _character_sets(identifier: Dataset) -> tuple[str, ...]:
    return tuple(texts(identifier.get(_CHARACTER_SET)))


def _keys(identifier: Dataset) -> Iterator[DataElement]:
    """Yield the keys; group lengths and what is no key are left out.

    Raises
    ------
    BadIdentifierError
        If the value of one cannot be matched.
    """
    for key in identifier:
        if key.tag in NO_KEYS or key.tag.element == 0:
            continue
        try:
            check_key(key)
        except BadKeyError as exc:
            raise BadIdentifierError(f"{_name(key)}: {exc}", int(key.tag)) from exc
        yield key


def _check_place(key: DataElement, level: Level, asked: Level, levels: Levels) -> None:
    """Check that `key` may stand in a query at the level `asked` (PS3.4 C.4.1.2.2.1, C.4.1.2.1)."""
    # in Study Root the attributes of the patient are the study's
    depth = max(level.depth, levels[0].depth)
    if depth > asked.depth:
        raise BadIdentifierError(f"{_name(key)} is below the level {asked}", int(key.tag))
    if depth == asked.depth:
        return
    if key.tag != UNIQUE[level]:
        raise BadIdentifierError(f"{_name(key)} is no unique key of a level above {asked}", int(key.tag))
    values = texts(key)
    if len(values) > 1 or any(has_wild_card(value) for value in values):
        raise BadIdentifierError(f"{_name(key)} wants a single value", int(key.tag))


def _expect_keys_above(query: Query, levels: Levels) -> None:
    for level in levels:
        if level.depth < query.level.depth and not query.keys[level]:
            raise _missing(level)


def _missing(level: Level) -> BadIdentifierError:
    return BadIdentifierError(f"{dictionary_description(UNIQUE[level])} is missing", UNIQUE[level])


def _name(key: DataElement) -> str:
    return str(key.name)


def search(index: Index, query: Query) -> list[Entry]:
    """Return the entries at the level of `query` that match it."""
    return list(index.search(query))
