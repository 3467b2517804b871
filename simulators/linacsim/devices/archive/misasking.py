"""A client that asks wrongly: requests that pynetdicom would not send, so that an archive can show what it says to them (PS3.7 C.5)."""

from __future__ import annotations

from io import BytesIO
from typing import Any, Literal

from pydicom.dataset import Dataset
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE
from pynetdicom.dsutils import encode
from pynetdicom.presentation import build_context

from linacsim.devices.device import Device
from linacsim.devices.entity import NetworkSettings, application_entity, associate
from linacsim.devices.queryretrieve import (
    PatientRootFind,
    PatientRootGet,
    PatientRootMove,
    StudyRootFind,
    StudyRootGet,
    StudyRootMove,
)
from linacsim.errors import PlayFailure
from linacsim.kernel.units import MILLISECOND, SECOND
from linacsim.settings import AETitle, Settings, StatusCode

_PENDING = (0xFF00, 0xFF01)
_LOOK = 5 * MILLISECOND
_MODELS = {
    "find": (C_FIND, StudyRootFind, PatientRootFind, StudyRootMove),
    "move": (C_MOVE, StudyRootMove, PatientRootMove, StudyRootFind),
    "get": (C_GET, StudyRootGet, PatientRootGet, StudyRootFind),
}
"""For each service its request, its SOP class, another of its SOP classes, and one of another service."""


class AskWrongly(Settings):
    """Send a peer a request that is wrong in itself; another answer than the wanted one is a failure.

    Attributes
    ----------
    to, called
        As for `Query`.
    service : str
        ``find``, ``move`` or ``get``.
    how : str
        ``another-class``: Affected SOP Class UID is not that of the presentation context. ``another-operation``: the
        operation is none of the SOP class of its context. ``no-class``: Affected SOP Class UID is missing. ``no-destination``:
        Move Destination is missing. ``no-identifier``: there is no data set. ``message-id-twice``: the same request again while
        the first is under way.
    study : str
        The study that is asked for.
    status : int
        The status that has to come; the other answer of two may be any.
    """

    to: AETitle
    called: AETitle | None = None
    service: Literal["find", "move", "get"] = "move"
    how: Literal[
        "another-class", "another-operation", "no-class", "no-destination", "no-identifier", "message-id-twice"
    ]
    study: str = "1.2.3.4"
    status: StatusCode


def ask_wrongly(device: Device, what: AskWrongly) -> None:
    """Ask.

    Raises
    ------
    PlayFailure
        If the wanted status does not come.
    """
    network: NetworkSettings = device.personality
    ae = application_entity(device, network)
    contexts = [build_context(model) for model in _MODELS[what.service][1:]]
    assoc = associate(device, ae, what.to, contexts, what.called or "")
    told: list[int] = []
    assoc.bind(evt.EVT_DIMSE_RECV, lambda event: _note(event, told))
    wanted = 2 if what.how == "message-id-twice" else 1
    for _ in range(wanted):
        _send(assoc, what, device.name)
    kernel = device.place.kernel
    end = kernel.now + network.dimse_timeout
    while sum(status not in _PENDING for status in told) < wanted and assoc.is_established and kernel.now < end:
        kernel.sleep(_LOOK)
    patience = f"no response within {network.dimse_timeout / SECOND:g} s" if assoc.is_established else "it has ended"
    if assoc.is_established:
        assoc.release()
    if what.status not in told:
        said = ", ".join(f"0x{status:04X}" for status in told) or patience
        raise PlayFailure(f"C-{what.service.upper()} to {what.to}, {what.how}: {said} instead of 0x{what.status:04X}")


def _note(event: evt.Event, told: list[int]) -> None:
    status = event.message.command_set.get("Status")
    if status is not None:
        told.append(int(status))


def _send(assoc: Association, what: AskWrongly, destination: str) -> None:
    kind, own, other, foreign = _MODELS[what.service]
    request: Any = kind()
    request.MessageID = 1
    request.AffectedSOPClassUID = {"another-class": other, "no-class": None}.get(what.how, own)
    if what.service == "move" and what.how != "no-destination":
        request.MoveDestination = destination
    abstract = foreign if what.how == "another-operation" else own
    context = next((one for one in assoc.accepted_contexts if one.abstract_syntax == abstract), None)
    if context is None or context.context_id is None:
        raise PlayFailure(f"{what.to} has not accepted {abstract.name}")
    if what.how != "no-identifier":
        identifier = Dataset()
        identifier.QueryRetrieveLevel, identifier.StudyInstanceUID = "STUDY", what.study
        syntax = context.transfer_syntax[0]
        request.Identifier = BytesIO(encode(identifier, syntax.is_implicit_VR, syntax.is_little_endian) or b"")
    assoc.dimse.send_msg(request, context.context_id)
