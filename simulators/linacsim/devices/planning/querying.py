"""C-FIND as SCU: identifiers with the keys of the table, and what the system does with each status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from linacsim.conformance.model import Activity, Does, Entity
from linacsim.devices.device import Action
from linacsim.devices.planning.activities import Query
from linacsim.devices.planning.network import Service, is_open
from linacsim.devices.planning.outcome import Outcome, judged
from linacsim.devices.planning.peer import Peer
from linacsim.devices.queryretrieve import PatientRootFind, StudyRootFind, find
from linacsim.errors import PlayFailure

QUERY = Action(Query, "query")
UNIQUE = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
"""The unique key of each level (PS3.4 C.6)."""
OURS = {
    "PATIENT": ("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    "STUDY": ("StudyInstanceUID", "StudyDate", "StudyDescription", "StudyID"),
    "SERIES": ("SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription"),
    "IMAGE": ("SOPInstanceUID", "InstanceNumber"),
}
"""Keys where a document lists none."""
FINDS = {"patient": PatientRootFind, "study": StudyRootFind}


class QuerySCU(Peer):
    """A system that queries."""

    root: ClassVar[str] = "study"
    """The information model, unless its user chooses the other."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity that queries a remote system."""
        asks = {
            activity.id: QUERY for activity in entity.activities if any(step.op == "C-FIND" for step in activity.steps)
        }
        return {**super().actions(entity), **asks}

    def levels(self, root: str) -> list[str]:
        """Return the query levels from the top, as far as the table names them."""
        entity = self.entity
        named = entity.query_levels or (entity.query_hierarchy.levels if entity.query_hierarchy else ())
        known = named or {level for key in entity.query_keys for level in key.level.split("|")} or set(UNIQUE)
        return [level for level in UNIQUE if level in known and (level != "PATIENT" or root == "patient")]

    def keys(self, level: str, root: str) -> list[str]:
        """Return the keys of a level: the table's, or ours where it lists none; those of a patient join the top level."""
        listed = [key.keyword for key in self.entity.query_keys if self._is_at(key.level, level, root)]
        if self.entity.query_keys:
            return [keyword for keyword in listed if keyword != "QueryRetrieveLevel"]
        top = [*OURS["PATIENT"]] if root == "study" and level == "STUDY" else []
        return [*top, *OURS[level]]

    @staticmethod
    def _is_at(levels: str, level: str, root: str) -> bool:
        named = levels.split("|")
        if "PATIENT" in named and level == "STUDY" and root == "patient":
            return False
        return level in named

    def query(self, what: Query, activity: Activity | None) -> None:
        """Query each level, and look into one match of each.

        Raises
        ------
        PlayFailure
            If the user of the system is told of a failure.
        """
        del activity
        root = what.root or self.root
        values = {"PatientName": what.patient_name, "PatientID": what.patient_id}
        with self.association(what.to, what.called, self.proposes(Service.FIND)) as (ae, assoc):
            for ordinal, level in enumerate(self.levels(root), 1):
                found = self.ask(ae, assoc, what.to, root, level, values, ordinal)
                if not found:
                    break
                match = chosen_match(
                    found, level, {"PATIENT": what.patient, "STUDY": what.study}.get(level, what.series)
                )
                values = {**_above(values, level), UNIQUE[level]: str(match.get(UNIQUE[level], ""))}

    def ask(
        self,
        ae: AE,
        assoc: Association,
        to: str,
        root: str,
        level: str,
        values: Mapping[str, str],
        message_id: int,
        subject: str = "",
    ) -> list[Dataset]:
        """Send one C-FIND and return the matches.

        Raises
        ------
        PlayFailure
            If there is no final response, or the table makes a failure of its status.
        """
        wanted = identifier(level, self.keys(level, root), values)
        what = f"C-FIND to {to}{f': {subject}' if subject else ''}"
        if not is_open(assoc):
            raise self.gave_up(what, assoc)
        try:
            found = find(self, ae, assoc, FINDS[root], wanted, message_id=message_id)
        except PlayFailure as exc:
            if is_open(assoc):
                self.tell(str(exc))
                raise
            raise self.gave_up(what, assoc) from None
        outcome = self.find_rule(found.status)
        self.place.log("query-done", level=level, matches=len(found.identifiers), **{"with": to})
        if not outcome.good:
            text = f"{what}: {outcome}"
            self.tell(text)
            raise PlayFailure(text)
        if outcome.does is Does.CONTINUE and "user is told" in outcome.behaviour:
            self.tell(f"{what}: {len(found.identifiers)} found")
        return found.identifiers

    def find_rule(self, told: Dataset) -> Outcome:
        """Return what the system does with the final status of a C-FIND."""
        return judged(self.entity.status_handling, "C-FIND", told)


def identifier(level: str, keywords: Iterable[str], values: Mapping[str, str]) -> Dataset:
    """Return an identifier (PS3.4 C.4.1.1.3): the level, unique keys above it, and keys with a value or for a value."""
    ds = Dataset()
    ds.QueryRetrieveLevel = level
    for keyword in dict.fromkeys([*keywords, *(name for name in values if name in UNIQUE.values())]):
        tag = tag_for_keyword(keyword)
        if tag is not None:
            setattr(ds, keyword, values.get(keyword, ""))
    return ds


def chosen_match(found: list[Dataset], level: str, choice: int | str) -> Dataset:
    """Return the match that is looked into.

    Raises
    ------
    PlayFailure
        If there is no such match.
    """
    if isinstance(choice, int):
        if choice <= len(found):
            return found[choice - 1]
        raise PlayFailure(f"{len(found)} matches at level {level}, number {choice} is asked for")
    for match in found:
        if str(match.get(UNIQUE[level], "")) == choice:
            return match
    raise PlayFailure(f"no match at level {level} is {choice}")


def _above(values: Mapping[str, str], level: str) -> dict[str, str]:
    """Return the unique keys that stay: those of this level and above; what was searched for belongs to one level."""
    known = list(UNIQUE.values())
    return {name: value for name, value in values.items() if name in known[: known.index(UNIQUE[level])] and value}
