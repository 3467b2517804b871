"""Single pictures: how long they take, what forbids them, what stops them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import exp, log
from typing import Any

import pytest

from linacsim.devices.imager.hardware.arms import Position
from linacsim.devices.imager.hardware.conditions import Act, Condition, NotDone, Refused, Stopped
from linacsim.devices.imager.hardware.settings import (
    BeamSettings,
    BufferSettings,
    HardwareSettings,
    PanelSettings,
    PanelsSettings,
    TubeSettings,
)
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.units import MILLISECOND, MINUTE, SECOND, minutes, seconds
from linacsim.physics.geometry import Couch
from linacsim.physics.presets import KvTechnique, MvTechnique
from tests.devices.imager.rig import KV, PREPARED, READY, Rig, whole

READOUT = round(SECOND / 15)
HOT = KvTechnique(kvp=100.0, ma=1000.0, ms=1000.0)
"""100 kHU."""


def changed(**parts: Any) -> HardwareSettings:
    return READY.model_copy(update=parts)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as rig:
        yield rig


def test_a_kv_picture_takes_preparation_exposure_and_readout(rig: Rig) -> None:
    taken = rig.play(rig.kv)
    assert rig.now == PREPARED + 50 * MILLISECOND + READOUT
    assert (taken.exposure.began, taken.exposure.ended) == (PREPARED, PREPARED + 50 * MILLISECOND)
    assert taken.picture == taken.exposure.number == 1
    assert rig.done == [taken.exposure]


def test_the_gantry_turns_first_at_six_degrees_a_second_with_a_second_of_speeding_up(rig: Rig) -> None:
    taken = rig.play(rig.kv, gantry=90.0)
    assert taken.exposure.began == seconds(90 / 6 + 1) + PREPARED
    assert (taken.exposure.gantry, rig.hardware.gantry) == (90.0, (90.0, False))
    taken = rig.play(rig.kv, gantry=90.0)
    assert [record["to"] for record in rig.of("gantry-moving")] == [90.0]


def test_a_portal_image_takes_as_long_as_its_monitor_units(rig: Rig) -> None:
    taken = rig.play(rig.mv)
    assert taken.exposure.ended - taken.exposure.began == 2 * MINUTE // 300
    assert rig.now == SECOND + 2 * MINUTE // 300 + SECOND // 8
    assert [record["mu"] for record in rig.of("mv-off")] == [2.0]


def test_the_readout_of_the_couch_goes_with_the_picture(rig: Rig) -> None:
    rig.play(rig.hardware.move_couch, Couch(x=5.0, rotation=1.0))
    assert rig.play(rig.kv).exposure.couch == Couch(x=5.0, rotation=1.0)


def test_two_requests_at_once_come_one_after_the_other(rig: Rig) -> None:
    tasks = [rig.beside(rig.kv), rig.beside(rig.mv), rig.beside(rig.kv, gantry=30.0)]
    taken = [rig.end_of(task) for task in tasks]
    assert [one.exposure.number for one in taken] == [1, 2, 3]
    assert taken[1].exposure.began == taken[0].exposure.ended + READOUT + SECOND
    assert taken[2].exposure.began == taken[1].exposure.ended + SECOND // 8 + seconds(6) + PREPARED


def test_one_that_gives_up_waiting_does_not_stop_the_hardware(rig: Rig) -> None:
    task = rig.beside(rig.kv)
    rig.go(SECOND)
    rig.play(task.kill)
    assert rig.play(rig.kv).exposure.number == 2
    assert len(rig.of("kv-off")) == 2


def test_requests_wait_until_it_has_started() -> None:
    with Rig(changed(start_up=seconds(20))) as rig:
        assert rig.hardware.status[1] is Condition.STARTING
        assert rig.play(rig.kv).exposure.began == seconds(20) + PREPARED
        assert rig.states() == ["STARTING", "NORMAL"]


def test_an_error_of_the_work_is_told_as_it_is_and_the_place_is_free_again(rig: Rig) -> None:
    def wrong(_exposure: object) -> None:
        raise InputError("no such body", "phantom", "choose another")

    with pytest.raises(InputError, match="phantom: no such body; choose another") as caught:
        rig.play(rig.hardware.expose_kv, KV, 0.0, wrong)
    assert caught.value.todo == "choose another"
    assert rig.hardware.buffer == (0, 1000)
    assert rig.play(rig.kv).exposure.number == 2


# what forbids


def arms(**goals: Position) -> Callable[[Rig], None]:
    def move(rig: Rig) -> None:
        named: Any = {name.replace("_", "-"): goal for name, goal in goals.items()}
        rig.play(rig.hardware.move_arms, named)

    return move


FORBIDDEN: list[tuple[Callable[[Rig], object], str, Condition, str]] = [
    (lambda rig: rig.hardware.breakages.collide(), "kv", Condition.COLLISION, "collision detection has tripped"),
    (lambda rig: rig.hardware.breakages.collide(), "mv", Condition.COLLISION, "free the way and clear it"),
    (lambda rig: rig.hardware.breakages.open_door(), "kv", Condition.DOOR_OPEN, "door of the room is open; close it"),
    (lambda rig: rig.hardware.breakages.open_door(), "mv", Condition.DOOR_OPEN, "door of the room is open; close it"),
    (lambda rig: rig.hardware.breakages.trip_generator(), "kv", Condition.GENERATOR_FAULT, "has a fault; reset it"),
    (lambda rig: rig.hardware.breakages.lose_calibration("kv"), "kv", Condition.KV_PANEL_NOT_CALIBRATED,
     r"kV panel is not calibrated \(dark-field and flood-field\); calibrate it"),
    (lambda rig: rig.hardware.breakages.lose_calibration("mv"), "mv", Condition.MV_PANEL_NOT_CALIBRATED,
     "MV panel is not calibrated"),
    (arms(kv_source=Position.RETRACTED), "kv", Condition.KV_ARMS_NOT_EXTENDED, "not both extended; extend them"),
    (arms(kv_detector=Position.MID), "kv", Condition.KV_ARMS_NOT_EXTENDED, "not both extended; extend them"),
    (arms(mv_detector=Position.MID), "mv", Condition.MV_ARM_NOT_EXTENDED, "MV detector is not extended; extend it"),
]  # fmt: skip


@pytest.mark.parametrize(("bring", "axis", "condition", "words"), FORBIDDEN)
def test_a_condition_forbids_in_words(
    rig: Rig, bring: Callable[[Rig], object], axis: str, condition: Condition, words: str
) -> None:
    bring(rig)
    assert condition in rig.hardware.conditions
    assert rig.hardware.forbidding(Act.KV if axis == "kv" else Act.MV)[0] is condition
    with pytest.raises(Refused, match=words) as caught:
        rig.play(getattr(rig, axis))
    assert caught.value.condition is condition
    assert isinstance(caught.value, PlayFailure)
    told = rig.of("imager-refused")
    assert [(record["info"], record["reason"]) for record in told] == [(condition.value, str(caught.value))]
    assert rig.of(f"{axis}-on") == []
    assert rig.hardware.buffer[0] == 0


@pytest.mark.parametrize(
    ("bring", "axis"),
    [
        (lambda rig: rig.hardware.breakages.trip_generator(), "mv"),
        (lambda rig: rig.hardware.breakages.overheat(), "mv"),
        (lambda rig: rig.hardware.breakages.lose_calibration("mv"), "kv"),
        (arms(kv_source=Position.RETRACTED), "mv"),
        (arms(mv_detector=Position.RETRACTED), "kv"),
        (lambda rig: rig.hardware.breakages.fail_reconstruction(), "kv"),
    ],
)
def test_what_one_axis_does_not_need_does_not_forbid_it(rig: Rig, bring: Callable[[Rig], object], axis: str) -> None:
    bring(rig)
    assert rig.play(getattr(rig, axis)).exposure.number == 1


def test_a_calibration_that_is_too_old_forbids_until_another_is_made() -> None:
    panels = PanelsSettings(kv=PanelSettings(dark_field_valid=minutes(5)))
    with Rig(changed(panels=panels)) as rig:
        rig.go(minutes(5) - 1)
        assert Condition.KV_PANEL_NOT_CALIBRATED not in rig.hardware.conditions
        rig.go(1)
        with pytest.raises(Refused, match=r"kV panel is not calibrated \(dark-field\)"):
            rig.play(rig.kv)
        began = rig.now
        rig.play(rig.hardware.calibrate, "kv", ["dark-field"])
        assert rig.now - began == seconds(10)
        assert rig.hardware.calibrated_until("kv")["dark-field"] == rig.now + minutes(5)
        rig.play(rig.kv)
        assert rig.states() == ["NORMAL", "KV PANEL NOT CALIBRATED", "NORMAL"]


def test_the_beam_is_not_there_before_it_is_warm() -> None:
    with Rig(changed(beam=BeamSettings(warm_up=minutes(2)))) as rig:
        rig.go(MINUTE)
        with pytest.raises(Refused, match="MV beam is not warm; wait until it is; ready in 1 min") as caught:
            rig.play(rig.mv)
        assert caught.value.ready_in == MINUTE
        rig.go(MINUTE)
        assert rig.play(rig.mv).exposure.number == 1
        assert rig.states() == ["BEAM NOT WARM", "NORMAL"]


def test_a_full_buffer_forbids_until_something_is_archived() -> None:
    with Rig(changed(buffer=BufferSettings(places=2))) as rig:
        first, _second = rig.play(rig.kv), rig.play(rig.mv)
        assert rig.hardware.status[1] is Condition.BUFFER_FULL
        for axis in (rig.kv, rig.mv):
            with pytest.raises(Refused, match=r"buffer is full \(2 of 2 places are taken\); archive what is in it"):
                rig.play(axis)
        rig.hardware.release(first.hold)
        assert rig.play(rig.kv).exposure.number == 3
        assert rig.hardware.operator.empty_buffer() == 2
        assert [record["held"] for record in rig.of("buffer-level")] == [1, 2, 1, 2, 0]


def test_a_jammed_buffer_fills_up_though_everything_is_archived() -> None:
    with Rig(changed(buffer=BufferSettings(places=2))) as rig:
        rig.hardware.breakages.jam_buffer(cleared_after=MINUTE)
        for _ in range(2):
            rig.hardware.release(rig.play(rig.kv).hold)
        with pytest.raises(Refused, match="image buffer is full"):
            rig.play(rig.kv)
        rig.go(MINUTE)
        assert rig.hardware.buffer == (0, 2)
        rig.play(rig.kv)
        assert rig.states() == ["NORMAL", "BUFFER JAM", "BUFFER FULL", "NORMAL"]


def test_the_extended_range_ends_somewhere(rig: Rig) -> None:
    with pytest.raises(Refused, match="90 degrees is not in the extended range, which ends 20 beyond 180"):
        rig.play(rig.hardware.expose_kv, KV, 90.0, rig.picture, extended=True)
    taken = rig.play(rig.hardware.expose_kv, KV, 180.0, rig.picture, extended=True)
    assert (taken.exposure.gantry, taken.exposure.extended) == (180.0, True)
    assert taken.exposure.began == seconds(180 / 6 + 1) + PREPARED


@pytest.mark.parametrize("angle", [float("nan"), float("inf")])
def test_an_angle_is_a_number(rig: Rig, angle: float) -> None:
    with pytest.raises(InputError, match="is no angle; give degrees"):
        rig.play(rig.kv, gantry=angle)
    assert rig.play(rig.kv, gantry=-90.0).exposure.gantry == 270.0


# heat


def test_the_heat_of_exposures_adds_up_and_cools_down(rig: Rig) -> None:
    tau = 360.0
    rig.play(rig.kv, HOT)
    one = 100.0 * tau * (1 - exp(-1 / tau))
    assert rig.hardware.heat == pytest.approx(one * exp(-READOUT / SECOND / tau))
    assert rig.of("kv-off")[0]["heat"] == round(one, 3)
    rig.play(rig.kv, HOT)
    two = one * exp(-(READOUT + PREPARED + SECOND) / SECOND / tau) + one
    assert rig.of("kv-off")[1]["heat"] == round(two, 3)
    rig.go(minutes(6))
    assert rig.hardware.heat == pytest.approx(two * exp(-READOUT / SECOND / tau) / exp(1))


def test_an_exposure_that_would_overheat_the_tube_is_refused_and_may_be_taken_later(rig: Rig) -> None:
    for _ in range(5):
        rig.play(rig.kv, HOT)
    assert rig.hardware.status[1] is Condition.TUBE_HOT
    with pytest.raises(Refused, match="tube is overheated: it would come to") as caught:
        rig.play(rig.kv, HOT)
    refused = caught.value
    assert "540 are allowed; wait until it has cooled, or use less mAs; ready in" in str(refused)
    assert refused.ready_in is not None
    rig.go(refused.ready_in)
    rig.play(rig.kv, HOT)
    assert rig.of("kv-off")[-1]["heat"] <= 540.0


def test_an_exposure_that_is_too_much_for_a_cold_tube_is_never_ready() -> None:
    with Rig(changed(tube=TubeSettings(capacity=80.0, limit=60.0, hot=50.0))) as rig:
        with pytest.raises(Refused, match=r"60 are allowed; use less mAs$") as caught:
            rig.play(rig.kv, HOT)
        assert caught.value.ready_in is None


def test_an_overheated_tube_tells_as_it_cools(rig: Rig) -> None:
    rig.hardware.breakages.overheat()
    with pytest.raises(Refused, match=r"it would come to 598.4 kHU, 540 are allowed") as caught:
        rig.play(rig.kv)
    ready = caught.value.ready_in
    assert ready is not None
    rig.go(ready)
    rig.play(rig.kv)
    rig.go(minutes(6))
    assert rig.states() == ["NORMAL", "TUBE OVERHEATED", "TUBE HOT", "NORMAL"]
    assert ready == pytest.approx(360 * SECOND * log(600 / 540), abs=1)
    assert rig.of("imager-status")[2]["t"] == ready


# what stops

STOPS: list[tuple[Callable[[Rig], object], Condition | None, str]] = [
    (lambda rig: rig.hardware.breakages.open_door(), Condition.DOOR_OPEN, "the door of the room is open"),
    (lambda rig: rig.hardware.breakages.collide(), Condition.COLLISION, "the collision detection has tripped"),
    (lambda rig: rig.hardware.operator.beam_off(), None, "the operator pressed beam off"),
]


@pytest.mark.parametrize(("act", "condition", "words"), STOPS)
def test_an_exposure_that_is_aborted_leaves_no_picture(
    rig: Rig, act: Callable[[Rig], object], condition: Condition | None, words: str
) -> None:
    rig.at(PREPARED + 20 * MILLISECOND, lambda: act(rig))
    with pytest.raises(Stopped, match=rf"kV image stopped: {words}, after 20 of 50 ms; there is no picture") as caught:
        rig.play(rig.kv)
    assert caught.value.condition is condition
    assert (rig.done, rig.hardware.buffer[0]) == ([], 0)
    off = rig.of("kv-off")[0]
    assert (off["ms"], off["complete"]) == (20.0, False)
    assert off["heat"] == pytest.approx(0.4, abs=0.001)


@pytest.mark.parametrize(("act", "condition", "words"), STOPS)
def test_a_portal_image_that_is_aborted_tells_what_was_given(
    rig: Rig, act: Callable[[Rig], object], condition: Condition | None, words: str
) -> None:
    rig.at(SECOND + 100 * MILLISECOND, lambda: act(rig))
    with pytest.raises(Stopped, match=rf"{words}, after 0.5 of 2 MU; there is no picture") as caught:
        rig.play(rig.mv)
    assert (caught.value.condition, caught.value.partial) == (condition, 0.5)
    assert (rig.of("mv-off")[0]["mu"], rig.done) == (0.5, [])


@pytest.mark.parametrize(("act", "condition", "words"), STOPS)
def test_what_happens_before_the_beam_is_on_stops_as_well(
    rig: Rig, act: Callable[[Rig], object], condition: Condition | None, words: str
) -> None:
    rig.at(SECOND, lambda: act(rig))
    with pytest.raises(Stopped, match=rf"{words}, before the beam was on") as caught:
        rig.play(rig.kv)
    assert caught.value.condition is condition
    assert rig.of("kv-on") == []


def test_the_door_stops_no_movement_but_the_exposure_after_it(rig: Rig) -> None:
    rig.at(SECOND, rig.hardware.breakages.open_door)
    with pytest.raises(Refused, match="the door of the room is open"):
        rig.play(rig.kv, gantry=90.0)
    assert rig.hardware.gantry == (90.0, False)


def test_beam_off_means_only_what_is_going_on(rig: Rig) -> None:
    assert rig.hardware.operator.beam_off() is False
    rig.play(rig.kv)
    assert rig.hardware.operator.beam_off() is False
    assert rig.play(rig.kv).exposure.number == 2


def test_a_breakage_that_strikes_at_an_event_of_the_log_is_in_time(rig: Rig) -> None:
    rig.on("kv-on", rig.hardware.breakages.open_door)
    with pytest.raises(Stopped, match="after 0 of 50 ms"):
        rig.play(rig.kv)


def test_the_generator_trips_in_the_middle_of_the_next_exposure_and_not_before(rig: Rig) -> None:
    rig.hardware.breakages.trip_generator(next_exposure=True)
    assert rig.hardware.status[1] is Condition.NORMAL
    with pytest.raises(Stopped, match="kV generator has a fault, after 25 of 50 ms"):
        rig.play(rig.kv)
    with pytest.raises(Refused, match="kV generator has a fault; reset it"):
        rig.play(rig.kv)
    assert rig.hardware.operator.reset_generator() is True
    assert rig.play(rig.kv).exposure.number == 2


def test_what_was_not_done_can_be_told_apart_and_rebuilt() -> None:
    """Simpy makes errors anew from their arguments."""
    one = Refused("kV image", "why", "do this", whole(72), Condition.TUBE_OVERHEATED)
    again = type(one)(*one.args)
    assert str(again) == "kV image refused: why; do this; ready in 1 min 12 s"
    assert (again.ready_in, again.condition) == (72 * SECOND, Condition.TUBE_OVERHEATED)
    assert str(Stopped("scan", "why").leaving(3)) == "scan stopped: why"
    assert issubclass(Refused, NotDone)


def test_a_technique_of_one_monitor_unit_takes_half_of_that_of_two(rig: Rig) -> None:
    one = rig.play(rig.mv, MvTechnique(mu=1.0)).exposure
    two = rig.play(rig.mv, MvTechnique(mu=2.0)).exposure
    assert 2 * (one.ended - one.began) == two.ended - two.began
