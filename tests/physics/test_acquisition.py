"""The whole way of a picture: its truth, its switches, and that it is the same again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from linacsim.errors import InputError
from linacsim.physics.acquisition import Chain, chain, truth
from linacsim.physics.bowtie import bow_tie
from linacsim.physics.detector import AS1000, PAXSCAN_4030CB, saturated
from linacsim.physics.flexmap import typical
from linacsim.physics.geometry import Couch, kv_gaze, mv_gaze, patient_pose
from linacsim.physics.mvbeam import fluence, square
from linacsim.physics.phantoms import phantom, winston_lutz
from linacsim.physics.projection import Voxels
from linacsim.physics.scatter import Scatter
from linacsim.physics.spectrum import megavoltage, mono, tube

SMALL = PAXSCAN_4030CB.binned(4)
IDEAL = replace(SMALL.quiet(), quanta=1e13, bits=16, full_scale=60000.0)


def rng(key: int = 1) -> np.random.Generator:
    return np.random.default_rng(np.random.SeedSequence(key))


def test_a_perfect_chain_gives_the_line_integrals_back() -> None:
    body, gaze = phantom("head"), kv_gaze(10.0, SMALL.panel)
    using = chain(mono(), IDEAL, rng())
    seen = using.water(using.expose(using.primary(body, patient_pose(), gaze), rng(2)))
    from linacsim.physics.projection import water_path  # noqa: PLC0415 - what is compared with

    exact = water_path(body, patient_pose(), gaze)
    thin = exact < 250
    assert np.abs(seen - exact)[thin].max() < 1.0
    assert thin.mean() > 0.9


@pytest.mark.parametrize("known", [True, False])
def test_scatter_that_is_not_taken_out_makes_a_body_look_thinner(known: bool) -> None:
    body, gaze = phantom("head"), kv_gaze(0.0, SMALL.panel)
    using = chain(mono(), IDEAL, rng(), scatter=Scatter(), known_scatter=Scatter() if known else None)
    clean = chain(mono(), IDEAL, rng())
    seen, exact = (
        one.water(one.expose(one.primary(body, patient_pose(), gaze), rng(2)))[80:110, 110:140]
        for one in (using, clean)
    )
    assert (float(np.mean(exact - seen)) < 1.5) == known


def test_voxels_go_the_same_way_as_solids() -> None:
    axis = (np.arange(120, dtype=np.float64) - 59.5) * 2.0
    body = phantom("water")
    volume = Voxels(body.voxels(axis, axis, axis, fine=2), (2.0,) * 3, (axis[0],) * 3)
    using, gaze = chain(tube(125), SMALL, rng()), kv_gaze(20.0, SMALL.panel)
    solid, voxels = (using.primary(one, patient_pose(), gaze) for one in (body, volume))
    assert np.mean(np.abs(np.log(solid / voxels))) < 0.01


def test_the_field_of_a_portal_image_is_where_the_jaws_are() -> None:
    detector = AS1000.binned(2)
    using, gaze = chain(megavoltage(), detector, rng()), mv_gaze(0.0, detector.panel)
    counts = using.expose(
        using.primary(phantom("pelvis"), patient_pose(), gaze), rng(3), field=fluence(gaze, square(100)), exposure=0.8
    )
    signal = using.signal(counts, 0.8)
    inside, beside = signal[180:204, 244:268].mean(), signal[180:204, 20:60].mean()
    assert 0.15 < inside < 0.6
    assert beside < 0.02


def test_a_bow_tie_keeps_the_panel_from_saturating_and_is_taken_out() -> None:
    detector = SMALL.shifted(x=148.0)
    gaze, using = kv_gaze(0.0, detector.panel), chain(tube(125), detector, rng())
    field = bow_tie(gaze)
    assert field[0].max() == pytest.approx(1.0, abs=1e-3)
    assert field[0, -1] < 0.15
    open_beam = np.ones_like(field)
    bare, filtered = (using.expose(open_beam, rng(3), field=one, exposure=3.0) for one in (None, field))
    far = gaze.panel.column_centres > 200
    assert saturated(bare, detector)[:, far].mean() > 0.99
    assert not saturated(filtered, detector)[:, far].any()
    assert np.abs(using.water(filtered, 3.0, field)[:, far].mean()) < 0.5
    with pytest.raises(InputError, match="40 mm of aluminium at 0 mm"):
        bow_tie(gaze, reach=0.0)


def test_the_truth_tells_where_everything_is_seen() -> None:
    nominal = kv_gaze(30.0, PAXSCAN_4030CB.panel)
    gaze = typical(rng(5)).bend(nominal)
    pose = patient_pose(Couch(x=3.0, z=-2.0), isocentre=(1.0, 2.0, 3.0))
    told = truth(winston_lutz(at=(1.0, 2.0, 3.0)), pose, gaze)
    assert json.loads(json.dumps(told)) == told
    ball = told["points"]["BB"]
    assert ball["fixed"] == pytest.approx([3, 0, -2])
    assert ball["xy"] == pytest.approx(list(gaze.project((3, 0, -2))), abs=1e-5)
    assert ball["believed_xy"] == pytest.approx(list(nominal.project((3, 0, -2))), abs=1e-5)
    assert ball["xy"] != ball["believed_xy"]
    assert ball["visible"] is True
    # The isocentre of the machine, told as a point of the patient.
    assert told["points"]["isocentre"]["fixed"] == pytest.approx([0, 0, 0], abs=1e-6)
    assert told["points"]["isocentre"]["patient"] == pytest.approx([-2, 0, 3], abs=1e-6)
    away = truth(winston_lutz(at=(0.0, 0.0, 300.0)), patient_pose(), nominal)
    assert away["points"]["BB"]["visible"] is False


def made(using: Chain) -> bytes:
    primary = using.primary(phantom("head"), patient_pose(), kv_gaze(0.0, SMALL.panel))
    return using.expose(primary, rng(4)).tobytes()


def test_the_same_seed_makes_the_same_panel_and_the_same_picture() -> None:
    first, second, other = (made(chain(tube(100), SMALL, rng(key))) for key in (1, 1, 2))
    assert first == second != other


def run(folder: Path, name: str, **environment: str) -> tuple[dict[str, NDArray[np.int64]], list[str]]:
    path = folder / f"{name}.npz"
    told = subprocess.run(
        [sys.executable, Path(__file__).with_name("digest_script.py"), path],
        env={**os.environ, **environment}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with np.load(path) as file:
        return {key: file[key].astype(np.int64) for key in file.files}, json.loads(told.stdout)


@pytest.mark.slow
def test_an_older_processor_makes_the_same_pictures_to_within_a_grey_level(tmp_path: Path) -> None:
    here, features = run(tmp_path, "here")
    again, _ = run(tmp_path, "again")
    if "X86_V3" not in features:
        pytest.skip("this processor has no newer features that could be left out")
    newer = " ".join(name for name in features if name in {"X86_V3", "X86_V4", "AVX512_ICL", "AVX512_SPR"})
    older, left = run(
        tmp_path, "older", NPY_DISABLE_CPU_FEATURES=newer, NUMBA_CPU_NAME="x86-64", NUMBA_CPU_FEATURES="",
        NUMBA_CACHE_DIR=str(tmp_path / "cache"),
    )  # fmt: skip
    assert "X86_V3" not in left
    for key in ("counts", "hu"):
        assert (here[key] == again[key]).all()
        assert np.abs(here[key] - older[key]).max() <= 1
