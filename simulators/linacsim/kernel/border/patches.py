"""The places at which pynetdicom is touched, each with the reason. Nothing else in linacsim reaches into it.

Every patch asks whether it runs inside a task of the bench; if not, pynetdicom's own code runs.
"""

from __future__ import annotations

import copy
import logging
import threading
from collections.abc import Callable
from typing import Any

from pynetdicom.association import Association
from pynetdicom.dimse_primitives import N_EVENT_REPORT
from pynetdicom.dul import DULServiceProvider
from pynetdicom.sop_class import uid_to_service_class
from pynetdicom.timer import Timer
from pynetdicom.transport import AssociationServer, AssociationSocket, ThreadedAssociationServer

from linacsim.kernel.border import commands, negotiation, standins
from linacsim.kernel.border.deliveries import Checkpoint
from linacsim.kernel.border.links import Link
from linacsim.kernel.border.servers import BenchServer, unbind_standard
from linacsim.kernel.border.sockets import BenchSocket, StreamSocket
from linacsim.kernel.sync import owned_by
from linacsim.kernel.tasks import Task, current_task
from linacsim.kernel.units import SECOND

LOGGER = logging.getLogger(__name__)

MODULES: dict[str, tuple[object, str]] = {
    "pynetdicom.ae.threading": (standins.THREADING, "associations of a task's place; the server's thread"),
    "pynetdicom.ae.datetime": (standins.Datetime, "thread names carry a date"),
    "pynetdicom.association._config": (standins.ASSOCIATION_CONFIG, "identifiers are formatted for who reads them"),
    "pynetdicom.service_class._config": (standins.SERVICE_CONFIG, "identifiers are formatted for who reads them"),
    "pynetdicom.association.threading": (standins.ASSOCIATION_THREADING, "the events that pause its reactor"),
    "pynetdicom.association.time": (standins.TIME, "the poll sleeps of its reactor"),
    "pynetdicom.dimse.queue": (standins.QUEUES, "the message queue, with the DIMSE timeout"),
    "pynetdicom.dimse.threading": (standins.THREADING, "the thread that serves an N-EVENT-REPORT"),
    "pynetdicom.dul.queue": (standins.QUEUES, "the four queues of the upper layer, with the ACSE timeout"),
    "pynetdicom.dul.time": (standins.TIME, "the poll sleeps of its reactor"),
    "pynetdicom.events.datetime": (standins.Datetime, "the time stamp of an event"),
    "pynetdicom.timer.time": (standins.TIME, "ARTIM and the network idle timer"),
    "pynetdicom.transport.datetime": (standins.Datetime, "thread names carry a date"),
    "pynetdicom.transport.threading": (standins.THREADING, "the associations of a server; the socket's ready event"),
}
"""Names of pynetdicom's modules that stand-ins take, and why."""

_original_init = Association.__init__


def _init_association(self: Association, ae: Any, mode: str) -> None:
    """Give an association that is made inside a task its link."""
    task = current_task()
    if task is None:
        _original_init(self, ae, mode)
        return
    link = Link(task.place)
    self.bench_link = link  # type: ignore[attr-defined]
    with owned_by(link.wake):
        _original_init(self, ae, mode)
    unbind_standard(self)
    link.attach(self)


def _start_association(self: Association) -> None:
    """Start the reactor as a task instead of a thread."""
    if current_task() is None:
        threading.Thread.start(self)
        return
    link: Link = self.bench_link  # type: ignore[attr-defined]
    link.place.associations[self] = None
    _start(self, lambda: _run_association(self, link), f"{self.mode} of association {link.ordinal}", link)
    task: Task = self.bench_task  # type: ignore[attr-defined]
    task.deadline = lambda: _left(self.dul._idle_timer)
    task.has_work = self._reactor_checkpoint.has_work  # type: ignore[attr-defined]


def _run_association(assoc: Association, link: Link) -> None:
    try:
        assoc.run_reactor()
    finally:
        link.place.associations.pop(assoc, None)


def _start_dul(self: DULServiceProvider) -> None:
    """Start the upper layer's loop as a task instead of a thread."""
    if current_task() is None:
        threading.Thread.start(self)
        return
    link: Link = self.assoc.bench_link  # type: ignore[attr-defined]
    _start(self, lambda: _run_dul(self, link), f"upper layer of association {link.ordinal}", link)
    task: Task = self.bench_task  # type: ignore[attr-defined]
    task.deadline = lambda: _left(self.artim_timer)
    task.has_work = lambda: link.passage.has_more


