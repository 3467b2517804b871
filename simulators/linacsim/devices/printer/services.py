"""Basic Grayscale Print Management as SCP (PS3.4 Annex H): messages to hardware calls to responses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association

from linacsim.devices.device import Action, Device, Kind, Nothing
from linacsim.devices.entity import application_entity, listen
from linacsim.devices.printer.answers import Answer, as_taken, created, reference, response, without_image
from linacsim.devices.printer.checks import (
    BOX_TERMS,
    boxes_of,
    check_densities,
    check_image,
    fill_defaults,
    film_terms,
    session_terms,
    take,
)
from linacsim.devices.printer.hardware import FilmHardware, QueueFullError
from linacsim.devices.printer.hierarchy import FilmBox, FilmSession, ImageBox
from linacsim.devices.printer.output import copies_of, film_sheets
from linacsim.devices.printer.personality import Jam, PrinterPersonality, Refill
from linacsim.devices.printer.statuses import (
    ATTRIBUTE_LIST_ERROR,
    COLLATION_NOT_SUPPORTED,
    DEMAGNIFIED,
    DUPLICATE_SOP_INSTANCE,
    FILM_EMPTY,
    FILM_QUEUE_FULL,
    INVALID_ATTRIBUTE_VALUE,
    INVALID_SOP_INSTANCE,
    MISSING_ATTRIBUTE,
    NO_FILM_BOX,
    NO_SUCH_ACTION,
    NO_SUCH_SOP_CLASS,
    NO_SUCH_SOP_INSTANCE,
    PROCESSING_FAILURE,
    RESOURCE_LIMITATION,
    SESSION_EMPTY,
    SESSION_QUEUE_FULL,
    SUCCESS,
    UNPRINTED_FILM_BOX,
    RefusedError,
)
from linacsim.devices.sopclasses import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    PrinterInstance,
    Verification,
)
from linacsim.devices.sopclasses import Printer as PrinterSOPClass
from linacsim.devices.uids import is_uid
from linacsim.errors import PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf

PRINT = 1
"""The one Action Type ID of print management (PS3.4 H.4.1.2.4, H.4.2.2.4)."""


class Printer(Device):
    """A film printer."""

    personality: PrinterPersonality

    def __init__(self, place: Place, personality: PrinterPersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.hardware = FilmHardware(place.kernel, personality, place.log, place.name)
        self.sessions: dict[Association, FilmSession] = {}

    def start(self, port: int) -> None:
        """Listen, and switch the hardware on."""
        ae = application_entity(self, self.personality)
        self.support(ae)
        listen(
            self,
            ae,
            port,
            [
                (evt.EVT_N_GET, self._answering(self._get)),
                (evt.EVT_N_CREATE, self._answering(self._create)),
                (evt.EVT_N_SET, self._answering(self._set)),
                (evt.EVT_N_ACTION, self._answering(self._action)),
                (evt.EVT_N_DELETE, lambda event: self._answering(self._delete)(event)[0]),
                (evt.EVT_C_ECHO, lambda _event: SUCCESS),
                (evt.EVT_RELEASED, self._forget),
                (evt.EVT_ABORTED, self._forget),
                (evt.EVT_CONN_CLOSE, self._forget),
            ],
        )
        self.hardware.switch_on()

    def support(self, ae: AE) -> None:
        """Accept print management and C-ECHO."""
        for sop_class in (BasicGrayscalePrintManagementMeta, Verification):
            ae.add_supported_context(sop_class, [ExplicitVRLittleEndian, ImplicitVRLittleEndian])

    def _answering(self, serve: Callable[[evt.Event], Answer]) -> Callable[[evt.Event], Answer]:
        """Turn refusals into statuses with an Error Comment, and empty attribute lists into none."""

        def handler(event: evt.Event) -> Answer:
            try:
                status, attributes = serve(event)
            except RefusedError as refused:
                return response(refused.status, refused.comment), None
            return status, attributes or None

        return handler

    def _forget(self, event: evt.Event) -> None:
        """The hierarchy ends with its association (PS3.4 H.2.2); what was printed is in the queue as a copy."""
        self.sessions.pop(event.assoc, None)

    def _get(self, event: evt.Event) -> Answer:
        request: Any = event.request
        if request.RequestedSOPClassUID != PrinterSOPClass:
            raise RefusedError(NO_SUCH_SOP_CLASS, "N-GET is for the Printer")
        if request.RequestedSOPInstanceUID != PrinterInstance:
            raise RefusedError(NO_SUCH_SOP_INSTANCE, "the Printer has a well-known instance")
        known = self._printer()
        wanted = [int(tag) for tag in event.attribute_identifiers] or [int(element.tag) for element in known]
        found = Dataset()
        for tag in wanted:
            if tag in known:
                found[tag] = known[tag]
        unknown = [tag for tag in wanted if tag not in known]
        if unknown:
            return response(ATTRIBUTE_LIST_ERROR, f"{len(unknown)} attributes are not known"), found
        return response(SUCCESS), found

    def _printer(self) -> Dataset:
        """Return the attributes of the Printer (PS3.3 C.13.9)."""
        about, told = self.personality, Dataset()
        told.PrinterStatus, told.PrinterStatusInfo = self.hardware.status
        told.PrinterName = about.printer_name
        told.Manufacturer = about.manufacturer
        told.ManufacturerModelName = about.model
        told.DeviceSerialNumber = about.serial
        told.SoftwareVersions = about.software
        return told

    def _create(self, event: evt.Event) -> Answer:
        request: Any = event.request
        given = event.attribute_list if request.AttributeList is not None else Dataset()
        uid = str(request.AffectedSOPInstanceUID or "")
        if uid and not is_uid(uid):
            raise RefusedError(INVALID_SOP_INSTANCE, "not a UID")
        made = uid or self.place.kernel.identity.next_uid(self.name, "print")
        if request.AffectedSOPClassUID == BasicFilmSession:
            status, attributes = self._create_session(event.assoc, made, given)
        elif request.AffectedSOPClassUID == BasicFilmBox:
            status, attributes = self._create_film(event.assoc, made, given)
        else:
            raise RefusedError(NO_SUCH_SOP_CLASS, "only Film Session and Film Box can be created")
        return created(status, attributes, made, named=bool(uid))

    def _create_session(self, assoc: Association, uid: str, given: Dataset) -> tuple[int, Dataset]:
        if assoc in self.sessions:
            raise RefusedError(RESOURCE_LIMITATION, "one film session for each association")
        attributes, terms = Dataset(), session_terms(self.personality)
        status = take(given, terms, attributes)
        fill_defaults(attributes, terms, NumberOfCopies="1")
        self.sessions[assoc] = FilmSession(uid=uid, attributes=attributes)
        return status, attributes

    def _create_film(self, assoc: Association, uid: str, given: Dataset) -> tuple[int, Dataset]:
        session = self.sessions.get(assoc)
        if session is None:
            raise RefusedError(NO_SUCH_SOP_INSTANCE, "there is no film session")
        self._check_reference(session, given)
        if session.film(uid) is not None or uid == session.uid:
            raise RefusedError(DUPLICATE_SOP_INSTANCE, "the instance exists")
        if not self.personality.session_printing and not all(film.printed for film in session.films):
            raise RefusedError(UNPRINTED_FILM_BOX, "a film box has not been printed")
        count = boxes_of(given, self.personality)
        attributes, terms = Dataset(), film_terms(self.personality)
        status = take(given, terms, attributes)
        fill_defaults(attributes, terms, BorderDensity="BLACK", EmptyImageDensity="BLACK")
        status = check_densities(attributes, self.personality, status)
        boxes = [ImageBox(uid=self._box_uid(), position=position) for position in range(1, count + 1)]
        session.films.append(FilmBox(uid=uid, attributes=attributes, boxes=boxes))
        attributes.ReferencedImageBoxSequence = [reference(BasicGrayscaleImageBox, box.uid) for box in boxes]
        return status, attributes

    def _box_uid(self) -> str:
        return self.place.kernel.identity.next_uid(self.name, "image-box")

    def _check_reference(self, session: FilmSession, given: Dataset) -> None:
        """The film box names its film session (PS3.3 C.13.4)."""
        sequence = given.get("ReferencedFilmSessionSequence")
        if not sequence:
            raise RefusedError(MISSING_ATTRIBUTE, "ReferencedFilmSessionSequence is missing")
        if sequence[0].get("ReferencedSOPInstanceUID") != session.uid:
            raise RefusedError(INVALID_ATTRIBUTE_VALUE, "ReferencedFilmSessionSequence: no such session")

    def _set(self, event: evt.Event) -> Answer:
        request: Any = event.request
        session, uid = self._session(event.assoc), str(request.RequestedSOPInstanceUID)
        given = event.modification_list
        setters: dict[Any, Callable[[FilmSession, str, Dataset], tuple[int, Dataset]]] = {
            BasicFilmSession: self._set_session,
            BasicFilmBox: self._set_film,
            BasicGrayscaleImageBox: self._set_box,
        }
        setter = setters.get(request.RequestedSOPClassUID)
        if setter is None:
            raise RefusedError(NO_SUCH_SOP_CLASS, "N-SET is for Film Session, Film Box and Image Box")
        status, attributes = setter(session, uid, given)
        # the attribute list goes back only where it was changed (PS3.7 10.1.3.1.9)
        return response(status), attributes if status else None

    def _set_session(self, session: FilmSession, uid: str, given: Dataset) -> tuple[int, Dataset]:
        session.check_own(uid)
        status = take(given, session_terms(self.personality), session.attributes)
        return status, as_taken(given, session.attributes)

    def _set_film(self, session: FilmSession, uid: str, given: Dataset) -> tuple[int, Dataset]:
        film = session.named_film(uid)
        fixed = [key for key in ("ImageDisplayFormat", "FilmSizeID", "FilmOrientation") if key in given]
        if fixed:
            raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"{fixed[0]} is fixed once the film box exists")
        status = take(given, film_terms(self.personality), film.attributes)
        status = check_densities(film.attributes, self.personality, status)
        return status, as_taken(given, film.attributes)

    def _set_box(self, session: FilmSession, uid: str, given: Dataset) -> tuple[int, Dataset]:
        box = session.named_box(uid)
        position = given.get("ImageBoxPosition")
        if position is None:
            raise RefusedError(MISSING_ATTRIBUTE, "ImageBoxPosition is missing")
        if int(position) != box.position:
            raise RefusedError(INVALID_ATTRIBUTE_VALUE, f"ImageBoxPosition {position}, this box is {box.position}")
        sequence = given.get("BasicGrayscaleImageSequence")
        if sequence:
            # the image that it takes the place of makes room
            taken = session.memory - (len(box.image.PixelData) if box.image is not None else 0)
            check_image(sequence[0], self.personality.memory - taken)
        attributes = Dataset()
        status = take(given, BOX_TERMS, attributes)
        box.attributes = attributes
        return status, without_image(attributes)

    def _session(self, assoc: Association) -> FilmSession:
        session = self.sessions.get(assoc)
        if session is None:
            raise RefusedError(NO_SUCH_SOP_INSTANCE, "there is no film session")
        return session

    def _action(self, event: evt.Event) -> Answer:
        request: Any = event.request
        session, uid = self._session(event.assoc), str(request.RequestedSOPInstanceUID)
        if request.ActionTypeID != PRINT:
            raise RefusedError(NO_SUCH_ACTION, f"action {request.ActionTypeID}")
        if request.RequestedSOPClassUID == BasicFilmSession:
            session.check_own(uid)
            return response(self._print_session(event.assoc, session)), None
        if request.RequestedSOPClassUID == BasicFilmBox:
            return response(self._print_film(event.assoc, session, session.named_film(uid))), None
        raise RefusedError(NO_SUCH_SOP_CLASS, "N-ACTION is for Film Session and Film Box")

    def _print_session(self, assoc: Association, session: FilmSession) -> int:
        """Print all film boxes, collated (PS3.4 H.4.1.2.4)."""
        if not session.films:
            raise RefusedError(NO_FILM_BOX, "the film session has no film box")
        if not self.personality.session_printing:
            return COLLATION_NOT_SUPPORTED
        filled = [film for film in session.films if not film.empty]
        status = self._submit(assoc, session, session.films, SESSION_QUEUE_FULL)
        return status if filled else SESSION_EMPTY

    def _print_film(self, assoc: Association, session: FilmSession, film: FilmBox) -> int:
        """Print the film box that was created last (PS3.4 H.4.2.2.4)."""
        if film is not session.films[-1]:
            raise RefusedError(PROCESSING_FAILURE, "only the film box created last can be printed")
        status = self._submit(assoc, session, [film], FILM_QUEUE_FULL)
        return FILM_EMPTY if film.empty else status

    def _submit(self, assoc: Association, session: FilmSession, films: list[FilmBox], when_full: int) -> int:
        """Queue a copy of `films`; return Success, or the warning that an image had to be demagnified."""
        owner = str(assoc.requestor.ae_title).strip()
        sheets, smaller = film_sheets(self, session, films, owner)
        try:
            self.hardware.submit(owner, sheets, copies_of(session))
        except QueueFullError:
            raise RefusedError(when_full, "the print queue is full") from None
        for film in films:
            film.printed = True
        return DEMAGNIFIED if smaller else SUCCESS

    def _delete(self, event: evt.Event) -> Answer:
        request: Any = event.request
        session, uid = self._session(event.assoc), str(request.RequestedSOPInstanceUID)
        if request.RequestedSOPClassUID == BasicFilmSession:
            session.check_own(uid)
            del self.sessions[event.assoc]
        elif request.RequestedSOPClassUID == BasicFilmBox:
            session.films.remove(session.named_film(uid))
        else:
            raise RefusedError(NO_SUCH_SOP_CLASS, "N-DELETE is for Film Session and Film Box")
        return response(SUCCESS), None

    def jam(self, what: Jam) -> None:
        """The next sheet gets stuck."""
        self.hardware.jam_next()
        if what.cleared_after is not None:
            self.place.kernel.spawn(self._clear_later, what.cleared_after, name="clearing the jam", place=self.place)

    def _clear_later(self, after: int) -> None:
        self.place.kernel.sleep(after)
        self.hardware.clear_jam()

    def clear_jam(self, _what: Nothing) -> None:
        """The operator takes the stuck sheet out."""
        if not self.hardware.clear_jam():
            raise PlayFailure(f"{self.name}: no sheet is stuck")

    def refill(self, _what: Refill) -> None:
        """The operator changes the magazines."""
        self.hardware.refill()


KIND = Kind(
    fields=frozenset({"film", "images", "info", "job", "owner", "picture", "sha256", "sheet", "sheets"}),
    name="printer",
    build=Printer,
    settings=PrinterPersonality,
    about="a film printer: Basic Grayscale Print Management, with magazines, transport and processor behind it",
    actions={"clear-jam": Action(Nothing, "clear_jam"), "refill": Action(Refill, "refill")},
    breakages={"jam": Action(Jam, "jam")},
    events=frozenset(
        {
            "printer-status",
            "job-queued",
            "job-printing",
            "job-done",
            "sheet-out",
            "film-jam",
            "jam-cleared",
            "magazines-changed",
        }
    ),
)
Printer.kind = KIND
