"""The parts of the imager by themselves: ways, angles, arms, couch, heat, calibration, image buffer."""

from __future__ import annotations

from math import exp, inf

import pytest

from linacsim.devices.imager.hardware.arms import Arm, Position
from linacsim.devices.imager.hardware.buffer import ImageBuffer
from linacsim.devices.imager.hardware.couch import Table
from linacsim.devices.imager.hardware.gantry import Gantry
from linacsim.devices.imager.hardware.motion import Ramp, Travel
from linacsim.devices.imager.hardware.panel import PanelState
from linacsim.devices.imager.hardware.settings import (
    ArmSettings,
    CouchSettings,
    GantrySettings,
    PanelSettings,
    TubeSettings,
)
from linacsim.devices.imager.hardware.tube import Tube
from linacsim.kernel.units import MINUTE, SECOND, minutes, seconds
from linacsim.physics.geometry import Couch

# ways


def test_a_long_way_speeds_up_goes_steadily_and_slows_down() -> None:
    ramp = Ramp(way=90.0, speed=6.0, acceleration=3.0)
    assert ramp.rise == 2.0
    assert ramp.seconds == 90.0 / 6.0 + 2.0
    assert ramp.at(2.0) == 6.0
    assert ramp.at(ramp.seconds / 2) == 45.0
    assert ramp.at(ramp.seconds - 2.0) == pytest.approx(84.0)


def test_a_short_way_never_gets_to_its_speed() -> None:
    ramp = Ramp(way=3.0, speed=6.0, acceleration=3.0)
    assert ramp.peak == 3.0
    assert ramp.seconds == 2.0
    assert ramp.at(1.0) == 1.5


def test_without_an_acceleration_a_way_is_its_length_by_its_speed() -> None:
    ramp = Ramp(way=10.0, speed=4.0)
    assert ramp.acceleration == inf
    assert (ramp.seconds, ramp.at(1.0), ramp.when(8.0)) == (2.5, 4.0, 2.0)


@pytest.mark.parametrize("acceleration", [3.0, 60.0, inf])
@pytest.mark.parametrize("distance", [0.0, 0.5, 3.0, 17.5, 49.9, 50.0])
def test_when_it_is_somewhere_and_where_it_is_then_agree(distance: float, acceleration: float) -> None:
    ramp = Ramp(way=50.0, speed=6.0, acceleration=acceleration)
    assert ramp.at(ramp.when(distance)) == pytest.approx(distance, abs=1e-9)


def test_no_way_takes_no_time() -> None:
    assert Ramp(way=0.0, speed=6.0, acceleration=3.0).seconds == 0.0
    assert Travel(begin=5.0, to=5.0, ramp=Ramp(way=0.0, speed=6.0), began=7).position(7) == 5.0


