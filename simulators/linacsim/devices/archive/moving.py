"""C-MOVE and C-GET as SCP (PS3.4 C.4.2, C.4.3): requests are looked at, then `retrieval` sends what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from linacsim.devices.archive import retrieval
from linacsim.devices.archive.attributes import GET_MODELS, MOVE_MODELS
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.index import Index, Kept
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.query import BadIdentifierError, Levels, read_identifier, retrieve_query, search
from linacsim.devices.archive.suboperations import (
    DESTINATION_UNKNOWN,
    IDENTIFIER_MISMATCH,
    MOST,
    UNABLE_TO_COUNT,
    UNABLE_TO_PROCESS,
    Conversation,
    hush,
)
from linacsim.devices.archive.working import working
from linacsim.devices.entity import Handlers
from linacsim.kernel.places import Place

_DOWN = "the database is down"


class House(Protocol):
    """What retrieving needs of the archive."""

    place: Place
    personality: ArchivePersonality
    database: Database
    index: Index
    unable: bool

    def read(self, kept: Kept) -> bytes:
        """Return the file of an instance; `OSError` or `KeyError` if it is gone."""

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a destination; `PlayFailure` if there is none."""


class Retrieving:
    """Answers C-MOVE and C-GET requests to an archive.

    Parameters
    ----------
    house : House
        The archive.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    def handlers(self) -> Handlers:
        """Return who answers which message."""
        return [(evt.EVT_C_MOVE, self._move), (evt.EVT_C_GET, self._get)]

    def _move(self, event: evt.Event) -> Iterator[Any]:
        """Answer a C-MOVE (PS3.4 C.4.2)."""
        with self._working(event.assoc):
            talk = Conversation(event)
            destination = str(talk.request.MoveDestination or "").strip()
            if self._is_destination(destination):
                kept = self._wanted(event, talk, MOVE_MODELS)
                if kept is not None:
                    retrieval.move(self._house, talk, kept, destination)
            else:
                talk.refuse(DESTINATION_UNKNOWN, f"{destination} is no known destination")
        # pynetdicom would call the address; with 0 sub-operations it does not
        yield from hush(event.assoc, ("", 0), 0)

    def _get(self, event: evt.Event) -> Iterator[Any]:
        """Answer a C-GET (PS3.4 C.4.3)."""
        with self._working(event.assoc):
            talk = Conversation(event)
            kept = self._wanted(event, talk, GET_MODELS)
            if kept is not None:
                retrieval.get(self._house, talk, kept)
        yield from hush(event.assoc, 0)

    def _wanted(self, event: evt.Event, talk: Conversation, models: dict[str, Levels]) -> list[Kept] | None:
        """Return the instances that are asked for, or respond why there is no answer and return ``None``."""
        try:
            levels, identifier = _asked(event, models)
            query = retrieve_query(identifier, levels, relational=self._house.personality.relational)
            self._house.database.ask()
        except BadIdentifierError as exc:
            talk.refuse(IDENTIFIER_MISMATCH, exc.comment, exc.offending)
            return None
        except DatabaseDownError:
            talk.refuse(UNABLE_TO_PROCESS if self._house.unable else UNABLE_TO_COUNT, _DOWN)
            return None
        kept = [one for entry in search(self._house.index, query) for one in entry.instances()]
        if len(kept) > MOST:
            talk.refuse(UNABLE_TO_COUNT, f"{len(kept)} instances are more than can be counted")
            return None
        self._house.place.log("retrieval-started", level=str(query.level), matches=len(kept))
        return kept

    def _is_destination(self, title: str) -> bool:
        known = self._house.personality
        if title in known.destinations:
            return True
        place = self._house.place.kernel.places.get(title)
        return known.knows_peers and place is not None and place.address is not None

    def _working(self, assoc: Association) -> Any:
        return working(self._house.place.kernel, assoc, self._house.personality.network_timeout)


def _asked(event: evt.Event, models: dict[str, Levels]) -> tuple[Levels, Dataset]:
    """Return the levels of the information model and the identifier of a request."""
    request: Any = event.request
    model, syntax = str(event.context.abstract_syntax), UID(event.context.transfer_syntax)
    if str(request.AffectedSOPClassUID) != model:
        raise BadIdentifierError("the presentation context is of another SOP class")
    return models[model], read_identifier(request.Identifier.getvalue(), syntax)
