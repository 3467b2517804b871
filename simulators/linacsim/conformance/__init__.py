"""Floor 1: conformance statements as data: what a vendor's document promises, loaded from tables.

- `loader`: ``load_system("raystation")``, ``load_entity("oncentra", "cm-print-scu")``.
- `system`: one system: its head, entities, objects, attribute rows, preconditions, private attributes, errata, readings.
- `model`: the frozen shape of one application entity; `tables`: the frozen shapes of the rows.
- ``systems/<id>/``: the tables; facts in own words, each with the section of the document.
"""

from linacsim.conformance.loader import load_entity as load_entity
from linacsim.conformance.loader import load_system as load_system
from linacsim.conformance.loader import systems as systems
from linacsim.conformance.model import Entity as Entity
from linacsim.conformance.system import System as System

__all__ = ["Entity", "System", "load_entity", "load_system", "systems"]
