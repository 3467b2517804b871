"""C-MOVE as SCU: what is asked for, where it goes, and what the system does with each status."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Literal

from pydicom.dataset import Dataset
from pynetdicom import AE
from pynetdicom.association import Association

from linacsim.conformance.model import Activity, Entity
from linacsim.devices.device import Action
from linacsim.devices.planning.network import Service, is_open
from linacsim.devices.planning.outcome import Outcome, judged
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.querying import UNIQUE, identifier
from linacsim.devices.queryretrieve import Counters, PatientRootMove, StudyRootMove, move
from linacsim.errors import PlayFailure
from linacsim.settings import AETitle, Settings

MOVES = {"patient": PatientRootMove, "study": StudyRootMove}


class Retrieve(Settings):
    """Let a peer send objects to a destination, by their unique keys.

    Attributes
    ----------
    to : str
        The peer that is asked.
    called : str
        The AE title to call, if not the peer's own.
    destination : str
        The AE title that the objects are to be sent to.
    root : str
        The information model, ``patient`` or ``study``.
    patient_id, study, series : str
        Patient ID, Study and Series Instance UID.
    instances : list of str
        SOP Instance UIDs, one C-MOVE for each; without them the lowest level that is given.
    """

    to: AETitle
    called: AETitle | None = None
    destination: AETitle
    root: Literal["patient", "study"] = "study"
    patient_id: str = ""
    study: str = ""
    series: str = ""
    instances: tuple[str, ...] = ()


RETRIEVE = Action(Retrieve, "retrieve")


class RetrieveSCU(Peer):
    """A system that retrieves with C-MOVE."""

    retrieves: ClassVar[Action] = RETRIEVE

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity that retrieves from a remote system."""
        moves = {
            activity.id: cls.retrieves
            for activity in entity.activities
            if any(step.op == "C-MOVE" for step in activity.steps)
        }
        return {**super().actions(entity), **moves}

    def retrieve(self, what: Retrieve, activity: Activity | None) -> None:
        """Ask for objects.

        Raises
        ------
        PlayFailure
            If the user of the system is told of a failure.
        """
        del activity
        values = {"PatientID": what.patient_id, "StudyInstanceUID": what.study, "SeriesInstanceUID": what.series}
        failed = []
        with self.association(what.to, what.called, self.proposes(Service.MOVE)) as (ae, assoc):
            for ordinal, uid in enumerate(what.instances or ("",), 1):
                keys = {**values, "SOPInstanceUID": uid}
                outcome, _ = self.fetch(ae, assoc, what.to, what.root, keys, what.destination, ordinal)
                if not outcome.good:
                    failed.append(f"{uid or 'all'}: {outcome}")
        self.conclude(what.to, failed)

    def fetch(
        self,
        ae: AE,
        assoc: Association,
        to: str,
        root: str,
        keys: Mapping[str, str],
        destination: str,
        message_id: int,
    ) -> tuple[Outcome, Counters]:
        """Send one C-MOVE at the lowest level that `keys` name, and return what has become of it.

        Raises
        ------
        PlayFailure
            If there is no final response.
        """
        given = {name: value for name, value in keys.items() if value}
        level = next((level for level in reversed(UNIQUE) if UNIQUE[level] in given), "PATIENT")
        wanted = self.move_identifier(level, given)
        if not is_open(assoc):
            raise self.gave_up(f"C-MOVE to {to}", assoc)
        try:
            moved = move(self, ae, assoc, MOVES[root], wanted, destination, message_id=message_id)
        except PlayFailure as exc:
            if is_open(assoc):
                self.tell(str(exc))
                raise
            raise self.gave_up(f"C-MOVE to {to}", assoc) from None
        outcome = self.move_rule(moved.status)
        counters = moved.counters
        self.place.log(
            "retrieval-done",
            level=level,
            status=outcome.status,
            completed=counters.completed,
            failed=counters.failed,
            **{"with": to},
        )
        return outcome, counters

    def move_identifier(self, level: str, given: Mapping[str, str]) -> Dataset:
        """Return the identifier of a C-MOVE: unique keys alone (PS3.4 C.4.2.1.4)."""
        return identifier(level, (), given)

    def conclude(self, to: str, failed: list[str], done: str = "") -> None:
        """Tell the user how it went.

        Raises
        ------
        PlayFailure
            If anything has failed.
        """
        if failed:
            text = f"C-MOVE to {to}: {'; '.join(failed)}"
            self.tell(text)
            raise PlayFailure(text)
        if done:
            self.tell(done)

    def move_rule(self, told: Dataset) -> Outcome:
        """Return what the system does with the final status of a C-MOVE."""
        return judged(self.entity.status_handling, "C-MOVE", told)
