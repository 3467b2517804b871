"""JUnit XML against what its readers take: the schema of Jenkins' xUnit plugin, and how GitLab and GitHub read it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from linacsim.cli import main
from linacsim.report import invocation, run_suite
from linacsim.report.junit import Case, Outcome, Suite, junit
from tests.report.a_run import Script, picture, result, write

REQUIRED = {
    "testsuites": set(),
    "testsuite": {"name", "tests", "failures", "errors"},
    "testcase": {"name"},
    "property": {"name", "value"},
    "properties": set(),
    "failure": set(),
    "error": set(),
    "skipped": set(),
    "system-out": set(),
}
ALLOWED: dict[str, set[str]] = {
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        "group",
        "time",
        "skipped",
        "timestamp",
        "hostname",
        "id",
        "package",
        "file",
        "log",
        "url",
        "version",
    },
    "testcase": {"time", "classname", "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"testsuite", "properties", "testcase", "system-out", "system-err"},
    "testcase": {"skipped", "error", "failure", "system-out", "system-err"},
    "properties": {"property"},
}
"""The facts of the schema junit-10 of Jenkins' xUnit plugin, as far as these elements go."""
TIME = re.compile(r"(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\.[0-9]*)?")


def complaints(element: ET.Element) -> Iterator[str]:
    """Yield what a validator would say of an element and all below it."""
    names = set(element.keys())
    if element.tag not in REQUIRED:
        yield f"<{element.tag}> is unknown"
        return
    yield from (f"<{element.tag}> lacks {name}" for name in REQUIRED[element.tag] - names)
    more = names - REQUIRED[element.tag] - ALLOWED.get(element.tag, set())
    yield from (f"<{element.tag}> may not have {name}" for name in more)
    if "time" in names and not TIME.fullmatch(element.get("time", "")):
        yield f"{element.get('time')!r} is no time"
    for child in element:
        if child.tag not in CHILDREN.get(element.tag, set()):
            yield f"<{child.tag}> may not stand in <{element.tag}>"
        yield from complaints(child)


def parsed(text: str) -> ET.Element:
    """Return the document, which the schema takes and whose sums are right."""
    root = ET.fromstring(text)  # noqa: S314 - our own words
    assert list(complaints(root)) == []
    for suites in (root, *root.iter("testsuite")):
        cases = list(suites.iter("testcase"))
        assert suites.get("tests") == str(len(cases))
        for kind in ("failure", "error"):
            assert suites.get(f"{kind}s") == str(sum(case.find(kind) is not None for case in cases))
    return root


def only_case(script: Script, run: Path = Path("nowhere"), **told: Any) -> tuple[ET.Element, ET.Element]:
    root = parsed(invocation([run_suite(run, script.records, result(**told))]))
    suite, case = root.find("testsuite"), root.find("testsuite/testcase")
    assert suite is not None
    assert case is not None
    return suite, case


@pytest.fixture
def script() -> Script:
    one = Script()
    one.store("SCU", "STORE", 8)
    return one


def test_a_run_that_passed(script: Script) -> None:
    suite, case = only_case(script, file="scenarios/storage/a-run.yaml")
    assert (suite.get("name"), suite.get("file")) == ("storage/a-run", "scenarios/storage/a-run.yaml")
    assert (case.get("classname"), case.get("name"), case.get("time")) == ("scenarios.storage", "A run", "1.235")
    assert [child.tag for child in case] == ["system-out"]
    told = {one.get("name"): one.get("value") for one in suite.iter("property")}
    assert (told["seed"], told["clock"], told["bench-time"]) == ("7", "virtual", "45 s")
    assert told["requires"] == "REQ-STORE-07, PS3.4 B.2"


def test_a_run_that_failed_tells_all_that_one_needs(script: Script) -> None:
    unmet = {"text": "A-ABORT at SCU, never", "met": False, "reason": "it happened once: #26", "events": [26]}
    met = {"text": "C-STORE-RSP at SCU", "met": True, "reason": ""}
    _suite, case = only_case(script, verdict="fail", failures=["SCU: store failed"], expectations=[unmet, met])
    failure = case.find("failure")
    assert failure is not None
    assert (failure.get("type"), failure.get("message")) == ("fail", "fail: SCU: store failed (and 1 more)")
    text = failure.text or ""
    assert text.startswith("SCU: store failed (and 1 more)\n"), "GitLab shows the text alone"
    assert "not met: A-ABORT at SCU, never: it happened once: #26" in text
    assert "C-STORE-RSP at SCU:" not in text
    assert text.rstrip().endswith("reproduce:\n  linacsim play storage/a-run --seed 7")
    last = text[text.index("last events:") : text.index("reproduce:")]
    assert "A-RELEASE-RP" in last
    assert "A-ASSOCIATE-RQ" not in last


@pytest.mark.parametrize(
    ("verdict", "tag"),
    [("pass", None), ("fail", "failure"), ("inconclusive", "failure"), ("error", "error"), ("x", "error")],
)
def test_no_verdict_but_pass_is_green(script: Script, verdict: str, tag: str | None) -> None:
    fault = {"text": "abort at STORE", "fired": 0, "at": "STORE", "on": "C-STORE-RQ", "fault": "abort"}
    _suite, case = only_case(script, verdict=verdict, faults=[fault] if verdict == "inconclusive" else [])
    why = [child.tag for child in case if child.tag != "system-out"]
    assert why == ([tag] if tag else [])
    if verdict == "inconclusive":
        failure = case.find("failure")
        assert failure is not None
        assert failure.get("type") == "inconclusive"
        assert "never fired: abort at STORE; it waits for C-STORE-RQ at STORE, which happened 8 times" in (
            failure.text or ""
        )


