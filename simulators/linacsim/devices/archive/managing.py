"""An archive that knows what its objects are for: plans are looked at, images go to fields, objects belong together."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO

from pydicom import dcmread
from pydicom.datadict import tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from linacsim.conformance.kinds import SOP_CLASSES, kind_of
from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.index import Kept
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.query import Query
from linacsim.devices.archive.related import Related, family, judge
from linacsim.devices.archive.storing import Keeper
from linacsim.devices.archive.treatment import WANTED, Ward
from linacsim.devices.storage.instance import Received, file_header
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.places import Place
from linacsim.kernel.shelf import Shelf
from linacsim.objects.imagefile import pydicom_errors
from linacsim.settings import did_you_mean

EVENTS = frozenset({"plan-filed", "image-assigned", "image-unassigned", "related-objects"})
FIELDS = frozenset({"label", "fields", "field", "sites", "of", "objects", "missing"})
_PLANS = ("rtplan", "rtionplan")
_LOOKED_AT = (*_PLANS, "rtimage")


class Managing(Keeper):
    """What an archive does with the objects that it keeps, beside keeping them.

    Attributes
    ----------
    ward : Ward
        The plans and fields that it knows of.
    """

    def __init__(self, place: Place, personality: ArchivePersonality, shelf: Shelf) -> None:
        super().__init__(place, personality, shelf)
        self.ward = Ward(personality.treatment)

    def start(self, port: int) -> None:
        """Listen; the plans that an earlier run has left are known again."""
        super().start(port)
        if self.ward.idle:
            return
        for kind in _PLANS:
            for kept in self._of_kind(kind):
                ds = self._dataset(kept)
                if ds is not None:
                    list(self.ward.file(ds))

    def keep(self, received: Received) -> str:
        """Take responsibility for an instance, if it is one for this system."""
        if self.ward.idle or kind_of(received.sop_class) not in _LOOKED_AT:
            return super().keep(received)
        ds = _looked_at(received)
        if ds is not None:
            self.ward.admit(ds)
        where = super().keep(received)
        for event, fields in self.ward.file(ds) if ds is not None else ():
            self.place.log(event, sop_instance=received.sop_instance, **fields)
        return where

    def related(self, what: Related) -> None:
        """Look for everything that an object refers to.

        Raises
        ------
        PlayFailure
            If there is no such object, something that is referred to is not here, or there is more or less than wanted.
        InputError
            If `what` names no kind of object.
        """
        for kind in what.holds:
            if kind not in SOP_CLASSES:
                raise InputError(f"unknown kind of object {kind!r}", "holds", did_you_mean(kind, SOP_CLASSES, "kinds"))
        uid = self._named(what.of)
        found = family(uid, self._instance)
        self.place.log(
            "related-objects", sop_instance=uid, of=what.of, objects=len(found.members), missing=len(found.missing)
        )
        judge(found, what, self.name)

    def _named(self, of: str) -> str:
        """Return the SOP Instance UID of what is asked for by its UID or its kind."""
        if of not in SOP_CLASSES:
            if self.index.instance(of) is None:
                raise PlayFailure(f"{self.name} has no object {of}")
            return of
        found = list(self._of_kind(of))
        if not found:
            raise PlayFailure(f"{self.name} has no object of kind {of}")
        return found[-1].sop_instance

    def _of_kind(self, kind: str) -> Iterator[Kept]:
        query = Query(Level.IMAGE)
        query.keys[Level.IMAGE].append(DataElement(tag_for_keyword("SOPClassUID") or 0, "UI", SOP_CLASSES[kind]))
        for entry in self.index.search(query):
            yield from self.index.instances_of(entry)

    def _instance(self, uid: str) -> Dataset | None:
        kept = self.index.instance(uid)
        return None if kept is None else self._dataset(kept)

    def _dataset(self, kept: Kept) -> Dataset | None:
        """Return an object without its pixels, ``None`` if it is gone from the disk or cannot be read."""
        try:
            with pydicom_errors(kept.where):
                ds: Dataset = dcmread(BytesIO(self.read(kept)), stop_before_pixels=True)
                return ds
        except (InputError, LookupError, OSError):
            return None


def _looked_at(received: Received) -> Dataset | None:
    """Return what the ward wants to see of an object, ``None`` if it cannot be read: whoever keeps it will say so."""
    header = file_header(received.sop_class, received.sop_instance, str(received.syntax), received.source)
    try:
        with pydicom_errors(received.sop_instance):
            ds: Dataset = dcmread(BytesIO(header + bytes(received.data)), specific_tags=list(WANTED))
            return ds
    except InputError:
        return None
