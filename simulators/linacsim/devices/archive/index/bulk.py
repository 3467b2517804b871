"""Filling an index with a million instances in seconds: for benchmarks and tests, there are no files behind it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from pydicom.uid import ExplicitVRLittleEndian

from linacsim.devices.archive.attributes import Level
from linacsim.devices.archive.encoded import pack
from linacsim.devices.archive.index.catalogue import Catalogue
from linacsim.devices.archive.index.database import Row
from linacsim.devices.archive.index.header import read_header
from linacsim.devices.archive.index.interface import New

_SOP_INSTANCE, _INSTANCE_NUMBER, _SOP_CLASS = 0x00080018, 0x00200013, 0x00080016
_BATCH = 20_000
_COLUMNS = ("series", "uid", "class", "syntax", "path", "start", "size", "blob")


class Alike(NamedTuple):
    """A series whose instances differ in nothing but their UIDs and numbers.

    Attributes
    ----------
    data : bytes
        One of them, in Explicit VR Little Endian.
    uids : sequence of str
        SOP Instance UIDs of all, in the order of their numbers.
    """

    data: bytes
    uids: Sequence[str]


def fill(index: Catalogue, every: Iterable[Alike]) -> None:
    """Add series to an index, many in one transaction."""
    database = index.database
    mark = "?" if database.is_sqlite else "%s"
    quoted = ", ".join(f'"{name}"' for name in _COLUMNS)
    insert = f"INSERT INTO instances ({quoted}) VALUES ({', '.join([mark] * len(_COLUMNS))})"  # noqa: S608 - fixed names
    left = iter(every)
    while batch := list(_rows_of(index, left)):
        with database.transaction():
            database.many(insert, batch)
    database.execute("ANALYZE")


def _rows_of(index: Catalogue, every: Iterator[Alike]) -> Iterator[Row]:
    """Add the first instances of some series as usual; yield the rows of the others, some thousands."""
    count = 0
    with index.together():
        for one in every:
            header = read_header(one.data, ExplicitVRLittleEndian)
            values = header.values[Level.IMAGE].values
            sop_class = header.values[Level.IMAGE].texts(_SOP_CLASS)[0]
            folder = f"{header.unique[Level.STUDY]}/{header.unique[Level.SERIES]}"
            fixed = str(ExplicitVRLittleEndian), 0, len(one.data)
            filing = index.filing(header)
            first = New(header, f"{folder}/{one.uids[0]}.dcm", sop_class, fixed[0], fixed[1], fixed[2])
            index.add(first, filing)
            for number, uid in enumerate(islice(one.uids, 1, None), 2):
                blob = pack({**values, _SOP_INSTANCE: _even(uid, b"\0"), _INSTANCE_NUMBER: _even(str(number), b" ")})
                yield filing.series, uid, sop_class, fixed[0], f"{folder}/{uid}.dcm", fixed[1], fixed[2], blob
            count += len(one.uids)
            if count >= _BATCH:
                return


def _even(text: str, padding: bytes) -> bytes:
    value = text.encode("ascii")
    return value + padding * (len(value) % 2)
