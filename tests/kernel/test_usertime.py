"""A user's own function is on bench time; everybody else keeps the real one."""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from time import monotonic as clock
from time import sleep

import pytest

from linacsim.bench import Bench
from linacsim.errors import HarnessError
from linacsim.kernel.identity import DEFAULT_EPOCH
from linacsim.kernel.units import SECOND

NAMES = ("sleep", "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
REAL = {name: getattr(time, name) for name in NAMES}


def took(fn: Callable[[], object]) -> float:
    """Return the real seconds that `fn` takes."""
    start = REAL["perf_counter"]()
    fn()
    return float(REAL["perf_counter"]() - start)


def test_a_sleep_of_an_hour_takes_no_real_time() -> None:
    with Bench() as bench:
        assert took(lambda: bench.run(time.sleep, 3600)) < 1
        assert bench.now == 3600 * SECOND


def test_a_function_that_imported_the_names_sleeps_on_the_bench_too() -> None:
    def body() -> tuple[float, float]:
        before = clock()
        sleep(10)
        return before, clock()

    with Bench() as bench:
        assert bench.run(body) == (0.0, 10.0)
    assert sleep is REAL["sleep"]
    assert clock is REAL["monotonic"]


class Caller:
    """Ways to call that are no plain function."""

    def method(self) -> float:
        sleep(5)
        return clock()

    def __call__(self) -> float:
        sleep(5)
        return clock()


def plainly(duration: float) -> float:
    sleep(duration)
    return clock()


@functools.wraps(plainly)
def wrapped() -> float:
    return plainly(5)


@pytest.mark.parametrize(
    "fn",
    [
        Caller().method,
        Caller(),
        functools.partial(plainly, 5),
        functools.partial(functools.partial(plainly), 5),
        wrapped,
    ],
    ids=["method", "object", "partial", "partial of partial", "wrapped"],
)
def test_however_the_function_is_given_its_modules_names_are_on_the_bench(fn: Callable[[], float]) -> None:
    with Bench() as bench:
        assert bench.run(fn) == 5.0
    assert sleep is REAL["sleep"]


def test_the_names_are_put_back_when_the_function_raises() -> None:
    def body() -> None:
        sleep(1)
        raise ValueError

    with Bench() as bench:
        with pytest.raises(ValueError, match=r"^$"):
            bench.run(body)
        assert sleep is REAL["sleep"]


def test_all_clocks_tell_bench_time() -> None:
    def body() -> list[float]:
        time.sleep(1.5)
        return [getattr(time, name)() for name in NAMES if name != "sleep"]

    epoch = DEFAULT_EPOCH.timestamp()
    with Bench() as bench:
        assert bench.run(body) == [
            epoch + 1.5,
            round(epoch * 1_000_000_000) + 1_500_000_000,
            1.5,
            1_500_000_000,
            1.5,
            1_500_000_000,
        ]


def test_a_negative_sleep_is_an_error_as_it_always_was() -> None:
    with Bench() as bench, pytest.raises(ValueError, match="sleep length must be non-negative"):
        bench.run(time.sleep, -1)


def test_ordinary_code_keeps_real_time_while_a_bench_is_open() -> None:
    with Bench():
        assert took(lambda: time.sleep(0.05)) >= 0.05
        assert abs(time.time() - REAL["time"]()) < 1
        assert time.monotonic_ns() - REAL["monotonic_ns"]() < 1_000_000_000


def test_ordinary_threads_keep_real_time_while_a_run_is_going_on() -> None:
    told: list[float] = []
    done = threading.Event()

    def ordinary() -> None:
        before = time.monotonic()
        time.sleep(0.05)
        told.extend((time.monotonic() - before, time.time() - REAL["time"]()))
        done.set()

    def body() -> float:
        thread = threading.Thread(target=ordinary)
        thread.start()
        time.sleep(3600)
        assert done.wait(5)
        thread.join()
        return time.monotonic()

    with Bench() as bench:
        assert bench.run(body) == 3600.0
    assert 0.05 <= told[0] < 5
    assert abs(told[1]) < 1


def test_the_real_functions_are_back_after_the_bench_has_closed() -> None:
    with Bench() as bench:
        assert time.sleep is not REAL["sleep"]
        bench.run(lambda: None)
    assert {name: getattr(time, name) for name in NAMES} == REAL


def test_the_real_functions_are_back_after_a_run_that_went_wrong() -> None:
    def close(bench: Bench) -> None:
        with bench:
            bench.kernel.spawn(lambda: 1 / 0, name="broken", place=bench.kernel.place("HERE"))
            bench.run(time.sleep, 1)

    with pytest.raises(Exception, match="broken: ZeroDivisionError"):
        close(Bench())
    assert {name: getattr(time, name) for name in NAMES} == REAL


def test_benches_may_nest() -> None:
    with Bench() as outer:
        with Bench() as inner:
            inner.run(time.sleep, 5)
        assert time.sleep is not REAL["sleep"]
        outer.run(time.sleep, 7)
        assert (inner.now, outer.now) == (5 * SECOND, 7 * SECOND)
    assert time.sleep is REAL["sleep"]


def test_a_live_bench_leaves_time_alone() -> None:
    with Bench(clock="live") as bench:
        assert time.sleep is REAL["sleep"]
        assert took(lambda: bench.run(time.sleep, 0.05)) >= 0.05


def test_a_bench_is_not_opened_twice() -> None:
    with Bench() as bench, pytest.raises(HarnessError, match="the bench is open already"):
        bench.__enter__()
    assert time.sleep is REAL["sleep"]
