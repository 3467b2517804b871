"""The printer's disk: films whose print has been acknowledged lie there until their pictures are there.

A file appears under its name when it is whole, so what a crash leaves behind can be printed by the printer's next run: a job
that was acknowledged is printed at least once. It outlives the program, not the machine: nothing waits for a disk to spin.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from linacsim.devices.printer.order import Order, unpacked
from linacsim.errors import InputError
from linacsim.kernel.shelf import Shelf

KIND = "spool"
_SUFFIX = ".film"


class Spool:
    """Films that wait, each in a file.

    Parameters
    ----------
    shelf : Shelf
        Where they lie; it has a folder.
    name : str
        Of the printer, as a part of a file's name.
    """

    def __init__(self, shelf: Shelf, name: str) -> None:
        if shelf.folder is None:
            raise InputError("what is kept in memory does not outlive a crash", "spool", "give it a folder")
        self._shelf = shelf
        self._folder = shelf.folder
        self._name = name
        self._mine = re.compile(rf"{re.escape(name)}-\d+-\d+{re.escape(_SUFFIX)}")
        self._jobs = max((int(path.name.split("-")[-2]) for path in self._files()), default=0)

    def put(self, orders: list[Order]) -> list[Path]:
        """Keep the films of a job; return their files.

        Raises
        ------
        OSError
            If they cannot be written; then none of them is kept.
        """
        self._jobs += 1
        prefix, kept = f"{self._name}-{self._jobs:06d}", list[Path]()
        try:
            for number, order in enumerate(orders, 1):
                where = self._shelf.put(KIND, f"{prefix}-{number:03d}{_SUFFIX}", *order.packed())
                kept.append(self._folder / where)
        except OSError:
            self.drop(kept)
            raise
        return kept

    def drop(self, files: list[Path]) -> None:
        """Let go of films that are not waited for any more."""
        for path in files:
            path.unlink(missing_ok=True)

    def left(self) -> Iterator[list[tuple[Path, Order]]]:
        """Yield, for each job that an earlier run has left behind, its films; a file that is none is passed over."""
        for _, files in groupby(self._files(), lambda path: path.name.rpartition("-")[0]):
            films = []
            for path in files:
                try:
                    films.append((path, unpacked(path.read_bytes())))
                except InputError:
                    continue
            if films:
                yield films

    def _files(self) -> list[Path]:
        folder = self._folder / KIND
        found = folder.iterdir() if folder.is_dir() else ()
        return sorted(path for path in found if self._mine.fullmatch(path.name))
