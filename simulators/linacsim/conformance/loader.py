"""Finds and reads the tables of ``systems/``: one folder per system, one file per application entity."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from linacsim.conformance.model import Entity
from linacsim.errors import InputError
from linacsim.settings import build, did_you_mean
from linacsim.yaml_file import read_yaml

SYSTEMS = Path(__file__).parent / "systems"
"""The folder of the tables that come with linacsim."""


def systems(folder: Path = SYSTEMS) -> list[str]:
    """Return the systems that have a table, sorted."""
    return sorted(entry.name for entry in folder.iterdir() if entry.is_dir() and any(entry.glob("*.yaml")))


def entities(system: str, folder: Path = SYSTEMS) -> list[str]:
    """Return the ids of the entities of `system`, sorted.

    Raises
    ------
    InputError
        If there is no such system.
    """
    known = systems(folder)
    if system not in known:
        raise InputError(f"unknown system {system!r}", "", did_you_mean(system, known, "systems"))
    return sorted(path.stem for path in (folder / system).glob("*.yaml"))


@cache
def load_entity(system: str, entity_id: str, folder: Path = SYSTEMS) -> Entity:
    """Return the application entity `entity_id` of `system`; the same object each time.

    Raises
    ------
    InputError
        If there is no such system or entity, or if its table is wrong.
    """
    known = entities(system, folder)
    if entity_id not in known:
        raise InputError(f"unknown entity {entity_id!r} of {system}", "", did_you_mean(entity_id, known, "entities"))
    path = folder / system / f"{entity_id}.yaml"
    table = read_yaml(path)
    entity = build(Entity, table.data, locate=table.locate)
    if entity.id != entity_id:
        raise InputError(f"the table is of {entity.id!r}", table.locate(("id",)), f"name the file {entity.id}.yaml")
    return entity
