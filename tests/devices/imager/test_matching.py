"""The displacement that is put in comes back out of pictures of the planned patient; what cannot be trusted says so."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from linacsim.devices.imager.matched import Matched, session_matrix
from linacsim.devices.imager.matching import match, match_2d, match_2d2d, match_3d3d, match_marker
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.planned import marker_size, markers_in_ct
from linacsim.errors import InputError
from linacsim.physics.geometry import Array, Couch, PatientPosition, couch_of, patient_pose
from linacsim.physics.mvbeam import Aperture
from linacsim.physics.phantoms import phantom
from linacsim.physics.phantoms.thorax import ISOCENTRE, planned_thorax
from linacsim.physics.presets import CBCT_PRESETS, KV_TECHNIQUES, MV_TECHNIQUES
from linacsim.physics.room import Radiograph, Room, Scan
from tests.devices.imager.planned_case import WHOLE, Given, case

NAMES = ("x", "y", "z", "rotation", "pitch", "roll")
OPEN = Aperture(x1=-130, x2=130, y1=-130, y2=130)
THORAX_SCAN = CBCT_PRESETS["obi-low-dose-thorax"]
AP, LATERAL = (270.0, "thorax-ap"), (180.0, "thorax-lateral")


@cache
def patient(ct: bool = True, images: bool = True) -> LoadedPatient:
    whole = case(WHOLE)
    return LoadedPatient(whole.rtplan[0], whole.rtstruct[0], whole.ct if ct else (), whole.rtimage if images else ())


@cache
def room() -> Room:
    return Room(planned_thorax(), np.random.SeedSequence(20))


def drawn(key: int, shift: float = 10.0, turn: float = 0.0) -> Couch:
    rng = np.random.default_rng(np.random.SeedSequence([21, key]))
    values = rng.uniform(-1, 1, 6) * ([shift] * 3 + [turn] * 3)
    return Couch(**dict(zip(NAMES, (float(value) for value in values), strict=True)))


def kv(
    put_in: Couch, key: int, at: tuple[float, str], couch: Couch | None = None, position: PatientPosition = "HFS"
) -> Radiograph:
    """Return a picture of the patient who is displaced on a couch."""
    moved = couch_of((couch or Couch()).pose.after(put_in.pose))
    return room().kv(at[0], patient_pose(moved, ISOCENTRE, position), KV_TECHNIQUES[at[1]], key=key, couch=couch)


def mv(put_in: Couch, key: int, aperture: Aperture = OPEN) -> Radiograph:
    return room().mv(0.0, patient_pose(put_in, ISOCENTRE), MV_TECHNIQUES["2-mu"], aperture, key=key)


def scanned(put_in: Couch, key: int) -> Scan:
    grid = THORAX_SCAN.grid(256, 64, 2.5)
    return room().scan(patient_pose(put_in, ISOCENTRE), THORAX_SCAN, grid, key=key)


def off(found: Couch, put_in: Couch) -> Array:
    return np.abs([getattr(found, name) - getattr(put_in, name) for name in NAMES])


def in_plane_off(found: Matched, put_in: Couch, shot: Radiograph) -> float:
    here, there = (np.array([one.x, one.y, one.z]) for one in (found.couch, put_in))
    return float(np.abs(shot.gaze.axes[:2] @ (here - there)).max())


def seen(found: Matched) -> Matched:
    assert found.refusal == ""
    return found


# -- each match, once --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["reference images", "planning CT"])
def test_one_picture_gives_the_shift_in_its_plane(source: str) -> None:
    put_in, planned = drawn(1), patient(images=source == "reference images")
    shots = [kv(put_in, 1, AP), kv(put_in, 2, LATERAL), mv(put_in, 3)]
    found = [seen(match_2d(planned, one)) for one in shots]
    assert max(in_plane_off(one, put_in, shot) for one, shot in zip(found, shots, strict=True)) < 0.5
    used = [one.images[0].RTImageLabel if one.images else "CT" for one in found]
    assert used == (["KV_AP", "KV_LAT", "MV_AP"] if source == "reference images" else ["CT"] * 3)
    assert all(bool(one.slices) == (source == "planning CT") for one in found)


def test_two_pictures_give_the_shift() -> None:
    put_in = drawn(2)
    found = seen(match_2d2d(patient(ct=False), [kv(put_in, 11, AP), kv(put_in, 12, LATERAL)], beams=[4, 5]))
    assert off(found.couch, put_in)[:3].max() < 0.5
    np.testing.assert_allclose(found.matrix, session_matrix(found.couch, ISOCENTRE, "HFS"))


def test_a_kv_and_an_mv_picture_give_the_shift() -> None:
    put_in = drawn(3)
    found = seen(match_2d2d(patient(), [kv(put_in, 21, LATERAL), mv(put_in, 22)]))
    assert off(found.couch, put_in)[:3].max() < 0.5


def test_jaws_do_not_pull() -> None:
    put_in = drawn(4, 6.0)
    shot = mv(put_in, 31, Aperture(x1=-50, x2=45, y1=-40, y2=55))
    assert in_plane_off(seen(match_2d(patient(ct=False), shot)), put_in, shot) < 0.5


def test_markers_give_shift_and_turn_and_where_they_are() -> None:
    put_in = drawn(5, 8.0, 3.0)
    shots = [kv(put_in, 41, AP), kv(put_in, 42, LATERAL)]
    found = seen(match_marker(patient(), shots))
    miss = off(found.couch, put_in)
    assert (miss[:3].max() < 0.3, miss[3:].max() < 0.2, found.unit, found.residual < 0.1) == (True, True, "mm", True)
    for index, one in enumerate(found.markers, 1):
        for pixel, shot in zip(one.pixels, shots, strict=True):
            np.testing.assert_allclose(pixel, shot.truth["points"][f"marker {index}"]["pixel"], atol=0.3)
        np.testing.assert_allclose(one.plan, one.marker.position, atol=0.1)
        session = (found.matrix @ [*one.plan, 1.0])[:3]
        np.testing.assert_allclose(one.session, session, atol=1e-6)
        assert one.miss < 0.1


def test_markers_are_seen_in_a_kv_and_an_mv_picture() -> None:
    put_in = drawn(5, 8.0)
    found = seen(match_marker(patient(), [kv(put_in, 43, LATERAL), mv(put_in, 44)]))
    assert off(found.couch, put_in)[:3].max() < 0.3


@pytest.mark.parametrize("count", [1, 2])
def test_fewer_than_three_markers_tell_no_turn(count: int) -> None:
    given = Given(plan=case(WHOLE).rtplan[0], slices=case(WHOLE).ct, images=[])
    assert given.structures is not None
    for one in given.structures.RTROIObservationsSequence:
        if one.ROIObservationLabel in [f"Marker{number}" for number in range(count + 1, 4)]:
            one.RTROIInterpretedType = "CONTROL"
    put_in = drawn(5, 8.0)
    found = seen(match_marker(given.patient, [kv(put_in, 45, AP), kv(put_in, 46, LATERAL)]))
    assert found.warnings == (f"{count} markers tell no turn",)
    assert off(found.couch, put_in)[:3].max() < 0.3
    assert found.couch.pose.angle < 1e-6


@pytest.mark.parametrize("position", ["HFP", "FFS", "FFP"])
def test_markers_of_patients_who_lie_otherwise(position: PatientPosition) -> None:
    given = Given(
        plan=deepcopy(case(WHOLE).rtplan[0]), structures=case(WHOLE).rtstruct[0], slices=case(WHOLE).ct, images=[]
    )
    given.plan.PatientSetupSequence[0].PatientPosition = position
    put_in = drawn(6, 6.0, 2.0)
    found = seen(
        match_marker(given.patient, [kv(put_in, 51, AP, position=position), kv(put_in, 52, LATERAL, position=position)])
    )
    miss = off(found.couch, put_in)
    assert (miss[:3].max() < 0.3, miss[3:].max() < 0.2) == (True, True)


def resampled(put_in: Couch, position: PatientPosition) -> Scan:
    """Return the planning CT as a scan of the displaced patient would have it, with noise."""
    grid = THORAX_SCAN.grid(150, 40, 3.0)
    x, y, z = grid.axes
    points = np.stack(np.meshgrid(x, y, z, indexing="ij"), axis=-1)
    volume = patient().volume.voxels
    back = patient_pose(position=position).inverse.after(patient_pose(put_in, ISOCENTRE, position)).inverse
    hu = map_coordinates(
        volume.hu, volume.index_of(back(points))[..., ::-1].transpose(3, 2, 1, 0), order=1, cval=-1000.0
    )
    noise = np.random.default_rng(np.random.SeedSequence([22])).normal(0.0, 40.0, hu.shape)
    return Scan(volume=(hu + noise).astype(np.float32), grid=grid, preset=THORAX_SCAN, couch=Couch(), truth={})


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFS", "FFP"])
def test_volumes_give_shift_and_turn_however_the_patient_lies(position: PatientPosition) -> None:
    put_in = drawn(7, 8.0, 2.0)
    whole = case(WHOLE)
    plan = deepcopy(whole.rtplan[0])
    plan.PatientSetupSequence[0].PatientPosition = position
    found = seen(match_3d3d(LoadedPatient(plan, whole.rtstruct[0], whole.ct), resampled(put_in, position)))
    miss = off(found.couch, put_in)
    assert (miss[:3].max() < 0.3, miss[3:].max() < 0.2) == (True, True)
    np.testing.assert_allclose(found.matrix, session_matrix(found.couch, ISOCENTRE, position))


# -- couch, correction, matrix -----------------------------------------------------------------------------------------


def test_what_the_couch_has_moved_is_taken_off() -> None:
    put_in, couch = drawn(8, 6.0, 2.0), Couch(x=4.0, y=-6.0, z=3.0)
    shots = [kv(put_in, 61, AP, couch), kv(put_in, 62, LATERAL, couch)]
    found = seen(match_marker(patient(), shots))
    miss = off(found.couch, put_in)
    assert (miss[:3].max() < 0.3, miss[3:].max() < 0.2) == (True, True)
    assert off(found.left, couch_of(couch.pose.after(put_in.pose))).max() < 0.3


def test_after_the_correction_nothing_is_left() -> None:
    put_in = drawn(9)
    first = seen(match_2d2d(patient(), [kv(put_in, 71, AP), kv(put_in, 72, LATERAL)]))
    shots = [kv(put_in, 73, AP, first.correction), kv(put_in, 74, LATERAL, first.correction)]
    second = seen(match_2d2d(patient(), shots))
    assert np.linalg.norm(second.left.pose.shift) < 0.5
    alone = seen(match_2d(patient(), shots[0]))
    # Along the beam a single picture leaves the couch where it is.
    assert abs(alone.correction.z - first.correction.z) < 1e-6


def test_the_matrix_takes_the_plan_to_the_session() -> None:
    put_in = Couch(x=3.0, y=-2.0, z=5.0)
    matrix = session_matrix(put_in, ISOCENTRE, "HFS")
    # x to the left is Xf, y to the back is -Zf, z to the head is Yf; the isocentre of the plan goes to the displacement.
    np.testing.assert_allclose(matrix @ [*ISOCENTRE, 1.0], [3.0, -5.0, -2.0, 1.0], atol=1e-9)
    np.testing.assert_allclose(session_matrix(Couch(), (0.0, 0.0, 0.0), "FFP"), np.eye(4), atol=1e-12)


# -- the planning CT's markers -----------------------------------------------------------------------------------------


def test_markers_are_found_in_the_planning_ct() -> None:
    assert 4.0 < marker_size(patient()) < 6.0
    for place, marker in zip(markers_in_ct(patient()), patient().markers, strict=True):
        assert place is not None
        np.testing.assert_allclose(place, marker.position, atol=0.3)


def test_a_marker_that_the_ct_does_not_show_is_not_made_up() -> None:
    given = Given(slices=deepcopy(case(WHOLE).ct), structures=case(WHOLE).rtstruct[0], images=[])
    for one in given.slices:
        one.PixelData = np.full((one.Rows, one.Columns), 1064, dtype=np.uint16).tobytes()
    assert markers_in_ct(given.patient) == (None, None, None)
    assert marker_size(given.patient) == 4.0


# -- what cannot be trusted --------------------------------------------------------------------------------------------


def test_another_patient_is_refused() -> None:
    wrong = Room(phantom("pelvis"), np.random.SeedSequence(23))
    pose = patient_pose(Couch(x=3.0))
    shots = [wrong.kv(gantry, pose, KV_TECHNIQUES[name], key=1) for gantry, name in (AP, LATERAL)]
    bare = patient(images=False)
    for found in (match_2d(patient(), shots[0]), match_2d2d(patient(), shots), match_2d2d(bare, shots)):
        assert not found.trusted
        told = ("do not look like the references", "hardly overlap", "mm that are searched")
        assert any(one in found.refusal for one in told), found.refusal
    assert "not all found" in match_marker(patient(), shots).refusal


def test_a_shift_beyond_the_search_is_refused() -> None:
    put_in = Couch(x=30.0, y=30.0, z=-25.0)
    shots = [kv(put_in, 81, AP), kv(put_in, 82, LATERAL)]
    assert not match_2d2d(patient(), shots).trusted
    assert not match_marker(patient(), shots).trusted


def test_markers_that_have_moved_are_named() -> None:
    structures = Given().structures
    assert structures is not None
    given = Given(plan=case(WHOLE).rtplan[0], structures=structures, slices=case(WHOLE).ct, images=[])
    given.region("Marker2").ContourSequence[0].ContourData = ["90.9", "-8", "0"]
    found = match_marker(given.patient, [kv(Couch(), 91, AP), kv(Couch(), 92, LATERAL)])
    assert "Marker2 is 1.9 mm off in the kV picture at gantry 270 degrees, the limit is 1 mm" in found.refusal


def test_a_marker_that_is_not_there_is_missed() -> None:
    body = planned_thorax()
    lost = replace(body, solids=tuple(one for one in body.solids if one.name != "marker 3"))
    empty = Room(lost, np.random.SeedSequence(24))
    shots = [
        empty.kv(gantry, patient_pose(Couch(), ISOCENTRE), KV_TECHNIQUES[name], key=1) for gantry, name in (AP, LATERAL)
    ]
    found = match_marker(patient(), shots)
    assert (found.trusted, found.markers == () or "Marker3" in found.refusal) == (False, True)


def test_an_empty_scan_is_refused() -> None:
    scan = resampled(Couch(), "HFS")
    nothing = replace(scan, volume=np.full(scan.volume.shape, -1000.0, dtype=np.float32))
    assert not match_3d3d(patient(), nothing).trusted
    away = replace(scan, grid=replace(scan.grid, centre=(900.0, 0.0, 0.0)))
    assert "cannot be matched" in match_3d3d(patient(), away).refusal


def test_what_is_asked_wrongly_is_told() -> None:
    one = kv(Couch(), 95, AP)
    moved = replace(kv(Couch(), 96, LATERAL), couch=Couch(x=1.0))
    bare, scan = LoadedPatient(case(WHOLE).rtplan[0]), resampled(Couch(), "HFS")
    wrong: list[tuple[Callable[[], Matched], str]] = [
        (lambda: match("2D", patient(), []), "0 pictures"),
        (lambda: match("2D/2D", patient(), [one]), "1 pictures"),
        (lambda: match("marker", patient(), [one]), "1 pictures"),
        (lambda: match("3D/3D", patient()), "no cone-beam CT"),
        (lambda: match("2D/2D", patient(), [one, one]), "0.0 degrees apart"),
        (lambda: match("2D/2D", patient(), [one, moved]), "the couch was moved between the pictures"),
        (lambda: match("2D", bare, [one]), "no reference image for the kV picture from 0 degrees"),
        (lambda: match("marker", bare, [one, moved]), "no planned markers"),
        (lambda: match("3D/3D", bare, scan=scan), "no slices of the planning CT"),
    ]
    for what, words in wrong:
        with pytest.raises(InputError) as caught:
            what()
        assert words in str(caught.value)


# -- references of unknown grey ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("grey", ["inverted", "beam intensity", "MONOCHROME1"])
def test_grey_that_nobody_explains_is_found_out(grey: str) -> None:
    given = Given(plan=case(WHOLE).rtplan[0], structures=None, slices=[], images=[])
    image = deepcopy(next(one for one in case(WHOLE).rtimage if one.ReferencedBeamNumber == 4))
    path = image.pixel_array.astype(np.float64) / 4095.0
    values = 4095 * np.exp(-3.0 * path) if grey == "beam intensity" else 4095 * (1.0 - path)
    image.PixelData = np.rint(values).astype(np.uint16).tobytes()
    if grey == "MONOCHROME1":
        image.PhotometricInterpretation = grey
    given.images = [image]
    put_in = drawn(10)
    shot = kv(put_in, 97, AP)
    assert in_plane_off(seen(match_2d(given.patient, shot, beam=4)), put_in, shot) < 0.5


# -- twenty of each ----------------------------------------------------------------------------------------------------


@pytest.mark.figure
def test_twenty_shifts_come_back_out_of_single_pictures() -> None:
    worst = 0.0
    for key in range(100, 120):
        put_in = drawn(key)
        for shot in (kv(put_in, 10 * key, AP), kv(put_in, 10 * key + 1, LATERAL), mv(put_in, 10 * key + 2)):
            worst = max(worst, in_plane_off(seen(match_2d(patient(ct=False), shot)), put_in, shot))
    print(f"2D, worst of 20 shifts, kV AP, kV lateral, MV AP: {worst:.3f} mm in plane")  # noqa: T201 - wanted
    assert worst < 0.5


@pytest.mark.figure
@pytest.mark.parametrize("ct", [False, True])
def test_twenty_shifts_come_back_out_of_pairs(ct: bool) -> None:
    worst = 0.0
    for key in range(100, 120):
        put_in = drawn(key)
        pair = [
            kv(put_in, 10 * key + 3, LATERAL),
            mv(put_in, 10 * key + 4) if key % 2 else kv(put_in, 10 * key + 4, AP),
        ]
        worst = max(worst, float(off(seen(match_2d2d(patient(ct=ct, images=not ct), pair)).couch, put_in)[:3].max()))
    print(f"2D/2D, worst of 20 shifts, {'planning CT' if ct else 'reference images'}: {worst:.3f} mm")  # noqa: T201
    assert worst < 0.5


@pytest.mark.figure
def test_twenty_shifts_and_turns_come_back_out_of_markers() -> None:
    worst = np.zeros(6)
    for key in range(100, 120):
        put_in = drawn(key, 10.0, 3.0)
        pair = [kv(put_in, 10 * key + 5, AP), kv(put_in, 10 * key + 6, LATERAL)]
        worst = np.maximum(worst, off(seen(match_marker(patient(), pair)).couch, put_in))
    shift, turn = worst[:3].max(), worst[3:].max()
    print(f"marker, worst of 20: {shift:.3f} mm, {turn:.3f} degrees")  # noqa: T201 - the figures are wanted
    assert (shift < 0.3, turn < 0.2) == (True, True)


@pytest.mark.figure
@pytest.mark.parametrize("key", range(100, 120))
def test_twenty_shifts_and_turns_come_back_out_of_scans(key: int) -> None:
    put_in = drawn(key, 10.0, 2.5)
    miss = off(seen(match_3d3d(patient(), scanned(put_in, 10 * key + 7))).couch, put_in)
    print(f"3D/3D, {key - 99} of 20: {miss[:3].max():.3f} mm, {miss[3:].max():.3f} degrees")  # noqa: T201 - wanted
    assert (miss[:3].max() < 0.3, miss[3:].max() < 0.2) == (True, True)
