"""pylinac, which knows nothing of us, reads our RT Images: as they are made and as the vendor's table has them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.random import SeedSequence

from linacsim.conformance import load_system
from linacsim.kernel.identity import Identity
from linacsim.objects.export import export
from linacsim.objects.imaging import Session, made_up, rt_image
from linacsim.physics.geometry import Couch, patient_pose
from linacsim.physics.mvbeam import square
from linacsim.physics.phantoms import winston_lutz
from linacsim.physics.presets import MvTechnique
from linacsim.physics.room import Effects, Room
from tests.physics.oracles import pylinac_says

pytestmark = [pytest.mark.interop, pytest.mark.slow]

SETUPS = [(gantry, 0, 0) for gantry in (0, 90, 180, 270)] + [(0, 45, 0), (0, 0, 45), (0, 0, 315)]
"""Gantry, collimator and couch, degrees."""


@pytest.mark.parametrize("as_sent", [False, True])
def test_winston_lutz_finds_the_ball_in_rt_images(tmp_path: Path, as_sent: bool) -> None:
    identity, offset = Identity(1), (1.5, -2.25, 0.75)
    x, y, z = offset
    session = Session(identity, made_up(identity, "winston-lutz"), "one")
    effects = replace(Effects.none(), flexmap=True, correction=True)
    room = Room(winston_lutz(), SeedSequence(7), effects=effects)
    for number, (gantry, collimator, turn) in enumerate(SETUPS, start=1):
        pose = patient_pose(Couch(x=x, y=y, z=z, rotation=turn))
        field = square(20.0, float(collimator))
        picture = room.mv(gantry, pose, MvTechnique(), field, key=number, couch=Couch(rotation=turn))
        ds = rt_image(session, picture, number=number, label=f"WL {number}", at=0)
        sent = export(ds, load_system("varian-obi"), identity) if as_sent else ds
        sent.save_as(tmp_path / f"wl{number}.dcm", enforce_file_format=True)
    found = pylinac_says("winston-lutz", tmp_path)
    angles = sorted([round(one) % 360 for one in image[:3]] for image in found["images"])
    assert angles == sorted([list(setup) for setup in SETUPS])
    # What pylinac tells is how to move the ball back.
    np.testing.assert_allclose(found["shift"], np.negative(offset), atol=0.05)
