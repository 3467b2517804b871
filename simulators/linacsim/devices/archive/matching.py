"""Attribute matching (PS3.4 C.2.2.2): one key of an identifier against the value that the archive holds. No network here."""

from __future__ import annotations

import re
from collections.abc import Iterable
from decimal import Decimal, InvalidOperation

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

WILD = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""Value representations with Wild Card Matching (PS3.4 C.2.2.2.4)."""
_TEXT = frozenset({"LT", "ST", "UT"})
"""Leading spaces are part of these (PS3.5 6.2)."""
_NUMBERS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "UL", "US"})
_DATE = re.compile(r"\d{8}|\d{4}\.\d{2}\.\d{2}")
_TIME = re.compile(r"\d{2}(\d{2}(\d{2}(\.\d{1,6})?)?)?|\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?")
_FIRST_TIME, _LAST_TIME = "000000.000000", "235959.999999"
"""The bounds of a range that is open on one side, and what a time of low precision is filled up with."""


class BadKeyError(ValueError):
    """A key has a value that no matching is defined for; the text says why."""


def texts(element: DataElement | None) -> list[str]:
    """Return the values of an element as text, without spaces that mean nothing; none if it is empty."""
    if element is None or element.value is None:
        return []
    values = element.value if isinstance(element.value, MultiValue | list | tuple) else [element.value]
    plain = [str(value).rstrip(" \0") if element.VR in _TEXT else str(value).strip(" \0") for value in values]
    return plain if any(plain) else []


def is_universal(key: DataElement) -> bool:
    """Whether `key` has zero length: it matches everything (PS3.4 C.2.2.2.3)."""
    if key.VR == "SQ":
        return not key.value or not any(len(item) for item in key.value)
    return not texts(key)


def check_key(key: DataElement) -> None:
    """Check that the value of `key` is of a form that can be matched.

    Raises
    ------
    BadKeyError
        If it is a list of values of another VR than UI, no date or time where one is wanted, no number, or a sequence of
        several items.
    """
    if key.VR == "SQ":
        _check_sequence(key)
        return
    values = texts(key)
    if len(values) > 1 and key.VR != "UI":
        # Multiple Value Matching wants extended negotiation (PS3.4 C.2.2.2.8)
        raise BadKeyError(f"{len(values)} values where one is allowed")
    for value in values:
        if key.VR in ("DA", "TM"):
            _bounds(value, key.VR)
        elif key.VR in _NUMBERS:
            _number(value)


def matches(key: DataElement, held: DataElement | None) -> bool:
    """Tell whether the value `held` matches `key`.

    Parameters
    ----------
    key : DataElement
        A key that `check_key` finds no fault with.
    held : DataElement or None
        What the archive has; ``None`` or an empty value matches nothing but a universal key.
    """
    if is_universal(key):
        return True
    if key.VR == "SQ":
        wanted = key.value[0]
        return held is not None and held.VR == "SQ" and any(matches_all(wanted, item) for item in held.value)
    values = texts(held)
    return any(_matches_value(key.VR, wanted, value) for wanted in texts(key) for value in values)


def matches_all(keys: Iterable[DataElement], held: Dataset) -> bool:
    """Tell whether every one of `keys` is matched by the data set `held`; Specific Character Set is no key."""
    return all(matches(key, held.get(key.tag)) for key in keys if key.keyword != "SpecificCharacterSet")


def has_wild_card(text: str) -> bool:
    """Tell whether `text` has a wild card."""
    return "*" in text or "?" in text


def _matches_value(vr: str, wanted: str, value: str) -> bool:
    if vr in ("DA", "TM"):
        return _in_range(vr, wanted, value)
    if vr == "PN":
        return _matches_name(wanted, value)
    if vr in _NUMBERS:
        return _equal_numbers(wanted, value)
    return glob(wanted, value) if vr in WILD and has_wild_card(wanted) else wanted == value


def glob(pattern: str, text: str) -> bool:
    """Tell whether `text` matches `pattern`: ``*`` is any run of characters, ``?`` is one.

    It takes at most as many steps as the product of both lengths, whatever a peer has sent.
    """
    at = here = 0
    star, resume = -1, 0
    while here < len(text):
        if at < len(pattern) and pattern[at] == "*":
            star, resume = at, here
            at += 1
        elif at < len(pattern) and pattern[at] in ("?", text[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            resume += 1
            at, here = star + 1, resume
        else:
            return False
    return not pattern[at:].strip("*")


def _matches_name(wanted: str, value: str) -> bool:
    """Match a person's name, in upper or lower case.

    A key of one component group may match any group of the name; of several, each its own, an empty one everything.
    """
    keys, names = _groups(wanted), _groups(value)
    if len(keys) == 1:
        return any(glob(keys[0], name) for name in names)
    names += [""] * (len(keys) - len(names))
    return all(not key or glob(key, name) for key, name in zip(keys, names, strict=False))


def _groups(name: str) -> list[str]:
    """Return the component groups of a name; empty components at the end of one mean nothing (PS3.5 6.2.1)."""
    return [group.strip().rstrip("^").casefold() for group in name.split("=")]


def _in_range(vr: str, wanted: str, value: str) -> bool:
    low, high = _bounds(wanted, vr)
    try:
        when = _canonical(value, vr, _FIRST_TIME)
    except BadKeyError:
        return False
    return low <= when <= high


def _bounds(text: str, vr: str) -> tuple[str, str]:
    """Return the first and the last date or time that `text` matches (PS3.4 C.2.2.2.5); a range never passes midnight."""
    first, hyphen, last = (part.strip() for part in text.partition("-"))
    if hyphen and not (first or last):
        raise BadKeyError(f"{text!r} is no range")
    if not hyphen:
        exact = _canonical(first, vr, _FIRST_TIME)
        return exact, exact
    low = _canonical(first, vr, _FIRST_TIME) if first else ""
    return low, _canonical(last, vr, _LAST_TIME) if last else "99999999"


def _canonical(text: str, vr: str, rest: str) -> str:
    """Return a date as YYYYMMDD or a time as HHMMSS.FFFFFF, filled up from `rest`; so they compare as text."""
    if vr == "DA":
        if not _DATE.fullmatch(text):
            raise BadKeyError(f"{text!r} is no date")
        return text.replace(".", "")
    if not _TIME.fullmatch(text):
        raise BadKeyError(f"{text!r} is no time")
    plain = text.replace(":", "")
    return plain + rest[len(plain) :]


def _number(text: str) -> Decimal:
    try:
        return Decimal(text)
    except InvalidOperation as exc:
        raise BadKeyError(f"{text!r} is no number") from exc


def _equal_numbers(wanted: str, value: str) -> bool:
    try:
        return _number(wanted) == _number(value)
    except BadKeyError:
        return False


def _check_sequence(key: DataElement) -> None:
    if key.value and len(key.value) > 1:
        raise BadKeyError(f"{len(key.value)} items where one is allowed")
    for item in key.value or ():
        for inner in item:
            check_key(inner)
