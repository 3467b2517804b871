"""The hardware on both clocks, and twice the same on the virtual one."""

from __future__ import annotations

from itertools import pairwise

import pytest

from linacsim.bench import Clock
from linacsim.devices.imager.hardware.conditions import ReconstructionFailed, Refused, Stopped
from linacsim.devices.imager.hardware.settings import (
    ArmSettings,
    ArmsSettings,
    AxisSettings,
    BeamSettings,
    CouchSettings,
    GantrySettings,
    HardwareSettings,
    PanelSettings,
    PanelsSettings,
    ReconstructionSettings,
    TubeSettings,
)
from linacsim.kernel.units import MILLISECOND, milliseconds
from linacsim.physics.geometry import Couch
from linacsim.physics.presets import CbctPreset
from tests.devices.imager.rig import KV, Rig

CLOCKS: list[Clock] = ["virtual", "live"]
ARM = ArmSettings(to_mid=milliseconds(20), to_extended=milliseconds(30))
FAST = PanelSettings(frame_rate=200.0, dark_field=milliseconds(20), flood_field=milliseconds(30))
QUICK = HardwareSettings(
    start_up=milliseconds(30),
    progress=4,
    tube=TubeSettings(preparation=milliseconds(20)),
    arms=ArmsSettings(kv_source=ARM, kv_detector=ARM, mv_detector=ARM),
    gantry=GantrySettings(speed=2000.0, acceleration=100_000.0, at_start=290.0),
    couch=CouchSettings(x=AxisSettings(speed=100.0, remote=10.0, low=-50.0, high=50.0), pause=milliseconds(40)),
    panels=PanelsSettings(kv=FAST, mv=FAST),
    beam=BeamSettings(rate=6000.0, begin=milliseconds(10)),
    reconstruction=ReconstructionSettings(begin=milliseconds(20), per_slice_and_view=10),
)
"""Everything within parts of a second, for the wall's clock."""
SCAN = CbctPreset(name="quick", kvp=100.0, ma=20.0, ms=5.0, projections=200, start=290.0, rotation_speed=60.0)


def a_session(rig: Rig) -> list[str]:
    """Do a bit of everything; return what came of it."""
    hardware, said = rig.hardware, []
    hardware.prepare("cbct")
    scanned = rig.scan(SCAN, slices=10)
    said.append(scanned.volume)
    said.append(f"{hardware.move_couch(Couch(x=12.0)).x:g} mm")
    hardware.breakages.collide(angle=310.0, cleared_after=milliseconds(30))
    try:
        rig.scan(SCAN, slices=10)
    except Stopped as stopped:
        said.append(f"{stopped.partial.views} views")
    rig.bench.kernel.sleep(milliseconds(60))
    hardware.prepare("mv")
    said.append(f"number {rig.mv(gantry=0.0).picture}")
    hardware.breakages.lose_calibration("kv")
    try:
        rig.kv()
    except Refused as refused:
        said.append(refused.why)
    hardware.calibrate("kv")
    hardware.breakages.fail_reconstruction()
    try:
        hardware.reconstruct(scanned.swept, rig.volume)
    except ReconstructionFailed:
        hardware.operator.restart_reconstructor()
    hardware.reconstruct(scanned.swept, rig.volume)
    said.append(f"number {rig.kv(KV).picture}")
    return said


def timeless(rig: Rig) -> list[tuple[object, ...]]:
    """Return the records without their times, and without heat, which follows from them."""
    left_out = ("n", "t", "at", "heat", "valid-until")
    return [tuple((key, value) for key, value in record.items() if key not in left_out) for record in rig.records]


def test_a_session_comes_to_the_same_on_both_clocks_and_is_told_in_the_same_words() -> None:
    told = []
    for clock in CLOCKS:
        with Rig(QUICK, clock) as rig:
            assert rig.play(a_session, rig) == [
                "volume of 200 views",
                "12 mm",
                "20 views",
                "number 3",
                "the kV panel is not calibrated (dark-field and flood-field)",
                "number 4",
            ]
            told.append(timeless(rig))
    assert told[0] == told[1]


def test_live_durations_are_those_of_the_model() -> None:
    """Moments of the hardware are those of its events, however late the wall lets them be worked on."""
    with Rig(QUICK, "live") as rig:
        rig.play(rig.hardware.prepare, "kv")
        exposure = rig.play(rig.kv, gantry=290.0).exposure
        assert exposure.ended - exposure.began == 50 * MILLISECOND


def test_an_exposure_is_aborted_live() -> None:
    with Rig(QUICK, "live") as rig:
        rig.play(rig.hardware.prepare, "kv")
        rig.on("kv-on", lambda: rig.at_soon(rig.hardware.operator.beam_off))
        with pytest.raises(Stopped, match="operator pressed beam off"):
            rig.play(rig.kv, gantry=290.0)
        assert rig.of("kv-off")[0]["ms"] < 50


@pytest.mark.parametrize("clock", CLOCKS)
def test_two_requests_at_once_share_one_hardware(clock: Clock) -> None:
    with Rig(QUICK, clock) as rig:
        rig.play(rig.hardware.prepare, "kv")
        tasks = [rig.beside(rig.kv, gantry=290.0) for _ in range(3)]
        exposures = [rig.end_of(task).exposure for task in tasks]
        assert [exposure.number for exposure in exposures] == [1, 2, 3]
        for before, after in pairwise(exposures):
            assert after.began >= before.ended + 25 * MILLISECOND


def test_the_same_session_leaves_the_same_log() -> None:
    digests = set()
    for _ in range(3):
        with Rig(QUICK) as rig:
            rig.play(a_session, rig)
            digests.add(rig.bench.digest())
    assert len(digests) == 1
