"""The facts that the tables were drawn from: their counts and digests, and the facts themselves where they lie beside us.

The digests are of the facts, not of the tables: one per object, over the path, type, presence and constraint of every
row in order. `python -m tests.conformance.facts FOLDER` prints them anew when a fact was corrected.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

FACTS = Path(__file__).parents[3] / "shared" / "facts"
"""Where the facts lie on a machine that has them."""
DIGESTS = Path(__file__).with_name("facts.json")
FILES = {
    "monaco": "monaco",
    "oncentra": "oncentra",
    "preciseplan": "preciseplan",
    "raystation": "raystation",
    "varian-obi": "varian_obi",
}


def digest_of(rows: Iterable[object]) -> str:
    """Return a short digest of rows that JSON can hold."""
    text = json.dumps(list(rows), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def drawn_from(facts: dict[str, Any]) -> dict[str, Any]:
    """Return counts and digests of the facts of one system."""
    entities, iods = facts["entities"], facts["iods"]
    return {
        "counts": {
            "entities": len(entities),
            "presentation_contexts": sum(len(one["presentation_contexts"]) for one in entities),
            "activities": sum(len(one["activities"]) for one in entities),
            "status_rows": sum(len(one["status_handling"]) + len(one["status_returned"]) for one in entities),
            "attributes": sum(len(one["attributes"]) for one in iods),
            "attributes_with_constraint": sum(bool(row["constraint"]) for one in iods for row in one["attributes"]),
            "preconditions": len(facts["preconditions"]),
            "private_attributes": len(facts["private_attributes"]),
            "errata": len(facts["errata"]),
        },
        "rows": {
            f"{one['name']} {one['direction']}": digest_of(
                [
                    [row["path"], row["type"], row["export"], row["import"], row["constraint"], row["condition"]]
                    for row in one["attributes"]
                ]
            )
            for one in iods
        },
        "preconditions": digest_of(
            [[one["id"], one["section"], one["rule"], one["tags"]] for one in facts["preconditions"]]
        ),
        "private": digest_of(
            [[one["group"], one["element"], one["creator"], one["name"]] for one in facts["private_attributes"]]
        ),
        "errata": digest_of([[one["section"], one["printed"], one["correct"]] for one in facts["errata"]]),
        "contexts": digest_of(
            [
                [entity["id"], one["abstract_syntax"], one["transfer_syntaxes"], one["role"]]
                for entity in entities
                for one in entity["presentation_contexts"]
            ]
        ),
        "activities": digest_of(
            [
                [
                    entity["id"],
                    one["id"],
                    one["section"],
                    [[step["op"], step["sop_class"] or None] for step in one["steps"]],
                ]
                for entity in entities
                for one in entity["activities"]
            ]
        ),
        "statuses": digest_of(
            [
                [entity["id"], one["service"], one["status"], one.get("behaviour") or one.get("when")]
                for entity in entities
                for one in [*entity["status_handling"], *entity["status_returned"]]
            ]
        ),
    }


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FACTS
    found = {system: drawn_from(json.loads((folder / f"{name}.json").read_text())) for system, name in FILES.items()}
    sys.stdout.write(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
