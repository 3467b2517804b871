"""What the checker found, as JUnit XML: a test case for each object, for CI."""

from __future__ import annotations

from collections import defaultdict

from linacsim.conformance.check.findings import Finding, Report, State
from linacsim.report.junit import Case, Outcome, Suite, junit

_MOST = 50
"""Findings of one object that are written out."""


def check_junit(report: Report) -> str:
    """Return a report as JUnit XML: an object with a broken rule is a failure, a damaged file an error."""
    broken: dict[str, list[Finding]] = defaultdict(list)
    for one in report.of(State.BROKEN):
        broken[one.about.file].append(one)
    where = f"{report.system}.{report.way}"
    kinds = {one.file: one.name for one in report.objects}
    kinds |= {one.about.file: "set" for one in report.findings if one.about.kind == "set"}
    cases = [_case(f"{where}.{kind}", file, broken[file]) for file, kind in kinds.items()]
    cases += [
        Case(
            classname=f"{where}.file",
            name=file.file,
            outcome=Outcome.ERROR if file.damaged else Outcome.SKIPPED,
            message=file.reason,
        )
        for file in report.unread
    ]
    return junit([Suite(name=f"linacsim check {report.system}:{report.way}", cases=cases, output=_person(report))])


def _case(classname: str, file: str, findings: list[Finding]) -> Case:
    if not findings:
        return Case(classname=classname, name=file)
    rules = len({one.rule for one in findings})
    lines = [_line(one) for one in findings[:_MOST]]
    if len(findings) > _MOST:
        lines.append(f"{len(findings) - _MOST} more")
    message = f"{rules} rule{'s' if rules > 1 else ''} broken"
    return Case(classname=classname, name=file, outcome=Outcome.FAILURE, message=message, text="\n".join(lines))


def _line(one: Finding) -> str:
    effect = one.effect.effect + (f": {one.effect.words}" if one.effect.words else "")
    also = f" (also {', '.join(one.rules[1:])})" if one.also else ""
    return f"{one.rule} (section {one.section}): {one.path}: {one.found}; wanted {one.wanted}; effect {effect}{also}"


def _person(report: Report) -> str:
    told = dict.fromkeys(f"{one.sentence or one.wanted}: {one.reason}" for one in report.of(State.PERSON))
    return "\n".join(["for a person:", *told]) if told else ""
