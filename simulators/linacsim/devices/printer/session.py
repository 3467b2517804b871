"""The Basic Film Session as SCP (PS3.4 H.4.1): one for each association."""

from __future__ import annotations

from linacsim.devices.printclasses import BasicFilmSession
from linacsim.devices.printer.answers import Answer, as_taken
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.hierarchy import FilmBox, FilmSession
from linacsim.devices.printer.printing import check_print, print_films
from linacsim.devices.printer.references import lut_of
from linacsim.devices.printer.rules import SESSION
from linacsim.devices.printer.statuses import (
    COLLATION_NOT_SUPPORTED,
    DUPLICATE_SOP_INSTANCE,
    INVALID_ATTRIBUTE_VALUE,
    MEMORY_ALLOCATION_NOT_SUPPORTED,
    NO_FILM_BOX,
    NOT_AUTHORISED,
    PROCESSING_FAILURE,
    RESOURCE_LIMITATION,
    SESSION_EMPTY,
    SESSION_QUEUE_FULL,
    SUCCESS,
    RefusedError,
)
from linacsim.devices.printer.taking import Taken, take

_KILOBYTE = 1024


def create(desk: Desk, request: Request) -> Answer:
    """N-CREATE: one film session for each association (0213 for a second), for those who may print (0124)."""
    allowed = desk.personality.may_print
    if allowed and desk.client not in allowed:
        raise RefusedError(NOT_AUTHORISED, f"{desk.client} may not print here")
    if desk.work.session is not None:
        raise RefusedError(RESOURCE_LIMITATION, "one film session for each association")
    if request.uid and desk.work.knows(request.uid):
        raise RefusedError(DUPLICATE_SOP_INSTANCE, "the instance exists")
    taken = take(request.attributes, SESSION, desk.personality)
    session = FilmSession(uid=request.uid or desk.new_uid("print"), attributes=taken.attributes)
    session.lut = lut_of(taken.attributes, desk.work)
    _allocate(desk, session, taken)
    desk.work.session = session
    return Answer(
        status=taken.status,
        attributes=taken.attributes,
        comment=taken.comment,
        tags=tuple(taken.tags),
        uid="" if request.uid else session.uid,
    )


def change(desk: Desk, request: Request) -> Answer:
    """N-SET."""
    session = desk.work.named_session(request.uid)
    taken = take(request.attributes, SESSION, desk.personality, setting=True)
    lut = lut_of(taken.attributes, desk.work)
    _allocate(desk, session, taken)
    session.lut = lut or session.lut
    session.attributes.update(taken.attributes)
    shown = as_taken(taken.given, session.attributes) if taken.status else None
    return Answer(status=taken.status, attributes=shown, comment=taken.comment, tags=tuple(taken.tags))


def _allocate(desk: Desk, session: FilmSession, taken: Taken) -> None:
    """Take Memory Allocation (2000,0060) off the printer's memory.

    B600 if it does not do that; 0106 if it can never be had, 0213 if it cannot be had now (PS3.4 H.4.1.2.1.2).
    """
    element = taken.attributes.get_item("MemoryAllocation")
    wanted = int(taken.attributes.get("MemoryAllocation") or 0)
    if element is None or (not wanted and not session.allocated):
        return
    if not desk.personality.memory_allocation:
        del taken.attributes.MemoryAllocation
        taken.warn(MEMORY_ALLOCATION_NOT_SUPPORTED, "memory cannot be allocated", int(element.tag))
        return
    if wanted * _KILOBYTE > desk.printer.store.size:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{wanted} kB is more than there is", int(element.tag))
    before, session.allocated = session.allocated, wanted * _KILOBYTE
    if not desk.allot(session):
        # a session that is refused more keeps what it had
        session.allocated = before
        desk.allot(session)
        raise RefusedError(RESOURCE_LIMITATION, f"{wanted} kB are not to be had", int(element.tag))


def act(desk: Desk, request: Request) -> Answer:
    """N-ACTION: print all film boxes, collated (PS3.4 H.4.1.2.4)."""
    session = desk.work.named_session(request.uid)
    check_print(request)
    if not session.films:
        raise RefusedError(NO_FILM_BOX, "the film session has no film box")
    if not desk.personality.session_printing:
        return Answer(status=COLLATION_NOT_SUPPORTED, comment="print the film boxes one by one")
    sizes = {str(film.attributes.get("FilmSizeID")) for film in session.films}
    if len(sizes) > 1 and not desk.personality.mixed_film_sizes:
        raise RefusedError(PROCESSING_FAILURE, "films of several sizes are not printed together")
    answer = print_films(desk, session, session.films, SESSION_QUEUE_FULL)
    if all(film.empty for film in session.films):
        answer.status, answer.comment = SESSION_EMPTY, "the film session has no image"
    return answer


def delete(desk: Desk, request: Request) -> Answer:
    """N-DELETE: the hierarchy goes with it (PS3.4 H.4.1.2.3)."""
    clear(desk, desk.work.named_session(request.uid))
    return Answer(status=SUCCESS)


def clear(desk: Desk, session: FilmSession) -> None:
    """End a film session: all memory that it held is given back."""
    for film in session.films:
        clear_film(desk, film)
    session.films.clear()
    session.allocated = 0
    desk.allot(session)
    if desk.work.session is session:
        desk.work.session = None


def clear_film(desk: Desk, film: FilmBox) -> None:
    """Give the memory of a film box's images back."""
    for box in film.boxes:
        desk.release(box.reserved)
        box.reserved = None


SOP_CLASS = BasicFilmSession
