"""Tasks park and go on; alarms move without leaving timeouts behind; a kill runs `finally`."""

# mypy: disable-error-code="func-returns-value"
# a lambda says two things one after the other as a tuple

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from functools import partial
from typing import Any

import pytest
import simpy

from linacsim.errors import HarnessError, TaskFailed
from linacsim.kernel.identity import Identity
from linacsim.kernel.tasks import Alarm, Task, current_task
from linacsim.kernel.units import SECOND
from linacsim.kernel.virtual import VirtualKernel


@pytest.fixture
def kernel() -> Iterator[VirtualKernel]:
    kernel = VirtualKernel(Identity(0))
    yield kernel
    kernel.close()


def run(kernel: VirtualKernel, fn: Callable[[], Any]) -> Any:
    return kernel.run(fn, place=kernel.place("HERE"))


def spawn(kernel: VirtualKernel, fn: Callable[[], Any], name: str = "child") -> Task:
    return kernel.spawn(fn, name=name, place=kernel.place("HERE"))


# alarms


def test_an_alarm_rings_at_its_deadline_and_once() -> None:
    env, rings = simpy.Environment(), list[float]()
    alarm = Alarm(env, lambda: rings.append(env.now))
    alarm.set(10)
    env.run(until=100)
    assert rings == [10]


def test_an_alarm_that_is_moved_later_rings_only_then() -> None:
    env, rings = simpy.Environment(), list[float]()
    alarm = Alarm(env, lambda: rings.append(env.now))
    alarm.set(10)
    alarm.set(30)
    env.run(until=100)
    assert rings == [30]


def test_an_alarm_that_is_moved_earlier_rings_only_then() -> None:
    env, rings = simpy.Environment(), list[float]()
    alarm = Alarm(env, lambda: rings.append(env.now))
    alarm.set(30)
    alarm.set(10)
    env.run(until=100)
    assert rings == [10]


def test_an_alarm_that_is_called_off_does_not_ring_until_it_is_set_again() -> None:
    env, rings = simpy.Environment(), list[float]()
    alarm = Alarm(env, lambda: rings.append(env.now))
    alarm.set(10)
    alarm.clear()
    env.run(until=20)
    alarm.set(25)
    env.run(until=100)
    assert rings == [25]


def test_an_alarm_that_is_moved_a_thousand_times_leaves_one_timeout() -> None:
    env, rings = simpy.Environment(), list[float]()
    alarm = Alarm(env, lambda: rings.append(env.now))
    for at in range(1_000):
        alarm.set(1_000 + at)
    assert len(env._queue) == 1
    env.run(until=10_000)
    assert rings == [1_999]


def test_an_idle_timer_that_is_restarted_with_every_message_leaves_few_timeouts() -> None:
    env = simpy.Environment()
    alarm = Alarm(env, lambda: pytest.fail("the timer is restarted in time"))
    longest = 0
    for _ in range(1_000):
        alarm.set(int(env.now) + 60)
        env.run(until=env.now + 1)
        longest = max(longest, len(env._queue))
    assert longest <= 2


# parking


def test_parking_ends_with_unpark_or_with_the_time(kernel: VirtualKernel) -> None:
    def body() -> tuple[bool, int, bool, int]:
        me = kernel.running_task()
        other = spawn(kernel, lambda: (kernel.sleep(3), me.unpark()))
        woken = me.park("a wake-up", 10), kernel.now
        late = me.park("nobody", 10), kernel.now
        assert not other.alive
        return (*woken, *late)

    assert run(kernel, body) == (True, 3, False, 13)


def test_unparking_a_task_that_is_not_parked_does_nothing(kernel: VirtualKernel) -> None:
    def body() -> int:
        me = kernel.running_task()
        me.unpark()
        me.unpark()
        assert not me.park("a sleep that nobody ends early", 5)
        return kernel.now

    assert run(kernel, body) == 5


def test_two_wake_ups_at_one_instant_are_one(kernel: VirtualKernel) -> None:
    rounds = []

    def sleeper() -> None:
        me = kernel.running_task()
        while me.park("something", 10):
            rounds.append(kernel.now)

    def body() -> None:
        child = spawn(kernel, sleeper)
        kernel.sleep(1)
        child.unpark()
        child.unpark()
        kernel.join(child)

    run(kernel, body)
    assert rounds == [1]


def test_a_turn_of_a_task_that_has_ended_is_skipped(kernel: VirtualKernel) -> None:
    def body() -> bool:
        child = spawn(kernel, lambda: kernel.sleep(SECOND))
        kernel.sleep(1)
        child.unpark()
        child.kill()
        kernel.sleep(1)
        return child.alive

    assert run(kernel, body) is False


def test_tasks_take_their_turns_in_the_order_in_which_they_were_woken(kernel: VirtualKernel) -> None:
    order = []

    def sleeper(name: str) -> None:
        kernel.sleep(5)
        order.append(name)

    def body() -> None:
        children = [spawn(kernel, partial(sleeper, name)) for name in "abcdef"]
        for child in children:
            kernel.join(child)

    run(kernel, body)
    assert order == list("abcdef")


