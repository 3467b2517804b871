"""Who lies on the couch: what the pictures are made of, where it really is, and the room around it."""

from __future__ import annotations

import numpy as np

from linacsim.devices.imager.actions import Lie
from linacsim.devices.imager.patient import LoadedPatient
from linacsim.devices.imager.personality import PictureSettings
from linacsim.errors import InputError
from linacsim.kernel.identity import Identity
from linacsim.physics.detector import DETECTORS
from linacsim.physics.geometry import Couch, PatientPosition, Pose, Vector, patient_pose
from linacsim.physics.motion import Breathing
from linacsim.physics.phantoms import phantom
from linacsim.physics.projection import Voxels
from linacsim.physics.room import Room
from linacsim.physics.solids import Body

_ORIGIN: Vector = (0.0, 0.0, 0.0)


class Scene:
    """A body on the couch, displaced from where the plan wants it.

    Parameters
    ----------
    lie : Lie
        What lies there, and how.
    patient : LoadedPatient, optional
        Whose plan it is meant for.
    pictures : PictureSettings
        How pictures are made.
    identity : Identity
        Where chance comes from.
    name : str
        Of the imager: two imagers have different panels.

    Raises
    ------
    InputError
        If there is no such body, or no reference CT to take it from.
    """

    def __init__(
        self, lie: Lie, patient: LoadedPatient | None, pictures: PictureSettings, identity: Identity, name: str
    ) -> None:
        self.lie = lie
        self.displaced = lie.shift.couch()
        body, isocentre = _body(lie.body, patient)
        seed = np.random.SeedSequence(identity.generator("imager", name).getrandbits(64))
        self.room = Room(
            body, seed, effects=pictures.effects.effects(), mv_detector=DETECTORS[pictures.mv_detector],
            detail=pictures.detail, sag=pictures.sag,
        )  # fmt: skip
        self.position: PatientPosition = patient.plan.lying if patient is not None else "HFS"
        self._lying = patient_pose(self.displaced, isocentre, self.position)
        self._breathing = Breathing(amplitude=(0.0, 0.0, lie.breathing)) if lie.breathing else None

    def pose(self, couch: Couch, seconds: float) -> Pose:
        """Return where the body is, from its own coordinates to the fixed system, at an instant of the run."""
        lying = couch.pose.after(self._lying)
        if self._breathing is None:
            return lying
        return lying.after(Pose(shift=self._breathing.displacement(seconds)))

    @property
    def moves(self) -> bool:
        """Whether the body moves by itself."""
        return self._breathing is not None


def _body(name: str, patient: LoadedPatient | None) -> tuple[Body | Voxels, Vector]:
    """Return a body, and the point of it that belongs at the machine's isocentre."""
    if name != "ct":
        return phantom(name), _ORIGIN
    if patient is None or not patient.slices:
        todo = "load a plan with its reference CT, or lay a phantom there"
        raise InputError("there is no reference CT to make the patient from", "body", todo)
    return patient.volume.voxels, patient.isocentre
