"""`linacsim systems`: what is known, counted and told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from linacsim.cli import main
from linacsim.conformance.loader import systems
from linacsim.report.systems_text import PARTS
from tests.conformance.facts import DIGESTS

ISSUE = {
    "entities": 24,
    "presentation_contexts": 205,
    "activities": 42,
    "status_rows": 47,
    "attributes": 6353,
    "preconditions": 340,
    "private_attributes": 438,
    "errata": 260,
}


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["systems", *arguments]) == 0
    return capsys.readouterr().out


def test_the_counts_are_those_of_the_facts(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(capsys, "--format", "json"))
    assert {key: found["total"][key] for key in ISSUE} == ISSUE
    known = json.loads(DIGESTS.read_text("utf-8"))
    assert {one["id"]: one["counts"] for one in found["systems"]} == {name: known[name]["counts"] for name in known}


def test_most_rules_are_decided_from_data(capsys: pytest.CaptureFixture[str]) -> None:
    found = json.loads(told(capsys, "--format", "json"))

    def share(names: list[str], one: dict[str, Any]) -> float:
        rules = [one["rules"][name] for name in names]
        return float(sum(rule["decided"] + rule["partly"] for rule in rules) / sum(rule["total"] for rule in rules))

    for one in found["systems"]:
        assert share(["constraints"], one) >= 0.95, one["id"]
        assert share(["rules in words", "preconditions"], one) >= 0.6, one["id"]
        for name, rule in one["rules"].items():
            assert rule["total"] == rule["decided"] + rule["partly"] + rule["person"], (one["id"], name)


def test_the_table_has_a_line_for_each_system(capsys: pytest.CaptureFixture[str]) -> None:
    text = told(capsys)
    for system in systems():
        assert sum(line.startswith(system) for line in text.splitlines()) == 2
    assert any(
        line.split() == ["total", *map(str, [24, 205, 42, 47, 6353, 1778, 340, 438, 260])] for line in text.splitlines()
    )


@pytest.mark.parametrize("part", PARTS)
def test_every_part_of_a_system_is_told(capsys: pytest.CaptureFixture[str], part: str) -> None:
    wanted = {
        "entities": "winscp32-scp",
        "activities": "file-patient-case",
        "contexts": "1.2.840.10008.5.1.4.1.1.481.5",
        "objects": "other-us.both",
        "rules": "for a person:",
        "errata": "read as: one association per job",
        "notes": "constraint.fixed",
    }
    text = told(capsys, "oncentra", part)
    assert wanted[part] in text
    assert part.capitalize() in text


def test_a_folder_of_tables_is_told_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Acme Plan 1.0" in told(capsys, "tests/examples/acme/")


def test_an_unknown_system_has_a_suggestion(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["systems", "raystaton"]) == 3
    assert capsys.readouterr().err == "linacsim: unknown system 'raystaton'; did you mean 'raystation'?\n"
