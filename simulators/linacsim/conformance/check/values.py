"""Values of data elements as the checker compares them: plain numbers and texts, stripped of padding.

pydicom's value classes carry their history (the original text of a DS, the groups of a PN); a rule compares numbers and
texts. What cannot be read is told by `Unreadable`, never by an exception.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag
from pydicom.valuerep import PersonName

_NUMBERS = frozenset({"DS", "IS"})
PADDING = " \0"
"""Bytes that fill a value up to an even length (PS3.5 6.2); trailing spaces do not count in any text VR."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An element whose bytes are no value of its VR."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Neither true nor false: the data do not tell.

    Parameters
    ----------
    reason : str
        Why, as a person reads it.
    """

    reason: str

    def __bool__(self) -> bool:
        raise TypeError(f"an Unknown is neither true nor false: {self.reason}")


@dataclass(frozen=True, slots=True)
class Broken:
    """False, with what was found.

    Parameters
    ----------
    found : str
        What was found, as a person reads it.
    at : tuple
        The items or objects at fault, if they are not the one that was asked about.
    """

    found: str
    at: tuple[Any, ...] = ()

    def __bool__(self) -> bool:
        return False


def plain(value: Any, vr: str) -> Any:
    """Return one value of an element of `vr` as a number, a text or bytes.

    Raises
    ------
    ValueError
        If a number is no number.
    """
    if isinstance(value, str | PersonName):
        text = str(value).strip(PADDING)
        if vr == "PN":
            return text.rstrip("^= ")
        return float(text) if vr in _NUMBERS and text else text
    if vr == "AT":
        tag = Tag(value)
        return f"{tag.group:04X},{tag.element:04X}"
    if vr in _NUMBERS:
        return int(value) if vr == "IS" else float(value)
    return value


def values_of(element: DataElement) -> list[Any]:
    """Return the values of an element that is no sequence; an empty one has none."""
    value = element.value
    if value is None:
        return []
    vr = str(element.VR)
    if isinstance(value, MultiValue | list | tuple):
        found = [plain(one, vr) for one in value]
        return [] if all(one == "" for one in found) else found
    one = plain(value, vr)
    return [] if one in ("", b"") else [one]


def number_of_text(text: str) -> float | None:
    """Return the number that a text spells, if it does."""
    try:
        return float(text)
    except ValueError:
        return None


def is_number(value: Any) -> bool:
    """Tell whether a value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(one: Any, other: Any) -> bool:
    r"""Tell whether two values are the same.

    Numbers compare as numbers, also where one of the two is spelled as text; the values of an element compare one by
    one, and with a text that joins them with ``\``.
    """
    if isinstance(one, list | tuple) or isinstance(other, list | tuple):
        left, right = _parts(one), _parts(other)
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    if isinstance(one, str) and isinstance(other, str):
        return one.strip(PADDING) == other.strip(PADDING)
    if isinstance(one, str) and is_number(other):
        return bool(number_of_text(one) == other)
    if is_number(one) and isinstance(other, str):
        return bool(number_of_text(other) == one)
    return bool(one == other)


def _parts(value: Any) -> Sequence[Any]:
    """Return what is compared one by one."""
    if isinstance(value, str):
        return value.split("\\")
    return value if isinstance(value, list | tuple) else [value]


def spelled(value: Any, limit: int = 64) -> str:
    """Return a value as a finding shows it, cut to `limit` characters."""
    if value is None:
        return "nothing"
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, list | tuple):
        text = _spelled_list(value, limit)
    elif isinstance(value, float):
        text = f"{value:.10g}"
    elif isinstance(value, str):
        text = _visible(value[: limit + 1]) or "an empty value"
    elif isinstance(value, Dataset) or hasattr(value, "dataset"):
        text = "an item"
    else:
        text = str(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _spelled_list(values: Sequence[Any], limit: int) -> str:
    if not values:
        return "an empty value"
    if all(hasattr(one, "dataset") for one in values):
        return f"{len(values)} item{'s' if len(values) > 1 else ''}"
    shown = "\\".join(spelled(one, limit) for one in values[:8])
    return f"{shown}\\… ({len(values)} values)" if len(values) > 8 else shown


def _visible(text: str) -> str:
    return "".join(letter if letter.isprintable() else f"\\x{ord(letter):02x}" for letter in text)
