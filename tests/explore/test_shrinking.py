"""A plan is taken apart until nothing is left to leave out, always in the same order."""

from __future__ import annotations

import pytest

from linacsim.errors import InputError
from linacsim.explore.shrinking import TRIES, shrunk
from linacsim.explore.subject import Plan

STALL = {"do": "stall", "at": "A", "on": "C-STORE-RQ", "way": "sent", "nth": 3, "byte": 20, "during": "2 min"}
LATE = {"do": "late-response", "at": "A", "on": "C-STORE-RQ", "first": 3, "delay": "2 min"}
REFUSE = {"do": "refuse", "at": "A", "during": "40 s"}
JAM = {"do": "jam", "at": "P", "on": "sheet-out", "nth": 2, "cleared-after": "1 min"}


def test_what_does_not_matter_is_left_out() -> None:
    smallest, tries = shrunk((REFUSE, STALL, LATE), lambda plan: any(one["do"] == "stall" for one in plan))
    assert smallest == ({"do": "stall", "at": "A", "on": "C-STORE-RQ", "way": "sent", "nth": 1},)
    assert tries < 30


def test_what_matters_stays() -> None:
    def fails(plan: Plan) -> bool:
        words = {one["do"]: one for one in plan}
        return "refuse" in words and words.get("stall", {}).get("nth", 0) >= 2 and "during" in words["stall"]

    smallest, _tries = shrunk((STALL, LATE, REFUSE), fails)
    assert [one["do"] for one in smallest] == ["stall", "refuse"]
    assert smallest[0]["nth"] == 2
    assert smallest[0]["during"] == "20 ms", "the shortest that is drawn"
    assert "byte" not in smallest[0]
    assert "during" not in smallest[1]


def test_an_occurrence_becomes_one_event() -> None:
    smallest, _tries = shrunk((LATE,), lambda plan: (bool(plan) and plan[0].get("nth", 0) == 2) or LATE in plan)
    assert smallest[0]["nth"] == 2
    always = ({"do": "abort", "at": "A", "on": "C-STORE-RQ", "way": "sent", "chance": 0.7},)
    smallest, _tries = shrunk(always, bool)
    assert smallest == ({"do": "abort", "at": "A", "on": "C-STORE-RQ", "way": "sent", "nth": 1},)


def test_settings_that_are_needed_are_not_left_out() -> None:
    (late,), _tries = shrunk((LATE,), bool)
    assert late == {"do": "late-response", "at": "A", "on": "C-STORE-RQ", "nth": 1, "delay": "20 ms"}
    (jam,), _tries = shrunk((JAM,), bool)
    assert jam == {**JAM, "nth": 1}, "what breaks has to be mended"


def test_the_result_fails_and_nothing_is_tried_twice() -> None:
    seen: list[str] = []

    def fails(plan: Plan) -> bool:
        seen.append(repr(plan))
        return len(plan) >= 2

    smallest, tries = shrunk((STALL, LATE, REFUSE, JAM), fails)
    assert len(smallest) == 2
    assert tries == len(seen) == len(set(seen))
    assert shrunk((STALL, LATE, REFUSE, JAM), fails)[0] == smallest


def test_it_comes_to_an_end_whatever_fails() -> None:
    many = tuple({**STALL, "nth": 100 + number} for number in range(20))
    smallest, tries = shrunk(many, lambda plan: len(plan) == len(many))
    assert tries == TRIES
    assert len(smallest) == len(many)


def test_a_plan_that_cannot_be_played_does_not_fail() -> None:
    def fails(plan: Plan) -> bool:
        if "nth" in plan[0] and plan[0]["nth"] == 1:
            raise InputError("never fires")
        return True

    assert shrunk((STALL,), lambda plan: bool(plan) and fails(plan))[0][0]["nth"] == 2


@pytest.mark.parametrize("plan", [(STALL,), (LATE, REFUSE), (JAM,)])
def test_shrinking_again_changes_nothing(plan: Plan) -> None:
    smallest, _tries = shrunk(plan, bool)
    assert shrunk(smallest, bool)[0] == smallest