def test_the_files_of_the_run_are_attached_from_the_working_folder(
    script: Script, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = tmp_path / "runs" / "a-run" / "seed-7"
    for name in ("report.html", "traffic.pcap"):
        run.mkdir(parents=True, exist_ok=True)
        (run / name).write_bytes(b"")
    picture(run / "films" / "PRINTER-0001.png")
    monkeypatch.chdir(tmp_path)
    _suite, case = only_case(script, run)
    lines = (case.findtext("system-out") or "").splitlines()
    assert lines[0] == "PASS  A run"
    assert lines[-4:] == [
        "run: runs/a-run/seed-7",
        "[[ATTACHMENT|runs/a-run/seed-7/films/PRINTER-0001.png]]",
        "[[ATTACHMENT|runs/a-run/seed-7/report.html]]",
        "[[ATTACHMENT|runs/a-run/seed-7/traffic.pcap]]",
    ]
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    _suite, case = only_case(script, run)
    assert f"[[ATTACHMENT|{run}/report.html]]" in (case.findtext("system-out") or "")


def test_what_a_peer_has_said_attaches_no_file(script: Script) -> None:
    unmet = {"text": "printed at SUT", "met": False, "reason": "the nearest has text [[ATTACHMENT|/etc/passwd]]"}
    _suite, case = only_case(script, verdict="fail", expectations=[unmet], failures=["[[ATTACHMENT|/etc/shadow]]"])
    assert "[[ATTACHMENT|/etc" not in (case.findtext("system-out") or "")
    assert "[ [ATTACHMENT|/etc/passwd]]" in (case.findtext("system-out") or "")


def test_the_junit_file_in_a_run_folder_attaches_the_page(script: Script, tmp_path: Path) -> None:
    text = (write(tmp_path, script, result()) / "junit.xml").read_text(encoding="utf-8")
    assert "/report.html]]" in text
    assert 'name="reproduce" value="linacsim' in text
    bare = (write(tmp_path, script, result(reproduce="")) / "junit.xml").read_text(encoding="utf-8")
    assert 'name="reproduce"' not in bare


def test_runs_of_one_scenario_are_told_apart_and_others_keep_their_names(script: Script) -> None:
    told = [result(), result(seed=8), result(clock="live"), result(scenario="Another")]
    root = parsed(invocation(run_suite(Path("nowhere"), script.records, one) for one in told))
    names = [case.get("name") for case in root.iter("testcase")]
    assert names == ["A run [seed 7]", "A run [seed 8]", "A run [live]", "Another"]
    assert root.get("time") == "4.938"


def test_what_XML_cannot_hold_is_escaped() -> None:
    script = Script()
    script.log.add("\0\x1b[2J", "C-STORE-RQ\ufffe", comment="]]>\ud800<")
    _suite, case = only_case(script, scenario="\0 <&\"'> \x1b", verdict="fail", failures=["\0\n]]>\ud800 ünï"])
    assert case.get("name") == "\\x00 <&\"'> \\x1b"
    failure = case.find("failure")
    assert failure is not None
    assert "\\x00 ]]>\\ud800 ünï" in (failure.text or "")


def test_a_document_of_other_suites() -> None:
    cases = [
        Case(classname="a", name="1"),
        Case(classname="a", name="2", outcome=Outcome.SKIPPED, message="no file"),
        Case(classname="a", name="3", outcome=Outcome.ERROR, message="damaged", text="at byte 7"),
    ]
    root = parsed(junit([Suite(name="check", cases=cases, output="for a person"), Suite(name="empty", cases=[])]))
    suite = root.find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("skipped"), suite.get("errors")) == ("3", "1", "1")
    assert suite.get("time") is None
    assert suite.findtext("system-out") == "for a person"


def test_the_check_of_objects_writes_what_the_schema_takes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "words.txt").write_text("no DICOM")
    main(["check", str(tmp_path), "--against", "raystation", "--format", "junit"])
    root = parsed(capsys.readouterr().out)
    assert [case.get("name") for case in root.iter("testcase")] == ["words.txt"]


def test_an_invocation_of_several_scenarios_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    names = ["faults/acceptor-aborts", "faults/connection-reset"]
    assert main(["play", *names, "--quiet", "--junit", "reports/all.xml"]) == 0
    root = parsed(Path("reports/all.xml").read_text("utf-8"))
    assert [suite.get("name") for suite in root.findall("testsuite")] == names
    single = sorted(Path("runs").glob("*/virtual-seed-1/junit.xml"))
    assert len(single) == 2
    assert all(len(list(parsed(file.read_text("utf-8")).iter("testcase"))) == 1 for file in single)
    assert main(["report", *(str(file.parent) for file in single), "--junit", "again.xml"]) == 0
    assert Path("again.xml").read_bytes() == Path("reports/all.xml").read_bytes()
