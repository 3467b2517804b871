"""Every Printer Status Info term of PS3.3 C.13.9.1, reached from a fresh printer and left again, by acts, faults and use."""

from __future__ import annotations

import pytest

from linacsim.devices.printer.hardware import TERMS
from linacsim.devices.printer.hardware.acts import Refill
from linacsim.devices.printer.hardware.console import parse
from linacsim.devices.printer.hardware.reference import PRINTERS
from linacsim.kernel.units import SECOND
from tests.devices.printer.hardware_rig import Rig, switched_on

SOME = frozenset(
    {
        "NORMAL", "BAD RECEIVE MGZ", "BAD SUPPLY MGZ", "CALIBRATING", "CALIBRATION ERR", "CHECK CHEMISTRY", "CHECK PRINTER",
        "CHECK PROC", "CHECK SORTER", "CHEMICALS EMPTY", "CHEMICALS LOW", "COVER OPEN", "ELEC CONFIG ERR", "ELEC DOWN",
        "ELEC SW ERROR", "EXPOSURE FAILURE", "FILM JAM", "FILM TRANSP ERR", "FINISHER EMPTY", "FINISHER ERROR",
        "FINISHER LOW", "NO RECEIVE MGZ", "NO RIBBON", "NO SUPPLY MGZ", "PRINT BUFF FULL", "PRINTER BUSY", "PRINTER DOWN",
        "PRINTER INIT", "PRINTER OFFLINE", "PROC DOWN", "PROC INIT", "PROC OVERFLOW FL", "PROC OVERFLOW HI", "QUEUED",
        "RECEIVER FULL", "REQ MED NOT AVAI", "REQ MED NOT INST", "RIBBON ERROR", "SUPPLY EMPTY", "SUPPLY LOW", "UNKNOWN",
    }
)  # fmt: skip
SIZES = ("8X10", "10X12", "10X14", "11X14", "14X14", "14X17", "24X24", "24X30")
OF_SIZES = {
    f"{word} {size}{medium}" for word in ("EMPTY", "LOW") for size in SIZES for medium in ("", " BLUE", " CLR", " PAPR")
}
OF_A4 = {f"{word} A4 {medium}" for word in ("EMPTY", "LOW") for medium in ("PAPR", "TRANS")}
MEANWHILE = 60
"""Seconds for what an act has set going: sheets are drawn, the processor warms up or cools."""


def test_the_table_has_the_109_terms_and_no_other() -> None:
    assert len(TERMS) == 109
    assert set(TERMS) == SOME | OF_SIZES | OF_A4


def test_each_row_says_what_it_has_to() -> None:
    for row in TERMS.values():
        assert row.severity in ("NORMAL", "WARNING", "FAILURE")
        assert row.stops in ("job", "engine", "feed", "start", "sheet", "nothing")
        assert row.derived_from
        assert row.cause
        assert row.reached_by
        assert row.printer in PRINTERS
        for line in (*row.reached_by, *row.mended_by):
            parse(line)
    assert [row.term for row in TERMS.values() if row.severity == "NORMAL"] == ["NORMAL"]


def test_causes_of_terms_differ() -> None:
    causes = [(row.derived_from, row.cause) for row in TERMS.values()]
    assert len(set(causes)) == len(causes)


def play(rig: Rig, lines: tuple[str, ...]) -> None:
    """Do what the lines say; between them things take their time, after the last they have not yet."""
    for number, line in enumerate(lines):
        if number:
            rig.go(MEANWHILE)
        rig.act(line)


@pytest.mark.parametrize("term", TERMS)
def test_a_term_is_reached_and_left_by_what_happens_to_the_printer(term: str) -> None:
    row = TERMS[term]
    with switched_on(PRINTERS[row.printer]) as rig:
        rig.go(MEANWHILE)
        assert rig.hardware.status == ("NORMAL", "NORMAL")
        began = rig.kernel.now // SECOND
        play(rig, row.reached_by)
        if rig.hardware.status != (row.severity, term):
            rig.go(2 * MEANWHILE)
        assert rig.hardware.status == (row.severity, term)
        assert term == "NORMAL" or term in [one.term for one in rig.hardware.conditions]
        told = [(fields["status"], fields["info"]) for second, fields in rig.of("printer-status") if second >= began]
        assert told[-1] == (row.severity, term)
        play(rig, row.mended_by)
        rig.go(2 * MEANWHILE)
        assert rig.hardware.status == ("NORMAL", "NORMAL")
        assert rig.of("printer-status")[-1][1]["info"] == "NORMAL"
        # it still prints
        before = rig.hardware.machine.sheets
        rig.hardware.operator.refill("", "")
        rig.act("print test")
        rig.go(MEANWHILE)
        assert rig.hardware.machine.sheets == before + 1


def test_the_personality_may_call_a_term_graver() -> None:
    with switched_on(PRINTERS["film"], severity={"COVER OPEN": "FAILURE", "SUPPLY LOW": "NORMAL"}) as rig:
        rig.go(MEANWHILE)
        rig.act("open cover")
        assert rig.hardware.status == ("FAILURE", "COVER OPEN")


@pytest.mark.parametrize(
    ("sensor", "term"), [("none", "SUPPLY EMPTY"), ("size", "EMPTY 14X17"), ("medium", "EMPTY 14X17 BLUE")]
)
def test_a_term_is_as_exact_as_the_slots_can_read(sensor: str, term: str) -> None:
    with switched_on(PRINTERS["film"], sensor=sensor) as rig:
        rig.go(MEANWHILE)
        rig.act("mount magazine 1 14INX17IN BLUE FILM 1", "print test 1 14INX17IN BLUE FILM")
        rig.go(MEANWHILE)
        assert rig.hardware.status == ("WARNING", term)
        Refill().on(rig.hardware)
        assert rig.hardware.status == ("NORMAL", "NORMAL")


def test_the_gravest_is_told_and_the_others_are_not_forgotten() -> None:
    with switched_on(PRINTERS["film"]) as rig:
        rig.go(MEANWHILE)
        rig.act("unmount magazine 2", "open cover", "set offline", "break part sensors")
        assert [one.term for one in rig.hardware.conditions] == [
            "UNKNOWN", "PRINTER OFFLINE", "COVER OPEN", "NO SUPPLY MGZ",
        ]  # fmt: skip
        assert rig.hardware.status == ("FAILURE", "UNKNOWN")
        rig.act("mend sensors", "set online", "close cover")
        assert rig.hardware.status == ("WARNING", "NO SUPPLY MGZ")


def test_use_alone_wears_the_rollers_and_calls_for_a_service() -> None:
    with switched_on(PRINTERS["wet"], receive=500, service_every=None) as rig:
        rig.go(MEANWHILE)
        for _ in range(3):
            rig.act("print test 7")
            rig.go(MEANWHILE)
            rig.act("replace chemistry", "empty overflow")
        assert rig.hardware.status == ("FAILURE", "CHECK PROC")
        assert rig.hardware.machine.sheets == 20
