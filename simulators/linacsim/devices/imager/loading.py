"""Opening a patient: what is loaded from the treatment management system, or read in file mode (2.1.2.2, 2.2.1.3.2.1)."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from pydicom import dcmread
from pydicom.dataset import Dataset

from linacsim.conformance.kinds import NAMES, kind_of
from linacsim.devices.imager.actions import Load
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.plan import read_plan
from linacsim.devices.imager.preconditions import judge
from linacsim.devices.planning.sources import files_below
from linacsim.errors import InputError, PlayFailure
from linacsim.objects.imagefile import pydicom_errors, read_instance

if TYPE_CHECKING:
    from linacsim.devices.imager.services import Imager


def opened(imager: Imager, what: Load) -> LoadedPatient:
    """Load or read a patient, and say what is the matter with it.

    Raises
    ------
    PlayFailure
        If something has not come, or the imager refuses what has.
    InputError
        If nothing tells where from.
    """
    if (what.to is None) == (not what.files):
        raise InputError("nothing tells where from", "load", "give `to`, or `files` for file mode")
    objects = _read(imager, what.files) if what.to is None else _loaded(imager, what.to, what)
    patient = imager.compute(lambda: _patient(objects), "the patient to be opened")
    verdict = imager.compute(lambda: judge(patient, "load"), "the patient to be looked at")
    for words in patient.warnings:
        imager.tell(words)
    for one in (*verdict.warnings, *verdict.advice):
        imager.tell(str(one), unmet=one.rule)
    imager.place.log(
        "patient-opened", patient=patient.name, plan=patient.plan.label, beams=len(patient.plan.beams),
        setup_beams=len(patient.plan.setup_beams), slices=len(patient.slices), markers=len(patient.markers),
        images=len(patient.images),
    )  # fmt: skip
    if verdict.refusals:
        text = f"the patient cannot be opened: {'; '.join(str(one) for one in verdict.refusals)}"
        imager.tell(text, unmet=", ".join(one.rule for one in verdict.refusals))
        raise PlayFailure(text)
    return patient


def _loaded(imager: Imager, to: str, what: Load) -> list[Dataset]:
    """Return the plan and what it refers to; first the remote is asked whether it is there (2.1.3)."""
    remote = imager.remote
    remote.verify(to, what.called)
    found = (
        remote.load_ct(to, what.called, what.plan)
        if what.reference_ct
        else remote.load_plan(to, what.called, what.plan)
    )
    plans = [ds for ds in found if _kind(ds) == "rtplan"]
    wanted = [*(_images_of(imager, to, plans) if what.reference_images else ()), *what.images]
    if wanted:
        found += remote.load_images(to, what.called, list(dict.fromkeys(wanted)))
    return found


def _images_of(imager: Imager, to: str, plans: Sequence[Dataset]) -> tuple[str, ...]:
    """Return the images of the patient: those that the plan names, or else all that the remote has (2.1.2.2)."""
    named = read_plan(plans[0]).reference_images if plans else ()
    return named or imager.remote.images_at(to)


def _read(imager: Imager, names: Sequence[str]) -> list[Dataset]:
    """Return what files and folders hold, of this run too; in a folder, what is no DICOM is passed over."""
    found: list[Dataset] = []
    for name in names:
        written = imager.shelf.names(name)
        if written:
            found += [_written(imager, one) for one in written]
            continue
        path = imager.find_file(name)
        if not Path(path).is_dir():
            found.append(read_instance(path))
            continue
        for file in files_below(Path(path)):
            try:
                found.append(read_instance(file))
            except InputError as exc:
                imager.place.log("file-left-out", object=file.name, complaint=exc.what)
    return found


def _written(imager: Imager, where: str) -> Dataset:
    """Return an object that a peer has written to a file in this run."""
    with pydicom_errors(where, "load files that were written as DICOM"):
        ds: Dataset = dcmread(BytesIO(imager.shelf.read(where)))
        return ds


def _patient(objects: Sequence[Dataset]) -> LoadedPatient:
    plans = [ds for ds in objects if _kind(ds) == "rtplan"]
    if len(plans) != 1:
        had = ", ".join(sorted({NAMES.get(_kind(ds), "other objects") for ds in objects})) or "nothing"
        raise InputError(f"{len(plans)} RT Plans among {had}", "load", "give one plan, with what it refers to")
    wanted = read_plan(plans[0]).structure_set
    sets = [ds for ds in objects if _kind(ds) == "rtstruct"]
    own = next((ds for ds in sets if str(ds.SOPInstanceUID) == wanted), None)
    slices = [ds for ds in objects if _kind(ds) == "ct"]
    return LoadedPatient(plans[0], own, slices, [ds for ds in objects if _kind(ds) == "rtimage"])


def _kind(ds: Dataset) -> str:
    return kind_of(str(ds.get("SOPClassUID", "")))
