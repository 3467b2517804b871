"""Expectations: what they match, and what an unmet one says about the record that came nearest."""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.errors import InputError
from linacsim.kernel.log import Record
from linacsim.kernel.units import SECOND
from linacsim.scenario.expectation import NEVER, Expectation, Met, Times, Unmet


def log(*happenings: tuple[float, str, str, dict[str, Any]]) -> list[Record]:
    """Return records as the event log keeps them."""
    return [
        {"n": n, "t": round(t * SECOND), "at": at, "event": event, **fields}
        for n, (t, at, event, fields) in enumerate(happenings)
    ]


PRINTING = log(
    (0, "PRINTER", "A-ASSOCIATE-RQ", {"way": "received", "with": "OTP_SCU"}),
    (1, "PRINTER", "N-ACTION-RQ", {"way": "received", "assoc": 1}),
    (2, "PRINTER", "N-ACTION-RSP", {"way": "sent", "status": "0x0000", "assoc": 1}),
    (3, "OTP_SCU", "N-ACTION-RSP", {"way": "received", "status": "0x0000", "assoc": 1}),
    (30, "PRINTER", "sheet-out", {"sheets": 1, "collated": True}),
    (60.5, "PRINTER", "N-ACTION-RSP", {"way": "sent", "status": "0xB602", "assoc": 2}),
)


def reason(**pattern: Any) -> str:
    """Return why the pattern is not met by `PRINTING`."""
    result = Expectation(**pattern).evaluate(PRINTING)
    assert isinstance(result, Unmet)
    return result.reason


@pytest.mark.parametrize(
    ("pattern", "ordinals"),
    [
        ({"event": "N-ACTION-RSP"}, (2, 3, 5)),
        ({"event": "N-ACTION-RSP", "at": "PRINTER"}, (2, 5)),
        ({"event": "N-ACTION-RSP", "fields": {"way": "sent", "status": "0xB602"}}, (5,)),
        ({"event": "N-ACTION-RSP", "fields": {"status": 0xB602}}, (5,)),
        ({"event": "N-ACTION-RSP", "fields": {"status": "b602"}}, (5,)),
        ({"event": "N-ACTION-RSP", "at": "PRINTER", "after": 2 * SECOND}, (2, 5)),
        ({"event": "N-ACTION-RSP", "at": "PRINTER", "after": 2 * SECOND + 1}, (5,)),
        ({"event": "N-ACTION-RSP", "at": "PRINTER", "within": 2 * SECOND}, (2,)),
        ({"event": "N-ACTION-RSP", "at": "PRINTER", "times": Times(2, 2)}, (2, 5)),
        ({"event": "sheet-out", "times": Times(0, 1)}, (4,)),
        ({"event": "sheet-out", "fields": {"collated": True}}, (4,)),
        ({"event": "jam", "times": NEVER}, ()),
        ({"event": "jam", "times": Times(0, 3)}, ()),
        ({"event": "sheet-out", "at": "OTP_SCU", "times": NEVER}, ()),
    ],
)
def test_a_met_expectation_names_the_records_that_matched(pattern: dict[str, Any], ordinals: tuple[int, ...]) -> None:
    assert Expectation(**pattern).evaluate(PRINTING) == Met(ordinals)


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (
            {"event": "N-ACTION-RSP", "at": "PRINTER", "fields": {"way": "sent", "status": 0xC600}},
            "the nearest N-ACTION-RSP at PRINTER, #5 at 0:01:00.500000, has status 0xB602 instead of 0xC600",
        ),
        (
            {"event": "N-ACTION-RSP", "fields": {"status": "0xB602"}, "within": 60 * SECOND},
            "the nearest N-ACTION-RSP, #5 at PRINTER at 0:01:00.500000, came after 1 min",
        ),
        (
            {"event": "sheet-out", "at": "PRINTER", "after": 31 * SECOND},
            "the nearest sheet-out at PRINTER, #4 at 0:00:30.000000, came before 31 s had passed",
        ),
        (
            {"event": "sheet-out", "at": "PRINTER", "fields": {"sheets": 2, "collated": False}},
            (
                "the nearest sheet-out at PRINTER, #4 at 0:00:30.000000, "
                "has sheets 1 instead of 2 and has collated true instead of false"
            ),
        ),
        (
            {"event": "sheet-out", "at": "PRINTER", "fields": {"sheets": True}},
            "the nearest sheet-out at PRINTER, #4 at 0:00:30.000000, has sheets 1 instead of true",
        ),
        (
            {"event": "N-ACTION-RQ", "at": "PRINTER", "fields": {"wey": "received"}},
            "the nearest N-ACTION-RQ at PRINTER, #1 at 0:00:01.000000, has no field 'wey' (did you mean 'way'?)",
        ),
        (
            {"event": "N-ACTION-RSP", "at": "PRINTER", "times": Times(3)},
            "N-ACTION-RSP at PRINTER happened 2 times, expected at least 3 times",
        ),
        (
            {"event": "N-ACTION-RSP", "at": "PRINTER", "fields": {"status": 0}, "times": Times(2, 2)},
            (
                "N-ACTION-RSP at PRINTER happened once, expected exactly 2 times; "
                "the nearest N-ACTION-RSP at PRINTER, #5 at 0:01:00.500000, has status 0xB602 instead of 0x0000"
            ),
        ),
        (
            {"event": "N-ACTION-RSP", "at": "PRINTER", "times": Times(0, 1)},
            (
                "N-ACTION-RSP at PRINTER happened 2 times, expected at most once: "
                "#2 at 0:00:02.000000, #5 at 0:01:00.500000"
            ),
        ),
        (
            {"event": "sheet-out", "times": NEVER},
            "sheet-out happened once, expected never: #4 at PRINTER at 0:00:30.000000",
        ),
        (
            {"event": "sheet-out", "at": "OTP_SCU"},
            "sheet-out never happened at OTP_SCU, it did at PRINTER",
        ),
        (
            {"event": "jam", "at": "PRINTER"},
            (
                "jam never happened at PRINTER; what did happen: "
                "N-ACTION-RSP (2), A-ASSOCIATE-RQ (1), N-ACTION-RQ (1), sheet-out (1)"
            ),
        ),
        ({"event": "jam", "at": "ARCHIVE"}, "jam never happened at ARCHIVE, nothing did"),
        (
            {"event": "jam"},
            (
                "jam never happened at the bench; what did happen: "
                "N-ACTION-RSP (3), A-ASSOCIATE-RQ (1), N-ACTION-RQ (1), sheet-out (1)"
            ),
        ),
    ],
)
def test_an_unmet_expectation_names_what_came_nearest(pattern: dict[str, Any], text: str) -> None:
    assert reason(**pattern) == text


