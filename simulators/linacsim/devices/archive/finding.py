"""C-FIND as SCP (PS3.4 C.4.1): what is asked is understood, looked for, and answered match by match.

pynetdicom would take each match as a data set and write it anew; so the archive responds itself with the bytes that
`answer` puts together, as it does for C-MOVE and C-GET, and keeps what pynetdicom adds off the wire.
"""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from typing import Any, Protocol

from pydicom.dataset import Dataset
from pydicom.uid import UID
from pynetdicom import evt

from linacsim.devices.archive.answer import Responses
from linacsim.devices.archive.attributes import FIND_MODELS, RepositoryQuery
from linacsim.devices.archive.conversation import Conversation, hush
from linacsim.devices.archive.hardware import Database, DatabaseDownError
from linacsim.devices.archive.held import Terms, texts
from linacsim.devices.archive.index import Entry, Index
from linacsim.devices.archive.leniency import taken
from linacsim.devices.archive.misbehaviour import Manner, Quirks
from linacsim.devices.archive.moments import minutes
from linacsim.devices.archive.negotiation import granted, negotiated
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.query import (
    BadIdentifierError,
    Levels,
    NoSuchRecordError,
    Query,
    find_query,
    read_identifier,
)
from linacsim.devices.archive.querying import unspecific
from linacsim.devices.archive.storing import DATABASE_DOWN
from linacsim.devices.archive.suboperations import CANCELLED, SUCCESS, UNABLE_TO_PROCESS
from linacsim.devices.archive.tape import Tape
from linacsim.devices.archive.working import working
from linacsim.devices.entity import Handlers
from linacsim.kernel.places import Place
from linacsim.kernel.units import MILLISECOND

MATCH = 0xFF00
OUT_OF_RESOURCES = 0xA700
INVALID_PRIOR_RECORD_KEY = 0xA710
SOP_CLASS_NOT_SUPPORTED = 0x0122
LIMIT_REACHED = 0xB001
_TIMEZONE = 0x00080201
_TURN = 64
_BUNCH = 32
"""Matches after which the others get their turn, however quick the database is."""


class House(Protocol):
    """What finding needs of the archive."""

    place: Place
    personality: ArchivePersonality
    database: Database
    index: Index
    unable: bool
    manner: Manner
    tape: Tape

    @property
    def name(self) -> str:
        """Its AE title."""


class _RefusedError(Exception):
    """A query is refused: status, Error Comment, and the tags of the offending elements."""

    def __init__(self, status: int, comment: str, offending: tuple[int, ...] = ()) -> None:
        super().__init__(status, comment, offending)
        self.status = status
        self.comment = comment
        self.offending = offending


class Matches(Conversation):
    """The responses to a C-FIND request."""

    def __init__(self, event: evt.Event, quirks: Quirks) -> None:
        super().__init__(event, quirks)
        self._pending: Any = None

    def match(self, status: int, identifier: bytes) -> None:
        """Send a match; the same response serves for all of them."""
        if self._pending is None:
            self._pending = self._response(status)
        self._pending.Identifier = BytesIO(identifier)
        self._send(self._pending)
        if self.quirks.repeats == "pending":
            self._send(self._pending)

    def finish(self, status: int, comment: str = "", offending: tuple[int, ...] = ()) -> None:
        """Send the final response."""
        response = self._response(self.quirks.cancelled_as if status == CANCELLED else status, comment)
        if offending:
            response.OffendingElement = list(offending)
        self._end(response)


