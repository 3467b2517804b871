"""Opening a store and its index, for an archive that serves it or for a command that looks after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from linacsim.devices.archive.deposit import Deposit
from linacsim.devices.archive.hardware import DatabaseDownError
from linacsim.devices.archive.index import Index, open_index
from linacsim.devices.archive.keeping import KeepingSettings
from linacsim.devices.archive.store import Store
from linacsim.devices.archive.taking_stock import take_stock
from linacsim.errors import InputError
from linacsim.kernel.shelf import Shelf

OBJECTS, OWN = "objects", "archive"
"""The folder of the objects in a store of its own, and what the archive's own files are called by there."""


@contextmanager
def opened(
    keeping: KeepingSettings, log: Callable[..., Any], progress: Callable[[str, int, int], None] | None = None
) -> Iterator[tuple[Deposit, Index]]:
    """Yield what puts instances into a store, and its index, brought up to date.

    Parameters
    ----------
    keeping : KeepingSettings
        Where the store is, and its policies.
    log : callable
        Told what is out of the ordinary.
    progress : callable or None
        Told how far the index is, if it has to be made anew.

    Raises
    ------
    InputError
        If it cannot be opened, or somebody else works with it.
    """
    if keeping.store is None:
        raise InputError("there is no store", "store", "name a folder")
    files = Store(Shelf(Path(keeping.store)), OBJECTS, OWN, power=keeping.outlasts == "power")
    index = open_both(files, keeping)
    try:
        with told_in_words(files):
            take_stock(files, index, log, progress)
        yield Deposit(files, index, keeping, log), index
    finally:
        index.close()
        files.close()


def open_both(files: Store, keeping: KeepingSettings, breathe: Callable[[], None] = lambda: None) -> Index:
    """Open a store and its index; whoever does closes both.

    Raises
    ------
    InputError
        If either cannot be opened; nothing is left open then.
    """
    files.open()
    try:
        return open_index(
            files.index_file,
            keeping.database,
            base=files.base,
            power=keeping.outlasts == "power",
            lasting=files.lasting,
            breathe=breathe,
        )
    except BaseException:
        files.close()
        raise


@contextmanager
def told_in_words(files: Store) -> Iterator[None]:
    """Turn what a database does not do at the start into an `InputError`."""
    try:
        yield
    except DatabaseDownError as exc:
        raise InputError(f"the index does not answer: {exc}", str(files.index_file or "archive")) from exc
