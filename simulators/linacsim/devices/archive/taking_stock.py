"""Bringing the index of a store up to date when an archive starts: a few files, or all of them if there is no index."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from pydicom.uid import UID

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.index import Header, Index, New, NotIndexableError, read_header
from linacsim.devices.archive.naming import file_name, instance_of
from linacsim.devices.archive.store import Store
from linacsim.devices.storage.scan import OddError, file_meta
from linacsim.devices.uids import is_uid
from linacsim.errors import InputError
from linacsim.kernel.places import Place

_COMPLETE = "complete"
_BATCH = 500
_HEAD = 1 << 16
"""Bytes of a file in which nearly always everything stands that the index wants."""
_SOP_CLASS = 0x00080016


@dataclass(frozen=True, slots=True)
class Opened:
    """A file that holds an object.

    Attributes
    ----------
    header : Header
        What the index takes from it.
    sop_class, sop_instance : str
        What it is.
    syntax : UID
        Its transfer syntax.
    start : int
        Where its data set begins.
    """

    header: Header
    sop_class: str
    sop_instance: str
    syntax: UID
    start: int


def take_stock(store: Store, index: Index, place: Place) -> None:
    """Finish what an earlier run has left unfinished; read all files if the index does not know of them.

    Raises
    ------
    DatabaseDownError
        If the index does not do what it is asked.
    """
    _finish(store, index, place)
    if index.noted().get(_COMPLETE) != "yes":
        _read_all(store, index, place)
        index.note(_COMPLETE, "yes")


def _finish(store: Store, index: Index, place: Place) -> None:
    """See to the files that were being stored: what is in the index is whole, what is not was never acknowledged."""
    for name in store.staged():
        uid, _copy = instance_of(name)
        kept = index.instance(uid) if is_uid(uid) else None
        path = "" if kept is None else kept.where.removeprefix(store.base)
        if kept is not None and path.rpartition("/")[2] == name:
            # of an instance that was being replaced, the other name
            store.remove(f"{path.rpartition('/')[0]}/{file_name(uid, 2 if name == file_name(uid) else 1)}")
            store.publish(name, path)
            place.log("object-recovered", object=kept.where, sop_instance=uid)
        else:
            store.discard(name)
            place.log("object-unfinished", object=name)


def _read_all(store: Store, index: Index, place: Place) -> None:
    """Index what is in the store; an object that cannot be read is told, and stays where it is."""
    paths = list(store.paths())
    left, done, told = iter(paths), 0, place.kernel.progress
    while batch := list(islice(left, _BATCH)):
        with index.together():
            for path in batch:
                _add(store, index, place, path)
        done += len(batch)
        if told is not None:
            told("indexing the store", done, len(paths))
        place.kernel.sleep(0)
    if paths:
        place.log("index-rebuilt", objects=index.count())


def _add(store: Store, index: Index, place: Place, path: str) -> None:
    try:
        data, length = store.head(path, _HEAD)
        try:
            opened = open_file(data, path)
        except NotIndexableError:
            # what the index wants may lie further behind
            data, length = store.head(path)
            opened = open_file(data, path)
    except (InputError, NotIndexableError, OSError) as exc:
        place.log("object-unreadable", object=store.base + path, complaint=str(exc))
        return
    if index.instance(opened.sop_instance) is None:
        index.add(new_of(opened, path, length))


def new_of(opened: Opened, path: str, length: int) -> New:
    """Return what is added to the index for a file of `length` bytes at `path`."""
    return New(opened.header, path, opened.sop_class, str(opened.syntax), opened.start, max(0, length - opened.start))


def open_file(data: bytes, name: str) -> Opened:
    """Return what the index takes from a file.

    Raises
    ------
    InputError, NotIndexableError
        If it is no DICOM file, or no object that can be found again.
    """
    try:
        start, told = file_meta(data)
    except OddError as exc:
        raise InputError(str(exc), name) from exc
    syntax = UID(told)
    if not syntax.is_valid or not syntax.is_transfer_syntax:
        raise NotIndexableError(f"{told} is no transfer syntax")
    header = read_header(data[start:], syntax)
    sop_class = next(iter(header.values[Level.IMAGE].texts(_SOP_CLASS)), "")
    if not is_uid(sop_class):
        raise NotIndexableError("SOP Class UID is missing or no UID")
    return Opened(header, sop_class, header.unique[Level.IMAGE], syntax, start)
