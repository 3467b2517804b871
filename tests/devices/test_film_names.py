"""Films of an earlier run in the same folder stay: a served printer that is started again writes over none."""

from __future__ import annotations

from pathlib import Path

from linacsim import Bench
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.kernel.units import minutes


def print_once(folder: Path) -> None:
    """Print one film on a new bench."""
    with Bench(out=folder) as bench:
        bench.add("printer", "PRINTER", settings=PrinterPersonality(pixels_per_mm=0.5))
        client = bench.add("oncentra-cm-print-scu", "OTP_SCU")
        job = Print(to="PRINTER", images=("pydicom:CT_small.dcm",), annotate=False)
        bench.play(client.act, "print", job, place=client.place)
        bench.play(bench.kernel.sleep, minutes(2))


def test_a_printer_that_is_started_again_keeps_its_old_films(tmp_path: Path) -> None:
    for _ in range(3):
        print_once(tmp_path)
    films = sorted(path.name for path in (tmp_path / "films").iterdir())
    assert films == ["PRINTER-0001.png", "PRINTER-0001~2.png", "PRINTER-0001~3.png"]
