"""Monaco's radiographs, labels and layers: each function kept and broken."""

from __future__ import annotations

import pytest

from linacsim.conformance.check.predicates.monaco import orientation_of, orientations
from linacsim.conformance.loader import load_system
from tests.conformance.check.bases_monaco import EXPORT
from tests.conformance.check.sentences import changed, said, verdict

SYSTEM = load_system("monaco")
ION = "rtionplan:IonBeamSequence[0].IonControlPointSequence"
TURNED = "turned:ImageOrientationPatient"


@pytest.mark.parametrize(
    ("expression", "place", "change", "wanted"),
    [
        ("drr_orientation()", "rtimage", "", "true"),
        ("drr_orientation()", "rtimage", "rtimage:GantryAngle = 50", "broken"),
        ("drr_orientation()", "rtimage", "rtplan:PatientSetupSequence[0].PatientPosition = FFS", "broken"),
        ("drr_orientation()", "rtimage", "rtplan:PatientSetupSequence[0].PatientPosition = HFDL", "unknown"),
        ("drr_orientation()", "sc", "", "true"),
        ("drr_orientation()", "sc", "sc:PatientOrientation = A\\F", "broken"),
        ("drr_orientation()", "sc", "sc:DerivationDescription = Monaco\\P1\\Thorax\\9\\BEV", "unknown"),
        ("drr_orientation()", "sc", "-rtplan & -rtionplan", "unknown"),
        ("derivation_described()", "rtimage", "", "true"),
        ("derivation_described()", "rtimage", "rtimage:DerivationDescription = Monaco\\P1\\Thorax\\2\\BEV", "broken"),
        ("derivation_described()", "sc", "sc:DerivationDescription = Monaco\\P2\\Thorax\\1\\BEV", "broken"),
        ("derivation_described()", "sc", "sc:DerivationDescription = DRR", "broken"),
        ("drr_label()", "rtimage", "", "true"),
        ("drr_label()", "rtimage", "rtimage:RTImageLabel = Beam1", "broken"),
        (
            "drr_label()", "rtimage",
            "rtimage:RTImageLabel = Beam1 & -rtplan:BeamSequence[0].BeamDescription", "true",
        ),
        ("drr_label()", "rtimage", "rtimage:RTImageLabel = Beam1 & -rtplan", "true"),
        ("drr_label()", "rtimage", "-rtplan", "unknown"),
        ("image_centred()", "rtimage", "", "true"),
        ("image_centred()", "rtimage", "rtimage:RTImagePosition = 0\\0", "broken"),
        ("image_centred()", "rtimage", "-rtimage:ImagePlanePixelSpacing", "unknown"),
        ("plan_label()", "rtplan", "", "true"),
        ("plan_label()", "rtplan", "rtplan:RTPlanLabel = 01Thorax", "true"),
        ("plan_label()", "rtplan", "rtplan:RTPlanLabel = Thorax", "true"),
        ("plan_label()", "rtplan", "rtplan:RTPlanLabel = 1Thorax", "broken"),
        (
            "plan_label()", "rtplan",
            "rtplan:RTPlanName = ThoraxLeftBreast & rtplan:RTPlanLabel = 01AThoraxLeftBre", "true",
        ),
        ("plan_label()", "rtplan", "rtplan:PrescriptionDescription = Composite Plan: RxA", "broken"),
        ("plan_label()", "rtplan", "-rtplan:RTPlanName", "unknown"),
        ("prescription_described()", "rtplan", "", "true"),
        ("prescription_described()", "rtplan", "rtplan:PrescriptionDescription = Composite Plan: RxA, RxB", "broken"),
        ("prescription_described()", "rtplan", "rtplan:PrescriptionDescription = 50 Gy", "broken"),
        ("position_turned()", "rtplan:PatientSetupSequence[1]", "", "true"),
        (
            "position_turned()", "rtplan:PatientSetupSequence[1]",
            "rtplan:PatientSetupSequence[1].PatientPosition = FFP", "broken",
        ),
        (
            "position_turned()", "rtplan:PatientSetupSequence[1]",
            "rtplan:PatientSetupSequence[1].PatientPosition = SITTING", "broken",
        ),
        ("roll_recorded()", "ct1", "", "true"),
        ("roll_recorded()", "ct1", "-ct1:ImageOrientationPatient", "unknown"),
        ("roll_recorded()", "turned", "", "true"),
        ("roll_recorded()", "turned", "turned:TableTopRollAngle = -2", "true"),
        ("roll_recorded()", "turned", "turned:TableTopRollAngle = 358", "true"),
        ("roll_recorded()", "turned", "turned:TableTopRollAngle = 3", "broken"),
        ("roll_recorded()", "turned", "-turned:TableTopRollAngle", "broken"),
        ("roll_recorded()", "turned", f"{TURNED} = 1\\0\\0\\0\\0.996195\\-0.087156", "broken"),
        ("running_spot_sum()", f"{ION}[2]", "", "true"),
        ("running_spot_sum()", f"{ION}[1]", f"{ION}[0].ScanSpotMetersetWeights = 3\\4", "broken"),
        ("running_spot_sum()", f"{ION}[0]", f"{ION}[0].CumulativeMetersetWeight = 1", "broken"),
        ("running_spot_sum()", f"{ION}[1]", f"-{ION}[0].CumulativeMetersetWeight", "unknown"),
        ("layer_weights()", f"{ION}[0]", "", "true"),
        ("layer_weights()", f"{ION}[1]", "", "true"),
        ("layer_weights()", f"{ION}[1]", f"{ION}[1].ScanSpotMetersetWeights = 0\\1", "broken"),
        ("layer_weights()", f"{ION}[0]", f"{ION}[0].ScanSpotMetersetWeights = 0\\1", "broken"),
        ("layer_weights()", f"{ION}[0]", f"{ION}[0].NumberOfScanSpotPositions = 3", "broken"),
        ("layer_weights()", f"{ION}[0]", f"-{ION}[0].ControlPointIndex", "unknown"),
        ("twice_the_tune()", f"{ION}[0]", "", "true"),
        ("twice_the_tune()", f"{ION}[0]", f"{ION}[0].ScanningSpotSize = 8\\9", "broken"),
        ("twice_the_tune()", f"{ION}[0]", f"{ION}[0].ScanSpotTuneID = T4", "unknown"),
    ],
)  # fmt: skip
def test_a_function_answers(expression: str, place: str, change: str, wanted: str) -> None:
    answer = said(changed(EXPORT, change) if change else EXPORT, expression, place, SYSTEM)
    assert verdict(answer) == wanted, answer


@pytest.mark.parametrize(
    ("placement", "angle", "wanted"),
    [
        ("head-first supine", 0, "L\\F"), ("head-first supine", 44.9, "LP\\F"), ("head-first supine", 45, "PL\\F"),
        ("head-first supine", 359.9, "LA\\F"), ("head-first supine", 360, "L\\F"), ("feet-first supine", 90, "P\\H"),
        ("feet-first supine", 225, "AL\\H"), ("head-first prone", 180, "L\\F"), ("head-first prone", 300, "PR\\F"),
        ("feet-first prone", 270, "P\\H"), ("feet-first prone", -10, "LP\\H"),
    ],
)  # fmt: skip
def test_the_orientation_of_a_radiograph_is_that_of_the_table(placement: str, angle: float, wanted: str) -> None:
    assert orientation_of(placement, angle) == wanted


def test_the_table_has_one_value_for_every_angle() -> None:
    for placement in orientations():
        assert all(orientation_of(placement, tenth / 10) for tenth in range(3600))