def test_a_way_backwards_ends_where_it_should_to_the_last_bit() -> None:
    travel = Travel(begin=0.1, to=-0.2, ramp=Ramp(way=0.1 + 0.2, speed=0.07), began=10)
    assert travel.position(10) == 0.1
    assert travel.position(10 + travel.duration) == -0.2
    assert -0.2 < travel.position(10 + travel.duration // 2) < 0.1


# gantry


@pytest.mark.parametrize(
    ("angle", "extended", "place"),
    [
        (0.0, False, 0.0),
        (90.0, False, 90.0),
        (180.0, False, 180.0),
        (180.1, False, -179.9),
        (270.0, False, -90.0),
        (180.0, True, -180.0),
        (175.0, True, -185.0),
        (185.0, True, 185.0),
        (200.0, True, 200.0),
        (201.0, True, None),
        (90.0, True, None),
        (0.0, True, None),
    ],
)
def test_an_angle_has_one_place_in_each_range(angle: float, extended: bool, place: float | None) -> None:
    found = Gantry(GantrySettings()).goal(angle, extended=extended)
    assert found == (pytest.approx(place) if place is not None else None)


@pytest.mark.parametrize(("here", "to", "way"), [(170.0, 190.0, 340.0), (181.0, 179.0, 358.0), (350.0, 10.0, 20.0)])
def test_the_way_never_leads_past_the_stop(here: float, to: float, way: float) -> None:
    gantry = Gantry(GantrySettings(at_start=here))
    goal = gantry.goal(to, extended=False)
    assert goal is not None
    assert gantry.depart(goal, 0).ramp.way == pytest.approx(way)


def test_180_that_is_reached_over_270_is_180_extended() -> None:
    gantry = Gantry(GantrySettings(at_start=270.0))
    assert (gantry.angle(0), gantry.extended(0)) == (270.0, False)
    travel = gantry.depart(-180.0, 0)
    assert (gantry.angle(travel.duration), gantry.extended(travel.duration)) == (180.0, True)
    gantry.halt(travel.duration)
    assert (gantry.place(0), gantry.extended(0)) == (-180.0, True)


def test_just_short_of_upright_is_told_as_upright_not_as_360() -> None:
    assert Gantry(GantrySettings(at_start=359.9999)).told(0) == 0.0


def test_it_is_somewhere_on_its_way() -> None:
    gantry = Gantry(GantrySettings(speed=6.0, acceleration=6.0))
    gantry.depart(-90.0, 1000)
    assert gantry.angle(1000) == 0.0
    assert gantry.angle(1000 + seconds(1)) == 357.0
    gantry.halt(1000 + seconds(2))
    assert gantry.angle(5 * MINUTE) == 351.0


@pytest.mark.parametrize(
    ("start", "arc", "place"),
    [(290.0, 200.0, -70.0), (180.0, 360.0, -180.0), (170.0, 360.0, -190.0), (200.0, 360.0, -160.0),
     (340.0, 200.0, -20.0), (159.0, 360.0, None), (201.0, 360.0, None), (90.0, 200.0, None)],
)  # fmt: skip
def test_an_arc_begins_where_it_is_free(start: float, arc: float, place: float | None) -> None:
    assert Gantry(GantrySettings()).arc_from(start, arc, 0) == place


def test_an_arc_begins_at_the_nearer_of_two_places() -> None:
    settings = GantrySettings(over_travel=110.0, at_start=180.0)
    assert Gantry(settings).arc_from(180.0, 100.0, 0) == 180.0
    assert Gantry(settings.model_copy(update={"at_start": 200.0})).arc_from(180.0, 100.0, 0) == -180.0


# arms


def arm() -> Arm:
    return Arm("kv-detector", ArmSettings(to_mid=seconds(6), to_extended=seconds(5)), "retracted")


def test_an_arm_goes_through_the_middle() -> None:
    one = arm()
    assert one.depart(Position.EXTENDED, 0) == seconds(11)
    assert [one.position(at) for at in (0, 1, seconds(6), seconds(11))] == [
        Position.BETWEEN, Position.BETWEEN, Position.BETWEEN, Position.EXTENDED,
    ]  # fmt: skip
    one.halt(seconds(11))
    assert one.depart(Position.MID, seconds(20)) == seconds(5)


def test_an_arm_that_was_stopped_goes_on_from_there() -> None:
    one = arm()
    one.depart(Position.MID, 0)
    one.halt(seconds(2))
    assert one.position(MINUTE) is Position.BETWEEN
    assert one.depart(Position.RETRACTED, MINUTE) == seconds(2)
    one.halt(MINUTE + seconds(2))
    assert one.position(2 * MINUTE) is Position.RETRACTED


def test_an_arm_that_happens_to_stop_in_the_middle_is_there() -> None:
    one = arm()
    one.depart(Position.EXTENDED, 0)
    one.halt(seconds(6))
    assert one.position(MINUTE) is Position.MID


# couch


def test_all_axes_move_at_the_same_time_and_the_slowest_tells_how_long() -> None:
    table = Table(CouchSettings())
    to = Couch(x=20.0, y=-8.0, z=30.0, rotation=3.0, pitch=0.25)
    assert table.depart(to, 0) == seconds(2)
    assert table.position(seconds(1)) == Couch(x=20.0, y=-8.0, z=15.0, rotation=3.0, pitch=0.25)
    assert table.position(seconds(2)) == to
    table.halt(seconds(1))
    assert table.position(MINUTE).z == 15.0


def test_the_ends_of_its_way_and_the_remote_limit_name_axis_value_and_limit() -> None:
    table = Table(CouchSettings())
    assert table.beyond_ends(Couch(x=230.0, roll=-3.0)) == ""
    assert table.beyond_ends(Couch(pitch=3.5)) == "pitch 3.5 degrees is beyond the end of its way, -3 to 3 degrees"
    assert table.beyond_remote(Couch(y=-50.0)) == ""
    assert table.beyond_remote(Couch(y=-50.5, rotation=6.0)) == (
        "longitudinal -50.5 mm exceeds the remote limit of 50 mm, rotation 6 degrees exceeds the remote limit of 5 degrees"
    )


# tube


def test_an_exposure_heats_by_kv_times_ma_times_seconds() -> None:
    assert Tube(TubeSettings()).load_of(100.0, 200.0, 500.0) == 10.0
    assert Tube(TubeSettings()).load_of(125.0, 80.0, 13.0, 655) == pytest.approx(85.15)
    assert Tube(TubeSettings(waveform=1.4)).load_of(100.0, 200.0, 500.0) == 14.0


def test_an_idle_anode_cools_exponentially() -> None:
    tube = Tube(TubeSettings(cooling=minutes(6)))
    tube.overheat(500.0, SECOND)
    for after in (0, 1, 7):
        assert tube.heat(SECOND + after * MINUTE) == pytest.approx(500.0 * exp(-after / 6))


def test_under_a_beam_heat_comes_and_goes() -> None:
    """Solved by small steps: one after the other, heat goes in and a part of it out."""
    tube, heat, step = Tube(TubeSettings(cooling=minutes(2))), 300.0, 0.001
    tube.overheat(heat, 0)
    tube.beam_on(4.0, 0)
    for _ in range(30_000):
        heat += 4.0 * step - heat * step / 120.0
    assert tube.heat(seconds(30)) == pytest.approx(heat, rel=1e-5)
    tube.beam_off(seconds(30))
    assert tube.heat(seconds(150)) == pytest.approx(heat / exp(1), rel=1e-5)


@pytest.mark.parametrize(("heat", "load"), [(530.0, 72.0), (600.0, 1.0), (540.0, 500.0), (545.0, 0.001)])
def test_the_time_until_ready_is_exact_to_the_microsecond(heat: float, load: float) -> None:
    tube = Tube(TubeSettings())
    tube.overheat(heat, 0)
    wait = tube.ready_in(load, seconds(34), 0)
    assert not tube.allows(load, seconds(34), 0)
    assert wait is not None
    assert tube.allows(load, seconds(34), wait)
    assert not tube.allows(load, seconds(34), wait - 10)


def test_what_is_too_much_for_a_cold_anode_is_never_ready() -> None:
    tube = Tube(TubeSettings())
    assert tube.ready_in(541.0, 0, 0) is None
    assert tube.ready_in(540.0, 0, 0) == 0


def test_it_tells_when_it_will_be_cool_enough() -> None:
    tube = Tube(TubeSettings())
    assert tube.thresholds(0) == []
    tube.overheat(450.0, 0)
    assert len(tube.thresholds(0)) == 1
    tube.overheat(600.0, 0)
    assert (tube.overheated(0), tube.hot(0)) == (True, True)
    first, second = tube.thresholds(0)
    assert (tube.overheated(first), tube.hot(first)) == (False, True)
    assert tube.overheated(first - 10)
    assert not tube.hot(second)


# panels


def test_a_calibration_is_good_for_a_while() -> None:
    panel = PanelState("kv", PanelSettings(dark_field_valid=seconds(10), flood_field_valid=seconds(30)))
    assert panel.missing(seconds(10) - 1) == []
    assert panel.missing(seconds(10)) == ["dark-field"]
    assert panel.missing(seconds(30)) == ["dark-field", "flood-field"]
    assert panel.renew("dark-field", seconds(31)) == seconds(41)
    assert panel.missing(seconds(31)) == ["flood-field"]
    panel.lose()
    assert panel.missing(seconds(31)) == ["dark-field", "flood-field"]


def test_a_panel_may_begin_without_a_calibration() -> None:
    assert PanelState("mv", PanelSettings(calibrated=False)).missing(0) == ["dark-field", "flood-field"]


def test_the_frame_rate_tells_how_long_a_frame_takes() -> None:
    assert PanelState("kv", PanelSettings(frame_rate=8.0)).readout == 125_000


# image buffer


def test_places_are_taken_and_given_back_once() -> None:
    buffer = ImageBuffer(10)
    first, second = buffer.take(3), buffer.take(7)
    assert (buffer.held, buffer.free) == (10, 0)
    assert buffer.release(first) is True
    assert buffer.release(first) is False
    assert (buffer.held, second.state, first.state) == (7, "HELD", "GONE")


def test_what_is_archived_while_it_is_jammed_leaves_afterwards() -> None:
    buffer = ImageBuffer(10)
    first, second = buffer.take(3), buffer.take(4)
    buffer.jammed = True
    assert buffer.release(first) is False
    assert (buffer.held, first.state) == (7, "LEAVING")
    buffer.unjam()
    assert (buffer.held, first.state, second.state) == (4, "GONE", "HELD")


def test_an_emptied_buffer_has_lost_everything() -> None:
    buffer = ImageBuffer(10)
    hold = buffer.take(6)
    buffer.jammed = True
    assert buffer.empty() == 6
    assert (buffer.held, buffer.jammed, hold.state) == (0, False, "GONE")
    assert buffer.release(hold) is False
