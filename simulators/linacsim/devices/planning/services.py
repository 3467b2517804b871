"""The Oncentra CM Print SCU: prints collated or uncollated, as its conformance statement gives the steps."""

from __future__ import annotations

from collections.abc import Iterator

from pynetdicom import AE
from pynetdicom.presentation import PresentationContext, build_context

from linacsim.conformance.loader import load_entity
from linacsim.conformance.model import Activity, Entity
from linacsim.devices.device import Action, Device, Kind
from linacsim.devices.entity import application_entity, associate
from linacsim.devices.planning.pages import pages
from linacsim.devices.planning.personality import Print, PrintSCUPersonality
from linacsim.devices.planning.printjob import PrintJob
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf


class PrintSCU(Device):
    """A print client that is driven by the table of an application entity."""

    personality: PrintSCUPersonality

    def __init__(self, place: Place, personality: PrintSCUPersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.entity: Entity = load_entity("oncentra", "cm-print-scu")

    def print(self, what: Print) -> None:
        """Print images; the activity of the document is `print-collated` or `print-uncollated` (section 2.2.2.2)."""
        layout, films = pages(what, [self.find_file(name) for name in what.images])
        ((ae, contexts),) = self.calls()
        assoc = associate(self, ae, what.to, contexts, what.called or "")
        activity = self._activity("print-collated" if what.collated else "print-uncollated")
        identity = self.place.kernel.identity
        laid_out = what.model_copy(update={"image_display_format": layout})
        PrintJob(assoc, activity, laid_out, films, lambda purpose: identity.next_uid(self.name, purpose)).play()
        self.place.log("print-sent", films=len(films), images=sum(len(film) for film in films), **{"with": what.to})

    def calls(self) -> Iterator[tuple[AE, list[PresentationContext]]]:
        """Yield the one kind of association that it opens."""
        ae = application_entity(self, self.personality)
        ae.implementation_class_uid = self.entity.implementation_class_uid[0]
        ae.implementation_version_name = self.entity.implementation_version_name[0]
        yield (
            ae,
            [
                build_context(context.abstract_syntax, list(context.transfer_syntaxes))
                for context in self.entity.presentation_contexts
            ],
        )

    def _activity(self, name: str) -> Activity:
        return next(activity for activity in self.entity.activities if activity.id == name)


ONCENTRA_CM_PRINT_SCU = Kind(
    name="oncentra-cm-print-scu",
    build=PrintSCU,
    settings=PrintSCUPersonality,
    about="Oncentra 4.3 CM Print SCU: prints films collated or uncollated",
    actions={"print": Action(Print, "print")},
    events=frozenset({"print-sent", "printer-told"}),
    fields=frozenset({"films", "images", "info"}),
    serves=False,
)
PrintSCU.kind = ONCENTRA_CM_PRINT_SCU
