"""N-EVENT-REPORT beside requests, on both clocks: in every order, to clients that answer, that do not, that have left."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pynetdicom import AE
from pynetdicom.presentation import build_context

from linacsim.bench import Bench
from linacsim.devices.printclient.personality import Ask, ClientSettings, Close, Open, Picture, Send
from linacsim.devices.printer.hardware.acts import ClearJam, Jam
from linacsim.devices.printer.personality import Events, PrinterPersonality, Processor
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND
from tests.contract.wire import Conversation, conversations

Records = Callable[..., list[Record]]
META, JOB = "grayscale", "print-job"
PRINTER_CLASS, PRINTER_INSTANCE = "1.2.840.10008.5.1.1.16", "1.2.840.10008.5.1.1.17"
RAMP = Picture(rows=16, columns=16)


def printer(**settings: Any) -> PrinterPersonality:
    fast = Processor(warm_up=5 * MILLISECOND, per_sheet=20 * MILLISECOND)
    return PrinterPersonality(
        **{"processor": fast, "transport": 10 * MILLISECOND, "pixels_per_mm": 0.2, "dimse_timeout": SECOND, **settings}
    )


JOBS = (
    Ask(op="N-CREATE", of="film-session", set={"FilmSessionLabel": "L"}),
    Ask(op="N-CREATE", of="film-box"),
    Ask(op="N-SET", of="image-box", image=RAMP),
    Ask(op="N-ACTION", of="film-box", status=0),
)


@pytest.fixture
def bench(bench_clock: Bench) -> Callable[..., Bench]:
    """Return a bench with a warm printer, and a client with an association that has negotiated Print Job."""

    def make(events: Events | None = None, client: ClientSettings | None = None, **settings: Any) -> Bench:
        bench_clock.add("printer", "PRINTER", settings=printer(events=events or Events(), **settings))
        bench_clock.add("print-scu", "CLIENT", settings=client or ClientSettings(dimse_timeout=5 * SECOND))
        bench_clock.play(bench_clock.kernel.sleep, 50 * MILLISECOND)
        do(bench_clock, "open", Open(to="PRINTER", sop_classes=(META, JOB)))
        return bench_clock

    return make


def do(bench: Bench, action: str, parameters: Any) -> None:
    device = bench.devices["CLIENT"]
    bench.play(device.act, action, parameters, place=device.place)


def told(records: Records, what: str = JOB) -> list[tuple[int, str]]:
    """Return type and status info of each event that the client was told."""
    return [
        (record["event-type"], record.get("info", ""))
        for record in records("event-told", "CLIENT")
        if record["what"] == what
    ]


def spoken(bench: Bench) -> Conversation:
    (conversation,) = conversations(bench, bench.address_of("PRINTER"))
    return conversation


@pytest.mark.parametrize(
    ("when", "order"),
    [
        ("before", ["< N-EVENT-REPORT-RQ", "> N-EVENT-REPORT-RSP", "< N-ACTION-RSP"]),
        ("during", ["< N-EVENT-REPORT-RQ", "< N-ACTION-RSP", "> N-EVENT-REPORT-RSP"]),
        ("after", ["< N-ACTION-RSP", "< N-EVENT-REPORT-RQ", "> N-EVENT-REPORT-RSP"]),
    ],
)
def test_the_first_event_comes_when_the_personality_says(
    bench: Callable[..., Bench], until: Records, records: Records, when: Any, order: list[str]
) -> None:
    one = bench(Events(print_job=when), ClientSettings(event_delay=20 * MILLISECOND, dimse_timeout=5 * SECOND))
    do(one, "send", Send(requests=JOBS))
    until("job-done")
    one.play(one.kernel.sleep, 200 * MILLISECOND)
    do(one, "close", Close())
    said = spoken(one).order
    start = said.index("> N-ACTION-RQ")
    assert said[start + 1 : start + 4] == order
    assert told(records) == [(1, "QUEUED"), (2, "NORMAL"), (3, "NORMAL")]


def test_events_of_a_job_name_what_the_standard_wants(bench: Callable[..., Bench], until: Records) -> None:
    one = bench()
    do(one, "send", Send(requests=JOBS))
    until("job-done")
    one.play(one.kernel.sleep, 100 * MILLISECOND)
    reports = [message for message in spoken(one).messages if message.name == "N-EVENT-REPORT-RQ"]
    assert [int(message.command.EventTypeID) for message in reports] == [1, 2, 3]
    assert len({str(message.command.AffectedSOPInstanceUID) for message in reports}) == 1
    assert {message.sop_class for message in reports} == {"1.2.840.10008.5.1.1.14"}
    (action,) = [message for message in spoken(one).messages if message.name == "N-ACTION-RSP"]
    (item,) = action.dataset(implicit=False).ReferencedPrintJobSequencePullStoredPrint
    assert item.ReferencedSOPInstanceUID == reports[0].command.AffectedSOPInstanceUID
    information = reports[0].dataset(implicit=False)
    assert {element.keyword for element in information} == {"ExecutionStatusInfo", "FilmSessionLabel", "PrinterName"}


def test_no_event_without_print_job_negotiated(bench_clock: Bench, until: Records, records: Records) -> None:
    bench_clock.add("printer", "PRINTER", settings=printer())
    bench_clock.add("print-scu", "CLIENT")
    bench_clock.play(bench_clock.kernel.sleep, 50 * MILLISECOND)
    do(bench_clock, "open", Open(to="PRINTER"))
    do(bench_clock, "send", Send(requests=JOBS))
    until("job-done")
    do(bench_clock, "close", Close())
    assert told(records) == []
    (action,) = [message for message in spoken(bench_clock).messages if message.name == "N-ACTION-RSP"]
    assert action.data == b""


@pytest.mark.parametrize("no_answer", ["abort", "go-on"])
def test_a_client_that_never_answers_does_not_stop_its_job(
    bench: Callable[..., Bench], until: Records, records: Records, no_answer: Any
) -> None:
    silent = ClientSettings(events="silent", dimse_timeout=5 * SECOND)
    one = bench(Events(no_answer=no_answer), silent, dimse_timeout=300 * MILLISECOND)
    do(one, "send", Send(requests=JOBS))
    until("event-unanswered", "PRINTER")
    until("job-done")
    one.play(one.kernel.sleep, 100 * MILLISECOND)
    aborted = records("A-ABORT", "PRINTER", way="sent")
    assert len(aborted) == (1 if no_answer == "abort" else 0)
    if no_answer == "go-on":
        do(one, "send", Send(requests=(Ask(op="N-GET", of="print-job", status=0),)))
        do(one, "close", Close())
    one.settle()
    printer_device: Any = one.devices["PRINTER"]
    assert (printer_device.desks, printer_device.store.used) == ({}, 0)


@pytest.mark.parametrize("no_answer", ["abort", "go-on"])
@pytest.mark.parametrize("when", ["before", "during"])
def test_nor_does_it_if_the_printer_waits_for_it_in_the_midst_of_the_n_action(
    bench: Callable[..., Bench], until: Records, when: Any, no_answer: Any
) -> None:
    silent = ClientSettings(events="silent", dimse_timeout=5 * SECOND)
    one = bench(Events(print_job=when, no_answer=no_answer), silent, dimse_timeout=300 * MILLISECOND)
    if when == "before" and no_answer == "abort":
        with pytest.raises(PlayFailure, match=r"^N-ACTION film-box: association aborted by the peer"):
            do(one, "send", Send(requests=JOBS))
    else:
        do(one, "send", Send(requests=JOBS))
    until("event-unanswered", "PRINTER")
    until("job-done")
    do(one, "close", Close())
    one.settle()
    printer_device: Any = one.devices["PRINTER"]
    assert (printer_device.desks, printer_device.store.used) == ({}, 0)


@pytest.mark.parametrize("events", ["answer", "leave"])
def test_a_client_that_has_left_is_told_nothing(
    bench: Callable[..., Bench], until: Records, records: Records, events: Any
) -> None:
    one = bench(client=ClientSettings(events=events))
    do(one, "send", Send(requests=JOBS))
    if events == "answer":
        do(one, "close", Close(how="leave"))
    until("job-done")
    one.settle()
    assert (3, "NORMAL") not in told(records)
    printer_device: Any = one.devices["PRINTER"]
    assert (printer_device.desks, printer_device.store.used) == ({}, 0)


@pytest.mark.parametrize("status", [0x0110, 0x0113, 0xC123])
def test_what_a_client_answers_to_an_event_does_not_matter_to_the_job(
    bench: Callable[..., Bench], until: Records, records: Records, status: int
) -> None:
    one = bench(client=ClientSettings(event_status=status))
    do(one, "send", Send(requests=JOBS))
    until("job-done")
    one.play(one.kernel.sleep, 100 * MILLISECOND)
    assert [event for event, _ in told(records)] == [1, 2, 3]


def test_every_client_is_told_of_the_printer(bench: Callable[..., Bench], until: Records, records: Records) -> None:
    one = bench()
    one.play(one.devices["PRINTER"].strike, "jam", Jam())
    do(one, "send", Send(requests=JOBS))
    until("event-told", "CLIENT", what="printer", info="FILM JAM")
    device = one.devices["PRINTER"]
    one.play(device.act, "clear-jam", ClearJam(), place=device.place)
    until("job-done")
    one.play(one.kernel.sleep, 100 * MILLISECOND)
    events = told(records, "printer")
    assert events[0] == (2, "FILM JAM")
    assert events[-1] == (1, "")


def test_a_personality_can_keep_it_all_to_itself(bench: Callable[..., Bench], until: Records, records: Records) -> None:
    one = bench(Events(print_job="never", printer=False))
    one.play(one.devices["PRINTER"].strike, "jam", Jam(cleared_after=50 * MILLISECOND))
    do(one, "send", Send(requests=JOBS))
    until("job-done")
    assert records("event-told", "CLIENT") == []


@pytest.mark.parametrize("warm_up", range(0, 4000, 100))
def test_an_event_that_crosses_a_request_holds_up_neither(warm_up: int) -> None:
    """The report leaves at every moment of a conversation with a client of nothing but pynetdicom."""
    with Bench(seed=7) as bench:
        bench.add("printer", "PRINTER", settings=printer(processor=Processor(warm_up=warm_up, per_sheet=SECOND)))

        def body() -> list[int]:
            ae = AE("C")
            ae.dimse_timeout = 5
            assoc = ae.associate(*bench.address_of("PRINTER"), contexts=[build_context("1.2.840.10008.5.1.1.9")])
            statuses = [
                int(assoc.send_n_get([], PRINTER_CLASS, PRINTER_INSTANCE, meta_uid="1.2.840.10008.5.1.1.9")[0].Status)
                for _ in range(6)
            ]
            assoc.release()
            return statuses

        assert bench.play(body, limit=60 * SECOND) == [0] * 6
