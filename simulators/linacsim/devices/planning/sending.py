"""C-STORE as SCU: objects on one association, one after the other, and what the system does with each status."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom.association import Association

from linacsim.conformance.kinds import NAMES, kind_of
from linacsim.conformance.model import Activity, Does, Entity, Role
from linacsim.conformance.statuses import category_of
from linacsim.devices.device import Action
from linacsim.devices.entity import heed_answer
from linacsim.devices.planning.activities import Export
from linacsim.devices.planning.network import Service, is_open, service_of
from linacsim.devices.planning.outcome import Outcome, judged
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.sources import chosen, groups_of
from linacsim.devices.planning.transcode import transcoded
from linacsim.errors import InputError, PlayFailure

STORE = Action(Export, "export")
_NAMED = 3
"""Failed objects that a message names; the others are counted."""


@dataclass(slots=True)
class Sent:
    """What has become of the objects of a job.

    Attributes
    ----------
    stored : list of Dataset
        Those that the peer has taken.
    failed : list of str
        What went wrong with the others, in words.
    """

    stored: list[Dataset] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)


class StorageSCU(Peer):
    """A system that sends objects."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity that stores objects at a remote system."""
        stores = {
            activity.id: STORE
            for activity in entity.activities
            if Role.SCU in entity.roles and any(step.op == "C-STORE" for step in activity.steps)
        }
        return {**super().actions(entity), **stores}

    @property
    def sop_classes(self) -> list[str]:
        """The SOP classes that it stores."""
        contexts = self.entity.presentation_contexts
        return [one.abstract_syntax for one in contexts if service_of(one.abstract_syntax) is Service.STORAGE]

    def export(self, what: Export, activity: Activity | None) -> None:
        """Send the chosen objects on one association.

        Raises
        ------
        PlayFailure
            If an object was not stored; the text is what the user of the system is told.
        """
        objects = chosen(self, what, self.groups(activity), self.sop_classes)
        self.send(objects, what.to, what.called)

    def groups(self, activity: Activity | None) -> list[tuple[str, ...]]:
        """Return the kinds of objects of each step."""
        return groups_of(activity)

    def send(self, objects: list[Dataset], to: str, called: str | None) -> Sent:
        """Send `objects` and tell the user of what has failed.

        Raises
        ------
        PlayFailure
            If anything has.
        """
        sent = Sent()
        with self.association(to, called, self.proposes(Service.STORAGE)) as (_, assoc):
            for ordinal, ds in enumerate(objects, 1):
                outcome = self._store(assoc, ds, ordinal % 0xFFFF, f"C-STORE to {to}", len(sent.stored), len(objects))
                self._note(ds, outcome, sent)
                if outcome.does is Does.ABANDON_JOB:
                    break
        self.place.log("objects-sent", objects=len(sent.stored), of=len(objects), **{"with": to})
        if sent.failed:
            shown = sent.failed[:_NAMED] + [f"and {len(sent.failed) - _NAMED} more"] * (len(sent.failed) > _NAMED)
            text = f"C-STORE to {to}: {len(sent.stored)} of {len(objects)} objects stored; {'; '.join(shown)}"
            self.tell(text)
            raise PlayFailure(text)
        return sent

    def rule(self, told: Dataset) -> Outcome:
        """Return what the system does with a status of a C-STORE."""
        return judged(self.entity.status_handling, "C-STORE", told)

    def _store(self, assoc: Association, ds: Dataset, message_id: int, what: str, stored: int, total: int) -> Outcome:
        """Store one object; an association that fails ends the job."""
        name, progress = called(ds), f"{stored} of {total} objects stored"
        if not is_open(assoc):
            raise self.gave_up(f"{what}: {name}", assoc, progress)
        syntax = _accepted(assoc, ds)
        if syntax is None:
            # nobody documents this; it fails as an object fails that the peer refuses
            refused = Dataset()
            refused.Status = 0x0122
            outcome = self.rule(refused)
            return Outcome(outcome.does, 0x0122, "its SOP class was not accepted", outcome.behaviour)
        try:
            told = assoc.send_c_store(_ready(ds, syntax), msg_id=message_id or 0xFFFF)
        except (AttributeError, ValueError) as exc:
            raise InputError(f"cannot be sent: {exc}", name, "check the object") from exc
        if "Status" not in told:
            raise self.gave_up(f"{what}: {name}", assoc, progress)
        heed_answer(assoc, message_id or 0xFFFF, f"{what}: {name}")
        return self.rule(told)

    def _note(self, ds: Dataset, outcome: Outcome, sent: Sent) -> None:
        """Write down what has become of an object."""
        fields = {"sop_class": str(ds.SOPClassUID), "sop_instance": str(ds.SOPInstanceUID), "status": outcome.status}
        category = str(category_of(outcome.status))
        if outcome.good:
            sent.stored.append(ds)
            comment = outcome.cause if outcome.does is Does.LOG else None
            self.place.log("object-sent", **fields, category=category, comment=comment)
        else:
            sent.failed.append(f"{called(ds)}: {outcome}")
            self.place.log("object-failed", **fields, category=category, comment=outcome.cause)


def called(ds: Dataset) -> str:
    """Return what a message calls an object."""
    return f"{NAMES.get(kind_of(str(ds.SOPClassUID)), str(ds.SOPClassUID))} {ds.SOPInstanceUID}"


def _ready(ds: Dataset, syntax: str) -> Dataset:
    """Return an object as it can be sent in a transfer syntax; from one little endian to the other it is when it is sent."""
    has, wanted = UID(ds.file_meta.TransferSyntaxUID), UID(syntax)
    plain = not (has.is_compressed or wanted.is_compressed) and has.is_little_endian and wanted.is_little_endian
    return ds if plain else transcoded(ds, syntax)


def _accepted(assoc: Association, ds: Dataset) -> str | None:
    """Return the transfer syntax that was accepted for an object, its own if that is one of them."""
    syntaxes = [
        str(context.transfer_syntax[0])
        for context in assoc.accepted_contexts
        if context.abstract_syntax == ds.SOPClassUID and context.as_scu
    ]
    own = str(ds.file_meta.TransferSyntaxUID)
    return own if own in syntaxes else next(iter(syntaxes), None)
