"""TaskQueue and TaskEvent behave as queue.Queue and threading.Event do."""

# mypy: disable-error-code="func-returns-value"
# a lambda says two things one after the other as a tuple

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from linacsim.errors import HarnessError
from linacsim.kernel.identity import Identity
from linacsim.kernel.sync import TaskEvent, TaskQueue, owned_by
from linacsim.kernel.units import SECOND
from linacsim.kernel.virtual import VirtualKernel
from linacsim.kernel.wake import Wake


@pytest.fixture
def kernel() -> Iterator[VirtualKernel]:
    kernel = VirtualKernel(Identity(0))
    yield kernel
    kernel.close()


def run(kernel: VirtualKernel, fn: Callable[[], Any]) -> Any:
    return kernel.run(fn, place=kernel.place("HERE"))


def later(kernel: VirtualKernel, us: int, fn: Callable[[], object]) -> None:
    """Call `fn` in a task of its own after `us` microseconds."""
    kernel.spawn(lambda: (kernel.sleep(us), fn()), name="later", place=kernel.place("HERE"))


def outcome(fn: Callable[[], object]) -> object:
    """Return what `fn` returns, or the type of what it raises."""
    try:
        return fn()
    except Exception as exc:  # noqa: BLE001 - compared with the standard library's
        return type(exc)


QUEUE_TALES: dict[str, Callable[[Any], list[object]]] = {
    "first in, first out": lambda q: [q.put(1), q.put(2), q.get(), q.get()],
    "an empty one that must not block": lambda q: [outcome(lambda: q.get(block=False))],
    "an empty one with a time limit": lambda q: [outcome(lambda: q.get(timeout=0.01))],
    "an empty one with no time at all": lambda q: [outcome(lambda: q.get(timeout=0))],
    "a full one that must not block": lambda q: [q.put("x"), q.get(block=False), q.empty()],
    "counting": lambda q: [q.empty(), q.qsize(), q.put(None), q.empty(), q.qsize(), list(q.queue)],
    "None is an item": lambda q: [q.put(None), q.get(timeout=0.01), q.qsize()],
}


@pytest.mark.parametrize("tale", QUEUE_TALES.values(), ids=QUEUE_TALES)
def test_a_task_queue_tells_the_same_tale_as_the_standard_librarys(
    kernel: VirtualKernel, tale: Callable[[Any], list[object]]
) -> None:
    assert run(kernel, lambda: tale(TaskQueue[Any]())) == tale(queue.Queue())


EVENT_TALES: dict[str, Callable[[Any], list[object]]] = {
    "at first": lambda e: [e.is_set(), e.wait(0.01), e.wait(0)],
    "set": lambda e: [e.set(), e.is_set(), e.wait(), e.wait(0.01)],
    "set and cleared": lambda e: [e.set(), e.clear(), e.is_set(), e.wait(0.01)],
    "set twice": lambda e: [e.set(), e.set(), e.clear(), e.is_set()],
}


@pytest.mark.parametrize("tale", EVENT_TALES.values(), ids=EVENT_TALES)
def test_a_task_event_tells_the_same_tale_as_the_standard_librarys(
    kernel: VirtualKernel, tale: Callable[[Any], list[object]]
) -> None:
    assert run(kernel, lambda: tale(TaskEvent())) == tale(threading.Event())


def test_a_get_waits_for_a_put_and_takes_bench_time(kernel: VirtualKernel) -> None:
    def body() -> tuple[str, int]:
        items = TaskQueue[str]()
        later(kernel, 3 * SECOND, lambda: items.put("late"))
        return items.get(timeout=5), kernel.now

    assert run(kernel, body) == ("late", 3 * SECOND)


def test_a_get_in_vain_takes_its_whole_time_and_says_so(kernel: VirtualKernel) -> None:
    told = []

    def body() -> int:
        items = TaskQueue[str]()
        items.on_timeout = lambda: told.append(kernel.now)
        with pytest.raises(queue.Empty):
            items.get(timeout=30)
        with pytest.raises(queue.Empty):
            items.get(block=False, timeout=30)
        return kernel.now

    assert run(kernel, body) == 30 * SECOND
    assert told == [30 * SECOND]


def test_getters_are_served_in_the_order_in_which_they_came(kernel: VirtualKernel) -> None:
    got = []

    def getter(name: str, items: TaskQueue[int]) -> None:
        got.append((name, items.get()))

    def body() -> None:
        items = TaskQueue[int]()
        for name in "abc":
            kernel.spawn(getter, name, items, name=name)
            kernel.sleep(1)
        for number in range(3):
            items.put(number)
        kernel.sleep(1)

    run(kernel, body)
    assert got == [("a", 0), ("b", 1), ("c", 2)]


