"""Tables of words are whole; what a file says about the hardware is checked; actions and breakages do what they say."""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.devices.device import Nothing
from linacsim.devices.imager.hardware.conditions import FORBIDS, SEVERITY, STOPS, WORDS, Act, Condition, Severity
from linacsim.devices.imager.hardware.events import EVENT_FIELDS, EVENTS, FIELDS
from linacsim.devices.imager.hardware.operation import ACTIONS, BREAKAGES, Operated
from linacsim.devices.imager.hardware.settings import Calibrate, Collide, FreeArm, HardwareSettings, MoveArms, StickArm
from linacsim.errors import InputError, PlayFailure
from linacsim.kernel.units import milliseconds, minutes
from linacsim.scenario.keys import ExpectKeys
from linacsim.settings import Settings, build, keys_of
from tests.devices.imager.rig import HEAD, READY, Rig


class Operating(Operated):
    """A device as far as its operator knows it."""

    def __init__(self, rig: Rig) -> None:
        self.hardware, self.name = rig.hardware, "IMAGER"


def test_every_condition_and_act_has_its_words() -> None:
    assert set(SEVERITY) == set(WORDS) == set(Condition)
    assert set(FORBIDS) == set(STOPS) == set(Act)
    assert {condition for condition, severity in SEVERITY.items() if severity is Severity.NORMAL} == {Condition.NORMAL}
    assert all(why and (todo or condition is Condition.NORMAL) for condition, (why, todo) in WORDS.items())


def test_the_conditions_go_from_bad_to_good() -> None:
    order = list(Severity)
    ranks = [order.index(SEVERITY[condition]) for condition in Condition]
    assert ranks == sorted(ranks)


def test_fields_do_not_clash_with_the_keys_of_expectations() -> None:
    assert not FIELDS & set(keys_of(ExpectKeys))
    assert set(EVENT_FIELDS) == EVENTS


