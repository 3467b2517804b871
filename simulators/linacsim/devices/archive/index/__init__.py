"""The index over the stored instances: patients, studies, series, instances, each with the attributes of its level.

It is in a database; SQLAlchemy is imported when one is opened, and not before: most runs have no archive.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from linacsim.devices.archive.index.entry import Entry as Entry
from linacsim.devices.archive.index.entry import Kept as Kept
from linacsim.devices.archive.index.header import WANTED as WANTED
from linacsim.devices.archive.index.header import Header as Header
from linacsim.devices.archive.index.header import NotIndexableError as NotIndexableError
from linacsim.devices.archive.index.header import header_of as header_of
from linacsim.devices.archive.index.header import read_header as read_header
from linacsim.devices.archive.index.interface import Filing as Filing
from linacsim.devices.archive.index.interface import Index as Index
from linacsim.devices.archive.index.interface import New as New

__all__ = [
    "WANTED",
    "Entry",
    "Filing",
    "Header",
    "Index",
    "Kept",
    "New",
    "NotIndexableError",
    "header_of",
    "open_index",
    "read_header",
]


def open_index(
    file: Path | None,
    url: str | None = None,
    *,
    base: str = "",
    power: bool = False,
    lasting: bool = True,
    breathe: Callable[[], None] = lambda: None,
) -> Index:
    """Open an index, or make an empty one.

    Parameters
    ----------
    file : Path or None
        Where it is if no `url` tells; ``None`` is an index in memory.
    url : str or None
        The URL of its database.
    base : str
        The folder on the shelf that its paths are counted from.
    power : bool
        Whether what is added has to outlast a loss of power.
    lasting : bool
        Whether it is opened again after this run: a loss of power must not damage it then.
    breathe : callable
        Called in long searches, to let others have their turn.

    Raises
    ------
    InputError
        If it cannot be opened, is of something else, of another version, or in use.
    """
    from linacsim.devices.archive.index import catalogue, database  # noqa: PLC0415 - SQLAlchemy is large

    where = database.database_url(url) if url else database.MEMORY if file is None else database.file_url(file)
    return catalogue.Catalogue(database.Database(where, power=power, lasting=lasting), base, breathe)
