"""What the documents show is what happens: their code blocks are files, their output is that of a run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linacsim.cli import main

ROOT = Path(__file__).parents[2]
EXAMPLES = Path(__file__).parent
FAILING = "a-client-gives-up-too-early.yaml"


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of `language` in a page."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, flags=re.MULTILINE | re.DOTALL)


def test_the_page_on_scenarios_shows_files_that_pass(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    shown, *snippets = blocks("docs/scenarios.md", "yaml")
    example = EXAMPLES / "a-person-sends-an-image.yaml"
    assert shown == example.read_text(encoding="utf-8")
    assert main(["play", str(example), "--quiet", "--out", str(tmp_path), "--set", "patience=5 min"]) == 0
    assert "PASS" in capsys.readouterr().out
    assert all("steps:" in snippet for snippet in snippets)
    (python,) = blocks("docs/scenarios.md", "python")
    assert python == (EXAMPLES / "test_scenarios_in_python.py").read_text(encoding="utf-8")


def test_the_page_on_pytest_shows_a_file() -> None:
    shown, config = blocks("docs/pytest.md", "python")
    assert shown == (EXAMPLES / "test_with_the_fixture.py").read_text(encoding="utf-8")
    compile(config, "docs/pytest.md", "exec")
    names: dict[str, object] = {}
    exec(config, names)  # noqa: S102 - our own page
    assert "bench_config" in names


def test_the_options_of_the_plugin_are_told() -> None:
    page = (ROOT / "docs/pytest.md").read_text(encoding="utf-8")
    source = (ROOT / "simulators/linacsim/pytest_plugin/options.py").read_text(encoding="utf-8")
    options = {f"--{name.replace('_', '-')}" for name in re.findall(r'^    \("(bench_\w+)"', source, re.MULTILINE)}
    options |= set(re.findall(r'"(--bench-[a-z-]+)",$', source, re.MULTILINE))
    assert len(options) == 8
    assert {option for option in options if f"| `{option}` |" not in page} == set()


def test_the_readmes_test_is_a_file() -> None:
    (shown,) = blocks("README.md", "python")
    assert shown == (EXAMPLES / "test_a_silent_archive.py").read_text(encoding="utf-8")
    lines = [line for line in shown.splitlines() if line.strip()]
    assert len(lines) <= 14


def test_the_tutorials_scenario_is_a_file() -> None:
    (shown,) = blocks("docs/tutorial.md", "yaml")
    assert shown == (EXAMPLES / FAILING).read_text(encoding="utf-8")


def test_the_readmes_failing_run_is_what_a_run_prints(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(ROOT)
    code = main(["play", "--quiet", "--out", str(tmp_path), f"tests/examples/{FAILING}"])
    printed = capsys.readouterr().out.splitlines()
    shown = blocks("README.md", "")[0].splitlines()
    assert code == 1
    assert [line for line in shown if line not in printed] == []
    assert len(shown) > 5


@pytest.mark.parametrize("page", ["README.md", *sorted(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))])
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)", text) if "://" not in link]
    assert [link for link in links if not ((ROOT / page).parent / link).exists()] == []