# what a file may say


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"tube": {"limit": 700.0}}, "hot 400, limit 700, capacity 600 kHU; they go up in this order"),
        ({"tube": {"cooling": "0 s"}}, "'tube.cooling' wants more than 0"),
        ({"tube": {"preparation": 3}}, "'tube.preparation': 3 is not a duration"),
        ({"gantry": {"speed": 0.0}}, "'gantry.speed' wants more than 0"),
        ({"gantry": {"over-travel": 180.0}}, "'gantry.over-travel' wants less than 180"),
        ({"gantry": {"at-start": 360.0}}, "'gantry.at-start' wants less than 360"),
        (
            {"couch": {"x": {"speed": 1.0, "remote": 1.0, "low": 1.0, "high": 2.0}}},
            "low 1, high 2; 0 lies between them",
        ),
        ({"couch": {"beyond-remote": "ask"}}, "'couch.beyond-remote' wants 'pause' or 'refuse'"),
        ({"arms": {"kv-source": {"to-mid": "0 s"}}}, "'arms.kv-source.to-mid' wants more than 0"),
        ({"arms": {"at-start": "out"}}, "'arms.at-start' wants 'retracted', 'mid' or 'extended'"),
        ({"panels": {"kv": {"frame-rate": -1.0}}}, "'panels.kv.frame-rate' wants more than 0"),
        ({"beam": {"rate": "fast"}}, "'beam.rate' wants a number"),
        ({"buffer": {"places": 0}}, "'buffer.places': 0 is not a count"),
        ({"reconstruction": {"per-slice": "1 ms"}}, "unknown key 'reconstruction.per-slice'"),
        ({"progress": 0}, "'progress': 0 is not a count"),
    ],
)
def test_wrong_settings_are_told_with_their_place(keys: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        build(HardwareSettings, keys, "hardware")
    assert words in str(caught.value)


def test_settings_come_from_a_file_with_units() -> None:
    read = build(
        HardwareSettings,
        {"tube": {"cooling": "5 min", "limit": 500}, "reconstruction": {"per-slice-and-view": "250 us"}},
    )
    assert (read.tube.cooling, read.tube.limit) == (minutes(5), 500.0)
    assert read.reconstruction.per_slice_and_view == milliseconds(0.25)


@pytest.mark.parametrize(
    ("cls", "keys", "words"),
    [
        (MoveArms, {}, "no arm is named"),
        (MoveArms, {"kv-source": "out"}, "'kv-source' wants 'retracted', 'mid' or 'extended'"),
        (Collide, {"angle": 360.0}, "'angle' wants less than 360"),
        (Calibrate, {"fields": []}, "'fields' wants 1 or more entries"),
        (Calibrate, {"panel": "MV"}, "'panel' wants 'kv' or 'mv'"),
    ],
)
def test_wrong_parameters_are_told(cls: type[Settings], keys: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError) as caught:
        build(cls, keys)
    assert words in str(caught.value)


# what a scenario can have done


def test_actions_and_breakages_are_methods() -> None:
    for word, action in {**ACTIONS, **BREAKAGES}.items():
        assert callable(getattr(Operated, action.method)), word


@pytest.mark.parametrize(
    ("breakage", "keys", "info"),
    [
        ("tube-overheat", {"heat": 450.0}, "TUBE HOT"),
        ("tube-overheat", {}, "TUBE OVERHEATED"),
        ("calibration-lost", {"panel": "mv"}, "MV PANEL NOT CALIBRATED"),
        ("collision", {}, "COLLISION"),
        ("door-open", {"closed-after": "1 min"}, "DOOR OPEN"),
        ("generator-fault", {}, "GENERATOR FAULT"),
        ("buffer-jam", {}, "BUFFER JAM"),
    ],
)
def test_a_breakage_strikes_now(breakage: str, keys: dict[str, Any], info: str) -> None:
    with Rig() as rig:
        action = BREAKAGES[breakage]
        getattr(Operating(rig), action.method)(build(action.settings, keys))
        assert rig.states() == ["NORMAL", info]


@pytest.mark.parametrize(
    ("breakage", "keys", "mend", "mend_keys"),
    [
        ("collision", {}, "clear-collision", {}),
        ("door-open", {}, "close-door", {}),
        ("generator-fault", {}, "reset-generator", {}),
        ("buffer-jam", {}, "clear-buffer-jam", {}),
        ("buffer-jam", {}, "empty-buffer", {}),
        ("calibration-lost", {}, "calibrate-panel", {}),
    ],
)
def test_an_action_mends_it(breakage: str, keys: dict[str, Any], mend: str, mend_keys: dict[str, Any]) -> None:
    with Rig() as rig:
        device = Operating(rig)
        for action, given in ((BREAKAGES[breakage], keys), (ACTIONS[mend], mend_keys)):
            rig.play(getattr(device, action.method), build(action.settings, given))
        assert rig.states()[-1] == "NORMAL"
        assert len(rig.states()) == 3


@pytest.mark.parametrize(
    ("action", "words"),
    [
        ("beam-off", "nothing is going on"),
        ("clear-collision", "there is no collision"),
        ("close-door", "the door is closed"),
        ("reset-generator", "the kV generator has no fault"),
        ("free-arm", "the kv-detector arm is not stuck"),
        ("restart-reconstructor", "the reconstructor has not failed"),
        ("clear-buffer-jam", "the image buffer is not jammed"),
    ],
)
def test_what_there_is_nothing_to_do_for_comes_to_nothing(action: str, words: str) -> None:
    with Rig() as rig, pytest.raises(PlayFailure, match=f"IMAGER: {words}"):
        getattr(Operating(rig), ACTIONS[action].method)(build(ACTIONS[action].settings, {}))


def test_arms_and_gantry_are_moved_and_a_stuck_arm_is_freed() -> None:
    with Rig() as rig:
        device = Operating(rig)
        rig.play(device.move_gantry, build(ACTIONS["move-gantry"].settings, {"angle": 190.0, "extended": True}))
        assert rig.hardware.gantry == (190.0, True)
        device.stick_arm(build(StickArm, {"arm": "mv-detector"}))
        with pytest.raises(PlayFailure, match="stuck"):
            rig.play(device.move_arms, build(MoveArms, {"mv-detector": "mid"}))
        device.free_arm(build(FreeArm, {"arm": "mv-detector"}))
        rig.play(device.move_arms, build(MoveArms, {"mv-detector": "mid"}))
        assert rig.hardware.arms["mv-detector"] == "mid"


def test_scans_fail_and_reconstructors_are_restarted() -> None:
    with Rig(READY) as rig:
        device = Operating(rig)
        for breakage in ("reconstruction-failure", "collision"):
            device_action = BREAKAGES[breakage]
            keys = {"angle": 0.0} if breakage == "collision" else {}
            getattr(device, device_action.method)(build(device_action.settings, keys))
        with pytest.raises(PlayFailure, match="after 126 of 360 views"):
            rig.play(rig.scan)
        device.clear_collision(Nothing())
        with pytest.raises(PlayFailure, match="the 360 views are kept"):
            rig.play(rig.scan, HEAD)
        device.restart_reconstructor(Nothing())
        rig.play(rig.scan, HEAD)
