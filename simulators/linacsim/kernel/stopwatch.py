"""Wall time, for telling a person how long something took; nothing on the bench depends on it."""

from __future__ import annotations

import time


class Stopwatch:
    """Measures wall time from its making."""

    def __init__(self) -> None:
        self._start = time.perf_counter_ns()

    def elapsed(self) -> int:
        """Return the microseconds since it was made."""
        return (time.perf_counter_ns() - self._start) // 1000