def test_ordinary_code_is_no_task() -> None:
    assert current_task() is None


def test_blocking_outside_a_task_is_refused(kernel: VirtualKernel) -> None:
    with pytest.raises(HarnessError, match="call it from a task, for example inside bench"):
        kernel.sleep(1)


# the end


def test_a_kill_runs_finally_blocks_and_with_statements(kernel: VirtualKernel) -> None:
    ended = []

    def body() -> None:
        try:
            kernel.sleep(SECOND)
        finally:
            ended.append(kernel.now)

    def parent() -> None:
        child = spawn(kernel, body)
        kernel.sleep(2)
        child.kill()
        assert not child.alive

    run(kernel, parent)
    assert ended == [2]
    assert not kernel.tasks


def test_closing_the_kernel_ends_every_task_newest_first(kernel: VirtualKernel) -> None:
    ended = []

    def sleeper(name: str) -> None:
        try:
            kernel.sleep(SECOND)
        finally:
            ended.append(name)

    def parent() -> None:
        for name in "abc":
            spawn(kernel, partial(sleeper, name))
        kernel.sleep(1)

    run(kernel, parent)
    assert len(kernel.tasks) == 3
    kernel.close()
    assert ended == ["c", "b", "a"]
    assert not kernel.tasks


def test_a_task_that_waits_again_while_it_is_killed_does_not_hold_the_kernel_up(kernel: VirtualKernel) -> None:
    def stubborn() -> None:
        try:
            kernel.sleep(SECOND)
        finally:
            kernel.sleep(SECOND)

    run(kernel, lambda: (spawn(kernel, stubborn), kernel.sleep(1)))
    kernel.close()
    assert not kernel.tasks


def test_a_task_that_was_never_given_a_turn_can_be_killed(kernel: VirtualKernel) -> None:
    ran = []
    task = spawn(kernel, lambda: ran.append(1))
    task.kill()
    assert not task.alive
    run(kernel, lambda: kernel.sleep(1))
    assert ran == []


def test_whoever_joins_a_task_learns_what_it_returned_or_raised(kernel: VirtualKernel) -> None:
    def body() -> tuple[object, BaseException | None]:
        good, bad = spawn(kernel, lambda: 42), spawn(kernel, lambda: int("x"))
        kernel.heed(bad)
        kernel.join(good)
        kernel.join(bad)
        return good.done.value, bad.raised

    value, error = run(kernel, body)
    assert value == 42
    assert isinstance(error, ValueError)


def test_a_join_with_a_time_limit_gives_up(kernel: VirtualKernel) -> None:
    def body() -> tuple[bool, int, bool]:
        child = spawn(kernel, lambda: kernel.sleep(10))
        return kernel.join(child, 3), kernel.now, kernel.join(child)

    assert run(kernel, body) == (False, 3, True)
    assert kernel.now == 10


def test_a_task_that_fails_and_that_nobody_waits_for_ends_the_run(kernel: VirtualKernel) -> None:
    def body() -> None:
        spawn(kernel, lambda: dict[str, int]()["x"], "the child")
        kernel.sleep(SECOND)

    with pytest.raises(TaskFailed, match=r"^the child: KeyError: 'x'$") as failed:
        run(kernel, body)
    assert isinstance(failed.value.__cause__, KeyError)
    assert kernel.now < SECOND
    # told once: the bench is not poisoned by it
    run(kernel, lambda: kernel.sleep(1))


def test_an_interrupt_inside_a_task_that_nobody_waits_for_is_not_lost(kernel: VirtualKernel) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    def body() -> None:
        spawn(kernel, interrupted)
        kernel.sleep(SECOND)

    with pytest.raises(KeyboardInterrupt):
        run(kernel, body)


def test_a_process_of_the_hardware_that_fails_ends_the_run_with_its_name(kernel: VirtualKernel) -> None:
    def broken() -> Generator[simpy.Event, Any, None]:
        yield kernel.env.timeout(5)
        raise ZeroDivisionError("no film")

    def body() -> None:
        kernel.process(broken(), "PRINTER: film transport")
        kernel.sleep(SECOND)

    with pytest.raises(TaskFailed, match=r"^PRINTER: film transport: ZeroDivisionError: no film$") as failed:
        run(kernel, body)
    assert isinstance(failed.value.__cause__, ZeroDivisionError)


def test_waiting_for_a_simpy_event_gives_its_outcome(kernel: VirtualKernel) -> None:
    def body() -> tuple[bool, object, bool, int]:
        soon, never = kernel.env.timeout(5, "value"), kernel.env.event()
        happened = kernel.wait(soon, "soon")
        return happened, soon.value, kernel.wait(never, "never", 7), kernel.now

    assert run(kernel, body) == (True, "value", False, 12)
