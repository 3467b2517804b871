"""Running dciodvfy (dicom3tools) on a data set that was built here."""

from __future__ import annotations

import subprocess
from pathlib import Path

from pydicom import Dataset

FOUND = ("Error", "Assert")
"""How its lines begin that say what is wrong; an assertion of its own ends it without a verdict."""


def errors(ds: Dataset, file: Path) -> list[str]:
    """Return what dciodvfy finds wrong in `ds`, each line once, without values that change with the seed."""
    ds.save_as(file, enforce_file_format=True)
    done = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False, errors="replace")
    lines = (done.stdout + done.stderr).splitlines()
    assert len(lines) > 0, "dciodvfy says at least which IOD it took the file for"
    return sorted({line for line in lines if any(word in line for word in FOUND)})
