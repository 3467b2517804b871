"""Every entity that asks for associations against every one that accepts them: the matrix of negotiations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from linacsim.conformance.model import Entity
from linacsim.conformance.negotiation import Negotiation, Party, accepts, negotiate, requests
from linacsim.conformance.system import System
from linacsim.errors import InputError
from linacsim.settings import did_you_mean

DEVICES = "linacsim"
"""The system that the devices of the bench belong to."""


@dataclass(frozen=True, slots=True)
class Matrix:
    """All negotiations of some systems and devices.

    Attributes
    ----------
    requestors, acceptors : tuple of Party
        The rows and the columns.
    cells : mapping of (str, str) to Negotiation
        By the ids of requestor and acceptor.
    left_out : tuple of (Party, str)
        Entities without a role in the network, and why.
    """

    requestors: tuple[Party, ...]
    acceptors: tuple[Party, ...]
    cells: Mapping[tuple[str, str], Negotiation]
    left_out: tuple[tuple[Party, str], ...]

    def cell(self, requestor: str, acceptor: str) -> Negotiation:
        """Return the negotiation of two entities.

        Parameters
        ----------
        requestor, acceptor : str
            ``oncentra/cm-storage-scu``, ``oncentra-cm-storage-scu``, or the entity alone where one system has it.

        Raises
        ------
        InputError
            If there is no such row or column.
        """
        row = _find(requestor, self.requestors, "requestors")
        return self.cells[row.id, _find(acceptor, self.acceptors, "acceptors").id]

    def only(self, requestor: str, acceptor: str) -> Matrix:
        """Return the matrix of one cell; see `cell`."""
        one = self.cell(requestor, acceptor)
        key = (one.requestor.id, one.acceptor.id)
        return replace(self, requestors=(one.requestor,), acceptors=(one.acceptor,), cells={key: one}, left_out=())


def matrix(systems: Iterable[System], devices: Iterable[Entity] = ()) -> Matrix:
    """Return the matrix of the entities of `systems`, and of the `devices` of the bench behind them."""
    parties = [Party(system.id, system.head.title, one) for system in systems for one in system.entities.values()]
    parties += [Party(DEVICES, "a device of the bench", one) for one in devices]
    requestors = tuple(one for one in parties if requests(one.entity))
    acceptors = tuple(one for one in parties if accepts(one.entity))
    left_out = ((one, _why_left_out(one.entity)) for one in parties if one not in requestors + acceptors)
    cells = {(one.id, other.id): negotiate(one, other) for one in requestors for other in acceptors}
    return Matrix(requestors, acceptors, cells, tuple(left_out))


def _why_left_out(entity: Entity) -> str:
    """Return why an entity is no row and no column."""
    if entity.roles:
        return f"{' and '.join(entity.roles)} without a network ({entity.section})"
    policy = entity.acceptance_policy or "not documented"
    return f"no role in the network is documented; associations: {policy} ({entity.section})"


def _find(text: str, parties: tuple[Party, ...], noun: str) -> Party:
    """Return the party that `text` names."""
    wanted = text.strip().lower().replace("_", "-")
    known = [(one, (one.id, one.id.replace("/", "-"), one.name.replace(" ", "-"))) for one in parties]
    found = [one for one, names in known if wanted in names]
    found = found or [one for one in parties if wanted == one.entity.id]
    if not found:
        advice = did_you_mean(wanted, [one.id if "/" in wanted else one.entity.id for one in parties], noun)
        raise InputError(f"no entity {text!r} among the {noun}", "--cell", advice)
    if len(found) > 1:
        raise InputError(f"{text!r} is several", "--cell", "say " + " or ".join(one.id for one in found))
    return found[0]
