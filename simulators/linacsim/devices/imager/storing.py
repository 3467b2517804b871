"""Storing what was acquired and found: over the network, or as files (2.2.1.3.1, section 3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from linacsim.conformance.kinds import NAMES
from linacsim.devices.imager.actions import Store
from linacsim.devices.imager.state import Waiting
from linacsim.devices.planning.filing import write_file
from linacsim.errors import PlayFailure

if TYPE_CHECKING:
    from linacsim.devices.imager.services import Imager


def stored(imager: Imager, what: Store) -> None:
    """Store what waits for it, volumes first; what has been stored gives its places in the image buffer back.

    Raises
    ------
    PlayFailure
        If there is nothing to store, or something was not stored: it goes on waiting.
    """
    treatment = imager.treatment
    waiting = list(treatment.waiting_for(what.what))
    if not waiting:
        kinds = ", ".join(NAMES[kind] for kind in what.what) or "acquired"
        raise PlayFailure(f"there is nothing to store: nothing {kinds} waits for it")
    if what.to is not None:
        imager.remote.verify(what.to, what.called)
    try:
        for one in waiting:
            if what.to is not None:
                imager.remote.send(one.objects, what.to, what.called)
            else:
                _write(imager, one.objects, what.folder)
            _done(imager, one)
    except PlayFailure as exc:
        kept = sum(len(one.objects) for one in waiting if one in treatment.waiting)
        imager.tell(f"not stored, and kept: {kept} object{'s' if kept > 1 else ''}; store again")
        raise PlayFailure(f"{exc}; {kept} kept, store again") from exc


def _done(imager: Imager, one: Waiting) -> None:
    treatment = imager.treatment
    treatment.waiting.remove(one)
    treatment.stored.update((str(ds.SOPInstanceUID), ds) for ds in one.objects)
    if one.hold is not None:
        imager.hardware.release(one.hold)


def _write(imager: Imager, objects: list[Dataset], folder: str) -> None:
    """Write Part 10 files without a DICOMDIR (section 3)."""
    for ds in objects:
        name = f"{ds.Modality}.{ds.SOPInstanceUID}.dcm"
        where = write_file(imager.shelf, f"{folder}/{imager.file_name}", name, ds)
        fields = {"sop_class": str(ds.SOPClassUID), "sop_instance": str(ds.SOPInstanceUID)}
        imager.place.log("object-written", object=where, **fields)
