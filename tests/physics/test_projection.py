"""Line integrals through solids and voxels against lengths that are known."""

from __future__ import annotations

import numpy as np
import pytest

from linacsim.errors import InputError
from linacsim.physics.acquisition import chain
from linacsim.physics.detector import PAXSCAN_4030CB
from linacsim.physics.geometry import Couch, Panel, Pose, kv_gaze, mv_gaze, patient_pose, turned_about_x, turned_about_y
from linacsim.physics.projection import SOFT, Voxels, substances_of, water_path, water_paths
from linacsim.physics.solids import Body, Kind, Solid
from linacsim.physics.spectrum import Beam, hounsfield, megavoltage, tube

PANEL = Panel(rows=65, columns=81, pitch=4.0)
MIDDLE = (32, 40)
TILTED = turned_about_x(25.0) @ turned_about_y(40.0)


def one(kind: Kind, half: tuple[float, float, float], **more: object) -> Body:
    return Body("test", (Solid(name="it", kind=kind, centre=(5.0, -3.0, 8.0), half=half, hu=0.0, **more),))  # type: ignore[arg-type]


@pytest.mark.parametrize("angle", [0, 37, 90, 180, 261])
def test_a_central_ray_crosses_the_diameter_of_a_sphere(angle: float) -> None:
    body = Body("ball", (Solid(name="ball", kind="ellipsoid", centre=(0, 0, 0), half=(50, 50, 50), hu=0.0),))
    image = water_path(body, patient_pose(), mv_gaze(angle, PANEL))
    assert image[MIDDLE] == pytest.approx(100.0, abs=1e-9)
    assert image[0, 0] == 0.0


def test_the_ways_through_box_cylinder_and_cone_are_those_of_the_school_book() -> None:
    solids: tuple[tuple[Kind, tuple[float, float, float], float, float], ...] = (
        ("box", (20.0, 30.0, 40.0), 1.0, 60.0),
        ("cylinder", (20.0, 30.0, 40.0), 1.0, 60.0),
        ("cone", (20.0, 30.0, 40.0), 0.5, 45.0),  # half way up it is three quarters as wide
        ("cone", (20.0, 30.0, 40.0), 0.0, 30.0),
        ("cone", (20.0, 30.0, 40.0), 2.0, 90.0),
    )
    for kind, half, top, way in solids:
        body = Body("x", (Solid(name="x", kind=kind, centre=(0, 0, 0), half=half, hu=0.0, top=top),))
        assert water_path(body, patient_pose(), mv_gaze(0, PANEL))[MIDDLE] == pytest.approx(way, abs=1e-9), kind
    along = Body("x", (Solid(name="x", kind="cone", centre=(0, 0, 0), half=(20, 30, 40), hu=0.0, top=0.0),))
    head_on = water_path(along, patient_pose(Couch(pitch=90)), mv_gaze(0, PANEL))
    assert head_on[MIDDLE] == pytest.approx(80.0, abs=1e-9)


@pytest.mark.parametrize("top", [0.0, 0.4, 1.0, 1.7])
@pytest.mark.parametrize("kind", ["ellipsoid", "cylinder", "box", "cone"])
def test_every_turned_solid_is_as_long_as_counting_points_says(kind: Kind, top: float) -> None:
    body = one(kind, (20.0, 31.0, 42.0), rotation=TILTED, top=top)
    gaze, pose = kv_gaze(17.0, PANEL), patient_pose(Couch(x=3, rotation=8, pitch=2))
    image = water_path(body, pose, gaze)
    steps = (np.arange(6000) + 0.5) / 6000
    ends = pose.inverse(gaze.pixels()[::7, ::7])
    source = pose.inverse(gaze.source)
    way = ends - source
    points = source + way[..., None, :] * steps[:, None]
    counted = body.solids[0].holds(points).mean(axis=-1) * np.linalg.norm(way, axis=-1)
    np.testing.assert_allclose(image[::7, ::7], counted, atol=0.6)
    assert image.max() > 30


