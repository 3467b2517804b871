"""No row of the documents is lost and none is invented: the tables against the facts that they were drawn from."""

from __future__ import annotations

import json
from typing import Any

import pytest

from linacsim.conformance import System, load_system
from linacsim.conformance.loader import systems
from linacsim.conformance.system import Iod
from linacsim.conformance.tables import Row
from tests.conformance.facts import DIGESTS, FACTS, FILES, digest_of, drawn_from

KNOWN: dict[str, Any] = json.loads(DIGESTS.read_text("utf-8"))
ISSUE = {
    "entities": 24,
    "presentation_contexts": 205,
    "activities": 42,
    "status_rows": 47,
    "attributes": 6353,
    "attributes_with_constraint": 1778,
    "preconditions": 340,
    "private_attributes": 438,
    "errata": 260,
}
"""What the five documents hold in all."""


@pytest.fixture(params=sorted(FILES))
def system(request: pytest.FixtureRequest) -> System:
    return load_system(request.param)


def essence(row: Row) -> list[Any]:
    """Return what a row says of an attribute, in the form of the facts."""
    path = ">".join(row.path)
    return [path, row.type, row.export, row.taken, row.constraint, row.condition]


def as_facts(system: System) -> dict[str, Any]:
    """Return a system's tables in the form of the facts."""
    entities = [
        {
            **entity.model_dump(mode="json"),
            "presentation_contexts": [
                {**one.model_dump(mode="json"), "transfer_syntaxes": list(one.transfer_syntaxes)}
                for one in entity.presentation_contexts
            ],
        }
        for entity in system.entities.values()
    ]
    return {
        "entities": entities,
        "iods": [
            {
                "name": iod.name,
                "direction": iod.direction,
                "attributes": [
                    dict(
                        zip(("path", "type", "export", "import", "constraint", "condition"), essence(row), strict=True)
                    )
                    for row in iod.rows
                ],
            }
            for iod in system.iods
        ],
        "preconditions": [
            {"id": one.id, "section": one.section, "rule": one.rule, "tags": list(one.tags)}
            for one in system.preconditions
        ],
        "private_attributes": [
            {"group": one.group, "element": one.element, "creator": one.creator, "name": one.name}
            for one in system.private
        ],
        "errata": [{"section": one.section, "printed": one.printed, "correct": one.correct} for one in system.errata],
    }


def test_all_five_systems_are_there() -> None:
    assert systems() == sorted(FILES)


def test_the_counts_are_those_of_the_documents() -> None:
    total = {key: sum(one["counts"][key] for one in KNOWN.values()) for key in ISSUE}
    assert total == ISSUE


def test_no_row_is_lost_and_none_is_invented(system: System) -> None:
    assert drawn_from(as_facts(system)) == KNOWN[system.id]


def test_a_changed_row_changes_its_digest() -> None:
    rows = [essence(row) for row in load_system("monaco").iods[0].rows]
    changed = [[*rows[0][:-1], "another condition"], *rows[1:]]
    assert len({digest_of(rows), digest_of(changed), digest_of(rows[1:]), digest_of(rows[::-1])}) == 4


def test_every_row_has_a_section(system: System) -> None:
    for iod in system.iods:
        assert all(iod.section_of(row) for row in iod.rows), iod.id
    assert all(entity.section and all(one.section for one in entity.activities) for entity in system.entities.values())
    assert all(one.section for one in system.preconditions)
    assert all(one.section for one in system.errata)


@pytest.mark.skipif(not FACTS.is_dir(), reason="the facts do not lie beside the project; their digests were compared")
class TestAgainstTheFacts:
    @pytest.fixture
    def facts(self, system: System) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((FACTS / f"{FILES[system.id]}.json").read_text("utf-8"))
        return found

    def test_the_digests_are_of_these_facts(self, system: System, facts: dict[str, Any]) -> None:
        assert drawn_from(facts) == KNOWN[system.id]

    def test_row_by_row(self, system: System, facts: dict[str, Any]) -> None:
        assert [iod.name for iod in system.iods] == [one["name"] for one in facts["iods"]]
        for iod, one in zip(system.iods, facts["iods"], strict=True):
            self.compare(iod, one)

    def compare(self, iod: Iod, facts: dict[str, Any]) -> None:
        assert len(iod.rows) == len(facts["attributes"]), iod.id
        for row, fact in zip(iod.rows, facts["attributes"], strict=True):
            where = f"{iod.id}.tsv:{row.line}"
            wanted = [fact[key] for key in ("path", "type", "export", "import", "constraint", "condition")]
            assert essence(row) == wanted, where
            assert (row.keyword or None, row.name, row.module) == (fact["keyword"], fact["name"], fact["module"]), where
            assert (row.vr, row.vm, row.as_printed, row.note) == (
                fact["vr"],
                fact["vm"],
                fact["as_printed"],
                fact["note"],
            ), where
            assert row.creator == fact.get("creator"), where

    def test_the_words_of_an_entity(self, system: System, facts: dict[str, Any]) -> None:
        assert list(system.entities) == [one["id"] for one in facts["entities"]]
        for entity, one in zip(system.entities.values(), facts["entities"], strict=True):
            for key in ("title", "section", "ae_title_default", "port_default", "acceptance_policy", "file_output"):
                assert getattr(entity, key) == one[key], (entity.id, key)
            for key in ("implementation_class_uid", "implementation_version_name", "character_sets"):
                assert list(getattr(entity, key)) == one[key], (entity.id, key)
            said = [(row.exception, row.behaviour) for row in entity.communication_failures]
            assert said == [(row["exception"], row["behaviour"]) for row in one["communication_failures"]]
            assert [(row.name, row.seconds) for row in entity.timeouts] == [
                (row["name"], row["seconds"]) for row in one["timeouts"]
            ]
