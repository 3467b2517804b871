"""The printer's hardware behind its service, driven by the Oncentra client, on both clocks."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from PIL import Image

from linacsim.bench import Bench
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.hardware.acts import ClearJam, Jam, Refill
from linacsim.devices.printer.personality import PrinterPersonality, Processor, Supply
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND

Records = Callable[..., list[Record]]
TWO = ("pydicom:CT_small.dcm", "pydicom:MR_small.dcm")


def printer(**settings: Any) -> PrinterPersonality:
    """Return a printer that takes milliseconds for a sheet."""
    fast = {
        "processor": Processor(warm_up=5 * MILLISECOND, per_sheet=20 * MILLISECOND),
        "transport": 10 * MILLISECOND,
        "pixels_per_mm": 0.5,
    }
    return PrinterPersonality(**{**fast, **settings})


def job(**settings: Any) -> Print:
    return Print(
        **{"to": "PRINTER", "images": TWO, "film_size": "8INX10IN", "image_display_format": r"STANDARD\1,1", **settings}
    )


@pytest.fixture
def bench(bench_clock: Bench) -> Bench:
    bench_clock.add("printer", "PRINTER", settings=printer())
    bench_clock.add("oncentra-cm-print-scu", "OTP_SCU")
    return bench_clock


def order(sheets: list[Record]) -> list[tuple[int, int, int]]:
    """Return sheet, job and film of each sheet that came out."""
    return [(record["sheet"], record["job"], record["film"]) for record in sheets]


def test_a_collated_job_prints_all_films_at_once(bench: Bench, act: Callable[..., Any], until: Records) -> None:
    act("OTP_SCU", "print", job(collated=True))
    assert order(until("sheet-out", count=2)) == [(1, 1, 1), (2, 1, 2)]
    assert len(until("job-done")) == 1
    assert bench.shelf.names("films") == ["films/PRINTER-0001.png", "films/PRINTER-0002.png"]


def test_copies_come_out_in_collated_order(bench: Bench, act: Callable[..., Any], until: Records) -> None:
    act("OTP_SCU", "print", job(collated=True, copies=2))
    sheets = until("sheet-out", count=4)
    assert order(sheets) == [(1, 1, 1), (2, 1, 2), (3, 1, 1), (4, 1, 2)]
    assert [record["sha256"] for record in sheets[:2]] == [record["sha256"] for record in sheets[2:]]
    assert sheets[0]["sha256"] != sheets[1]["sha256"]
    until("job-done")
    assert len(bench.shelf.names("films")) == 4


def test_an_uncollated_job_prints_each_film_by_itself(
    bench: Bench, act: Callable[..., Any], until: Records, records: Records
) -> None:
    act("OTP_SCU", "print", job(collated=False, copies=2))
    until("job-done", count=2)
    assert order(records("sheet-out")) == [(1, 1, 1), (2, 1, 1), (3, 2, 1), (4, 2, 1)]
    assert len(bench.shelf.names("films")) == 4


def test_many_images_share_a_film_and_fill_the_next(bench: Bench, act: Callable[..., Any], until: Records) -> None:
    act("OTP_SCU", "print", job(images=TWO * 3, collated=True, image_display_format=r"STANDARD\2,2"))
    assert [record["images"] for record in until("sheet-out", count=2)] == [4, 2]
    assert len(bench.shelf.names("films")) == 2


@pytest.mark.parametrize(
    ("size", "orientation", "inches"),
    [("8INX10IN", "PORTRAIT", (8, 10)), ("8INX10IN", "LANDSCAPE", (10, 8)), ("14INX17IN", "PORTRAIT", (14, 17))],
)
def test_a_film_has_its_size(
    bench: Bench, act: Callable[..., Any], until: Records, size: str, orientation: Any, inches: tuple[int, int]
) -> None:
    act("OTP_SCU", "print", job(images=TWO[:1], film_size=size, film_orientation=orientation))
    (sheet,) = until("sheet-out")
    picture = Image.open(BytesIO(bench.shelf.read(sheet["picture"])))
    assert picture.size == pytest.approx([round(length * 25.4 * 0.5) for length in inches], abs=1)
    assert len(picture.convert("L").histogram()) == 256
    low, high = picture.convert("L").getextrema()
    assert low != high


def test_the_hardware_takes_its_time(bench: Bench, act: Callable[..., Any], until: Records) -> None:
    act("OTP_SCU", "print", job(collated=True))
    first, second = until("sheet-out", count=2)
    (started,) = until("job-printing")
    each = [first["t"] - started["t"], second["t"] - first["t"]]
    if bench.clock == "virtual":
        assert each == [30 * MILLISECOND] * 2
    else:
        # drawing a film holds the live clock's log up, not its hardware
        assert 40 * MILLISECOND <= sum(each) < 5 * SECOND


def test_a_jam_stops_the_job_until_somebody_takes_the_sheet_out(
    bench: Bench, act: Callable[..., Any], until: Records, records: Records
) -> None:
    bench.play(bench.devices["PRINTER"].strike, "jam", Jam())
    act("OTP_SCU", "print", job(collated=True))
    (jam,) = until("film-jam")
    assert jam["film"] == 1
    assert until("printer-status", status="WARNING", info="FILM JAM")
    bench.play(bench.kernel.sleep, 200 * MILLISECOND)
    assert records("sheet-out") == []
    act("PRINTER", "clear-jam", ClearJam())
    assert order(until("sheet-out", count=2)) == [(1, 1, 1), (2, 1, 2)]
    assert until("printer-status", status="NORMAL")[-1]["t"] > jam["t"]


def test_a_jam_that_is_cleared_by_itself(bench: Bench, act: Callable[..., Any], until: Records) -> None:
    bench.play(bench.devices["PRINTER"].strike, "jam", Jam(cleared_after=300 * MILLISECOND))
    act("OTP_SCU", "print", job(images=TWO[:1]))
    (jam,), (cleared,) = until("film-jam"), until("jam-cleared")
    (sheet,) = until("sheet-out")
    assert jam["t"] < cleared["t"] <= sheet["t"]


def test_a_jam_comes_once(bench: Bench, act: Callable[..., Any], until: Records, records: Records) -> None:
    bench.play(bench.devices["PRINTER"].strike, "jam", Jam(cleared_after=200 * MILLISECOND))
    act("OTP_SCU", "print", job(collated=True))
    until("job-done")
    assert len(records("film-jam")) == 1
    act("OTP_SCU", "print", job(collated=True))
    until("job-done", count=2)
    assert len(records("film-jam")) == 1


def test_the_operator_who_finds_no_jam_says_so(bench: Bench, act: Callable[..., Any]) -> None:
    with pytest.raises(PlayFailure, match=r"^PRINTER: no sheet is stuck$"):
        act("PRINTER", "clear-jam", ClearJam())
    assert bench.devices["PRINTER"].place.associations == {}


def test_an_empty_magazine_holds_the_job_until_the_refill(
    bench_clock: Bench, act: Callable[..., Any], until: Records, records: Records
) -> None:
    bench_clock.add("printer", "PRINTER", settings=printer(supply=Supply(sheets=1, low=0)))
    bench_clock.add("oncentra-cm-print-scu", "OTP_SCU")
    act("OTP_SCU", "print", job(collated=True))
    assert until("printer-status", status="WARNING", info="SUPPLY EMPTY")
    until("sheet-out")
    bench_clock.play(bench_clock.kernel.sleep, 200 * MILLISECOND)
    assert len(records("sheet-out")) == 1
    act("PRINTER", "refill", Refill())
    assert order(until("sheet-out", count=2)) == [(1, 1, 1), (2, 1, 2)]


def test_a_full_tray_holds_the_job_too(
    bench_clock: Bench, act: Callable[..., Any], until: Records, records: Records
) -> None:
    fast = Processor(warm_up=5 * MILLISECOND, per_sheet=20 * MILLISECOND, tray=1)
    bench_clock.add("printer", "PRINTER", settings=printer(processor=fast))
    bench_clock.add("oncentra-cm-print-scu", "OTP_SCU")
    act("OTP_SCU", "print", job(collated=True))
    assert until("printer-status", info="RECEIVER FULL")
    bench_clock.play(bench_clock.kernel.sleep, 200 * MILLISECOND)
    assert len(records("sheet-out")) == 1
    act("PRINTER", "refill", Refill())
    until("sheet-out", count=2)


def test_a_low_magazine_is_told(bench_clock: Bench, act: Callable[..., Any], until: Records) -> None:
    bench_clock.add("printer", "PRINTER", settings=printer(supply=Supply(sheets=3, low=2)))
    bench_clock.add("oncentra-cm-print-scu", "OTP_SCU")
    act("OTP_SCU", "print", job(images=TWO[:1]))
    assert until("printer-status", status="WARNING", info="SUPPLY LOW")


def test_the_client_is_told_what_is_the_matter(bench: Bench, act: Callable[..., Any], until: Records) -> None:
    bench.play(bench.devices["PRINTER"].strike, "jam", Jam())
    act("OTP_SCU", "print", job(images=TWO[:1]))
    until("film-jam")
    act("OTP_SCU", "print", job(images=TWO[:1]))
    told = until("printer-told", "OTP_SCU", count=2)
    assert told[-1]["status"] == "WARNING"
    assert told[-1]["info"] == "FILM JAM"


@pytest.mark.parametrize(("collated", "status"), [(True, "C601"), (False, "C602")])
def test_a_full_queue_refuses_the_next_job(
    bench_clock: Bench, act: Callable[..., Any], until: Records, collated: bool, status: str
) -> None:
    bench_clock.add("printer", "PRINTER", settings=printer(queue=1))
    bench_clock.add("oncentra-cm-print-scu", "OTP_SCU")
    one = job(images=TWO[:1], collated=collated)
    bench_clock.play(bench_clock.devices["PRINTER"].strike, "jam", Jam())
    act("OTP_SCU", "print", one)
    until("film-jam")
    act("OTP_SCU", "print", one)
    with pytest.raises(PlayFailure, match=rf"^N-ACTION Basic Film (Session|Box): status 0x{status} \(the print queue"):
        act("OTP_SCU", "print", one)
    act("PRINTER", "clear-jam", ClearJam())
    until("job-done", count=2)
    act("OTP_SCU", "print", one)
    until("job-done", count=3)


def test_a_job_outlives_the_association_that_asked_for_it(
    bench: Bench, act: Callable[..., Any], until: Records
) -> None:
    act("OTP_SCU", "print", job(collated=True))
    (release,) = until("A-RELEASE-RP", "PRINTER")
    last = until("sheet-out", count=2)[-1]
    assert last["t"] > release["t"]
    device: Any = bench.devices["PRINTER"]
    assert (device.desks, device.store.used) == ({}, 0)


def test_jobs_of_two_clients_are_printed_one_after_the_other(
    bench: Bench, act: Callable[..., Any], until: Records
) -> None:
    bench.add("oncentra-cm-print-scu", "OTHER_SCU")
    act("OTP_SCU", "print", job(collated=True))
    act("OTHER_SCU", "print", job(collated=True))
    owners = {record["job"]: record["owner"] for record in until("job-queued", count=2)}
    assert owners == {1: "OTP_SCU", 2: "OTHER_SCU"}
    assert order(until("sheet-out", count=4)) == [(1, 1, 1), (2, 1, 2), (3, 2, 1), (4, 2, 2)]
