"""``linacsim report``: the page of a run again, and what it says when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from linacsim.cli import main


@pytest.fixture(autouse=True)
def _somewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_play_says_where_the_page_lies(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "faults/acceptor-aborts", "--quiet"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines() if len(line.split()) > 1)
    assert Path(lines["report"]).is_file()
    assert lines["report"].endswith("virtual-seed-1/report.html")


def test_the_newest_run_by_its_link(capsys: pytest.CaptureFixture[str]) -> None:
    main(["play", "faults/acceptor-aborts", "--quiet"])
    page = next(Path("runs").glob("*/virtual-seed-1/report.html"))
    before = page.read_bytes()
    page.unlink()
    capsys.readouterr()
    assert main(["report", "runs/latest"]) == 0
    assert page.read_bytes() == before
    assert capsys.readouterr().out.strip() == str(page.resolve())


@pytest.mark.parametrize("run", ["nowhere", ".", "runs/latest"])
def test_no_run_is_an_error_of_the_input(run: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["report", run]) == 3
    assert run in capsys.readouterr().err


def test_a_file_that_cannot_be_written_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    main(["play", "faults/acceptor-aborts", "--quiet"])
    Path("taken").write_text("")
    assert main(["report", "runs/latest", "--junit", "taken/all.xml"]) == 3
    assert "taken" in capsys.readouterr().err
