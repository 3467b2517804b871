"""``linacsim coverage faults``: each fault in each role or at each device, on each clock, by the log of a run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from linacsim.cli import main
from linacsim.faults import ACTIONS
from linacsim.report.coverage_faults import CLOCKS, breakages, wanted_on

TOO_LONG, DISK = "faults/too-long-a-pdu-on-either-side", "faults/disk-full"
RUN = "faults/an-abort-on-either-side"


def test_what_there_is_to_fire() -> None:
    wanted = wanted_on(CLOCKS)
    assert {do for part in wanted.values() for do in part} == set(ACTIONS) | {
        do for words in breakages().values() for do in words
    }
    assert "accept-then-silent" not in wanted["reach, requestor, live"]
    assert "unresolvable" not in wanted["reach, acceptor, virtual"]
    assert set(wanted["stream, acceptor, live"]) == set(wanted["stream, requestor, virtual"])
    assert all({"hang", "restart"} <= set(words) for words in breakages().values())


def test_a_run_fires_a_fault_in_the_role_of_its_peer(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "faults", TOO_LONG, DISK, "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    for role in ("acceptor", "requestor"):
        (row,) = told[f"upper layer, {role}, virtual"]["rows"]
        assert (row["key"], row["scenarios"]) == ("oversize-pdu", [TOO_LONG])
    (row,) = told["hardware, storage, virtual"]["rows"]
    assert (row["key"], row["cause"]) == ("fill-disk", "object-stored at STORE")
    assert "upper layer, acceptor, live" not in told


def test_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "faults", TOO_LONG, DISK]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert "upper layer: 2 of 26" in lines
    assert "hardware of the storage: 1 of 3" in lines
    assert ["oversize-pdu", "1", "1", TOO_LONG] in [line.split() for line in lines]
    assert ["reject", "-", "-"] in [line.split() for line in lines]
    # no requestor can accept and be silent
    assert ["accept-then-silent", "-"] in [line.split() for line in lines]


def test_both_clocks(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", "faults", RUN, "--clock", "both"]) == 1
    lines = capsys.readouterr().out.splitlines()
    (heads,) = {line.strip() for line in lines if "acceptor virtual" in line}
    assert heads.split("  ")[0] == "acceptor virtual"
    assert [heads.index(f"{role} {clock}") for role in ("acceptor", "requestor") for clock in CLOCKS] == sorted(
        heads.index(f"{role} {clock}") for role in ("acceptor", "requestor") for clock in CLOCKS
    )
    assert ["abort", "1", "1", "1", "1", RUN] in [line.split() for line in lines]


def test_a_run_that_lies_in_a_folder_counts_on_its_own_clock(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["play", RUN, "--clock", "live", "--out", str(tmp_path / "runs"), "--quiet"])
    (folder,) = (tmp_path / "runs").glob("**/events.jsonl")
    capsys.readouterr()
    assert main(["coverage", "faults", str(folder.parent), "--format", "json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [row["key"] for row in told["upper layer, requestor, live"]["rows"]] == ["abort"]
    assert told["upper layer, requestor, virtual"]["rows"] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["print", "--clock", "live"], "only 'coverage faults' is played live"),
        (["faults", "faults/no-such-scenario"], "no scenario 'faults/no-such-scenario'"),
        (["faults", RUN, "--at-most", "soon"], "'soon' is not a duration"),
    ],
)
def test_bad_input(words: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["coverage", *words]) == 3
    assert said in capsys.readouterr().err


@pytest.mark.figure
def test_everything_fires_on_both_clocks(capsys: pytest.CaptureFixture[str]) -> None:
    """All of the network on both clocks, all of the hardware virtual; live, what takes longer than ten seconds is left out."""
    main(["coverage", "faults", "--clock", "both", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    left_out = {section: part["missing"] for section, part in told.items() if part["missing"]}
    assert left_out == {
        "hardware, imager, live": ["collision", "arm-stuck", "reconstruction-failure"],
    }
