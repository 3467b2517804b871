"""Colours go to a terminal and nowhere else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import linacsim

ESCAPE = "\x1b["


def on_a_terminal(folder: Path, **more: str) -> str:
    """Return what ``linacsim play`` writes to a terminal."""
    pty = pytest.importorskip("pty")
    source = str(Path(linacsim.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": source, "TERM": "xterm", **more}
    if "NO_COLOR" not in more:
        environment.pop("NO_COLOR", None)
    terminal, theirs = pty.openpty()
    command = [sys.executable, "-m", "linacsim", "play", "faults/disk-full", "--out", str(folder)]
    process = subprocess.Popen(command, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    written = b""
    try:
        while part := os.read(terminal, 4096):
            written += part
    except OSError:
        pass  # Linux says EIO where others say end of file
    os.close(terminal)
    assert process.wait() == 0
    return written.decode()


def test_a_terminal_gets_colours(tmp_path: Path) -> None:
    written = on_a_terminal(tmp_path)
    assert f"{ESCAPE}1;32mPASS{ESCAPE}0m" in written


@pytest.mark.parametrize("variable", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_that_wants_none_gets_none(tmp_path: Path, variable: dict[str, str]) -> None:
    written = on_a_terminal(tmp_path, **variable)
    assert "PASS" in written
    assert ESCAPE not in written


def test_files_have_no_colours(tmp_path: Path) -> None:
    on_a_terminal(tmp_path)
    texts = [path.read_text(encoding="utf-8") for path in tmp_path.rglob("*.txt")]
    assert texts
    assert all(ESCAPE not in text for text in texts)
