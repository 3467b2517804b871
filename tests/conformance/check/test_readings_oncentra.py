"""The readings of Oncentra: a base of small objects keeps each, a change of one element breaks it."""

from __future__ import annotations

import copy

import pydicom.config
import pytest
from pydicom.dataset import Dataset

from linacsim.conformance.check import State, check
from linacsim.conformance.check.lint import report
from linacsim.conformance.loader import load_system
from linacsim.conformance.system import Way
from linacsim.conformance.tables import Reading, Subject
from tests.conformance.check.bases_oncentra import EXPORT, IMPORT
from tests.conformance.check.sentences import (
    Case,
    breaks,
    cases,
    changed,
    keeps,
    key_of,
    put,
    readings,
    said,
    verdicts,
    ways_of,
)

SYSTEM = load_system("oncentra")
BASES = {"import": IMPORT, "export": EXPORT}
CASES = cases("oncentra")
READINGS = {key_of(SYSTEM, one.line): one for one in readings(SYSTEM)}
FIRST = "position() == 0"
CLASSES = [iod.sop_class for iod in SYSTEM.iods if iod.kind in ("ct", "mr", "pet", "rtstruct", "rtplan")]
OTHERS = ("OT", "US", "DX", "PX", "IO", "XA", "CR", "MG")
TABLES = [*(f"import: only {uid}" for uid in CLASSES), *(f"import: {modality}" for modality in OTHERS)]
"""Rules that tell by which table an object is judged: what breaks one is judged by another table, or by none."""


@pytest.fixture(autouse=True)
def any_value() -> object:
    with pydicom.config.disable_value_validation():
        yield


def ways(line: Reading) -> list[Way]:
    """Return the ways that a line is for; in a table for both ways the sentence or the line tells."""
    if line.kind is Subject.PRECONDITION or ways_of(SYSTEM, line):
        return ways_of(SYSTEM, line)
    both: list[Way] = ["import", "export"]
    if line.kind is Subject.RULE:
        if any(f'way == "{way}"' in line.when for way in both):
            return [way for way in both if f'way == "{way}"' in line.when]
        if "way" in f"{line.when} {line.check}".split():
            return both
        return ["import"] if line.subject.startswith("import:") else ["export"]
    outward = "export:" in line.subject or "import:" not in line.subject
    return ["import"] * ("import:" in line.subject) + ["export"] * outward  # type: ignore[return-value]


def is_certain(line: Reading) -> bool:
    """Tell whether a condition holds wherever its item is, or tells a table: no change of an element breaks it."""
    axial = line.subject == "import: axial orthogonal series"
    return line.check in ("True", FIRST) or line.subject in TABLES or axial or line.check.startswith('reserves("3007"')


def test_every_sentence_has_a_reading_that_can_be_understood() -> None:
    assert report(SYSTEM) == ([], [])


def test_every_check_has_a_case_each_way() -> None:
    wanted = {(key, way) for key, one in READINGS.items() for way in ways(one.line) if not is_certain(one.line)}
    assert {(case.key, case.way) for case in CASES} == wanted


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.way}-{case.key.replace(chr(9), ' ')[:60]}")
def test_a_reading_is_kept_by_the_base_and_broken_by_a_change(case: Case) -> None:
    reading, base = READINGS[case.key], BASES[case.way]
    before = verdicts(SYSTEM, case.way, base, reading)
    assert keeps(reading, before), before
    after = verdicts(SYSTEM, case.way, changed(base, case.change), reading)
    assert breaks(reading, before, after) == ("unknown" if case.unknown else "broken"), after


def test_what_is_for_the_first_item_does_not_hold_in_the_second() -> None:
    found = [verdicts(SYSTEM, ways(one.line)[0], EXPORT, one) for one in READINGS.values() if one.line.check == FIRST]
    assert len(found) == 3
    for one in found:
        # a place ends with the index of its item: ...[0]#7
        assert all(holds is place.partition("#")[0].endswith("[0]") for place, holds in one.items())
        assert set(one.values()) == {True, False}


