"""The standard and the vendor's own table, judged by others: dciodvfy, dicom-validator, dcm2pnm, our checker."""

from __future__ import annotations

import re
import subprocess
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import Dataset

from linacsim.conformance import load_system
from linacsim.conformance.check.engine import check
from linacsim.conformance.check.findings import State
from linacsim.conformance.kinds import kind_of
from linacsim.conformance.tables import Sent
from linacsim.kernel.identity import Identity
from linacsim.objects.export import export
from linacsim.objects.imaging import curves_of, registration, rt_image
from tests.objects.dciodvfy import errors
from tests.objects.explained import explanations
from tests.objects.imaging.made import MARKERS, SEED, case, encoded, objects, radiograph, read_back, session
from tests.objects.oracles.validator import validator_says

FALSE_POSITIVES = {
    f"Error - Attribute present when condition unsatisfied (which may not be present otherwise) Type 2C Conditional "
    f"Element=<{keyword}> Module=<RTImage>"
    for keyword in ("KVP", "XRayTubeCurrent", "ExposureTime", "MetersetExposure")
}
"""dciodvfy looks for Image Type in the item of Exposure Sequence, where it never stands: four lines of every RT Image."""

GAPS = {
    r"RT ROI Observations: RTROIObservationsSequence\.(ROIInterpreter|ROIPhysicalPropertiesSequence|RTROIInterpretedType)"
    r": TagUnexpected": "edition 2020b of dicom-standard loses what follows a nested sequence in this module",
    r"General: (AxisLabels|AxisUnits|CurveData|CurveDimensions|DataValueRepresentation|NumberOfPoints|TypeOfData)"
    r": TagUnexpected": "curves of matched markers are a retired module that Varian still writes (2.2.1.3.1.1)",
}
"""What dicom-validator finds in correct objects, and why."""

AS_PRINTED = {
    r"ROI Physical Property .* = <PAT SUPPORT_ANGLE> - Length invalid for this VR = 17": "B.2.11 prints a code string of "
    "17 characters",
    r"Dicom dataset contains invalid data values for Value Representations": "the same one",
}
"""What dciodvfy finds in structure sets of isocentres, and why; markers, which `explained.tsv` is about, have no angle."""

TWO_LISTS = "rtimage.export:0008,0008#enum ImageType ORIGINAL\\PRIMARY\\PORTAL\\ACQUIRED_DOSE"
"""Image Type of a portal dose image: B.2.10 lists it, and B.2.6 lists the same attribute without it."""

NAMES = sorted(objects())


@cache
def exported() -> dict[str, list[Dataset]]:
    system = load_system("varian-obi")
    return {name: [export(ds, system, Identity(SEED)) for ds in some] for name, some in objects().items()}


def unexplained(found: list[str], known: dict[str, str]) -> list[str]:
    return [one for one in found if not any(re.search(pattern, one) for pattern in known)]


@pytest.mark.interop
@pytest.mark.parametrize("name", NAMES)
def test_dciodvfy_finds_the_four_false_positives_and_nothing_else(name: str, tmp_path: Path) -> None:
    found = set(errors(objects()[name][0], tmp_path / "object.dcm"))
    assert found <= (FALSE_POSITIVES if name in ("kv", "mv", "dose") else set())
    if name == "kv":
        assert found == FALSE_POSITIVES, "a false positive that has gone need not be listed any more"


@pytest.mark.interop
@pytest.mark.parametrize("name", NAMES)
def test_dciodvfy_finds_in_what_is_sent_only_what_the_document_explains(name: str, tmp_path: Path) -> None:
    ds = exported()[name][0]
    known = {one.pattern: one.why for one in explanations("dciodvfy", "varian-obi", kind_of(ds.SOPClassUID))}
    found = errors(ds, tmp_path / "object.dcm")
    assert unexplained(found, {**known, **(AS_PRINTED if name == "isocentres" else {})}) == []
    for pattern in AS_PRINTED if name == "isocentres" else ():
        assert any(re.search(pattern, one) for one in found), "need not be listed any more"


def test_dicom_validator_finds_nothing_but_its_own_gaps(tmp_path: Path) -> None:
    found = validator_says({name: some[0] for name, some in objects().items()}, tmp_path)
    assert set(found) == set(objects())
    assert {name: unexplained(some, GAPS) for name, some in found.items()} == {name: [] for name in found}
    for pattern in GAPS:
        assert any(re.search(pattern, one) for some in found.values() for one in some), "need not be listed any more"


