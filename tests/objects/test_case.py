"""A synthetic case: its objects agree with each other, with the phantom, and with the seed."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom import Dataset, dcmread, dcmwrite
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian, JPEGBaseline8Bit

from linacsim.conformance.kinds import KINDS, SOP_CLASSES
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.case import BUILDERS, Case, CaseSettings, build_case
from linacsim.objects.case.anatomy import ISOCENTRE, ROIS
from linacsim.objects.encoding import prepare
from linacsim.physics.beamseye import View
from linacsim.physics.phantom import THORAX
from tests.objects.dciodvfy import errors

SEED = 20240506

Array = NDArray[np.float64]


@pytest.fixture(scope="module")
def case() -> Case:
    return build_case(Identity(SEED))


def encoded(ds: Dataset) -> bytes:
    buffer = BytesIO()
    dcmwrite(buffer, ds, enforce_file_format=True)
    return buffer.getvalue()


@pytest.mark.interop
@pytest.mark.parametrize("kind", BUILDERS)
def test_every_kind_keeps_to_the_standard(case: Case, kind: str, tmp_path: Path) -> None:
    objects = case.build(kind)
    for ds in {id(one): one for one in (objects[0], objects[-1])}.values():
        assert errors(ds, tmp_path / "object.dcm") == []


@pytest.mark.interop
@pytest.mark.parametrize(
    "changes",
    [
        {"beam_doses": True},
        {"ion": "carbon"},
        {"technique": "brachy"},
        {"beams": ("photon",)},
        {"beams": ("electron", "cbct")},
        {"slices": 3, "matrix": 41, "radiograph": 17},
        {"patient_name": "", "patient_birth_date": "", "patient_sex": ""},
    ],
)
def test_variants_keep_to_the_standard(changes: dict[str, object], tmp_path: Path) -> None:
    varied = build_case(Identity(SEED)).altered(**changes)
    for kind in BUILDERS:
        if not varied.build(kind):
            assert kind == "rtimage", "brachytherapy has no beam to look along"
            continue
        assert errors(varied.build(kind)[0], tmp_path / f"{kind}.dcm") == [], kind


@pytest.mark.parametrize("kind", BUILDERS)
def test_the_same_seed_gives_the_same_bytes_and_another_one_other_uids(kind: str) -> None:
    small = CaseSettings(slices=4, matrix=48, radiograph=32)
    first, again, other = (build_case(Identity(seed), small).build(kind)[0] for seed in (SEED, SEED, SEED + 1))
    assert encoded(first) == encoded(again)
    assert first.SOPInstanceUID != other.SOPInstanceUID


def test_cases_of_one_run_differ_by_label_and_keep_uids_where_only_numbers_change(case: Case) -> None:
    assert case.altered(label="2").ct[0].SOPInstanceUID != case.ct[0].SOPInstanceUID
    assert case.altered(prescription=60.0).ct[0].SOPInstanceUID == case.ct[0].SOPInstanceUID


def test_another_setting_builds_only_what_it_shapes(case: Case) -> None:
    built = case.ct, case.rtimage
    other = case.altered(radiograph=64)
    assert other.ct is built[0]
    assert other.rtimage[0].Rows == 64
    assert case.altered(slices=5).ct is not case.ct
    assert case.altered(radiograph=case.settings.radiograph).rtimage is built[1]


def test_uids_are_unique_and_members_are_built_once(case: Case) -> None:
    uids = [ds.SOPInstanceUID for ds in case.objects()]
    assert len(uids) == len(set(uids))
    assert case.ct is case.ct
    assert [KINDS[ds.SOPClassUID] for ds in case.objects(["rtplan", "ct"])][-1] == "rtplan"
    assert all(ds.file_meta.MediaStorageSOPInstanceUID == ds.SOPInstanceUID for ds in case.objects())


def references(ds: Dataset) -> Iterator[tuple[str, str]]:
    for element in ds:
        if element.VR == "SQ":
            for one in element.value:
                yield from references(one)
    if "ReferencedSOPInstanceUID" in ds:
        yield ds.ReferencedSOPClassUID, ds.ReferencedSOPInstanceUID


def test_every_reference_is_to_an_object_of_the_case(case: Case) -> None:
    objects = {(ds.SOPClassUID, ds.SOPInstanceUID) for ds in case.objects()}
    objects.add(("1.2.840.10008.3.1.2.3.1", case.ct[0].StudyInstanceUID))
    found = [(ds, pair) for ds in case.objects() for pair in references(ds)]
    assert {SOP_CLASSES[kind] for kind in ("ct", "mr", "rtstruct", "rtplan")} <= {pair[0] for _, pair in found}
    assert not [pair for _, pair in found if pair not in objects]


def test_patient_study_and_frame_of_reference_are_one(case: Case) -> None:
    for keyword in ("PatientID", "PatientName", "PatientBirthDate", "StudyInstanceUID"):
        assert len({str(ds[keyword].value) for ds in case.objects()}) == 1
    frames = {kind: case.build(kind)[0].get("FrameOfReferenceUID") for kind in BUILDERS}
    same = {frames[kind] for kind in ("ct", "pet", "rtstruct", "rtplan", "rtionplan", "rtdose", "rtimage", "reg")}
    assert len(same) == 1
    assert frames["mr"] not in same


def hounsfield(ds: Dataset) -> Array:
    return np.asarray(ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept))


def pixel_at(ds: Dataset, x: float, y: float) -> tuple[int, int]:
    return (
        round((y - ds.ImagePositionPatient[1]) / ds.PixelSpacing[0]),
        round((x - ds.ImagePositionPatient[0]) / ds.PixelSpacing[1]),
    )


def test_ct_shows_the_phantom_in_hounsfield_units(case: Case) -> None:
    middle = next(ds for ds in case.ct if float(ds.ImagePositionPatient[2]) == ISOCENTRE[2])
    values = hounsfield(middle)
    for (x, y), hu in {
        (-80, -15): -750,
        (0, 80): 500,
        (0, 65): 40,
        (40, 75): 0,
        (190, 0): -1000,
        (80, -20): 50,
    }.items():
        assert values[pixel_at(middle, x, y)] == hu
    marker = next(ds for ds in case.altered(slice_spacing=1.0).ct if float(ds.ImagePositionPatient[2]) == 0.0)
    assert hounsfield(marker)[pixel_at(marker, 88.0, -8.0)] > 1000


def test_slices_are_equally_spaced_and_in_order(case: Case) -> None:
    heights = [float(ds.ImagePositionPatient[2]) for ds in case.ct]
    assert np.diff(heights) == pytest.approx(case.settings.slice_spacing)
    assert [ds.InstanceNumber for ds in case.ct] == list(range(1, 25))


def contours(case: Case, name: str) -> list[Dataset]:
    number = next(roi.number for roi in ROIS if roi.name == name)
    found = next(one for one in case.rtstruct[0].ROIContourSequence if one.ReferencedROINumber == number)
    return list(found.ContourSequence)


@pytest.mark.parametrize("name", ["BODY", "Lung_L", "Heart", "GTV", "PTV"])
def test_contours_lie_on_the_image_they_refer_to(case: Case, name: str) -> None:
    heights = {ds.SOPInstanceUID: float(ds.ImagePositionPatient[2]) for ds in case.ct}
    for contour in contours(case, name):
        points = np.array(contour.ContourData, float).reshape(-1, 3)
        assert len(points) == contour.NumberOfContourPoints
        (image,) = contour.ContourImageSequence
        assert set(points[:, 2]) == {heights[image.ReferencedSOPInstanceUID]}


def test_a_contour_holds_what_the_ct_shows_of_it(case: Case) -> None:
    by_uid = {ds.SOPInstanceUID: ds for ds in case.ct}
    contour = contours(case, "Lung_R")[5]
    image = by_uid[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
    points = np.array(contour.ContourData, float).reshape(-1, 3)[:, :2]
    middle = points.mean(axis=0)
    values = hounsfield(image)
    pitch = float(image.PixelSpacing[0])
    for point in points:
        out = (point - middle) / np.linalg.norm(point - middle)
        assert values[pixel_at(image, *(point - 1.5 * pitch * out))] == -750
        assert values[pixel_at(image, *(point + 1.5 * pitch * out))] == 0


def test_markers_and_isocentre_are_points_and_the_plan_aims_at_it(case: Case) -> None:
    assert [float(v) for v in contours(case, "Marker2")[0].ContourData] == list(THORAX.by_name["marker 2"].centre)
    iso = [float(v) for v in contours(case, "ISO")[0].ContourData]
    beams = case.rtplan[0].BeamSequence
    assert all([float(v) for v in beam.ControlPointSequence[0].IsocenterPosition] == iso for beam in beams)


def test_plan_counts_itself_right(case: Case) -> None:
    plan = case.rtplan[0]
    assert [beam.TreatmentDeliveryType for beam in plan.BeamSequence] == ["TREATMENT"] * 3 + ["SETUP"] * 4
    for beam in plan.BeamSequence:
        points = beam.ControlPointSequence
        assert len(points) == beam.NumberOfControlPoints
        assert [float(p.CumulativeMetersetWeight) for p in points] == sorted(
            float(p.CumulativeMetersetWeight) for p in points
        )
        assert float(points[-1].CumulativeMetersetWeight) == float(beam.FinalCumulativeMetersetWeight)
    group = plan.FractionGroupSequence[0]
    assert group.NumberOfBeams == len(group.ReferencedBeamSequence) == len(plan.BeamSequence)
    daily = sum(float(one.get("BeamDose", 0)) for one in group.ReferencedBeamSequence)
    assert daily * group.NumberOfFractionsPlanned == pytest.approx(case.settings.prescription, abs=0.01)


def test_leaves_open_over_the_target_and_stay_behind_the_jaws(case: Case) -> None:
    arc = case.rtplan[0].BeamSequence[1]
    jaw_x, jaw_y, _ = arc.ControlPointSequence[0].BeamLimitingDevicePositionSequence
    boundaries = np.array(arc.BeamLimitingDeviceSequence[2].LeafPositionBoundaries, float)
    for point in arc.ControlPointSequence:
        leaves = np.array(point.BeamLimitingDevicePositionSequence[-1].LeafJawPositions, float)
        left, right = np.split(leaves, 2)
        assert (left <= right).all()
        is_open = right - left > 0
        assert right.max() <= float(jaw_x.LeafJawPositions[1])
        assert left.min() >= float(jaw_x.LeafJawPositions[0])
        assert boundaries[1:][is_open].max() >= float(jaw_y.LeafJawPositions[1]) - 10
        assert is_open.any()
        assert not is_open.all()


def test_source_to_surface_distance_is_to_the_body(case: Case) -> None:
    first = case.rtplan[0].BeamSequence[0].ControlPointSequence[0]
    height = 110.0 * (1 - (ISOCENTRE[0] / 165.0) ** 2) ** 0.5 + ISOCENTRE[1]
    assert float(first.SourceToSurfaceDistance) == pytest.approx(1000 - height, abs=0.05)


def test_ion_plan_adds_its_weights_up(case: Case) -> None:
    for beam in case.rtionplan[0].IonBeamSequence:
        given = 0.0
        for point in beam.IonControlPointSequence:
            assert float(point.CumulativeMetersetWeight) == pytest.approx(given, abs=1e-3)
            assert len(point.ScanSpotPositionMap) == 2 * point.NumberOfScanSpotPositions
            given += sum(point.ScanSpotMetersetWeights)
        assert given == pytest.approx(float(beam.FinalCumulativeMetersetWeight), abs=1e-3)


def test_a_source_steps_through_the_target_and_gives_the_prescription_there(case: Case) -> None:
    brachy = case.altered(technique="brachy")
    channel = brachy.rtplan[0].ApplicationSetupSequence[0].ChannelSequence[0]
    points = channel.BrachyControlPointSequence
    places = np.array([[float(v) for v in point.ControlPoint3DPosition] for point in points])
    assert THORAX.by_name["tumour"].holds(places).all()
    assert (places[::2] == places[1::2]).all()
    steps = np.diff([float(point.ControlPointRelativePosition) for point in points[::2]])
    assert np.linalg.norm(np.diff(places[::2], axis=0), axis=1) == pytest.approx(steps)
    assert float(points[-1].CumulativeTimeWeight) == float(channel.FinalCumulativeTimeWeight)
    assert dose_at(brachy.rtdose[0], ISOCENTRE) == pytest.approx(case.settings.prescription, rel=1e-3)
    assert brachy.rtimage == []


def dose_at(ds: Dataset, point: tuple[float, float, float]) -> float:
    frame = [float(v) for v in ds.GridFrameOffsetVector].index(point[2] - float(ds.ImagePositionPatient[2]))
    row, column = pixel_at(ds, point[0], point[1])
    return float(ds.pixel_array[frame, row, column] * float(ds.DoseGridScaling))


def test_dose_is_the_prescription_at_the_isocentre_and_aligned_with_the_ct(case: Case) -> None:
    dose = case.rtdose[0]
    assert dose_at(dose, ISOCENTRE) == pytest.approx(case.settings.prescription, rel=1e-3)
    assert dose_at(dose, (-150.0, 0.0, ISOCENTRE[2] + 50.0)) == 0
    heights = [float(dose.ImagePositionPatient[2]) + float(v) for v in dose.GridFrameOffsetVector]
    assert heights == [float(ds.ImagePositionPatient[2]) for ds in case.ct]


def test_doses_of_beams_add_up_to_that_of_the_plan(case: Case) -> None:
    beams = case.altered(beam_doses=True).rtdose
    assert [ds.DoseSummationType for ds in beams] == ["BEAM"] * 3
    total = sum(ds.pixel_array * float(ds.DoseGridScaling) for ds in beams)
    plan = case.rtdose[0]
    assert total == pytest.approx(plan.pixel_array * float(plan.DoseGridScaling), abs=0.01)


def test_histograms_begin_with_the_volume_of_the_structure(case: Case) -> None:
    number = next(roi.number for roi in ROIS if roi.name == "PTV")
    histogram = next(
        one for one in case.rtdose[0].DVHSequence if one.DVHReferencedROISequence[0].ReferencedROINumber == number
    )
    volume = 4 / 3 * np.pi * 28 * 26 * 24 / 1000
    assert float(histogram.DVHData[1]) == pytest.approx(volume, rel=0.05)
    assert len(histogram.DVHData) == 2 * histogram.DVHNumberOfBins
    assert float(histogram.DVHMinimumDose) > 0.7 * case.settings.prescription


@pytest.mark.parametrize("index", [0, 1, 2, 4])
def test_a_marker_is_seen_where_the_geometry_says(case: Case, index: int) -> None:
    ds = case.altered(radiograph=512).rtimage[index]
    view = View(ISOCENTRE, float(ds.GantryAngle), float(ds.RadiationMachineSAD))
    marker = np.array(THORAX.by_name["marker 2"].centre)
    x, y = view.project(marker, at=float(ds.RTImageSID))
    spacing = float(ds.ImagePlanePixelSpacing[0])
    column = (x - float(ds.RTImagePosition[0])) / spacing
    row = (float(ds.RTImagePosition[1]) - y) / spacing
    near = ds.pixel_array[round(row) - 9 : round(row) + 10, round(column) - 9 : round(column) + 10].astype(float)
    bright = near - np.median(near)
    bright[bright < bright.max() / 2] = 0
    rows, columns = np.mgrid[-9:10, -9:10]
    centre = (bright * rows).sum() / bright.sum() + round(row), (bright * columns).sum() / bright.sum() + round(column)
    assert centre == pytest.approx((row, column), abs=1.0)


def test_a_radiograph_is_the_line_integral_through_the_ct(case: Case) -> None:
    fine = case.altered(slices=60, slice_spacing=2.0, matrix=256)
    volume = np.stack([hounsfield(ds) for ds in fine.ct])
    spacing, first = fine.settings.spacing, float(fine.ct[0].ImagePositionPatient[2])
    origin = np.array([float(fine.ct[0].ImagePositionPatient[0])] * 2 + [first])
    image, plane = fine.rtimage[0].pixel_array, view_pixels(fine.rtimage[0])
    scale = None
    for row, column in ((64, 64), (50, 70), (64, 20), (80, 90)):
        path = walk(volume, origin, (spacing, spacing, 2.0), View(ISOCENTRE, 0.0).source, plane[row, column])
        scale = scale or image[row, column] / path
        assert image[row, column] == pytest.approx(path * scale, rel=0.02)


def view_pixels(ds: Dataset) -> Array:
    view = View(ISOCENTRE, float(ds.GantryAngle), float(ds.RadiationMachineSAD))
    return view.pixels(ds.Rows, ds.Columns, float(ds.ImagePlanePixelSpacing[0]), float(ds.RTImageSID))


def walk(volume: Array, origin: Array, spacing: tuple[float, ...], source: Array, target: Array) -> float:
    """Add up the voxels that a line crosses, in mm of water."""
    steps = np.arange(600.0, 1400.0, 0.5)
    way = (target - source) / np.linalg.norm(target - source)
    points = source + steps[:, None] * way
    columns, rows, planes = np.rint((points - origin) / spacing).astype(int).T
    inside = (planes >= 0) & (planes < len(volume)) & (rows >= 0) & (rows < volume.shape[1])
    inside &= (columns >= 0) & (columns < volume.shape[2])
    return float(((volume[planes[inside], rows[inside], columns[inside]] + 1000) / 1000 * 0.5).sum())


def test_registration_brings_the_mr_onto_the_ct(case: Case) -> None:
    own, other = case.reg[0].RegistrationSequence
    assert own.FrameOfReferenceUID == case.reg[0].FrameOfReferenceUID
    matrices = [
        np.array(side.MatrixRegistrationSequence[0].MatrixSequence[0].FrameOfReferenceTransformationMatrix, float)
        for side in (own, other)
    ]
    assert (matrices[0].reshape(4, 4) == np.eye(4)).all()
    moved = matrices[1].reshape(4, 4)
    middle = case.mr[len(case.mr) // 2]
    row, column = np.unravel_index(int(np.argmax(middle.pixel_array >= 690)), middle.pixel_array.shape)
    seen = np.array(
        [*(middle.ImagePositionPatient[:2] + np.array([column, row]) * float(middle.PixelSpacing[0]))], float
    )
    at = moved @ [*seen, float(middle.ImagePositionPatient[2]), 1.0]
    assert THORAX.by_name["tumour"].holds(at[:3])


def test_screenshots_show_outlines(case: Case) -> None:
    frames = case.mfsc[0].pixel_array
    assert frames.shape == (3, 96, 96, 3)
    assert (frames == (0, 255, 0)).all(axis=-1).any(axis=(1, 2)).all()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian])
def test_an_object_is_encoded_as_the_exporter_likes(case: Case, syntax: str) -> None:
    buffer = BytesIO(encoded(prepare(case.rtstruct[0], syntax)))
    again = dcmread(buffer)
    assert again.file_meta.TransferSyntaxUID == syntax
    assert [float(v) for v in again.ROIContourSequence[7].ContourSequence[0].ContourData] == list(ISOCENTRE)


def test_no_object_is_compressed(case: Case) -> None:
    with pytest.raises(InputError, match="is not encoded as"):
        prepare(case.ct[0], JPEGBaseline8Bit)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"slices": 0}, "slices: 0 is out of range"),
        ({"pixel_spacing": 1.0}, "96 pixels of 1 mm are 96 mm wide; the phantom needs 340 mm"),
        ({"beams": ("neutron",)}, "beams: unknown beam 'neutron'"),
    ],
)
def test_wrong_settings_are_refused(changes: dict[str, object], text: str) -> None:
    with pytest.raises(InputError, match=text):
        CaseSettings(**changes)  # type: ignore[arg-type]


def test_an_unknown_kind_is_refused(case: Case) -> None:
    with pytest.raises(InputError, match=r"unknown kind of object 'rtpaln'.*rtplan"):
        case.build("rtpaln")
