"""Verdicts: which one wins, and the exit codes."""

from __future__ import annotations

import pytest

from linacsim.errors import Deadlock
from linacsim.scenario.expectation import Met, Unmet
from linacsim.scenario.verdict import Verdict, judge


def test_every_verdict_has_its_exit_code() -> None:
    assert {str(verdict): verdict.exit_code for verdict in Verdict} == {
        "pass": 0,
        "fail": 1,
        "inconclusive": 2,
        "error": 3,
    }


def test_nothing_wrong_is_a_pass() -> None:
    assert judge() is Verdict.PASS
    assert judge([Met(), Met((1, 2))]) is Verdict.PASS


@pytest.mark.parametrize("unfired", [[], ["jam at PRINTER"]])
def test_a_failure_beats_an_unfired_fault(unfired: list[str]) -> None:
    assert judge([Met(), Unmet("why")], [], unfired) is Verdict.FAIL
    assert judge([Met()], ["the step failed"], unfired) is Verdict.FAIL


def test_an_armed_fault_that_never_fired_is_inconclusive() -> None:
    assert judge([Met()], [], ["jam at PRINTER"]) is Verdict.INCONCLUSIVE


def test_a_bench_that_cannot_go_on_beats_all() -> None:
    assert judge([Unmet("why")], ["failed"], ["jam"], Deadlock("all wait")) is Verdict.ERROR
