"""Durations as integer microseconds.

Models, scenarios and the event log count whole microseconds; floats exist only where a library wants them.
"""

from __future__ import annotations

import re

from linacsim.errors import InputError

MICROSECOND = 1
"""The unit of all times in linacsim."""
MILLISECOND = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE

_UNITS = {
    "us": MICROSECOND,
    "µs": MICROSECOND,
    "ms": MILLISECOND,
    "s": SECOND,
    "min": MINUTE,
    "h": HOUR,
}
_DURATION = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(us|µs|ms|s|min|h)\s*$")


def seconds(value: float) -> int:
    """Return `value` seconds as whole microseconds."""
    return round(value * SECOND)


def minutes(value: float) -> int:
    """Return `value` minutes as whole microseconds."""
    return round(value * MINUTE)


def milliseconds(value: float) -> int:
    """Return `value` milliseconds as whole microseconds."""
    return round(value * MILLISECOND)


def parse_duration(text: object, where: str = "") -> int:
    """Return the duration written as ``"30 s"``, ``"250 ms"``, ``"5 min"`` in microseconds.

    Raises
    ------
    InputError
        If `text` is a bare number or carries no known unit.
    """
    match = _DURATION.match(text) if isinstance(text, str) else None
    if match is None:
        raise InputError(
            f"{text!r} is not a duration",
            where,
            'write a number and a unit (us, ms, s, min, h), for example "30 s"',
        )
    return round(float(match.group(1)) * _UNITS[match.group(2)])


def format_duration(us: int) -> str:
    """Return `us` microseconds for a person: ``"1.5 ms"``, ``"30 s"``, ``"5 min 2 s"``."""
    if us < 0:
        return f"-{format_duration(-us)}"
    if us < MILLISECOND:
        return f"{us} us"
    if us < SECOND:
        return f"{us / MILLISECOND:g} ms"
    us = round(us / MILLISECOND) * MILLISECOND
    if us < MINUTE:
        return f"{us / SECOND:.3f}".rstrip("0").rstrip(".") + " s"
    whole, rest = divmod(us, HOUR)
    mins, rest = divmod(rest, MINUTE)
    parts = [f"{whole} h"] if whole else []
    parts += [f"{mins} min"] if mins else []
    secs = f"{rest / SECOND:.3f}".rstrip("0").rstrip(".")
    parts += [f"{secs} s"] if secs not in ("", "0") else []
    return " ".join(parts)


def format_instant(us: int) -> str:
    """Return a time since the start of the run as ``h:mm:ss.mmmmmm`` of fixed width, for columns."""
    hours, rest = divmod(us, HOUR)
    mins, rest = divmod(rest, MINUTE)
    secs, micro = divmod(rest, SECOND)
    return f"{hours:d}:{mins:02d}:{secs:02d}.{micro:06d}"
