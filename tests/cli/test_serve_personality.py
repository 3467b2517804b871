"""``linacsim serve printer --personality``: what is wrong is told before anything listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim.cli import main


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["printer", "--personality", "kodak"], "unknown personality 'kodak'; did you mean 'kodak-9410'?"),
        (["archive", "--personality", "full"], "--personality: only a printer has a personality"),
        (["printer", "--personality", "none.toml"], "cannot be read"),
    ],
)
def test_a_personality_that_cannot_be(
    arguments: list[str], complaint: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["serve", *arguments, "--port", "0", "--out", str(tmp_path)]) == 3
    told = capsys.readouterr()
    assert complaint in told.err
    assert "listens on" not in told.out
