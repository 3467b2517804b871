"""Films on their way to their pictures: as bytes, on the disk, drawn in a process of their own, taken up after a crash."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset

from linacsim import Bench
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.drawing import DrawingProcess, DrawingRoom, Drawn, drawn
from linacsim.devices.printer.order import Order, unpacked
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.spool import Spool
from linacsim.errors import InputError
from linacsim.kernel.shelf import Shelf
from linacsim.kernel.units import minutes
from linacsim.physics.film import LIN_OD, Annotation, Film, FilmSheet, PlacedImage, PresentationLut

TABLE = PresentationLut.of_table(range(0, 4096 * 16, 16), 16)


def an_order(*, colour: bool = False, **about: Any) -> Order:
    """Return an order that says something of everything."""
    draw = np.random.default_rng(1)
    sheet = FilmSheet(
        size_mm=(60.0, 80.0), film_orientation="LANDSCAPE", image_display_format="CUSTOM\\1",
        custom_formats={"1": "0,0,50,100; 50,0,50,100"}, film=Film(min_density=15, max_density=310),
        border_density="120", trim="YES", label=("PRINTER", "for CLIENT"), annotation_format="TOP", annotation_count=1,
        annotations=(Annotation(position=1, text="left \u2022 right"),), pixels_per_mm=3.0,
    )  # fmt: skip
    grey = PlacedImage(
        pixels=draw.integers(0, 4096, (20, 30), dtype=np.uint16), bits=12, position=1, presentation_lut=TABLE,
        pixel_aspect=(1, 2), smoothing=0.5, film=Film(min_density=30, max_density=200), polarity="REVERSE",
    )  # fmt: skip
    planes = np.moveaxis(draw.integers(0, 256, (3, 15, 25), dtype=np.uint8), 0, -1)
    other = (
        PlacedImage(pixels=planes, bits=8, position=2, requested_image_size_mm=20.5)
        if colour
        else PlacedImage(
            pixels=planes[..., 0], bits=8, position=2, presentation_lut=LIN_OD, magnification_type="BILINEAR"
        )
    )
    return Order(sheet=sheet, images=[grey, other], medium="BLUE FILM", about=about)


@pytest.mark.parametrize("colour", [False, True])
def test_an_order_comes_back_from_its_bytes(colour: bool) -> None:
    order = an_order(colour=colour, owner="ME", copies=2)
    again = unpacked(b"".join(order.packed()))
    assert (again.sheet, again.medium, again.about) == (order.sheet, order.medium, order.about)
    assert drawn(again) == drawn(order)


def test_a_secondary_capture_comes_back_too() -> None:
    capture = Dataset()
    capture.PatientName, capture.SOPInstanceUID, capture.StudyDate = "Film", "1.2.3", "20260101"
    order = an_order()
    order = Order(sheet=order.sheet, images=order.images, medium=order.medium, capture=capture)
    assert unpacked(b"".join(order.packed())).capture == capture
    assert drawn(order).capture[128:132] == b"DICM"


@pytest.mark.parametrize("cut", [0, 1, 20, 400, -1, -700])
def test_what_breaks_off_is_no_order(cut: int) -> None:
    data = b"".join(an_order().packed())
    with pytest.raises(InputError, match="no film to be drawn"):
        unpacked(data[:cut])


def test_what_has_more_behind_it_is_no_order() -> None:
    with pytest.raises(InputError, match="more behind it"):
        unpacked(b"".join(an_order().packed()) + b"x")


# A process that draws


@pytest.fixture
def drawing() -> Iterator[DrawingProcess]:
    process = DrawingProcess()
    process.start()
    yield process
    process.close()


def process_of(drawing: DrawingProcess) -> Any:
    return drawing._process


def test_a_process_draws_what_would_be_drawn_here(drawing: DrawingProcess) -> None:
    order = an_order()
    assert drawing(order) == drawing(b"".join(order.packed())) == drawn(order)


def test_a_sheet_that_cannot_be_is_refused_there_as_here(drawing: DrawingProcess) -> None:
    order = an_order()
    twice = Order(sheet=order.sheet, images=[order.images[0], order.images[0]], medium="BLUE FILM")
    for draw in (drawing, drawn):
        with pytest.raises(InputError, match="taken twice"):
            draw(twice)
    assert drawing(order) == drawn(order)


def test_a_process_that_dies_costs_no_film(drawing: DrawingProcess) -> None:
    order, first = an_order(), process_of(drawing)
    os.kill(first.pid, signal.SIGKILL)
    assert drawing(order) == drawn(order)
    assert drawing(order) == drawn(order)
    assert process_of(drawing).pid != first.pid


def test_a_process_ends_with_who_has_started_it() -> None:
    drawing = DrawingProcess()
    drawing.start()
    started = process_of(drawing)
    drawing.close()
    assert started.returncode == 0
    # nothing is started any more, and films are drawn all the same
    assert drawing(an_order()) == drawn(an_order())
    assert process_of(drawing) is None


def test_several_are_drawn_at_once_and_each_is_its_own() -> None:
    room, orders = DrawingRoom(2), [an_order(), an_order(colour=True), an_order()]
    room.start()
    begun = [room.ahead(lambda order=order: order) for order in orders]  # type: ignore[misc]
    assert room(orders[0]) == drawn(orders[0])
    assert [one.result() for one in begun] == [drawn(order) for order in orders]
    room.close()


def test_a_film_that_cannot_be_read_ahead_says_so_when_it_is_wanted() -> None:
    def gone() -> Order:
        raise FileNotFoundError(2, "No such file or directory", "film")

    room = DrawingRoom(1)
    begun = room.ahead(gone)
    with pytest.raises(FileNotFoundError):
        begun.result()
    assert room(an_order()) == drawn(an_order())
    room.close()


# The spool


def a_printer(bench: Bench, **changes: Any) -> Any:
    printer: Any = bench.add("printer", "PRINTER", settings=PrinterPersonality(pixels_per_mm=0.5, **changes))
    return printer


def print_films(bench: Bench, films: int) -> None:
    client = bench.add("oncentra-cm-print-scu", "OTP_SCU")
    for _ in range(films):
        job = Print(to="PRINTER", images=("pydicom:CT_small.dcm",), annotate=False)
        bench.play(client.act, "print", job, place=client.place)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.is_dir() else []


def test_a_film_lies_in_the_spool_until_its_picture_is_there(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        assert a_printer(bench).keep() == 0
        print_films(bench, 2)
        assert names(tmp_path / "spool") == ["PRINTER-000001-001.film", "PRINTER-000002-001.film"]
        assert names(tmp_path / "films") == []
        bench.play(bench.kernel.sleep, minutes(5))
        assert names(tmp_path / "spool") == []
        assert names(tmp_path / "films") == ["PRINTER-0001.png", "PRINTER-0002.png"]


def test_what_a_crash_has_left_is_printed_by_the_next_run(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        a_printer(bench).keep()
        print_films(bench, 3)
    assert len(names(tmp_path / "spool")) == 3
    broken = tmp_path / "spool" / "PRINTER-000002-001.film"
    broken.write_bytes(broken.read_bytes()[:-1])
    with Bench(out=tmp_path) as bench:
        assert a_printer(bench).keep() == 2
        left = [one for one in bench.log.records if one["event"] == "job-left-over"]
        assert [(one["owner"], one["sheets"]) for one in left] == [("OTP_SCU", 1)] * 2
        bench.play(bench.kernel.sleep, minutes(5))
        assert names(tmp_path / "films") == ["PRINTER-0001.png", "PRINTER-0002.png"]
        # what is no film any more is left to people
        assert names(tmp_path / "spool") == [broken.name]
        print_films(bench, 1)
        assert "PRINTER-000004-001.film" in names(tmp_path / "spool")


def test_the_picture_is_the_same_with_and_without_a_spool(tmp_path: Path) -> None:
    made = []
    for spooled in (False, True):
        with Bench(out=tmp_path / str(spooled), seed=3) as bench:
            printer = a_printer(bench)
            if spooled:
                printer.keep()
            print_films(bench, 1)
            bench.play(bench.kernel.sleep, minutes(5))
        made.append((tmp_path / str(spooled) / "films" / "PRINTER-0001.png").read_bytes())
    assert made[0] == made[1]


def test_every_copy_comes_out_and_then_the_spool_is_empty(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        printer, calls = a_printer(bench), []

        def draw(order: Order | bytes) -> Drawn:
            calls.append(order)
            return drawn(order)

        printer.draw = draw
        printer.keep()
        client = bench.add("oncentra-cm-print-scu", "OTP_SCU")
        job = Print(to="PRINTER", images=("pydicom:CT_small.dcm",), annotate=False, copies=3)
        bench.play(client.act, "print", job, place=client.place)
        bench.play(bench.kernel.sleep, minutes(8))
        assert len(names(tmp_path / "films")) == 3
        assert names(tmp_path / "spool") == []
        # the copies look alike: one drawing is enough
        assert len(calls) == 1


def test_a_job_that_is_cancelled_leaves_nothing(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        printer = a_printer(bench)
        printer.keep()
        print_films(bench, 2)
        printer.hardware.operator.cancel(2)
        assert names(tmp_path / "spool") == ["PRINTER-000001-001.film"]


def test_a_full_queue_leaves_nothing_in_the_spool(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        a_printer(bench, queue=1).keep()
        with pytest.raises(Exception, match="0xC602"):
            print_films(bench, 4)
        kept = len(names(tmp_path / "spool"))
        assert kept <= 2


def test_a_picture_that_cannot_be_written_keeps_its_film(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        a_printer(bench).keep()
        print_films(bench, 1)
        (tmp_path / "films").write_text("in the way", encoding="utf-8")
        bench.play(bench.kernel.sleep, minutes(5))
        (out,) = [one for one in bench.log.records if one["event"] == "sheet-out"]
        assert "no picture" in out["error"]
        assert names(tmp_path / "spool") == ["PRINTER-000001-001.film"]


def test_films_that_cannot_be_stored_are_not_acknowledged(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        printer = a_printer(bench)
        printer.keep()
        (tmp_path / "spool").write_text("in the way", encoding="utf-8")
        with pytest.raises(Exception, match="0x0110"):
            print_films(bench, 1)
        assert printer.hardware.waiting == 0


def test_memory_is_no_place_for_a_spool() -> None:
    with pytest.raises(InputError, match="does not outlive"):
        Spool(Shelf(), "PRINTER")


def test_a_spool_keeps_to_the_films_of_its_printer(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    one, other = Spool(shelf, "A"), Spool(shelf, "A-1")
    order = an_order()
    other.put([order, order])
    one.put([order])
    assert [len(films) for films in one.left()] == [1]
    assert [len(films) for films in other.left()] == [2]
    assert Spool(shelf, "A-1").put([order])[0].name == "A-1-000002-001.film"


def test_a_secondary_capture_of_a_spooled_film_is_written(tmp_path: Path) -> None:
    with Bench(out=tmp_path) as bench:
        a_printer(bench, secondary_capture=True).keep()
        print_films(bench, 1)
        bench.play(bench.kernel.sleep, minutes(5))
    assert dcmread(tmp_path / "films" / "PRINTER-0001.dcm").Modality == "OT"
