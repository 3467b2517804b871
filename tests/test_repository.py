"""What the repository as a whole keeps to: its top level, its READMEs, its sizes, no trace of anybody's machine."""

from __future__ import annotations

import ast
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

TOP_LEVEL = {
    ".ci",
    ".gitignore",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "ci",
    "docs",
    "fixtures",
    "pyproject.toml",
    "scenarios",
    "simulators",
    "tests",
}
README_LINES = 30
FILE_LINES = 500
FUNCTION_LINES = 60

PLACE_ON_A_MACHINE = re.compile(r"(?<![\w.}/-])/(home|root|Users|mnt|work)/[\w.]")
"""An absolute path into somebody's machine; not a part of a URL or of a longer path."""


@cache
def tracked() -> tuple[Path, ...]:
    """Return the files that git knows and that are there, relative to the root."""
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout")
    files = [Path(name) for name in done.stdout.split("\0") if name]
    return tuple(file for file in files if (ROOT / file).is_file())


def python_files() -> Iterator[tuple[Path, str]]:
    """Yield the tracked Python files with their text."""
    for file in tracked():
        if file.suffix == ".py":
            yield file, (ROOT / file).read_text("utf-8")


def functions(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield name, line and length of every function in `text`, the docstring not counted."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
            yield node.name, node.lineno, (node.end_lineno or node.lineno) - first.lineno + 1


def test_the_top_level_is_what_the_design_says() -> None:
    assert {file.parts[0] for file in tracked()} == TOP_LEVEL


def test_every_top_level_folder_has_a_short_readme() -> None:
    folders = {file.parts[0] for file in tracked() if len(file.parts) > 1 and not file.parts[0].startswith(".")}
    for folder in sorted(folders):
        readme = ROOT / folder / "README.md"
        assert readme.is_file(), f"{folder}/ needs a README.md: what lives here, what does not, how to add one"
        lines = len(readme.read_text("utf-8").splitlines())
        assert lines <= README_LINES, f"{folder}/README.md has {lines} lines, at most {README_LINES}"


def test_no_file_names_a_place_on_a_machine() -> None:
    found = []
    for file in tracked():
        text = (ROOT / file).read_text("utf-8", errors="replace")
        found += [
            f"{file}:{number}: {line.strip()}"
            for number, line in enumerate(text.splitlines(), 1)
            if PLACE_ON_A_MACHINE.search(line)
        ]
    assert not found, "\n" + "\n".join(found)


@pytest.mark.parametrize("text", ["cd /ho" + "me/ann/x", '"/ro' + 'ot/.venv"', "at /Us" + "ers/ann", "=/mn" + "t/disk"])
def test_a_place_on_a_machine_is_seen(text: str) -> None:
    assert PLACE_ON_A_MACHINE.search(text)


@pytest.mark.parametrize("text", ["https://example.org/home/x", "docs/home/x", "$root/ci", "${x}/root/y", "/srv/run"])
def test_other_paths_are_left_alone(text: str) -> None:
    assert not PLACE_ON_A_MACHINE.search(text)


def test_files_stay_within_the_size_budget() -> None:
    long = [f"{file}: {lines} lines" for file, text in python_files() if (lines := text.count("\n")) > FILE_LINES]
    assert not long, f"at most {FILE_LINES} lines; split by concept:\n" + "\n".join(long)


def test_functions_stay_within_the_size_budget() -> None:
    long = [
        f"{file}:{line}: {name} has {length} lines"
        for file, text in python_files()
        for name, line, length in functions(text)
        if length > FUNCTION_LINES
    ]
    assert not long, f"at most {FUNCTION_LINES} lines; name its parts:\n" + "\n".join(long)


def test_the_length_of_a_function_is_measured_without_its_docstring() -> None:
    assert list(functions('def f():\n    """Doc\n\n    string."""\n    x = 1\n    return x\n')) == [("f", 1, 2)]
