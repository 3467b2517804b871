"""C-STORE and C-ECHO as SCP: who is let in, what is taken, what is answered, and where an object goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association
from pynetdicom.transport import AssociationServer

from linacsim.conformance.model import Activity, Does, Entity, Failing, Gives, Role, StatusRow
from linacsim.conformance.statuses import Category, category_of, covers, failure_of
from linacsim.devices.device import Action
from linacsim.devices.entity import Handlers
from linacsim.devices.planning.activities import AnswerWith, Serve
from linacsim.devices.planning.network import accepted, application_entity_of, keep_first_proposed
from linacsim.devices.planning.peer import Peer
from linacsim.devices.storage.hardware import Disk, DiskFullError
from linacsim.devices.storage.instance import Received, file_header
from linacsim.devices.storage.personality import FillDisk
from linacsim.devices.storage.services import (
    CANNOT_UNDERSTAND,
    OUT_OF_RESOURCES,
    SUCCESS,
    RefusedError,
    check,
    failure,
    received_with,
)
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.border.links import link_of
from linacsim.kernel.sync import TaskEvent
from linacsim.kernel.units import SECOND

SERVE = Action(Serve, "serve")
_SERVED = ("C-STORE", "C-ECHO")
_LIMIT_EXCEEDED = (2, 3, 2)
_NO_LIMIT = 1 << 16
_DICOM_PORT = 104
"""PS3.8 9.1.1."""


class Tally:
    """Counts what has been done for remote systems, and lets a step wait for more of it."""

    def __init__(self) -> None:
        self.count = 0
        self._claimed = 0
        self._more = TaskEvent()

    def add(self) -> None:
        """One more."""
        self.count += 1
        self._more.set()

    def claim(self, number: int, now: Callable[[], int], within: int) -> int:
        """Wait until there are `number` that nobody has waited for; return how many there are in time."""
        end = now() + within
        while self.count - self._claimed < number:
            self._more.clear()
            left = end - now()
            if left <= 0 or not self._more.wait(left / SECOND):
                break
        found = min(self.count - self._claimed, number)
        self._claimed += found
        return found


class Receiver:
    """The listening side of a system; a device of its own, or a part of one that also calls.

    Parameters
    ----------
    peer : Peer
        The device that it is part of.
    entity : Entity
        Its table.
    """

    def __init__(self, peer: Peer, entity: Entity) -> None:
        self.peer = peer
        self.entity = entity
        self.disk = Disk(peer.place.kernel, peer.personality.disk)
        self.tallies = {service: Tally() for service in _SERVED}
        self._server: AssociationServer | None = None
        self._forced: list[int] = []
        self._open: list[Association] = []
        self._limit = _NO_LIMIT

    # listening

    @property
    def folder(self) -> str:
        """Where received objects are on the shelf."""
        return f"inbox/{self.peer.file_name}"

    @property
    def looks(self) -> bool:
        """Whether it looks at what it gets: its table names statuses for objects that are wrong."""
        codes = (CANNOT_UNDERSTAND, 0xA900)
        return any(covers(row, code) for row in self.entity.status_returned for code in codes)

    def support(self, ae: AE) -> None:
        """Add the presentation contexts that it accepts."""
        accepted(ae, self.entity)

    def listen(self, port: int) -> None:
        """Accept associations at `port`; 0 takes a free one, and DICOM's own gives way to one that is documented."""
        place = self.peer.place
        port = self.entity.port_default or port if port == _DICOM_PORT else port
        ae = application_entity_of(self.peer, self.entity, self.peer.personality)
        self._limit, ae.maximum_associations = ae.maximum_associations, _NO_LIMIT
        self.support(ae)
        tls = place.tls.serves
        server = ae.start_server((place.host, port), block=False, ssl_context=tls, evt_handlers=self.handlers())  # type: ignore[arg-type]
        if server is not None:
            place.address = (place.host, server.server_address[1])
        self._server = server

    def close(self) -> None:
        """Listen no longer; associations that are open stay."""
        if self._server is None:
            return
        self._server.shutdown()
        self._server.server_close()
        self._server = None
        self.peer.place.address = None
        self.peer.place.log("listening-ended")

    @property
    def listening(self) -> bool:
        """Whether associations are accepted now."""
        return self._server is not None

    def handlers(self) -> Handlers:
        """Return who answers which message."""
        return [
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_ACCEPTED, self._accepted),
            (evt.EVT_C_STORE, self._store),
            (evt.EVT_C_ECHO, self._echo),
        ]

    def _requested(self, event: evt.Event) -> None:
        """Look at an association request before it is negotiated."""
        assoc = event.assoc
        if assoc.is_rejected or assoc.is_aborted:
            return
        why = self._one_too_many() or self.turned_away(event)
        if why is not None:
            link_of(assoc).reject(*why)
        elif self.entity.transfer_syntax_selection == "first-proposed":
            keep_first_proposed(assoc)

    def _one_too_many(self) -> tuple[int, int, int] | None:
        """Return how an association beyond the limit is rejected: local-limit-exceeded (PS3.8 9.3.4).

        pynetdicom counts until the transport connection is closed; a peer that calls again right after its release would
        be turned away. Here those count that are established.
        """
        self._open = [assoc for assoc in self._open if assoc.is_established]
        return _LIMIT_EXCEEDED if len(self._open) >= self._limit else None

    def _accepted(self, event: evt.Event) -> None:
        self._open.append(event.assoc)

    def turned_away(self, event: evt.Event) -> tuple[int, int, int] | None:
        """Return result, source and reason with which an association is rejected (PS3.8 9.3.4); none: it is not."""
        return None

    # answering

    def _echo(self, _event: evt.Event) -> int:
        self.tallies["C-ECHO"].add()
        return SUCCESS

    def _store(self, event: evt.Event) -> int | Dataset:
        received = received_with(event)
        try:
            self._refuse_if_told()
            where = self.take(received)
        except RefusedError as exc:
            return self._refused(event, received, exc)
        fields = {"object": where, "bytes": len(received.data), "with": received.source}
        self.peer.place.log("object-stored", **fields)
        self.tallies["C-STORE"].add()
        return SUCCESS

    def _refuse_if_told(self) -> None:
        if self._forced:
            raise RefusedError(self._forced.pop(0), "as the operator has asked for")

    def take(self, received: Received) -> str:
        """Take responsibility for an object; return where it is now.

        Raises
        ------
        RefusedError
            If it is not taken.
        """
        if self.looks:
            check(received)
        try:
            self.disk.reserve(len(received.data))
            return self.put(received)
        except (DiskFullError, OSError) as exc:
            comment = "disk full" if isinstance(exc, DiskFullError) else str(exc)
            raise RefusedError(OUT_OF_RESOURCES, comment) from exc

    def put(self, received: Received) -> str:
        """Keep an object as a file."""
        header = file_header(received.sop_class, received.sop_instance, str(received.syntax), received.source)
        return self.peer.shelf.put(self.folder, f"{safe(received.sop_instance)}.dcm", header, received.data)

    def _refused(self, event: evt.Event, received: Received, exc: RefusedError) -> int | Dataset:
        """Answer with a status that the table knows, or abort, as it says."""
        link = link_of(event.assoc)
        not_saved = failure_of(self.entity, Failing.NOT_SAVED)
        row = self.row_of(exc.status)
        status = exc.status if row is None else _code(row, exc.status)
        ends = row is not None and row.does is Does.REFUSE_AND_ABORT
        unanswered = not_saved is not None and not_saved.does is Gives.ABORT and exc.status == OUT_OF_RESOURCES
        fields = {"sop_instance": received.sop_instance, "comment": exc.comment, "with": received.source}
        self.peer.place.log("object-refused", **fields, status=None if unanswered else status)
        if unanswered:
            link.abort()
        elif ends:
            # after the response, so that the sender learns why
            kernel = self.peer.place.kernel
            event.assoc.bind(
                evt.EVT_PDU_SENT, lambda _event: kernel.spawn(link.abort, name="an abort", place=self.peer.place)
            )
        return failure(status, exc.comment)

    def row_of(self, status: int) -> StatusRow | None:
        """Return the row of a status that it returns; of the same class, if there is none for the status itself."""
        rows = [row for row in self.entity.status_returned if row.service == "C-STORE"]
        exact = max(rows, key=lambda row: covers(row, status), default=None)
        if exact is not None and covers(exact, status):
            return exact
        failures = [row for row in rows if category_of(_code(row, status)) is Category.FAILURE]
        understood = [row for row in failures if covers(row, CANNOT_UNDERSTAND)]
        return next(iter(understood or failures), None)

    def fill_disk(self, what: FillDisk) -> None:
        """There is no room any more."""
        self.disk.blocked = True
        self.peer.place.log("disk-full")
        if what.cleared_after is not None:
            self.peer.place.kernel.spawn(
                self._clear, what.cleared_after, name="clearing the disk", place=self.peer.place
            )

    def _clear(self, after: int) -> None:
        self.peer.place.kernel.sleep(after)
        self.disk.blocked = False
        self.peer.place.log("disk-cleared")

    def answer_with(self, what: AnswerWith) -> None:
        """Answer the next objects with a status.

        Raises
        ------
        InputError
            If the system does not document to return it.
        """
        rows = [row for row in self.entity.status_returned if covers(row, what.status)]
        if what.status == SUCCESS:
            raise InputError("0x0000 is what it answers anyway", "status", "name a warning or a failure")
        if self.entity.status_returned and not rows:
            known = ", ".join(row.status for row in self.entity.status_returned)
            text = f"{self.entity.title} does not return 0x{what.status:04X}"
            raise InputError(text, "status", f"it documents {known}")
        self._forced += [what.status] * what.times


