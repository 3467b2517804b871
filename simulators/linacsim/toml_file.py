"""Reads TOML: the form of tables that come with linacsim and are loaded often."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from linacsim.errors import InputError
from linacsim.settings import KeyPath, Locate, dotted


def read_toml(path: Path) -> tuple[dict[str, Any], Locate]:
    """Return the keys and values of a file, and what tells where one of them stands.

    Raises
    ------
    InputError
        If there is no such file, or it is no TOML; with line and column.
    """
    where = f"{path.parent.name}/{path.name}"
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise InputError(f"cannot be read: {(exc.strerror or str(exc)).lower()}", where, "put the file there") from exc
    except UnicodeDecodeError as exc:
        raise InputError("is not UTF-8", where, "save it as UTF-8 text") from exc
    except tomllib.TOMLDecodeError as exc:
        raise InputError(f"is no TOML: {exc}", where, "see toml.io for the form") from exc

    def locate(keys: KeyPath) -> str:
        return f"{where}: {dotted(keys)}" if keys else where

    return data, locate
