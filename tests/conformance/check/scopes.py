"""Scopes to evaluate expressions in, made of plain mappings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import UID

from linacsim.conformance import load_system
from linacsim.conformance.check import compile_expression
from linacsim.conformance.check.scope import Instance, ObjectSet, Scope
from linacsim.conformance.check.values import Broken, Unknown
from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.conformance.system import Way


def dataset(values: Mapping[str, Any]) -> Dataset:
    """Return a data set; a list of mappings is a sequence."""
    found = Dataset()
    for keyword, value in values.items():
        items = isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value)
        setattr(found, keyword, [dataset(one) for one in value] if items else value)
    return found


def instance(kind: str, uid: str = "", **values: Any) -> Instance:
    """Return an object of a kind."""
    found = dataset(values)
    found.SOPClassUID = UID(SOP_CLASSES[kind])
    found.SOPInstanceUID = UID(uid or "1.2.3")
    return Instance(found, f"{kind}{uid.rpartition('.')[2]}.dcm")


def scope_of(*objects: Instance, at: int = 0, way: Way = "import") -> Scope:
    """Return the scope of one of some objects."""
    one = objects[at]
    return Scope(one.root, one, ObjectSet(objects), way, load_system("raystation"))


def verdict(text: str, *objects: Instance, at: int = 0) -> bool | str:
    """Return True, False, or ``unknown``: what an expression is for an object."""
    found = compile_expression(text).decide(scope_of(*objects, at=at))
    return "unknown" if isinstance(found, Unknown) else bool(found) and not isinstance(found, Broken)
