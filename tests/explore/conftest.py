"""A stack under test as somebody would write it, and the command line."""

from __future__ import annotations

import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from linacsim.cli import main

STACK = Path(__file__).parent / "stack"
SCENARIO = STACK / "three-images-are-sent.yaml"

Explore = Callable[..., tuple[int, str]]


@pytest.fixture(autouse=True)
def stack(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The stack is where Python finds it, also in other processes; runs go into a folder of their own."""
    monkeypatch.syspath_prepend(str(STACK))
    monkeypatch.setenv("PYTHONPATH", str(STACK))
    monkeypatch.chdir(tmp_path)
    return STACK


@pytest.fixture
def told(capsys: pytest.CaptureFixture[str]) -> Explore:
    """Run a command line, as words or as one text; return its exit code and what it has printed."""

    def run(*words: str | Path) -> tuple[int, str]:
        line = [str(word) for word in words] if len(words) > 1 else shlex.split(str(words[0]))
        code = main(line[1:] if line[0] == "linacsim" else line)
        return code, capsys.readouterr().out

    return run


def as_printed(line: str) -> tuple[int, str]:
    """Run a line as somebody would who copies it into a shell; return exit code and output."""
    _linacsim, *words = shlex.split(line)
    done = subprocess.run([sys.executable, "-m", "linacsim", *words], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


def lines(text: str, word: str) -> list[str]:
    """Return what stands behind `word` in the lines of a summary."""
    return [line.removeprefix(f"  {word} ").strip() for line in text.splitlines() if line.startswith(f"  {word} ")]


def findings(text: str) -> list[str]:
    """Return the parts of a summary that tell of a finding each."""
    return [part for part in text.split("\n\n") if lines(part, "seed")]
