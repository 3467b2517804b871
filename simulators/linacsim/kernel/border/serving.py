"""Requests that are served without pynetdicom's service classes.

Those know one way through an operation: decode the data set, call a handler, encode what it returns, send. Whoever has to answer
what they would pass over or abort, or wants to pass data sets on as the bytes they are, takes the requests as they come.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pynetdicom.association import Association


def serve_with(assoc: Association, serve: Callable[[Any, int], bool]) -> None:
    """Let `serve` see to what has arrived on an association, before pynetdicom does.

    Parameters
    ----------
    assoc : Association
        An association of the bench.
    serve : callable
        Called on the association's own task with each message that its loop takes, and the ID of its presentation context;
        returns whether it has seen to it. It responds with ``assoc.dimse.send_msg``. A message need not be valid, nor a request.
    """
    others = assoc._serve_request

    def first(message: Any, context_id: int) -> None:
        if assoc._sent_release:
            return
        assoc.dimse.cancel_req = {}
        # whoever serves may send requests of its own: to them the loop stands still
        assoc._is_paused = True
        try:
            served = serve(message, context_id)
        finally:
            assoc._is_paused = False
        if not served:
            others(message, context_id)

    assoc._serve_request = first  # type: ignore[method-assign,assignment]
