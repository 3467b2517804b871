"""What every application entity of a planning system is: a device that is driven by its table."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar, cast

from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.conformance.loader import load_system
from linacsim.conformance.model import Activity, Entity, Failing, Gives, Role
from linacsim.conformance.negotiation import VERIFICATION
from linacsim.conformance.statuses import failure_of
from linacsim.conformance.system import System
from linacsim.devices.device import Action, Device
from linacsim.devices.entity import associate, heed_answer
from linacsim.devices.planning.activities import Verify
from linacsim.devices.planning.network import (
    Service,
    application_entity_of,
    ended,
    is_open,
    limit_sent,
    proposals,
    release_on_timeout,
)
from linacsim.devices.planning.outcome import documented, judged
from linacsim.devices.planning.personality import PlanningPersonality
from linacsim.errors import PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.kernel.sync import TaskQueue
from linacsim.settings import Settings

T = TypeVar("T")
VERIFY = Action(Verify, "verify")


class Peer(Device):
    """An application entity of a conformance statement on the bench.

    Its actions are its activities; each is played by a method that is given the parameters and the activity's table.
    """

    personality: PlanningPersonality
    system_id: ClassVar[str]
    entity_id: ClassVar[str]
    services: ClassVar[tuple[Service, ...]] = tuple(Service)
    """What it opens associations for, each kind by itself."""
    site: ClassVar[type[PlanningPersonality]] = PlanningPersonality
    """What a site can set."""

    def __init__(self, place: Place, personality: PlanningPersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.system: System = load_system(self.system_id)
        self.entity: Entity = self.system.entities[self.entity_id]
        self._activities = {activity.id: activity for activity in self.entity.activities}
        self._slots: TaskQueue[None] | None = None
        if self.entity.max_associations.initiate:
            self._slots = TaskQueue()
            for _ in range(self.entity.max_associations.initiate):
                self._slots.put(None)

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity of `entity`; here those that verify, roles add theirs.

        Who lists Verification and has no activity for it can verify all the same.
        """
        if Role.SCU not in entity.roles:
            return {}
        asks = [one.id for one in entity.activities if any(step.op == "C-ECHO" for step in one.steps)]
        listed = entity.context(VERIFICATION) or any(one.sop_class == VERIFICATION for one in entity.services)
        return dict.fromkeys(asks or (["verify"] if listed else []), VERIFY)

    def act(self, action: str, parameters: Settings) -> Any:
        """Play an activity, or an action that is none."""
        method = getattr(self, self.kind.actions[action].method)
        return method(parameters, self._activities.get(action))

    def tell(self, text: str) -> None:
        """Tell the user of the system."""
        self.place.log("user-told", text=text)

    def compute(self, fn: Callable[[], T], why: str) -> T:
        """Return what `fn()` returns, for work that keeps a processor busy and takes no bench time."""
        kernel = self.place.kernel
        work = kernel.compute(fn)
        kernel.wait(work, why)
        if work.ok:
            return cast("T", work.value)
        raise cast("BaseException", work.value)

    # associations

    def ae(self, entity: Entity | None = None) -> AE:
        """Return its application entity, or that of another entity that runs at the same place."""
        return application_entity_of(self, entity or self.entity, self.personality)

    def proposes(self, service: Service) -> list[PresentationContext]:
        """Return the presentation contexts that it proposes for a service."""
        return proposals(self.system.id, self.entity, service, self.personality)

    def calls(self) -> Iterator[tuple[AE, list[PresentationContext]]]:
        """Yield each kind of association that it opens."""
        for service in self.services:
            if contexts := self.proposes(service):
                yield self.ae(), contexts

    @contextmanager
    def association(
        self, to: str, called: str | None, contexts: list[PresentationContext]
    ) -> Iterator[tuple[AE, Association]]:
        """Open an association with `to` and release it at the end; no more at one time than the table allows.

        Raises
        ------
        PlayFailure
            If there is none; the user of the system is told.
        """
        if self._slots is not None:
            self._slots.get()
        assoc = None
        try:
            ae = self.ae()
            assoc = self._open(ae, to, called, contexts)
            yield ae, assoc
        finally:
            if assoc is not None and is_open(assoc):
                assoc.release()
            if self._slots is not None:
                self._slots.put(None)

    def _open(self, ae: AE, to: str, called: str | None, contexts: list[PresentationContext]) -> Association:
        try:
            assoc = associate(self, ae, to, contexts, called or "")
        except PlayFailure as exc:
            self.tell(str(exc))
            raise
        limit_sent(assoc, self.entity.pdu.send_max or self.entity.pdu.max)
        row = failure_of(self.entity, Failing.TIMEOUT)
        if row is not None and row.does is Gives.RELEASE:
            release_on_timeout(assoc)
        return assoc

    def gave_up(self, what: str, assoc: Association, more: str = "") -> PlayFailure:
        """Tell the user that an association has failed in the middle of `what`; return what to raise."""
        how = ended(assoc)
        row = documented(self.entity, how)
        parts = [f"{what}: {how}", row.behaviour if row else "", more]
        text = "; ".join(part for part in parts if part)
        self.tell(text)
        return PlayFailure(text)

    # verification

    def verify(self, what: Verify, activity: Activity | None) -> None:
        """Ask `to` with C-ECHO whether it is there.

        Raises
        ------
        PlayFailure
            If it is not, or does not answer with Success.
        """
        del activity
        contexts = self.proposes(Service.VERIFICATION) or [build_context(VERIFICATION)]
        with self.association(what.to, what.called, contexts) as (_, assoc):
            told = assoc.send_c_echo(msg_id=1)
            if "Status" not in told:
                raise self.gave_up(f"C-ECHO to {what.to}", assoc)
            heed_answer(assoc, 1, f"C-ECHO to {what.to}")
            outcome = judged(self.entity.status_handling, "C-ECHO", told)
        if not outcome.good:
            text = f"C-ECHO to {what.to}: {outcome}"
            self.tell(text)
            raise PlayFailure(text)
