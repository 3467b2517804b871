"""Which image boxes a print client fills follows from the negotiation (Oncentra 2.2.2.2): colour, or grayscale."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, SecondaryCaptureImageStorage

from linacsim.bench import Bench
from linacsim.devices.planning.network import Service
from linacsim.devices.planning.peer import Peer
from linacsim.devices.planning.personality import Print
from linacsim.devices.printer.personality import PrinterPersonality
from linacsim.kernel.units import minutes

GREY_BOX, COLOUR_BOX = "1.2.840.10008.5.1.1.4", "1.2.840.10008.5.1.1.4.1"
GREY_META, COLOUR_META = "1.2.840.10008.5.1.1.9", "1.2.840.10008.5.1.1.18"
BANDS = ((220, 20, 20), (20, 200, 20), (20, 20, 220))
"""Red, green and blue, from left to right."""
PRINTS = {"MONACO": "print-drr", "ONCENTRA": "print"}


def banded(path: Path) -> str:
    """Write a colour image of three bands."""
    pixels = np.zeros((60, 90, 3), dtype=np.uint8)
    for band, colour in enumerate(BANDS):
        pixels[:, 30 * band : 30 * band + 30] = colour
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = SecondaryCaptureImageStorage, "1.2.826.0.1.3680043.8.498.77"
    ds.PatientName, ds.Modality = "Bands^Three", "OT"
    ds.SamplesPerPixel, ds.PhotometricInterpretation, ds.PlanarConfiguration = 3, "RGB", 0
    ds.Rows, ds.Columns = pixels.shape[:2]
    ds.BitsAllocated, ds.BitsStored, ds.HighBit, ds.PixelRepresentation = 8, 8, 7, 0
    ds.PixelData = pixels.tobytes()
    ds.save_as(path, enforce_file_format=True)
    return str(path)


@pytest.fixture
def clinic(tmp_path: Path) -> Any:
    with Bench(out=tmp_path / "out") as bench:
        yield bench


def printed(bench: Bench, path: Path, *, wanted: bool, **changed: Any) -> list[Any]:
    """Print one colour image; return the messages of image boxes that were sent, and the pictures of films."""
    bench.add("printer", "PRINTER", settings=PrinterPersonality(pixels_per_mm=1.0, **changed))
    client = bench.add("oncentra-cm-print-scu", "OTP_SCU")
    what = Print(
        to="PRINTER", images=(banded(path / "bands.dcm"),), colour=wanted, annotate=False, film_size="8INX10IN"
    )
    bench.play(client.act, "print", what, place=client.place)
    bench.play(bench.kernel.sleep, minutes(5))
    classes = [
        record["sop-class"]
        for record in bench.log.records
        if record["event"] == "N-SET-RQ" and record["at"] == "OTP_SCU"
    ]
    (name,) = bench.shelf.names("films")
    shown = np.asarray(Image.open(io.BytesIO(bench.shelf.read(name))).convert("RGB")).astype(int)
    return [[one for one in classes if one in (GREY_BOX, COLOUR_BOX)], shown]


def test_colour_is_printed_in_colour(clinic: Bench, tmp_path: Path) -> None:
    classes, shown = printed(clinic, tmp_path, wanted=True)
    assert classes == [COLOUR_BOX]
    rows, columns = shown.shape[0] // 2, shown.shape[1]
    for band in range(3):
        pixel = shown[rows, round(columns * (0.2 + 0.3 * band))]
        assert pixel.argmax() == band
        assert pixel[band] > 3 * np.delete(pixel, band).max()


@pytest.mark.parametrize(
    ("wanted", "personality"), [(False, {}), (True, {"colour": False})], ids=["not-asked-for", "not-accepted"]
)
def test_else_it_is_grey(clinic: Bench, tmp_path: Path, wanted: bool, personality: dict[str, Any]) -> None:
    classes, shown = printed(clinic, tmp_path, wanted=wanted, media=("CLEAR FILM",), **personality)
    assert classes == [GREY_BOX]
    assert np.ptp(shown, axis=2).max() == 0


def test_who_documents_colour_proposes_it(bench_clock: Bench, act: Callable[..., Any]) -> None:
    bench_clock.add("printer", "PRINTER", settings=PrinterPersonality(pixels_per_mm=0.2))
    for kind, metas in (("monaco-print-scu", {GREY_META}), ("oncentra-cm-print-scu", {GREY_META, COLOUR_META})):
        name = kind.partition("-")[0].upper()
        client = bench_clock.add(kind, name)
        assert isinstance(client, Peer)
        assert {str(one.abstract_syntax) for one in client.proposes(Service.PRINT)} == metas
        act(name, PRINTS[name], Print(to="PRINTER", images=("pydicom:CT_small.dcm",), colour=True))
        sent = {
            record["sop-class"]
            for record in bench_clock.log.records
            if record["event"] == "N-SET-RQ" and record["at"] == name
        }
        assert (COLOUR_BOX in sent) == (COLOUR_META in metas)
        assert (GREY_BOX in sent) == (COLOUR_META not in metas)
