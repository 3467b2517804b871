"""PrecisePLAN's numbers, names, doses and coefficients: each function kept and broken."""

from __future__ import annotations

import pytest

from linacsim.conformance.check.values import Broken, Unknown
from tests.conformance.check.bases_preciseplan import EXPORT
from tests.conformance.check.sentences import changed, said, verdict

BEAM = "rtplan:BeamSequence"
POINT = f"{BEAM}[0].ControlPointSequence"
COEFFICIENT = f"{POINT}[1].ReferencedDoseReferenceSequence[0]"
SERIALS = "determined(BeamSequence, item.TreatmentMachineName, item.DeviceSerialNumber)"
WEDGES = 'determined(BeamSequence.WedgeSequence, TreatmentMachineName + "/" + item.WedgeID, item.WedgeAngle)'


@pytest.mark.parametrize(
    ("expression", "place", "change", "wanted"),
    [
        (SERIALS, "rtplan", "", "true"),
        (SERIALS, "rtplan", f"{BEAM}[1].DeviceSerialNumber = 9", "broken"),
        (SERIALS, "rtplan", f"{BEAM}[1].DeviceSerialNumber = 9 & {BEAM}[1].TreatmentMachineName = Other", "true"),
        (SERIALS, "rtplan", f"-{BEAM}[1].DeviceSerialNumber", "true"),
        (SERIALS, "rtplan", f"{BEAM}[1].DeviceSerialNumber = 9 & -{BEAM}[1].TreatmentMachineName", "true"),
        (WEDGES, "rtplan", "", "true"),
        (WEDGES, "rtplan", f"{BEAM}[1].WedgeSequence[0].WedgeAngle = 45", "broken"),
        (WEDGES, "rtplan", f"{BEAM}[1].WedgeSequence[0].WedgeAngle = 45 & {BEAM}[1].TreatmentMachineName = B", "true"),
        ("dose_exported()", "rtplan", "", "true"),
        ("dose_exported()", "desktop", "", "broken"),
        ("dose_exported()", "rtplan", "-rtdose & -beamdose & -plane & -unplaced", "broken"),
        ("doses_listed()", "rtplan", "", "true"),
        ("doses_listed()", "desktop", "", "true"),
        ("doses_listed()", "rtplan", "-rtplan:ReferencedDoseSequence", "broken"),
        (
            "doses_listed()", "rtplan",
            "rtplan:ReferencedDoseSequence[0].ReferencedSOPInstanceUID = 2.16.840.1.5.6.2", "broken",
        ),
        ("doses_listed()", "rtplan", "-rtdose", "unknown"),
        ("running_coefficient()", COEFFICIENT, "", "true"),
        ("running_coefficient()", f"{POINT}[0].ReferencedDoseReferenceSequence[0]", "", "true"),
        ("running_coefficient()", COEFFICIENT, f"{COEFFICIENT}.CumulativeDoseReferenceCoefficient = -0.5", "broken"),
        ("running_coefficient()", COEFFICIENT, f"-{COEFFICIENT}.CumulativeDoseReferenceCoefficient", "unknown"),
        ("running_coefficient()", COEFFICIENT, f"-{POINT}[0].ReferencedDoseReferenceSequence", "true"),
        (
            "running_coefficient()", f"{POINT}[0].ReferencedDoseReferenceSequence[0]",
            f"{POINT}[0].ReferencedDoseReferenceSequence[0].CumulativeDoseReferenceCoefficient = 0.5", "broken",
        ),
    ],
)  # fmt: skip
def test_a_function_is_kept_and_broken(expression: str, place: str, change: str, wanted: str) -> None:
    base = changed(EXPORT, change) if change else EXPORT
    assert verdict(said(base, expression, place)) == wanted


def test_a_coefficient_is_held_against_that_of_its_own_point() -> None:
    first = f"{POINT}[0].ReferencedDoseReferenceSequence"
    base = changed(EXPORT, f"{first}[0].CumulativeDoseReferenceCoefficient = 2")
    assert verdict(said(base, "running_coefficient()", COEFFICIENT)) == "broken"
    other = f"{POINT}[1].ReferencedDoseReferenceSequence[1]"
    assert verdict(said(base, "running_coefficient()", other)) == "true"


@pytest.mark.parametrize(
    ("number", "wanted"), [("2", "Beam2"), ('"2"', "Beam2"), ("9", None), ("SeriesNumber", None), ("BeamNumber", None)]
)
def test_a_number_leads_to_the_first_item_that_has_it(number: str, wanted: str | None) -> None:
    found = said(EXPORT, f"numbered(BeamSequence, item.BeamNumber, {number}).BeamName", "rtplan")
    assert found == wanted


def test_what_is_at_fault_is_told() -> None:
    found = said(changed(EXPORT, f"{BEAM}[1].DeviceSerialNumber = 9"), SERIALS, "rtplan")
    assert isinstance(found, Broken)
    assert found.found == "1001 and 9 of SLi"
    assert [one.path for one in found.at] == ["BeamSequence[1]"]
    missing = said(changed(EXPORT, "-rtplan:ReferencedDoseSequence"), "doses_listed()", "rtplan")
    assert isinstance(missing, Broken)
    assert missing.found == "4 doses of the plan are not referred to, first 2.16.840.1.5.6.1"
    gone = said(changed(EXPORT, "-rtdose"), "doses_listed()", "rtplan")
    assert isinstance(gone, Unknown)
    assert "not among the files" in gone.reason
