"""Requests and responses of one association, held together by Message IDs; nothing is checked before it is sent.

pynetdicom's `send_n_...` functions send what is right and wait for one response. Here any message can be sent, several at
once, and what comes back is whatever comes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dsutils import decode
from simpy.events import Event

from linacsim.devices.storage.scan import VRS
from linacsim.kernel.border.links import link_of
from linacsim.kernel.core import Kernel

_IDS = 0xFFFF


@dataclass(frozen=True, slots=True)
class Response:
    """A response.

    Attributes
    ----------
    command : Dataset
        Its command set.
    data : Dataset
        Its data set; empty if it has none, or none that can be read.
    unreadable : str
        Why it cannot be read, if so.
    """

    command: Dataset
    data: Dataset
    unreadable: str = ""

    @property
    def status(self) -> int:
        """The status."""
        return int(self.command.get("Status") or 0)

    @property
    def comment(self) -> str:
        """The Error Comment."""
        return str(self.command.get("ErrorComment") or "")


class Dialogue:
    """What is said on an association.

    Parameters
    ----------
    kernel : Kernel
        On whose time to wait.
    assoc : Association
        The association, established.
    """

    def __init__(self, kernel: Kernel, assoc: Association) -> None:
        self._kernel = kernel
        self.assoc = assoc
        self._last = 0
        self._asked: dict[int, list[Event]] = {}
        assoc.bind(evt.EVT_DIMSE_RECV, self._received)
        for event in (evt.EVT_ABORTED, evt.EVT_RELEASED, evt.EVT_CONN_CLOSE):
            assoc.bind(event, self._ended)

    def next_id(self) -> int:
        """Return the next Message ID."""
        self._last = self._last % _IDS + 1
        return self._last

    def send(self, primitive: Any, context_id: int) -> Event:
        """Send a request; return what happens when its response comes, or when none can come any more."""
        answered = self._kernel.env.event()
        self._asked.setdefault(int(primitive.MessageID or 0), []).append(answered)
        self.assoc.dimse.send_msg(primitive, context_id)
        return answered

    def wait(self, answered: Event, timeout: int) -> Response | None:
        """Return the response; ``None`` if there is none in time, or the association has ended."""
        if not self._kernel.wait(answered, "a response", timeout):
            link_of(self.assoc).log("DIMSE-timeout")
            return None
        response: Response | None = answered.value
        return response

    def _received(self, event: evt.Event) -> None:
        message = event.message
        waiting = self._asked.get(int(message.command_set.get("MessageIDBeingRespondedTo") or 0))
        if waiting:
            data = message.data_set.getvalue() if message.data_set is not None else b""
            waiting.pop(0).succeed(self._response(message.command_set, int(message.context_id or 0), data))

    def _response(self, command: Dataset, context_id: int, data: bytes) -> Response:
        if not data:
            return Response(command, Dataset())
        accepted = self.assoc.accepted_contexts
        syntax = next((one.transfer_syntax[0] for one in accepted if one.context_id == context_id), None)
        if syntax is None:
            return Response(command, Dataset(), f"context {context_id} has not been accepted")
        if not syntax.is_implicit_VR and data[4:6] not in VRS:
            return Response(command, Dataset(), f"it is not in {syntax.name}")
        try:
            return Response(command, decode(BytesIO(data), syntax.is_implicit_VR, syntax.is_little_endian))
        except Exception as exc:  # noqa: BLE001 - whatever a parser stumbles over in a peer's bytes means the same here
            return Response(command, Dataset(), str(exc))

    def _ended(self, _event: evt.Event) -> None:
        asked, self._asked = self._asked, {}
        for waiting in asked.values():
            for answered in waiting:
                answered.succeed(None)
