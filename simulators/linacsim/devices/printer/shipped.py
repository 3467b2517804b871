"""Printer personalities as data: one TOML file for each, in ``personalities/`` beside this module, or anywhere by path."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from linacsim.errors import InputError
from linacsim.settings import did_you_mean
from linacsim.toml_file import read_toml

_FOLDER = Path(__file__).parent / "personalities"
PLAIN = "plain"
"""What a printer is like if nothing else is said: the defaults of `PrinterPersonality`."""
_KEY = "personality"


def personalities() -> list[str]:
    """Return the names of the personalities that come with linacsim."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def personality_named(name: str) -> dict[str, Any]:
    """Return the keys and values of the personality `name`: one that comes with linacsim, or the path of a TOML file.

    Raises
    ------
    InputError
        If there is none, or its file is no TOML.
    """
    path = Path(name) if name.endswith(".toml") else _FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in personalities():
        advice = did_you_mean(name, personalities(), "personalities")
        raise InputError(f"unknown personality {name!r}", "printer", f"{advice} or name a .toml file")
    values, _ = read_toml(path)
    return {**values, _KEY: name}


def merged(given: Any) -> Any:
    """Return what a file says of a printer, with all that its personality says beside it; mappings are merged key by key."""
    name = given.get(_KEY) if isinstance(given, Mapping) else None
    if not isinstance(name, str) or name == PLAIN:
        return given
    return _over(personality_named(name), given)


def _over(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in given.items():
        below = result.get(key)
        result[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result
