"""DCMTK's dcmpsprt and dcmprscu print on linacsim's printer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linacsim import Bench
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.kernel.units import MILLISECOND
from tests.interop.datasets import wedge
from tests.interop.printing import PrintFolder
from tests.live.waiting import until

pytestmark = pytest.mark.interop

QUICK = PrinterPersonality(processor=Processor(warm_up=0, per_sheet=MILLISECOND), transport=MILLISECOND)
PIXELS_PER_INCH = QUICK.pixels_per_mm * 25.4


class Printer:
    """A printer on a live bench whose hardware takes no time, and the folder of those who print on it."""

    def __init__(self, bench: Bench, root: Path) -> None:
        self.bench = bench
        bench.add("printer", "PRINTER", settings=QUICK)
        self.folder = PrintFolder(root, bench.address_of("PRINTER")[1])
        self.images = [wedge(root / f"{ordinal}.dcm", ordinal=ordinal) for ordinal in range(1, 5)]

    def events(self, event: str) -> list[dict[str, object]]:
        """Return the records of an event."""
        return [dict(record) for record in self.bench.log.records if record["event"] == event]

    def films(self, count: int) -> list[NDArray[np.uint8]]:
        """Wait for `count` sheets and return their pictures in grey."""
        until(lambda: len(self.events("sheet-out")) >= count)
        names = self.bench.shelf.names("films")
        assert len(names) == count
        return [np.asarray(Image.open(io.BytesIO(self.bench.shelf.read(name))).convert("L")) for name in names]


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[Printer]:
    with Bench(clock="live", out=tmp_path / "out") as bench:
        yield Printer(bench, tmp_path / "dcmtk")
        refused = [record for record in bench.log.records if record.get("status", 0) not in (0, "NORMAL")]
        assert not [record for record in refused if record["event"].endswith("-RSP")]


def _assert_size(film: NDArray[np.uint8], width: float, height: float) -> None:
    assert film.shape == pytest.approx((height * PIXELS_PER_INCH, width * PIXELS_PER_INCH), abs=1)


def _assert_wedge(film: NDArray[np.uint8], left: float, right: float, top: float, bottom: float) -> None:
    """Assert that grey rises from left to right in a part of the film, given in parts of its width and height."""
    height, width = film.shape
    rows = slice(round(top * height), round(bottom * height))
    row = film[rows, round(left * width) : round(right * width)].astype(float).mean(axis=0)
    steps = row[:: max(1, len(row) // 16)]
    assert np.all(np.diff(steps) > -1), steps
    assert steps[-1] - steps[0] > 60, steps


def test_one_image_on_one_film(printer: Printer) -> None:
    job = printer.folder.render("FILMS", "--filmsize", "8INX10IN", "--portrait", printer.images[0])
    said = printer.folder.print("FILMS", job)
    assert "Association accepted" in said
    (film,) = printer.films(1)
    _assert_size(film, 8, 10)
    _assert_wedge(film, 0.05, 0.95, 0.4, 0.6)


def test_four_images_on_one_film(printer: Printer) -> None:
    job = printer.folder.render("FILMS", "-l", 2, 2, "--filmsize", "14INX17IN", *printer.images)
    printer.folder.print("FILMS", job)
    (film,) = printer.films(1)
    _assert_size(film, 14, 17)
    for left, top in ((0.05, 0.2), (0.55, 0.2), (0.05, 0.7), (0.55, 0.7)):
        _assert_wedge(film, left, left + 0.4, top, top + 0.08)
    assert printer.events("sheet-out")[0]["images"] == 4


def test_three_images_leave_a_box_empty(printer: Printer) -> None:
    job = printer.folder.render("FILMS", "-l", 2, 2, "--empty-image", "WHITE", *printer.images[:3])
    printer.folder.print("FILMS", job)
    (film,) = printer.films(1)
    height, width = film.shape
    assert film[round(0.7 * height) : round(0.8 * height), round(0.6 * width) : round(0.9 * width)].mean() > 150


def test_the_whole_film_session_is_printed(printer: Printer) -> None:
    jobs = [printer.folder.render("FILMS", image) for image in printer.images[:2]]
    for job in jobs:
        printer.folder.print("FILMS", "--session-print", "--copies", 3, job)
    assert len(printer.films(6)) == 6
    asked = printer.events("N-ACTION-RQ")
    assert [record["sop-class"] for record in asked] == ["1.2.840.10008.5.1.1.1"] * 2


def test_several_jobs_on_one_association(printer: Printer) -> None:
    jobs = [printer.folder.render("FILMS", image) for image in printer.images[:3]]
    printer.folder.print("FILMS", *jobs)
    assert len(printer.films(3)) == 3


def test_landscape_with_every_option(printer: Printer) -> None:
    options = ("--landscape", "--trim", "--magnification", "BILINEAR", "--border", "150", "--max-density", "280")
    job = printer.folder.render("FILMS", "--filmsize", "10INX12IN", "--min-density", 30, *options, printer.images[0])
    session = ("--medium-type", "CLEAR FILM", "--destination", "PROCESSOR", "--label", "A label", "--priority", "HIGH")
    printer.folder.print("FILMS", *session, "--owner", "PHYSICS", job)
    (film,) = printer.films(1)
    _assert_size(film, 12, 10)


def test_images_as_MONOCHROME1(printer: Printer) -> None:
    job = printer.folder.render("FILMS", "--filmsize", "8INX10IN", printer.images[0])
    printer.folder.print("FILMS", "--monochrome1", job)
    printer.folder.print("FILMS", job)
    inverted, plain = printer.films(2)
    # dcmprscu turns the values round together with their meaning: on film it is the same
    assert np.abs(inverted.astype(int) - plain.astype(int))[600:1200].mean() < 2


def test_a_polarity_that_is_reversed(printer: Printer) -> None:
    job = printer.folder.render("FILMS", "--filmsize", "8INX10IN", "--img-polarity", "REVERSE", printer.images[0])
    printer.folder.print("FILMS", job)
    (film,) = printer.films(1)
    _assert_wedge(film[:, ::-1], 0.05, 0.95, 0.4, 0.6)


def test_eight_bits_and_implicit_VR_only(printer: Printer) -> None:
    job = printer.folder.render("FILMS8", "-l", 2, 2, *printer.images)
    printer.folder.print("FILMS8", job)
    (film,) = printer.films(1)
    _assert_wedge(film, 0.05, 0.45, 0.2, 0.28)


def test_nothing_is_printed_without_an_action(printer: Printer) -> None:
    job = printer.folder.render("FILMS", printer.images[0])
    printer.folder.print("FILMS", "--noprint", job)
    assert printer.films(0) == []
    assert not printer.events("N-ACTION-RQ")
