"""The Secondary Capture of a film is what dicom3tools and DCMTK take it for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydicom import dcmread

from linacsim import Bench
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.devices.printer.picture import density_in
from linacsim.kernel.units import minutes
from tests.interop.dcmtk import run

pytestmark = pytest.mark.interop


@pytest.mark.parametrize("colour", [False, True])
def test_the_secondary_capture_of_a_film_is_valid_and_shows_the_film(tmp_path: Path, colour: bool) -> None:
    with Bench(out=tmp_path / "out") as bench:
        bench.add("printer", "PRINTER", settings=PrinterPersonality(pixels_per_mm=2.0, secondary_capture=True))
        client = bench.add("oncentra-cm-print-scu", "OTP_SCU")
        what = Print(to="PRINTER", images=("pydicom:CT_small.dcm",), copies=2, colour=colour, film_size="8INX10IN")
        bench.play(client.act, "print", what, place=client.place)
        bench.play(bench.kernel.sleep, minutes(5))
        films = tmp_path / "out" / "films"
        assert sorted(path.name for path in films.iterdir()) == [
            "PRINTER-0001.dcm", "PRINTER-0001.png", "PRINTER-0002.png",
        ]  # fmt: skip
    capture = films / "PRINTER-0001.dcm"
    said = subprocess.run(["dciodvfy", capture], capture_output=True, text=True, check=False).stderr
    assert "SCImage" in said
    assert not [line for line in said.splitlines() if line.startswith("Error")], said
    ds = dcmread(capture)
    if colour:
        assert (ds.PhotometricInterpretation, ds.SamplesPerPixel) == ("RGB", 3)
        return
    density = density_in((films / "PRINTER-0001.png").read_bytes())
    np.testing.assert_allclose(ds.pixel_array / 1000, density, rtol=0.012)
    run("dcm2pnm", "--write-raw-pnm", "--min-max-window", capture, tmp_path / "seen.pgm").assert_good()
    seen = np.asarray(Image.open(tmp_path / "seen.pgm")).astype(float)
    # DCMTK knows that more of MONOCHROME1 is darker
    assert np.corrcoef(seen.ravel(), density.ravel())[0, 1] < -0.99
