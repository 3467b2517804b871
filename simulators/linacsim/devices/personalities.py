"""Personalities as data: what a device is like, one TOML file for each, shipped beside its kind or anywhere by path."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from linacsim.errors import InputError
from linacsim.settings import Settings, build, did_you_mean
from linacsim.toml_file import read_toml

PLAIN = "plain"
"""What a device is like if nothing else is said: the defaults of its settings."""
_KEY = "personality"


class Shipped:
    """The personalities that come with linacsim for one kind of device.

    Parameters
    ----------
    folder : Path
        Where their files are; the name of a file is that of the personality.
    kind : str
        What messages call the device.
    """

    def __init__(self, folder: Path, kind: str) -> None:
        self._folder = folder
        self.kind = kind

    def names(self) -> list[str]:
        """Return their names, sorted."""
        return sorted(path.stem for path in self._folder.glob("*.toml"))

    def values(self, name: str) -> dict[str, Any]:
        """Return the keys and values of the personality `name`: one of these, or the path of a TOML file.

        Raises
        ------
        InputError
            If there is none, or its file is no TOML.
        """
        values, _ = read_toml(self._path(name))
        return {**values, _KEY: name}

    def text(self, name: str) -> str:
        """Return the file of the personality `name`, as it is; errors are those of `values`."""
        self.values(name)
        return self._path(name).read_text(encoding="utf-8")

    def _path(self, name: str) -> Path:
        if name.endswith(".toml"):
            return Path(name)
        if name not in self.names():
            advice = did_you_mean(name, self.names(), "personalities")
            raise InputError(f"unknown personality {name!r}", self.kind, f"{advice} or name a .toml file")
        return self._folder / f"{name}.toml"

    def merged(self, given: Any) -> Any:
        """Return what a file says of a device with all that its personality says beside it, mappings merged key by key."""
        name = given.get(_KEY) if isinstance(given, Mapping) else None
        if not isinstance(name, str) or name == PLAIN:
            return given
        return _over(self.values(name), given)


def _over(base: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(base)
    for key, value in given.items():
        below = result.get(key)
        result[key] = _over(below, value) if isinstance(below, Mapping) and isinstance(value, Mapping) else value
    return result


class Named(Settings):
    """Settings that a personality may give, by its name.

    Attributes
    ----------
    personality : str
        The name of the file that the values come from; a scenario that names one may change single values beside it.
    about : str
        What it is like, in a line.
    """

    shipped: ClassVar[Shipped]

    personality: str = PLAIN
    about: str = ""

    @classmethod
    def model_validate_json(cls, json_data: str | bytes | bytearray, *args: Any, **options: Any) -> Self:
        """Build it from what a file says; a `personality` that is named there gives all that is not said."""
        return super().model_validate_json(json.dumps(cls.shipped.merged(json.loads(json_data))), *args, **options)

    @classmethod
    def named(cls, name: str, **changed: Any) -> Self:
        """Return the personality `name` with these fields changed.

        Raises
        ------
        InputError
            If there is none of that name, or its file says something else than it may.
        """
        base = build(cls, cls.shipped.values(name), name)
        return cls(**{**{field: getattr(base, field) for field in cls.model_fields}, **changed})
