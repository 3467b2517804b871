"""The event log: one canonical record per happening, the source of every report.

A record is a flat JSON object. Fixed fields come first: ``n`` (ordinal), ``t`` (microseconds since the start of the
run), ``at`` (the peer it happened at) and ``event`` (a DICOM word such as ``C-STORE-RQ`` or a word of the hardware such
as ``sheet-out``). The other fields belong to the event; their order in the file is alphabetical, so that equal runs are
equal bytes.

Protocol events carry ``way`` (``"sent"`` or ``"received"``), ``with`` (the other AE title, if known yet) and ``assoc``
(the association's ordinal at this peer).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from typing import Any

Record = dict[str, Any]
"""One happening: ``{"n": 3, "t": 1500, "at": "PRINTER", "event": "N-GET-RQ", ...}``."""

_FIXED = ("n", "t", "at", "event")


def canonical(record: Record) -> str:
    """Return `record` as one canonical JSON line: fixed fields first, the others sorted, no spaces, ASCII."""
    head = {key: record[key] for key in _FIXED if key in record}
    rest = {key: record[key] for key in sorted(record) if key not in _FIXED}
    return json.dumps({**head, **rest}, separators=(",", ":"), ensure_ascii=True)


class EventLog:
    """Collects the records of a run and tells listeners about each as it happens.

    Parameters
    ----------
    now : callable
        Returns the bench's time in microseconds.
    """

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self.records: list[Record] = []
        self.listeners: list[Callable[[Record], None]] = []
        self.keep: int | None = None
        """Keep only the newest records (about this many); ``None`` keeps all. For benches that live for days."""
        self.most: int | None = None
        """Take no more records than this; ``None`` takes all."""
        self.on_flood: Callable[[], None] | None = None
        """Called when there are `most` of them, once."""
        self.left_out = 0
        """How many have not been taken."""
        self._count = 0

    def add(self, at: str, event: str, **fields: Any) -> Record:
        """Record that `event` happened at the peer `at` now; fields that are ``None`` are left out."""
        return self.record(at, event, {key: value for key, value in fields.items() if value is not None})

    def record(self, at: str, event: str, fields: dict[str, Any]) -> Record:
        """Record that `event` happened at the peer `at` now, with `fields` as they are; none of them is ``None``."""
        record: Record = {"n": self._count, "t": self._now(), "at": at, "event": event, **fields}
        if self.most is not None and len(self.records) >= self.most:
            self._leave_out()
            return record
        self._count += 1
        self.records.append(record)
        if self.keep is not None and len(self.records) > 2 * self.keep:
            del self.records[: -self.keep]
        for listener in self.listeners:
            listener(record)
        return record

    def _leave_out(self) -> None:
        self.left_out += 1
        if self.left_out == 1 and self.on_flood is not None:
            self.on_flood()

    def lines(self) -> Iterator[str]:
        """Yield the canonical line of every record, without line ends."""
        return (canonical(record) for record in self.records)

    def digest(self) -> str:
        """Return the SHA-256 of all canonical lines; the header of a log file is no part of it."""
        total = hashlib.sha256()
        for line in self.lines():
            total.update(line.encode("ascii"))
            total.update(b"\n")
        return total.hexdigest()
