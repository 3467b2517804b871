"""The scenarios that come with linacsim, spoilt at random: the loader answers with a scenario or with one line that has a place."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from linacsim.errors import ScenarioError
from linacsim.scenario.library import all_scenarios
from linacsim.scenario.loader import load_scenario
from linacsim.scenario.vocabulary import vocabulary

TIMES = 700
PLACE = re.compile(r"[^:\n]+\.yaml(:\d+(:\d+)?)?( \(\$[^)]*\))?: ")
ODD = ("\t", ":", "{", "]", "- ", "'", '"', "#", "&a ", "*a", "!x ", "|", ">", "\u2028", "\n", "? ", "%", "@", "$", "$x", "<<: ", "~",
       "0x", "1e999", "-1", "null", "[]", "{}", "\u00e4", "\U0001f4a5", "\x07", "---\n", "...\n", "9" * 50)  # fmt: skip


def cut_a_line(draw: random.Random, text: str, _others: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    del lines[draw.randrange(len(lines))]
    return "".join(lines)


def double_a_line(draw: random.Random, text: str, _others: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    place = draw.randrange(len(lines))
    return "".join([*lines[:place], lines[place], *lines[place:]])


def indent_a_line(draw: random.Random, text: str, _others: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    place = draw.randrange(len(lines))
    lines[place] = draw.choice((" ", "  ", "      ", "")) + lines[place].lstrip(" ")
    return "".join(lines)


def take_a_line_from_elsewhere(draw: random.Random, text: str, others: list[str]) -> str:
    lines = text.splitlines(keepends=True)
    lines.insert(draw.randrange(len(lines) + 1), draw.choice(draw.choice(others).splitlines(keepends=True)))
    return "".join(lines)


def swap_two_words(draw: random.Random, text: str, _others: list[str]) -> str:
    words = re.split(r"([\w-]+)", text)
    places = [draw.randrange(1, len(words), 2) for _ in range(2)]
    words[places[0]], words[places[1]] = words[places[1]], words[places[0]]
    return "".join(words)


def misspell_a_word(draw: random.Random, text: str, _others: list[str]) -> str:
    words = re.split(r"([\w-]+)", text)
    place = draw.randrange(1, len(words), 2)
    word = words[place]
    at = draw.randrange(len(word))
    words[place] = word[:at] + draw.choice("abcxyz0-_") + word[at + draw.randrange(2) :]
    return "".join(words)


def put_in_something_odd(draw: random.Random, text: str, _others: list[str]) -> str:
    at = draw.randrange(len(text))
    return text[:at] + draw.choice(ODD) + text[at + draw.randrange(2) :]


def break_off(draw: random.Random, text: str, _others: list[str]) -> str:
    return text[: draw.randrange(len(text))]


WAYS: tuple[Callable[[random.Random, str, list[str]], str], ...] = (
    cut_a_line,
    double_a_line,
    indent_a_line,
    take_a_line_from_elsewhere,
    swap_two_words,
    misspell_a_word,
    put_in_something_odd,
    break_off,
)


@pytest.mark.parametrize("seed", range(4))
def test_a_spoilt_file_is_refused_with_a_place_or_read(seed: int, file: Path) -> None:
    draw = random.Random(seed)  # noqa: S311 - a seed, no secret
    texts = [path.read_text(encoding="utf-8") for path in all_scenarios()]
    alone = [text for text in texts if "\ninclude:" not in text]
    refused: list[tuple[str, str]] = []
    for _ in range(TIMES // 4):
        text = draw.choice(alone)
        for _ in range(draw.randrange(1, 4)):
            text = draw.choice(WAYS)(draw, text, texts) or "x"
        file.write_text(text, encoding="utf-8")
        try:
            load_scenario(file, vocabulary())
        except ScenarioError as wrong:
            refused.append((str(wrong), text))
    assert len(refused) > TIMES // 12
    for said, text in refused:
        assert "\n" not in said, text
        assert PLACE.match(said), (said, text)
        assert len(said) < 1500, said
