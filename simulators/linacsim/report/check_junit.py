"""What the checker found, as JUnit XML: a test case for each object, for CI."""

from __future__ import annotations

from collections import defaultdict
from xml.etree import ElementTree as ET

from linacsim.conformance.check.findings import Finding, Report, State
from linacsim.report.words import printable

_MOST = 50
"""Findings of one object that are written out."""


def check_junit(report: Report) -> str:
    """Return a report as JUnit XML: an object with a broken rule is a failure, a damaged file an error."""
    broken: dict[str, list[Finding]] = defaultdict(list)
    for one in report.of(State.BROKEN):
        broken[one.about.file].append(one)
    suite = ET.Element("testsuite", name=f"linacsim check {report.system}:{report.way}")
    cases = {one.file: one.name for one in report.objects}
    sets = {one.about.file: "set" for one in report.findings if one.about.kind == "set"}
    for name, kind in {**cases, **sets}.items():
        case = ET.SubElement(suite, "testcase", classname=f"{report.system}.{report.way}.{kind}", name=_clean(name))
        if broken[name]:
            _failure(case, broken[name])
    errors = 0
    for file in report.unread:
        case = ET.SubElement(suite, "testcase", classname=f"{report.system}.{report.way}.file", name=_clean(file.file))
        errors += file.damaged
        ET.SubElement(case, "error" if file.damaged else "skipped", message=_clean(file.reason))
    failures = sum(bool(some) for some in broken.values())
    suite.set("tests", str(len(suite)))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))
    suite.set("skipped", str(len(report.unread) - errors))
    ET.SubElement(suite, "system-out").text = _person(report)
    ET.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(suite, encoding="unicode") + "\n"


def _failure(case: ET.Element, findings: list[Finding]) -> None:
    rules = len({one.rule for one in findings})
    failure = ET.SubElement(case, "failure", message=f"{rules} rule{'s' if rules > 1 else ''} broken")
    lines = [_line(one) for one in findings[:_MOST]]
    if len(findings) > _MOST:
        lines.append(f"{len(findings) - _MOST} more")
    failure.text = "\n".join(lines)


def _line(one: Finding) -> str:
    effect = one.effect.effect + (f": {one.effect.words}" if one.effect.words else "")
    also = f" (also {', '.join(one.rules[1:])})" if one.also else ""
    return _clean(
        f"{one.rule} (section {one.section}): {one.path}: {one.found}; wanted {one.wanted}; effect {effect}{also}"
    )


def _person(report: Report) -> str:
    told = dict.fromkeys(f"{one.sentence or one.wanted}: {one.reason}" for one in report.of(State.PERSON))
    return _clean("\n".join(["for a person:", *told])) if told else ""


def _clean(text: str) -> str:
    return "\n".join(printable(line) for line in text.splitlines())
