"""Functions of readings of Oncentra: images of Anatomy Modeling, Hounsfield units, private blocks."""

from __future__ import annotations

import numpy as np
import pytest
from pydicom.dataset import Dataset

from linacsim.conformance.kinds import SOP_CLASSES
from linacsim.conformance.loader import load_system
from tests.conformance.check.sentences import dataset, put, said, verdict

SYSTEM = load_system("oncentra")
KEPT = "hounsfield_kept(-1000, 3095)"


def slice_of(*stored: int, **more: object) -> Dataset:
    return dataset(
        {
            "SOPClassUID": SOP_CLASSES["ct"], "SOPInstanceUID": "1.1", "Rows": 1, "Columns": len(stored),
            "BitsAllocated": 16, "PixelRepresentation": 1, "RescaleSlope": 1, "RescaleIntercept": -1024,
            "PixelData": np.array(stored, dtype="<i2").tobytes(), **more,
        }
    )  # fmt: skip


@pytest.mark.parametrize(
    ("image", "found"),
    [
        (slice_of(24, 4119), "true"),
        (slice_of(23, 4119), "1 pixels below, 0 above"),
        (slice_of(24, 4120, 4121), "0 pixels below, 2 above"),
        (slice_of(-2000, 24, PixelPaddingValue=-2000), "true"),
        (slice_of(-2000, 0, 24, PixelPaddingValue=-2000), "1 pixels below, 0 above"),
        (slice_of(5000, 24, PixelPaddingValue=5000), "true"),
        (slice_of(24, 12, RescaleSlope=2, RescaleIntercept=-1024), "true"),
        (slice_of(24, RescaleSlope=0), "unknown"),
        (slice_of(24, Rows=9), "unknown"),
    ],
)
def test_hounsfield_units_are_kept(image: Dataset, found: str) -> None:
    answer = said({"ct": image}, KEPT, "ct:")
    assert getattr(answer, "found", verdict(answer)) == found


@pytest.mark.parametrize(
    ("kind", "image_type", "holds"),
    [
        ("ct", ["DERIVED", "SECONDARY"], True), ("ct", ["DERIVED", "SECONDARY", "AXIAL"], True),
        ("ct", ["DERIVED", "SECONDARY", "MPR"], False), ("ct", ["ORIGINAL", "PRIMARY", "AXIAL"], False),
        ("mr", ["DERIVED", "SECONDARY", "MPR"], True), ("mr", ["DERIVED", "SECONDARY"], False),
        ("rtimage", ["DERIVED", "SECONDARY"], False),
    ],
)  # fmt: skip
def test_images_of_anatomy_modeling_are_told_by_their_type(kind: str, image_type: list[str], *, holds: bool) -> None:
    image = dataset({"SOPClassUID": SOP_CLASSES[kind], "SOPInstanceUID": "1.1", "ImageType": image_type})
    assert said({"a": image}, "made_in_am()", "a:") is holds


@pytest.mark.parametrize(
    ("creators", "own", "only"),
    [
        ((), False, "true"), (("NUCLETRON",), True, "true"), (("OTHER",), False, "broken"),
        (("MDS NORDION OTP EM", "OTHER"), True, "broken"), (("MDS NORDION DCMRTDOSEINPUT",), True, "true"),
    ],
)  # fmt: skip
def test_private_blocks_are_its_own_or_not_at_any_depth(creators: tuple[str, ...], *, own: bool, only: str) -> None:
    beam = dataset({"BeamNumber": 1})
    for name in creators:
        put(beam, f"3007,xx00 {name}/LO", "1")
    plan = {"rtplan": dataset({"SOPClassUID": SOP_CLASSES["rtplan"], "SOPInstanceUID": "1.1"})}
    plan["rtplan"].BeamSequence = [beam]
    assert said(plan, "has_own_blocks()", "rtplan:", SYSTEM) is own
    assert verdict(said(plan, "own_blocks_only()", "rtplan:", SYSTEM)) == only
