"""What a dose, a plan or an image of a beam speaks of: each function kept and broken."""

from __future__ import annotations

import pytest

from linacsim.conformance.loader import load_system
from tests.conformance.check.bases_raystation import EXPORT, IMPORT
from tests.conformance.check.sentences import changed, said, verdict

SYSTEM = load_system("raystation")
DOSE = "rtdose"
SIX = "ImageOrientationPatient"
POINT = "rtplan:BeamSequence[0].ControlPointSequence[1]"


@pytest.mark.parametrize(
    ("expression", "place", "change", "wanted"),
    [
        ("own_uid(SOPInstanceUID)", "rtplan", "", "true"),
        ("own_uid(SOPInstanceUID)", "ct1", "", "broken"),
        ("own_uid(SOPInstanceUID)", "rtplan", "rtplan:SOPInstanceUID = 1.2.752.243.1.10", "broken"),
        ("decimals(BeamDose, 1)", "rtplan", "rtplan:BeamDose = 1.5", "true"),
        ("decimals(BeamDose, 1)", "rtplan", "rtplan:BeamDose = 1.55", "broken"),
        ("as_first(item.GantryAngle)", POINT, "", "true"),
        ("as_first(item.GantryAngle)", POINT, f"-{POINT}.GantryAngle", "true"),
        ("as_first(item.GantryAngle)", POINT, f"{POINT}.GantryAngle = 31", "broken"),
        ("as_first(item.GantryAngle)", POINT, f"-{POINT.replace('[1]', '[0]')}.GantryAngle", "broken"),
        ("as_first(PatientID)", "rtplan", "", "unknown"),
        ("from_images(FrameOfReferenceUID)", "rtplan", "", "true"),
        ("from_images(FrameOfReferenceUID)", "rtplan", "rtplan:FrameOfReferenceUID = 1.9", "broken"),
        ("from_images(FrameOfReferenceUID, '1.9')", "rtplan", "", "broken"),
        ("even_offsets()", DOSE, "", "true"),
        ("even_offsets()", DOSE, "rtdose:GridFrameOffsetVector = 0\\5\\10.02", "broken"),
        ("even_offsets()", DOSE, "rtdose:GridFrameOffsetVector = 5\\10\\15", "broken"),
        ("even_offsets()", DOSE, "rtdose:GridFrameOffsetVector = 0\\-5\\-10", "broken"),
        ("even_offsets()", DOSE, "-rtdose:GridFrameOffsetVector", "unknown"),
        ("offsets_right_way()", DOSE, "", "true"),
        ("offsets_right_way()", DOSE, "rtdose:GridFrameOffsetVector = 5\\10\\15", "true"),
        ("offsets_right_way()", DOSE, "rtdose:GridFrameOffsetVector = 2\\7\\12", "broken"),
        ("offsets_right_way()", DOSE, "rtdose:GridFrameOffsetVector = 0\\-5\\-10", "broken"),
        ("offsets_right_way()", DOSE, f"rtdose:{SIX} = 1\\0\\0\\0\\-1\\0", "broken"),
        (
            "offsets_right_way()", DOSE,
            f"rtdose:{SIX} = 1\\0\\0\\0\\-1\\0 & rtdose:GridFrameOffsetVector = 0\\-5\\-10", "true",
        ),
        (
            "offsets_right_way()", DOSE,
            f"rtdose:{SIX} = 1\\0\\0\\0\\-1\\0 & rtdose:FrameOfReferenceUID = 1.9", "unknown",
        ),
        ("offsets_right_way()", DOSE, "-rtdose:ImagePositionPatient", "unknown"),
        ("straight_series(along_z=True)", "ct2", "", "true"),
        ("straight_series()", "ct2", "ct2:ImagePositionPatient = -199\\-200\\10", "broken"),
        ("straight_series(along_z=True)", "ct2", f"ct2:{SIX} = 1\\0\\0\\0\\0\\-1", "broken"),
        ("straight_series()", "ct2", "-ct2:ImagePositionPatient", "unknown"),
        ("beam_doses_complete()", "beamdose1", "", "true"),
        ("beam_doses_complete()", "beamdose1", "-beamdose2", "broken"),
        ("beam_doses_complete()", "beamdose1", "-rtplan", "unknown"),
        ("beside_pixels(4000)", "ct1", "", "true"),
        ("beside_pixels(300)", "ct1", "", "broken"),
        ("beside_pixels(300, touching=True)", "ct1", "", "true"),
        ("beside_pixels(150, touching=True)", "ct1", "", "broken"),
        ("beside_pixels(150)", "ct1", "-ct1:PixelData", "unknown"),
        ("roi(2).ROIName == 'Bolus1'", "rtplan", "", "true"),
        ("present(roi(9).ROIName)", "rtplan", "", "broken"),
        ("roi(2).ROIName == 'Bolus1'", "rtplan", "-rtstruct", "unknown"),
        ("planned_beam().TreatmentMachineName == 'LINAC1'", "rtimage", "", "unknown"),
    ],
)  # fmt: skip
def test_a_function_answers(expression: str, place: str, change: str, wanted: str) -> None:
    base = IMPORT if place.startswith("beamdose") else EXPORT
    answer = said(changed(base, change) if change else base, expression, place, SYSTEM)
    assert verdict(answer) == wanted, answer


def test_a_system_without_a_root_leaves_its_uids_to_a_person() -> None:
    assert verdict(said(EXPORT, "own_uid(SOPInstanceUID)", "rtplan")) == "unknown"


def test_the_transfer_syntax_is_that_of_the_file() -> None:
    assert said(EXPORT, "transfer_syntax()", "rtplan") == "1.2.840.10008.1.2"
