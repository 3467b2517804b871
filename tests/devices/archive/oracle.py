"""What a C-FIND has to find: a plain scan over data sets, written from PS3.4 C.2.2.2 and C.4.1 and from the archive's own
documentation where the standard leaves something open. It shares no code with the archive's matching."""

from __future__ import annotations

import datetime as dt
import itertools
import re
import unicodedata
from collections.abc import Callable, Iterable
from fractions import Fraction
from typing import Any, NamedTuple

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

LEVELS = ("PATIENT", "STUDY", "SERIES", "IMAGE")
UNIQUE = {
    "PATIENT": "PatientID",
    "STUDY": "StudyInstanceUID",
    "SERIES": "SeriesInstanceUID",
    "IMAGE": "SOPInstanceUID",
}
WILD = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
NUMBERS = ("DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV")
PAIRS = {"StudyDate": "StudyTime", "SeriesDate": "SeriesTime", "AcquisitionDate": "AcquisitionTime"}
"""Dates and the times that belong to them, among the keys that the tests use."""
EMPTY = '""'
MINUTE = dt.timedelta(minutes=1)


class Agreed(NamedTuple):
    """What has been negotiated, and in which time zones things are."""

    combined: bool = False
    fuzzy: bool = False
    empty: bool = False
    multiple: bool = False
    asked_zone: int | None = None
    local_zone: int = 0


def values(element: DataElement | None) -> list[str]:
    """The values of an element as text."""
    if element is None or element.value is None:
        return []
    found = element.value if isinstance(element.value, MultiValue | list | tuple) else [element.value]
    trim: Callable[[str], str] = str.rstrip if element.VR in ("ST", "LT", "UT", "UC", "UR") else str.strip
    listed = [trim(str(one)) for one in found]
    return listed if any(listed) else []


def at(ds: Dataset, keyword: str) -> DataElement | None:
    return ds.get(Tag(keyword))


def fits(key: DataElement, held: Dataset, agreed: Agreed, zone: int | None = None) -> bool:
    """Whether the data set matches a key (but for pairs of ranges)."""
    told = values(held.get(key.tag)) if key.VR != "SQ" else []
    if key.VR == "SQ":
        return fits_sequence(key, held, agreed, zone)
    wanted = values(key)
    if asks_for_nothing(key):
        return True
    if agreed.empty and wanted == [EMPTY]:
        return not told
    if key.VR == "UI":
        return bool(set(wanted) & set(told))
    offset = agreed.local_zone if zone is None else zone
    if key.VR in ("DA", "TM") and agreed.asked_zone is not None and key.keyword in {*PAIRS, *PAIRS.values()}:
        told = moved(key.keyword, held, agreed.asked_zone - offset)
    return all(any(one_fits(key.VR, one, value, agreed, offset) for value in told) for one in wanted)


def asks_for_nothing(key: DataElement) -> bool:
    """Whether it is a key that everything matches, whether it has the attribute or not."""
    if key.VR == "SQ":
        return all(asks_for_nothing(one) for item in key.value or () for one in item)
    wanted = values(key)
    return not wanted or (key.VR in WILD and len(wanted) == 1 and set(wanted[0]) == {"*"})


def fits_sequence(key: DataElement, held: Dataset, agreed: Agreed, zone: int | None) -> bool:
    keys = list(key.value[0]) if key.value else []
    if all(asks_for_nothing(one) for one in keys):
        return True
    found = held.get(key.tag)
    items = [] if found is None else list(found.value)
    return any(all(fits(one, item, agreed, zone) for one in keys) for item in items)


def one_fits(vr: str, wanted: str, told: str, agreed: Agreed, zone: int) -> bool:
    if vr in ("DA", "TM"):
        return in_days(wanted, told) if vr == "DA" else in_clock(wanted, told)
    if vr == "DT":
        return in_moments(wanted, told, zone, agreed)
    if vr == "PN":
        return name_fits(wanted, told, fuzzy=agreed.fuzzy)
    if vr in NUMBERS:
        return number(wanted) is not None and number(wanted) == number(told)
    if vr in WILD:
        return wild(wanted, told)
    return wanted == told


