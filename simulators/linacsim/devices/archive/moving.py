"""C-MOVE and C-GET as SCP (PS3.4 C.4.2, C.4.3, Y, Z): requests are looked at, then `retrieval` sends what they ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.devices.archive import retrieval
from linacsim.devices.archive.attributes import GET_MODELS, MOVE_MODELS
from linacsim.devices.archive.composite import (
    CompositeInstanceRootGet,
    CompositeInstanceRootMove,
    CompositeQuery,
    WithoutBulkDataGet,
    composite_query,
)
from linacsim.devices.archive.conversation import Conversation, hush
from linacsim.devices.archive.frames import FramesError
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.index import Index, Kept
from linacsim.devices.archive.leniency import taken_for_retrieval
from linacsim.devices.archive.limits import MOST
from linacsim.devices.archive.misbehaviour import Manner, names
from linacsim.devices.archive.negotiation import negotiated
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.query import BadIdentifierError, read_identifier, retrieve_query
from linacsim.devices.archive.sources import Frames, Objects, WithoutBulkData
from linacsim.devices.archive.storing import DATABASE_DOWN
from linacsim.devices.archive.suboperations import (
    NOT_AUTHORISED,
    SOP_CLASS_NOT_SUPPORTED,
    UNABLE_TO_COUNT,
    UNABLE_TO_PERFORM,
    UNABLE_TO_PROCESS,
    Suboperations,
)
from linacsim.devices.archive.tape import Tape
from linacsim.devices.archive.working import working
from linacsim.devices.entity import Handlers
from linacsim.kernel.border.links import link_of
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf

MODELS = (*MOVE_MODELS, *GET_MODELS, CompositeInstanceRootMove, CompositeInstanceRootGet, WithoutBulkDataGet)
"""The SOP classes of retrieval that are served."""


class House(Protocol):
    """What retrieving needs of the archive."""

    place: Place
    personality: ArchivePersonality
    database: Database
    index: Index
    unable: bool
    manner: Manner
    tape: Tape
    shelf: Shelf

    def read(self, kept: Kept) -> bytes:
        """Return the file of an instance; `OSError` or `KeyError` if it is gone."""

    def ahead(self, kept: Kept) -> None:
        """Read the file of an instance that will be wanted next."""

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a destination; `PlayFailure` if there is none."""


