"""The patient that a user opens: which objects are meant where a scenario names none.

A treatment management system hands its client the plan of the opened patient. Here the objects are meant that have been
stored at the remote AE in this run, so that a scenario need not know UIDs that follow from the seed.
"""

from __future__ import annotations

from linacsim.conformance.kinds import NAMES, SOP_CLASSES
from linacsim.devices.planning.peer import Peer
from linacsim.errors import InputError


def stored_at(peer: Peer, remote: str, kind: str) -> tuple[str, ...]:
    """Return the SOP Instance UIDs of a kind that `remote` was sent in this run, or was given, in their order.

    Parameters
    ----------
    peer : Peer
        Who asks.
    remote : str
        The remote AE.
    kind : str
        A kind of object, as ``rtplan``.

    Raises
    ------
    InputError
        If it was sent none.
    """
    found = (
        record["sop-instance"]
        for record in peer.place.kernel.log.records
        if record["at"] == remote
        and record.get("sop-class") == SOP_CLASSES[kind]
        and (record["event"], record.get("way")) in (("C-STORE-RQ", "received"), ("object-loaded", None))
    )
    uids = tuple(dict.fromkeys(str(uid) for uid in found))
    if not uids:
        todo = "name SOP Instance UIDs, or store some there before"
        raise InputError(f"no {NAMES[kind]} has been stored at {remote}", peer.name, todo)
    return uids
