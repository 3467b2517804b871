"""Changing an attribute by its path, and what a wrong path is told."""

from __future__ import annotations

import pytest
from pydicom import Dataset

from linacsim.errors import InputError
from linacsim.objects.change import Value, change


def plan() -> Dataset:
    beam, point = Dataset(), Dataset()
    point.GantryAngle = "0"
    point.IsocenterPosition = ["1", "2", "3"]
    beam.BeamNumber = 1
    beam.ControlPointSequence = [point, Dataset()]
    ds = Dataset()
    ds.RTPlanLabel = "PLAN"
    ds.BeamSequence = [beam]
    return ds


@pytest.mark.parametrize(
    ("path", "value", "found"),
    [
        ("RTPlanLabel", "OTHER", "OTHER"),
        ("BeamSequence[0].BeamNumber", 7, 7),
        ("BeamSequence[0].ControlPointSequence[0].GantryAngle", 12.5, 12.5),
        ("BeamSequence[0].ControlPointSequence[0].IsocenterPosition", (4.0, 5, "6"), [4, 5, 6]),
        ("BeamSequence[0].ControlPointSequence[1].GantryAngle", 90, 90),
    ],
)
def test_an_attribute_gets_another_value(path: str, value: Value, found: object) -> None:
    ds = plan()
    change(ds, path, value)
    beam = ds.BeamSequence[0]
    at = {"RTPlanLabel": ds, "BeamNumber": beam}.get(path.rpartition(".")[2], beam.ControlPointSequence["[1]" in path])
    assert at[path.rpartition(".")[2]].value == found


def test_without_a_value_an_attribute_or_an_item_is_taken_away() -> None:
    ds = plan()
    change(ds, "BeamSequence[0].ControlPointSequence[0].IsocenterPosition", None)
    change(ds, "BeamSequence[0].ControlPointSequence[1]", None)
    assert "IsocenterPosition" not in ds.BeamSequence[0].ControlPointSequence[0]
    assert len(ds.BeamSequence[0].ControlPointSequence) == 1


@pytest.mark.parametrize(
    ("path", "value", "text"),
    [
        ("Nothing", "1", "no attribute 'Nothing'"),
        ("BeamSequence.BeamNumber", 1, r"BeamSequence is without an index.*say BeamSequence\[0\]"),
        ("BeamSequence[3].BeamNumber", 1, "BeamSequence has 1 items"),
        ("DoseReferenceSequence[0].DoseReferenceNumber", 1, "DoseReferenceSequence is not there"),
        ("BeamSequence[0]", 1, "an item of BeamSequence cannot be given a value"),
        ("RTPlanDate", None, "RTPlanDate is not there"),
        ("BeamSequence[x]", None, "is no part of a path"),
        ("BeamSequence", "abc", "BeamSequence"),
    ],
)
def test_a_wrong_path_or_value_is_told(path: str, value: Value | None, text: str) -> None:
    with pytest.raises(InputError, match=text):
        change(plan(), path, value)