def wild(pattern: str, text: str) -> bool:
    expression = "".join({"*": ".*", "?": "."}.get(sign, re.escape(sign)) for sign in pattern)
    return re.fullmatch(expression, text, re.DOTALL) is not None


def number(text: str) -> Fraction | None:
    try:
        return Fraction(text)
    except ValueError:
        return None


# names


def name_fits(wanted: str, told: str, *, fuzzy: bool) -> bool:
    keys, names = wanted.split("="), told.split("=")
    names += [""] * (len(keys) - len(names))
    pairs = list(itertools.product(keys, names)) if len(keys) == 1 else list(zip(keys, names, strict=False))
    combine: Callable[[Iterable[bool]], bool] = any if len(keys) == 1 else all
    plainly = combine((not clean(key) and len(keys) > 1) or wild(clean(key), clean(name)) for key, name in pairs)
    if plainly or not fuzzy:
        return plainly
    return combine((not clean(key) and len(keys) > 1) or sounds(clean(key), clean(name)) for key, name in pairs)


def clean(group: str) -> str:
    return re.sub(r"\^+$", "", group.strip()).casefold()


def words(group: str) -> list[str]:
    bare = "".join(sign for sign in unicodedata.normalize("NFD", group) if not "\u0300" <= sign <= "\u036f")
    return [word for word in re.split(r"[\^ ,.\-]", unicodedata.normalize("NFKC", bare)) if word]


def sounds(key: str, name: str) -> bool:
    asked = words(key)
    return bool(asked) and all(any(alike(word, other) for other in words(name)) for word in asked)


def alike(word: str, other: str) -> bool:
    if "*" in word or "?" in word:
        return wild(word, other)
    return other[: len(word)] == word or (russell(word) != "" and russell(word) == russell(other))


def russell(word: str) -> str:
    """American Soundex as the National Archives give it; empty below three letters."""
    if not re.fullmatch("[a-z]{3,}", word):
        return ""
    table = str.maketrans("bfpvcgjkqsxzdtlmnraeiouyhw", "11112222222233455600000099")
    # letters of one code in a row, also with h or w between them, are one
    digits = re.sub(r"([1-6])(?:9*\1)+", r"\1", word.translate(table))
    rest = re.sub("[09]", "", digits[1:])
    return (word[0] + rest + "000")[:4]


# dates and times


