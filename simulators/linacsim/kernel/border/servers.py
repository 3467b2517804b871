"""pynetdicom's association server on a listener of the bench."""

from __future__ import annotations

from socketserver import BaseServer, TCPServer
from typing import Any

from pynetdicom.transport import AssociationServer

from linacsim.errors import HarnessError
from linacsim.kernel.border.sockets import StreamSocket
from linacsim.kernel.streams import Stream
from linacsim.kernel.sync import TaskEvent
from linacsim.kernel.tasks import current_task


class PendingSocket(StreamSocket):
    """A connection that has been accepted and has no association yet."""

    def __init__(self, stream: Stream) -> None:
        self.pending = stream

    def shutdown(self, _how: int) -> None:
        """Close both directions."""
        self.pending.close()

    def close(self) -> None:
        """Close."""
        self.pending.close()


class _Listening(TCPServer):
    """Takes the place of `TCPServer`'s real socket, below pynetdicom's own server class."""

    def __init__(self, address: Any, handler: Any, bind_and_activate: bool = True) -> None:
        BaseServer.__init__(self, address, handler)
        task = current_task()
        if task is None:
            raise HarnessError("a server of the bench is started inside a task")
        self._kernel = task.kernel
        self._place = task.place
        self._stopped = TaskEvent()
        tls = self.ssl_context  # type: ignore[attr-defined]
        self._listener = self._kernel.network.listen(self._place, tuple(address[:2]), self._accept, tls)
        self._place.listeners.append(self._listener)
        self.server_address = self._listener.address

    def _accept(self, stream: Stream) -> None:
        self._kernel.spawn(self._serve, stream, name="accepting a connection", place=self._place)

    def _serve(self, stream: Stream) -> None:
        interceptor = self._place.interceptor
        if interceptor is not None:
            stream = interceptor.over(self._place, stream, opened=False)
            if not interceptor.connected(self._place, stream):
                return
        self.finish_request(PendingSocket(stream), stream.remote)  # type: ignore[arg-type]

    def serve_forever(self, poll_interval: float = 0.5) -> None:
        """Block the calling task until `shutdown`."""
        self._stopped.wait()

    def shutdown(self) -> None:
        """Stop serving."""
        self._stopped.set()


class BenchServer(AssociationServer, _Listening):
    """An association server whose connections come from the bench's network.

    The method resolution order puts `_Listening` where `AssociationServer` expects `TCPServer`, so all of pynetdicom's
    own set-up runs unmodified.
    """

    def _bind_defaults(self) -> None:
        super()._bind_defaults()
        unbind_standard(self)

    def server_close(self) -> None:
        """Close the listener; associations stay."""
        self._listener.close()
        if self._listener in self._place.listeners:
            self._place.listeners.remove(self._listener)

    def service_actions(self) -> None:
        """Nothing to collect."""


def unbind_standard(target: Any) -> None:
    """Take pynetdicom's own message printers off `target`: they format every message whether or not anybody reads it."""
    from pynetdicom import _handlers, evt  # noqa: PLC0415 - private; kept inside the border

    for event, handler in (
        (evt.EVT_DIMSE_RECV, _handlers.standard_dimse_recv_handler),
        (evt.EVT_DIMSE_SENT, _handlers.standard_dimse_sent_handler),
        (evt.EVT_PDU_RECV, _handlers.standard_pdu_recv_handler),
        (evt.EVT_PDU_SENT, _handlers.standard_pdu_sent_handler),
    ):
        target.unbind(event, handler)
