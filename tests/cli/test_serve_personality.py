"""``linacsim serve --personality`` and ``linacsim personalities``: what is wrong is told before anything listens."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim.cli import main


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["printer", "--personality", "kodak"], "unknown personality 'kodak'; did you mean 'kodak-9410'?"),
        (["archive", "--personality", "legasy"], "archive: unknown personality 'legasy'; did you mean 'legacy'?"),
        (["storage", "--personality", "full"], "--personality: nothing that is served has a personality"),
        (["archive", "--personality", "printer=full"], "no printer with a personality is served; serve printer"),
        (["archive", "--personality", "storage=full"], "those that have are archive and printer"),
        (["archive", "printer", "--personality", "plain"], "'plain' is for which of archive, printer?"),
        (["archive", "--personality", "plain", "--personality", "legacy"], "two personalities for archive"),
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


def test_all_are_listed_with_a_line_about_each(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["personalities"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if not line.startswith(" ")] == ["archive", "printer"]
    for line in lines:
        assert not line.startswith(" ") or len(line.split(maxsplit=1)) == 2, line


def test_those_of_one_kind(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["personalities", "archive"]) == 0
    told = capsys.readouterr().out
    assert "mosaiq-pre-2.50" in told
    assert "kodak" not in told


def test_one_in_full_is_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["personalities", "archive", "legacy"]) == 0
    assert 'transfer-syntaxes = ["implicit-little"]' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["archve"], "archve has no personalities; did you mean 'archive'?"),
        (["archive", "legasy"], "unknown personality 'legasy'; did you mean 'legacy'?"),
        (["archive", "none.toml"], "cannot be read"),
    ],
)
def test_nothing_to_tell(arguments: list[str], complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["personalities", *arguments]) == 3
    assert complaint in capsys.readouterr().err