class _RefusedError(Exception):
    """A request is refused: status, Error Comment, and the tag of the offending element."""

    def __init__(self, status: int, comment: str, offending: int | None = None) -> None:
        super().__init__(status, comment, offending)
        self.status = status
        self.comment = comment
        self.offending = offending

    def tell(self, talk: Conversation) -> None:
        """Respond; where a refusal looks like a success there are counters, and all are 0."""
        if self.status:
            talk.refuse(self.status, self.comment, self.offending)
        else:
            talk.end(Suboperations(0), self.comment)


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
        talk = Conversation(event, self._house.manner.quirks)
        with self._working(event.assoc):
            try:
                self._take_breath(talk)
                self._check(event)
                destination = str(talk.request.MoveDestination or "").strip()
                if self._is_destination(destination):
                    self._send_to(destination, event, talk)
                else:
                    self._unknown(destination, talk)
            except _RefusedError as no:
                no.tell(talk)
        # pynetdicom would call the address; with 0 sub-operations it does not
        yield from hush(event.assoc, ("", 0), 0)

    def _send_to(self, destination: str, event: evt.Event, talk: Conversation) -> None:
        kept, source = self._wanted(event)
        self._house.tape.mount(talk.still_wanted)
        if not kept and self._house.manner.quirks.calls_for_nothing:
            source.call(destination, [build_context(SOP_CLASSES["ct"])]).release()
        retrieval.move(source, talk, kept, destination, self._house.personality.codes.unreached_destination)

    def _get(self, event: evt.Event) -> Iterator[Any]:
        """Answer a C-GET (PS3.4 C.4.3)."""
        talk = Conversation(event, self._house.manner.quirks)
        with self._working(event.assoc):
            try:
                self._take_breath(talk)
                self._check(event)
                kept, source = self._wanted(event)
                self._house.tape.mount(talk.still_wanted)
                retrieval.get(source, talk, kept)
            except _RefusedError as no:
                no.tell(talk)
        yield from hush(event.assoc, 0)

    def _take_breath(self, talk: Conversation) -> None:
        """Say nothing for a while, if that is how it is."""
        if talk.quirks.silence:
            self._house.place.kernel.sleep(talk.quirks.silence)

    def _check(self, event: evt.Event) -> None:
        """Check who asks and how, before what (PS3.7 C.5.17, C.5.24)."""
        request: Any = event.request
        asks = link_of(event.assoc).other
        may = self._house.personality.retrieval.may
        if str(request.AffectedSOPClassUID) != str(event.context.abstract_syntax):
            raise _RefusedError(SOP_CLASS_NOT_SUPPORTED, "the presentation context is of another SOP class")
        if may and asks not in may:
            raise _RefusedError(NOT_AUTHORISED, f"{asks} may not retrieve")

    def _unknown(self, destination: str, talk: Conversation) -> None:
        """Answer a C-MOVE to somebody who is not known."""
        told = f"{destination} is no known destination"
        match talk.quirks.unknown_destination:
            case "abort":
                link_of(talk.assoc).abort()
            case "unable":
                talk.refuse(UNABLE_TO_PERFORM, told)
            case "success":
                talk.end(Suboperations(0))
            case "silence":
                pass
            case _:
                talk.refuse(self._house.personality.codes.unknown_destination, told)

    def _wanted(self, event: evt.Event) -> tuple[list[Kept], Objects]:
        """Return the instances that are asked for, and where they come from.

        Raises
        ------
        _RefusedError
            If there is no answer.
        """
        codes = self._house.personality.codes
        try:
            level, kept, source = self._found(event)
        except BadIdentifierError as exc:
            raise _RefusedError(codes.bad_retrieval, exc.comment, exc.offending) from exc
        except FramesError as exc:
            raise _RefusedError(exc.status, exc.comment) from exc
        except DatabaseDownError as exc:
            raise _RefusedError(UNABLE_TO_PROCESS if self._house.unable else UNABLE_TO_COUNT, DATABASE_DOWN) from exc
        if codes.nothing_found and not kept:
            raise _RefusedError(codes.nothing_found, "nothing matches")
        self._check_number(len(kept))
        quirks = self._house.manner.quirks
        kept = [one for one in kept if not names(one.sop_class, quirks.leaves_out)][: quirks.leaves_out_after]
        self._house.place.log("retrieval-started", level=level, matches=len(kept))
        return kept, source

    def _found(self, event: evt.Event) -> tuple[str, list[Kept], Objects]:
        house, model, identifier = self._house, str(event.context.abstract_syntax), _identifier(event)
        if model in (CompositeInstanceRootMove, CompositeInstanceRootGet, WithoutBulkDataGet):
            wanted = composite_query(identifier, frames=model != WithoutBulkDataGet)
            house.database.ask()
            return wanted.level, *self._composite(wanted, WithoutBulkData if model == WithoutBulkDataGet else Objects)
        levels = (MOVE_MODELS | GET_MODELS)[model]
        left = taken_for_retrieval(identifier, levels, house.personality.leniency)
        agreed = negotiated(event.assoc, model).relational
        relational = agreed or house.personality.relational or left.relational
        query = retrieve_query(left.identifier, levels, relational=relational)
        house.database.ask()
        kept = [one for entry in house.index.search(query) for one in house.index.instances_of(entry)]
        return str(query.level), kept, Objects(house)

    def _composite(self, wanted: CompositeQuery, kind: type[Objects]) -> tuple[list[Kept], Objects]:
        found = map(self._house.index.instance, wanted.sop_instances)
        kept = [one for one in found if one is not None]
        if wanted.frames is None or not kept:
            return kept, kind(self._house)
        made = Frames(self._house, kept[0], wanted.frames)
        return [made.kept], made

    def _check_number(self, found: int) -> None:
        if found > MOST:
            raise _RefusedError(UNABLE_TO_COUNT, f"{found} instances are more than can be counted")
        if found > self._house.personality.retrieval.most:
            raise _RefusedError(UNABLE_TO_PERFORM, f"{found} instances are more than one retrieval may have")

    def _is_destination(self, title: str) -> bool:
        known = self._house.personality
        if title in known.destinations:
            return True
        place = self._house.place.kernel.places.get(title)
        return known.knows_peers and place is not None and place.address is not None

    def _working(self, assoc: Association) -> AbstractContextManager[None]:
        return working(self._house.place.kernel, assoc, self._house.personality.network_timeout)


def _identifier(event: evt.Event) -> Dataset:
    request: Any = event.request
    return read_identifier(request.Identifier.getvalue(), UID(event.context.transfer_syntax))
