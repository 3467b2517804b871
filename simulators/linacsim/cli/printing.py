"""Printers that serve for days: films wait on the disk, and are drawn without holding up any client."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from linacsim.cli.terminal import say
from linacsim.devices.printer.drawing import DrawingRoom
from linacsim.devices.printer.services import Printer
from linacsim.kernel.live import LiveKernel

_PLACES = 2
"""Films that are drawn at once, if there are as many processors."""


@contextmanager
def drawing_beside(printers: list[Printer]) -> Iterator[None]:
    """Have `printers` keep films on the disk until they have come out, and draw them in processes of their own.

    What an earlier run has left there is printed now.
    """
    if not printers:
        yield
        return
    drawing = DrawingRoom(min(_PLACES, os.cpu_count() or 1))
    drawing.start()
    for printer in printers:
        printer.draw, printer.draw_ahead = drawing, drawing.ahead
        jobs = _kept(printer)
        if jobs:
            say(f"{printer.name} prints what an earlier run has left: {jobs} job{'s' if jobs > 1 else ''}\n")
    try:
        yield
    finally:
        drawing.close()


def _kept(printer: Printer) -> int:
    """Let a printer take up what is left; live, its hardware hears of it at once."""
    kernel = printer.place.kernel
    if not isinstance(kernel, LiveKernel):
        return printer.keep()
    jobs: list[int] = []
    kernel.enter(lambda: jobs.append(printer.keep()))
    return sum(jobs)
