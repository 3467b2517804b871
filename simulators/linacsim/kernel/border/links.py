"""What the bench knows of one association: its place, its ordinal, its wake; and what it writes into the log."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import TYPE_CHECKING, Any

from pynetdicom import evt
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_AC, A_ASSOCIATE_RJ, A_ASSOCIATE_RQ, A_RELEASE_RP, A_RELEASE_RQ
from pynetdicom.pdu_primitives import A_P_ABORT

from linacsim.kernel.border import codec, lean
from linacsim.kernel.border.deliveries import Checkpoint, MessageQueue
from linacsim.kernel.places import Place
from linacsim.kernel.wake import Wake

if TYPE_CHECKING:
    from pynetdicom.association import Association
    from pynetdicom.dimse_messages import DIMSEMessage
    from pynetdicom.presentation import PresentationContext

    from linacsim.kernel.streams import Stream

PDU_NAMES = {
    A_ASSOCIATE_RQ: "A-ASSOCIATE-RQ",
    A_ASSOCIATE_AC: "A-ASSOCIATE-AC",
    A_ASSOCIATE_RJ: "A-ASSOCIATE-RJ",
    A_RELEASE_RQ: "A-RELEASE-RQ",
    A_RELEASE_RP: "A-RELEASE-RP",
    A_ABORT_RQ: "A-ABORT",
}
"""PDUs that are logged by themselves; a P-DATA-TF shows as the DIMSE messages that it carries."""

_ARTIM_EXPIRED = "Evt18"


class Link:
    """An association seen from its place.

    Attributes
    ----------
    place : Place
        Whose association it is.
    ordinal : int
        Its number at this place, from 1.
    wake : Wake
        Wakes its loops.
    other : str
        The AE title of the other side, once known.
    mute : bool
        No DIMSE response leaves any more (a fault).
    contexts : tuple of two dict, or None
        The accepted contexts that `exchange` has looked at, and what it has found there.
    on_request : callable or None
        Called on the association's own task with each message that its loop takes, and the ID of its presentation context,
        before pynetdicom serves it; returns whether it has been seen to. It responds with ``assoc.dimse.send_msg``. A message
        need not be valid, nor a request.
    """

    def __init__(self, place: Place) -> None:
        self.place = place
        self.ordinal = place.next_association()
        self.wake = Wake(f"association {self.ordinal} of {place.name}")
        self.other = ""
        self.mute = False
        self.on_request: Callable[[Any, int], bool] | None = None
        self.contexts: tuple[dict[int, PresentationContext], dict[tuple[str, str], int]] | None = None
        self.assoc: Association
        self.passage: lean.Passage
        self._waited_in_vain = False

    def attach(self, assoc: Association) -> None:
        """Observe `assoc`, whose constructor has just run."""
        self.assoc = assoc
        self.passage = lean.Passage(self, assoc)
        for event, handler in (
            (evt.EVT_PDU_SENT, self._pdu_sent),
            (evt.EVT_PDU_RECV, self._pdu_received),
            (evt.EVT_DIMSE_SENT, self._dimse_sent),
            (evt.EVT_DIMSE_RECV, self._dimse_received),
            (evt.EVT_FSM_TRANSITION, self._transition),
            (evt.EVT_REQUESTED, self._requested),
            (evt.EVT_ABORTED, self._aborted),
        ):
            assoc.bind(event, handler)
        checkpoint = Checkpoint(assoc, self.wake)
        assoc._reactor_checkpoint = checkpoint  # type: ignore[assignment]
        assoc.dimse.msg_queue = MessageQueue(checkpoint.rouse)  # type: ignore[assignment]
        assoc.dimse.msg_queue.on_timeout = self._dimse_timeout  # type: ignore[attr-defined]
        assoc.dul.to_user_queue.on_timeout = lambda: self.log("ACSE-timeout")  # type: ignore[attr-defined]
        self._send_msg = assoc.dimse.send_msg
        assoc.dimse.send_msg = self._send  # type: ignore[method-assign]
        self._receive_primitive = assoc.dimse.receive_primitive
        assoc.dimse.receive_primitive = self._receive  # type: ignore[method-assign]

    @property
    def maximum_length(self) -> int:
        """The maximum length that this side has announced (PS3.8 D.1); 0 is no maximum."""
        side = self.assoc.acceptor if self.assoc.is_acceptor else self.assoc.requestor
        return int(side.maximum_length or 0)

    def abstract_syntax(self, context_id: int) -> str:
        """Return the abstract syntax of an accepted presentation context; empty if there is none with this ID."""
        context = self.assoc._accepted_cx.get(context_id)
        return "" if context is None else str(context.abstract_syntax)

    def log(self, event: str, **fields: Any) -> None:
        """Record that `event` happened on this association."""
        self.place.log(event, assoc=self.ordinal, **{"with": self.other or None}, **fields)

    def reject(self, result: int, source: int, reason: int) -> None:
        """Answer the A-ASSOCIATE-RQ with an A-ASSOCIATE-RJ (PS3.8 9.3.4); blocks until it has been sent."""
        self.assoc.acse.send_reject(result, source, reason)
        self.assoc.kill()

    def abort(self, provider_reason: int | None = None) -> None:
        """Send an A-ABORT: the service-user's, or the service-provider's with its reason (PS3.8 9.3.8)."""
        if provider_reason is None:
            self.assoc.abort(block=False)
        else:
            self.assoc._sent_abort = True
            self.assoc.acse.send_ap_abort(provider_reason)
        self.mute = True
        self.assoc.kill()

    def reset(self) -> None:
        """Break the transport connection (TCP RST)."""
        self.mute = True
        sock = self.assoc.dul.socket
        if sock is not None and sock.socket is not None:
            sock.socket.stream.reset()  # type: ignore[attr-defined]

    def interpose(self, between: Callable[[Stream, bool], Stream]) -> None:
        """Put something between the association and its connection, which is open; it gets the stream and who has opened it."""
        sock = self.assoc.dul.socket
        if sock is not None and sock.socket is not None:
            sock.socket.interpose(lambda stream: between(stream, self.assoc.is_requestor))  # type: ignore[attr-defined]

    def give_up(self) -> None:
        """The upper layer's loop has died: tell the peer, close, and let nobody wait for an answer."""
        assoc, sock = self.assoc, self.assoc.dul.socket
        pdu = A_ABORT_RQ()
        pdu.source, pdu.reason_diagnostic = 0x02, 0x00
        if sock is not None:
            sock.send(pdu.encode())
            sock.close()
        self.mute = True
        assoc.is_aborted, assoc.is_established = True, False
        assoc._kill = assoc.dul._kill_thread = True
        assoc.dul.to_user_queue.put(A_P_ABORT())
        assoc.dimse.msg_queue.put((None, None))

    def upper_layer_ended(self) -> None:
        """Let go of half a message; nobody needs to wait for the A-ASSOCIATE-RQ of a connection that has gone."""
        self.assoc.dimse.message = None
        self.passage.forget()
        queue = self.assoc.dul.to_user_queue
        if self.assoc.is_acceptor and self.assoc.requestor.primitive is None and queue.empty():
            # what `receive_pdu` returns after a timeout, too
            queue.put(None)

    def _receive(self, primitive: Any) -> None:
        """Take a P-DATA indication; a message that cannot be read is an invalid PDU (PS3.8 9.2.3, AA-8)."""
        try:
            self._receive_primitive(primitive)
        except Exception as exc:
            self.log("invalid-message", complaint=str(exc))
            dul = self.assoc.dul
            if dul.socket is not None and dul.socket.socket is not None:
                dul.socket.socket.stream.ignore_input()  # type: ignore[attr-defined]
            # Evt19: unrecognised or invalid PDU received
            dul.event_queue.put("Evt19")

    def _pdu_sent(self, event: evt.Event) -> None:
        self._pdu(event.pdu, "sent")

    def _pdu_received(self, event: evt.Event) -> None:
        self._pdu(event.pdu, "received")

    def _pdu(self, pdu: Any, way: str) -> None:
        name = PDU_NAMES.get(type(pdu))
        if name is None:
            return
        if name == "A-ASSOCIATE-RQ":
            self.other = (pdu.called_ae_title if way == "sent" else pdu.calling_ae_title).strip()
        self.log(name, way=way, **_pdu_fields(name, pdu))

    def _dimse_sent(self, event: evt.Event) -> None:
        self._dimse(event.message, "sent")

    def _dimse_received(self, event: evt.Event) -> None:
        self._dimse(event.message, "received")

    def _dimse(self, message: Any, way: str) -> None:
        self.tell(type(message).__name__.replace("_", "-"), way, logged(message))

    def tell(self, message: str, way: str, fields: dict[str, Any]) -> None:
        """Record that a DIMSE message has gone one way or the other."""
        known: dict[str, Any] = {"assoc": self.ordinal, "with": self.other, "way": way}
        if not self.other:
            del known["with"]
        self.place.kernel.log.record(self.place.name, message, {**known, **fields})

    def _transition(self, event: evt.Event) -> None:
        if event.fsm_event == _ARTIM_EXPIRED:
            self.log("ARTIM-timeout")

    def _dimse_timeout(self) -> None:
        self._waited_in_vain = True
        self.log("DIMSE-timeout")

    def _aborted(self, _event: evt.Event) -> None:
        # an association that waits for a response is idle, too; then it is not the idle timer that ends it
        if self.assoc.dul.idle_timer_expired() and self.assoc._sent_abort and not self._waited_in_vain:
            self.log("network-timeout")

    def _requested(self, _event: evt.Event) -> None:
        interceptor = self.place.interceptor
        if interceptor is not None and self.assoc.is_acceptor:
            interceptor.requested(self.place, self.assoc)

    def _send(self, primitive: Any, context_id: int) -> None:
        if primitive.MessageIDBeingRespondedTo is not None:
            if self.mute:
                return
            interceptor = self.place.interceptor
            if interceptor is not None and not interceptor.responding(self.place, self.assoc, primitive, context_id):
                return
        if not self.passage.send(primitive, context_id):
            if isinstance(primitive._dataset, bytes | bytearray | memoryview):
                primitive._dataset = BytesIO(primitive._dataset)
            self._send_msg(primitive, context_id)


def link_of(assoc: Association) -> Link:
    """Return the bench's link of an association that was made inside a task."""
    link: Link = assoc.bench_link  # type: ignore[attr-defined]
    return link


def logged(message: DIMSEMessage) -> dict[str, Any]:
    """Return what the log tells of a message of pynetdicom's."""
    fields: dict[str, Any] = {}
    for tag, name in codec.LOGGED.items():
        element = message.command_set.get(tag)
        if element is not None and element.value not in (None, ""):
            fields[name] = int(element.value) if isinstance(element.value, int) else str(element.value)
    return fields


def _pdu_fields(name: str, pdu: Any) -> dict[str, Any]:
    if name == "A-ASSOCIATE-RQ":
        return {"calling": pdu.calling_ae_title.strip(), "called": pdu.called_ae_title.strip()}
    if name == "A-ASSOCIATE-RJ":
        return {"result": pdu.result, "source": pdu.source, "reason": pdu.reason_diagnostic}
    if name == "A-ABORT":
        return {"source": pdu.source, "reason": pdu.reason_diagnostic}
    return {}
