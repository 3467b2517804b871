"""Waiting for something to come true on wall time."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(true: Callable[[], object], timeout: float = 60.0) -> None:
    """Wait until `true` returns something true, for at most `timeout` seconds."""
    end = time.monotonic() + timeout
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.02)
