"""Long bad days: whatever is done to the printer in whatever order, no film is lost or made up, and every job ends."""

from __future__ import annotations

from random import Random

import pytest

from linacsim.devices.printer.hardware import Job, QueueFullError
from linacsim.devices.printer.hardware.jobs import PRIORITIES
from linacsim.devices.printer.hardware.machine import PARTS
from linacsim.devices.printer.hardware.reference import PRINTERS
from linacsim.errors import PlayFailure
from linacsim.kernel.identity import Identity
from linacsim.kernel.units import MINUTE
from tests.devices.printer.hardware_rig import Rig, switched_on

LINES = (
    "jam", "clear jam", "open cover", "close cover", "set offline", "set online", "hold queue", "release queue",
    "switch off", "switch on", "calibrate", "cancel job", "unmount receiver", "mount receiver", "damage receiver BIN_1",
    "mount receiver BIN_1", "empty receiver", "print test 2 A4 PAPER", "print test 3 BIN_1 HIGH", "damage magazine 2",
    "replace chemistry", "fill replenisher", "empty overflow", "spoil chemistry", "fill finisher", "change ribbon",
    *(f"break part {part}" for part in PARTS), *(f"mend {part}" for part in PARTS),
)  # fmt: skip
"""Acts that make no film of their own: magazines are only emptied by printing."""
ORDERLY = (
    "clear jam", "close cover", "set online", "release queue", "switch on", "mount receiver", "mount receiver BIN_1",
    "empty receiver", "replace chemistry", "empty overflow", "fill finisher", "change ribbon",
    *(f"mend {part}" for part in PARTS),
)  # fmt: skip


def act(rig: Rig, line: str) -> None:
    """Do what a line says, if it can be done."""
    try:
        rig.act(line)
    except PlayFailure:
        return


def left(rig: Rig) -> int:
    return sum(magazine.sheets for _, magazine in rig.hardware.machine.slots.mounted())


def check(rig: Rig, full: int) -> None:
    """Hold what is drawn against what has come out, is spoilt, or is on its way."""
    machine = rig.hardware.machine
    assert rig.hardware.status[0] in ("NORMAL", "WARNING", "FAILURE")
    assert rig.hardware.waiting == len(list(machine.queue)) <= machine.settings.queue
    on_its_way = machine.in_flight is not None
    lost_with_jobs = len(rig.of("job-failed"))
    drawn = full - left(rig)
    known = machine.sheets + len(rig.of("sheet-spoilt")) + on_its_way
    assert known <= drawn <= known + lost_with_jobs
    assert all(receiver.sheets <= receiver.capacity for receiver in machine.receivers.by_name.values())
    assert 0 <= machine.memory.used <= machine.settings.memory


def submit(rig: Rig, draw: Random) -> list[Job]:
    try:
        count, copies = draw.randint(1, 3), draw.randint(1, 2)
        return [
            rig.hardware.submit(
                draw.choice("ABC"),
                rig.sheets(count, memory=draw.choice((0, 1000))),
                copies,
                priority=draw.choice(PRIORITIES),
                destination=draw.choice(("", "BIN_1", "PROCESSOR")),
                collated=draw.random() < 0.5,
            )
        ]  # fmt: skip
    except QueueFullError:
        return []


@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("seed", range(15))
def test_no_film_is_lost_and_every_job_ends(printer: str, seed: int) -> None:
    draw = Identity(seed).generator("day", printer)
    plenty = tuple(one.model_copy(update={"sheets": 5000}) for one in PRINTERS[printer].magazines)
    with switched_on(PRINTERS[printer], magazines=plenty, bin=50, service_every=None) as rig:
        full, jobs = left(rig), []
        for _ in range(150):
            jobs += submit(rig, draw) if draw.random() < 0.2 else []
            act(rig, draw.choice(LINES))
            rig.go(draw.choice((0, 0.3, 1, 2.5, 20)))
            check(rig, full)
        for _ in range(20):
            for line in ORDERLY:
                act(rig, line)
            rig.go(2 * MINUTE / 1_000_000)
        if "BAD SUPPLY MGZ" in [one.term for one in rig.hardware.conditions]:
            rig.act("mount magazine 2")
        rig.act("calibrate")
        rig.go(200)
        assert rig.hardware.status == ("NORMAL", "NORMAL")
        assert all(job.state in ("DONE", "FAILURE") for job in jobs)
        assert all(job.out == len(job.sheets) * job.copies for job in jobs if job.state == "DONE")
        assert rig.hardware.memory.used == 0
        assert rig.kernel.failures == []
