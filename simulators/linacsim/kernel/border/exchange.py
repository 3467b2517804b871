"""One request and its response, as SCU, over an association of the bench.

This is what pynetdicom's ``send_*`` methods do around their data sets: stop the reactor, so that it does not take the
response, send, wait for as long as the DIMSE timeout. Data sets are passed as the bytes they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pynetdicom.dimse_primitives import C_STORE

from linacsim.kernel.border import codec
from linacsim.kernel.border.links import link_of
from linacsim.kernel.border.standins import TIME

if TYPE_CHECKING:
    from pynetdicom.association import Association

_PLAIN_STORE = vars(C_STORE())
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


class Asked:
    """A request that has been sent, and whose response is to be waited for.

    Parameters
    ----------
    assoc : Association
        The association, whose reactor leaves the response alone until `answer` has been called.
    """

    __slots__ = ("_assoc",)

    def __init__(self, assoc: Association) -> None:
        self._assoc = assoc

    def answer(self) -> Answer | None:
        """Wait for the response, for as long as the DIMSE timeout.

        Returns
        -------
        Answer or None
            ``None`` if none has come, or nothing that is a response: then the association has ended, or has been aborted.
        """
        try:
            _context, response = self._assoc.dimse.get_msg(block=True)
            return _answer(self._assoc, response)
        finally:
            self._assoc._reactor_checkpoint.set()


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
) -> Asked | None:
    """Send an encoded data set with C-STORE (PS3.7 9.1.1), as it is.

    Parameters
    ----------
    sop_class, sop_instance : str
        UIDs.
    syntax : str
        The transfer syntax that `data` is encoded in; nothing is converted.
    originator, originator_id : str and int, optional
        Move Originator Application Entity Title and Message ID, of the C-MOVE that this is a sub-operation of.

    Returns
    -------
    Asked or None
        ``None`` if the association has ended.

    Raises
    ------
    ValueError
        If no presentation context has been accepted for the SOP class in this transfer syntax, in the role of SCU, or
        `sop_instance` is no UID.
    """
    context_id = context_for(assoc, sop_class, syntax)
    if context_id is None:
        raise ValueError(f"no presentation context for {sop_class} with transfer syntax {syntax} has been accepted")
    if not codec.is_uid(sop_instance):
        raise ValueError(f"{sop_instance!r} is no UID")
    message = C_STORE.__new__(C_STORE)
    # setting its properties takes longer than sending it; nobody needs a `BytesIO` around the data set
    message.__dict__.update(
        _PLAIN_STORE,
        _message_id=message_id,
        _priority=priority,
        _affected_sop_class_uid=sop_class,
        _affected_sop_instance_uid=sop_instance,
        _move_originator_application_entity_title=originator or None,
        _move_originator_message_id=originator_id if originator else None,
        _dataset=data,
    )
    return send(assoc, message, context_id)


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


def send(assoc: Association, primitive: Any, context_id: int) -> Asked | None:
    """Send a request; ``None`` if the association has ended.

    Whoever serves a request may call it for another one on the same association, as a C-GET does.
    """
    if not assoc.is_established:
        return None
    assoc._reactor_checkpoint.clear()
    try:
        while not assoc._is_paused:
            TIME.sleep(_PAUSE)
        assoc.dimse.send_msg(primitive, context_id)
    except BaseException:
        assoc._reactor_checkpoint.set()
        raise
    return Asked(assoc)


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
