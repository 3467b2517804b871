import numpy as np
from scipy.ndimage import center_of_mass

from linacsim.physics.geometry import Couch, meeting_point, patient_pose
from linacsim.physics.phantoms import winston_lutz
from linacsim.physics.presets import kv_technique
from linacsim.physics.room import Room


def test_a_shift_comes_back() -> None:
    room, lies = Room(winston_lutz(), np.random.SeedSequence(1)), patient_pose(Couch(x=3.0, y=-2.0, z=1.0))
    pictures = [room.kv(gantry, lies, kv_technique("head-ap"), key=key) for key, gantry in enumerate((270.0, 0.0))]
    seen = [one.gaze.panel.position_of(center_of_mass(one.water > 200.0)) for one in pictures]
    point, miss = meeting_point([one.gaze for one in pictures], seen)
    assert np.abs(point - (3.0, -2.0, 1.0)).max() < 0.1
    assert miss < 0.1
