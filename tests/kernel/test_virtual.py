"""The virtual clock: how a run ends, and what it says when it cannot."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
import simpy

from linacsim.bench import Bench
from linacsim.errors import Deadlock, HarnessError, HorizonReached, Livelock
from linacsim.kernel.sync import TaskEvent, TaskQueue
from linacsim.kernel.units import HOUR, SECOND, minutes


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench() as bench:
        yield bench


def test_a_run_returns_what_the_function_returns_and_passes_its_arguments(bench: Bench) -> None:
    assert bench.run(lambda *args: sum(args), 1, 2, 3) == 6


def test_time_goes_on_from_run_to_run(bench: Bench) -> None:
    for _ in range(3):
        bench.run(lambda: bench.kernel.sleep(SECOND))
    assert bench.now == 3 * SECOND


def test_a_run_ends_with_its_function_however_much_is_scheduled_still(bench: Bench) -> None:
    def ticking() -> Generator[simpy.Event, Any, None]:
        while True:
            yield bench.kernel.env.timeout(SECOND)

    bench.kernel.process(ticking(), "a clock that ticks for ever")
    bench.run(lambda: bench.kernel.sleep(10 * SECOND))
    assert bench.now == 10 * SECOND


class Odd(Exception):
    """An exception that cannot be built again from its args."""

    def __init__(self, code: int, *, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code


@pytest.mark.parametrize(
    "error",
    [Odd(7, text="x"), ValueError("wrong"), KeyError("k"), StopIteration(3), SystemExit(4), KeyboardInterrupt()],
)
def test_an_exception_of_the_function_comes_out_as_it_is(bench: Bench, error: BaseException) -> None:
    def body() -> None:
        bench.kernel.sleep(5)
        raise error

    with pytest.raises(type(error)) as raised:
        bench.run(body)
    assert raised.value is error
    assert raised.value.__cause__ is None
    assert "body" in [entry.name for entry in raised.traceback]
    assert bench.run(lambda: "the bench goes on") == "the bench goes on"


def test_a_run_inside_a_run_is_a_plain_call(bench: Bench) -> None:
    assert bench.run(lambda: (bench.run(lambda: bench.kernel.sleep(5)), bench.now)) == (None, 5)


def test_peers_can_be_added_inside_a_run(bench: Bench) -> None:
    def body() -> None:
        bench.add("storage", "STORE")
        bench.add("verification", "PROBE")
        bench.do("PROBE", "echo", to="STORE")

    bench.run(body)
    assert [record["status"] for record in bench.log.records if record["event"] == "C-ECHO-RSP"] == [0, 0]


def test_a_run_on_another_thread_is_refused_in_words(bench: Bench) -> None:
    bench.run(lambda: bench.kernel.sleep(1))
    errors = list[BaseException]()

    def body() -> None:
        try:
            bench.run(lambda: bench.kernel.sleep(1))
        except BaseException as exc:  # noqa: BLE001 - looked at below
            errors.append(exc)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    (error,) = errors
    assert isinstance(error, HarnessError)
    assert str(error) == "a virtual bench belongs to the thread that made it; run it there"


def test_a_deadlock_names_who_waits_for_what(bench: Bench) -> None:
    def worker() -> Generator[simpy.Event, Any, None]:
        yield bench.kernel.env.event()

    def stuck() -> None:
        bench.kernel.process(worker(), "PRINTER: film transport")
        kernel, printer = bench.kernel, bench.kernel.place("PRINTER")
        kernel.spawn(TaskQueue[int]().get, name="reader", place=printer)
        kernel.spawn(TaskEvent().wait, name="gate keeper", place=printer)
        kernel.join(kernel.spawn(kernel.wait, kernel.env.event(), "a letter", name="clerk"))

    with pytest.raises(Deadlock) as dead:
        bench.run(stuck)
    assert str(dead.value) == (
        "nothing is scheduled any more; who waits for what:\n"
        "  SUT: stuck waits for clerk to end\n"
        "  PRINTER: reader waits for an item in a queue\n"
        "  PRINTER: gate keeper waits for an event to be set\n"
        "  SUT: clerk waits for a letter\n"
        "  PRINTER: film transport waits for Event"
    )


def test_a_deadlock_of_many_names_the_first_twenty(bench: Bench) -> None:
    def stuck() -> None:
        for number in range(30):
            bench.kernel.spawn(TaskEvent().wait, name=f"task {number}")
        TaskEvent().wait()

    with pytest.raises(Deadlock) as dead:
        bench.run(stuck)
    lines = str(dead.value).splitlines()
    assert len(lines) == 22
    assert lines[-1] == "  ... and 11 more"


def test_the_bench_can_be_used_after_a_deadlock(bench: Bench) -> None:
    with pytest.raises(Deadlock):
        bench.run(TaskEvent().wait)
    bench.run(lambda: bench.kernel.sleep(SECOND))
    assert (bench.now, len(bench.kernel.tasks)) == (SECOND, 0)


def test_a_task_that_sleeps_nothing_for_ever_is_a_livelock(bench: Bench) -> None:
    def busy() -> None:
        while True:
            bench.kernel.sleep(0)

    def body() -> None:
        bench.kernel.sleep(SECOND)
        bench.kernel.spawn(busy, name="the busy one")
        bench.kernel.sleep(SECOND)

    with pytest.raises(Livelock, match=r"^time stands still at 1 s; busiest: the busy one \(\d+ turns\)$"):
        bench.run(body)


def test_a_process_that_waits_for_nothing_is_a_livelock_too(bench: Bench) -> None:
    def busy() -> Generator[simpy.Event, Any, None]:
        for _ in itertools.count():
            yield bench.kernel.env.timeout(0)

    bench.kernel.process(busy(), "hardware")
    with pytest.raises(Livelock, match=r"^time stands still at 0 us; busiest: processes of the hardware$"):
        bench.run(lambda: bench.kernel.sleep(1))


def test_a_busy_instant_that_ends_while_it_is_looked_at_is_told_all_the_same(bench: Bench) -> None:
    def nearly() -> None:
        for _ in range(200_500):
            bench.kernel.sleep(0)

    with pytest.raises(Livelock, match="busiest: nearly"):
        bench.run(nearly)


def test_a_run_ends_at_its_limit_with_names(bench: Bench) -> None:
    def slow() -> None:
        while True:
            bench.kernel.sleep(minutes(1))

    with pytest.raises(HorizonReached) as over:
        bench.run(slow, limit=minutes(10))
    assert str(over.value) == "not over at 10 min; who waits for what:\n  SUT: slow waits for its sleep to end"


def test_the_limit_counts_from_the_start_of_the_run(bench: Bench) -> None:
    for _ in range(3):
        bench.run(lambda: bench.kernel.sleep(20 * HOUR))
    with pytest.raises(HorizonReached, match=r"^not over at 84 h"):
        bench.run(lambda: bench.kernel.sleep(25 * HOUR))


@pytest.mark.parametrize("use", [lambda bench: bench.run(lambda: 1), lambda bench: bench.play(lambda: 1)])
def test_an_unopened_or_closed_bench_says_how_to_use_it(use: Callable[[Bench], object]) -> None:
    bench = Bench()
    with pytest.raises(HarnessError, match=r'^the bench is not open; say "with Bench\(\.\.\.\) as bench:"$'):
        use(bench)
    with bench:
        use(bench)
    with pytest.raises(HarnessError, match=r"^the bench is not open"):
        use(bench)


def test_a_peer_cannot_be_added_to_a_bench_that_is_not_open() -> None:
    bench = Bench()
    with pytest.raises(HarnessError, match=r"^the bench is not open"):
        bench.add("storage")
    with bench:
        bench.add("storage")


def test_the_virtual_clock_needs_no_event_loop() -> None:
    async def body() -> None:
        async with Bench():
            pass

    with pytest.raises(HarnessError, match='the virtual clock needs no event loop: say "with Bench'):
        body().send(None)
