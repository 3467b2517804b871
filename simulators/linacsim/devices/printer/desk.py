"""One association at the printer's desk: what it has negotiated, what it has built up, and the request in hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydicom.dataset import Dataset
from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from linacsim.devices.printclasses import METAS, NAMES, RETIRED, members, name_of
from linacsim.devices.printer.hierarchy import FilmSession, Work
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.statuses import (
    MISTYPED_ARGUMENT,
    NO_SUCH_SOP_CLASS,
    SOP_CLASS_NOT_SUPPORTED,
    RefusedError,
)

if TYPE_CHECKING:
    from linacsim.devices.printer.book import JobInstance
    from linacsim.devices.printer.hardware import Job
    from linacsim.devices.printer.services import Printer


NOTHING = Dataset()
"""What a request without a data set has in it; nobody changes it."""


@dataclass(slots=True, kw_only=True)
class Request:
    """A request as it arrived.

    Attributes
    ----------
    operation : str
        ``N-CREATE``, ``N-SET``, ``N-GET``, ``N-ACTION`` or ``N-DELETE``.
    sop_class, uid : str
        Affected or Requested SOP Class and Instance UID; an N-CREATE need not name an instance.
    abstract_syntax : str
        Of the presentation context that it came in.
    attributes : Dataset
        Attribute List, Modification List or Action Information.
    identifiers : tuple of int
        Attribute Identifier List of an N-GET.
    action : int
        Action Type ID of an N-ACTION.
    """

    operation: str
    sop_class: str
    uid: str
    abstract_syntax: str = ""
    attributes: Dataset = field(default_factory=lambda: NOTHING)
    identifiers: tuple[int, ...] = ()
    action: int = 0


class Desk:
    """Where one association is served.

    Attributes
    ----------
    printer : Printer
        The device.
    assoc : Association
        The association.
    client : str
        The AE title of the client.
    work : Work
        Its film session, Presentation LUTs and overlays.
    """

    def __init__(self, printer: Printer, assoc: Association) -> None:
        self.printer = printer
        self.assoc = assoc
        self.client = str(assoc.requestor.ae_title).strip()
        self.work = Work()

    @property
    def personality(self) -> PrinterPersonality:
        """The printer's."""
        return self.printer.personality

    def new_uid(self, purpose: str) -> str:
        """Return a UID of the printer's own."""
        return self.printer.place.kernel.identity.next_uid(self.printer.name, purpose)

    def context_for(self, sop_class: str) -> PresentationContext | None:
        """Return the accepted presentation context that covers a SOP class: its own, or that of a meta SOP class."""
        accepted = self.assoc.accepted_contexts
        own = [context for context in accepted if context.abstract_syntax == sop_class]
        covering = [context for context in accepted if sop_class in members(str(context.abstract_syntax))]
        return next(iter(own + covering), None)

    def check_class(self, sop_class: str, abstract_syntax: str) -> None:
        """Hold the SOP class of a message against what the printer supports and the presentation context it came in.

        Raises
        ------
        RefusedError
            0118 for a class that is none of print management, 0122 for one that this printer does not support, 0212 for
            one that the context does not cover.
        """
        if sop_class not in NAMES and sop_class not in RETIRED:
            raise RefusedError(NO_SUCH_SOP_CLASS, "not a SOP class of print management")
        if sop_class not in self.printer.supported:
            raise RefusedError(SOP_CLASS_NOT_SUPPORTED, f"{name_of(sop_class)} is not supported")
        loose = not self.personality.strict_contexts and (abstract_syntax in METAS or abstract_syntax in NAMES)
        if not loose and sop_class not in members(abstract_syntax):
            raise RefusedError(MISTYPED_ARGUMENT, "the presentation context is of another SOP class")

    def watch(self, instance: JobInstance, job: Job) -> None:
        """Tell the client what becomes of a print job."""

    def allot(self, session: FilmSession) -> bool:
        """Keep as much memory free for a film session as it has allocated and its images do not take; return whether it is there."""
        self.release(session.reserved)
        wanted = max(0, session.allocated - session.stored)
        session.reserved = self.printer.store.try_reserve(self.client, wanted) if wanted else None
        return session.reserved is not None or not wanted

    def release(self, reserved: Any) -> None:
        """Give a part of the printer's memory back."""
        if reserved is not None:
            self.printer.store.free(reserved)
