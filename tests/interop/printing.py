"""The folder in which DCMTK's print programs work, and what they do in it."""

from __future__ import annotations

from pathlib import Path
from string import Template

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

    def _jobs(self) -> set[Path]:
        return set((self.root / "database").glob("SP_*.dcm"))
