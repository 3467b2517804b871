"""The names of the kinds: every application entity of every system, from the names of its tables alone."""

from __future__ import annotations

from functools import cache

from linacsim.conformance.loader import SYSTEMS


@cache
def names() -> dict[str, tuple[str, str]]:
    """Return system and entity of each kind; no table is read for that."""
    found = {}
    for path in sorted(SYSTEMS.glob("*/entities/*.toml")):
        system, entity = path.parts[-3], path.stem
        found[entity if entity.startswith(f"{system}-") else f"{system}-{entity}"] = (system, entity)
    return found