def day(text: str) -> dt.date | None:
    try:
        return dt.datetime.strptime(text.replace(".", ""), "%Y%m%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        return None


def clock(text: str, *, last: bool = False) -> Fraction | None:
    """Seconds since midnight; what is not told is 0, or as late as can be."""
    found = re.fullmatch(r"(\d\d)(?:(\d\d)(?:(\d\d)(?:\.(\d{1,6}))?)?)?", text.replace(":", ""))
    if found is None:
        return None
    hours, minutes, seconds, part = found.groups()
    rest = ("59", "59", "999999") if last else ("00", "00", "000000")
    fraction = (part or "") + rest[2][len(part or "") :]
    return int(hours) * 3600 + int(minutes or rest[0]) * 60 + int(seconds or rest[1]) + Fraction(int(fraction), 10**6)


def ends(text: str) -> tuple[str, str] | None:
    """The two sides of a range, ``None`` if it is none."""
    if "-" not in text:
        return None
    first, last = text.split("-")
    return first.strip(), last.strip()


def in_days(wanted: str, told: str) -> bool:
    sides, when = ends(wanted), day(told)
    if when is None:
        return False
    if sides is None:
        return day(wanted) == when
    first, last = (day(side) if side else None for side in sides)
    return (first is None or first <= when) and (last is None or when <= last)


def in_clock(wanted: str, told: str) -> bool:
    sides, when = ends(wanted), clock(told)
    if when is None:
        return False
    if sides is None:
        return clock(wanted) == when
    first = clock(sides[0]) if sides[0] else Fraction(0)
    last = clock(sides[1], last=True) if sides[1] else Fraction(86400)
    assert first is not None
    assert last is not None
    return first <= when <= last


def instant(text: str, zone: int, *, last: bool = False) -> dt.datetime | None:
    found = re.fullmatch(r"(\d{4,14})(\.\d{1,6})?([+-]\d{4})?", text)
    if found is None:
        return None
    digits, part, offset = found.groups()
    least, most = "00000101000000", "99991231235959"
    filled = digits + (most if last else least)[len(digits) :]
    if last and len(digits) == 6:
        # the last day of the month
        following = dt.datetime.strptime(digits + "01", "%Y%m%d") + dt.timedelta(days=32)  # noqa: DTZ007
        filled = (following.replace(day=1) - dt.timedelta(days=1)).strftime("%Y%m%d") + "235959"
    try:
        when = dt.datetime.strptime(filled, "%Y%m%d%H%M%S")  # noqa: DTZ007
    except ValueError:
        return None
    fraction = ((part or ".")[1:] + ("999999" if last else "000000")[len((part or ".")[1:]) :])[:6]
    minutes = zone if offset is None else (int(offset[1:3]) * 60 + int(offset[3:])) * (-1 if offset[0] == "-" else 1)
    return when + dt.timedelta(microseconds=int(fraction)) - minutes * MINUTE


def in_moments(wanted: str, told: str, zone: int, agreed: Agreed) -> bool:
    when = instant(told, zone)
    asked = agreed.local_zone if agreed.asked_zone is None else agreed.asked_zone
    moment = r"\d{4,14}(?:\.\d{1,6})?(?:\+\d{4}|-(?:0\d|1[012])[0-5]\d(?!\d))?"
    found = re.fullmatch(rf"({moment})?(-)?({moment})?", wanted)
    if when is None or found is None:
        return False
    first, hyphen, last = found.groups()
    if not hyphen:
        return instant(first, asked) == when
    low, high = instant(first, asked) if first else None, instant(last, asked, last=True) if last else None
    return (low is None or low <= when) and (high is None or when <= high)


def moved(keyword: str, held: Dataset, minutes: int) -> list[str]:
    """A date or a time as it is in another time zone."""
    date = keyword if keyword in PAIRS else next(one for one, time in PAIRS.items() if time == keyword)
    days, clocks = values(at(held, date)), values(at(held, PAIRS[date]))
    mine = days if keyword == date else clocks
    if not mine or not clocks or not minutes:
        return mine
    seconds = clock(clocks[0])
    start = day(days[0]) if days else dt.date(2000, 1, 1)
    if seconds is None or start is None:
        return []
    when = dt.datetime.combine(start, dt.time()) + dt.timedelta(microseconds=int(seconds * 10**6)) + minutes * MINUTE
    return [when.strftime("%Y%m%d" if keyword == date else "%H%M%S.%f")]


def fits_all(keys: list[DataElement], held: Dataset, agreed: Agreed, zone: int | None = None) -> bool:
    """Whether a data set matches all keys of its level."""
    together = []
    if agreed.combined:
        named = {key.keyword: key for key in keys}
        together = [
            (named[date], named[time])
            for date, time in PAIRS.items()
            if date in named and time in named and all("-" in "".join(values(named[one])) for one in (date, time))
        ]
    apart = [key for key in keys if not any(key is one for pair in together for one in pair)]
    return all(fits(key, held, agreed, zone) for key in apart) and all(
        in_span(values(date)[0], values(time)[0], date.keyword, held, agreed, zone) for date, time in together
    )


def in_span(days: str, hours: str, date: str, held: Dataset, agreed: Agreed, zone: int | None) -> bool:
    """Whether a date with its time lies between the first time of the first day and the last time of the last."""
    told, clocks = values(at(held, date)), values(at(held, PAIRS[date]))
    offset = agreed.local_zone if zone is None else zone
    if told and clocks and agreed.asked_zone is not None:
        shift = agreed.asked_zone - offset
        told, clocks = moved(date, held, shift), moved(PAIRS[date], held, shift)
    if not told or not clocks or day(told[0]) is None or clock(clocks[0]) is None:
        return False
    when = (day(told[0]), clock(clocks[0]))
    first, last = ends(days) or ("", "")
    early, late = ends(hours) or ("", "")
    low = (day(first), clock(early) if early else Fraction(0)) if first else None
    high = (day(last), clock(late, last=True) if late else Fraction(86400)) if last else None
    return (low is None or low <= when) and (high is None or when <= high)


# the tree


class Path(NamedTuple):
    """One stored instance with what it belongs to: a data set for each level, of the first instance that came."""

    unique: tuple[str, ...]
    level: tuple[Dataset, ...]


def paths(instances: Iterable[Dataset]) -> list[Path]:
    """The instances, in the order of arrival."""
    first: dict[tuple[str, str], Dataset] = {}
    whose: dict[str, str] = {}
    found = []
    for ds in instances:
        told = [str(ds.get(UNIQUE[level], "")) for level in LEVELS]
        told[0] = whose.setdefault(told[1], told[0])
        if ("IMAGE", told[3]) in first:
            continue
        for level, unique in zip(LEVELS, told, strict=True):
            first.setdefault((level, unique), ds)
        found.append(Path(tuple(told), tuple(first[level, one] for level, one in zip(LEVELS, told, strict=True))))
    return found


def gathered(found: list[Path], study: str, depth: int, keyword: str) -> list[str]:
    told = [values(at(path.level[depth], keyword)) for path in found if path.unique[1] == study]
    return list(dict.fromkeys(one for listed in told for one in listed))


def scan(
    instances: Iterable[Dataset], level: str, keys: Dataset, level_of: dict[str, str], agreed: Agreed | None = None
) -> list[str]:
    """The unique keys of all that matches, in the order of arrival.

    An entity matches if there is an instance in it (or that it is) so that all keys are matched by that instance and by
    everything that it belongs to, each by its level.
    """
    agreed, depth = agreed or Agreed(), LEVELS.index(level)
    listed = paths(instances)
    matched: dict[str, None] = {}
    for path in listed:
        if path.unique[depth] in matched:
            continue
        if all(_level_fits(listed, path, one, keys, level_of, agreed) for one in range(len(LEVELS))):
            matched[path.unique[depth]] = None
    order = dict.fromkeys(path.unique[depth] for path in listed)
    return [unique for unique in order if unique in matched]


def _level_fits(
    listed: list[Path], path: Path, depth: int, keys: Dataset, level_of: dict[str, str], agreed: Agreed
) -> bool:
    mine = [key for key in keys if level_of.get(key.keyword) == LEVELS[depth]]
    held: Any = path.level[depth]
    if depth == 1 and any(key.keyword in ("ModalitiesInStudy", "SOPClassesInStudy") for key in mine):
        held = Dataset()
        held.update(path.level[depth])
        held.ModalitiesInStudy = gathered(listed, path.unique[1], 2, "Modality")
        held.SOPClassesInStudy = gathered(listed, path.unique[1], 3, "SOPClassUID")
    return fits_all(mine, held, agreed, zone_of(path.level[depth]))


def zone_of(ds: Dataset) -> int | None:
    told = values(at(ds, "TimezoneOffsetFromUTC"))
    if not told:
        return None
    return (int(told[0][1:3]) * 60 + int(told[0][3:])) * (-1 if told[0][0] == "-" else 1)
