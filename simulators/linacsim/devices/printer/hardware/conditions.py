"""What is the matter with the printer, derived from the state of its parts, in the terms of PS3.3 C.13.9.1.

What each term means for the printer - how grave it is, what it stops, from what it follows, what reaches and what mends
it - stands in `terms.tsv` beside this module. Nothing here or elsewhere sets a status.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from linacsim.devices.printer.hardware.jobs import NORMAL, QUEUED
from linacsim.devices.printer.hardware.machine import Machine, Part
from linacsim.devices.printer.hardware.magazines import SupplyMagazine
from linacsim.devices.printer.hardware.terms import TERMS

_SIZES = {
    "8INX10IN": "8X10",
    "10INX12IN": "10X12",
    "10INX14IN": "10X14",
    "11INX14IN": "11X14",
    "14INX14IN": "14X14",
    "14INX17IN": "14X17",
    "24CMX24CM": "24X24",
    "24CMX30CM": "24X30",
}
_MEDIA = {"BLUE FILM": "BLUE", "CLEAR FILM": "CLR", "PAPER": "PAPR"}
_A4 = {"PAPER": "PAPR", "TRANSPARENCY": "TRANS", "CLEAR FILM": "TRANS"}
_ENGINE = ("engine", "job")
_STOPS_FEED = (*_ENGINE, "feed")
_STOPS_START = (*_STOPS_FEED, "start")
_GRAVEST_FIRST = ("FAILURE", "WARNING", "NORMAL")


_RANK = {term: rank for rank, term in enumerate(TERMS)}


@dataclass(frozen=True, slots=True)
class Condition:
    """Something that is the matter.

    Attributes
    ----------
    term : str
        Printer Status Info (PS3.3 C.13.9.1).
    severity : str
        Printer Status.
    where : str
        The slot, receiver, cover or part.
    """

    term: str
    severity: str
    where: str = ""

    @property
    def stops_engine(self) -> bool:
        """Whether the sheet on its way stands still."""
        return TERMS[self.term].stops in _ENGINE

    @property
    def stops_feed(self) -> bool:
        """Whether no other sheet leaves its magazine."""
        return TERMS[self.term].stops in _STOPS_FEED

    @property
    def stops_start(self) -> bool:
        """Whether no other job begins."""
        return TERMS[self.term].stops in _STOPS_START

    @property
    def fails_job(self) -> bool:
        """Whether the job that is printed is lost."""
        return TERMS[self.term].stops == "job"


def conditions_of(machine: Machine) -> list[Condition]:
    """Return what is the matter, gravest first."""
    told = machine.settings.severity
    found = [Condition(term, told.get(term, TERMS[term].severity), where) for term, where in _present(machine)]
    if len(found) > 1:
        found.sort(key=lambda one: (_GRAVEST_FIRST.index(one.severity), _RANK[one.term]))
    return found


def status_of(conditions: list[Condition]) -> tuple[str, str]:
    """Return Printer Status and Printer Status Info (PS3.3 C.13.9): those of the gravest condition."""
    worst = next((one for one in conditions if one.severity != NORMAL), None)
    return (worst.severity, worst.term) if worst is not None else (NORMAL, NORMAL)


_OF_PARTS: Mapping[Part, str] = {
    "configuration": "ELEC CONFIG ERR",
    "drive": "PROC DOWN",
    "electronics": "ELEC DOWN",
    "engine": "CHECK PRINTER",
    "finisher": "FINISHER ERROR",
    "heater": "PROC DOWN",
    "laser": "EXPOSURE FAILURE",
    "power-supply": "PRINTER DOWN",
    "ribbon": "RIBBON ERROR",
    "sensors": "UNKNOWN",
    "software": "ELEC SW ERROR",
    "sorter": "CHECK SORTER",
    "transport": "FILM TRANSP ERR",
}
"""Terms that follow from a broken part at once; what else is broken shows when it is used."""
Found = Iterator[tuple[str, str]]


def _present(machine: Machine) -> Found:
    """Yield each term that the state calls for, and where."""
    for part in machine.broken:
        if part in _OF_PARTS:
            yield _OF_PARTS[part], part
    for cover in machine.open_covers:
        yield "COVER OPEN", cover
    if machine.jammed:
        yield "FILM JAM", "transport"
    yield from _whole(machine)
    yield from _processor(machine)
    yield from _magazines(machine)
    yield from _supplies(machine)
    yield from _receivers(machine)
    if machine.memory.full:
        yield "PRINT BUFF FULL", "memory"


def _whole(machine: Machine) -> Found:
    settings = machine.settings
    if not machine.powered:
        yield "PRINTER DOWN", "power"
    if not machine.online:
        yield "PRINTER OFFLINE", "operator"
    if machine.initialising:
        yield "PRINTER INIT", "self-test"
    if settings.service_every is not None and machine.since_service >= settings.service_every:
        yield "CHECK PRINTER", "service"
    if machine.calibrating:
        yield "CALIBRATING", "densitometer"
    elif machine.calibration_failed or machine.calibration_due:
        yield "CALIBRATION ERR", "densitometer"
    if machine.queue.full:
        yield "PRINTER BUSY", "queue"
    if machine.held and len(machine.queue):
        yield QUEUED, "queue"


def _processor(machine: Machine) -> Found:
    processor, bath = machine.processor, machine.processor.bath
    if not processor.warm:
        yield "PROC INIT", "processor"
    if processor.needs_cleaning:
        yield "CHECK PROC", "rollers"
    if bath is None:
        return
    if bath.exhausted:
        yield "CHECK CHEMISTRY", "chemistry"
    if bath.empty:
        yield "CHEMICALS EMPTY", "replenisher"
    elif bath.low:
        yield "CHEMICALS LOW", "replenisher"
    if bath.overflown:
        yield "PROC OVERFLOW HI", "overflow tank"
    elif bath.nearly_overflown:
        yield "PROC OVERFLOW FL", "overflow tank"


def _magazines(machine: Machine) -> Found:
    sensor = machine.settings.sensor
    for number, magazine in machine.slots.by_number.items():
        if magazine is None:
            yield "NO SUPPLY MGZ", f"slot {number}"
        elif magazine.damaged:
            yield "BAD SUPPLY MGZ", f"slot {number}"
        elif not magazine.sheets:
            yield supply_term("EMPTY", magazine, sensor), f"slot {number}"
        elif magazine.is_low:
            yield supply_term("LOW", magazine, sensor), f"slot {number}"


def _supplies(machine: Machine) -> Found:
    if machine.wanted is not None and not machine.slots.holding(*machine.wanted):
        could = machine.slots.could_take(*machine.wanted)
        yield "REQ MED NOT INST" if could else "REQ MED NOT AVAI", " ".join(machine.wanted)
    if machine.settings.finisher is not None:
        if not machine.finisher:
            yield "FINISHER EMPTY", "finisher"
        elif machine.finisher <= machine.settings.finisher.low:
            yield "FINISHER LOW", "finisher"
    if machine.settings.ribbon is not None and not machine.ribbon:
        yield "NO RIBBON", "ribbon"


def supply_term(word: str, magazine: SupplyMagazine, sensor: str) -> str:
    """Return the term for a magazine that is EMPTY or LOW: as exact as what the slot reads off it."""
    size = _SIZES.get(magazine.size)
    exact = _MEDIA.get(magazine.medium) if sensor == "medium" else None
    if sensor == "medium" and magazine.size == "A4" and magazine.medium in _A4:
        size, exact = "A4", _A4[magazine.medium]
    if sensor == "none" or size is None:
        return f"SUPPLY {word}"
    return f"{word} {size} {exact}" if exact else f"{word} {size}"


def _receivers(machine: Machine) -> Found:
    for receiver in machine.receivers.by_name.values():
        if not receiver.mounted:
            yield "CHECK SORTER" if receiver.is_bin else "NO RECEIVE MGZ", receiver.name
        elif receiver.damaged:
            yield "CHECK SORTER" if receiver.is_bin else "BAD RECEIVE MGZ", receiver.name
        elif receiver.full:
            yield "RECEIVER FULL", receiver.name
