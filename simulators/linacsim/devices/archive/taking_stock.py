"""Bringing the index of a store up to date when an archive starts: a few files, or all of them if there is no index."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from typing import Any

from pydicom.uid import UID

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.index import Header, Index, New, NotIndexableError, read_header
from linacsim.devices.archive.naming import file_name, instance_of
from linacsim.devices.archive.store import Store
from linacsim.devices.storage.scan import OddError, file_meta
from linacsim.devices.uids import is_uid
from linacsim.errors import InputError

_COMPLETE, _STORE = "complete", "store"
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


Log = Callable[..., Any]
"""Told the word of an event, and its fields by keyword."""


def take_stock(
    store: Store,
    index: Index,
    log: Log,
    progress: Callable[[str, int, int], None] | None = None,
    breathe: Callable[[], None] = lambda: None,
) -> None:
    """Finish what an earlier run has left unfinished; read all files if the index does not know of them.

    Parameters
    ----------
    store : Store
        The files.
    index : Index
        What is brought up to date.
    log : callable
        Told what has been found.
    progress : callable or None
        Told what is going on, how much is done, and of how much.
    breathe : callable
        Called now and then, to let others have their turn.

    Raises
    ------
    InputError
        If the index is of another store.
    DatabaseDownError
        If the index does not do what it is asked.
    """
    noted = index.noted()
    if noted.get(_STORE, store.identity) != store.identity:
        raise InputError(
            "the index is of another store", "--database", "name the database of this one, or an empty one"
        )
    if _STORE not in noted:
        index.note(_STORE, store.identity)
    _finish(store, index, log)
    if noted.get(_COMPLETE) != "yes":
        _read_all(store, index, log, progress, breathe)
        index.note(_COMPLETE, "yes")


def _finish(store: Store, index: Index, log: Log) -> None:
    """See to the files that were being stored: what is in the index is whole, what is not was never acknowledged."""
    for name in store.staged():
        uid, _copy = instance_of(name)
        kept = index.instance(uid) if is_uid(uid) else None
        path = "" if kept is None else kept.where.removeprefix(store.base)
        if kept is not None and path.rpartition("/")[2] == name:
            # of an instance that was being replaced, the other name
            store.remove(f"{path.rpartition('/')[0]}/{file_name(uid, 2 if name == file_name(uid) else 1)}")
            store.publish(name, path)
            log("object-recovered", object=kept.where, sop_instance=uid)
        else:
            store.discard(name)
            log("object-unfinished", object=name)


def _read_all(
    store: Store,
    index: Index,
    log: Log,
    progress: Callable[[str, int, int], None] | None,
    breathe: Callable[[], None],
) -> None:
    """Index what is in the store; an object that cannot be read is told, and stays where it is."""
    paths = list(store.paths())
    left, done = iter(paths), 0
    while batch := list(islice(left, _BATCH)):
        with index.together():
            for path in batch:
                _add(store, index, log, path)
        done += len(batch)
        if progress is not None:
            progress("indexing the store", done, len(paths))
        breathe()
    if paths:
        log("index-rebuilt", objects=index.count())


def _add(store: Store, index: Index, log: Log, path: str) -> None:
    try:
        data, length = store.head(path, _HEAD)
        try:
            opened = open_file(data, path)
        except NotIndexableError:
            # what the index wants may lie further behind
            data, length = store.head(path)
            opened = open_file(data, path)
    except (InputError, NotIndexableError, OSError) as exc:
        log("object-unreadable", object=store.base + path, complaint=str(exc))
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
