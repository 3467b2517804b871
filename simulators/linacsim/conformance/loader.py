"""Finds the systems: one folder of tables each."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from linacsim.conformance.model import Entity
from linacsim.conformance.system import System
from linacsim.errors import InputError
from linacsim.settings import did_you_mean

SYSTEMS = Path(__file__).parent / "systems"
"""The folder of the tables that come with linacsim."""


def systems(folder: Path = SYSTEMS) -> list[str]:
    """Return the ids of the systems, sorted."""
    return sorted(entry.parent.name for entry in folder.glob("*/system.toml"))


@cache
def load_system(system: str, folder: Path = SYSTEMS) -> System:
    """Return a system; the same object each time, its tables read when they are asked for.

    Parameters
    ----------
    system : str
        Its id, as ``raystation`` or ``varian-obi``; or, with a slash in it, the path of a folder of tables: ``./acme``.
    folder : Path
        Where the systems are.

    Raises
    ------
    InputError
        If there is no such system.
    """
    if "/" in system:
        return _at(Path(system))
    known = systems(folder)
    name = system.replace("_", "-").lower()
    if name not in known:
        raise InputError(f"unknown system {system!r}", "", did_you_mean(name, known, "systems"))
    return System(name, folder / name)


def _at(path: Path) -> System:
    """Return the system whose tables lie in the folder `path`."""
    if not (path / "system.toml").is_file():
        raise InputError("there is no system", str(path), "name a folder with a system.toml; see docs/conformance.md")
    return System(path.resolve().name, path)


def load_entity(system: str, entity: str, folder: Path = SYSTEMS) -> Entity:
    """Return an application entity; the same object each time.

    Raises
    ------
    InputError
        If there is no such system or entity, or if a table is wrong.
    """
    known = load_system(system, folder).entities
    if entity not in known:
        raise InputError(f"unknown entity {entity!r} of {system}", "", did_you_mean(entity, known, "entities"))
    return known[entity]
