"""Dates, times and moments in keys and in what is held (PS3.4 C.2.2.2.5, PS3.5 6.2). No network here."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import datetime, timedelta
from typing import NamedTuple

_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})|(\d{4})\.(\d{2})\.(\d{2})")
_TIME = re.compile(r"(\d{2})(?:(\d{2})(?:(\d{2})(?:\.(\d{1,6}))?)?)?|(\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?")
_ZONE = re.compile(r"([+-])(\d{2})(\d{2})")
# a hyphen and four digits are an offset as long as they can be one: there is none below -1200 (PS3.5 6.2, DT)
_MOMENT = r"\d{4}(?:\d{2}){0,5}(?:\.\d{1,6})?(?:\+\d{4}|-(?:0\d|1[0-2])[0-5]\d(?!\d))?"
_SPAN = re.compile(rf"({_MOMENT})?\s*(-)?\s*({_MOMENT})?")
_PARTS = re.compile(r"(\d{4})(\d{2})?(\d{2})?(\d{2})?(\d{2})?(\d{2})?(?:\.(\d{1,6}))?([+-]\d{4})?")
FIRST_TIME, LAST_TIME = "000000.000000", "235959.999999"
"""The first and the last time of a day, as `time_of` writes them."""
FIRST_DATE, LAST_DATE = "00000000", "99999999"
"""The bounds of a range of dates that is open on one side."""
_BEGIN = datetime(1, 1, 1)  # noqa: DTZ001 - no zone
_EVER = 3652059 * 86_400_000_000
_MICROSECOND = timedelta(microseconds=1)


class NoMomentError(ValueError):
    """A text is no date, no time or no range of them; the text of the error says why."""


class Span(NamedTuple):
    """What a key spans, both ends included.

    Attributes
    ----------
    low, high : str
        Dates as YYYYMMDD or times as HHMMSS.FFFFFF, which compare as text.
    is_range : bool
        Whether the key was a range.
    """

    low: str
    high: str
    is_range: bool


class Moments(NamedTuple):
    """What a key of VR DT spans, in microseconds of Universal Time, both ends included."""

    low: int
    high: int


def date_of(text: str) -> str:
    """Return a date as YYYYMMDD; the form with dots is that of ACR-NEMA, and still met.

    Raises
    ------
    NoMomentError
        If it is none.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise NoMomentError(f"{text!r} is no date")
    year, month, day = (int(part) for part in found.groups() if part)
    if not (year and 1 <= month <= 12 and 1 <= day <= monthrange(year, month)[1]):
        raise NoMomentError(f"{text!r} is no date")
    return f"{year:04}{month:02}{day:02}"


def time_of(text: str, rest: str = FIRST_TIME) -> str:
    """Return a time as HHMMSS.FFFFFF; what it does not tell is filled up from `rest`.

    Raises
    ------
    NoMomentError
        If it is none.
    """
    found = _TIME.fullmatch(text)
    if found is None:
        raise NoMomentError(f"{text!r} is no time")
    plain = text.replace(":", "")
    # 60 is a leap second (PS3.5 6.2)
    if plain[:2] > "23" or plain[2:4] > "59" or plain[4:6] > "60":
        raise NoMomentError(f"{text!r} is no time")
    return plain + rest[len(plain) :]


def dates(text: str) -> Span:
    """Return the dates that a key spans: one, ``a-b``, ``a-`` or ``-b``.

    Raises
    ------
    NoMomentError
        If it is neither a date nor a range, or a range that ends before it begins.
    """
    first, hyphen, last = (part.strip() for part in text.partition("-"))
    if not hyphen:
        return Span(date_of(first), date_of(first), is_range=False)
    low, high = date_of(first) if first else FIRST_DATE, date_of(last) if last else LAST_DATE
    return _span(text, low, high, given=bool(first or last))


def times(text: str, *, over_midnight: bool = False) -> Span:
    """Return the times that a key spans: one, ``a-b``, ``a-`` or ``-b``; a range never passes midnight.

    Parameters
    ----------
    text : str
        The key.
    over_midnight : bool
        Whether a range may end at an earlier time than it begins: it does so on a later day.

    Raises
    ------
    NoMomentError
        If it is neither a time nor a range, or a range that ends before it begins.
    """
    first, hyphen, last = (part.strip() for part in text.partition("-"))
    if not hyphen:
        return Span(time_of(first), time_of(first), is_range=False)
    low, high = time_of(first) if first else FIRST_TIME, time_of(last, LAST_TIME) if last else LAST_TIME
    if over_midnight and first and last:
        return Span(low, high, is_range=True)
    return _span(text, low, high, given=bool(first or last))


