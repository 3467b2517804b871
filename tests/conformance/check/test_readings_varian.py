"""The readings of Varian OBI: a base of small objects keeps each, a change of one element breaks it."""

from __future__ import annotations

import pytest

from linacsim.conformance.check.engine import check
from linacsim.conformance.check.findings import Finding, State
from linacsim.conformance.check.lint import report
from linacsim.conformance.loader import load_system
from linacsim.conformance.tables import Subject
from tests.conformance.check.bases_varian import EXPORT, IMPORT
from tests.conformance.check.sentences import Case, breaks, cases, changed, keeps, key_of, readings, verdicts, ways_of

pytestmark = pytest.mark.filterwarnings("ignore:A value of type 'str' cannot be assigned:UserWarning")

SYSTEM = load_system("varian-obi")
BASES = {"import": IMPORT, "export": EXPORT}
CASES = cases("varian-obi")
CURVES = {"image had markers matched and marker storage is not switched off", "export-marker-curve"}
"""Sentences of repeating groups, which have no keywords: test_predicates_varian.py changes them by number."""
READINGS = {
    key_of(SYSTEM, one.line): one
    for one in readings(SYSTEM)
    if one.line.check not in ("True", "False") and one.line.subject not in CURVES
}
KV = "rtplan:BeamSequence[2]"
MV = "rtplan:BeamSequence[0]"


def test_every_sentence_has_a_reading_that_can_be_understood() -> None:
    assert report(SYSTEM) == ([], [])


def test_every_check_has_a_case_each_way() -> None:
    wanted = {(key, way) for key, one in READINGS.items() for way in ways_of(SYSTEM, one.line)}
    assert {(case.key, case.way) for case in CASES} == wanted


def test_only_conditions_are_constant() -> None:
    assert all(one.kind is Subject.CONDITION for one in SYSTEM.readings if one.check in ("True", "False"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.way}-{case.key.replace(chr(9), ' ')[:60]}")
def test_a_reading_is_kept_by_the_base_and_broken_by_a_change(case: Case) -> None:
    reading, base = READINGS[case.key], BASES[case.way]
    before = verdicts(SYSTEM, case.way, base, reading)
    assert keeps(reading, before), before
    after = verdicts(SYSTEM, case.way, changed(base, case.change), reading)
    assert breaks(reading, before, after) == ("unknown" if case.unknown else "broken"), after


def test_three_of_four_sentences_are_decided_at_least_in_part() -> None:
    sentences = {(one.kind, one.subject) for one in SYSTEM.readings if one.kind is not Subject.CONDITION}
    decided = {(one.kind, one.subject) for one in SYSTEM.readings if one.check and one.kind is not Subject.CONDITION}
    assert len(decided) >= 0.75 * len(sentences)


def test_what_a_person_has_to_tell_says_why() -> None:
    assert all(one.check or len(one.person) > 20 for one in SYSTEM.readings)


def _broken(change: str = "") -> list[Finding]:
    objects = changed(IMPORT, change) if change else IMPORT
    return list(check(list(objects.values()), SYSTEM, "import").of(State.BROKEN))


def _rules(change: str) -> set[tuple[str, str]]:
    return {(one.rule.rpartition(":")[2], one.path) for one in _broken(change)}


def test_the_base_comes_in_without_a_finding() -> None:
    assert _broken() == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ("NumberOfWedges = 1", "300A,00B0>300A,00D0#fixed"),
        ("NumberOfBlocks = 2", "300A,00B0>300A,00F0#fixed"),
        ("ControlPointSequence = 3", "300A,00B0>300A,0111#max"),
        ("ControlPointSequence[0].BeamLimitingDeviceAngle = 5", "300A,00B0>300A,0111>300A,0120#fixed"),
        ("ControlPointSequence[0].BeamLimitingDeviceRotationDirection = CW", "300A,00B0>300A,0111>300A,0121#fixed"),
        ("ControlPointSequence[0].GantryRotationDirection = CW", "300A,00B0>300A,0111>300A,011F#fixed"),
    ],
)
def test_what_a_kv_beam_has_to_keep_a_treatment_beam_has_not(change: str, wanted: str) -> None:
    found = {rule for rule, _ in _rules(f"{KV}.{change}")}
    assert wanted in found
    assert wanted not in {rule for rule, _ in _rules(f"{MV}.{change}")}


def test_a_setup_field_with_an_mv_image_is_no_kv_beam() -> None:
    image = f"{KV}.PlannedVerificationImageSequence[0].ImagingDeviceSpecificAcquisitionParameters = PortImageIntegrated"
    jaws = "BeamLimitingDeviceSequence = 1"
    points = "ControlPointSequence[0].BeamLimitingDevicePositionSequence = 1"
    assert _rules(f"{image} & {KV}.{jaws} & {KV}.{points} & {KV}.NumberOfWedges = 1") == set()


def test_a_structure_out_of_plane_is_skipped_with_a_warning() -> None:
    points = "0\\0\\5\\10\\0\\5\\10\\10\\5\\0\\10\\5.00001"
    found = _broken(f"rtstruct:ROIContourSequence[0].ContourSequence[0].ContourData = {points}")
    assert {one.path for one in found} >= {"ROIContourSequence[0].ContourSequence[0].ContourData"}
    assert {one.effect.effect for one in found} == {"ignored"}


def test_a_marker_that_lacks_the_private_subtype_is_told_at_its_observation() -> None:
    subtype = "3271,xx00 Varian Medical Systems VISION 3271/CS"
    found = _rules(f"-rtstruct:RTROIObservationsSequence[1].{subtype}")
    assert ("marker-observation", "RTROIObservationsSequence[1].RTROIInterpretedType") in found
    assert {path.partition(".")[0] for _, path in found} == {"RTROIObservationsSequence[1]"}
