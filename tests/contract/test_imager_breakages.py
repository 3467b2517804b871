"""What of the imager can break, on both clocks: what is refused or stopped in which words, and that mending it helps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.device import COMMON_BREAKAGES, Nothing
from linacsim.devices.imager.actions import ImageKv, Lie, ScanBeam, Store
from linacsim.devices.imager.hardware.settings import (
    ArmsSettings,
    BufferSettings,
    Calibrate,
    CalibrationLost,
    Collide,
    FailReconstruction,
    FreeArm,
    GeneratorFault,
    JamBuffer,
    MoveArms,
    OpenDoor,
    Overheat,
    StickArm,
    TubeSettings,
)
from linacsim.devices.imager.services import KIND
from linacsim.errors import PlayFailure
from linacsim.kernel.units import MILLISECOND, milliseconds
from tests.contract.test_imager import OBI, VIRTUAL, hardware, imager

Act = Callable[[str, str, Any], Any]
SMALL = ScanBeam(columns=32, slices=2, thickness=5.0)

MENDED = {
    "calibration-lost": (CalibrationLost(panel="kv"), "the kV panel is not calibrated", "calibrate-panel", Calibrate()),
    "collision": (Collide(), "the collision detection has tripped", "clear-collision", Nothing()),
    "door-open": (OpenDoor(), "the door of the room is open", "close-door", Nothing()),
    "generator-fault": (GeneratorFault(), "the kV generator has a fault", "reset-generator", Nothing()),
}
"""What forbids a kV picture until somebody mends it."""
TESTED = {*MENDED, "tube-overheat", "arm-stuck", "reconstruction-failure", "buffer-jam"}


def test_no_breakage_of_the_imager_is_left_out() -> None:
    # what every device has is tested with all of them
    assert set(KIND.breakages) - set(COMMON_BREAKAGES) == TESTED


@pytest.fixture
def room(bench_clock: Bench, act: Act) -> Callable[..., Bench]:
    """Return an imager with a ball on its couch."""

    def build(**settings: Any) -> Bench:
        bench_clock.add("imager", OBI, settings=imager(hardware=hardware(**settings)))
        act(OBI, "lie", Lie(body="winston-lutz"))
        return bench_clock

    return build


def strike(bench: Bench, breakage: str, parameters: Any) -> None:
    bench.play(bench.devices[OBI].strike, breakage, parameters)


@pytest.mark.parametrize("breakage", MENDED)
def test_what_is_broken_is_refused_until_it_is_mended(room: Callable[..., Bench], act: Act, breakage: str) -> None:
    parameters, words, act_of_mending, mending = MENDED[breakage]
    bench = room()
    strike(bench, breakage, parameters)
    with pytest.raises(PlayFailure, match=words):
        act(OBI, "image-kv", ImageKv())
    act(OBI, act_of_mending, mending)
    act(OBI, "image-kv", ImageKv())


def test_a_tube_that_is_too_hot_cools_down(room: Callable[..., Bench], act: Act) -> None:
    bench = room(tube=TubeSettings(preparation=MILLISECOND, cooling=milliseconds(300)))
    strike(bench, "tube-overheat", Overheat())
    with pytest.raises(PlayFailure, match=r"overheated.*ready in"):
        act(OBI, "image-kv", ImageKv())
    bench.play(bench.kernel.sleep, milliseconds(600))
    act(OBI, "image-kv", ImageKv())


def test_an_arm_that_is_stuck_is_freed(room: Callable[..., Bench], act: Act) -> None:
    bench = room(arms=ArmsSettings(at_start="extended", mv_clear_of_scan=False))
    strike(bench, "arm-stuck", StickArm(arm="kv-detector"))
    # half of an arm's way takes seconds, live as well
    with pytest.raises(PlayFailure, match="stuck"):
        act(OBI, "move-arms", MoveArms(kv_detector="mid"))
    act(OBI, "free-arm", FreeArm(arm="kv-detector"))
    act(OBI, "image-kv", ImageKv())


@VIRTUAL
def test_a_failed_reconstruction_is_made_again_of_the_same_views(room: Callable[..., Bench], act: Act) -> None:
    bench = room()
    strike(bench, "reconstruction-failure", FailReconstruction())
    with pytest.raises(PlayFailure, match="reconstruct"):
        act(OBI, "scan", SMALL)
    act(OBI, "restart-reconstructor", Nothing())
    act(OBI, "reconstruct", Nothing())
    done = [record["event"] for record in bench.log.records if record["event"] in ("scan-begin", "scan-done")]
    assert done == ["scan-begin", "scan-done"]


def test_what_is_stored_leaves_a_jammed_buffer_later(room: Callable[..., Bench], act: Act) -> None:
    bench = room(buffer=BufferSettings(places=1))
    act(OBI, "image-kv", ImageKv())
    strike(bench, "buffer-jam", JamBuffer())
    act(OBI, "store", Store())
    with pytest.raises(PlayFailure, match="the image buffer is full"):
        act(OBI, "image-kv", ImageKv())
    act(OBI, "clear-buffer-jam", Nothing())
    act(OBI, "image-kv", ImageKv())
