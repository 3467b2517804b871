"""Hosts, ports and AE titles of peers in the words that a program or a function is given: ``{ARCHIVE.port}``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from linacsim.errors import InputError
from linacsim.kernel.places import Place
from linacsim.settings import did_you_mean

_REFERENCE = re.compile(r"\{([^{}.]+)\.([a-z]+)\}")


def filled(text: str, places: Mapping[str, Place]) -> str:
    """Return `text` with every placeholder replaced.

    Raises
    ------
    InputError
        If there is no such peer, or it has no such value: a peer that does not listen has neither host nor port.
    """
    return _REFERENCE.sub(lambda match: str(_value(match, places)), text)


def filled_value(value: Any, places: Mapping[str, Place]) -> Any:
    """Return `value` with every placeholder in it replaced; a text that is nothing but a port becomes a number."""
    if isinstance(value, Mapping):
        return {key: filled_value(inner, places) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [filled_value(inner, places) for inner in value]
    if not isinstance(value, str):
        return value
    whole = _REFERENCE.fullmatch(value)
    return filled(value, places) if whole is None else _value(whole, places)


def _value(match: re.Match[str], places: Mapping[str, Place]) -> str | int:
    name, word = match[1], match[2]
    place = places.get(name)
    if place is None:
        raise InputError(f"no peer {name!r}", match[0], did_you_mean(name, places, "peers"))
    known: dict[str, str | int] = {"title": place.title}
    if place.address is not None:
        known |= {"host": place.address[0], "port": place.address[1]}
    if word not in known:
        raise InputError(f"{name} has no {word!r}", match[0], did_you_mean(word, known, "words"))
    return known[word]