def test_dicom_validator_finds_what_is_wrong(tmp_path: Path) -> None:
    image, slice_, match = (read_back(objects()[name][0]) for name in ("mv", "ct", "3d"))
    del image.RTImagePlane
    image.ReportedValuesOrigin = "GUESSED"
    del image.ExposureSequence[0].KVP
    del slice_.PixelSpacing
    del match.RegistrationSequence[0].MatrixRegistrationSequence[0].MatrixSequence
    found = validator_says({"image": image, "slice": slice_, "match": match}, tmp_path)
    assert found["image"] == [
        "RT Image: ExposureSequence.KVP: TagMissing",
        "RT Image: RTImagePlane: TagMissing",
        "RT Image: ReportedValuesOrigin: EnumValueNotAllowed 'GUESSED'",
    ]
    assert found["slice"] == ["Image Plane: PixelSpacing: TagMissing"]
    assert found["match"] == [
        "Spatial Registration: RegistrationSequence.MatrixRegistrationSequence.MatrixSequence: TagMissing"
    ]


def test_dicom_validator_misses_in_what_is_sent_only_what_is_never_sent(tmp_path: Path) -> None:
    sent = {name: some[0] for name, some in exported().items()}
    for name, found in validator_says(sent, tmp_path).items():
        iod = load_system("varian-obi").iod(kind_of(sent[name].SOPClassUID), "export")
        assert iod is not None
        never = {row.keyword for row in iod.rows if row.export is Sent.NEVER}
        listed = {row.keyword for row in iod.rows}
        for one in unexplained(found, GAPS):
            _, keyword, what = one.split(": ")
            assert what == "TagMissing"
            assert keyword in never or keyword not in listed, one


def everything() -> list[Dataset]:
    """Return what is exported, and the objects of others that it refers to."""
    return [ds for some in exported().values() for ds in some]


def test_what_is_sent_passes_the_exporters_own_table() -> None:
    report = check(everything(), load_system("varian-obi"), "export")
    assert report.decided > 400
    found = [f"{one.rule} {one.path} {one.found}" for one in report.of(State.BROKEN)]
    assert found == [TWO_LISTS]


def test_a_broken_object_does_not_pass() -> None:
    (image,) = (read_back(one) for one in exported()["kv"])
    image[0x5002, 0x0103].value = 4
    image.private_block(0x3273, "Varian Medical Systems VISION 3273")[0x01].value = "FFS"
    (isocentres,) = (read_back(one) for one in exported()["isocentres"])
    isocentres.ROIContourSequence[0].ContourSequence[0].NumberOfContourPoints = 2
    report = check([image, isocentres], load_system("varian-obi"), "export")
    found = {one.rule for one in report.of(State.BROKEN)}
    assert any("export-marker-curve" in one for one in found)
    assert any("3273,xx01" in one for one in found)
    assert any("export-iso-laser" in one for one in found)


@pytest.mark.parametrize("name", NAMES)
def test_what_has_been_acquired_keeps_its_names(name: str) -> None:
    for before, after in zip(objects()[name], exported()[name], strict=True):
        assert after.SOPInstanceUID == before.SOPInstanceUID == after.file_meta.MediaStorageSOPInstanceUID
        assert after.SeriesInstanceUID == before.SeriesInstanceUID
        assert encoded(read_back(after)) == encoded(after)


def test_references_lead_to_what_is_stored() -> None:
    stored = {ds.SOPInstanceUID for ds in [*everything(), *case().objects(["ct", "rtimage", "rtstruct", "rtplan"])]}
    named = {uid for ds in everything() for uid in references(ds)}
    assert len(named) > 20
    assert named <= stored | {case().scene.study}


def references(ds: Dataset) -> set[str]:
    found = {str(ds.ReferencedSOPInstanceUID)} if "ReferencedSOPInstanceUID" in ds else set()
    for element in ds:
        if element.VR == "SQ":
            found = found.union(*(references(item) for item in element.value)) if element.value else found
    return found


def test_the_table_fixes_the_vendors_values() -> None:
    for ds in everything():
        assert ds.SeriesNumber == 0
    for name in ("kv", "mv", "dose", "ct", "3d"):
        assert exported()[name][0].InstanceNumber == 0
    slice_ = exported()["ct"][0]
    assert (slice_.DistanceSourceToPatient, slice_.ManufacturerModelName) == (0, "OBI Cone-beam CT")
    assert (slice_.TableTopLateralPosition, "KVP" in slice_) == (3, False)
    assert exported()["dose"][0].ImageType[3] == "ACQUIRED_DOSE"
    assert exported()["dose"][0].RescaleType == "CU"
    turned = exported()["isocentres"][0].RTROIObservationsSequence[0].ROIPhysicalPropertiesSequence[0]
    assert (turned.ROIPhysicalProperty, turned.ROIPhysicalPropertyValue) == ("PAT SUPPORT_ANGLE", 2)


