"""Functions of readings: private values, point sets, items of one sequence, images of one case, outlines."""

from __future__ import annotations

from typing import Any

import pytest
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from linacsim.conformance.kinds import SOP_CLASSES
from tests.conformance.check.sentences import Base, dataset, put, said, verdict

FRAME = "1.2.9"


def image(kind: str, uid: str, series: str, z: float, **more: Any) -> Dataset:
    return dataset(
        {
            "SOPClassUID": SOP_CLASSES[kind], "SOPInstanceUID": uid, "SeriesInstanceUID": series, "PatientID": "P",
            "FrameOfReferenceUID": FRAME, "ImagePositionPatient": [0, 0, z], "BitsStored": 12, **more,
        }
    )  # fmt: skip


def refers(kind: str, uid: str) -> dict[str, str]:
    return {"ReferencedSOPClassUID": SOP_CLASSES[kind], "ReferencedSOPInstanceUID": uid}


def outline(z: float, shape: str = "CLOSED_PLANAR", *, named: str = "") -> dict[str, Any]:
    found = {"ContourGeometricType": shape, "ContourData": [0, 0, z, 9, 0, z, 9, 9, z]}
    return {**found, "ContourImageSequence": [refers("ct", named)]} if named else found


def structures(*contours: dict[str, Any], role: str = "EXTERNAL") -> Dataset:
    series = {"SeriesInstanceUID": "1.2.1", "ContourImageSequence": [refers("ct", "1.1"), refers("ct", "1.2")]}
    return dataset(
        {
            "SOPClassUID": SOP_CLASSES["rtstruct"], "SOPInstanceUID": "1.5", "PatientID": "P",
            "PatientName": "A^B", "PatientSex": "F",
            "ReferencedFrameOfReferenceSequence": [{"RTReferencedStudySequence": [
                {"RTReferencedSeriesSequence": [series]}]}],
            "StructureSetROISequence": [{"ROINumber": 1, "ROIName": "Body"}, {"ROINumber": 2, "ROIName": "Body"},
                                        {"ROINumber": 3, "ROIName": "Lung"}, {"ROINumber": 4}],
            "ROIContourSequence": [{"ReferencedROINumber": 1, "ContourSequence": list(contours)}],
            "RTROIObservationsSequence": [{"ReferencedROINumber": 1, "RTROIInterpretedType": role}],
        }
    )  # fmt: skip


CT: dict[str, Dataset] = {"ct1": image("ct", "1.1", "1.2.1", 0), "ct2": image("ct", "1.2", "1.2.1", 5)}
SET: Base = {**CT, "rtstruct": structures(outline(0), outline(5))}


@pytest.mark.parametrize(
    ("stored", "vr", "found"),
    [
        (b"12 ", "UN", 12), (b"1\\2.5\\TRUE\0", "UN", [1, 2.5, "TRUE"]), ("7", "LO", 7), (["1", "A"], "LO", [1, "A"]),
        ("TRUE", "CS", "TRUE"), (3, "US", 3),
    ],
)  # fmt: skip
def test_plain_reads_what_has_no_vr_as_text(stored: object, vr: str, found: object) -> None:
    ds = dataset({})
    put(ds, f"3007,xx70 NUCLETRON/{vr}", stored)
    assert said({"a": ds}, 'plain(private("3007,xx70", "NUCLETRON"))', "a:") == found


def test_plain_does_not_guess_at_bytes() -> None:
    ds = dataset({})
    put(ds, "3007,xx70 NUCLETRON/UN", b"\x02\x00")
    assert verdict(said({"a": ds}, 'plain(private("3007,xx70", "NUCLETRON"))', "a:")) == "unknown"
    assert said({"a": dataset({})}, 'plain(private("3007,xx70", "NUCLETRON")) == None', "a:") is True


def test_a_block_may_be_reserved_and_empty() -> None:
    ds = dataset({})
    ds.add_new(0x30070010, "LO", "NUCLETRON")
    assert said({"a": ds}, 'reserves("3007", "NUCLETRON")', "a:") is True
    assert said({"a": ds}, 'reserves("3007", "OTHER")', "a:") is False


@pytest.mark.parametrize(("index", "holds"), [(0, True), (1, False), (2, True), (3, True)])
def test_first_with_is_false_in_the_later_item(index: int, *, holds: bool) -> None:
    found = said(SET, "first_with(item.ROIName)", f"rtstruct:StructureSetROISequence[{index}]")
    assert bool(found) is holds


def test_types_of_the_contours_of_a_region() -> None:
    points = {"rtstruct": structures(outline(0), outline(5, "POINT"))}
    assert said(points, "contour_types(1)", "rtstruct:") == ["CLOSED_PLANAR", "POINT"]
    assert said(points, "contour_types(2)", "rtstruct:") == []


BEAMS = [
    {"TreatmentMachineName": "A", "SourceAxisDistance": 1000}, {"TreatmentMachineName": "B", "SourceAxisDistance": 800},
    {"TreatmentMachineName": "A", "SourceAxisDistance": 950}, {"TreatmentMachineName": "A"},
]  # fmt: skip


