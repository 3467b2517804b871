"""Faults of data sets, in both roles and on both clocks: read off the objects on the wire.

The requestor sends one when it stores an image, the acceptor when it has been asked for one with C-GET.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydicom.dataset import Dataset

from linacsim.bench import Bench
from linacsim.faults import Armed, fault
from linacsim.faults.model import ACCEPTOR, REQUESTOR
from tests.contract.faulted import CT, MR, Case, Cases, Shot, Tap, messages, shoot

_INSTANCE = (0x1000,)
_PIXELS = 128 * 128 * 2


def _shows(check: Callable[[Dataset], bool]) -> Callable[[Shot], None]:
    def shown(shot: Shot) -> None:
        (dataset,) = shot.wire.datasets(shot.role)
        assert check(dataset)
        # the rest is as it was
        assert dataset.Modality == "CT"

    return shown


def _is_encoded_otherwise(shot: Shot) -> None:
    (sent,) = messages(shot.sent, "C-STORE-RQ")
    # an element in explicit VR has two letters after its tag
    assert sent.data[4:6].isalpha() == shot.wire.syntax(sent.context_id).is_implicit_VR
    (dataset,) = shot.wire.datasets(shot.role, wrong=True)
    assert dataset.Modality == "CT"
    assert dataset.Rows == 128


def _is_the_same_twice(shot: Shot) -> None:
    uids = [one.command.uid(_INSTANCE) for one in messages(shot.sent, "C-STORE-RQ")]
    assert len(uids) == 2
    assert len({*uids, *(str(dataset.SOPInstanceUID) for dataset in shot.wire.datasets(shot.role))}) == 1
    assert {dataset.Modality for dataset in shot.wire.datasets(shot.role)} == {"CT", "MR"}


def _cases(do: str, check: Callable[[Shot], None], images: tuple[str, ...] = (CT,), **parameters: Any) -> Cases:
    def arm() -> Armed:
        return fault(do, "C-STORE-RQ", way="sent", **parameters)

    return {
        (do, REQUESTOR): Case(arm=arm, check=check, images=images),
        (do, ACCEPTOR): Case(arm=arm, check=check, images=images, play="get"),
    }


CASES: Cases = {
    **_cases("missing-attribute", _shows(lambda one: "StudyDate" not in one), attribute="StudyDate"),
    **_cases("wrong-value", _shows(lambda one: one.PatientID == "SOMEBODY"), attribute="PatientID", value="SOMEBODY"),
    **_cases("wrong-vr", _shows(lambda one: one["PatientID"].VR == "LT"), attribute="PatientID", vr="LT"),
    **_cases("wrong-reference", _shows(lambda one: one.FrameOfReferenceUID.startswith("2.25."))),
    **_cases("duplicate-instance", _is_the_same_twice, images=(CT, MR)),
    **_cases("truncated-pixels", _shows(lambda one: len(one.PixelData) == 100), keep=100),
    **_cases("wrong-transfer-syntax", _is_encoded_otherwise),
    **_cases("wrong-charset", _shows(lambda one: one.SpecificCharacterSet == "ISO_IR 144"), charset="ISO_IR 144"),
}


@pytest.mark.parametrize(("word", "role"), CASES)
def test_case(bench_clock: Bench, word: str, role: str, tap: Tap) -> None:
    CASES[word, role].check(shoot(bench_clock, CASES[word, role], word, role, tap))


@pytest.mark.parametrize(
    ("do", "parameters", "check"),
    [
        ("wrong-value", {"attribute": "Rows", "value": 7}, lambda one: one.Rows == 7),
        ("wrong-vr", {"attribute": "Rows", "vr": "SH"}, lambda one: one.get_item(0x00280010).VR == "SH"),
        ("truncated-pixels", {}, lambda one: len(one.PixelData) < _PIXELS // 2),
    ],
)
def test_more_of_them(
    bench_clock: Bench, tap: Tap, do: str, parameters: dict[str, Any], check: Callable[[Dataset], bool]
) -> None:
    case = _cases(do, _shows(check), **parameters)[do, REQUESTOR]
    case.check(shoot(bench_clock, case, do, REQUESTOR, tap))
