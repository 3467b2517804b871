"""The print clients of Oncentra and Monaco print on DCMTK's dcmprscp."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from linacsim import Bench, PlayFailure
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.devices.printer.picture import density_in
from tests.interop.datasets import wedge
from tests.interop.dcmtk import free_port, listening
from tests.interop.printing import PrintFolder
from tests.interop.test_print_films import in_box, p_values
from tests.live.waiting import until

pytestmark = pytest.mark.interop

ACTION_ON_SESSION = ("N-ACTION-RQ", "1.2.840.10008.5.1.1.1")
ACTION_ON_FILM = ("N-ACTION-RQ", "1.2.840.10008.5.1.1.2")


class Clinic:
    """Print clients on a live bench, and a folder in which dcmprscp works."""

    def __init__(self, bench: Bench, root: Path) -> None:
        self.bench = bench
        self.port = free_port()
        self.folder = PrintFolder(root / "dcmtk", self.port)
        self.images = tuple(str(wedge(root / f"{ordinal}.dcm", ordinal=ordinal)) for ordinal in range(1, 4))
        self.device = bench.add("oncentra-cm-print-scu", "OTP_SCU")
        self.monaco = bench.add("monaco-print-scu", "PRINT_SCU")

    def print(self, printer: str, what: Print, *, monaco: bool = False) -> None:
        """Print on dcmprscp's `printer`, with Oncentra or with Monaco."""
        device, action = (self.monaco, "print-drr") if monaco else (self.device, "print")
        self.bench.kernel.place(printer).address = ("127.0.0.1", self.port)
        arguments = ("-c", self.folder.configuration, "-p", printer)
        with listening("dcmprscp", *arguments, port=self.port, cwd=self.folder.root):
            self.bench.play(device.act, action, what, place=device.place)

    @property
    def jobs(self) -> list[Path]:
        """The stored print objects that dcmprscp has made."""
        return sorted((self.folder.root / "database").glob("SP_*.dcm"))

    def sent(self, event: str) -> list[tuple[str, str]]:
        """Return messages of a kind that were sent, with their SOP classes."""
        return [(record["event"], record["sop-class"]) for record in self.bench.log.records if record["event"] == event]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Clinic]:
    with Bench(clock="live", out=tmp_path / "out") as bench:
        yield Clinic(bench, tmp_path)


def _print(clinic: Clinic, printer: str, *, collated: bool, bits: int) -> Print:
    return Print.model_validate(
        {
            "to": printer,
            "images": clinic.images,
            "image_display_format": r"STANDARD\1,1",
            "film_size": "8INX10IN",
            "collated": collated,
            "bits": bits,
        }
    )


@pytest.mark.parametrize("bits", [8, 12])
def test_uncollated_prints_each_film_by_itself(clinic: Clinic, bits: int) -> None:
    clinic.print("IHEFULL", _print(clinic, "IHEFULL", collated=False, bits=bits))
    assert clinic.sent("N-ACTION-RQ") == [ACTION_ON_FILM] * 3
    assert len(clinic.jobs) == 3
    for job in clinic.jobs:
        (film,) = dcmread(job).FilmBoxContentSequence
        assert (film.ImageDisplayFormat, film.FilmSizeID) == ("STANDARD\\1,1", "8INX10IN")


def test_collated_prints_the_session_at_once(clinic: Clinic) -> None:
    clinic.print("IHEFULL", _print(clinic, "IHEFULL", collated=True, bits=12))
    assert clinic.sent("N-ACTION-RQ") == [ACTION_ON_SESSION]


def test_a_printer_that_can_do_little(clinic: Clinic) -> None:
    clinic.print("IHERESTRICTED", _print(clinic, "IHERESTRICTED", collated=False, bits=8))
    assert len(clinic.jobs) == 3


@pytest.mark.parametrize(
    ("changed", "refused"),
    [
        ({"medium": "PAPER"}, "N-CREATE Basic Film Session: status 0x0106"),
        ({"image_display_format": r"STANDARD\2,2"}, "N-CREATE Basic Film Box: status 0x0106"),
        ({"film_size": "A3"}, "N-CREATE Basic Film Box: status 0x0106"),
    ],
    ids=["medium", "format", "film-size"],
)
def test_what_the_printer_does_not_have_is_told_in_words(clinic: Clinic, changed: dict[str, str], refused: str) -> None:
    what = _print(clinic, "IHERESTRICTED", collated=False, bits=8)
    with pytest.raises(PlayFailure, match=refused):
        clinic.print("IHERESTRICTED", what.model_copy(update=changed))
    assert clinic.jobs == []


@pytest.mark.parametrize("printer", ["IHEFULL", "IHERESTRICTED"])
def test_Monaco_prints_its_DRRs(clinic: Clinic, printer: str) -> None:
    clinic.print(printer, _print(clinic, printer, collated=False, bits=12), monaco=True)
    assert clinic.sent("N-ACTION-RQ") == [ACTION_ON_FILM] * 3
    assert len(clinic.jobs) == 3


@pytest.mark.parametrize("layout", [r"STANDARD\2,2", r"STANDARD\1,2"])
def test_several_images_on_a_film(clinic: Clinic, layout: str) -> None:
    what = _print(clinic, "IHEFULL", collated=False, bits=12).model_copy(update={"image_display_format": layout})
    clinic.print("IHEFULL", what)
    counts = [len(dcmread(job).ImageBoxContentSequence) for job in clinic.jobs]
    assert sorted(counts) == ([3] if layout == r"STANDARD\2,2" else [1, 2])


def test_colour_is_printed_in_grey_where_the_printer_has_no_colour(clinic: Clinic) -> None:
    clinic.print("IHEFULL", _print(clinic, "IHEFULL", collated=False, bits=8).model_copy(update={"colour": True}))
    assert set(clinic.sent("N-SET-RQ")) >= {("N-SET-RQ", "1.2.840.10008.5.1.1.4")}
    assert ("N-SET-RQ", "1.2.840.10008.5.1.1.4.1") not in clinic.sent("N-SET-RQ")
    assert len(clinic.jobs) == 3


@pytest.mark.parametrize("bits", [8, 12])
def test_the_stored_hardcopy_and_our_film_show_the_same(clinic: Clinic, bits: int) -> None:
    what = _print(clinic, "IHEFULL", collated=False, bits=bits)
    what = what.model_copy(update={"images": clinic.images[:1], "annotate": False})
    clinic.print("IHEFULL", what)
    (hardcopy,) = clinic.folder.hardcopies()
    theirs = clinic.folder.shown(hardcopy)
    printer = PrinterPersonality.named("full", processor=Processor(warm_up=0, per_sheet=1000), transport=1000)
    clinic.bench.add("printer", "PRINTER", settings=printer)
    ours = what.model_copy(update={"to": "PRINTER"})
    clinic.bench.play(clinic.device.act, "print", ours, place=clinic.device.place)
    until(lambda: clinic.bench.shelf.names("films"))
    (name,) = clinic.bench.shelf.names("films")
    shown = p_values(in_box(density_in(clinic.bench.shelf.read(name)), theirs.shape))
    wanted = Image.fromarray(theirs.astype(np.float32)).resize(shown.shape[::-1], Image.Resampling.BICUBIC)
    # a step of the wedge is enlarged eight times; where it goes up, the kernels may differ
    assert np.abs(shown - np.asarray(wanted)).mean() < 1 / 255
    assert np.abs(shown - np.asarray(wanted)).max() < 5 / 255
