"""Print Management as SCP (PS3.4 Annex H): messages to the function that serves them, and back to responses."""

from __future__ import annotations

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom import AE, evt
from pynetdicom.association import Association

from linacsim.devices.device import Device, Kind
from linacsim.devices.entity import application_entity, listen
from linacsim.devices.printclasses import (
    METAS,
    NAMES,
    BasicAnnotationBox,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicPrintImageOverlayBox,
    PresentationLUT,
    PrinterConfigurationRetrieval,
    PrintJob,
)
from linacsim.devices.printer.book import JobBook
from linacsim.devices.printer.clerk import Clerk
from linacsim.devices.printer.drawing import Draw, DrawAhead, drawn
from linacsim.devices.printer.elements import shared
from linacsim.devices.printer.hardware import FilmHardware
from linacsim.devices.printer.hardware.acts import ACTIONS, BREAKAGES, EVENTS, FIELDS, Act
from linacsim.devices.printer.hardware.memory import PrintBuffer
from linacsim.devices.printer.hardware.terms import TERMS
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.queueing import take_up
from linacsim.devices.printer.spool import Spool
from linacsim.devices.printer.statuses import NO_SUCH_EVENT_TYPE, SUCCESS
from linacsim.devices.sopclasses import Verification
from linacsim.errors import InputError
from linacsim.kernel.border.links import link_of
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf


