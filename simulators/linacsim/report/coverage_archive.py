"""Which SOP classes and codes of Query/Retrieve, storage and their associations a run has reached at an archive, and why.

Everything is read off the event log of a run: responses that left an archive. The cause is what the archive said about it,
and what had happened to its hardware or to its manners before.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from linacsim.kernel.log import Record
from linacsim.report.coverage import Reached, Subject, Wanted

_ROOT = "1.2.840.10008.5.1.4.1.2."
_SOP_CLASSES = {
    **{
        f"{_ROOT}{root}.{number}": f"{name} {service}"
        for root, name in ((1, "Patient Root"), (2, "Study Root"), (3, "Patient/Study Only"))
        for number, service in ((1, "FIND"), (2, "MOVE"), (3, "GET"))
    },
    f"{_ROOT}4.2": "Composite Instance Root Retrieve MOVE",
    f"{_ROOT}4.3": "Composite Instance Root Retrieve GET",
    f"{_ROOT}5.3": "Composite Instance Retrieve Without Bulk Data GET",
}
_FAILED_REQUEST = {
    "0122": "SOP class not supported",
    "0124": "not authorised",
    "0210": "duplicate invocation",
    "0211": "unrecognised operation",
    "0212": "mistyped argument",
}
_FIND = {
    "0000": "success",
    "A700": "out of resources",
    "A710": "invalid Prior Record Key",
    "A900": "identifier does not match SOP class",
    "Cxxx": "unable to process",
    "0122": "SOP class not supported",
    "B001": "matching reached the response limit",
    "FE00": "terminated by a C-CANCEL",
    "FF00": "matches are continuing",
    "FF01": "matches are continuing, optional keys are not supported",
}
_GET = {
    "0000": "success",
    "A701": "out of resources, unable to calculate the number of matches",
    "A702": "out of resources, unable to perform sub-operations",
    "A900": "identifier does not match SOP class",
    "AA00": "none of the frames was found",
    "AA01": "unable to create a new object for this SOP class",
    "AA02": "unable to extract frames",
    "AA03": "time-based request for an object without times",
    "AA04": "invalid request for frames",
    "Cxxx": "unable to process",
    **_FAILED_REQUEST,
    "FE00": "terminated by a C-CANCEL",
    "B000": "complete, one or more failures or warnings",
    "FF00": "sub-operations are continuing",
}
_STORE = {
    "0000": "success",
    "A700": "out of resources",
}
_WORKLIST = {key: _FIND[key] for key in ("0000", "A700", "A900", "Cxxx", "FE00", "FF00", "FF01")}
_MODALITY_WORKLIST = "1.2.840.10008.5.1.4.31"
_ASKED_TO_COMMIT = {
    "0000": "accepted",
    "0110": "processing failure",
    "0112": "no such SOP instance",
    "0115": "invalid argument value",
    "0123": "no such action",
    "0131": "duplicate Transaction UID",
    "0213": "resource limitation",
}
_COMMITTED = {
    "0000": "everything is committed",
    "0110": "processing failure",
    "0112": "no such object instance",
    "0119": "class / instance conflict",
    "0122": "referenced SOP class not supported",
    "0131": "duplicate Transaction UID",
    "0213": "resource limitation",
}
_ENDS = {
    "A-RELEASE-RP": "released",
    "A-ASSOCIATE-RJ 2/3/2": "rejected: local limit exceeded",
    "A-ABORT": "aborted by the archive",
}
WANTED: Wanted = MappingProxyType(
    {
        "SOP classes": _SOP_CLASSES,
        "C-FIND": _FIND,
        "C-MOVE": {**_GET, "A801": "destination unknown"},
        "C-GET": _GET,
        "C-STORE": _STORE,
        "worklist": _WORKLIST,
        "requests for storage commitment": _ASKED_TO_COMMIT,
        "results of storage commitment": _COMMITTED,
        "associations": _ENDS,
    }
)
"""What there is to reach."""
_SERVICES = {"C-FIND-RSP": "C-FIND", "C-MOVE-RSP": "C-MOVE", "C-GET-RSP": "C-GET", "C-STORE-RSP": "C-STORE"}
_REQUESTS = ("C-FIND-RQ", "C-MOVE-RQ", "C-GET-RQ", "C-STORE-RQ")
_BROKEN = ("database-down", "disk-full", "tape-slow", "tape-jammed", "archive-busy", "manners-lost", "object-lost")
_MENDED = ("database-up", "disk-cleared", "tape-mended", "archive-free", "manners-found")
_SERVED = (0x0000, 0xB000, 0xB001, 0xFE00, 0xFF00, 0xFF01)
_CAUSE_MAX = 90


def reached_by(records: Sequence[Record], run: str) -> Iterator[Reached]:
    """Yield what a run has reached, in the order of its happening; only what stands in `WANTED`.

    Parameters
    ----------
    records : sequence of Record
        The event log of the run.
    run : str
        Its name.
    """
    archives = {record["at"] for record in records if record["event"] in ("query-answered", "retrieval-started")}
    # one that refuses everything is known by its answers
    archives |= {
        record["at"]
        for record in records
        if record["event"] in ("C-FIND-RSP", "C-MOVE-RSP", "C-GET-RSP") and record.get("way") == "sent"
    }
    archives |= {record["at"] for record in records if record["event"] in ("archive-busy", "commitment-requested")}
    for archive in sorted(archives):
        matter = _Matter()
        for record in records:
            if record["at"] != archive:
                continue
            matter.happen(record)
            for section, key, cause in _look(str(record["event"]), record, str(matter)):
                if key in WANTED[section]:
                    yield Reached(section=section, key=key, run=run, cause=cause[:_CAUSE_MAX])


class _Matter:
    """What is the matter with an archive: something that lasts, and something in the request that is served."""

    def __init__(self) -> None:
        self._lasting = self._now = ""

    def __str__(self) -> str:
        return self._now or self._lasting

    def happen(self, record: Mapping[str, Any]) -> None:
        """Take notice of a record."""
        event = str(record["event"])
        if event in _REQUESTS and record.get("way") == "received":
            self._now = ""
        elif event == "not-sent":
            self._now = _in_words(record)
        elif event in _MENDED:
            self._lasting = ""
        elif event in _BROKEN:
            self._lasting = _in_words(record)


def _look(event: str, record: Mapping[str, Any], happened: str) -> Iterator[tuple[str, str, str]]:
    """Yield section, key and cause of what a record shows to be reached."""
    if event == "commitment-told":
        # Failure Reasons as they are told in words, each with its code at the end
        told = str(record.get("reason") or "everything (0x0000)")
        for reason in told.split("; "):
            yield "results of storage commitment", reason[-5:-1], happened or "what is held"
    if record.get("way") != "sent":
        return
    if event == "N-ACTION-RSP":
        yield "requests for storage commitment", f"{int(record.get('status') or 0):04X}", _why(record, happened)
    elif event == "C-FIND-RSP" and record.get("sop-class") == _MODALITY_WORKLIST:
        status = int(record.get("status") or 0)
        yield "worklist", "Cxxx" if status >> 12 == 0xC else f"{status:04X}", _why(record, happened)
    elif event in _SERVICES:
        status = int(record.get("status") or 0)
        why = _why(record, happened)
        yield _SERVICES[event], "Cxxx" if status >> 12 == 0xC else f"{status:04X}", why
        if status in _SERVED:
            yield "SOP classes", str(record.get("sop-class") or ""), why
    elif event == "A-ASSOCIATE-RJ":
        yield "associations", f"{event} {record['result']}/{record['source']}/{record['reason']}", happened
    elif event in _ENDS:
        yield "associations", event, happened


def _why(record: Mapping[str, Any], happened: str) -> str:
    """Return why a response has its status: its Error Comment, its counters, and what was the matter with the archive."""
    said = str(record.get("error-comment") or "")
    told = [f"{record[name]} {name}" for name in ("completed", "failed", "warning", "remaining") if record.get(name)]
    return "; ".join(part for part in (said, ", ".join(told), happened) if part) or "served"


def _in_words(record: Mapping[str, Any]) -> str:
    told = " ".join(str(record[key]) for key in ("fault", "complaint", "object") if record.get(key))
    return f"{record['event']} {told}".strip()


SUBJECT = Subject("an archive", "archive", WANTED, reached_by)
