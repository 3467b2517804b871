"""The book of Print Jobs: what can be asked of a job, and who has to be told what becomes of it (PS3.4 H.4.5)."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydicom.dataset import Dataset

from linacsim.devices.printer.hardware import Job

if TYPE_CHECKING:
    from linacsim.devices.printer.desk import Desk
    from linacsim.devices.printer.hierarchy import FilmSession
    from linacsim.devices.printer.services import Printer

EVENT_TYPES = {"PENDING": 1, "PRINTING": 2, "DONE": 3, "FAILURE": 4}
"""Event Type ID by Execution Status (PS3.4 H.4.5.2.1)."""


@dataclass(slots=True, kw_only=True, eq=False)
class JobInstance:
    """A Print Job SOP Instance.

    Attributes
    ----------
    uid : str
        SOP Instance UID.
    state, info : str
        Execution Status and Execution Status Info; the hardware's job itself, with its images, is not kept here.
    client : str
        The AE title of who asked for it.
    priority, label : str
        Print Priority and Film Session Label of its film session.
    created : int
        When, in microseconds of the run.
    ended : int or None
        When it came to its end.
    """

    uid: str
    state: str
    info: str
    client: str
    priority: str
    label: str
    created: int
    ended: int | None = None


class JobBook:
    """All Print Jobs that can still be asked for."""

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._instances: dict[str, JobInstance] = {}
        self._ended: deque[JobInstance] = deque()

    def __len__(self) -> int:
        return len(self._instances)

    def enter(self, desk: Desk, session: FilmSession, job: Job) -> JobInstance:
        """Write a new job down; jobs that ended long ago are struck out."""
        self._forget_old()
        instance = JobInstance(
            uid=desk.new_uid("print-job"),
            state=job.state,
            info=job.info,
            client=desk.client,
            priority=str(session.attributes.get("PrintPriority") or "MED"),
            label=str(session.attributes.get("FilmSessionLabel") or ""),
            created=self._printer.place.kernel.now,
        )
        self._instances[instance.uid] = instance
        job.watchers.append(lambda one: self._follow(instance, one))
        return instance

    def _follow(self, instance: JobInstance, job: Job) -> None:
        """Write down what has become of a job (called by the hardware)."""
        instance.state, instance.info = job.state, job.info
        if job.ended:
            instance.ended = self._printer.place.kernel.now
            self._ended.append(instance)

    def find(self, uid: str) -> JobInstance | None:
        """Return the job with this SOP Instance UID."""
        self._forget_old()
        return self._instances.get(uid)

    def _forget_old(self) -> None:
        now, kept = self._printer.place.kernel.now, self._printer.personality.job_kept
        while self._ended and now - (self._ended[0].ended or 0) > kept:
            del self._instances[self._ended.popleft().uid]

    def told(self, instance: JobInstance) -> Dataset:
        """Return the attributes of a Print Job (PS3.3 C.13.8)."""
        identity = self._printer.place.kernel.identity
        moment = identity.moment(instance.created)
        told = Dataset()
        told.ExecutionStatus = instance.state
        told.ExecutionStatusInfo = instance.info
        told.CreationDate = moment.strftime("%Y%m%d")
        told.CreationTime = moment.strftime("%H%M%S")
        told.PrintPriority = instance.priority
        told.Originator = instance.client
        told.PrinterName = self._printer.personality.printer_name
        return told

    def event(self, instance: JobInstance) -> tuple[int, Dataset]:
        """Return Event Type ID and Event Information of a job as it is now (PS3.4 H.4.5.2.1)."""
        told = Dataset()
        told.ExecutionStatusInfo = instance.info
        if instance.label:
            told.FilmSessionLabel = instance.label
        told.PrinterName = self._printer.personality.printer_name
        return EVENT_TYPES[instance.state], told
