"""Durations: what a file may write, what a person reads, and that the two agree."""

from __future__ import annotations

import pytest

from linacsim.errors import InputError
from linacsim.kernel.units import (
    HOUR,
    MILLISECOND,
    MINUTE,
    SECOND,
    format_duration,
    format_instant,
    milliseconds,
    minutes,
    parse_duration,
    seconds,
)


@pytest.mark.parametrize(
    ("text", "us"),
    [
        ("0 s", 0),
        ("7 us", 7),
        ("7 µs", 7),
        ("250 ms", 250 * MILLISECOND),
        ("0.25 s", 250 * MILLISECOND),
        ("30 s", 30 * SECOND),
        ("30s", 30 * SECOND),
        ("  1.5 min ", 90 * SECOND),
        ("2 h", 2 * HOUR),
    ],
)
def test_a_number_and_a_unit_is_a_duration(text: str, us: int) -> None:
    assert parse_duration(text) == us


@pytest.mark.parametrize("text", ["", "30", "s", "30 sec", "-1 s", "1e3 s", "1,5 s", "30 S", "nan s", 30, 1.5, None])
def test_anything_else_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(InputError) as refused:
        parse_duration(text, "jam.yaml:3:5")
    assert str(refused.value) == (
        f'jam.yaml:3:5: {text!r} is not a duration; write a number and a unit (us, ms, s, min, h), for example "30 s"'
    )


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, "0 us"),
        (999, "999 us"),
        (1_500, "1.5 ms"),
        (999_999, "999.999 ms"),
        (SECOND, "1 s"),
        (10 * SECOND, "10 s"),
        (20_104_000, "20.104 s"),
        (59_999_999, "1 min"),
        (MINUTE, "1 min"),
        (5 * MINUTE + 2 * SECOND, "5 min 2 s"),
        (2 * MINUTE - 1, "2 min"),
        (HOUR, "1 h"),
        (HOUR + 500 * MILLISECOND, "1 h 0.5 s"),
        (25 * HOUR + 10 * MINUTE + 30 * SECOND, "25 h 10 min 30 s"),
        (-1_500, "-1.5 ms"),
    ],
)
def test_a_duration_is_shown_in_words(us: int, text: str) -> None:
    assert format_duration(us) == text


@pytest.mark.parametrize("us", [0, 1, 999, 1_000, 1_001, 999_999, SECOND, 1_234_000, 59_999_000, MINUTE, 7 * HOUR])
def test_what_is_shown_with_one_unit_can_be_written(us: int) -> None:
    assert parse_duration(format_duration(us)) == us


def test_numbers_of_seconds_become_whole_microseconds() -> None:
    assert (seconds(0.1), minutes(1.5), milliseconds(0.5)) == (100_000, 90_000_000, 500)
    assert {type(value) for value in (seconds(0.1), minutes(2), milliseconds(1))} == {int}


def test_an_instant_has_columns_of_fixed_width() -> None:
    assert format_instant(0) == "0:00:00.000000"
    assert format_instant(25 * HOUR + 61 * SECOND + 7) == "25:01:01.000007"