def test_pixels_and_geometry_are_sent_as_they_are() -> None:
    for name in ("kv", "mv", "dose", "ct"):
        for before, after in zip(objects()[name], exported()[name], strict=True):
            assert after.PixelData == before.PixelData
            for keyword in ("RescaleSlope", "RescaleIntercept", "RTImagePosition", "XRayImageReceptorTranslation",
                            "RTImageOrientation", "IsocenterPosition", "GantryAngle", "ImagePositionPatient",
                            "ImageOrientationPatient", "FrameOfReferenceUID"):  # fmt: skip
                assert after.get(keyword) == before.get(keyword)


def test_markers_are_sent_in_every_curve_with_the_axis_units_that_are_printed() -> None:
    (image,) = (read_back(one) for one in exported()["kv"])
    assert curves_of(image).tolist() == [list(one) for one in MARKERS]
    for group in (0x5000, 0x5002):
        assert image[group, 0x0030].value == ["PIXEL", "PIXL"]
    many = [(float(n), 3.0) for n in range(16)]
    full = rt_image(session(), radiograph(), number=9, label="many", markers=many, at=0)
    sent = read_back(export(full, load_system("varian-obi"), Identity(SEED)))
    assert curves_of(sent).tolist() == [list(one) for one in many]
    assert sent[0x501E, 0x0030].value == ["PIXEL", "PIXL"]


def test_all_matches_pass_in_both_layouts() -> None:
    planned, own = case(), objects()
    flat = [*own["kv"], *own["mv"]]
    for reference, acquired in ((planned.rtimage, flat), (planned.ct, own["ct"]), (planned.ct, flat)):
        for ihe_ro in (False, True):
            ds = registration(
                session(), reference=reference, acquired=acquired, matrix=np.eye(4), sub_type="any", ihe_ro=ihe_ro, at=3
            )
            sent = export(ds, load_system("varian-obi"), Identity(SEED))
            report = check([sent, *reference, *acquired], load_system("varian-obi"), "export")
            broken = [one for one in report.of(State.BROKEN) if one.about.uid == sent.SOPInstanceUID]
            assert broken == []


@pytest.mark.interop
@pytest.mark.parametrize("name", ["kv", "mv", "dose", "ct"])
@pytest.mark.parametrize("as_sent", [False, True])
def test_dcm2pnm_renders_it(name: str, as_sent: bool, tmp_path: Path) -> None:
    ds = (exported() if as_sent else objects())[name][0]
    ds.save_as(tmp_path / "in.dcm", enforce_file_format=True)
    # The first window of the image, or the whole range of an image without one. DCMTK takes what a rescale gives for whole
    # numbers, so it shows a portal image of 0.01 CU by its stored values only.
    window = ["-M", "+Wm"] if name == "dose" else ["+Wi", "1"] if "WindowCenter" in ds else ["+Wm"]
    done = subprocess.run(
        ["dcm2pnm", *window, "+op", "in.dcm", "out.pgm"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    shown = pgm(tmp_path / "out.pgm")
    stored = ds.pixel_array
    assert shown.shape == stored.shape
    assert shown.max() - shown.min() > 200
    bright, dark = stored > np.percentile(stored, 90), stored < np.percentile(stored, 10)
    assert shown[bright].min() > shown[dark].max()


@pytest.mark.interop
def test_dcm2pnm_shows_monochrome1_the_other_way_round(tmp_path: Path) -> None:
    shown = {}
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        ds = rt_image(session(), radiograph(), number=1, label="one", photometric=photometric, at=0)
        ds.save_as(tmp_path / "in.dcm", enforce_file_format=True)
        subprocess.run(["dcm2pnm", "+Wi", "1", "+op", "in.dcm", "out.pgm"], cwd=tmp_path, check=True)
        shown[photometric] = pgm(tmp_path / "out.pgm").astype(int)
    assert np.abs(shown["MONOCHROME1"] + shown["MONOCHROME2"] - 255).max() <= 1


def pgm(path: Path) -> np.ndarray:
    """Return a grey picture of 8 bits."""
    with Image.open(path) as picture:
        assert picture.mode == "L"
        return np.asarray(picture)
