"""Attribute matching (PS3.4 C.2.2.2): the keys of an identifier against the values that the archive holds. No network here.

What the standard leaves to an archive is done like this: names as `names` tells; numbers (IS, DS and binary ones) by
their value; a single date, time or moment matches the same one, what a value does not tell being 0; a value that is no
date, time or number matches none of these keys. A value that no matching is defined for makes a key bad, and the
identifier with it: a list of values of another VR than UI, a wild card in a VR that has none, a range that ends before
it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation

from pydicom.datadict import dictionary_VM, keyword_for_tag
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset

from linacsim.devices.archive.adjusting import NO_ZONE, adjusted, moment_range, partner, zone_of
from linacsim.devices.archive.held import PLAIN, Held, Item, Terms, Test, texts
from linacsim.devices.archive.moments import NoMomentError, Span, date_of, dates, moment_of, moments, time_of, times
from linacsim.devices.archive.names import name_test
from linacsim.devices.archive.wildcards import glob, glob_test, has_wild_card
from linacsim.devices.uids import is_uid

__all__ = [
    "EMPTY",
    "PLAIN",
    "BadKeyError",
    "Held",
    "Terms",
    "Test",
    "check_key",
    "check_keys",
    "glob",
    "has_wild_card",
    "is_universal",
    "matches",
    "matches_all",
    "tests_of",
    "texts",
]

WILD = frozenset({"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"})
"""Value representations with Wild Card Matching (PS3.4 C.2.2.2.4)."""
MULTIPLE = frozenset({"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"})
"""Value representations with Multiple Value Matching (PS3.4 C.2.2.2.8)."""
EMPTY = '""'
"""The key of Empty Value Matching (PS3.4 C.2.2.2.7)."""
NUMBERS = frozenset({"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"})
_CHARACTER_SET, _TIMEZONE = 0x00080005, 0x00080201


class BadKeyError(ValueError):
    """A key has a value that no matching is defined for; the text says why."""


def is_universal(key: DataElement) -> bool:
    """Whether `key` matches everything: it has zero length (PS3.4 C.2.2.2.3), or is nothing but ``*`` (C.2.2.2.4).

    A sequence does if all keys in its item do: they say what is to be returned of it.
    """
    if key.VR == "SQ":
        return all(is_universal(inner) for item in key.value or () for inner in item)
    values = texts(key)
    return not values or (key.VR in WILD and len(values) == 1 and not values[0].strip("*"))


def check_key(key: DataElement, terms: Terms = PLAIN) -> None:
    """Check that the value of `key` is of a form that can be matched.

    Raises
    ------
    BadKeyError
        If it is a list of values where one is wanted, no date or time, number or UID where one is wanted, or a sequence
        of several items.
    """
    if key.VR == "SQ":
        _check_sequence(key, terms)
        return
    values = texts(key)
    if len(values) > 1 and key.VR != "UI":
        _check_multiple(key, values, terms)
    if terms.negotiated.empty_value and values == [EMPTY]:
        return
    for value in values:
        _check_value(key.VR, value, terms)


def _check_value(vr: str, value: str, terms: Terms) -> None:
    try:
        if vr == "DA":
            dates(value)
        elif vr == "TM":
            # whether a range of times goes over midnight is seen together with its date
            times(value, over_midnight=terms.negotiated.combined_datetime)
        elif vr == "DT":
            moments(value, terms.zone)
    except NoMomentError as exc:
        raise BadKeyError(str(exc)) from exc
    if vr in NUMBERS:
        _number(value)
    elif vr == "UI" and not is_uid(value):
        raise BadKeyError(f"{value!r} is no UID")


def _check_multiple(key: DataElement, values: list[str], terms: Terms) -> None:
    """Check a list of values: it wants Multiple Value Matching (PS3.4 C.2.2.2.8), which not every attribute has."""
    if not terms.negotiated.multiple_value or key.VR not in MULTIPLE or _most(key) == "1":
        raise BadKeyError(f"{len(values)} values where one is allowed")
    if key.VR in WILD and any(has_wild_card(value) for value in values):
        raise BadKeyError("wild cards in a list of values")


def _most(key: DataElement) -> str:
    return dictionary_VM(key.tag) if keyword_for_tag(key.tag) else "1-n"


def _check_sequence(key: DataElement, terms: Terms) -> None:
    if key.value and len(key.value) > 1:
        raise BadKeyError(f"{len(key.value)} items where one is allowed")
    for item in key.value or ():
        for inner in item:
            check_key(inner, terms)
        _check_pairs(list(item), terms)


def _check_pairs(keys: list[DataElement], terms: Terms) -> None:
    """Check that a range of times goes over midnight only together with a range of dates."""
    if terms.negotiated.combined_datetime:
        joined = {int(time.tag) for _date, time in _ranges(keys)}
        for key in keys:
            if key.VR == "TM" and key.tag not in joined and texts(key) != [EMPTY]:
                for value in texts(key):
                    _check_value("TM", value, PLAIN)


def check_keys(keys: list[DataElement], terms: Terms) -> None:
    """Check what `check_key` cannot see: keys of one level that belong together.

    Raises
    ------
    BadKeyError
        If a range of times goes over midnight, and there is no range of dates to it.
    """
    _check_pairs(keys, terms)


def matches(key: DataElement, held: DataElement | None, terms: Terms = PLAIN) -> bool:
    """Tell whether the value `held` matches `key`.

    Parameters
    ----------
    key : DataElement
        A key that `check_key` finds no fault with.
    held : DataElement or None
        What the archive has; ``None`` or an empty value matches nothing but a universal key, or an empty one.
    terms : Terms
        How the key is to be understood.
    """
    ds = Dataset()
    if held is not None:
        ds[key.tag] = DataElement(key.tag, held.VR, held.value) if held.tag != key.tag else held
    return matches_all([key], ds, terms)


def matches_all(keys: Iterable[DataElement], held: Dataset, terms: Terms = PLAIN) -> bool:
    """Tell whether every one of `keys` is matched by the data set `held`; Specific Character Set is no key."""
    item = Item(held, "")
    return all(test(item) for test in tests_of(keys, terms))


def tests_of(keys: Iterable[DataElement], terms: Terms) -> list[Test]:
    """Return the tests that something has to pass which matches all of `keys`, each of which `check_key` has passed."""
    told = [key for key in keys if int(key.tag) not in (_CHARACTER_SET, _TIMEZONE) and not is_universal(key)]
    pairs = _ranges(told) if terms.negotiated.combined_datetime else []
    joined = {int(key.tag) for pair in pairs for key in pair}
    return [
        *(moment_range(date, time, terms) for date, time in pairs),
        *(_test(key, terms) for key in told if key.tag not in joined),
    ]


def _test(key: DataElement, terms: Terms) -> Test:
    tag = int(key.tag)
    if key.VR == "SQ":
        return _sequence(key, terms)
    wanted = texts(key)
    if terms.negotiated.empty_value and wanted == [EMPTY]:
        return lambda held: not held.texts(tag)
    if terms.asked is not None and key.VR in ("DA", "TM") and key.keyword not in NO_ZONE:
        return adjusted(key, terms)
    if key.VR == "DT":
        return _moments(tag, wanted[0], terms)
    if key.VR == "UI":
        return _one_of(tag, frozenset(wanted))
    each = [_value_test(key.VR, value, terms) for value in wanted]
    # Multiple Value Matching: every value of the key is one of those that are held
    return lambda held: all(any(map(one, held.texts(tag))) for one in each)


def _one_of(tag: int, uids: frozenset[str]) -> Test:
    return lambda held: any(value in uids for value in held.texts(tag))


def _sequence(key: DataElement, terms: Terms) -> Test:
    """Match a sequence: some item has to match all the keys of the one of the identifier (PS3.4 C.2.2.2.6)."""
    tag, tests = int(key.tag), tests_of(key.value[0], terms)

    def match(held: Held) -> bool:
        found = held.element(tag)
        if found is None or found.VR != "SQ":
            return False
        items = (Item(item, held.timezone) for item in found.value or ())
        return any(all(test(item) for test in tests) for item in items)

    return match


def _value_test(vr: str, wanted: str, terms: Terms) -> Callable[[str], bool]:
    """Return what tells whether a single value matches."""
    if vr in ("DA", "TM"):
        return _in_span(dates(wanted) if vr == "DA" else times(wanted), date_of if vr == "DA" else time_of)
    if vr == "PN":
        return name_test(wanted, fuzzy=terms.negotiated.fuzzy_names)
    if vr in NUMBERS:
        number = _number(wanted)
        return lambda value: _is_number(value, number)
    if vr in WILD and has_wild_card(wanted):
        return glob_test(wanted)
    return lambda value: value == wanted


def _in_span(span: Span, canonical: Callable[[str], str]) -> Callable[[str], bool]:
    low, high, _is_range = span

    def match(value: str) -> bool:
        try:
            return low <= canonical(value) <= high
        except NoMomentError:
            return False

    return match


def _moments(tag: int, wanted: str, terms: Terms) -> Test:
    low, high = moments(wanted, terms.zone)

    def match(held: Held) -> bool:
        zone = zone_of(held, terms)
        for value in held.texts(tag):
            try:
                if low <= moment_of(value, zone) <= high:
                    return True
            except NoMomentError:
                continue
        return False

    return match


def _ranges(keys: Iterable[DataElement]) -> list[tuple[DataElement, DataElement]]:
    """Return the ranges of dates that have a range of times to them, each with that."""
    spans = {int(key.tag): key for key in keys if key.VR in ("DA", "TM") and "-" in "".join(texts(key))}
    pairs = ((key, spans.get(partner(tag) or 0)) for tag, key in spans.items() if key.VR == "DA")
    return [(date, time) for date, time in pairs if time is not None]


def _number(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as exc:
        raise BadKeyError(f"{text!r} is no number") from exc
    if not number.is_finite():
        raise BadKeyError(f"{text!r} is no number")
    return number


def _is_number(text: str, wanted: Decimal) -> bool:
    try:
        return _number(text) == wanted
    except BadKeyError:
        return False