def test_a_child_takes_the_place_of_its_parent() -> None:
    body = Body(
        "nest",
        (
            Solid(name="out", kind="cylinder", centre=(0, 0, 0), half=(50, 50, 50), hu=0.0),
            Solid(name="bone", kind="cylinder", centre=(0, 0, 0), half=(20, 20, 50), hu=1000.0, substance="bone",
                  parent="out"),
            Solid(name="hole", kind="ellipsoid", centre=(0, 0, 0), half=(10, 10, 10), hu=-1000.0, substance="air",
                  parent="bone"),
        ),
    )  # fmt: skip
    pose, gaze = patient_pose(), kv_gaze(0, PANEL)
    assert substances_of(body) == ("water", "bone", "air")
    paths = water_paths(body, pose, gaze)
    np.testing.assert_allclose(paths[MIDDLE], (60.0, 40.0, 0.0), atol=1e-9)
    np.testing.assert_allclose(paths.sum(axis=-1), water_path(body, pose, gaze), atol=1e-9)
    assert body.at([[0, 0, 0], [15, 0, 0], [30, 0, 0], [60, 0, 0]]).tolist() == [-1000, 1000, 0, -1000]


def test_the_shadow_moves_with_the_couch() -> None:
    body = Body("bb", (Solid(name="bb", kind="ellipsoid", centre=(0, 0, 0), half=(3, 3, 3), hu=9000.0),))
    fine = Panel(rows=257, columns=257, pitch=0.25)
    pose, gaze = patient_pose(Couch(x=4, y=-6, z=2)), mv_gaze(30, fine)
    image = water_path(body, pose, gaze)
    row, column = (np.sum(image * index) / image.sum() for index in np.indices(image.shape))
    np.testing.assert_allclose(fine.position_of([row, column]), gaze.project(pose((0, 0, 0))), atol=0.01)


@pytest.mark.parametrize(
    "couch", [Couch(), Couch(x=10, y=5, z=-4, rotation=20, pitch=3, roll=-2), Couch(rotation=90), Couch(rotation=47)]
)
def test_voxels_give_what_the_solids_give(couch: Couch) -> None:
    body = one("ellipsoid", (60.0, 45.0, 50.0), rotation=TILTED)
    axis = np.arange(-80, 80.1, 2.0)
    volume = Voxels(body.voxels(axis, axis, axis + 8, fine=3), (2.0, 2.0, 2.0), (-80.0, -80.0, -72.0))
    for angle in (0, 50, 90, 200):
        gaze = kv_gaze(angle, PANEL)
        exact, sampled = (water_path(each, patient_pose(couch), gaze) for each in (body, volume))
        assert np.sqrt(np.mean((exact - sampled) ** 2)) < 0.7
        assert sampled[exact > 60].mean() == pytest.approx(exact[exact > 60].mean(), rel=2e-3)


def test_a_homogeneous_cube_of_voxels_is_as_thick_as_it_is() -> None:
    cube = Voxels(np.zeros((41, 41, 41), dtype=np.float32), (1.0, 1.0, 1.0), (-20.0, -20.0, -20.0))
    image = water_path(cube, patient_pose(), mv_gaze(0, PANEL))
    assert image[MIDDLE] == pytest.approx(41.0)
    assert image[0, 0] == 0.0


