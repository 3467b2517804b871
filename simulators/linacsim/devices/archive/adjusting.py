"""Dates with their times: as one range of moments, and in the time zone of the identifier (PS3.4 C.2.2.2.5). No network here."""

from __future__ import annotations

from pydicom.datadict import keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement

from linacsim.devices.archive.held import Held, Terms, Test, texts
from linacsim.devices.archive.moments import (
    FIRST_DATE,
    FIRST_TIME,
    LAST_DATE,
    LAST_TIME,
    NoMomentError,
    date_of,
    dates,
    minutes,
    shifted,
    time_of,
    times,
)

NO_ZONE = frozenset({"PatientBirthDate", "PatientBirthTime"})
"""A birthday is the same day everywhere."""
Pair = tuple[int | None, int | None]


def zone_of(held: Held, terms: Terms) -> int:
    """Return the time zone that something is held in, in minutes from Universal Time."""
    zone = minutes(held.timezone) if held.timezone else None
    return terms.local if zone is None else zone


def partner(tag: int) -> int | None:
    """Return the time that belongs to a date, or the date that belongs to a time: the attribute of the same name."""
    keyword = keyword_for_tag(tag)
    for ours, theirs in (("Date", "Time"), ("Time", "Date")):
        if keyword.endswith(ours) and not keyword.endswith(ours + theirs):
            return tag_for_keyword(keyword.removesuffix(ours) + theirs)
    return None


def moment_range(date: DataElement, time: DataElement, terms: Terms) -> Test:
    """Match a range of dates and of times as one: from the first time of the first date to the last of the last."""
    days, clock = dates(texts(date)[0]), times(texts(time)[0], over_midnight=True)
    low = days.low + (clock.low if days.low > FIRST_DATE else FIRST_TIME)
    high = days.high + (clock.high if days.high < LAST_DATE else LAST_TIME)
    pair = int(date.tag), int(time.tag)

    def match(held: Held) -> bool:
        at = _local_moment(held, pair, terms)
        return at is not None and bool(at[0]) and bool(at[1]) and low <= at[0] + at[1] <= high

    return match


def adjusted(key: DataElement, terms: Terms) -> Test:
    """Match a date or a time after it has been moved into the time zone of the identifier."""
    tag, is_date, wanted = int(key.tag), key.VR == "DA", texts(key)[0]
    span, pair = dates(wanted) if is_date else times(wanted), _pair(tag, is_date=is_date)

    def match(held: Held) -> bool:
        at = _local_moment(held, pair, terms)
        return at is not None and span.low <= at[0 if is_date else 1] <= span.high

    return match


def _pair(tag: int, *, is_date: bool) -> Pair:
    """Return a date and its time, or the time and its date, as date and time."""
    other = partner(tag)
    return (tag, other) if is_date else (other, tag)


def _local_moment(held: Held, pair: Pair, terms: Terms) -> tuple[str, str] | None:
    """Return a date and its time in the time zone of the identifier, as far as they are told; ``None`` if they are none.

    A date without a time stays the day it is; a time without a date moves round the clock.
    """
    days, clocks = ([] if tag is None else held.texts(tag) for tag in pair)
    try:
        day, clock = date_of(days[0]) if days else "", time_of(clocks[0]) if clocks else ""
    except NoMomentError:
        return None
    zone = zone_of(held, terms)
    if terms.asked is None or terms.asked == zone or not clock:
        return day, clock
    later = shifted(day or "20000101", clock, terms.asked - zone)
    return (later[0] if day else ""), later[1]


def in_zone(held: Held, tag: int, terms: Terms) -> list[str]:
    """Return the values of a date, time or moment in the time zone of the identifier, for a response."""
    values = held.texts(tag)
    zone, asked = zone_of(held, terms), terms.asked
    if asked is None or asked == zone or not values or keyword_for_tag(tag) in NO_ZONE:
        return values
    is_date = keyword_for_tag(tag).endswith("Date")
    at = _local_moment(held, _pair(tag, is_date=is_date), terms)
    if at is None or len(values) > 1:
        return values
    # as precise as it was
    return [at[0] if is_date else at[1][: len(values[0])]]
