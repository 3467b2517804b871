"""Every documented precondition: decided, or listed with the reason; and each refusal names object, value and limit."""

from __future__ import annotations

from copy import deepcopy

import pytest

from linacsim.conformance import load_system
from linacsim.devices.imager.preconditions import DECIDED, ELSEWHERE, MATCHES, Activity, Severity, judge
from tests.devices.imager.planned_case import Change, Given, loaded

SECTIONS = tuple(f"2.2.1.4.1.{number}" for number in range(2, 8))
REFUSAL, WARNING, ADVICE = Severity.REFUSAL, Severity.WARNING, Severity.ADVICE


def documented() -> set[str]:
    system = load_system("varian-obi")
    return {one.id for one in system.preconditions if one.section.startswith((*SECTIONS, "A.1.2"))}


def test_every_precondition_is_decided_here_or_listed_with_a_reason() -> None:
    assert documented() == set(DECIDED) | set(ELSEWHERE)
    assert not set(DECIDED) & set(ELSEWHERE)
    assert all(len(reason) > 20 for reason in ELSEWHERE.values())


def test_what_the_checker_decides_has_readings() -> None:
    read = {one.subject for one in load_system("varian-obi").readings}
    assert {rule for rule, one in DECIDED.items() if one.by.startswith("readings")} <= read


@pytest.mark.parametrize("activity", ["load", *MATCHES])
def test_the_case_may_be_loaded_and_matched(activity: Activity) -> None:
    assert judge(loaded(), activity).said == ()


def change_plan(keyword: str, value: object) -> Change:
    def change(given: Given) -> None:
        if value is None:
            delattr(given.plan, keyword)
        else:
            setattr(given.plan, keyword, value)

    return change


def beam(number: int, keyword: str, value: object, *, point: bool = False) -> Change:
    def change(given: Given) -> None:
        item = given.beam(number).ControlPointSequence[0] if point else given.beam(number)
        if value is None:
            delattr(item, keyword)
        else:
            setattr(item, keyword, value)

    return change


def only_beams(*numbers: int) -> Change:
    def change(given: Given) -> None:
        given.plan.BeamSequence = [one for one in given.plan.BeamSequence if one.BeamNumber in numbers]

    return change


def slice_at(index: int, keyword: str, value: object) -> Change:
    return lambda given: setattr(given.slices[index], keyword, value)


def no_markers(given: Given) -> None:
    assert given.structures is not None
    for one in given.structures.RTROIObservationsSequence:
        if one.RTROIInterpretedType == "MARKER":
            one.RTROIInterpretedType = "CONTROL"
            del one[0x3271, 0x1000]


def marker_at(*place: str) -> Change:
    return lambda given: setattr(given.region("Marker2").ContourSequence[0], "ContourData", list(place))


def no_geometry(given: Given) -> None:
    given.slices.clear()
    given.images = [given.image(4)]
    del given.image(4).IsocenterPosition


def without(what: str) -> Change:
    def change(given: Given) -> None:
        if what == "images":
            given.slices.clear()
            given.images.clear()
        elif what == "slices":
            given.slices.clear()
        else:
            given.structures = None

    return change


def raised(given: Given) -> None:
    contour = given.region("Heart").ContourSequence[0]
    data = [f"{float(one):.2f}" for one in contour.ContourData]
    data[2] = f"{float(data[2]) + 0.001:.9g}"
    contour.ContourData = data


def two_points(given: Given) -> None:
    contour = given.region("Marker2").ContourSequence[0]
    contour.ContourData, contour.NumberOfContourPoints = [*contour.ContourData, "1", "2", "3"], 2


def uneven(given: Given) -> None:
    for one in given.slices[4:]:
        x, y, z = one.ImagePositionPatient
        one.ImagePositionPatient = [x, y, str(float(z) + 3)]


def couches(first: str, second: str) -> Change:
    def change(given: Given) -> None:
        given.beam(1).ControlPointSequence[0].TableTopVerticalPosition = first
        given.beam(2).ControlPointSequence[0].TableTopVerticalPosition = second

    return change


Row = tuple[Change, Activity, Severity, str, tuple[str, ...]]

