"""What the index needs to know of a query."""

from __future__ import annotations

from typing import Any, Protocol

from pydicom.dataelem import DataElement

from linacsim.devices.archive.attributes import Level


class Wanted(Protocol):
    """What the index needs to know of a query.

    Attributes
    ----------
    level : Level
        The level of what is looked for.
    keys : dict of Level to list of DataElement
        What is matched, by the level that it belongs to.
    wanted : list of DataElement
        The keys that are returned.
    """

    level: Level
    keys: dict[Level, list[DataElement]]
    wanted: list[DataElement]

    def fits(self, entry: Any) -> bool:
        """Tell whether an entry matches all keys of its level."""

    def equal(self, tag: int) -> tuple[str, ...] | None:
        """Return the values of which a match has one, letter for letter; ``None`` if that cannot be told."""


def prefix(query: Wanted, tag: int) -> str | None:
    """Return what the value of a match begins with, a name's in lower case; ``None`` if that cannot be told."""
    told = getattr(query, "prefix", None)
    return None if told is None else told(tag)


def between(query: Wanted, tag: int) -> tuple[str, str] | None:
    """Return the first and the last date of a match; ``None`` if that cannot be told."""
    told = getattr(query, "between", None)
    return None if told is None else told(tag)
