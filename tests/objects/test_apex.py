"""Two plans for one, for a linac with an Apex MLC."""

from __future__ import annotations

import pytest
from pydicom.dataset import Dataset

from linacsim.kernel.identity import Identity
from linacsim.objects.apex import has_leaves, two_plans
from linacsim.objects.case import Case, CaseSettings


@pytest.fixture(scope="module")
def plan() -> Dataset:
    (plan,) = Case(Identity(5), CaseSettings(slices=2, matrix=16)).objects(("rtplan",))
    return plan


def devices(plan: Dataset) -> set[str]:
    described = {one.RTBeamLimitingDeviceType for beam in plan.BeamSequence for one in beam.BeamLimitingDeviceSequence}
    placed = {
        one.RTBeamLimitingDeviceType
        for beam in plan.BeamSequence
        for point in beam.ControlPointSequence
        for one in point.get("BeamLimitingDevicePositionSequence", ())
    }
    assert placed <= described
    return {str(one) for one in described}


def test_the_plans_have_different_uids_and_devices(plan: Dataset) -> None:
    management, controller = two_plans(plan, Identity(5))
    assert management.SOPInstanceUID == plan.SOPInstanceUID
    assert controller.SOPInstanceUID not in ("", plan.SOPInstanceUID)
    assert controller.file_meta.MediaStorageSOPInstanceUID == controller.SOPInstanceUID
    assert devices(plan) == {"ASYMX", "ASYMY", "MLCX"}
    assert devices(management) == {"ASYMX", "ASYMY"}
    assert devices(controller) == {"MLCX"}
    assert (has_leaves(plan), has_leaves(management), has_leaves(controller)) == (True, False, True)


def test_the_controller_gets_no_beam_without_leaves(plan: Dataset) -> None:
    management, controller = two_plans(plan, Identity(5))
    assert len(management.BeamSequence) == len(plan.BeamSequence) > len(controller.BeamSequence) > 0
    (group,) = controller.FractionGroupSequence
    numbers = [int(beam.BeamNumber) for beam in controller.BeamSequence]
    assert [int(one.ReferencedBeamNumber) for one in group.ReferencedBeamSequence] == numbers
    assert group.NumberOfBeams == len(numbers)


def test_the_plan_itself_is_left_alone_and_the_second_uid_is_the_same_again(plan: Dataset) -> None:
    before = plan.to_json()
    first = two_plans(plan, Identity(5))[1].SOPInstanceUID
    assert two_plans(plan, Identity(5))[1].SOPInstanceUID == first
    assert two_plans(plan, Identity(6))[1].SOPInstanceUID != first
    assert plan.to_json() == before
