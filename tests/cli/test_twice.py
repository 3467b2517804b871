"""``linacsim play --twice``: the same scenario twice in one process, and where the two part if they do."""

from __future__ import annotations

import itertools
from pathlib import Path

import pytest

from linacsim.cli import main
from linacsim.devices.storage.hardware import Disk


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_two_plays_of_a_scenario_are_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--quiet", "--twice", "faults/disk-full"]) == 0
    assert "played twice: the same events" in capsys.readouterr().out


def test_a_scenario_that_fails_the_same_way_twice_is_a_failure_and_no_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = "scenario: x\npeers:\n  SCU: {kind: verification}\nsteps:\n  - SCU: {echo: {to: SCU, called: X}}\n"
    text += "expect:\n  - {event: A-ASSOCIATE-RJ, at: SCU}\n"
    Path("failing.yaml").write_text(text, encoding="utf-8")
    assert main(["play", "--quiet", "--twice", "failing.yaml"]) == 1
    assert "played twice: the same events" in capsys.readouterr().out


def test_a_device_that_is_not_repeatable_is_found_with_its_first_event(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    calls, reserve = itertools.count(), Disk.reserve

    def moody(self: Disk, size: int) -> None:
        if next(calls) == 3:
            self._kernel.sleep(7)
        reserve(self, size)

    monkeypatch.setattr(Disk, "reserve", moody)
    assert main(["play", "--quiet", "--twice", "faults/disk-full"]) == 3
    told = capsys.readouterr().out
    assert "the runs differ at event" in told
    assert "object-stored" in told or "fault-fired" in told or "C-STORE-RSP" in told


def test_live_runs_are_not_compared(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--twice", "--clock", "live", "faults/disk-full"]) == 3
    assert capsys.readouterr().err == (
        "linacsim: --twice: live runs are never the same to the event; leave out --clock live\n"
    )