class Finding:
    """Answers C-FIND requests to an archive, and what is asked for in extended negotiation.

    Parameters
    ----------
    house : House
        The archive.
    """

    def __init__(self, house: House) -> None:
        self._house = house

    def handlers(self) -> Handlers:
        """Return who answers which message."""
        return [(evt.EVT_C_FIND, self._find), (evt.EVT_SOP_EXTENDED, self._negotiate)]

    def _negotiate(self, event: evt.Event) -> dict[UID, bytes]:
        """Answer SOP Class Extended Negotiation (PS3.4 C.5)."""
        offered: dict[UID, bytes] = event.app_info  # type: ignore[attr-defined]
        return granted(offered, self._house.personality.querying.negotiates)

    def _find(self, event: evt.Event) -> Iterator[Any]:
        """Answer a C-FIND."""
        house = self._house
        talk = Matches(event, house.manner.quirks)
        with working(house.place.kernel, event.assoc, house.personality.network_timeout):
            try:
                if talk.quirks.silence:
                    house.place.kernel.sleep(talk.quirks.silence)
                self._answer(talk, *self._understood(event))
            except _RefusedError as no:
                talk.finish(no.status, no.comment, no.offending)
            except DatabaseDownError:
                talk.finish(UNABLE_TO_PROCESS if house.unable else OUT_OF_RESOURCES, DATABASE_DOWN)
        # pynetdicom has something to say about it, which nobody gets to hear
        yield from hush(event.assoc, (CANCELLED, None))

    # understanding

    def _understood(self, event: evt.Event) -> tuple[Query, bool]:
        """Return what is asked for, and whether nothing can match it.

        Raises
        ------
        _RefusedError
            If it is not to be answered.
        """
        request: Any = event.request
        model, syntax = str(event.context.abstract_syntax), UID(event.context.transfer_syntax)
        if str(request.AffectedSOPClassUID) != model:
            raise _RefusedError(SOP_CLASS_NOT_SUPPORTED, "the presentation context is of another SOP class")
        try:
            identifier = read_identifier(request.Identifier.getvalue(), syntax)
            query, fits_nothing = self._query(event, identifier, FIND_MODELS[model])
        except BadIdentifierError as exc:
            raise _RefusedError(self._house.personality.codes.bad_query, exc.comment, exc.breaches) from exc
        except NoSuchRecordError as exc:
            raise _RefusedError(INVALID_PRIOR_RECORD_KEY, "the Prior Record Key is none of this archive") from exc
        settings = self._house.personality.querying
        missing = unspecific(query, settings)
        if missing is not None:
            raise _RefusedError(settings.unspecific, f"no value in any of {', '.join(settings.specific)}", (missing,))
        return query, fits_nothing

    def _query(self, event: evt.Event, identifier: Dataset, levels: Levels) -> tuple[Query, bool]:
        personality, model = self._house.personality, str(event.context.abstract_syntax)
        agreed = negotiated(event.assoc, model)
        asked = _zone(identifier) if agreed.timezone else None
        told = taken(identifier, levels, personality.leniency)
        query = find_query(
            told.identifier,
            levels,
            relational=personality.relational or told.relational,
            terms=Terms(agreed, asked, personality.querying.zone),
            repository=model == RepositoryQuery,
        )
        return query, told.fits_nothing

    # answering

    def _answer(self, talk: Matches, query: Query, fits_nothing: bool) -> None:
        """Look for what is asked for and respond, match by match.

        Raises
        ------
        DatabaseDownError
            If the database does not answer, or does so no more.
        """
        house = self._house
        house.database.ask()
        status = house.personality.codes.unsupported_keys if query.unsupported else MATCH
        responses = Responses(query, talk.syntax, house.name, self._availability())
        limit = _least(house.personality.querying.most, query.most)
        sent = 0
        with talk.together():
            for sent, entry in enumerate(() if fits_nothing else self._found(query), 1):
                if not talk.still_wanted():
                    self._told(query, sent - 1)
                    if not talk.over:
                        talk.finish(CANCELLED)
                    return
                if limit is not None and sent > limit:
                    self._told(query, limit)
                    talk.finish(self._beyond(talk), f"there are more than {limit} matches")
                    return
                talk.match(status, responses.identifier(entry))
                if sent % _BUNCH == 0:
                    # it is read on the other side while the next are looked for here
                    talk.flush()
        self._told(query, sent)
        if not talk.over:
            talk.finish(SUCCESS)

    def _availability(self) -> str:
        """Return the Instance Availability (PS3.3 C.4.23.1.1): what is on tape has to be fetched first, if it can be."""
        tape = self._house.tape
        if tape.jammed:
            return "OFFLINE"
        return "NEARLINE" if tape.times.mount_time else "ONLINE"

    def _found(self, query: Query) -> Iterator[Entry]:
        """Yield the matches, each when the database has found it; others get their turn in between."""
        house = self._house
        kernel, database, owed = house.place.kernel, house.database, 0
        each = house.personality.database.match_time
        for number, entry in enumerate(house.index.search(query, after=query.after), 1):
            owed += each
            if owed >= MILLISECOND or number % _TURN == 0:
                database.expect_up()
                # no clock can tell much less than a millisecond: shorter times are slept together
                slept = owed if owed >= MILLISECOND else 0
                kernel.sleep(slept)
                database.expect_up()
                owed -= slept
            yield entry

    def _beyond(self, talk: Matches) -> int:
        """Return the final status when there are more matches than may be sent."""
        if str(talk.request.AffectedSOPClassUID) == RepositoryQuery:
            return LIMIT_REACHED
        return self._house.personality.querying.beyond

    def _told(self, query: Query, matches: int) -> None:
        self._house.place.log("query-answered", level=str(query.level), matches=matches)


def _zone(identifier: Dataset) -> int | None:
    """Return the time zone of an identifier in minutes from Universal Time, ``None`` if it names none.

    Raises
    ------
    BadIdentifierError
        If it is none.
    """
    told = texts(identifier.get(_TIMEZONE))
    if not told:
        return None
    zone = minutes(told[0])
    if zone is None:
        raise BadIdentifierError(f"{told[0]!r} is no Timezone Offset From UTC", _TIMEZONE)
    return zone


def _least(*limits: int | None) -> int | None:
    return min((limit for limit in limits if limit), default=None)
