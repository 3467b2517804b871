"""Films become a job of the hardware; with a spool they are on the disk before anybody is told so."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from linacsim.devices.printer.hardware import Job, MediumNotInstalledError, QueueFullError
from linacsim.devices.printer.order import Order
from linacsim.devices.printer.output import sheets_of

if TYPE_CHECKING:
    from linacsim.devices.printer.services import Printer
    from linacsim.devices.printer.spool import Spool


def queue(printer: Printer, orders: list[Order]) -> Job:
    """Queue films as one job.

    Raises
    ------
    QueueFullError
        If as many jobs wait as the queue holds.
    MediumNotInstalledError
        If the printer does not wait for a medium that is in none of its magazines.
    OSError
        If the films cannot be spooled.
    """
    spool = printer.spool
    files = spool.put(orders) if spool is not None else []
    try:
        return _submit(printer, orders, files)
    except (QueueFullError, MediumNotInstalledError):
        if spool is not None:
            spool.drop(files)
        raise


def take_up(printer: Printer, spool: Spool) -> int:
    """Keep films in `spool` from now on, and queue what an earlier run has left there; return how many jobs that was.

    What there is no room for stays where it is.
    """
    printer.spool, jobs = spool, 0
    for films in spool.left():
        orders, files = [order for _, order in films], [path for path, _ in films]
        try:
            job = _submit(printer, orders, files)
        except (QueueFullError, MediumNotInstalledError):
            continue
        printer.place.log("job-left-over", job=job.number, owner=job.owner, sheets=len(orders) * job.copies)
        jobs += 1
    return jobs


def _submit(printer: Printer, orders: list[Order], files: list[Path]) -> Job:
    about, spool = orders[0].about, printer.spool
    job = printer.hardware.submit(
        about["owner"],
        sheets_of(printer, orders, files),
        about["copies"],
        priority=about["priority"],
        destination=about["destination"],
        label=about["label"],
    )
    if spool is not None and files:
        # whoever wanted it is told that it has failed: nobody waits for its films any more
        job.watchers.append(lambda one: spool.drop(files) if one.state == "FAILURE" else None)
    return job
