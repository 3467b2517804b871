"""Elekta Monaco 5.30: received objects wait in a temporary folder until they are imported; one plan or two for MOSAIQ; DRRs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from pydicom.dataset import Dataset

from linacsim.conformance.model import Activity, ActivityStep, Entity, Per
from linacsim.devices.caseof import CaseOf
from linacsim.devices.device import Action
from linacsim.devices.planning.activities import Export, LocalImport
from linacsim.devices.planning.filing import Importing, read_back
from linacsim.devices.planning.inbox import files_in, remove
from linacsim.devices.planning.personality import Print
from linacsim.devices.planning.printing import PrintSCU
from linacsim.devices.planning.receiving import StorageSCP
from linacsim.devices.planning.sending import StorageSCU
from linacsim.devices.planning.sources import chosen, dressed
from linacsim.errors import InputError, PlayFailure
from linacsim.objects.apex import has_leaves, two_plans
from linacsim.settings import AETitle

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


class ExportObjects(Export):
    """Send objects; a plan for an Apex MLC as the version of MOSAIQ wants it (section 3.1.16).

    Attributes
    ----------
    apex : str
        ``single-plan`` for MOSAIQ 2.50 or later; ``two-plans`` for earlier ones: one without leaves, and one for the MLC
        controller with another UID. Left out, the machine has no Apex MLC, and plans go as they are.
    mlc_controller : str
        The peer that gets the second plan; if left out it goes where all goes.
    """

    apex: Literal["single-plan", "two-plans"] | None = None
    mlc_controller: AETitle | None = None


class CmsSCU(StorageSCU):
    """CMS_SCU: exports; a plan for an Apex MLC is one plan or two."""

    @classmethod
    def actions(cls, entity: Entity) -> Mapping[str, Action]:
        """Return the exports, which can be asked for one plan or two."""
        plans = [one.id for one in entity.activities if any("rtplan" in step.kinds for step in one.steps)]
        exports = {one: Action(ExportObjects, "export") for one in plans}
        return {**super().actions(entity), **exports}

    def export(self, what: Export, activity: Activity | None) -> None:
        """Send the chosen objects on one association; the plan for an MLC controller of its own goes there on another.

        Raises
        ------
        PlayFailure
            If an object was not stored.
        InputError
            If two plans are wanted of a plan without leaves.
        """
        objects = chosen(self, what, self.groups(activity), self.sop_classes)
        for_controller: list[Dataset] = []
        if isinstance(what, ExportObjects) and what.apex == "two-plans":
            objects, for_controller = self._doubled(objects)
        controller = what.mlc_controller if isinstance(what, ExportObjects) else None
        if controller is None:
            self.send([*objects, *for_controller], what.to, what.called)
            return
        self.send(objects, what.to, what.called)
        if for_controller:
            self.send(for_controller, controller, None)

    def _doubled(self, objects: Sequence[Dataset]) -> tuple[list[Dataset], list[Dataset]]:
        """Return the objects with plans without leaves, and the plans of leaves alone."""
        plans = {str(ds.SOPInstanceUID): two_plans(ds, self.place.kernel.identity) for ds in objects if has_leaves(ds)}
        if not plans:
            raise InputError("there is no plan with leaves to be made two plans of", "apex", "choose an RT Plan")
        first = [plans[str(ds.SOPInstanceUID)][0] if str(ds.SOPInstanceUID) in plans else ds for ds in objects]
        return first, [second for _, second in plans.values()]


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
