"""Which codes, events, terms, SOP classes, operations, formats and sizes of Print Management a run has reached, and why.

Everything is read off the event log of a run: responses that left a printer, reports that it sent, statuses that its
hardware told. The cause is the happening before: what the printer said about it, and what was the matter with it then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydicom.uid import UID

from linacsim.devices.printclasses import (
    META_NAMES,
    NAMES,
    BasicColorImageBox,
    BasicColorPrintManagementMeta,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
    Printer,
    PrintJob,
    name_of,
)
from linacsim.devices.printer.book import EVENT_TYPES
from linacsim.devices.printer.clerk import PRINTER_EVENTS
from linacsim.devices.printer.hardware import TERMS
from linacsim.devices.printer.operations import PAIRS
from linacsim.devices.printer.statuses import GENERAL, PRINT
from linacsim.kernel.log import Record
from linacsim.physics.layout import FILM_SIZES_MM
from linacsim.report.coverage import Reached, Subject, Wanted

EXTENSIONS = frozenset(
    {"JOB CANCELED", "SUPPLY MGZ ERR", "PROC OVERFLOW", "FILM TRANS ERR", "INVALID PAGE DES", "INSUFFIC MEMORY"}
)
"""Terms that printers tell beside the 109 of PS3.3 C.13.9.1."""
_FORMATS = ("STANDARD", "ROW", "COL", "SLIDE", "SUPERSLIDE", "CUSTOM")
_EVENT_NAMES = {
    **{f"Print Job {number}": f"Print Job {state.title()}" for state, number in EVENT_TYPES.items()},
    **{f"Printer {number}": f"Printer {state.title()}" for state, number in PRINTER_EVENTS.items()},
}
_OWN = {
    BasicGrayscalePrintManagementMeta: BasicGrayscaleImageBox,
    BasicColorPrintManagementMeta: BasicColorImageBox,
}
"""The member that one meta SOP class has and the other has not."""
_PROTOCOL = ("A-", "C-", "N-", "client-served", "film-copied", "event-", "printer-status", "verdict")
"""What is no happening of the hardware, of an operator or of a fault."""
_TOLD = ("step", "fault", "act", "part", "where", "film", "sheets", "sheet", "owner", "info")
_CAUSE_MAX = 90


def _wanted() -> dict[str, Mapping[str, str]]:
    """Return what there is to reach, by section and key, each with a name."""
    return {
        "print codes": {f"{code:04X}": name for code, name in PRINT.items()},
        "general codes": {f"{code:04X}": name for code, name in GENERAL.items()},
        "events": _EVENT_NAMES,
        "terms": {term: TERMS[term].cause for term in TERMS if term not in EXTENSIONS}
        | {"NORMAL": "nothing is the matter"},
        "SOP classes": {str(uid): name for uid, name in {**NAMES, **META_NAMES}.items()},
        "operations": {f"{operation} {NAMES[uid]}": "" for operation, uid in PAIRS},
        "formats": dict.fromkeys(_FORMATS, ""),
        "film sizes": dict.fromkeys(FILM_SIZES_MM, ""),
    }


WANTED: Wanted = MappingProxyType(_wanted())
"""What there is to reach."""


def reached_by(records: Sequence[Record], run: str) -> Iterator[Reached]:
    """Yield what a run has reached, in the order of its happening; only what stands in `WANTED`.

    Parameters
    ----------
    records : sequence of Record
        The event log of the run.
    run : str
        Its name.
    """
    printers = {record["at"] for record in records if record["event"] in ("client-served", "printer-status")}
    for printer in sorted(printers):
        seen = _Printer()
        for record in records:
            if record["at"] != printer and record["event"] not in ("step-started", "step-failed"):
                continue
            for section, key, cause in seen.look(record, here=record["at"] == printer):
                if key in WANTED[section]:
                    yield Reached(section=section, key=key, run=run, cause=cause[:_CAUSE_MAX])


class _Printer:
    """One printer, as its records tell of it."""

    def __init__(self) -> None:
        self._happened = "switched on"
        self._status = ""
        self._asked: dict[tuple[Any, Any], Record] = {}
        self._reported: dict[tuple[Any, Any], Record] = {}
        self._copied: dict[tuple[Any, Any], Record] = {}
        self._contexts: dict[Any, str] = {}

    def look(self, record: Record, *, here: bool) -> Iterator[tuple[str, str, str]]:
        """Yield section, key and cause of what a record shows to be reached."""
        event = str(record["event"])
        if not event.startswith(_PROTOCOL):
            self._happened = _in_words(record)
            if not here:
                return
        if event == "printer-status":
            self._status = str(record.get("info") or "")
            yield "terms", self._status, self._happened
        elif event == "client-served":
            self._contexts[record.get("with")] = str(record.get("contexts") or "")
        elif event == "film-copied":
            self._copied[record.get("job"), record.get("film")] = record
        elif event == "sheet-out":
            yield from self._sheet(record)
        elif event.startswith("N-"):
            yield from self._message(event, record)

    def _sheet(self, record: Record) -> Iterator[tuple[str, str, str]]:
        film = self._copied.get((record.get("job"), record.get("film")))
        if film is not None and "picture" in record:
            yield "formats", str(film["format"]).partition("\\")[0], f"printed: {film['format']}, {film['size']}"
            yield "film sizes", str(film["size"]), f"printed: {film['format']}, {film['orientation']}, {film['medium']}"

    def _message(self, event: str, record: Record) -> Iterator[tuple[str, str, str]]:
        name, _, end = event.rpartition("-")
        way = (end, record.get("way"))
        if way == ("RQ", "received"):
            self._asked[record.get("assoc"), record.get("message-id")] = record
        elif way == ("RSP", "sent"):
            yield from self._answer(name, record)
        elif way == ("RQ", "sent"):
            self._reported[record.get("assoc"), record.get("message-id")] = record
            kind = {PrintJob: "Print Job", Printer: "Printer"}.get(UID(str(record.get("sop-class"))), "")
            yield "events", f"{kind} {record.get('event-type')}", self._happened
        elif way == ("RSP", "received"):
            report = self._reported.get((record.get("assoc"), record.get("responds-to")))
            if report is not None and record.get("status") == 0:
                yield "operations", f"{name} {name_of(str(report['sop-class']))}", "answered by the client"

    def _answer(self, name: str, record: Record) -> Iterator[tuple[str, str, str]]:
        status = int(record.get("status") or 0)
        key, section = f"{status:04X}", "print codes" if status in PRINT else "general codes"
        yield section, key, self._why(name, record)
        if status in GENERAL and status not in (0x0000, 0x0001, 0x0107, 0x0116):
            return
        if status >> 12 in (0x0, 0xB):
            sop_class = str(record.get("sop-class") or "")
            yield "operations", f"{name} {name_of(sop_class)}", "served"
            yield "SOP classes", sop_class, f"{name} served"
            for uid, meta in META_NAMES.items():
                if sop_class == _OWN[uid] and meta in self._contexts.get(record.get("with"), "").split(", "):
                    yield "SOP classes", str(uid), f"negotiated; {name} of its image box served"

    def _why(self, name: str, record: Record) -> str:
        """Return why a response has its status: its Error Comment, and what was the matter with the printer."""
        said = str(record.get("error-comment") or "")
        state = self._status if self._status not in ("", "NORMAL") else ""
        what = f"{name} {name_of(str(record.get('sop-class') or ''))}"
        return ": ".join(part for part in (what, "; ".join(part for part in (said, state) if part)) if part)


def _in_words(record: Record) -> str:
    told = " ".join(f"{record[key]}" for key in _TOLD if record.get(key) not in (None, ""))
    return f"{record['event']} {told}".strip()


SUBJECT = Subject("Print Management", "print", WANTED, reached_by)