@pytest.mark.parametrize(("index", "holds"), [(0, True), (1, True), (2, False), (3, True)])
def test_a_machine_has_one_value(index: int, *, holds: bool) -> None:
    plan = {"rtplan": dataset({"BeamSequence": BEAMS})}
    assert bool(said(plan, "same_on_machine(item.SourceAxisDistance)", f"rtplan:BeamSequence[{index}]")) is holds


def test_related_images_are_of_another_series_in_the_same_frame() -> None:
    mine = image("ct", "1.3", "1.2.2", 0, BitsStored=16)
    assert verdict(said({"ct": mine}, "as_related(BitsStored)", "ct:")) == "unknown"
    assert verdict(said({"ct": mine, **CT}, "as_related(BitsStored)", "ct:")) == "broken"
    assert said({"ct": image("ct", "1.3", "1.2.2", 0), **CT}, "as_related(BitsStored)", "ct:") is True
    elsewhere = image("ct", "1.4", "1.2.3", 0, FrameOfReferenceUID="1.2.8")
    assert verdict(said({"ct": mine, "other": elsewhere}, "as_related(BitsStored)", "ct:")) == "unknown"


@pytest.mark.parametrize(
    ("objects", "found"),
    [
        (SET, "true"),
        ({**CT, "rtstruct": structures(outline(0), outline(9, named="1.2"))}, "true"),
        ({**CT, "rtstruct": structures(outline(0))}, "broken"),
        ({**CT, "rtstruct": structures(outline(0), outline(5), role="ORGAN")}, "broken"),
        ({"rtstruct": structures(outline(0), outline(5))}, "unknown"),
    ],
)
def test_an_outline_reaches_every_image(objects: Base, found: str) -> None:
    assert verdict(said(objects, 'outlined("EXTERNAL")', "rtstruct:")) == found


def test_a_second_series_needs_no_outline() -> None:
    three = structures(outline(0), outline(5))
    item = three.ReferencedFrameOfReferenceSequence[0].RTReferencedStudySequence[0].RTReferencedSeriesSequence[0]
    item.ContourImageSequence.append(dataset(refers("mr", "1.9")))
    objects = {**CT, "mr": image("mr", "1.9", "1.2.7", 90), "rtstruct": three}
    assert said(objects, 'outlined("EXTERNAL")', "rtstruct:") is True
    assert said(objects, "count(planned_images())", "rtstruct:") == 2
    assert verdict(said({"rtstruct": three}, "planned_images()", "rtstruct:")) == "unknown"


@pytest.mark.parametrize(
    ("meta", "found"), [(("ct", "1.1"), "true"), (("ct", "1.9"), "broken"), (("mr", "1.1"), "broken"), ((), "broken")]
)
def test_file_meta_information_names_its_object(meta: tuple[str, ...], found: str) -> None:
    ds = image("ct", "1.1", "1.2.1", 0)
    assert verdict(said({"ct": ds}, "file_meta_agrees()", "ct:")) == "unknown"
    ds.file_meta = FileMetaDataset()
    if meta:
        ds.file_meta.MediaStorageSOPClassUID = UID(SOP_CLASSES[meta[0]])
        ds.file_meta.MediaStorageSOPInstanceUID = UID(meta[1])
    assert verdict(said({"ct": ds}, "file_meta_agrees()", "ct:")) == found


@pytest.mark.parametrize(
    ("sex", "name", "found"), [("F", "A^B", "true"), ("", "A^B", "true"), ("M", "A^B", "broken"), ("F", "C", "broken")]
)
def test_the_patient_is_the_one_of_what_is_referred_to(sex: str, name: str, found: str) -> None:
    images = {"ct1": image("ct", "1.1", "1.2.1", 0, PatientName=name, PatientSex=sex)}
    mine = structures(outline(0))
    assert verdict(said({**images, "rtstruct": mine}, 'patient_as_referenced("ct")', "rtstruct:")) == found
    assert verdict(said({"rtstruct": mine}, 'patient_as_referenced("ct")', "rtstruct:")) == "unknown"


def test_images_of_one_beam_are_counted() -> None:
    def radiograph(number: int, plan: str, uid: str) -> Dataset:
        return dataset(
            {
                "SOPClassUID": SOP_CLASSES["rtimage"], "SOPInstanceUID": uid, "ReferencedBeamNumber": number,
                "ReferencedRTPlanSequence": [refers("rtplan", plan)],
            }
        )  # fmt: skip

    objects = {
        "a": radiograph(1, "1.6", "1.71"), "b": radiograph(1, "1.6", "1.72"), "c": radiograph(1, "1.66", "1.73"),
        "d": radiograph(2, "1.6", "1.74"),
    }  # fmt: skip
    assert [said(objects, "images_of_beam()", f"{name}:") for name in objects] == [2, 2, 1, 1]


@pytest.mark.parametrize(
    ("text", "found"),
    [("'255/0/12'", "true"), ("[255, 0, 12]", "true"), ("'255/0'", "broken"), ("[256, 0, 0]", "broken"),
     ("'red'", "broken")],
)  # fmt: skip
def test_a_colour_has_three_parts(text: str, found: str) -> None:
    assert verdict(said(CT, f"colour({text})", "ct1:")) == found
