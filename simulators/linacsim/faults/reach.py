"""Faults of reach: nobody listens, nobody answers, nobody is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

from linacsim.faults.actions import BacklogFull, BlackHole, Refuse, Unresolvable
from linacsim.faults.drawing import Drawing
from linacsim.kernel.units import SECOND
from linacsim.settings import Settings

if TYPE_CHECKING:
    from linacsim.kernel.core import Kernel
    from linacsim.kernel.places import Place
    from linacsim.kernel.traffic import Address

_SYN_PATIENCE = 127 * SECOND
"""How long a connection attempt to a silent host lasts: Linux gives up after six SYN retries."""


def fail(kernel: Kernel, what: Settings, target: Address, timeout: int | None) -> None:
    """Let a call come to nothing, in the words of the network.

    Raises
    ------
    OSError
        As a connection that cannot be had.
    """
    where = f"{target[0]}:{target[1]}"
    if isinstance(what, Unresolvable):
        raise OSError(-2, "the name of the host is not known")
    if isinstance(what, Refuse):
        raise ConnectionRefusedError(111, f"connection to {where} refused")
    kernel.sleep(_SYN_PATIENCE if timeout is None else timeout)
    raise TimeoutError(110, f"connection to {where} timed out")


def shut(place: Place, what: Settings) -> str | None:
    """Let nobody in at `place`, for a while or for good; return what has been drawn."""
    if not isinstance(what, Refuse | BlackHole | BacklogFull):
        return None
    draw, backlog = Drawing(place.kernel.identity, place.name), 0
    if isinstance(what, BacklogFull):
        backlog = draw.number("backlog", what.backlog, 1, 3)
    for listener in [*place.listeners]:
        listener.shut(silently=not isinstance(what, Refuse), backlog=backlog)
    if what.during is not None:
        later = place.kernel.env.timeout(what.during)
        later.callbacks.append(lambda _event: reopen(place))
    return draw.told()


def reopen(place: Place) -> None:
    """Let everybody in again."""
    for listener in place.listeners:
        listener.reopen()