@pytest.mark.parametrize("sop_class", CLASSES)
def test_a_sop_class_that_is_not_taken_comes_to_no_table(sop_class: str) -> None:
    stranger = copy.deepcopy(IMPORT["ct1"])
    stranger.SOPClassUID, stranger.Modality = "1.2.840.10008.5.1.4.1.1.88.11", "SR"
    assert "sop-class" in {one.rule for one in check([stranger], SYSTEM).of(State.BROKEN)}
    taken = [ds for ds in IMPORT.values() if ds.SOPClassUID == sop_class]
    assert taken
    assert "sop-class" not in {one.rule for one in check(taken, SYSTEM).of(State.BROKEN)}


@pytest.mark.parametrize("modality", OTHERS)
def test_another_modality_comes_to_a_table_by_its_name(modality: str) -> None:
    image, stranger = copy.deepcopy(IMPORT["us1"]), copy.deepcopy(IMPORT["us1"])
    image.Modality, stranger.Modality = modality, "XX"
    judged = check([image], SYSTEM).judged
    assert any(rule.startswith(f"other-{modality.lower()}.both:") for rule in judged)
    assert "sop-class" in {one.rule for one in check([stranger], SYSTEM).of(State.BROKEN)}


def test_an_ultrasound_series_is_axial_and_orthogonal() -> None:
    sentence = next(one for one in SYSTEM.readings if one.subject == "import: axial orthogonal series")
    assert said(IMPORT, sentence.check, "us1:") is True
    turned = changed(IMPORT, r"us1:ImageOrientationPatient = 0.8\0.6\0\-0.6\0.8\0")
    assert said(turned, sentence.check, "us1:") is not True


def test_the_input_of_a_dose_calculation_is_told_by_its_block() -> None:
    sentence = next(one for one in SYSTEM.readings if one.subject == "DcmRtdoseInput objects only")
    assert said(IMPORT, sentence.check, "oldose:") is False
    marked = copy.deepcopy(IMPORT["oldose"])
    put(marked, "3007,xx01 MDS NORDION DCMRTDOSEINPUT/LO", "1")
    assert said({"oldose": marked}, sentence.check, "oldose:") is True


def test_a_region_without_what_its_sequence_asks_for_is_told() -> None:
    """A condition that is ``True`` wants the element in every item of its sequence."""
    bare = changed(
        IMPORT,
        "-rtstruct:ReferencedFrameOfReferenceSequence[0].FrameOfReferenceRelationshipSequence[0]"
        ".RelatedFrameOfReferenceUID",
    )
    path = "ReferencedFrameOfReferenceSequence[0].FrameOfReferenceRelationshipSequence[0].RelatedFrameOfReferenceUID"
    assert path in {one.path for one in check([bare["rtstruct"]], SYSTEM).of(State.BROKEN)}
    assert path not in {one.path for one in check([IMPORT["rtstruct"]], SYSTEM).of(State.BROKEN)}


def test_three_of_four_sentences_are_decided_at_least_in_part() -> None:
    sentences = {(one.kind, one.subject) for one in SYSTEM.readings if one.kind is not Subject.CONDITION}
    decided = {(one.kind, one.subject) for one in SYSTEM.readings if one.check and one.kind is not Subject.CONDITION}
    assert len(decided) >= 0.75 * len(sentences)


def test_what_a_person_has_to_tell_says_why() -> None:
    assert all(one.check or len(one.person) > 20 for one in SYSTEM.readings)


def test_an_image_that_is_refused_says_what_happens() -> None:
    twice: list[Dataset] = [IMPORT["ct1"], changed(IMPORT, r"ct2:ImagePositionPatient = -200\-200\0")["ct2"]]
    found = [one for one in check(twice, SYSTEM).of(State.BROKEN) if one.path == "ImagePositionPatient"]
    assert {one.effect.effect for one in found} == {"rejected"}
