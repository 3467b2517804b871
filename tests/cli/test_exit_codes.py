"""What a command leaves and says: exit codes, run folder, colours only on a terminal."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from linacsim.cli import main
from tests.cli.test_bad_input import SCENARIO

UNFIRED = "faults:\n  - {do: reset, at: STORE, on: C-STORE-RQ}\nsteps:"


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def played(text: str, *options: str) -> int:
    """Write a scenario, play it, and return the exit code."""
    Path("echo.yaml").write_text(text, encoding="utf-8")
    return main(["play", *options, "echo.yaml"])


@pytest.mark.parametrize(
    ("old", "new", "code", "word"),
    [
        ("", "", 0, "PASS"),
        ('status: "0x0000"', 'status: "0x0122"', 1, "FAIL"),
        ("{to: STORE}", "{to: STORE, called: OTHER}", 0, "PASS"),
        ("STORE: {kind: storage}", "STORE: {kind: storage, require-called: true}", 0, "PASS"),
        ("steps:", UNFIRED, 2, "INCONCLUSIVE"),
        ("echo: {to: STORE}", "echo: {to: SCU}", 1, "FAIL"),
    ],
)
def test_the_verdict_is_the_exit_code(
    capsys: pytest.CaptureFixture[str], old: str, new: str, code: int, word: str
) -> None:
    text = SCENARIO.replace(old, new) if old else SCENARIO
    if word == "FAIL" and "SCU}" in new:
        text = text.replace("SCU: {kind: verification}", "SCU: {kind: verification, accept-calling: [NOBODY]}")
    assert played(text) == code
    assert f"\n{word}  An echo\n" in capsys.readouterr().out


def test_the_gravest_verdict_counts(capsys: pytest.CaptureFixture[str]) -> None:
    Path("good.yaml").write_text(SCENARIO, encoding="utf-8")
    Path("bad.yaml").write_text(SCENARIO.replace("0x0000", "0x0122"), encoding="utf-8")
    Path("unfired.yaml").write_text(SCENARIO.replace("steps:", UNFIRED), encoding="utf-8")
    assert main(["play", "--quiet", "good.yaml", "bad.yaml", "unfired.yaml"]) == 1
    assert main(["play", "--quiet", "good.yaml", "unfired.yaml"]) == 2
    assert re.findall(r"^[A-Z]+(?=  An echo)", capsys.readouterr().out, re.MULTILINE) == [
        "PASS", "FAIL", "INCONCLUSIVE", "PASS", "INCONCLUSIVE",
    ]  # fmt: skip


def test_a_run_leaves_its_files(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--quiet", "pydicom:CT_small.dcm"]) == 0
    (run,) = Path("runs/real-images-are-printed-on-film").glob("virtual-seed-1")
    left = {path.name for path in run.iterdir()}
    files = {"events.jsonl", "timeline.txt", "traffic.pcap", "result.json", "junit.xml", "report.html"}
    assert left == {*files, "films"}
    result = json.loads((run / "result.json").read_text(encoding="utf-8"))
    assert result["verdict"] == "pass"
    assert result["films"] == [str(run / "films" / "PRINTER-0001.png")]
    assert result["reproduce"] == "linacsim play print/film-on-the-light-box pydicom:CT_small.dcm --seed 1"
    header = json.loads((run / "events.jsonl").read_text(encoding="utf-8").splitlines()[0])
    assert header["seed"] == 1
    assert header["clock"] == "virtual"
    assert str(run) in capsys.readouterr().out


def test_objects_that_peers_stored_are_in_the_run(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--quiet", "faults/requestor-aborts"]) == 0
    assert len(list(Path("runs").glob("*/virtual-seed-1/objects/STORE/*.dcm"))) == 2
    assert "PASS" in capsys.readouterr().out


def test_no_colours_where_there_is_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert played(SCENARIO) == 0
    assert "\x1b[" not in capsys.readouterr().out


def test_two_runs_with_one_seed_do_not_differ(capsys: pytest.CaptureFixture[str]) -> None:
    assert played(SCENARIO, "--quiet", "--twice") == 0
    assert "played twice: the same events" in capsys.readouterr().out
    runs = sorted(str(path) for path in Path("runs/an-echo").glob("virtual-seed-1*"))
    assert main(["diff", *runs]) == 0
    assert played(SCENARIO, "--quiet", "--seed", "2") == 0
    capsys.readouterr()
    assert main(["diff", runs[0], "runs/an-echo/virtual-seed-2"]) == 1
    assert "the runs differ at event" in capsys.readouterr().out


def test_the_list_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["play", "--list"]) == 0
    listed = capsys.readouterr().out
    assert re.search(r"^print/film-collated +Two films are printed collated$", listed, re.MULTILINE)
    assert len(listed.splitlines()) >= 17


def test_a_pipe_that_closes_early_is_no_error() -> None:
    command = f"{sys.executable} -m linacsim play --list | head -1"
    ended = subprocess.run(["bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False)
    assert ended.stderr == ""
    assert ended.stdout.count("\n") == 1


def test_the_timeline_survives_a_terminal_that_knows_ascii_only(tmp_path: Path) -> None:
    Path("echo.yaml").write_text(SCENARIO, encoding="utf-8")
    ended = subprocess.run(
        [sys.executable, "-m", "linacsim", "play", "echo.yaml"],
        capture_output=True, check=False, cwd=tmp_path, env={"PYTHONIOENCODING": "ascii", "PATH": ""},
    )  # fmt: skip
    assert ended.returncode == 0, ended.stderr
    assert b"SCU   -> STORE" in ended.stdout


def test_ctrl_c_on_the_live_clock_ends_with_one_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "linacsim", "play", "--quiet", "--clock", "live", "--out", str(tmp_path)]
    playing = subprocess.Popen(
        [*command, "faults/connection-without-a-request"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert playing.stderr is not None
    assert "step-started" in playing.stderr.readline()
    playing.send_signal(signal.SIGINT)
    out, err = playing.communicate(timeout=60)
    assert (playing.returncode, out, err) == (130, "", "linacsim: interrupted\n")
