"""Texts, numbers in texts, UIDs, dates and times."""

from __future__ import annotations

import re
from typing import Any

from linacsim.conformance.check.predicates import predicate
from linacsim.conformance.check.scope import Scope
from linacsim.conformance.check.values import Broken, number_of_text, spelled

_UID = re.compile(r"(?:0|[1-9][0-9]*)(?:\.(?:0|[1-9][0-9]*))+")
_DATE = re.compile(r"[0-9]{4}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3])(?:[0-5][0-9](?:[0-5][0-9](?:\.[0-9]{1,6})?)?)?")


def _texts(value: Any) -> list[str]:
    several = value if isinstance(value, list) else [value]
    return [_spelled(one) for one in several if one is not None]


def _spelled(value: Any) -> str:
    return f"{value:.16g}" if isinstance(value, float) else str(value)


@predicate
def matches(_: Scope, text: Any, pattern: str) -> bool | Broken:
    """Tell whether every value fits a regular expression as a whole; an absent one does not."""
    found = _texts(text)
    wrong = [one for one in found if not re.fullmatch(pattern, one)]
    return Broken(spelled(wrong)) if wrong else bool(found)


@predicate
def contains(_: Scope, text: Any, part: str) -> bool:
    """Tell whether any value has a part, as written."""
    return any(part in one for one in _texts(text))


@predicate
def starts_with(_: Scope, text: Any, part: Any) -> bool:
    """Tell whether every value starts with a text; an absent one does not."""
    found = _texts(text)
    return part is not None and bool(found) and all(one.startswith(str(part)) for one in found)


@predicate
def ends_with(_: Scope, text: Any, part: Any) -> bool:
    """Tell whether every value ends with a text; an absent one does not."""
    found = _texts(text)
    return part is not None and bool(found) and all(one.endswith(str(part)) for one in found)


@predicate
def length(_: Scope, text: Any) -> int:
    """Return the number of characters of the longest value; 0 if it is not there."""
    return max((len(one) for one in _texts(text)), default=0)


@predicate
def max_length(_: Scope, text: Any, most: int) -> bool | Broken:
    """Tell whether no value has more than `most` characters; an absent one has none."""
    longest = max(_texts(text), key=len, default="")
    return True if len(longest) <= most else Broken(f"{len(longest)} characters")


@predicate
def prefix(_: Scope, text: Any, letters: int) -> str | None:
    """Return the first characters of a text: what a receiver keeps that cuts it."""
    return text[:letters].strip() if isinstance(text, str) else None


@predicate
def upper(_: Scope, text: Any) -> str | None:
    """Return a text in capital letters."""
    return text.upper() if isinstance(text, str) else None


@predicate
def number(_: Scope, text: Any) -> float | None:
    """Return the number that a text spells; ``None`` if it spells none."""
    if isinstance(text, int | float):
        return float(text)
    return number_of_text(text) if isinstance(text, str) else None


@predicate
def text(_: Scope, value: Any) -> str | None:
    """Return a number as text, whole ones without a point: ``text(BeamNumber)``."""
    return None if value is None else "\\".join(_texts(value))


@predicate
def is_uid(_: Scope, value: Any) -> bool | Broken:
    """Tell whether every value is a UID: digits and dots, at most 64, no leading zero (PS3.5 9.1)."""
    found = _texts(value)
    wrong = [one for one in found if len(one) > 64 or not _UID.fullmatch(one)]
    return Broken(spelled(wrong)) if wrong else bool(found)


@predicate
def is_date(_: Scope, value: Any) -> bool | Broken:
    """Tell whether every value is a date as DA has it (PS3.5 6.2)."""
    found = _texts(value)
    wrong = [one for one in found if not _DATE.fullmatch(one)]
    return Broken(spelled(wrong)) if wrong else bool(found)


@predicate
def is_time(_: Scope, value: Any) -> bool | Broken:
    """Tell whether every value is a time as TM has it (PS3.5 6.2)."""
    found = _texts(value)
    wrong = [one for one in found if not _TIME.fullmatch(one)]
    return Broken(spelled(wrong)) if wrong else bool(found)


@predicate
def encodable(_: Scope, value: Any, charset: str = "latin-1") -> bool | Broken:
    """Tell whether every character of a text is in a character set, by Python's name of it."""
    for one in _texts(value):
        try:
            one.encode(charset)
        except UnicodeEncodeError as exc:
            return Broken(f"{one[exc.start]!r}")
    return True
