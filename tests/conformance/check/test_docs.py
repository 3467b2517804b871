"""What ``docs/check.md`` shows is true."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from linacsim.conformance.check import compile_expression
from linacsim.conformance.check.lint import known_functions, main
from linacsim.conformance.check.predicates import functions
from linacsim.conformance.tables import Reading, columns_of

PAGE = (Path(__file__).parents[3] / "docs" / "check.md").read_text("utf-8")


@pytest.mark.parametrize("line", re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)[-1].splitlines())
def test_the_examples_compile(line: str) -> None:
    assert compile_expression(line).text == line


def test_every_column_of_a_reading_is_described() -> None:
    assert [name for name in columns_of(Reading) if f"`{name}`" not in PAGE] == []


def test_the_functions_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["functions"]) == 0
    assert capsys.readouterr().out.splitlines() == known_functions()
    assert len(known_functions()) == len(functions())
    assert "close(one, other, tolerance=1e-06): Tell whether two numbers" in " ".join(known_functions())
