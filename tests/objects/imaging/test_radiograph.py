"""RT Images of an imager: geometry, exposure, dose, markers; what cannot be one is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from numpy.random import SeedSequence

from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.objects.imaging import BeamReference, Session, curves_of, made_up, rt_image
from linacsim.physics.geometry import Couch, Panel, PatientPosition
from linacsim.physics.mvbeam import square
from linacsim.physics.phantoms import phantom
from linacsim.physics.presets import KvTechnique, MvTechnique
from linacsim.physics.room import Axis, Effects, Room
from tests.objects.imaging.byhand import pixel_of
from tests.objects.imaging.made import JAWS, MARKERS, objects, radiograph, read_back, session

POINTS = ((0.0, 0.0, 0.0), (20.0, -35.5, 41.0), (-60.25, 12.0, -33.0))
COUCHES = (
    Couch(),
    Couch(x=4.5, y=-7.25, z=3.0),
    Couch(x=1.0, y=2.0, z=-3.0, rotation=30.0),
    Couch(x=-2.0, y=5.0, z=1.0, rotation=345.0, pitch=1.5, roll=-2.25),
)


@pytest.mark.parametrize("position", ["HFS", "HFP", "FFS", "FFP"])
@pytest.mark.parametrize("couch", COUCHES, ids=str)
@pytest.mark.parametrize(("axis", "gantry", "sid"), [
    ("kV", 0.0, 1500.0), ("kV", 270.0, 1500.0), ("kV", 33.25, 1510.5), ("MV", 0.0, 1500.0), ("MV", 181.5, 1400.0),
    ("MV", 359.75, 1050.0),
])  # fmt: skip
def test_a_point_is_where_the_attributes_say(
    axis: Axis, gantry: float, sid: float, couch: Couch, position: PatientPosition
) -> None:
    day = session(position=position)
    picture = radiograph(
        axis, gantry, couch=couch, sid=sid, panel=Panel(rows=40, columns=64, pitch=6.208, x=14.8, y=-3)
    )
    image = read_back(rt_image(day, picture, number=1, label="one", at=0))
    for point in POINTS:
        row, column = picture.gaze.panel.pixel_of(picture.gaze.project(day.pose(couch)(point)))
        assert pixel_of(image, point) == pytest.approx((column, row), abs=2e-5)


@pytest.mark.parametrize("axis", ["kV", "MV"])
@pytest.mark.parametrize("couch", [Couch(), Couch(x=6.0, y=-4.0, z=5.0, rotation=20.0)], ids=str)
def test_a_ball_in_a_picture_is_where_the_attributes_say(axis: Axis, couch: Couch) -> None:
    day = Session(Identity(1), made_up(Identity(1), "winston-lutz"), "one")
    effects = replace(Effects.none(), flexmap=True, correction=True)
    room = Room(phantom("winston-lutz"), SeedSequence(7), effects=effects)
    pose = day.pose(couch)
    field = square(80.0)
    picture = (
        room.kv(30.0, pose, KvTechnique(), key=1, couch=couch)
        if axis == "kV"
        else room.mv(30.0, pose, MvTechnique(), field, key=1, couch=couch)
    )
    image = read_back(rt_image(day, picture, number=1, label="ball", at=0))
    column, row = pixel_of(image, (0, 0, 0))
    found = centre_of_shadow(image.pixel_array.astype(float), column, row)
    spacing = float(image.ImagePlanePixelSpacing[0])
    assert np.subtract(found, (column, row)) * spacing / 1.5 == pytest.approx((0, 0), abs=0.1)  # mm at the isocentre


def centre_of_shadow(pixels: np.ndarray, column: float, row: float) -> tuple[float, float]:
    """Return the middle of what is darkest near a place, (column, row)."""
    around = 20
    left, top = round(column) - around, round(row) - around
    part = pixels[top : top + 2 * around + 1, left : left + 2 * around + 1]
    weight = np.clip((part.max() + part.min()) / 2 - part, 0, None)
    rows, columns = np.indices(part.shape)
    return float((weight * columns).sum() / weight.sum() + left), float((weight * rows).sum() / weight.sum() + top)


def test_the_first_pixel_is_told_by_its_middle() -> None:
    panel = Panel(rows=768, columns=1024, pitch=0.388)
    image = rt_image(session(), radiograph(panel=panel), number=1, label="one", at=0)
    assert [float(one) for one in image.RTImagePosition] == [-198.462, 148.798]
    assert [float(one) for one in image.XRayImageReceptorTranslation] == [0.7, -0.4, -500.0]
    assert (image.RTImagePlane, image.RTImageSID, image.RadiationMachineSAD) == ("NORMAL", 1500, 1000)


def test_the_gantry_angle_of_a_kv_image_is_that_of_the_kv_source() -> None:
    for axis, gantry, wanted in (("kV", 0.0, 90), ("kV", 270.0, 0), ("kV", 359.9999999, 90), ("MV", 270.0, 270)):
        image = rt_image(session(), radiograph(axis, gantry), number=1, label="one", at=0)  # type: ignore[arg-type]
        assert float(image.GantryAngle) == wanted
        assert image.GantryAngle < 360


def test_pixels_come_back_as_they_went_in() -> None:
    picture = radiograph()
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        image = read_back(rt_image(session(), picture, number=1, label="one", photometric=photometric, at=0))
        assert image.PhotometricInterpretation == photometric
        assert (image.pixel_array == picture.pixels).all()
        assert (image.PixelIntensityRelationship, image.PixelIntensityRelationshipSign) == ("LIN", 1)


def test_a_kv_image_tells_its_exposure_in_minutes() -> None:
    (image,) = objects()["kv"]
    (exposure,) = image.ExposureSequence
    assert image.ImageType == ["ORIGINAL", "PRIMARY", "PORTAL", "OBI"]
    assert (image.PrimaryDosimeterUnit, image.ManufacturerModelName) == ("MINUTE", "On-Board Imager")
    assert (exposure.KVP, exposure.XRayTubeCurrent, exposure.ExposureTime) == (100, 80, 120)
    assert float(exposure.MetersetExposure) == pytest.approx(0.120 / 60, rel=1e-9)
    short = rt_image(session(), replace(radiograph(), ms=25.0), number=1, label="short", at=0).ExposureSequence[0]
    assert float(short.MetersetExposure) == pytest.approx(0.025 / 60, rel=1e-6)
    assert "BeamLimitingDeviceSequence" not in exposure
    assert "StartCumulativeMetersetWeight" not in image
    assert (image.ReferencedBeamNumber, image.ReferencedFractionGroupNumber, image.FractionNumber) == (2, 1, 1)
    assert "RTImageDescription" not in image


def test_an_mv_image_tells_its_exposure_in_monitor_units_and_its_jaws() -> None:
    (image,) = objects()["mv"]
    (exposure,) = image.ExposureSequence
    assert image.ImageType == ["ORIGINAL", "PRIMARY", "PORTAL"]
    assert (image.PrimaryDosimeterUnit, image.ManufacturerModelName) == ("MU", "PortalVision AI")
    assert (float(exposure.MetersetExposure), exposure.KVP, exposure.NumberOfBlocks) == (2.5, 6000, 0)
    jaws = {one.RTBeamLimitingDeviceType: [float(x) for x in one.LeafJawPositions] for one in exposure.BeamLimitingDeviceSequence}  # fmt: skip
    assert jaws == {"ASYMX": [JAWS.x1, JAWS.x2], "ASYMY": [JAWS.y1, JAWS.y2]}
    assert "XRayTubeCurrent" not in exposure
    assert (image.RTImageDescription, image.StartCumulativeMetersetWeight) == ("Setup of AP", 0)
    assert float(image.BeamLimitingDeviceAngle) == 10
    couch = (image.TableTopLateralPosition, image.TableTopLongitudinalPosition, image.TableTopVerticalPosition)
    assert [float(one) for one in couch] == [3, -2, 5]
    # The table has gone 3 mm to the right: the isocentre is now 3 mm further to the patient's right, and so on.
    assert [float(one) for one in image.IsocenterPosition] == [-3, 5, 2]


def test_a_dose_image_is_in_calibrated_units() -> None:
    (image,) = objects()["dose"]
    assert image.ImageType == ["ORIGINAL", "PRIMARY", "PORTAL", "ACQUIRED_DOSE"]
    assert image.RescaleType == "CU"
    open_field = 50000 * float(image.RescaleSlope) + float(image.RescaleIntercept)
    assert open_field == pytest.approx(2.5 / 100 / 1.5**2, rel=1e-8)
    low, high = np.percentile(image.pixel_array, (5, 95)) * float(image.RescaleSlope)
    assert abs(float(image.WindowCenter) - (low + high) / 2) < (high - low) / 10
    assert (high - low) < float(image.WindowWidth) < 1.3 * (high - low)
    assert image.VOILUTFunction == "LINEAR_EXACT"


def test_a_picture_of_one_grey_has_a_window() -> None:
    picture = radiograph()
    flat = replace(picture, pixels=np.full_like(picture.pixels, 40000))
    image = rt_image(session(), flat, number=1, label="flat", at=0)
    assert (float(image.WindowCenter), float(image.WindowWidth)) == (40000.5, 1)


def test_the_window_shows_the_body_and_not_the_air_around_it() -> None:
    picture = radiograph()
    pixels = np.full_like(picture.pixels, 50000)
    pixels[8:40, 16:48] = np.linspace(1000, 5000, 32 * 32).reshape(32, 32)
    water = np.zeros(pixels.shape, np.float32)
    water[8:40, 16:48] = 150.0
    image = rt_image(session(), replace(picture, pixels=pixels, water=water), number=1, label="body", at=0)
    low, high = (float(image.WindowCenter) + sign * float(image.WindowWidth) / 2 for sign in (-1, 1))
    assert 1000 <= low < 1200
    assert 4500 < high <= 5000


def test_each_matched_marker_is_a_curve_of_one_point() -> None:
    image = read_back(objects()["kv"][0])
    assert curves_of(image).tolist() == [list(one) for one in MARKERS]
    for group in (0x5000, 0x5002):
        told = [image[group, element].value for element in (0x0005, 0x0010, 0x0020, 0x0030, 0x0040, 0x0103)]
        assert told == [2, 1, "POLY", ["PIXL", "PIXL"], ["Marker", "Marker"], 3]
    assert (0x5004, 0x0005) not in image
    assert curves_of(objects()["mv"][0]).shape == (0, 2)


def test_sixteen_markers_fit_and_no_more() -> None:
    many = [(float(n), 2.0) for n in range(16)]
    image = rt_image(session(), radiograph(), number=1, label="many", markers=many, at=0)
    assert curves_of(image).tolist() == [list(one) for one in many]
    with pytest.raises(InputError, match="17 matched markers"):
        rt_image(session(), radiograph(), number=1, label="many", markers=[*many, (1.0, 1.0)], at=0)


@pytest.mark.parametrize(("markers", "words"), [
    ([(64.0, 1.0)], "marker 1 at column 64, row 1"), ([(1.0, 1.0), (1.0, -0.6)], "marker 2 at column 1, row -0.6"),
    ([(float("nan"), 1.0)], "marker 1 at column nan"), ([1.0, 2.0], r"markers of shape \(2,\)"),
])  # fmt: skip
def test_markers_beside_the_image_are_refused(markers: list[object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        rt_image(session(), radiograph(), number=1, label="one", markers=markers, at=0)  # type: ignore[arg-type]


@pytest.mark.parametrize("label", ["", "  ", "seventeen letters", "a\\b"])
def test_a_label_that_is_none_is_refused(label: str) -> None:
    with pytest.raises(InputError, match=r"RTImageLabel \(3002,0002\)"):
        rt_image(session(), radiograph(), number=1, label=label, at=0)


def test_what_cannot_be_is_refused() -> None:
    with pytest.raises(InputError, match="a portal dose image of the kV axis"):
        rt_image(session(), radiograph(), number=1, label="one", dose=True, at=0)
    alone = Session(Identity(1), made_up(Identity(1), "head"), "one")
    with pytest.raises(InputError, match="beam 2 without a plan"):
        rt_image(alone, radiograph(), number=1, label="one", beam=BeamReference(number=2), at=0)
    other = replace(radiograph(), pixels=np.zeros((48, 63), np.uint16))
    with pytest.raises(InputError, match="63x48 pixels of a panel of 64x48"):
        rt_image(session(), other, number=1, label="one", at=0)


def test_pictures_without_a_plan_refer_to_none() -> None:
    alone = Session(Identity(1), made_up(Identity(1), "head"), "one")
    image = read_back(rt_image(alone, radiograph("MV"), number=1, label="one", at=0))
    assert "ReferencedRTPlanSequence" not in image
    assert "FractionNumber" not in image
    assert [float(one) for one in image.IsocenterPosition] == [0, 0, 0]


def test_the_private_isocentre_is_the_isocentre() -> None:
    (image,) = objects()["mv"]
    block = image.private_block(0x3273, "Varian Medical Systems VISION 3273")
    assert [float(one) for one in block[0x00].value] == [float(one) for one in image.IsocenterPosition]
    assert block[0x01].value == image.PatientPosition == "HFS"


def test_the_same_picture_is_the_same_object_and_another_is_another() -> None:
    first, again, next_, other_day = (
        rt_image(day, radiograph(), number=number, label="one", at=0)
        for day, number in ((session(), 1), (session(), 1), (session(), 2), (session("tomorrow"), 1))
    )
    assert first == again
    assert len({first.SOPInstanceUID, next_.SOPInstanceUID, other_day.SOPInstanceUID}) == 3
    assert first.SeriesInstanceUID == next_.SeriesInstanceUID != other_day.SeriesInstanceUID
    assert first.FrameOfReferenceUID == next_.FrameOfReferenceUID != other_day.FrameOfReferenceUID
