"""What the checker found, as JSON; the keys are described in ``docs/check.md`` and stay."""

from __future__ import annotations

import json
from typing import Any

from linacsim.conformance.check.findings import Group, Report, State, count_effects


def check_json(report: Report) -> str:
    """Return a report as JSON."""
    return json.dumps(_report(report), indent=2, ensure_ascii=False) + "\n"


def _report(report: Report) -> dict[str, Any]:
    return {
        "system": report.system,
        "title": report.title,
        "way": report.way,
        "summary": {
            "objects": report.kinds,
            "patients": report.patients,
            "broken": report.broken,
            "effects": count_effects(report.of(State.BROKEN)),
            "decided": report.decided,
            "for-a-person": len(report.for_a_person),
        },
        "objects": [
            {"file": one.file, "kind": one.name, "sop-class": one.sop_class, "sop-instance": one.uid,
             "patient": one.patient}
            for one in report.objects
        ],
        "not-checked": [{"file": one.file, "reason": one.reason, "damaged": one.damaged} for one in report.unread],
        **{state.value: [_group(one) for one in report.groups(state)] for state in State},
    }  # fmt: skip


def _group(group: Group) -> dict[str, Any]:
    one = group.first
    return {
        "rule": one.rule,
        "section": one.section,
        "kind": one.about.kind,
        "path": one.path,
        "found": one.found,
        "wanted": one.wanted,
        "effect": one.effect.effect,
        "effect-words": one.effect.words,
        "effect-section": one.effect.section,
        "reason": one.reason,
        "sentence": one.sentence,
        "also": [
            {"rule": each.rule, "section": each.section, "found": each.found, "wanted": each.wanted}
            for each in one.also
        ],
        "files": group.files,
        "of": group.of,
        "places": len(group.findings),
    }
