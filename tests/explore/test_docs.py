"""docs/explore.md shows what happens: its scenario is a file, its output is that of a run, its table is the registry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linacsim.explore import INVARIANTS
from tests.explore.conftest import SCENARIO, STACK, Explore, findings

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "explore.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    fenced = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, flags=re.MULTILINE | re.DOTALL)
    return [text for name, text in fenced if name == language]


def test_the_scenario_and_the_invariant_are_files() -> None:
    assert blocks("yaml") == [SCENARIO.read_text(encoding="utf-8")]
    assert blocks("python") == [(STACK / "acmestore" / "rules.py").read_text(encoding="utf-8")]


def test_the_output_is_that_of_a_run(told: Explore, tmp_path: Path) -> None:
    (tmp_path / "tests").symlink_to(ROOT / "tests")
    (shell,) = blocks("sh")
    path, line = shell.splitlines()
    assert path == f"export PYTHONPATH={STACK.relative_to(ROOT)}"
    code, text = told(line)
    assert code == 1
    (shown,) = blocks("")
    printed = text.splitlines()
    # one fault more in the vocabulary, and another seed or two finds something
    counted = ("  seeds", "  also", "  faults", "  time")
    assert [line for line in shown.splitlines() if line not in printed and not line.startswith(counted)] == [], text
    assert [line[:9] for line in printed] == [line[:9] for line in shown.splitlines()]


def test_the_invariants_are_those_of_the_registry() -> None:
    rows = dict(re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", PAGE, flags=re.MULTILINE))
    assert rows == {one.name: one.about for one in INVARIANTS.values()}


def test_the_options_are_told(capsys: pytest.CaptureFixture[str], told: Explore) -> None:
    with pytest.raises(SystemExit):
        told("explore", "--help")
    options = set(re.findall(r"--[a-z]+", capsys.readouterr().out)) - {"--help", "--invariants"}
    assert {option for option in options if option not in PAGE} == {"--seed", "--out"} - set(
        re.findall(r"--[a-z]+", PAGE)
    )


def test_the_invariant_of_the_page_finds_that_the_right_stack_is_stubborn(told: Explore) -> None:
    Path("faults.yaml").write_text(
        "faults:\n- {do: reject, at: ARCHIVE, nth: 1, result: 1, source: 1, reason: 1}\n", encoding="utf-8"
    )
    own = ("--invariant", "acmestore.rules:rejected_is_rejected")
    assert told("explore", SCENARIO, "--faults", "faults.yaml")[0] == 0
    code, text = told("explore", SCENARIO, "--faults", "faults.yaml", *own)
    assert code == 1
    (part,) = findings(text)
    assert "MINE calls again, after it has been rejected for good" in part
