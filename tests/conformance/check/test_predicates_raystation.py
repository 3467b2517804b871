"""RayStation's leaves, materials, contours and anonymized objects: each function kept and broken."""

from __future__ import annotations

import pytest

from tests.conformance.check.bases_raystation import EXPORT
from tests.conformance.check.sentences import changed, said, verdict

CP = "rtplan:BeamSequence[0].ControlPointSequence"
ROI = "rtstruct:RTROIObservationsSequence"
CONTOUR = "rtstruct:ROIContourSequence[0].ContourSequence[0]"
MATRIX = (
    "reg:RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix"
)
HERE = "reg:RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence[0]"
RIGID = "rigid(item.FrameOfReferenceTransformationMatrix)"
SETUP = "rtplan:PatientSetupSequence[0]"
LEAVES = "BeamLimitingDevicePositionSequence[0].LeafJawPositions"


@pytest.mark.parametrize(
    ("expression", "place", "change", "wanted"),
    [
        ("leaves_kept_in_pair()", f"{CP}[1]", "", "true"),
        ("leaves_kept_in_pair()", f"{CP}[1]", f"{CP}[1].{LEAVES} = -10\\11", "broken"),
        ("leaves_kept_in_pair()", f"{CP}[0]", f"{CP}[1].{LEAVES} = -10\\11", "true"),
        ("leaves_kept_in_pair()", f"{CP}[1]", f"-{CP}[1].BeamLimitingDevicePositionSequence", "true"),
        ("leaves_kept_in_pair()", f"{CP}[1]", f"-{CP}[1].ControlPointIndex", "unknown"),
        ("material_unique()", f"{ROI}[0]", "", "true"),
        ("material_unique()", f"{ROI}[0]", f"{ROI}[0].MaterialID = Water", "broken"),
        ("material_unique()", f"{ROI}[2]", "", "true"),
        ("densities_agree()", f"{ROI}[1]", "", "true"),
        (
            "densities_agree()", f"{ROI}[1]",
            f"{ROI}[1].ROIPhysicalPropertiesSequence[1].ROIPhysicalPropertyValue = 1.1", "broken",
        ),
        ("densities_agree()", f"{ROI}[0]", "", "true"),
        ("contour_image_listed('1.2.3.4.1.2')", "rtstruct", "", "true"),
        ("contour_image_listed('1.2.3.4.1.9')", "rtstruct", "", "broken"),
        ("contour_image_listed('1.2.3.4.1.2')", "rtstruct", "rtstruct:ReferencedFrameOfReferenceSequence = 0", "true"),
        (
            "contour_image_listed('1.2.3.4.1.9')", "rtstruct",
            "rtstruct:ReferencedFrameOfReferenceSequence = 0", "unknown",
        ),
        ("same_last_name()", "rtplan", "rtplan:PatientName = Phantom^Other", "true"),
        ("same_last_name()", "rtplan", "rtplan:PatientName = Other^Thorax", "broken"),
        ("around_zero([-2, 3], 2)", "rtplan", "", "true"),
        ("around_zero([2, 3], 2)", "rtplan", "", "broken"),
        ("around_zero([-2, 0, 0, 0, 0], 6)", "rtplan", "", "broken"),
        ("nowhere(['PatientName'])", "anonymous", "", "broken"),
        ("nowhere(['CodeValue'])", "anonymous", "", "broken"),
        ("nowhere(['GraphicAnnotationSequence'])", "anonymous", "", "true"),
        ("no_private_elements()", "anonymous", "", "true"),
        ("no_private_elements()", "rtplan", "", "broken"),
        ("block_used('4001', 'RAYSEARCHLABS 2.0')", "rtplan", "", "true"),
        ("block_used('4001', 'RAYSEARCHLABS 1.0')", "rtplan", "", "broken"),
        ("block_used('4001', 'RAYSEARCHLABS 2.0')", "ct1", "", "broken"),
        (RIGID, HERE, "", "true"),
        (RIGID, HERE, f"{MATRIX} = 2\\0\\0\\5\\0\\1\\0\\0\\0\\0\\1\\0\\0\\0\\0\\1", "broken"),
        (RIGID, HERE, f"{MATRIX} = -1\\0\\0\\5\\0\\1\\0\\0\\0\\0\\1\\0\\0\\0\\0\\1", "broken"),
        (RIGID, HERE, f"{MATRIX} = 1\\0\\0\\5\\0\\1\\0\\0\\0\\0\\1\\0\\0\\0\\1\\1", "broken"),
        (RIGID, HERE, f"{MATRIX} = 1\\0\\0", "broken"),
        ("series_listed_whole()", "rtstruct", "", "true"),
        (
            "series_listed_whole()", "rtstruct",
            "ct3:SOPInstanceUID = 1.9", "broken",
        ),
        ("series_listed_whole()", "rtstruct", "-ct1 & -ct2 & -ct3", "unknown"),
        ("contour_on_image()", CONTOUR, "", "true"),
        ("contour_on_image()", CONTOUR, f"-{CONTOUR}.ContourImageSequence", "broken"),
        ("contour_on_image()", CONTOUR, "ct1:ImagePositionPatient = 0\\0\\4", "broken"),
        (
            "contour_on_image()", CONTOUR,
            f"ct1:ImagePositionPatient = 0\\0\\4 & -{CONTOUR}.ContourImageSequence", "true",
        ),
        ("contour_on_image()", CONTOUR, "-ct1 & -ct2 & -ct3", "unknown"),
        ("displacement_fits()", SETUP, "", "true"),
        ("displacement_fits()", SETUP, f"{SETUP}.TableTopVerticalSetupDisplacement = 41", "broken"),
        ("displacement_fits()", SETUP, f"-{ROI}[2].ROIObservationLabel", "broken"),
        ("displacement_fits()", SETUP, "-rtstruct", "unknown"),
        ("floats([1, 2]) == 2", "rtplan", "", "true"),
    ],
)  # fmt: skip
def test_a_function_answers(expression: str, place: str, change: str, wanted: str) -> None:
    answer = said(changed(EXPORT, change) if change else EXPORT, expression, place)
    assert verdict(answer) == wanted, answer
