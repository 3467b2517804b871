"""JUnit XML as GitLab, GitHub's reporters and Jenkins read it.

Only what the strictest of them takes: the schema of Jenkins' xUnit plugin knows no ``properties`` and no ``file`` of a test
case, so both stand at the suite, and each run is a suite of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from xml.etree import ElementTree as ET

from linacsim.report.words import printable


class Outcome(StrEnum):
    """What became of a test case; the names of the elements."""

    PASSED = ""
    FAILURE = "failure"
    ERROR = "error"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A test case.

    Attributes
    ----------
    classname, name : str
        Together they tell it from all others; GitLab and Jenkins show the class as its group.
    outcome : Outcome
        What became of it.
    message, text : str
        Why, in a line and at length. The text is all that GitLab shows.
    kind : str
        The kind of failure, for example ``inconclusive``.
    seconds : float or None
        Wall time.
    output : str
        What belongs to it; lines ``[[ATTACHMENT|path]]`` name files.
    """

    classname: str
    name: str
    outcome: Outcome = Outcome.PASSED
    message: str = ""
    text: str = ""
    kind: str = ""
    seconds: float | None = None
    output: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite of test cases, with what is known of all of them.

    Attributes
    ----------
    name : str
        Its name.
    cases : sequence of Case
        The test cases.
    properties : mapping of str to str
        What identifies the run: seed, clock, requirements.
    file : str
        The file the cases come from.
    output : str
        What belongs to the suite as a whole.
    """

    name: str
    cases: Sequence[Case]
    properties: Mapping[str, str] = field(default_factory=dict)
    file: str = ""
    output: str = ""


def junit(suites: Iterable[Suite], name: str = "linacsim") -> str:
    """Return suites as one document."""
    root = ET.Element("testsuites", name=clean(name))
    everything: list[Case] = []
    for suite in suites:
        root.append(_suite(suite))
        everything += suite.cases
    _totals(root, everything, with_skipped=False)
    ET.indent(root)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def clean(text: str) -> str:
    """Return `text` with control characters escaped: XML 1.0 cannot hold them, and a peer may have sent them."""
    return "\n".join(printable(line) for line in text.splitlines())


def _suite(suite: Suite) -> ET.Element:
    element = ET.Element("testsuite", name=clean(suite.name))
    _totals(element, suite.cases, with_skipped=True)
    if suite.file:
        element.set("file", clean(suite.file))
    if suite.properties:
        properties = ET.SubElement(element, "properties")
        for key, value in suite.properties.items():
            ET.SubElement(properties, "property", name=clean(key), value=clean(value))
    element.extend(_case(case) for case in suite.cases)
    if suite.output:
        ET.SubElement(element, "system-out").text = clean(suite.output)
    return element


def _totals(element: ET.Element, cases: Sequence[Case], *, with_skipped: bool) -> None:
    element.set("tests", str(len(cases)))
    element.set("failures", str(sum(case.outcome is Outcome.FAILURE for case in cases)))
    element.set("errors", str(sum(case.outcome is Outcome.ERROR for case in cases)))
    if with_skipped:
        element.set("skipped", str(sum(case.outcome is Outcome.SKIPPED for case in cases)))
    times = [case.seconds for case in cases if case.seconds is not None]
    if times:
        element.set("time", f"{sum(times):.3f}")


def _case(case: Case) -> ET.Element:
    element = ET.Element("testcase", classname=clean(case.classname), name=clean(case.name))
    if case.seconds is not None:
        element.set("time", f"{case.seconds:.3f}")
    if case.outcome is not Outcome.PASSED:
        why = ET.SubElement(element, str(case.outcome), message=clean(case.message))
        if case.kind:
            why.set("type", case.kind)
        why.text = clean(case.text) or None
    if case.output:
        ET.SubElement(element, "system-out").text = clean(case.output)
    return element