class Meanwhile:
    """A listener that is there only while somebody needs it.

    Parameters
    ----------
    receiver : Receiver
        The listener.
    """

    def __init__(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self.port = 0
        self._users = 0

    def begin(self) -> None:
        """Listen from now on; somebody needs it."""
        self._users += 1
        if not self._receiver.listening:
            self._receiver.listen(self.port)
            place = self._receiver.peer.place
            place.log("listening", port=place.address[1] if place.address else 0)

    def end(self) -> None:
        """Somebody needs it no longer; when nobody does, it is closed."""
        self._users -= 1
        if not self._users:
            self._receiver.close()

    def __enter__(self) -> Receiver:
        self.begin()
        return self._receiver

    def __exit__(self, *_error: object) -> None:
        self.end()


class StorageSCP(Peer):
    """A system that listens for objects and C-ECHO."""

    receives: ClassVar[type[Receiver]] = Receiver
    services = ()

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.receiver = self.receives(self, self.entity)

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity in which a remote system is served."""
        served = {
            activity.id: SERVE
            for activity in entity.activities
            if Role.SCP in entity.roles and any(step.op in _SERVED for step in activity.steps)
        }
        return {**super().actions(entity), **served}

    def start(self, port: int) -> None:
        """Listen."""
        self.receiver.listen(port)

    def support(self, ae: AE) -> None:
        """Add the presentation contexts that it accepts."""
        self.receiver.support(ae)

    def serve(self, what: Serve, activity: Activity | None) -> None:
        """Wait until remote systems have been served.

        Raises
        ------
        PlayFailure
            If not so many objects or C-ECHOs have come in time.
        """
        op = next((step.op for step in activity.steps if step.op in _SERVED), "C-STORE") if activity else "C-STORE"
        kernel = self.place.kernel
        found = self.receiver.tallies[op].claim(what.objects, lambda: kernel.now, what.within)
        if found < what.objects:
            raise PlayFailure(f"{self.name} has taken {found} of {what.objects} {op} in time")

    def fill_disk(self, what: FillDisk) -> None:
        """There is no room any more."""
        self.receiver.fill_disk(what)

    def answer_with(self, what: AnswerWith) -> None:
        """Answer the next objects with a status."""
        self.receiver.answer_with(what)


BREAKAGES = {"fill-disk": Action(FillDisk, "fill_disk"), "answer-with": Action(AnswerWith, "answer_with")}
"""What of a listening system can break."""


def safe(text: str) -> str:
    """Return a peer's words as a part of a file's name."""
    return "".join(char if char.isalnum() or char in "-_." else "_" for char in text).strip(".") or "_"


def _code(row: StatusRow, status: int) -> int:
    """Return the code that is returned for a row: the status itself if it is of the row, else the first of the row."""
    if covers(row, status):
        return status
    return int(row.status.lower().replace("x", "0"), 16)
