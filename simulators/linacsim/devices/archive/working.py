"""Work on a request does not count as idleness of its association."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from pynetdicom.association import Association

from linacsim.kernel.core import Kernel
from linacsim.kernel.units import SECOND


@contextmanager
def working(kernel: Kernel, assoc: Association, limit: int) -> Iterator[None]:
    """Let the work on a request not count as idleness of its association.

    pynetdicom's idle timer starts anew with what comes in, not with what goes out; a C-MOVE that takes longer would be
    aborted right after its final response. So the limit is stretched by the time that the work has taken, until the next
    request.

    Parameters
    ----------
    kernel : Kernel
        Whose clock it is.
    assoc : Association
        The association of the request.
    limit : int
        How long it may be idle, in microseconds.
    """
    started = kernel.now
    assoc.network_timeout = limit / SECOND
    try:
        yield
    finally:
        assoc.network_timeout = (limit + kernel.now - started) / SECOND
