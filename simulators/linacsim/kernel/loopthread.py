"""An event loop on a thread of its own, for a live bench that is used from plain threads."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from linacsim.errors import HorizonReached
from linacsim.kernel.core import stuck
from linacsim.kernel.live import LiveKernel
from linacsim.kernel.places import Place
from linacsim.kernel.units import SECOND, format_duration

T = TypeVar("T")


class LoopThread:
    """An event loop on a thread of its own, for a live bench that is used from plain threads."""

    def __init__(self) -> None:
        self.loop = _new_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="linacsim-bench", daemon=True)
        self._thread.start()

    def call(self, fn: Callable[..., T], *args: Any) -> T:
        """Call `fn` on the loop's thread and return what it returns."""

        async def body() -> T:
            return fn(*args)

        return asyncio.run_coroutine_threadsafe(body(), self.loop).result()

    def wait_for(self, kernel: LiveKernel, fn: Callable[..., T], args: tuple[Any, ...], place: Place, limit: int) -> T:
        """Run `fn` as a task of `kernel` and wait for its end, for at most `limit` microseconds."""

        async def body() -> T:
            running = kernel.start(fn, *args, place=place)
            await asyncio.wait({running}, timeout=limit / SECOND)
            if not running.done():
                who = kernel.waiting()
                kernel.give_up(running)
                raise HorizonReached(stuck(f"not over after {format_duration(limit)}", who))
            return running.result()

        return asyncio.run_coroutine_threadsafe(body(), self.loop).result()

    def stop(self) -> None:
        """Stop the loop and end the thread."""

        async def rest() -> None:
            # what still waits after an interrupt (Ctrl-C) is not worth a word of asyncio's
            waiting = asyncio.all_tasks() - {asyncio.current_task()}
            for task in waiting:
                task.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)
            # transports tell of their end in a later turn of the loop
            await asyncio.sleep(0.01)

        asyncio.run_coroutine_threadsafe(rest(), self.loop).result()
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


def _new_loop() -> asyncio.AbstractEventLoop:
    try:
        import uvloop  # type: ignore[import-not-found, unused-ignore]  # noqa: PLC0415 - optional
    except ImportError:
        return asyncio.new_event_loop()
    loop: asyncio.AbstractEventLoop = uvloop.new_event_loop()
    return loop
