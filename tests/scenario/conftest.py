"""Fixtures of the scenario tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a scenario file in an empty folder, short enough to be read in an error."""
    monkeypatch.chdir(tmp_path)
    return Path("jam.yaml")
