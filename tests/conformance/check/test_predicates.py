"""The functions of readings: each with a case that keeps and one that breaks."""

from __future__ import annotations

import ast

import pytest

from linacsim.conformance.check.predicates import functions
from linacsim.conformance.check.scope import Instance
from tests.conformance.check.scopes import instance, verdict

OURS = ("basics", "geometry", "pixels", "references", "sequences", "text")


def ct(number: int, **more: object) -> Instance:
    values = {
        "SeriesInstanceUID": "1.2.8",
        "FrameOfReferenceUID": "1.2.5",
        "PatientID": "A1",
        "InstanceNumber": number,
        "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
        "ImagePositionPatient": [0, 0, 2.0 * number],
    }
    return instance("ct", f"1.2.3.{number}", **{**values, **more})


SLICES = [ct(n) for n in range(4)]
STRUCT = instance(
    "rtstruct",
    "1.2.4",
    PatientID="A1",
    FrameOfReferenceUID="1.2.5",
    ROIContourSequence=[
        {"ContourSequence": [{"ContourData": [0, 0, 1, 5, 0, 1, 5, 5, 1, 0, 5, 1]}]},
        {"ContourSequence": [{"ContourData": [0, 0, 1, 5, 0, 1, 5, 5, 1, 0, 5, 3]}]},
        {"ContourSequence": [{"ContourData": [0, 0, 1, 5, 0]}]},
    ],
    ReferencedImageSequence=[
        {"ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "ReferencedSOPInstanceUID": f"1.2.3.{n}"}
        for n in range(4)
    ],
)
PLAN = instance(
    "rtplan",
    "1.2.9",
    PatientID="A1",
    RTPlanLabel="Boost_1",
    ReferencedStructureSetSequence=[
        {"ReferencedSOPClassUID": "1.2.840.10008.5.1.4.1.1.481.3", "ReferencedSOPInstanceUID": "1.2.4"}
    ],
    BeamSequence=[
        {
            "BeamNumber": 1,
            "ControlPointSequence": [
                {"GantryAngle": 10, "IsocenterPosition": [0, 0, 0], "CumulativeMetersetWeight": 0},
                {"CumulativeMetersetWeight": 0.5},
                {"GantryAngle": 20, "CumulativeMetersetWeight": 1},
            ],
        },
        {"BeamNumber": 2, "ControlPointSequence": [{"GantryAngle": 350, "IsocenterPosition": [0.6, 0.6, 0]}]},
    ],
)
SET = (PLAN, STRUCT, *SLICES)
IMAGE = ct(0, Rows=2, Columns=2, BitsAllocated=16, PixelRepresentation=1, RescaleSlope=2, RescaleIntercept=-1000)
IMAGE.dataset.add_new("PixelData", "OW", b"\x01\x00\xff\xff\x00\x00\x05\x00")

CASES = [
    ("present(PatientID)", True), ("present(PatientSex)", False),
    ("absent(PatientSex)", True), ("absent(PatientID)", False),
    ("empty(PatientSex)", False),
    ("count(BeamSequence) == 2", True), ("count(PatientID) == 1", True),
    ("private('4001,xx01') == None", True), ("private('4001,xx01') == 'X'", False),
    ("every(BeamSequence, BeamNumber > 0)", True), ("every(BeamSequence, BeamNumber > 1)", False),
    ("some(BeamSequence, BeamNumber > 1)", True), ("some(BeamSequence, BeamNumber > 2)", False),
    ("number_of(BeamSequence, BeamNumber > 1) == 1", True),
    ("first(BeamSequence).BeamNumber == 1", True), ("last(BeamSequence).BeamNumber == 2", True),
    ("at(BeamSequence, 1).BeamNumber == 2", True), ("at(BeamSequence, 2) == None", True),
    ("where(BeamSequence, BeamNumber == 2).BeamNumber == [2]", True),
    ("item_where(BeamSequence, BeamNumber == 2).BeamNumber == 2", True),
    ("close(1, 1.0000001)", True), ("close(1, 1.1)", False), ("close([1, 2], [1, 2.5], 1)", True), ("close(1, 'a')", False),
    ("total([1, 2, 3]) == 6", True), ("total([1, 'x']) == None", True),
    ("absolute(-2) == 2", True), ("modulo(-90, 360) == 270", True),
    ("least([3, 1]) == 1", True), ("greatest([3, 1]) == 3", True),
    ("unique(BeamSequence.BeamNumber)", True), ("unique([1, 2, 1])", False),
    ("sequential(BeamSequence.BeamNumber)", True), ("sequential([0, 1, 3], 0)", False),
    ("increasing([1, 2])", True), ("increasing([1, 1])", False), ("increasing([1, 1], False)", True),
    ("constant([2, 2])", True), ("constant([2, 3])", False), ("constant([2, 2.5], 0.5)", True),
    ("all_in(['a'], ['a', 'b'])", True), ("all_in(['c'], ['a', 'b'])", False),
    ("any_in(['c', 'a'], ['a'])", True), ("any_in(['c'], ['a'])", False),
    ("same_members([1, 2], [2, 1])", True), ("same_members([1, 2], [2, 3])", False),
    ("every(BeamSequence, position() == BeamNumber - 1)", True), ("position() == None", True),
    ("every(BeamSequence, previous() == None)", False), ("some(BeamSequence, previous() == None)", True),
    ("some(BeamSequence, following() == None)", True), ("every(BeamSequence, following() == None)", False),
    ("every(first(BeamSequence).ControlPointSequence, carried(item.GantryAngle) > 0)", True),
    ("every(first(BeamSequence).ControlPointSequence, present(item.GantryAngle))", False),
    ("orthonormal([1, 0, 0, 0, 1, 0])", True), ("orthonormal([1, 0, 0, 1, 1, 0])", False), ("orthonormal([2])", False),
    ("orthonormal([1, 0, 0, 0.7071068, 0.7071068, 0])", False),
    ("along_axes([1, 0, 0, 0, 0, -1])", True), ("along_axes([0.9, 0.4, 0, 0, 0, 1])", False),
    ("z_spread([0, 0, 1, 0, 0, 3]) == 2", True), ("z_spread([0, 0]) == 2", "unknown"),
    ("distance([0, 0, 0], [3, 4, 0]) == 5", True), ("distance(1, 3) == 2", True), ("distance('a', 1) == None", True),
    ("within(BeamSequence.ControlPointSequence.IsocenterPosition, 1.0)", True),
    ("within(BeamSequence.ControlPointSequence.IsocenterPosition, 0.8)", False),
    ("within([1, 2], 1, True)", False), ("within([[1, 2], [1]], 1)", False), ("within([], 1)", True),
    ("angle_between(350, 10) == 20", True), ("angle_between(0, 180) == 180", True),
    ("in_range([1, 2], 1, 2)", True), ("in_range([1, 3], 1, 2)", False),
    ("refers_to('rtstruct')", True), ("refers_to('ct')", False), ("kind() == 'rtplan'", True),
    ("ref('rtstruct').FrameOfReferenceUID == '1.2.5'", True), ("ref('ct') == None", "unknown"),
    ("count(given('ct')) == 4", True), ("has('ct,mr')", True), ("has('mr')", False),
    ("count(series()) == 1", True), ("count(images()) == 4", True),
    ("references_resolve('rtstruct')", True), ("references_resolve('ct')", "unknown"),
    ("resolves('1.2.4')", True), ("resolves('1.2.77')", False),
    ("instance_of('1.2.4').FrameOfReferenceUID == '1.2.5'", True), ("instance_of('9') == None", "unknown"),
    ("same_in_set(PatientID)", True), ("distinct_in_set(given('ct'), ImagePositionPatient) == 4", True),
    ("matches(RTPlanLabel, '[A-Z].*_[0-9]')", True), ("matches(RTPlanLabel, '[0-9]+')", False),
    ("contains(RTPlanLabel, 'st_')", True), ("contains(RTPlanLabel, 'x')", False),
    ("starts_with(RTPlanLabel, 'Boost')", True), ("starts_with(PatientSex, 'B')", False),
    ("ends_with(RTPlanLabel, '_1')", True), ("ends_with(RTPlanLabel, '_2')", False),
    ("length(RTPlanLabel) == 7", True), ("max_length(RTPlanLabel, 7)", True), ("max_length(RTPlanLabel, 6)", False),
    ("prefix(RTPlanLabel, 5) == 'Boost'", True), ("upper('ab') == 'AB'", True),
    ("number('2.5') == 2.5", True), ("number('x') == None", True), ("text(2) == '2'", True),
    ("is_uid('1.2.840')", True), ("is_uid('1.02')", False),
    ("is_date('20261121')", True), ("is_date('20261341')", False),
    ("is_time('0915')", True), ("is_time('2515')", False),
    ("encodable('é')", True), ("encodable('é', 'ascii')", False),
    ("unknown('why')", "unknown"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "wanted"), CASES)
def test_on_a_plan(text: str, wanted: bool | str) -> None:
    assert verdict(text, *SET) == wanted


@pytest.mark.parametrize(
    ("text", "index", "wanted"),
    [
        ("coplanar(ContourData)", 0, True),
        ("coplanar(ContourData)", 1, False),
        ("coplanar(ContourData)", 2, "unknown"),
        ("z_spread(ContourData) <= 0.000001", 0, True),
    ],
)
def test_on_contours(text: str, index: int, wanted: bool | str) -> None:
    assert verdict(f"every(at(ROIContourSequence, {index}).ContourSequence, {text})", STRUCT) == wanted


@pytest.mark.parametrize(
    ("text", "odd"),
    [
        ("uniform_spacing()", {"ImagePositionPatient": [0, 0, 5.0]}),
        ("parallel()", {"ImageOrientationPatient": [0.6, 0.8, 0, -0.8, 0.6, 0]}),
        ("lies('axial')", {"ImageOrientationPatient": [1, 0, 0, 0, 0, 1]}),
        ("axial()", {"ImageOrientationPatient": [1, 0, 0, 0, 0, 1]}),
        ("same_in_series(FrameOfReferenceUID)", {"FrameOfReferenceUID": "1.2.6"}),
        ("same_in_kind(FrameOfReferenceUID)", {"FrameOfReferenceUID": "1.2.6"}),
        ("same_in_set(FrameOfReferenceUID)", {"FrameOfReferenceUID": "1.2.6"}),
        ("unique_in_series(ImagePositionPatient)", {"ImagePositionPatient": [0, 0, 2.0]}),
        ("unique_in_set(InstanceNumber)", {"InstanceNumber": 1}),
    ],
)
def test_the_slice_at_fault_is_told_from_the_others(text: str, odd: dict[str, object]) -> None:
    slices = [ct(0), ct(1), ct(2, **odd), ct(3)]
    assert verdict(text, *SLICES) is True
    wrong = [at for at in range(4) if verdict(text, *slices, at=at) is not True]
    assert 2 in wrong
    assert 0 not in wrong


@pytest.mark.parametrize("text", ["same_in_series", "same_in_kind", "same_in_set"])
def test_an_empty_value_is_no_other_value(text: str) -> None:
    empty = {"PositionReferenceIndicator": ""}
    slices = [ct(0, **empty), ct(1, **empty), ct(2, PositionReferenceIndicator="XY"), ct(3)]
    assert [verdict(f"{text}(PositionReferenceIndicator)", *slices, at=at) for at in range(4)] == [True] * 4
    slices += [ct(n, PositionReferenceIndicator="IC") for n in (4, 5)]
    assert verdict(f"{text}(PositionReferenceIndicator)", *slices, at=2) is False
    assert verdict(f"{text}(PositionReferenceIndicator)", *slices, at=0) is True


def test_references_that_do_not_resolve() -> None:
    assert verdict("references_resolve('ct')", STRUCT, *SLICES) is True
    assert verdict("references_resolve('ct')", STRUCT, *SLICES[1:]) is False


def test_pixels() -> None:
    assert verdict("pixels_complete()", IMAGE) is True
    assert verdict("pixel_range() == [-1, 5] and rescaled_range() == [-1002, -990]", IMAGE) is True
    short = ct(0, Rows=4, Columns=4, BitsAllocated=16)
    short.dataset.add_new("PixelData", "OW", b"\x01\x00")
    assert verdict("pixels_complete()", short) is False
    assert verdict("pixel_range() == [0, 0]", short) == "unknown"
    assert verdict("pixels_complete()", ct(0)) == "unknown"


def test_every_function_has_a_case() -> None:
    texts = [text for text, _ in CASES] + [
        "coplanar(1)", "uniform_spacing()", "parallel()", "lies('axial')", "axial()", "same_in_series(1)",
        "same_in_kind(1)", "unique_in_series(1)", "unique_in_set(1)", "pixels_complete()", "pixel_range()",
        "rescaled_range()",
    ]  # fmt: skip
    trees = [ast.parse(text) for text in texts]
    called = {
        node.func.id
        for tree in trees
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
    }
    ours = {name for name, one in functions().items() if one.call.__module__.rpartition(".")[2] in OURS}
    assert ours - called == set()
    assert all(functions()[name].call.__doc__ for name in ours)
