"""One request and its response, as SCU, over an association of the bench.

This is what pynetdicom's ``send_*`` methods do around their data sets: stop the reactor, so that it does not take the
response, send, wait for as long as the DIMSE timeout. Data sets are passed as the bytes they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pynetdicom.dimse_primitives import C_STORE

from linacsim.kernel.border.links import link_of
from linacsim.kernel.border.standins import TIME

if TYPE_CHECKING:
    from pynetdicom.association import Association

_PAUSE = 0.0001
"""Seconds between looks at a reactor that is about to pause; pynetdicom's own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The response to a request.

    Attributes
    ----------
    status : int
        Status (0000,0900).
    comment : str
        Error Comment (0000,0902); empty if there is none.
    responds_to : int
        Message ID Being Responded To (0000,0120); whether it is the right one is for the caller to say.
    primitive : DIMSEPrimitive
        The response as pynetdicom has it, with all that it carries.
    """

    status: int
    comment: str
    responds_to: int
    primitive: Any


def store(
    assoc: Association,
    *,
    sop_class: str,
    sop_instance: str,
    syntax: str,
    data: bytes | memoryview,
    message_id: int,
    priority: int = 0x02,
    originator: str | None = None,
    originator_id: int | None = None,
) -> Answer | None:
    """Send an encoded data set with C-STORE (PS3.7 9.1.1), as it is, and wait for the response.

    Parameters
    ----------
    syntax : str
        The transfer syntax that `data` is encoded in; nothing is converted.
    originator, originator_id : str and int, optional
        Move Originator Application Entity Title and Message ID, of the C-MOVE that this is a sub-operation of.

    Returns
    -------
    Answer or None
        ``None`` if none has come: the association has ended, or is aborted because the DIMSE timeout has run out.

    Raises
    ------
    ValueError
        If no presentation context has been accepted for the SOP class in this transfer syntax, in the role of SCU.
    """
    context_id = context_for(assoc, sop_class, syntax)
    if context_id is None:
        raise ValueError(f"no presentation context for {sop_class} with transfer syntax {syntax} has been accepted")
    message = C_STORE()
    message.MessageID = message_id
    message.Priority = priority
    message.AffectedSOPClassUID = sop_class
    message.AffectedSOPInstanceUID = sop_instance
    message.MoveOriginatorApplicationEntityTitle = originator or None
    message.MoveOriginatorMessageID = originator_id if originator else None
    # as it is: the lean path needs no `BytesIO` around it
    message._dataset = data  # type: ignore[assignment]
    return request(assoc, message, context_id)


def context_for(assoc: Association, sop_class: str, syntax: str) -> int | None:
    """Return the ID of the accepted context for a SOP class in exactly this transfer syntax, as SCU; ``None`` if none is."""
    known = link_of(assoc).contexts
    if known is None or known[0] is not assoc._accepted_cx:
        known = link_of(assoc).contexts = (assoc._accepted_cx, _as_scu(assoc))
    return known[1].get((sop_class, syntax))


def _as_scu(assoc: Association) -> dict[tuple[str, str], int]:
    """Return the IDs of the contexts in which this side is SCU; the lowest, where there are several."""
    contexts = sorted(assoc._accepted_cx.items(), reverse=True)
    return {
        (str(one.abstract_syntax), str(one.transfer_syntax[0])): context_id
        for context_id, one in contexts
        if one.as_scu
    }


def request(assoc: Association, primitive: Any, context_id: int) -> Answer | None:
    """Send a request and wait for its response, for as long as the DIMSE timeout.

    Whoever serves a request may call it for another one on the same association, as a C-GET does.

    Returns
    -------
    Answer or None
        ``None`` if none has come, or nothing that is a response: then the association has ended, or has been aborted.
    """
    if not assoc.is_established:
        return None
    assoc._reactor_checkpoint.clear()
    try:
        while not assoc._is_paused:
            TIME.sleep(_PAUSE)
        assoc.dimse.send_msg(primitive, context_id)
        _context, response = assoc.dimse.get_msg(block=True)
        return _answer(assoc, response)
    finally:
        assoc._reactor_checkpoint.set()


def _answer(assoc: Association, response: Any) -> Answer | None:
    if response is None:
        assoc._handle_no_response()
        return None
    if not response.is_valid_response:
        assoc.abort()
        return None
    return Answer(
        status=int(response.Status),
        comment=str(getattr(response, "ErrorComment", None) or ""),
        responds_to=int(response.MessageIDBeingRespondedTo),
        primitive=response,
    )