ROWS: list[Row] = [
    (change_plan("BeamSequence", []), "load", REFUSAL, "plan-beams", ("RT Plan PHOTONS", "the least is 1")),
    (change_plan("RTPlanLabel", None), "load", REFUSAL, "type1-present", ("RT Plan", "RTPlanLabel")),
    (change_plan("SOPInstanceUID", None), "load", REFUSAL, "type1-present", ("RT Plan",)),
    (beam(6, "BeamLimitingDeviceSequence", []), "load", REFUSAL, "type1-present",
     ("beam 6 (MV_AP)", "BeamLimitingDeviceSequence is missing", "type 1")),
    (lambda given: setattr(given.plan.PatientSetupSequence[0], "PatientPosition", "FFDR"), "load", REFUSAL,
     "patient-position", ("Patient Position FFDR",)),
    (lambda given: delattr(given.slices[0], "RescaleSlope"), "3D/3D", REFUSAL, "type1-present", ("CT Image", "RescaleSlope")),
    (lambda given: delattr(given.image(4), "RTImageLabel"), "load", WARNING, "type1-present", ("RT Image", "RTImageLabel")),
    (couches("100", "102.5"), "2D", REFUSAL, "couch-translations-equal", ("vertical from 100 to 102.5 mm", "to within 2 mm")),
    (couches("100", "102.5"), "3D/3D", REFUSAL, "couch-translations-equal", ("vertical from 100 to 102.5 mm", "to within 2 mm")),
    (beam(4, "TreatmentDeliveryType", "DRY_RUN"), "load", WARNING, "field-kinds-usable", ("beam 4 (KV_AP)", "DRY_RUN")),
    (beam(4, "NumberOfWedges", 1), "load", WARNING, "kv-no-wedges", ("beam 4 (KV_AP)", "NumberOfWedges 1", "is 0")),
    (beam(4, "NumberOfBlocks", 2), "load", WARNING, "kv-no-blocks", ("NumberOfBlocks 2",)),
    (beam(4, "BeamLimitingDeviceAngle", "5", point=True), "load", WARNING, "kv-bld-angle-zero",
     ("beam 4 (KV_AP)", "BeamLimitingDeviceAngle 5")),
    (beam(4, "GantryRotationDirection", "CW", point=True), "load", WARNING, "kv-gantry-rotation-none", ("CW",)),
    (beam(4, "GantryAngle", "400", point=True), "load", WARNING, "gantry-angle-meaning", ("400",)),
    (lambda given: setattr(given.image(4), "IsocenterPosition", None), "load", WARNING, "rt-image-geometry",
     ("RT Image KV_AP", "isocenter")),
    (lambda given: setattr(given.image(4), "RTImagePosition", None), "load", ADVICE, "rt-image-position-default",
     ("RT Image KV_AP", "centred")),
    (no_geometry, "2D", REFUSAL, "rt-image-geometry", ("beam 4 (KV_AP)", "RT Image KV_AP", "IsocenterPosition")),
    (without("images"), "2D/2D", REFUSAL, "reference-image", ("beam 4 (KV_AP)", "no reference image from 0 degrees")),
    (beam(2, "IsocenterPosition", ["80", "-10", "1"], point=True), "2D", WARNING, "iso-same-2d",
     ("1 mm apart", "less than 1.0 mm", "couch shifts cannot be applied")),
    (beam(2, "IsocenterPosition", ["80", "-10", "1"], point=True), "2D/2D", REFUSAL, "iso-same-2d2d",
     ("1 mm apart", "less than 1.0 mm")),
    (beam(2, "IsocenterPosition", ["80", "-10", "1"], point=True), "marker", REFUSAL, "iso-same-marker",
     ("1 mm apart", "less than 1.0 mm")),
    (beam(2, "IsocenterPosition", ["80", "-10", "1"], point=True), "3D/3D", REFUSAL, "iso-same-3d3d",
     ("1 mm apart", "less than 1.0 mm")),
    (lambda given: setattr(given.image(5), "IsocenterPosition", ["80", "-8", "0"]), "marker", REFUSAL, "iso-same-marker",
     ("2 mm apart", "RT Image KV_LAT")),
    (only_beams(1, 2, 3), "2D", REFUSAL, "beams-2d", ("0 valid beams", "one setup beam", "or else one treatment beam")),
    (only_beams(1, 4), "2D/2D", REFUSAL, "beams-2d2d", ("1 valid beams", "two setup beams")),
    (only_beams(1, 4), "marker", REFUSAL, "beams-marker", ("1 valid beams", "two setup beams")),
    (only_beams(1, 4, 5), "3D/3D", REFUSAL, "beam-3d3d", ("CBCT",)),
    (beam(7, "BeamType", "DYNAMIC"), "3D/3D", REFUSAL, "beam-3d3d", ("beam 7 (CBCT) breaks beam-3d3d", "STATIC")),
    (only_beams(1, 4, 6), "2D/2D", ADVICE, "angle-2d2d", ("90 degrees",)),
    (only_beams(1, 4, 6), "marker", ADVICE, "angle-marker", ("90 degrees",)),
    (without("structures"), "marker", REFUSAL, "ct-load-marker", ("structure set",)),
    (without("slices"), "3D/3D", REFUSAL, "ct-load-3d3d", ("slices",)),
    (slice_at(2, "FrameOfReferenceUID", "1.2.3.4"), "3D/3D", REFUSAL, "ct-same-frame-3d3d", ("1.2.3.4",)),
    (slice_at(2, "FrameOfReferenceUID", "1.2.3.4"), "marker", REFUSAL, "ct-same-frame-marker", ("frame of reference",)),
    (slice_at(2, "ImagePositionPatient", ["-188.8", "-189", "-8"]), "3D/3D", REFUSAL, "ct-xy-offset-3d3d",
     ("CT Image 3", "x is -188.8", "at most 0.1 mm")),
    (uneven, "3D/3D", ADVICE, "ct-z-spacing-3d3d", ("not equally spaced",)),
    (raised, "3D/3D", WARNING, "contour-noncoplanar-skip-3d3d", ("Heart (ROI 4)", "0.001 mm", "1e-06 mm")),
    (raised, "marker", WARNING, "contour-noncoplanar-skip-marker", ("Heart (ROI 4)", "0.001 mm", "1e-06 mm")),
    (no_markers, "marker", REFUSAL, "markers", ("no marker",)),
    (two_points, "marker", WARNING, "marker-point-coding", ("Marker2 (ROI 10)", "1 point")),
    (marker_at("88", "-8", "40"), "marker", REFUSAL, "marker-in-ct",
     ("Marker2 (ROI 10)", "z is 40 mm", "the CT reaches from -28 to 20 mm")),
]  # fmt: skip


