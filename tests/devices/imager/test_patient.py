"""The loaded patient: markers, structures and reference images, and what of them is left out."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from pydicom.dataset import Dataset

from linacsim.conformance.check.scope import Instance
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.reference import read_reference
from linacsim.errors import InputError
from linacsim.physics.geometry import patient_pose
from tests.devices.imager.planned_case import Given, case, loaded


def raised(given: Given, name: str, by: float) -> None:
    """Raise one point of the first contour of a structure."""
    contour = given.region(name).ContourSequence[0]
    data = [f"{float(one):.2f}" for one in contour.ContourData]
    data[2] = f"{float(data[2]) + by:.9g}"
    contour.ContourData = data


def test_markers_are_points_of_marker_subtype() -> None:
    patient = loaded()
    assert [(one.name, one.position) for one in patient.markers] == [
        ("Marker1", (74.0, -14.0, -6.0)), ("Marker2", (88.0, -8.0, 0.0)), ("Marker3", (79.0, -3.0, 7.0))
    ]  # fmt: skip


def test_a_marker_that_is_coded_otherwise_is_none() -> None:
    given = Given()
    assert given.structures is not None
    rows = {one.ROIObservationLabel: one for one in given.structures.RTROIObservationsSequence}
    rows["Marker1"].RTROIInterpretedType = "CONTROL"
    rows["Marker2"][0x3271, 0x1000].value = "POINT_MATCH"
    third = given.region("Marker3").ContourSequence
    given.region("Marker3").ContourSequence = [third[0], third[0]]
    assert given.patient.markers == ()


def test_a_marker_subtype_without_creator_is_found_by_its_group() -> None:
    given = Given()
    assert given.structures is not None
    for one in given.structures.RTROIObservationsSequence:
        for tag in [tag for tag in one.keys() if tag.group == 0x3271 and tag.element < 0x100]:  # noqa: SIM118
            del one[tag]
    assert len(given.patient.markers) == 3
    assert not any(tag.group == 0x3271 and tag.element < 0x100
                   for one in given.structures.RTROIObservationsSequence for tag in one.keys())  # fmt: skip # noqa: SIM118


def test_structures_that_are_not_transversal_are_left_out_in_words() -> None:
    given = Given()
    raised(given, "Heart", 0.5)
    given.region("GTV").ContourSequence[0].ContourGeometricType = "OPEN_PLANAR"
    given.region("PTV").ContourSequence[0].ContourGeometricType = "CLOSEDPLANAR_XOR"
    patient = given.patient
    assert {one.name for one in patient.structures} == {"BODY", "Lung_L", "Lung_R", "SpinalCord"}
    assert any("Heart (ROI 4)" in one and "0.5 mm in z, the limit is 1e-06 mm" in one for one in patient.skipped)
    assert any("GTV (ROI 6)" in one and "CLOSED_PLANAR and OPEN_PLANAR" in one for one in patient.skipped)
    assert any("PTV (ROI 7)" in one and "CLOSEDPLANAR_XOR" in one for one in patient.skipped)
    assert all(one in patient.warnings for one in patient.skipped)


def test_a_millionth_of_a_millimetre_is_allowed() -> None:
    given = Given()
    raised(given, "Heart", 9e-7)
    assert given.patient.skipped == ()
    raised(given, "Heart", 2e-6)
    assert len(given.patient.skipped) == 1


def test_contours_are_as_they_were_drawn() -> None:
    body = next(one for one in loaded().structures if one.name == "BODY")
    assert (body.interpreted_type, len(body.contours)) == ("EXTERNAL", 6)
    assert all(one.shape == (72, 3) and np.ptp(one[:, 2]) == 0 for one in body.contours)


def test_reference_images_are_not_those_that_were_acquired() -> None:
    given = Given()
    acquired = given.image(4)
    acquired.ImageType, acquired.ReportedValuesOrigin = ["ORIGINAL", "PRIMARY", "PORTAL", "OBI"], "ACTUAL"
    other = given.image(6)
    other.ReferencedRTPlanSequence[0].ReferencedSOPInstanceUID = "1.2.3"
    patient = given.patient
    assert sorted(one.beam or 0 for one in patient.references) == [1, 2, 3, 5]
    assert {one.ReferencedBeamNumber for one in patient.historical} == {4, 6}


def test_only_slices_of_the_structure_set_count() -> None:
    given = Given()
    stray = deepcopy(given.slices[0])
    stray.SOPInstanceUID = "1.2.99"
    given.slices.append(stray)
    patient = given.patient
    assert len(patient.slices) == 7
    assert len(patient.reference_slices) == 6
    assert patient.volume.voxels.hu.shape == (6, 64, 64)


def test_without_slices_there_is_no_volume() -> None:
    plan = case().rtplan[0]
    with pytest.raises(InputError, match="no slices of the planning CT"):
        _ = LoadedPatient(plan).volume


def test_an_image_is_seen_as_it_was_made() -> None:
    image = next(one for one in loaded().references if one.beam == 5)
    assert image.gaze is not None
    assert (image.gaze.angle, image.gaze.sid, image.gaze.sad) == (270.0, 1000.0, 1000.0)
    np.testing.assert_allclose(
        image.gaze.panel.position_of([0, 0]), [float(one) for one in (image.dataset.RTImagePosition)]
    )
    assert (image.problem, image.centred) == ("", False)


def test_an_image_without_position_is_centred() -> None:
    given = Given()
    given.image(4).RTImagePosition = None
    patient = given.patient
    image = next(one for one in patient.references if one.beam == 4)
    assert image.gaze is not None
    assert (image.gaze.panel.x, image.gaze.panel.y, image.centred) == (0.0, 0.0, True)
    assert any("no RT Image Position (3002,0012), taken as centred" in one for one in patient.warnings)


def test_the_receptor_may_be_moved() -> None:
    given = Given()
    given.image(4).XRayImageReceptorTranslation = ["12", "-7", "0"]
    image = next(one for one in given.patient.references if one.beam == 4)
    assert image.gaze is not None
    np.testing.assert_allclose((image.gaze.panel.x, image.gaze.panel.y), (12.0, -7.0), atol=1e-3)


@pytest.mark.parametrize(
    ("keyword", "value", "words"),
    [
        ("ImagePlanePixelSpacing", None, "no ImagePlanePixelSpacing (3002,0011)"),
        ("RTImageSID", "0", "RTImageSID (3002,0026) 0 is not above 0"),
        ("RadiationMachineSAD", None, "no RadiationMachineSAD (3002,0022)"),
        ("GantryAngle", None, "no GantryAngle (300A,011E)"),
        ("FrameOfReferenceUID", None, "no FrameOfReferenceUID (0020,0052)"),
        ("IsocenterPosition", None, "no IsocenterPosition (300A,012C)"),
        ("RTImagePlane", "NON_NORMAL", "NON_NORMAL"),
        ("RTImageOrientation", ["0.8", "0.6", "0", "0.6", "-0.8", "0"], "is not along the axes"),
        ("XRayImageReceptorAngle", "90", "90 degrees: a receptor that is turned"),
    ],
)  # fmt: skip
def test_an_image_without_its_geometry_is_no_reference(keyword: str, value: object, words: str) -> None:
    given = Given()
    if value is None:
        delattr(given.image(4), keyword)
    else:
        setattr(given.image(4), keyword, value)
    patient = given.patient
    image = next(one for one in patient.references if one.beam == 4)
    assert words in image.problem
    assert any(f"cannot be matched with: {image.problem}" in one for one in patient.warnings)
    with pytest.raises(InputError, match=r"2\.2\.1\.4\.1\.3"):
        image.picture(np.zeros((32, 32)), patient.isocentre, "HFS")


def turned(image: Dataset, **changes: object) -> tuple[np.ndarray[tuple[int, ...], np.dtype[np.float64]], ...]:
    for keyword, value in changes.items():
        setattr(image, keyword, value)
    return read_reference(Instance(image)).readings


def test_pixels_are_turned_upright() -> None:
    plain = turned(Given().image(4))[0]
    for orientation, turn in (
        (["-1", "0", "0", "0", "-1", "0"], np.fliplr),
        (["1", "0", "0", "0", "1", "0"], np.flipud),
    ):
        other = turned(Given().image(4), RTImageOrientation=orientation)[0]
        np.testing.assert_array_equal(other, turn(plain))
    image = Given().image(4)
    image.RTImageOrientation = ["-1", "0", "0", "0", "1", "0"]
    first = [-float(one) for one in image.RTImagePosition]
    image.RTImagePosition = first
    gaze = read_reference(Instance(image)).gaze
    assert gaze is not None
    np.testing.assert_allclose((gaze.panel.x, gaze.panel.y), 0.0, atol=1e-4)


def test_pixels_become_square() -> None:
    image = Given().image(4)
    image.ImagePlanePixelSpacing = [str(float(image.ImagePlanePixelSpacing[0]) / 2), image.ImagePlanePixelSpacing[1]]
    read = read_reference(Instance(image))
    assert read.gaze is not None
    assert (read.gaze.panel.rows, read.gaze.panel.columns, read.readings[0].shape) == (16, 32, (16, 32))
    plain = read_reference(Instance(Given().image(4))).readings[0]
    np.testing.assert_allclose(read.readings[0], (plain[::2] + plain[1::2]) / 2, atol=1e-9)


def test_grey_that_is_told_has_one_reading() -> None:
    values = turned(Given().image(4))[0]
    sign = turned(Given().image(4), PixelIntensityRelationship="LOG", PixelIntensityRelationshipSign=1)
    assert len(sign) == 1
    np.testing.assert_array_equal(sign[0], -values)
    inverse = turned(Given().image(4), PixelIntensityRelationship="LOG", PixelIntensityRelationshipSign=-1)
    np.testing.assert_array_equal(inverse[0], values)


def test_beam_intensities_become_line_integrals() -> None:
    image = Given().image(4)
    path = image.pixel_array.astype(np.float64) / 4095 * 200
    image.PixelData = np.rint(60000 * np.exp(-0.02 * path)).astype(np.uint16).tobytes()
    image.BitsStored, image.HighBit = 16, 15
    read = turned(image, PixelIntensityRelationship="LIN", PixelIntensityRelationshipSign=1)[0]
    wanted = 0.02 * path - np.log(60000)
    np.testing.assert_allclose(read, wanted, atol=1e-3)


def test_grey_that_is_not_told_is_tried_both_ways() -> None:
    values = Given().image(4).pixel_array.astype(np.float64)
    first, second, third = turned(Given().image(4))
    np.testing.assert_array_equal(first, values)
    np.testing.assert_array_equal(second, -values)
    assert third.shape == values.shape
    np.testing.assert_array_equal(turned(Given().image(4), PhotometricInterpretation="MONOCHROME1")[0], -values)


def test_rescale_is_applied() -> None:
    values = Given().image(4).pixel_array.astype(np.float64)
    np.testing.assert_allclose(turned(Given().image(4), RescaleSlope="2", RescaleIntercept="-5")[0], 2 * values - 5)


def test_pixels_that_cannot_be_read_are_told() -> None:
    image = Given().image(4)
    image.PixelData = b"\0\0"
    with pytest.raises(InputError, match="RT Image KV_AP"):
        _ = read_reference(Instance(image)).readings


def test_an_isocentre_beside_that_of_the_plan_is_taken_along() -> None:
    given = Given()
    given.image(4).IsocenterPosition = ["80.5", "-10", "0"]
    patient = given.patient
    image = next(one for one in patient.references if one.beam == 4)
    picture = image.picture(image.readings[0], patient.isocentre, "HFS")
    np.testing.assert_allclose(picture.isocentre, patient_pose(isocentre=(80.5, -10, 0))(np.array(patient.isocentre)))
