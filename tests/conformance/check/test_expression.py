"""The language of readings: names, dots, three truth values, and what it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.conformance.check import ExpressionError, compile_expression
from linacsim.conformance.check.values import Broken
from tests.conformance.check.scopes import instance, scope_of, verdict

PLAN = instance(
    "rtplan",
    "1.2.9",
    PatientID="A1",
    PatientName="Doe^Jane^^^",
    PatientBirthDate="",
    FrameOfReferenceUID="1.2.5",
    ImageType=["DERIVED", "SECONDARY", "DRR"],
    BeamSequence=[
        {
            "BeamNumber": 1,
            "BeamType": "STATIC",
            "ControlPointSequence": [{"ControlPointIndex": 0, "GantryAngle": "90"}, {"ControlPointIndex": 1}],
        },
        {
            "BeamNumber": 2,
            "BeamType": "DYNAMIC",
            "ControlPointSequence": [{"ControlPointIndex": 0, "GantryAngle": 180}],
        },
    ],
)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("PatientID", "A1"),
        ("PatientName", "Doe^Jane"),
        ("PatientBirthDate", ""),
        ("PatientSex", None),
        ("BeamSequence.BeamType", ["STATIC", "DYNAMIC"]),
        ("BeamSequence.ControlPointSequence.GantryAngle", [90.0, 180.0]),
        ("count(BeamSequence)", 2),
        ("count(PatientSetupSequence)", 0),
        ("2 * 3 - 4 / 2 + 1", 5),
        ("-7 % 4", 1),
        ("1 + PatientSex", None),
        ("1 / 0", None),
        ("'a' + 'b'", "ab"),
        ("1 if PatientID == 'A1' else 2", 1),
        ("[1, 'x']", [1, "x"]),
        ("way", "import"),
    ],
)
def test_what_an_expression_is(text: str, value: Any) -> None:
    assert compile_expression(text)(scope_of(PLAN)) == value


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("PatientSex == None", True),
        ("PatientSex != None", False),
        ("PatientID != None", True),
        ("PatientSex == 'M'", False),
        ("PatientSex != 'M'", False),
        ("not (PatientSex == 'M')", True),
        ("PatientSex not in ['M', 'F']", False),
        ("PatientSex < 3", False),
        ("PatientBirthDate == ''", True),
        ("PatientBirthDate < '20200101'", False),
        ("ImageType == 'DERIVED\\\\SECONDARY\\\\DRR'", True),
        ("'DRR' in ImageType", True),
        ("'DR' in ImageType", False),
        ("'A1' in PatientID", True),
        ("BeamSequence.BeamNumber == [1, 2]", True),
        ("1 < 2 < 3", True),
        ("1 < 2 > 3", False),
        ("'3' == 3", True),
        ("every(BeamSequence, BeamNumber < 3)", True),
        ("every(BeamSequence, BeamNumber < 2)", False),
        ("some(BeamSequence, BeamNumber == 2 and PatientID == 'A1')", True),
        ("number_of(BeamSequence.ControlPointSequence, present(item.GantryAngle)) == 2", True),
        ("every(BeamSequence.ControlPointSequence, up.BeamNumber in [1, 2] and root.PatientID == 'A1')", True),
        ("every(BeamSequence.ControlPointSequence, absent(item.BeamNumber) and present(BeamNumber))", True),
    ],
)
def test_comparisons(text: str, wanted: bool) -> None:
    assert verdict(text, PLAN) is wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("unknown('?') and False", False),
        ("unknown('?') and True", "unknown"),
        ("unknown('?') or True", True),
        ("unknown('?') or False", "unknown"),
        ("not unknown('?')", "unknown"),
        ("unknown('?') == 3", "unknown"),
        ("[unknown('?')] == [3]", "unknown"),
        ("1 + unknown('?') > 0", "unknown"),
        ("1 if unknown('?') else 1", "unknown"),
        ("close(unknown('?'), 1)", "unknown"),
        ("every(BeamSequence, unknown('?') or BeamNumber == 1)", "unknown"),
        ("every(BeamSequence, unknown('?') and BeamNumber == 1)", False),
        ("ref('rtstruct').FrameOfReferenceUID == FrameOfReferenceUID", "unknown"),
    ],
)
def test_unknown_follows_Kleene(text: str, wanted: bool | str) -> None:
    assert verdict(text, PLAN) == wanted


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("PatientIdd", "did you mean 'PatientID'"),
        ("PatientID.foo", "no DICOM keyword 'foo'"),
        ("exists(PatientID)", "no function 'exists'"),
        ("count()", "missing a required argument"),
        ("close(1, 2, 3, 4)", "too many"),
        ("[x for x in PatientID]", "not part of the language"),
        ("lambda: 1", "not part of the language"),
        ("PatientID[0]", "not part of the language"),
        ("__import__('os')", "no function"),
        ("2 ** 99", "only"),
        ("~1", "not part of the language"),
        ("count(*BeamSequence)", "are not part"),
        ("PatientID.upper()", "is no function"),
        ("1 +", "is no expression"),
        ("b'x'", "is no number or text"),
        ("(" * 500, "is no expression"),
    ],
)
def test_what_is_refused(text: str, words: str) -> None:
    with pytest.raises(ExpressionError, match=words.replace("(", r"\(")):
        compile_expression(text)


def test_a_broken_every_points_at_its_items() -> None:
    found = compile_expression("every(BeamSequence, every(ControlPointSequence, present(item.GantryAngle)))").decide(
        scope_of(PLAN)
    )
    assert isinstance(found, Broken)
    assert [one.path for one in found.at] == ["BeamSequence[0].ControlPointSequence[1]"]


def test_what_an_expression_looked_at_is_told() -> None:
    one = compile_expression("PatientID == 'B' or PatientSex == 'M' or every(BeamSequence, BeamNumber == 0)")
    assert one.found(scope_of(PLAN)) == "PatientID A1, PatientSex absent, BeamSequence 2 items"