def test_an_item_that_somebody_else_took_leaves_the_getter_waiting(kernel: VirtualKernel) -> None:
    def body() -> tuple[object, int]:
        items = TaskQueue[int]()
        later(kernel, 1, lambda: (items.put(1), items.get(block=False)))
        return outcome(lambda: items.get(timeout=1)), kernel.now

    assert run(kernel, body) == (queue.Empty, SECOND)


def test_an_item_is_not_lost_on_a_getter_that_was_killed(kernel: VirtualKernel) -> None:
    def body() -> tuple[int, int]:
        items = TaskQueue[int]()
        first = kernel.spawn(items.get, name="first")
        kernel.sleep(1)
        later(kernel, 2, lambda: items.put(7))
        first.kill()
        return items.get(timeout=1), kernel.now

    assert run(kernel, body) == (7, 3)


def test_a_put_at_the_very_end_of_the_waiting_time_is_not_lost(kernel: VirtualKernel) -> None:
    def body() -> list[object]:
        items = TaskQueue[int]()
        later(kernel, SECOND, lambda: items.put(1))
        return [outcome(lambda: items.get(timeout=1)), outcome(lambda: items.get(timeout=1))]

    assert 1 in run(kernel, body)


def test_a_set_lets_everybody_go_on_at_the_same_instant(kernel: VirtualKernel) -> None:
    woken = []

    def body() -> None:
        gate = TaskEvent()
        for name in "abc":
            kernel.spawn(lambda name=name: woken.append((name, gate.wait(), kernel.now)), name=name)
        later(kernel, 5, gate.set)
        assert gate.wait(1)
        kernel.sleep(0)

    run(kernel, body)
    assert woken == [("a", True, 5), ("b", True, 5), ("c", True, 5)]


def test_a_set_that_is_cleared_at_once_lets_everybody_go_on_as_the_standard_librarys_does(
    kernel: VirtualKernel,
) -> None:
    ordinary: Any = threading.Event()
    told: list[bool] = []
    thread = threading.Thread(target=lambda: told.append(ordinary.wait(5)))
    thread.start()
    while not ordinary._cond._waiters:
        time.sleep(0)
    ordinary.set()
    ordinary.clear()
    thread.join()

    def body() -> tuple[bool, bool, int]:
        gate = TaskEvent()
        later(kernel, 3, lambda: (gate.set(), gate.clear()))
        return gate.wait(1), gate.is_set(), kernel.now

    assert told == [True]
    assert run(kernel, body) == (True, False, 3)


def test_a_waiter_whose_time_is_over_is_not_woken_again(kernel: VirtualKernel) -> None:
    def body() -> tuple[bool, int]:
        gate = TaskEvent()
        assert not gate.wait(1)
        later(kernel, 3, gate.set)
        kernel.sleep(10)
        return gate.is_set(), kernel.now

    assert run(kernel, body) == (True, SECOND + 10)


def test_changes_are_told_to_the_wake_that_owns_them() -> None:
    wake = Wake("an association")
    with owned_by(wake):
        items, gate = TaskQueue[int](), TaskEvent()
    outside = TaskQueue[int]()
    counts = []
    changes: list[Callable[[], None]] = [lambda: items.put(1), gate.set, gate.clear, lambda: outside.put(1)]
    for change in changes:
        change()
        counts.append(wake.count)
    assert counts == [1, 2, 3, 3]


def test_waiting_outside_a_task_is_refused_but_feeding_is_not() -> None:
    items, gate = TaskQueue[int](), TaskEvent()
    with pytest.raises(HarnessError, match="only a task of the bench can wait"):
        items.get()
    with pytest.raises(HarnessError, match="only a task of the bench can wait"):
        gate.wait()
    items.put(1)
    gate.set()
    assert (items.get(), gate.wait()) == (1, True)


def test_a_bounded_queue_is_refused() -> None:
    with pytest.raises(HarnessError, match="a bounded queue is not part of the bench"):
        TaskQueue[int](5)


def test_a_queue_that_another_thread_builds_meanwhile_reports_to_nobody() -> None:
    """Two live benches, each on its own thread, make associations at the same time."""
    mine, theirs = Wake("mine"), Wake("theirs")
    inside, built = threading.Event(), threading.Event()
    queues: list[TaskQueue[int]] = []

    def other() -> None:
        inside.wait(5)
        queues.append(TaskQueue())
        with owned_by(theirs):
            queues.append(TaskQueue())
        built.set()

    thread = threading.Thread(target=other)
    thread.start()
    with owned_by(mine):
        inside.set()
        assert built.wait(5)
        queues.append(TaskQueue())
    thread.join()
    for each in queues:
        each.put(1)
    assert (mine.count, theirs.count) == (1, 1)
