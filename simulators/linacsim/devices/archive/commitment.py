"""Storage Commitment of an archive (PS3.4 Annex J): its settings, what it can do wrong, and what it has to remember."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from linacsim.devices.commitment import PROCESSING_FAILURE, Reference, Result
from linacsim.kernel.shelf import Shelf
from linacsim.kernel.units import MILLISECOND, minutes
from linacsim.settings import Count, Duration, Settings, StatusCode


class CommitmentSettings(Settings):
    """How an archive commits.

    Attributes
    ----------
    delay : Duration
        From the response to the request until the objects are looked at and the result is told.
    association : str
        Where the result is told: on the association of the request while that is open and on a new one afterwards
        (``same-else-new``), never on a new one (``same``), or always (``new``). PS3.4 J.3.3 allows all of them.
    before_response : bool
        Whether the result is told on the association of the request before the response to it, as fast archives do.
    role : str
        On a new association the archive is the SCP though it is the requestor, and proposes that by SCP/SCU Role
        Selection (PS3.4 J.3.3): it insists on it (``required``), goes on without it (``offered``), or does not know of it
        (``left-out``).
    retries : int
        How often it is tried again to tell a result that has not arrived.
    retry_interval : Duration
        How long it waits before that.
    duplicate : str
        What becomes of a request whose Transaction UID is in use: a result with every object failed (``report``), or a
        response with status 0131 (``refuse``).
    most_outstanding : int
        Transactions at the same time; one more is refused with 0213.
    retrieve_ae_title : bool
        Whether a result names the archive as Retrieve AE Title.
    """

    delay: Duration = 100 * MILLISECOND
    association: Literal["same-else-new", "same", "new"] = "same-else-new"
    before_response: bool = False
    role: Literal["required", "offered", "left-out"] = "required"
    retries: Annotated[int, Field(ge=0)] = 3
    retry_interval: Duration = minutes(1)
    duplicate: Literal["report", "refuse"] = "report"
    most_outstanding: Count = 1000
    retrieve_ae_title: bool = True


class Misreport(Settings):
    """Breakage: the next result of a storage commitment is told wrongly.

    Attributes
    ----------
    how : str
        It is ``never`` told, told ``twice``, told of a ``wrong-transaction``, told with one object failed that is there
        (``fails-one``), or told ``late``.
    reason : int
        Failure Reason of the object that fails.
    late_by : Duration
        How much later it is told, or how long after the first time the second one comes.
    """

    how: Literal["never", "twice", "wrong-transaction", "fails-one", "late"]
    reason: StatusCode = PROCESSING_FAILURE
    late_by: Duration = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A request that has been accepted and whose result has not been told.

    Attributes
    ----------
    uid : str
        Transaction UID.
    client : str
        The AE title of who has asked.
    references : tuple of Reference
        What for.
    duplicate : bool
        Whether its UID was in use already.
    """

    uid: str
    client: str
    references: tuple[Reference, ...]
    duplicate: bool = False


def spoilt(result: Result, what: Misreport, wrong_uid: str) -> Result:
    """Return a result as a breakage tells it."""
    if what.how == "wrong-transaction":
        return replace(result, transaction=wrong_uid)
    if what.how == "fails-one" and result.committed:
        first, *rest = result.committed
        return replace(result, committed=tuple(rest), failed=(*result.failed, (first, what.reason)))
    return result


class Ledger:
    """The transactions that are outstanding, on the shelf: a new run over the same folder finds them again.

    Parameters
    ----------
    shelf : Shelf
        Where they are written down.
    folder : str
        The kind of artefact on it.
    """

    def __init__(self, shelf: Shelf, folder: str) -> None:
        self._shelf = shelf
        self._folder = folder

    def write(self, transaction: Transaction) -> None:
        """Write a transaction down.

        Raises
        ------
        OSError
            If there is no room for it.
        """
        told = {"uid": transaction.uid, "client": transaction.client, "references": list(transaction.references)}
        self._shelf.put(self._folder, f"{transaction.uid}.json", json.dumps(told).encode("ascii"))

    def strike(self, uid: str) -> None:
        """Strike a transaction out: its result has been told, or never will be."""
        if self._shelf.folder is None:
            self._shelf.memory.pop(f"{self._folder}/{uid}.json", None)
        else:
            (self._shelf.folder / self._folder / f"{uid}.json").unlink(missing_ok=True)

    def outstanding(self) -> Iterable[tuple[str, Transaction | None]]:
        """Yield the path of each entry, and the transaction; ``None`` if the entry cannot be read."""
        for where in self._shelf.names(self._folder):
            if where.endswith(".json"):
                yield where, _read(self._shelf.read(where))


def _read(data: bytes) -> Transaction | None:
    try:
        told = json.loads(data)
        references = tuple(Reference(str(sop_class), str(uid)) for sop_class, uid in told["references"])
        return Transaction(uid=str(told["uid"]), client=str(told["client"]), references=references)
    except (ValueError, KeyError, TypeError):
        return None
