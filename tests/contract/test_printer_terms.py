"""The status of the film hardware on the wire, for every term and every breakage: N-GET and N-EVENT-REPORT of the Printer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.association import Association

from linacsim.bench import Bench
from linacsim.devices.printclasses import BasicGrayscalePrintManagementMeta, Printer, PrinterInstance
from linacsim.devices.printer.hardware import TERMS
from linacsim.devices.printer.hardware.acts import (
    BREAKAGES,
    BreakPart,
    CancelJob,
    DamageMagazine,
    DamageReceiver,
    Jam,
    Mend,
    MountMagazine,
    MountReceiver,
    PrintTest,
    ReplaceChemistry,
    SpoilChemistry,
)
from linacsim.devices.printer.hardware.console import parse
from linacsim.devices.printer.hardware.reference import PRINTERS
from linacsim.devices.printer.hardware.settings import Chemistry, HardwareSettings
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, MINUTE
from linacsim.settings import Settings

Records = Callable[..., list[Record]]
Status = tuple[str, str]
EVENTS = {"NORMAL": 1, "WARNING": 2, "FAILURE": 3}
QUICK: dict[str, Any] = {"processor": Processor(warm_up=0, per_sheet=5 * MILLISECOND), "transport": 5 * MILLISECOND}


def personality(settings: HardwareSettings) -> PrinterPersonality:
    return PrinterPersonality(**{name: getattr(settings, name) for name in HardwareSettings.model_fields})


def status_on(assoc: Association) -> Status:
    """Ask for Printer Status and Printer Status Info."""
    status, told = assoc.send_n_get([], Printer, PrinterInstance, meta_uid=BasicGrayscalePrintManagementMeta)
    assert status.Status == 0x0000
    assert told is not None
    return str(told.PrinterStatus), str(told.PrinterStatusInfo)


@pytest.fixture
def bench() -> Iterator[Bench]:
    with Bench(seed=3) as bench:
        yield bench


@pytest.mark.parametrize("term", TERMS)
def test_a_client_reads_each_term_while_it_lasts(bench: Bench, term: str) -> None:
    row = TERMS[term]
    printer: Any = bench.add("printer", "PRINTER", settings=personality(PRINTERS[row.printer]))

    def go(assoc: Association, lines: tuple[str, ...]) -> Iterator[Status]:
        for line in lines:
            bench.kernel.sleep(2 * MINUTE)
            parse(line).on(printer.hardware)
            yield status_on(assoc)
        bench.kernel.sleep(2 * MINUTE)
        yield status_on(assoc)

    def reported(event: evt.Event) -> tuple[int, None]:
        request: Any = event.request
        told = event.event_information if request.EventInformation else Dataset()
        events.append((int(request.EventTypeID), str(told.get("PrinterStatusInfo") or "NORMAL")))
        return 0x0000, None

    def body() -> None:
        ae = AE("CLIENT")
        ae.network_timeout = None
        ae.add_requested_context(BasicGrayscalePrintManagementMeta)
        host, port = bench.address_of("PRINTER")
        handlers: list[Any] = [(evt.EVT_N_EVENT_REPORT, reported)]
        assoc = ae.associate(host, port, ae_title="PRINTER", evt_handlers=handlers)
        assert assoc.is_established
        seen = list(go(assoc, row.reached_by))
        assert (row.severity, term) in seen[-2:]
        assert (EVENTS[row.severity], term) in events
        after = list(go(assoc, row.mended_by))
        assert after[-1] == ("NORMAL", "NORMAL")
        assert events[-1] == (1, "NORMAL")
        assoc.release()

    events: list[tuple[int, str]] = []
    bench.play(body)


BROKEN: dict[str, tuple[Settings, str, Settings]] = {
    "break-part": (BreakPart(part="laser"), "EXPOSURE FAILURE", Mend(part="laser")),
    "damage-magazine": (DamageMagazine(slot=1), "BAD SUPPLY MGZ", MountMagazine(slot=1)),
    "damage-receiver": (DamageReceiver(), "BAD RECEIVE MGZ", MountReceiver()),
    "spoil-chemistry": (SpoilChemistry(), "CHECK CHEMISTRY", ReplaceChemistry()),
}


def test_every_breakage_is_tried() -> None:
    assert {*BROKEN, "jam"} == set(BREAKAGES)


@pytest.mark.parametrize("breakage", BROKEN)
def test_a_breakage_strikes_and_an_act_mends_it(
    bench_clock: Bench, act: Callable[..., Any], until: Records, breakage: str
) -> None:
    strike, term, mend = BROKEN[breakage]
    settings = PrinterPersonality(**QUICK, chemistry=Chemistry())
    device = bench_clock.add("printer", "PRINTER", settings=settings)
    until("printer-status", status="NORMAL")
    bench_clock.play(device.strike, breakage, strike)
    until("printer-status", info=term)
    word = next(word for word, action in device.kind.actions.items() if action.settings is type(mend))
    act("PRINTER", word, mend)
    until("printer-status", status="NORMAL", count=2)


def test_a_part_is_mended_by_itself_if_the_breakage_says_so(bench_clock: Bench, until: Records) -> None:
    device = bench_clock.add("printer", "PRINTER", settings=PrinterPersonality(**QUICK))
    bench_clock.play(device.strike, "break-part", BreakPart(part="drive", mended_after=50 * MILLISECOND))
    until("printer-status", info="PROC DOWN")
    until("part-mended", part="drive")


def test_test_sheets_are_printed_and_canceled(bench_clock: Bench, act: Callable[..., Any], until: Records) -> None:
    device = bench_clock.add("printer", "PRINTER", settings=PrinterPersonality(**QUICK))
    bench_clock.play(device.strike, "jam", Jam())
    act("PRINTER", "print-test", PrintTest(sheets=2, film_size="A4", medium="PAPER"))
    until("film-jam")
    act("PRINTER", "cancel-job", CancelJob())
    until("job-failed", info="JOB CANCELED")
