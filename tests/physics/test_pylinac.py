"""pylinac, which knows nothing of us, finds the truth again in our pictures (`ci/oracles.sh pylinac`)."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from linacsim.physics.acquisition import Chain, chain
from linacsim.physics.detector import AS1200, PAXSCAN_4030CB, Lag
from linacsim.physics.fdk import Grid, reconstruct
from linacsim.physics.geometry import Array, Couch, Gaze, Pose, kv_gaze, mv_gaze, patient_pose, turned_about_z
from linacsim.physics.mvbeam import fluence, picket_fence, square
from linacsim.physics.phantoms import las_vegas, phantom, winston_lutz
from linacsim.physics.projection import water_path
from linacsim.physics.scatter import Scatter
from linacsim.physics.spectrum import attenuation, megavoltage, tube
from tests.physics.oracles import oracle, pylinac_says, write_ct, write_rt_image


@pytest.fixture(autouse=True)
def judge() -> None:
    """Nothing is pictured for a judge who is not there."""
    oracle("pylinac")


pytestmark = [pytest.mark.interop, pytest.mark.slow]

KV = PAXSCAN_4030CB.binned(2)
GRID = Grid(columns=384, rows=384, slices=66, pitch=0.65, thickness=2.5)
MIDDLE = {"catphan504": -18.0, "catphan604": -20.0}
"""The z of each phantom that is put at the isocentre, so that all modules are in the cone."""
ROLL = 0.8
ISOCENTRIC = [(gantry, 0, 0) for gantry in (0, 90, 180, 270)]
TURNED = [*ISOCENTRIC, (0, 45, 0), (0, 300, 0), (0, 0, 45), (0, 0, 315)]


def rng(key: int) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence([11, key]))


@cache
def mv_chain() -> Chain:
    return chain(megavoltage(), AS1200, rng(1))


def portal(primary: Array, field: Array, key: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """Return a portal image as it would be stored."""
    counts = mv_chain().expose(primary, rng(key), field=field, exposure=0.9, frames=4)
    signal = mv_chain().signal(counts, 0.9)
    return np.clip(np.rint(signal * 40000), 0, 65535).astype(np.uint16)


@pytest.mark.parametrize(
    ("key", "setups"),
    [*((key, TURNED) for key in range(8)), (8, ISOCENTRIC), (9, ISOCENTRIC)],
    ids=[*(f"gantry, collimator and couch {key}" for key in range(8)), "gantry 8", "gantry 9"],
)
def test_winston_lutz_finds_the_ball(tmp_path: Path, key: int, setups: list[tuple[int, int, int]]) -> None:
    offset = rng(100 + key).uniform(-3, 3, 3)
    body = winston_lutz()
    for index, (gantry, collimator, turn) in enumerate(setups):
        gaze = mv_gaze(gantry, AS1200.panel)
        x, y, z = (float(value) for value in offset)
        pose = patient_pose(Couch(x=x, y=y, z=z, rotation=turn))
        pixels = portal(mv_chain().primary(body, pose, gaze), fluence(gaze, square(20, collimator)), 1000 * key + index)
        write_rt_image(tmp_path / f"wl{index}.dcm", pixels, gaze, collimator, turn)
    found = np.array(pylinac_says("winston-lutz", tmp_path)["shift"])
    # What pylinac tells is how to move the ball back.
    np.testing.assert_allclose(found, -offset, atol=0.05)


def scan(name: str) -> tuple[list[Gaze], list[Pose]]:
    gazes = [kv_gaze(float(angle), KV.panel) for angle in range(360)]
    return gazes, [patient_pose(isocentre=(0.0, 0.0, MIDDLE[name]))] * 360


def ideal(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return views of one energy, without noise and scatter."""
    body = phantom(name).moved(Pose(turned_about_z(ROLL)))
    return np.stack([water_path(body, pose, gaze) for gaze, pose in zip(*scan(name), strict=True)]).astype(np.float32)


def real(name: str) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    """Return views of a beam of 125 kV with scatter, hardening, noise, lag, glare and a panel that is not even."""
    body = phantom(name).moved(Pose(turned_about_z(ROLL)))
    using = chain(tube(125), KV, rng(2), scatter=Scatter(), known_scatter=Scatter())
    lag, streams = Lag(), rng(3).spawn(360)
    return np.stack([
        using.water(using.expose(using.primary(body, pose, gaze), stream, lag=lag))
        for gaze, pose, stream in zip(*scan(name), streams, strict=True)
    ])  # fmt: skip


@pytest.mark.parametrize(
    ("name", "make", "tolerance"),
    [
        ("catphan604", ideal, 20),
        ("catphan504", ideal, 20),
        ("catphan604", real, 40),
        ("catphan504", real, 40),
    ],
)
def test_catphan_has_its_inserts_sizes_and_turn(tmp_path: Path, name: str, make: object, tolerance: float) -> None:
    images = make(name)  # type: ignore[operator]
    volume = reconstruct(images, scan(name)[0], GRID, window="RAM-LAK" if make is ideal else "HANN")
    write_ct(tmp_path, volume, GRID)
    found = pylinac_says(name, tmp_path)
    off = {insert: found["inserts"][insert] - nominal for insert, nominal in found["nominal"].items()}
    lengths = np.array(found["lines"])
    print(name, make.__name__, off, lengths, found["thickness"], found["roll"])  # type: ignore[attr-defined]  # noqa: T201 - the figures are wanted
    assert len(off) == {"catphan504": 7, "catphan604": 9}[name]
    assert max(abs(value) for value in off.values()) <= tolerance
    np.testing.assert_allclose(lengths, 50.0, atol=0.3)
    assert found["thickness"] == pytest.approx(2.5, abs=0.2)
    assert found["roll"] == pytest.approx(ROLL, abs=0.1)
    assert max(abs(value - 20.0) for value in found["uniformity"].values()) <= tolerance / 2


def test_picket_fence_finds_every_picket(tmp_path: Path) -> None:
    gaze = mv_gaze(0.0, AS1200.panel)
    fields = [fluence(gaze, one) for one in picket_fence(10, 20.0, 3.0)]
    write_rt_image(tmp_path / "pf.dcm", portal(np.ones_like(fields[0]), np.sum(fields, axis=0), 50), gaze)
    found = pylinac_says("picket-fence", tmp_path / "pf.dcm")
    assert found["pickets"] == 10
    assert found["spacing"] == pytest.approx(20.0, abs=0.1)
    assert found["error"] < 0.2
    assert found["passed"] == 100


def test_las_vegas_is_analysed_and_its_large_holes_seen(tmp_path: Path) -> None:
    gaze = mv_gaze(0.0, AS1200.panel)
    primary = mv_chain().primary(las_vegas(), patient_pose(), gaze)
    write_rt_image(tmp_path / "lv.dcm", portal(primary, fluence(gaze, square(200)), 60), gaze)
    found = pylinac_says("las-vegas", tmp_path / "lv.dcm")
    assert found["seen"] >= 6
    # Its first three regions are the widest holes, 2, 3.2 and 4.5 mm deep; the contrast is (a - b) / (a + b).
    expected = np.tanh(float(attenuation("aluminium", 1500.0)) * np.array([2.0, 3.2, 4.5]) / 2)
    np.testing.assert_allclose(found["contrasts"][:3], expected, rtol=0.05)
