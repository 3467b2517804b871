"""Progress bars on standard error, where that is a terminal, for work that keeps a processor busy."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def bars() -> Iterator[Callable[[str, int, int], None] | None]:
    """Yield what draws a bar of what is going on: told what it is, how much is done, and of how much."""
    if not sys.stderr.isatty():
        yield None
        return
    from tqdm import tqdm  # noqa: PLC0415 - most runs draw no bar

    with tqdm(file=sys.stderr, leave=False) as bar:

        def step(what: str, done: int, of: int) -> None:
            bar.set_description(what, refresh=False)
            bar.total = of
            bar.update(done - bar.n)

        yield step
