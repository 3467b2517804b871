"""What is counted and gathered (PS3.4 C.3.4): of many entries at once, from what the series keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from pydicom.datadict import keyword_for_tag

from linacsim.devices.archive.attributes import COUNTS, GATHERED, Level
from linacsim.devices.archive.index.database import Database
from linacsim.devices.archive.index.entry import Entry

_BY_STUDY = "FROM series WHERE study IN ({}) GROUP BY study"
_BY_PATIENT = "FROM studies t LEFT JOIN series s ON s.study = t.id WHERE t.patient IN ({}) GROUP BY t.patient"
_COUNTED = {
    "NumberOfPatientRelatedStudies": "SELECT patient, count(*) FROM studies WHERE patient IN ({}) GROUP BY patient",
    "NumberOfPatientRelatedSeries": f"SELECT t.patient, count(s.id) {_BY_PATIENT}",
    "NumberOfPatientRelatedInstances": f"SELECT t.patient, sum(s.instances) {_BY_PATIENT}",
    "NumberOfStudyRelatedSeries": f"SELECT study, count(*) {_BY_STUDY}",
    "NumberOfStudyRelatedInstances": f"SELECT study, sum(instances) {_BY_STUDY}",
    "NumberOfSeriesRelatedInstances": "SELECT id, instances FROM series WHERE id IN ({})",
}
_GATHERED = {
    "ModalitiesInStudy": "SELECT study, modality FROM series WHERE study IN ({}) ORDER BY id",
    "SOPClassesInStudy": "SELECT study, classes FROM series WHERE study IN ({}) ORDER BY id",
}
_AT_ONCE = 500
"""Entries that one statement is for."""


class Tallies:
    """Looks up what is counted and gathered.

    Parameters
    ----------
    database : Database
        Where the series are.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def tally(self, entry: Entry, tag: int) -> str:
        """Return one for one entry."""
        return self._look_up(tag, [entry.row]).get(entry.row, "0" if tag in COUNTS else "")

    def prefetch(self, entries: Iterable[Entry], tags: Sequence[int]) -> None:
        """Look up `tags` for all of `entries` and what they belong to, before anybody asks."""
        if not tags:
            return
        owners: dict[Level, dict[int, Entry]] = {}
        for entry in entries:
            for one in entry.chain():
                owners.setdefault(one.level, {})[one.row] = one
        for tag in tags:
            mine = owners.get(owner_of(tag), {})
            rows = list(mine)
            for first in range(0, len(rows), _AT_ONCE):
                part = rows[first : first + _AT_ONCE]
                told = self._look_up(tag, part)
                for row in part:
                    mine[row].tell(tag, told.get(row, "0" if tag in COUNTS else ""))

    def _look_up(self, tag: int, rows: Sequence[int]) -> dict[int, str]:
        keyword = keyword_for_tag(tag)
        # whole numbers of our own: nothing of a peer's is in the text
        marks = ",".join(str(int(row)) for row in rows)
        if tag in COUNTS:
            found = self._database.execute(_COUNTED[keyword].format(marks)).fetchall()
            return {row: str(count or 0) for row, count in found}
        found = self._database.execute(_GATHERED[keyword].format(marks)).fetchall()
        gathered: dict[int, dict[str, None]] = {}
        for row, told in found:
            gathered.setdefault(row, {}).update(dict.fromkeys(one for one in told.split("\\") if one))
        return {row: "\\".join(values) for row, values in gathered.items()}


def owner_of(tag: int) -> Level:
    """Return the level whose attribute it is."""
    return COUNTS[tag][0] if tag in COUNTS else Level.STUDY


def is_tally(tag: int) -> bool:
    """Whether an attribute is counted or gathered."""
    return tag in COUNTS or tag in GATHERED


Breathe = Callable[[], None]
"""Lets others have their turn."""
