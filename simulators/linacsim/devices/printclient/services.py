"""A print client as a device: it opens an association, sends what it is told, answers reports or does not, and leaves."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import evt
from pynetdicom.association import Association
from pynetdicom.dsutils import encode
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.status import code_to_category

from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.entity import application_entity, associate, end_of
from linacsim.devices.printclasses import (
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicPrintImageOverlayBox,
    PresentationLUT,
    Printer,
    PrinterConfigurationRetrieval,
    PrinterConfigurationRetrievalInstance,
    PrinterInstance,
    PrintJob,
    members,
)
from linacsim.devices.printclient.dialogue import Dialogue, Response
from linacsim.devices.printclient.messages import DATA, command, data_set
from linacsim.devices.printclient.personality import CLASSES, Ask, ClientSettings, Close, Open, Send
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.border.links import link_of
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf

_FILM: dict[str, Any] = {"ImageDisplayFormat": "STANDARD\\1,1"}
_WELL_KNOWN = {Printer: PrinterInstance, PrinterConfigurationRetrieval: PrinterConfigurationRetrievalInstance}
_NOWHERE = "1.2.3.4.5.6.7.8.9"
"""An instance that no printer has."""


class PrintClient(Device):
    """A print client; it has one association at a time.

    Attributes
    ----------
    known : dict
        The SOP Instance UIDs of each SOP class that it has learnt, oldest first; image and annotation boxes are those of
        the film box made last.
    """

    personality: ClientSettings

    def __init__(self, place: Place, personality: ClientSettings, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self._dialogue: Dialogue | None = None
        self._left: Association | None = None
        self.known: dict[str, list[str]] = {}

    def open(self, what: Open) -> None:
        """Open an association.

        Raises
        ------
        PlayFailure
            If there is none.
        """
        syntaxes: list[str | UID] = [ImplicitVRLittleEndian]
        if not what.implicit:
            syntaxes.insert(0, ExplicitVRLittleEndian)
        contexts = [build_context(_class_of(word), syntaxes) for word in what.sop_classes]
        ae = application_entity(self, self.personality)
        handlers = [(evt.EVT_N_EVENT_REPORT, self._reported)]
        assoc = associate(self, ae, what.to, contexts, evt_handlers=handlers)
        self.known = {}
        self._dialogue = Dialogue(self.place.kernel, assoc)

    def send(self, what: Send) -> None:
        """Send requests.

        Raises
        ------
        PlayFailure
            If a response has another status than it must have, or there is none.
        """
        pending = []
        for ask in what.requests:
            pending.append((ask, self._send(ask)))
            if ask.wait:
                for one, answered in pending:
                    self._check(one, self._talk.wait(answered, self.personality.dimse_timeout))
                pending = []
        for one, answered in pending:
            self._check(one, self._talk.wait(answered, self.personality.dimse_timeout))

    def close(self, what: Close) -> None:
        """End the association."""
        assoc = self._left = self._talk.assoc
        self._dialogue = None
        if what.how == "leave":
            link_of(assoc).reset()
        elif what.how == "abort":
            assoc.abort()
        elif assoc.is_established:
            assoc.release()

    @property
    def _talk(self) -> Dialogue:
        if self._dialogue is None:
            raise PlayFailure(f"{self.name} has no association open")
        return self._dialogue

    def _send(self, ask: Ask) -> Any:
        sop_class = _class_of(ask.of)
        talk = self._talk
        if not talk.assoc.is_established:
            raise PlayFailure(f"{ask.op} {ask.of}: {end_of(talk.assoc)}")
        message = command(ask, sop_class, self._instance(ask, sop_class), ask.id or talk.next_id())
        context = self._context(talk.assoc, _class_of(ask.over) if ask.over else sop_class)
        syntax = context.transfer_syntax[0]
        if ask.op in DATA:
            ds = data_set(ask, self._defaults(ask, sop_class))
            raw = bytes.fromhex(ask.raw) or encode(ds, syntax.is_implicit_VR, syntax.is_little_endian)
            if raw is None:
                raise InputError(f"{ask.op} {ask.of} cannot be encoded", "send", "look at the values")
            setattr(message, DATA[ask.op], BytesIO(raw) if raw else None)
        return talk.send(message, context.context_id or 0)

    def _instance(self, ask: Ask, sop_class: UID) -> str:
        """Return the SOP Instance UID of a request."""
        if ask.instance == "none":
            return ""
        if ask.instance not in ("newest", "older"):
            return ask.instance
        if sop_class in _WELL_KNOWN:
            return _WELL_KNOWN[sop_class]
        if ask.op == "N-CREATE":
            made = self.place.kernel.identity.next_uid(self.name, ask.of)
            self.known.setdefault(sop_class, []).append(made)
            return made
        known = self.known.get(sop_class, [])
        if sop_class in (BasicGrayscaleImageBox, BasicColorImageBox, BasicAnnotationBox):
            return known[ask.position - 1] if ask.position <= len(known) else _NOWHERE
        place = 1 if ask.instance == "newest" else 2
        return known[-place] if place <= len(known) else _NOWHERE

    def _defaults(self, ask: Ask, sop_class: UID) -> dict[str, Any]:
        """Return the attributes that a message has by itself: those that no printer can do without."""
        values: dict[str, Any] = {}
        if ask.op == "N-CREATE" and sop_class == BasicFilmBox:
            values = {**_FILM, "ReferencedFilmSessionSequence": self._reference(BasicFilmSession)}
        if ask.op == "N-SET" and sop_class in (BasicGrayscaleImageBox, BasicColorImageBox):
            values = {"ImageBoxPosition": ask.position}
        if ask.op == "N-SET" and sop_class == BasicAnnotationBox:
            values = {"AnnotationPosition": ask.position}
        if ask.lut:
            values["ReferencedPresentationLUTSequence"] = self._reference(PresentationLUT)
        if ask.overlay:
            values["ReferencedImageOverlayBoxSequence"] = self._reference(BasicPrintImageOverlayBox)
        return values

    def _reference(self, sop_class: UID) -> Dataset:
        """Return a reference to the newest instance of a class."""
        item = Dataset()
        item.ReferencedSOPClassUID = sop_class
        item.ReferencedSOPInstanceUID = (self.known.get(sop_class) or [_NOWHERE])[-1]
        return item

    def _context(self, assoc: Association, sop_class: str) -> PresentationContext:
        """Return the accepted context of a SOP class, of a meta SOP class that covers it, or any other one."""
        accepted = assoc.accepted_contexts
        own = [one for one in accepted if one.abstract_syntax == sop_class]
        covering = [one for one in accepted if sop_class in members(str(one.abstract_syntax))]
        return (own + covering + accepted)[0]

    def _check(self, ask: Ask, response: Response | None) -> None:
        """Learn from a response; complain of a status that it must not have."""
        what = f"{ask.op} {ask.of}"
        if response is None:
            raise PlayFailure(f"{what}: {end_of(self._talk.assoc)}")
        if response.unreadable:
            raise PlayFailure(f"{what}: the data set of the response cannot be read: {response.unreadable}")
        if ask.op == "N-CREATE" and ask.instance == "newest" and code_to_category(response.status) == "Failure":
            self.known[_class_of(ask.of)].pop()
        said = f" ({response.comment})" if response.comment else ""
        if ask.status is not None and response.status != ask.status:
            raise PlayFailure(f"{what}: status 0x{response.status:04X}{said}, 0x{ask.status:04X} is wanted")
        if ask.status is None and code_to_category(response.status) not in ("Success", "Warning"):
            raise PlayFailure(f"{what}: status 0x{response.status:04X}{said}")
        self._learn(ask, response)

    def _learn(self, ask: Ask, response: Response) -> None:
        """Note the instances that the printer has made."""
        named = response.command.get("AffectedSOPInstanceUID")
        if ask.op == "N-CREATE" and ask.instance == "none" and named:
            self.known.setdefault(_class_of(ask.of), []).append(str(named))
        for keyword in ("ReferencedImageBoxSequence", "ReferencedBasicAnnotationBoxSequence"):
            items = response.data.get(keyword)
            if items:
                uids = [str(item.ReferencedSOPInstanceUID) for item in items]
                self.known[str(items[0].ReferencedSOPClassUID)] = uids
        for item in response.data.get("ReferencedPrintJobSequencePullStoredPrint") or []:
            self.known.setdefault(PrintJob, []).append(str(item.ReferencedSOPInstanceUID))

    def _reported(self, event: evt.Event) -> tuple[int, Dataset | None]:
        """Take an N-EVENT-REPORT."""
        request: Any = event.request
        told = event.event_information if request.EventInformation is not None else Dataset()
        info = str(told.get("ExecutionStatusInfo") or told.get("PrinterStatusInfo") or "")
        kind = "print-job" if request.AffectedSOPClassUID == PrintJob else "printer"
        link_of(event.assoc).log("event-told", what=kind, event_type=int(request.EventTypeID), info=info or None)
        if self.personality.events == "leave":
            link_of(event.assoc).reset()
        if self.personality.events == "answer":
            self.place.kernel.sleep(self.personality.event_delay)
        # who has asked for the release may not answer any more (PS3.8 9.2, Sta7)
        if self.personality.events != "answer" or event.assoc is self._left:
            # this task never comes to an answer; it ends with the association
            while event.assoc.is_established:
                self.place.kernel.sleep(self.personality.network_timeout)
        return self.personality.event_status, None


def _class_of(word: str) -> UID:
    return CLASSES[word] if word in CLASSES else UID(word)


KIND = Kind(
    name="print-scu",
    build=PrintClient,
    settings=ClientSettings,
    about="a print client that sends what a scenario tells it, right or wrong",
    actions={"open": Action(Open, "open"), "send": Action(Send, "send"), "close": Action(Close, "close")},
    events=frozenset({"event-told"}),
    fields=frozenset({"info", "what"}),
    serves=False,
)
PrintClient.kind = KIND
