"""Many seeds: one after the other here, on the cores of this machine, or on a Dask cluster that is there already.

Seeds know nothing of one another, so each result is the same wherever it comes from.
"""

from __future__ import annotations

import signal
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from importlib import import_module
from multiprocessing import get_context
from typing import Any

from linacsim.errors import InputError
from linacsim.explore.seeds import Result, Task, explore_seed

_DIED = "the process that played it has died"
_REACHED_WITHIN = "10 s"


def here(tasks: Iterable[Task]) -> Iterator[Result]:
    """Explore in this process, one seed after the other."""
    return map(explore_seed, tasks)


def on_cores(tasks: Iterable[Task], jobs: int) -> Iterator[Result]:
    """Explore in `jobs` processes; a seed that takes its process along is a result like others."""
    waiting, suspects = deque(tasks), deque[Task]()
    while waiting:
        suspects += yield from _until_one_dies(waiting, jobs)
    while suspects:
        # one of those that were under way together has done it: alone, each speaks for itself
        alone = deque((suspects.popleft(),))
        for dead in (yield from _until_one_dies(alone, 1)):
            yield Result(seed=dead.seed, crashed=_DIED)


def _until_one_dies(waiting: deque[Task], jobs: int) -> Generator[Result, None, list[Task]]:
    """Yield results; return the seeds that were under way when a process died."""
    running: dict[Future[Result], Task] = {}
    pool = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=_leave_interrupts_to_others)
    try:
        while waiting or running:
            dead: list[Task] = []
            while waiting and len(running) < 2 * jobs and not dead:
                task = waiting.popleft()
                try:
                    running[pool.submit(_interruptible, task)] = task
                except BrokenProcessPool:
                    dead.append(task)
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                task = running.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    dead.append(task)
            if dead:
                return [*dead, *running.values()]
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    return []


def _leave_interrupts_to_others() -> None:
    """A process that waits for work is ended by the one that gives it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _interruptible(task: Task) -> Result:
    """Explore a seed; Ctrl-C ends that at once."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        return explore_seed(task)
    finally:
        _leave_interrupts_to_others()


def on_cluster(tasks: Iterable[Task], address: str) -> Iterator[Result]:
    """Explore on the Dask cluster whose scheduler listens at `address`.

    Raises
    ------
    InputError
        If the extra is not installed, or no cluster answers.
    """
    try:
        distributed: Any = import_module("distributed")
    except ImportError as exc:
        raise InputError("needs the package distributed", "--cluster", "pip install 'linacsim[cluster]'") from exc
    try:
        client = distributed.Client(address, timeout=_REACHED_WITHIN, set_as_default=False)
    except (OSError, ValueError) as exc:
        told = "give the address of a Dask scheduler, for example tcp://127.0.0.1:8786"
        raise InputError(f"no cluster answers ({type(exc).__name__}: {exc})", f"--cluster {address}", told) from exc
    with client:
        yield from _submitted(client, tasks, distributed.as_completed)


def _submitted(client: Any, tasks: Iterable[Task], as_completed: Any) -> Iterator[Result]:
    futures = {client.submit(explore_seed, task, pure=False): task for task in tasks}
    try:
        for future in as_completed(futures, loop=client.loop):
            if future.status == "finished":
                yield future.result()
            else:
                yield Result(seed=futures[future].seed, crashed=f"{_DIED}: {future.exception()}")
    finally:
        client.cancel(list(futures))
