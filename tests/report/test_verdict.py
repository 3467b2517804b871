"""The block of text about a run, to the character."""

from __future__ import annotations

from typing import Any

import pytest

from linacsim.report import summary

PASSED: dict[str, Any] = {
    "scenario": "a film is printed",
    "verdict": "pass",
    "seed": 7,
    "clock": "virtual",
    "version": "0.1.0",
    "digest": "3fa9c2d11b7e" + "0" * 52,
    "bench-time": 45_000_000,
    "wall-time": 12_000,
    "expectations": [{"text": "PRINTER ejected 1 film", "met": True, "reason": ""}],
    "faults": [],
    "failures": [],
    "films": ["films/PRINTER-0001.png"],
    "requires": [],
    "run": "runs/a-film-is-printed/7",
    "reproduce": "linacsim run scenarios/print/film.yaml --seed 7",
}

FAILED: dict[str, Any] = {
    **PASSED,
    "scenario": "archive aborts\non third image",
    "verdict": "fail",
    "bench-time": 300_200_000,
    "requires": ["REQ-STORE-07", "REQ-STORE-08"],
    "expectations": [
        {"text": "ARCHIVE stored 2 images", "met": True, "reason": ""},
        {"text": 'SUT reported "transfer failed"', "met": False, "reason": "nothing within 30 s"},
    ],
    "faults": [
        {"text": "abort at ARCHIVE on the third C-STORE-RQ", "fired": 1},
        {"text": "latency of 2 s at ARCHIVE", "fired": 4},
        {"text": "jam at PRINTER", "fired": 0},
    ],
    "failures": ["step send: no answer\nwithin 30 s\x1b[2J"],
    "films": [f"films/PRINTER-000{n}.png" for n in range(1, 6)],
}

GOLDEN_GOOD = """\
PASS  a film is printed
  time         45 s on the bench, 12 ms of wall time
  run          seed 7, clock virtual, version 0.1.0, digest 3fa9c2d11b7e
  expectations 1 of 1 met
    met        PRINTER ejected 1 film
  films        films/PRINTER-0001.png
  files        runs/a-film-is-printed/7
"""

GOLDEN_BAD = """\
FAIL  archive aborts on third image
  time         5 min 0.2 s on the bench, 12 ms of wall time
  run          seed 7, clock virtual, version 0.1.0, digest 3fa9c2d11b7e
  requires     REQ-STORE-07, REQ-STORE-08
  expectations 1 of 2 met
    met        ARCHIVE stored 2 images
    UNMET      SUT reported "transfer failed": nothing within 30 s
  faults       2 of 3 fired
    fired      abort at ARCHIVE on the third C-STORE-RQ
    fired 4x   latency of 2 s at ARCHIVE
    NOT FIRED  jam at PRINTER
  failure      step send: no answer
               within 30 s\\x1b[2J
  films        films/PRINTER-0001.png
               films/PRINTER-0002.png
               films/PRINTER-0003.png
               and 2 more
  files        runs/a-film-is-printed/7
  reproduce    linacsim run scenarios/print/film.yaml --seed 7
"""


def test_a_pass() -> None:
    assert summary(PASSED, colour=False) == GOLDEN_GOOD


def test_a_fail() -> None:
    assert summary(FAILED, colour=False) == GOLDEN_BAD


def test_colour_only_adds_codes() -> None:
    text = summary(FAILED, colour=True)
    assert text.startswith("\x1b[1;31mFAIL\x1b[0m  archive")
    for code in ("0", "1;31", "31", "33"):
        text = text.replace(f"\x1b[{code}m", "")
    assert text == GOLDEN_BAD


@pytest.mark.parametrize(
    ("verdict", "word", "code"),
    [("pass", "PASS", "1;32"), ("inconclusive", "INCONCLUSIVE", "1;33"), ("error", "ERROR", "1;35")],
)
def test_the_words_of_the_verdicts(verdict: str, word: str, code: str) -> None:
    result = {**PASSED, "verdict": verdict}
    assert summary(result, colour=True).startswith(f"\x1b[{code}m{word}\x1b[0m  a film")
    assert ("reproduce" in summary(result, colour=False)) is (verdict != "pass")


def test_a_result_of_which_little_is_known() -> None:
    assert summary({}, colour=False) == "ERROR  (no title)\n"
    bare = {"verdict": "error", "scenario": "x", "failures": ["boom", ""], "faults": None, "films": None}
    assert summary(bare, colour=False) == "ERROR  x\n  failure      boom\n"


def test_pictures_are_listed_like_films() -> None:
    told = summary({**PASSED, "films": [], "pictures": [f"pictures/OBI-000{n}.png" for n in range(1, 6)]}, colour=False)
    assert "films" not in told
    assert "  pictures     pictures/OBI-0001.png\n" in told
    assert "and 2 more\n" in told
