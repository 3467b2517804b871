"""What is known of a system, counted and told: the numbers behind ``linacsim systems``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from linacsim.conformance.model import Activity, Entity
from linacsim.conformance.system import Iod, System

COUNTED = (
    "entities",
    "presentation_contexts",
    "activities",
    "status_rows",
    "attributes",
    "attributes_with_constraint",
    "preconditions",
    "private_attributes",
    "errata",
)
"""What is counted, in the order of the reports."""


def counts(system: System) -> dict[str, int]:
    """Return how much of each part of `COUNTED` the system has."""
    entities = system.entities.values()
    return {
        "entities": len(entities),
        "presentation_contexts": sum(len(one.presentation_contexts) for one in entities),
        "activities": sum(len(one.activities) for one in entities),
        "status_rows": sum(len(one.status_handling) + len(one.status_returned) for one in entities),
        "attributes": sum(len(one.rows) for one in system.iods),
        "attributes_with_constraint": sum(bool(row.constraint) for one in system.iods for row in one.rows),
        "preconditions": len(system.preconditions),
        "private_attributes": len(system.private),
        "errata": len(system.errata),
    }


def total(systems: Iterable[System]) -> dict[str, int]:
    """Return the counts of several systems together."""
    each = [counts(one) for one in systems]
    return {name: sum(one[name] for one in each) for name in COUNTED}


def summary(system: System) -> dict[str, Any]:
    """Return who the system is and its counts, as JSON has it."""
    head = system.head
    return {
        "id": system.id,
        "title": head.title,
        "vendor": head.vendor,
        "product": head.product,
        "version": head.version,
        "counts": counts(system),
    }


def details(system: System) -> dict[str, Any]:
    """Return everything but the attribute rows, as JSON has it."""
    head = system.head
    return {
        **summary(system),
        "document": _plain(head.document.model_dump()),
        "uid_root": head.uid_root,
        "conventions": list(head.conventions),
        "ambiguities": dict(head.ambiguities),
        "notes": dict(head.notes),
        "consequences": {name: one.model_dump() for name, one in head.consequences.items()},
        "entities": [_entity(one) for one in system.entities.values()],
        "objects": [_object(one) for one in system.iods],
        "preconditions": [
            {"id": one.id, "section": one.section, "applies_to": one.applies_to, "rule": one.rule}
            for one in system.preconditions
        ],
        "errata": [
            {"section": one.section, "printed": one.printed, "correct": one.correct, "why": one.why}
            for one in system.errata
        ],
    }


def _entity(entity: Entity) -> dict[str, Any]:
    plain = entity.model_dump(mode="json")
    plain["activities"] = [_activity(one) for one in entity.activities]
    return _plain(plain)


def _activity(activity: Activity) -> dict[str, Any]:
    plain = activity.model_dump(mode="json")
    plain["steps"] = [_plain(one) for one in plain["steps"]]
    return plain


def _object(iod: Iod) -> dict[str, Any]:
    return {
        "id": iod.id,
        "name": iod.name,
        "sop_class": iod.sop_class,
        "direction": iod.direction,
        "section": iod.head.section,
        "attributes": len(iod.rows),
        "attributes_with_constraint": sum(bool(row.constraint) for row in iod.rows),
    }


def _plain(keys: Mapping[str, Any]) -> dict[str, Any]:
    """Return the keys that say something."""
    return {key: value for key, value in keys.items() if value is not None and value not in ("", [], {})}
