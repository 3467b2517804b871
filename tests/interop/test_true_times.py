"""A printer of ``linacsim serve`` takes the time that a printer takes; last, so that it has warmed up meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from linacsim.devices.printer.personality import PrinterPersonality
from tests.interop.datasets import wedge
from tests.interop.printing import PrintFolder
from tests.live.served import Served

pytestmark = pytest.mark.interop


def test_a_served_printer_with_its_true_times(served: Served, tmp_path: Path) -> None:
    folder = PrintFolder(tmp_path / "dcmtk", served.addresses["PRINTER"][1])
    job = folder.render("FILMS", "--filmsize", "8INX10IN", wedge(tmp_path / "wedge.dcm"))
    folder.print("FILMS", job)
    served.said("sheet-out")
    served.said("job-done")
    (film,) = (served.out / "films").glob("*.png")
    dots = PrinterPersonality().pixels_per_mm * 25.4
    with Image.open(film) as picture:
        assert picture.size == pytest.approx((8 * dots, 10 * dots), abs=1)
