"""A client of C-MOVE, C-GET and C-FIND that sends what it likes and notes every response as it comes; no device is asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, NamedTuple

from pydicom.dataset import Dataset
from pydicom.uid import UID, CTImageStorage, ExplicitVRLittleEndian, ImplicitVRLittleEndian, RTPlanStorage
from pynetdicom import AE, build_role, evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_CANCEL, C_FIND, C_GET, C_MOVE
from pynetdicom.dsutils import decode, encode
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.archived import identifier

SYNTAXES: list[str | UID] = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
PATIENT, STUDY, PATIENT_STUDY, COMPOSITE = (f"1.2.840.10008.5.1.4.1.2.{number}." for number in (1, 2, 3, 4))
WITHOUT_BULK_DATA = "1.2.840.10008.5.1.4.1.2.5.3"
_NUMBER = {"find": "1", "move": "2", "get": "3"}
_REQUESTS: dict[str, Any] = {"find": C_FIND, "move": C_MOVE, "get": C_GET}
_SERVICES = {0x8020: "find", 0x8021: "move", 0x8010: "get"}
_PENDING = (0xFF00, 0xFF01)


class Told(NamedTuple):
    """A response as it is on the wire; ``None`` is an element that it does not have."""

    status: int
    remaining: int | None
    completed: int | None
    failed: int | None
    warning: int | None
    listed: tuple[str, ...] | None
    message_id: int
    comment: str

    @property
    def numbers(self) -> tuple[int | None, ...]:
        """Status and counters."""
        return tuple(self[:5])


@dataclass(slots=True)
class Client:
    """A client at a place of its own; each `ask` is an association."""

    bench: Bench
    title: str = "CLIENT"
    classes: Sequence[str] = (CTImageStorage, RTPlanStorage)
    syntaxes: list[str | UID] = field(default_factory=lambda: list(SYNTAXES))
    answers: list[int] = field(default_factory=list)
    objects: list[Dataset] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    assoc: Association | None = None
    take: Callable[[evt.Event], int] | None = None
    negotiates: list[Any] = field(default_factory=list)

    def ask(self, service: str, level: str, root: str = STUDY, to: str = "DEST", **keys: Any) -> list[Told]:
        """Send a request and return its responses up to the final one."""
        return self.converse(lambda: self.send(service, identifier(level, **keys), root=root, to=to))

    def converse(self, body: Callable[[], Any], models: Sequence[str] = (), patience: int = 20 * SECOND) -> list[Told]:
        """Run `body` on an association and wait until it has a final response for each request, or has ended."""

        def task() -> None:
            kernel = self.bench.kernel
            self._associate(models)
            assert self.assoc is not None
            wanted = body() or 1
            end = kernel.now + patience
            while self._finals() < wanted and self.assoc.is_established and kernel.now < end:
                kernel.sleep(2 * MILLISECOND)
            if self.assoc.is_established:
                self.assoc.release()

        self.told.clear()
        self.bench.play(task, place=self.bench.kernel.place(self.title))
        return list(self.told)

    def _finals(self) -> int:
        return sum(one.status not in _PENDING for one in self.told)

    def _associate(self, models: Sequence[str]) -> None:
        every = [root + number for root in (PATIENT, STUDY, PATIENT_STUDY, COMPOSITE) for number in _NUMBER.values()]
        ae = AE(self.title)
        ae.acse_timeout = ae.dimse_timeout = ae.network_timeout = 600
        contexts = [build_context(model) for model in (*(models or every), WITHOUT_BULK_DATA)]
        contexts += [build_context(one, self.syntaxes) for one in self.classes]
        roles: list[Any] = [*(build_role(one, scp_role=True) for one in self.classes), *self.negotiates]
        host, port = self.bench.address_of("ARCHIVE")
        handlers: list[Any] = [(evt.EVT_C_STORE, self._take), (evt.EVT_DIMSE_RECV, self._note)]
        self.assoc = ae.associate(host, port, contexts, "ARCHIVE", ext_neg=roles, evt_handlers=handlers)
        assert self.assoc.is_established

    def send(
        self,
        service: str,
        wanted: Dataset | None,
        *,
        root: str = STUDY,
        to: str | None = "DEST",
        message_id: int = 7,
        priority: int = 2,
        model: str = "",
        sop_class: str | None = "",
    ) -> None:
        """Send a request; its context is that of `model`, its Affected SOP Class UID `sop_class`, if given; ``None`` is none."""
        assert self.assoc is not None
        model = model or (root if root == WITHOUT_BULK_DATA else root + _NUMBER[service])
        context = next(one for one in self.assoc.accepted_contexts if one.abstract_syntax == model)
        request = _REQUESTS[service]()
        request.MessageID, request.Priority = message_id, priority
        request.AffectedSOPClassUID = model if sop_class == "" else sop_class
        if service == "move":
            request.MoveDestination = to
        if wanted is not None:
            syntax = context.transfer_syntax[0]
            request.Identifier = BytesIO(encode(wanted, syntax.is_implicit_VR, syntax.is_little_endian) or b"")
        self.assoc.dimse.send_msg(request, context.context_id or 0)

    def cancel(self, service: str, message_id: int = 7, root: str = STUDY) -> None:
        """Send a C-CANCEL."""
        assert self.assoc is not None
        request = C_CANCEL()
        request.MessageIDBeingRespondedTo = message_id
        context = next(one for one in self.assoc.accepted_contexts if one.abstract_syntax == root + _NUMBER[service])
        self.assoc.dimse.send_msg(request, context.context_id or 0)

    def _take(self, event: evt.Event) -> int:
        ds = event.dataset
        ds.file_meta = event.file_meta
        self.objects.append(ds)
        if self.take is not None:
            return self.take(event)
        return self.answers.pop(0) if self.answers else 0

    def _note(self, event: evt.Event) -> None:
        command: Any = event.message.command_set
        if command.CommandField not in _SERVICES:
            return

        def number(what: str) -> int | None:
            value = command.get(f"NumberOf{what}Suboperations")
            return None if value is None else int(value)

        self.told.append(
            Told(
                int(command.Status),
                number("Remaining"),
                number("Completed"),
                number("Failed"),
                number("Warning"),
                self._listed(event),
                int(command.MessageIDBeingRespondedTo),
                str(command.get("ErrorComment", "")),
            )
        )

    def _listed(self, event: evt.Event) -> tuple[str, ...] | None:
        message: Any = event.message
        data = message.data_set.getvalue()
        if not data:
            return None
        assert self.assoc is not None
        context = next(one for one in self.assoc.accepted_contexts if one.context_id == message.context_id)
        syntax = context.transfer_syntax[0]
        ds = decode(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian)
        uids = ds.get("FailedSOPInstanceUIDList")
        if not uids:
            return ()
        return (str(uids),) if isinstance(uids, str) else tuple(str(uid) for uid in uids)
