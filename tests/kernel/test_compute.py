"""Work that keeps a processor busy: no bench time on the virtual clock, nobody held up on the live one."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from typing import Any

import pytest
from simpy.events import Event

from linacsim import Bench
from linacsim.errors import TaskFailed

BUSY = 0.5


def machine(bench: Bench, seen: list[Any], fn: Any) -> Generator[Event, Any, None]:
    """Hardware that has something computed."""
    value = yield bench.kernel.compute(fn)
    seen.append((bench.now, value))


def test_it_takes_no_bench_time() -> None:
    seen: list[Any] = []
    with Bench() as bench:
        bench.kernel.process(machine(bench, seen, lambda: 42), "machine")
        bench.settle(1)
    assert seen == [(0, 42)]


def test_an_error_is_told_with_its_machine() -> None:
    bench = Bench()
    bench.__enter__()
    bench.kernel.process(machine(bench, [], lambda: 1 // 0), "machine")
    with pytest.raises(TaskFailed, match="machine: ZeroDivisionError"):
        bench.settle(1)
    bench.__exit__(TaskFailed, None, None)


def test_nobody_is_held_up_by_it_on_the_live_clock() -> None:
    """The bench sleeps many short sleeps while something is computed, and leaves no thread."""
    seen: list[Any] = []
    ticks: list[int] = []
    before = threading.active_count()

    def work() -> str:
        time.sleep(BUSY)
        return threading.current_thread().name

    def tick() -> None:
        bench.kernel.process(machine(bench, seen, work), "machine")
        while not seen:
            bench.kernel.sleep(10_000)
            ticks.append(bench.now)

    with Bench(clock="live") as bench:
        bench.play(tick)
        assert seen[0][1].startswith("linacsim-compute")
        assert len(ticks) >= 5
    assert threading.active_count() == before
