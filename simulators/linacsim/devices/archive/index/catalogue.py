"""The index of an archive: adding, removing, and finding again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import Any

from pydicom.datadict import tag_for_keyword
from sqlalchemy import Insert, Integer, String, Table, bindparam, func, select

from linacsim.devices.archive.attributes import LEVELS, Level
from linacsim.devices.archive.index.database import Database, IndexFailedError
from linacsim.devices.archive.index.entry import Entry, Kept
from linacsim.devices.archive.index.header import Header
from linacsim.devices.archive.index.interface import Filing, Index, New
from linacsim.devices.archive.index.narrowing import Wanted
from linacsim.devices.archive.index.schema import INSTANCES, PARENT, PATIENTS, SERIES, STUDIES, TABLES
from linacsim.devices.archive.index.searching import KEPT, Searching, kept_of, plain
from linacsim.devices.archive.index.tallies import Breathe

_SERIES_MOST = 4096
"""Series that are remembered while their instances come."""
_PAGE = 1000


class Catalogue(Index):
    """Everything that an archive knows of, in a database.

    Parameters
    ----------
    database : Database
        Where it is kept.
    base : str
        The folder on the shelf that paths are counted from; empty, or with a slash at its end.
    breathe : callable
        Called in long searches, to let others have their turn.
    """

    def __init__(self, database: Database, base: str = "", breathe: Breathe = lambda: None) -> None:
        self.database = database
        self._base = base
        self._searching = Searching(database, base, breathe)
        self._series: OrderedDict[tuple[str, str], Filing] = OrderedDict()
        self._prepare()

    def _prepare(self) -> None:
        prepare = self.database.prepare
        uid, study = bindparam("uid", type_=String), bindparam("study", type_=String)
        row = bindparam("row", type_=Integer)
        whose = (STUDIES.c.patient, PATIENTS.c.uid, PATIENTS.c.blob, STUDIES.c.id)
        of_study = STUDIES.join(PATIENTS, STUDIES.c.patient == PATIENTS.c.id)
        self._find_series = prepare(
            select(*whose, SERIES.c.id, SERIES.c.folder, SERIES.c.classes)
            .select_from(of_study.join(SERIES, SERIES.c.study == STUDIES.c.id))
            .where(SERIES.c.uid == uid, STUDIES.c.uid == study),
            "uid",
            "study",
        )
        self._find_study = prepare(select(*whose).select_from(of_study).where(STUDIES.c.uid == uid), "uid")
        self._find_patient = prepare(
            select(PATIENTS.c.id, PATIENTS.c.uid, PATIENTS.c.blob).where(PATIENTS.c.uid == uid), "uid"
        )
        self._beside = prepare(select(SERIES.c.folder).where(SERIES.c.study == row).limit(1), "row")
        self._find = prepare(select(*KEPT).where(INSTANCES.c.uid == uid), "uid")
        self._insert = {
            level: prepare(_insertion(table).returning(table.c.id), *_columns(table)) for level, table in TABLES.items()
        }
        self._insert_instance = prepare(_insertion(INSTANCES).inline(), *_columns(INSTANCES))
        self._set_classes = prepare(
            SERIES.update()
            .where(SERIES.c.id == bindparam("row", type_=Integer))
            .values(classes=bindparam("told", type_=String)),
            "told",
            "row",
        )

    # adding

    def filing(self, header: Header) -> Filing:
        """Return where an instance belongs."""
        key = header.unique[Level.STUDY], header.unique[Level.SERIES]
        known = self._series.get(key)
        if known is not None:
            return known
        found = self.database.one(self._find_series, key[1], key[0])
        if found is not None:
            *whose, series, folder, classes = found
            filing = self._remember(key, Filing(*_whose(whose), series, folder, classes.split("\\") if classes else []))
        elif (of_study := self.database.one(self._find_study, key[0])) is not None:
            beside = self.database.one(self._beside, of_study[3])
            filing = Filing(*_whose(of_study), 0, str(beside[0]) if beside else "")
        else:
            filing = Filing(*(self.database.one(self._find_patient, plain(header.unique[Level.PATIENT])) or ()))
        return filing

    def _remember(self, key: tuple[str, str], filing: Filing) -> Filing:
        self._series[key] = filing
        if len(self._series) > _SERIES_MOST:
            self._series.popitem(last=False)
        return filing

    def add(self, new: New, filing: Filing | None = None) -> None:
        """Add an instance that is not there yet: when this returns, it is committed.

        Raises
        ------
        IndexFailedError
            If the database does not take it; nothing has been added then.
        """
        where = filing or self.filing(new.header)
        if where.series and new.sop_class in where.classes:
            # nearly always: one statement, and a transaction by itself
            self._add_below(new, where.series)
        else:
            self._add_with_above(new, where)

    def _add_below(self, new: New, series: int) -> None:
        header, blob = new.header, new.header.blob(Level.IMAGE)
        uid = header.unique[Level.IMAGE]
        self._insert_instance(series, uid, new.sop_class, new.syntax, new.path, new.start, new.size, blob)

    def _add_with_above(self, new: New, where: Filing) -> None:
        """Add the first instance of a series, or of a class in it."""
        header = new.header
        was = where.patient, where.study, where.series, list(where.classes)
        try:
            with self.database.transaction():
                self._add_above(header, where, new.path)
                self._add_below(new, where.series)
                if new.sop_class not in where.classes:
                    where.classes.append(new.sop_class)
                    self._set_classes("\\".join(where.classes), where.series)
        except BaseException:
            where.patient, where.study, where.series, where.classes = was
            self._series.pop((header.unique[Level.STUDY], header.unique[Level.SERIES]), None)
            raise

    def _add_above(self, header: Header, where: Filing, path: str) -> None:
        """Add the patient, study and series that are not there yet."""
        if where.series:
            return
        if not where.patient:
            where.patient_id, where.patient_blob = header.unique[Level.PATIENT], header.blob(Level.PATIENT)
            where.patient = self._insert_row(
                Level.PATIENT, plain(where.patient_id), *_names(header), where.patient_blob
            )
        if not where.study:
            texts = header.values[Level.STUDY].texts
            where.study = self._insert_row(
                Level.STUDY,
                where.patient,
                header.unique[Level.STUDY],
                plain(_date(_first(texts(_tag("StudyDate"))))),
                plain(_first(texts(_tag("AccessionNumber")))),
                header.blob(Level.STUDY),
            )
        where.folder = path.rpartition("/")[0]
        modality = "\\".join(header.values[Level.SERIES].texts(_tag("Modality")))
        where.series = self._insert_row(
            Level.SERIES,
            where.study,
            header.unique[Level.SERIES],
            plain(modality),
            0,
            "",
            where.folder,
            header.blob(Level.SERIES),
        )
        self._remember((header.unique[Level.STUDY], header.unique[Level.SERIES]), where)

    def _insert_row(self, level: Level, *values: Any) -> int:
        found = self.database.one(self._insert[level], *values)
        if found is None:
            raise IndexFailedError("a row was not taken")
        return int(found[0])

    def replace(self, new: New) -> None:
        """Let a known instance be another one: its contents, and where it is."""
        with self.database.transaction():
            self.remove(new.header.unique[Level.IMAGE])
            self.add(new)

    def change_patient(self, header: Header, filing: Filing) -> None:
        """Let the patient of a study be as an instance tells: other attributes, or another patient."""
        with self.database.transaction():
            if plain(header.unique[Level.PATIENT]) == plain(filing.patient_id):
                self.database.prepare(
                    PATIENTS.update()
                    .where(PATIENTS.c.id == filing.patient)
                    .values(dict(zip(("name", "names"), _names(header), strict=True), blob=header.blob(Level.PATIENT)))
                )()
            else:
                self._move_study(header, filing)
        self._series.clear()

    def _move_study(self, header: Header, filing: Filing) -> None:
        unique = plain(header.unique[Level.PATIENT])
        found = self.database.one(self._find_patient, unique)
        patient = (
            int(found[0])
            if found is not None
            else self._insert_row(Level.PATIENT, unique, *_names(header), header.blob(Level.PATIENT))
        )
        if filing.study:
            self.database.prepare(STUDIES.update().where(STUDIES.c.id == filing.study).values(patient=patient))()
            self._remove_empty(Level.PATIENT, filing.patient)

    # removing

    def remove(self, sop_instance: str) -> None:
        """Forget an instance, and what is left empty by that."""
        run = self.database.prepare(select(INSTANCES.c.id, INSTANCES.c.series).where(INSTANCES.c.uid == sop_instance))
        with self.database.transaction():
            found = self.database.one(run)
            if found is None:
                return
            row, series = found
            self.database.prepare(INSTANCES.delete().where(INSTANCES.c.id == row))()
            left = select(INSTANCES.c["class"]).where(INSTANCES.c.series == series).group_by(INSTANCES.c["class"])
            classes = [str(one) for (one,) in self.database.all(self.database.prepare(left))]
            self._set_classes("\\".join(classes), series)
            self._remove_empty(Level.SERIES, series)
        self._series.clear()

    def _remove_empty(self, level: Level, row: int) -> None:
        """Remove an entry that nothing belongs to, and then what it belonged to."""
        below = LEVELS[level.depth + 1]
        table = TABLES[level]
        some = select(TABLES[below].c.id).where(PARENT[below] == row).limit(1)
        if self.database.one(self.database.prepare(some)) is not None:
            return
        above = LEVELS[level.depth - 1] if level is not Level.PATIENT else None
        parent = None
        if above is not None:
            parent = self.database.one(self.database.prepare(select(PARENT[level]).where(table.c.id == row)))
        self.database.prepare(table.delete().where(table.c.id == row))()
        if above is not None and parent is not None:
            self._remove_empty(above, parent[0])

    # finding

    def search(self, query: Wanted, *, limit: int | None = None, after: int = 0) -> Iterator[Entry]:
        """Yield the entries at the level of `query` that match it, in the order of arrival.

        Parameters
        ----------
        query : Wanted
            What is looked for.
        limit : int or None
            How many to yield at most.
        after : int
            The `Entry.row` behind which to begin.

        Raises
        ------
        IndexFailedError
            If the database does not answer.
        """
        return islice(self._searching.search(query, after), limit)

    def instances_of(self, entry: Entry) -> Iterator[Kept]:
        """Yield where the instances below `entry` (or it itself) are, in the order of arrival."""
        if entry.kept is not None:
            yield entry.kept
            return
        joined: Any = INSTANCES
        for below in reversed(LEVELS[entry.level.depth + 1 :]):
            above = TABLES[LEVELS[below.depth - 1]]
            if above is not TABLES[entry.level]:
                joined = joined.join(above, PARENT[below] == above.c.id)
        owner = PARENT[LEVELS[entry.level.depth + 1]]
        run = self.database.prepare(
            select(*KEPT, INSTANCES.c.id)
            .select_from(joined)
            .where(owner == entry.row, INSTANCES.c.id > bindparam("after", type_=Integer))
            .order_by(INSTANCES.c.id)
            .limit(_PAGE),
            "after",
        )
        after = 0
        while rows := self.database.all(run, after):
            for row in rows:
                yield kept_of(self._base, *row[:-1])
            after = rows[-1][-1]

    def instance(self, sop_instance: str) -> Kept | None:
        """Return where an instance is, ``None`` if it is not known."""
        found = self.database.one(self._find, sop_instance)
        return None if found is None else kept_of(self._base, *found)

    def nth(self, ordinal: int) -> Kept | None:
        """Return where the first (1), second... instance that came is; -1 is the last."""
        order = INSTANCES.c.id.desc() if ordinal < 0 else INSTANCES.c.id
        steps = -ordinal - 1 if ordinal < 0 else ordinal - 1
        found = self.database.one(self.database.prepare(select(*KEPT).order_by(order).limit(1).offset(steps)))
        return None if found is None else kept_of(self._base, *found)

    def count(self, level: Level = Level.IMAGE) -> int:
        """Return how many entries of `level` there are."""
        # the series have counted their instances already
        what = func.coalesce(func.sum(SERIES.c.instances), 0) if level is Level.IMAGE else func.count()
        table = SERIES if level is Level.IMAGE else TABLES[level]
        found = self.database.one(self.database.prepare(select(what).select_from(table)))
        return int(found[0]) if found else 0

    def noted(self) -> dict[str, str]:
        """Return what has been noted about the index."""
        return self.database.noted()

    def note(self, name: str, value: str) -> None:
        """Note something about the index."""
        self.database.note(name, value)

    def together(self) -> AbstractContextManager[None]:
        """Commit what is added in the block at its end, and not one after the other."""
        return self.database.transaction()

    def close(self) -> None:
        """Give the database back."""
        self.database.close()


def _columns(table: Table) -> list[str]:
    return [one.name for one in table.columns if one.name != "id"]


def _insertion(table: Table) -> Insert:
    return table.insert().values({name: bindparam(name, type_=table.c[name].type) for name in _columns(table)})


def _whose(row: Any) -> tuple[int, str, bytes, int]:
    patient, patient_id, blob, study = row
    return patient, patient_id, blob, study


def _tag(keyword: str) -> int:
    return int(tag_for_keyword(keyword) or 0)


def _first(values: list[str]) -> str:
    return values[0] if values else ""


def _date(text: str) -> str:
    """Return a date as eight digits, which compare as text."""
    digits = text.replace(".", "")
    return digits if len(digits) == 8 and digits.isdecimal() else ""


def _names(header: Header) -> tuple[str, str]:
    """Return a patient's name in lower case: its first component group, and the others."""
    told = _first(header.values[Level.PATIENT].texts(_tag("PatientName"))).casefold()
    group, _, others = told.partition("=")
    return plain(group.strip()), plain(others)
