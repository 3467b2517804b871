"""Faults from Python: what can strike on what, and what is refused with which words."""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.errors import InputError
from linacsim.faults import ACTIONS, Occurrence, When, fault
from linacsim.faults.model import OCCASIONS
from linacsim.kernel.units import SECOND

PARAMETERS: dict[str, dict[str, Any]] = {
    "late-accept": {"delay": SECOND},
    "late-response": {"delay": SECOND},
    "status": {"code": 0xA700},
    "latency": {"delay": SECOND},
    "throttle": {"rate": 1000},
    "slice": {"size": 7},
    "slow-close": {"delay": SECOND},
    "missing-attribute": {"attribute": "PatientID"},
    "wrong-value": {"attribute": "PatientID", "value": "X"},
    "wrong-vr": {"attribute": "PatientID"},
}


def test_every_action_has_its_occasions() -> None:
    assert set(OCCASIONS) == set(ACTIONS)
    assert all(OCCASIONS.values())


@pytest.mark.parametrize(("do", "on"), [(do, on) for do, events in OCCASIONS.items() for on in events])
def test_an_action_can_be_armed_on_each_of_its_occasions(do: str, on: str) -> None:
    armed = fault(do, on, **PARAMETERS.get(do, {}))
    assert (armed.do, armed.on, armed.seen, armed.fired) == (do, on, 0, 0)


@pytest.mark.parametrize(
    ("do", "on"),
    [("accept-then-silent", "connection"), ("reject", "A-ASSOCIATE-RQ"), ("late-accept", "A-ASSOCIATE-RQ")],
)
def test_an_action_with_one_occasion_needs_no_event(do: str, on: str) -> None:
    assert fault(do, **PARAMETERS.get(do, {})).on == on


@pytest.mark.parametrize(
    ("do", "on", "parameters", "text"),
    [
        ("rejekt", "", {}, "fault: unknown fault 'rejekt'; did you mean 'reject'?"),
        ("abort", "", {}, "fault: when does 'abort' strike?; add 'on:' with an event, such as C-STORE-RQ"),
        (
            "no-response",
            "A-ASSOCIATE-RQ",
            {},
            "fault: 'no-response' cannot strike on 'A-ASSOCIATE-RQ'; it strikes on a request such as C-STORE-RQ",
        ),
        (
            "abort",
            "connection",
            {},
            "fault: 'abort' cannot strike on 'connection'; it strikes on A-ASSOCIATE-RQ or a request such as C-STORE-RQ",
        ),
        (
            "late-response",
            "C-STORE-RSP",
            {"delay": SECOND},
            "fault: 'late-response' cannot strike on 'C-STORE-RSP'; it strikes on a request such as C-STORE-RQ",
        ),
        (
            "reject",
            "C-STORE-RQ",
            {},
            "fault: 'reject' cannot strike on 'C-STORE-RQ'; it strikes on A-ASSOCIATE-RQ",
        ),
        ("reject", "", {"reson": 2}, "fault: 'reject' has no parameter 'reson'; did you mean 'reason'?"),
        ("reject", "", {"reason": 5}, "fault: 'reject': reason: input should be 1, 2, 3 or 7"),
        ("late-accept", "", {}, "fault: 'late-accept': delay: field required"),
    ],
)
def test_what_cannot_be_armed_is_told_in_one_line(do: str, on: str, parameters: dict[str, Any], text: str) -> None:
    with pytest.raises(InputError) as refused:
        fault(do, on, **parameters)
    assert str(refused.value) == text


def test_counting_and_firing_are_two_things() -> None:
    armed = fault("reset", "C-STORE-RQ", when=Occurrence(When.EVERY, 2))
    assert [armed.strikes(event) for event in ("C-STORE-RQ", "C-ECHO-RQ", "C-STORE-RQ", "C-STORE-RQ")] == [
        False,
        False,
        True,
        False,
    ]
    assert (armed.seen, armed.fired) == (3, 1)
    assert armed.due("C-STORE-RQ")
    assert (armed.seen, armed.fired) == (4, 1)


def test_a_status_that_others_follow_is_refused() -> None:
    with pytest.raises(InputError, match=r"^fault: 'status': 0xFF00 is pending, no final status"):
        fault("status", "C-FIND-RQ", code=0xFF00)
