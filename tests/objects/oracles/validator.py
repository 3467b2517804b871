"""dicom-validator, asked from here: files go to its own environment (`ci/oracles.sh validator`), its findings come back."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydicom import Dataset

ROOT = Path(__file__).parents[3]


def validator_says(objects: Mapping[str, Dataset], folder: Path) -> dict[str, list[str]]:
    """Return what dicom-validator finds wrong in each object, by its name; or skip the test."""
    environment = Path(os.environ.get("LINACSIM_ORACLES", ROOT / ".oracles")) / "validator"
    if not (environment / "ready").exists():
        pytest.skip("no dicom-validator to judge the objects; for it run: sh ci/oracles.sh validator")
    for name, ds in objects.items():
        ds.save_as(folder / f"{name}.dcm", enforce_file_format=True)
    script = Path(__file__).with_name("validator_script.py")
    python = environment / "bin" / "python"
    done = subprocess.run([python, "-I", script, folder], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert {one["status"] for one in told.values()} <= {"Passed", "Failed"}
    return {name.removesuffix(".dcm"): one["errors"] for name, one in told.items()}
