"""Structure sets of isocentres and markers."""

from __future__ import annotations

from copy import deepcopy
from itertools import pairwise

import pytest
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.objects.imaging import isocentre_set, marker_set
from linacsim.physics.geometry import Couch
from tests.objects.imaging.made import case, objects, read_back, session


def points(ds: Dataset) -> dict[str, list[float]]:
    """Return the points of a structure set by the type of their observation."""
    contours = {one.ReferencedROINumber: one.ContourSequence[0] for one in ds.ROIContourSequence}
    assert all(one.ContourGeometricType == "POINT" for one in contours.values())
    assert {one.NumberOfContourPoints for one in contours.values()} == {1}
    return {
        str(one.RTROIInterpretedType): [float(v) for v in contours[one.ReferencedROINumber].ContourData]
        for one in ds.RTROIObservationsSequence
    }


def referenced(ds: Dataset) -> list[str]:
    (frame,) = ds.ReferencedFrameOfReferenceSequence
    (series,) = frame.RTReferencedStudySequence[0].RTReferencedSeriesSequence
    return [one.ReferencedSOPInstanceUID for one in series.ContourImageSequence]


def test_isocentres_are_points_of_the_session() -> None:
    ds = read_back(objects()["isocentres"][0])
    assert points(ds) == {"INITLASERISO": [0, 0, 0], "ACQ_ISOCENTER": [-3, 0, 0], "INITMATCHISO": [-3, 1.5, 2]}
    labels = [one.ROIObservationLabel for one in ds.RTROIObservationsSequence]
    assert labels == ["InitLaserIso", "AcqIsocenter", "InitMatchIso"]
    assert [one.ROIName for one in ds.StructureSetROISequence] == labels
    frame = session().frame_of_reference
    assert ds.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID == frame == ds.FrameOfReferenceUID
    assert {one.ReferencedFrameOfReferenceUID for one in ds.StructureSetROISequence} == {frame}
    assert referenced(ds) == [one.SOPInstanceUID for one in objects()["ct"]]
    for one in ds.RTROIObservationsSequence:
        (told,) = one.ROIPhysicalPropertiesSequence
        assert (told.ROIPhysicalProperty, float(told.ROIPhysicalPropertyValue)) == ("PATSUPPORT_ANGLE", 2)


def test_before_a_match_there_is_no_matched_isocentre() -> None:
    where = session().isocentre(Couch(x=3.0))
    assert where == pytest.approx((-3, 0, 0))
    ds = isocentre_set(session(), objects()["ct"], laser=(0, 0, 0), acquired=where, couch_angle=-10, at=0)
    assert list(points(ds)) == ["INITLASERISO", "ACQ_ISOCENTER"]
    told = ds.RTROIObservationsSequence[0].ROIPhysicalPropertiesSequence[0]
    assert float(told.ROIPhysicalPropertyValue) == 350


def test_markers_are_an_addition_to_the_plans_structure_set() -> None:
    ds, old = read_back(objects()["markers"][0]), case().rtstruct[0]
    found = [[float(v) for v in one.ContourSequence[0].ContourData] for one in ds.ROIContourSequence]
    assert found == [[1, 2, 3.3], [4, 5, 6]]
    assert [one.ROIName for one in ds.StructureSetROISequence] == ["Seed 1", "Seed 2"]
    assert {one.RTROIInterpretedType for one in ds.RTROIObservationsSequence} == {"MARKER"}
    frame = case().ct[0].FrameOfReferenceUID
    assert ds.ReferencedFrameOfReferenceSequence[0].FrameOfReferenceUID == frame
    assert referenced(ds) == [one.SOPInstanceUID for one in case().ct]
    assert ds.SOPInstanceUID != old.SOPInstanceUID
    (relation,) = ds.private_block(0x3263, "Varian Medical Systems VISION 3263")[0x01].value
    assert relation.ReferencedSOPInstanceUID == old.SOPInstanceUID
    assert relation.private_block(0x3263, "Varian Medical Systems VISION 3263")[0x02].value == "ADDITION"


def test_the_numbers_of_new_markers_are_not_those_of_the_old_set() -> None:
    taken = {one.ROINumber for one in case().rtstruct[0].StructureSetROISequence}
    new = [one.ROINumber for one in objects()["markers"][0].StructureSetROISequence]
    assert taken.isdisjoint(new)
    assert all(b == a + 1 for a, b in pairwise(new))
    bare = Dataset()
    bare.SOPClassUID, bare.SOPInstanceUID = case().rtstruct[0].SOPClassUID, "1.2.3"
    ds = marker_set(session(), case().ct, bare, [(1, 2, 3)], ["one"], at=0)
    assert ds.StructureSetROISequence[0].ROINumber == 1


@pytest.mark.parametrize(("markers", "names", "words"), [
    ([], [], "no markers"), ([(1, 2, 3)], [], "3 numbers for 0 points"), ([(1, 2)], ["one"], "2 numbers for 1 points"),
    ([(1, 2, float("nan"))], ["one"], "3 numbers for 1 points"), ([(1, 2, 3)], [""], "'' is no ROI Name"),
    ([(1, 2, 3)], ["x" * 65], "is no ROI Name"), ([(1, 2, 3)], ["a\\b"], "is no ROI Name"),
])  # fmt: skip
def test_markers_that_are_none_are_refused(markers: list[tuple[float, ...]], names: list[str], words: str) -> None:
    with pytest.raises(InputError, match=words):
        marker_set(session(), case().ct, case().rtstruct[0], markers, names, at=0)


def test_slices_that_are_no_series_are_refused() -> None:
    stray = deepcopy(objects()["ct"][0])
    stray.FrameOfReferenceUID = "1.2.3"
    with pytest.raises(InputError, match="slices of 2 frames of reference"):
        isocentre_set(session(), [*objects()["ct"], stray], laser=(0, 0, 0), acquired=(0, 0, 0), at=0)
    del stray.FrameOfReferenceUID
    with pytest.raises(InputError, match="slices of 1 frames of reference: none"):
        isocentre_set(session(), [stray], laser=(0, 0, 0), acquired=(0, 0, 0), at=0)
    with pytest.raises(InputError, match="slices of 2 series"):
        marker_set(session(), [*case().ct, objects()["ct"][0]], case().rtstruct[0], [(1, 2, 3)], ["one"], at=0)
    with pytest.raises(InputError, match="no slices"):
        marker_set(session(), [], case().rtstruct[0], [(1, 2, 3)], ["one"], at=0)


def test_the_old_set_has_to_be_a_structure_set() -> None:
    with pytest.raises(InputError, match="this is no structure set"):
        marker_set(session(), case().ct, case().rtplan[0], [(1, 2, 3)], ["one"], at=0)
