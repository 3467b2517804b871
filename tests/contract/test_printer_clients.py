"""The clients of the documents at every personality: Oncentra's four ways to print, Monaco's DRR filming."""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.bench import Bench
from linacsim.devices.planning.monaco import PrintDrr
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.personality import PrinterPersonality, Processor
from linacsim.devices.printer.shipped import personalities
from linacsim.errors import PlayFailure
from linacsim.kernel.log import Record
from linacsim.kernel.units import MILLISECOND, SECOND

TWO = ("pydicom:CT_small.dcm", "pydicom:MR_small.dcm")
NO_SESSION_PRINT = {"kodak-8700", "restricted"}
"""They print no session: the second film box is refused (C616) as long as the first one has not been printed."""
NO_COLOUR = {"agfa-drystar-3000", "kodak-8700", "kodak-9410", "restricted"}
"""They accept no color meta SOP class: a client that prefers colour prints in grey."""


def printed(bench: Bench, name: str, kind: str, what: Any) -> tuple[list[Record], list[Record]]:
    """Let a client print on a personality; return its refused responses, and the sheets."""
    fast = {"processor": Processor(warm_up=5 * MILLISECOND, per_sheet=10 * MILLISECOND), "transport": 5 * MILLISECOND}
    about = PrinterPersonality.named(name, **fast, pixels_per_mm=0.5)
    bench.add("printer", "PRINTER", settings=about)
    client = bench.add(kind, "CLIENT")

    def body() -> None:
        bench.kernel.sleep(50 * MILLISECOND)
        client.act("print" if isinstance(what, Print) and not isinstance(what, PrintDrr) else "print-drr", what)
        bench.kernel.sleep(5 * SECOND)

    bench.play(body, place=client.place)
    records = bench.log.records
    refused = [
        one
        for one in records
        if one["at"] == "PRINTER" and one.get("status") not in (None, 0) and "-RSP" in one["event"]
    ]
    return refused, [one for one in records if one["event"] == "sheet-out"]


@pytest.mark.parametrize("colour", [False, True], ids=["grayscale", "colour"])
@pytest.mark.parametrize("collated", [False, True], ids=["uncollated", "collated"])
@pytest.mark.parametrize("name", personalities())
def test_oncentra(name: str, collated: bool, colour: bool) -> None:
    what = Print(
        to="PRINTER", images=TWO, collated=collated, colour=colour, film_size="8INX10IN",
        image_display_format=r"STANDARD\1,1",
    )  # fmt: skip
    with Bench(seed=5) as bench:
        if collated and name in NO_SESSION_PRINT:
            with pytest.raises(PlayFailure, match=r"^N-CREATE Basic Film Box: status 0xC616"):
                printed(bench, name, "oncentra-cm-print-scu", what)
            return
        refused, sheets = printed(bench, name, "oncentra-cm-print-scu", what)
        assert refused == []
        assert [sheet["images"] for sheet in sheets] == [1, 1]
        boxes = {
            str(one["sop-class"])
            for one in bench.log.records
            if one["event"] == "N-SET-RQ" and "5.1.1.4" in one["sop-class"]
        }
        assert boxes == {"1.2.840.10008.5.1.1.4.1" if colour and name not in NO_COLOUR else "1.2.840.10008.5.1.1.4"}


@pytest.mark.parametrize("name", personalities())
def test_monaco_films_a_drr(name: str) -> None:
    what = PrintDrr(to="PRINTER", images=TWO[:1], film_size="8INX10IN", image_display_format=r"STANDARD\1,1")
    with Bench(seed=5) as bench:
        refused, sheets = printed(bench, name, "monaco-print-scu", what)
        assert refused == []
        assert [sheet["images"] for sheet in sheets] == [1]


def test_two_images_on_a_film_are_too_many_for_the_restricted_one() -> None:
    what = Print(to="PRINTER", images=TWO, collated=False, film_size="8INX10IN", image_display_format=r"STANDARD\1,2")
    with (
        Bench(seed=5) as bench,
        pytest.raises(PlayFailure, match=r"status 0x0106 \(ImageDisplayFormat STANDARD/1,2 not"),
    ):
        printed(bench, "restricted", "oncentra-cm-print-scu", what)


def test_a_film_size_that_a_printer_has_not_is_replaced_or_refused() -> None:
    what = Print(to="PRINTER", images=TWO[:1], collated=False, film_size="A4", image_display_format=r"STANDARD\1,1")
    with Bench(seed=5) as bench:
        refused, sheets = printed(bench, "kodak-8700", "oncentra-cm-print-scu", what)
        assert [one["status"] for one in refused] == [0x0116]
        assert len(sheets) == 1
    with Bench(seed=5) as bench, pytest.raises(PlayFailure, match=r"status 0x0106 \(FilmSizeID A4 is not supported"):
        printed(bench, "restricted", "oncentra-cm-print-scu", what)
