"""``linacsim serve printer`` as a process: films that are drawn beside, and what is left when it is killed."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.association import Association

from linacsim.cli.telling import is_routine
from linacsim.devices.printclasses import (
    BasicFilmBox,
    BasicFilmSession,
    BasicGrayscaleImageBox,
    BasicGrayscalePrintManagementMeta,
)
from tests.live.served import Served, serving

SESSION, BOX = UID("1.2.3.1"), UID("1.2.3.2")
SLOW = 'about = "a minute for each sheet"\npixels-per-mm = 0.5\ntransport = "60 s"\n[processor]\nwarm-up = "0 ms"\n'
QUICK = (
    'about = "no time"\npixels-per-mm = 0.5\ntransport = "0 ms"\n[processor]\nwarm-up = "0 ms"\nper-sheet = "0 ms"\n'
)


def attributes(**values: object) -> Dataset:
    ds = Dataset()
    for keyword, value in values.items():
        setattr(ds, keyword, value)
    return ds


def print_film(served: Served, films: int = 1) -> None:
    """Print films of one image, each on an association of its own."""
    host, port = served.addresses["PRINTER"]
    for _ in range(films):
        ae = AE("CLIENT")
        ae.add_requested_context(BasicGrayscalePrintManagementMeta)
        assoc = ae.associate(host, port, ae_title="PRINTER")
        assert assoc.is_established
        print_one(assoc)
        assoc.release()


def print_one(assoc: Association) -> None:
    image = attributes(
        SamplesPerPixel=1, PhotometricInterpretation="MONOCHROME2", Rows=4, Columns=4, BitsAllocated=8, BitsStored=8,
        HighBit=7, PixelRepresentation=0, PixelData=bytes(range(0, 256, 16)),
    )  # fmt: skip
    session = attributes(ReferencedSOPClassUID=BasicFilmSession, ReferencedSOPInstanceUID=SESSION)
    film = attributes(ImageDisplayFormat=r"STANDARD\1,1", ReferencedFilmSessionSequence=Sequence([session]))
    meta = BasicGrayscalePrintManagementMeta
    status, _ = assoc.send_n_create(attributes(NumberOfCopies=1), BasicFilmSession, SESSION, meta_uid=meta)
    assert status.Status == 0x0000
    status, told = assoc.send_n_create(film, BasicFilmBox, BOX, meta_uid=meta)
    assert status.Status == 0x0000
    assert told is not None
    box = told.ReferencedImageBoxSequence[0].ReferencedSOPInstanceUID
    placed = attributes(ImageBoxPosition=1, BasicGrayscaleImageSequence=Sequence([image]))
    status, _ = assoc.send_n_set(placed, BasicGrayscaleImageBox, box, meta_uid=meta)
    assert status.Status == 0x0000
    status, _ = assoc.send_n_action(None, 1, BasicFilmBox, BOX, meta_uid=meta)
    assert status.Status == 0x0000


def files(folder: Path, pattern: str) -> list[str]:
    return sorted(path.name for path in folder.glob(pattern))


def wait_for(folder: Path, pattern: str, count: int) -> list[str]:
    deadline = time.monotonic() + 30
    while len(found := files(folder, pattern)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def test_films_are_drawn_by_processes_that_end_with_the_printer(tmp_path: Path) -> None:
    quick = tmp_path / "quick.toml"
    quick.write_text(QUICK, encoding="utf-8")
    with serving("printer", out=tmp_path / "out", options=("--personality", str(quick))) as served:
        print_film(served, 3)
        assert len(wait_for(tmp_path / "out" / "films", "*.png", 3)) == 3
        children = Path(f"/proc/{served.process.pid}/task/{served.process.pid}/children")
        drawing = children.read_text(encoding="ascii").split()
        assert len(drawing) == min(2, os.cpu_count() or 1)
        assert served.stop() == 0
    assert not any(Path(f"/proc/{one}").exists() for one in drawing)
    assert files(tmp_path / "out" / "spool", "*") == []


def test_films_of_a_printer_that_was_killed_are_printed_when_it_is_there_again(tmp_path: Path) -> None:
    slow, quick = tmp_path / "slow.toml", tmp_path / "quick.toml"
    slow.write_text(SLOW, encoding="utf-8")
    quick.write_text(QUICK, encoding="utf-8")
    out = tmp_path / "out"
    served = Served(("printer",), out, ("--personality", str(slow)))
    try:
        print_film(served, 2)
    finally:
        served.kill()
    assert len(files(out / "spool", "*.film")) == 2
    with serving("printer", out=out, options=("--personality", str(quick))) as served:
        assert len(wait_for(out / "films", "*.png", 2)) == 2
        assert "PRINTER prints what an earlier run has left: 2 jobs" in served.lines
        deadline = time.monotonic() + 10
        while files(out / "spool", "*.film") and time.monotonic() < deadline:
            time.sleep(0.02)
        assert files(out / "spool", "*.film") == []


@pytest.mark.parametrize(
    ("record", "routine"),
    [
        ({"event": "N-CREATE-RQ"}, True),
        ({"event": "N-CREATE-RSP", "status": 0x0000}, True),
        ({"event": "N-CREATE-RSP", "status": 0x0116}, False),
        ({"event": "C-FIND-RSP", "status": 0xFF00}, True),
        ({"event": "C-STORE-RSP", "status": 0xA700}, False),
        ({"event": "N-EVENT-REPORT-RQ"}, True),
        ({"event": "N-EVENT-REPORT-RSP", "status": 0x0110}, False),
        ({"event": "A-ASSOCIATE-RQ"}, False),
        ({"event": "A-ASSOCIATE-AC"}, True),
        ({"event": "A-ABORT"}, False),
        ({"event": "sheet-out"}, False),
    ],
)
def test_what_goes_well_is_a_matter_of_course(record: dict[str, object], routine: bool) -> None:
    assert is_routine(record) is routine
