"""Spatial Registrations: what leads where, and which images are of which frame."""

from __future__ import annotations

from copy import deepcopy

import numpy as np
import pytest
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.objects.imaging import registration, rt_image, subject_of
from linacsim.physics.geometry import Array, Couch, patient_pose
from tests.objects.imaging.byhand import mapped, pixel_of
from tests.objects.imaging.made import case, objects, radiograph, read_back, session

DISPLACED = Couch(x=4.0, y=-6.5, z=2.25, rotation=1.5, pitch=-0.75, roll=2.0)


def session_matrix() -> Array:
    """Return plan to session of a patient who lies displaced."""
    isocentre = subject_of(case().rtplan[0]).isocentre
    assert isocentre is not None
    return patient_pose().inverse.after(patient_pose(DISPLACED, isocentre)).matrix


def registered(matrix: Array | None = None, *, ihe_ro: bool = False, sub_type: str = "3D3D") -> Dataset:
    return registration(
        session(), reference=case().ct, acquired=objects()["ct"], matrix=np.eye(4) if matrix is None else matrix,
        sub_type=sub_type, ihe_ro=ihe_ro, at=0,
    )  # fmt: skip


@pytest.mark.parametrize("ihe_ro", [False, True])
def test_a_point_of_the_plan_is_seen_where_the_registration_says(ihe_ro: bool) -> None:
    ds = read_back(registered(session_matrix(), ihe_ro=ihe_ro))
    couch, day = Couch(x=1.0, y=-2.0, z=3.0, rotation=5.0), session()
    isocentre = subject_of(case().rtplan[0]).isocentre or (0, 0, 0)
    for point in ((80.0, -10.0, 0.0), (95.5, 3.0, -31.0), (60.0, -40.0, 25.0)):
        there = mapped(ds, case().ct[0].FrameOfReferenceUID, point)
        for axis, gantry in (("kV", 0.0), ("MV", 0.0), ("kV", 220.0)):
            picture = radiograph(axis, gantry, couch=couch)  # type: ignore[arg-type]
            image = read_back(rt_image(day, picture, number=1, label="one", at=0))
            really = couch.pose(patient_pose(DISPLACED, isocentre)(point))
            row, column = picture.gaze.panel.pixel_of(picture.gaze.project(really))
            assert pixel_of(image, there) == pytest.approx((column, row), abs=2e-5)


def test_a_shift_is_told_as_a_hand_works_it_out() -> None:
    matrix = patient_pose().inverse.after(patient_pose(Couch(x=4.0, y=-6.5, z=2.25), (80.0, -10.0, 0.0))).matrix
    # The plan's isocentre goes to the origin, and with the patient 4 mm to the left, 6.5 mm to the feet, 2.25 mm forward.
    assert mapped(registered(matrix), case().ct[0].FrameOfReferenceUID, (80, -10, 0)) == pytest.approx((4, -2.25, -6.5))


@pytest.mark.parametrize("key", ["2d", "3d", "marker match"])
def test_all_images_of_a_match_are_in_one_item(key: str) -> None:
    (ds,) = objects()[key]
    reference = case().rtimage[:2] if key == "2d" else case().ct
    acquired = objects()["ct"] if key == "3d" else [*objects()["kv"], *objects()["mv"]]
    assert ds.FrameOfReferenceUID == session().frame_of_reference == acquired[0].FrameOfReferenceUID
    (side,) = ds.RegistrationSequence
    assert side.FrameOfReferenceUID == reference[0].FrameOfReferenceUID != ds.FrameOfReferenceUID
    named = [(one.ReferencedSOPClassUID, one.ReferencedSOPInstanceUID) for one in side.ReferencedImageSequence]
    assert named == [(one.SOPClassUID, one.SOPInstanceUID) for one in [*reference, *acquired]]
    (match,) = side.MatrixRegistrationSequence
    (step,) = match.MatrixSequence
    assert step.FrameOfReferenceTransformationMatrixType == "RIGID"
    said = match.private_block(0x3275, "Varian Medical Systems VISION 3275")[0x00].value
    assert said == {"2d": "2D2D", "3d": "3D3D", "marker match": "Marker"}[key]
    (how,) = match.RegistrationTypeCodeSequence
    assert how.CodeValue == ("125022" if key == "marker match" else "125024")


