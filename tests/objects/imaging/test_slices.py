"""CT slices of a scan: where each voxel is, what is stored, what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import SeedSequence

from linacsim.errors import InputError
from linacsim.objects.ctvolume import ct_volume
from linacsim.objects.imaging import ct_slices
from linacsim.physics.fdk import Grid
from linacsim.physics.geometry import Array, Couch, PatientPosition, patient_pose
from linacsim.physics.phantoms import phantom
from linacsim.physics.presets import cbct_preset
from linacsim.physics.room import Effects, Room
from tests.objects.imaging.byhand import place_of
from tests.objects.imaging.made import objects, read_back, scan, session

GRID = Grid(columns=24, rows=20, slices=7, pitch=1.9999, thickness=2.5, centre=(3.0, -4.5, 12.25))
COUCHES = (Couch(), Couch(x=4.5, y=-7.25, z=3.0), Couch(x=1.0, rotation=12.5, pitch=1.5, roll=-0.5))


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFS", "FFP"])
@pytest.mark.parametrize("couch", COUCHES, ids=str)
def test_a_ball_in_the_volume_is_where_the_attributes_say(couch: Couch, position: PatientPosition) -> None:
    day, taken = session(position=position), scan(couch, GRID)
    taken.volume[:] = -1000
    taken.volume[5, 3, 17] = 2500
    x, y, z = GRID.axes
    in_the_room = patient_pose(position=position)((x[17], y[3], z[5]))
    slices = [read_back(ds) for ds in ct_slices(day, taken, at=0)]
    found = brightest(slices)
    # Where the table top has the ball: the same whichever way it is moved under the machine afterwards.
    assert patient_pose(couch, position=position)(found) == pytest.approx(in_the_room, abs=1e-4)


def brightest(slices: list) -> Array:  # type: ignore[type-arg]
    """Return where the brightest pixel of a series is, in its frame of reference."""
    brightest_of = max(slices, key=lambda ds: ds.pixel_array.max())
    row, column = np.unravel_index(brightest_of.pixel_array.argmax(), brightest_of.pixel_array.shape)
    return place_of(brightest_of, float(column), float(row))


def test_a_table_that_has_moved_takes_the_frame_along() -> None:
    still, moved = (ct_slices(session(), scan(couch), at=0)[0] for couch in (Couch(), Couch(x=3.0, y=2.0, z=1.0)))
    # Head first supine: 3 mm to the right is 3 mm further right in the patient; up is forward; to the gantry is to the head.
    by = [float(a) - float(b) for a, b in zip(moved.ImagePositionPatient, still.ImagePositionPatient, strict=True)]
    assert by == pytest.approx([-3.0, 1.0, -2.0])
    assert [float(one) for one in moved.ImageOrientationPatient] == [1, 0, 0, 0, 1, 0]
    told = (moved.TableTopLateralPosition, moved.TableTopLongitudinalPosition, moved.TableHeight)
    assert [float(one) for one in told] == [3, 2, -1]
    assert moved.FrameOfReferenceUID == still.FrameOfReferenceUID


def test_hounsfield_units_come_back_as_they_went_in() -> None:
    taken = scan()
    taken.volume[0, 0, :3] = (-1024, 3071, -1500)
    slices = [read_back(ds) for ds in ct_slices(session(), taken, at=0)]
    assert {float(ds.RescaleIntercept) for ds in slices} == {-2048.0}
    back = np.stack([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in slices])
    assert (back == taken.volume).all()
    plain = scan()
    plain.volume[:] = -1000
    assert {float(ds.RescaleIntercept) for ds in ct_slices(session(), plain, at=0)} == {-1024.0}


def test_our_own_reader_finds_the_volume_again() -> None:
    taken = scan(Couch(x=3.0), GRID)
    taken = replace(taken, volume=np.maximum(taken.volume, np.float32(-1000)))
    volume = ct_volume(ct_slices(session(), taken, at=0))
    x, y, z = GRID.axes
    assert volume.voxels.axes[0] == pytest.approx(x - 3.0)
    assert volume.voxels.axes[1] == pytest.approx(y)
    assert volume.voxels.axes[2] == pytest.approx(z)
    assert (volume.voxels.hu == taken.volume).all()
    assert (volume.position, volume.frame_of_reference) == ("HFS", session().frame_of_reference)


def test_slices_tell_how_they_were_taken() -> None:
    slices = objects()["ct"]
    assert [ds.InstanceNumber for ds in slices] == [1, 2, 3, 4, 5]
    assert {ds.AcquisitionNumber for ds in slices} == {4}
    assert len({ds.SeriesInstanceUID for ds in slices}) == 1
    assert len({ds.SOPInstanceUID for ds in slices}) == 5
    first = slices[0]
    assert first.ImageType == ["ORIGINAL", "PRIMARY", "AXIAL"]
    assert (first.KVP, first.XRayTubeCurrent, first.ExposureTime, first.Exposure) == (125, 80, 655 * 13, 681)
    assert (first.GeneratorPower, first.ConvolutionKernel, first.ScanOptions) == (10, "HANN", "TOMO")
    assert (first.DistanceSourceToDetector, first.DistanceSourceToPatient) == (1500, 1000)
    assert (first.ReconstructionDiameter, first.SliceThickness) == (96, 3)
    assert (first.ManufacturerModelName, first.ContentTime) == ("OBI Cone-beam CT", "080004")


def test_two_scans_of_a_session_are_two_series_in_one_frame() -> None:
    one, two = (ct_slices(session(), scan(), number=number, at=0)[0] for number in (1, 2))
    assert one.SeriesInstanceUID != two.SeriesInstanceUID
    assert one.SOPInstanceUID != two.SOPInstanceUID
    assert one.FrameOfReferenceUID == two.FrameOfReferenceUID


def test_what_cannot_be_slices_is_refused() -> None:
    taken = scan()
    with pytest.raises(InputError, match="4x20x24 voxels"):
        ct_slices(session(), replace(taken, volume=taken.volume[:4]), at=0)
    wide = taken.volume.copy()
    wide[0, 0, 1] = np.nan
    with pytest.raises(InputError, match="no numbers"):
        ct_slices(session(), replace(taken, volume=wide), at=0)


def test_metal_beyond_the_range_is_stored_as_the_nearest() -> None:
    taken = scan()
    taken.volume[0, 0, :4] = (-1e6, 70000, 32767, -32768)
    ds = ct_slices(session(), taken, at=0)[0]
    assert (ds.pixel_array[0, :4].astype(int) + int(ds.RescaleIntercept)).tolist() == [-32768, 32767, 32767, -32768]
    taken.volume[0, 0, :4] = (-1000, 70000, 64511, 64512)
    ds = ct_slices(session(), replace(taken, volume=np.maximum(taken.volume, np.float32(-1000))), at=0)[0]
    assert (ds.pixel_array[0, :4].astype(int) + int(ds.RescaleIntercept)).tolist() == [-1000, 64511, 64511, 64511]


def test_seeds_of_a_real_scan_are_where_the_patient_has_them() -> None:
    couch, body = Couch(x=3.0, y=-5.0, z=2.0), phantom("markers")
    room = Room(body, SeedSequence(3), effects=Effects.none())
    preset = replace(cbct_preset("obi-low-dose-head"), projections=90)
    grid = Grid(columns=40, rows=40, slices=36, pitch=1.5, thickness=1.5)
    pose = patient_pose(couch, position="FFP")
    taken = room.scan(pose, preset, grid, key=1, couch=couch, position="FFP")
    slices = [read_back(ds) for ds in ct_slices(session(position="FFP"), taken, at=0)]
    values = np.stack([ds.pixel_array * float(ds.RescaleSlope) + float(ds.RescaleIntercept) for ds in slices])
    places = np.array([[[place_of(ds, column, row) for column in range(40)] for row in range(40)] for ds in slices])
    seeds = [solid for solid in body.solids if solid.name.startswith("seed")]
    assert len(seeds) == 4
    for seed in seeds:
        near = np.linalg.norm(places - np.array(seed.centre), axis=-1) < 6.0
        weight = np.where(near, np.clip(values - 2000.0, 0, None), 0)
        assert weight.sum() > 0
        found = (weight[..., None] * places).sum(axis=(0, 1, 2)) / weight.sum()
        assert found == pytest.approx(seed.centre, abs=0.4)