def test_an_empty_log_meets_only_what_should_never_happen() -> None:
    assert Expectation(event="jam", times=NEVER).evaluate([]) == Met()
    assert Expectation(event="jam").evaluate([]) == Unmet("jam never happened at the bench, nothing did")


def test_long_lists_are_cut() -> None:
    many = log(*((second, "PRINTER", "sheet-out", {}) for second in range(10)))
    result = Expectation(event="sheet-out", times=NEVER).evaluate(many)
    assert isinstance(result, Unmet)
    assert result.reason.endswith("#7 at PRINTER at 0:00:07.000000, ...")
    assert result.records == tuple(range(10))
    words = log(*((0, "PRINTER", f"word-{number}", {}) for number in range(10)))
    result = Expectation(event="jam").evaluate(words)
    assert isinstance(result, Unmet)
    assert result.reason.endswith("word-7 (1) and 2 more")


def test_only_statuses_are_compared_as_numbers() -> None:
    records = log((0, "A", "import", {"label": "abcd", "status": "ABCD"}))
    assert isinstance(Expectation(event="import", fields={"label": "ABCD"}).evaluate(records), Unmet)
    assert isinstance(Expectation(event="import", fields={"status": "0xabcd"}).evaluate(records), Met)
    assert isinstance(Expectation(event="import", fields={"status": "FAILURE"}).evaluate(records), Unmet)


@pytest.mark.parametrize(
    ("expectation", "text"),
    [
        (Expectation(event="jam"), "jam, at least once"),
        (
            Expectation(event="N-GET-RQ", at="PRINTER", fields={"way": "sent", "status": 0}, times=Times(2, 2)),
            "N-GET-RQ at PRINTER with way sent and status 0x0000, exactly 2 times",
        ),
        (
            Expectation(event="jam", times=Times(0, 2), after=SECOND, within=400 * SECOND),
            "jam, at most 2 times, after 1 s, within 6 min 40 s",
        ),
        (Expectation(event="jam", fields={"tray": ""}, times=NEVER), "jam with tray '', never"),
    ],
)
def test_an_expectation_describes_itself(expectation: Expectation, text: str) -> None:
    assert expectation.describe() == text


def test_what_nothing_can_meet_is_refused() -> None:
    with pytest.raises(InputError) as wrong:
        Times(2, 1)
    assert str(wrong.value) == "nothing happens at least 2 and at most 1 times"
    with pytest.raises(InputError) as wrong:
        Expectation(event="jam", after=2 * SECOND, within=SECOND)
    assert str(wrong.value) == "nothing happens after 2 s and within 1 s; both count from the start of the run"