@pytest.mark.parametrize(("change", "activity", "severity", "rule", "words"), ROWS)
def test_what_is_not_met_is_told_in_words(
    change: Change, activity: Activity, severity: Severity, rule: str, words: tuple[str, ...]
) -> None:
    verdict = judge(loaded(change), activity)
    said = [one for one in verdict.said if one.rule == rule and one.severity is severity]
    assert said, [f"{one.severity} {one.rule}: {one}" for one in verdict.said]
    text = str(said[0])
    assert all(word in text for word in words), text
    assert "2.2.1.4.1." in text or "A.1.2" in text
    if severity is not REFUSAL:
        assert verdict.refusals == ()


@pytest.mark.parametrize("apart", [0.999, 1.0])
def test_isocentres_are_less_than_a_millimetre_apart(apart: float) -> None:
    verdict = judge(loaded(beam(2, "IsocenterPosition", ["80", "-10", str(apart)], point=True)), "2D/2D")
    assert bool(verdict.refusals) == (apart >= 1.0)


def test_a_2d_match_of_several_isocentres_is_done_and_not_applied() -> None:
    verdict = judge(loaded(beam(2, "IsocenterPosition", ["80", "-10", "30"], point=True)), "2D")
    assert (verdict.refusals, verdict.shift_applies) == ((), False)
    assert judge(loaded(), "2D").shift_applies


def test_couches_may_differ_by_two_millimetres() -> None:
    assert judge(loaded(couches("100", "102")), "2D").said == ()


def test_a_kv_beam_that_is_not_valid_does_not_count() -> None:
    def change(given: Given) -> None:
        given.beam(4).NumberOfBoli = 1
        given.plan.BeamSequence = [one for one in given.plan.BeamSequence if one.BeamNumber in (1, 4, 5)]

    verdict = judge(loaded(change), "2D/2D")
    assert [one.rule for one in verdict.refusals] == ["beams-2d2d"]
    assert "1 valid beams are set up for it: beam 4 (KV_AP) breaks kv-no-boli" in str(verdict.refusals[0])


def test_the_beams_that_are_asked_for_need_a_reference() -> None:
    def change(given: Given) -> None:
        given.slices.clear()
        given.images = [one for one in given.images if one.ReferencedBeamNumber == 5]

    patient = loaded(change)
    assert judge(patient, "2D", [5]).refusals == ()
    assert [one.beam for one in judge(patient, "2D", [4]).refusals] == [4]


def test_too_many_markers_cannot_be_told_apart() -> None:
    def change(given: Given) -> None:
        structures = given.structures
        assert structures is not None
        for number in range(20, 24):
            for rows in (structures.StructureSetROISequence, structures.ROIContourSequence,
                         structures.RTROIObservationsSequence):  # fmt: skip
                twin = deepcopy(rows[-1])
                for keyword in ("ROINumber", "ReferencedROINumber", "ObservationNumber"):
                    if keyword in twin:
                        setattr(twin, keyword, number)
                rows.append(twin)

    words = [str(one) for one in judge(loaded(change), "marker").refusals]
    assert any("7 markers, the most that can be told apart are 6" in one for one in words)


def test_a_thing_is_said_once_and_the_gravest_first() -> None:
    def change(given: Given) -> None:
        for one in given.slices[:4]:
            one.FrameOfReferenceUID = "1.2.3.4"
        raised(given)

    verdict = judge(loaded(change), "3D/3D")
    assert [one.severity for one in verdict.said] == sorted(
        (one.severity for one in verdict.said), key=list(Severity).index
    )
    assert len({one.words for one in verdict.said}) == len(verdict.said)
    assert len([one for one in verdict.said if one.rule == "ct-same-frame-3d3d"]) <= 2


def test_the_plan_is_asked_once() -> None:
    patient = loaded()
    judge(patient, "load")
    first = patient.remembered["findings"]
    judge(patient, "3D/3D")
    assert patient.remembered["findings"] is first


def test_remarks_on_the_print_of_the_document_are_not_told() -> None:
    said = " ".join(str(one) for one in judge(loaded(couches("100", "102.5")), "2D").said)
    assert "all treatment beams of a plan have the same" in said
    assert "printed" not in said
