"""The states of the hardware over time, read from the events that begin and end them.

No device is named here: a state begins with an event such as ``gantry-moving``, ``disk-full`` or ``kv-on`` and ends with
the event that its last word calls for, ``gantry-at``, ``disk-cleared``, ``kv-off``. An event ``...-status`` ends one state
and begins another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from linacsim.report.page.rows import Row

_ENDS = {
    "asked": ("answered",),
    "begin": ("end", "failed", "done"),
    "broken": ("mended",),
    "busy": ("free",),
    "down": ("up",),
    "fault": ("reset",),
    "full": ("cleared",),
    "jam": ("cleared",),
    "jammed": ("mended",),
    "moving": ("at", "pause"),
    "on": ("off",),
    "opened": ("closed",),
    "pause": ("moving",),
    "printing": ("done", "failed"),
    "slow": ("mended",),
    "started": ("done", "failed", "ended", "returned"),
    "stuck": ("freed",),
}
"""By the last word of the event that begins a state, the last words of those that end it."""
_ALIASES = {"jam-cleared": "film-cleared", "panel-calibrated": "calibration-done", "collision": "collision-jam"}
"""Events that do not call a thing what the event that began or ends it calls it."""
_BAD = frozenset(("broken", "busy", "down", "fault", "full", "jam", "jammed", "opened", "slow", "stuck"))
_WHICH = ("arm", "part", "job", "acquisition", "step", "where")
"""Fields that tell two states of one device apart."""
_TONES = {"NORMAL": "good", "WARNING": "warning", "FAILURE": "bad", "FAULT": "bad", "STOP": "bad"}


@dataclass(slots=True)
class Band:
    """A state of one lane from one row to another.

    Attributes
    ----------
    lane : int
        Whose state it is.
    label : str
        What it says, ``gantry moving``, ``FILM JAM``.
    tone : str
        ``good``, ``warning``, ``bad``, ``busy``, or ``step`` for a step of the script.
    first, last : int
        The rows where it begins and ends, by place.
    status : bool
        It is the one state of the device as a whole, not one among others.
    over : bool
        Whether it ended before the run did.
    """

    lane: int
    label: str
    tone: str
    first: int
    last: int
    status: bool = False
    over: bool = False


def bands(rows: Sequence[Row]) -> list[Band]:
    """Return the states in the order in which they began.

    Work that nobody saw end is left out, as it says nothing; what is broken stays so to the end.
    """
    found: list[Band] = []
    running: dict[_Key, list[tuple[str, Band]]] = {}
    for place, row in enumerate(rows):
        if row.to >= 0 or row.at < 0:
            continue
        which = _which(row)
        for key in _ended(row):
            for one in [one for one in running.get(key, ()) if not which or one[0] in ("", which)]:
                running[key].remove(one)
                one[1].last, one[1].over = place, True
        if (begun := _begun(row, place, which)) is not None:
            key, band = begun
            running.setdefault(key, []).append((which, band))
            found.append(band)
    for band in found:
        if not band.over:
            band.last = len(rows) - 1
    return [band for band in found if band.over or band.tone != "busy" or band.status]


_Key = tuple[int, str, str]
"""The lane, the thing and the word that began a state."""


def _which(row: Row) -> str:
    """Return what tells the state apart from others of its lane, ``kv-source`` or the number of a job."""
    return next((str(row.record[name]) for name in _WHICH if name in row.record), "")


def _ended(row: Row) -> list[_Key]:
    """Return the states that a row may end."""
    if row.event.endswith("-status"):
        return [(row.at, row.event, "")]
    thing, _, word = _ALIASES.get(row.event, row.event).rpartition("-")
    return [(row.at, thing, begin) for begin, ends in _ENDS.items() if word in ends]


def _begun(row: Row, place: int, which: str) -> tuple[_Key, Band] | None:
    """Return the state that a row begins, if it begins one."""
    if row.event.endswith("-status"):
        level, info = str(row.record.get("status", "")), str(row.record.get("info", ""))
        tone = _TONES.get(level, "busy")
        return (row.at, row.event, ""), Band(row.at, info or level, tone, place, place, status=True)
    thing, _, word = _ALIASES.get(row.event, row.event).rpartition("-")
    if not thing or word not in _ENDS:
        return None
    tone = "step" if thing == "step" else "bad" if word in _BAD else "busy"
    label = which if thing == "step" else row.event if row.event in _ALIASES else _label(thing, word, which)
    return (row.at, thing, word), Band(row.at, label, tone, place, place)


def _label(thing: str, word: str, which: str) -> str:
    doing = "" if word in ("begin", "started") else f" {word}"
    # An acquisition or a job has a number, which says little without its noun; an arm has a name.
    named = which if which and not which.isdigit() else thing
    return f"{named}{doing}".replace("-", " ")
