"""The command line: the same result with any number of processes, a process that dies, wrong options, faults of a file."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from linacsim.cli import main
from linacsim.errors import InputError
from linacsim.explore.seeds import Task, explore_seed
from linacsim.explore.subject import subject_of
from linacsim.explore.work import here, on_cores
from tests.explore.conftest import SCENARIO, Explore, as_printed, findings, lines

TWICE = ("--set", "send=acmestore.twice:send")


def without_time(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(("  time", "  run"))]


def test_the_result_does_not_depend_on_the_number_of_processes(told: Explore) -> None:
    words = ("explore", SCENARIO, *TWICE, "--seeds", "12", "--seed", "3")
    one = told(*words, "--jobs", "1", "--out", "a")[1].replace("a/", "b/")
    two = told(*words, "--jobs", "2", "--out", "b")[1]
    assert without_time(one) == without_time(two)
    assert findings(one)


def test_the_result_does_not_depend_on_hash_seeds() -> None:
    told = []
    for number in ("1", "2"):
        words = [sys.executable, "-m", "linacsim", "explore", str(SCENARIO), *TWICE, "--seeds", "8", "--jobs", "1"]
        env = {**os.environ, "PYTHONHASHSEED": number}
        told.append(
            subprocess.run([*words, "--out", "runs"], env=env, capture_output=True, text=True, check=False).stdout
        )
    first, second = (re.sub(r"seed-(\d+)-([a-z-]+?)(-2)?/", r"seed-\1-\2/", text) for text in told)
    assert without_time(first) == without_time(second)


def test_a_process_that_dies_is_a_finding(told: Explore) -> None:
    code, text = told("explore", SCENARIO, "--set", "send=acmestore.odd:dies", "--seeds", "3", "--jobs", "2")
    assert code == 1
    assert "FAIL  a run: the process that played it has died" in text
    assert lines(text, "seeds") == ["0 of 3 hold"], "the healed phase is later than a second"
    (again,) = lines(text, "explore")
    assert again.endswith("--seeds 1 --jobs 1")


def test_what_loops_without_waiting_is_given_up() -> None:
    subject = subject_of(SCENARIO, {"send": "tests.explore.test_command:loop"})
    result = explore_seed(Task(subject=subject, seed=1, patience=1))
    assert "within 1 s of real time" in result.crashed


def loop(host: str, port: int) -> int:
    """Never gives control back."""
    del host
    while port:
        pass
    return 0


def test_an_interrupt_ends_it_with_a_summary(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "linacsim", "explore", str(SCENARIO), "--seeds", "4000", "--jobs", "2"]
    words += ["--invariant", "acmestore.odd:noted"]
    running = subprocess.Popen(
        words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    while running.poll() is None and not (tmp_path / "noted").exists():
        time.sleep(0.1)
    # as a terminal does it: all processes are told
    os.killpg(running.pid, signal.SIGINT)
    out, err = running.communicate(timeout=100)
    assert running.returncode == 130, err
    assert re.search(r"interrupted after \d+ of 4000 seeds", out)
    assert "Traceback" not in err


def test_a_function_that_takes_an_answer_for_granted_falls_over(told: Explore) -> None:
    code, text = told("explore", SCENARIO, "--set", "send=acmestore.odd:wants_a_status", "--seeds", "12", "--jobs", "1")
    assert code == 1
    (part, *_) = [part for part in findings(text) if part.startswith("FAIL  nobody-falls-over: ")]
    assert "AttributeError: 'Dataset' object has no attribute 'Status'" in part
    assert as_printed(lines(part, "play")[0] + " --quiet")[0] == 1


def test_an_association_that_nobody_ends_is_found(told: Explore, tmp_path: Path) -> None:
    # an archive that waits for a day does not end it either
    patient = SCENARIO.read_text(encoding="utf-8").replace("{kind: storage}", "{kind: storage, network-timeout: 24 h}")
    (tmp_path / "patient.yaml").write_text(patient, encoding="utf-8")
    (tmp_path / "full.yaml").write_text("faults: [{do: status, at: ARCHIVE, on: C-STORE-RQ, nth: 2, code: A700}]\n")
    send = ("--set", "send=acmestore.odd:leaves_it_open")
    code, text = told("explore", "patient.yaml", *send, "--faults", "full.yaml")
    assert code == 1
    (part,) = findings(text)
    assert part.startswith("FAIL  associations-end: ")
    assert any("MINE has left association 1 open, with" in line for line in lines(part, "wrong"))
    assert as_printed(lines(part, "play")[0] + " --quiet")[0] == 1


def test_an_invariant_of_ones_own_is_shrunk_too(told: Explore) -> None:
    own = f"{__name__}:no_timeouts"
    code, text = told("explore", SCENARIO, "--invariant", own, "--seeds", "20", "--jobs", "1")
    assert code == 1
    part = findings(text)[0]
    assert part.startswith(f"FAIL  {own}: Nobody waits in vain.")
    assert lines(part, "play") == [], "only the invariant sees it"
    code, again = told(lines(part, "explore")[0])
    assert code == 1
    assert lines(again, "wrong") == lines(part, "wrong")


def no_timeouts(run: object) -> list[str]:
    """Nobody waits in vain."""
    return [f"{one['event']} at {one['at']}" for one in run.records if one["event"] == "DIMSE-timeout"]  # type: ignore[attr-defined]


def test_the_invariants_are_listed(told: Explore) -> None:
    code, text = told("explore", "--invariants")
    assert code == 0
    assert [line.split()[0] for line in text.splitlines()][:2] == ["comes-to-an-end", "nobody-falls-over"]


def test_a_scenario_that_does_not_hold_undisturbed_says_so(told: Explore, tmp_path: Path) -> None:
    file = tmp_path / "once.yaml"
    file.write_text(SCENARIO.read_text(encoding="utf-8").replace("returns: 3", "returns: 2"), encoding="utf-8")
    code, text = told("explore", file, "--seeds", "2", "--jobs", "1")
    assert code == 1
    assert "none: it does not hold undisturbed either" in text


@pytest.mark.parametrize(
    ("words", "wrong"),
    [
        (["--seeds", "none"], "--seeds: 'none' is not a count"),
        (["--jobs", "0"], "--jobs: '0' is not a count"),
        (["--seed", "x"], "--seed: 'x' is not a whole number"),
        (["--without", "recover"], "did you mean 'recovers'?"),
        (["--set", "nothing=1"], "no parameter 'nothing'"),
        (["--faults", "nowhere.yaml"], "nowhere.yaml"),
        (["--set", "send=acmestore.nowhere:send", "--jobs", "1"], "acmestore.nowhere:send: cannot be imported"),
    ],
)
def test_wrong_options_are_told(words: list[str], wrong: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explore", str(SCENARIO), *words]) == 3
    told = capsys.readouterr().err
    assert wrong in told
    assert len(told.splitlines()) == 1


def test_a_scenario_for_the_live_clock_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "live.yaml"
    file.write_text(
        'scenario: x\npeers: {P: {kind: program}}\nsteps: [{P: {run: {command: ["true"]}}}]\n', encoding="utf-8"
    )
    result = explore_seed(Task(subject=subject_of(file, {}), seed=1))
    assert "a program keeps real time" in result.refused


def test_seeds_come_from_processes_as_from_here() -> None:
    subject = subject_of(SCENARIO, {"send": "acmestore.reuse:send"})
    tasks = [Task(subject=subject, seed=seed) for seed in range(1, 5)]
    assert sorted(on_cores(tasks, 2), key=lambda one: one.seed) == list(here(tasks))


def test_faults_of_a_file_are_checked() -> None:
    with pytest.raises(InputError, match="no such"):
        subject_of(Path("nowhere.yaml"), {})
