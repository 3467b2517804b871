"""Films of DCMTK's print tools on linacsim's printers, beside what DCMTK itself makes of the same job."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from linacsim import Bench
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.picture import density_in
from linacsim.physics.film import Film, FilmSheet, film_size_mm, fitted_size, image_boxes, jnd_index
from tests.interop.datasets import wedge
from tests.interop.dcmtk import free_port, listening
from tests.interop.printing import PrintFolder
from tests.live.waiting import until

pytestmark = pytest.mark.interop

SIZE = "8INX10IN"
FILM = Film(min_density=20, max_density=320)
ANNOTATION_BOX, LUT = "1.2.840.10008.5.1.1.15", "1.2.840.10008.5.1.1.23"
SESSION, FILM_BOX = "1.2.840.10008.5.1.1.1", "1.2.840.10008.5.1.1.2"


class Live:
    """A printer of a personality on a live bench, and a folder of those who print on it."""

    def __init__(self, bench: Bench, root: Path, name: str, personality: str, **changed: Any) -> None:
        self.bench = bench
        self.name = name
        bench.add("printer", name, settings=PrinterPersonality.named(personality, **_quick(personality), **changed))
        self.folder = PrintFolder(root / "dcmtk", bench.address_of(name)[1])
        self.images = [wedge(root / f"{ordinal}.dcm", ordinal=ordinal, size=256) for ordinal in range(1, 5)]

    def print(self, *options: object, images: int = 1, spool: tuple[object, ...] = ()) -> None:
        """Print images on one film."""
        job = self.folder.render(self.name, *options, *self.images[:images])
        self.folder.print(self.name, *spool, job)

    def films(self, count: int) -> list[NDArray[np.float64]]:
        """Wait for `count` sheets; return their optical densities."""
        until(lambda: len(self.records("sheet-out")) >= count)
        assert not [record for record in self.records("sheet-out") if "error" in record]
        return [density_in(self.bench.shelf.read(name)) for name in self.bench.shelf.names("films")]

    def records(self, event: str) -> list[dict[str, Any]]:
        """Return the records of an event."""
        return [dict(record) for record in self.bench.log.records if record["event"] == event]

    def asked(self, operation: str) -> list[str]:
        """Return the SOP classes of an operation."""
        return [record["sop-class"] for record in self.records(f"{operation}-RQ")]

    def statuses(self) -> set[int]:
        """Return the statuses of all responses."""
        return {
            record["status"]
            for record in self.bench.log.records
            if record["event"].startswith("N-") and record["event"].endswith("-RSP")
        }


def _quick(personality: str) -> dict[str, Any]:
    """Return hardware that takes no time."""
    named = PrinterPersonality.named(personality)
    return {
        "processor": named.processor.model_copy(update={"warm_up": 0, "per_sheet": 1000}),
        "transport": 1000,
    }


@pytest.fixture
def printer(tmp_path: Path) -> Iterator[Any]:
    with ExitStack() as stack:

        def make(name: str, personality: str, **changed: Any) -> Live:
            bench = stack.enter_context(Bench(clock="live", out=tmp_path / name))
            return Live(bench, tmp_path / f"{name}.dcmtk", name, personality, **changed)

        yield make


def p_values(density: NDArray[np.float64], film: Film = FILM) -> NDArray[np.float64]:
    """Return the shares of the JND range that optical densities stand for (PS3.14)."""
    first, last = jnd_index(film.luminance((film.dmax, film.dmin)))
    return np.asarray((jnd_index(film.luminance(density)) - first) / (last - first))


def in_box(density: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the part of an 8 x 10 inch film with one image that shows it."""
    (box,) = image_boxes(FilmSheet(size_mm=film_size_mm(SIZE), label=("",)))
    height, width = fitted_size((shape[0], shape[1]), (box.height, box.width))
    top, left = box.top + (box.height - height) // 2, box.left + (box.width - width) // 2
    return density[top : top + height, left : left + width]


def stored(root: Path, image: Path, *options: object) -> NDArray[np.float64]:
    """Let dcmprscu print the same on dcmprscp; return what dcmp2pgm shows of the hardcopy image that is stored there."""
    port = free_port()
    folder = PrintFolder(root, port)
    with listening("dcmprscp", "-c", folder.configuration, "-p", "IHEFULL", port=port, cwd=folder.root):
        job = folder.render("IHEFULL", "--filmsize", SIZE, *options, image)
        rendered = set(folder.hardcopies())
        folder.print("IHEFULL", job)
        (hardcopy,) = set(folder.hardcopies()) - rendered
    return folder.shown(hardcopy)


@pytest.mark.parametrize(
    "options",
    [(), ("--lin-od",), ("--plut", "SQUARE"), ("--plut", "SQUARE", "--inverse-plut"), ("--identity",),
     ("--lin-od", "--illumination", 4000, "--reflection", 0), ("--plut", "SQUARE", "--max-density", 320)],
    ids=lambda options: " ".join(map(str, options)) or "as it is",
)  # fmt: skip
def test_the_film_is_what_DCMTK_shows_of_the_same_job(
    printer: Any, tmp_path: Path, options: tuple[object, ...]
) -> None:
    live = printer("FULL", "full")
    live.print("--filmsize", SIZE, *options)
    (film,) = live.films(1)
    theirs = stored(tmp_path / "stored", live.images[0], *options)
    light = {"illumination": 4000, "reflected_ambient_light": 0} if "--illumination" in options else {}
    ours = p_values(in_box(film, theirs.shape), Film(min_density=20, max_density=320, **light))
    shown = Image.fromarray(theirs.astype(np.float32)).resize(ours.shape[::-1], Image.Resampling.BICUBIC)
    # a quantum of theirs is 1/255, a step of our picture as much
    np.testing.assert_allclose(ours, np.asarray(shown), atol=2.5 / 255)
    assert live.asked("N-CREATE").count(LUT) == 1
    assert live.statuses() == {0}