def _run_dul(dul: DULServiceProvider, link: Link) -> None:
    try:
        dul.run_reactor()
    except Exception:
        link.give_up()
        raise
    link.upper_layer_ended()


def _start(thread: Any, fn: Any, name: str, link: Link) -> None:
    thread.bench_task = link.place.kernel.spawn(fn, name=name, place=link.place, wake=link.wake)


def _is_alive(self: Any) -> bool:
    """Whether the task, or the thread, has not ended."""
    task: Task | None = getattr(self, "bench_task", None)
    return threading.Thread.is_alive(self) if task is None else task.alive


def _join(self: Any, timeout: float | None = None) -> None:
    """Wait for the task's, or the thread's, end."""
    task: Task | None = getattr(self, "bench_task", None)
    if task is None:
        threading.Thread.join(self, timeout)
    elif task.alive:
        task.kernel.join(task, None if timeout is None else round(timeout * SECOND))


_original_kill_dul = DULServiceProvider.kill_dul
_original_stop_dul = DULServiceProvider.stop_dul


def _kill_dul(self: DULServiceProvider) -> None:
    """Set the flag, and say so: the loop sleeps until something happens."""
    _original_kill_dul(self)
    _notify(self)


def _stop_dul(self: DULServiceProvider) -> bool:
    """Announce the flag that is about to be set; the loop gets its turn when this task sleeps."""
    _notify(self)
    return _original_stop_dul(self)


_original_release = Association.release
_PAUSE = 0.0001
"""Seconds between looks at a reactor that is about to pause; pynetdicom's own."""


def _release(self: Association) -> None:
    """Release, and take an abort that arrives at the same instant for the answer.

    pynetdicom's reactor can have a round left that it was given after the last response. It would take the abort, and the
    release wait for an answer as long as the ACSE timeout.
    """
    checkpoint: Any = self._reactor_checkpoint
    if current_task() is None or not isinstance(checkpoint, Checkpoint):
        _original_release(self)
        return
    if not self.is_established:
        return
    checkpoint.clear()
    with checkpoint.held():
        while self.is_established and not self._is_paused:
            standins.TIME.sleep(_PAUSE)
        if self.is_established:
            self.acse.negotiate_release()
    checkpoint.set()


_original_serve_request = Association._serve_request


def _answered(assoc: Association, serve: Callable[[Any, int], bool], msg: Any, context_id: int) -> bool:
    """Let a device see to a message first; return whether that was enough."""
    if assoc._sent_release:
        return True
    assoc.dimse.cancel_req = {}
    # whoever serves may send requests of its own: to them the loop stands still
    assoc._is_paused = True
    try:
        return serve(msg, context_id)
    finally:
        assoc._is_paused = False


def _serve_request(self: Association, msg: Any, context_id: int) -> None:
    """Serve a request unless its device has answered it; an N-EVENT-REPORT leaves the flag alone that says whether the reactor pauses.

    pynetdicom serves one on a thread of its own, beside the reactor, and clears the flag when it is done: whoever waits at
    that instant for the reactor to pause, before a request of his own, would wait for ever.
    """
    link: Link | None = getattr(self, "bench_link", None)
    if link is not None and link.on_request is not None and _answered(self, link.on_request, msg, context_id):
        return
    aside = isinstance(msg, N_EVENT_REPORT) and msg.is_valid_request
    if not aside or link is None:
        _original_serve_request(self, msg, context_id)
        return
    if self._sent_release:
        return
    try:
        uid_to_service_class(str(msg.AffectedSOPClassUID))(self).SCP(msg, self._accepted_cx[context_id])
    except Exception:
        LOGGER.debug("an event report that cannot be served", exc_info=True)
        self.abort()


_original_read_pdu_data = DULServiceProvider._read_pdu_data


def _read_pdu_data(self: DULServiceProvider) -> None:
    """Take a P-DATA-TF the short way if that can be done, anything else pynetdicom's way."""
    link: Link | None = getattr(self.assoc, "bench_link", None)
    if link is None or not link.passage.take():
        _original_read_pdu_data(self)


def _notify(dul: DULServiceProvider) -> None:
    link: Link | None = getattr(dul.assoc, "bench_link", None)
    if link is not None:
        link.wake.notify()


def _left(timer: Timer) -> int | None:
    """Return the microseconds until a running `timer` runs out, ``None`` if it does not run."""
    if timer.timeout is None or timer._start_time is None or timer._end_time is not None:
        return None
    return round(timer.remaining * SECOND)


