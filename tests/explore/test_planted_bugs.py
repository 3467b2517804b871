"""Three bugs planted in a sample stack are found, shrunk and shown again by the printed line; the right stack survives."""

from __future__ import annotations

import pytest

from tests.explore.conftest import SCENARIO, Explore, as_printed, findings, lines

SEEDS = 60
BUGS = [("lost", "told-is-true"), ("reuse", "recovers"), ("twice", "stored-once")]


def test_the_right_stack_survives(told: Explore) -> None:
    code, text = told("explore", SCENARIO, "--seeds", str(SEEDS), "--jobs", "2")
    assert (code, lines(text, "seeds")) == (0, [f"{SEEDS} of {SEEDS} hold"]), text
    fired, _of, drawn = lines(text, "faults")[0].split()[:3]
    assert int(fired) > 0.9 * int(drawn), "plans are drawn from what is there"
    assert int(fired) > SEEDS


@pytest.mark.parametrize(("bug", "invariant"), BUGS)
def test_a_planted_bug_is_found_and_shrunk(told: Explore, bug: str, invariant: str) -> None:
    send = f"send=acmestore.{bug}:send"
    code, text = told("explore", SCENARIO, "--set", send, "--seeds", str(SEEDS), "--jobs", "2")
    assert code == 1
    found = findings(text)
    assert [part for part in found if part.startswith(f"FAIL  {invariant}: ")], text
    for part in found:
        assert 1 <= len(lines(part, "fault")) <= 2, part
        _shows_it_again(part, send)


def _shows_it_again(part: str, send: str) -> None:
    """The printed lines show the same; with the right stack in its place, the same faults do no harm."""
    invariant = part.splitlines()[0].split()[1]
    (play,), (explore,) = lines(part, "play"), lines(part, "explore")
    code, text = as_printed(play + " --quiet")
    assert code == 1, play
    assert "FAIL" in text
    code, again = as_printed(explore)
    assert code == 1, explore
    assert [line for line in again.splitlines() if line.startswith(f"FAIL  {invariant} ")], again
    assert lines(again, "wrong") == lines(part, "wrong")
    code, text = as_printed(explore.replace(send, "send=acmestore.right:send"))
    assert code == 0, text


@pytest.mark.parametrize(
    ("bug", "fault", "invariant"),
    [
        ("lost", "{do: stall, at: MINE, on: C-STORE-RQ, way: sent, nth: 2, byte: 20}", "told-is-true"),
        ("reuse", "{do: late-response, at: ARCHIVE, on: C-STORE-RQ, nth: 1, delay: 40 s}", "recovers"),
        ("twice", "{do: no-response, at: ARCHIVE, on: C-STORE-RQ, nth: 3}", "stored-once"),
    ],
)
def test_the_bug_is_the_one_that_was_planted(told: Explore, bug: str, fault: str, invariant: str) -> None:
    with open("faults.yaml", "w", encoding="utf-8") as file:  # noqa: PTH123 - the folder of this test
        file.write(f"faults:\n- {fault}\n")
    words = ("--faults", "faults.yaml", "--set", f"send=acmestore.{bug}:send")
    code, text = told("explore", SCENARIO, *words)
    assert code == 1
    assert text.startswith(f"FAIL  {invariant}: ")
