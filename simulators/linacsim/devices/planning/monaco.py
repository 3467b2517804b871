"""Elekta Monaco 5.30: received objects wait in a temporary folder until the user imports them; DRRs are printed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pydicom.dataset import Dataset

from linacsim.conformance.model import Activity, ActivityStep, Entity, Per
from linacsim.devices.caseof import CaseOf
from linacsim.devices.device import Action
from linacsim.devices.planning.activities import LocalImport
from linacsim.devices.planning.filing import Importing, read_back
from linacsim.devices.planning.inbox import files_in, remove
from linacsim.devices.planning.personality import Print
from linacsim.devices.planning.printing import PrintSCU
from linacsim.devices.planning.receiving import StorageSCP
from linacsim.devices.planning.sources import dressed
from linacsim.errors import PlayFailure

LOCAL_IMPORT = Action(LocalImport, "local_import")


class MonacoSCP(StorageSCP, Importing):
    """MONACO_SCP: all objects are accepted and written to a local disk for later selection (section 3.2.8)."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the actions of a server, and the import."""
        imports = {one.id: LOCAL_IMPORT for one in entity.activities if any(step.op == "import" for step in one.steps)}
        return {**super().actions(entity), **imports}

    def local_import(self, what: LocalImport, activity: Activity | None) -> None:
        """Import what waits in the temporary folder; what has been imported leaves it.

        Raises
        ------
        PlayFailure
            If nothing waits, or an object was rejected.
        """
        del activity
        waiting = [(where, read_back(self.shelf, where)) for where in files_in(self.shelf, self.receiver.folder)]
        objects = [
            (where, ds)
            for where, ds in waiting
            if what.patient_id is None or str(ds.get("PatientID")) == what.patient_id
        ]
        imported, complaint = self.take_in(objects)
        for where in imported:
            remove(self.shelf, where)
        if complaint and what.strict:
            raise PlayFailure(complaint)


class PrintDrr(Print):
    """Print DRRs on film.

    Attributes
    ----------
    images : list of str
        Paths, or ``pydicom:NAME``; without them, the DRRs of `case` are made and printed.
    case : CaseOf
        The patient.
    """

    images: tuple[str, ...] = ()
    case: CaseOf = CaseOf()
    label: str = "MONACO"


_STEPS = (
    ActivityStep(op="N-GET", sop_class="Printer"),
    ActivityStep(op="N-CREATE", sop_class="Basic Film Session"),
    ActivityStep(op="N-SET", sop_class="Basic Film Session"),
    ActivityStep(op="N-CREATE", sop_class="Basic Film Box", per=Per.FILM),
    ActivityStep(op="N-SET", sop_class="Basic Grayscale Image Box", per=Per.IMAGE_BOX),
    ActivityStep(op="N-ACTION", sop_class="Basic Film Box", per=Per.FILM),
    ActivityStep(op="N-DELETE", sop_class="Basic Film Box", per=Per.FILM),
    ActivityStep(op="RELEASE"),
)
"""Ours: the document names the meta SOP class and no single operation (section 3.2.31)."""


class PrintDRR(PrintSCU):
    """PRINT_SCU: DRRs go to one printer; its single steps are ours."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the actions of a print client, with DRRs that are made here."""
        return {**super().actions(entity), **{one.id: Action(PrintDrr, "print") for one in entity.activities}}

    def steps(self, activity: Activity) -> Activity:
        """Return the activity with the steps that we take."""
        return activity.model_copy(update={"steps": _STEPS})

    def sources(self, what: Print) -> Sequence[str | Dataset]:
        """Return the files that the user has chosen, or the DRRs of the case."""
        if what.images or not isinstance(what, PrintDrr):
            return super().sources(what)
        return dressed(self, what.case, ["rtimage"])
