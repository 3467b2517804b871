"""A step that may fail lets the script go on, whatever becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from linacsim import Bench
from linacsim.errors import ScenarioError
from linacsim.scenario.loader import load_scenario, scenario_of
from linacsim.scenario.runner import Outcome, play
from linacsim.scenario.vocabulary import vocabulary

PEERS = {"STORE": {"kind": "storage"}, "SCU": {"kind": "storage"}}
STORE = {"store": {"to": "STORE", "images": ["pydicom:CT_small.dcm"]}}
ABORT = {"do": "abort", "at": "STORE", "on": "C-STORE-RQ", "nth": 1}


def played(*steps: dict[str, Any], faults: tuple[dict[str, Any], ...] = ()) -> tuple[Outcome, list[dict[str, Any]]]:
    mapping = {"scenario": "x", "peers": PEERS, "faults": list(faults), "steps": list(steps)}
    bench = Bench(seed=1)
    with bench:
        outcome = play(bench, scenario_of(mapping, vocabulary()))
    return outcome, [one for one in bench.log.records if one["event"].startswith("step-")]


def test_one_that_fails_is_no_failure_and_the_next_is_played() -> None:
    outcome, steps = played({"SCU": STORE, "may-fail": True}, {"SCU": STORE}, faults=(ABORT,))
    assert outcome.verdict == "pass"
    assert [one["event"] for one in steps] == ["step-started", "step-failed", "step-started", "step-done"]
    assert steps[1]["expected"] is True


def test_one_that_does_not_fail_is_none_either() -> None:
    assert played({"SCU": STORE, "may-fail": True})[0].verdict == "pass"
    assert played({"SCU": STORE, "may-fail": False}, faults=(ABORT,))[0].verdict == "fail"


def test_it_may_stand_in_steps_that_start_together() -> None:
    outcome, steps = played({"together": [{"SCU": STORE, "may-fail": True}]}, {"SCU": STORE}, faults=(ABORT,))
    assert outcome.verdict == "pass"
    assert steps[-1]["event"] == "step-done"


def test_a_stand_in_may_fail_too(tmp_path: Path) -> None:
    file = tmp_path / "sut.yaml"
    file.write_text(
        "scenario: x\n"
        "peers:\n"
        "  STORE: {kind: storage}\n"
        "  SCU: {kind: sut, stand-in: {kind: storage}}\n"
        "faults: [{do: abort, at: STORE, on: C-STORE-RQ, nth: 1}]\n"
        "steps:\n"
        "- SCU: Send an image.\n"
        '  instead: {store: {to: STORE, images: ["pydicom:CT_small.dcm"]}}\n'
        "  may-fail: true\n",
        encoding="utf-8",
    )
    bench = Bench(seed=1)
    with bench:
        assert play(bench, load_scenario(file, vocabulary())).verdict == "pass"


@pytest.mark.parametrize(
    ("step", "told"),
    [
        ({"SCU": STORE, "may-fail": True, "fails": "x"}, "'may-fail' and 'fails' exclude each other"),
        ({"SCU": STORE, "may-fail": "yes"}, "'may-fail' wants true or false, found 'yes'"),
        ({"wait": "1 s", "may-fail": True}, "'may-fail' stands with 'wait'"),
    ],
)
def test_a_wrong_word_is_told(step: dict[str, Any], told: str) -> None:
    with pytest.raises(ScenarioError) as wrong:
        played(step)
    assert told in str(wrong.value)
