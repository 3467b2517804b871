"""Values of options, with errors a person can act on."""

from __future__ import annotations

from linacsim.errors import InputError

_PORT_MAX = 65535


def seed_of(text: str) -> int:
    """Return the seed in `text`."""
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{text!r} is not a whole number", "--seed", "give for example --seed 7") from None


def port_of(text: str) -> int:
    """Return the TCP port in `text`; 0 lets the system choose."""
    if not text.isdecimal() or int(text) > _PORT_MAX:
        raise InputError(f"{text!r} is not a port", "--port", f"give a number from 0 to {_PORT_MAX}")
    return int(text)


def clock_of(text: str) -> str:
    """Return the clock in `text`."""
    if text not in ("virtual", "live"):
        raise InputError(f"unknown clock {text!r}", "--clock", "the clocks are virtual and live")
    return text
