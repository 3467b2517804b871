"""Requests before pynetdicom looks at them: some it would answer with an abort, others never.

The standard has a status for each: an operation that the SOP class of its presentation context does not have is
unrecognised (0211, PS3.7 C.5.27), a C-MOVE that names no destination has one that is unknown (A801).
"""

from __future__ import annotations

from typing import Any

from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE

from linacsim.devices.archive.attributes import FIND_MODELS, GET_MODELS, MOVE_MODELS
from linacsim.devices.archive.composite import CompositeInstanceRootGet, CompositeInstanceRootMove, WithoutBulkDataGet
from linacsim.devices.archive.suboperations import (
    DESTINATION_UNKNOWN,
    MISTYPED_ARGUMENT,
    UNRECOGNISED_OPERATION,
)
from linacsim.devices.entity import error_comment

_OPERATIONS: dict[type, tuple[str, frozenset[str]]] = {
    C_FIND: ("C-FIND", frozenset(FIND_MODELS)),
    C_MOVE: ("C-MOVE", frozenset({*MOVE_MODELS, CompositeInstanceRootMove})),
    C_GET: ("C-GET", frozenset({*GET_MODELS, CompositeInstanceRootGet, WithoutBulkDataGet})),
}
_MODELS = frozenset().union(*(models for _, models in _OPERATIONS.values()))


def refuse_unserved(assoc: Association, request: Any, context_id: int) -> bool:
    """Answer a request that pynetdicom would not serve; return whether that has been done.

    Parameters
    ----------
    assoc : Association
        The association that it came over.
    request : DIMSEPrimitive
        The request.
    context_id : int
        Its presentation context.
    """
    if type(request) not in _OPERATIONS or request.MessageID is None or request.MessageIDBeingRespondedTo is not None:
        return False
    context = next((one for one in assoc.accepted_contexts if one.context_id == context_id), None)
    if context is None:
        return False
    name, models = _OPERATIONS[type(request)]
    abstract = str(context.abstract_syntax)
    if abstract in _MODELS - models:
        _answer(assoc, request, context_id, UNRECOGNISED_OPERATION, f"the presentation context has no {name}")
        return True
    if request.is_valid_request:
        return False
    nobody = isinstance(request, C_MOVE) and request.MoveDestination is None
    status = DESTINATION_UNKNOWN if nobody else MISTYPED_ARGUMENT
    _answer(assoc, request, context_id, status, "a mandatory element of the command is missing")
    return True


def _answer(assoc: Association, request: Any, context_id: int, status: int, comment: str) -> None:
    response = type(request)()
    response.MessageIDBeingRespondedTo = request.MessageID
    response.AffectedSOPClassUID = request.AffectedSOPClassUID
    response.Status = status
    response.ErrorComment = error_comment(comment)
    assoc.dimse.send_msg(response, context_id)
