"""Cone-beam scans: rotation, views, what stops them in the middle, reconstruction and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from linacsim.devices.imager.hardware.arms import Position
from linacsim.devices.imager.hardware.conditions import Act, Condition, ReconstructionFailed, Refused, Stopped
from linacsim.devices.imager.hardware.settings import (
    ArmsSettings,
    BufferSettings,
    GantrySettings,
    HardwareSettings,
    PanelSettings,
    PanelsSettings,
    TubeSettings,
)
from linacsim.errors import InputError
from linacsim.kernel.units import MINUTE, SECOND, minutes, seconds
from linacsim.physics.presets import CBCT_PRESETS, CbctPreset
from tests.devices.imager.rig import HEAD, PREPARED, READY, Rig, whole

ROTATION = whole(200 / 6 + 1)
"""200 degrees at 6 degrees a second, and a second of speeding up and slowing down at 6 degrees per second squared."""
THERE = whole(70 / 6 + 1)
"""From 0 to 290 degrees."""
RECONSTRUCTION = seconds(3) + 64 * 360 * 1000
"""64 slices of 360 views at 1 ms."""
PELVIS = CBCT_PRESETS["obi-pelvis"]


def changed(**parts: Any) -> HardwareSettings:
    return READY.model_copy(update=parts)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as rig:
        yield rig


def test_a_scan_takes_the_way_there_preparation_rotation_and_reconstruction(rig: Rig) -> None:
    scanned = rig.play(rig.scan)
    sweep = scanned.swept.sweep
    began = THERE + PREPARED
    assert (sweep.began, sweep.ended) == (began, began + ROTATION)
    assert rig.now == began + ROTATION + RECONSTRUCTION
    assert (sweep.views, sweep.complete, sweep.gantry) == (360, True, 130.0)
    assert scanned.volume == "volume of 360 views"
    assert rig.done == [sweep, "volume"]
    assert rig.hardware.buffer == (64, 1000)


def test_it_tells_how_far_it_is(rig: Rig) -> None:
    rig.play(rig.scan)
    told = rig.of("scan-progress")
    assert [record["percent"] for record in told] == list(range(10, 101, 10))
    assert [record["taken"] for record in told] == list(range(36, 361, 36))
    assert [record["gantry"] for record in told] == [310, 330, 350, 10, 30, 50, 70, 90, 110, 130]
    # an even speed in between
    assert told[5]["t"] - told[4]["t"] == pytest.approx(20 / 6 * SECOND, abs=1)
    assert [record["percent"] for record in rig.of("reconstruction-progress")] == list(range(10, 101, 10))


def test_a_half_fan_turns_once_around_from_180_extended(rig: Rig) -> None:
    swept = rig.play(rig.hardware.sweep, PELVIS, rig.views, slices=64)
    assert rig.of("gantry-at")[0] | {"gantry": 180.0, "extended": True} == rig.of("gantry-at")[0]
    assert swept.sweep.ended - swept.sweep.began == seconds(61)
    assert (swept.sweep.gantry, rig.hardware.gantry) == (180.0, (180.0, False))
    assert rig.hardware.heat == pytest.approx(125.0 * 80 * 13 * 655 / 1e6, rel=0.1)


def test_the_next_half_fan_has_to_turn_back_first(rig: Rig) -> None:
    for _ in range(2):
        rig.play(rig.hardware.sweep, PELVIS, rig.views, slices=1)
    first, second = rig.of("scan-begin")
    assert second["t"] - rig.of("scan-end")[0]["t"] == seconds(61) + PREPARED
    assert first["gantry"] == second["gantry"] == 180.0


def test_every_preset_fits_the_gantry_and_the_panel(rig: Rig) -> None:
    for preset in CBCT_PRESETS.values():
        assert rig.play(rig.hardware.sweep, preset, rig.views, slices=1).sweep.complete
        rig.go(30 * MINUTE)


# one hardware


def test_the_room_is_free_while_a_volume_is_reconstructed(rig: Rig) -> None:
    scan = rig.beside(rig.scan)
    rig.go(THERE + PREPARED + ROTATION)
    taken = rig.play(rig.kv, gantry=130.0)
    assert taken.exposure.began == THERE + 2 * PREPARED + ROTATION
    assert rig.end_of(scan).volume == "volume of 360 views"
    assert taken.exposure.ended < rig.of("reconstruction-end")[0]["t"]


def test_volumes_are_reconstructed_one_at_a_time(rig: Rig) -> None:
    first = rig.play(rig.hardware.sweep, HEAD, rig.views, slices=64)
    second = rig.play(rig.hardware.sweep, HEAD, rig.views, slices=64)
    began = rig.now
    tasks = [rig.beside(rig.hardware.reconstruct, swept, rig.volume) for swept in (first, second)]
    assert [rig.end_of(task).swept for task in tasks] == [first, second]
    assert [record["t"] - began for record in rig.of("reconstruction-end")] == [RECONSTRUCTION, 2 * RECONSTRUCTION]


def test_a_picture_waits_until_the_rotation_is_over(rig: Rig) -> None:
    scan = rig.beside(rig.hardware.sweep, HEAD, rig.views, slices=64)
    taken = rig.play(rig.kv, gantry=130.0)
    assert taken.exposure.began == THERE + PREPARED + ROTATION + PREPARED
    assert (rig.end_of(scan).sweep.number, taken.exposure.number) == (1, 2)


def test_more_slices_and_views_take_longer() -> None:
    with Rig() as rig:
        rig.play(rig.scan, HEAD, 10)
        assert rig.of("reconstruction-begin")[0]["takes"] == seconds(3) + 10 * 360 * 1000


# what stops a rotation


def test_a_collision_at_an_angle_leaves_the_views_up_to_there(rig: Rig) -> None:
    rig.hardware.breakages.collide(angle=30.0)
    with pytest.raises(Stopped) as caught:
        rig.play(rig.scan)
    stopped = caught.value
    assert str(stopped) == (
        "cone-beam scan stopped: the collision detection has tripped, after 180 of 360 views, the gantry at 30 degrees; "
        "go into the room, free the way and clear it"
    )
    assert stopped.condition is Condition.COLLISION
    swept = stopped.partial
    assert (swept.views, swept.sweep.views, swept.sweep.complete, swept.sweep.gantry) == (180, 180, False, 30.0)
    assert swept.sweep.ended - swept.sweep.began == whole(0.5 + 100 / 6)
    assert rig.done == [swept.sweep]
    assert rig.hardware.buffer == (0, 1000)
    assert rig.of("reconstruction-begin") == []
    assert [(record["taken"], record["complete"]) for record in rig.of("scan-end")] == [(180, False)]


def test_after_a_collision_nothing_moves_until_it_is_cleared(rig: Rig) -> None:
    rig.hardware.breakages.collide(angle=30.0)
    with pytest.raises(Stopped):
        rig.play(rig.scan)
    for request in (
        lambda: rig.hardware.turn_gantry(0.0),
        lambda: rig.hardware.prepare("cbct"),
        lambda: rig.hardware.move_arms({"kv-source": Position.RETRACTED}),
        rig.scan,
    ):
        with pytest.raises(Refused, match="collision detection has tripped"):
            rig.play(request)
    assert rig.hardware.operator.clear_collision() is True
    assert rig.play(rig.scan).volume == "volume of 360 views"
    assert rig.states() == ["NORMAL", "COLLISION", "NORMAL"]


def test_an_angle_that_the_scan_does_not_come_past_waits_for_another(rig: Rig) -> None:
    rig.hardware.breakages.collide(angle=200.0, cleared_after=MINUTE)
    rig.play(rig.scan)
    with pytest.raises(Stopped, match="after 36 of 655 views, the gantry at 200 degrees"):
        rig.play(rig.scan, PELVIS)
    rig.go(MINUTE)
    assert rig.hardware.status[1] is Condition.NORMAL
    assert rig.play(rig.scan, PELVIS).swept.sweep.complete


def test_a_collision_that_is_called_off_does_not_happen(rig: Rig) -> None:
    rig.hardware.breakages.collide(angle=30.0)
    assert rig.hardware.operator.clear_collision() is False
    assert rig.play(rig.scan).swept.sweep.complete


def test_a_scan_that_is_stopped_as_it_begins_has_nothing(rig: Rig) -> None:
    rig.on("scan-begin", rig.hardware.breakages.collide)
    with pytest.raises(Stopped, match="after 0 of 360 views, the gantry at 290 degrees") as caught:
        rig.play(rig.scan)
    assert caught.value.partial is None
    assert rig.done == []


@pytest.mark.parametrize(
    ("act", "condition"),
    [
        (lambda rig: rig.hardware.breakages.open_door(closed_after=1), Condition.DOOR_OPEN),
        (lambda rig: rig.hardware.breakages.trip_generator(), Condition.GENERATOR_FAULT),
        (lambda rig: rig.hardware.breakages.overheat(), Condition.TUBE_OVERHEATED),
        (lambda rig: rig.hardware.operator.beam_off(), None),
    ],
)
def test_whatever_ends_the_beam_ends_the_rotation(
    rig: Rig, act: Callable[[Rig], object], condition: Condition | None
) -> None:
    rig.at(THERE + PREPARED + whole(0.5 + 100 / 6), lambda: act(rig))
    with pytest.raises(Stopped, match="after 180 of 360 views") as caught:
        rig.play(rig.scan)
    assert caught.value.condition is condition
    assert caught.value.partial.views == 180
    assert rig.of("imager-stopped")[0]["info"] == (condition.value if condition else "BEAM OFF")


def test_the_generator_trips_in_the_middle_of_the_next_scan(rig: Rig) -> None:
    rig.hardware.breakages.trip_generator(next_exposure=True, reset_after=minutes(2))
    with pytest.raises(Stopped, match="kV generator has a fault, after 180 of 360 views"):
        rig.play(rig.scan)
    rig.go(minutes(2))
    assert rig.play(rig.scan).swept.sweep.complete


def test_a_collision_on_the_way_to_the_start_is_one_of_the_gantry(rig: Rig) -> None:
    rig.at(seconds(2), rig.hardware.breakages.collide)
    with pytest.raises(Stopped, match=r"gantry movement stopped: .*, the gantry at 351 degrees"):
        rig.play(rig.scan)
    assert (rig.of("scan-begin"), rig.hardware.buffer[0]) == ([], 0)


# what forbids one


@pytest.mark.parametrize(
    ("preset", "settings", "words"),
    [
        (replace(HEAD, start=10.0), {}, "head turns from 10 by 200 degrees, past the stop of the gantry; begin elsewhere"),
        (replace(HEAD, start=10.0), {}, "; the way ends 20 degrees beyond 180 on either side"),
        (PELVIS, {"gantry": GantrySettings(speed=5.0)}, "obi-pelvis turns 6 degrees/s, the gantry 5 at most"),
        (PELVIS, {"panels": PanelsSettings(kv=PanelSettings(frame_rate=10.0))},
         "obi-pelvis takes 10.9 frames/s, the kV panel 10 at most"),
        (PELVIS, {"buffer": BufferSettings(places=50)}, "image buffer has 50 of 50 places free, 64 are needed"),
        (PELVIS, {"tube": TubeSettings(limit=70.0, hot=70.0)}, "tube is overheated: it would come to .* 70 are allowed"),
        (PELVIS, {"arms": ArmsSettings(at_start="extended")}, "MV detector is not retracted; retract it"),
        (PELVIS, {"arms": ArmsSettings()}, "kV source and the kV detector are not both extended"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_refused_before_anything_moves(
    preset: CbctPreset, settings: dict[str, Any], words: str
) -> None:
    with Rig(changed(**settings)) as rig:
        with pytest.raises(Refused, match=words):
            rig.play(rig.scan, preset)
        assert rig.of("gantry-moving") == rig.of("scan-begin") == []
        assert (rig.hardware.buffer[0], rig.now) == (0, 0)


def test_a_scan_has_slices(rig: Rig) -> None:
    with pytest.raises(InputError, match="cone-beam scan: 0 slices; give 1 or more"):
        rig.play(rig.scan, HEAD, 0)


def test_the_arms_are_made_ready_for_a_scan() -> None:
    with Rig(changed(arms=ArmsSettings(at_start="mid"))) as rig:
        rig.play(rig.hardware.prepare, "cbct")
        assert rig.now == seconds(6)
        assert dict(rig.hardware.arms) == {
            "kv-source": Position.EXTENDED,
            "kv-detector": Position.EXTENDED,
            "mv-detector": Position.RETRACTED,
        }
        assert rig.hardware.forbidding(Act.SCAN) == []
        rig.play(rig.scan)


def test_heat_of_a_day_of_scans_forces_a_pause() -> None:
    with Rig(changed(tube=TubeSettings(limit=220.0, hot=150.0))) as rig:
        for _ in range(4):
            rig.play(rig.hardware.sweep, PELVIS, rig.views, slices=1)
        with pytest.raises(Refused, match="tube is overheated") as caught:
            rig.play(lambda: [rig.hardware.sweep(PELVIS, rig.views, slices=1) for _ in range(4)])
        assert caught.value.condition is Condition.TUBE_OVERHEATED
        assert caught.value.ready_in is not None
        rig.go(caught.value.ready_in)
        rig.play(rig.hardware.sweep, PELVIS, rig.views, slices=1)
        assert max(record["heat"] for record in rig.of("scan-end")) <= 220.0


# reconstruction


def test_a_failed_reconstruction_can_be_done_again_after_a_restart(rig: Rig) -> None:
    rig.hardware.breakages.fail_reconstruction()
    with pytest.raises(ReconstructionFailed) as caught:
        rig.play(rig.scan)
    failed = caught.value
    assert str(failed) == (
        "reconstruction failed: the reconstructor has failed; restart it and reconstruct again, the 360 views are kept"
    )
    assert rig.now == THERE + PREPARED + ROTATION + RECONSTRUCTION // 2
    assert rig.hardware.buffer == (64, 1000)
    with pytest.raises(Refused, match="reconstructor has failed; restart it") as again:
        rig.play(rig.hardware.reconstruct, failed.partial, rig.volume)
    assert again.value.partial is failed.partial
    with pytest.raises(Refused, match="reconstructor has failed; restart it"):
        rig.play(rig.scan)
    assert rig.hardware.operator.restart_reconstructor() is True
    scanned = rig.play(rig.hardware.reconstruct, failed.partial, rig.volume)
    assert (scanned.volume, scanned.hold.places) == ("volume of 360 views", 64)
    assert rig.hardware.buffer == (64, 1000)
    assert len(rig.of("reconstruction-failed")) == 1


def test_a_reconstruction_fails_while_it_is_going_on_and_the_next_does_not_begin(rig: Rig) -> None:
    first = rig.play(rig.hardware.sweep, HEAD, rig.views, slices=64)
    second = rig.play(rig.hardware.sweep, HEAD, rig.views, slices=64)
    tasks = [rig.beside(rig.hardware.reconstruct, swept, rig.volume) for swept in (first, second)]
    rig.at(seconds(5), lambda: rig.hardware.breakages.fail_reconstruction(restarted_after=MINUTE))
    with pytest.raises(ReconstructionFailed):
        rig.end_of(tasks[0])
    with pytest.raises(Refused):
        rig.end_of(tasks[1])
    rig.go(MINUTE)
    assert rig.play(rig.hardware.reconstruct, second, rig.volume).hold is second.hold


def test_places_that_were_given_up_meanwhile_are_taken_again(rig: Rig) -> None:
    swept = rig.play(rig.hardware.sweep, HEAD, rig.views, slices=64)
    rig.hardware.release(swept.hold)
    assert rig.hardware.buffer[0] == 0
    scanned = rig.play(rig.hardware.reconstruct, swept, rig.volume)
    assert scanned.hold is not swept.hold
    assert rig.hardware.buffer[0] == 64


def test_an_error_of_the_work_gives_the_places_back(rig: Rig) -> None:
    def wrong(_views: int) -> None:
        raise InputError("too many voxels")

    with pytest.raises(InputError, match="too many voxels"):
        rig.play(rig.hardware.scan, HEAD, rig.views, wrong, slices=64)
    assert rig.hardware.buffer[0] == 0
    assert rig.play(rig.scan).volume == "volume of 360 views"


def test_a_scan_needs_places_for_all_its_slices_and_has_them_when_it_fills_the_buffer() -> None:
    with Rig(changed(buffer=BufferSettings(places=64))) as rig:
        scanned = rig.play(rig.scan)
        assert rig.hardware.status[1] is Condition.BUFFER_FULL
        rig.hardware.release(scanned.hold)
        assert rig.hardware.buffer == (0, 64)