def _make_socket(assoc: Association, client_socket: Any = None, address: Any = None) -> AssociationSocket:
    """Make an association socket of the right kind."""
    link: Link | None = getattr(assoc, "bench_link", None)
    if link is None:
        return AssociationSocket(assoc, client_socket, address)
    if client_socket is not None:
        client_socket = StreamSocket(link, client_socket.pending)
    return BenchSocket(assoc, client_socket, address)


def _make_server(real: type[AssociationServer]) -> Any:
    def make(*args: Any, **kwargs: Any) -> AssociationServer:
        """Make an association server of the right kind."""
        return (real if current_task() is None else BenchServer)(*args, **kwargs)

    return make


def _deepcopy(value: Any) -> Any:
    """Copy presentation contexts; inside a task, no deeper than they can be changed."""
    return copy.deepcopy(value) if current_task() is None else negotiation.copy_contexts(value)


def _borrow(value: Any) -> Any:
    """Copy the server's presentation contexts; inside a task, when somebody looks at them."""
    return copy.deepcopy(value) if current_task() is None else negotiation.borrow(value)


FUNCTIONS: dict[str, tuple[object, str]] = {
    "pynetdicom.association.Association.__init__": (_init_association, "its link to the bench"),
    "pynetdicom.association.Association.start": (_start_association, "a task instead of a thread"),
    "pynetdicom.association.Association.is_alive": (_is_alive, "a task instead of a thread"),
    "pynetdicom.association.Association.join": (_join, "a task instead of a thread"),
    "pynetdicom.association.Association.release": (_release, "an abort that arrives meanwhile is not taken away"),
    "pynetdicom.association.Association._serve_request": (
        _serve_request,
        "a report does not touch the reactor's pause",
    ),
    "pynetdicom.dul.DULServiceProvider.start": (_start_dul, "a task instead of a thread"),
    "pynetdicom.dul.DULServiceProvider.is_alive": (_is_alive, "a task instead of a thread"),
    "pynetdicom.dul.DULServiceProvider.join": (_join, "a task instead of a thread"),
    "pynetdicom.dul.DULServiceProvider.kill_dul": (_kill_dul, "a flag that is set without a signal"),
    "pynetdicom.dul.DULServiceProvider.stop_dul": (_stop_dul, "a flag that is set without a signal"),
    "pynetdicom.dul.DULServiceProvider._read_pdu_data": (_read_pdu_data, "fewer copies of the bytes of a P-DATA-TF"),
    "pynetdicom.dimse_messages.decode": (commands.decode_command_set, "a command set is checked before it is read"),
    "pynetdicom.ae.AssociationSocket": (_make_socket, "byte streams of the bench"),
    "pynetdicom.transport.AssociationSocket": (_make_socket, "byte streams of the bench"),
    "pynetdicom.ae.AssociationServer": (_make_server(AssociationServer), "listeners of the bench"),
    "pynetdicom.ae.ThreadedAssociationServer": (_make_server(ThreadedAssociationServer), "listeners of the bench"),
    "pynetdicom.ae.deepcopy": (_deepcopy, "a cheaper copy of the contexts for each association"),
    "pynetdicom.transport.deepcopy": (_borrow, "no copy of the contexts for each association"),
    "pynetdicom.association.ServiceUser.get_contexts": (negotiation.get_contexts, "copies for who looks at them"),
    "pynetdicom.acse.ACSE._negotiate_as_acceptor": (
        negotiation.negotiate_as_acceptor,
        "no more contexts than are proposed",
    ),
    "pynetdicom.acse.negotiate_as_acceptor": (negotiation.results_of, "no more contexts than are proposed"),
    "pynetdicom.pdu_items.set_uid": (negotiation.set_uid, "a UID is found valid once"),
    "pynetdicom.pdu_primitives.set_uid": (negotiation.set_uid, "a UID is found valid once"),
    "pynetdicom.presentation.set_uid": (negotiation.set_uid, "a UID is found valid once"),
    "pynetdicom.dimse_primitives.set_uid": (negotiation.set_uid, "a UID is found valid once"),
    "pynetdicom.presentation.PresentationContext.add_transfer_syntax": (
        negotiation.add_transfer_syntax,
        "a transfer syntax is found valid once",
    ),
    "pynetdicom.ae.ApplicationEntity.add_supported_context": (
        negotiation.add_supported_context,
        "what many servers support is put together once",
    ),
}
"""Functions and classes of pynetdicom that are replaced, and why."""
