"""Searches of the index: SQL narrows, and the query itself decides; what is found comes in pages, in the order of arrival."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from pydicom.datadict import tag_for_keyword
from sqlalchemy import ARRAY, BindParameter, ColumnElement, Integer, String, any_, bindparam, exists, func, select
from sqlalchemy.sql import Select

from linacsim.devices.archive.attributes import LEVELS, Level
from linacsim.devices.archive.index.database import Database, Run
from linacsim.devices.archive.index.entry import Entry, Kept
from linacsim.devices.archive.index.narrowing import Wanted, between, prefix
from linacsim.devices.archive.index.schema import INSTANCES, PARENT, PATIENTS, SERIES, STUDIES, TABLES
from linacsim.devices.archive.index.tallies import Breathe, Tallies, is_tally
from linacsim.devices.uids import uid as uid_of

_FIRST_PAGE, _PAGE = 128, 1024
_LIST = 5000
"""Values of a list that one statement is for."""
_KNOWN_MOST = 4096
"""Entries above that a search remembers."""
_LAST_CHARACTER = "\U0010ffff"


def _tag(keyword: str) -> int:
    return int(tag_for_keyword(keyword) or 0)


_COLUMNS: dict[int, tuple[Level, ColumnElement[Any]]] = {
    _tag("PatientID"): (Level.PATIENT, PATIENTS.c.uid),
    _tag("StudyInstanceUID"): (Level.STUDY, STUDIES.c.uid),
    _tag("AccessionNumber"): (Level.STUDY, STUDIES.c.accession),
    _tag("SeriesInstanceUID"): (Level.SERIES, SERIES.c.uid),
    _tag("Modality"): (Level.SERIES, SERIES.c.modality),
    _tag("SOPInstanceUID"): (Level.IMAGE, INSTANCES.c.uid),
    _tag("SOPClassUID"): (Level.IMAGE, INSTANCES.c["class"]),
}
"""What can be narrowed by a value or the beginning of one."""
_NAME, _DATE, _MODALITIES = _tag("PatientName"), _tag("StudyDate"), _tag("ModalitiesInStudy")


_RANGES = frozenset({"between", "name", "prefix"})


class _Part(NamedTuple):
    """A condition: what kind, on which attribute."""

    kind: str
    tag: int


class _Narrowed(NamedTuple):
    """What SQL is asked: the conditions, and their values one after the other."""

    parts: tuple[_Part, ...]
    values: tuple[Any, ...]


class Searching:
    """Runs searches on the database of an index.

    Parameters
    ----------
    database : Database
        The database.
    base : str
        The folder on the shelf that the paths are counted from; empty, or with a slash at its end.
    breathe : callable
        Called between pages: a search that finds nothing for long does not hold up the others.
    """

    def __init__(self, database: Database, base: str, breathe: Breathe) -> None:
        self._database = database
        self._base = base
        self._breathe = breathe
        self._tallies = Tallies(database)
        self._prepared: dict[Any, Run] = {}

    def search(self, query: Wanted, after: int = 0) -> Iterator[Entry]:
        """Yield the entries at the level of `query` that match it."""
        lowest = max(
            (level for level in LEVELS if query.keys[level]), key=lambda level: level.depth, default=query.level
        )
        lowest = max(lowest, query.level, key=lambda level: level.depth)
        tags = _tallies_in(query)
        for narrowed in self._narrow(query, lowest):
            behind = (after, 0)
            yield from self._pages(query, lowest, narrowed, tags, behind)

    def _pages(
        self, query: Wanted, lowest: Level, narrowed: _Narrowed, tags: Sequence[int], behind: tuple[int, int]
    ) -> Iterator[Entry]:
        run = self._statement(query.level, lowest, narrowed.parts)
        size, said, known = _FIRST_PAGE, -1, _Known(self._tallies, self._base)
        above: Entry | None = None
        above_fits = True
        while True:
            bounds = behind[:1] if lowest is query.level else (behind[0], behind[0], behind[1])
            rows = self._database.all(run, *narrowed.values, *bounds, size)
            found = [known.entry(row, lowest) for row in rows]
            self._tallies.prefetch(found, tags)
            for entry in found:
                if entry.above is not above:
                    above = entry.above
                    above_fits = above is None or all(query.fits(one) for one in above.chain())
                owner = next(one for one in entry.chain() if one.level is query.level)
                behind = (owner.row, entry.row)
                if owner.row != said and above_fits and query.fits(entry):
                    said = owner.row
                    yield owner
            if len(rows) < size:
                return
            size = _PAGE
            self._breathe()

    def _statement(self, level: Level, lowest: Level, parts: tuple[_Part, ...]) -> Run:
        shape = (level, lowest, parts)
        if shape not in self._prepared:
            names: list[str] = []
            statement = _rows(lowest)
            for number, part in enumerate(parts):
                condition, wanted = self._condition(part, f"p{number}_")
                statement = statement.where(condition)
                names += wanted
            owner, low = TABLES[level].c.id, TABLES[lowest].c.id
            if lowest is level:
                statement = statement.where(owner > bindparam("after", type_=Integer)).order_by(owner)
                names.append("after")
            else:
                later = (owner == bindparam("same", type_=Integer)) & (low > bindparam("low", type_=Integer))
                statement = statement.where((owner > bindparam("after", type_=Integer)) | later).order_by(owner, low)
                names += ["after", "same", "low"]
            statement = statement.limit(bindparam("most", type_=Integer))
            self._prepared[shape] = self._database.prepare(statement, *names, "most")
        return self._prepared[shape]

    def _condition(self, part: _Part, name: str) -> tuple[ColumnElement[bool], list[str]]:
        """Return a condition and the names of its values."""
        one, two = bindparam(f"{name}a", type_=String), bindparam(f"{name}b", type_=String)
        if part.kind in _RANGES:
            return _range(part, one, two), [one.key, two.key]
        if part.kind == "has":
            inside = exists().where(SERIES.c.study == STUDIES.c.id, SERIES.c.modality == one)
            return inside.correlate(STUDIES), [one.key]
        column = _COLUMNS[part.tag][1]
        if part.kind == "equal":
            return column == one, [one.key]
        if self._database.is_sqlite:
            return column.in_(select(func.json_each(one).table_valued("value").c.value)), [one.key]
        return column == any_(bindparam(one.key, type_=ARRAY(String))), [one.key]

    def _narrow(self, query: Wanted, lowest: Level) -> Iterator[_Narrowed]:
        """Yield what SQL is asked: once, or for a long list several times."""
        parts: list[_Part] = []
        values: list[Any] = []
        longest: tuple[_Part, tuple[str, ...]] | None = None
        for level in LEVELS[: lowest.depth + 1]:
            for key in query.keys[level]:
                tag = int(key.tag)
                one_of = query.equal(tag) if tag in _COLUMNS or tag == _MODALITIES else None
                if one_of is not None and len(one_of) > 1 and tag in _COLUMNS:
                    if longest is None or len(one_of) > len(longest[1]):
                        longest = _Part("list", tag), one_of
                    continue
                found = _narrowed_by(query, tag, one_of)
                if found is not None:
                    parts.append(found[0])
                    values += found[1]
        if longest is None:
            yield _Narrowed(tuple(parts), tuple(values))
            return
        # of several lists the longest is the one that narrows most; the query decides on the others
        part, every = longest
        for first in range(0, len(every), _LIST):
            chunk = [plain(one) for one in every[first : first + _LIST]]
            told = json.dumps(chunk) if self._database.is_sqlite else chunk
            yield _Narrowed((*parts, part), (*values, told))


def _range(part: _Part, low: BindParameter[str], high: BindParameter[str]) -> ColumnElement[bool]:
    if part.kind == "between":
        return STUDIES.c.date.between(low, high)
    column = PATIENTS.c.name if part.kind == "name" else _COLUMNS[part.tag][1]
    inside = (column >= low) & (column < high)
    # names with further component groups are all looked at: the key may match any of them
    return inside | (PATIENTS.c.names > "") if part.kind == "name" else inside


class _Known:
    """Makes entries of rows; what many of them belong to is made once."""

    def __init__(self, tallies: Tallies, base: str) -> None:
        self._tallies = tallies
        self._base = base
        self._above: dict[tuple[Level, int], Entry] = {}

    def entry(self, row: Sequence[Any], level: Level) -> Entry:
        """Return the entry that a row of `_rows` is of."""
        above, at = None, 0
        if len(self._above) > _KNOWN_MOST:
            self._above.clear()
        for one in LEVELS[: level.depth]:
            key = (one, row[at])
            entry = self._above.get(key)
            if entry is None:
                entry = self._above[key] = Entry(one, row[at + 1], row[at + 2], above, row[at], self._tallies)
            above, at = entry, at + 3
        entry = Entry(level, row[at + 1], row[at + 2], above, row[at], self._tallies)
        if level is Level.IMAGE:
            entry.kept = kept_of(self._base, row[at + 1], *row[at + 3 :])
        return entry


def kept_of(base: str, uid: str, sop_class: str, syntax: str, path: str, start: int, size: int) -> Kept:
    """Return where an instance is, from the columns of its row."""
    return Kept(base + path, sop_class, uid, uid_of(syntax), start, size)


KEPT = tuple(INSTANCES.c[name] for name in ("uid", "class", "syntax", "path", "start", "size"))
"""The columns that `kept_of` wants."""


def _rows(level: Level) -> Select[Any]:
    """Return the statement that selects entries of `level` with everything that they belong to, from the top."""
    columns: list[ColumnElement[Any]] = []
    for one in LEVELS[: level.depth + 1]:
        table = TABLES[one]
        columns += [table.c.id, table.c.uid, table.c.blob]
    if level is Level.IMAGE:
        columns += KEPT[1:]
    joined: Any = TABLES[level]
    for below in reversed(LEVELS[1 : level.depth + 1]):
        above = TABLES[LEVELS[below.depth - 1]]
        joined = joined.join(above, PARENT[below] == above.c.id)
    return select(*columns).select_from(joined)


def _narrowed_by(query: Wanted, tag: int, one_of: tuple[str, ...] | None) -> tuple[_Part, list[Any]] | None:
    """Return the condition that a key narrows with, and its values; ``None`` if it does not."""
    if tag == _MODALITIES:
        return (_Part("has", tag), [plain(one_of[0])]) if one_of is not None and len(one_of) == 1 else None
    if tag == _DATE:
        bounds = between(query, tag)
        return None if bounds is None else (_Part("between", tag), list(bounds))
    if one_of is not None and len(one_of) == 1:
        return _Part("equal", tag), [plain(one_of[0])]
    if tag not in _COLUMNS and tag != _NAME:
        return None
    beginning = prefix(query, tag)
    if not beginning:
        return None
    low = plain(beginning)
    return _Part("name" if tag == _NAME else "prefix", tag), [low, low + _LAST_CHARACTER]


def _tallies_in(query: Wanted) -> list[int]:
    keys = [int(key.tag) for level in LEVELS for key in query.keys[level]]
    wanted = [int(key.tag) for key in query.wanted]
    return [tag for tag in dict.fromkeys((*keys, *wanted)) if is_tally(tag)]


def plain(text: str) -> str:
    """Return a text as it stands in the tables: PostgreSQL has no NUL and no halves of surrogate pairs."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")
