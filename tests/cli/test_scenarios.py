"""`linacsim scenarios`: the list, and what is told of one."""

from __future__ import annotations

import pytest

from linacsim.cli import main
from linacsim.scenario.library import all_scenarios, scenario_name


def said(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert main(["scenarios", *words]) == 0
    return capsys.readouterr().out.splitlines()


def test_each_folder_is_in_columns_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "faults", "print")
    names = [line.split()[0] for line in lines[:-1] if line]
    known = [scenario_name(path) for path in all_scenarios()]
    assert sorted(names) == sorted(name for name in known if name.startswith(("faults/", "print/")))
    for folder in ("faults", "print", "print/services"):
        inside = [line for line in lines[:-1] if line.split(" ")[0].rpartition("/")[0] == folder]
        titles = {len(line) - len(line.split("  ", 1)[1].lstrip()) for line in inside}
        assert len(titles) == 1, "the titles begin below each other"
    assert "" in lines, "an empty line between folders"
    assert lines[-1].startswith(f"{len(names)} of {len(names)} scenarios; 'linacsim scenarios NAME' tells more of one")


def test_one_is_told_with_what_its_steps_say(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "faults/connection-without-a-request", "archive/an-abort-instead-of-a801")
    assert "    SCU: connect: to STORE, hold 1 min" in lines
    assert any(line.endswith("destination NOBODY, status 0xA702") for line in lines)
    assert "  play it: linacsim play faults/connection-without-a-request" in lines


def test_the_stack_under_test_is_told_what_it_is_asked(capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "acceptance/storage-scu/it-sends-a-ct-image")
    assert "    PRODUCT: ask: Send one CT image to {ARCHIVE.title} at {ARCHIVE.host}, port {ARCHIVE.port}." in lines
    assert "      the stand-in: PRODUCT: store: to ARCHIVE, images [pydicom:CT_small.dcm]" in lines
    assert "    object-stored at ARCHIVE with PRODUCT at the other end, at least once" in lines


def test_nothing_found_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    [line] = said(capsys, "--find", "no scenario says this")
    assert line.startswith("0 of ")


def test_all_of_them_can_be_told(capsys: pytest.CaptureFixture[str]) -> None:
    names = [scenario_name(path) for path in all_scenarios()]
    lines = said(capsys, *names)
    assert sum(line.startswith("  play it: ") for line in lines) == len(names)
