"""The Basic Film Box as SCP (PS3.4 H.4.2); its image and annotation boxes are made by the printer."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.tag import Tag

from linacsim.devices.printclasses import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicFilmBox,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
)
from linacsim.devices.printer.answers import Answer, as_taken, reference
from linacsim.devices.printer.desk import Desk, Request
from linacsim.devices.printer.formats import annotation_boxes, format_text, image_boxes_of
from linacsim.devices.printer.hierarchy import AnnotationBox, FilmBox, FilmSession, ImageBox
from linacsim.devices.printer.printing import check_print, print_films
from linacsim.devices.printer.references import lut_of, referenced
from linacsim.devices.printer.rules import FILM
from linacsim.devices.printer.session import clear_film
from linacsim.devices.printer.statuses import (
    DUPLICATE_SOP_INSTANCE,
    FILM_EMPTY,
    FILM_QUEUE_FULL,
    INVALID_ATTRIBUTE_VALUE,
    PROCESSING_FAILURE,
    RESOURCE_LIMITATION,
    SUCCESS,
    UNPRINTED_FILM_BOX,
    RefusedError,
)
from linacsim.devices.printer.taking import take

SOP_CLASS = BasicFilmBox


def create(desk: Desk, request: Request) -> Answer:
    """N-CREATE: the film box with its image boxes (Referenced Image Box Sequence) and annotation boxes."""
    session = desk.work.any_session()
    if request.uid and desk.work.knows(request.uid):
        raise RefusedError(DUPLICATE_SOP_INSTANCE, "the instance exists")
    personality = desk.personality
    if len(session.films) >= personality.most_films:
        raise RefusedError(RESOURCE_LIMITATION, f"at most {personality.most_films} film boxes in a session")
    if not personality.session_printing and not all(film.printed for film in session.films):
        raise RefusedError(UNPRINTED_FILM_BOX, "a film box has not been printed")
    taken = take(request.attributes, FILM, personality)
    _check_session(session, taken.attributes)
    for keyword in ("Illumination", "ReflectedAmbientLight"):
        if keyword in session.attributes and Tag(keyword) not in taken.given:
            taken.attributes[Tag(keyword)] = session.attributes[keyword]
    count = image_boxes_of(taken.attributes, personality)
    colour = _is_colour(desk, request.abstract_syntax)
    film = FilmBox(
        uid=request.uid or desk.new_uid("print"),
        attributes=taken.attributes,
        boxes=[
            ImageBox(uid=desk.new_uid("image-box"), position=position, colour=colour)
            for position in range(1, count + 1)
        ],
        lut=lut_of(taken.attributes, desk.work),
    )
    _annotate(desk, film, taken.attributes)
    image_class = BasicColorImageBox if colour else BasicGrayscaleImageBox
    taken.attributes.ReferencedImageBoxSequence = Sequence([reference(image_class, box.uid) for box in film.boxes])
    session.films.append(film)
    return Answer(
        status=taken.status,
        attributes=taken.attributes,
        comment=taken.comment,
        tags=tuple(taken.tags),
        uid="" if request.uid else film.uid,
    )


def _check_session(session: FilmSession, attributes: Dataset) -> None:
    """The film box names its film session (PS3.3 C.13.4)."""
    keyword = "ReferencedFilmSessionSequence"
    if referenced(attributes, keyword) != session.uid:
        raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{keyword}: no such session", Tag(keyword))


def _is_colour(desk: Desk, abstract_syntax: str) -> bool:
    """Whether the image boxes are colour ones: as the context says, or what has been negotiated at all."""
    if abstract_syntax in (BasicColorPrintManagementMeta, BasicGrayscalePrintManagementMeta):
        return abstract_syntax == BasicColorPrintManagementMeta
    return desk.context_for(BasicGrayscaleImageBox) is None and desk.context_for(BasicColorImageBox) is not None


def _annotate(desk: Desk, film: FilmBox, attributes: Dataset) -> None:
    """Make the annotation boxes that the Annotation Display Format ID stands for, if the client can set them."""
    count = annotation_boxes(attributes, desk.personality)
    if not count or desk.context_for(BasicAnnotationBox) is None:
        return
    film.annotations = [
        AnnotationBox(uid=desk.new_uid("annotation-box"), position=position) for position in range(1, count + 1)
    ]
    attributes.ReferencedBasicAnnotationBoxSequence = Sequence(
        [reference(BasicAnnotationBox, box.uid) for box in film.annotations]
    )


def change(desk: Desk, request: Request) -> Answer:
    """N-SET; format, size, orientation and annotation are fixed once the boxes exist."""
    film = desk.work.named_film(request.uid)
    taken = take(request.attributes, FILM, desk.personality, setting=True)
    lut = lut_of(taken.attributes, desk.work)
    film.lut = lut or film.lut
    film.attributes.update(taken.attributes)
    shown = as_taken(taken.given, film.attributes) if taken.status else None
    return Answer(status=taken.status, attributes=shown, comment=taken.comment, tags=tuple(taken.tags))


def act(desk: Desk, request: Request) -> Answer:
    """N-ACTION: print the film box that was created last (PS3.4 H.4.2.2.4)."""
    session = desk.work.any_session()
    film = desk.work.named_film(request.uid)
    check_print(request)
    if film is not session.films[-1]:
        raise RefusedError(PROCESSING_FAILURE, "only the film box created last can be printed")
    answer = print_films(desk, session, [film], FILM_QUEUE_FULL)
    if film.empty:
        answer.status, answer.comment = FILM_EMPTY, f"{format_text(film.attributes)}: no image"
    return answer


def delete(desk: Desk, request: Request) -> Answer:
    """N-DELETE."""
    film = desk.work.named_film(request.uid)
    clear_film(desk, film)
    session = desk.work.any_session()
    session.films.remove(film)
    desk.allot(session)
    return Answer(status=SUCCESS)
