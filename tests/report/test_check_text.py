"""The checker's report as text: the summary, what stands together, what is counted instead of listed."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom import Dataset

from linacsim.conformance.check.findings import About, Finding, Report, State, Unread
from linacsim.conformance.check.scope import Instance
from linacsim.conformance.system import Consequence
from linacsim.report.check_text import check_text

CT = "1.2.840.10008.5.1.4.1.1.2"


def report(*findings: Finding, slices: int = 3, unread: int = 0) -> Report:
    objects = []
    for number in range(slices):
        one = Dataset()
        one.SOPClassUID, one.SOPInstanceUID, one.PatientID, one.SeriesInstanceUID = CT, f"1.2.{number}", "A", "1.9"
        objects.append(Instance(one, f"{number}.dcm"))
    files = [Unread(f"{n}.txt", "is no DICOM file") for n in range(unread)]
    return Report("toy", "Toy 1", "import", objects, files, list(findings), {one.rule for one in findings} | {"other"})


def finding(number: int = 0, rule: str = "ct.import:0010,0020#presence", **more: Any) -> Finding:
    about = About(f"{number}.dcm", "CT Image", f"1.2.{number}", "1.9")
    values = {"section": "1", "about": about, "path": "PatientID", "found": "absent", "wanted": "there"}
    return Finding(rule=rule, **{**values, **more})


def test_nothing_is_broken() -> None:
    assert check_text(report()).splitlines() == [
        "Toy 1, import",
        "  objects      3 CT Image",
        "  broken       nothing",
        "  rules        1 decided from the data, 0 for a person",
    ]


def test_a_finding_of_every_slice_is_one() -> None:
    text = check_text(report(*(finding(n) for n in range(3))))
    assert "CT Image, all 3, first 0.dcm" in text
    assert text.count("ct.import:0010,0020#presence") == 1
    assert "broken       1 rule: 1 effect not documented" in text


def test_one_slice_comes_before_all() -> None:
    odd = finding(2, "ct.import:0028,0030#max", path="PixelSpacing", found="6")
    text = check_text(report(*(finding(n) for n in range(3)), odd))
    assert text.index("CT Image, one of 3: 2.dcm") < text.index("CT Image, all 3")


def test_what_is_said_twice_stands_together_with_its_effect() -> None:
    effect = Consequence(effect="rejected", words="the image", section="7")
    text = check_text(report(finding(), finding(rule="needs-id", effect=effect, wanted="an ID")))
    assert "effect  rejected: the image (section 7)" in text
    assert "same    ct.import:0010,0020#presence (section 1): there" in text
    assert text.count("found ") == 1


def test_further_places_are_counted() -> None:
    items = [finding(path=f"BeamSequence[{n}].BeamName") for n in range(9)]
    assert "also    BeamSequence[1].BeamName" in check_text(report(*items))
    assert "and 5 more" in " ".join(check_text(report(*items)).split())
    assert "BeamSequence[8].BeamName" in check_text(report(*items), everything=True)


def test_files_that_are_not_checked_are_counted_beyond_a_dozen() -> None:
    text = check_text(report(unread=20))
    assert "11.txt is no DICOM file" in text
    assert "12.txt" not in text
    assert "8 files more" in text


def person(number: int, **more: Any) -> Finding:
    values = {"state": State.PERSON, "reason": "the machine", "sentence": f"rule {number}", "wanted": "", "found": ""}
    return finding(rule=f"rule-{number}", **{**values, **more})


def test_a_persons_list_is_folded_by_reason() -> None:
    text = check_text(report(*(person(n) for n in range(5))))
    assert text.count("the machine:") == 1
    assert "2 more; --verbose shows them" in text
    assert "For a person (5)" in text


@pytest.mark.parametrize("everything", [True, False])
def test_what_no_object_could_tell_is_counted(everything: bool) -> None:
    text = check_text(report(person(1), person(2, reason="a setting", always=True)), everything=everything)
    assert ("a setting" in text) is everything
    assert ("1 sentence that no object can tell" in text) is not everything


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in check_text(report(finding(found="\x1b[2J")))