def slab(substance: str) -> Body:
    return Body(
        "slab",
        (
            Solid(name="water", kind="box", centre=(0, 0, 0), half=(70, 50, 60), hu=0.0),
            Solid(name="slab", kind="box", centre=(0, 0, 0), half=(45, 11, 41), hu=hounsfield(substance),
                  substance=substance, parent="water"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize("substance", ["bone", "bone 50", "bone 20"])
@pytest.mark.parametrize("beam", [megavoltage(), tube(100), tube(125)], ids=["MV", "100 kV", "125 kV"])
def test_a_slab_of_bone_in_voxels_lets_through_what_the_solid_does(substance: str, beam: Beam) -> None:
    solid, axis = slab(substance), np.arange(-75.0, 75.1, 2.0)
    voxels = Voxels(solid.voxels(axis, axis, axis, fine=2), (2.0,) * 3, (-75.0,) * 3)
    detector = PAXSCAN_4030CB.binned(16)
    using, gaze = chain(beam, detector, np.random.default_rng(1)), mv_gaze(0.0, detector.panel)
    seen, exact = (using.primary(one, patient_pose(), gaze) for one in (voxels, solid))
    # Voxels of 2 mm have no sharp edge: 5 mm of the shadow's are left out.
    within = np.ix_(np.abs(gaze.panel.row_centres) < 36 * 1.5, np.abs(gaze.panel.column_centres) < 40 * 1.5)
    assert seen[within].shape == (18, 20)
    np.testing.assert_allclose(seen[within], exact[within], rtol=0.005)
    # Taken for water alone it would not be so.
    water = beam.transmitted(water_path(voxels, patient_pose(), gaze)[..., None], ["water"])
    assert substance == "bone 20" or not np.allclose(water[within], exact[within], rtol=0.005)


def test_voxels_are_water_then_a_mixture_and_then_bone() -> None:
    whole = hounsfield("bone")
    for hu, bone in ((-1200.0, 0.0), (-700.0, 0.0), (SOFT, 0.0), ((SOFT + whole) / 2, 0.5), (whole, 1.0)):
        cube = Voxels(np.full((41, 41, 41), hu, dtype=np.float32), (1.0, 1.0, 1.0), (-20.0, -20.0, -20.0))
        paths, all_of_it = (ways(cube, patient_pose(), mv_gaze(0, PANEL)) for ways in (water_paths, water_path))
        assert substances_of(cube) == ("water", "bone")
        assert all_of_it[MIDDLE] == pytest.approx(41.0 * max(1 + hu / 1000, 0.0), rel=1e-6)
        assert paths[MIDDLE] == pytest.approx(
            (41 * max(1 + min(hu, SOFT) / 1000, 0) * (1 - bone), 41 * bone * (1 + whole / 1000)), rel=1e-5, abs=1e-4
        )
    metal = Voxels(np.full((41, 41, 41), 9000.0, dtype=np.float32), (1.0, 1.0, 1.0), (-20.0, -20.0, -20.0))
    assert water_paths(metal, patient_pose(), mv_gaze(0, PANEL))[MIDDLE] == pytest.approx((0.0, 410.0))


def test_rays_that_miss_the_voxels_and_a_panel_of_few_rows_are_no_trouble() -> None:
    cube = Voxels(np.zeros((41, 41, 41), dtype=np.float32), (1.0, 1.0, 1.0), (-20.0, -20.0, -20.0))
    narrow = Panel(rows=3, columns=5, pitch=2.0)
    assert water_path(cube, patient_pose(), mv_gaze(0, narrow)).shape == (3, 5)
    assert not water_path(cube, patient_pose(Couch(y=400.0)), mv_gaze(0, PANEL)).any()


def test_the_same_line_integrals_twice_are_the_same_bits() -> None:
    body = one("cone", (20.0, 31.0, 42.0), rotation=TILTED, top=0.3)
    axis = np.arange(-60, 60.1, 4.0)
    voxels = body.voxels(axis, axis, axis)
    for make in (lambda: body, lambda: Voxels(voxels, (4.0,) * 3, (-60.0,) * 3)):
        first, second = (water_path(make(), patient_pose(), mv_gaze(33, PANEL)) for _ in range(2))
        assert first.tobytes() == second.tobytes()


def test_moving_a_body_moves_what_it_holds() -> None:
    body = one("box", (5.0, 5.0, 5.0)).moved(Pose(shift=np.array([100.0, 0.0, 0.0])), ["it"])
    assert body.at([[105, -3, 8], [5, -3, 8]]).tolist() == [0, -1000]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: one("box", (1.0, 0.0, 1.0)), "enclose no volume"),
        (lambda: one("disc", (1.0, 1.0, 1.0)), "'disc' is no kind of solid"),  # type: ignore[arg-type]
        (lambda: one("box", (1.0, 1.0, 1.0), parent="gone"), "inside 'gone', which does not come before it"),
        (lambda: Body("x", one("box", (1.0, 1.0, 1.0)).solids * 2), "'it' is there twice"),
        (lambda: Voxels(np.zeros((1, 4, 4), dtype=np.float32), (1, 1, 1), (0, 0, 0)), "is no volume"),
        (lambda: Voxels(np.zeros((2, 4, 4), dtype=np.float32), (1, 0, 1), (0, 0, 0)), "distances above 0"),
    ],
)
def test_what_cannot_be_is_refused(make: object, text: str) -> None:
    with pytest.raises(InputError, match=text):
        make()  # type: ignore[operator]
