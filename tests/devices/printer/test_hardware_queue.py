"""The queue and the print buffer: priority, fairness, bounds."""

from __future__ import annotations

import gc
import tracemalloc
from itertools import pairwise

import pytest

from linacsim.devices.printer.hardware import FilmHardware, NoMemoryError, QueueFullError, Sheet
from linacsim.devices.printer.hardware.jobs import PRIORITIES, Job, PrintQueue
from linacsim.devices.printer.hardware.memory import PrintBuffer
from linacsim.devices.printer.hardware.settings import Magazine, Processor
from linacsim.kernel.identity import Identity
from linacsim.kernel.units import MILLISECOND
from tests.devices.printer.hardware_rig import Rig, switched_on


def owners(rig: Rig) -> list[str]:
    """Return the owners of the jobs in the order in which they were printed."""
    by_number = {fields["job"]: fields["owner"] for _, fields in rig.of("job-queued")}
    return [by_number[fields["job"]] for _, fields in rig.of("job-printing")]


def test_high_comes_before_med_before_low() -> None:
    with switched_on(queue=10) as rig:
        for owner, priority in (("A", "LOW"), ("B", "MED"), ("C", "HIGH"), ("D", "MED")):
            rig.hardware.submit(owner, rig.sheets(1), priority=priority)  # type: ignore[arg-type]
        rig.go(120)
        assert owners(rig) == ["C", "B", "D", "A"]


def test_owners_take_turns() -> None:
    with switched_on(queue=10) as rig:
        for owner in "AAAABB":
            rig.hardware.submit(owner, rig.sheets(1))
        rig.go(120)
        assert owners(rig) == ["A", "B", "A", "B", "A", "A"]


def test_a_job_that_comes_later_does_not_interrupt() -> None:
    with switched_on(queue=10) as rig:
        rig.hardware.submit("A", rig.sheets(3), priority="LOW")
        rig.go(25)
        rig.hardware.submit("B", rig.sheets(1), priority="HIGH")
        rig.go(100)
        assert [job for _, job, _ in rig.out()] == [1, 1, 1, 2]


def test_the_queue_holds_what_waits_not_what_is_printed() -> None:
    with switched_on() as rig:
        rig.go(21)
        for name in "ABC":
            rig.hardware.submit(name, rig.sheets(1))
            rig.go(1)
        with pytest.raises(QueueFullError):
            rig.hardware.submit("D", rig.sheets(1))
        assert rig.hardware.status == ("WARNING", "PRINTER BUSY")
        rig.go(10)
        rig.hardware.submit("D", rig.sheets(1))


def test_a_held_queue_takes_jobs_and_prints_none() -> None:
    with switched_on() as rig:
        rig.go(20)
        rig.act("hold queue", "print test")
        rig.go(60)
        assert rig.out() == []
        assert rig.hardware.status == ("WARNING", "QUEUED")
        rig.act("release queue")
        rig.go(60)
        assert len(rig.out()) == 1


@pytest.mark.parametrize("seed", range(50))
def test_whatever_comes_is_printed_by_priority_and_each_owner_in_order(seed: int) -> None:
    draw = Identity(seed).generator("jobs")
    wanted = [(draw.choice("ABC"), draw.choice(PRIORITIES)) for _ in range(30)]
    queue = PrintQueue(100)
    for number, (owner, priority) in enumerate(wanted):
        queue.put(Job(number=number, owner=owner, priority=priority))
    told = [queue.next() for _ in wanted]
    assert len(queue) == 0
    assert [job.priority for job in told] == sorted((job.priority for job in told), key=PRIORITIES.index)
    for priority in PRIORITIES:
        same = [job for job in told if job.priority == priority]
        for owner in "ABC":
            mine = [job.number for job in same if job.owner == owner]
            assert mine == sorted(mine)
        # nobody waits for two jobs of another owner while he has one himself
        for at, (one, other) in enumerate(pairwise(same)):
            assert one.owner != other.owner or all(job.owner == one.owner for job in same[at:])


