"""Values and keys that the tests against the oracle draw from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from pydicom import config
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

POOLS: dict[str, list[Any]] = {
    "AE": ["LINAC1", "LINAC2", "linac1", "TPS"],
    "AS": ["045Y", "006M", "045D"],
    "AT": [0x00100010, 0x00180063],
    "CS": ["CT", "MR", "RTPLAN", "RTDOSE", "CT_2"],
    "DA": ["20231231", "20240101", "20240115", "20240229", "20240301", "19691224"],
    "DS": ["1.5", "+1.50", "-0.25", "15e-1", "10", "1"],
    "DT": [
        "2024",
        "202402",
        "20240229",
        "20240229101530",
        "20240229101530.25",
        "20240229101530+0200",
        "20240229235959.999999-0500",
        "2023123123",
        "20240301000000",
    ],
    "FD": [1.5, -0.25, 3.0],
    "FL": [1.5, -0.25, 3.0],
    "IS": ["1", "07", "7", "-3", "+12"],
    "LO": ["Pelvis", "pelvis", "Pelvis 2", "50% [x]", "a.c", "abc"],
    "LT": ["one line", " indented", "two\r\nlines", "a*b"],
    "PN": [
        "Doe^John",
        "DOE^JOHN^Q",
        "Doe^Jane^^Dr",
        "Müller^Änne",
        "Mueller^Anne",
        "Smith-Jones^Mary Ann",
        "Smyth^Robert",
        "Yamada^Tarou=山田^太郎=やまだ^たろう",
        "=山田^花子",
        "Doe",
    ],
    "SH": ["A1", "A12", "a1", "B?2"],
    "SL": [1, -2, 3],
    "SS": [1, -2, 3],
    "ST": ["first try", "second", " lead"],
    "SV": [1, -2, 2**40],
    "TM": ["10", "1015", "101530", "101530.5", "235959.999999", "000000", "10:15:30"],
    "UC": ["long text", "Long text", "x" * 80],
    "UI": ["1.2.3", "1.2.3.4", "1.2.30", "2.25.7"],
    "UL": [1, 2, 70000],
    "UR": ["http://a.example/x", "http://b.example/x", "urn:oid:1.2"],
    "US": [1, 2, 512],
    "UT": ["unlimited", " lead", "Unlimited"],
    "UV": [1, 2, 2**40],
}
KEYWORDS = {
    "AE": "StationAETitle",
    "AS": "PatientAge",
    "AT": "FrameIncrementPointer",
    "CS": "ImageType",
    "DA": "StudyDate",
    "DS": "SliceLocation",
    "DT": "AcquisitionDateTime",
    "FD": "DiffusionBValue",
    "FL": "SelectorFLValue",
    "IS": "SeriesNumber",
    "LO": "OtherPatientIDs",
    "LT": "PatientComments",
    "PN": "OtherPatientNames",
    "SH": "StudyID",
    "SL": "SelectorSLValue",
    "SS": "SelectorSSValue",
    "ST": "StructureSetDescription",
    "SV": "SelectorSVValue",
    "TM": "StudyTime",
    "UC": "LongCodeValue",
    "UI": "StudyInstanceUID",
    "UL": "SelectorULValue",
    "UR": "URNCodeValue",
    "US": "Rows",
    "UT": "SelectorUTValue",
    "UV": "SelectorUVValue",
}
"""An attribute of each VR; of more than one value where there are such."""
MANY = ("AT", "CS", "LO", "PN")
WILD = ("AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT")
Draw = random.Random


def element(keyword: str, value: Any) -> DataElement:
    """Return an element; a key may hold what no attribute may."""
    before = config.settings.reading_validation_mode
    config.settings.reading_validation_mode = config.IGNORE
    try:
        ds = Dataset()
        setattr(ds, keyword, value)
        return ds[keyword]
    finally:
        config.settings.reading_validation_mode = before


def held(vr: str, draw: Draw) -> Any:
    """Draw a value that an archive may hold; now and then none."""
    if draw.random() < 0.1:
        return None
    if vr in MANY and draw.random() < 0.4:
        return draw.sample(POOLS[vr], 2)
    return draw.choice(POOLS[vr])


def as_text(vr: str, draw: Draw) -> str:
    return str(draw.choice(POOLS[vr]))


def single(vr: str, draw: Draw) -> Any:
    value = draw.choice(POOLS[vr])
    if isinstance(value, str) and not value.startswith(" ") and draw.random() < 0.2:
        return value.swapcase() if vr in (*WILD, "AS") else value
    return value


def universal(_vr: str, _draw: Draw) -> Any:
    return ""


def wild(vr: str, draw: Draw) -> Any:
    """Replace parts of a value by wild cards."""
    text = as_text(vr, draw)
    if draw.random() < 0.1:
        return "*"
    for _ in range(draw.randint(1, 2)):
        first = draw.randrange(len(text) + 1)
        last = draw.randint(first, len(text))
        text = text[:first] + "*" + text[last:] if draw.random() < 0.6 else text[:first] + "?" + text[first + 1 :]
    return text


def ranged(vr: str, draw: Draw) -> Any:
    """Draw one of the forms of a range."""
    first, last = sorted(as_text(vr, draw).replace(":", "") for _ in range(2))
    return draw.choice((f"{first}-{last}", f"{first}-", f"-{last}", f"{first}-{first}"))


def listed(vr: str, draw: Draw) -> Any:
    return [*draw.sample(POOLS[vr], 2), "9.9.9"]


def empty(_vr: str, _draw: Draw) -> Any:
    return '""'


def several(vr: str, draw: Draw) -> Any:
    return draw.sample(POOLS[vr], 2)


KINDS: dict[str, tuple[Callable[[str, Draw], Any], tuple[str, ...]]] = {
    "single value": (single, tuple(POOLS)),
    "universal": (universal, tuple(POOLS)),
    "list of UID": (listed, ("UI",)),
    "wild card": (wild, WILD),
    "range": (ranged, ("DA", "DT", "TM")),
    "empty value": (empty, ("AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT")),
    "multiple value": (several, MANY),
    "fuzzy": (lambda vr, draw: draw.choice((single, wild))(vr, draw), ("PN",)),
}
"""The types of matching (PS3.4 C.2.2.2) and the VRs that they are for; sequences have a test of their own."""


def key(kind: str, vr: str, draw: Draw, keyword: str = "") -> DataElement:
    """Draw a key."""
    value = KINDS[kind][0](vr, draw)
    if vr == "PN" and kind == "fuzzy" and draw.random() < 0.5:
        value = draw.choice(
            ("smith", "Jon Doe", "MULLER", "muller^anne", "robert smith", "yamad", "do*", "山", "Dow^J*")
        )
    return element(keyword or KEYWORDS[vr], value)


def item(draw: Draw, *, keys: bool, deep: bool = True) -> Dataset:
    """Draw an item of a sequence, of values that are held or of keys."""
    ds = Dataset()
    for vr in draw.sample(("SH", "LO", "DA", "CS", "PN"), 2):
        if keys:
            ds.add(
                key(
                    draw.choice([kind for kind in ("single value", "universal", "wild card") if vr in KINDS[kind][1]]),
                    vr,
                    draw,
                )
            )
        else:
            value = held(vr, draw)
            if value is not None:
                ds.add(element(KEYWORDS[vr], value))
    if deep and draw.random() < 0.5:
        inner = [item(draw, keys=keys, deep=False) for _ in range(1 if keys else draw.randint(0, 2))]
        ds.ScheduledProtocolCodeSequence = Sequence(inner)
    return ds