class Printer(Device):
    """A film printer.

    Attributes
    ----------
    desks : dict
        Where each open association is served.
    book : JobBook
        The Print Jobs.
    supported : frozenset of UID
        The SOP classes that the personality supports.
    draw : callable
        Makes the pictures of the films; called where work may take its time.
    draw_ahead : callable or None
        Begins to make the next one at the same time; ``None`` if there is nobody to do that.
    spool : Spool or None
        Where films wait that have been acknowledged; ``None`` keeps them in memory, as long as the program runs.
    """

    personality: PrinterPersonality

    def __init__(self, place: Place, personality: PrinterPersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.hardware = FilmHardware(place.kernel, personality, place.log, place.name)
        self.book = JobBook(self)
        self.supported = supported_classes(personality)
        self.desks: dict[Association, Clerk] = {}
        self.draw: Draw = drawn
        self.draw_ahead: DrawAhead | None = None
        self.spool: Spool | None = None
        self._about: tuple[tuple[str, str, int], Dataset] | None = None
        self.hardware.watchers.append(self.tell_status)

    def start(self, port: int) -> None:
        """Listen, and switch the hardware on."""
        if self.personality.tls and self.place.tls.serves is None:
            raise InputError("this printer serves nothing but TLS", self.name, "give it a certificate (--tls-cert)")
        ae = application_entity(self, self.personality)
        self.support(ae)
        listen(
            self,
            ae,
            port,
            [
                (evt.EVT_N_EVENT_REPORT, lambda _event: (NO_SUCH_EVENT_TYPE, None)),
                (evt.EVT_C_ECHO, lambda _event: SUCCESS),
                (evt.EVT_ACCEPTED, self._enter),
                (evt.EVT_RELEASED, self._leave),
                (evt.EVT_ABORTED, self._leave),
                (evt.EVT_CONN_CLOSE, self._leave),
            ],
        )
        self.hardware.switch_on()

    def support(self, ae: AE) -> None:
        """Accept what the personality says, and C-ECHO."""
        syntaxes = [ImplicitVRLittleEndian]
        if not self.personality.implicit_only:
            syntaxes.insert(0, ExplicitVRLittleEndian)
        about = self.personality
        for meta in METAS:
            if about.meta_sop_classes and (about.colour or meta != BasicColorPrintManagementMeta):
                ae.add_supported_context(meta, syntaxes)
        optional = (
            PrintJob,
            BasicAnnotationBox,
            PresentationLUT,
            PrinterConfigurationRetrieval,
            BasicPrintImageOverlayBox,
        )
        for sop_class in sorted(self.supported):
            if about.individual_sop_classes or sop_class in optional:
                ae.add_supported_context(sop_class, syntaxes)
        ae.add_supported_context(Verification, syntaxes)

    def _enter(self, event: evt.Event) -> None:
        clerk = self.desks[event.assoc] = Clerk(self, event.assoc)
        link_of(event.assoc).on_request = clerk.serve

    def _leave(self, event: evt.Event) -> None:
        """The hierarchy ends with its association (PS3.4 H.2.2); what was printed is in the queue as a copy."""
        clerk = self.desks.pop(event.assoc, None)
        if clerk is not None:
            clerk.leave()

    @property
    def store(self) -> PrintBuffer:
        """The memory for images."""
        return self.hardware.memory

    def about(self) -> Dataset:
        """Return the attributes of the Printer (PS3.3 C.13.9); they are read, not changed."""
        now = (*self.hardware.status, self.hardware.calibrated)
        if self._about is None or self._about[0] != now:
            self._about = now, shared(self._told(*now))
        return self._about[1]

    def _told(self, status: str, info: str, calibrated: int) -> Dataset:
        about, told = self.personality, Dataset()
        told.PrinterStatus, told.PrinterStatusInfo = status, info
        told.PrinterName = about.printer_name
        told.Manufacturer = about.manufacturer
        told.ManufacturerModelName = about.model
        told.DeviceSerialNumber = about.serial
        told.SoftwareVersions = about.software
        if about.calibration_told:
            moment = self.place.kernel.identity.moment(calibrated)
            told.DateOfLastCalibration = moment.strftime("%Y%m%d")
            told.TimeOfLastCalibration = moment.strftime("%H%M%S")
        return told

    def tell_status(self) -> None:
        """Tell every client that the printer has become normal, or what is the matter (called by the hardware)."""
        for clerk in list(self.desks.values()):
            clerk.tell_printer()

    def keep(self) -> int:
        """Keep films in the folder until they have come out; return how many jobs of an earlier run are taken up."""
        return take_up(self, Spool(self.shelf, self.file_name))

    def conditions(self) -> frozenset[str]:
        """Return the terms of what is the matter (PS3.3 C.13.9.1), and whether a job is printed."""
        terms = {one.term for one in self.hardware.conditions}
        return frozenset(terms | ({PRINTING} if self.hardware.machine.job is not None else set()))

    def lose_memory(self) -> None:
        """Lose the queue; with a spool the jobs are on the disk, and go on."""
        self.book = JobBook(self)
        if self.spool is None:
            self.hardware.forget_jobs()

    def operate(self, what: Act) -> None:
        """Let an operator do something, or something break."""
        what.on(self.hardware)


def supported_classes(about: PrinterPersonality) -> frozenset[UID]:
    """Return the SOP classes that a personality supports, members of the meta SOP classes among them."""
    without = {
        BasicColorImageBox: about.colour,
        PrintJob: about.print_job,
        PresentationLUT: about.presentation_lut,
        BasicAnnotationBox: bool(about.annotation_formats),
        PrinterConfigurationRetrieval: about.printer_configuration,
    }
    active = {sop_class for sop_class in NAMES if without.get(sop_class, True)}
    return frozenset(active | ({BasicPrintImageOverlayBox} if about.retired else set()))


PRINTING = "PRINTING"
_EVENTS = frozenset({"client-served", "film-copied", "event-not-sent", "event-unanswered", "job-left-over"})
_FIELDS = frozenset({"contexts", "destination", "format", "info", "medium", "orientation", "reason", "size"})

KIND = Kind(
    name="printer",
    build=Printer,
    settings=PrinterPersonality,
    about="a film printer: all of Print Management, with the hardware of a laser imager behind it",
    actions=ACTIONS,
    breakages=BREAKAGES,
    events=EVENTS | _EVENTS,
    fields=FIELDS | _FIELDS,
    states=frozenset({*TERMS, PRINTING}),
)
Printer.kind = KIND