def _span(text: str, low: str, high: str, *, given: bool) -> Span:
    if not given:
        raise NoMomentError(f"{text!r} is no range")
    if low > high:
        raise NoMomentError(f"{text!r} ends before it begins")
    return Span(low, high, is_range=True)


def moments(text: str, zone: int) -> Moments:
    """Return the moments that a key of VR DT spans.

    Parameters
    ----------
    text : str
        One moment, ``a-b``, ``a-`` or ``-b``; each may be of low precision and have an offset.
    zone : int
        Minutes from Universal Time where it has no offset.

    Raises
    ------
    NoMomentError
        If it is neither a moment nor a range, or a range that ends before it begins.
    """
    found = _SPAN.fullmatch(text.strip())
    if found is None or not (found[1] or found[3]) or (found[1] and found[3] and not found[2]):
        raise NoMomentError(f"{text!r} is no date and time")
    if not found[2]:
        exact = moment_of(found[1], zone)
        return Moments(exact, exact)
    low = moment_of(found[1], zone) if found[1] else 0
    high = moment_of(found[3], zone, last=True) if found[3] else _EVER
    if low > high:
        raise NoMomentError(f"{text!r} ends before it begins")
    return Moments(low, high)


def moment_of(text: str, zone: int, *, last: bool = False) -> int:
    """Return a moment in microseconds of Universal Time.

    Parameters
    ----------
    text : str
        A value of VR DT.
    zone : int
        Minutes from Universal Time where it has no offset.
    last : bool
        Whether what it does not tell is filled up to the last moment instead of the first.

    Raises
    ------
    NoMomentError
        If it is none.
    """
    found = _PARTS.fullmatch(text.strip())
    if found is None or (found[7] and not found[6]):
        raise NoMomentError(f"{text!r} is no date and time")
    year, month, day = int(found[1]), int(found[2] or (12 if last else 1)), found[3]
    clock = "".join(found[part] or "" for part in (4, 5, 6)) + (f".{found[7]}" if found[7] else "")
    try:
        of_month = monthrange(year, month)[1]
        date = date_of(f"{year:04}{month:02}{day or (f'{of_month:02}' if last else '01')}")
        time = time_of(clock, LAST_TIME if last else FIRST_TIME) if clock else LAST_TIME if last else FIRST_TIME
        local = _local(date, time)
    except ValueError as exc:
        raise NoMomentError(f"{text!r} is no date and time") from exc
    offset = zone if found[8] is None else minutes(found[8])
    return (local - _BEGIN) // _MICROSECOND - (offset or 0) * 60_000_000


def minutes(text: str) -> int | None:
    """Return a Timezone Offset From UTC (0008,0201) in minutes, ``None`` if it is none (PS3.3 C.12.1.1.8)."""
    found = _ZONE.fullmatch(text)
    if found is None or int(found[3]) > 59:
        return None
    offset = int(found[2]) * 60 + int(found[3])
    offset = -offset if found[1] == "-" else offset
    return offset if -12 * 60 <= offset <= 14 * 60 else None


def shifted(date: str, time: str, by: int) -> tuple[str, str]:
    """Return a date and a time as `date_of` and `time_of` write them, `by` minutes later; none before year 1."""
    local = _local(date, time)
    try:
        later = local + timedelta(minutes=by)
    except OverflowError:
        return date, time
    return f"{later:%Y%m%d}".rjust(8, "0"), f"{later:%H%M%S.%f}"


def day_before(date: str) -> str:
    """Return the day before a date as `date_of` writes it; before the first there is none."""
    return date if date in (FIRST_DATE, "00010101") else shifted(date, FIRST_TIME, -24 * 60)[0]


def day_after(date: str) -> str:
    """Return the day after a date as `date_of` writes it; after the last there is none."""
    return date if date in (LAST_DATE, "99991231") else shifted(date, FIRST_TIME, 24 * 60)[0]


def _local(date: str, time: str) -> datetime:
    # a leap second is the last of its minute to the calendar
    seconds = int(time[4:6])
    at = datetime(int(date[:4]), int(date[4:6]), int(date[6:]), int(time[:2]), int(time[2:4]))  # noqa: DTZ001 - no zone
    return at + timedelta(seconds=min(seconds, 59), microseconds=int(time[7:]))
