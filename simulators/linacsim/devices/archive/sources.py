"""Where the objects of a retrieval come from: the archive as it is, without bulk data, or frames made into an object."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from pynetdicom.association import Association
from pynetdicom.presentation import PresentationContext

from linacsim.devices.archive.frames import FrameRequest, FramesError, extract
from linacsim.devices.archive.index import Kept
from linacsim.devices.archive.payload import Payload, payload_of, without_bulk_data
from linacsim.devices.archive.personality import ArchivePersonality
from linacsim.devices.archive.suboperations import CANNOT_CREATE, CANNOT_EXTRACT
from linacsim.devices.archive.tape import Tape
from linacsim.kernel.places import Place


class Store(Protocol):
    """What sources need of the archive."""

    place: Place
    personality: ArchivePersonality
    tape: Tape

    def read(self, kept: Kept) -> bytes:
        """Return the file of an instance; `OSError` or `KeyError` if it is gone."""

    def ahead(self, kept: Kept) -> None:
        """Read the file of an instance that will be wanted next."""

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a destination; `PlayFailure` if there is none."""


class Objects:
    """The objects as they are kept."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def payload(self, kept: Kept) -> Payload:
        """Return an instance as it is sent.

        Raises
        ------
        OSError or LookupError
            If it is gone, or cannot be read.
        """
        self._store.tape.read()
        return payload_of(self._store.read(kept), kept.syntax)

    def ahead(self, kept: Kept) -> None:
        """Read an instance that will be wanted next."""
        self._store.ahead(kept)

    @property
    def is_slow(self) -> bool:
        """Whether the tape takes its time."""
        return self._store.tape.times.read_time > 0

    def call(self, destination: str, contexts: list[PresentationContext]) -> Association:
        """Return an association with a destination."""
        return self._store.call(destination, contexts)


class WithoutBulkData(Objects):
    """The objects without their pixels (PS3.4 Z)."""

    def payload(self, kept: Kept) -> Payload:
        """Return an instance as it is sent."""
        return without_bulk_data(super().payload(kept))


class Frames(Objects):
    """One object, made of frames of another (PS3.4 Y.3).

    Attributes
    ----------
    kept : Kept
        What stands for it; it is not kept anywhere.
    """

    def __init__(self, store: Store, whole: Kept, request: FrameRequest) -> None:
        super().__init__(store)
        if not store.personality.retrieval.extracts_frames:
            raise FramesError(CANNOT_CREATE, "no objects are made of frames here")
        uid = store.place.kernel.identity.uid("frames", whole.sop_instance, request.key, *request.values)
        try:
            self._made = extract(super().payload(whole), request, uid)
        except (OSError, LookupError) as exc:
            raise FramesError(CANNOT_EXTRACT, "the object cannot be read") from exc
        self.kept = replace(whole, sop_instance=uid, where="")

    def payload(self, kept: Kept) -> Payload:
        """Return the object."""
        return self._made

    def ahead(self, kept: Kept) -> None:
        """There is no other one."""
