"""Wall time, for telling a person when something was and how long it took; nothing on the bench depends on it."""

from __future__ import annotations

import time
from datetime import datetime


class Stopwatch:
    """Measures wall time from its making."""

    def __init__(self) -> None:
        self._start = time.perf_counter_ns()

    def elapsed(self) -> int:
        """Return the microseconds since it was made."""
        return (time.perf_counter_ns() - self._start) // 1000


def now_in_words() -> str:
    """Return the date and time of this machine with its offset from UTC, to the second: for protocols that people sign."""
    return datetime.now().astimezone().isoformat(sep=" ", timespec="seconds")
