"""What keys are matched against, and how they are to be understood. No network here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from linacsim.devices.archive.negotiation import NOTHING, Negotiated

_LONG_TEXT = frozenset({"LT", "ST", "UC", "UR", "UT"})
"""Leading spaces are part of these (PS3.5 6.2)."""
_TIMEZONE = 0x00080201


class Held(Protocol):
    """What keys are matched against: a patient, a study, a series, an instance, an item of a sequence."""

    @property
    def timezone(self) -> str:
        """Timezone Offset From UTC (0008,0201) of its dates and times; empty if it is not told."""

    def texts(self, tag: int) -> list[str]:
        """Return the values of an attribute as text, without spaces that mean nothing."""

    def element(self, tag: int) -> DataElement | None:
        """Return an attribute."""


Test = Callable[[Held], bool]
"""Tells whether something that is held matches a key, or two that belong together."""


class Terms(NamedTuple):
    """How keys are to be understood.

    Attributes
    ----------
    negotiated : Negotiated
        What has been agreed on.
    asked : int or None
        The time zone of the identifier in minutes from Universal Time, if dates and times are to be adjusted to it.
    local : int
        The time zone of the archive: of what does not tell its own.
    """

    negotiated: Negotiated = NOTHING
    asked: int | None = None
    local: int = 0

    @property
    def zone(self) -> int:
        """The time zone of the dates and times in the identifier."""
        return self.local if self.asked is None else self.asked


PLAIN = Terms()


def texts(element: DataElement | None) -> list[str]:
    """Return the values of an element as text, without spaces that mean nothing; none if it is empty."""
    if element is None or element.value is None:
        return []
    values = element.value if isinstance(element.value, MultiValue | list | tuple) else [element.value]
    plain = [str(value).rstrip(" \0") if element.VR in _LONG_TEXT else str(value).strip(" \0") for value in values]
    return plain if any(plain) else []


class Item:
    """A data set as something that keys are matched against."""

    def __init__(self, ds: Dataset, timezone: str) -> None:
        self._ds = ds
        self.timezone = " ".join(texts(ds.get(_TIMEZONE))) or timezone

    def texts(self, tag: int) -> list[str]:
        """Return the values of an attribute as text, without spaces that mean nothing."""
        return texts(self._ds.get(tag))

    def element(self, tag: int) -> DataElement | None:
        """Return an attribute."""
        found: DataElement | None = self._ds.get(tag)
        return found
