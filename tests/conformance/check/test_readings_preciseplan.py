"""The readings of PrecisePLAN: a base of small objects keeps each, a change of one element breaks it."""

from __future__ import annotations

import pytest

from linacsim.conformance.check.lint import report
from linacsim.conformance.loader import load_system
from linacsim.conformance.tables import Subject
from tests.conformance.check.bases_preciseplan import COLOUR, EXPORT, RTOG
from tests.conformance.check.sentences import (
    Base,
    Case,
    breaks,
    cases,
    changed,
    keeps,
    key_of,
    readings,
    verdicts,
    ways_of,
)

SYSTEM = load_system("preciseplan")
CASES = cases("preciseplan")
READINGS = {key_of(SYSTEM, one.line): one for one in readings(SYSTEM)}
OTHERS = {
    "rtog-patient-module": RTOG,
    "rtog-dvh-dose-type": RTOG,
    "rtog-external": RTOG,
    "photometric interpretation RGB": COLOUR,
}
"""What is sent to one destination cannot be beside what is sent to another."""


def base_of(key: str) -> Base:
    return OTHERS.get(key.split("\t")[1], EXPORT)


def test_every_sentence_has_a_reading_that_can_be_understood() -> None:
    assert report(SYSTEM) == ([], [])


def test_every_check_has_a_case() -> None:
    wanted = {(key, "export") for key in READINGS}
    assert {(case.key, case.way) for case in CASES} == wanted
    rows = (one.line for one in READINGS.values() if one.line.kind is not Subject.PRECONDITION)
    assert {way for line in rows for way in ways_of(SYSTEM, line)} == {"export"}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.way}-{case.key.replace(chr(9), ' ')[:60]}")
def test_a_reading_is_kept_by_the_base_and_broken_by_a_change(case: Case) -> None:
    reading, base = READINGS[case.key], base_of(case.key)
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
