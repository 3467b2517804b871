"""Arms, gantry and couch as they move, and what hinders them; calibration; what breaks and is mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from linacsim.devices.imager.hardware.arms import Position
from linacsim.devices.imager.hardware.conditions import Condition, Refused, Stopped
from linacsim.devices.imager.hardware.settings import ArmsSettings, CouchSettings, HardwareSettings
from linacsim.kernel.units import MINUTE, SECOND, minutes, seconds
from linacsim.physics.geometry import Couch
from tests.devices.imager.rig import READY, Rig

RETRACTED = READY.model_copy(update={"arms": ArmsSettings()})


def changed(**parts: Any) -> HardwareSettings:
    return READY.model_copy(update=parts)


@pytest.fixture
def rig() -> Iterator[Rig]:
    with Rig() as rig:
        yield rig


# arms


def test_arms_move_at_the_same_time() -> None:
    with Rig(RETRACTED) as rig:
        rig.play(rig.hardware.move_arms, {"kv-source": Position.EXTENDED, "mv-detector": Position.MID})
        assert rig.now == seconds(11)
        assert [(record["arm"], record["takes"]) for record in rig.of("arm-moving")] == [
            ("kv-source", seconds(11)), ("mv-detector", seconds(6)),
        ]  # fmt: skip
        assert dict(rig.hardware.arms) == {
            "kv-source": Position.EXTENDED,
            "kv-detector": Position.RETRACTED,
            "mv-detector": Position.MID,
        }


def test_an_arm_that_is_there_does_not_move(rig: Rig) -> None:
    rig.play(rig.hardware.prepare, "kv")
    assert (rig.now, rig.of("arm-moving")) == (0, [])


def test_an_arm_gets_stuck_halfway_and_is_between_until_it_is_freed_and_moved() -> None:
    with Rig(RETRACTED) as rig:
        rig.hardware.breakages.stick_arm("kv-detector")
        assert Condition.ARM_STUCK not in rig.hardware.conditions
        with pytest.raises(
            Stopped, match=r"arm movement stopped: an arm is stuck \(kv-detector\), on the way"
        ) as caught:
            rig.play(rig.hardware.prepare, "kv")
        assert caught.value.condition is Condition.ARM_STUCK
        assert rig.now == seconds(11) // 2
        assert rig.hardware.arms["kv-detector"] is Position.BETWEEN
        with pytest.raises(Refused, match=r"arm is stuck \(kv-detector\); free it"):
            rig.play(rig.hardware.prepare, "kv")
        with pytest.raises(Refused, match="not both extended"):
            rig.play(rig.kv)
        rig.play(rig.hardware.prepare, "mv")
        assert rig.hardware.operator.free_arm("kv-detector") is True
        rig.play(rig.hardware.prepare, "kv")
        assert rig.play(rig.kv).exposure.number == 1
        assert rig.states() == ["NORMAL", "ARM STUCK", "NORMAL"]


def test_an_arm_that_moves_gets_stuck_where_it_is() -> None:
    with Rig(RETRACTED) as rig:
        rig.at(seconds(2), lambda: rig.hardware.breakages.stick_arm("kv-source", freed_after=MINUTE))
        with pytest.raises(Stopped, match="kv-source"):
            rig.play(rig.hardware.prepare, "kv")
        assert rig.now == seconds(2)
        rig.go(MINUTE)
        rig.play(rig.hardware.prepare, "kv")
        assert rig.now == seconds(2) + MINUTE + seconds(9)


def test_an_arm_that_was_to_get_stuck_and_was_freed_before_does_not() -> None:
    with Rig(RETRACTED) as rig:
        rig.hardware.breakages.stick_arm("kv-source")
        assert rig.hardware.operator.free_arm("kv-source") is False
        rig.play(rig.hardware.prepare, "kv")


def test_a_collision_stops_the_arms_where_they_are() -> None:
    with Rig(RETRACTED) as rig:
        rig.at(seconds(7), lambda: rig.hardware.breakages.collide(cleared_after=seconds(5)))
        with pytest.raises(Stopped, match="collision detection has tripped"):
            rig.play(rig.hardware.move_arms, {"kv-source": Position.EXTENDED, "mv-detector": Position.MID})
        assert rig.hardware.arms["kv-source"] is Position.BETWEEN
        assert rig.hardware.arms["mv-detector"] is Position.MID
        rig.go(seconds(5))
        rig.play(rig.hardware.prepare, "kv")


# gantry


def test_the_gantry_goes_the_way_round_that_is_free(rig: Rig) -> None:
    rig.play(rig.hardware.turn_gantry, 170.0)
    assert rig.now == pytest.approx((170 / 6 + 1) * SECOND, abs=1)
    began = rig.now
    rig.play(rig.hardware.turn_gantry, 190.0)
    assert rig.now - began == pytest.approx((340 / 6 + 1) * SECOND, abs=1)


def test_the_extended_range_saves_the_way_round(rig: Rig) -> None:
    rig.play(rig.hardware.turn_gantry, 170.0)
    rig.play(rig.hardware.turn_gantry, 190.0, extended=True)
    assert rig.of("gantry-moving")[1]["takes"] == pytest.approx((20 / 6 + 1) * SECOND, abs=1)
    assert rig.hardware.gantry == (190.0, True)


def test_where_the_gantry_is_can_be_asked_while_it_turns(rig: Rig) -> None:
    turning = rig.beside(rig.hardware.turn_gantry, 90.0)
    rig.go(seconds(8))
    assert rig.hardware.gantry == (45.0, False)
    rig.end_of(turning)
    assert rig.hardware.gantry == (90.0, False)


def test_a_collision_stops_the_gantry_where_it_is(rig: Rig) -> None:
    rig.at(seconds(8), rig.hardware.breakages.collide)
    with pytest.raises(
        Stopped, match="gantry movement stopped: the collision detection has tripped, the gantry at 45 deg"
    ):
        rig.play(rig.hardware.turn_gantry, 90.0)
    assert rig.now == seconds(8)
    assert rig.of("collision")[0]["gantry"] == 45.0


# couch


def test_a_correction_within_the_remote_limit_goes_from_the_console(rig: Rig) -> None:
    assert rig.play(rig.hardware.move_couch, Couch(x=4.0, y=-8.0, z=6.0, pitch=0.1)) == Couch(
        x=4.0, y=-8.0, z=6.0, pitch=0.1
    )
    assert rig.now == 400_000
    rig.play(rig.hardware.move_couch, Couch(x=-1.0))
    assert rig.hardware.couch == Couch(x=3.0, y=-8.0, z=6.0, pitch=0.1)
    at = rig.of("couch-at")[-1]
    assert [at[word] for word in ("lateral", "longitudinal", "vertical", "rotation", "pitch", "roll")] == [
        3.0, -8.0, 6.0, 0.0, 0.1, 0.0,
    ]  # fmt: skip


def test_beyond_the_remote_limit_somebody_goes_in(rig: Rig) -> None:
    rig.play(rig.hardware.move_couch, Couch(y=80.0))
    assert rig.now == seconds(90 + 2)
    assert rig.of("couch-pause")[0]["reason"] == "longitudinal 80 mm exceeds the remote limit of 50 mm"


def test_beyond_the_remote_limit_it_may_be_refused() -> None:
    with Rig(changed(couch=CouchSettings(beyond_remote="refuse"))) as rig:
        with pytest.raises(Refused, match="rotation 6 degrees exceeds the remote limit of 5 degrees; go into the room"):
            rig.play(rig.hardware.move_couch, Couch(rotation=6.0))
        assert rig.hardware.couch == Couch()


def test_beyond_the_end_of_its_way_it_is_refused_wherever_it_begins(rig: Rig) -> None:
    rig.play(rig.hardware.move_couch, Couch(roll=2.0))
    with pytest.raises(Refused, match="roll 4 degrees is beyond the end of its way, -3 to 3 degrees; position"):
        rig.play(rig.hardware.move_couch, Couch(roll=2.0))


@pytest.mark.parametrize(
    ("by", "after", "here", "words"),
    [
        (Couch(y=40.0), 250_000, Couch(y=10.0), "the couch on its way"),
        (Couch(y=80.0), seconds(30), Couch(), "before the couch moved"),
    ],
)
def test_a_collision_stops_the_couch_where_it_is(rig: Rig, by: Couch, after: int, here: Couch, words: str) -> None:
    rig.at(after, rig.hardware.breakages.collide)
    with pytest.raises(Stopped, match=words) as caught:
        rig.play(rig.hardware.move_couch, by)
    assert caught.value.partial == rig.hardware.couch == here


def test_a_couch_that_is_to_move_during_a_scan_waits_for_its_end(rig: Rig) -> None:
    scan = rig.beside(rig.scan)
    rig.play(rig.hardware.move_couch, Couch(x=1.0))
    assert rig.of("couch-moving")[0]["t"] == rig.of("scan-end")[0]["t"]
    assert rig.end_of(scan).swept.sweep.couch == Couch()


# calibration


def test_a_calibration_takes_its_time_and_a_lost_one_is_made_anew(rig: Rig) -> None:
    rig.hardware.breakages.lose_calibration("mv")
    rig.play(rig.hardware.calibrate, "mv")
    assert rig.now == seconds(10 + 60)
    assert [record["calibration"] for record in rig.of("panel-calibrated")] == ["dark-field", "flood-field"]
    assert rig.of("panel-calibrated")[1]["valid-until"] == seconds(70) + 30 * 24 * 60 * MINUTE
    assert rig.play(rig.mv).exposure.number == 1


def test_a_dark_field_needs_no_beam_and_a_flood_field_does(rig: Rig) -> None:
    rig.hardware.breakages.open_door()
    rig.play(rig.hardware.calibrate, "kv", ["dark-field"])
    with pytest.raises(Refused, match="kV flood field calibration refused: the door of the room is open"):
        rig.play(rig.hardware.calibrate, "kv", ["flood-field"])


@pytest.mark.parametrize("panel", ["kv", "mv"])
def test_a_flood_field_that_is_stopped_calibrates_nothing(rig: Rig, panel: Any) -> None:
    rig.hardware.breakages.lose_calibration(panel)
    rig.at(seconds(20), rig.hardware.operator.beam_off)
    with pytest.raises(Stopped, match="the operator pressed beam off"):
        rig.play(rig.hardware.calibrate, panel)
    until = rig.hardware.calibrated_until(panel)
    assert (until["dark-field"] > 0, until["flood-field"]) == (True, 0)


# what people do


@pytest.mark.parametrize(
    ("strike", "mend", "event", "mended"),
    [
        (lambda rig: rig.hardware.breakages.collide(), lambda rig: rig.hardware.operator.clear_collision(),
         "collision", "collision-cleared"),
        (lambda rig: rig.hardware.breakages.open_door(), lambda rig: rig.hardware.operator.close_door(),
         "door-opened", "door-closed"),
        (lambda rig: rig.hardware.breakages.trip_generator(), lambda rig: rig.hardware.operator.reset_generator(),
         "generator-fault", "generator-reset"),
        (lambda rig: rig.hardware.breakages.jam_buffer(), lambda rig: rig.hardware.operator.clear_buffer_jam(),
         "buffer-jam", "buffer-jam-cleared"),
    ],
)  # fmt: skip
def test_what_is_broken_is_mended_once(
    rig: Rig, strike: Callable[[Rig], None], mend: Callable[[Rig], bool], event: str, mended: str
) -> None:
    strike(rig)
    assert rig.info() != "NORMAL"
    assert mend(rig) is True
    assert rig.info() == "NORMAL"
    assert mend(rig) is False
    assert (len(rig.of(event)), len(rig.of(mended))) == (1, 1)


@pytest.mark.parametrize(
    "strike",
    [
        lambda rig: rig.hardware.breakages.collide(cleared_after=minutes(2)),
        lambda rig: rig.hardware.breakages.open_door(closed_after=minutes(2)),
        lambda rig: rig.hardware.breakages.trip_generator(reset_after=minutes(2)),
        lambda rig: rig.hardware.breakages.jam_buffer(cleared_after=minutes(2)),
    ],
)
def test_what_is_broken_for_a_while_is_mended_then(rig: Rig, strike: Callable[[Rig], None]) -> None:
    strike(rig)
    rig.go(minutes(2) - 1)
    assert rig.info() != "NORMAL"
    rig.go(1)
    assert rig.info() == "NORMAL"
    assert rig.of("imager-status")[-1]["t"] == minutes(2)


def test_the_gravest_condition_is_the_status(rig: Rig) -> None:
    rig.hardware.breakages.lose_calibration("kv")
    rig.hardware.breakages.open_door()
    rig.hardware.breakages.collide()
    assert rig.hardware.conditions[:3] == [
        Condition.COLLISION, Condition.DOOR_OPEN, Condition.KV_PANEL_NOT_CALIBRATED,
    ]  # fmt: skip
    assert rig.hardware.status == ("STOP", "COLLISION")
    rig.hardware.operator.clear_collision()
    rig.hardware.operator.close_door()
    assert rig.states() == ["NORMAL", "KV PANEL NOT CALIBRATED", "DOOR OPEN", "COLLISION", "DOOR OPEN",
                            "KV PANEL NOT CALIBRATED"]  # fmt: skip


def test_arms_that_are_not_extended_are_no_status() -> None:
    with Rig(RETRACTED) as rig:
        assert Condition.KV_ARMS_NOT_EXTENDED in rig.hardware.conditions
        assert rig.hardware.status == ("NORMAL", "NORMAL")