def test_after_ihe_ro_each_frame_has_an_item() -> None:
    (ds,) = objects()["ihe-ro"]
    own, planned = ds.RegistrationSequence
    assert own.FrameOfReferenceUID == ds.FrameOfReferenceUID
    assert planned.FrameOfReferenceUID == case().ct[0].FrameOfReferenceUID
    for side, images in ((own, objects()["ct"]), (planned, case().ct)):
        named = [one.ReferencedSOPInstanceUID for one in side.ReferencedImageSequence]
        assert named == [one.SOPInstanceUID for one in images]
    assert mapped(ds, own.FrameOfReferenceUID, (1, 2, 3)) == pytest.approx((1, 2, 3), abs=0)
    assert mapped(ds, planned.FrameOfReferenceUID, (1, 2, 3)) == pytest.approx((2.25, -0.5, 6.75), abs=0)


def test_every_image_is_found_by_its_study_and_series() -> None:
    ds = registered()
    series = {one.SeriesInstanceUID: len(one.ReferencedInstanceSequence) for one in ds.ReferencedSeriesSequence}
    assert series == {
        case().ct[0].SeriesInstanceUID: len(case().ct),
        objects()["ct"][0].SeriesInstanceUID: len(objects()["ct"]),
    }
    elsewhere = [deepcopy(one) for one in case().ct]
    for one in elsewhere:
        one.StudyInstanceUID = "1.2.3"
    other = registration(
        session(), reference=elsewhere, acquired=objects()["ct"], matrix=np.eye(4), sub_type="3D3D", at=0
    )
    (study,) = other.StudiesContainingOtherReferencedInstancesSequence
    assert study.StudyInstanceUID == "1.2.3"
    assert len(study.ReferencedSeriesSequence[0].ReferencedInstanceSequence) == len(elsewhere)
    assert len(other.ReferencedSeriesSequence) == 1


def skewed(value: float) -> Array:
    matrix = np.eye(4)
    matrix[0, 1] = value
    return matrix


@pytest.mark.parametrize(("matrix", "words"), [
    (np.eye(3), r"shape \(3, 3\)"), (np.full((4, 4), np.nan), "not homogeneous"), (skewed(1e-3), "not rigid"),
    (np.diag([1.0, 1.0, -1.0, 1.0]), "not rigid"), (np.diag([1.0, 1.0, 1.0, 2.0]), "not homogeneous"),
    (np.diag([1.001, 1.001, 1.001, 1.0]), "not rigid"),
])  # fmt: skip
def test_a_matrix_that_is_not_rigid_is_refused(matrix: Array, words: str) -> None:
    with pytest.raises(InputError, match=words):
        registered(matrix)


def test_images_that_do_not_belong_are_refused() -> None:
    def of(reference: list[Dataset], acquired: list[Dataset]) -> Dataset:
        return registration(session(), reference=reference, acquired=acquired, matrix=np.eye(4), sub_type="3D3D", at=0)

    ct, own = case().ct, objects()["ct"]
    with pytest.raises(InputError, match="no reference images"):
        of([], own)
    with pytest.raises(InputError, match="no acquired images"):
        of(ct, [])
    with pytest.raises(InputError, match="is there twice"):
        of([*ct, ct[0]], own)
    with pytest.raises(InputError, match="reference images of 2 frames of reference"):
        of([*ct, own[0]], own)
    bare = deepcopy(ct[0])
    del bare.FrameOfReferenceUID
    with pytest.raises(InputError, match="reference images of 1 frames of reference: none"):
        of([bare], own)
    with pytest.raises(InputError, match="frame of reference "):
        of(ct, [case().mr[0]])


@pytest.mark.parametrize("sub_type", ["", "x" * 65])
def test_a_sub_type_that_is_none_is_refused(sub_type: str) -> None:
    with pytest.raises(InputError, match="is no sub type"):
        registered(sub_type=sub_type)
