"""Putting an instance into a store and its index, as the policies say; no network here."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydicom.uid import UID

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.index import Filing, Header, Index, Kept, New
from linacsim.devices.archive.keeping import ANOTHER_PATIENT, COERCION, DUPLICATE, KeepingSettings
from linacsim.devices.archive.naming import file_name, series_folder
from linacsim.devices.archive.store import Store
from linacsim.devices.storage.services import RefusedError


@dataclass(frozen=True, slots=True)
class Item:
    """An instance to be kept.

    Attributes
    ----------
    header : Header
        What the index takes from it.
    sop_class : str
        What it is.
    syntax : UID
        The transfer syntax of `data`.
    head, data : bytes
        The file: everything up to the data set, and the data set.
    """

    header: Header
    sop_class: str
    syntax: UID
    head: bytes
    data: bytes | memoryview

    @property
    def uid(self) -> str:
        """Its SOP Instance UID."""
        return self.header.unique[Level.IMAGE]

    def at(self, path: str) -> New:
        """Return what is added to the index for it, when its file is at `path`."""
        return New(self.header, path, self.sop_class, str(self.syntax), len(self.head), len(self.data))


class Deposit:
    """Puts instances into a store; two of them never at the same time.

    Parameters
    ----------
    files : Store
        Where the files go.
    index : Index
        Where they are found again.
    keeping : KeepingSettings
        The policies.
    told : callable
        Told by keywords what is out of the ordinary; its first argument is the word of the event.
    """

    def __init__(self, files: Store, index: Index, keeping: KeepingSettings, told: Callable[..., Any]) -> None:
        self._files = files
        self._index = index
        self._keeping = keeping
        self._told = told

    def take(self, item: Item) -> tuple[str, bool]:
        """Keep an instance; return where it is on the shelf, and whether there is more than before.

        Raises
        ------
        RefusedError
            If a policy says so.
        DatabaseDownError, OSError
            If it cannot be kept; nothing of it is left then.
        """
        known = self._index.instance(item.uid)
        if known is not None:
            return self._take_again(known, item)
        filing = self._watch_patient(item.header, self._index.filing(item.header))
        folder = filing.folder if filing.series else series_folder(item.header, filing.folder.rpartition("/")[0])
        new = item.at(f"{folder}/{file_name(item.uid)}")
        self._put(new, filing, item)
        return self._files.base + new.path, True

    def _put(self, new: New, filing: Filing, item: Item) -> None:
        """Write, commit, and let it be seen, in this order; if anything goes wrong, nothing is left."""
        name = new.path.rpartition("/")[2]
        self._files.stage(name, item.head, item.data)
        try:
            self._index.add(new, filing)
        except BaseException:
            self._files.discard(name)
            raise
        try:
            self._files.publish(name, new.path)
        except OSError:
            self._index.remove(item.uid)
            self._files.discard(name)
            raise

    def _watch_patient(self, header: Header, filing: Filing) -> Filing:
        """Do as told with an instance that tells otherwise of its patient; return where it belongs now."""
        changed = filing.differs(header)
        if not changed:
            return filing
        policy = self._keeping.changed_patient
        self._told("patient-differs", sop_instance=header.unique[Level.IMAGE], attributes=changed, policy=policy)
        if policy == "refuse":
            raise RefusedError(ANOTHER_PATIENT, f"the patient is known otherwise: {changed[0]}")
        if policy == "keep-first":
            return filing
        self._index.change_patient(header, filing)
        return self._index.filing(header)

    def _take_again(self, known: Kept, item: Item) -> tuple[str, bool]:
        """Do as told with an instance whose SOP Instance UID is known."""
        path = known.where.removeprefix(self._files.base)
        if known.syntax == item.syntax and self._files.same(path, known.start, item.data):
            return known.where, False
        if not self._files.has(path):
            # its file has been lost: what comes now takes its place
            return self._replace(path, item)
        policy = self._keeping.same_instance
        self._told("instance-differs", sop_instance=known.sop_instance, object=known.where, policy=policy)
        if policy == "refuse":
            raise RefusedError(DUPLICATE, "the instance is known with other contents")
        if policy == "keep-first":
            raise RefusedError(COERCION, "the instance is known with other contents, which are kept")
        return self._replace(path, item) if policy == "replace" else self._beside(path, item)

    def _replace(self, path: str, item: Item) -> tuple[str, bool]:
        """Keep the new contents under a name of their own, so that at every moment one of both is whole and found."""
        folder, _, name = path.rpartition("/")
        name = file_name(item.uid, 1 if name != file_name(item.uid) else 2)
        new = item.at(f"{folder}/{name}")
        self._files.stage(name, item.head, item.data)
        try:
            self._index.replace(new)
        except BaseException:
            self._files.discard(name)
            raise
        self._files.remove(path)
        self._files.publish(name, new.path)
        return self._files.base + new.path, True

    def _beside(self, path: str, item: Item) -> tuple[str, bool]:
        """Keep other contents beside the first, which stay the ones that are found; nothing is lost."""
        folder, _, _ = path.rpartition("/")
        copy = 2
        while self._files.has(other := f"{folder}/{file_name(item.uid, copy)}"):
            # the file meta information in front of it may be of another length: it names who has sent it
            if self._files.ends_with(other, item.data):
                return self._files.base + other, False
            copy += 1
        name = other.rpartition("/")[2]
        self._files.stage(name, item.head, item.data)
        self._files.publish(name, other)
        return self._files.base + other, True
