"""Print jobs and the queue they wait in: by priority, fair between owners within one."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

Priority = Literal["HIGH", "MED", "LOW"]
"""Print Priority (PS3.3 C.13.1)."""
State = Literal["PENDING", "PRINTING", "DONE", "FAILURE"]
"""Execution Status (PS3.3 C.13.8)."""
PRIORITIES: tuple[Priority, ...] = get_args(Priority)
QUEUED = "QUEUED"
NORMAL = "NORMAL"
INVALID_PAGE = "INVALID PAGE DES"
NO_MEMORY = "INSUFFIC MEMORY"
CANCELED = "JOB CANCELED"
"""An extension of printers (example of PS3.2 Annex E); the other terms are those of PS3.3 C.13.9.1."""


class QueueFullError(Exception):
    """The printer takes no more jobs."""


class MediumNotInstalledError(Exception):
    """No magazine holds the medium that a sheet wants, and the printer does not wait for one."""


class InvalidPageError(Exception):
    """A sheet cannot be made of what it is to show; its job fails with INVALID PAGE DES."""


@dataclass(slots=True, kw_only=True)
class Sheet:
    """A sheet to be exposed.

    Attributes
    ----------
    film : int
        Its number within the job, from 1.
    medium, size : str
        Medium Type and Film Size ID; whatever is there if empty.
    develop : callable
        Gives it to the world when it is out; gets the ordinal of the sheet at this printer. Raises `InvalidPageError` if
        nothing can be made of it.
    memory : int
        Bytes that its page needs in the print buffer while it is exposed.
    prepare : callable
        Called when the sheet before it comes out: what can be done ahead is begun. It may be called again, or never.
    """

    film: int
    develop: Callable[[int], dict[str, Any]]
    medium: str = ""
    size: str = ""
    memory: int = 0
    prepare: Callable[[], None] = lambda: None


@dataclass(slots=True, kw_only=True, eq=False)
class Job:
    """Sheets that are printed in one go.

    Attributes
    ----------
    number : int
        Its number at this printer, from 1.
    owner : str
        Who asked for it.
    label : str
        Film Session Label.
    sheets : list of Sheet
        One copy, in the order in which they come out.
    copies : int
        How often all of them are printed; a number from a client, so nothing is made in advance for each.
    collated : bool
        Whether a copy comes out as a whole before the next one; else all copies of a film come out together.
    priority : str
        HIGH, MED, LOW.
    destination : str
        MAGAZINE, PROCESSOR, BIN_i.
    created : int
        When, in microseconds of the run.
    state : str
        Execution Status: PENDING, PRINTING, DONE, FAILURE.
    info : str
        Execution Status Info: what it waits for, or why it has failed.
    out : int
        Sheets that have come out.
    watchers : list of callable
        Called when the state changes, inside the hardware's processes: they must not block.
    """

    number: int
    owner: str
    label: str = ""
    sheets: list[Sheet] = field(default_factory=list)
    copies: int = 1
    collated: bool = True
    priority: Priority = "MED"
    destination: str = "MAGAZINE"
    created: int = 0
    state: State = "PENDING"
    info: str = QUEUED
    out: int = 0
    watchers: list[Callable[[Job], None]] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether nothing more will become of it."""
        return self.state in ("DONE", "FAILURE")

    def become(self, state: State, info: str) -> None:
        """Change the state, and tell whoever watches."""
        self.state, self.info = state, info
        for watcher in list(self.watchers):
            watcher(self)

    def in_order(self) -> Iterator[Sheet]:
        """Yield each sheet as often as it is printed, in the order in which they come out."""
        if self.collated:
            for _ in range(self.copies):
                yield from self.sheets
        else:
            for sheet in self.sheets:
                for _ in range(self.copies):
                    yield sheet


class PrintQueue:
    """Jobs that wait: HIGH before MED before LOW; owners take turns within a priority; each one's jobs stay in order.

    Parameters
    ----------
    size : int
        Jobs that may wait.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self._waiting: dict[Priority, OrderedDict[str, deque[Job]]] = {one: OrderedDict() for one in PRIORITIES}
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Job]:
        """Yield the jobs by priority and, within one, by their number."""
        for owners in self._waiting.values():
            yield from sorted((job for jobs in owners.values() for job in jobs), key=lambda job: job.number)

    @property
    def full(self) -> bool:
        """Whether it takes no more."""
        return self._count >= self.size

    def put(self, job: Job) -> None:
        """Add a job.

        Raises
        ------
        QueueFullError
            If as many wait as it holds.
        """
        if self.full:
            raise QueueFullError
        self._waiting[job.priority].setdefault(job.owner, deque()).append(job)
        self._count += 1

    def first_sheet(self) -> Sheet | None:
        """Return the first sheet of the job whose turn it is, which goes on waiting."""
        jobs = next((next(iter(owners.values())) for owners in self._waiting.values() if owners), None)
        return next(jobs[0].in_order(), None) if jobs else None

    def next(self) -> Job:
        """Take the job whose turn it is; its owner's next turn comes after those of the others."""
        for owners in self._waiting.values():
            if owners:
                owner, jobs = owners.popitem(last=False)
                self._count -= 1
                job = jobs.popleft()
                if jobs:
                    owners[owner] = jobs
                return job
        raise IndexError("no job waits")

    def remove(self, job: Job) -> bool:
        """Take a job out that has not been printed; return whether it was there."""
        owners = self._waiting[job.priority]
        jobs = owners.get(job.owner)
        if jobs is None or job not in jobs:
            return False
        jobs.remove(job)
        if not jobs:
            del owners[job.owner]
        self._count -= 1
        return True
