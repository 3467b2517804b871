"""The folder in which DCMTK's print programs work, and what they do in it."""

from __future__ import annotations

from pathlib import Path
from string import Template

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian

from tests.interop.dcmtk import run

_TEMPLATE = Path(__file__).with_name("dcmpstat.cfg.template")


class PrintFolder:
    """A folder with a configuration and a database.

    Parameters
    ----------
    root : Path
        Where it is made.
    port : int
        The port of the printer.
    """

    def __init__(self, root: Path, port: int) -> None:
        self.root = root
        for name in ("database", "spool", "lut", "log", "reports"):
            (root / name).mkdir(parents=True)
        square(root / "lut" / "square.dcm")
        self.configuration = root / "dcmpstat.cfg"
        self.configuration.write_text(Template(_TEMPLATE.read_text("utf-8")).substitute(port=port), "utf-8")

    def render(self, printer: str, *arguments: object) -> Path:
        """Let dcmpsprt render images into a stored print object; return its file."""
        before = self._jobs()
        run("dcmpsprt", "-c", self.configuration, "-p", printer, *arguments, cwd=self.root).assert_good()
        (job,) = self._jobs() - before
        return job

    def print(self, printer: str, *arguments: object) -> str:
        """Let dcmprscu print stored print objects; return what it says."""
        done = run("dcmprscu", "-v", "-c", self.configuration, "-p", printer, *arguments, cwd=self.root)
        done.assert_good()
        return done.text

    def hardcopies(self) -> list[Path]:
        """Return the files of hardcopy images, oldest first: what dcmpsprt has rendered, or dcmprscp has been sent."""
        return sorted((self.root / "database").glob("HG_*.dcm"), key=lambda path: path.stat().st_mtime_ns)

    def shown(self, hardcopy: Path) -> NDArray[np.float64]:
        """Let dcmp2pgm show a hardcopy image, its Presentation LUT applied; return P-Values as shares, 0 to 1."""
        path = self.root / "shown.pgm"
        run("dcmp2pgm", hardcopy, path, cwd=self.root).assert_good()
        return np.asarray(Image.open(path), dtype=np.float64) / 255

    def _jobs(self) -> set[Path]:
        return set((self.root / "database").glob("SP_*.dcm"))


def square(path: Path) -> None:
    """Write a Presentation LUT of 12 bits that makes the darker half of the grey values darker: the file of LUT SQUARE."""
    item = Dataset()
    item.add_new("LUTDescriptor", "US", [4096, 0, 16])
    item.LUTExplanation = "square"
    item.add_new("LUTData", "US", [round(65535 * (value / 4095) ** 2) for value in range(4096)])
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = "1.2.840.10008.5.1.1.23", "1.2.826.0.1.3680043.8.498.991"
    ds.PresentationLUTSequence = Sequence([item])
    ds.save_as(path, enforce_file_format=True)
