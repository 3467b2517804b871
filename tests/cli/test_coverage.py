"""``linacsim coverage print``: what is reached is read off the log, and what is not is told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from linacsim.cli import main
from linacsim.devices.printer.hardware import TERMS
from linacsim.report import coverage_archive
from linacsim.report.coverage import Coverage
from linacsim.report.coverage_print import EXTENSIONS, WANTED, reached_by
from linacsim.report.coverage_text import coverage_data, coverage_text

ONE = "print/services/codes-of-sessions-and-pages"


def test_there_is_as_much_as_the_standard_has() -> None:
    assert {section: len(wanted) for section, wanted in WANTED.items()} == {
        "print codes": 15,
        "general codes": 24,
        "events": 7,
        "terms": 109,
        "SOP classes": 11,
        "operations": 18,
        "formats": 6,
        "film sizes": 12,
    }
    assert set(TERMS) - set(WANTED["terms"]) <= EXTENSIONS


def test_a_scenario_reaches_what_its_log_says(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "print", ONE, "--format", "json"]) == 1
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    codes = {row["key"]: row for row in told["print codes"]["rows"]}
    assert sorted(codes) == ["B600", "B601", "B602", "B603", "C600", "C616"]
    assert codes["B601"]["scenarios"] == [ONE]
    assert codes["B601"]["cause"] == "N-ACTION Basic Film Session: print the film boxes one by one"
    assert told["print codes"]["reached"] == 6
    assert "C601" in told["print codes"]["missing"]
    assert told["events"]["reached"] == 0


def test_the_text_says_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "print", ONE]) == 1
    text = capsys.readouterr().out
    assert "print codes: 6 of 15\n" in text
    assert "film sizes: 1 of 12\n" in text
    assert "  not reached: B604, B605, B609" in text


def test_a_run_folder_is_read_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["play", "--quiet", ONE, "--out", str(tmp_path)])
    capsys.readouterr()
    (events,) = tmp_path.glob("*/virtual-seed-1/events.jsonl")
    assert main(["coverage", "print", str(events.parent), "--format", "json"]) == 1
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert told["print codes"]["reached"] == 6


@pytest.mark.parametrize(("text", "complaint"), [(None, "no run: events.jsonl"), ("{", "is no event log")])
def test_a_folder_that_is_no_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str | None, complaint: str
) -> None:
    if text is not None:
        (tmp_path / "events.jsonl").write_text(text, "utf-8")
    assert main(["coverage", "print", str(tmp_path)]) == 3
    assert complaint in capsys.readouterr().err


def record(event: str, **fields: Any) -> dict[str, Any]:
    return {"n": 0, "t": 0, "at": "PRINTER", "event": event, **fields}


def test_a_cause_is_what_happened_before() -> None:
    records = [
        record("printer-status", status="NORMAL", info="NORMAL"),
        record("film-jam", job=1, film=2),
        record("printer-status", status="WARNING", info="FILM JAM"),
        record(
            "N-ACTION-RSP", way="sent", status=0xC602, **{"sop-class": "1.2.840.10008.5.1.1.2", "error-comment": "full"}
        ),
    ]
    reached = {(one.section, one.key): one.cause for one in reached_by(records, "x")}
    assert reached["terms", "FILM JAM"] == "film-jam 2"
    assert reached["print codes", "C602"] == "N-ACTION Basic Film Box: full; FILM JAM"
    assert ("operations", "N-ACTION Basic Film Box") not in reached


def test_what_others_say_does_not_count() -> None:
    client = {"n": 0, "t": 0, "at": "CLIENT", "event": "N-ACTION-RSP", "way": "received", "status": 0xC602}
    assert list(reached_by([client, record("client-served", contexts="x")], "x")) == []


def test_the_first_run_is_told_and_all_are_counted() -> None:
    coverage = Coverage(WANTED)
    told = [record("printer-status", status="NORMAL", info="NORMAL")]
    coverage.add(reached_by(told, "one"))
    coverage.add(reached_by(told, "other"))
    (row,) = coverage_data(coverage)["terms"]["rows"]
    assert row == {
        "key": "NORMAL", "name": "nothing is the matter", "scenarios": ["one", "other"], "cause": "switched on",
    }  # fmt: skip
    assert "terms: 1 of 109" in coverage_text(coverage)
    assert not coverage.complete


def test_there_is_as_much_of_query_and_retrieve() -> None:
    assert {section: len(wanted) for section, wanted in coverage_archive.WANTED.items()} == {
        "SOP classes": 12,
        "C-FIND": 10,
        "C-MOVE": 19,
        "C-GET": 18,
        "C-STORE": 2,
        "worklist": 7,
        "requests for storage commitment": 7,
        "results of storage commitment": 7,
        "associations": 3,
    }


def test_a_scenario_of_an_archive_reaches_what_its_log_says(capsys: pytest.CaptureFixture[str]) -> None:
    name = "archive/frames-of-a-dose"
    assert main(["coverage", "archive", name, "--format", "json"]) == 1
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    for service in ("C-MOVE", "C-GET"):
        codes = {row["key"]: row["cause"] for row in told[service]["rows"]}
        assert sorted(codes) == ["0000", "AA00", "AA01", "AA02", "AA03", "AA04"]
        assert codes["AA03"] == "the frames have no times"
    assert told["C-FIND"]["reached"] == 0


def test_a_cause_ends_when_it_is_mended() -> None:
    def told(event: str, **fields: Any) -> dict[str, Any]:
        return {"n": 0, "t": 0, "at": "ARCHIVE", "event": event, **fields}

    records = [
        told("tape-jammed"),
        told("C-MOVE-RQ", way="received"),
        told("not-sent", complaint="the tape is jammed"),
        told("C-MOVE-RSP", way="sent", status=0xA702, failed=1),
        told("tape-mended"),
        told("C-MOVE-RQ", way="received"),
        told("C-MOVE-RSP", way="sent", status=0),
        told("C-MOVE-RSP", way="received", status=0xA801),
    ]
    reached = {(one.section, one.key): one.cause for one in coverage_archive.reached_by(records, "x")}
    assert reached == {("C-MOVE", "A702"): "1 failed; not-sent the tape is jammed", ("C-MOVE", "0000"): "served"}


@pytest.mark.slow
def test_all_of_an_archive_is_reached(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["coverage", "archive", "--format", "json"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert {section: part["missing"] for section, part in told.items() if part["missing"]} == {}
    assert code == 0


@pytest.mark.slow
def test_all_of_print_management_is_reached(capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["coverage", "print", "--format", "json"])
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert {section: part["missing"] for section, part in told.items() if part["missing"]} == {}
    assert code == 0
    assert all(row["scenarios"] and row["cause"] for part in told.values() for row in part["rows"])
