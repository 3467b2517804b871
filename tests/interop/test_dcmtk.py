"""DCMTK's programs are told from pynetdicom's namesakes, and never left out by chance."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.interop.dcmtk import program

pytestmark = pytest.mark.interop


@pytest.fixture(autouse=True)
def forgotten() -> None:
    program.cache_clear()


def test_pynetdicoms_namesake_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    scripts = Path(sys.executable).parent
    monkeypatch.setenv("PATH", f"{scripts}{os.pathsep}{os.environ['PATH']}")
    assert Path(program("storescu")).parent != scripts


def test_a_program_that_is_missing_fails_the_test(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AssertionError, match="install dcmtk, or leave these tests out"):
        program("storescu")
