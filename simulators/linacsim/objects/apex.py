"""Two plans for one: a plan for a linac with an Apex MLC, as Monaco writes it for MOSAIQ before 2.50 (Monaco 5.30, 3.1.16).

The document says that one goes to the treatment management system and one to the MLC controller, that their contents differ,
and that they have different UIDs; it does not say how the contents differ. Here the first has no leaves and the second has
nothing else: each machine is told what it moves.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

from pydicom.dataset import Dataset
from pydicom.uid import UID

from linacsim.kernel.identity import Identity


def two_plans(plan: Dataset, identity: Identity) -> tuple[Dataset, Dataset]:
    """Return the plan for the treatment management system and that for the MLC controller.

    Parameters
    ----------
    plan : Dataset
        An RT Plan with jaws and leaves; it is not changed.
    identity : Identity
        Where the second UID is drawn from. The first keeps that of `plan`, which doses and images refer to.
    """
    management, controller = deepcopy(plan), deepcopy(plan)
    for beam in management.BeamSequence:
        _keep_devices(beam, lambda device: not _is_leaves(device))
    controller.SOPInstanceUID = UID(identity.uid("mlc-controller", str(plan.SOPInstanceUID)))
    if "file_meta" in controller.__dict__:
        controller.file_meta.MediaStorageSOPInstanceUID = controller.SOPInstanceUID
    _keep_beams(controller)
    for beam in controller.BeamSequence:
        _keep_devices(beam, _is_leaves)
    return management, controller


def has_leaves(plan: Dataset) -> bool:
    """Whether a beam of an RT Plan has a multileaf collimator."""
    return any(_is_leaves(one) for beam in plan.get("BeamSequence") or () for one in _devices(beam))


def _devices(beam: Dataset) -> list[Dataset]:
    return list(beam.get("BeamLimitingDeviceSequence") or ())


def _is_leaves(device: Dataset) -> bool:
    return str(device.get("RTBeamLimitingDeviceType", "")).startswith("MLC")


def _keep_devices(beam: Dataset, wanted: Callable[[Dataset], bool]) -> None:
    """Leave those limiting devices of a beam, and their positions, that are wanted."""
    beam.BeamLimitingDeviceSequence = [one for one in _devices(beam) if wanted(one)]
    for point in beam.ControlPointSequence:
        if "BeamLimitingDevicePositionSequence" not in point:
            continue
        left = [one for one in point.BeamLimitingDevicePositionSequence if wanted(one)]
        if left:
            point.BeamLimitingDevicePositionSequence = left
        else:
            del point.BeamLimitingDevicePositionSequence


def _keep_beams(plan: Dataset) -> None:
    """Leave the beams that have leaves; the fraction groups name no other."""
    plan.BeamSequence = [beam for beam in plan.BeamSequence if any(map(_is_leaves, _devices(beam)))]
    numbers = {int(beam.BeamNumber) for beam in plan.BeamSequence}
    for group in plan.get("FractionGroupSequence") or ():
        group.ReferencedBeamSequence = [
            one for one in group.get("ReferencedBeamSequence") or () if int(one.ReferencedBeamNumber) in numbers
        ]
        group.NumberOfBeams = len(group.ReferencedBeamSequence)
