"""Floor 1: conformance statements as data: what a vendor's document promises, loaded from tables.

- `model`: the frozen shape of one application entity.
- `loader`: finds and reads the table of an entity; ``load_entity("oncentra", "cm-print-scu")``.
- ``systems/<system>/<entity>.yaml``: the tables; facts in own words, each with the section of the document.
"""

from linacsim.conformance.loader import load_entity as load_entity
from linacsim.conformance.model import Entity as Entity

__all__ = ["Entity", "load_entity"]