def test_an_annotation_is_on_the_film(printer: Any) -> None:
    live = printer("FULL", "full")
    live.print("--filmsize", SIZE, "--border", "BLACK")
    live.print("--filmsize", SIZE, "--border", "BLACK", "-a", "WEDGE 17", "-pd", "-pn", "-pl")
    plain, written = live.films(2)
    assert ANNOTATION_BOX in live.asked("N-SET")
    assert live.statuses() == {0}
    line = (254 - 6 - 7 - 7) * 6, (254 - 6 - 7) * 6
    assert plain[line[0] : line[1]].min() > 3
    letters = np.argwhere(written[line[0] : line[1]] < 1)
    assert len(letters) > 50
    assert letters[:, 1].max() < written.shape[1] / 2, "LABEL is written from the left"


@pytest.mark.parametrize(
    ("annotation", "right"),
    [("2\\ANNOTATION", True), ("0\\LABEL", False)],
    ids=["second of two", "wherever there is a box"],
)
def test_an_annotation_at_the_position_that_the_client_is_set_up_for(
    printer: Any, annotation: str, right: bool
) -> None:
    """DCMTK's printers name position and format; at position 0 every annotation box gets the text."""
    live = printer("FULL", "full", annotation_formats={"LABEL": 1, "ANNOTATION": 2})
    configuration = live.folder.configuration
    configuration.write_text(configuration.read_text("utf-8").replace("1\\LABEL", annotation), "utf-8")
    live.print("--filmsize", SIZE, "--border", "BLACK", "-a", "WEDGE 17", "-pd", "-pn", "-pl")
    (written,) = live.films(1)
    assert live.asked("N-SET").count(ANNOTATION_BOX) == 1
    assert live.statuses() == {0}
    letters = np.argwhere(written[(254 - 6 - 7 - 7) * 6 : (254 - 6 - 7) * 6] < 1)
    assert len(letters) > 50
    assert (letters[:, 1].min() > written.shape[1] / 2) == right


@pytest.mark.parametrize(
    ("name", "personality", "options", "spool"),
    [
        ("AGFA", "agfa-drystar-3000", ("-l", 2, 2, "--smoothing", "0", "--plut", "SQUARE"), ("--label", "A LABEL")),
        ("KODAK", "kodak-8700", ("-l", 3, 4, "--smoothing", "15", "--configinfo", "CS007"), ()),
        ("KODAK", "kodak-9410", ("-l", 2, 2, "--magnification", "REPLICATE"), ("--session-print", "--copies", 2)),
        ("LEAST", "restricted", ("--filmsize", "11INX14IN", "--lin-od"), ()),
        ("FULL", "full", ("-l", 2, 2, "--landscape", "--trim", "--resolution", "HIGH", "--filmsize", SIZE), ()),
    ],
    ids=["agfa", "kodak-8700", "kodak-9410", "restricted", "full"],
)
def test_printers_with_peculiarities(
    printer: Any, name: str, personality: str, options: tuple[object, ...], spool: tuple[object, ...]
) -> None:
    live = printer(name, personality)
    images = 4 if "-l" in options else 1
    live.print(*options, images=images, spool=spool)
    films = live.films(2 if "--copies" in spool else 1)
    # with the Presentation LUT in the film session dcmprscu puts the light there, too, where the standard has none (0107)
    assert live.statuses() <= ({0, 0x0107} if name == "AGFA" else {0})
    assert live.records("sheet-out")[0]["images"] == images
    assert live.asked("N-ACTION") == [SESSION if "--session-print" in spool else FILM_BOX]
    assert np.ptp(films[0]) > 2.5


def test_high_resolution_is_twice_as_fine(printer: Any) -> None:
    live = printer("FULL", "full")
    for resolution in ("STANDARD", "HIGH"):
        live.print("--filmsize", SIZE, "--resolution", resolution)
    standard, high = live.films(2)
    assert high.shape == pytest.approx((2 * standard.shape[0], 2 * standard.shape[1]), abs=1)


@pytest.mark.parametrize(
    ("options", "status"),
    [
        (("--img-request-size", "100"), 0),
        (("--img-request-size", "300"), 0xB604),
        (("--img-request-size", "300", "--request-crop"), 0xB609),
        (("--img-request-size", "300", "--request-decimate"), 0xB60A),
    ],
)
def test_a_requested_size_is_kept_or_answered_for(printer: Any, options: tuple[object, ...], status: int) -> None:
    live = printer("FULL", "full")
    live.print("--filmsize", SIZE, *options)
    (film,) = live.films(1)
    assert live.statuses() == {0, status}
    bright = np.argwhere(film[: -20 * 6] < 2.0)
    width = (np.ptp(bright[:, 1]) + 1) / 6
    # black on the left cannot be told from the border: the bright part of a wedge that is as wide as was asked for
    if status == 0:
        assert 80 < width <= 100
    else:
        assert width > 150
