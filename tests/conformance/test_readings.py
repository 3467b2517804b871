"""Every rule, condition and precondition of a system has a reading, and every reading can be understood."""

from __future__ import annotations

import pytest

from linacsim.conformance import load_system, systems
from linacsim.conformance.check.lint import gaps, main, problems


@pytest.mark.parametrize("name", systems())
def test_readings_are_of_sentences_and_compile(name: str) -> None:
    assert list(problems(load_system(name))) == []


@pytest.mark.parametrize("name", systems())
def test_every_sentence_has_a_reading(name: str) -> None:
    missing = [f"{one.kind} {one.sentence} {one.where}" for one in gaps(load_system(name))]
    assert missing == []


def test_the_lint_tells_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["raystation"]) == 0
    assert "raystation:" in capsys.readouterr().out
