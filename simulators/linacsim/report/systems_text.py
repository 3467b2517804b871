"""What is known of the systems, as text for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from linacsim.report.table import table

_HEADINGS = {
    "entities": "AEs",
    "presentation_contexts": "contexts",
    "activities": "activities",
    "status_rows": "statuses",
    "attributes": "attributes",
    "attributes_with_constraint": "constrained",
    "preconditions": "preconditions",
    "private_attributes": "private",
    "errata": "errata",
}
PARTS = ("entities", "activities", "contexts", "objects", "rules", "errata", "notes")
"""What can be told of one system, a part each."""


def all_systems(systems: Sequence[Mapping[str, Any]], total: Mapping[str, int]) -> str:
    """Return the counts of each system and of all, and how many of their rules are decided from data."""
    names = list(_HEADINGS)
    rows: list[list[object]] = [[one["id"], *(one["counts"][name] for name in names)] for one in systems]
    rows.append(["total", *(total[name] for name in names)])
    lines = table(["system", *_HEADINGS.values()], rows)
    kinds = list(systems[0]["rules"]) if systems else []
    decided = [[one["id"], *(_share(one["rules"][kind]) for kind in kinds), one["title"]] for one in systems]
    lines += ["", "Decided from data, wholly or in part:", ""]
    lines += table(["system", *kinds, ""], decided)
    lines += ["", "One of them in full: linacsim systems ID [" + "|".join(PARTS) + "]"]
    return "\n".join(lines) + "\n"


def _share(rule: Mapping[str, int]) -> str:
    """Return how many are decided: ``78+2 of 80``, two of them in part."""
    partly = f"+{rule['partly']}" if rule["partly"] else ""
    percent = 100 * (rule["decided"] + rule["partly"]) // rule["total"] if rule["total"] else 100
    return f"{rule['decided']}{partly} of {rule['total']} ({percent} %)"


def one_system(system: Mapping[str, Any], part: str, width: int) -> str:
    """Return what is known of one system.

    Parameters
    ----------
    system : mapping
        `linacsim.conformance.overview.details`, with ``rules`` of `linacsim.conformance.check`.
    part : str
        One of `PARTS`, or empty for an overview.
    width : int
        Columns of the terminal.
    """
    writers: dict[str, Callable[[Mapping[str, Any], int], Iterator[str]]] = {
        "entities": _entities,
        "activities": _activities,
        "contexts": _contexts,
        "objects": _objects,
        "rules": _rules if part else partial(_rules, detailed=False),
        "errata": _errata,
        "notes": _notes,
    }
    shown = [part] if part else ["entities", "objects", "rules"]
    lines = [*_head(system)]
    for name in shown:
        lines += ["", name.capitalize(), *writers[name](system, width)]
    if not part:
        lines += ["", f"More: linacsim systems {system['id']} " + "|".join(PARTS)]
    return "\n".join(lines) + "\n"


def _head(system: Mapping[str, Any]) -> Iterator[str]:
    document = system["document"]
    source = ", ".join(str(document[key]) for key in ("id", "version", "date") if key in document)
    yield f"{system['title']} ({system['vendor']})"
    yield f"  document      {source or 'no number or date printed'}"
    counted = (f"{system['counts'][key]} {words}" for key, words in _HEADINGS.items())
    yield from _wrapped("known", ", ".join(counted), 100)
    if system["uid_root"]:
        yield f"  UID root      {system['uid_root']}"


def _wrapped(label: str, text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 60), initial_indent=f"  {label:<13} ", subsequent_indent=" " * 16)


def _entities(system: Mapping[str, Any], _width: int) -> Iterator[str]:
    rows = [
        [
            one["id"],
            "/".join(one.get("roles", [])) or "files",
            one.get("ae_title_default", ""),
            one.get("port_default"),
            _pdu(one.get("pdu", {})),
            _limits(one.get("max_associations", {})),
            _timeouts(one.get("timeouts", [])),
            len(one.get("presentation_contexts", [])),
        ]
        for one in system["entities"]
    ]
    headings = ["entity", "role", "AE title", "port", "PDU", "associations", "timeouts", "contexts"]
    yield from table(headings, rows, "  ")


def _pdu(pdu: Mapping[str, Any]) -> str:
    if pdu.get("receive_unlimited"):
        return f"any, sends {pdu['send_max']}"
    known = [pdu.get("min"), pdu.get("max")]
    return "..".join("?" if one is None else str(one) for one in known) if any(known) else ""


def _limits(limits: Mapping[str, Any]) -> str:
    return ", ".join(f"{way} {limits[way]}" for way in ("initiate", "accept") if limits.get(way) is not None)


def _timeouts(timeouts: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(dict.fromkeys(f"{one['seconds']} s" for one in timeouts if one.get("seconds")))


def _activities(system: Mapping[str, Any], width: int) -> Iterator[str]:
    for entity in system["entities"]:
        for activity in entity["activities"]:
            yield f"  {entity['id']}: {activity['id']}  ({activity['section']})"
            yield from _indented(activity["trigger"], width)
            for number, step in enumerate(activity["steps"], start=1):
                what = " ".join(str(step[key]) for key in ("op", "sop_class") if key in step)
                note = f"  - {step['note']}" if "note" in step else ""
                yield from _indented(f"{number}. {what}{note}", width)


def _contexts(system: Mapping[str, Any], _width: int) -> Iterator[str]:
    for entity in system["entities"]:
        rows = [
            [one["role"], one["name"], one["abstract_syntax"], " ".join(one["transfer_syntaxes"]) or "not documented"]
            for one in entity.get("presentation_contexts", [])
        ]
        if rows:
            yield f"  {entity['id']}"
            yield from table(["role", "SOP class", "UID", "transfer syntaxes"], rows, "    ")


def _objects(system: Mapping[str, Any], _width: int) -> Iterator[str]:
    rows = [
        [one["id"], one["name"], one["direction"], one["attributes"], one["attributes_with_constraint"], one["section"]]
        for one in system["objects"]
    ]
    yield from table(["object", "name", "direction", "attributes", "constrained", "section"], rows, "  ")


def _rules(system: Mapping[str, Any], width: int, *, detailed: bool = True) -> Iterator[str]:
    rows = [[name, one["total"], one["decided"], one["partly"], one["person"]] for name, one in system["rules"].items()]
    yield from table(["rules", "total", "decided", "in part", "for a person"], rows, "  ")
    if not detailed:
        return
    for name, one in system["rules"].items():
        for subject, reason in one["reasons"].items():
            yield f"  {name}: {subject}"
            yield from _indented(f"for a person: {reason}", width)


def _errata(system: Mapping[str, Any], width: int) -> Iterator[str]:
    for one in system["errata"]:
        yield f"  {one['section']}"
        yield from _indented(f"printed: {one['printed']}", width)
        yield from _indented(f"read as: {one['correct'] or 'nobody can tell'}  ({one['why']})", width)


def _notes(system: Mapping[str, Any], width: int) -> Iterator[str]:
    for subject, text in {**system["notes"], **system["ambiguities"]}.items():
        yield f"  {subject}"
        yield from _indented(text, width)
    for text in system["conventions"]:
        yield from _indented(text, width)


def _indented(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, max(width, 60), initial_indent="    ", subsequent_indent="      ")