def test_a_removed_job_leaves_the_others_in_order() -> None:
    queue = PrintQueue(10)
    jobs = [Job(number=number, owner="A") for number in range(3)]
    for job in jobs:
        queue.put(job)
    assert queue.remove(jobs[1])
    assert not queue.remove(jobs[1])
    assert [queue.next().number for _ in range(len(queue))] == [0, 2]
    with pytest.raises(IndexError):
        queue.next()


QUICK = Processor(warm_up=0, per_sheet=MILLISECOND)
PLENTY = (Magazine(sheets=100_000),)


def a_thousand(hardware: FilmHardware, sheet: Sheet) -> list[Job]:
    return [hardware.submit(f"SCU{number % 7}", [sheet]) for number in range(1000)]


def test_a_thousand_jobs_stay_in_order_and_leave_nothing_behind() -> None:
    with switched_on(
        queue=1000, magazines=PLENTY, receive=100_000, processor=QUICK, transport=MILLISECOND
    ) as rig:  # fmt: skip
        sheet = Sheet(film=1, develop=lambda _ordinal: {})
        for _ in range(2):
            jobs = a_thousand(rig.hardware, sheet)
            with pytest.raises(QueueFullError):
                rig.hardware.submit("SCU", [sheet])
            rig.go(3)
            assert all(job.state == "DONE" for job in jobs)
        printed = [fields["job"] for _, fields in rig.of("job-printing")]
        assert printed == sorted(printed)  # seven owners take turns as they came
        assert len(printed) == 2000
        del jobs
        rig.told.clear()
        gc.collect()
        tracemalloc.start()
        before = tracemalloc.take_snapshot()
        a_thousand(rig.hardware, sheet)
        rig.go(3)
        rig.told.clear()
        gc.collect()
        grown = sum(one.size_diff for one in tracemalloc.take_snapshot().compare_to(before, "filename"))
        tracemalloc.stop()
        assert grown < 100_000


def test_memory_is_taken_and_given_back() -> None:
    changes: list[bool] = []
    buffer = PrintBuffer(1000, lambda: changes.append(buffer.full))
    one = buffer.reserve("A", 600)
    assert (buffer.used, buffer.left, buffer.held_by("A")) == (600, 400, 600)
    with pytest.raises(NoMemoryError) as refused:
        buffer.reserve("B", 401)
    assert (refused.value.wanted, refused.value.left) == (401, 400)
    assert buffer.full
    assert buffer.try_reserve("B", 401) is None
    buffer.free(one)
    buffer.free(one)
    assert (buffer.used, buffer.full) == (0, False)
    assert changes == [True, False]


def test_what_is_larger_than_the_memory_does_not_fill_it() -> None:
    buffer = PrintBuffer(1000, lambda: None)
    assert buffer.try_reserve("A", 1001) is None
    assert not buffer.full
    part = buffer.reserve("A", 10)
    assert buffer.full
    buffer.free(part)
    assert not buffer.full


def test_a_broken_module_loses_no_reservation() -> None:
    buffer = PrintBuffer(1000, lambda: None)
    one = buffer.reserve("A", 600)
    buffer.lose()
    assert (buffer.size, buffer.left, buffer.full) == (0, 0, True)
    buffer.mend()
    assert buffer.left == 400
    buffer.free(one)
    assert buffer.left == 1000


def test_the_next_sheet_is_prepared_when_one_comes_out() -> None:
    done: list[str] = []

    def sheet(name: str, film: int) -> Sheet:
        def develop(_ordinal: int) -> dict[str, object]:
            done.append(f"{name} out")
            return {}

        return Sheet(film=film, develop=develop, prepare=lambda: done.append(f"{name} prepared"))

    with switched_on(queue=10) as rig:
        rig.hardware.submit("A", [sheet("a1", 1), sheet("a2", 2)])
        rig.hardware.submit("B", [sheet("b", 1)])
        rig.go(120)
    assert done == ["a2 prepared", "a1 out", "b prepared", "a2 out", "b out"]
