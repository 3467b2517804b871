"""Basic Grayscale and Basic Color Print Management as SCU: films collated or uncollated, as the table of an activity gives the steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset
from pynetdicom import evt

from linacsim.conformance.model import Activity, Entity
from linacsim.devices.device import Action
from linacsim.devices.planning.network import Service
from linacsim.devices.planning.pages import pages
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.personality import Print
from linacsim.devices.planning.printjob import PrintJob, negotiated_colour, told_by_printer

PRINT = Action(Print, "print")
_COLLATED, _UNCOLLATED = "print-collated", "print-uncollated"


class PrintSCU(Peer):
    """A system that prints films."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return an action for each activity that prints; ``print`` where there is a choice between two."""
        prints = {
            activity.id: PRINT
            for activity in entity.activities
            if any(step.op in ("N-ACTION", "print") for step in activity.steps)
        }
        choice = {"print": PRINT} if {_COLLATED, _UNCOLLATED} <= prints.keys() else {}
        return {**super().actions(entity), **choice, **prints}

    def print(self, what: Print, activity: Activity | None) -> None:
        """Print images; without an activity, `collated` chooses between the two (Oncentra, section 2.2.2.2).

        Which kind of image box is used follows from the negotiation: of the meta SOP classes that the printer has accepted
        the one that `colour` asks for, else the other.

        Raises
        ------
        PlayFailure
            If the printer refuses a step, or the association ends.
        """
        sources = self.sources(what)
        layout, films = pages(what, sources, colour=what.colour)
        played = activity or self.entity.activity(_COLLATED if what.collated else _UNCOLLATED)
        identity = self.place.kernel.identity
        with self.association(what.to, what.called, self.proposes(Service.PRINT)) as (_, assoc):
            assoc.bind(evt.EVT_N_EVENT_REPORT, told_by_printer)
            colour = negotiated_colour(assoc, what.colour)
            if colour is not what.colour:
                layout, films = pages(what, sources, colour=colour)
            laid_out = what.model_copy(update={"image_display_format": layout, "colour": colour})
            job = PrintJob(
                assoc, self.steps(played), laid_out, films, lambda purpose: identity.next_uid(self.name, purpose)
            )
            job.play()
        self.place.log("print-sent", films=len(films), images=sum(len(film) for film in films), **{"with": what.to})

    def sources(self, what: Print) -> Sequence[str | Dataset]:
        """Return the images: paths, or objects that were made here."""
        return [self.find_file(name) for name in what.images]

    def steps(self, activity: Activity) -> Activity:
        """Return the activity with its single DIMSE steps."""
        return activity
